//! Reads a review of the older tool that has only prose: sections, findings and dispositions.

use crate::domain::agent::Role;
use crate::domain::item_status::{Disposition, ItemStatus};
use crate::protocol::markers;

use super::comment::{LARGEST, OlderComment, OlderFinding};
use super::names::{label, leading_id};
use super::reason::OlderReason;
use super::sections::{Section, entries, signature};
use super::words::standing_and_note;
use crate::protocol::placeholder::says_nothing;

/// Reads a comment without data. The vote in its footer is ignored.
pub(super) fn read(id: &str, body: &str) -> Result<OlderComment, OlderReason> {
    if body.len() > LARGEST {
        return Err(OlderReason::Damaged(format!("it holds more than {LARGEST} bytes")));
    }
    let signed = markers::lines_outside_code(body).into_iter().rev().find_map(signature);
    let mut comment = OlderComment {
        id: id.to_owned(),
        speaker: label(signed),
        role: Role::Reviewer,
        head: None,
        round: None,
        prior: None,
        words: Vec::new(),
        new: Vec::new(),
        next_item: 0,
    };
    for (section, text) in entries(body) {
        match section {
            Section::Dispositions => comment.words.extend(disposition(&text)),
            Section::Findings(status) => take_finding(&mut comment, status, &text),
        }
    }
    comment.bounded()
}

/// Reads a line such as `item-3: still blocking: no test`; `None` for other lines.
fn disposition(text: &str) -> Option<Disposition> {
    let (item, rest) = leading_id(text)?;
    let (status, note) = standing_and_note(rest)?;
    Some(Disposition { item, status, note })
}

/// Adds a finding to a comment. A finding with an id is a known one with a disposition.
fn take_finding(comment: &mut OlderComment, status: ItemStatus, text: &str) {
    let (id, text) = leading_id(text).map_or((None, text), |(id, rest)| (Some(id), rest));
    if id.is_none() && says_nothing(text) {
        return;
    }
    let text = text.trim().to_owned();
    let note = (!says_nothing(&text)).then(|| text.clone());
    let finding = OlderFinding { id: id.clone(), reviewer: None, status, text, notes: Vec::new() };
    match id {
        Some(item) => {
            comment.words.push(Disposition { item, status, note });
            comment.prior.get_or_insert_default().push(finding);
        }
        None => comment.new.push(finding),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn overlong_reviews_are_damaged() {
        assert!(matches!(read("1", &"x".repeat(LARGEST + 1)), Err(OlderReason::Damaged(_))));
        let many = format!("### Blocking issues\n{}", "- a finding\n".repeat(10_001));
        assert!(matches!(read("1", &many), Err(OlderReason::Damaged(_))));
    }

    /// Generates lines of older reviews and of attackers.
    fn line() -> impl Strategy<Value = String> {
        prop_oneof![
            ".{0,40}",
            "#{1,7} ?(Blocking issues|Same-PR follow-ups|Prior unresolved item dispositions|x)",
            " {0,5}[-*+1.`~]{1,4} ?.{0,20}",
            " {0,4}[-*`]{0,2} ?item-[0-9]{0,22}[`*]{0,2}[:. —-]{0,3}(resolved|still blocking|future)?.{0,10}",
            "-- ?(Codex|Anthropic Claude|.{0,9})",
            "<!-- ?(AGENT_STATE: approved|AGENT_LOOP_META: .{0,9}|.{0,9}) ?-->",
        ]
    }

    proptest! {
        #[test]
        fn no_markdown_makes_the_reader_panic(lines in proptest::collection::vec(line(), 0..30)) {
            let _ = read("1", &lines.join("\n"));
            let _ = read("1", &lines.join("\r\n"));
        }
    }
}
