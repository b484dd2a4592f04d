//! From the fields of the form to an order. What is left empty is left out, never answered; what is not understood is a fault of its
//! field and keeps the order from being sent.

use super::super::faults::Faults;
use super::super::fields::Fields;
use super::super::typed::{self, Century};
use super::again::ADDRESS;
use super::grid::Cycles;
use super::{cells, grid};
use crate::domain::content::Content;
use chrono::NaiveDate;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// The form as an order, as far as it goes.
#[derive(Debug, Clone)]
pub(super) struct Read {
    /// The order as JSON.
    pub order: Value,
    /// What was not understood.
    pub faults: Faults,
    /// Which phase of the form each phase is, and which row of it each drug.
    pub rows: Vec<(usize, Vec<usize>)>,
    /// Which row of the form each earlier treatment is.
    pub prior_rows: Vec<usize>,
    /// Names of biomarkers and assessments in their order.
    biomarkers: Vec<String>,
    assessments: Vec<String>,
}

/// Reads a form on a day.
pub(super) fn read(fields: &Fields, content: &Content, today: NaiveDate) -> Read {
    let reader = Reader { fields, content, today, faults: Faults::default() };
    reader.read()
}

struct Reader<'a> {
    fields: &'a Fields,
    content: &'a Content,
    today: NaiveDate,
    faults: Faults,
}

/// Puts a value where there is one.
fn put(object: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        object.insert(name.to_owned(), value.into());
    }
}

/// An object, where anything is in it.
fn filled(object: Map<String, Value>) -> Option<Value> {
    (!object.is_empty()).then_some(Value::Object(object))
}

