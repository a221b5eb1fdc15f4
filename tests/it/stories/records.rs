//! The facts that stories read from records. No other file of the stories names a type of the ledger or a state.

use std::collections::BTreeMap;
use std::sync::Arc;

use agent_loop::domain::ending::Ending;
use agent_loop::domain::flow_name::FlowName;
use agent_loop::domain::ids::Label;
use agent_loop::domain::ids::{CommitSha, IssueNumber, ItemId, PullRequestNumber};
use agent_loop::domain::item::Item;
use agent_loop::domain::repair::Repair;
use agent_loop::domain::subject::Subject;
use agent_loop::domain::usage::Usage;
use agent_loop::engine::thread;
use agent_loop::flow::begin;
use agent_loop::flow::delivery::records::DeliveryEntry;
use agent_loop::flow::delivery::state::DeliveryState;
use agent_loop::flow::discuss::records::DiscussEntry;
use agent_loop::flow::discuss::state::DiscussState;
use agent_loop::flow::machine::{At, Machine};
use agent_loop::flow::names::{DELIVERY, DISCUSSION, PLANNING, REVIEW};
use agent_loop::flow::planning::records::PlanningEntry;
use agent_loop::flow::planning::state::PlanningState;
use agent_loop::flow::review::records::ReviewEntry;
use agent_loop::flow::review::state::ReviewState;
use agent_loop::flow::run::Concluded;
pub(super) use agent_loop::ledger::chain::task_key;

use agent_loop::ledger::body::Body;
use agent_loop::ledger::chain::{self, Chain};
use agent_loop::ledger::codec::{self, Content};
use agent_loop::ledger::envelope::Envelope;
use agent_loop::ledger::thread::Link;
use agent_loop::ports::forge::{Comment, Forge};
use agent_loop::ports::journal::{Entry, Finished};
use agent_loop::protocol::text::ReviewVerdict;

use crate::world::MemoryWorld;

/// Returns the valid records of one flow on one subject.
#[derive(Debug)]
pub(super) struct Records(Vec<Arc<Envelope>>);

/// A review, as far as stories need it.
pub(super) struct Reviewed {
    pub(super) state: ReviewVerdict,
    pub(super) head: CommitSha,
    pub(super) repairs: Vec<Repair>,
    pub(super) usage: Usage,
}

fn review_entry(record: &Envelope) -> ReviewEntry {
    record.body.read().unwrap()
}

/// Returns the state that records of a review fold to.
fn review_of(records: &[Arc<Envelope>]) -> ReviewState {
    let subject = records.first().map(|record| record.subject.clone());
    let Some(Subject::PullRequest(number)) = subject else { return ReviewState::new(PullRequestNumber(1)) };
    let mut state = ReviewState::new(number);
    for record in records {
        apply(&mut state, record);
    }
    state
}

fn apply(state: &mut ReviewState, record: &Envelope) {
    state.apply(At { run: &record.run, round: record.round }, review_entry(record)).unwrap();
}

fn debate_of(records: &[Arc<Envelope>]) -> DiscussState {
    let mut state = DiscussState::new(records.first().unwrap().subject.clone());
    for record in records {
        let at = At { run: &record.run, round: record.round };
        state.apply(at, record.body.read().unwrap()).unwrap();
    }
    state
}

fn delivery_of(records: &[Arc<Envelope>]) -> DeliveryState {
    let mut state = DeliveryState::new(records.first().unwrap().subject.clone());
    for record in records {
        let at = At { run: &record.run, round: record.round };
        state.apply(at, record.body.read::<DeliveryEntry>().unwrap()).unwrap();
    }
    state
}

fn planning_of(records: &[Arc<Envelope>]) -> PlanningState {
    let Subject::Issue(number) = records.first().unwrap().subject else { panic!("a plan is about an issue") };
    let mut state = PlanningState::new(number);
    for record in records {
        let at = At { run: &record.run, round: record.round };
        state.apply(at, record.body.read::<PlanningEntry>().unwrap()).unwrap();
    }
    state
}

