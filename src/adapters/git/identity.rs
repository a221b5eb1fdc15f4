//! The author of our commits, and quoting for a git configuration. Knows no repository.

/// The author and committer of commits by the tool, and by agents in their clones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub name: String,
    /// The address; it may not exist.
    pub email: String,
}

/// Quotes a value for git's configuration parser.
pub(super) fn quoted(value: &str) -> String {
    let mut text = String::from("\"");
    for letter in value.chars() {
        match letter {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            control if control.is_control() => text.push(' '),
            other => text.push(other),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_leave_its_quotes() {
        assert_eq!(quoted("a \"b\"\n[core]\\"), r#""a \"b\"\n[core]\\""#);
    }
}
