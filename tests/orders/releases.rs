//! Programs, managed lists, drugs and code sets belong to a release, and a program's own lists and days hold: content of a test's own.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::support;

use crate::support::copy::{Copy, Edit};
use oncoauth::clock::Clock;
use oncoauth::domain::content::Library;
use oncoauth::domain::vocabulary::DrugStatus;
use oncoauth::http;
use serde_json::{Value, json};
use std::sync::Arc;
use support::http::Service;
use support::orders::{Situation, exact};
use support::submit::{ORDERING, assert_created, authorized_order, sandbox};

const PROGRAM: &str = "programs/blue-medicare-advantage-ccq.toml";
const MANAGED: &str = "programs/blue-medicare-advantage-ccq.managed.toml";

/// The shipped content with a further release, in force from 2027, and with these edits.
fn with_release(edits: &[Edit]) -> Copy {
    let copy = Copy::new();
    let releases = copy.read("releases.toml");
    copy.write(
        "releases.toml",
        &format!("{releases}\n[[release]]\nname = \"2027.1\"\nin_force_from = \"2027-01-01\"\nnotes = \"A test's own.\"\n"),
    );
    for edit in edits {
        copy.apply(edit, edit.new.lines().next().unwrap_or_default());
    }
    copy
}

fn library(copy: &Copy) -> Library {
    oncoauth::content::load_dir(copy.path()).unwrap_or_else(|errors| panic!("{errors}"))
}

fn faults(copy: &Copy) -> String {
    oncoauth::content::check(Some(copy.path())).to_string()
}

fn add(copy: &Copy, file: &str, text: &str) {
    copy.write(file, &format!("{}\n{text}", copy.read(file)));
}

// proves REG-08, PRG-18
#[test]
fn a_release_has_programs_lists_drugs_and_codes_of_its_own_and_shares_the_rest() {
    let copy = with_release(&[
        Edit { file: "drugs/chemotherapy.toml", old: "{ hcpcs = \"J9036\",", new: "{ hcpcs = \"J9036\", retired = \"2027.1\"," },
        Edit {
            file: "drugs/chemotherapy.toml",
            old: "{ hcpcs = \"J9033\", unit = \"1 mg\",",
            new: "{ hcpcs = \"J9033\", retired = \"2027.1\", unit = \"1 mg\",",
        },
        Edit {
            file: "drugs/chemotherapy.toml",
            old: "  { hcpcs = \"J9034\",",
            new: "  { hcpcs = \"J9033\", introduced = \"2027.1\", unit = \"5 mg\", name = \"Injection, bendamustine, 5 mg\" },\n  { hcpcs = \"J9034\",",
        },
    ]);
    add(&copy, MANAGED, "[[group]]\nwhy = \"New.\"\nintroduced = \"2027.1\"\ngenerics = [\"docetaxel\"]\n");
    add(&copy, PROGRAM, "[[in_release]]\nrelease = \"2027.1\"\nservices_through = \"2027-12-31\"\ndose_warning_percent = 5.0\n");
    let icd = copy.read("code-sets/icd10cm.tsv");
    let dated: String = icd
        .lines()
        .map(|line| match line {
            line if line.starts_with('#') || line.trim().is_empty() => format!("{line}\n"),
            line if line.starts_with("code\t") => format!("{line}\tintroduced\tretired\n"),
            line if line.starts_with("C50.911\t") => format!("{line}\t\t2027.1\n"),
            line => format!("{line}\t\t\n"),
        })
        .collect();
    copy.write("code-sets/icd10cm.tsv", &dated);
    let ended = copy.read("code-sets/hcpcs_terminated.tsv");
    let dated: String = ended
        .lines()
        .map(|line| match line {
            line if line.starts_with('#') || line.trim().is_empty() => format!("{line}\n"),
            line if line.starts_with("code\t") => format!("{line}\tintroduced\tretired\n"),
            line => format!("{line}\t\t\n"),
        })
        .collect();
    copy.write("code-sets/hcpcs_terminated.tsv", &format!("{dated}J9036\tbendamustine\t2026-12-31\tJ9033\t2027.1\t\n"));
    let library = library(&copy);
    let of = |release: &str| Arc::clone(library.named(release).unwrap());
    let (first, old, new) = (of("2026.3"), of("2026.4"), of("2027.1"));
    assert!(Arc::ptr_eq(&first.drugs, &old.drugs) && !Arc::ptr_eq(&old.drugs, &new.drugs));
    assert!(Arc::ptr_eq(&first.diagnoses, &old.diagnoses) && !Arc::ptr_eq(&old.diagnoses, &new.diagnoses));
    assert!(Arc::ptr_eq(&first.places_of_service, &new.places_of_service));
    assert!(old.drugs.by_code("J9036").is_some() && new.drugs.by_code("J9036").is_none());
    assert!(old.drugs.terminated("J9036").is_none());
    assert_eq!(new.drugs.terminated("J9036").unwrap().replaced_by, ["J9033"]);
    let unit = |content: &oncoauth::domain::content::Content| {
        content.drugs.by_code("J9033").unwrap().1.billing_unit.clone().unwrap().words()
    };
    assert_eq!((unit(&old), unit(&new)), ("1 mg".to_owned(), "5 mg".to_owned()));
    assert!(old.diagnoses.contains_key("C50.911") && !new.diagnoses.contains_key("C50.911"));
    let program =
        |content: &oncoauth::domain::content::Content| Arc::clone(content.program("blue-medicare-advantage-ccq").unwrap());
    assert!(Arc::ptr_eq(&program(&first), &program(&old)));
    assert!(!program(&old).managed.contains("docetaxel") && program(&new).managed.contains("docetaxel"));
    assert_eq!((program(&old).services_through, program(&new).services_through), (None, "2027-12-31".parse().ok()));
    let other = |content: &oncoauth::domain::content::Content| Arc::clone(content.program("quality-care-cancer").unwrap());
    assert!(Arc::ptr_eq(&other(&old), &other(&new)), "what does not change is shared");
}

