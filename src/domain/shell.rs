//! Quotes words for a person to paste into a shell.

use std::path::Path;

/// Quotes a word for a shell: a name from a repository may contain `;` or `$(…)`. `shlex` would also quote `--flag=value`,
/// which is harder to read and means the same.
pub fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_./=:,@%+".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    shlex::try_quote(word).map_or_else(|_| word.to_owned(), std::borrow::Cow::into_owned)
}

/// Returns the command that moves a file or folder aside: this ending is added to its name.
pub fn moving_aside(path: &Path, ending: &str) -> String {
    let path = path.display().to_string();
    format!("mv {} {}", quoted(&path), quoted(&format!("{path}{ending}")))
}
