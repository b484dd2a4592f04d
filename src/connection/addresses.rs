//! How many connections each address has, so that one of them cannot take the places of all others.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

type Open = Arc<Mutex<HashMap<IpAddr, usize>>>;

/// Counts them, where there is a limit.
#[derive(Debug)]
pub struct Addresses {
    most: Option<usize>,
    open: Open,
}

/// One connection of an address, for as long as it is kept.
#[derive(Debug)]
pub struct Seat(Option<(Open, IpAddr)>);

impl Addresses {
    /// So many connections of one address at most; any number where there is no limit.
    pub fn new(most: Option<usize>) -> Self {
        Self { most, open: Open::default() }
    }

    /// Takes one of the address's connections, where it has one left.
    pub fn seat(&self, address: IpAddr) -> Option<Seat> {
        let Some(most) = self.most else { return Some(Seat(None)) };
        let address = counted(address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = open.entry(address).or_default();
        if *taken >= most {
            return None;
        }
        *taken += 1;
        drop(open);
        Some(Seat(Some((Arc::clone(&self.open), address))))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let Some((open, address)) = &self.0 else { return };
        let mut open = open.lock().unwrap_or_else(PoisonError::into_inner);
        let left = open.get(address).map_or(0, |taken| taken.saturating_sub(1));
        if left == 0 {
            open.remove(address);
        } else {
            open.insert(*address, left);
        }
    }
}

/// What counts as one address: of the sixth version a network, as one subscriber has it.
fn counted(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::Addresses;

    #[test]
    fn an_address_has_its_own_places_until_they_are_given_back() {
        let addresses = Addresses::new(Some(2));
        let seat = |address: &str| addresses.seat(address.parse().unwrap());
        let (first, _second) = (seat("192.0.2.1").unwrap(), seat("::ffff:192.0.2.1").unwrap());
        assert!(seat("192.0.2.1").is_none());
        let _other = seat("192.0.2.2").unwrap();
        drop(first);
        let _third = seat("192.0.2.1").unwrap();
        let of_one_network = (seat("2001:db8::1").unwrap(), seat("2001:db8::2").unwrap());
        assert!(seat("2001:db8::3").is_none() && seat("2001:db8:0:1::3").is_some());
        drop(of_one_network);
        assert_eq!(addresses.open.lock().unwrap().len(), 2, "who has none left is forgotten");
    }

    #[test]
    fn without_a_limit_nothing_is_counted() {
        let addresses = Addresses::new(None);
        let all: Vec<_> = (0..100).map(|_| addresses.seat("192.0.2.1".parse().unwrap()).unwrap()).collect();
        assert!(addresses.open.lock().unwrap().is_empty());
        drop(all);
    }
}
