//! Scopes as SMART App Launch writes them for systems: `system/Claim.crs`, and `system/Claim.read` of its first version.

use std::collections::BTreeMap;
use std::fmt;

/// Creates, reads, updates, deletes, searches: the letters in their order.
const LETTERS: [char; 5] = ['c', 'r', 'u', 'd', 's'];
/// Every resource.
const ANY: &str = "*";

/// What may be done with which resources.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scopes(BTreeMap<String, Interactions>);

/// A set of interactions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Interactions(u8);

impl Interactions {
    const ALL: Self = Self(0b1_1111);

    /// Reads the part behind the dot: letters in their order, or a word of the first version.
    fn parse(text: &str) -> Option<Self> {
        match text {
            "read" => return Self::parse("rs"),
            "write" => return Self::parse("cud"),
            ANY => return Some(Self::ALL),
            "" => return None,
            _ => {}
        }
        let mut rest = LETTERS.iter().enumerate();
        let mut found = Self::default();
        for letter in text.chars() {
            let (place, _) = rest.find(|(_, known)| **known == letter)?;
            found.0 |= 1 << place;
        }
        Some(found)
    }

    const fn both(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    const fn either(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl fmt::Display for Interactions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = LETTERS.iter().enumerate().filter(|(place, _)| self.0 & (1 << place) != 0);
        f.write_str(&letters.map(|(_, letter)| letter).collect::<String>())
    }
}

impl Scopes {
    /// Reads one scope; none where it is not understood. Restrictions to parts of a resource (`?`) are not.
    fn parse_one(text: &str) -> Option<(&str, Interactions)> {
        let (resource, interactions) = text.strip_prefix("system/")?.split_once('.')?;
        let is_resource = resource == ANY || (!resource.is_empty() && resource.bytes().all(|byte| byte.is_ascii_alphabetic()));
        is_resource.then_some(())?;
        Some((resource, Interactions::parse(interactions)?))
    }

    /// Reads scopes; the places of those that are not understood.
    pub fn read<S: AsRef<str>>(texts: &[S]) -> Result<Self, Vec<usize>> {
        let mut scopes = Self::default();
        let mut faults = Vec::new();
        for (place, text) in texts.iter().enumerate() {
            match Self::parse_one(text.as_ref()) {
                Some((resource, interactions)) => scopes.add(resource, interactions),
                None => faults.push(place),
            }
        }
        if faults.is_empty() { Ok(scopes) } else { Err(faults) }
    }

    /// Those that are understood, of a list parted by spaces.
    pub fn understood(text: &str) -> Self {
        let mut scopes = Self::default();
        for (resource, interactions) in text.split(' ').filter_map(Self::parse_one) {
            scopes.add(resource, interactions);
        }
        scopes
    }

    fn add(&mut self, resource: &str, interactions: Interactions) {
        let known = self.0.entry(resource.to_owned()).or_default();
        *known = known.either(interactions);
    }

    /// What both allow.
    #[must_use]
    pub fn both(&self, other: &Self) -> Self {
        let mut scopes = Self::default();
        for (resource, interactions) in &self.0 {
            for (other_resource, other_interactions) in &other.0 {
                let shared = if resource == ANY { other_resource } else { resource };
                let both = interactions.both(*other_interactions);
                if both != Interactions::default() && (other_resource == ANY || other_resource == shared) {
                    scopes.add(shared, both);
                }
            }
        }
        scopes
    }

    /// True where nothing is allowed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True where one of these interactions with this resource is allowed.
    pub fn allow(&self, needed: Needed) -> bool {
        let wanted = Interactions::parse(needed.any_of).unwrap_or_default();
        let of = |resource: &str| self.0.get(resource).copied().unwrap_or_default();
        of(needed.resource).either(of(ANY)).both(wanted) != Interactions::default()
    }

    /// One text for each resource.
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(|(resource, interactions)| format!("system/{resource}.{interactions}")).collect()
    }
}

/// What an operation needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needed {
    /// Type of the resource.
    pub resource: &'static str,
    /// Letters of which one has to be allowed.
    pub any_of: &'static str,
}

impl fmt::Display for Needed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "system/{}.{}", self.resource, self.any_of)
    }
}

#[cfg(test)]
mod tests {
    use super::{Needed, Scopes};

    fn scopes(text: &str) -> Scopes {
        Scopes::understood(text)
    }

    #[test]
    fn scopes_of_both_versions_are_read_and_nothing_else() {
        for (text, read) in [
            ("system/Claim.crs", "system/Claim.crs"),
            ("system/Claim.read", "system/Claim.rs"),
            ("system/Claim.write system/Claim.r", "system/Claim.crud"),
            ("system/*.*", "system/*.cruds"),
            ("system/*.cruds system/Claim.c", "system/*.cruds system/Claim.c"),
            ("system/Claim.rc", ""),
            ("system/Claim.cc", ""),
            ("system/Claim.x", ""),
            ("system/Claim.", ""),
            ("system/.c", ""),
            ("system/Claim", ""),
            ("user/Claim.c patient/Claim.c openid Claim.c", ""),
            ("system/Claim.r?status=active", ""),
            ("", ""),
        ] {
            assert_eq!(scopes(text).texts().join(" "), read, "{text}");
        }
        assert_eq!(Scopes::read(&["system/Claim.c", "no", "system/*.r", "system/a/b.c"]), Err(vec![1, 3]));
    }

    #[test]
    fn what_is_granted_is_what_both_sides_allow() {
        let both = |one: &str, other: &str| scopes(one).both(&scopes(other)).texts().join(" ");
        for (registered, asked, granted) in [
            ("system/Claim.cr", "system/Claim.c", "system/Claim.c"),
            ("system/Claim.cr", "system/*.*", "system/Claim.cr"),
            ("system/*.rs", "system/Claim.crs system/Patient.c", "system/Claim.rs"),
            ("system/*.*", "system/*.r", "system/*.r"),
            ("system/Claim.c", "system/Claim.r", ""),
            ("system/Claim.c", "system/ClaimResponse.c", ""),
            ("system/*.r system/Claim.c", "system/Claim.crud", "system/Claim.cr"),
        ] {
            assert_eq!(both(registered, asked), granted);
            assert_eq!(both(asked, registered), granted, "it does not matter which side is which");
        }
    }

    #[test]
    fn an_operation_needs_one_of_its_letters_for_its_resource() {
        let needed = Needed { resource: "Claim", any_of: "rs" };
        for allowed in ["system/Claim.r", "system/Claim.cs", "system/*.read"] {
            assert!(scopes(allowed).allow(needed), "{allowed}");
        }
        for refused in ["system/Claim.cud", "system/ClaimResponse.rs", "system/*.c", ""] {
            assert!(!scopes(refused).allow(needed), "{refused}");
        }
    }
}
