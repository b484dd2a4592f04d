//! An order that is changed at the portal loses nothing, and the page says no more than it can know.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use super::browser::Browser;
use super::edit::{form_of, opened, send};
use super::orders::{Fields, with};
use crate::support::copy::repository;
use crate::support::desk::*;
use crate::support::http::Service;
use crate::support::orders::exact;
use serde_json::{Value, json};

/// Orders of the corpus, as the practice of the sandbox sends them.
fn corpus(service: &Service) -> Vec<Value> {
    let like = tch(BMA);
    let audited: Value =
        serde_json::from_str(&std::fs::read_to_string(repository().join("tests/audit/decisions.json")).unwrap()).unwrap();
    let audited = audited["cases"].as_array().unwrap().iter().map(|case| case["request"].clone());
    let content = service.app.library.in_force("2026-11-20".parse().unwrap()).clone();
    let regimens: Vec<Value> = content.regimens.iter().step_by(23).map(|regimen| exact(regimen, &content, "bma")).collect();
    let of_practice = |mut order: Value| {
        for part in ["member", "ordering_provider", "servicing_provider"] {
            order[part] = like[part].clone();
        }
        order
    };
    audited.chain(regimens).map(of_practice).collect()
}

async fn panel(browser: &mut Browser<'_>, fields: &Fields) -> String {
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = browser.send("/orders/new/panel", &fields).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", answer.text);
    answer.text
}

// proves SUB-08
#[tokio::test]
async fn any_order_in_progress_is_opened_and_saved_without_a_difference() {
    let service = Service::with_rosters().await;
    let mut desk = Browser::of(&service, PRACTICE).await;
    let mut saved = 0;
    for order in corpus(&service) {
        let answer = service.post("/v1/orders", PRACTICE, &order).await;
        if answer.status.as_u16() != 201 || answer.json()["status"] != "in_progress" {
            continue;
        }
        let case_id = id(&answer.json());
        let (_, fields) = opened(&mut desk, &case_id).await;
        let same = send(&mut desk, &case_id, &fields, "send").await;
        assert!(same.text.contains("Nothing in this form differs"), "{order:#}\n{}", same.text);
        saved += 1;
        if saved % 4 > 0 {
            continue;
        }
        let weighed = send(&mut desk, &case_id, &with(fields, "/clinical/weight_kg", "66.6"), "send").await;
        let table = weighed.text.split("id=\"changes\"").nth(1).unwrap_or_else(|| panic!("{order:#}\n{}", weighed.text));
        let table = table.split("</table>").next().unwrap();
        assert_eq!(table.matches("<tr>").count(), 2, "the head, and the weight: {table}");
    }
    assert!(saved >= 40, "{saved} orders");
}

// proves SUB-08
#[tokio::test]
async fn lines_keep_their_numbers_when_one_comes_and_one_goes() {
    let service = Service::with_rosters().await;
    let mut order = custom(BMA);
    for (line, drug) in order["treatment"]["phases"][0]["drugs"].as_array_mut().unwrap().iter_mut().enumerate() {
        drug["line"] = json!([70, 20, 50][line]);
    }
    let case_id = id(&submit(&service, &order).await);
    let before = read(&service, &case_id).await["request"].clone();
    let mut desk = Browser::of(&service, PRACTICE).await;
    let (_, mut fields) = opened(&mut desk, &case_id).await;
    for cell in ["drug", "dose", "route", "days", "times", "loading", "role"] {
        fields = with(fields, &format!("/treatment/phases/0/drugs/1/{cell}"), "");
    }
    for (cell, value) in [("drug", "J9267 paclitaxel"), ("dose", "80 mg/m2"), ("route", "iv"), ("days", "1, 8, 15")] {
        fields = with(fields, &format!("/treatment/phases/0/drugs/3/{cell}"), value);
    }
    let question = send(&mut desk, &case_id, &fields, "send").await;
    let table = question.text.split("id=\"changes\"").nth(1).unwrap().split("</table>").next().unwrap();
    for told in ["Phase 1, line 20", "taken out", "Phase 1, line 71", "J9267 paclitaxel 80 mg/m2 iv days 1; 8; 15"] {
        assert!(table.contains(told), "{told} in {table}");
    }
    assert_eq!(table.matches("<tr>").count(), 3, "{table}");
    let done = send(&mut desk, &case_id, &fields, "change").await;
    assert_eq!(done.status.as_u16(), 303, "{}", done.text);
    let after = read(&service, &case_id).await["request"].clone();
    let (was, is) = (&before["treatment"]["phases"], &after["treatment"]["phases"]);
    let numbers: Vec<&Value> = is[0]["drugs"].as_array().unwrap().iter().map(|drug| &drug["line"]).collect();
    assert_eq!(numbers, [&json!(70), &json!(50), &json!(71)]);
    assert_eq!((&is[0]["drugs"][0], &is[0]["drugs"][1]), (&was[0]["drugs"][0], &was[0]["drugs"][2]));
    assert_eq!(is[1], was[1]);
}

