//! What a document may be, how it may be sent, and that it comes back as it was.

use crate::attachments::{PDF, asked, form, noise, request, send, send_form, stored};
use crate::support::desk::*;
use crate::support::http::Service;
use serde_json::{Value, json};

const MIB: usize = 1024 * 1024;

// proves INF-07
#[tokio::test]
async fn a_document_comes_back_byte_for_byte() {
    let service = Service::with_rosters().await;
    let case_id = asked(&service).await;
    let bytes = noise(5 * MIB + 7);
    let headers = [("content-type", "application/pdf"), ("content-disposition", "attachment; filename*=UTF-8''M%C3%A4rz.pdf")];
    let answer = service.send(request(PRACTICE, &case_id, "", &headers, bytes.clone())).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    let one = answer.json();
    assert_eq!((&one["size_bytes"], &one["file_name"]), (&json!(bytes.len()), &json!("März.pdf")));
    assert_eq!(stored(&service).await, (1, 21));
    let back = service.get(answer.header("location"), NURSE).await;
    assert_eq!(back.status.as_u16(), 200);
    assert!(back.bytes == bytes, "the bytes are those that were sent");
    assert_eq!(back.header("content-type"), "application/pdf");
    assert_eq!(back.header("content-length"), bytes.len().to_string());
    assert_eq!(back.header("content-disposition"), "attachment; filename=\"M_rz.pdf\"; filename*=UTF-8''M%C3%A4rz.pdf");
    assert_eq!(back.header("etag"), format!("\"{}\"", one["sha256"].as_str().unwrap()));
    assert_eq!(back.header("x-content-type-options"), "nosniff");
    assert!(back.header("content-security-policy").contains("sandbox"), "{:?}", back.headers);
}

// proves INF-07
#[tokio::test]
async fn a_form_and_a_bare_body_say_the_same() {
    let service = Service::with_rosters().await;
    let case_id = asked(&service).await;
    // as curl -F description=… -F file=@note.pdf writes it
    let body = form(&[
        ("name=\"description\"", "Pathology, März".as_bytes()),
        ("name=\"file\"; filename=\"note.pdf\"\r\nContent-Type: application/pdf", PDF),
    ]);
    let of_form = send_form(&service, &case_id, body).await;
    assert_eq!(of_form.status.as_u16(), 201, "{}", of_form.text);
    let query = "?file_name=note.pdf&description=Pathology,%20M%C3%A4rz";
    let bare = service.send(request(PRACTICE, &case_id, query, &[("content-type", "application/pdf")], PDF)).await;
    let without_id = |answer: &crate::attachments::Answer| {
        let mut one = answer.json();
        one["attachment_id"] = Value::Null;
        one
    };
    assert_eq!(without_id(&of_form), without_id(&bare));
    assert_eq!(of_form.json()["description"], "Pathology, März");
    // a large one, whose border may lie across pieces
    let bytes = noise(3 * MIB);
    let body = form(&[("name=\"file\"; filename=\"C:\\scans\\all.pdf\"\r\nContent-Type: application/pdf", &bytes)]);
    let pieces: Vec<Result<Vec<u8>, std::io::Error>> = body.chunks(1009).map(|piece| Ok(piece.to_vec())).collect();
    let headers = [("content-type", "multipart/form-data; boundary=border")];
    let streamed = axum::body::Body::from_stream(futures_util::stream::iter(pieces));
    let answer = service.send(request(PRACTICE, &case_id, "", &headers, streamed)).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["file_name"]), (201, &json!("all.pdf")), "{}", answer.text);
    assert!(service.get(answer.header("location"), PRACTICE).await.bytes == bytes);
}

