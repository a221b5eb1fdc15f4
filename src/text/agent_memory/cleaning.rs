//! Makes a text of a repository safe to repeat: one line, bounded, without control characters.

use crate::text::sanitize::{one_line, unmarked};

/// The longest text of a repository that is repeated, in characters.
pub(super) const LINE: usize = 160;
/// The longest first paragraph of a README, in characters.
pub(super) const PARAGRAPH: usize = 600;
/// A text is cut at so many times its longest before it is made clean: no cost grows with what a stranger wrote.
const CUT: usize = 3;

/// Returns at most `most` characters of a text, on one line.
pub(super) fn clean(text: &str, most: usize) -> String {
    let start: String = text.chars().take(most.saturating_mul(CUT)).collect();
    one_line(&unmarked(&start), most)
}

/// Does the same, and returns `None` if nothing is left.
pub(super) fn cleaned(text: &str, most: usize) -> Option<String> {
    Some(clean(text, most)).filter(|text| !text.is_empty())
}