impl Reader<'_> {
    fn read(mut self) -> Read {
        let mut order = Map::new();
        order.insert("service".to_owned(), json!("medical_oncology"));
        let member = self.member();
        put(&mut order, "member", filled(member));
        for name in ["setting", "place_of_service", "urgency", "channel"] {
            put(&mut order, name, self.text(&format!("/{name}")));
        }
        if self.fields.text("/technical_problem_attested").is_some() {
            order.insert("technical_problem_attested".to_owned(), json!(true));
        }
        put(&mut order, "date_of_service", self.day("/date_of_service", Century::This));
        let started = self.day("/continuation_of_treatment_started_on", Century::This);
        put(&mut order, "continuation_of_treatment_started_on", started);
        put(&mut order, "ordering_provider", self.ordering_provider());
        put(&mut order, "servicing_provider", self.servicing_provider());
        let mut contact = Map::new();
        for name in ["name", "phone", "fax"] {
            put(&mut contact, name, self.text(&format!("/contact/{name}")));
        }
        put(&mut order, "contact", filled(contact));
        put(&mut order, "diagnosis", self.diagnosis().map(|code| json!({ "icd10": code })));
        let (clinical, biomarkers, assessments, prior_rows) = self.clinical();
        put(&mut order, "clinical", filled(clinical));
        let (treatment, rows) = self.treatment();
        put(&mut order, "treatment", treatment);
        self.declarations(&mut order);
        Read { order: Value::Object(order), faults: self.faults, rows, prior_rows, biomarkers, assessments }
    }

    fn text(&self, name: &str) -> Option<String> {
        self.fields.owned(name)
    }

    fn day(&mut self, name: &str, century: Century) -> Option<String> {
        let typed = self.fields.text(name)?;
        let day = typed::day(typed, century);
        if day.is_none() {
            self.faults.add(name, format!("“{typed}” is no day: write month, day and year, such as 3/9/1954"));
        }
        day.map(|day| day.to_string())
    }

    /// A day, or one of the words for an answer that is not there.
    fn day_or_word(&mut self, name: &str) -> Option<String> {
        match self.fields.text(name).and_then(missing_word) {
            Some(word) => Some(word.to_owned()),
            None => self.day(name, Century::This),
        }
    }

    /// A number of a field, with its unit read away.
    fn number(&mut self, name: &str, read: fn(&str) -> Option<f64>, such_as: &str) -> Option<Value> {
        let typed = self.fields.text(name)?;
        if let Some(word) = missing_word(typed) {
            return Some(json!(word));
        }
        let number = read(typed);
        if number.is_none() {
            self.faults.add(name, format!("“{typed}” is not understood: write it like {such_as}, or unknown"));
        }
        number.map(|number| json!(number))
    }

    fn member(&mut self) -> Map<String, Value> {
        let mut member = Map::new();
        for name in ["health_plan", "member_id", "first_name", "last_name"] {
            put(&mut member, name, self.text(&format!("/member/{name}")));
        }
        put(&mut member, "birth_date", self.day("/member/birth_date", Century::NotAfter(self.today)));
        member
    }

    fn ordering_provider(&self) -> Option<Value> {
        let (npi, name) = cells::provider(self.fields.text("/ordering_provider")?);
        let (first, last) = name.as_deref().and_then(cells::person).unzip();
        Some(json!({"npi": npi, "first_name": first, "last_name": last}))
    }

    fn servicing_provider(&self) -> Option<Value> {
        let mut address = Map::new();
        for field in ADDRESS {
            put(&mut address, field.rsplit('/').next().unwrap_or_default(), self.text(field));
        }
        let (npi, name) = match self.fields.text("/servicing_provider") {
            Some(typed) => cells::provider(typed),
            None if address.is_empty() => return None,
            None => (None, None),
        };
        let mut provider = Map::from_iter([("npi".to_owned(), json!(npi)), ("name".to_owned(), json!(name))]);
        put(&mut provider, "address", filled(address));
        Some(Value::Object(provider))
    }

    /// The code of the diagnosis: what stands before its title.
    fn diagnosis(&mut self) -> Option<String> {
        let typed = self.fields.text("/diagnosis/icd10")?;
        let code = cells::diagnosis(typed, self.content);
        if code.is_none() {
            self.faults.add(
                "/diagnosis/icd10",
                format!("“{typed}” is no code of ICD-10-CM: pick one of the suggestions, or enter the code"),
            );
        }
        code
    }

    fn clinical(&mut self) -> (Map<String, Value>, Vec<String>, Vec<String>, Vec<usize>) {
        let mut clinical = Map::new();
        for name in ["pathology", "stage", "line_of_treatment", "treatment_goal", "sex", "disease_setting"] {
            put(&mut clinical, name, self.text(&format!("/clinical/{name}")).map(word));
        }
        let meant = self.text("/clinical/cancer_type").or_else(|| {
            let code = self.fields.text("/diagnosis/icd10").and_then(|typed| cells::diagnosis(typed, self.content))?;
            cells::only_cancer(&code, self.content)
        });
        put(&mut clinical, "cancer_type", meant);
        let tnm: Vec<Option<String>> = ["t", "n", "m"].iter().map(|part| self.text(&format!("/clinical/tnm/{part}"))).collect();
        if tnm.iter().any(Option::is_some) {
            let part = |place: usize| tnm.get(place).cloned().flatten().map(|text| cells::tnm_part(&text));
            clinical.insert("tnm".to_owned(), json!({"t": part(0), "n": part(1), "m": part(2)}));
        }
        put(&mut clinical, "performance_status", self.performance_status());
        put(&mut clinical, "height_cm", self.number("/clinical/height_cm", grid::centimetres, "165 or 5'5\""));
        put(&mut clinical, "weight_kg", self.number("/clinical/weight_kg", grid::kilograms, "71.5 or 158 lb"));
        let creatinine = self.number("/clinical/serum_creatinine_mg_dl", grid::number, "0.8");
        put(&mut clinical, "serum_creatinine_mg_dl", creatinine);
        let before = self.number("/clinical/lines_of_therapy_before", |text| text.parse::<u32>().ok().map(f64::from), "2");
        put(&mut clinical, "lines_of_therapy_before", before.map(whole));
        put(&mut clinical, "fn_risk_factors", self.fn_risk_factors());
        let (names, results) = self.results("/clinical/biomarkers/", false);
        put(&mut clinical, "biomarkers", (!results.is_empty()).then_some(results));
        let (assessed, results) = self.results("/clinical/assessments/", true);
        put(&mut clinical, "assessments", (!results.is_empty()).then_some(results));
        let (given, prior_rows) = self.prior_therapies();
        put(&mut clinical, "prior_therapies", given);
        (clinical, names, assessed, prior_rows)
    }

    fn performance_status(&mut self) -> Option<Value> {
        let typed = self.fields.text("/clinical/performance_status")?;
        if let Some(word) = missing_word(typed) {
            return Some(json!(word));
        }
        let karnofsky = typed.to_lowercase();
        let karnofsky =
            karnofsky.strip_prefix("kps").or_else(|| karnofsky.strip_prefix('k')).map(|rest| rest.trim().trim_end_matches('%'));
        let (scale, number) = karnofsky.map_or(("ecog", typed), |rest| ("karnofsky", rest));
        let value = number.trim().parse::<u8>().ok();
        if value.is_none() {
            self.faults.add(
                "/clinical/performance_status",
                format!("“{typed}” is not understood: enter ECOG 0 to 4, K70 for Karnofsky, or unknown"),
            );
        }
        value.map(|value| json!({"scale": scale, "value": value}))
    }

    fn fn_risk_factors(&self) -> Option<Value> {
        let ticked: Vec<&str> = self.fields.all("/clinical/fn_risk_factors").collect();
        match ticked.as_slice() {
            [] => None,
            ["none"] => Some(json!([])),
            factors => Some(json!(factors.iter().filter(|factor| **factor != "none").collect::<Vec<_>>())),
        }
    }

    /// Named results: `/clinical/biomarkers/her2` and the day beside it. Further ones have their name in a field of its own.
    fn results(&mut self, prefix: &str, dated: bool) -> (Vec<String>, Vec<Value>) {
        let (mut names, mut results, mut names_taken) = (Vec::new(), Vec::new(), Vec::new());
        let entered: Vec<(String, String)> =
            self.fields.under(prefix).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        for (rest, value) in entered.iter().filter(|(rest, value)| !rest.contains('/') && !value.is_empty()) {
            let (name, field) = match rest.strip_prefix("more-") {
                Some(number) => {
                    let Some(called) = self.text(&format!("{prefix}{number}/name")) else {
                        self.faults.add(format!("{prefix}{rest}"), "say what this is the result of");
                        continue;
                    };
                    (called, format!("{prefix}{rest}"))
                }
                None => (rest.clone(), format!("{prefix}{rest}")),
            };
            if names_taken.contains(&name.to_lowercase()) {
                self.faults.add(field, format!("{name} stands above already: correct it there"));
                continue;
            }
            names_taken.push(name.to_lowercase());
            let on = self.day(&format!("{field}/on"), Century::This);
            names.push(field);
            results.push(if dated || on.is_some() {
                json!({"name": name, "result": result(value), "on": on})
            } else {
                json!({"name": name, "result": result(value)})
            });
        }
        (names, results)
    }

    /// Earlier treatment, and the row of each.
    fn prior_therapies(&mut self) -> (Option<Value>, Vec<usize>) {
        let (mut given, mut rows) = (Vec::new(), Vec::new());
        for number in 0..cells::PRIOR_ROWS {
            let at = |field: &str| format!("/clinical/prior_therapies/{number}/{field}");
            let Some(name) = self.text(&at("name")) else {
                if ["line", "started_on", "ended_on", "outcome", "setting"]
                    .iter()
                    .any(|cell| self.fields.text(&at(cell)).is_some())
                {
                    self.faults.add(at("name"), "enter the treatment, or empty the rest of its row");
                }
                continue;
            };
            let (started, ended) = (self.day_or_word(&at("started_on")), self.day_or_word(&at("ended_on")));
            let mut one = Map::from_iter([
                ("name".to_owned(), json!(name)),
                ("line".to_owned(), json!(self.text(&at("line")))),
                ("started_on".to_owned(), json!(started)),
                ("ended_on".to_owned(), json!(ended)),
                ("outcome".to_owned(), json!(self.text(&at("outcome")).map(word))),
            ]);
            put(&mut one, "setting", self.text(&at("setting")).map(word));
            given.push(Value::Object(one));
            rows.push(number);
        }
        let answer = match (self.fields.text("/clinical/prior_therapies"), given.is_empty()) {
            (Some(said), false) if said != "given" => {
                self.faults.add("/clinical/prior_therapies", "rows below name earlier treatment: empty them, or pick “As below”");
                Some(json!(given))
            }
            (_, false) => Some(json!(given)),
            (Some("none"), true) => Some(json!([])),
            (Some(word), true) => missing_word(word).map(|word| json!(word)),
            (None, true) => None,
        };
        (answer, rows)
    }

    fn treatment(&mut self) -> (Option<Value>, Vec<(usize, Vec<usize>)>) {
        let (mut phases, mut rows, mut lines) = (Vec::new(), Vec::new(), Lines::of(self.fields));
        for phase in 0..cells::PHASES {
            let at = format!("/treatment/phases/{phase}");
            let mut drugs = Vec::new();
            let mut own = Vec::new();
            for row in 0..cells::ROWS {
                let Some(drug) = self.drug(&format!("{at}/drugs/{row}"), &mut lines) else { continue };
                own.push(row);
                drugs.push(drug);
            }
            let (length, cycles) = (format!("{at}/cycle_length_days"), format!("{at}/cycles"));
            if drugs.is_empty() && self.fields.text(&length).is_none() && self.fields.text(&cycles).is_none() {
                continue;
            }
            let length = self.cycle_length(&length);
            let cycles = match self.cycles(&cycles) {
                Some(Cycles::Number(number)) => Some(number),
                Some(Cycles::OpenEnded) | None => None,
            };
            let beside = self.fields.text(&format!("{at}/beside")).is_some();
            phases.push(json!({"cycle_length_days": length, "cycles": cycles, "beside": beside, "drugs": drugs}));
            rows.push((phase, own));
        }
        let continues = self.text("/treatment/continues/order_id").map(|order_id| {
            let (response, toxicity) = (self.text("/treatment/continues/response"), self.text("/treatment/continues/toxicity"));
            json!({"order_id": order_id, "response": response, "toxicity": toxicity})
        });
        if phases.is_empty() && continues.is_none() {
            return (None, rows);
        }
        let regimen = self.text("/treatment/regimen_id");
        (Some(json!({"regimen_id": regimen, "phases": phases, "continues": continues})), rows)
    }

    fn cycle_length(&mut self, name: &str) -> Option<u32> {
        let typed = self.fields.text(name).unwrap_or_default().to_lowercase();
        let days = typed.trim_start_matches("every").trim().trim_end_matches("days").trim().parse::<u32>().ok();
        if days.is_none() {
            self.faults.add(name, "enter the days from one cycle's start to the next, such as 21");
        }
        days
    }

    /// None where it is not understood, and then a fault says so: an empty cell is no "until progression".
    fn cycles(&mut self, name: &str) -> Option<Cycles> {
        let cycles = grid::cycles(self.fields.text(name).unwrap_or_default());
        if cycles.is_none() {
            self.faults.add(name, "enter the number of cycles, or until progression");
        }
        cycles
    }

    fn drug(&mut self, at: &str, lines: &mut Lines) -> Option<Value> {
        let name = |cell: &str| format!("{at}/{cell}");
        let cells = ["drug", "dose", "days", "times", "loading"];
        if cells.iter().all(|cell| self.fields.text(&name(cell)).is_none()) {
            return None;
        }
        let (hcpcs, generic) = match self.fields.text(&name("drug")).map(|typed| cells::drug(typed, self.content)) {
            Some(Ok(drug)) => drug,
            Some(Err(message)) => {
                self.faults.add(name("drug"), message);
                (None, None)
            }
            None => {
                self.faults.add(name("drug"), "enter the drug: its HCPCS code or its name");
                (None, None)
            }
        };
        let line = lines.number(self.fields.text(&name("line")));
        let dose = self.dose(&name("dose"));
        let loading = self.fields.text(&name("loading")).is_some().then(|| self.dose(&name("loading"))).flatten();
        let days = self.days(&name("days"));
        let times = self.fields.text(&name("times")).map(str::to_owned);
        let times = times.and_then(|typed| {
            let times = typed.trim_end_matches(['x', '×']).trim().parse::<u32>().ok();
            if times.is_none() {
                self.faults.add(name("times"), format!("“{typed}” is no number of times a day"));
            }
            times
        });
        let route = self.text(&name("route")).map(|route| route.to_lowercase());
        Some(json!({
            "line": line, "hcpcs": hcpcs, "generic": generic, "role": self.text(&name("role")), "route": route, "dose": dose,
            "days": days, "frequency_per_day": times.unwrap_or(1), "loading_dose": loading,
        }))
    }

    fn dose(&mut self, name: &str) -> Option<Value> {
        let typed = self.fields.text(name)?;
        let dose = grid::dose(typed);
        if dose.is_none() {
            self.faults.add(name, format!("“{typed}” is no dose: write amount and unit, such as 75 mg/m2 or AUC 6"));
        }
        dose.map(|dose| json!({"amount": dose.amount, "unit": dose.unit.as_str()}))
    }

    fn days(&mut self, name: &str) -> Vec<u32> {
        let Some(typed) = self.fields.text(name) else { return Vec::new() };
        grid::days(typed).unwrap_or_else(|| {
            self.faults.add(name, format!("“{typed}” are no days of a cycle: write them like 1, 8, 15 or 1-5"));
            Vec::new()
        })
    }

    fn declarations(&self, order: &mut Map<String, Value>) {
        match self.fields.text("/clinical_trial/enrolled") {
            Some("yes") => {
                let trial = self.text("/clinical_trial/trial_id").map(|id| id.to_uppercase());
                order.insert("clinical_trial".to_owned(), json!({"enrolled": true, "trial_id": trial}));
            }
            Some(_) => {
                order.insert("clinical_trial".to_owned(), json!({"enrolled": false}));
            }
            None => {}
        }
        if self.fields.text("/supportive_only/acknowledged").is_some() {
            let reference = self.text("/supportive_only/reference_order_id");
            let regimen = self.text("/supportive_only/reference_regimen");
            order.insert(
                "supportive_only".to_owned(),
                json!({"acknowledged": true, "reference_order_id": reference, "reference_regimen": regimen}),
            );
        }
    }
}

