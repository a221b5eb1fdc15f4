//! The input of a decision besides its state: the request, the journal, and facts. Each lookup is a method that returns
//! the fact, or the step that fetches it.

use std::ops::ControlFlow;

use jiff::Timestamp;

use crate::domain::branch_rules::BranchRules;
use crate::domain::ending::Refused;
use crate::domain::flow_name::FlowName;
use crate::domain::ids::{BranchName, CommitSha, IssueNumber, PullRequestNumber, RunId};
use crate::domain::nonce::NonceSecret;
use crate::domain::pull_request::{CheckBoard, PullRequest, QueuePlace};
use crate::domain::subject::Subject;
use crate::protocol::context::ContextSubject;
use crate::protocol::requirements;

use super::abilities::Abilities;
use super::ask::Against;
use super::facts::{Carried, FlowFacts, IssueFacts, People};
use super::names;
use super::request::Request;
use super::results::Results;
use super::step::{Decision, Effect, Lookup, PushOrder, Step, first, refuse};
use super::terms::{RecordedTerms, Terms};
use super::view::{DebateOutput, DeliveryOutput, FlowOutput, PlanOutput};

/// The input of a decision besides its state.
#[derive(Debug, Clone, Copy)]
pub struct FlowContext<'now> {
    pub now: Timestamp,
    /// The id for a new run.
    pub fresh_run: &'now RunId,
    /// The run that was open when this process read the thread for the first time.
    pub resumed_run: Option<&'now RunId>,
    pub request: &'now Request,
    pub abilities: &'now Abilities,
    pub results: &'now Results,
    /// The secret for the nonces of votes.
    pub nonce_secret: &'now NonceSecret,
    /// The action that failed in this process.
    pub obstacle: Option<&'now Obstacle>,
    /// The start of the wait for the forge's checks.
    pub waiting_since: Option<Timestamp>,
    /// The task of the run, or from which the run came, if this machine has its text.
    pub task: Option<&'now ContextSubject>,
    /// The target branch of a new change.
    pub base_ref: &'now BranchName,
    pub facts: &'now FlowFacts,
    pub turns: FurtherTurns,
}

/// Whether another turn may start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FurtherTurns {
    Allowed,
    /// No, but existing answers are published.
    Over,
}

/// An action that failed in this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    NotMerged(String),
    /// The pull request waits in the forge's merge queue.
    Queued,
    /// A checkout prevents a push.
    PushRefused(String),
}

