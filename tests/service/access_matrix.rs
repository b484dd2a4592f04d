//! The table of who gets what: every operation of the API description, of FHIR and of CDS Hooks, and every page, as nobody, with a bad token, as each role, and as the
//! right role of another practice or plan, on an object of the practice and plan of the first ones. What is not visible is exactly not
//! there. `access_matrix.txt` is the table; `ONCOAUTH_WRITE_MATRIX=1` writes it anew, for a person to look at what changed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::portal::browser::Browser;
use crate::role_routes::{committed, operations};
use crate::support::desk::{BMA, NURSE, PRACTICE, custom, denied, done, id, submit, tch};
use crate::support::http::{Answer, Service};
use crate::support::submit::ADMINISTRATOR;
use axum::body::Body;
use axum::http::{Method, Request};
use oncoauth::app::sandbox::caller_of;
use oncoauth::app::sessions::{self, NewSession};
use oncoauth::domain::vocabulary::CallerRole;
use oncoauth::fhir::access;
use oncoauth::portal::pages;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/service/access_matrix.txt");
/// Nothing has this id.
const ABSENT: &str = "00000000-0000-7000-8000-000000000000";

/// Columns: a name, and the sandbox's token or a role with what it is bound to.
const CALLERS: [(&str, Who); 12] = [
    ("nobody", Who::Nobody),
    ("bad token", Who::Token("sandbox-nobody")),
    ("ordering", Who::Token(PRACTICE)),
    ("other ordering", Who::Token("sandbox-other-practice")),
    ("servicing", Who::Token("sandbox-servicing-provider")),
    ("other servicing", Who::Bound(CallerRole::ServicingProvider, Some("900000003"), None)),
    ("intake", Who::Token("sandbox-intake")),
    ("nurse", Who::Token(NURSE)),
    ("physician", Who::Token("sandbox-physician")),
    ("plan", Who::Token("sandbox-health-plan")),
    ("other plan", Who::Bound(CallerRole::HealthPlan, None, Some("bcbs-michigan"))),
    ("administrator", Who::Token(ADMINISTRATOR)),
];

