//! The loop of the rounds on a pull request.

use crate::domain::ending::{Failed, Refused};
use crate::domain::gate::Measurement;
use crate::domain::ids::PullRequestNumber;
use crate::domain::item_status::ItemStatus;
use crate::domain::pull_request::PullRequest;
use crate::domain::subject::Subject;
use crate::domain::usage::Usage;
use crate::flow::observed::{Lineage, ReviewObserved};
use crate::flow::review::{self, state::ReviewState};
use crate::ledger::chain::Chain;
use crate::ledger::legacy::{CarriedItem, Ignored, Older};
use crate::ledger::payload::Carried;
use crate::ledger::record::Flow;
use crate::ledger::replay::Replay;
use crate::ports::World;
use crate::ports::forge::{Comment, Forge};
use crate::ports::journal::Entry;
use crate::ports::operator::Operator;
use crate::ports::run_event::RunEvent;
use crate::ports::workspace::Workspace;
use crate::protocol::context::{ContextComment, ContextSubject};

use super::brief::About;
use super::observe;
use super::origin;
use super::outcome::{Outcome, RunError};
use super::perform::{Next, Situation};
use super::run::{Engine, Handover, JournalOf};
use super::session::Session;
use super::turns;

impl<W: World> Engine<W> {
    pub(super) async fn review(
        &mut self,
        number: PullRequestNumber,
        from: Option<Handover>,
    ) -> Result<Outcome, RunError> {
        let mut session = self.open(&Subject::PullRequest(number)).await?;
        self.inherit(&mut session, from.as_ref()).await?;
        let mut known_head = None;
        let mut older = None;
        loop {
            let pull_request = self.world.forge().pull_request(number).await?;
            let head = Some(&pull_request.head);
            if known_head.as_ref() != head && session.pushed.as_ref() != head {
                self.refresh().await?;
                known_head = Some(pull_request.head.clone());
            }
            let comments = self.world.forge().comments(number).await?;
            let chain = self.chain(Flow::Review, &session.subject);
            let replay = observe::read(&chain, &self.recorders(), &comments);
            if session.known.is_none() {
                self.refuse_other_recorders(&replay, &chain, &comments)?;
                older = if replay.records.is_empty() { self.older(&comments) } else { None };
            }
            let seen = observe::take_in(&*self.world, &mut session, replay)?;
            let state = ReviewState::fold(&seen.records);
            if let Some(outcome) = self.interrupted(&mut session, Some((&state, &pull_request))).await? {
                return Ok(outcome);
            }
            self.tell_counts(&mut session, &state);
            if let (None, Some(terms)) = (&state.run, from.as_ref().and_then(|from| from.terms.as_ref())) {
                self.request = self.request.bound_to(terms);
            }
            let (people, origin) = self.listen(&session, from.as_ref(), (&pull_request, &comments)).await?;
            let mut common = self.common(&session, &people.requirements, seen.continuity)?;
            // The delivery's run goes on here once; when it has ended, a later command opens a run of its own.
            if let (Some(from), None) = (&from, &state.run) {
                common.fresh_run = from.run.clone();
            }
            let observed = ReviewObserved {
                common,
                older: older.clone(),
                pull_request: &pull_request,
                lineage: self.lineage(&state, &pull_request).await?,
                delivered: from.as_ref().and_then(|from| from.delivered.clone()),
                spent: from.as_ref().map_or_else(Usage::default, |from| from.spent),
            };
            let step = review::next::next(&state, &observed);
            let about = self.about(&state, &pull_request, (origin, people.discussion.clone())).await?;
            let situation = Situation {
                about: &about,
                tail: &seen.tail,
                items: &state.items(),
                purpose: None,
                review: Some((&state, &pull_request)),
            };
            match self.perform(&mut session, step, situation).await? {
                Next::Again => {}
                Next::End(outcome) => return Ok(*outcome),
                Next::Review(..) => {
                    return Err(RunError::failed(Failed::Error, "a review led to a review"));
                }
            }
        }
    }

    /// A colleague's run is not gone on with, nor begun again beside it, before that login is trusted.
    pub(super) fn refuse_other_recorders(
        &self,
        replay: &Replay,
        chain: &Chain,
        comments: &[Comment],
    ) -> Result<(), RunError> {
        let Some(login) = observe::other_recorder(replay, chain, comments) else { return Ok(()) };
        let subject = &chain.subject;
        let message = format!(
            "the records in the thread of {subject} are by {login}, and this run writes as {}. To go on with them set \
             `trust.recorders = [\"{login}\"]` in your configuration; to begin anew, delete them",
            self.world.forge().login()
        );
        Err(RunError::refused(Refused::Config, message))
    }

