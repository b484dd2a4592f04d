//! Documentation templates and rules (DTR 2.2): what an order asks for as a questionnaire whose `linkId`s are JSON pointers of the order, with
//! a draft of its answers and the library by which an EHR fills in more from its record. The answers come back with `Claim/$submit`.

mod input;
mod items;
mod library;
mod prefill;
mod questionnaire;

use super::answer::Known;
use super::attachment_case::by_number;
use super::body::Resource;
use super::element::put;
use super::outcome::{Failure, Issue, outcome, respond};
use super::read::attachments::Number;
use super::read::order;
use super::write::Context;
use super::{Documented, base};
use crate::app::questionnaires::{self, Form};
use crate::app::{App, Caller};
use crate::domain::content::Content;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use input::{Asked, Draft};
use serde_json::{Value, json};
use std::sync::Arc;

/// Canonical address of a form, with its version.
pub fn canonical(form: &Form, base: &str) -> String {
    format!("{base}/Questionnaire/{}|{}", form.id, form.version)
}

/// `GET /fhir/Questionnaire/{id}`.
pub async fn get_questionnaire(
    State(app): State<App>,
    Extension(documented): Extension<Documented>,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let form = questionnaires::form(&app, &id).ok_or_else(Failure::not_found)?;
    Ok(respond(StatusCode::OK, &questionnaire::write(&form, documented.order(), &base(&app))))
}

/// `GET /fhir/Library/{id}`.
pub async fn get_library(State(app): State<App>, Path(id): Path<String>) -> Result<Response, Failure> {
    if id != library::NAME {
        return Err(Failure::not_found());
    }
    Ok(respond(StatusCode::OK, &library::write(&base(&app))))
}

/// `POST /fhir/Questionnaire/$log-questionnaire-errors`: what went wrong where the questionnaire was filled in. Only questionnaires of this
/// service are named in the log: whatever else is sent may be about a patient.
pub async fn log_errors(State(app): State<App>, Resource(sent): Resource) -> Result<StatusCode, Failure> {
    let (questionnaire, issues) = input::errors(&sent).map_err(Failure::bad)?;
    let form = id_of(questionnaire, &base(&app)).and_then(|id| questionnaires::form(&app, id));
    let questionnaire = form.as_ref().map_or("unknown", |form| form.id.as_str());
    tracing::warn!(questionnaire, issues, "an EHR could not use a questionnaire as it is");
    Ok(StatusCode::OK)
}

/// The id that a canonical address has, where it is one of this service.
fn id_of<'c>(canonical: &'c str, base: &str) -> Option<&'c str> {
    let url = canonical.split('|').next()?;
    url.strip_prefix(base)?.strip_prefix("/Questionnaire/")
}

/// `POST /fhir/Questionnaire/$questionnaire-package`.
pub async fn questionnaire_package(
    State(app): State<App>,
    Extension(caller): Extension<Caller>,
    Extension(documented): Extension<Documented>,
    Resource(sent): Resource,
) -> Result<Response, Failure> {
    let asked = Asked::read(&sent).map_err(Failure::bad)?;
    let content = Arc::clone(app.library.in_force(app.clock.now().date_naive()));
    let writer = Packager { app: &app, documented, asked: &asked, content: &content, base: &base(&app) };
    let mut warnings = Vec::new();
    let mut packages: Vec<(Form, Draft)> = Vec::new();
    writer.of_orders(&mut packages, &mut warnings);
    writer.of_context(&caller, &mut packages, &mut warnings).await?;
    writer.of_canonicals(&mut packages, &mut warnings);
    Ok(respond(StatusCode::OK, &writer.answer(packages, warnings)))
}

struct Packager<'a> {
    app: &'a App,
    documented: Documented,
    asked: &'a Asked<'a>,
    content: &'a Content,
    base: &'a str,
}

