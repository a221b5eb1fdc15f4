//! Stories of debates: blind votes, rounds, agendas, research, and every result.

use agent_loop::domain::agent::ResponseKind;
use agent_loop::domain::debate::{OnDebaterFailure, ResearchPolicy};
use agent_loop::domain::execution::DeferredWork;
use agent_loop::domain::failure::TurnFailure;
use agent_loop::domain::ids::IssueNumber;
use agent_loop::domain::nonce::Nonce;
use agent_loop::flow::request::Reviewing;
use agent_loop::flow::terms::DebateOverrides;
use agent_loop::flow::view::FollowingCommand;
use agent_loop::ports::agents::TurnOrder;
use serde_json::{Value, json};

use crate::world::{Agent, MemoryWorld, Reaction};

use super::cast::{agent, always_approves, always_fails, always_says, approves, implementation};
use super::stage::{Begins, Story, seat, story};

/// Returns the number of an agent's vote in each round; the last one repeats.
fn in_round<T: Copy>(votes: &[T], order: &TurnOrder) -> T {
    let place = usize::try_from(order.round).unwrap() - 1;
    *votes.get(place).or(votes.last()).unwrap()
}

pub(super) fn vote(order: &TurnOrder, outcome: &str) -> Value {
    let name = &order.label;
    let mut said = json!({
        "schema_version": 1, "kind": "discuss_review", "nonce": order.nonce.as_ref().map(Nonce::as_str),
        "outcome": outcome,
        "rationale": format!("{name} has reasons.\n\n{name} would change its vote for a proof."),
    });
    if order.round > 1 {
        said["rebuttal"] = json!(format!("{name} has read the others."));
    }
    if outcome == "split" {
        said["split_proposals"] = json!([format!("Part of {name}"), "The common part."]);
    }
    said
}

/// A debater with a vote for each round.
pub(super) fn votes(outcomes: &'static [&'static str]) -> Agent {
    agent(move |order, _| Reaction::Says(vote(order, in_round(outcomes, order)).to_string()))
}

/// A debate between these agents.
pub(super) fn debate(name: &'static str, debaters: Vec<(&'static str, Agent)>) -> Story {
    Story { begins: Begins::Debate, ..story(name, always_approves(), debaters) }
}

/// A debater that fails in the first round.
fn fails_at_first(outcome: &'static str) -> Agent {
    agent(move |order, _| match order.round {
        1 => Reaction::Fails(TurnFailure::Timeout { seconds: 9, limit: None }),
        _ => Reaction::Says(vote(order, outcome).to_string()),
    })
}

pub(super) fn agreed_at_once() -> Story {
    debate("agreed at once", vec![("one", votes(&["implement"])), ("two", votes(&["implement"]))])
}

pub(super) fn converged() -> Story {
    let debaters = vec![("one", votes(&["implement"])), ("two", votes(&["do-not-implement", "implement"]))];
    debate("converged", debaters)
}

pub(super) fn deadlocked() -> Story {
    debate("deadlocked", vec![("one", votes(&["implement"])), ("two", votes(&["needs-human"]))])
}

pub(super) fn split() -> Story {
    debate("split", vec![("one", votes(&["split"])), ("two", votes(&["split"]))])
}

pub(super) fn stages_filed() -> Story {
    let terms = DebateOverrides { stages: Some(DeferredWork::Filed), ..DebateOverrides::default() };
    with(Story { name: "stages filed", ..split() }, terms)
}

pub(super) fn debated_at_once() -> Story {
    Story { name: "debated at once", debating: Reviewing::Parallel, ..converged() }
}

/// Two of five debaters fail in the first round.
pub(super) fn partial() -> Story {
    let debaters = vec![
        ("one", votes(&["implement"])),
        ("two", fails_at_first("implement")),
        ("three", votes(&["implement"])),
        ("four", fails_at_first("implement")),
        ("five", votes(&["implement"])),
    ];
    let story = debate("partial", debaters);
    with(story, DebateOverrides { on_failure: Some(OnDebaterFailure::Partial), ..DebateOverrides::default() })
}

/// An analyzer that names these debaters in its agenda.
fn analyzer(names: &'static [&'static str]) -> Agent {
    agent(move |order, _| {
        assert_eq!(order.kind, ResponseKind::DiscussAgenda);
        let positions: serde_json::Map<String, Value> =
            names.iter().map(|name| ((*name).to_owned(), json!("its view"))).collect();
        let said = json!({
            "schema_version": 1, "kind": "discuss_agenda", "consensus": ["the bug is real"],
            "disagreements": [
                { "topic": "cost", "positions": positions, "question_for_next_round": "What does it cost?" },
            ],
            "research_required": true, "research_questions": ["What do others do?"],
        });
        Reaction::Says(said.to_string())
    })
}

