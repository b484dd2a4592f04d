//! Which addresses are called. Without these rules, whoever registers one could reach what only this machine reaches (SSRF).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use url::{Host, Url};

/// The longest address taken, in bytes.
pub const LONGEST: usize = 2_000;

/// Which addresses this installation calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// https, to public addresses.
    Public,
    /// Also https and http to this machine: the sandbox, for integrators who try their receiver.
    Loopback,
    /// https to whatever address, and http to this machine: for what the operator names, who may have it in their own network.
    OwnNetwork,
}

/// An address that may be called, as far as its text says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    pub(super) host: Host<String>,
    pub(super) port: u16,
    pub(super) tls: bool,
    /// Path and query.
    pub(super) resource: String,
    /// Host, and port unless it is the scheme's own.
    pub(super) authority: String,
    pub(super) reach: Reach,
}

/// Why an address is not taken: a code and a sentence.
pub type Refused = (&'static str, &'static str);

impl Target {
    /// Reads an address, or says why it is not taken.
    pub fn parse(text: &str, reach: Reach) -> Result<Self, Refused> {
        if text.len() > LONGEST {
            return Err(("too-long", "may have 2000 characters"));
        }
        let url = Url::parse(text).map_err(|_| ("malformed", "is not an absolute URL"))?;
        let tls = match (url.scheme(), reach) {
            ("https", _) => true,
            ("http", Reach::Loopback | Reach::OwnNetwork) => false,
            (_, Reach::Loopback) => {
                return Err(("not-allowed-value", "must begin with https:// (a sandbox takes http:// to this machine, too)"));
            }
            (_, Reach::OwnNetwork) => return Err(("not-allowed-value", "must begin with https://, or http:// to this machine")),
            (_, Reach::Public) => return Err(("not-allowed-value", "must begin with https://")),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(("not-allowed-value", "must not contain credentials: deliveries are signed"));
        }
        if url.fragment().is_some() {
            return Err(("not-allowed-value", "must not contain a fragment"));
        }
        let host = url.host().ok_or(("malformed", "names no host"))?.to_owned();
        let target = Self {
            port: url.port_or_known_default().ok_or(("malformed", "names no port"))?,
            tls,
            resource: url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path())),
            authority: url.port().map_or_else(|| host.to_string(), |port| format!("{host}:{port}")),
            host,
            reach,
        };
        if target.names_refused_host() {
            return Err(match reach {
                Reach::Public => ("not-allowed-value", "must lead to a public address, not to this machine or a private network"),
                Reach::Loopback => ("not-allowed-value", "must lead to a public address by https, or to this machine"),
                Reach::OwnNetwork => ("not-allowed-value", "must lead to this machine, or anywhere by https"),
            });
        }
        Ok(target)
    }

    fn names_refused_host(&self) -> bool {
        match &self.host {
            Host::Ipv4(ip) => !self.admits(IpAddr::V4(*ip)),
            Host::Ipv6(ip) => !self.admits(IpAddr::V6(*ip)),
            Host::Domain(name) => {
                let name = name.trim_end_matches('.');
                let local = name.eq_ignore_ascii_case("localhost") || name.to_ascii_lowercase().ends_with(".localhost");
                let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
                // other names are looked at when they are resolved; without TLS only this machine's own will do
                if local { !self.admits(here) } else { !self.tls }
            }
        }
    }

    /// True where a connection to this IP address may be made.
    pub fn admits(&self, ip: IpAddr) -> bool {
        let ip = plain(ip);
        match self.reach {
            Reach::Public => self.tls && is_public(ip),
            Reach::Loopback => (self.tls && is_public(ip)) || ip.is_loopback(),
            Reach::OwnNetwork => self.tls || ip.is_loopback(),
        }
    }
}

/// An IPv4 address in IPv6 clothing as what it is.
fn plain(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(ip, IpAddr::V4),
        IpAddr::V4(_) => ip,
    }
}

