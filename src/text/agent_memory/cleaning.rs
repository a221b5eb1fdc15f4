//! Makes texts of a repository safe for prompts: one line of limited length, without control characters.

use crate::text::sanitize::{one_line, unmarked};

/// The maximum length of most texts, in characters.
pub(super) const LINE: usize = 160;
/// The maximum length of a README's first paragraph, in characters.
pub(super) const PARAGRAPH: usize = 600;
/// The factor by which a text may exceed its maximum length before it is cleaned: this limits the cost of cleaning.
const CUT: usize = 3;

/// Returns at most `most` characters of a text, on one line.
pub(super) fn clean(text: &str, most: usize) -> String {
    let start: String = text.chars().take(most.saturating_mul(CUT)).collect();
    one_line(&unmarked(&start), most)
}

/// Returns at most `most` characters of a text, on one line; `None` if nothing is left.
pub(super) fn cleaned(text: &str, most: usize) -> Option<String> {
    Some(clean(text, most)).filter(|text| !text.is_empty())
}
