//! No approval comes out of an input in which the word does not stand, and what was understood is understood again.
//! The first letter of an input says which kind is expected; its three texts are parted by zero bytes.

#![no_main]

use agent_loop::domain::agent::ResponseKind;
use agent_loop::domain::item_status::ItemStatus;
use agent_loop::domain::ids::ItemId;
use agent_loop::protocol::answer;
use agent_loop::protocol::expectation::{Debate, Expectation, Owner, ResearchPolicy, ShownItem, Voter};
use agent_loop::protocol::raw_answer::RawAnswer;
use libfuzzer_sys::fuzz_target;

fn expectation(kind: ResponseKind) -> Expectation {
    let shown = [(1, ItemStatus::Blocking, Owner::Reviewer), (2, ItemStatus::Future, Owner::Reviewer)];
    let shown =
        shown.map(|(number, status, owner)| ShownItem { id: ItemId::numbered(number), status, owner });
    let debaters = ["codex", "claude"].map(|name| name.parse().expect("a label")).to_vec();
    let debate = Some(Debate { round: 1, debaters, research: ResearchPolicy::Optional });
    let voter = Voter { label: "rev".parse().expect("a label"), nonce: "k3v9q2mt7x".into() };
    Expectation { shown: shown.to_vec(), debate, ..Expectation::vote(kind, voter) }
}

fuzz_target!(|input: &str| {
    let Some(first) = input.chars().next() else { return };
    let place = first.to_digit(10).unwrap_or(0) as usize;
    let kind = ResponseKind::ALL[place.min(ResponseKind::ALL.len() - 1)];
    let mut texts = input[first.len_utf8()..].splitn(3, '\0').map(str::to_owned);
    let (message, file, native) = (texts.next(), texts.next(), texts.next());
    let expectation = expectation(kind);
    let Ok(understood) = answer::understand(&RawAnswer { native, file, message }, &expectation) else {
        return;
    };
    if let Some(word @ ("approved" | "implement")) = understood.verdict {
        assert!(input.contains(word) || input.contains("\\u"), "{word} out of nothing");
    }
    let again = answer::understand(&RawAnswer::message(understood.object.to_string()), &expectation);
    let again = again.expect("an answer that was understood");
    assert_eq!((again.object, again.verdict), (understood.object, understood.verdict));
});
