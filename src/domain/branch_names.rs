//! The names of the branches of runs.

use super::ids::{IssueNumber, TaskKey};
use super::subject::Subject;

/// Returns the branch of an issue. If the name is taken, callers append `-2` and so on.
pub fn of_issue(number: IssueNumber) -> String {
    format!("{ISSUE}{number}")
}

/// Returns the branch of a task.
pub fn of_task(key: &TaskKey) -> String {
    format!("{TASK}{key}")
}

/// Returns the issue or task in the name of a branch. Anyone can create a branch with such a name.
pub fn subject_of(branch: &str) -> Option<Subject> {
    let issue = |name: &str| name.parse().ok().map(|number| Subject::Issue(IssueNumber(number)));
    let task = |name: &str| name.parse().ok().map(Subject::Task);
    branch
        .strip_prefix(ISSUE)
        .and_then(without_suffix)
        .and_then(issue)
        .or_else(|| branch.strip_prefix(TASK).and_then(without_suffix).and_then(task))
}

/// Returns whether a branch has a name of the kind that runs use.
pub fn is_of_a_run(branch: &str) -> bool {
    branch.starts_with("agent-loop/")
}

/// Removes the `-2` of a second branch from a name.
fn without_suffix(name: &str) -> Option<&str> {
    let (name, number) = name.split_once('-').unwrap_or((name, "2"));
    number.parse::<u32>().ok().map(|_| name)
}

const ISSUE: &str = "agent-loop/issue-";
const TASK: &str = "agent-loop/task-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_names_name_a_subject() {
        let key: TaskKey = "1a2b3c4d".parse().unwrap();
        for (branch, subject) in [
            (of_issue(IssueNumber(7)).as_str(), Some("issue/7")),
            ("agent-loop/issue-7-2", Some("issue/7")),
            (of_task(&key).as_str(), Some("task/1a2b3c4d")),
            ("agent-loop/task-1a2b3c4d-3", Some("task/1a2b3c4d")),
            ("agent-loop/issue-7-hotfix", None),
            ("agent-loop/issue-", None),
            ("agent-loop/issue-x", None),
            ("agent-loop/task-7", None),
            ("issue-7", None),
        ] {
            assert_eq!(subject_of(branch).map(|subject| subject.to_string()).as_deref(), subject, "{branch}");
        }
    }
}