// proves SUB-08
#[tokio::test]
async fn filling_in_a_regimen_leaves_the_lines_that_were_entered() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    let mut desk = Browser::of(&service, PRACTICE).await;
    let (_, fields) = opened(&mut desk, &case_id).await;
    let entered = with(fields, "/treatment/phases/0/drugs/0/dose", "60 mg/m2");
    let filled = send(&mut desk, &case_id, &with(entered.clone(), "regimen", "TC (docetaxel/cyclophosphamide)"), "fill").await;
    assert_eq!(filled.status.as_u16(), 200, "{}", filled.text);
    assert!(filled.text.contains("Whatever was entered stands as it was"), "{}", filled.text);
    let after = form_of(&filled.text);
    let cell = |fields: &Fields, row: u32, cell: &str| {
        let name = format!("/treatment/phases/0/drugs/{row}/{cell}");
        fields.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone()).unwrap_or_default()
    };
    for row in 0..3 {
        for name in ["drug", "dose", "days", "line"] {
            assert_eq!(cell(&after, row, name), cell(&entered, row, name), "row {row}, {name}");
        }
    }
    assert!(cell(&after, 3, "drug").contains("cyclophosphamide") && cell(&after, 3, "line").is_empty(), "{after:?}");
    assert!(cell(&after, 4, "drug").is_empty(), "docetaxel has a row already: {after:?}");
    let pasted = with(entered.clone(), "pasted", "carboplatin AUC 5 iv d1\npaclitaxel 80 mg/m2 iv d1");
    let pasted = form_of(&send(&mut desk, &case_id, &pasted, "paste").await.text);
    assert_eq!((cell(&pasted, 2, "dose"), cell(&pasted, 0, "dose")), (cell(&entered, 2, "dose"), "60 mg/m2".to_owned()));
    assert!((3..6).any(|row| cell(&pasted, row, "drug").contains("paclitaxel")), "{pasted:?}");
}

// proves SUB-08
#[tokio::test]
async fn the_panel_of_a_change_says_what_the_change_would_do() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &unanswered(BMA)).await);
    let mut desk = Browser::of(&service, PRACTICE).await;
    let (page, fields) = opened(&mut desk, &case_id).await;
    assert!(page.contains("Nothing differs from the order as it stands") && page.contains("the answer is due"), "{page}");
    assert!(!page.contains("Would be authorized") && !page.contains("Would go to"), "{page}");
    // whoever types waits for nobody who has the case, and nobody waits for them
    let mut holder = service.app.pool.begin().await.unwrap();
    sqlx::query("select case_id from cases for update").execute(&mut *holder).await.unwrap();
    let heavier = panel(&mut desk, &with(fields.clone(), "/clinical/weight_kg", "75")).await;
    assert!(heavier.contains("Would stay with an oncology nurse"), "{heavier}");
    holder.rollback().await.unwrap();
    let mut answered = with(fields.clone(), "/clinical/assessments/lvef_percent", "60");
    answered = with(answered, "/clinical/assessments/lvef_percent/on", "11/12/2026");
    let answered = panel(&mut desk, &answered).await;
    assert!(answered.contains("The change would"), "{answered}");
    done(&service, NURSE, &case_id, "peer-to-peer", &offer()).await;
    let stale = panel(&mut desk, &fields).await;
    assert!(stale.contains("The case changed since you opened this form") && !stale.contains("Would stay"), "{stale}");
    let both = [3, 4].map(|line| json!({"line": line, "decision": "authorized"}));
    done(&service, NURSE, &case_id, "determinations", &json!({"drugs": both})).await;
    let decided = panel(&mut desk, &fields).await;
    assert!(decided.contains("any change of an authorized treatment is a new order"), "{decided}");
    assert!(!decided.contains("Would be authorized") && !decided.contains("No drug needs review"), "{decided}");
}

