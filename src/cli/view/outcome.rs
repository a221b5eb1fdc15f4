//! The outcome for people and for scripts, schema `agent-loop/outcome/1`.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::adapters::process::output::tail::plain;
use crate::domain::ending::{Blocked, Ending, Failed, NeedsHuman, Refused};
use crate::domain::gate::{Finding, Measurement};
use crate::domain::gate_plan::NotRun;
use crate::domain::ids::GateName;
use crate::domain::instant::utc;
use crate::domain::item::Item;
use crate::domain::shell::quoted;
use crate::domain::subject::Subject;
use crate::engine::outcome::Outcome;
use crate::flow::comment::beside_verdict;
use crate::flow::conclusion::Reached;
use crate::flow::panel::TOO_FEW_VOTES;
use crate::flow::view::FollowingCommand;
use crate::text::amounts::{cost, duration};
use crate::text::markdown::count;

use super::brief;
use super::place::CommandPlace;

/// The maximum length of an item's text, in characters.
const ITEM: usize = 120;

/// Returns the outcome as a JSON object.
pub fn json(outcome: &Outcome, next_command: &str) -> Value {
    let mut object = json!({
        "schema": "agent-loop/outcome/1",
        "status": outcome.ending.status(),
        "exit": outcome.ending.exit_code(),
        "run": outcome.run,
        "subject": outcome.subject,
        "pr": outcome.view.pull_request,
        "head": outcome.view.head,
        "base": outcome.base,
        "rounds": outcome.view.rounds,
        "votes": outcome.view.votes,
        "items": {
            "open": outcome.open_items().map(item).collect::<Vec<_>>(),
            "future": outcome.future_items().map(item).collect::<Vec<_>>(),
            "resolved": outcome.resolved(),
        },
        "gates": gates(outcome),
        "usage": outcome.usage,
        "next_command": next_command,
        "message": outcome.message,
    });
    if let Value::Object(members) = &mut object {
        if outcome.forge_calls.all() > 0 {
            members.insert("forge_calls".to_owned(), json!(outcome.forge_calls));
        }
        if !outcome.redacted.is_empty() {
            members.insert("redacted".to_owned(), json!(outcome.redacted));
        }
        if let Some(path) = &outcome.usage_summary {
            members.insert("usage_summary".to_owned(), json!(path.to_string_lossy()));
        }
        if !outcome.failed_logs.is_empty() {
            members.insert("failed_logs".to_owned(), json!(outcome.failed_logs));
        }
        if let Some(reason) = outcome.ending.reason() {
            members.insert("reason".to_owned(), json!(reason));
        }
        if let Ending::Parked { resets_at, .. } = &outcome.ending {
            members.insert("resets_at".to_owned(), json!(resets_at));
        }
    }
    object
}

fn item(item: &Item) -> Value {
    json!({
        "id": item.id,
        "reviewer": item.author.to_string(),
        "status": item.status.name(),
        "round": item.round,
        "text": item.text,
    })
}

/// Returns every gate: those that were measured, then those that were not, each with the reason.
fn gates(outcome: &Outcome) -> Vec<Value> {
    let not_run = |(gate, why): (&GateName, &str)| json!({ "name": gate, "verdict": "not-run", "detail": why, "findings": [] });
    let left_out = outcome.view.gates_not_run.iter().map(|(gate, why)| (gate, why.name()));
    let unmeasured = outcome.view.gates_unmeasured.iter().map(|gate| (gate, "not measured yet"));
    let tests = GateName::tests();
    let is_known = outcome.view.gates_not_run.contains_key(&tests) || has_tests(outcome);
    let without_command = outcome
        .view
        .pull_request
        .filter(|_| !is_known && outcome.ending.approves())
        .map(|_| (&tests, NotRun::NoTestCommand.name()));
    let not_run = left_out.chain(unmeasured).chain(without_command).map(not_run);
    outcome.view.gates.iter().map(gate).chain(not_run).collect()
}

fn has_tests(outcome: &Outcome) -> bool {
    outcome.view.gates.iter().any(|gate| gate.gate == GateName::tests())
}

