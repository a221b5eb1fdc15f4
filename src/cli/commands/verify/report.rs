//! What `verify` says: for people, and as `agent-loop/verify/1` for scripts.

use std::fmt::Write;

use serde_json::{Value, json};

use crate::adapters::process::output::tail::plain;
use crate::ledger::audit::{Audit, Stray};
use crate::ledger::chain::Chain;
use crate::ledger::record::Record;
use crate::ledger::replay::{Continuity, Ignored, Replay};
use crate::text::comment;

use super::dump::Thread;

/// In lines.
pub(super) fn words(thread: &Thread, audit: &Audit) -> String {
    let mut text = String::new();
    for (chain, replay) in &audit.chains {
        chain_words(&mut text, chain, replay);
    }
    for stray in &audit.strays {
        let _ = writeln!(text, "ignored  comment {}: {}", stray.comment, stray_words(stray));
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
    let verdict = if audit.is_sound() { "sound" } else { "not sound: something was ignored for cause" };
    let _ = write!(text, "{}: {verdict}", thread.subject);
    format!("{}\n", plain(&text))
}

fn chain_words(text: &mut String, chain: &Chain, replay: &Replay) {
    let (flow, count) = (chain.flow.name(), replay.records.len());
    let _ = writeln!(
        text,
        "{flow} of {}: {} count",
        chain.subject,
        comment::count(u64::try_from(count).unwrap_or(u64::MAX), "record")
    );
    for record in &replay.records {
        let _ = writeln!(text, "counts   {} {}", record.id, headline(record));
    }
    for ignored in &replay.ignored {
        let _ = writeln!(text, "ignored  comment {}: {}", ignored.comment, ignored.why);
    }
    if let Some(version) = replay.newer {
        let _ = writeln!(text, "ignored  records of format {version}, which a newer agent-loop writes");
    }
    if replay.continuity == Continuity::Broken {
        let _ = writeln!(text, "broken   records are missing; the next run asks every reviewer anew");
    }
}

fn headline(record: &Record) -> String {
    format!("round {}: {}", record.round, comment::headline(&record.payload))
}

fn stray_words(stray: &Stray) -> String {
    format!("it belongs to the {} of {}", stray.flow.name(), stray.subject)
}

/// As one JSON object.
pub(super) fn json(thread: &Thread, audit: &Audit) -> String {
    let chains: Vec<Value> = audit.chains.iter().map(|(chain, replay)| chain_json(chain, replay)).collect();
    let stray = |stray: &Stray| json!({ "comment": stray.comment, "why": stray_words(stray), "cause": true });
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

fn chain_json(chain: &Chain, replay: &Replay) -> Value {
    let record = |record: &Record| {
        json!({ "id": record.id, "kind": record.payload.kind(), "round": record.round, "run": record.run,
                "agent": record.payload.agent(), "at": record.at })
    };
    let ignored = |one: &Ignored| json!({ "comment": one.comment, "why": one.why.to_string(), "cause": one.why.is_cause() });
    json!({
        "flow": chain.flow,
        "subject": chain.subject,
        "records": replay.records.iter().map(record).collect::<Vec<_>>(),
        "ignored": replay.ignored.iter().map(ignored).collect::<Vec<_>>(),
        "whole": replay.continuity == Continuity::Whole,
        "newer_format": replay.newer,
    })
}
