//! The outcome for people and for scripts, schema `agent-loop/outcome/1`.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::adapters::process::output::tail::plain;
use crate::domain::ending::Ending;
use crate::domain::gate::Measurement;
use crate::domain::item::Item;
use crate::engine::outcome::Outcome;
use crate::text::markdown::count;
use crate::text::sanitize::{one_line, unmarked};

/// The outcome as one JSON object.
pub fn json(outcome: &Outcome, next_command: &str) -> Value {
    let mut object = json!({
        "schema": "agent-loop/outcome/1",
        "status": outcome.ending.status(),
        "exit": outcome.ending.exit_code(),
        "run": outcome.run,
        "subject": outcome.subject,
        "pr": outcome.pull_request,
        "head": outcome.head,
        "base": outcome.base,
        "rounds": outcome.rounds,
        "votes": outcome.votes,
        "items": {
            "open": outcome.open_items().map(item).collect::<Vec<_>>(),
            "future": outcome.future_items().map(item).collect::<Vec<_>>(),
            "resolved": outcome.resolved(),
        },
        "gates": outcome.gates.iter().map(gate).collect::<Vec<_>>(),
        "usage": outcome.usage,
        "next_command": next_command,
        "message": outcome.message,
    });
    if let Value::Object(members) = &mut object {
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

fn gate(measured: &Measurement) -> Value {
    json!({ "name": measured.gate, "verdict": measured.verdict.name(), "detail": measured.detail })
}

/// The outcome in a few lines.
pub fn text(outcome: &Outcome, next_command: &str) -> String {
    let mut text = format!("{} {}: {}\n", outcome.subject, outcome.ending.status(), plain(&outcome.message));
    if let Some(number) = outcome.pull_request {
        let _ = write!(text, "  pull request {number}");
        if let Some(head) = &outcome.head {
            let _ = write!(text, " at {}", head.short());
        }
        let _ = writeln!(text, ", {}", count(u64::from(outcome.rounds), "round"));
    }
    for vote in &outcome.votes {
        let _ = writeln!(text, "  {} {} {}", vote.agent, vote.state.name(), vote.head.short());
    }
    for measured in &outcome.gates {
        let _ = writeln!(
            text,
            "  gate {} {} on {}",
            measured.gate,
            measured.verdict.name(),
            measured.head.short()
        );
    }
    for item in outcome.open_items() {
        let _ = writeln!(
            text,
            "  {} ({}, {}) {}",
            item.id,
            item.status.name(),
            item.author,
            unmarked(&one_line(&item.text, 120))
        );
    }
    for (kind, count) in &outcome.redacted {
        let times = if *count == 1 { "once".to_owned() } else { format!("{count} times") };
        let _ = writeln!(text, "  a secret was kept out: {kind}, {times}");
    }
    for line in paths(outcome) {
        let _ = writeln!(text, "  {line}");
    }
    if !next_command.is_empty() {
        let _ = writeln!(text, "  next: {next_command}");
    }
    text
}

/// Where a person looks when a run did not end well: the logs of failed turns, then what it cost.
pub fn paths(outcome: &Outcome) -> Vec<String> {
    if outcome.ending.exit_code() == 0 {
        return Vec::new();
    }
    let logs = outcome.failed_logs.iter().map(|(who, log)| format!("log of {who}: {log}"));
    let cost = outcome.usage_summary.iter().map(|path| format!("what it cost: {}", path.display()));
    logs.chain(cost).collect()
}

/// What a person types next.
pub fn next_command(outcome: &Outcome) -> String {
    let again = || outcome.pull_request.map_or_else(String::new, |number| format!("agent-loop pr {number}"));
    match &outcome.ending {
        Ending::Approved => outcome.commands.as_ref().map_or_else(String::new, |forge| forge.merge.clone()),
        Ending::Merged { .. }
        | Ending::Refused { .. }
        | Ending::Consensus
        | Ending::Planned
        | Ending::Decomposed
        | Ending::Kept
        | Ending::Deadlock => String::new(),
        Ending::Blocked { .. } | Ending::NeedsHuman { .. } => {
            outcome.commands.as_ref().map_or_else(String::new, |forge| forge.view.clone())
        }
        Ending::Parked { .. } => "agent-loop resume --due".to_owned(),
        Ending::Interrupted => format!("agent-loop resume {}", outcome.subject),
        Ending::Failed { .. } | Ending::ApprovedCiPending | Ending::Inconclusive => again(),
    }
}
