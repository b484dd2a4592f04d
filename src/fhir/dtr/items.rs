//! The items of a questionnaire: the fields of an order, each under its JSON pointer, with the words that content understands.

use super::library;
use crate::app::questionnaires::{Answerable, Form};
use crate::domain::vocabulary::Service;
use crate::fhir::element::put;
use crate::fhir::read::answers::ASKED;
use crate::fhir::read::shape::Shape;
use serde_json::{Value, json};

/// Link of the group that shows what the request itself says: it is no field, so that nobody's answer to it counts.
pub const REQUEST: &str = "request";
/// Lists in which a result is looked for by its name.
pub const NAMED: [&str; 2] = ["/clinical/biomarkers", "/clinical/assessments"];
/// Clinical questions about every order, in their order.
const CLINICAL: [&str; 17] = [
    "cancer_type",
    "pathology",
    "stage",
    "tnm",
    "line_of_treatment",
    "lines_of_therapy_before",
    "disease_setting",
    "treatment_goal",
    "performance_status",
    "biomarkers",
    "assessments",
    "prior_therapies",
    "fn_risk_factors",
    "height_cm",
    "weight_kg",
    "serum_creatinine_mg_dl",
    "sex",
];
/// What an order of drugs says beside.
const OF_DRUGS: [&str; 4] = ["treatment", "continuation_of_treatment_started_on", "supportive_only", "clinical_trial"];
/// Fields that only extend what was authorized, or that lines of the request say.
const LEFT_OUT: [&str; 4] =
    ["/radiation/extended_through", "/radiation/extension_reason", "/radiation/procedures", "/treatment/regimen_id"];

/// Extension: what is filled in at first.
const INITIAL: &str = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-initialExpression";
/// Extension: what the entries of a list are filled in from.
const POPULATION: &str = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-itemPopulationContext";
/// Extensions: lowest and highest number.
const BOUNDS: [&str; 2] =
    ["http://hl7.org/fhir/StructureDefinition/minValue", "http://hl7.org/fhir/StructureDefinition/maxValue"];

/// What a record says of a question: its link, and the expression of the library.
const RECORDED: [(&str, &str); 10] = [
    ("/clinical/stage", "Stage group"),
    ("/clinical/tnm/t", "T category"),
    ("/clinical/tnm/n", "N category"),
    ("/clinical/tnm/m", "M category"),
    ("/clinical/performance_status/scale", "Scale of performance status"),
    ("/clinical/performance_status/value", "ECOG score"),
    ("/clinical/height_cm", "Height in cm"),
    ("/clinical/weight_kg", "Weight in kg"),
    ("/clinical/serum_creatinine_mg_dl", "Serum creatinine in mg/dL"),
    ("/clinical/sex", "Sex"),
];
/// The same of lists: the link, the name of an entry, and the expression.
const RECORDED_LISTS: [(&str, &str, &str); 2] =
    [("/clinical/biomarkers", "marker", "Biomarkers"), ("/clinical/assessments", "assessment", "Assessments")];

/// All items.
pub fn write(form: &Form, order: &Shape) -> Vec<Value> {
    let writer = Writer { form, order };
    let mut items: Vec<Value> = writer.of_request().into_iter().collect();
    items.extend(writer.group("/clinical", &CLINICAL));
    let others: &[&str] = if form.service == Service::RadiationOncology { &["radiation"] } else { &OF_DRUGS };
    items.extend(others.iter().filter_map(|name| Some(writer.question(&format!("/{name}"), order.fields.get(*name)?))));
    items
}

struct Writer<'a> {
    form: &'a Form,
    order: &'a Shape,
}

