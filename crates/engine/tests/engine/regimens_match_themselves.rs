//! Every regimen of the content, entered exactly, matches itself; entered with one thing changed, it deviates as expected.

#![allow(clippy::expect_used, reason = "a fixture that fails has to fail the test")]

use crate::support;

use oncoauth::domain::content::{Content, Regimen, RegimenDrugRole};
use oncoauth::domain::vocabulary::{CaseStatus, DeviationCode, DrugStatus, PathwayDetermination, Truth};
use oncoauth::rules::Decision;
use serde_json::{Value, json};
use support::orders::{Situation, exact, merge};

/// Regimens that no other regimen of the same cancer could stand for.
fn same_drugs(left: &Regimen, right: &Regimen) -> bool {
    left.cancer == right.cancer && left.required_ingredients == right.required_ingredients
}

fn check_each(what: &str, mut test: impl FnMut(&Regimen, &Content) -> Result<(), String>) {
    let content = support::content();
    let faults: Vec<String> = content
        .regimens
        .iter()
        .filter_map(|regimen| test(regimen, content).err().map(|fault| format!("{}: {fault}", regimen.id)))
        .collect();
    assert!(faults.is_empty(), "{what}: {} of {} regimens\n{}", faults.len(), content.regimens.len(), faults.join("\n"));
}

#[test]
fn a_regimen_entered_exactly_matches_itself_without_deviation() {
    // proves REG-01, REG-06, REG-07, REG-13
    check_each("entered exactly", |regimen, content| {
        let decision =
            Situation::new(exact(regimen, content, "bma"), "bma").decide(content).map_err(|refusal| format!("{refusal:?}"))?;
        let matched = decision.pathway.regimen_id.as_deref();
        if matched != Some(regimen.id.as_str()) {
            return Err(format!("matched {matched:?}"));
        }
        let from_regimen: Vec<String> = decision
            .deviations
            .iter()
            .filter(|deviation| deviation.drug_line.is_none() || deviation.code == DeviationCode::CyclesDosing)
            .map(|deviation| format!("{}: {}", deviation.code, deviation.message))
            .collect();
        if !from_regimen.is_empty() {
            return Err(from_regimen.join("; "));
        }
        if decision.findings.iter().any(|finding| finding.rule.starts_with("regimen/") && finding.outcome != Truth::Met) {
            return Err("a regimen finding is not met".to_owned());
        }
        Ok(())
    });
}

#[test]
fn a_regimen_entered_exactly_breaks_no_limit() {
    // proves SAFE-09, SAFE-10, SAFE-15
    check_each("limits", |regimen, content| {
        let decision =
            Situation::new(exact(regimen, content, "bma"), "bma").decide(content).map_err(|refusal| format!("{refusal:?}"))?;
        let broken: Vec<String> = decision
            .findings
            .iter()
            .filter(|finding| finding.rule.starts_with("limits/"))
            .map(|finding| format!("{}: {}", finding.rule, finding.message))
            .collect();
        if broken.is_empty() { Ok(()) } else { Err(broken.join("; ")) }
    });
}

#[test]
fn a_pathway_regimen_entered_exactly_is_decided_on_its_pathway_unless_a_policy_asks_for_more() {
    // proves REG-01, SCD-01, DET-01
    let (mut decided, mut pended) = (0, Vec::new());
    check_each("on its Pathway", |regimen, content| {
        let Some(pathway) = &regimen.pathway else { return Ok(()) };
        let decision =
            Situation::new(exact(regimen, content, "bma"), "bma").decide(content).map_err(|refusal| format!("{refusal:?}"))?;
        if decision.status == CaseStatus::InProgress {
            pended.push(format!("{}: {}", regimen.id, decision.asked_for.join("; ")));
            return Ok(());
        }
        decided += 1;
        let same = decision.pathway.determination == PathwayDetermination::OnPathway
            && decision.pathway.pathway_id.as_deref() == Some(&pathway.id);
        if same { Ok(()) } else { Err(format!("{:?}", decision.pathway)) }
    });
    assert!(decided >= 130, "{decided} decided at once; these pend:\n{}", pended.join("\n"));
}