/// The first number that no line of a changed order has.
pub(super) const NEXT_LINE: &str = "/treatment/next_line";

/// Numbers of lines: a line that has one keeps it, and the others are counted on from there.
struct Lines {
    known: Vec<u32>,
    next: u32,
}

impl Lines {
    fn of(fields: &Fields) -> Self {
        let numbers = fields.under("/treatment/phases/").filter(|(name, _)| name.ends_with("/line"));
        let known: Vec<u32> = numbers.filter_map(|(_, number)| number.parse().ok()).collect();
        let next = known.iter().max().map_or(1, |last| last.saturating_add(1));
        let next = next.max(fields.text(NEXT_LINE).and_then(|next| next.parse().ok()).unwrap_or(1));
        Self { known, next }
    }

    /// The number that a row has, once; else the next one.
    fn number(&mut self, own: Option<&str>) -> u32 {
        let own = own.and_then(|own| own.parse().ok());
        if let Some(place) = self.known.iter().position(|known| Some(*known) == own) {
            return self.known.swap_remove(place);
        }
        let next = self.next;
        self.next = next.saturating_add(1);
        next
    }
}

/// The two words for an answer that is not there.
fn missing_word(typed: &str) -> Option<&'static str> {
    match typed.to_lowercase().as_str() {
        "unknown" | "u" | "?" => Some("unknown"),
        "not_reported" | "not reported" => Some("not_reported"),
        _ => None,
    }
}

