//! `oncoauth doctor` finds what was broken here, says what mends it, and changes nothing.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::callers::free_address;
use crate::running::program;
use crate::servers::{Place, Server, done};
use crate::support::copy::Copy;
use crate::support::http::Service;
use crate::support::submit::{ORDERING, assert_created, pending_order};
use oncoauth::app::Settings;
use serde_json::Value;
use std::collections::BTreeMap;
use std::process::Command;

/// What it found, by check, and whether it exited with 0.
struct Report {
    findings: BTreeMap<String, Value>,
    success: bool,
}

impl Report {
    fn of(command: &mut Command) -> Self {
        let output = command.args(["--format", "json"]).output().unwrap();
        let report: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        assert_eq!(report["sound"], output.status.success(), "{report}");
        let findings = report["findings"].as_array().unwrap().iter();
        let findings = findings.map(|finding| (finding["check"].as_str().unwrap().to_owned(), finding.clone()));
        Self { findings: findings.collect(), success: output.status.success() }
    }

    /// The check has this verdict, says these words, and a remedy where there is something to mend.
    #[track_caller]
    fn assert(&self, check: &str, verdict: &str, words: &[&str]) {
        let finding = self.findings.get(check).unwrap_or_else(|| panic!("{check} is not in {:?}", self.findings.keys()));
        assert_eq!(finding["verdict"], verdict, "{finding}");
        assert!(words.iter().all(|word| finding.to_string().contains(word)), "{words:?}: {finding}");
        assert_eq!(finding["remedy"].is_string(), matches!(verdict, "warning" | "fault"), "{finding}");
    }

    fn with_verdict(&self, verdict: &str) -> Vec<&str> {
        let of = self.findings.iter().filter(|(_, finding)| finding["verdict"] == verdict);
        of.map(|(check, _)| check.as_str()).collect()
    }
}

fn doctor(url: &str) -> Command {
    let mut command = program();
    command.arg("doctor").env("DATABASE_URL", url);
    command
}

/// A deployment as `docs/access.md` has it: an owner, a role that serves and owns nothing, tokens for everybody.
fn deployed(server: &Server) -> String {
    server.execute("create role owner login createrole");
    server.execute("create database oncoauth owner owner");
    let (owner, serving) = (server.url_as("owner", "oncoauth"), server.url_as("serving", "oncoauth"));
    let migrate = |url: &str| done(&program().args(["migrate", "--database-url", url, "--migrate-as", &owner]).output().unwrap());
    migrate(&owner);
    server.execute("create role serving login in role oncoauth_service");
    migrate(&serving);
    let issue = ["issue-token", "--database-url", &serving, "--role", "administrator"];
    done(&program().args(issue).output().unwrap());
    let of_the_others = "insert into tokens (token_id, token_hash, role, subject, tax_ids, health_plan, created_at, created_by)
        select gen_random_uuid(), sha256(convert_to(role, 'UTF8')), role, role,
          case when role like '%provider' then array['900000001'] else '{}' end, case role when 'health_plan' then 'bcbs-michigan' end, now(), 'x'
        from unnest(array['nurse', 'physician', 'intake', 'ordering_provider', 'servicing_provider', 'health_plan']) role";
    server.execute_in("oncoauth", of_the_others);
    serving
}

