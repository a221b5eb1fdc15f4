//! Issues and pull requests of the embedded forge, as text for people and without control characters.

use std::fmt::Write;

use jiff::tz::TimeZone;

use crate::adapters::embedded_forge::rows::SubjectRow;
use crate::adapters::process::output::tail::plain;
use crate::ports::forge::Comment;
use crate::text::markdown::count;
use crate::text::sanitize::one_line;

/// Formats one line of a list.
pub(super) fn row(row: &SubjectRow, state: &str) -> String {
    format!("{:>5}  {state:<6}  {}\n", row.number, one_line(&row.title, 100))
}

/// The comments that a view shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comments {
    All,
    Last,
}

/// Formats an issue or a pull request with comments.
pub(super) fn view(row: &SubjectRow, about: &str, comments: &[Comment], shown: Comments) -> String {
    let mut text =
        format!("{} #{}\n{about} · by {}\n", one_line(&row.title, 200), row.number, row.writer.login);
    let body = readable(&row.body);
    if !body.is_empty() {
        let _ = write!(text, "\n{body}\n");
    }
    let skipped = match shown {
        Comments::All => 0,
        Comments::Last => comments.len().saturating_sub(1),
    };
    if skipped > 0 {
        let _ = write!(
            text,
            "\n── {} not shown; --comments shows all ──\n",
            count(u64::try_from(skipped).unwrap_or(u64::MAX), "comment")
        );
    }
    for comment in comments.iter().skip(skipped) {
        let edited = if comment.created_at == comment.updated_at { "" } else { ", edited" };
        let date = comment.created_at.to_zoned(TimeZone::system()).strftime("%b %-d, %H:%M");
        let _ = write!(text, "\n── {} · {date}{edited}\n\n{}\n", comment.author, readable(&comment.body));
    }
    text
}

/// A text without our markers and without the HTML that our comments have.
fn readable(body: &str) -> String {
    let lines = body.lines().filter(|line| !line.starts_with("<!-- AGENT_LOOP_"));
    let text = lines.collect::<Vec<_>>().join("\n");
    let text = text.replace("<details><summary>", "").replace("</summary>", ":").replace("</details>", "");
    let text = text.replace("<sub>", "(").replace("</sub>", ")");
    plain(text.trim())
}