    /// What an older tool left in the thread, and a word on what of it does not count.
    fn older(&self, comments: &[Comment]) -> Option<Carried> {
        let Older { items, next_item, read, ignored } = observe::read_older(&self.recorders(), comments)?;
        for Ignored { comment, why } in ignored {
            let text = format!("comment {comment} of an older tool is ignored: {why}");
            self.world.operator().tell(&RunEvent::Warning { text });
        }
        let known = items.len();
        let mut room = MOST_CARRIED;
        let fits = |item: &CarriedItem| {
            let length = item.text.len() + item.notes.iter().map(String::len).sum::<usize>() + 200;
            room = room.saturating_sub(length);
            room > 0
        };
        let items: Vec<CarriedItem> = items.into_iter().map(bounded).take_while(fits).collect();
        if items.len() < known {
            let text = format!(
                "the older thread has {known} items to fix, and a record holds {} of them",
                items.len()
            );
            self.world.operator().tell(&RunEvent::Warning { text });
        }
        (read > 0).then_some(Carried { items, next_item })
    }

    fn tell_counts(&self, session: &mut Session<JournalOf<W>>, state: &ReviewState) {
        self.tell_unpriced(session, state.run.as_ref().map(|run| &run.id));
        let items = state.items();
        let counts = RunEvent::Counted {
            open: items.iter().filter(|item| item.must_fix()).count(),
            future: items.iter().filter(|item| item.standing == ItemStatus::Future).count(),
            resolved: items.iter().filter(|item| item.standing == ItemStatus::Resolved).count(),
            usage: state.run.as_ref().map_or_else(Usage::default, |run| run.usage),
        };
        if session.told_counts.as_ref() != Some(&counts) {
            self.world.operator().tell(&counts);
            session.told_counts = Some(counts);
        }
    }

    /// Turns of the delivery count on: a script goes on where it was. The words of a task are kept, for only this machine
    /// knows them.
    pub(super) async fn inherit(
        &self,
        session: &mut Session<JournalOf<W>>,
        from: Option<&Handover>,
    ) -> Result<(), RunError> {
        let Some(from) = from else { return Ok(()) };
        if let Some(words) = from.words.clone().filter(|_| session.provenance.words.is_none()) {
            session.write(Entry::Task { words }).await?;
        }
        if session.has_inherited() {
            return Ok(());
        }
        for (role, label, turns) in from.turns.clone() {
            let from = Some(from.subject.clone());
            session.write(Entry::Inherited { label, role, turns, from }).await?;
        }
        Ok(())
    }

    pub(super) async fn lineage(
        &self,
        state: &ReviewState,
        pull_request: &PullRequest,
    ) -> Result<Lineage, RunError> {
        let Some(ours) = state.ours.as_ref().filter(|_| state.head.as_ref() != Some(&pull_request.head))
        else {
            return Ok(Lineage::Intact);
        };
        let intact = self.world.workspace().contains(&pull_request.head, ours).await?;
        if intact {
            return Ok(Lineage::Intact);
        }
        let kept = self.world.workspace().keep(&Subject::PullRequest(pull_request.number), ours).await;
        if let Ok(salvage) = kept {
            turns::tell_salvage(&*self.world, &salvage);
        }
        Ok(Lineage::Rewritten)
    }

    pub(super) async fn about(
        &self,
        state: &ReviewState,
        pull_request: &PullRequest,
        (origin, comments): (Option<ContextSubject>, Vec<ContextComment>),
    ) -> Result<About, RunError> {
        let base_tip = self.world.workspace().tip(&pull_request.base_ref).await?;
        let base = match base_tip {
            Some(tip) => self.common_base(&tip, &pull_request.head).await?,
            None => pull_request.head.clone(),
        };
        let here = |one: &Measurement| one.head == pull_request.head;
        Ok(About {
            subject: ContextSubject {
                kind: "pr".to_owned(),
                number: Some(pull_request.number.0),
                title: pull_request.title.clone(),
                body: pull_request.body.clone(),
                comments,
            },
            task: origin.as_ref().map_or_else(|| pull_request.body.clone(), origin::words),
            origin,
            base,
            gates: state.measurements().into_iter().filter(here).collect(),
        })
    }
}

/// So much of an older thread is carried over, in bytes: packed, it fits into a record.
const MOST_CARRIED: usize = 60_000;

/// An item of an older thread, short enough that a record holds many of them.
fn bounded(item: CarriedItem) -> CarriedItem {
    const LONGEST_TEXT: usize = 2_000;
    const MOST_NOTES: usize = 3;
    let cut = |text: String| text.chars().take(LONGEST_TEXT).collect::<String>();
    let latest = item.notes.len().saturating_sub(MOST_NOTES);
    let notes = item.notes.into_iter().skip(latest).map(cut).collect();
    CarriedItem { text: cut(item.text), notes, ..item }
}