fn gate(measured: &Measurement) -> Value {
    let finding = |one: &Finding| json!({ "key": one.key, "level": one.level.name(), "text": one.text });
    let findings: Vec<Value> = measured.findings.iter().map(finding).collect();
    json!({
        "name": measured.gate, "verdict": measured.verdict.name(), "detail": measured.detail, "findings": findings,
    })
}

/// Returns the outcome as lines: the ending, open items, and the next command.
pub fn text(outcome: &Outcome, next_command: &str, place: &CommandPlace) -> String {
    let mut text = format!("{}\n", headline(outcome));
    if let Some(message) = beside_verdict(&outcome.ending, &outcome.message).filter(|_| !is_told(outcome)) {
        for line in plain(message).lines() {
            let _ = writeln!(text, "  {line}");
        }
    }
    let whole = place.command(&about_it("status", outcome));
    let open = outcome
        .open_items()
        .map(|item| format!("  {} ({}) {}", item.id, item.author, brief::of_item(item, ITEM, &whole)));
    for line in brief::few(open, &whole) {
        let _ = writeln!(text, "{line}");
    }
    if outcome.ending.approves() && !is_merged_before(outcome) && !has_tests(outcome) {
        let command = outcome.known_tests.as_deref().map_or_else(|| "COMMAND".to_owned(), quoted);
        let _ = writeln!(text, "  no tests were run; --test-command {command} adds them");
    }
    for (kind, count) in &outcome.redacted {
        let times = if *count == 1 { "once".to_owned() } else { format!("{count} times") };
        let _ = writeln!(text, "  redacted a secret: {kind}, {times}");
    }
    for line in logs_of(outcome, place) {
        let _ = writeln!(text, "  {line}");
    }
    if let (Ending::Planned | Ending::Decomposed, Some(issue)) = (&outcome.ending, &outcome.issue_commands) {
        let _ = writeln!(text, "  the plan: {}", issue.view);
    }
    if !next_command.is_empty() {
        let stopped_merge = Ending::NeedsHuman { reason: NeedsHuman::Merge };
        let when = if let Ending::Parked { resets_at, .. } = &outcome.ending {
            format!(" (after {})", utc(*resets_at))
        } else if is_of_an_agent(&outcome.ending) || outcome.ending == stopped_merge {
            " (once the cause is fixed)".to_owned()
        } else if let Some(issue) = outcome.next_after {
            format!(" (once #{issue} is closed)")
        } else {
            String::new()
        };
        let _ = writeln!(text, "next{when}: {next_command}");
    }
    text
}

/// Returns the ending in one line: `approved #1 at b950be8 · 2 rounds · 17 s · $0.42`.
fn headline(outcome: &Outcome) -> String {
    let subject = || outcome.subject.as_ref().map(ToString::to_string);
    let what = outcome.view.pull_request.map(|number| format!("#{number}")).or_else(subject);
    let what = what.map_or_else(String::new, |what| format!(" {what}"));
    let at = match (&outcome.ending, &outcome.view.head) {
        (Ending::Merged { commit }, _) => format!(" as {}", commit.short()),
        (_, Some(head)) if outcome.view.pull_request.is_some() => format!(" at {}", head.short()),
        (_, _) => String::new(),
    };
    let reason = outcome.ending.reason().filter(|reason| *reason != outcome.ending.status());
    let reason = reason.map_or_else(String::new, |reason| format!(" ({reason})"));
    let is_debate = matches!(outcome.ending, Ending::Consensus | Ending::Deadlock);
    let already = match outcome.reached {
        Reached::Before if !is_debate => "already ",
        Reached::Before | Reached::Now => "",
    };
    let mut parts = vec![format!("{already}{}{reason}{what}{at}", outcome.ending.status())];
    parts.extend((outcome.view.rounds > 0).then(|| count(outcome.view.rounds, "round")));
    // The time of a command that found an earlier end says nothing about the run.
    let has_worked = outcome.reached == Reached::Now && !matches!(outcome.ending, Ending::Refused { .. });
    parts.extend(outcome.elapsed.filter(|_| has_worked).map(duration));
    parts.extend(cost(&outcome.usage));
    parts.join(" · ")
}

