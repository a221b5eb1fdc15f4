//! The reviewers of a round: who is due, whose answer is published next, what a failure means.

use crate::domain::agent::{ResponseKind, Role};
use crate::domain::failure::TurnFailure;
use crate::domain::ids::{CommitSha, ItemId, Label, RequirementId};
use crate::domain::item::{Item, OpenedItem};
use crate::domain::item_status::ItemStatus;
use crate::domain::policy::Followups;
use crate::domain::requirement::Requirements;
use crate::domain::roster::Seat;
use crate::domain::turn::TurnKey;
use crate::ledger::payload::Review;
use crate::protocol::answer::Reading;
use crate::protocol::expectation::{Expectation, Surfaced};
use crate::protocol::kinds::pr_review::PrReview;
use crate::protocol::requirements;

use super::super::observed::Results;
use super::super::question::{Answered, Persistence, Question, QuestionState};
use super::super::request::Reviewing;
use super::super::retry::Tries;
use super::super::step::{self, Ask, Purpose};
use super::state::{ReviewState, Run};

/// A place in the run: what is reviewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    pub round: u32,
    pub head: CommitSha,
}

/// Where the reviewers of a round stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Round {
    /// The next record to publish.
    Publish(Box<Review>),
    Ask(Vec<Ask>),
    /// Turns run, and nothing else is to be done.
    Running,
    /// Everyone who was due has voted or failed.
    Settled {
        failed: Vec<(Label, TurnFailure)>,
    },
}

/// Whether more reviewers may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asking {
    Allowed(Reviewing),
    /// No further turn may be begun; what was answered is still published.
    Over,
}

/// The key of a reviewer's turn.
pub fn key(run: &Run, place: &Place, seat: &Seat) -> TurnKey {
    TurnKey {
        run: run.id.clone(),
        sitting: run.sitting,
        round: place.round,
        role: Role::Reviewer,
        label: seat.label.clone(),
        kind: ResponseKind::PrReview,
        head: place.head.clone(),
        clarifications: 0,
        again: 0,
        retry: 0,
    }
}

/// Whether an approval of this very head stands, so that its reviewer need not be asked.
fn stands(state: &ReviewState, seat: &Seat, place: &Place, required: &[RequirementId]) -> bool {
    let is_disputed = |item: &Item| {
        item.author == crate::domain::item::Author::Reviewer(seat.label.clone()) && item.dispute.is_some()
    };
    state.approves(seat, &place.head, required) && !shown(state, place).iter().any(is_disputed)
}

/// What reviewers are asked with.
#[derive(Debug, Clone, Copy)]
pub struct Means<'seen> {
    pub results: &'seen Results,
    /// What is done to get an answer.
    pub persistence: &'seen Persistence,
    /// What people require at this instant.
    pub requirements: &'seen Requirements,
    /// Whether more reviewers may be asked.
    pub asking: Asking,
}

/// What the reviewers of a round do next.
pub fn next(state: &ReviewState, run: &Run, place: &Place, means: Means<'_>) -> Round {
    let Means { results, persistence, requirements, asking } = means;
    let required = requirements::expected(requirements).ids;
    let mut failed = Vec::new();
    let mut unasked = Vec::new();
    let mut running = false;
    let shown = shown(state, place);
    for seat in run.terms.roster.reviewers() {
        if is_here(state, place) && state.has_reviewed(seat) || stands(state, seat, place, &required) {
            continue;
        }
        let key = key(run, place, seat);
        let surfaced = results.surfaced(&key, requirements);
        let ask = Ask { requirements: requirements.clone(), ..ask(state, run, key, &shown, surfaced) };
        match (Question { ask: &ask, results, persistence }).standing::<PrReview>() {
            QuestionState::Answered(answered)
                if !running && (unasked.is_empty() || asking == Asking::Over) =>
            {
                let said = (*answered, ask.expectation.requirements.ids);
                return Round::Publish(Box::new(record(state, run, seat, place, said)));
            }
            QuestionState::Answered(_) => {}
            QuestionState::Failed(failure) => failed.push((seat.label.clone(), failure)),
            QuestionState::Running => running = true,
            QuestionState::Ask(ask) => unasked.push(*ask),
        }
    }
    match asking {
        Asking::Over if running => Round::Running,
        Asking::Over => Round::Settled { failed },
        Asking::Allowed(_) if unasked.is_empty() && running => Round::Running,
        Asking::Allowed(_) if unasked.is_empty() => Round::Settled { failed },
        Asking::Allowed(Reviewing::Parallel) => Round::Ask(unasked),
        Asking::Allowed(Reviewing::Sequential) if running => Round::Running,
        Asking::Allowed(Reviewing::Sequential) => Round::Ask(unasked.into_iter().take(1).collect()),
    }
}