pub(super) fn analyzed() -> Story {
    let story = Story { coder: analyzer(&["one", "two"]), ..converged() };
    let terms = DebateOverrides {
        analyzer: Some(seat("ana")),
        research: Some(ResearchPolicy::Optional),
        ..DebateOverrides::default()
    };
    Story { name: "analyzed", ..with(story, terms) }
}

pub(super) fn with(story: Story, debate: DebateOverrides) -> Story {
    Story { debate, ..story }
}

/// Plays a story, and returns its world, its status and its records.
async fn played(story: &Story) -> (MemoryWorld, &'static str, Vec<String>) {
    let world = story.world();
    let outcome = story.play(&world).await;
    (world.clone(), outcome.ending.status(), story.summaries(&world))
}

#[tokio::test]
async fn equal_first_votes_are_unanimous() {
    let (world, status, records) = played(&agreed_at_once()).await;
    assert_eq!(status, "consensus");
    let expected = [
        "1 opened [\"one\", \"two\"]",
        "1 one implement",
        "1 two implement",
        "1 summary unanimous implement []",
    ];
    assert_eq!(records, expected);
    let last = world.thread(1).last().unwrap().body.clone();
    assert!(last.starts_with("### Final consensus"), "{last}");
    assert_eq!(last.matches("<!-- AGENT_DISCUSS_CONSENSUS: ").count(), 1);
    assert_eq!(world.states()[&1], "open issue");
}

#[tokio::test]
async fn a_changed_vote_converges() {
    let (_, status, records) = played(&converged()).await;
    assert_eq!(status, "consensus");
    assert_eq!(
        records[3..],
        ["1 summary", "2 one implement", "2 two implement", "2 summary converged implement []"]
    );
}

#[tokio::test]
async fn different_votes_end_in_deadlock() {
    let story = deadlocked();
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_eq!(
        (outcome.ending.status(), outcome.ending.exit_code(), outcome.view.rounds),
        ("deadlock", 4, 3)
    );
    assert_eq!(story.summaries(&world).last().unwrap(), "3 summary deadlock needs-human []");
}

#[tokio::test]
async fn split_proposals_are_merged() {
    let (_, status, records) = played(&split()).await;
    assert_eq!(status, "consensus");
    let merged = r#"["Part of one", "The common part.", "Part of two"]"#;
    assert_eq!(records.last().unwrap(), &format!("1 summary unanimous split {merged}"));
}

#[tokio::test]
async fn partial_rounds_never_agree() {
    let (_, status, records) = played(&partial()).await;
    assert_eq!(status, "consensus");
    assert!(records.contains(&"1 summary two timeout four timeout".to_owned()), "{records:?}");
    assert_eq!(records.last().unwrap(), "2 summary converged implement []");
    let last = DebateOverrides { max_rounds: Some(0), ..partial().debate };
    let (_, status, records) = played(&with(partial(), last)).await;
    assert_eq!(status, "deadlock");
    assert_eq!(records.last().unwrap(), "1 summary two timeout four timeout deadlock needs-human []");
}

#[tokio::test]
async fn partial_rounds_need_two_votes() {
    let failure = TurnFailure::Timeout { seconds: 9, limit: None };
    let debaters = vec![("one", votes(&["implement"])), ("two", always_fails(&failure))];
    let terms = DebateOverrides { on_failure: Some(OnDebaterFailure::Partial), ..DebateOverrides::default() };
    let (_, status, records) = played(&with(debate("too few", debaters), terms)).await;
    assert_eq!(status, "failed");
    assert_eq!(records[1..], ["1 one implement", "1 concluded failed reviewer-unavailable"]);
}

/// A vote without its nonce, and one of a debater that edited its clone, are none.
#[tokio::test]
async fn void_votes_do_not_count() {
    let edits = agent(|order, tree| {
        tree.insert("code".to_owned(), "new".to_owned());
        Reaction::Says(vote(order, "implement").to_string())
    });
    let anonymous = agent(|order, _| {
        let mut said = vote(order, "implement");
        said["nonce"] = json!("aaaaaaaaaa");
        Reaction::Says(said.to_string())
    });
    for void in [edits, anonymous] {
        let (world, status, records) =
            played(&debate("void", vec![("one", votes(&["implement"])), ("two", void)])).await;
        assert_eq!(status, "failed");
        assert_eq!(records[1..], ["1 one implement", "1 concluded failed reviewer-unavailable"]);
        assert_eq!(world.branches().len(), 1);
    }
}