impl Records {
    /// Returns the records of the plan of an issue.
    pub(super) fn of_planning(world: &MemoryWorld, number: u64) -> Self {
        let subject = Subject::Issue(IssueNumber(number));
        Self::in_thread(world, PLANNING, subject, &world.thread(number))
    }

    /// Returns the records of a review.
    pub(super) fn of_review(world: &MemoryWorld, number: PullRequestNumber) -> Self {
        let subject = Subject::PullRequest(number);
        Self::in_thread(world, REVIEW, subject, &world.thread(number.0))
    }

    /// Returns the records of the debates about an issue.
    pub(super) fn of_debate(world: &MemoryWorld, number: u64) -> Self {
        let subject = Subject::Issue(IssueNumber(number));
        Self::in_thread(world, DISCUSSION, subject, &world.thread(number))
    }

    fn in_thread(world: &MemoryWorld, flow: FlowName, subject: Subject, thread: &[Comment]) -> Self {
        let chain = Chain { repository: world.repository_id(), flow, subject };
        Self(thread::decoded(thread).chain(&chain, &[world.login()]).records().cloned().collect())
    }

    /// Returns the records of a task: a chain in its journal, and another one in the thread of its pull request.
    fn of_task(world: &MemoryWorld, subject: Subject, entries: Vec<Entry>) -> Self {
        let chain = Chain { repository: world.repository_id(), flow: DELIVERY, subject };
        let read = |bodies: Vec<String>| {
            let reading = thread::read_local(&chain, &world.login(), &bodies);
            reading.records().cloned().collect::<Vec<_>>()
        };
        let mut records = read(entries.into_iter().filter_map(Entry::into_record).collect());
        records.extend(read(
            world.threads().into_values().flatten().map(|comment| comment.body.to_string()).collect(),
        ));
        Self(records)
    }

    /// Returns the records without times, ids and commits: one line per record.
    pub(super) fn summaries(&self) -> Vec<String> {
        self.0.iter().map(|record| line(record)).collect()
    }

    /// Returns the reviews of one reviewer, oldest first.
    pub(super) fn reviews_by(&self, agent: &str) -> Vec<Reviewed> {
        let of_agent = |record: &Arc<Envelope>| match review_entry(record) {
            ReviewEntry::Review(review) if review.given.agent.as_str() == agent => Some(Reviewed {
                state: review.response.state,
                head: review.head.clone(),
                repairs: review.given.repairs.clone(),
                usage: review.given.usage,
            }),
            ReviewEntry::Review(_)
            | ReviewEntry::Opened(_)
            | ReviewEntry::Answer(_)
            | ReviewEntry::Gates(_)
            | ReviewEntry::FollowedUp(_)
            | ReviewEntry::Concluded(_) => None,
        };
        self.0.iter().filter_map(of_agent).collect()
    }

    /// Returns the number of the next item after an older thread, according to the run's first record.
    pub(super) fn carried_next_item(&self) -> Option<u64> {
        let ReviewEntry::Opened(opened) = review_entry(self.0.first()?) else { panic!("no run was opened") };
        opened.carried.as_ref().map(|carried| carried.next_item)
    }

    /// Returns the items at the end.
    pub(super) fn items(&self) -> Vec<Item> {
        review_of(&self.0).rounds.items()
    }

    /// Checks that the fold of any beginning, followed by the rest one by one, is the fold of all.
    pub(super) fn assert_fold_from_anywhere(&self) {
        let all = review_of(&self.0);
        for cut in 0..=self.0.len() {
            let (before, after) = self.0.split_at(cut);
            let mut state = if before.is_empty() { ReviewState::new(all.number) } else { review_of(before) };
            for record in after {
                apply(&mut state, record);
            }
            assert_eq!(state, all);
        }
    }
}