impl<'now> FlowContext<'now> {
    /// Returns the comments of people in the thread of a subject.
    pub fn people(&self, subject: &Subject) -> Decision<&'now People> {
        known(self.facts.people.get(subject), || Lookup::People(subject.clone()))
    }

    /// Returns the thread of the subject as this command found it: later comments are for the next command.
    pub fn found(&self) -> Decision<&'now People> {
        known(self.facts.found.as_ref(), || Lookup::Found)
    }

    pub fn pull_request(&self, number: PullRequestNumber) -> Decision<&'now PullRequest> {
        known(self.facts.pull_requests.get(&number), || Lookup::PullRequest(number))
    }

    /// Returns the pull requests from a branch, oldest first.
    pub fn pull_requests_from(&self, branch: &BranchName) -> Decision<&'now [PullRequest]> {
        let found = self.facts.pull_requests_from.get(branch).map(Vec::as_slice);
        known(found, || Lookup::PullRequestsFrom(branch.clone()))
    }

    /// Returns the tip of a branch, if the branch exists.
    pub fn tip(&self, branch: &BranchName) -> Decision<Option<&'now CommitSha>> {
        let tip = known(self.facts.tips.get(branch), || Lookup::Tip(branch.clone()))?;
        ControlFlow::Continue(tip.as_ref())
    }

    pub fn checks(&self, commit: &CommitSha) -> Decision<&'now CheckBoard> {
        known(self.facts.checks.get(commit), || Lookup::Checks(commit.clone()))
    }

    /// Returns the rules of a branch for changes.
    pub fn rules(&self, branch: &BranchName) -> Decision<&'now BranchRules> {
        known(self.facts.rules.get(branch), || Lookup::Rules(branch.clone()))
    }

    /// Returns the files in which the merge of a commit into a head has conflicts.
    pub fn conflicts(&self, head: &CommitSha, other: &CommitSha) -> Decision<&'now [String]> {
        let parents = (head.clone(), other.clone());
        let found = self.facts.conflicts.get(&parents).map(Vec::as_slice);
        known(found, || Lookup::Conflicts(parents.0, parents.1))
    }

    /// Returns the place of a pull request in the forge's merge queue.
    pub fn queue(&self, number: PullRequestNumber) -> Decision<&'now QueuePlace> {
        known(self.facts.queue.get(&number), || Lookup::Queue(number))
    }

    /// Returns whether a commit contains another.
    pub fn contains(&self, commit: &CommitSha, ancestor: &CommitSha) -> Decision<bool> {
        let both = (commit.clone(), ancestor.clone());
        let found = self.facts.contains.get(&both).copied();
        known(found, || Lookup::Contains(both.0, both.1))
    }

    /// Returns whether a commit changes any file compared with its base.
    pub fn changes(&self, against: Against, head: &CommitSha) -> Decision<bool> {
        let both = (against, head.clone());
        let found = self.facts.changes.get(&both).copied();
        known(found, || Lookup::Changes(both.0, both.1))
    }

    /// Returns the data of an older tool in the thread of the subject.
    pub fn older(&self) -> Decision<Option<&'now Carried>> {
        let older = known(self.facts.older.as_ref(), || Lookup::Older)?;
        ControlFlow::Continue(older.as_ref())
    }

    /// Returns the output of the chain of another flow and subject.
    fn output(&self, flow: FlowName, subject: &Subject) -> Decision<Option<&'now FlowOutput>> {
        let both = (flow, subject.clone());
        let output = known(self.facts.outputs.get(&both), || Lookup::Output(both.0.clone(), both.1.clone()))?;
        ControlFlow::Continue(output.as_ref())
    }

    /// Returns the result of the debate about an issue, if it has ended.
    pub fn debate(&self, issue: &Subject) -> Decision<Option<&'now DebateOutput>> {
        self.output(names::DISCUSSION, issue).map_continue(|output| output?.debate.as_ref())
    }

    /// Returns the approved plan of an issue.
    pub fn plan(&self, issue: &Subject) -> Decision<Option<&'now PlanOutput>> {
        self.output(names::PLANNING, issue).map_continue(|output| output?.plan.as_ref())
    }

    /// Returns the delivery of an issue or a task.
    pub fn delivery(&self, subject: &Subject) -> Decision<Option<&'now DeliveryOutput>> {
        self.output(names::DELIVERY, subject).map_continue(|output| output?.delivery.as_ref())
    }

    /// Returns an issue with the result of its debate, and the requirements of people. One that does not exist is refused.
    pub fn issue(&self, number: IssueNumber) -> Decision<IssueFacts> {
        let issue = Subject::Issue(number);
        let people = self.people(&issue)?;
        let debated = self.debate(&issue)?.map(|debate| &debate.summary);
        let (Some(subject), Some(text)) = (people.subject(number, debated), &people.issue) else {
            return refuse(Refused::Usage, format!("there is no issue {number}"));
        };
        let requirements = requirements::surfaced(people.requirements.clone());
        ControlFlow::Continue(IssueFacts { subject, requirements, state: text.state })
    }

    /// Returns the tip of the base branch of a new run. A branch that does not exist is refused.
    pub fn base_tip(&self, base_ref: &BranchName) -> Decision<&'now CommitSha> {
        if let Some(tip) = self.tip(base_ref)? {
            return ControlFlow::Continue(tip);
        }
        refuse(Refused::Usage, format!("there is no branch `{base_ref}`; name another with --base"))
    }

    /// Returns whether the thread of another subject has a record of this chain.
    pub fn announced(&self, thread: &Subject) -> Decision<bool> {
        known(self.facts.announced.get(thread).copied(), || Lookup::Announced(thread.clone()))
    }

    /// Returns the terms of the run. Missing reviewers and gates are refused here, before a coder spends an hour.
    pub fn terms(&self, request: &Request, recorded: Option<RecordedTerms<'_>>) -> Decision<Terms> {
        let terms = match request.terms(recorded) {
            Ok(terms) => terms,
            Err(error) => return refuse(Refused::Usage, error.to_string()),
        };
        match self.abilities.lacking(&terms) {
            Some(lacking) => refuse(Refused::Config, lacking),
            None => ControlFlow::Continue(terms),
        }
    }

    /// Moves a branch, unless a checkout has prevented it before.
    pub fn push<T>(&self, order: PushOrder) -> Decision<T> {
        match self.obstacle {
            Some(Obstacle::PushRefused(why)) => refuse(Refused::Dirty, why.clone()),
            Some(Obstacle::NotMerged(_) | Obstacle::Queued) | None => {
                first(Step::Effect(Effect::Push(order)))
            }
        }
    }
}

fn known<T>(fact: Option<T>, lookup: impl FnOnce() -> Lookup) -> Decision<T> {
    match fact {
        Some(fact) => ControlFlow::Continue(fact),
        None => first(Step::Lookup(lookup())),
    }
}
