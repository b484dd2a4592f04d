//! The virus scanner of the installation.

use crate::attachments::{PDF, asked, request, send, stored};
use crate::support::desk::*;
use crate::support::http::{Answer, Service};
use oncoauth::app::Settings;
use oncoauth::app::attachments::{Places, ScanCommand, Scanner};
use oncoauth::http;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Sends a document to a service whose scanner is this shell script.
async fn scanned_by(script: &str, bytes: &[u8], time_limit: Duration) -> (Answer, (i64, i64), Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("scan.sh");
    std::fs::write(&path, script).unwrap();
    let (service, case_id) = with_scanner(&path, time_limit, |_| ()).await;
    let answer = send(&service, PRACTICE, &case_id, "application/pdf", bytes).await;
    (answer, stored(&service).await, kinds(&service, &case_id).await)
}

/// A service whose scanner is this shell script, and a case that waits for documents.
async fn with_scanner(script: &Path, time_limit: Duration, change: impl FnOnce(&mut Settings)) -> (Service, String) {
    let line = format!("/bin/sh {} --stream", script.display());
    let service = Service::with_rosters().await;
    let case_id = asked(&service).await;
    let mut app = service.app.clone();
    let mut settings = Settings::clone(&service.app.settings);
    settings.scanner = Scanner::Command(ScanCommand::parse(&line, time_limit).unwrap());
    change(&mut settings);
    app.uploads = Places::new(&settings);
    app.settings = Arc::new(settings);
    (service.with_router(http::router(app)), case_id)
}

const LONG: Duration = Duration::from_secs(20);

// proves INF-07
#[tokio::test]
async fn a_clean_document_says_so_and_the_scanner_sees_all_of_it_and_nothing_else() {
    let script = format!(
        "[ \"$1\" = --stream ] && [ -z \"$DATABASE_URL\" ] && [ \"$(wc -c)\" -eq {} ] && [ \"$(pwd)\" = / ] || exit 9",
        PDF.len()
    );
    let (answer, stored, _) = scanned_by(&script, PDF, LONG).await;
    assert_eq!((answer.status.as_u16(), answer.json()["scan"].as_str()), (201, Some("clean")), "{}", answer.text);
    assert_eq!(stored, (1, 1));
    // one that stops reading early has seen enough
    let (answer, ..) = scanned_by("exit 0", PDF, LONG).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
}

// proves INF-07
#[tokio::test]
async fn an_infected_document_is_refused_and_not_stored() {
    let bytes = [PDF, b"MARKED AS BAD"].concat();
    let (answer, stored, kinds) = scanned_by("grep -q 'MARKED AS BAD' && exit 1; exit 0", &bytes, LONG).await;
    answer.assert_problem(422, "attachment-refused");
    assert_eq!(stored, (0, 0));
    assert!(!kinds.contains(&"attachment_received".to_owned()), "{kinds:?}");
}

// proves INF-07
#[tokio::test]
async fn without_the_scanners_word_nothing_is_stored_and_the_sender_may_try_again() {
    let begun = Instant::now();
    for script in ["exit 2", "kill -9 $$", "sleep 60"] {
        let limit = if script.starts_with("sleep") { Duration::from_millis(300) } else { LONG };
        let (answer, stored, _) = scanned_by(script, PDF, limit).await;
        answer.assert_problem(503, "temporarily-unavailable");
        assert!(!answer.header("retry-after").is_empty());
        assert_eq!(stored, (0, 0), "{script}");
    }
    assert!(begun.elapsed() < Duration::from_secs(50), "a scanner that hangs is ended");
    let broken = ScanCommand::parse("/no/such/scanner", LONG);
    assert!(broken.is_some() && ScanCommand::parse("  ", LONG).is_none());
    // one that writes into the document spoils it, and that is noticed
    let (answer, stored, _) = scanned_by("echo overwritten >&0; exit 0", PDF, LONG).await;
    answer.assert_problem(500, "internal");
    assert_eq!(stored, (0, 0));
}

// proves INF-07
#[tokio::test]
async fn a_document_that_was_stored_is_answered_again_whatever_the_scanner_says_now() {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("scan.sh");
    std::fs::write(&script, "exit 0").unwrap();
    let (service, case_id) = with_scanner(&script, LONG, |_| ()).await;
    let keyed = async |key: &str, bytes: &[u8]| {
        let headers = [("content-type", "application/pdf"), ("idempotency-key", key)];
        service.send(request(PRACTICE, &case_id, "", &headers, bytes.to_vec())).await
    };
    let first = keyed("k1", PDF).await;
    assert_eq!(first.status.as_u16(), 201, "{}", first.text);
    for script_now in ["exit 2", "exit 1"] {
        std::fs::write(&script, script_now).unwrap();
        let again = keyed("k1", PDF).await;
        assert_eq!((again.status.as_u16(), again.header("idempotency-replayed")), (201, "true"), "{}", again.text);
        assert_eq!(again.json(), first.json());
    }
    keyed("k1", &[PDF, b"another"].concat()).await.assert_problem(422, "idempotency-key-reused");
    keyed("k2", PDF).await.assert_problem(422, "attachment-refused");
    assert_eq!(stored(&service).await, (1, 1));
}

// proves INF-07
#[tokio::test]
async fn so_many_documents_are_scanned_at_once_and_the_others_wait_for_their_turn() {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("scan.sh");
    std::fs::write(&script, "sleep 3").unwrap();
    let (service, case_id) = with_scanner(&script, LONG, |settings| {
        settings.uploads_stored = 1;
        settings.request_timeout = Duration::from_secs(1);
    })
    .await;
    let second = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        send(&service, PRACTICE, &case_id, "application/pdf", PDF).await
    };
    let (first, second) = tokio::join!(send(&service, PRACTICE, &case_id, "application/pdf", PDF), second);
    assert_eq!(first.status.as_u16(), 201, "{}", first.text);
    second.assert_problem(503, "temporarily-unavailable");
    assert_eq!(stored(&service).await, (1, 1));
}