/// Returns the repairs and the usage of the answer in the last record of a delivery.
pub(super) fn delivered_answer(thread: &[Comment]) -> Option<(Vec<Repair>, Usage)> {
    let Content::Record(decoded) = codec::read(&thread.last()?.body) else { return None };
    let DeliveryEntry::Delivered(delivered) = decoded.record.body.read().ok()? else { return None };
    delivered.answer.map(|answer| (answer.repairs, answer.usage))
}

/// Returns the ids in every readable review of a thread, whether the review counts or not.
pub(super) fn opened_ids(thread: &[Comment]) -> Vec<ItemId> {
    let review = |comment: &Comment| match codec::read(&comment.body) {
        Content::Record(decoded) => match decoded.record.body.read() {
            Ok(ReviewEntry::Review(review)) => review.findings.opened,
            Ok(_) | Err(_) => Vec::new(),
        },
        Content::NoRecord | Content::Newer(_) | Content::Damaged(_) | Content::Quoted => Vec::new(),
    };
    thread.iter().flat_map(review).map(|item| item.id).collect()
}

/// Returns whether a journal holds an answer of a reviewer that no record has yet.
pub(super) fn holds_unpublished_vote(world: &MemoryWorld) -> bool {
    world.journal_entries().into_iter().any(|(subject, entries)| {
        let Subject::PullRequest(number) = subject else { return false };
        let records = Records::of_review(world, number);
        entries.iter().any(|entry| {
            let Entry::Finished { turn, finished: Finished::Answered { .. }, .. } = entry else {
                return false;
            };
            let is_theirs = |review: &Reviewed| review.head == turn.head;
            turn.kind.is_vote() && !records.reviews_by(turn.label.as_str()).iter().any(is_theirs)
        })
    })
}

/// Returns whether a comment claims to be a record.
pub(super) fn is_record(body: &str) -> bool {
    codec::claims(body)
}

/// Returns the visible text of a comment.
pub(super) fn visible(body: &str) -> &str {
    if is_record(body) {
        body.trim_end().rsplit_once('\n').map_or("", |(visible, _)| visible.trim_end())
    } else {
        body
    }
}

/// Returns the flow and the kind of a record, if the comment is one.
pub(super) fn kind(body: &str) -> Option<String> {
    let Content::Record(decoded) = codec::read(body) else { return None };
    Some(format!("{} {}", decoded.record.flow, decoded.record.body.kind()))
}

/// Returns the line of a record, read and written again.
pub(super) fn rewritten(body: &str) -> Option<String> {
    let Content::Record(decoded) = codec::read(body) else { return None };
    codec::line(&decoded.record).ok()
}

/// Returns the folded states of all threads and journals of a world, by subject and flow.
pub(super) fn folded(world: &MemoryWorld) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (number, state) in world.states() {
        let (flows, subject) = if state.ends_with("issue") {
            (vec![DELIVERY, DISCUSSION, PLANNING], format!("issue/{number}"))
        } else {
            (vec![REVIEW], format!("pr/{number}"))
        };
        for flow in flows {
            let records = Records::in_thread(world, flow, subject.parse().unwrap(), &world.thread(number));
            all.extend(records.end(&subject));
        }
    }
    let tasks =
        world.journal_entries().into_iter().filter(|(subject, _)| matches!(subject, Subject::Task(_)));
    for (subject, entries) in tasks {
        let name = subject.to_string();
        all.extend(Records::of_task(world, subject, entries).end(&name));
    }
    all
}

impl Records {
    fn end(&self, subject: &str) -> Option<(String, String)> {
        let flow = &self.0.first()?.flow;
        let end = if *flow == REVIEW {
            review_end(&review_of(&self.0))
        } else if *flow == DISCUSSION {
            debate_end(&debate_of(&self.0))
        } else if *flow == PLANNING {
            planning_end(&planning_of(&self.0))
        } else {
            delivery_end(&delivery_of(&self.0))
        };
        Some((format!("{flow} of {subject}, {} records", self.0.len()), end))
    }
}

