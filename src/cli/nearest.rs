//! The known word that a mistyped one was probably meant to be.

/// Words that are less alike than this are no suggestion.
const ALIKE: f64 = 0.6;

/// The most similar of the known words, if one is similar at all.
pub fn nearest<'known>(typed: &str, known: impl IntoIterator<Item = &'known str>) -> Option<&'known str> {
    let scored = known.into_iter().map(|word| (strsim::normalized_damerau_levenshtein(typed, word), word));
    scored
        .filter(|(score, _)| *score >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, word)| word)
}

/// `; did you mean …?`, or nothing.
pub fn suggestion<'known>(typed: &str, known: impl IntoIterator<Item = &'known str>) -> String {
    nearest(typed, known).map_or_else(String::new, |word| format!("; did you mean `{word}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_nonsense_is_not() {
        assert_eq!(nearest("reveiwers", ["coder", "reviewers"]), Some("reviewers"));
        assert_eq!(nearest("xyzzy", ["coder", "reviewers"]), None);
        assert_eq!(suggestion("codx", ["claude", "codex"]), "; did you mean `codex`?");
    }
}
