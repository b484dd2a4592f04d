//! probe
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]
#[path = "../support/mod.rs"]
mod support;
use support::desk::*;
use support::http::Service;
use serde_json::{Value, json};

fn with_supportive(mut order: Value, codes: &[(&str, f64)]) -> Value {
    for (i, (code, dose)) in codes.iter().enumerate() {
        let d = json!({"line": 5 + i, "hcpcs": code, "role": "supportive", "route": "sc", "dose": {"amount": dose, "unit": "mg"}, "days": [2], "frequency_per_day": 1});
        order["treatment"]["phases"][0]["drugs"].as_array_mut().unwrap().push(d);
    }
    order
}

#[tokio::test]
async fn probe() {
    let t = std::time::Instant::now();
    let service = Service::with_rosters().await;
    eprintln!("service {:?}", t.elapsed());
    for plan in [BMA, OVM, QCCP] {
        let mut starts: Vec<(&str, Value)> = vec![("tch", tch(plan)), ("custom", custom(plan)), ("unanswered", unanswered(plan))];
        starts.push(("tch+gcsf+fosap", with_supportive(tch(plan), &[("J2506", 6.0), ("J1453", 150.0), ("J2405", 16.0)])));
        let mut o = with_supportive(tch(plan), &[("J2506", 6.0)]);
        o["clinical"]["fn_risk_factors"] = json!("unknown");
        starts.push(("tch+gcsf unknown risk", o));
        let mut o = with_supportive(tch(plan), &[("J2506", 6.0), ("J0897", 120.0)]);
        o["clinical"]["fn_risk_factors"] = json!(["hiv_infection"]);
        starts.push(("tch+gcsf risk+denosumab", o));
        let mut o = tch(plan);
        o["clinical"]["biomarkers"][0]["result"] = json!("negative");
        starts.push(("her2 neg", o));
        let mut o = tch(plan);
        o["clinical"]["biomarkers"] = json!([]);
        starts.push(("her2 missing", o));
        let mut o = tch(plan);
        o["treatment"]["phases"] = json!([{"cycle_length_days": 21, "cycles": 4, "drugs": [
            {"line": 1, "hcpcs": "J2506", "role": "supportive", "route": "sc", "dose": {"amount": 6, "unit": "mg"}, "days": [2]},
            {"line": 2, "hcpcs": "J2405", "role": "supportive", "route": "iv", "dose": {"amount": 16, "unit": "mg"}, "days": [1]},
            {"line": 3, "hcpcs": "J1453", "role": "supportive", "route": "iv", "dose": {"amount": 150, "unit": "mg"}, "days": [1]}]}]);
        o["supportive_only"] = json!({"acknowledged": true});
        starts.push(("supportive only", o));
        let mut o = tch(plan);
        o["servicing_provider"] = json!({"name": "Unlisted Infusion Center"});
        starts.push(("unlisted", o));
        for (name, order) in starts {
            let t = std::time::Instant::now();
            let answer = service.post("/v1/orders", PRACTICE, &order).await;
            if answer.status.as_u16() != 201 { eprintln!("{plan} {name}: {}", answer.text); continue; }
            let case = answer.json();
            let e = t.elapsed();
            let computed: String = sqlx::query_scalar("select computed::text from case_events where case_id = $1::uuid order by seq desc limit 1").bind(case["case_id"].as_str().unwrap()).fetch_one(&service.app.pool).await.unwrap();
            let c: Value = serde_json::from_str(&computed).unwrap();
            let lines: Vec<String> = case["drugs"].as_array().unwrap().iter().zip(c["drugs"].as_array().unwrap()).map(|(d, c)| format!("{}:{}:{}/{}", d["line"], d["role"].as_str().unwrap(), d["status"].as_str().unwrap(), c["status"].as_str().unwrap())).collect();
            eprintln!("{plan} {name}: {} holds {} pathway {} {} [{}] {e:?} dev {}", case["status"], case["review"]["holds"], c["pathway"]["determination"], c["awards"]["s_codes"].as_array().unwrap().len(), lines.join(" "), case["deviations"].as_array().unwrap().iter().map(|d| d["code"].to_string()).collect::<Vec<_>>().join(","));
            let path = format!("/v1/orders/{}/withdrawals", case["case_id"].as_str().unwrap());
            let w = service.post(&path, PRACTICE, &json!({"drugs": "all", "reason": "voluntarily_cancelled"})).await;
            if w.status.as_u16() != 201 { eprintln!("W {}", w.text) }
        }
    }
}