#[test]
fn a_longer_cycle_deviates_in_each_drug_and_takes_the_order_off_pathway() {
    // proves DEV-02, DEV-07
    check_each("a day longer", |regimen, content| {
        let mut order = exact(regimen, content, "bma");
        let length = &mut order["treatment"]["phases"][0]["cycle_length_days"];
        *length = json!(length.as_u64().unwrap_or(1) + 1);
        let decision = Situation::new(order, "bma").decide(content).map_err(|refusal| format!("{refusal:?}"))?;
        let deviates = decision
            .deviations
            .iter()
            .any(|deviation| deviation.code == DeviationCode::CyclesDosing && deviation.effect.is_off_pathway());
        let on = decision.pathway.determination == PathwayDetermination::OnPathway;
        if deviates && !on { Ok(()) } else { Err(format!("{:?} {:?}", decision.pathway, decision.deviations)) }
    });
}

/// Answers that cannot be true of any patient with this regimen's cancer, each with what it is.
fn contradictions(regimen: &Regimen, content: &Content) -> Vec<(&'static str, Value)> {
    let solid = content.cancer(&regimen.cancer).is_some_and(|cancer| cancer.solid);
    let other_code = if regimen.cancer == "cns" { "C50.911" } else { "C71.1" };
    let m1 = json!({"tnm": {"t": "2", "n": "1", "m": "pM1"}, "stage": "II"});
    let mut found = vec![
        ("the code of another cancer", json!({"diagnosis": {"icd10": other_code}})),
        ("a code of history", json!({"diagnosis": {"icd10": "Z85.9"}})),
        ("ECOG 4", json!({"clinical": {"performance_status": {"scale": "ecog", "value": 4}}})),
        ("ECOG 5", json!({"clinical": {"performance_status": {"scale": "ecog", "value": 5}}})),
        ("a height in inches", json!({"clinical": {"height_cm": 65}})),
        ("a height in metres", json!({"clinical": {"height_cm": 1.65}})),
        ("a weight with a point too far left", json!({"clinical": {"weight_kg": 7.15}})),
        ("a weight with a point too far right", json!({"clinical": {"weight_kg": 715}})),
        ("a weight in pounds", json!({"clinical": {"weight_kg": 157.6}})),
        ("height and weight in each other's place", json!({"clinical": {"height_cm": 71.5, "weight_kg": 165}})),
        ("a creatinine in micromoles", json!({"clinical": {"serum_creatinine_mg_dl": 71}})),
        (
            "an earlier therapy that ended before it began",
            json!({"clinical": {"prior_therapies": [{"generic": "docetaxel", "started_on": "2026-05-01", "ended_on": "2026-04-01"}]}}),
        ),
        (
            "HER2 positive and negative",
            json!({"clinical": {"biomarkers": [{"name": "her2", "result": "positive"}, {"name": "her2", "result": "negative"}]}}),
        ),
    ];
    if solid && !["testicular", "thyroid"].contains(&regimen.cancer.as_str()) {
        found.push(("M1 with stage II", json!({"clinical": m1})));
    }
    found
}

#[test]
fn answers_that_contradict_each_other_are_never_approved_whatever_is_ordered() {
    // proves SAFE-11, SAFE-12
    check_each("a contradiction", |regimen, content| {
        let mut wrong: Vec<&str> = Vec::new();
        for (what, patch) in contradictions(regimen, content) {
            let mut order = exact(regimen, content, "bma");
            merge(&mut order, &patch);
            // where everything is the pharmacy's there is nothing to approve here, but nothing to pay for either
            let is_ours = |status| matches!(status, DrugStatus::Authorized | DrugStatus::ClinicalReviewNotRequired);
            let approved = |decision: &Decision| {
                let ours = decision.drugs.iter().any(|drug| is_ours(drug.drug.status));
                let paid = decision.pathway.determination == PathwayDetermination::OnPathway || !decision.s_codes.is_empty();
                decision.status != CaseStatus::InProgress && (ours || paid)
            };
            if Situation::new(order, "bma").decide(content).is_ok_and(|decision| approved(&decision)) {
                wrong.push(what);
            }
        }
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join(", ")) }
    });
}

#[test]
fn a_treatment_drug_of_another_kind_makes_it_a_custom_plan_that_always_pends() {
    // proves DEV-01
    check_each("a drug too many", |regimen, content| {
        let mut order = exact(regimen, content, "bma");
        // valrubicin, or thiotepa where that is the regimen
        let has_valrubicin = regimen.required_ingredients.iter().any(|ingredient| ingredient == "valrubicin");
        let (code, amount) = if has_valrubicin { ("J9342", 30) } else { ("J9357", 800) };
        let extra =
            json!({"line": 900, "hcpcs": code, "dose": {"amount": amount, "unit": "mg"}, "days": [1], "route": "intravesical"});
        order["treatment"]["phases"][0]["drugs"].as_array_mut().expect("a list").push(extra);
        let decision = Situation::new(order, "bma").decide(content).map_err(|refusal| format!("{refusal:?}"))?;
        let custom = decision.deviations.iter().any(|deviation| deviation.code == DeviationCode::CustomTreatmentPlan);
        if custom && decision.status == CaseStatus::InProgress {
            Ok(())
        } else {
            Err(format!("{} {:?}", decision.status, decision.pathway))
        }
    });
}