// proves SUB-08, SAFE-05
#[tokio::test]
async fn a_corrected_result_does_not_keep_the_day_of_the_one_before_unsaid() {
    let service = Service::with_rosters().await;
    let mut order = custom(BMA);
    order["clinical"]["biomarkers"][0]["on"] = json!("2026-11-01");
    let case_id = id(&submit(&service, &order).await);
    let mut desk = Browser::of(&service, PRACTICE).await;
    let (_, fields) = opened(&mut desk, &case_id).await;
    for (field, other) in [("/clinical/biomarkers/her2", "negative"), ("/clinical/assessments/lvef_percent", "45")] {
        let corrected = with(fields.clone(), field, other);
        let same = format!("{field}/same_day");
        for what in ["send", "change"] {
            let asked = send(&mut desk, &case_id, &corrected, what).await;
            assert_eq!(asked.status.as_u16(), 422, "{what}: {}", asked.text);
            assert!(
                asked.text.contains("is the day of the result that stood here") && asked.text.contains(&same),
                "{}",
                asked.text
            );
        }
        assert!(panel(&mut desk, &corrected).await.contains(&same), "asked for as it is typed");
        let told = send(&mut desk, &case_id, &with(corrected.clone(), &same, "yes"), "send").await;
        assert_eq!(told.status.as_u16(), 200, "{}", told.text);
        let dated = send(&mut desk, &case_id, &with(corrected, &format!("{field}/on"), "11/19/2026"), "send").await;
        assert!(dated.text.contains("2026-11-19"), "{}", dated.text);
        // a result that is taken out has no day
        let none = send(&mut desk, &case_id, &with(fields.clone(), field, ""), "send").await;
        assert!(none.status.as_u16() == 200 && none.text.contains("taken out"), "{}", none.text);
    }
    assert_eq!(kinds(&service, &case_id).await, ["submitted"]);
}

// proves PRV-02
#[tokio::test]
async fn only_what_changed_an_order_is_a_write_on_record() {
    let service = Service::with_rosters().await;
    let case_id = id(&submit(&service, &custom(BMA)).await);
    let mut desk = Browser::of(&service, PRACTICE).await;
    let (_, fields) = opened(&mut desk, &case_id).await;
    let weighed = with(fields, "/clinical/weight_kg", "75");
    for what in ["show", "send", "fill"] {
        assert_eq!(send(&mut desk, &case_id, &weighed, what).await.status.as_u16(), 200, "{what}");
    }
    let shown: Vec<(&str, &str)> = weighed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(desk.send("/orders/new", &shown).await.status.as_u16(), 200);
    let count = async |operation: &str| -> (i64, i64) {
        let count = "select count(*), count(*) filter (where action = 'write') from accesses where operation = $1";
        sqlx::query_as(count).bind(operation).fetch_one(&service.app.pool).await.unwrap()
    };
    let edit = "POST /cases/{case_id}/edit";
    let (looked, written) = count(edit).await;
    assert!(looked >= 3 && written == 0, "looked at: {looked}, {written}");
    assert_eq!(count("POST /orders/new").await.1, 0, "looked at");
    assert_eq!(send(&mut desk, &case_id, &weighed, "change").await.status.as_u16(), 303);
    assert!(count(edit).await.1 > 0, "changed");
}
