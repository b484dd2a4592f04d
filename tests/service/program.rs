//! The program as an operator meets it: started, called, stopped.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "test crate")]

use crate::running::{Running, program};
use crate::support;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::Output;
use support::copy::Copy;
use support::postgres::database;

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test]
async fn without_anything_it_serves_a_sandbox_and_says_how_to_call_it() {
    let data = tempfile::tempdir().unwrap();
    let service = Running::start(program().args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(data.path()));
    assert!(service.get("/readyz", "").starts_with("HTTP/1.1 200"));
    assert!(service.get("/v1/tokens", "sandbox-administrator").starts_with("HTTP/1.1 200"));
    let said = service.stop();
    for (token, ..) in oncoauth::app::sandbox::TOKENS {
        assert!(said.contains(token), "{said}");
    }
    assert!(said.contains("curl") && said.contains("/v1/orders"), "{said}");
}

#[tokio::test]
async fn a_production_installation_starts_with_a_token_from_the_command_line() {
    let database = database().await;
    let with_database = || {
        let mut command = program();
        command.env("DATABASE_URL", &database.url);
        command
    };
    let migrated = with_database().arg("migrate").output().unwrap();
    assert!(migrated.status.success(), "{}", text(&migrated));
    let issued = with_database().args(["issue-token", "--role", "administrator", "--name", "first"]).output().unwrap();
    assert!(issued.status.success(), "{}", text(&issued));
    let token = String::from_utf8(issued.stdout).unwrap().trim().to_owned();
    let refused = with_database().args(["issue-token", "--role", "ordering_provider"]).output().unwrap();
    assert!(!refused.status.success() && text(&refused).contains("/tax_ids"), "{}", text(&refused));
    let service = Running::start(with_database().args(["serve", "--listen", "127.0.0.1:0"]));
    let listed = service.get("/v1/tokens", &token);
    assert!(listed.starts_with("HTTP/1.1 200") && listed.contains("first"), "{listed}");
    assert!(service.get("/v1/tokens", "sandbox-administrator").starts_with("HTTP/1.1 401"));
    let said = service.stop();
    assert!(!said.contains("sandbox-"), "{said}");
}

/// Requests that are under way on every thread when the service is told to stop: each is answered, and whoever only keeps a connection
/// is let go.
#[tokio::test]
async fn requests_under_way_on_any_thread_are_answered_before_it_stops() {
    let data = tempfile::tempdir().unwrap();
    let mut command = program();
    command.args(["--listen", "127.0.0.1:0", "--worker-threads", "3", "--data-dir"]).arg(data.path());
    let service = Running::start(&mut command);
    let idle = TcpStream::connect(&service.address).unwrap();
    let body = r#"{"order_id": "A000000000"}"#;
    let head = format!(
        "POST /v1/verifications HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer sandbox-servicing-provider\r\n\
         Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let mut under_way: Vec<TcpStream> = (0..6).map(|_| TcpStream::connect(&service.address).unwrap()).collect();
    for stream in &mut under_way {
        stream.write_all(head.as_bytes()).unwrap();
        let mut begun = [0; 25];
        stream.read_exact(&mut begun).unwrap();
        assert_eq!(&begun, b"HTTP/1.1 100 Continue\r\n\r\n");
    }
    let address = service.address.clone();
    let stopping = std::thread::spawn(move || service.stop());
    let mut nothing = String::new();
    (&idle).read_to_string(&mut nothing).unwrap();
    assert_eq!(nothing, "");
    assert!(TcpStream::connect(&address).is_err(), "it still takes connections");
    for stream in &mut under_way {
        stream.write_all(body.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"authorized\":false"), "{answer}");
    }
    stopping.join().unwrap();
}

/// A limit for each caller, not for each caller on each thread.
#[tokio::test]
async fn a_caller_is_held_to_one_limit_on_all_threads() {
    let data = tempfile::tempdir().unwrap();
    let mut command = program();
    command.args(["--listen", "127.0.0.1:0", "--worker-threads", "4", "--rate-limit", "1", "--data-dir"]).arg(data.path());
    let service = Running::start(&mut command);
    let begun = std::time::Instant::now();
    let request = "GET /v1/tokens HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer sandbox-administrator\r\n\r\n";
    // connections that are kept are those that are shared out
    let streams: Vec<TcpStream> = (0..8).map(|_| TcpStream::connect(&service.address).unwrap()).collect();
    let mut granted: u64 = 0;
    for mut stream in streams.iter().cycle().take(40) {
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = BufReader::new(stream);
        let mut length = 0;
        let mut line = String::new();
        answer.read_line(&mut line).unwrap();
        granted += u64::from(line.starts_with("HTTP/1.1 200"));
        assert!(line.starts_with("HTTP/1.1 200") || line.starts_with("HTTP/1.1 429"), "{line}");
        while line.trim() != "" {
            line.clear();
            answer.read_line(&mut line).unwrap();
            if let Some(told) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = told.trim().parse().unwrap();
            }
        }
        answer.read_exact(&mut vec![0; length]).unwrap();
    }
    // a bucket holds two, and gets one a second
    assert!((2..=3 + begun.elapsed().as_secs()).contains(&granted), "{granted}");
}

