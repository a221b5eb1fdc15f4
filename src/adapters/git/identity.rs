//! Who our commits are by, and how a value is written into a git configuration. Knows no repository.

/// The author and committer of what the tool commits, and of what agents commit in their clones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub name: String,
    /// The address; it need not exist.
    pub email: String,
}

/// A value as git's configuration parser reads it back.
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
