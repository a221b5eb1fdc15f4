//! What is to be done, as the command line says it.

use std::io::Read;
use std::path::Path;

use crate::cli::arguments::TaskArguments;
use crate::domain::ids::{IssueNumber, PullRequestNumber};

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// `task`
    Task(String),
    /// `issue`
    Issue(IssueNumber),
    /// `pr`
    PullRequest(PullRequestNumber),
}

/// The words of a task, from the command line, a file, or stdin.
///
/// # Errors
/// When they can't be read, or there are none.
pub fn task_text(arguments: &TaskArguments, folder: &Path) -> Result<String, String> {
    let text = match (arguments.text.as_slice(), &arguments.task_file) {
        (words @ [_, ..], _) => words.join(" "),
        ([], Some(path)) if path.as_os_str() == "-" => {
            let mut text = String::new();
            let read = std::io::stdin().lock().read_to_string(&mut text);
            read.map_err(|error| format!("stdin can't be read: {error}"))?;
            text
        }
        ([], Some(path)) => std::fs::read_to_string(folder.join(path))
            .map_err(|error| format!("the task file {} can't be read: {error}", path.display()))?,
        ([], None) => String::new(),
    };
    if text.trim().is_empty() {
        Err("the task says nothing; say what is to be done".to_owned())
    } else {
        Ok(text)
    }
}
