//! Renders the visible part of each record of a debate. It is never read back: the record has all data.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::domain::debate::{DebateResult, ResearchPolicy};
use crate::domain::execution::DeferredWork;
use crate::domain::roster::{Seat, Voters};
use crate::domain::usage::Usage;
use crate::protocol::context::ContextAgenda;
use crate::protocol::kinds::discuss_review::{DebateOutcome, Framing, ResearchStatus};
use crate::text::markdown::{count, hanging, section};
use crate::text::sanitize::{neutral, one_line, unmarked};

use super::super::comment::{cell, cost, signature, title};
use super::super::machine::At;
use super::super::run::Concluded;
use super::super::view::Records;
use super::agenda;
use super::records::{
    DebateOpened, DebateVerdict, DiscussEntry, FiledStages, Position, RoundSummary, SeatFailure,
};
use super::state::{DebateRound, DebateState, DiscussState};

/// The maximum length of a quoted reason, in characters.
const QUOTE: usize = 300;

/// Renders the visible part of a record. `state` is the state before the record.
pub(super) fn render(state: &DiscussState, at: At<'_>, record: &DiscussEntry) -> String {
    match record {
        DiscussEntry::Opened(opened) => opened_text(state, at, opened),
        DiscussEntry::Position(position) => position_text(at.round, position),
        DiscussEntry::RoundSummary(summary) => summary_text(state, at.round, summary),
        DiscussEntry::Stages(filed) => stages_text(filed),
        DiscussEntry::Concluded(concluded) => concluded_text(concluded),
    }
}

fn opened_text(state: &DiscussState, at: At<'_>, opened: &DebateOpened) -> String {
    let debaters: Vec<String> = opened.roster.reviewers.labels().map(|label| format!("`{label}`")).collect();
    let noun = if debaters.len() == 1 { "debater" } else { "debaters" };
    let mut parts = vec![format!("{noun} {}", debaters.join(", "))];
    parts.extend(opened.analyzer.as_ref().map(|seat| format!("analyzer `{}`", seat.label)));
    parts.push(format!("at most {}", count(opened.policy.rounds(), "round")));
    parts.push(format!("online research: {}", opened.policy.research));
    let mut text = format!("**agent-loop** debates this issue at `{}`: ", opened.head.short());
    text.push_str(&parts.join(", "));
    text.push('.');
    if let Some(independence) = independence(&opened.roster.reviewers) {
        let _ = write!(text, " {independence}");
    }
    if state.records == Records::Missing {
        text.push_str("\n\nRecords are missing from this thread, so the debate starts again.");
    }
    let _ = write!(text, "\n\n<sub>run `{}`</sub>", at.run);
    text
}

/// Describes a panel whose agreement means less than that of different vendors.
fn independence(debaters: &Voters) -> Option<String> {
    let seats = debaters.seats();
    if seats.len() == 1 {
        return Some("There is only one debater: nobody contradicts its vote.".to_owned());
    }
    let houses: BTreeSet<Option<&str>> = seats.iter().map(Seat::house).collect();
    match houses.into_iter().collect::<Vec<_>>().as_slice() {
        [Some(house)] => Some(format!(
            "All debaters use models of one vendor ({house}): their agreement is not independent."
        )),
        [None] | [] | [_, _, ..] => None,
    }
}

fn position_text(round: u32, position: &Position) -> String {
    let said = &position.response;
    let noun = if round == 1 { "position" } else { "rebuttal" };
    let mut text = format!(
        "### Round {round}: {} {noun}\n\nVote: **{}**\n\n",
        position.given.agent,
        said.outcome.name()
    );
    let _ = writeln!(text, "{}", neutral(said.rationale.as_str()));
    if let Some(rebuttal) = &said.rebuttal {
        let _ = write!(text, "\n**Rebuttal.** {}\n", neutral(rebuttal.as_str()));
    }
    let proposals: Vec<String> =
        said.split_proposals.iter().flatten().map(|proposal| unmarked(proposal.as_str())).collect();
    section(&mut text, "Proposed issues", &proposals);
    match (said.analyzer_framing, &said.framing_note) {
        (Some(Framing::Misframed), Some(note)) => {
            let _ = write!(text, "\n**Objection to the analyzer's agenda.** {}\n", neutral(note.as_str()));
        }
        (Some(Framing::Accurate | Framing::Misframed) | None, _) => {}
    }
    if let Some(research) = &said.research {
        let _ = write!(text, "\nResearch: {}\n", status(research.status));
        section(&mut text, "Sourced facts", &facts(position));
    }
    text.push_str(&signature(position.given.model.as_deref(), position.given.usage));
    text
}

