//! How the branches of runs are named, and which issue such a name stands for.

use super::ids::{IssueNumber, TaskKey};

/// The branch of an issue. Where it is taken by somebody else, `-2` and so on is put behind it.
pub fn of_issue(number: IssueNumber) -> String {
    format!("{ISSUE}{number}")
}

/// The branch of a task.
pub fn of_task(key: &TaskKey) -> String {
    format!("agent-loop/task-{key}")
}

/// The issue that a branch is named after, if the name is one of ours. Anybody may give a branch such a name.
pub fn issue_of(branch: &str) -> Option<IssueNumber> {
    let name = branch.strip_prefix(ISSUE)?;
    let (number, again) = name.split_once('-').unwrap_or((name, "2"));
    again.parse::<u32>().ok()?;
    number.parse().ok().map(IssueNumber)
}

const ISSUE: &str = "agent-loop/issue-";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_names_that_we_give_name_an_issue() {
        for (branch, number) in [
            (of_issue(IssueNumber(7)).as_str(), Some(7)),
            ("agent-loop/issue-7-2", Some(7)),
            ("agent-loop/issue-7-hotfix", None),
            ("agent-loop/issue-", None),
            ("agent-loop/issue-x", None),
            ("agent-loop/task-7", None),
            ("issue-7", None),
        ] {
            assert_eq!(issue_of(branch), number.map(IssueNumber), "{branch}");
        }
    }
}