impl Packager<'_> {
    /// The plan that the coverage is by.
    fn plan(&self) -> Option<String> {
        order::plan_of(self.asked.payer()?, &self.content.code_tables)
    }

    /// Questionnaires of the orders, drugs and radiation apart.
    fn of_orders(&self, packages: &mut Vec<(Form, Draft)>, warnings: &mut Vec<Issue>) {
        if self.asked.orders.is_empty() {
            return;
        }
        let Some(plan) = self.plan() else {
            warnings.push(Issue::new(
                "not-found",
                "none of the payer's identifiers is that of a health plan here: nothing is asked for",
            ));
            return;
        };
        for draft in self.asked.drafts(&plan, self.documented.order(), self.content) {
            let form = questionnaires::form_for(self.app, draft.borrowed().wanted(&plan));
            match form {
                Some(form) => packages.push((form, draft)),
                None => warnings.push(Issue::new("not-found", "no program serves this health plan")),
            }
        }
    }

    /// The questionnaire of a request that is on file, with the answers that it has.
    async fn of_context(
        &self,
        caller: &Caller,
        packages: &mut Vec<(Form, Draft)>,
        warnings: &mut Vec<Issue>,
    ) -> Result<(), Failure> {
        let Some(context) = self.asked.context else { return Ok(()) };
        let Some(known) = self.asked_about(caller, context).await? else {
            let words = "no request of this member has this context: the questionnaires are those of the orders";
            warnings.push(Issue::new("not-found", words));
            return Ok(());
        };
        let request = serde_json::to_value(&known.case.request).unwrap_or_default();
        let draft = Draft::of_request(&known.case.request, request);
        let plan = known.case.request.member.health_plan.clone().unwrap_or_default();
        let form = questionnaires::form_for(self.app, draft.borrowed().wanted(&plan));
        if let Some(form) = form {
            let asked_for = known.case.review.iter().flat_map(|review| &review.asked_for);
            warnings.extend(asked_for.map(|words| Issue::new("informational", format!("asked for: {words}"))));
            // what is on file says more than the orders do
            packages.retain(|(other, _)| other.id != form.id);
            packages.push((form, draft));
        }
        Ok(())
    }

    /// The request of the coverage's member that was asked about under this number. Several are none.
    async fn asked_about(&self, caller: &Caller, number: &str) -> Result<Option<Known>, Failure> {
        let context = Context { base: self.base, content: self.content };
        let absent = |failure: Failure| if failure.is_not_found() || failure.is_conflict() { Ok(None) } else { Err(failure) };
        let member_id = self.asked.member_id().unwrap_or_default();
        let number = Number { system: String::new(), value: number.to_owned() };
        let case_id = by_number(self.app, caller, member_id, &number, context).await.or_else(absent)?;
        let Some(case_id) = case_id else { return Ok(None) };
        let absent = |failure: Failure| if failure.is_not_found() { Ok(None) } else { Err(failure) };
        let known = Known::load(self.app, caller, case_id, context).await.map(Some).or_else(absent)?;
        Ok(known.filter(|known| known.case.request.member.member_id.as_deref() == Some(member_id)))
    }

    /// The questionnaires that are named.
    fn of_canonicals(&self, packages: &mut Vec<(Form, Draft)>, warnings: &mut Vec<Issue>) {
        for canonical in &self.asked.questionnaires {
            let version = canonical.split_once('|').map(|(_, version)| version);
            let form = id_of(canonical, self.base).and_then(|id| questionnaires::form(self.app, id));
            match form.filter(|form| version.is_none_or(|version| version == form.version)) {
                Some(form) if packages.iter().all(|(other, _)| other.id != form.id) => packages.push((form, Draft::default())),
                Some(_) => {}
                None => warnings
                    .push(Issue::new("not-found", format!("there is no questionnaire {canonical} in the release in force"))),
            }
        }
    }

    fn answer(&self, packages: Vec<(Form, Draft)>, mut warnings: Vec<Issue>) -> Value {
        let unchanged = |form: &Form| self.asked.changed_since.is_some_and(|since| form.from <= since);
        let mut parameters = Vec::new();
        for (form, draft) in packages {
            if unchanged(&form) {
                warnings.push(Issue::new("informational", format!("{} has not changed since", canonical(&form, self.base))));
                continue;
            }
            parameters.push(json!({"name": "packagebundle", "resource": self.package(&form, &draft)}));
        }
        if parameters.is_empty() && warnings.is_empty() {
            warnings.push(Issue::new(
                "informational",
                "nothing is asked for: send the orders, a context or the address of a questionnaire",
            ));
        }
        if !warnings.is_empty() {
            let mut outcome = outcome(&warnings, None);
            // the answer is one all the same
            for issue in outcome.get_mut("issue").and_then(Value::as_array_mut).into_iter().flatten() {
                if issue.get("severity").is_some_and(|severity| severity == "error") {
                    put(issue, "severity", "warning");
                }
            }
            parameters.push(json!({"name": "outcome", "resource": outcome}));
        }
        json!({"resourceType": "Parameters", "parameter": parameters})
    }

    /// The questionnaire first, then the draft of its answers and the library.
    fn package(&self, form: &Form, draft: &Draft) -> Value {
        let now = self.app.clock.now();
        let questionnaire = questionnaire::write(form, self.documented.order(), self.base);
        let id = self.app.ids.uuid(now).to_string();
        let response = prefill::write(&prefill::Response {
            id: &id,
            form,
            questionnaire: &questionnaire,
            draft,
            asked: self.asked,
            base: self.base,
            now,
        });
        let entry = |kind: &str, id: &str, resource: Value| json!({"fullUrl": format!("{}/{kind}/{id}", self.base), "resource": resource});
        json!({
            "resourceType": "Bundle",
            "meta": {"profile": ["http://hl7.org/fhir/us/davinci-dtr/StructureDefinition/DTR-QPackageBundle"]},
            "type": "collection",
            "timestamp": super::write::instant(now),
            "entry": [
                entry("Questionnaire", &form.id, questionnaire),
                entry("QuestionnaireResponse", &id, response),
                entry("Library", library::NAME, library::write(self.base)),
            ],
        })
    }
}