fn is_here(state: &ReviewState, place: &Place) -> bool {
    state.round == place.round && state.head.as_ref() == Some(&place.head)
}

/// The items that everyone in the round is shown: open ones, and future ones that may be promoted.
fn shown(state: &ReviewState, place: &Place) -> Vec<Item> {
    let known =
        if is_here(state, place) { state.items_at_start().to_vec() } else { state.items_from(&place.head) };
    known.into_iter().filter(|item| item.standing != ItemStatus::Resolved).collect()
}

fn expectation(state: &ReviewState, run: &Run, shown: &[Item], requirements: Surfaced) -> Expectation {
    let is_on_roster = |label: &Label| run.terms.roster.reviewer(label).is_some();
    let shown = step::shown_items(shown, is_on_roster);
    let ledger = state.completeness;
    Expectation { shown, ledger, requirements, ..Expectation::bare(ResponseKind::PrReview) }
}

fn ask(state: &ReviewState, run: &Run, key: TurnKey, shown: &[Item], surfaced: Surfaced) -> Ask {
    Ask {
        shown: shown.to_vec(),
        expectation: expectation(state, run, shown, surfaced),
        requirements: Requirements::default(),
        branch: None,
        max_rounds: run.terms.policy.max_rounds,
        clarifications: Vec::new(),
        summary: state.summary.clone(),
        published_turns: state.published_turns(Role::Reviewer, &key.label),
        purpose: Purpose::Work,
        model: run.terms.roster.reviewer(&key.label).and_then(|seat| seat.model.clone()),
        pause: None,
        tries: Tries::default(),
        unfinished: None,
        followups: run.terms.policy.followups,
        key,
    }
}

/// Whether a new finding enters the ledger.
fn keeps(run: &Run, standing: ItemStatus) -> bool {
    standing != ItemStatus::Future || run.terms.policy.followups != Followups::Ignore
}

/// The record of a review: its findings get their numbers here, at publication.
fn record(
    state: &ReviewState,
    run: &Run,
    seat: &Seat,
    place: &Place,
    (answered, requirements): (Answered<PrReview>, Vec<RequirementId>),
) -> Review {
    let Answered { reading, repairs, usage, model, commit: _ } = answered;
    let Reading { said: response, meaning: judgement, mut normalisations, .. } = reading;
    let (kept, dropped): (Vec<_>, Vec<_>) =
        judgement.findings.into_iter().partition(|(standing, _)| keeps(run, *standing));
    if !dropped.is_empty() {
        normalisations.push(format!("{} future follow-ups left out, as the mode says", dropped.len()));
    }
    let opened: Vec<OpenedItem> = kept
        .into_iter()
        .zip(state.next_item..)
        .map(|((standing, text), number)| OpenedItem { id: ItemId::numbered(number), standing, text })
        .collect();
    let next_item = state.next_item + u64::try_from(opened.len()).unwrap_or(0);
    Review {
        agent: seat.label.clone(),
        head: place.head.clone(),
        response,
        opened,
        dispositions: judgement.dispositions,
        next_item,
        requirements,
        normalisations,
        repairs,
        usage,
        model,
    }
}
