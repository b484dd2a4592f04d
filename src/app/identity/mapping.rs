//! What a provider says of a person, and what that makes of them here. A word that was not listed gives nothing: people whose role or
//! practice is not clear are let in as nobody.

use crate::app::tax_ids;
use crate::domain::vocabulary::CallerRole;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The claims of a token whose signature, issuer, audience and times hold.
pub type Claims = Map<String, Value>;

/// Tax IDs of one person at most, as of one token.
const TAX_IDS_AT_MOST: usize = 100;

/// How claims become a role and what it is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// The role.
    pub role: RoleOf,
    /// The tax IDs of a practice's people.
    pub tax_ids: Option<TaxIdsOf>,
    /// The plan of a plan's people.
    pub health_plan: Option<PlanOf>,
}

/// Where something is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Of<T> {
    /// It is the same for everybody who signs in there.
    Everybody(T),
    /// A claim says it, in the provider's words.
    Claim {
        /// A claim's name, or a JSON pointer into the claims.
        claim: String,
        /// What each of the provider's words means here.
        words: BTreeMap<String, T>,
    },
}

/// Where the role is said.
pub type RoleOf = Of<CallerRole>;
/// Where the plan is said.
pub type PlanOf = Of<String>;

/// Where the tax IDs are said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxIdsOf {
    /// A claim's name, or a JSON pointer into the claims.
    pub claim: String,
    /// The provider speaks for these only; for any, where none are listed.
    pub only: Option<BTreeSet<String>>,
}

/// What somebody may act as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The role.
    pub role: CallerRole,
    /// A practice's tax IDs.
    pub tax_ids: Vec<String>,
    /// A plan's id.
    pub health_plan: Option<String>,
}

/// Why somebody may act as nobody, in words for them and for whoever runs the provider.
pub type NoGrant = &'static str;

impl<T: Clone + PartialEq> Of<T> {
    /// Everything that it can come to.
    pub fn possible(&self) -> Vec<T> {
        match self {
            Self::Everybody(one) => vec![one.clone()],
            Self::Claim { words, .. } => words.values().cloned().collect(),
        }
    }

    /// What the claims say; words that are not listed say nothing. None where they say nothing, or several things.
    fn said(&self, claims: &Claims) -> Result<Option<T>, Several> {
        match self {
            Self::Everybody(one) => Ok(Some(one.clone())),
            Self::Claim { claim, words } => {
                let mut meant: Vec<&T> = Vec::new();
                for word in texts(claims, claim).unwrap_or_default() {
                    if let Some(one) = words.get(word)
                        && !meant.contains(&one)
                    {
                        meant.push(one);
                    }
                }
                match meant.as_slice() {
                    [] => Ok(None),
                    [one] => Ok(Some((*one).clone())),
                    _ => Err(Several),
                }
            }
        }
    }
}

/// It says several things.
struct Several;

impl Mapping {
    /// What a person with these claims may act as.
    pub fn grant(&self, claims: &Claims) -> Result<Grant, NoGrant> {
        let role = match self.role.said(claims) {
            Ok(Some(role)) => role,
            Ok(None) => return Err("The account has no role in this service."),
            Err(Several) => return Err("The account has more than one role in this service, and has to have one."),
        };
        let mut grant = Grant { role, tax_ids: Vec::new(), health_plan: None };
        match role {
            CallerRole::OrderingProvider | CallerRole::ServicingProvider => {
                grant.tax_ids =
                    self.tax_ids.as_ref().map_or(Err("The account names no tax ID of a practice."), |of| of.said(claims))?;
            }
            CallerRole::HealthPlan => {
                let said = self.health_plan.as_ref().map_or(Ok(None), |of| of.said(claims));
                grant.health_plan = match said {
                    Ok(Some(plan)) => Some(plan),
                    Ok(None) => return Err("The account names no health plan of this service."),
                    Err(Several) => return Err("The account names more than one health plan, and has to name one."),
                };
            }
            CallerRole::Intake | CallerRole::Nurse | CallerRole::Physician | CallerRole::Administrator => {}
        }
        Ok(grant)
    }
}

impl TaxIdsOf {
    /// All of them are understood, and the provider may speak for each; otherwise nothing is.
    fn said(&self, claims: &Claims) -> Result<Vec<String>, NoGrant> {
        let told = texts(claims, &self.claim).ok_or("The account names no tax ID of a practice.")?;
        let mut known = BTreeSet::new();
        for text in told {
            let id = tax_ids::read(text).ok_or("The account names a tax ID that has not nine digits.")?;
            if self.only.as_ref().is_some_and(|only| !only.contains(&id)) {
                return Err("The account names a tax ID for which its provider does not speak.");
            }
            known.insert(id);
        }
        if known.is_empty() {
            return Err("The account names no tax ID of a practice.");
        }
        if known.len() > TAX_IDS_AT_MOST {
            return Err("The account names more than a hundred tax IDs.");
        }
        Ok(known.into_iter().collect())
    }
}

