//! Limits that cannot be zero.

use std::num::NonZeroU64;

/// Returns a limit; 1 for zero.
pub(super) fn seconds(value: u64) -> NonZeroU64 {
    NonZeroU64::new(value).unwrap_or(NonZeroU64::MIN)
}
