//! Writes what the fuzzer begins with: the texts of the corpus of answers, and records made of its answers.
//! Arguments: the folder of the corpus, and the folder into which the seeds go, one folder in it for each target.

#[expect(dead_code, reason = "what comes of a case is for the test of the corpus")]
#[path = "../it/protocol/cases.rs"]
mod cases;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use agent_loop::domain::agent::ResponseKind;
use agent_loop::domain::usage::Usage;
use agent_loop::protocol::raw_answer::RawAnswer;
use serde_json::{Value, json};

fn main() {
    let folders: Vec<String> = std::env::args().skip(1).collect();
    let [corpus, seeds] = folders.as_slice() else { panic!("two folders are wanted") };
    let (corpus, seeds) = (Path::new(corpus), Path::new(seeds));
    let cases = cases::all(corpus);
    let texts: BTreeSet<String> = cases.iter().flat_map(|case| texts(&case.raw)).collect();
    for target in ["envelope", "healing", "markers"] {
        write(&seeds.join(target), &texts);
    }
    let inputs = cases.iter().map(|case| input(case.expectation.kind, &case.raw)).collect();
    write(&seeds.join("answer"), &inputs);
    let records = cases::answers(corpus).iter().flat_map(records).collect();
    write(&seeds.join("meta"), &records);
}

fn texts(raw: &RawAnswer) -> Vec<String> {
    raw.streams().map(|(_, text)| text.to_owned()).collect()
}

/// An answer as the target `answer` reads it.
fn input(kind: ResponseKind, raw: &RawAnswer) -> String {
    let place = ResponseKind::ALL.iter().position(|other| *other == kind).unwrap_or_default();
    let texts = [&raw.message, &raw.file, &raw.native].map(|text| text.as_deref().unwrap_or_default());
    format!("{place}{}", texts.join("\0"))
}

/// Records that hold the answers of a kind, as JSON.
fn records(answers: &cases::Answers) -> Vec<String> {
    let head = "0123456789abcdef0123456789abcdef01234567";
    let usage = serde_json::to_value(Usage::default()).unwrap_or_default();
    let said = |response: &Value| match answers.kind {
        ResponseKind::PrReview => Some((
            "review",
            json!({
                "agent": "codex", "head": head, "response": response, "opened": [], "next_item": 4,
                "dispositions": [{"item": "item-1", "standing": "same-pr", "note": "half of it"}],
                "normalisations": ["code fence removed"], "usage": usage, "model": "large",
            }),
        )),
        ResponseKind::CoderFollowup => Some((
            "answer",
            json!({
                "agent": "claude", "head_before": head, "head_after": head, "response": response,
                "normalisations": [], "usage": usage,
            }),
        )),
        _ => None,
    };
    let record = |(kind, payload): (&str, Value)| {
        json!({
            "at": "2026-01-02T03:04:05Z", "flow": "review", "id": "0".repeat(16), "kind": kind, "payload": payload,
            "prev": "0".repeat(64), "round": 1, "run": "r1", "subject": "pr/7", "tool": "agent-loop 0", "v": 1,
        })
        .to_string()
    };
    answers.named.values().filter_map(said).map(record).collect()
}

fn write(folder: &Path, seeds: &BTreeSet<String>) {
    fs::create_dir_all(folder).expect("a folder for the seeds");
    for (number, seed) in seeds.iter().enumerate() {
        fs::write(folder.join(format!("seed-{number}")), seed).expect("a seed");
    }
}
