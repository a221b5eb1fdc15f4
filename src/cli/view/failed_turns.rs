//! Describes failed turns in one line: the failure, and the action that follows.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::agent::Role;
use crate::domain::failure::TurnFailure;
use crate::domain::follow_up_action::FollowUpAction;
use crate::domain::ids::Label;
use crate::text::markdown::count;
use crate::text::sanitize::one_line;

use super::amounts::until;

/// The longest text of a program, in characters.
const LONGEST_REASON: usize = 400;
/// The longest error of a malformed answer, in characters. The log has the answer.
const LONGEST_ERROR: usize = 160;

/// The failures that were described.
#[derive(Debug, Default)]
pub(super) struct TurnFailures {
    /// The errors of the latest malformed answer to each agent's question.
    errors: BTreeMap<Label, Vec<String>>,
}

impl TurnFailures {
    /// Describes a failure of an agent, with the beginning of its answer.
    pub(super) fn described(
        &mut self,
        label: &Label,
        failure: &TurnFailure,
        said: Option<&str>,
        now: Timestamp,
    ) -> String {
        if let TurnFailure::Malformed { complaints } = failure {
            return self.malformed(label, complaints, said);
        }
        reason(failure, now)
    }

    /// Forgets the errors of an agent that has answered.
    pub(super) fn answered(&mut self, label: &Label) {
        self.errors.remove(label);
    }

    /// Describes a malformed answer by its first error and, if it has no object, by its beginning. The same errors are not
    /// repeated for the next attempt.
    fn malformed(&mut self, label: &Label, complaints: &[String], said: Option<&str>) -> String {
        let before = self.errors.insert(label.clone(), complaints.to_vec());
        if before.is_some_and(|before| before == complaints) {
            return "gave a malformed answer with the same errors".to_owned();
        }
        let first = complaints.first().map_or("", String::as_str);
        let first = one_line(first.trim_start_matches("the answer: "), LONGEST_ERROR);
        let more = match complaints.len() {
            0 | 1 => String::new(),
            all => format!("; {}", count(all - 1, "more error")),
        };
        format!("gave a malformed answer: {first}{more}{}", quoted(said))
    }
}

fn reason(failure: &TurnFailure, now: Timestamp) -> String {
    // The time of a reset is shown as local time.
    let (resets_at, guess, detail) = if let TurnFailure::Quota { resets_at, detail } = failure {
        (resets_at, "", detail)
    } else if let TurnFailure::QuotaUnknown { retry_at, detail } = failure {
        (retry_at, " (a guess)", detail)
    } else {
        return one_line(&failure.to_string(), LONGEST_REASON);
    };
    let detail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
    let text = format!("is out of quota, which resets {}{guess}{detail}", until(now, *resets_at));
    one_line(&text, LONGEST_REASON)
}

fn quoted(said: Option<&str>) -> String {
    match said {
        None => String::new(),
        Some("") => "; it is empty".to_owned(),
        Some(said) => format!("; it begins “{said}”"),
    }
}

/// Describes the action that follows.
pub(super) fn aftermath(role: Role, follows: &FollowUpAction, now: Timestamp) -> String {
    match (follows, role) {
        (FollowUpAction::AskedAgain { seconds: 0, .. }, _) => "retrying".to_owned(),
        (FollowUpAction::AskedAgain { seconds, .. }, _) if *seconds < 60 => {
            format!("retrying in {seconds} s")
        }
        (FollowUpAction::AskedAgain { not_before, .. }, _) => format!("retrying {}", until(now, *not_before)),
        (FollowUpAction::NextModel { model }, _) => format!("trying the next model, {model}"),
        (FollowUpAction::Corrected, _) => "asking again, with the errors".to_owned(),
        (FollowUpAction::PutIntoForm, Role::Repair) => "asking the next model to reformat it".to_owned(),
        (FollowUpAction::PutIntoForm, Role::Coder | Role::Reviewer | Role::Debater | Role::Analyzer) => {
            "asking to reformat the answer".to_owned()
        }
        (FollowUpAction::Parked { .. }, _) => "the run is parked".to_owned(),
        (FollowUpAction::Nothing, _) => "not retried".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_answers_are_short() {
        let mut failures = TurnFailures::default();
        let mut said = |complaints: &[&str], said: Option<&str>| {
            let complaints = complaints.iter().map(|&one| one.to_owned()).collect();
            let failure = TurnFailure::Malformed { complaints };
            failures.described(&"sam".parse().unwrap(), &failure, said, Timestamp::UNIX_EPOCH)
        };
        let prose = ["the answer: expected one JSON object, found text"];
        assert_eq!(
            said(&prose, Some("I am done.")),
            "gave a malformed answer: expected one JSON object, found text; it begins “I am done.”"
        );
        assert_eq!(said(&prose, Some("Still done.")), "gave a malformed answer with the same errors");
        let long = "x".repeat(5_000);
        let line = said(&[&long, "/kind: expected", "/state: expected"], None);
        assert!(line.ends_with("…; 2 more errors") && line.chars().count() < 250, "{line}");
    }
}
