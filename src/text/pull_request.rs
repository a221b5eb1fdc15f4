//! The description of a pull request of ours, and the marker by which a task finds it again.

use std::collections::BTreeSet;

use crate::domain::pull_request::{Closing, PullRequestPurpose};
use crate::domain::subject::Subject;
use crate::ledger::codec::BODY_LIMIT;

use super::inert;
use super::sanitize::neutral;

/// The maximum length of the last lines, in bytes.
const LAST_LINES: usize = 300;

/// Returns the description: the coder's summary, then the issue that the merge closes or to which it refers, the plan, or the
/// marker of the task. The coder's words cannot close an issue that stays open.
pub fn body(words: &str, purpose: &PullRequestPurpose) -> String {
    let (own, link) = match (&purpose.subject, purpose.closing) {
        (Subject::Issue(number), Closing::Closes) => (Some(number.0), format!("Closes #{number}")),
        (Subject::Issue(number), Closing::Refers) => (None, format!("Refs #{number}")),
        (Subject::Task(key), _) => (None, format!("<!-- AGENT_LOOP_TASK: key={key} -->")),
        (Subject::PullRequest(number), _) => (Some(number.0), format!("Refs #{number}")),
    };
    let mut last = vec![link];
    last.extend(purpose.parent.map(|parent| format!("Refs #{parent}")));
    last.extend(purpose.plan.as_ref().map(|plan| format!("Plan `{}` of #{}", plan.hash, plan.issue)));
    let own: BTreeSet<u64> = own.into_iter().collect();
    let words = inert::comment(&neutral(words), BODY_LIMIT - LAST_LINES, &own);
    format!("{words}\n\n{}\n", last.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::IssueNumber;
    use crate::domain::plan::BoundPlan;

    #[test]
    fn long_descriptions_keep_their_link() {
        let plan = BoundPlan { hash: "0123456789abcdef".parse().unwrap(), issue: IssueNumber(u64::MAX) };
        let purpose = PullRequestPurpose {
            subject: Subject::Issue(IssueNumber(5)),
            closing: Closing::Closes,
            parent: Some(IssueNumber(u64::MAX)),
            plan: Some(plan),
        };
        for words in ["@ada ", "é", "#7 ", "```\n", "![x](https://x.y/z) ", "word\n"] {
            let body = body(&words.repeat(70_000), &purpose);
            assert!(body.len() <= BODY_LIMIT && body.contains("\n\nCloses #5\n"), "{words}: {}", body.len());
        }
    }

    #[test]
    fn a_part_never_closes_the_parent() {
        let (child, parent) = (IssueNumber(5), IssueNumber(12));
        let plan = BoundPlan { hash: "0123456789abcdef".parse().unwrap(), issue: parent };
        let purpose = |subject, closing, parent| PullRequestPurpose {
            subject: Subject::Issue(subject),
            closing,
            parent,
            plan: Some(plan.clone()),
        };
        let words = "Closes #12.\n\nfixes: #12, resolves #5";
        let of_child = body(words, &purpose(child, Closing::Closes, Some(parent)));
        assert!(
            of_child.ends_with("\n\nCloses #5\nRefs #12\nPlan `0123456789abcdef` of #12\n"),
            "{of_child}"
        );
        let of_part = body(words, &purpose(parent, Closing::Refers, None));
        for text in [of_child, of_part] {
            let closing = text.lines().filter(|line| line.contains("#12"));
            let is_plain = |line: &str| line.starts_with("Refs ") || line.starts_with("Plan ");
            assert!(closing.clone().count() > 0 && closing.clone().all(is_plain), "{text}");
        }
    }
}