/// What it says when it cannot start with this database.
fn refused(url: &str) -> String {
    let output = program().args(["--listen", "127.0.0.1:0"]).env("DATABASE_URL", url).output().unwrap();
    assert!(!output.status.success());
    text(&output)
}

#[test]
fn a_database_that_cannot_be_used_is_told_as_it_is_and_no_password_with_it() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    for (url, words) in [
        ("mysql://user:secret@localhost/oncoauth".to_owned(), vec!["`mysql://`", "PostgreSQL"]),
        ("localhost:5432".to_owned(), vec!["postgres://"]),
        (format!("postgres://user:secret@{free}/oncoauth"), vec!["refused", "oncoauth at 127.0.0.1:"]),
        ("postgres://user:secret@localhost:none/oncoauth".to_owned(), vec!["cannot be read", "port"]),
    ] {
        let said = refused(&url);
        assert!(words.iter().all(|word| said.contains(word)), "{url}: {said}");
        assert!(!said.contains("secret"), "{said}");
    }
}

/// The first start in a directory makes a cluster, starts it, makes the database and its tables, and loads the demonstration.
#[test]
fn kills_during_the_first_start_leave_a_directory_in_which_it_starts() {
    let data = tempfile::tempdir().unwrap();
    let first_start = || {
        let mut command = program();
        command.args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(data.path());
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
        command
    };
    for milliseconds in [20, 60, 120, 250, 400, 600, 900, 1300, 1800, 2500] {
        let mut killed = first_start().spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(milliseconds)); // where it is killed is up to the machine
        killed.kill().unwrap();
        killed.wait().unwrap();
    }
    let service = Running::start(program().args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(data.path()));
    assert!(service.get("/readyz", "").starts_with("HTTP/1.1 200"));
    assert!(service.get("/v1/providers?q=clinician", "sandbox-administrator").contains("1234567893"));
    service.stop();
}

#[test]
fn a_sandbox_is_not_opened_to_other_machines_by_accident() {
    let output = program().args(["--listen", "0.0.0.0:0"]).output().unwrap();
    assert!(!output.status.success());
    assert!(text(&output).contains("--sandbox-allow-remote"), "{}", text(&output));
}

/// What follows from a damaged file stands behind what is wrong with it, and is not told in thousands of lines.
#[test]
fn a_content_directory_that_was_damaged_is_refused_with_the_damage_first() {
    let first_fault = |content: &Copy| {
        let output = program().args(["--listen", "127.0.0.1:0", "--content-dir"]).arg(content.path()).output().unwrap();
        let said = text(&output);
        assert!(!output.status.success() && said.lines().count() < 60, "{said}");
        said.lines().find(|line| line.starts_with("  ")).unwrap_or_default().trim().to_owned()
    };
    let file = "drugs/chemotherapy.toml";
    let content = Copy::new();
    let whole = content.read(file);
    let cut = whole.len() / 2;
    content.write(file, &whole[..whole[..cut].rfind(" = ").unwrap() + 3]);
    assert!(first_fault(&content).starts_with(file), "cut off: {}", first_fault(&content));
    std::fs::write(content.path().join(file), b"\xff\xfe\x00").unwrap();
    assert!(first_fault(&content).starts_with(file), "no text: {}", first_fault(&content));
    std::fs::remove_file(content.path().join(file)).unwrap();
    let missing = first_fault(&content);
    assert!(missing.starts_with(file) && missing.contains("missing"), "{missing}");
    for entry in std::fs::read_dir(content.path()).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() { std::fs::remove_dir_all(entry).unwrap() } else { std::fs::remove_file(entry).unwrap() }
    }
    assert!(first_fault(&content).contains("is this a content directory?"), "{}", first_fault(&content));
}

#[test]
fn the_description_is_printed_and_the_content_checked() {
    let printed = program().arg("openapi").output().unwrap();
    assert_eq!(String::from_utf8(printed.stdout).unwrap(), oncoauth::http::api().yaml());
    let checked = program().arg("check-content").output().unwrap();
    assert!(checked.status.success(), "{}", text(&checked));
    let empty = tempfile::tempdir().unwrap();
    let checked = program().arg("check-content").arg(empty.path()).output().unwrap();
    assert!(!checked.status.success() && text(&checked).contains("error"), "{}", text(&checked));
}
