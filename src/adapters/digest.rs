//! SHA-256 in hexadecimal digits: for names that are derived from names, and for checks of our own files.

use sha2::{Digest, Sha256};

/// Returns all 64 digits.
pub fn sha256(content: impl AsRef<[u8]>) -> String {
    Sha256::digest(content).iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

/// Returns only the first digits, which are sufficient for a name.
pub fn abbreviated(content: impl AsRef<[u8]>, digits: usize) -> String {
    let mut digest = sha256(content);
    digest.truncate(digits);
    digest
}
