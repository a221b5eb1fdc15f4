//! The report of `verify`: for people, and as `agent-loop/verify/1` for scripts.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::adapters::process::output::tail::plain;
use crate::domain::announcement::Announcement;
use crate::flow;
use crate::flow::machine::{Machine, Objection};
use crate::flow::view::Records;
use crate::ledger::audit::Audit;
use crate::ledger::chain::Chain;
use crate::ledger::envelope::Envelope;
use crate::ledger::thread::{ChainReading, IgnoredComment};
use crate::text::markdown::count;

use super::dump::SavedThread;

/// Returns the report as lines.
pub(super) fn text(thread: &SavedThread, audit: &Audit) -> String {
    let mut text = String::new();
    for (chain, reading) in audit.chains.iter().filter(|(_, reading)| !is_empty(reading)) {
        chain_text(&mut text, chain, reading);
    }
    if text.is_empty() && audit.older.is_none() && audit.strays.is_empty() {
        let _ = writeln!(text, "{}: no records; no run has written to it", thread.subject);
        return plain(&text) + "\n";
    }
    for stray in &audit.strays {
        let _ = writeln!(text, "ignored  comment {}: {}", stray.comment, stray.why);
    }
    if let Some(older) = &audit.older {
        let _ = writeln!(
            text,
            "an older tool: {} comments read, {} items still to be fixed",
            older.read,
            older.items.len()
        );
        for ignored in &older.ignored {
            let _ = writeln!(text, "ignored  comment {}: {}", ignored.comment, ignored.why);
        }
    }
    let verdict = if audit.is_sound() { "sound" } else { "not sound: invalid records were ignored" };
    let _ = write!(text, "{}: {verdict}", thread.subject);
    format!("{}\n", plain(&text))
}

fn is_empty(reading: &ChainReading) -> bool {
    reading.links.is_empty() && reading.ignored.is_empty() && reading.newer.is_none()
}

fn chain_text(text: &mut String, chain: &Chain, reading: &ChainReading) {
    let number = reading.records().count();
    let _ = writeln!(text, "{} of {}: {}", chain.flow, chain.subject, count(number, "valid record"));
    let state = ChainState::of(chain, reading);
    for record in reading.records() {
        let _ = writeln!(text, "valid    {} {}", record.id, state.headline(record));
    }
    for ignored in &reading.ignored {
        let _ = writeln!(text, "ignored  comment {}: {}", ignored.comment, ignored.why);
    }
    if let Some(version) = reading.newer {
        let _ = writeln!(text, "ignored  records of format {version}, which a newer agent-loop writes");
    }
    if state.records() == Records::Missing {
        let _ = writeln!(text, "broken   records are missing; the next run asks every reviewer again");
    }
}

/// Returns the folded state of a chain, if this program knows its flow.
struct ChainState(Option<Box<dyn Machine>>);

impl ChainState {
    /// A record of a newer version is shown by its kind, and changes nothing here.
    fn of(chain: &Chain, reading: &ChainReading) -> Self {
        let mut machine = flow::begin(&chain.flow, &chain.subject);
        if let Some(machine) = &mut machine {
            let _: Vec<Result<(), Objection>> =
                reading.links.iter().map(|link| machine.apply(link)).collect();
        }
        Self(machine)
    }

    fn headline(&self, record: &Envelope) -> String {
        let said = self.0.as_ref().and_then(|machine| machine.announce(record).ok());
        match said.as_ref().and_then(Announcement::author) {
            Some(agent) => format!("round {}: `{}` by {agent}", record.round, record.body.kind()),
            None => format!("round {}: `{}` by {}", record.round, record.body.kind(), record.tool),
        }
    }

    fn records(&self) -> Records {
        self.0.as_ref().map_or(Records::Whole, |machine| machine.view().records)
    }
}

/// Returns the report as a JSON object.
pub(super) fn json(thread: &SavedThread, audit: &Audit) -> String {
    let chains: Vec<Value> = audit.chains.iter().map(|(chain, reading)| chain_json(chain, reading)).collect();
    let stray = |stray: &IgnoredComment| json!({ "comment": stray.comment, "why": stray.why.to_string(), "cause": stray.why.is_cause() });
    let mut object = json!({
        "schema": "agent-loop/verify/1",
        "subject": thread.subject,
        "sound": audit.is_sound(),
        "chains": chains,
        "ignored": audit.strays.iter().map(stray).collect::<Vec<_>>(),
    });
    if let (Some(older), Value::Object(members)) = (&audit.older, &mut object) {
        let ignored: Vec<Value> = older
            .ignored
            .iter()
            .map(|one| json!({ "comment": one.comment, "why": one.why.to_string(), "cause": true }))
            .collect();
        let older = json!({ "read": older.read, "items": older.items, "ignored": ignored });
        members.insert("older".to_owned(), older);
    }
    format!("{object}\n")
}

fn chain_json(chain: &Chain, reading: &ChainReading) -> Value {
    let record = |record: &Envelope| {
        json!({ "id": record.id, "kind": record.body.kind(), "round": record.round, "run": record.run,
                "agent": record.body.agent(), "at": record.at })
    };
    let ignored = |one: &IgnoredComment| json!({ "comment": one.comment, "why": one.why.to_string(), "cause": one.why.is_cause() });
    json!({
        "flow": chain.flow,
        "subject": chain.subject,
        "records": reading.records().map(|one| record(one)).collect::<Vec<_>>(),
        "ignored": reading.ignored.iter().map(ignored).collect::<Vec<_>>(),
        "whole": ChainState::of(chain, reading).records() == Records::Whole,
        "newer_format": reading.newer,
    })
}