fn status(status: ResearchStatus) -> &'static str {
    match status {
        ResearchStatus::Sourced => "facts with sources",
        ResearchStatus::NotNeeded => "not needed",
        ResearchStatus::Unavailable => "unavailable",
        ResearchStatus::Inconclusive => "inconclusive",
    }
}

fn facts(position: &Position) -> Vec<String> {
    let facts =
        position.response.research.iter().flat_map(|research| research.sourced_facts.iter().flatten());
    facts
        .map(|fact| format!("{} (source: {})", unmarked(fact.fact.as_str()), unmarked(fact.source.as_str())))
        .collect()
}

fn summary_text(state: &DiscussState, number: u32, summary: &RoundSummary) -> String {
    let Some(debate) = &state.debate else { return String::new() };
    let place = usize::try_from(number).unwrap_or_default().saturating_sub(1);
    let Some(round) = debate.rounds.get(place) else { return String::new() };
    match &summary.verdict {
        Some(verdict) => final_text(debate, number, round, summary, verdict),
        None => interim_text(number, round, summary),
    }
}

fn interim_text(number: u32, round: &DebateRound, summary: &RoundSummary) -> String {
    let mut text = format!("### Round {number}: summary\n\n");
    text.push_str(&votes(std::slice::from_ref(round), number));
    text.push_str(&failures(&summary.failures));
    if let Some(failure) = &summary.analyzer_failure {
        let why = unmarked(&one_line(&failure.detail, QUOTE));
        let _ = write!(
            text,
            "\nThe analyzer `{}` {why}; the debate continues without its agenda.\n",
            failure.agent
        );
    }
    text.push_str(&agenda_text(number + 1, &agenda::after(round, summary)));
    let usage = summary.agenda.as_ref().map_or_else(Usage::default, |agenda| agenda.given.usage);
    if usage.calls > 0 {
        let model = summary.agenda.as_ref().and_then(|agenda| agenda.given.model.as_deref());
        text.push_str(&signature(model, usage));
    }
    text
}

fn agenda_text(next: u32, agenda: &ContextAgenda) -> String {
    let mut text = format!("\n#### Agenda of round {next}");
    if let Some(analyzer) = &agenda.analyzer {
        let _ = write!(text, ", by the analyzer `{analyzer}`");
    }
    text.push_str("\n\n");
    for one in &agenda.disagreements {
        let _ = writeln!(text, "- **{}**", unmarked(&one_line(&one.topic, QUOTE)));
        for position in &one.positions {
            let _ = writeln!(text, "  - {}: {}", position.name, unmarked(&one_line(&position.text, QUOTE)));
        }
        let _ = writeln!(text, "  - Question: {}", hanging(&unmarked(&one.question), 4));
    }
    for (heading, lines) in [
        ("Agreed, according to the analyzer", &agenda.consensus),
        ("Missing facts", &agenda.missing_facts),
        ("Questions to research", &agenda.research_questions),
    ] {
        let lines: Vec<String> = lines.iter().map(|line| unmarked(line)).collect();
        section(&mut text, heading, &lines);
    }
    text
}

/// Renders a table of votes: a row for each debater, a column for each round. `first` is the number of the first round.
fn votes(rounds: &[DebateRound], first: u32) -> String {
    let mut agents = Vec::new();
    for agent in rounds
        .iter()
        .flat_map(|round| round.seats.iter().chain(round.positions.iter().map(|one| &one.given.agent)))
    {
        if !agents.contains(&agent) {
            agents.push(agent);
        }
    }
    let mut text = "|".to_owned();
    for (number, _) in (first..).zip(rounds) {
        let _ = write!(text, " | round {number}");
    }
    let _ = write!(text, " |\n|---{}|\n", "|---".repeat(rounds.len()));
    for agent in agents {
        let _ = write!(text, "| {agent}");
        for round in rounds {
            let vote = round.position(agent).map_or("no vote", |position| position.response.outcome.name());
            let _ = write!(text, " | {vote}");
        }
        text.push_str(" |\n");
    }
    text
}

