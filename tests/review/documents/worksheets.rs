//! Worksheets: what a practice has ready before it enters an order.

use crate::documents::forms::{page, pdf, words_of_page, words_of_pdf};
use crate::support::desk::*;
use crate::support::http::Service;

/// Words of machines: what has an underscore between letters.
fn machine_words(text: &str) -> Vec<&str> {
    let is_key = |word: &&str| word.as_bytes().windows(3).any(|part| part[1] == b'_' && part[0] != b'_' && part[2] != b'_');
    text.split_whitespace().filter(is_key).collect()
}

// proves INF-01, INF-02, INF-05, REG-11
#[tokio::test]
async fn a_worksheet_says_what_an_order_of_a_cancer_has_to_have_ready_in_a_program() {
    let service = Service::with_rosters().await;
    let list = service.get("/v1/worksheets?program=blue-medicare-advantage-ccq&cancer=breast", PRACTICE).await.json();
    let path = list["items"][0]["href"].as_str().unwrap();
    assert_eq!((list["items"].as_array().unwrap().len(), path), (1, "/v1/worksheets/blue-medicare-advantage-ccq/breast"));
    let data = service.get(path, PRACTICE).await.json();
    assert!(data["required"].as_array().unwrap().iter().any(|item| item.as_str().unwrap().contains("date of birth")), "{data:#}");
    let her2 = data["biomarkers"].as_array().unwrap().iter().find(|one| one["name"] == "her2").unwrap();
    assert_eq!(her2["display"], "HER2");
    assert!(her2["for_drugs"].as_array().unwrap().iter().any(|drug| drug == "trastuzumab"), "{her2}");
    let lvef = data["assessments"].as_array().unwrap().iter().find(|one| one["name"] == "lvef_percent").unwrap();
    assert!(lvef["accepted"].as_str().unwrap().contains("90 days"), "how old a result may be: {lvef}");
    assert!(!data["managed_drugs"].as_array().unwrap().iter().any(|drug| drug == "docetaxel"), "this program does not manage it");
    for form in [words_of_page(&page(&service, path, PRACTICE).await), words_of_pdf(&pdf(&service, path, FACILITY).await)] {
        for said in [
            "Worksheet: Breast cancer",
            "Every order",
            "About the disease",
            "HER2",
            "Left ventricular ejection fraction",
            "1-844-767-8157",
        ] {
            assert!(form.contains(said), "no {said:?} in {form}");
        }
    }
    assert_eq!(data["radiation"], serde_json::Value::Null, "radiation of these members is another program's");
    // and where the program decides radiation, what such an order needs
    let path = "/v1/worksheets/quality-care-cancer/breast";
    let data = service.get(path, PRACTICE).await.json();
    let radiation = &data["radiation"];
    let has = |list: &str, word: &str| radiation[list].as_array().unwrap().iter().any(|item| item.as_str().unwrap() == word);
    assert!(
        has("required", "treating facility location") && has("sites", "Breast") && has("sites", "Chest wall"),
        "{radiation:#}"
    );
    // metastases may be treated in bones and brain whatever the cancer; another organ is not what a breast cancer begins in
    assert!(has("sites", "Bone metastasis") && !has("sites", "Lung") && !has("sites", "Brain"), "{radiation:#}");
    let lung = service.get("/v1/worksheets/quality-care-cancer/lung_nsclc", PRACTICE).await.json();
    let sites = &lung["radiation"]["sites"];
    assert!(sites.to_string().contains("\"Lung\"") && !sites.to_string().contains("\"Brain\""), "{sites}");
    assert!(radiation["clinical"].to_string().contains("fractions"), "{radiation:#}");
    let preferred = radiation["preferred_schedules"].as_array().unwrap();
    assert!(preferred.iter().any(|one| one["id"] == "BRE-WB-40-15"), "{radiation:#}");
    for form in [words_of_page(&page(&service, path, PRACTICE).await), words_of_pdf(&pdf(&service, path, FACILITY).await)] {
        for said in
            ["Every order of radiation", "treating facility location", "3D conformal radiation", "Schedules that are preferred"]
        {
            assert!(form.to_lowercase().contains(&said.to_lowercase()), "no {said:?} in {form}");
        }
    }
    for nothing in ["blue-medicare-advantage-ccq/hair", "nobodys/breast"] {
        service.get(&format!("/v1/worksheets/{nothing}"), PRACTICE).await.assert_problem(404, "not-found");
    }
}

// proves REG-11
#[tokio::test]
async fn there_is_a_worksheet_for_every_cancer_and_program_and_none_speaks_as_machines_do() {
    let service = Service::with_rosters().await;
    let mut next = String::new();
    let mut seen = 0;
    loop {
        let list = service.get(&format!("/v1/worksheets?limit=50{next}"), PRACTICE).await.json();
        for item in list["items"].as_array().unwrap() {
            let path = item["href"].as_str().unwrap();
            let text = words_of_page(&page(&service, path, PRACTICE).await);
            assert_eq!(machine_words(&text), Vec::<&str>::new(), "{path}: {text}");
            assert!(text.contains(item["cancer_name"].as_str().unwrap()), "{path}: {text}");
            seen += 1;
        }
        match list["next_cursor"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => break,
        }
    }
    let programs = service.get("/v1/programs", PRACTICE).await.json()["items"].as_array().unwrap().len();
    assert!(programs == 3 && seen >= 60 && seen % programs == 0, "{seen} of {programs} programs");
}