// proves REG-08, REG-11
#[test]
fn what_contradicts_itself_across_releases_is_told_with_file_and_line() {
    let copy = with_release(&[Edit {
        file: "drugs/chemotherapy.toml",
        old: "generic = \"bendamustine\"",
        new: "generic = \"bendamustine\"\nretired = \"2027.1\"",
    }]);
    add(
        &copy,
        PROGRAM,
        "[[in_release]]\nrelease = \"2027.2\"\n\n[[in_release]]\nservices = []\n\n[[in_release]]\nrelease = \"2027.1\"\nid = \"other\"\nservices_throuh = \"2027-12-31\"\n",
    );
    add(&copy, MANAGED, "[[group]]\nwhy = \"Twice.\"\nintroduced = \"2027.1\"\ngenerics = [\"pembrolizumab\"]\n");
    let told = faults(&copy);
    for expected in [
        "there is no release `2027.2`",
        "say from which release on this holds",
        "`id` stays the same in every release",
        "services_throuh",
        "`pembrolizumab` is in the list twice",
        "`bendamustine` is not",
    ] {
        assert!(told.contains(expected), "no `{expected}` in:\n{told}");
    }
    let copy = with_release(&[
        Edit { file: PROGRAM, old: "services_from = \"2021-10-01\"", new: "services_from = \"2021-10-02\"" },
        Edit {
            file: PROGRAM,
            old: "lines_of_business = [\"medicare_advantage\"]",
            new: "lines_of_business = [\"medicare_advantage\", \"commercial\"]",
        },
    ]);
    let told = faults(&copy);
    for expected in [
        "keeps out commercial members, and `lines_of_business` takes them",
        "ends on 2021-10-01, and `services_from` is 2021-10-02",
    ] {
        assert!(told.contains(expected), "no `{expected}` in:\n{told}");
    }
}