fn failures(failures: &[SeatFailure]) -> String {
    let mut text = String::new();
    let line = |failure: &SeatFailure| {
        format!("`{}` ({}): {}", failure.agent, failure.category, unmarked(&one_line(&failure.detail, QUOTE)))
    };
    section(&mut text, "Debater failures", &failures.iter().map(line).collect::<Vec<_>>());
    text
}

fn final_text(
    debate: &DebateState,
    number: u32,
    round: &DebateRound,
    summary: &RoundSummary,
    verdict: &DebateVerdict,
) -> String {
    let rounds = debate.rounds.get(..usize::try_from(number).unwrap_or_default()).unwrap_or_default();
    let (heading, line) = match verdict.result {
        DebateResult::Unanimous | DebateResult::Converged => {
            // One debater has nobody to agree with.
            let how = if round.positions.len() == 1 { "decided" } else { verdict.result.name() };
            ("Final consensus", format!("**{}** · {how} in round {number}", sentence(verdict.outcome)))
        }
        DebateResult::Deadlock => {
            ("Final deadlock", format!("**No agreement** after round {number}: a person must decide"))
        }
    };
    let mut text = format!("### {heading}\n\n{line} · {}\n\n", count(round.positions.len(), "vote"));
    if let Some(independence) = independence(&debate.terms.debaters) {
        let _ = write!(text, "{independence}\n\n");
    }
    text.push_str(&votes(rounds, 1));
    section(&mut text, "Changed votes", &moves(rounds));
    text.push_str(&failures(&summary.failures));
    match verdict.result {
        DebateResult::Deadlock => {
            let without_condition = |why| parts(why).map_or(why, |(reasons, _)| reasons);
            section(&mut text, "Core disagreement", &reasons(round, without_condition));
            section(&mut text, "What each side would need to see", &conditions(round));
        }
        DebateResult::Unanimous | DebateResult::Converged => {
            section(&mut text, "Reasons", &reasons(round, |why| why));
        }
    }
    let proposals: Vec<String> = verdict.split_proposals.iter().map(|proposal| unmarked(proposal)).collect();
    section(&mut text, "Proposed issues", &proposals);
    if let (false, DeferredWork::Listed, Some(issue)) =
        (proposals.is_empty(), verdict.stages, debate.subject.number)
    {
        let _ = write!(
            text,
            "\nThese are not filed: `agent-loop discuss {issue} --materialize-split-issues` files an issue for each.\n"
        );
    }
    section(&mut text, "Analyzer-extracted consensus", &extracted(rounds));
    text.push_str(&research(debate, rounds));
    let _ = write!(text, "\n<sub>{}</sub>", cost(number, &summary.usage));
    text
}

fn sentence(outcome: DebateOutcome) -> &'static str {
    match outcome {
        DebateOutcome::Implement => "Implement",
        DebateOutcome::DoNotImplement => "Do not implement",
        DebateOutcome::NeedsHuman => "A person must decide",
        DebateOutcome::Split => "Split into several issues",
    }
}

/// Returns who changed its vote, from which to which, and its reply to the others.
fn moves(rounds: &[DebateRound]) -> Vec<String> {
    let mut lines = Vec::new();
    for (number, pair) in (2_u32..).zip(rounds.windows(2)) {
        let [before, after] = pair else { continue };
        for position in &after.positions {
            let Some(earlier) = before.position(&position.given.agent) else { continue };
            let (from, to) = (earlier.response.outcome, position.response.outcome);
            if from != to {
                let why = position.response.rebuttal.as_ref().map_or("", |text| text.as_str());
                let why = unmarked(&one_line(why, QUOTE));
                let agent = &position.given.agent;
                lines.push(format!("`{agent}`, round {number}: {} → {}: {why}", from.name(), to.name()));
            }
        }
    }
    lines
}

/// Returns the beginning of each reason.
fn reasons<'round>(round: &'round DebateRound, part: impl Fn(&'round str) -> &'round str) -> Vec<String> {
    let line = |position: &'round Position| {
        let why = unmarked(&one_line(part(position.response.rationale.as_str()), QUOTE));
        format!("`{}` ({}): {why}", position.given.agent, position.response.outcome.name())
    };
    round.positions.iter().map(line).collect()
}

