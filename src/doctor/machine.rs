//! What this machine gives the service, and what the service tells others of itself.

use super::Finding;
use crate::descriptors;
use crate::options::ServeOptions;
use crate::serve::database_connections;
use oncoauth::outbound;
use rustix::fs::statvfs;
use std::path::Path;
use url::{Host, Url};

/// Documents under way lie in nameless files: as many as may arrive at once (64), each as large as it may be.
const FOR_DOCUMENTS: u64 = 1_600_000_000;
/// With less a database stops soon.
const HARDLY_ANY: u64 = 500_000_000;

/// Looks.
pub fn look(options: &ServeOptions) -> Vec<Finding> {
    let temporary = std::env::temp_dir();
    vec![
        public_url(options),
        open_files(options),
        trusted_certificates(outbound::trusted_certificates()),
        disk_space(
            "temporary_space",
            &temporary,
            FOR_DOCUMENTS,
            "free space there, or point TMPDIR at a larger place: clinical documents pass through it",
        ),
    ]
}

fn public_url(options: &ServeOptions) -> Finding {
    const CHECK: &str = "public_url";
    const REMEDY: &str = "give --public-url (ONCOAUTH_PUBLIC_URL) the address that callers see, such as https://pa.example.org";
    let sandbox = options.is_sandbox();
    let Some(text) = options.public_url.as_deref() else {
        if sandbox {
            return Finding::ok(CHECK, format!("http://{}, the sandbox's own", options.listen));
        }
        let message =
            format!("none is given: what is made here is addressed at http://{}, which callers may not reach", options.listen);
        return Finding::warning(CHECK, message, REMEDY);
    };
    let Ok(url) = Url::parse(text) else {
        return Finding::fault(CHECK, format!("`{text}` is no address"), REMEDY);
    };
    let host = match url.host() {
        Some(host) if matches!(url.scheme(), "http" | "https") && url.query().is_none() && url.fragment().is_none() => host,
        _ => return Finding::fault(CHECK, format!("`{text}` is no address of a service"), REMEDY),
    };
    let own = match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    };
    if own && !sandbox {
        return Finding::warning(
            CHECK,
            format!("{text} is this machine's alone: callers elsewhere cannot follow what they are told"),
            REMEDY,
        );
    }
    if url.scheme() == "http" && !own {
        let remedy = "put a proxy with TLS in front, and give its https address";
        return Finding::warning(CHECK, format!("{text} has no TLS: orders and tokens pass in the clear"), remedy);
    }
    Finding::ok(CHECK, text)
}

fn open_files(options: &ServeOptions) -> Finding {
    const CHECK: &str = "open_files";
    let granted = descriptors::raise();
    let callers = descriptors::connections(options.max_connections, granted, database_connections(options));
    let wanted = usize::try_from(options.max_connections.unwrap_or(descriptors::USUAL_CONNECTIONS)).unwrap_or(usize::MAX);
    if callers < wanted {
        return Finding::warning(
            CHECK,
            format!("{granted} open files leave room for {callers} connections of callers, not {wanted}"),
            "raise the hard limit (ulimit -Hn, LimitNOFILE= of systemd), or give a lower --max-connections",
        );
    }
    Finding::ok(CHECK, format!("{granted} open files, room for {callers} connections of callers"))
}

fn trusted_certificates(count: usize) -> Finding {
    const CHECK: &str = "trusted_certificates";
    if count == 0 {
        return Finding::fault(
            CHECK,
            "this machine trusts no certificate: webhooks by https cannot be delivered",
            "install the system's root certificates (package ca-certificates), or name a file of them in SSL_CERT_FILE",
        );
    }
    Finding::ok(CHECK, format!("{count} roots are trusted for deliveries to plans"))
}

/// Whether a place has room: a warning below what is wanted, a fault where there is hardly any.
pub fn disk_space(check: &'static str, place: &Path, wanted: u64, remedy: &str) -> Finding {
    match statvfs(place) {
        Ok(found) => {
            let free = found.f_bavail.saturating_mul(found.f_frsize);
            room(check, &place.display().to_string(), free, found.f_blocks.saturating_mul(found.f_frsize), wanted, remedy)
        }
        Err(error) => Finding::unknown(check, format!("{}: {error}", place.display())),
    }
}

fn room(check: &'static str, place: &str, free: u64, all: u64, wanted: u64, remedy: &str) -> Finding {
    let message = format!("{:.1} GB of {:.1} GB are free at {place}", gigabytes(free), gigabytes(all));
    if free < HARDLY_ANY {
        Finding::fault(check, message, remedy)
    } else if free < wanted {
        Finding::warning(check, message, remedy)
    } else {
        Finding::ok(check, message)
    }
}

#[expect(clippy::cast_precision_loss, reason = "for people, to a tenth")]
fn gigabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::{room, trusted_certificates};
    use crate::doctor::Verdict;

    #[test]
    fn little_room_is_a_warning_and_hardly_any_a_fault() {
        let verdict = |free| room("x", "/", free, 100_000_000_000, 2_000_000_000, "more").verdict;
        assert_eq!(
            [verdict(499_000_000), verdict(1_999_000_000), verdict(2_000_000_000)],
            [Verdict::Fault, Verdict::Warning, Verdict::Ok]
        );
    }

    #[test]
    fn a_machine_that_trusts_nobody_delivers_nothing() {
        assert_eq!([trusted_certificates(0).verdict, trusted_certificates(1).verdict], [Verdict::Fault, Verdict::Ok]);
    }
}
