//! The visible parts of records that every flow has. Nothing is ever read back from them: the record below holds everything.

use std::fmt::Write;

use crate::domain::ending::{Ending, Parked};
use crate::domain::roster::Seat;
use crate::domain::usage::Usage;
use crate::text::markdown::count;
use crate::text::sanitize::closing::closed;
use crate::text::sanitize::{one_line, unmarked};

use super::run::Concluded;

/// The end of a run: how and why, then every vote and gate, and the cost.
pub fn concluded(concluded: &Concluded) -> String {
    let message = format!("**{}.** {}", title(&concluded.ending), unmarked(&concluded.message));
    let mut text = format!("{}\n", closed(&message));
    if !concluded.votes.is_empty() {
        text.push_str("\n| reviewer | vote | head |\n|---|---|---|\n");
        for vote in &concluded.votes {
            let _ = writeln!(text, "| {} | {} | {} |", vote.agent, vote.state.name(), vote.head.short());
        }
    }
    for measured in &concluded.gates {
        let _ = writeln!(
            text,
            "\nGate `{}`: {} on {}.",
            measured.gate,
            measured.verdict.name(),
            measured.head.short()
        );
    }
    let _ = write!(
        text,
        "\n<sub>{}, {}</sub>",
        count(u64::from(concluded.rounds), "round"),
        cost(concluded.usage)
    );
    text
}

fn title(ending: &Ending) -> String {
    match ending {
        Ending::Approved => "Approved".to_owned(),
        Ending::Merged { commit } => format!("Approved and merged as {}", commit.short()),
        Ending::Consensus => "Consensus".to_owned(),
        Ending::Planned => "Planned".to_owned(),
        Ending::Decomposed => "Decomposed".to_owned(),
        Ending::Kept => "Kept".to_owned(),
        Ending::Deadlock => "Deadlock".to_owned(),
        Ending::ApprovedCiPending => "Approved; checks are not finished".to_owned(),
        Ending::Blocked { .. } => "Blocked".to_owned(),
        Ending::Failed { .. } => "Failed".to_owned(),
        Ending::Refused { .. } => "Refused".to_owned(),
        Ending::Parked { resets_at, reason: Parked::Quota | Parked::RateLimit } => {
            format!("Parked until {resets_at}")
        }
        Ending::Parked { resets_at, reason: Parked::QuotaUnknown } => {
            format!("Parked until {resets_at} (a guess)")
        }
        Ending::NeedsHuman { .. } => "A person must decide".to_owned(),
        Ending::Inconclusive => "Inconclusive".to_owned(),
        Ending::Interrupted => "Interrupted".to_owned(),
    }
}

/// The end of a run in one line.
pub fn concluded_line(concluded: &Concluded) -> String {
    format!("{}: {}", concluded.ending.status(), one_line(&concluded.message, 80))
}

fn cost(usage: Usage) -> String {
    let mut text = format!("{}, {} s of agents' time", count(usage.calls, "turn"), usage.milliseconds / 1000);
    if usage.tokens() > 0 {
        let _ = write!(text, ", {} tokens", usage.tokens());
    }
    text
}

/// The labels of seats.
pub fn seats(seats: &[Seat]) -> String {
    let names: Vec<String> = seats.iter().map(|seat| format!("`{}`", seat.label)).collect();
    names.join(", ")
}

/// Who answered, with which model, and how long it took.
pub fn signature(model: Option<&str>, agent: &str, usage: Usage) -> String {
    let model = model.map_or_else(String::new, |model| format!(" with {}", one_line(&unmarked(model), 60)));
    format!("\n<sub>{agent}{model}, {} s</sub>", usage.milliseconds / 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uncountable_tokens_are_shown() {
        let usage = Usage { input_tokens: u64::MAX, output_tokens: 1, ..Usage::default() };
        assert_eq!(cost(usage), format!("0 turns, 0 s of agents' time, {} tokens", u64::MAX));
    }
}