// proves INF-07
#[tokio::test]
async fn every_accepted_type_is_taken_and_told_by_its_bytes_where_nothing_is_said() {
    let service = Service::with_rosters().await;
    let case_id = asked(&service).await;
    let cda = b"<?xml version=\"1.0\"?><ClinicalDocument xmlns=\"urn:hl7-org:v3\"></ClinicalDocument>".as_slice();
    let cases: [(&str, &[u8], &str); 8] = [
        ("application/pdf", PDF, "application/pdf"),
        ("image/png", b"\x89PNG\r\n\x1a\n....", "image/png"),
        ("image/jpeg", b"\xff\xd8\xff\xe0....", "image/jpeg"),
        ("image/tiff", b"II*\0....", "image/tiff"),
        ("text/plain; charset=utf-8", "Überweisung\n".as_bytes(), "text/plain"),
        ("text/xml", cda, "application/xml"),
        ("application/octet-stream", b"MM\0*....", "image/tiff"),
        ("", PDF, "application/pdf"),
    ];
    for (sent_as, bytes, stored_as) in cases {
        let answer = send(&service, PRACTICE, &case_id, sent_as, bytes).await;
        assert_eq!(
            (answer.status.as_u16(), &answer.json()["media_type"]),
            (201, &json!(stored_as)),
            "{sent_as}: {}",
            answer.text
        );
        let name = answer.json()["file_name"].as_str().unwrap().to_owned();
        assert!(name.starts_with("document."), "{name}");
    }
}

// proves INF-07
#[tokio::test]
async fn what_is_no_document_is_refused_with_the_remedy() {
    let service = Service::with_rosters().await;
    let case_id = asked(&service).await;
    let program = b"MZ\x90\0\x03".as_slice();
    let refused = send(&service, PRACTICE, &case_id, "application/pdf", program).await.assert_problem(422, "validation-failed");
    assert_eq!(
        (&refused["errors"][0]["pointer"], &refused["errors"][0]["code"]),
        (&json!("/file"), &json!("media-type-mismatch"))
    );
    let refused = send(&service, PRACTICE, &case_id, "image/png", PDF).await.assert_problem(422, "validation-failed");
    assert!(refused["detail"].as_str().unwrap().contains("is application/pdf: send it as that"), "{refused}");
    for media_type in ["application/zip", "application/x-www-form-urlencoded", "text/html", "application/json", "image/svg+xml"] {
        let refused = send(&service, PRACTICE, &case_id, media_type, PDF).await.assert_problem(415, "unsupported-media-type");
        assert!(refused["detail"].as_str().unwrap().contains("application/pdf, image/png"), "{refused}");
    }
    send(&service, PRACTICE, &case_id, "application/octet-stream", program).await.assert_problem(415, "unsupported-media-type");
    let empty = send(&service, PRACTICE, &case_id, "application/pdf", b"").await.assert_problem(422, "validation-failed");
    assert_eq!(empty["errors"][0]["code"], "empty");
    send(&service, PRACTICE, &case_id, "text/plain", b"seen\0").await.assert_problem(422, "validation-failed");
    assert_eq!(stored(&service).await, (0, 0));
}

// proves INF-07
#[tokio::test]
async fn a_document_has_25_mib_at_most() {
    let service = Service::with_rosters().await;
    let case_id = asked(&service).await;
    let whole = noise(25 * MIB);
    let answer = send(&service, PRACTICE, &case_id, "application/pdf", &whole).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", answer.text);
    let back = service.get(answer.header("location"), PHYSICIAN).await;
    assert!(back.bytes == whole);
    let over = noise(25 * MIB + 1);
    send(&service, PRACTICE, &case_id, "application/pdf", &over).await.assert_problem(413, "payload-too-large");
    // without its size being known before, and in a form
    let pieces: Vec<Result<Vec<u8>, std::io::Error>> = over.chunks(MIB).map(|piece| Ok(piece.to_vec())).collect();
    let streamed = axum::body::Body::from_stream(futures_util::stream::iter(pieces));
    let answer = service.send(request(PRACTICE, &case_id, "", &[("content-type", "application/pdf")], streamed)).await;
    let refused = answer.assert_problem(413, "payload-too-large");
    assert!(refused["detail"].as_str().unwrap().contains("25 MiB"), "{refused}");
    let body = form(&[("name=\"file\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf", &over)]);
    send_form(&service, &case_id, body).await.assert_problem(413, "payload-too-large");
    // and an announced one is refused before it is sent
    let headers = [("content-type", "application/pdf"), ("content-length", "99999999999")];
    let announced = service.send(request(PRACTICE, &case_id, "", &headers, axum::body::Body::empty())).await;
    announced.assert_problem(413, "payload-too-large");
    assert_eq!(stored(&service).await, (1, 100));
}