#[test]
fn a_sound_deployment_is_told_so_and_one_fault_after_the_other_is_found() {
    let Some(place) = Place::with(&[]) else { return };
    let server = place.start(&place.cluster("one"), &["fsync=on"]);
    let url = deployed(&server);
    let report = Report::of(doctor(&url).args(["--public-url", "https://pa.example.org"]));
    report.assert("database", "ok", &["PostgreSQL", "serving"]);
    for check in [
        "migrations",
        "grants",
        "row_security",
        "durability",
        "clocks",
        "database_connections",
        "tokens",
        "outbox",
        "failed_jobs",
        "public_url",
    ] {
        report.assert(check, "ok", &[]);
    }
    // what is shipped is for demonstration, and no plan has sent its members
    report.assert("content_verified", "warning", &["regimens", "verify"]);
    report.assert("member_files", "warning", &["anthem-blue-medicare-advantage"]);
    // the machine that runs the tests may be short of something
    let of_the_machine = ["data_space", "temporary_space", "open_files", "trusted_certificates"];
    let faults = report.with_verdict("fault");
    assert!(faults.iter().all(|check| of_the_machine.contains(check)), "{:#?}", report.findings);
    assert_eq!(report.success, faults.is_empty());

    server
        .execute_in("oncoauth", "revoke insert on cases from oncoauth_service; grant delete on case_events to oncoauth_service");
    server.execute_in("oncoauth", "alter table letters no force row level security");
    server.execute("alter role serving set synchronous_commit = off");
    server.execute_in("oncoauth", "update tokens set revoked_at = now() where role = 'administrator'");
    let listed = format!("{},{}", free_address(), url.split('@').nth(1).unwrap());
    let report = Report::of(doctor(&format!("postgres://serving@{listed}")).args(["--public-url", "ftp://nowhere"]));
    assert!(!report.success);
    report.assert("grants", "fault", &["serving", "insert on cases", "oncoauth grants"]);
    report.assert("row_security", "warning", &["letters", "oncoauth grants"]);
    report.assert("durability", "fault", &["synchronous_commit is off"]);
    report.assert("replication", "warning", &["synchronous_standby_names"]);
    report.assert("tokens", "fault", &["issue-token --role administrator"]);
    report.assert("public_url", "fault", &["--public-url"]);
    report.assert("servers", "warning", &["takes writes", "refused"]);
    server.execute("revoke oncoauth_plan from oncoauth_service");
    Report::of(&mut doctor(&url)).assert("row_security", "fault", &["oncoauth_plan"]);
    // whoever owns the tables is told so
    let report = Report::of(&mut doctor(&server.url_as("owner", "oncoauth")));
    report.assert("grants", "warning", &["owns the tables", "docs/access.md"]);
    report.assert("public_url", "warning", &["http://127.0.0.1:8080"]);
    // for people: what is to be mended comes last
    let said = doctor(&url).output().unwrap();
    let text = String::from_utf8_lossy(&said.stdout).into_owned();
    assert!(!said.status.success() && text.trim_end().lines().last().unwrap().contains(" to mend, "), "{text}");
    assert!(text.contains("FAULT") && text.contains("mend: "), "{text}");
}

