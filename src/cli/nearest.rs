//! Suggestions for mistyped words.

const ALIKE: f64 = 0.6;

/// Returns the most similar of the known words, if one is similar enough.
pub fn nearest<'known>(typed: &str, known: impl IntoIterator<Item = &'known str>) -> Option<&'known str> {
    let scored = known.into_iter().map(|word| (strsim::normalized_damerau_levenshtein(typed, word), word));
    scored
        .filter(|(score, _)| *score >= ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, word)| word)
}

/// Returns ` (did you mean …?)`, or an empty text.
pub fn suggestion<'known>(typed: &str, known: impl IntoIterator<Item = &'known str>) -> String {
    nearest(typed, known).map_or_else(String::new, |word| format!(" (did you mean `{word}`?)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_similar_word_is_suggested() {
        assert_eq!(nearest("reveiwers", ["coder", "reviewers"]), Some("reviewers"));
        assert_eq!(nearest("xyzzy", ["coder", "reviewers"]), None);
        assert_eq!(suggestion("codx", ["claude", "codex"]), " (did you mean `codex`?)");
    }
}