/// Returns whether the reason of a failure was printed when it happened: the last turn of an agent failed in this command, and that
/// is the whole reason.
fn is_told(outcome: &Outcome) -> bool {
    let has_logs = !outcome.failed_logs.is_empty();
    is_of_an_agent(&outcome.ending) && has_logs && !outcome.message.starts_with(TOO_FEW_VOTES)
}

/// Returns whether the failure of an agent ended the run.
fn is_of_an_agent(ending: &Ending) -> bool {
    matches!(ending, Ending::Failed { reason: Failed::AgentFailed | Failed::ReviewerUnavailable })
}

/// Returns whether the pull request was merged before this command.
fn is_merged_before(outcome: &Outcome) -> bool {
    matches!((&outcome.ending, outcome.reached), (Ending::Merged { .. }, Reached::Before))
}

/// Returns the commands that show the logs of failed turns, if the run was not successful.
pub fn logs_of(outcome: &Outcome, place: &CommandPlace) -> Vec<String> {
    if outcome.ending.exit_code() == 0 {
        return Vec::new();
    }
    let logs = outcome.failed_logs.iter();
    logs.map(|(who, log)| format!("log of {who}: {}", place.log(log).unwrap_or_else(|| log.clone())))
        .collect()
}

/// Returns the next command, which works as typed.
pub fn next_command(outcome: &Outcome) -> String {
    let commands = outcome.commands.as_ref();
    let view = || match (commands, &outcome.issue_commands) {
        (Some(forge), _) => forge.view.clone(),
        (None, Some(issue)) => issue.view.clone(),
        (None, None) => again(outcome),
    };
    if let Some(command) = &outcome.next {
        return command.clone();
    }
    match &outcome.ending {
        Ending::Approved => commands.map_or_else(|| again(outcome), |forge| forge.merge.clone()),
        Ending::NeedsHuman { reason: NeedsHuman::Clarification } => {
            format!("{} --interactive", about_it("resume", outcome))
        }
        Ending::Interrupted | Ending::Parked { .. } | Ending::NeedsHuman { reason: NeedsHuman::Merge } => {
            about_it("resume", outcome)
        }
        // What the coder said instead of a change is in its log.
        Ending::Blocked { reason: Blocked::NoChange } if outcome.view.pull_request.is_none() => {
            about_it("logs", outcome)
        }
        Ending::Merged { .. } | Ending::Blocked { .. } | Ending::NeedsHuman { .. } => view(),
        Ending::Failed { reason: Failed::Disk | Failed::Forge } if outcome.run.is_none() => {
            "agent-loop doctor".to_owned()
        }
        Ending::Failed { .. } | Ending::ApprovedCiPending | Ending::Inconclusive => again(outcome),
        Ending::Refused { reason } => match reason {
            Refused::UntrustedConfig => "agent-loop config trust".to_owned(),
            Refused::Dirty => named_in(&outcome.message).unwrap_or("git status").to_owned(),
            Refused::ClosedSubject => {
                outcome.reopening.clone().unwrap_or_else(|| "agent-loop status".to_owned())
            }
            Refused::Locked | Refused::NoChange => "agent-loop status".to_owned(),
            Refused::Usage => named_in(&outcome.message).unwrap_or_default().to_owned(),
            Refused::Config | Refused::Unsupported => "agent-loop doctor".to_owned(),
        },
        Ending::Deadlock | Ending::Consensus | Ending::Planned | Ending::Decomposed | Ending::Kept => {
            following(outcome).unwrap_or_else(|| "agent-loop status".to_owned())
        }
    }
}

/// Returns the command that follows in the present state of the flow, if the flow knows it.
fn following(outcome: &Outcome) -> Option<String> {
    let issue = || outcome.issue_commands.clone();
    match outcome.view.next_command.as_ref()? {
        FollowingCommand::Change(issue) => Some(format!("agent-loop issue {issue}")),
        FollowingCommand::Decline => Some(issue()?.decline),
        FollowingCommand::Decide => Some(issue()?.comment),
        FollowingCommand::Other(command) => Some(command.clone()),
    }
}

