//! Connections to a database over TLS, to a server that takes no others.

#![allow(clippy::unwrap_used, clippy::panic, reason = "test crate")]

use crate::callers::free_address;
use crate::running::{Running, program};
use crate::servers::{Place, done};
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

/// Writes a file as the servers' account, which alone may read it.
fn write(place: &Place, file: &Path, text: &str) {
    let mut command = place.programs.command("/bin/sh");
    command.args(["-c", "umask 077 && cat >\"$0\""]).arg(file).stdin(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn the_service_speaks_tls_to_its_database_and_knows_the_server_by_its_certificate() {
    let Some(place) = Place::with(&[]) else { return };
    let [made, another] = [(); 2].map(|()| rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap());
    let (cluster, own) = (place.cluster("one"), place.own_dir("tls"));
    let (certificate, key) = (own.join("server.crt"), own.join("server.key"));
    write(&place, &certificate, &made.cert.pem());
    write(&place, &key, &made.signing_key.serialize_pem());
    write(&place, &cluster.join("pg_hba.conf"), "hostssl all all 127.0.0.1/32 trust\n");
    let settings =
        ["ssl=on".to_owned(), format!("ssl_cert_file={}", certificate.display()), format!("ssl_key_file={}", key.display())];
    let server = place.start(&cluster, &settings.each_ref().map(String::as_str));
    server.execute("create database oncoauth");
    let dir = tempfile::tempdir().unwrap();
    let root = |name: &str, pem: &str| {
        let file = dir.path().join(name);
        std::fs::write(&file, pem).unwrap();
        file.display().to_string()
    };
    let (right, wrong) = (root("right.pem", &made.cert.pem()), root("wrong.pem", &another.cert.pem()));
    let url = |host: &str, query: &str| format!("postgres://oncoauth@{host}:{}/oncoauth?{query}", server.port);
    let tried = |url: &str| program().args(["migrate", "--database-url", url]).output().unwrap();
    for (what, url) in [
        ("in the clear", url("localhost", "sslmode=disable")),
        ("another certificate", url("localhost", &format!("sslmode=verify-full&sslrootcert={wrong}"))),
        ("another name", url("127.0.0.1", &format!("sslmode=verify-full&sslrootcert={right}"))),
        ("of nobody who is trusted", url("localhost", "sslmode=verify-full")),
    ] {
        let refused = tried(&url);
        assert!(!refused.status.success(), "{what}: {}", String::from_utf8_lossy(&refused.stdout));
    }
    for query in ["sslmode=require".to_owned(), format!("sslmode=verify-full&sslrootcert={right}")] {
        done(&tried(&url("localhost", &query)));
    }
    let url = url("localhost", &format!("sslmode=verify-full&sslrootcert={right}"));
    let service = Running::start(program().env("DATABASE_URL", &url).args(["--sandbox", "--listen", &free_address()]));
    assert!(service.get("/v1/orders", "sandbox-ordering-provider").starts_with("HTTP/1.1 200"));
    let encrypted = "select count(*) filter (where not ssl) || ' of ' || (count(*) > 1)::text from pg_stat_activity join pg_stat_ssl using (pid)
                     where application_name = 'oncoauth'";
    assert_eq!(server.query(encrypted), "0 of true", "every connection of the pool");
    let report = program().args(["doctor", "--sandbox", "--database-url", &url]).output().unwrap();
    assert!(String::from_utf8_lossy(&report.stdout).contains("the connections are encrypted"));
    service.stop();
}