#[derive(Clone, Copy)]
enum Who {
    Nobody,
    Token(&'static str),
    Bound(CallerRole, Option<&'static str>, Option<&'static str>),
}

impl Who {
    /// What is sent; empty for nobody.
    async fn token(self, service: &Service) -> String {
        match self {
            Self::Nobody => String::new(),
            Self::Token(token) => token.to_owned(),
            Self::Bound(role, tax_id, plan) => {
                let tax_ids: Vec<&str> = tax_id.into_iter().collect();
                let asked = json!({"role": role, "tax_ids": tax_ids, "health_plan": plan});
                service.post("/v1/tokens", ADMINISTRATOR, &asked).await.json()["token"].as_str().unwrap().to_owned()
            }
        }
    }
}

/// Objects that addresses and bodies name, by their placeholders.
type Objects = BTreeMap<&'static str, String>;

/// What stands for itself in an address.
fn words() -> Objects {
    BTreeMap::from([
        ("health_plan", BMA.to_owned()),
        ("program", "blue-medicare-advantage-ccq".to_owned()),
        ("cancer_type", "breast".to_owned()),
        ("hcpcs", "J9171".to_owned()),
        ("slug", "not-found".to_owned()),
    ])
}

/// New objects of the practice and the plan for these placeholders.
async fn objects(service: &Service, text: &str) -> Objects {
    let mut objects = words();
    let names = |name: &str| text.contains(&format!("{{{name}}}"));
    if names("regimen_id") {
        let first = service.get("/v1/regimens?limit=1", ADMINISTRATOR).await.json();
        objects.insert("regimen_id", first["items"][0]["regimen_id"].as_str().unwrap().to_owned());
    }
    if names("order_id") {
        objects.insert("order_id", submit(service, &tch(BMA)).await["order_id"].as_str().unwrap_or("A0000000000").to_owned());
    }
    if names("case_id") || names("attachment_id") {
        let case_id = id(&submit(service, &custom(BMA)).await);
        if names("attachment_id") {
            done(service, NURSE, &case_id, "information-requests", &json!({"items": ["tumor board note"]})).await;
            let pdf: &[u8] = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n";
            let request = Request::post(format!("/v1/orders/{case_id}/attachments")).header("content-type", "application/pdf");
            let sent =
                service.send(request.header("authorization", format!("Bearer {PRACTICE}")).body(Body::from(pdf)).unwrap()).await;
            objects.insert("attachment_id", sent.json()["attachment_id"].as_str().unwrap().to_owned());
        }
        objects.insert("case_id", case_id);
    }
    if names("letter_id") || names("reconsideration_id") {
        let case = denied(service, BMA).await;
        let letters = service.get(&format!("/v1/orders/{}/letters", id(&case)), PRACTICE).await.json();
        objects.insert("letter_id", letters["items"][0]["letter_id"].as_str().unwrap().to_owned());
        if names("reconsideration_id") {
            let path = format!("/v1/orders/{}/reconsiderations", id(&case));
            let opened = service.post(&path, PRACTICE, &json!({"reason": "the heart was looked at"})).await.json();
            objects.insert("reconsideration_id", opened["reconsideration_id"].as_str().unwrap().to_owned());
        }
    }
    if names("token_id") {
        let issued = service.post("/v1/tokens", ADMINISTRATOR, &json!({"role": "nurse"})).await.json();
        objects.insert("token_id", issued["token_id"].as_str().unwrap().to_owned());
    }
    objects
}

/// The text with these objects in the place of its placeholders; in an address, with what nothing has in the place of the others.
fn filled(text: &str, objects: &Objects) -> String {
    let mut filled = text.to_owned();
    for (name, value) in objects {
        filled = filled.replace(&format!("{{{name}}}"), value);
    }
    // what else stands in braces in an address
    if filled.starts_with('/') {
        while let (Some(from), Some(to)) = (filled.find('{'), filled.find('}')) {
            filled.replace_range(from..=to, ABSENT);
        }
    }
    filled
}

/// A body that the callee would take; of an operation that is not here, the row tells what becomes of an empty one.
fn sample(operation: &str) -> Option<Value> {
    let member = json!({"health_plan": BMA, "member_id": "XKM100200300", "first_name": "Test", "last_name": "Member", "birth_date": "1950-01-15"});
    Some(match operation {
        "POST /v1/orders" | "POST /v1/orders/preview" => tch(BMA),
        "POST /v1/orders/searches" | "POST /v1/orders/{case_id}/attachments" | "POST /v1/failed-jobs/{failed_job_id}/retries" => {
            json!({})
        }
        "PATCH /v1/orders/{case_id}" => json!({"contact": {"name": "Other desk"}}),
        "POST /v1/orders/{case_id}/withdrawals" => json!({"drugs": "all", "reason": "error_entry"}),
        "POST /v1/orders/{case_id}/reconsiderations" => json!({"reason": "the heart was looked at"}),
        "POST /v1/reconsiderations/{reconsideration_id}/determinations" => {
            json!({"decision": "upheld", "rationale": "the heart was not looked at",
                   "drugs": [{"line": 2, "decision": "non_authorized", "reason_code": "not_medically_necessary", "rationale": "no evidence"}]})
        }
        "POST /v1/reviews/{case_id}/claims" | "POST /v1/registrations/{registration_id}/approvals" => json!({}),
        "POST /v1/reviews/{case_id}/determinations" => json!({"drugs": [{"line": 2, "decision": "authorized"}]}),
        "POST /v1/reviews/{case_id}/duplicate-decisions" => json!({"duplicate": false, "rationale": "another course"}),
        "POST /v1/reviews/{case_id}/escalations" => json!({"rationale": "does not meet the criteria"}),
        "POST /v1/reviews/{case_id}/information-requests" => json!({"items": ["tumor board note"]}),
        "POST /v1/reviews/{case_id}/peer-to-peer" => json!({"event": "offered", "with": "front desk", "notes": "called"}),
        "POST /v1/eligibility-checks" => {
            json!({"member": member, "service": "medical_oncology", "date_of_service": "2026-12-01"})
        }
        "POST /v1/verifications" => json!({"order_id": "{order_id}"}),
        "POST /v1/claim-checks" => {
            json!({"lines": [{"order_id": "{order_id}", "hcpcs": "J9171", "units": 1, "service_date": "2026-12-01", "billing_npi": "1245319599"}]})
        }
        "POST /v1/s-code-claims" => {
            json!({"case_id": "{case_id}", "code": "S0353", "service_date": "2026-12-01", "billing_npi": "1234567893", "claim_type": "professional"})
        }
        "POST /v1/disclosures" => json!({"health_plan": BMA, "member_id": "XKM100200300"}),
        "POST /v1/coverage-requirements" => json!({"health_plan": BMA, "service": "outpatient_cancer"}),
        "POST /v1/reading-grades" => json!({"text": "We looked at your request."}),
        "PUT /v1/feeds/{health_plan}/webhook" => json!({"url": "https://plan.example/hook"}),
        "PUT /v1/sandbox/clock" => json!({"now": "2026-11-20T15:00:00Z"}),
        "POST /v1/tokens" => json!({"role": "nurse"}),
        "POST /v1/registrations" => {
            json!({"first_name": "Dana", "last_name": "Desk", "role": "ordering_provider", "credentials": "RN", "tax_ids": ["900000001"],
                   "email": "dana@practice.example", "phone": "734 555 0100"})
        }
        "POST /v1/registrations/{registration_id}/email-confirmations" => json!({"code": "x"}),
        // a line that is none: nothing is replaced
        "PUT /v1/rosters/{health_plan}/members" | "PUT /v1/rosters/{health_plan}/providers" => json!("no row"),
        _ => return None,
    })
}

async fn call(service: &Service, method: &Method, path: &str, token: &str, body: Option<String>) -> Answer {
    let mut request = Request::builder().method(method.clone()).uri(path);
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let kind = if path.contains("/rosters/") {
        "application/x-ndjson"
    } else if path.ends_with("/attachments") {
        "application/pdf"
    } else {
        "application/json"
    };
    if body.is_some() {
        request = request.header("content-type", kind);
    }
    service.send(request.body(body.map_or_else(Body::empty, Body::from)).unwrap()).await
}

/// What an answer tells, without what is each request's own.
fn told(answer: &Answer) -> (u16, Vec<String>, Value) {
    let mut body: Value = serde_json::from_str(&answer.text).unwrap_or_else(|_| json!(answer.text));
    if let Some(fields) = body.as_object_mut() {
        fields.remove("request_id");
        // where an outcome of FHIR has it
        if let Some(issue) = fields.get_mut("issue").and_then(|issues| issues[0].as_object_mut()) {
            issue.remove("diagnostics");
        }
    }
    let mut headers: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
    headers.sort_unstable();
    (answer.status.as_u16(), headers, body)
}

/// A service with what each caller sends.
struct Stage {
    service: Service,
    tokens: Vec<String>,
}

impl Stage {
    async fn set() -> Self {
        let service = Service::with_rosters().await;
        let mut tokens = Vec::new();
        for (_, who) in CALLERS {
            tokens.push(who.token(&service).await);
        }
        Self { service, tokens }
    }
}

/// A denial needs a member without other orders: what is about one has a stage of its own.
fn is_about_a_denial(text: &str) -> bool {
    ["{letter_id}", "{reconsideration_id}"].iter().any(|name| text.contains(name))
}

async fn rows_of_the_api(table: &mut String) {
    let mut stage = Stage::set().await;
    for operation in operations(&committed()) {
        let name = format!("{} {}", operation.method, operation.path);
        let takes = matches!(operation.method, Method::POST | Method::PUT | Method::PATCH);
        let body = sample(&name).or_else(|| takes.then(|| json!({}))).map(|body| body.to_string());
        let named = format!("{}{}", operation.path, body.as_deref().unwrap_or_default());
        let reads = operation.method == Method::GET;
        let mut shared = Objects::new();
        let mut cells = Vec::new();
        for (number, (column, _)) in CALLERS.iter().enumerate() {
            if !reads || number == 0 {
                if is_about_a_denial(&named) {
                    stage = Stage::set().await;
                }
                shared = objects(&stage.service, &named).await;
            }
            let ask = async |objects: &Objects| {
                let body = body.as_deref().map(|body| filled(body, objects));
                call(&stage.service, &operation.method, &filled(&operation.path, objects), &stage.tokens[number], body).await
            };
            let answer = ask(&shared).await;
            assert!(answer.status.as_u16() < 500, "{name} as {column}: {}", answer.text);
            if answer.status.as_u16() == 404 {
                let mut none = words();
                none.insert("order_id", "A0000000000".to_owned());
                none.insert("case_id", ABSENT.to_owned());
                assert_eq!(
                    told(&answer),
                    told(&ask(&none).await),
                    "{name} as {column}: what is not visible is exactly not there"
                );
            }
            cells.push(answer.status.as_u16().to_string());
        }
        row(table, &name, &cells);
    }
}

fn row(table: &mut String, name: &str, cells: &[String]) {
    let cells: Vec<String> = cells.iter().map(|cell| format!("{cell:>4}")).collect();
    writeln!(table, "{name:<76} {}", cells.join(" ")).unwrap();
}

/// A browser in which this caller is signed in.
async fn browser(service: &Service, who: Who) -> Browser<'_> {
    let mut browser = Browser::new(service);
    let session = match who {
        Who::Nobody => return browser,
        Who::Token(token) => {
            let Some(caller) = caller_of(token) else {
                browser.cookies.insert("__Host-oncoauth".to_owned(), "A".repeat(43));
                return browser;
            };
            NewSession {
                role: caller.role,
                subject: caller.subject,
                name: "P".to_owned(),
                tax_ids: caller.tax_ids,
                health_plan: caller.health_plan,
                issuer: None,
            }
        }
        Who::Bound(role, tax_id, plan) => NewSession {
            role,
            subject: "another".to_owned(),
            name: "P".to_owned(),
            tax_ids: tax_id.into_iter().map(str::to_owned).collect(),
            health_plan: plan.map(str::to_owned),
            issuer: None,
        },
    };
    let mut conn = service.app.pool.acquire().await.unwrap();
    let secret = sessions::begin(&service.app, &mut conn, session).await.unwrap();
    drop(conn);
    browser.cookies.insert("__Host-oncoauth".to_owned(), secret);
    browser
}