/// A word as it was typed; the engine knows the synonyms.
fn word(typed: String) -> Value {
    missing_word(&typed).map_or(Value::String(typed), |word| json!(word))
}

/// A result: a number where it is one, else the word.
fn result(typed: &str) -> Value {
    if let Some(word) = missing_word(typed) {
        return json!(word);
    }
    if let Some(day) = typed::day(typed, Century::This).filter(|_| typed.contains(['/', '-'])) {
        return json!(day.to_string());
    }
    match grid::number(typed) {
        Some(number) => whole(json!(number)),
        None => json!(typed),
    }
}

/// `2.0` as 2.
fn whole(value: Value) -> Value {
    let whole = value.as_f64().filter(|number| number.fract() == 0.0 && number.abs() < 1e9);
    #[expect(clippy::cast_possible_truncation, reason = "a whole number far below 2^53")]
    whole.map_or(value, |number| json!(number as i64))
}

impl Read {
    /// The same form, as an order that it changes has it: what the form has no place for leads to no field.
    pub fn of_order(mut self, order: &Value) -> Self {
        let mut lines: HashMap<u64, (usize, usize)> = HashMap::new();
        let phases = self.order.pointer("/treatment/phases").and_then(Value::as_array).into_iter().flatten();
        for (phase, (number, own)) in phases.zip(&self.rows) {
            let drugs = phase["drugs"].as_array().into_iter().flatten();
            lines.extend(drugs.zip(own).filter_map(|(drug, row)| Some((drug["line"].as_u64()?, (*number, *row)))));
        }
        let place = |drug: &Value| lines.get(&drug["line"].as_u64()?).copied();
        let phases = order.pointer("/treatment/phases").and_then(Value::as_array).into_iter().flatten().enumerate();
        let rows = phases.map(|(number, phase)| {
            let places: Vec<_> = phase["drugs"].as_array().into_iter().flatten().map(place).collect();
            let of_form = places.iter().flatten().next().map_or(number, |(number, _)| *number);
            (of_form, places.iter().map(|place| place.map_or(cells::ROWS, |(_, row)| row)).collect())
        });
        let rows = rows.collect();
        let named = |at: &str, fields: &[String], otherwise: &str| -> Vec<String> {
            let of_form: Vec<&Value> = self.order.pointer(at).and_then(Value::as_array).into_iter().flatten().collect();
            let field = |one: &Value| of_form.iter().position(|known| known["name"] == one["name"]).and_then(|at| fields.get(at));
            let all = order.pointer(at).and_then(Value::as_array).into_iter().flatten();
            all.map(|one| field(one).cloned().unwrap_or_else(|| otherwise.to_owned())).collect()
        };
        let biomarkers = named("/clinical/biomarkers", &self.biomarkers, "/clinical/biomarkers");
        let assessments = named("/clinical/assessments", &self.assessments, "/clinical/assessments");
        (self.rows, self.biomarkers, self.assessments) = (rows, biomarkers, assessments);
        self.order.clone_from(order);
        self
    }