/// Returns the first command that a message proposes: one without flags, a list on GitHub, a stash, or `git init`. A title in the
/// message was written by an agent or a stranger and must not choose more than that.
pub fn named_in(message: &str) -> Option<&str> {
    let is_plain = |text: &&str| {
        let is_ours = text.starts_with("agent-loop ");
        let is_list = text.starts_with("gh issue list --repo ") || text.starts_with("gh pr list --repo ");
        let is_stash = text.starts_with("git -C ") && text.ends_with(" stash push --include-untracked");
        let is_one_command = !text.contains(['…', ';', '&', '|', '$', '(', '<', '>', '\n']);
        let is_beginning = *text == "git init";
        is_one_command && ((is_ours && !text.contains(" -")) || is_list || is_stash || is_beginning)
    };
    let is_template = |text: &&str| {
        text.split(' ').skip(1).any(|word| word.chars().all(|letter| letter.is_ascii_uppercase()))
    };
    message.split('`').skip(1).step_by(2).find(|text| is_plain(text) && !is_template(text))
}

/// Returns a command about the subject.
fn about_it(command: &str, outcome: &Outcome) -> String {
    let subject = outcome.subject.as_ref().map_or_else(String::new, |subject| format!(" {subject}"));
    format!("agent-loop {command}{subject}")
}

/// Returns the command that resumes work on the subject; the text of a task is stored on this machine.
fn again(outcome: &Outcome) -> String {
    if let Some(command) = following(outcome) {
        return command;
    }
    match (outcome.view.pull_request, &outcome.subject) {
        (Some(number), _) => format!("agent-loop pr {number}"),
        (None, Some(Subject::PullRequest(number))) => format!("agent-loop pr {number}"),
        (None, Some(Subject::Issue(number))) => format!("agent-loop issue {number}"),
        (None, Some(task @ Subject::Task(_))) => format!("agent-loop resume {task}"),
        (None, None) => "agent-loop doctor".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::{IssueNumber, PullRequestNumber};

    #[test]
    fn every_ending_has_a_next_command() {
        let task = Subject::Task("0123abcd".parse().unwrap());
        let clarification = Ending::NeedsHuman { reason: NeedsHuman::Clarification };
        for (ending, number, expected) in [
            (Ending::NeedsHuman { reason: NeedsHuman::Merge }, Some(7), "agent-loop resume task/0123abcd"),
            (clarification, None, "agent-loop resume task/0123abcd --interactive"),
            (Ending::Inconclusive, None, "agent-loop resume task/0123abcd"),
            (Ending::Inconclusive, Some(7), "agent-loop pr 7"),
            (Ending::Failed { reason: Failed::AgentFailed }, Some(7), "agent-loop pr 7"),
            (Ending::Blocked { reason: Blocked::NoChange }, None, "agent-loop logs task/0123abcd"),
            (Ending::Refused { reason: Refused::UntrustedConfig }, None, "agent-loop config trust"),
            (Ending::Refused { reason: Refused::Usage }, None, ""),
            (Ending::Failed { reason: Failed::Disk }, None, "agent-loop doctor"),
            (Ending::Interrupted, Some(7), "agent-loop resume task/0123abcd"),
        ] {
            let mut outcome = Outcome::bare(task.clone(), ending, String::new());
            outcome.view.pull_request = number.map(PullRequestNumber);
            assert_eq!(next_command(&outcome), expected);
        }
    }

    #[test]
    fn a_refusal_names_its_command() {
        let refused = Ending::Refused { reason: Refused::Usage };
        for (message, expected) in [
            (
                "the branch `x` does not exist; list issues with `agent-loop local issue list`",
                "agent-loop local issue list",
            ),
            (
                "issue 7 does not exist; list issues with `gh issue list --repo o/r`",
                "gh issue list --repo o/r",
            ),
            ("run `agent-loop task …` again", ""),
            ("the stages are “`agent-loop clean --yes`” and “`gh repo delete o/r`”", ""),
            ("`agent-loop issue N` starts one", ""),
            ("no command", ""),
        ] {
            let outcome = Outcome::bare(Subject::Issue(IssueNumber(7)), refused.clone(), message.to_owned());
            assert_eq!(next_command(&outcome), expected);
        }
    }
}