impl Writer<'_> {
    /// What the program requires and the request itself says.
    fn of_request(&self) -> Option<Value> {
        let is_answered = |pointer: &str| ASKED.iter().any(|asked| pointer.split('/').nth(1) == Some(asked));
        let told = self.form.items.iter().filter(|item| !is_answered(&item.pointer));
        let told: Vec<Value> = told
            .filter_map(|item| {
                let shape = self.order.at(&item.pointer)?;
                let kind = if shape.is_day { "date" } else { "string" };
                let mut shown = json!({"linkId": item.pointer, "text": capital(&item.name), "type": kind, "readOnly": true});
                if !shape.fields.is_empty() {
                    put(&mut shown, "text", format!("{} (as the request has it)", capital(&item.name)));
                }
                Some(shown)
            })
            .collect();
        (!told.is_empty()).then(|| json!({"linkId": REQUEST, "text": "What the request says", "type": "group", "item": told}))
    }

    fn group(&self, link: &str, names: &[&str]) -> Option<Value> {
        let shape = self.order.at(link)?;
        let within = |name: &&str| Some(self.question(&format!("{link}/{name}"), shape.fields.get(*name)?));
        let items: Vec<Value> = names.iter().filter_map(within).collect();
        Some(json!({"linkId": link, "text": self.text(link, shape), "type": "group", "item": items}))
    }

    fn question(&self, link: &str, shape: &Shape) -> Value {
        let mut item = json!({"linkId": link, "text": self.text(link, shape)});
        if self.form.items.iter().any(|own| own.required && own.pointer == link) {
            put(&mut item, "required", true);
        }
        let entries = shape.items.as_deref();
        if entries.is_some() {
            put(&mut item, "repeats", true);
        }
        let of_one = entries.unwrap_or(shape);
        if of_one.fields.is_empty() {
            self.answered(&mut item, link, of_one, shape.may_be_unknown);
            return item;
        }
        put(&mut item, "type", "group");
        let names = of_one.fields.iter().map(|(name, field)| (format!("{link}/{name}"), field));
        let mut items: Vec<Value> = names
            .filter(|(link, _)| !LEFT_OUT.contains(&link.as_str()))
            .map(|(link, field)| self.question(&link, field))
            .collect();
        items.extend(self.asked(link).iter().map(|one| {
            let drugs = if one.drugs.is_empty() { String::new() } else { format!(" (for {})", one.drugs.join(", ")) };
            let id = format!("{}.{}", link.rsplit('/').next().unwrap_or_default(), one.name);
            json!({"linkId": id, "type": "display", "text": format!("{} is asked for{drugs}: {}", one.display, one.wanted)})
        }));
        if let Some((_, name, expression)) = RECORDED_LISTS.iter().find(|(own, ..)| *own == link) {
            let mut context = library::expression(expression);
            put(&mut context, "name", *name);
            put(&mut item, "extension", json!([{"url": POPULATION, "valueExpression": context}]));
        }
        put(&mut item, "item", items);
        item
    }

    /// The type of a question with one value or several, and what answers it.
    fn answered(&self, item: &mut Value, link: &str, shape: &Shape, may_be_unknown: bool) {
        let mut extensions = Vec::new();
        let (offered, is_closed) = self.options(link, shape);
        let kind = if !offered.is_empty() {
            if is_closed { "choice" } else { "open-choice" }
        } else if shape.flag && !shape.text {
            "boolean"
        } else if shape.is_day {
            "date"
        } else if shape.text || (may_be_unknown && !(shape.number || shape.integer)) {
            "string"
        } else if shape.number {
            "decimal"
        } else {
            "integer"
        };
        put(item, "type", kind);
        if matches!(kind, "decimal" | "integer") {
            let bounds = [shape.bounds.0, shape.bounds.1].into_iter().zip(BOUNDS);
            extensions.extend(bounds.filter_map(|(bound, url)| {
                let bound = bound?;
                Some(if kind == "integer" {
                    json!({"url": url, "valueInteger": whole(bound)?})
                } else {
                    json!({"url": url, "valueDecimal": bound})
                })
            }));
        }
        if !offered.is_empty() {
            let fixed = (link == "/clinical/cancer_type").then_some(self.form.cancer.as_deref()).flatten();
            let unknown = may_be_unknown.then(|| ("unknown".to_owned(), "unknown".to_owned()));
            let options = offered.into_iter().chain(unknown).map(|(code, display)| {
                let mut option = json!({"valueCoding": {"code": code, "display": display}});
                if fixed == Some(code.as_str()) {
                    put(&mut option, "initialSelected", true);
                }
                option
            });
            put(item, "answerOption", options.collect::<Vec<_>>());
        }
        if let Some((_, expression)) = RECORDED.iter().find(|(own, _)| *own == link) {
            extensions.push(json!({"url": INITIAL, "valueExpression": library::expression(expression)}));
        }
        let of_list = RECORDED_LISTS.iter().find_map(|(list, name, _)| {
            let field = link.strip_prefix(list)?.strip_prefix('/')?;
            Some(json!({"language": "text/fhirpath", "expression": format!("%{name}.{field}")}))
        });
        extensions.extend(of_list.map(|expression| json!({"url": INITIAL, "valueExpression": expression})));
        if !extensions.is_empty() {
            put(item, "extension", extensions);
        }
    }

    /// The words that a question offers, with how people call them; true where there are no others.
    fn options(&self, link: &str, shape: &Shape) -> (Vec<(String, String)>, bool) {
        let form = self.form;
        let words = |all: &[String]| all.iter().map(|word| (word.clone(), word.replace('_', " "))).collect::<Vec<_>>();
        let open = |options: Vec<(String, String)>| (options, false);
        match link {
            "/clinical/cancer_type" => {
                let own = |(key, _): &&(String, String)| form.cancer.as_ref().is_none_or(|own| own == key);
                (form.cancers.iter().filter(own).cloned().collect(), true)
            }
            "/clinical/stage" => open(form.stages.iter().map(|stage| (stage.clone(), stage.clone())).collect()),
            "/clinical/pathology" => open(words(&form.pathologies)),
            "/clinical/disease_setting" => open(words(&form.settings)),
            "/radiation/site" => open(form.sites.clone()),
            _ if !shape.words.is_empty() => (words(&shape.words), true),
            _ => {
                let (list, field) = link.rsplit_once('/').unwrap_or_default();
                let asked = self.asked(list);
                match field {
                    "name" => open(asked.iter().map(|one| (one.name.clone(), one.display.clone())).collect()),
                    "result" => {
                        let mut all: Vec<String> = Vec::new();
                        for word in asked.iter().flat_map(|one| &one.words) {
                            if !all.contains(word) {
                                all.push(word.clone());
                            }
                        }
                        open(words(&all))
                    }
                    _ => open(Vec::new()),
                }
            }
        }
    }

    /// The results that a list is asked for.
    fn asked(&self, list: &str) -> &[Answerable] {
        asked(self.form, list)
    }

    /// What a question is called: as the program has it, else as the order describes it.
    fn text(&self, link: &str, shape: &Shape) -> String {
        if let Some(item) = self.form.items.iter().find(|item| item.pointer == link) {
            return capital(&item.name);
        }
        let name = link.rsplit('/').next().unwrap_or_default().replace('_', " ");
        // that a word may say that nothing is known is among what is offered
        let about = shape.about.as_ref().map(|about| about.split(", or `unknown`").next().unwrap_or_default().replace('`', ""));
        match about {
            Some(about) => format!("{}: {about}", capital(&name)),
            None => capital(&name),
        }
    }
}

/// The results that a list of a form is asked for.
pub fn asked<'f>(form: &'f Form, list: &str) -> &'f [Answerable] {
    match NAMED.iter().position(|own| *own == list) {
        Some(0) => &form.biomarkers,
        Some(_) => &form.assessments,
        None => &[],
    }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[expect(clippy::cast_possible_truncation, reason = "bounds of fields are small")]
fn whole(bound: f64) -> Option<i64> {
    (bound.fract() == 0.0 && bound.abs() < 1e9).then_some(bound as i64)
}