    /// The field of the form that a pointer into the order leads to.
    pub fn field_of(&self, pointer: &str) -> String {
        let parts: Vec<&str> = pointer.split('/').skip(1).collect();
        let number = |text: &&str| text.parse::<usize>().ok();
        match parts.as_slice() {
            ["treatment", "phases", phase, "drugs", drug, rest @ ..] => {
                let row = number(phase).and_then(|phase| self.rows.get(phase));
                let Some((phase, drugs)) = row else { return "/treatment/phases".to_owned() };
                let row = number(drug).and_then(|drug| drugs.get(drug)).copied().unwrap_or(0);
                let cell = match rest.first().copied() {
                    Some("dose") => "dose",
                    Some("loading_dose") => "loading",
                    Some("days") => "days",
                    Some("route") => "route",
                    Some("role") => "role",
                    Some("frequency_per_day") => "times",
                    _ => "drug",
                };
                format!("/treatment/phases/{phase}/drugs/{row}/{cell}")
            }
            ["treatment", "phases", phase, rest @ ..] => {
                let phase = number(phase).and_then(|phase| self.rows.get(phase)).map_or(0, |(phase, _)| *phase);
                let cell = rest.first().copied().filter(|cell| *cell == "cycle_length_days").unwrap_or("cycles");
                format!("/treatment/phases/{phase}/{cell}")
            }
            ["treatment", "phases"] => "/treatment/phases/0/drugs/0/drug".to_owned(),
            ["ordering_provider", ..] => "/ordering_provider".to_owned(),
            ["servicing_provider", ..] => "/servicing_provider".to_owned(),
            ["clinical", "performance_status", ..] => "/clinical/performance_status".to_owned(),
            ["clinical", "biomarkers", place, ..] => named(&self.biomarkers, place, "/clinical/biomarkers"),
            ["clinical", "assessments", place, ..] => named(&self.assessments, place, "/clinical/assessments"),
            ["clinical", "prior_therapies", place, cell, ..] => {
                let row = number(place).and_then(|place| self.prior_rows.get(place)).copied().unwrap_or_default();
                let cell = if *cell == "generic" { "name" } else { cell };
                format!("/clinical/prior_therapies/{row}/{cell}")
            }
            ["clinical_trial", "enrolled"] | ["clinical_trial"] => "/clinical_trial/enrolled".to_owned(),
            _ => pointer.to_owned(),
        }
    }
}

fn named(fields: &[String], place: &str, otherwise: &str) -> String {
    place.parse::<usize>().ok().and_then(|place| fields.get(place)).cloned().unwrap_or_else(|| otherwise.to_owned())
}
