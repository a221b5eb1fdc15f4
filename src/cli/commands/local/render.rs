//! Issues and pull requests of the embedded forge, as text for people and without control characters.

use std::fmt::Write;

use crate::adapters::embedded_forge::rows::SubjectRow;
use crate::adapters::process::output::tail::plain;
use crate::ports::forge::Comment;
use crate::text::sanitize::one_line;

/// Formats one line of a list.
pub(super) fn row(row: &SubjectRow, state: &str) -> String {
    format!("{:>5}  {state:<6}  {}\n", row.number, one_line(&row.title, 100))
}

/// Formats an issue or a pull request with its comments, without the lines of records, which are for programs.
pub(super) fn view(row: &SubjectRow, about: &str, comments: &[Comment]) -> String {
    let mut text =
        format!("#{} {}\n{about}, by {}\n", row.number, one_line(&row.title, 200), row.writer.login);
    if !row.body.trim().is_empty() {
        let _ = write!(text, "\n{}\n", plain(&row.body));
    }
    for comment in comments {
        let edited = if comment.created_at == comment.updated_at { "" } else { ", edited" };
        let date = comment.created_at.strftime("%Y-%m-%d %H:%M:%S");
        let body: Vec<&str> =
            comment.body.lines().filter(|line| !line.starts_with("<!-- AGENT_LOOP_")).collect();
        let _ = write!(text, "\n── {} · {date} UTC{edited}\n\n{}\n", comment.author, plain(&body.join("\n")));
    }
    text
}