#[test]
fn a_database_without_its_tables_and_one_that_is_away_are_told_apart() {
    let Some(place) = Place::with(&[]) else { return };
    let server = place.start(&place.cluster("one"), &["max_connections=40"]);
    let report = Report::of(doctor(&server.url("postgres")).args(["--database-connections", "24"]));
    report.assert("migrations", "fault", &["are not applied", "oncoauth migrate"]);
    report.assert("durability", "fault", &["fsync is off"]);
    report.assert("database_connections", "warning", &["--database-connections"]);
    report.assert("state", "unknown", &[]);
    done(&program().args(["migrate", "--database-url", &server.url("postgres")]).output().unwrap());
    server.execute("update _sqlx_migrations set checksum = '\\x00' where version = 1");
    server.execute("insert into _sqlx_migrations values (99999999, 'later', now(), true, '\\x00', 0)");
    Report::of(&mut doctor(&server.url("postgres"))).assert("migrations", "fault", &["are not those of this version: 1\""]);
    let away = format!("postgres://user:hunter2@{}/oncoauth", free_address());
    let report = Report::of(&mut doctor(&away));
    report.assert("database", "fault", &["refused"]);
    assert!(!format!("{:?}", report.findings).contains("hunter2"));
    Report::of(&mut doctor("mysql://user:hunter2@host/db")).assert("database", "fault", &["`mysql://`"]);
    let empty = tempfile::tempdir().unwrap();
    let none = tempfile::NamedTempFile::new().unwrap();
    let report = Report::of(doctor(&away).env("SSL_CERT_FILE", none.path()).env_remove("SSL_CERT_DIR"));
    report.assert("trusted_certificates", "fault", &["ca-certificates"]);
    let mut limited = Command::new("/bin/sh");
    limited.args(["-c", "ulimit -n 300 && exec \"$0\" doctor \"$@\""]).arg(program().get_program()).env("DATABASE_URL", &away);
    Report::of(&mut limited).assert("open_files", "warning", &["300 open files", "LimitNOFILE"]);
    let report = Report::of(doctor(&away).arg("--content-dir").arg(empty.path()));
    report.assert("content", "fault", &["oncoauth check-content"]);
    // sound, and cut off between two entries: rules are gone
    let content = Copy::new();
    let report = Report::of(doctor(&away).arg("--content-dir").arg(content.path()));
    report.assert("content_complete", "ok", &[]);
    let file = "limits/".to_owned() + &longest_of(&content.path().join("limits"));
    let whole = content.read(&file);
    let entry = whole[..whole.len() / 3].rfind("\n[[").unwrap();
    content.write(&file, &whole[..=entry]);
    let report = Report::of(doctor(&away).arg("--content-dir").arg(content.path()));
    report.assert("content_complete", "warning", &["less than half as long", &file]);
}

/// Name of the longest file of a folder.
fn longest_of(folder: &std::path::Path) -> String {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    files.max_by_key(|file| file.metadata().unwrap().len()).unwrap().file_name().into_string().unwrap()
}

/// Nothing runs here that publishes, seals or meets deadlines.
#[tokio::test]
async fn what_waits_for_too_long_and_what_failed_is_found() {
    let service = Service::with_rosters().await;
    service.app.clock.freeze_at("2026-11-02T15:00:00Z".parse().unwrap());
    let first = assert_created(&service.post("/v1/orders", ORDERING, &pending_order()).await);
    let mut found = Report::of(doctor(service.database_url()).arg("--sandbox"));
    found.assert("outbox", "fault", &["since 2026-11-02 15:00 UTC", "/readyz"]);
    found.assert("unsealed_records", "fault", &["since 2026-11-02 15:00 UTC"]);
    found.assert("timers", "fault", &["deadlines"]);
    found.assert("failed_jobs", "ok", &[]);
    let failed = "update timers set attempts = 1, failed_job_id = gen_random_uuid(), first_failed_at = '2026-11-10T01:02:03Z',
                    last_failed_at = now(), not_before = now(), last_failure = 'x' where case_id = $1::uuid";
    sqlx::query(failed).bind(first["case_id"].as_str().unwrap()).execute(&service.app.pool).await.unwrap();
    let webhook = "insert into feed_webhooks (health_plan, url, secret, delivered_position, created_at, changed_at, changed_by, failures,
                     last_failure, last_failure_at)
                   values ('bcbs-michigan', 'https://example.org', decode(repeat('00', 32), 'hex'), 0, now(), now(), 'x', 3, 'timed_out', now())";
    sqlx::query(webhook).execute(&service.app.pool).await.unwrap();
    found = Report::of(doctor(service.database_url()).arg("--sandbox"));
    found.assert("failed_jobs", "fault", &["1 things", "2026-11-10 01:02 UTC", "/v1/failed-jobs"]);
    found.assert("webhooks", "warning", &["bcbs-michigan", "3 times", "timed_out"]);
    // it has changed nothing
    let waiting = "select count(*) from feed_outbox";
    assert!(sqlx::query_scalar::<_, i64>(waiting).fetch_one(&service.app.pool).await.unwrap() > 0);
    // once it is done, nothing waits
    oncoauth::jobs::tick(&service.app).await.unwrap();
    found = Report::of(doctor(service.database_url()).arg("--sandbox"));
    found.assert("outbox", "ok", &[]);
    found.assert("unsealed_records", "ok", &[]);
}