fn review_end(state: &ReviewState) -> String {
    let run = state.run.as_ref().unwrap();
    let mut lines = vec![
        ending(run.state.ending.as_ref()),
        format!("round {}", state.rounds.round()),
        usage(run.state.usage),
    ];
    let votes = state.votes().into_iter();
    lines.extend(votes.map(|vote| format!("{} {} {}", vote.agent, vote.state.name(), vote.head)));
    let items = state.rounds.items().into_iter();
    lines.extend(items.map(|item| {
        let notes: Vec<&str> = item.notes.iter().map(|note| note.text.as_str()).collect();
        format!("{} {} {}: {} {notes:?}", item.id, item.author, item.status.name(), item.text)
    }));
    lines.extend(state.measured.all().iter().map(|one| format!("{} {}", one.gate, one.verdict.name())));
    lines.join("\n")
}

fn debate_end(state: &DiscussState) -> String {
    let (run, debate) = (state.run.as_ref().unwrap(), state.debate.as_ref().unwrap());
    let mut lines = vec![ending(run.ending.as_ref()), format!("topic {}", debate.topic), usage(run.usage)];
    for (number, round) in (1..).zip(&debate.rounds) {
        let votes = round.positions.iter();
        lines
            .extend(votes.map(|one| format!("{number} {} {}", one.given.agent, one.response.outcome.name())));
    }
    lines.extend(debate.verdict().map(|verdict| format!("{verdict:?}")));
    lines.join("\n")
}

fn planning_end(state: &PlanningState) -> String {
    let run = state.run.as_ref().unwrap();
    let mut lines = vec![ending(run.state.ending.as_ref()), format!("round {}", state.rounds.round())];
    lines.push(usage(run.state.usage));
    lines.extend(state.plan.iter().map(|plan| format!("plan {} {:?}", plan.hash, plan.plan)));
    lines.extend(state.approved.iter().map(|approved| format!("approved {}", approved.plan)));
    let votes = state.votes().into_iter();
    lines.extend(votes.map(|vote| format!("{} {} {}", vote.agent, vote.state.name(), vote.head)));
    let items = state.rounds.items().into_iter();
    lines.extend(
        items.map(|item| format!("{} {} {}: {}", item.id, item.author, item.status.name(), item.text)),
    );
    let phases = state.phases.iter().flat_map(|phases| &phases.phases);
    lines.extend(phases.map(|phase| format!("phase {:?} {}", phase.issue, phase.phase.title.as_str())));
    lines.extend(state.stages.iter().map(|stage| format!("stage {} {}", stage.issue, stage.title)));
    lines.push(format!("started {:?}", state.started));
    lines.join("\n")
}

fn delivery_end(state: &DeliveryState) -> String {
    let run = state.run.as_ref().unwrap();
    let delivered = state.delivered.as_ref();
    let delivered = delivered
        .map_or_else(|| "no pull request".to_owned(), |handed| format!("pr/{}", handed.pull_request));
    let (branch, cost) = (format!("branch {}", run.branch), usage(run.state.usage));
    [ending(run.state.ending.as_ref()), delivered, branch, cost].join("\n")
}

fn ending(ending: Option<&Ending>) -> String {
    let Some(ending) = ending else { return "no ending".to_owned() };
    format!("{} {}", ending.status(), ending.reason().unwrap_or("-"))
}

fn usage(usage: Usage) -> String {
    serde_json::to_string(&usage).unwrap()
}

fn line(record: &Envelope) -> String {
    if record.flow == DISCUSSION {
        debate_line(record)
    } else if record.flow == PLANNING {
        planning_line(record)
    } else {
        review_line(record)
    }
}

