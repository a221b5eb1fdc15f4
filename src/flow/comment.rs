//! Renders the visible parts of records that every flow has. They are never read back: the record has all data.

use std::fmt::Write;
use std::time::Duration;

use crate::domain::ending::Ending;
use crate::domain::gate::Verdict;
use crate::domain::ids::GateName;
use crate::domain::revision::RevisionKind;
use crate::domain::roster::Roster;
use crate::domain::usage::Usage;
use crate::domain::vote::{Ballot, Vote};
use crate::text::amounts::{self, duration};
use crate::text::markdown::{count, section};
use crate::text::sanitize::balanced::balanced;
use crate::text::sanitize::{neutral, one_line, unmarked};

use super::run::Concluded;

/// The maximum length of a text in a cell of a table, in characters.
const CELL: usize = 200;

/// Renders the end of a run: the verdict, the reason, a table with every seat and gate, requirements, the cost. `unmeasured` are
/// gates of the run that were not measured before the end.
pub fn concluded(concluded: &Concluded, votes_on: RevisionKind, unmeasured: &[GateName]) -> String {
    let mut text = verdict(concluded);
    if let Some(message) = beside_verdict(&concluded.ending, &concluded.message) {
        let _ = write!(text, "\n\n{}", neutral(message));
    }
    text.push('\n');
    text.push_str(&table(concluded, votes_on, unmeasured));
    if !concluded.requirements.is_empty() {
        text.push_str("\nEvery vote covers these requirements:\n\n");
        for one in &concluded.requirements {
            let words = unmarked(&one_line(&one.text, 500));
            let _ = writeln!(text, "- {} (`{}`): {words}", one.author, one.id);
        }
    }
    let _ = write!(text, "\n<sub>{}</sub>", cost(concluded.rounds, &concluded.usage));
    text
}

/// Returns the part of a message that the verdict does not say: for an approval, all but the first sentence.
pub fn beside_verdict<'message>(ending: &Ending, message: &'message str) -> Option<&'message str> {
    let verdict_end = if ending.approves() {
        ". "
    } else if *ending == Ending::ApprovedCiPending {
        "; "
    } else {
        return Some(message);
    };
    message.split_once(verdict_end).map(|(_, rest)| rest)
}

/// Renders the verdict in one line: the ending, the commit and the number of approvals.
fn verdict(concluded: &Concluded) -> String {
    let mut text = format!("**{}**", title(&concluded.ending));
    if let Some(head) = &concluded.head {
        let _ = write!(text, " at `{}`", head.short());
    }
    let is_approval = |vote: &&Vote| vote.state == Ballot::Approved;
    let approvals = concluded.votes.iter().filter(is_approval).count();
    let seats = concluded.votes.len() + concluded.absent.len();
    if seats > 0 {
        let _ = write!(text, " · {approvals} of {seats} approve");
    }
    text
}

fn table(concluded: &Concluded, votes_on: RevisionKind, unmeasured: &[GateName]) -> String {
    if concluded.votes.is_empty() && concluded.absent.is_empty() && concluded.gates.is_empty() {
        return String::new();
    }
    let mut text = format!("\n| | result | {votes_on} |\n|---|---|---|\n");
    for vote in &concluded.votes {
        let _ = writeln!(text, "| {} | {} | `{}` |", vote.agent, vote.state.name(), vote.head.short());
    }
    for absence in &concluded.absent {
        let why = absence.why.as_deref().filter(|why| !concluded.message.contains(why));
        let why = why.map_or_else(String::new, |why| format!(": {}", cell(why)));
        let _ = writeln!(text, "| {} | did not vote{why} | |", absence.agent);
    }
    for measured in &concluded.gates {
        let (gate, head) = (&measured.gate, measured.head.short());
        let _ = writeln!(text, "| gate {gate} | {} | `{head}` |", word(measured.verdict));
    }
    for gate in unmeasured {
        let _ = writeln!(text, "| gate {gate} | not measured | |");
    }
    for (gate, why) in &concluded.gates_not_run {
        let _ = writeln!(text, "| gate {gate} | not run: {why} | |");
    }
    for measured in &concluded.gates {
        let reports: Vec<String> = measured.reports().map(|one| unmarked(&one.text)).collect();
        section(&mut text, &format!("Reported by the gate {}", measured.gate), &reports);
    }
    text
}

/// Renders a text for a cell of a table.
pub fn cell(text: &str) -> String {
    balanced(&one_line(&unmarked(text), CELL)).replace('|', "\\|")
}

/// Returns how comments name the verdict of a gate.
pub fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "passed",
        Verdict::Fail => "failed",
        Verdict::Inconclusive => "could not be measured",
    }
}

/// Returns how comments name an ending.
pub fn title(ending: &Ending) -> String {
    match ending {
        Ending::Approved => "Approved".to_owned(),
        Ending::Merged { commit } => format!("Approved and merged as `{}`", commit.short()),
        Ending::Consensus => "Consensus".to_owned(),
        Ending::Planned => "Planned".to_owned(),
        Ending::Decomposed => "Decomposed".to_owned(),
        Ending::Kept => "Kept".to_owned(),
        Ending::Deadlock => "Deadlock".to_owned(),
        Ending::ApprovedCiPending => "Approved, checks pending".to_owned(),
        Ending::Blocked { .. } => "Blocked".to_owned(),
        Ending::Failed { .. } => "Failed".to_owned(),
        Ending::Refused { .. } => "Refused".to_owned(),
        Ending::Parked { .. } => "Parked".to_owned(),
        Ending::NeedsHuman { .. } => "Needs a person's decision".to_owned(),
        Ending::Inconclusive => "Inconclusive".to_owned(),
        Ending::Interrupted => "Interrupted".to_owned(),
    }
}

/// Renders the rounds of a run, its turns, its time and its cost.
pub fn cost(rounds: u32, usage: &Usage) -> String {
    let rounds = (rounds > 0).then(|| count(rounds, "round"));
    let mut parts: Vec<String> = rounds.into_iter().collect();
    parts.push(count(usage.calls, "turn"));
    parts.push(format!("{} of agent time", duration(Duration::from_millis(usage.milliseconds))));
    parts.extend(amounts::cost(usage));
    parts.join(" · ")
}

/// Names the coder and the reviewers of a run.
pub fn participants(roster: &Roster) -> String {
    let reviewers: Vec<String> = roster.reviewers().iter().map(|seat| format!("`{}`", seat.label)).collect();
    let noun = if reviewers.len() == 1 { "reviewer" } else { "reviewers" };
    format!("coder `{}`, {noun} {}", roster.coder().label, reviewers.join(", "))
}

/// Renders the model of an answer, its duration and its cost.
pub fn signature(model: Option<&str>, usage: Usage) -> String {
    let mut parts: Vec<String> = model.map(|model| one_line(&unmarked(model), 60)).into_iter().collect();
    parts.push(duration(Duration::from_millis(usage.milliseconds)));
    parts.extend(amounts::cost(&usage));
    format!("\n<sub>{}</sub>", parts.join(" · "))
}
