//! Keys and signed assertions of a system that signs in.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::rsa::PublicKeyComponents;
use ring::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA384, RsaKeyPair};
use serde_json::{Value, json};

/// A key of a system. The RSA key is the same in all tests, and of no use elsewhere: anybody can read it.
pub enum Key {
    /// For RS384.
    Rsa(Box<RsaKeyPair>),
    /// For ES384.
    P384(EcdsaKeyPair),
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Key {
    /// The RSA key of the tests.
    pub fn rsa() -> Self {
        let text: String = include_str!("rsa.pkcs8.base64").split_whitespace().collect();
        let key = STANDARD.decode(text).expect("base64");
        Self::Rsa(Box::new(RsaKeyPair::from_pkcs8(&key).expect("a key")))
    }

    /// A new key on P-384.
    pub fn p384() -> Self {
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &random).expect("a key");
        Self::P384(EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, key.as_ref(), &random).expect("a key"))
    }

    /// The algorithm that it signs with.
    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS384",
            Self::P384(_) => "ES384",
        }
    }

    /// The public key as a JSON Web Key.
    pub fn jwk(&self, kid: &str) -> Value {
        match self {
            Self::Rsa(key) => {
                let parts: PublicKeyComponents<Vec<u8>> = key.public().into();
                json!({"kty": "RSA", "kid": kid, "n": encode(&parts.n), "e": encode(&parts.e), "alg": "RS384", "use": "sig"})
            }
            Self::P384(key) => {
                let point = key.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-384", "kid": kid, "x": encode(&point[1..49]), "y": encode(&point[49..]),
                       "key_ops": ["verify"], "ext": true})
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA384, &SystemRandom::new(), message, &mut signature).expect("a signature");
                signature
            }
            Self::P384(key) => key.sign(&SystemRandom::new(), message).expect("a signature").as_ref().to_vec(),
        }
    }

    /// A token with this header and these claims.
    pub fn token(&self, header: &Value, claims: &Value) -> String {
        signed_by(header, claims, |message| self.sign(message))
    }
}

/// A token that something else signs.
pub fn signed_by(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let signed = format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
    let signature = encode(&sign(signed.as_bytes()));
    format!("{signed}.{signature}")
}