fn debate_line(record: &Envelope) -> String {
    let round = record.round;
    match record.body.read().unwrap() {
        DiscussEntry::Opened(opened) => {
            let names: Vec<&str> = opened.roster.reviewers.labels().map(Label::as_str).collect();
            format!("{round} opened {names:?}")
        }
        DiscussEntry::Position(position) => {
            format!("{round} {} {}", position.given.agent, position.response.outcome.name())
        }
        DiscussEntry::RoundSummary(summary) => {
            let failed: Vec<String> =
                summary.failures.iter().map(|one| format!(" {} {}", one.agent, one.category)).collect();
            let agenda = if summary.agenda.is_some() { " agenda" } else { "" };
            let verdict = summary.verdict.map(|verdict| {
                format!(" {} {} {:?}", verdict.result, verdict.outcome.name(), verdict.split_proposals)
            });
            format!("{round} summary{agenda}{}{}", failed.concat(), verdict.unwrap_or_default())
        }
        DiscussEntry::Stages(filed) => {
            let numbers: Vec<u64> = filed.stages.iter().map(|stage| stage.issue.0).collect();
            format!("{round} stages {numbers:?}")
        }
        DiscussEntry::Concluded(concluded) => concluded_line(round, &concluded),
    }
}

fn concluded_line(round: u32, concluded: &Concluded) -> String {
    format!("{round} concluded {} {}", concluded.ending.status(), concluded.ending.reason().unwrap_or("-"))
}

fn review_line(record: &Envelope) -> String {
    let round = record.round;
    match review_entry(record) {
        ReviewEntry::Opened(opened) => format!("{round} opened {:?}", opened.votes),
        ReviewEntry::Review(review) => {
            let opened: Vec<&str> = review.findings.opened.iter().map(|item| item.id.as_str()).collect();
            let said: Vec<String> = review
                .findings
                .dispositions
                .iter()
                .map(|said| format!("{} {}", said.item, said.status.name()))
                .collect();
            format!("{round} {} {} {opened:?} {said:?}", review.given.agent, review.response.state.name())
        }
        ReviewEntry::Answer(answer) => {
            let moved = if answer.head_before == answer.head_after { "as it was" } else { "changed" };
            format!("{round} {} answers, {moved}", answer.given.agent)
        }
        ReviewEntry::Gates(gates) => {
            let words: Vec<&str> = gates.measurements.iter().map(|one| one.verdict.name()).collect();
            format!("{round} gates {words:?} opened {} resolved {}", gates.opened.len(), gates.resolved.len())
        }
        ReviewEntry::FollowedUp(record) => {
            format!("{round} followups {} skipped {}", record.followups.len(), record.skipped)
        }
        ReviewEntry::Concluded(concluded) => concluded_line(round, &concluded),
    }
}

fn planning_line(record: &Envelope) -> String {
    let round = record.round;
    match record.body.read::<PlanningEntry>().unwrap() {
        PlanningEntry::Opened(opened) => format!("{round} opened {:?}", opened.votes),
        PlanningEntry::Plan(plan) => format!("{round} {} plans {}", plan.given.agent, plan.plan),
        PlanningEntry::PlanReview(review) => {
            let opened: Vec<&str> = review.findings.opened.iter().map(|item| item.id.as_str()).collect();
            format!("{round} {} {} {opened:?}", review.given.agent, review.response.state.name())
        }
        PlanningEntry::PlanApproved(approved) => {
            format!("{round} approved {} followups {}", approved.plan, approved.followups.len())
        }
        PlanningEntry::Decomposed(decomposed) => {
            let issues: Vec<_> = decomposed.phases.iter().map(|phase| phase.issue).collect();
            format!("{round} decomposed {issues:?}")
        }
        PlanningEntry::PhaseStarted(started) => format!("{round} phase {} #{}", started.phase, started.issue),
        PlanningEntry::Split(split) => format!("{round} split {}", split.stages.len()),
        PlanningEntry::Concluded(concluded) => concluded_line(round, &concluded),
    }
}

