//! Issues and pull requests of the embedded forge, as text for people and without control characters.

use std::fmt::Write;
use std::sync::{Arc, LazyLock};

use console::truncate_str;
use jiff::tz::TimeZone;
use regex::Regex;

use crate::adapters::embedded_forge::rows::SubjectRow;
use crate::adapters::process::output::tail::plain;
use crate::cli::view::overview::columns;
use crate::cli::view::print;
use crate::domain::pull_request::PullRequest;
use crate::pattern::pattern;
use crate::ports::forge::Comment;
use crate::text::markdown::count;
use crate::text::sanitize::one_line;

use super::json;

/// Returns the columns of an issue in a list.
pub(super) fn issue(row: &SubjectRow, state: &str) -> [String; 4] {
    [format!("#{}", row.number), state.to_owned(), row.writer.login.to_string(), title(row)]
}

/// Returns the columns of a pull request in a list.
pub(super) fn pull_request(row: &SubjectRow, seen: &PullRequest) -> [String; 5] {
    let [number, state, author, title] = issue(row, json::pull_request_state(&seen.state));
    [number, state, seen.head_ref.to_string(), author, title]
}

fn title(row: &SubjectRow) -> String {
    one_line(&row.title, 200)
}

/// Formats a list. On a terminal, its lines are cut.
pub(super) fn list<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> String {
    let cut = |line: &String| format!("{}\n", truncate_str(line, print::result_width(), "…"));
    columns(rows).iter().map(cut).collect()
}

/// The comments that a view shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Comments {
    All,
    Last,
}

/// Formats an issue or a pull request with comments.
pub(super) fn view(row: &SubjectRow, about: &str, comments: &[Arc<Comment>], shown: Comments) -> String {
    let mut text = format!("{} #{}\n{about} · by {}\n", title(row), row.number, row.writer.login);
    let body = readable(&row.body);
    if !body.is_empty() {
        let _ = write!(text, "\n{body}\n");
    }
    let skipped = match shown {
        Comments::All => 0,
        Comments::Last => comments.len().saturating_sub(1),
    };
    if skipped > 0 {
        let _ = write!(text, "\n── {} not shown; --comments shows all ──\n", count(skipped, "comment"));
    }
    for comment in comments.iter().skip(skipped) {
        let edited = if comment.created_at == comment.updated_at { "" } else { ", edited" };
        let date = comment.created_at.to_zoned(TimeZone::system()).strftime("%b %-d, %H:%M");
        let _ = write!(text, "\n── {} · {date}{edited}\n\n{}\n", comment.author, readable(&comment.body));
    }
    text
}

static EMPTY_LINES: LazyLock<Regex> = pattern!(r"\n(?:[ \t]*\n){2,}");

/// Returns a text without our markers and without the HTML of our comments.
fn readable(body: &str) -> String {
    let lines = body.lines().filter(|line| !line.starts_with("<!-- AGENT_"));
    let text = lines.collect::<Vec<_>>().join("\n");
    let text = text.replace("<details><summary>", "").replace("</summary>", ":").replace("</details>", "");
    let text = text.replace("<sub>", "(").replace("</sub>", ")");
    let text = text.replace("<code>", "`").replace("</code>", "`");
    EMPTY_LINES.replace_all(&plain(text.trim()), "\n\n").into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_and_markers_are_not_shown() {
        let body = "Done.\n\n<sub>run 1-<code>240961f2</code></sub>\n\n<!-- AGENT_DISCUSS_CONSENSUS: 86 -->";
        assert_eq!(readable(body), "Done.\n\n(run 1-`240961f2`)");
    }
}
