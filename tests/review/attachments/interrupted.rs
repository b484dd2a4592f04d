//! Documents that arrive slowly, or not at all.

use crate::attachments::{PDF, asked, request, send, stored};
use crate::support::desk::*;
use crate::support::http::Service;
use axum::body::{Body, Bytes};
use futures_util::stream;
use oncoauth::app::Settings;
use oncoauth::app::attachments::Places;
use oncoauth::http;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// A service with these settings, and a case that waits for documents.
async fn impatient(change: impl FnOnce(&mut Settings)) -> (Service, String) {
    let service = Service::with_rosters().await;
    let case_id = asked(&service).await;
    let mut app = service.app.clone();
    let mut settings = Settings::clone(&service.app.settings);
    settings.request_timeout = Duration::from_secs(2);
    change(&mut settings);
    app.uploads = Places::new(&settings);
    app.settings = Arc::new(settings);
    (service.with_router(http::router(app)), case_id)
}

type Piece = Result<Bytes, std::io::Error>;

/// A body that begins and then says nothing more.
fn silent() -> Body {
    let begun = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(PDF))]);
    Body::from_stream(futures_util::StreamExt::chain(begun, stream::pending::<Piece>()))
}

// proves INF-07
#[tokio::test]
async fn a_document_that_breaks_off_leaves_nothing() {
    let service = Service::with_rosters().await;
    let case_id = asked(&service).await;
    let pieces: [Piece; 2] = [Ok(Bytes::from_static(PDF)), Err(std::io::Error::other("gone"))];
    let answer = service
        .send(request(PRACTICE, &case_id, "", &[("content-type", "application/pdf")], Body::from_stream(stream::iter(pieces))))
        .await;
    answer.assert_problem(400, "bad-request");
    assert_eq!(stored(&service).await, (0, 0));
}

