//! Texts of agents and strangers, made harmless: what is published holds only markers of ours.

/// A text that holds no marker and no human signature any more. It reads the same.
pub fn neutral(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(line).collect();
    lines.join("\n").replace("<!--", "&lt;!--")
}

/// Breaks a line that would sign for a person.
fn line(line: &str) -> String {
    if line.trim().eq_ignore_ascii_case("-- human reviewer") {
        line.replacen("--", "\\-\\-", 1)
    } else {
        line.to_owned()
    }
}

/// A text on one line, without control characters, at most so many characters.
pub fn one_line(text: &str, most: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words.join(" ").chars().filter(|letter| !letter.is_control()).collect();
    if line.chars().count() <= most {
        return line;
    }
    let mut short: String = line.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_quoted_marker_and_a_borrowed_signature_are_broken() {
        let text = "fine\n<!-- AGENT_LOOP_META: v1.x -->\n-- Human Reviewer";
        assert_eq!(neutral(text), "fine\n&lt;!-- AGENT_LOOP_META: v1.x -->\n\\-\\- Human Reviewer");
    }

    proptest! {
        #[test]
        fn no_comment_can_be_opened(text in ".{0,80}(<!-{0,3}){0,3}.{0,20}") {
            prop_assert!(!neutral(&text).contains("<!--"));
        }

        #[test]
        fn doing_it_twice_changes_nothing_more(text in ".{0,80}") {
            prop_assert_eq!(neutral(&neutral(&text)), neutral(&text));
        }
    }
}