/// What the first line of business, service and days of a program say, where no exclusion names what is asked.
// proves SAFE-15, PRG-01, PRG-13
#[test]
fn a_programs_own_lists_and_days_are_judged() {
    let table = [
        (
            Edit {
                file: PROGRAM,
                old: "services_from = \"2021-10-01\"",
                new: "services_through = \"2026-06-30\"\nservices_from = \"2021-10-01\"",
            },
            "after_program_end",
        ),
        (
            Edit { file: PROGRAM, old: "services_from = \"2021-10-01\"", new: "services_from = \"2027-10-01\"" },
            "before_program_start",
        ),
        (
            Edit { file: PROGRAM, old: "requests_from = \"2021-09-20\"", new: "requests_from = \"2027-09-20\"" },
            "before_program_start",
        ),
        (
            Edit {
                file: PROGRAM,
                old: "lines_of_business = [\"medicare_advantage\"]",
                new: "lines_of_business = [\"commercial\"]",
            },
            "medicare_advantage",
        ),
        (Edit { file: PROGRAM, old: "services = [\"medical_oncology\"]", new: "services = []" }, "service_not_managed"),
    ];
    for (edit, exclusion) in table {
        let copy = Copy::new();
        copy.apply(&edit, "services_from");
        let library = library(&copy);
        let content = library.in_force("2026-11-20".parse().unwrap());
        let order = exact(content.regimen("BRE-TC").unwrap(), content, "bma");
        let refusal = Situation::new(order, "bma").decide(content).expect_err("not this program's");
        let oncoauth::domain::refusal::Refusal::NotEligible(told) = refusal else { panic!("{exclusion}: {refusal:?}") };
        assert_eq!(told.exclusion, exclusion);
        assert!(!told.detail.is_empty() && !told.redirect.entity.is_empty(), "{told:?}");
    }
    // the last day of service is one, and an authorization ends with it
    let copy = Copy::new();
    let last = "services_through = \"2026-12-31\"\nservices_from = \"2021-10-01\"";
    copy.apply(&Edit { file: PROGRAM, old: "services_from = \"2021-10-01\"", new: last }, "services_through");
    let library = library(&copy);
    let content = library.in_force("2026-11-20".parse().unwrap());
    let mut order = exact(content.regimen("BRE-TC").unwrap(), content, "bma");
    order["date_of_service"] = json!("2026-12-01");
    let decision = Situation::new(order, "bma").decide(content).unwrap();
    assert_eq!(decision.valid_through, "2026-12-31".parse().unwrap());
    assert!(
        decision.notices.iter().any(|notice| notice.message.contains("covers services through 2026-12-31")),
        "{:?}",
        decision.notices
    );
}

/// The same service with this content at this time.
fn at(service: &Service, library: &Arc<Library>, now: &str) -> Service {
    let mut app = service.app.clone().with_clock(Clock::frozen_at(now.parse().unwrap()));
    app.library = Arc::clone(library);
    app.catalog = Arc::default();
    let mut other = service.beside(http::router(app.clone()));
    other.app = app;
    other
}

// proves REG-08, SUB-08
#[tokio::test]
async fn an_order_is_decided_again_by_the_release_that_decided_it() {
    let copy = with_release(&[]);
    add(&copy, MANAGED, "[[group]]\nwhy = \"New.\"\nintroduced = \"2027.1\"\ngenerics = [\"docetaxel\"]\n");
    let library = Arc::new(library(&copy));
    let service = sandbox().await;
    let before = at(&service, &library, "2026-12-31T15:00:00Z");
    let mut order = authorized_order();
    order["date_of_service"] = json!("2027-01-02");
    order["clinical"]["weight_kg"] = json!("unknown");
    let case = assert_created(&before.post("/v1/orders", ORDERING, &order).await);
    assert_eq!((&case["status"], &case["content_release"]), (&json!("in_progress"), &json!("2026.4")), "{case:#}");
    // the next year's release manages docetaxel; the case is still the old one's
    let after = at(&service, &library, "2027-01-01T15:00:00Z");
    let path = format!("/v1/orders/{}", case["case_id"].as_str().unwrap());
    let change = json!({"clinical": {"weight_kg": 71.5}});
    let changed = after.call(axum::http::Method::PATCH, &path, ORDERING, Some(&change)).await.json();
    assert_eq!(
        (&changed["content_release"], &changed["drugs"][0]["name"]),
        (&json!("2026.4"), &json!("docetaxel")),
        "{changed:#}"
    );
    assert_eq!(changed["drugs"][0]["status"], DrugStatus::ClinicalReviewNotRequired.as_str(), "{changed:#}");
    order["clinical"]["weight_kg"] = json!(71.5);
    let fresh = after.post("/v1/orders/preview", ORDERING, &order).await.json();
    assert_eq!(fresh["content_release"], "2027.1", "{fresh:#}");
    // it waits as a possible duplicate of the case, and is reviewed for itself
    assert_eq!(fresh["drugs"][0]["status"], DrugStatus::InProgress.as_str(), "{fresh:#}");
    let message = fresh["drugs"][0]["message"].as_str().unwrap();
    assert!(message.contains("for itself: authorized"), "{message}");
}

