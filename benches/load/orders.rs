//! The requests of the measurement: an order of a member of its own each, and reads and verifications of orders that were placed.

use crate::Outcome;
use crate::client::{Connection, get, with_body};
use crate::rosters::{PLAN, Tokens, identity};
use crate::service::Service;
use chrono::NaiveDate;
use oncoauth::shard::Shard;
use std::cell::Cell;
use std::io::Write as _;

/// Orders that are read and verified.
pub const PLACED: usize = 200;
/// The member of the template, whose places each order fills.
const PLACES: [&str; 6] = ["MEMBER-ID", "FIRST-NAME", "LAST-NAME", "BIRTH-DATE", "TODAY", "YESTERDAY"];

/// TCH for early breast cancer, entered exactly: four drugs in two phases, authorized at once on a Pathway with its S-codes.
const ORDER: &str = r#"{"member": {"health_plan": "PLAN", "member_id": "MEMBER-ID",
  "first_name": "FIRST-NAME", "last_name": "LAST-NAME", "birth_date": "BIRTH-DATE"},
 "service": "medical_oncology", "setting": "outpatient", "place_of_service": "11", "channel": "portal", "urgency": "standard",
 "date_of_service": "TODAY",
 "ordering_provider": {"npi": "1234567893", "first_name": "Ordering", "last_name": "Clinician"},
 "servicing_provider": {"npi": "1245319599", "name": "Sample Infusion Center"},
 "contact": {"name": "Front desk", "phone": "+1 734 555 0100"},
 "diagnosis": {"icd10": "C50.911"},
 "clinical": {"cancer_type": "breast", "pathology": "invasive_ductal_carcinoma", "stage": "IIB",
   "tnm": {"t": "2", "n": "1", "m": "0"}, "line_of_treatment": "adjuvant", "treatment_goal": "curative",
   "performance_status": {"scale": "ecog", "value": 1},
   "biomarkers": [{"name": "her2", "result": "positive"}, {"name": "er", "result": "negative"}, {"name": "pr", "result": "negative"}],
   "height_cm": 165.0, "weight_kg": 71.5, "serum_creatinine_mg_dl": 0.8, "sex": "female", "fn_risk_factors": [],
   "assessments": [{"name": "lvef_percent", "result": 60, "on": "YESTERDAY"}], "prior_therapies": []},
 "treatment": {"phases": [
   {"cycle_length_days": 21, "cycles": 6, "drugs": [
     {"line": 1, "hcpcs": "J9171", "role": "treatment", "route": "iv", "dose": {"amount": 75, "unit": "mg/m2"}, "days": [1]},
     {"line": 2, "hcpcs": "J9045", "role": "treatment", "route": "iv", "dose": {"amount": 6, "unit": "auc"}, "days": [1]},
     {"line": 3, "hcpcs": "J9355", "role": "treatment", "route": "iv", "dose": {"amount": 6, "unit": "mg/kg"},
      "loading_dose": {"amount": 8, "unit": "mg/kg"}, "days": [1]}]},
   {"cycle_length_days": 21, "cycles": 11, "drugs": [
     {"line": 4, "hcpcs": "J9355", "role": "treatment", "route": "iv", "dose": {"amount": 6, "unit": "mg/kg"}, "days": [1]}]}]}}"#;

/// The members on file, each good for one order.
#[derive(Debug)]
pub struct Fleet {
    members: usize,
    next: Cell<usize>,
}

impl Fleet {
    /// So many members.
    pub fn new(members: usize) -> Self {
        Self { members, next: Cell::new(0) }
    }

    /// Writes the order of the next member; false where every member has one.
    pub fn next_order(&self, token: &str, today: &str, buffer: &mut Vec<u8>) -> bool {
        let number = self.next.get();
        if number == self.members {
            return false;
        }
        self.next.set(number + 1);
        let [member_id, first_name, last_name, birth_date] = identity(number);
        // it is still yesterday where the program keeps its days
        let yesterday = today.parse().ok().and_then(|day: NaiveDate| day.pred_opt()).unwrap_or_default().to_string();
        let filled = [member_id.as_str(), &first_name, &last_name, &birth_date, today, &yesterday];
        let body = PLACES.iter().zip(filled).fold(ORDER.replace("PLAN", PLAN), |body, (place, value)| body.replace(place, value));
        buffer.clear();
        let _ = write!(
            buffer,
            "POST /v1/orders HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
             idempotency-key: {}{number}\r\ncontent-length: {}\r\n\r\n{body}",
            crate::capture::KEY,
            body.len()
        ); // writing to a Vec cannot fail
        true
    }
}

/// Orders that were placed.
#[derive(Debug, Default)]
pub struct Placed {
    /// Their ids.
    pub case_ids: Vec<String>,
    /// Their Order IDs.
    pub order_ids: Vec<String>,
    next: Cell<usize>,
}

/// Places the orders that are read and verified, one after the other.
pub fn place(service: &Service, tokens: &Tokens, fleet: &Fleet, today: &str) -> Outcome<Placed> {
    let mut connection = Connection::open(service.address)?;
    let mut placed = Placed::default();
    let mut request = Vec::new();
    while placed.case_ids.len() < PLACED {
        if !fleet.next_order(&tokens.ordering, today, &mut request) {
            return Err("too few members".into());
        }
        let case = Placed::of(&connection.json(&request, 201)?)?;
        placed.case_ids.extend(case.case_ids);
        placed.order_ids.extend(case.order_ids);
    }
    Ok(placed)
}

impl Placed {
    /// The one order of this answer.
    pub fn of(case: &serde_json::Value) -> Outcome<Self> {
        let (Some(case_id), Some(order_id)) = (case["case_id"].as_str(), case["order_id"].as_str()) else {
            return Err(format!("the order was not authorized: {case}").into());
        };
        Ok(Self { case_ids: vec![case_id.to_owned()], order_ids: vec![order_id.to_owned()], next: Cell::new(0) })
    }

    /// The shards that the ids tell.
    pub fn case_shards(&self) -> Vec<String> {
        self.case_ids.iter().map(|id| Shard::of_id(id.parse().unwrap_or_default()).get().to_string()).collect()
    }

    /// The shards that the Order IDs tell.
    pub fn order_shards(&self) -> Vec<String> {
        self.order_ids.iter().map(|id| Shard::of_number(id).map_or(-1, Shard::get).to_string()).collect()
    }

    fn next<'a>(&self, ids: &'a [String]) -> &'a str {
        let number = self.next.get();
        // a stride without common divisor: every order, in no order
        self.next.set((number + 73) % ids.len());
        &ids[number]
    }

    /// Writes the next read.
    pub fn next_read(&self, token: &str, buffer: &mut Vec<u8>) -> bool {
        buffer.clear();
        buffer.extend(get(&format!("/v1/orders/{}", self.next(&self.case_ids)), token));
        true
    }

    /// Writes the next verification.
    pub fn next_verification(&self, token: &str, today: &str, buffer: &mut Vec<u8>) -> bool {
        let body = format!(r#"{{"order_id": "{}", "hcpcs": "J9171", "date": "{today}"}}"#, self.next(&self.order_ids));
        buffer.clear();
        buffer.extend(with_body("POST", "/v1/verifications", token, "application/json", &body));
        true
    }
}