/// The doors that are not in the API description: FHIR, its sign-in and CDS Hooks. What is read is a case of the practice's own.
async fn rows_of_fhir(table: &mut String) {
    let stage = Stage::set().await;
    let shared = objects(&stage.service, "{case_id}").await;
    let documented = |name: &str| std::fs::read_to_string(format!("{}/docs/fhir/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let body_of = |path: &str| match path {
        access::ORDER_SIGN => documented("order-sign.json"),
        access::PACKAGE => documented("questionnaire-package.json"),
        _ => "{}".to_owned(),
    };
    let routes = access::ROUTES.iter().map(|route| (route.method, route.path));
    let signed = access::SIGNED.iter().map(|(method, path, _)| (*method, *path));
    for (method, path) in routes.chain(signed).chain(access::SIGN_IN).filter(|(_, path)| !path.contains("%24")) {
        let method: Method = method.parse().unwrap();
        let body = matches!(method, Method::POST | Method::PUT).then(|| body_of(path));
        let id = match path {
            access::LIBRARY => "OncologyOrder",
            access::QUESTIONNAIRE => "blue-medicare-advantage-ccq.order.breast",
            _ if path.contains("/Subscription/") => ABSENT,
            _ => &shared["case_id"],
        };
        let mut cells = Vec::new();
        for (number, (column, _)) in CALLERS.iter().enumerate() {
            let ask = async |id: &str| {
                let address = path.replace("{id}", id);
                call(&stage.service, &method, &address, &stage.tokens[number], body.clone()).await
            };
            let answer = ask(id).await;
            assert!(answer.status.as_u16() < 500, "{method} {path} as {column}: {}", answer.text);
            if answer.status.as_u16() == 404 {
                assert_eq!(
                    told(&answer),
                    told(&ask(ABSENT).await),
                    "{path} as {column}: what is not visible is exactly not there"
                );
            }
            cells.push(answer.status.as_u16().to_string());
        }
        row(table, &format!("{method} {path}"), &cells);
    }
}

async fn rows_of_the_pages(table: &mut String) {
    let mut stage = Stage::set().await;
    for page in pages(true) {
        let name = format!("{} {}", page.method, page.path);
        if is_about_a_denial(page.path) {
            stage = Stage::set().await;
        }
        let service = &stage.service;
        let shared = objects(service, page.path).await;
        let mut cells = Vec::new();
        for (column, who) in CALLERS {
            let mut browser = browser(service, who).await;
            let path = filled(page.path, &shared);
            let answer = if page.method == Method::GET { browser.open(&path).await } else { browser.send(&path, &[]).await };
            assert!(answer.status.as_u16() < 500, "{name} as {column}: {}", answer.text);
            cells.push(answer.status.as_u16().to_string());
        }
        row(table, &name, &cells);
    }
}

// proves PRV-02
#[tokio::test]
async fn everybody_gets_what_the_table_says() {
    let mut table = String::from("# Statuses, in the order of the callers of access_matrix.rs:\n#");
    for (name, _) in CALLERS {
        write!(table, " {name},").unwrap();
    }
    table.push('\n');
    rows_of_the_api(&mut table).await;
    rows_of_fhir(&mut table).await;
    rows_of_the_pages(&mut table).await;
    if std::env::var_os("ONCOAUTH_WRITE_MATRIX").is_some() {
        std::fs::write(TABLE, &table).unwrap();
    }
    let committed = std::fs::read_to_string(TABLE).unwrap_or_default();
    let (rows, known): (Vec<&str>, Vec<&str>) = (table.lines().collect(), committed.lines().collect());
    for row in &rows {
        assert!(known.contains(row), "not in the table, or otherwise there; look whether it is right: {row}");
    }
    for row in &known {
        assert!(rows.contains(row), "in the table and not in the service: {row}");
    }
}