/// The texts of a claim: one, or a list of them. None where it is missing or anything else.
fn texts<'a>(claims: &'a Claims, claim: &str) -> Option<Vec<&'a str>> {
    let value = match claim.strip_prefix('/') {
        Some(path) => {
            let (first, rest) = path.split_once('/').unwrap_or((path, ""));
            let inner = claims.get(&first.replace("~1", "/").replace("~0", "~"))?;
            if rest.is_empty() { inner } else { inner.pointer(&format!("/{rest}"))? }
        }
        None => claims.get(claim)?,
    };
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// What people are called, for themselves: the first claim that says so.
pub fn name(claims: &Claims) -> String {
    let said = ["name", "preferred_username", "email"].into_iter().find_map(|claim| claims.get(claim)?.as_str());
    let plain: String = said.unwrap_or_default().chars().filter(|character| !character.is_control()).take(100).collect();
    if plain.trim().is_empty() { "Signed in".to_owned() } else { plain.trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use super::{Claims, Mapping, Of, TaxIdsOf, name};
    use crate::domain::vocabulary::CallerRole;
    use serde_json::{Value, json};
    use std::collections::BTreeMap;

    fn mapping(only: Option<&[&str]>) -> Mapping {
        let words = BTreeMap::from([
            ("orders".to_owned(), CallerRole::OrderingProvider),
            ("infuses".to_owned(), CallerRole::ServicingProvider),
            ("decides".to_owned(), CallerRole::Physician),
            ("pays".to_owned(), CallerRole::HealthPlan),
        ]);
        let plans = BTreeMap::from([("east".to_owned(), "plan-east".to_owned()), ("west".to_owned(), "plan-west".to_owned())]);
        Mapping {
            role: Of::Claim { claim: "/resource/oncoauth/roles".to_owned(), words },
            tax_ids: Some(TaxIdsOf {
                claim: "https://id.example/tax_ids".to_owned(),
                only: only.map(|ids| ids.iter().map(|id| (*id).to_owned()).collect()),
            }),
            health_plan: Some(Of::Claim { claim: "plan".to_owned(), words: plans }),
        }
    }

    fn claims(roles: &Value, more: &Value) -> Claims {
        let mut claims = more.as_object().cloned().unwrap();
        claims.insert("resource".to_owned(), json!({"oncoauth": {"roles": roles}}));
        claims
    }

    #[test]
    fn what_is_listed_counts_and_nothing_else() {
        let grant = |roles: Value, more: Value| mapping(None).grant(&claims(&roles, &more));
        let practice =
            grant(json!(["offline", "orders"]), json!({"https://id.example/tax_ids": ["90-0000001", "900000002"]})).unwrap();
        assert_eq!(
            (practice.role, practice.tax_ids.as_slice()),
            (CallerRole::OrderingProvider, ["900000001".to_owned(), "900000002".to_owned()].as_slice())
        );
        assert_eq!(
            grant(json!("decides"), json!({"plan": "east", "https://id.example/tax_ids": "900000001"})).unwrap().tax_ids,
            Vec::<String>::new()
        );
        assert_eq!(grant(json!("pays"), json!({"plan": ["west"]})).unwrap().health_plan.as_deref(), Some("plan-west"));
        for (roles, more) in [
            (json!([]), json!({})),
            (json!("administrator"), json!({})),
            (json!(["orders", "decides"]), json!({"https://id.example/tax_ids": "900000001"})),
            (json!({"orders": true}), json!({"https://id.example/tax_ids": "900000001"})),
            (json!(["orders", 7]), json!({"https://id.example/tax_ids": "900000001"})),
            (json!("orders"), json!({})),
            (json!("orders"), json!({"https://id.example/tax_ids": []})),
            (json!("orders"), json!({"https://id.example/tax_ids": ["900000001", "9000"]})),
            (json!("orders"), json!({"https://id.example/tax_ids": 900_000_001})),
            (json!("orders"), json!({"https://id.example/tax_ids": "9000-00001"})),
            (json!("pays"), json!({})),
            (json!("pays"), json!({"plan": "plan-east"})),
            (json!("pays"), json!({"plan": ["east", "west"]})),
        ] {
            assert!(grant(roles.clone(), more.clone()).is_err(), "{roles} {more}");
        }
    }

    #[test]
    fn a_provider_speaks_for_the_tax_ids_that_are_listed_for_it() {
        let said = |ids: Value| {
            mapping(Some(&["900000001"])).grant(&claims(&json!("orders"), &json!({"https://id.example/tax_ids": ids})))
        };
        assert!(said(json!("900000001")).is_ok());
        assert!(said(json!(["900000001", "900000003"])).is_err(), "not a part of them either");
    }

    #[test]
    fn people_have_a_name_whatever_the_provider_says() {
        let named = |claims: Value| name(claims.as_object().unwrap());
        assert_eq!(named(json!({"name": "Front\u{0} desk", "email": "a@b.example"})), "Front desk");
        assert_eq!(named(json!({"name": 7, "email": "a@b.example"})), "a@b.example");
        assert_eq!(named(json!({"name": "  "})), "Signed in");
    }
}