/// Splits off the last paragraph of a reason: prompts ask for the condition of another vote there.
fn parts(rationale: &str) -> Option<(&str, &str)> {
    rationale.trim_end().rsplit_once("\n\n")
}

fn conditions(round: &DebateRound) -> Vec<String> {
    let line = |position: &Position| {
        let (_, condition) = parts(position.response.rationale.as_str())?;
        Some(format!("`{}`: {}", position.given.agent, unmarked(&one_line(condition, QUOTE))))
    };
    round.positions.iter().filter_map(line).collect()
}

/// Returns the points of agreement in the last agenda of the analyzer.
fn extracted(rounds: &[DebateRound]) -> Vec<String> {
    let agendas = rounds.iter().rev().filter_map(|round| round.summary.as_ref()?.agenda.as_ref());
    let last = agendas.into_iter().next();
    last.into_iter()
        .flat_map(|agenda| &agenda.response.consensus)
        .map(|point| unmarked(point.as_str()))
        .collect()
}

/// Renders the research apart from the judgement of the debaters, and says so when there was none.
fn research(debate: &DebateState, rounds: &[DebateRound]) -> String {
    let mut text = "\n### Research\n\n".to_owned();
    if debate.terms.policy.research == ResearchPolicy::Forbidden {
        text.push_str("None: this debate used only the repository and the issue.\n");
        return text;
    }
    let mut seen = BTreeSet::new();
    for position in rounds.iter().flat_map(|round| &round.positions) {
        for fact in facts(position) {
            if seen.insert(fact.clone()) {
                let _ = writeln!(text, "- {} (cited by `{}`)", hanging(&fact, 2), position.given.agent);
            }
        }
    }
    if seen.is_empty() {
        text.push_str("No sourced facts.\n");
    }
    for position in rounds.last().into_iter().flat_map(|round| &round.positions) {
        let known =
            position.response.research.as_ref().map_or("not reported", |research| status(research.status));
        let _ = writeln!(text, "- `{}`, last round: {known}", position.given.agent);
    }
    text
}

fn stages_text(filed: &FiledStages) -> String {
    let mut text = "**Split**: an issue for each part.\n\n| issue | title |\n|---|---|\n".to_owned();
    for stage in &filed.stages {
        let _ = writeln!(text, "| #{} | {} |", stage.issue, cell(&stage.title));
    }
    let skipped: Vec<String> = filed.skipped.iter().map(|proposal| unmarked(proposal)).collect();
    section(&mut text, "Not filed, beyond the limit", &skipped);
    text
}

fn concluded_text(concluded: &Concluded) -> String {
    let mut text = format!("**{}**\n\n{}\n", title(&concluded.ending), neutral(&concluded.message));
    if !concluded.votes.is_empty() {
        text.push_str("\nVotes so far, which are kept:\n\n");
        for vote in &concluded.votes {
            let _ = writeln!(text, "- {}: {}", vote.agent, vote.state);
        }
    }
    for absence in &concluded.absent {
        let why = absence.why.as_deref().filter(|why| !concluded.message.contains(why));
        let why = why.map_or_else(String::new, |why| format!(": {}", cell(why)));
        let _ = writeln!(text, "\n`{}` did not vote{why}", absence.agent);
    }
    let _ = write!(text, "\n<sub>{}</sub>", cost(concluded.rounds, &concluded.usage));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agent::AgentName;

    #[test]
    fn panels_of_one_house_are_named() {
        let seat = |name: &&str| Seat::from(&name.parse::<AgentName>().unwrap());
        for (debaters, expected) in [
            (&["claude"][..], Some("only one debater")),
            (&["claude", "strict=claude"], Some("one vendor")),
            (&["claude", "codex"], None),
            (&["one=command:./a.sh", "two=command:./a.sh"], None),
        ] {
            let seats: Vec<Seat> = debaters.iter().map(seat).collect();
            let said = independence(&seats.try_into().unwrap());
            assert_eq!(said.is_some(), expected.is_some(), "{debaters:?}");
            assert!(said.unwrap_or_default().contains(expected.unwrap_or_default()), "{debaters:?}");
        }
    }
}
