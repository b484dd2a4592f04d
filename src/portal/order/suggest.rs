//! Suggestions while somebody types a code or a name. Members are never searched (INF-08).

use super::super::failure::Failure;
use super::super::fields::Fields;
use super::super::pages::{ORDERING, Pages, Who};
use super::super::shell::page;
use super::super::visitor::Visitor;
use super::cells;
use crate::app::App;
use crate::app::catalog::{self, providers};
use crate::documents::words;
use crate::domain::content::Content;
use crate::domain::roster::ProviderKind;
use askama::Template;
use axum::extract::State;
use axum::response::Response;

/// Suggestions at once.
const SHOWN: usize = 8;

pub(super) fn pages(pages: Pages) -> Pages {
    pages.ask("/orders/suggest", Who::SignedIn(ORDERING), suggest)
}

#[derive(Template)]
#[template(path = "suggestions.html")]
struct Suggestions {
    items: Vec<Suggestion>,
}

/// What goes into the field, and what it is.
struct Suggestion {
    value: String,
    about: String,
}

async fn suggest(State(app): State<App>, visitor: Visitor, fields: Fields) -> Result<Response, Failure> {
    let typed = fields.text("typed").unwrap_or_default();
    let content = catalog::content(&app, None);
    let plan = fields.text("/member/health_plan");
    let items = match fields.text("list").unwrap_or_default() {
        _ if typed.len() < 2 => Vec::new(),
        "clinicians" => of_providers(&app, &visitor, typed, ProviderKind::Individual, plan).await?,
        "sites" => of_providers(&app, &visitor, typed, ProviderKind::Facility, plan).await?,
        "diagnoses" => diagnoses(&app, content, typed),
        "drugs" => drugs(&app, content, typed),
        "regimens" => regimens(&app, &fields, content, typed),
        "biomarkers" => {
            catalog::biomarkers(&app, content, Some(typed)).items.into_iter().map(|asked| named(&asked.display)).collect()
        }
        "assessments" => {
            catalog::assessments(&app, content, Some(typed)).items.into_iter().map(|asked| named(&asked.display)).collect()
        }
        _ => Vec::new(),
    };
    page(&Suggestions { items: items.into_iter().take(SHOWN).collect() })
}

fn named(name: &str) -> Suggestion {
    Suggestion { value: name.to_owned(), about: String::new() }
}

async fn of_providers(
    app: &App,
    visitor: &Visitor,
    typed: &str,
    kind: ProviderKind,
    plan: Option<&str>,
) -> Result<Vec<Suggestion>, Failure> {
    let search =
        providers::Search { typed: Some(typed), kind: Some(kind), health_plan: plan, limit: 8, ..providers::Search::default() };
    let found = providers::search(app, &visitor.caller, &search).await?;
    let mut items: Vec<Suggestion> = Vec::new();
    for found in found.providers {
        let provider = found.provider;
        let value = format!("{} {}", provider.npi, provider.display_name());
        let network = if provider.in_network { "in network" } else { "out of network" };
        if !items.iter().any(|item| item.value == value) {
            let place = provider.state.unwrap_or_default();
            items.push(Suggestion { value, about: format!("{place} {network}").trim().to_owned() });
        }
    }
    Ok(items)
}

fn diagnoses(app: &App, content: &Content, typed: &str) -> Vec<Suggestion> {
    let found = catalog::diagnoses::search(app, content, Some(typed)).items;
    found
        .into_iter()
        .take(SHOWN)
        .map(|(code, diagnosis)| Suggestion { value: format!("{code} {}", diagnosis.title), about: String::new() })
        .collect()
}

fn drugs(app: &App, content: &Content, typed: &str) -> Vec<Suggestion> {
    let mut items = Vec::new();
    for found in catalog::drugs::search(app, content, Some(typed)).items {
        let drug = found.drug;
        if drug.codes.is_empty() {
            items.push(Suggestion { value: drug.generic.clone(), about: "no HCPCS code".to_owned() });
        }
        for code in found.codes() {
            let product = code.biosimilar_name.as_ref().or(code.product.as_ref());
            let about = product.map_or_else(|| code.descriptor.clone(), |product| words::capitalize(product));
            items.push(Suggestion { value: format!("{} {}", code.hcpcs, drug.generic), about });
        }
        if items.len() >= SHOWN {
            break;
        }
    }
    items
}

fn regimens(app: &App, fields: &Fields, content: &Content, typed: &str) -> Vec<Suggestion> {
    let by_code = || {
        let code = fields.text("/diagnosis/icd10").and_then(|typed| cells::diagnosis(typed, content))?;
        cells::only_cancer(&code, content)
    };
    let cancer = fields.owned("/clinical/cancer_type").or_else(by_code);
    let about = |key: &str| content.cancer(key).map(|cancer| cancer.name.clone()).unwrap_or_default();
    let filter = catalog::regimens::Filter { typed: Some(typed), cancer: cancer.as_deref(), diagnosis: None };
    let found = catalog::regimens::search(app, content, &filter).items;
    found.into_iter().map(|regimen| Suggestion { value: regimen.name.clone(), about: about(&regimen.cancer) }).collect()
}

/// A provider who was entered by NPI alone gets the name of the plan's file.
pub(super) async fn complete(app: &App, visitor: &Visitor, fields: &mut Fields) -> Result<(), Failure> {
    for field in ["/ordering_provider", "/servicing_provider"] {
        let Some((Some(npi), None)) = fields.text(field).map(cells::provider) else { continue };
        let plan = fields.owned("/member/health_plan");
        let search =
            providers::Search { npi: Some(&npi), health_plan: plan.as_deref(), limit: 3, ..providers::Search::default() };
        let found = providers::search(app, &visitor.caller, &search).await?;
        let mut names: Vec<String> =
            found.providers.iter().filter(|found| found.provider.npi == npi).map(|found| found.provider.display_name()).collect();
        names.dedup();
        if let [one] = names.as_slice() {
            fields.set(field, format!("{npi} {one}"));
        }
    }
    Ok(())
}
