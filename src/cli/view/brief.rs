//! Findings in brief: the beginning of a long text, with the command that shows all of it.

use crate::domain::item::{Author, Item};
use crate::text::markdown::count;
use crate::text::sanitize::{one_line, unmarked};

/// Returns a text on one line. A longer one ends after a whole line or word, with the command that shows the rest.
pub fn brief(text: &str, most: usize, command: &str) -> String {
    let text = unmarked(text);
    let whole = one_line(&text, usize::MAX);
    if whole.chars().count() <= most {
        return whole;
    }
    let lines = text.lines().map(|line| one_line(line, usize::MAX)).filter(|line| !line.is_empty());
    let (mut shown, mut rest) = (String::new(), 0_u64);
    for line in lines {
        if rest == 0 && shown.chars().count() + line.chars().count() < most {
            let space = if shown.is_empty() { "" } else { " " };
            shown = format!("{shown}{space}{line}");
        } else {
            rest += 1;
        }
    }
    if shown.is_empty() {
        shown = cut(&whole, most);
        rest -= 1;
    }
    let rest = if rest == 0 { "all of it".to_owned() } else { count(rest, "more line") };
    format!("{shown} … ({rest}: {command})")
}

/// The maximum number of findings of one review or gate.
const MOST_FINDINGS: usize = 20;

/// Returns the first lines about findings, and the command that shows the others.
pub fn few(lines: impl IntoIterator<Item = String>, command: &str) -> impl Iterator<Item = String> {
    let mut lines: Vec<String> = lines.into_iter().collect();
    let more = lines.len().saturating_sub(MOST_FINDINGS);
    lines.truncate(MOST_FINDINGS);
    lines.extend((more > 0).then(|| format!("  and {more} more: {command}")));
    lines.into_iter()
}

/// Returns the beginning of a line, up to the end of a word.
fn cut(line: &str, most: usize) -> String {
    let Some((end, _)) = line.char_indices().nth(most) else { return line.to_owned() };
    let (beginning, _) = line.split_at(end);
    beginning.rsplit_once(' ').map_or(beginning, |(words, _)| words).to_owned()
}

/// Returns what a person needs of the finding of a gate: its first line; after a colon also the first entry of a list, which
/// names the file, or the last line of an output.
pub fn of_gate(text: &str) -> String {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let Some(subject) = first.strip_suffix(':') else { return first.to_owned() };
    let mut rest =
        lines.map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("```")).peekable();
    let entry = rest.next_if(|line| line.starts_with("- ")).map(|entry| entry.trim_start_matches("- "));
    entry.or_else(|| rest.last()).map_or_else(|| subject.to_owned(), |more| format!("{first} {more}"))
}

/// Returns the text of an item, in brief.
pub fn of_item(item: &Item, most: usize, command: &str) -> String {
    match &item.author {
        Author::Gate(_) => brief(&of_gate(&item.text), most, command),
        Author::Reviewer(_) => brief(&item.text, most, command),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_findings_end_with_a_command() {
        let lines = |number: usize| (0..number).map(|at| format!("  item-{at}"));
        assert_eq!(few(lines(20), "agent-loop status pr/1").count(), 20);
        let shown: Vec<String> = few(lines(1000), "agent-loop status pr/1").collect();
        assert_eq!(shown.len(), 21);
        assert_eq!(shown.last().unwrap(), "  and 980 more: agent-loop status pr/1");
    }

    #[test]
    fn long_texts_end_with_a_command() {
        for (text, expected) in [
            ("short\n\nand whole", "short and whole"),
            ("the first line is long\nsecond\nthird", "the first line is long … (2 more lines: c)"),
            ("short\nthe second line is long\nthird", "short … (2 more lines: c)"),
            ("one line that is much too long", "one line that is much … (all of it: c)"),
            ("one line that is much too long\nx", "one line that is much … (1 more line: c)"),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "aaaaaaaaaaaaaaaaaaaaaaaa … (all of it: c)"),
        ] {
            assert_eq!(brief(text, 24, "c"), expected);
        }
    }

    #[test]
    fn findings_in_brief_name_their_file() {
        for (text, expected) in [
            ("Odd names (1):\n- `a.sh`: new\n\nUndo this.", "Odd names (1): `a.sh`: new"),
            ("The score fell: 80\n- code", "The score fell: 80"),
            ("Fails\nwith output", "Fails"),
            ("The gate `tests` failed:\n\n```\na line\nboom\n```", "The gate `tests` failed: boom"),
            ("The gate `tests` failed:\n\n", "The gate `tests` failed"),
            ("", ""),
        ] {
            assert_eq!(of_gate(text), expected);
        }
    }
}
