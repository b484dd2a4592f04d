//! What is kept of a secret that somebody else has: its hash. Every secret here has 256 random bits or was signed, so that a slow hash would add
//! nothing.

use sha2::{Digest as _, Sha256};

/// SHA-256.
pub fn hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