// proves INF-07
#[tokio::test]
async fn a_sender_who_hangs_up_leaves_nothing_and_frees_the_place() {
    let service = Service::with_rosters().await;
    let case_id = asked(&service).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let places = service.app.uploads.free();
    let server = tokio::spawn(axum::serve(listener, http::router(service.app.clone())).into_future());
    let head = format!(
        "POST /v1/orders/{case_id}/attachments HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {PRACTICE}\r\n\
         Content-Type: application/pdf\r\nContent-Length: 1000000\r\n\r\n"
    );
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(head.as_bytes()).await.unwrap();
    connection.write_all(PDF).await.unwrap();
    let changed = async |to: usize| {
        for _ in 0..500 {
            if service.app.uploads.free() == to {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        false
    };
    assert!(changed(places - 1).await, "it is being received");
    drop(connection);
    assert!(changed(places).await, "it is given up");
    assert_eq!(stored(&service).await, (0, 0));
    // the same over a connection that holds
    let whole = head.replace("1000000", &PDF.len().to_string()).replace("Host: test", "Host: test\r\nConnection: close");
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(&[whole.as_bytes(), PDF].concat()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    server.abort();
}

// proves INF-07
#[tokio::test]
async fn a_slow_document_may_take_longer_than_a_request_and_a_silent_one_may_not() {
    let (service, case_id) = impatient(|_| ()).await;
    let pdf = [("content-type", "application/pdf")];
    let slow = stream::unfold(0_usize, |n| async move {
        let piece = PDF.chunks(8).nth(n)?;
        tokio::time::sleep(Duration::from_millis(600)).await;
        Some((Ok::<_, std::io::Error>(Bytes::from_static(piece)), n + 1))
    });
    let answer = service.send(request(PRACTICE, &case_id, "", &pdf, Body::from_stream(slow))).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    service.send(request(PRACTICE, &case_id, "", &pdf, silent())).await.assert_problem(503, "request-timeout");
    assert_eq!(stored(&service).await, (1, 1));
}

// proves INF-07
#[tokio::test]
async fn so_many_documents_are_received_at_once_and_the_others_wait_for_their_turn() {
    let (service, case_id) = impatient(|settings| settings.uploads = 1).await;
    let pdf = [("content-type", "application/pdf")];
    let first = service.send(request(PRACTICE, &case_id, "", &pdf, silent()));
    let second = async {
        // by now the first has the place
        tokio::time::sleep(Duration::from_secs(1)).await;
        send(&service, PRACTICE, &case_id, "application/pdf", PDF).await
    };
    let (first, second) = tokio::join!(first, second);
    first.assert_problem(503, "request-timeout");
    assert_eq!(second.status.as_u16(), 201, "it waited until the first was given up: {}", second.text);
    let longer = service.send(request(PRACTICE, &case_id, "", &pdf, trickle()));
    let third = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        send(&service, PRACTICE, &case_id, "application/pdf", PDF).await
    };
    let (longer, third) = tokio::join!(longer, third);
    assert_eq!(longer.status.as_u16(), 201, "{}", longer.text);
    third.assert_problem(503, "temporarily-unavailable");
    assert!(!third.header("retry-after").is_empty());
}

/// A body that takes six seconds.
fn trickle() -> Body {
    Body::from_stream(stream::unfold(0_usize, |n| async move {
        let piece = PDF.chunks(8).nth(n)?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        Some((Ok::<_, std::io::Error>(Bytes::from_static(piece)), n + 1))
    }))
}

// proves INF-07
#[tokio::test]
async fn slow_documents_of_one_caller_do_not_hold_up_those_of_others() {
    let (service, case_id) = impatient(|settings| settings.uploads_of_one = 1).await;
    let pdf = [("content-type", "application/pdf")];
    let slow = service.send(request(PRACTICE, &case_id, "", &pdf, trickle()));
    let after = async |token: &str| {
        tokio::time::sleep(Duration::from_secs(1)).await;
        send(&service, token, &case_id, "application/pdf", PDF).await
    };
    let (slow, another, of_intake) = tokio::join!(slow, after(PRACTICE), after(INTAKE));
    assert_eq!(slow.status.as_u16(), 201, "{}", slow.text);
    another.assert_problem(503, "temporarily-unavailable");
    assert_eq!(of_intake.status.as_u16(), 201, "{}", of_intake.text);
}

// proves INF-07
#[tokio::test]
async fn a_sender_who_is_always_ahead_has_no_more_time_than_others() {
    let (service, case_id) = impatient(|settings| settings.upload_timeout = Duration::from_millis(300)).await;
    let pieces = stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from_static(b"a")));
    let answer =
        service.send(request(PRACTICE, &case_id, "", &[("content-type", "application/pdf")], Body::from_stream(pieces))).await;
    answer.assert_problem(503, "request-timeout");
    assert_eq!(stored(&service).await, (0, 0));
}

// proves INF-07
#[tokio::test]
async fn a_form_whose_document_never_comes_is_refused_early() {
    let service = Service::with_rosters().await;
    let case_id = asked(&service).await;
    let form = [("content-type", "multipart/form-data; boundary=border")];
    for begun in
        ["", "--border\r\nX-Endless: ", "--border", "--border\r\nContent-Disposition: form-data; name=\"description\"\r\n\r\n"]
    {
        let given = Arc::new(AtomicUsize::new(0));
        let counted = given.clone();
        let endless = stream::repeat_with(move || {
            counted.fetch_add(64, Ordering::Relaxed);
            Ok::<_, std::io::Error>(Bytes::from_static(&[b' '; 64]))
        });
        let begun_with = stream::iter([Ok(Bytes::from_static(begun.as_bytes()))]);
        let body = Body::from_stream(futures_util::StreamExt::chain(begun_with, endless));
        let answer = service.send(request(PRACTICE, &case_id, "", &form, body)).await;
        assert!(matches!(answer.status.as_u16(), 413 | 422), "{begun:?}: {}", answer.text);
        let given = given.load(Ordering::Relaxed);
        assert!(given < 64 * 1024, "{begun:?}: {given} bytes were read");
    }
    let long = format!("multipart/form-data; boundary={}", "b".repeat(71));
    let answer = service.send(request(PRACTICE, &case_id, "", &[("content-type", long.as_str())], PDF)).await;
    answer.assert_problem(400, "bad-request");
    assert_eq!(stored(&service).await, (0, 0));
}
