//! Self-contained pieces of a comment: lists, indented output, shortened texts.

use std::fmt::Write;

use super::sanitize::balanced::balanced;
use super::sanitize::closing::closed;
use super::sanitize::unmarked;

/// The space for a fence that closes a block of code.
const FENCE_ROOM: usize = 80;

/// Shortens a text to a number of bytes, with a note, and closes all blocks: an open one would swallow the record below it.
pub fn fitted(visible: &str, room: usize) -> String {
    const SHORTENED: &str = "\n\n_(shortened; the record below holds everything)_";
    let whole = closed(visible.trim_end());
    if whole.len() <= room {
        return whole.into_owned();
    }
    // A closing fence that is added after the cut is not longer than the longest line of a fence.
    let longest = room.saturating_sub(SHORTENED.len() + FENCE_ROOM);
    let end = (0..=longest).rev().find(|end| visible.is_char_boundary(*end)).unwrap_or(0);
    let cut = closed(visible.get(..end).unwrap_or_default());
    if cut.len() + SHORTENED.len() <= room {
        format!("{cut}{SHORTENED}")
    } else {
        SHORTENED.trim().to_owned()
    }
}

/// The number of items of a list that are not folded.
const MOST_OPEN: usize = 30;

/// Adds a list, whose end is folded if it is long. Each item is self-contained, even with an open code block.
pub fn section(text: &mut String, heading: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let (open, more) = lines.split_at(lines.len().min(MOST_OPEN));
    let _ = write!(text, "\n### {heading}\n\n{}", list(open));
    if !more.is_empty() {
        text.push_str(&folded(&format!("{} more", more.len()), more));
    }
}

fn list(lines: &[String]) -> String {
    let mut text = String::new();
    for line in lines {
        let _ = writeln!(text, "- {}", hanging(&balanced(line), 2));
    }
    text
}

/// Returns a list that is folded behind a summary line.
pub fn folded(summary: &str, lines: &[String]) -> String {
    format!("\n<details><summary>{summary}</summary>\n\n{}\n</details>\n", list(lines))
}

/// Returns the output of programs that is folded behind a summary line.
pub fn folded_output(summary: &str, output: &str) -> String {
    format!("\n<details><summary>{summary}</summary>\n\n{}\n\n</details>\n", indented(output))
}

/// Returns the output of programs as an indented block, which no text in it can end.
pub fn indented(text: &str) -> String {
    format!("    {}", hanging(&unmarked(text), 4))
}

/// Indents all lines of a text except for the first and for empty ones. Markdown also ends a line at a lone carriage
/// return.
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

/// Returns a number with a noun, in the plural if necessary.
pub fn count(number: impl TryInto<u64>, noun: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
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
    fn long_lists_are_folded() {
        let mut text = String::new();
        let items: Vec<String> = (0..1000).map(|number| format!("item {number}")).collect();
        section(&mut text, "Items", &items);
        let (open, folded) = text.split_once("<details><summary>970 more</summary>").unwrap();
        assert!(open.ends_with("- item 29\n\n") && folded.starts_with("\n\n- item 30\n"), "{text}");
    }

    #[test]
    fn nothing_ends_an_indented_block() {
        let text = indented("one\r```\r\ntwo\n");
        assert_eq!(text, "    one\n    ```\n    two");
        assert_eq!(closed(&text), text);
    }
}
