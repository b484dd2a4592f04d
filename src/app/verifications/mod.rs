//! Verifications: whether an authorization is in place, asked before treating (VER-03). Yes or no, with units and dates.
//!
//! Whoever treats a patient may ask by the Order ID or by the patient's full identity, also about orders of other practices; they learn
//! of authorizations only. What is unknown, mistyped or not theirs to know gets one and the same no (INF-08), and S-codes never appear
//! (SCD-10).

mod answer;

use super::visibility::Sight;
use super::{App, Caller, Error, Result};
use crate::domain::content::radiation::is_service_code;
use crate::domain::names::person_key;
use crate::domain::order::MemberIdentity;
use crate::domain::order_id::{Numbered, ReadableId};
use crate::domain::refusal::{Fault, Refusal};
use crate::domain::roster::{MemberRow, Person};
use crate::domain::text::says_something;
use crate::domain::vocabulary::{CallerRole, CaseStatus, DrugStatus};
use crate::domain::written;
use crate::rules::identity;
use crate::store;
use crate::store::pool::begin_by_key;
use crate::store::verifications::{Asked, VerifiableCase};
use answer::{Known, Question, not_found};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is asked: an Order ID, or a member and a drug; or both. A drug and a date make the question narrower.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerificationRequest {
    /// Order ID as a person types it: case, spaces and dashes do not matter.
    #[serde(default)]
    #[schema(max_length = 40)]
    pub order_id: Option<String>,
    /// The patient: health plan, first and last name and date of birth; the member ID where the name alone is not enough.
    #[serde(default)]
    pub member: Option<MemberIdentity>,
    /// HCPCS code of the drug to be given, or code of the procedure (five digits, or four and `T`); needed where there is no Order ID.
    #[serde(default)]
    #[schema(max_length = 10)]
    pub hcpcs: Option<String>,
    /// Day of treatment; without it the answer speaks of the authorization as a whole.
    #[serde(default)]
    pub date: Option<NaiveDate>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Verification {
    /// True where what was asked about may be given.
    pub authorized: bool,
    /// Why, or why not.
    pub reason: VerificationReason,
    /// In words.
    pub message: String,
    /// The Order ID to bill under; null where there is none.
    pub order_id: Option<String>,
    /// Status of the case; null where nothing was found.
    pub status: Option<CaseStatus>,
    /// Lines of the drug asked about, or every line; empty for radiation.
    pub drugs: Vec<VerifiedDrug>,
    /// The same of a radiation order; empty for drugs.
    pub procedures: Vec<VerifiedProcedure>,
    /// First day of the authorization.
    #[serde(serialize_with = "written::day")]
    pub valid_from: Option<NaiveDate>,
    /// Last day of the authorization.
    #[serde(serialize_with = "written::day")]
    pub valid_through: Option<NaiveDate>,
    /// The day asked about.
    #[serde(serialize_with = "written::day")]
    pub date: Option<NaiveDate>,
    /// The instant as of which this holds.
    pub as_of: DateTime<Utc>,
}

/// Why an authorization is in place, or why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VerificationReason {
    /// Reviewed and authorized.
    Authorized,
    /// The drug needs no review here and may be given under the Order ID.
    ClinicalReviewNotRequired,
    /// No authorization that answers the question is on file.
    NotFound,
    /// The order is still being reviewed.
    InProgress,
    /// Not authorized.
    NonAuthorized,
    /// The order was cancelled or withdrawn.
    Cancelled,
    /// The day asked about is outside the valid range.
    OutsideValidRange,
    /// The member is not covered on the day asked about, or not any more; an authorization ends with the coverage.
    CoverageEnded,
    /// The order does not contain the drug asked about.
    DrugNotOnOrder,
    /// Another entity decides about the drug; this authorization does not cover it.
    OtherEntityDecides,
}

/// A drug line of the authorization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct VerifiedDrug {
    /// Line of the order.
    pub line: u32,
    /// HCPCS code, where there is one.
    pub hcpcs: Option<String>,
    /// Generic name.
    pub name: String,
    /// Status.
    pub status: DrugStatus,
    /// True where this line may be given under the Order ID, on the day asked about.
    pub authorized: bool,
    /// Billing unit of the code, such as `10 mg`.
    pub billing_unit: Option<String>,
    /// Billing units approved in the range.
    pub units_approved: Option<u64>,
    /// Treatment days approved in the range.
    pub visits_approved: Option<u32>,
    /// First day.
    #[serde(serialize_with = "written::day")]
    pub valid_from: Option<NaiveDate>,
    /// Last day.
    #[serde(serialize_with = "written::day")]
    pub valid_through: Option<NaiveDate>,
}

