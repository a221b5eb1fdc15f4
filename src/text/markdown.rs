//! Pieces of a comment that stay inside of themselves: lists, indented output, a text that is cut to a length.

use std::fmt::Write;

use super::sanitize::closing::closed;
use super::sanitize::unmarked;

/// Room for a fence that is added to close a block of code.
const FENCE_ROOM: usize = 80;

/// A text within so many bytes; what is cut off is said to be, and nothing stays open that would swallow the record below it.
pub fn fitted(visible: &str, room: usize) -> String {
    const SHORTENED: &str = "\n\n_(shortened; the record below holds everything)_";
    let whole = closed(visible.trim_end());
    if whole.len() <= room {
        return whole.into_owned();
    }
    // A closing fence may have to be added after the cut: it is no longer than the longest line of a fence.
    let longest = room.saturating_sub(SHORTENED.len() + FENCE_ROOM);
    let end = (0..=longest).rev().find(|end| visible.is_char_boundary(*end)).unwrap_or(0);
    let cut = closed(visible.get(..end).unwrap_or_default());
    if cut.len() + SHORTENED.len() <= room {
        format!("{cut}{SHORTENED}")
    } else {
        SHORTENED.trim().to_owned()
    }
}

/// A list. What an item says stays inside of it, a code block that it leaves open too.
pub fn section(text: &mut String, heading: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let _ = write!(text, "\n### {heading}\n\n");
    for line in lines {
        let _ = writeln!(text, "- {}", hanging(line, 2));
    }
}

/// Output of programs as an indented block: nothing in it can end the block.
pub fn indented(text: &str) -> String {
    format!("    {}", hanging(&unmarked(text), 4))
}

/// A text whose lines are indented so far, but for the first and for empty ones. Markdown ends a line at a lone carriage
/// return too.
pub fn hanging(text: &str, indent: usize) -> String {
    let lines = text.replace("\r\n", "\n");
    let mut lines = lines.split_terminator(['\n', '\r']);
    let mut out = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        out.push('\n');
        if !line.is_empty() {
            out.push_str(&" ".repeat(indent));
            out.push_str(line);
        }
    }
    out
}

/// A number of things, the noun in the plural where the number wants it.
pub fn count(number: u64, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_keeps_its_code_block() {
        for item in ["`t` ```", "`t` see\n```rust\nfn x() {}", "`t` see\r~~~", "```\ncode\n```"] {
            let mut text = String::new();
            section(&mut text, "Items", &[item.to_owned(), "next".to_owned()]);
            let outside = format!("{text}\nmore");
            assert_eq!(closed(&outside), outside, "{item:?}");
        }
    }

    #[test]
    fn nothing_ends_an_indented_block() {
        let text = indented("one\r```\r\ntwo\n");
        assert_eq!(text, "    one\n    ```\n    two");
        assert_eq!(closed(&text), text);
    }
}