// proves REG-08
#[tokio::test]
async fn catalogues_are_those_of_the_release_in_force() {
    let copy = with_release(&[Edit {
        file: "drugs/chemotherapy.toml",
        old: "{ hcpcs = \"J9036\",",
        new: "{ hcpcs = \"J9036\", retired = \"2027.1\",",
    }]);
    let first =
        "[[drug]]\ngeneric = \"aaamycin\"\nsubclass = \"alkylating\"\nintroduced = \"2027.1\"\nprovenance = \"A test's own\"\n";
    add(&copy, "drugs/chemotherapy.toml", first);
    let library = Arc::new(library(&copy));
    let service = sandbox().await;
    let found = async |service: &Service, typed: &str| -> Vec<Value> {
        let body = service.get(&format!("/v1/drugs?q={typed}"), ORDERING).await.json();
        body["items"].as_array().unwrap_or_else(|| panic!("{body:#}")).iter().map(|drug| drug["generic"].clone()).collect()
    };
    let old = at(&service, &library, "2026-12-31T15:00:00Z");
    let new = at(&service, &library, "2027-01-01T15:00:00Z");
    assert_eq!((found(&old, "J9036").await.len(), found(&new, "J9036").await.len()), (1, 0));
    // the older release may take the name for another one that is misspelt
    assert!(!found(&old, "aaamycin").await.contains(&json!("aaamycin")));
    assert_eq!(found(&new, "aaamycin").await, [json!("aaamycin")]);
    assert_eq!(found(&new, "bendamustine").await.first(), found(&old, "bendamustine").await.first());
}

// proves DET-05, DET-06
#[tokio::test]
async fn a_clock_of_the_law_ends_the_time_of_an_answer_from_its_first_day_on() {
    let copy = with_release(&[Edit {
        file: PROGRAM,
        old: "standard = { hours = 72 }\nurgent = { hours = 24 }\nsource",
        new: "standard = { hours = 72 }\nurgent = { hours = 24 }\nreceived_from = \"2026-12-01\"\nsource",
    }]);
    let library = Arc::new(library(&copy));
    let service = sandbox().await;
    let mut order = authorized_order();
    order["clinical"]["weight_kg"] = json!("unknown");
    // two Fridays: three business days end on the second Wednesday at nine, 72 hours on Monday
    for (received, service_on, due) in [
        ("2026-11-13T15:00:00Z", "2026-11-20", "2026-11-18T09:00:00-06:00"),
        ("2026-12-04T15:00:00Z", "2026-12-11", "2026-12-07T09:00:00-06:00"),
    ] {
        let then = at(&service, &library, received);
        order["date_of_service"] = json!(service_on);
        let case = assert_created(&then.post("/v1/orders", ORDERING, &order).await);
        assert_eq!(case["review"]["due_at"], due, "{case:#}");
        let shown = then.get("/v1/programs/blue-medicare-advantage-ccq", ORDERING).await.json();
        let outer = &shown["clocks"]["outer"][0];
        assert_eq!((&outer["received_from"], &outer["urgent"]["hours"]), (&json!("2026-12-01"), &json!(24)), "{shown:#}");
    }
    // as shipped the clock of drugs is shown and not in force
    let shown = service.get("/v1/programs/blue-medicare-advantage-ccq", ORDERING).await.json();
    assert_eq!(shown["clocks"]["outer"][0]["received_from"], Value::Null, "{shown:#}");
}