#[tokio::test]
async fn the_files_that_options_name_are_looked_at_and_what_is_sealed_is_opened() {
    let service = Service::start(Settings { sandbox: true, ..Settings::default() }).await;
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str, mode: u32| {
        let path = dir.path().join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        path.display().to_string()
    };
    let report = Report::of(&mut doctor(service.database_url()));
    for (check, word) in [("sign_in", "--sign-in-providers"), ("sealing", "--secrets-key-file"), ("mails", "--mail-server")] {
        report.assert(check, "warning", &[word]);
    }
    report.assert("tls", "ok", &["proxy"]);
    report.assert("sealed_secrets", "ok", &[]);
    Report::of(doctor(service.database_url()).arg("--sandbox")).assert("mails", "ok", &["shows"]);
    let entry =
        "[[provider]]\nname = \"practice\"\ntitle = \"Practice\"\nissuer = \"https://id.example\"\nclient_id = \"oncoauth\"\n";
    let registered = format!("{entry}registered = true\n");
    let made = rcgen::generate_simple_self_signed(["pa.example.org".to_owned()]).unwrap();
    let certificate = file("certificate.pem", &made.cert.pem(), 0o644);
    let (own, others) = (made.signing_key.serialize_pem(), rcgen::KeyPair::generate().unwrap().serialize_pem());
    let key = file("key.pem", &own, 0o600);
    let sealing = file("sealing", &"ab".repeat(32), 0o600);
    let sound = [
        ["--sign-in-providers", &file("providers.toml", &registered, 0o644)],
        ["--tls-certificate", &certificate],
        ["--tls-key", &key],
        ["--secrets-key-file", &sealing],
        ["--mail-server", "smtps://user@mail.example.org"],
        ["--mail-from", "Prior authorization <pa@example.org>"],
        ["--mail-password-file", &file("password", "secret", 0o600)],
    ];
    let report = Report::of(doctor(service.database_url()).args(sound.concat()));
    for (check, words) in
        [("sign_in", "practice"), ("tls", "belong together"), ("sealing", "can be read"), ("mails", "mail server")]
    {
        report.assert(check, "ok", &[words]);
    }
    // each of them spoilt, or open to everybody
    let spoilt = [
        ["--sign-in-providers", &file("no-providers.toml", entry, 0o644)],
        ["--tls-certificate", &certificate],
        ["--tls-key", &file("another.pem", &others, 0o600)],
        ["--secrets-key-file", &file("no-key", "abc", 0o600)],
        ["--mail-server", "smtp://mail.example.org"],
        ["--mail-from", "pa@example.org"],
        ["--mail-password-file", &file("empty", "", 0o600)],
    ];
    let report = Report::of(doctor(service.database_url()).args(spoilt.concat()));
    for (check, words) in
        [("sign_in", "practice"), ("tls", "--tls-key"), ("sealing", "64 hexadecimal"), ("mails", "--mail-server")]
    {
        report.assert(check, "fault", &[words]);
    }
    report.assert("sealed_secrets", "unknown", &[]);
    let open = file("open", &"ab".repeat(32), 0o604);
    Report::of(doctor(service.database_url()).args(["--secrets-key-file", &open])).assert("sealing", "warning", &["chmod o-rwx"]);
    // what another key sealed
    let webhook = "insert into feed_webhooks (health_plan, url, secret, delivered_position, created_at, changed_at, changed_by)
                   values ('bcbs-michigan', 'https://example.org', decode('01' || repeat('00', 60), 'hex'), 0, now(), now(), 'x')";
    sqlx::query(webhook).execute(&service.app.pool).await.unwrap();
    let report = Report::of(doctor(service.database_url()).args(["--secrets-key-file", &sealing]));
    report.assert("sealed_secrets", "fault", &["1 webhooks", "--secrets-key-file"]);
}
