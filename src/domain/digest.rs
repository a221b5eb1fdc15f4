//! SHA-256 in hexadecimal digits: for names that are derived from texts, and for checks of our own files.

use sha2::{Digest, Sha256};

/// Returns all 64 digits.
pub fn sha256(content: impl AsRef<[u8]>) -> String {
    let halves = Sha256::digest(content).into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    halves.filter_map(|half| char::from_digit(half.into(), 16)).collect()
}

/// Returns only the first digits, which are sufficient for a name.
pub fn abbreviated(content: impl AsRef<[u8]>, digits: usize) -> String {
    let mut digest = sha256(content);
    digest.truncate(digits);
    digest
}