/// Returns a record as another version would write it: it links to the end of a pull request's review, or begins the chain of
/// another flow.
pub(super) fn of_another_version(world: &MemoryWorld, number: u64, flow: &FlowName, kind: &str) -> String {
    let subject = Subject::PullRequest(PullRequestNumber(number));
    let chain = Chain { repository: world.repository_id(), flow: flow.clone(), subject: subject.clone() };
    let prev = thread::decoded(&world.thread(number)).chain(&chain, &[world.login()]).tail;
    let body = Body::of(&serde_json::json!({ "kind": kind, "payload": { "seats": 2 } }));
    let record = Envelope {
        id: chain::record_id(&prev, kind, None),
        prev,
        run: "20260101-000000-0".parse().unwrap(),
        flow: flow.clone(),
        subject,
        round: 1,
        at: jiff::Timestamp::UNIX_EPOCH,
        tool: "agent-loop/9.9.9".to_owned(),
        body,
    };
    codec::body("Somebody polls.", &codec::line(&record).unwrap())
}

/// Returns the run in the record that opens the review of a pull request.
pub(super) struct OpenedRun {
    pub(super) run: String,
    pub(super) delivered: Option<CommitSha>,
    pub(super) max_rounds: u32,
    pub(super) spent: Option<Usage>,
}

/// Returns the records that open runs on a pull request, oldest first.
pub(super) fn opened_runs(world: &MemoryWorld, number: u64) -> Vec<OpenedRun> {
    let records = Records::of_review(world, PullRequestNumber(number));
    let opened = |record: &Arc<Envelope>| match review_entry(record) {
        ReviewEntry::Opened(opened) => Some(OpenedRun {
            run: record.run.to_string(),
            delivered: opened.delivered,
            max_rounds: opened.policy.max_rounds,
            spent: opened.spent,
        }),
        ReviewEntry::Review(_)
        | ReviewEntry::Answer(_)
        | ReviewEntry::Gates(_)
        | ReviewEntry::FollowedUp(_)
        | ReviewEntry::Concluded(_) => None,
    };
    records.0.iter().filter_map(opened).collect()
}

/// Returns the run of the latest record of a delivery in a thread.
pub(super) fn delivering_run(thread: &[Comment]) -> Option<String> {
    let run = |comment: &Comment| match codec::read(&comment.body) {
        Content::Record(decoded) if decoded.record.flow == DELIVERY => Some(decoded.record.run.to_string()),
        Content::Record(_)
        | Content::NoRecord
        | Content::Newer(_)
        | Content::Damaged(_)
        | Content::Quoted => None,
    };
    thread.iter().rev().find_map(run)
}

/// A record as a fixture has it.
#[derive(serde::Deserialize)]
pub(super) struct MadeUp {
    pub(super) title: String,
    flow: FlowName,
    subject: Subject,
    round: u32,
    kind: String,
    payload: serde_json::Value,
}

/// Renders the comment of a record. The machines know the earlier records of their flows.
pub(super) fn comment_of(made_up: &MadeUp, machines: &mut BTreeMap<FlowName, Box<dyn Machine>>) -> String {
    let MadeUp { flow, subject, round, kind, payload, .. } = made_up;
    let machine = machines.entry(flow.clone()).or_insert_with(|| begin(flow, subject).unwrap());
    let prev = chain::hash(made_up.title.as_bytes());
    let record = Envelope {
        id: chain::record_id(&prev, kind, None),
        prev,
        run: "20260101-000000-0".parse().unwrap(),
        flow: flow.clone(),
        subject: subject.clone(),
        round: *round,
        at: jiff::Timestamp::UNIX_EPOCH,
        tool: String::new(),
        body: Body::of(&serde_json::json!({ "kind": kind, "payload": payload })),
    };
    let text = machine.comment(&record).unwrap();
    let _ = machine.apply(&Link::Record(Arc::new(record)));
    text
}