// proves INF-07
#[tokio::test]
async fn a_form_with_faults_says_which() {
    let service = Service::with_rosters().await;
    let case_id = asked(&service).await;
    let file = "name=\"file\"; filename=\"a.pdf\"\r\nContent-Type: application/pdf";
    let two = send_form(&service, &case_id, form(&[(file, PDF), (file, PDF)])).await.assert_problem(422, "validation-failed");
    assert!(two["detail"].as_str().unwrap().contains("one document a call"), "{two}");
    let none = send_form(&service, &case_id, form(&[("name=\"description\"", b"x")])).await;
    assert_eq!(none.assert_problem(422, "validation-failed")["errors"][0]["code"], "missing");
    let other = send_form(&service, &case_id, form(&[("name=\"files\"; filename=\"a.pdf\"", PDF)])).await;
    let other = other.assert_problem(422, "validation-failed");
    assert!(other["detail"].as_str().unwrap().contains("did you mean `file`?"), "{other}");
    let long = "x".repeat(1001);
    let answer = send_form(&service, &case_id, form(&[(file, PDF), ("name=\"description\"", long.as_bytes())])).await;
    assert_eq!(answer.assert_problem(422, "validation-failed")["errors"][0]["pointer"], "/description");
    let zip =
        send_form(&service, &case_id, form(&[("name=\"file\"; filename=\"a.zip\"\r\nContent-Type: application/zip", b"PK")]))
            .await;
    zip.assert_problem(415, "unsupported-media-type");
    let whole = form(&[(file, PDF)]);
    send_form(&service, &case_id, whole[..whole.len() - 12].to_vec()).await.assert_problem(400, "bad-request");
    send_form(&service, &case_id, b"nonsense".to_vec()).await.assert_problem(400, "bad-request");
    let headers = [("content-type", "multipart/form-data")];
    service.send(request(PRACTICE, &case_id, "", &headers, whole)).await.assert_problem(400, "bad-request");
    assert_eq!(stored(&service).await, (0, 0));
}

// proves INF-07
#[tokio::test]
async fn a_name_is_kept_without_its_path_and_a_query_is_held_to_its_parameters() {
    let service = Service::with_rosters().await;
    let case_id = asked(&service).await;
    let pdf = [("content-type", "application/pdf")];
    let named = async |query: &str| service.send(request(PRACTICE, &case_id, query, &pdf, PDF)).await;
    for (query, name) in [
        ("?file_name=..%2F..%2Fetc%2Fpasswd.pdf", "passwd.pdf"),
        ("?file_name=a%0D%0AX-Evil:%201.pdf", "aX-Evil: 1.pdf"),
        ("?file_name=%E2%80%AEfdp.exe", "fdp.exe"),
        ("?file_name=%20", "document.pdf"),
    ] {
        let answer = named(query).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["file_name"]), (201, &json!(name)), "{query}");
        let back = service.get(answer.header("location"), PRACTICE).await;
        assert!(back.header("content-disposition").contains(&format!("filename=\"{name}\"")), "{:?}", back.headers);
    }
    let long = named(&format!("?file_name={}.pdf", "x".repeat(600))).await.json();
    assert_eq!(long["file_name"].as_str().unwrap().chars().count(), 255);
    named("?filename=a.pdf").await.assert_problem(422, "validation-failed");
}