/// With `fail`, the votes of others are published, and nobody else is asked.
#[tokio::test]
async fn a_failure_ends_the_debate() {
    let failure = TurnFailure::Timeout { seconds: 9, limit: None };
    let cast = || {
        vec![
            ("one", votes(&["implement"])),
            ("two", always_fails(&failure)),
            ("three", votes(&["implement"])),
        ]
    };
    for (debating, votes) in
        [(Reviewing::Sequential, vec!["one"]), (Reviewing::Parallel, vec!["one", "three"])]
    {
        let story = Story { debating, ..debate("failing", cast()) };
        let (_, status, records) = played(&story).await;
        let voted: Vec<String> = votes.into_iter().map(|name| format!("1 {name} implement")).collect();
        assert_eq!(status, "failed");
        assert_eq!(records[1..records.len() - 1], voted);
    }
}

/// No prompt shows a position of its own round, and both orders publish the same.
#[tokio::test]
async fn parallel_debates_publish_the_same() {
    for story in [converged(), deadlocked(), partial(), analyzed()] {
        let (world, _, records) = played(&story).await;
        let (parallel, _, same) = played(&Story { debating: Reviewing::Parallel, ..story.clone() }).await;
        assert_eq!(records, same, "{}", story.name);
        let texts = |world: &MemoryWorld| -> Vec<String> {
            let visible = |body: &str| {
                body.lines().filter(|line| !line.starts_with('<')).collect::<Vec<_>>().join("\n")
            };
            world.thread(1).into_iter().map(|comment| visible(&comment.body)).collect()
        };
        assert_eq!(texts(&world), texts(&parallel), "{}", story.name);
    }
}