/// A procedure line of the authorization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct VerifiedProcedure {
    /// Line of the order.
    pub line: u32,
    /// Code, where there is one.
    pub code: Option<String>,
    /// Own words for it.
    pub name: String,
    /// Status.
    pub status: DrugStatus,
    /// True where this line may be given under the Order ID, on the day asked about.
    pub authorized: bool,
    /// Units approved in the range.
    pub units_approved: Option<u64>,
    /// Treatment days approved in the range.
    pub visits_approved: Option<u32>,
    /// First day.
    #[serde(serialize_with = "written::day")]
    pub valid_from: Option<NaiveDate>,
    /// Last day.
    #[serde(serialize_with = "written::day")]
    pub valid_through: Option<NaiveDate>,
}

impl From<VerifiedDrug> for VerifiedProcedure {
    fn from(line: VerifiedDrug) -> Self {
        Self {
            line: line.line,
            code: line.hcpcs,
            name: line.name,
            status: line.status,
            authorized: line.authorized,
            units_approved: line.units_approved,
            visits_approved: line.visits_approved,
            valid_from: line.valid_from,
            valid_through: line.valid_through,
        }
    }
}

/// Answers a verification.
pub async fn verify(app: &App, caller: &Caller, asked: &VerificationRequest) -> Result<Verification> {
    let hcpcs = check(asked)?;
    let cases = find(app, caller, asked, hcpcs.as_deref()).await?;
    let question = Question { hcpcs: hcpcs.as_deref(), date: asked.date };
    Ok(answered(app, caller, cases, question, asked.order_id.is_some()))
}

/// Every case of a member, looked up once for several questions.
#[derive(Debug, Clone)]
pub struct OfOneMember(Vec<VerifiableCase>);

impl OfOneMember {
    /// Looks them up.
    pub async fn find(app: &App, member: &MemberIdentity) -> Result<Self> {
        Ok(Self(of_member(app, member, None, None).await?))
    }

    /// Answers about a code and a day as [`verify`] does.
    pub fn verify(&self, app: &App, caller: &Caller, hcpcs: &str, date: Option<NaiveDate>) -> Verification {
        let has_it = |case: &&VerifiableCase| case.drugs.iter().any(|line| line.hcpcs.as_deref() == Some(hcpcs));
        let cases = self.0.iter().filter(has_it).cloned().collect();
        answered(app, caller, cases, Question { hcpcs: Some(hcpcs), date }, false)
    }
}

/// The answer of the case that answers best, of those that the caller learns of.
fn answered(
    app: &App,
    caller: &Caller,
    mut cases: Vec<VerifiableCase>,
    question: Question<'_>,
    by_order_id: bool,
) -> Verification {
    let now = app.clock.now();
    cases.retain_mut(|case| learns(caller, case, question.hcpcs, by_order_id));
    let day = question.date.unwrap_or_else(|| now.date_naive());
    let known = |case: VerifiableCase| {
        let named = app.library.named(&case.content_release);
        let content = named.unwrap_or_else(|| app.library.in_force(now.date_naive()));
        Known::new(case, content)
    };
    let cases: Vec<Known<'_>> = cases.into_iter().map(known).collect();
    let Some(case) = cases.iter().min_by_key(|case| question.preference(case, day)) else {
        return not_found(question.date, now);
    };
    caller.accessed.case(case.case_id());
    question.answer(case, now)
}

/// A practice that treats learns of any authorization; of orders under way, and of what was refused, only who takes part in them. A drug
/// that was refused is to the others one that is not on the order.
fn learns(caller: &Caller, case: &mut VerifiableCase, hcpcs: Option<&str>, by_order_id: bool) -> bool {
    if Sight::of(caller).reaches(&case.health_plan, &case.visible_to) {
        return true;
    }
    if caller.role != CallerRole::ServicingProvider || case.order_id.is_none() {
        return false;
    }
    let is_of_no_line = case.drugs.is_empty();
    case.drugs.retain(|line| line.status.may_be_given());
    match hcpcs {
        Some(code) => by_order_id || case.drugs.iter().any(|drug| drug.hcpcs.as_deref() == Some(code)),
        None => is_of_no_line || !case.drugs.is_empty(),
    }
}

