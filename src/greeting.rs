//! What the service says when it is ready: where it listens, and in a sandbox the tokens and a first call that works as pasted.

use chrono::TimeDelta;
use oncoauth::app::{App, sandbox};

/// Prints it to standard output, where scripts read the address from the first line.
pub fn print(app: &App, url: &str) {
    println!("oncoauth listens on {url}");
    if app.settings.sandbox {
        let tokens: Vec<&str> = sandbox::TOKENS.iter().map(|(token, ..)| *token).collect();
        let day = (app.clock.now() + TimeDelta::days(7)).date_naive();
        let assessed = (app.clock.now() - TimeDelta::days(7)).date_naive();
        println!(
            "\nThis is a sandbox: demonstration members, and tokens that anybody knows:\n  {}\n\nOrder TC for a demonstration member:\n\n{}\n",
            tokens.join("\n  "),
            first_call(url, &day.to_string(), &assessed.to_string()),
        );
    }
    println!("API description: {url}/docs    Stop: Ctrl-C");
}

fn first_call(url: &str, day: &str, assessed: &str) -> String {
    format!(
        r#"curl -sS {url}/v1/orders -H 'Authorization: Bearer sandbox-ordering-provider' -H 'Content-Type: application/json' -d @- <<'EOF'
{{"member": {{"health_plan": "anthem-blue-medicare-advantage", "member_id": "XKM100200300",
            "first_name": "Test", "last_name": "Member", "birth_date": "1950-01-15"}},
 "service": "medical_oncology", "setting": "outpatient", "place_of_service": "11", "channel": "portal",
 "date_of_service": "{day}",
 "ordering_provider": {{"npi": "1234567893", "first_name": "Ordering", "last_name": "Clinician"}},
 "servicing_provider": {{"npi": "1245319599", "name": "Sample Infusion Center"}},
 "contact": {{"name": "Front desk", "phone": "+1 734 555 0100"}},
 "diagnosis": {{"icd10": "C50.911"}},
 "clinical": {{"cancer_type": "breast", "pathology": "invasive_ductal_carcinoma", "stage": "IIA",
   "tnm": {{"t": "2", "n": "0", "m": "0"}}, "line_of_treatment": "adjuvant", "treatment_goal": "curative",
   "performance_status": {{"scale": "ecog", "value": 1}},
   "biomarkers": [{{"name": "her2", "result": "negative"}}, {{"name": "er", "result": "positive"}}, {{"name": "pr", "result": "positive"}}],
   "height_cm": 165, "weight_kg": 71.5, "serum_creatinine_mg_dl": 0.8, "sex": "female", "fn_risk_factors": [],
   "assessments": [{{"name": "lvef_percent", "result": 60, "on": "{assessed}"}}], "prior_therapies": []}},
 "treatment": {{"phases": [{{"cycle_length_days": 21, "cycles": 4, "drugs": [
   {{"line": 1, "hcpcs": "J9171", "role": "treatment", "route": "iv", "dose": {{"amount": 75, "unit": "mg/m2"}}, "days": [1]}},
   {{"line": 2, "hcpcs": "J9075", "role": "treatment", "route": "iv", "dose": {{"amount": 600, "unit": "mg/m2"}}, "days": [1]}}]}}]}}}}
EOF"#
    )
}