/// A debater that checks what it sees of the others, and votes.
fn sees(expected: &'static [&'static [&'static str]], outcomes: &'static [&'static str]) -> Agent {
    agent(move |order, _| {
        let seen: Vec<&str> = order.context.positions.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(seen, in_round(expected, order), "{} in round {}", order.label, order.round);
        Reaction::Says(vote(order, in_round(outcomes, order)).to_string())
    })
}

#[tokio::test]
async fn first_votes_are_blind() {
    let both: &[&[&str]] = &[&[], &["one", "two"]];
    let debaters =
        vec![("one", sees(both, &["implement"])), ("two", sees(both, &["needs-human", "implement"]))];
    assert_eq!(played(&debate("blind", debaters)).await.1, "consensus");
}

#[tokio::test]
async fn an_agenda_replaces_other_positions() {
    let debaters = vec![
        ("one", sees(&[&[], &["one"]], &["implement"])),
        ("two", sees(&[&[], &["two"]], &["needs-human", "implement"])),
    ];
    let story = Story { reviewers: debaters, ..analyzed() };
    let (world, status, records) = played(&story).await;
    assert_eq!((status, records[3].as_str()), ("consensus", "1 summary agenda"));
    let last = world.thread(1).last().unwrap().body.clone();
    assert!(last.contains("### Analyzer-extracted consensus\n\n- the bug is real"), "{last}");
}

/// After any failure of the analyzer, the debate continues as without one.
#[tokio::test]
async fn a_failing_analyzer_is_replaced() {
    let quota = TurnFailure::Quota { resets_at: jiff::Timestamp::MAX, detail: String::new() };
    for coder in
        [analyzer(&["one", "stranger"]), analyzer(&[]), always_says("no agenda"), always_fails(&quota)]
    {
        let both: &[&[&str]] = &[&[], &["one", "two"]];
        let debaters =
            vec![("one", sees(both, &["implement"])), ("two", sees(both, &["needs-human", "implement"]))];
        let story = Story { coder, reviewers: debaters, ..analyzed() };
        let (world, status, records) = played(&story).await;
        assert_eq!((status, records[3].as_str()), ("consensus", "1 summary"));
        assert!(world.thread(1)[3].body.contains("The analyzer `ana`"));
    }
}

/// A debater that adds this research to its vote.
fn researches(research: Value) -> Agent {
    agent(move |order, _| {
        let mut said = vote(order, "implement");
        said["research"] = research.clone();
        Reaction::Says(said.to_string())
    })
}

#[tokio::test]
async fn research_follows_its_policy() {
    let sourced = json!({ "status": "sourced", "sourced_facts": [{ "fact": "a fact", "source": "a page" }] });
    let unneeded = json!({ "status": "not-needed" });
    for (policy, research, status, last) in [
        (ResearchPolicy::Forbidden, sourced.clone(), "consensus", "None: this debate used only"),
        (ResearchPolicy::Required, sourced, "consensus", "- a fact (source: a page) (cited by `one`)"),
        (ResearchPolicy::Optional, unneeded.clone(), "consensus", "- `one`, last round: not needed"),
        (ResearchPolicy::Required, unneeded, "failed", "gave a malformed answer: /research/status"),
    ] {
        let story = debate("research", vec![("one", researches(research))]);
        let story = with(story, DebateOverrides { research: Some(policy), ..DebateOverrides::default() });
        let (world, ended, _) = played(&story).await;
        let body = world.thread(1).last().unwrap().body.clone();
        assert_eq!(ended, status);
        assert!(body.contains(last), "{policy}: {body}");
        let left_out =
            world.events().iter().any(|event| format!("{event:?}").contains("`research` is left out"));
        assert_eq!(left_out, policy == ResearchPolicy::Forbidden);
    }
}

#[tokio::test]
async fn a_panel_of_one_is_named() {
    let (world, _, _) = played(&debate("alone", vec![("one", votes(&["implement"]))])).await;
    assert!(world.thread(1).last().unwrap().body.contains("There is only one debater"));
}

/// Without named debaters the default agents debate, as far as this machine has them.
#[tokio::test]
async fn default_debaters_are_of_two_vendors() {
    for panel in [&["one", "two"][..], &["one"], &["two"]] {
        let cast = panel.iter().map(|name| (*name, votes(&["implement"]))).collect();
        let story = debate("default", cast);
        let world = story.world();
        let mut request = story.request();
        request.asked.reviewers.clear();
        (request.default_coder, request.default_reviewer) = (seat("one"), seat("two"));
        let outcome = story.run_as(&world, story.assignment(&world), request).await.unwrap();
        assert_eq!(outcome.ending.status(), "consensus", "{}", outcome.message);
        assert_eq!(story.summaries(&world)[0], format!("1 opened {panel:?}"));
    }
}

/// The issues are filed once, also by a later command, and the table comes last.
#[tokio::test]
async fn a_split_files_its_stages() {
    let (world, status, records) = played(&stages_filed()).await;
    assert_eq!((status, records.last().unwrap().as_str()), ("consensus", "1 stages [2, 3, 4]"));
    let later = split();
    let other = later.world();
    let outcome = later.play(&other).await;
    assert!(outcome.message.contains("3 proposed issues are not filed"), "{}", outcome.message);
    let filing = "agent-loop discuss 1 --materialize-split-issues";
    assert_eq!(outcome.view.next_command, Some(FollowingCommand::Other(filing.to_owned())));
    for _ in 0..2 {
        let outcome = stages_filed().take_over(&other).await;
        assert!(outcome.message.contains("filed as #2, #3, #4"), "{}", outcome.message);
        assert_eq!(outcome.view.next_command, Some(FollowingCommand::Change(IssueNumber(2))));
        assert_eq!(other.states(), world.states());
    }
}

/// Asserts that the coder and the reviewers of the change see this of the debate.
async fn assert_seen(debate: &Story, summary: &'static str) {
    let world = debate.world();
    debate.play(&world).await;
    let knows = move |order: &TurnOrder| assert!(order.prompt.contains(summary), "{}", order.prompt);
    let coder = agent(move |order, tree| {
        knows(order);
        tree.insert("code".to_owned(), "new and good".to_owned());
        Reaction::Says(implementation(order))
    });
    let reviewer = agent(move |order, _| {
        knows(order);
        Reaction::Says(approves(order))
    });
    let change = Story { begins: Begins::Issue, ..story("change", coder, vec![("one", reviewer)]) };
    assert_eq!(change.take_over(&world).await.ending.status(), "approved");
}

#[tokio::test]
async fn the_change_follows_the_decision() {
    assert_seen(&agreed_at_once(), "one: one has reasons.").await;
}

#[tokio::test]
async fn the_change_sees_a_deadlock() {
    assert_seen(&deadlocked(), "two (`needs-human`): two has reasons.").await;
}
