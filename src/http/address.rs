//! Where a request comes from. What it says of that itself counts only where a proxy that was configured says it.

use crate::app::networks::Network;
use axum::http::{HeaderMap, HeaderName};
use std::net::{IpAddr, Ipv6Addr};

/// The other end of the connection, as an extension of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// Where a request comes from: the other end of the connection; where that is a trusted proxy, the last address that `X-Forwarded-For` names
/// and that is none. None where it is not known, as in tests without a connection.
pub fn client(peer: Option<Peer>, headers: &HeaderMap, trusted: &[Network]) -> Option<IpAddr> {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let peer = peer?.0.to_canonical();
    if !is_trusted(peer) {
        return Some(peer);
    }
    let values = headers.get_all(HeaderName::from_static("x-forwarded-for"));
    let told = values.iter().rev().flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    let mut nearest = peer;
    for bytes in told {
        // what is no address was not written by our proxies, and neither was what stands before it
        let Some(address) = std::str::from_utf8(bytes).ok().and_then(|text| address_in(text.trim())) else {
            return Some(nearest);
        };
        nearest = address.to_canonical();
        if !is_trusted(nearest) {
            break;
        }
    }
    Some(nearest)
}

/// An address, with or without a port.
fn address_in(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').split(']').next().unwrap_or_default();
    bare.parse().ok().or_else(|| text.rsplit_once(':')?.0.parse().ok())
}

/// Whose limit counts: an address of IPv4; of IPv6 the network of 64 bits, which one household has as a whole.
pub fn owner(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() & !u128::from(u64::MAX))),
        four @ IpAddr::V4(_) => four,
    }
}

#[cfg(test)]
mod tests {
    use super::{Peer, client, owner};
    use crate::app::networks::Network;
    use axum::http::{HeaderMap, HeaderValue};
    use std::net::IpAddr;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn told(lines: &[&'static str]) -> HeaderMap {
        lines.iter().map(|line| ("x-forwarded-for".parse().unwrap(), HeaderValue::from_static(line))).collect()
    }

    #[test]
    fn only_configured_proxies_say_where_a_request_comes_from() {
        let trusted: Vec<Network> = ["10.0.0.0/8", "2001:db8::1"].iter().map(|text| text.parse().unwrap()).collect();
        let from = |peer: &str, headers: &HeaderMap| client(Some(Peer(ip(peer))), headers, &trusted);
        let claim = told(&["198.51.100.7"]);
        assert_eq!(from("203.0.113.5", &claim), Some(ip("203.0.113.5")), "a stranger's word counts for nothing");
        assert_eq!(from("10.0.0.1", &claim), Some(ip("198.51.100.7")));
        assert_eq!(from("2001:db8::1", &claim), Some(ip("198.51.100.7")));
        // what the client wrote itself stands before what the proxies added
        assert_eq!(from("10.0.0.1", &told(&["192.0.2.1, 198.51.100.7, 10.0.0.2"])), Some(ip("198.51.100.7")));
        assert_eq!(from("10.0.0.1", &told(&["192.0.2.1", "198.51.100.7:4711"])), Some(ip("198.51.100.7")));
        assert_eq!(from("10.0.0.1", &told(&["unknown, 10.0.0.2"])), Some(ip("10.0.0.2")));
        assert_eq!(from("10.0.0.1", &told(&["[2001:db8::9]:80"])), Some(ip("2001:db8::9")));
        assert_eq!(from("10.0.0.1", &HeaderMap::new()), Some(ip("10.0.0.1")));
        // a byte that is no text hides neither what a proxy wrote after it nor the proxy
        let opaque =
            |bytes: &[u8]| HeaderMap::from_iter([("x-forwarded-for".parse().unwrap(), HeaderValue::from_bytes(bytes).unwrap())]);
        assert_eq!(from("10.0.0.1", &opaque(b"192.0.2.1\xff, 198.51.100.7")), Some(ip("198.51.100.7")));
        assert_eq!(from("10.0.0.1", &opaque(b"198.51.100.7, \xff, 10.0.0.2")), Some(ip("10.0.0.2")));
        assert_eq!(client(None, &claim, &trusted), None);
        assert_eq!(client(Some(Peer(ip("10.0.0.1"))), &claim, &[]), Some(ip("10.0.0.1")));
    }

    #[test]
    fn a_household_of_ipv6_has_one_limit() {
        assert_eq!(owner(ip("2001:db8:1:2:3:4:5:6")), owner(ip("2001:db8:1:2::1")));
        assert_ne!(owner(ip("2001:db8:1:2::1")), owner(ip("2001:db8:1:3::1")));
        assert_eq!(owner(ip("::ffff:192.0.2.1")), ip("192.0.2.1"));
    }
}
