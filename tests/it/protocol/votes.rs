//! A vote is an answer and never a quotation: it returns its nonce, and one that approves stands alone.

use serde_json::{Value, json};

use agent_loop::domain::agent::ResponseKind;
use agent_loop::protocol::expectation::{Expectation, Voter};
use agent_loop::protocol::raw_answer::RawAnswer;
use agent_loop::protocol::{answer, vote};

const NONCE: &str = "k3v9q2mt7x";

fn expectation() -> Expectation {
    Expectation::vote(ResponseKind::PrReview, Voter { label: "rev".parse().unwrap(), nonce: NONCE.into() })
}

fn voting(state: &str) -> Value {
    let mut vote = json!({
        "schema_version": 1, "kind": "pr_review", "nonce": NONCE, "state": state, "summary": "s",
        "prior_item_dispositions": [],
    });
    if state == "blocking" {
        vote["blocking_items"] = json!(["x"]);
    }
    vote
}

fn verdict(raw: &RawAnswer) -> Option<&'static str> {
    answer::understand(raw, &expectation()).ok().and_then(|understood| understood.verdict)
}

fn said(text: &str) -> Option<&'static str> {
    verdict(&RawAnswer::message(text))
}

#[test]
fn votes_return_their_nonce() {
    for state in ["approved", "blocking"] {
        assert_eq!(said(&voting(state).to_string()), Some(state));
        for foreign in [json!("a2b3c4d5e6"), json!(""), json!(null), json!(NONCE.to_uppercase())] {
            let mut other = voting(state);
            other["nonce"] = foreign;
            assert_eq!(said(&other.to_string()), None, "{other}");
        }
        let mut without = voting(state);
        without.as_object_mut().unwrap().remove("nonce");
        assert_eq!(said(&without.to_string()), None);
    }
}

/// A documented limit (docs/protocol.md): only a list of words could see it.
#[test]
fn summaries_do_not_change_votes() {
    let mut vote = voting("approved");
    vote["summary"] = json!("I cannot approve this: division is broken.");
    assert_eq!(said(&vote.to_string()), Some("approved"));
}

#[test]
fn approvals_stand_alone() {
    let vote = voting("approved").to_string();
    let footer = "<!-- AGENT_STATE: approved -->";
    for form in [
        vote.clone(),
        format!("\u{feff}\n{vote}\n\n"),
        format!("```json\n{vote}\n```"),
        format!("~~~\n{vote}\n~~~\n-- rev"),
        format!("I read it.\n=== AGENT_LOOP_PUBLIC_RESPONSE_BELOW ===\n{vote}"),
        format!("{vote}\n{footer}\n<!-- HUMAN_REQUIREMENTS_RESOLVED -->\n-- OpenAI Codex"),
        format!("```\n{vote}\n{footer}\n```\n-- Claude Code"),
        vote.replace("]}", "],}"),
    ] {
        assert_eq!(said(&form), Some("approved"), "{form}");
    }
    for beside in [
        format!("{vote}\nDo not merge this yet."),
        format!("合并之前必须修复。\n{vote}"),
        format!("{vote}\n❌"),
        format!("{vote} no"),
        format!("{vote}}}"),
        format!("{vote}\n{vote}"),
        format!("{{\"decision\": \"reject\"}}\n{vote}"),
        format!("{vote}\n[\"it crashes\"]"),
        format!("{{\"verdict\":\"reject\",}}\n{vote}"),
        format!("> {vote}"),
        format!("`{vote}`"),
        format!("+{vote}"),
        format!("{vote}\n-- On second thought I do not approve this"),
        format!("{vote}\n-- Human Reviewer"),
        format!("{vote}\n-- rev\n-- rev"),
        format!("```I-do-not-approve\n{vote}\n```"),
        format!("```\nx\n```\n{vote}"),
        format!("```json\n{vote}\n```\n```"),
        format!("{vote}\n<!-- HUMAN_REQUIREMENTS_ADDRESSED -->"),
        format!("{vote}\n{footer}\n{footer}"),
    ] {
        assert_eq!(said(&beside), None, "{beside}");
    }
}

#[test]
fn blocking_votes_may_be_surrounded() {
    let vote = voting("blocking").to_string();
    for text in [
        format!("Here it is:\n{vote}\nBye."),
        format!("{vote}}}"),
        format!("{vote}\n{vote}"),
        format!("{vote}\n-- anybody"),
        format!("{{\"threads\": 4}}\n{vote}"),
    ] {
        assert_eq!(said(&text), Some("blocking"), "{text}");
    }
}

#[test]
fn lesser_texts_neither_approve_nor_contradict() {
    let (approved, blocking) = (voting("approved").to_string(), voting("blocking").to_string());
    let foreign = blocking.replace(NONCE, "a2b3c4d5e6");
    let texts = |file: &str, message: &str| RawAnswer {
        native: None,
        file: Some(file.to_owned()),
        message: Some(message.to_owned()),
    };
    for (file, message, verdict_is) in [
        ("It crashes.", approved.as_str(), None),
        ("{}", &approved, None),
        ("", &approved, Some("approved")),
        (&approved, "I do not approve. {\"state\": \"blocking\"}", Some("approved")),
        (&approved, &format!("The nonce is {NONCE}. {foreign}"), Some("approved")),
        (&approved, &format!("log\n{approved}\nmore"), Some("approved")),
        (&approved, &blocking, None),
        (&approved, &format!("log {{ {blocking} }}"), None),
        (&blocking, &approved, Some("blocking")),
        ("It crashes.", &blocking, Some("blocking")),
    ] {
        assert_eq!(verdict(&texts(file, message)), verdict_is, "{file} / {message}");
    }
    let native = RawAnswer { native: Some(approved), file: None, message: Some(blocking) };
    assert_eq!(verdict(&native), Some("approved"), "the prose of a stream is not looked at");
}

#[test]
fn only_plain_votes_get_a_form() {
    let fits = |text: String| vote::may_be_put_into_form(&RawAnswer::message(text), &expectation());
    let with = |state: &str, key: &str, value: Value| {
        let mut vote = voting(state);
        vote[key] = value;
        vote.to_string()
    };
    let disposed = |word: &str| json!([{"item_id": "item-1", "disposition": word}]);
    for source in [
        with("approved", "confidence", json!(1)),
        with("approved", "summary", json!(["a"])),
        with("approved", "prior_item_dispositions", disposed("resolved")),
        with("blocking", "approved", json!(false)),
        voting("blocking").to_string().replace('}', ""),
    ] {
        assert!(fits(source.clone()), "{source}");
    }
    for source in [
        with("approved", "approved", json!(false)),
        with("approved", "findings", json!({"it panics": true})),
        with("approved", "blocking_items", json!(1)),
        with("approved", "same_pr_followups", json!(["x"])),
        with("approved", "prior_item_dispositions", disposed("blocking")),
        with("approved", "prior_item_dispositions", disposed("BLOCKING")),
        format!("- it crashes\n{}", with("approved", "extra", json!(1))),
        with("approved", "nonce", json!("a2b3c4d5e6")),
        with("blocking", "nonce", json!("a2b3c4d5e6")),
        format!("The nonce is {NONCE}: I block this."),
        "Looks good to me: approved.".to_owned(),
        voting("approved").to_string().replace('}', ""),
    ] {
        assert!(!fits(source.clone()), "{source}");
    }
}