async fn find(app: &App, caller: &Caller, asked: &VerificationRequest, hcpcs: Option<&str>) -> Result<Vec<VerifiableCase>> {
    let order_id = match asked.order_id.as_deref().map(|typed| ReadableId::parse(Numbered::Order, typed)) {
        Some(None) => return Ok(Vec::new()), // a number that cannot exist is answered like one that does not
        Some(Some(id)) => Some(id),
        None => None,
    };
    let order_id = order_id.as_ref().map(ReadableId::as_str);
    let Some(member) = &asked.member else {
        let Some(order_id) = order_id else { return Ok(Vec::new()) };
        // whoever treats also learns of an authorization that they do not see, by its number
        let named = [order_id.to_owned()];
        let learns = if caller.role == CallerRole::ServicingProvider { named.as_slice() } else { &[] };
        let mut conn = Sight::of(caller).begin_verifying(&app.pool, learns).await?;
        return Ok(store::verifications::by_order_id(&mut conn, order_id, hcpcs).await?.into_iter().collect());
    };
    Box::pin(of_member(app, member, hcpcs, order_id)).await
}

async fn of_member(
    app: &App,
    member: &MemberIdentity,
    hcpcs: Option<&str>,
    order_id: Option<&str>,
) -> Result<Vec<VerifiableCase>> {
    let (Some(health_plan), Some(first), Some(last), Some(birth_date)) =
        (member.health_plan.as_deref(), &member.first_name, &member.last_name, member.birth_date)
    else {
        return Ok(Vec::new());
    };
    let name = person_key(first, last);
    if name.is_empty() {
        return Ok(Vec::new());
    }
    let member_id = member.member_id.as_deref().map(str::trim).filter(|id| !id.is_empty());
    // with an Order ID, a drug that is not on the order is said to be so instead of leading nowhere
    let hcpcs = hcpcs.filter(|_| order_id.is_none());
    let asked = Asked { health_plan, member_id, name: &name, birth_date, hcpcs, order_id };
    let (mut rows, cases) = store::verifications::by_member(&mut *begin_by_key(&app.pool).await?, &asked).await?;
    if member_id.is_none() {
        // who has the key of the name by chance is not meant
        let named: Vec<String> =
            rows.iter().filter(|row| identity::agrees(member, row)).map(|row| row.member_id.clone()).collect();
        rows.retain(|row| named.contains(&row.member_id));
    }
    let Some(person) = meant(member, &rows) else { return Ok(Vec::new()) };
    let member_id = rows.first().map(|row| row.member_id.clone());
    let theirs = cases.into_iter().filter(|found| {
        Some(&found.member_id) == member_id.as_ref() && Person::parse(&found.case.person).is_some_and(|whose| whose.is(&person))
    });
    Ok(theirs.map(|found| VerifiableCase { spans: rows.clone(), ..found.case }).collect())
}

/// The person who was named, where these rows are one member's, and those that agree are one person's (INF-08, SAFE-14).
fn meant(named: &MemberIdentity, rows: &[MemberRow]) -> Option<Person> {
    let one = rows.first()?;
    let agreeing = || rows.iter().filter(|row| identity::agrees(named, row)).map(MemberRow::person);
    let person = agreeing().next()?;
    let is_one = rows.iter().all(|row| row.member_id == one.member_id) && agreeing().all(|other| other.is(&person));
    is_one.then_some(person)
}

/// What the schema cannot say is missing. Returns the code asked about in its canonical form.
fn check(asked: &VerificationRequest) -> Result<Option<String>> {
    let mut missing = Vec::new();
    let mut need = |pointer: &str, present: bool, why: &str| {
        if !present {
            missing.push(Fault::new(pointer, "missing", why));
        }
    };
    let filled = |text: &Option<String>| text.as_deref().is_some_and(says_something);
    if let Some(member) = &asked.member {
        let why = "is required to know who is meant";
        need("/member/health_plan", filled(&member.health_plan), why);
        need("/member/first_name", filled(&member.first_name), why);
        need("/member/last_name", filled(&member.last_name), why);
        need("/member/birth_date", member.birth_date.is_some(), why);
        need("/hcpcs", filled(&asked.hcpcs) || asked.order_id.is_some(), "say which drug is to be given, or give the Order ID");
    } else {
        need("/order_id", asked.order_id.is_some(), "give the Order ID, or `member` and `hcpcs`");
    }
    if !missing.is_empty() {
        return Err(Refusal::MissingRequired(missing).into());
    }
    let Some(typed) = asked.hcpcs.as_deref().map(str::trim).filter(|code| !code.is_empty()) else { return Ok(None) };
    let code = typed.to_ascii_uppercase();
    if is_service_code(&code) {
        return Ok(Some(code));
    }
    let message = "is no code: a letter and four digits, five digits, or four digits and T";
    Err(Error::invalid(vec![Fault::new("/hcpcs", "malformed-code", message)]))
}