/// True for addresses that belong to the public internet. The lists are IANA's special-purpose registries (RFC 6890 and successors).
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = ip.is_unspecified()
        || ip.is_loopback()
        || ip.is_private()
        || ip.is_link_local()
        || ip.is_broadcast()
        || ip.is_documentation()
        || a == 0
        || (a == 100 && (64..128).contains(&b)) // carrier-grade NAT
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99) // 6to4 relays
        || (a == 198 && (b == 18 || b == 19)) // benchmarks
        || a >= 224; // multicast and reserved
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    // only 2000::/3 is given out; within it, what leads into IPv4 or is not for real use
    let [first, second, ..] = ip.segments();
    let special = match first {
        0x2001 => second < 0x0200 || second == 0x0db8, // Teredo, benchmarks, ORCHID; documentation
        0x2002 | 0x3fff => true,                       // 6to4; documentation
        _ => false,
    };
    (0x2000..0x4000).contains(&first) && !special
}

#[cfg(test)]
mod tests {
    use super::{Reach, Target};

    fn taken(text: &str, reach: Reach) -> bool {
        Target::parse(text, reach).is_ok()
    }

    #[test]
    fn outside_a_sandbox_only_https_to_public_addresses_is_called() {
        for good in
            ["https://plan.example/hooks?key=1", "https://plan.example:8443/", "https://1.1.1.1/", "https://[2606:4700::1]/x"]
        {
            assert!(taken(good, Reach::Public), "{good}");
        }
        let refused = [
            "http://plan.example/",
            "ftp://plan.example/",
            "plan.example",
            "https://",
            "https://user@plan.example/",
            "https://user:secret@plan.example/",
            "https://plan.example/#part",
            "https://localhost/",
            "https://LOCALHOST./",
            "https://a.localhost/",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0.0.0.0/",
            "https://10.1.2.3/",
            "https://172.16.0.1/",
            "https://192.168.1.1/",
            "https://169.254.169.254/latest/",
            "https://100.64.0.1/",
            "https://224.0.0.1/",
            "https://255.255.255.255/",
            "https://198.18.0.1/",
            "https://[::1]/",
            "https://[::]/",
            "https://[fe80::1]/",
            "https://[fc00::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:10.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[2002:7f00:1::]/",
            "https://[ff02::1]/",
        ];
        for bad in refused {
            assert!(!taken(bad, Reach::Public), "{bad}");
        }
        assert!(!taken(&format!("https://plan.example/{}", "x".repeat(2_000)), Reach::Public));
    }

    #[test]
    fn a_sandbox_also_calls_this_machine_and_no_private_network() {
        for good in [
            "http://127.0.0.1:9000/hook",
            "http://localhost:9000/",
            "http://[::1]:9000/",
            "https://localhost/",
            "https://plan.example/",
        ] {
            assert!(taken(good, Reach::Loopback), "{good}");
        }
        for bad in ["http://plan.example/", "http://1.1.1.1/", "http://10.0.0.1/", "https://10.0.0.1/", "http://169.254.169.254/"]
        {
            assert!(!taken(bad, Reach::Loopback), "{bad}");
        }
    }

    #[test]
    fn what_the_operator_names_may_be_in_their_own_network_but_goes_over_tls() {
        for good in [
            "https://id.internal/",
            "https://10.0.0.8:8443/realm",
            "https://[fd00::1]/",
            "http://127.0.0.1:9000/",
            "http://localhost/",
        ] {
            assert!(taken(good, Reach::OwnNetwork), "{good}");
        }
        for bad in ["http://id.internal/", "http://10.0.0.8/", "http://1.1.1.1/", "ftp://id.internal/"] {
            assert!(!taken(bad, Reach::OwnNetwork), "{bad}");
        }
    }

    #[test]
    fn a_name_that_leads_to_a_refused_address_is_refused_when_it_is_resolved() {
        let public = Target::parse("https://plan.example/", Reach::Public).unwrap();
        let admits = |ip: &str| public.admits(ip.parse().unwrap());
        assert!(admits("93.184.215.14") && admits("2606:2800:21f::1"));
        assert!(!admits("127.0.0.1") && !admits("::1") && !admits("10.0.0.8") && !admits("169.254.169.254"));
        let sandbox = Target::parse("http://localhost:9000/", Reach::Loopback).unwrap();
        assert!(sandbox.admits("127.0.0.1".parse().unwrap()) && !sandbox.admits("93.184.215.14".parse().unwrap()));
    }
}
