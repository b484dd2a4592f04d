//! Letters in the member's language, and names in the script that their bearers write.

use crate::documents::forms::{of_type, page, pdf, words_of_page, words_of_pdf};
use crate::support::desk::*;
use crate::support::http::Service;
use crate::support::submit::put_roster;
use lopdf::{Document, Object};
use serde_json::{Value, json};

fn row(member_id: &str, (first, last): (&str, &str), language: &Value) -> Value {
    json!({"member_id": member_id, "first_name": first, "last_name": last, "birth_date": "1950-01-15", "language": language,
           "line_of_business": "medicare_advantage", "product": "medicare_ppo", "coverage_from": "2020-01-01"})
}

async fn put_members(service: &Service, rows: &[Value]) {
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    let loaded = put_roster(service, ADMINISTRATOR, &format!("/v1/rosters/{BMA}/members"), lines.join("\n")).await;
    assert_eq!(loaded.status.as_u16(), 200, "{}", loaded.text);
}

fn letter_path(case: &Value, index: usize) -> String {
    format!("/v1/letters/{}", case["letters"][index]["letter_id"].as_str().unwrap())
}

// proves DET-10, VER-04
#[tokio::test]
async fn names_print_in_the_script_that_they_are_written_in() {
    const NAMES: [(&str, &str, &str); 10] = [
        ("محمد", "عبد الله", "NotoSansArabic"),
        ("שרה", "כהן", "NotoSansHebrew"),
        ("小明", "王", "DroidSansFallback"),
        ("さくら", "山田", "DroidSansFallback"),
        ("สมชาย", "ใจดี", "NotoSansThai"),
        ("प्रिया", "शर्मा", "NotoSansDevanagari"),
        ("지훈", "김", "NotoSansKR"),
        ("გიორგი", "ბერიძე", "NotoSansGeorgian"),
        ("Ánh", "Nguyễn Thị", "LiberationSans"),
        ("Łukasz", "Wiśniewski", "LiberationSans"),
    ];
    let service = Service::with_rosters().await;
    let id_of = |place: usize| format!("XKM10020{place:04}");
    let rows: Vec<Value> =
        NAMES.iter().enumerate().map(|(place, (first, last, _))| row(&id_of(place), (first, last), &Value::Null)).collect();
    put_members(&service, &rows).await;
    for (place, (first, last, font)) in NAMES.iter().enumerate() {
        let mut order = tch(BMA);
        order["member"]["member_id"] = json!(id_of(place));
        order["member"]["first_name"] = json!(first);
        order["member"]["last_name"] = json!(last);
        let case = submit(&service, &order).await;
        let path = letter_path(&case, 0);
        let page = page(&service, &path, PRACTICE).await;
        let direction = if ["NotoSansArabic", "NotoSansHebrew"].contains(font) { " dir=\"auto\"" } else { "" };
        // Chinese, Japanese and Korean names begin with the family
        let name =
            if ["DroidSansFallback", "NotoSansKR"].contains(font) { format!("{last}{first}") } else { format!("{first} {last}") };
        assert!(page.contains(&format!("<dd{direction}>{name}<")), "{page}");
        let bytes = pdf(&service, &path, PRACTICE).await;
        let document = Document::load_mem(&bytes).unwrap();
        let fonts: Vec<String> = of_type(&document, "FontDescriptor")
            .iter()
            .map(|one| String::from_utf8_lossy(one.get(b"FontName").and_then(Object::as_name).unwrap()).into_owned())
            .collect();
        assert!(fonts.iter().any(|name| name.contains(font)), "{first}: {fonts:?}");
        assert!(!words_of_pdf(&bytes).contains(['\u{25a1}', '?']), "nothing of {first} {last} is missing");
    }
}

