//! The virus scanner of the installation.

use crate::support::desk::*;
use crate::support::http::{Answer, Service};
use crate::{PDF, asked, send, stored};
use oncoauth::app::Settings;
use oncoauth::app::attachments::{ScanCommand, Scanner};
use oncoauth::http;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Sends a document to a service whose scanner is this shell script.
async fn scanned_by(script: &str, bytes: &[u8], time_limit: Duration) -> (Answer, (i64, i64), Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("scan.sh");
    std::fs::write(&path, script).unwrap();
    let line = format!("/bin/sh {} --stream", path.display());
    let scanner = Scanner::Command(ScanCommand::parse(&line, time_limit).unwrap());
    let service = Service::with_rosters().await;
    let mut app = service.app.clone();
    app.settings = Arc::new(Settings { scanner, ..Settings::clone(&service.app.settings) });
    let service = service.with_router(http::router(app));
    let case_id = asked(&service).await;
    let answer = send(&service, PRACTICE, &case_id, "application/pdf", bytes).await;
    (answer, stored(&service).await, kinds(&service, &case_id).await)
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
