//! What has to be kept as it is, because it is used as it is, sealed with a key from outside the database: whoever has a copy of the database
//! alone cannot use it.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Begins what is sealed in this way.
const VERSION: u8 = 1;
/// Begins what is kept as it is, where it may have any length.
const PLAIN: u8 = 0;
/// Bytes of a key.
const KEY: usize = 32;

/// The keys: the first one seals, each opens. Cheap to clone.
#[derive(Clone, Default)]
pub struct Sealing(Arc<[LessSafeKey]>);

impl fmt::Debug for Sealing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealing({})", self.0.len())
    }
}

impl Sealing {
    /// The keys of a file: 64 hexadecimal digits on a line, the newest first.
    pub fn read(file: &Path) -> Result<Self, String> {
        let text = std::fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
        Self::parse(&text).map_err(|why| format!("{}: {why}", file.display()))
    }

    /// The keys of its text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let keys =
            lines.map(|line| key(line).ok_or("a key is 64 hexadecimal digits on a line; `openssl rand -hex 32` makes one"));
        let keys: Vec<LessSafeKey> = keys.collect::<Result<_, _>>()?;
        if keys.is_empty() { Err("there is no key in it".to_owned()) } else { Ok(Self(keys.into())) }
    }

    /// Seals, where there is a key. What is sealed for one owner opens for nobody else.
    pub fn seal(&self, owner: &str, plain: &[u8]) -> Result<Vec<u8>, Unsealable> {
        let Some(key) = self.0.first() else { return Ok(plain.to_vec()) };
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).map_err(|_| Unsealable)?;
        let mut sealed = plain.to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(owner), &mut sealed)
            .map_err(|_| Unsealable)?;
        Ok([&[VERSION], nonce.as_slice(), &sealed].concat())
    }

    /// Opens what was sealed; what has the `length` of a plain one was never sealed.
    pub fn open(&self, owner: &str, kept: &[u8], length: usize) -> Result<Vec<u8>, Unsealable> {
        if kept.len() == length {
            return Ok(kept.to_vec());
        }
        self.opened(owner, kept).filter(|plain| plain.len() == length).ok_or(Unsealable)
    }

    /// Seals what may have any length; where there is no key, it says that it is not sealed.
    pub fn seal_any(&self, owner: &str, plain: &[u8]) -> Result<Vec<u8>, Unsealable> {
        if self.0.is_empty() { Ok([&[PLAIN], plain].concat()) } else { self.seal(owner, plain) }
    }

    /// Opens what [`Sealing::seal_any`] sealed, or did not.
    pub fn open_any(&self, owner: &str, kept: &[u8]) -> Result<Vec<u8>, Unsealable> {
        match kept.strip_prefix(&[PLAIN]) {
            Some(plain) => Ok(plain.to_vec()),
            None => self.opened(owner, kept).ok_or(Unsealable),
        }
    }

    fn opened(&self, owner: &str, kept: &[u8]) -> Option<Vec<u8>> {
        let rest = kept.strip_prefix(&[VERSION])?;
        let (nonce, sealed) = rest.split_at_checked(NONCE_LEN)?;
        let nonce: [u8; NONCE_LEN] = nonce.try_into().ok()?;
        self.0.iter().find_map(|key| {
            let mut bytes = sealed.to_vec();
            let plain = key.open_in_place(Nonce::assume_unique_for_key(nonce), Aad::from(owner), &mut bytes).ok()?;
            Some(plain.to_vec())
        })
    }
}

/// No key opens it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret in the database was sealed with a key that is not in the file of keys")]
pub struct Unsealable;

fn key(line: &str) -> Option<LessSafeKey> {
    let digits = line.as_bytes();
    if digits.len() != 2 * KEY {
        return None;
    }
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Vec<u8> = digits.chunks(2).map(byte).collect::<Option<_>>()?;
    UnboundKey::new(&AES_256_GCM, &bytes).ok().map(LessSafeKey::new)
}

#[cfg(test)]
mod tests {
    use super::{Sealing, Unsealable};

    #[test]
    fn what_is_sealed_opens_with_its_key_for_its_owner_and_unchanged() {
        let (old, new) = ("ab".repeat(32), "0f".repeat(32));
        let first = Sealing::parse(&old).unwrap();
        let both = Sealing::parse(&format!("{new}\n{old}\n")).unwrap();
        let other = Sealing::parse(&new).unwrap();
        let sealed = first.seal("plan", &[7; 32]).unwrap();
        assert_eq!(sealed.len(), 61);
        assert_ne!(sealed, first.seal("plan", &[7; 32]).unwrap(), "each time otherwise");
        assert_eq!(first.open("plan", &sealed, 32).unwrap(), [7; 32]);
        assert_eq!(both.open("plan", &sealed, 32).unwrap(), [7; 32]);
        assert_eq!(other.open("plan", &sealed, 32), Err(Unsealable));
        assert_eq!(first.open("another", &sealed, 32), Err(Unsealable));
        assert_eq!(Sealing::default().open("plan", &sealed, 32), Err(Unsealable));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(first.open("plan", &changed, 32), Err(Unsealable), "{at}");
        }
        // what was kept before there was a key still opens
        assert_eq!(first.open("plan", &[7; 32], 32).unwrap(), [7; 32]);
        assert_eq!(Sealing::default().seal("plan", &[7; 32]).unwrap(), [7; 32]);
    }

    #[test]
    fn what_has_any_length_says_whether_it_is_sealed() {
        let (none, sealing) = (Sealing::default(), Sealing::parse(&"ab".repeat(32)).unwrap());
        for plain in [&b""[..], b"[]", b"Authorization: Bearer x"] {
            let kept = none.seal_any("one", plain).unwrap();
            assert_eq!((kept[0], &kept[1..]), (0, plain));
            assert_eq!(
                (none.open_any("one", &kept).unwrap(), sealing.open_any("one", &kept).unwrap()),
                (plain.to_vec(), plain.to_vec())
            );
            let sealed = sealing.seal_any("one", plain).unwrap();
            assert_eq!(sealing.open_any("one", &sealed).unwrap(), plain);
            assert_eq!((none.open_any("one", &sealed), sealing.open_any("two", &sealed)), (Err(Unsealable), Err(Unsealable)));
        }
        assert_eq!(sealing.open_any("one", b""), Err(Unsealable));
    }

    #[test]
    fn a_file_that_holds_no_key_is_refused() {
        for text in ["", "\n", "abc", &"zz".repeat(32), &"ab".repeat(31), &format!("{}\nx", "ab".repeat(32))] {
            assert!(Sealing::parse(text).is_err(), "{text}");
        }
    }
}