#[test]
fn a_required_drug_left_out_is_never_the_same_regimen() {
    // proves DEV-01, REG-01
    check_each("a drug left out", |regimen, content| {
        let required: Vec<&str> = regimen
            .phases
            .iter()
            .flat_map(|phase| &phase.drugs)
            .filter(|drug| drug.role != RegimenDrugRole::Supportive)
            .map(|drug| drug.generic.as_str())
            .collect();
        let Some(first) = required.first().filter(|first| required.iter().any(|other| other != *first)) else { return Ok(()) };
        let mut order = exact(regimen, content, "bma");
        for phase in order["treatment"]["phases"].as_array_mut().expect("a list") {
            phase["drugs"].as_array_mut().expect("a list").retain(|drug| drug["generic"] != **first);
        }
        order["treatment"]["phases"]
            .as_array_mut()
            .expect("a list")
            .retain(|phase| phase["drugs"].as_array().is_some_and(|drugs| !drugs.is_empty()));
        order["supportive_only"] = Value::Null;
        match Situation::new(order, "bma").decide(content) {
            Ok(decision) if decision.pathway.regimen_id.as_deref() == Some(regimen.id.as_str()) => {
                Err("still matches".to_owned())
            }
            _ => Ok(()),
        }
    });
}

#[test]
fn an_answer_that_becomes_unknown_is_never_read_as_no() {
    // proves DEV-05
    check_each("an unknown stage or biomarker", |regimen, content| {
        for pointer in ["/clinical/stage", "/clinical/biomarkers", "/clinical/line_of_treatment"] {
            let mut order = exact(regimen, content, "bma");
            *order.pointer_mut(pointer).expect("the exact order answers it") = json!("unknown");
            let decision = Situation::new(order, "bma").decide(content).map_err(|refusal| format!("{refusal:?}"))?;
            let mismatch = decision
                .deviations
                .iter()
                .find(|deviation| deviation.code == DeviationCode::ClinicalMismatch && deviation.field.starts_with(pointer));
            if let Some(mismatch) = mismatch {
                return Err(format!("{pointer} unknown became a mismatch: {}", mismatch.message));
            }
        }
        Ok(())
    });
}

#[test]
fn splitting_the_last_phase_and_reversing_the_lines_changes_nothing() {
    // proves REG-01
    let content_of = support::content();
    check_each("split and reversed", |regimen, content| {
        let order = exact(regimen, content, "bma");
        let plain = Situation::new(order.clone(), "bma").decide(content).map_err(|refusal| format!("{refusal:?}"))?;
        let mut changed = order;
        let phases = changed["treatment"]["phases"].as_array_mut().expect("a list");
        for phase in phases.iter_mut() {
            phase["drugs"].as_array_mut().expect("a list").reverse();
        }
        if let Some(cycles) = phases[0]["cycles"].as_u64().filter(|cycles| *cycles > 1) {
            let mut second = phases[0].clone();
            phases[0]["cycles"] = json!(1);
            second["cycles"] = json!(cycles - 1);
            for drug in second["drugs"].as_array_mut().expect("a list") {
                drug["line"] = json!(drug["line"].as_u64().unwrap_or(0) + 500);
                drug["loading_dose"] = Value::Null;
            }
            phases.insert(1, second);
        }
        let split = Situation::new(changed, "bma").decide(content).map_err(|refusal| format!("{refusal:?}"))?;
        let codes = |decision: &oncoauth::rules::Decision| {
            let mut codes: Vec<DeviationCode> = decision
                .deviations
                .iter()
                .map(|deviation| deviation.code)
                .filter(|code| *code == DeviationCode::CyclesDosing)
                .collect();
            codes.dedup();
            (decision.status, decision.pathway.regimen_id.clone(), decision.pathway.determination, codes)
        };
        if codes(&plain) == codes(&split) { Ok(()) } else { Err(format!("{:?} became {:?}", codes(&plain), codes(&split))) }
    });
    let twins = content_of
        .regimens
        .iter()
        .filter(|regimen| content_of.regimens.iter().any(|other| other.id != regimen.id && same_drugs(regimen, other)))
        .count();
    assert!(twins > 0, "some regimens share their drugs, so that the best fit has to be chosen");
}