// proves DET-10, DET-12
#[tokio::test]
async fn a_member_reads_a_letter_in_the_language_of_the_plans_file_where_there_is_one() {
    let service = Service::with_rosters().await;
    put_members(&service, &[row("XKM100200300", ("Test", "Member"), &json!("es"))]).await;
    let case = denied(&service, BMA).await;
    let data = service.get(&letter_path(&case, 0), PRACTICE).await.json();
    assert_eq!((&data["language"], &data["reading"]), (&json!("es"), &Value::Null));
    assert_eq!(data["document"]["language"], "es");
    let page = page(&service, &letter_path(&case, 0), PRACTICE).await;
    assert!(page.contains("<html lang=\"es\">"), "{page}");
    let bytes = pdf(&service, &letter_path(&case, 0), PRACTICE).await;
    let language = Document::load_mem(&bytes).unwrap().catalog().unwrap().get(b"Lang").and_then(Object::as_str).unwrap().to_vec();
    assert_eq!(language, b"es");
    for form in [words_of_page(&page), words_of_pdf(&bytes)] {
        for said in [
            "Aviso de denegación de cobertura médica",
            "Su solicitud fue denegada",
            "El médico que decidió dice, tal como lo escribió y en el idioma en que lo escribió:",
            "en un plazo de 65 días",
            "24 de enero de 2027",
            "en un plazo de 7 días",
            "oncólogo médico",
            "240 mg IV, el día 1 de 21, 6 ciclos",
        ] {
            assert!(form.contains(said), "no {said:?} in {form}");
        }
        for english in [
            "day 1 of",
            "cycles",
            "You have",
            "The last day is",
            "Where to",
            "Not approved",
            "Questions",
            "The decision rests",
            " within ",
        ] {
            assert!(!form.contains(english), "{english:?} in {form}");
        }
    }
    // the practice reads English, and so does a member whose language no letter has
    let data = service.get(&letter_path(&case, 1), PRACTICE).await.json();
    assert_eq!(data["language"], "en");
    put_members(&service, &[row("XKM100200301", ("Test", "Member"), &json!("xx"))]).await;
    let mut order = tch(BMA);
    order["member"]["member_id"] = json!("XKM100200301");
    let case = submit(&service, &order).await;
    assert_eq!(service.get(&letter_path(&case, 0), PRACTICE).await.json()["language"], "en");
}

/// The policy has its title, its criterion its words and the drug its schedule in Spanish; that something is in English is said where it is.
// proves DET-10, DET-12
#[tokio::test]
async fn a_member_reads_of_policies_criteria_and_doses_in_their_language() {
    let service = Service::with_rosters().await;
    put_members(&service, &[row("XKM100200300", ("Test", "Member"), &json!("es"))]).await;
    let mut order = tch(BMA);
    order["clinical"]["biomarkers"][0]["result"] = json!("negative");
    order["clinical"]["assessments"] = json!([{"name": "lvef_percent", "result": 60, "on": "2026-11-12"}]);
    let case_id = id(&submit(&service, &order).await);
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    let of_trastuzumab = done(&service, PHYSICIAN, &case_id, "determinations", &deny(&[3])).await;
    let data = service.get(&letter_path(&of_trastuzumab, 0), PRACTICE).await.json();
    let line = data["drugs"].as_array().unwrap().iter().find(|drug| drug["line"] == 3).unwrap();
    let told =
        |field: &str| line["criteria_not_met"].as_array().unwrap().iter().map(|one| one[field].clone()).collect::<Vec<_>>();
    assert!(told("policy").contains(&json!("Trastuzumab y biosimilares")), "{line}");
    assert!(told("says").contains(&json!("El resultado de HER2 es positivo.")), "{line}");
    assert_eq!(line["dosing"], "8 mg/kg primero y después 6 mg/kg IV, el día 1 de 21, 6 ciclos");
    let form = words_of_page(&page(&service, &letter_path(&of_trastuzumab, 0), PRACTICE).await);
    let all = line["criteria_not_met"].as_array().unwrap();
    let in_english =
        all.iter().any(|one| one["says"].as_str().is_none_or(|says| says.starts_with("The ") || says.contains(" is ")));
    assert_eq!(form.contains("Lo que dice “en inglés”"), in_english, "{all:?}");
    // whose policy it is and what the patient has are said in Spanish, and who decided in a sentence
    for said in ["(Política médica del plan de salud)", "Cáncer de mama (C50.911)", "Un oncólogo médico tomó esta decisión."]
    {
        assert!(form.contains(said), "no {said:?} in {form}");
    }
}

/// What the plan's file holds of a member is in no letter, and a note to the desk in none that a member reads.
// proves INF-08, DET-10
#[tokio::test]
async fn no_letter_tells_what_the_member_file_holds() {
    let service = Service::with_rosters().await;
    let mut on_file = row("XKM100200300", ("Test", "Member"), &json!("es"));
    on_file["sex"] = json!("male");
    put_members(&service, &[on_file]).await;
    let mut order = custom(BMA);
    order["clinical"]["sex"] = json!("female");
    let case_id = id(&submit(&service, &order).await);
    let pending = read(&service, &case_id).await;
    assert!(pending.to_string().contains("member file"), "the desk is told that it contradicts: {pending:#}");
    assert!(!pending.to_string().contains("member file male"), "{pending:#}");
    done(&service, PHYSICIAN, &case_id, "peer-to-peer", &offer()).await;
    let case = done(&service, PHYSICIAN, &case_id, "determinations", &deny(&[2])).await;
    for index in [0, 1] {
        let path = letter_path(&case, index);
        let data = service.get(&path, PRACTICE).await.text;
        for form in
            [words_of_page(&page(&service, &path, PRACTICE).await), words_of_pdf(&pdf(&service, &path, PRACTICE).await), data]
        {
            assert!(!form.contains("member file") && !form.contains("contradict"), "{form}");
        }
    }
}
