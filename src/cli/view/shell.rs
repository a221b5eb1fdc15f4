//! Words for a person to paste into a shell.

/// A word that a shell reads as it is.
pub fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| word.replace('\0', ""), std::borrow::Cow::into_owned)
}
