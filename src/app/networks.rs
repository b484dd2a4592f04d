//! Networks of addresses, as configuration names them. An IPv4 address that is written as one of IPv6 is one of IPv4.

use std::net::IpAddr;
use std::str::FromStr;

/// Addresses that begin alike, such as `10.0.0.0/8`; one address where nothing says how far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, bits) = text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let malformed = || format!("`{text}` is no address and no network such as 10.0.0.0/8");
        let first = address.parse::<IpAddr>().map_err(|_| malformed())?.to_canonical();
        let most = if first.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(most), str::parse).map_err(|_| malformed())?;
        if bits > most { Err(malformed()) } else { Ok(Self { first, bits }) }
    }
}

impl Network {
    /// True where the address is one of these.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.first, address.to_canonical()) {
            (IpAddr::V4(first), IpAddr::V4(other)) => {
                same_beginning(u128::from(first.to_bits()) << 96, u128::from(other.to_bits()) << 96, self.bits)
            }
            (IpAddr::V6(first), IpAddr::V6(other)) => same_beginning(first.to_bits(), other.to_bits(), self.bits),
            _ => false,
        }
    }
}

fn same_beginning(one: u128, other: u128, bits: u8) -> bool {
    let differing = one ^ other;
    bits == 0 || differing.leading_zeros() >= u32::from(bits)
}

#[cfg(test)]
mod tests {
    use super::Network;
    use std::net::IpAddr;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn a_network_holds_the_addresses_that_begin_alike() {
        let holds = |network: &str, address: &str| network.parse::<Network>().unwrap().contains(ip(address));
        assert!(holds("10.0.0.0/8", "10.200.3.4") && !holds("10.0.0.0/8", "11.0.0.1"));
        assert!(holds("10.1.2.3", "10.1.2.3") && !holds("10.1.2.3", "10.1.2.4"));
        assert!(holds("0.0.0.0/0", "192.0.2.1") && !holds("0.0.0.0/0", "2001:db8::1"));
        assert!(holds("2001:db8::/32", "2001:db8:1::1") && !holds("2001:db8::/32", "2001:db9::1"));
        assert!(holds("10.0.0.0/8", "::ffff:10.0.0.1"));
        for text in ["10.0.0.0/33", "::/129", "proxy", "10.0.0.0/x", ""] {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
    }
}
