//! Public keys of clients, as a JSON Web Key Set. A key is good for the one algorithm that its kind has here, whatever an assertion says of
//! itself: RSA for RS384, P-384 for ES384.

use crate::domain::refusal::Fault;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{ECDSA_P384_SHA384_FIXED, RSA_PKCS1_2048_8192_SHA384, RsaPublicKeyComponents, UnparsedPublicKey};
use serde_json::Value;
use std::collections::HashSet;

/// Keys of a client at most.
const KEYS_AT_MOST: usize = 20;
/// Bytes of an RSA modulus: 2,048 to 8,192 bits.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;
/// Bytes of a coordinate of a point of P-384.
const COORDINATE: usize = 48;
/// Members that only the holder of a key may know.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    /// By which assertions name it.
    pub kid: String,
    kind: Kind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// The uncompressed point.
    P384(Vec<u8>),
}

impl PublicKey {
    /// The algorithm that it is good for.
    pub const fn algorithm(&self) -> &'static str {
        match self.kind {
            Kind::Rsa { .. } => "RS384",
            Kind::P384(_) => "ES384",
        }
    }

    /// True where this is its signature of the message.
    pub fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.kind {
            Kind::Rsa { modulus, exponent } => {
                RsaPublicKeyComponents { n: modulus, e: exponent }.verify(&RSA_PKCS1_2048_8192_SHA384, message, signature).is_ok()
            }
            Kind::P384(point) => UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point).verify(message, signature).is_ok(),
        }
    }

    fn read(key: &Value, pointer: &str, faults: &mut Vec<Fault>) -> Option<Self> {
        let before = faults.len();
        let mut fault =
            |member: &str, code: &str, message: &str| faults.push(Fault::new(format!("{pointer}{member}"), code, message));
        if !key.is_object() {
            fault("", "wrong-type", "a key is an object");
            return None;
        }
        let text = |member: &str| key.get(member).and_then(Value::as_str).filter(|text| !text.is_empty());
        if PRIVATE.iter().any(|member| key.get(member).is_some()) {
            fault(
                "",
                "not-allowed-value",
                "this is a private or shared key: make a new one, keep it to yourself, and send the public part",
            );
        }
        let kid = text("kid").filter(|kid| kid.len() <= 255);
        if kid.is_none() {
            fault("/kid", "missing", "every key has a kid of 1 to 255 characters, by which assertions name it");
        }
        if key.get("use").is_some_and(|usage| usage != "sig") {
            fault("/use", "not-allowed-value", "the key is for signatures: leave `use` out, or say sig");
        }
        let verifies = |all: &Value| all.as_array().is_some_and(|all| all.iter().any(|one| one == "verify"));
        if key.get("key_ops").is_some_and(|all| !verifies(all)) {
            fault("/key_ops", "not-allowed-value", "the key is for signatures: leave `key_ops` out, or have verify among them");
        }
        let bytes = |member: &str| text(member).and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        let public = match (text("kty"), text("crv")) {
            (Some("RSA"), _) => rsa(bytes("n"), bytes("e")).map_err(|(member, message)| fault(member, "malformed", message)).ok(),
            (Some("EC"), Some("P-384")) => {
                point(bytes("x"), bytes("y")).map_err(|(member, message)| fault(member, "malformed", message)).ok()
            }
            (Some("EC"), _) => {
                fault("/crv", "not-allowed-value", "elliptic curve keys are on P-384, for ES384");
                None
            }
            _ => {
                fault("/kty", "not-allowed-value", "a key is RSA, for RS384, or EC on P-384, for ES384");
                None
            }
        };
        let key_of = |kind: Kind| Some(Self { kid: kid?.to_owned(), kind });
        let read = public.and_then(key_of);
        if let (Some(read), Some(alg)) = (&read, key.get("alg"))
            && alg != read.algorithm()
        {
            fault("/alg", "not-allowed-value", &format!("a key of this kind is for {}", read.algorithm()));
        }
        read.filter(|_| faults.len() == before)
    }
}

fn rsa(modulus: Option<Vec<u8>>, exponent: Option<Vec<u8>>) -> Result<Kind, (&'static str, &'static str)> {
    let without_zeros = |bytes: Vec<u8>| bytes.into_iter().skip_while(|byte| *byte == 0).collect::<Vec<u8>>();
    let modulus = modulus.map(without_zeros).filter(|bytes| MODULUS.contains(&bytes.len()));
    let modulus = modulus.ok_or(("/n", "an RSA key has a modulus of 2,048 to 8,192 bits, in base64url without padding"))?;
    let exponent = exponent
        .map(without_zeros)
        .filter(|bytes| (1..=4).contains(&bytes.len()) && bytes.last().is_some_and(|low| low % 2 == 1));
    let exponent = exponent.filter(|bytes| *bytes != [1]);
    let exponent = exponent.ok_or(("/e", "an RSA key has an odd exponent, such as AQAB"))?;
    Ok(Kind::Rsa { modulus, exponent })
}

fn point(x: Option<Vec<u8>>, y: Option<Vec<u8>>) -> Result<Kind, (&'static str, &'static str)> {
    const WORDS: &str = "a coordinate of P-384 has 48 bytes, in base64url without padding";
    let coordinate = |bytes: Option<Vec<u8>>, member| bytes.filter(|bytes| bytes.len() == COORDINATE).ok_or((member, WORDS));
    let (x, y) = (coordinate(x, "/x")?, coordinate(y, "/y")?);
    Ok(Kind::P384([vec![4], x, y].concat()))
}

/// The keys of a set that somebody publishes, as far as they are good for signing in: others are for other services. Of two that assertions
/// name alike neither is. None where it is no key set.
pub fn published(jwks: &Value) -> Option<Vec<PublicKey>> {
    let all = jwks.get("keys").and_then(Value::as_array)?;
    let keys: Vec<PublicKey> = all.iter().filter_map(|key| PublicKey::read(key, "", &mut Vec::new())).collect();
    let of_name = |one: &PublicKey| keys.iter().filter(|key| (&key.kid, key.algorithm()) == (&one.kid, one.algorithm())).count();
    Some(keys.iter().filter(|key| of_name(key) == 1).take(KEYS_AT_MOST).cloned().collect())
}

/// Reads a set; every fault where it is not good for signing in. `pointer` is where it stands.
pub fn read(jwks: &Value, pointer: &str) -> Result<Vec<PublicKey>, Vec<Fault>> {
    let Some(all) = jwks.get("keys").and_then(Value::as_array) else {
        return Err(vec![Fault::new(format!("{pointer}/keys"), "missing", "a key set is an object with the list `keys`")]);
    };
    let mut faults = Vec::new();
    if all.is_empty() || all.len() > KEYS_AT_MOST {
        let message = format!("a client has 1 to {KEYS_AT_MOST} keys");
        faults.push(Fault::new(format!("{pointer}/keys"), "out-of-range", message));
    }
    let read = all.iter().take(KEYS_AT_MOST).enumerate();
    let keys: Vec<PublicKey> =
        read.filter_map(|(index, key)| PublicKey::read(key, &format!("{pointer}/keys/{index}"), &mut faults)).collect();
    let mut kids = HashSet::new();
    if !keys.iter().all(|key| kids.insert(&key.kid)) {
        faults.push(Fault::new(format!("{pointer}/keys"), "contradiction", "two keys have the same kid"));
    }
    if faults.is_empty() { Ok(keys) } else { Err(faults) }
}
