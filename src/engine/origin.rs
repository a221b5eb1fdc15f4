//! What a pull request came from, by our own records and the journal: never by what it says of itself.

use crate::domain::branch_names;
use crate::domain::pull_request::PullRequest;
use crate::domain::subject::Subject;
use crate::ledger::record::{Flow, Payload, Record};
use crate::ports::World;
use crate::ports::forge::{Comment, Forge, ForgeError, Issue};
use crate::protocol::context::{ContextComment, ContextSubject};
use crate::text::sanitize::one_line;

use super::observe;
use super::outcome::RunError;
use super::people::{self, People};
use super::run::{Engine, Handover, JournalOf};
use super::session::Session;

/// An issue that a pull request may be for.
struct Behind {
    issue: Issue,
    word: Word,
}

/// Whose word it is that a pull request is for an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// Ours: this machine made it of the issue.
    Ours,
    /// Its branch says so, and anybody may call a branch so.
    Branch,
}

impl<W: World> Engine<W> {
    /// What people say about a pull request, and what it came from. What they require of the issue counts, whoever named
    /// the branch.
    pub(super) async fn listen(
        &self,
        session: &Session<JournalOf<W>>,
        from: Option<&Handover>,
        (pull_request, comments): (&PullRequest, &[Comment]),
    ) -> Result<(People, Option<ContextSubject>), RunError> {
        let behind = self.issue_behind(session, from, pull_request).await?;
        let people = people::listen(&self.trust, behind.as_ref().map(|behind| &behind.issue), comments);
        let of_the_issue = |issue| of_issue(issue, people.of_the_issue.clone());
        let origin = match &behind {
            Some(Behind { issue, word: Word::Ours }) => Some(of_the_issue(issue)),
            Some(Behind { issue, word: Word::Branch }) => {
                self.is_recorded(issue, pull_request).then(|| of_the_issue(issue))
            }
            None => session.provenance.words.as_deref().map(of_task),
        };
        Ok((people, origin))
    }

    async fn issue_behind(
        &self,
        session: &Session<JournalOf<W>>,
        from: Option<&Handover>,
        pull_request: &PullRequest,
    ) -> Result<Option<Behind>, RunError> {
        let known = from.map(|from| from.subject.clone()).or_else(|| session.provenance.subject.clone());
        let (number, word) = match known {
            Some(Subject::Issue(number)) => (number, Word::Ours),
            Some(Subject::Task(_) | Subject::PullRequest(_)) => return Ok(None),
            None => match branch_names::issue_of(pull_request.head_ref.as_str()) {
                Some(number) => (number, Word::Branch),
                None => return Ok(None),
            },
        };
        match self.world.forge().issue(number).await {
            Ok(issue) => Ok(Some(Behind { issue, word })),
            // A branch may be called so by anybody, and an issue may have been moved away.
            Err(ForgeError::NotFound(_)) => Ok(None),
            Err(error @ (ForgeError::Refused(_) | ForgeError::Unreachable(_) | ForgeError::Disk(_))) => {
                Err(error.into())
            }
        }
    }

    /// Whether our records in an issue's thread say that this pull request is for it.
    fn is_recorded(&self, issue: &Issue, pull_request: &PullRequest) -> bool {
        let chain = self.chain(Flow::Delivery, &Subject::Issue(issue.number));
        let records = observe::read(&chain, &self.recorders(), &issue.comments).records;
        let said = |record: &Record| match &record.payload {
            Payload::Started(started) => (started.branch == pull_request.head_ref).then_some(true),
            Payload::Delivered(delivered) => (delivered.branch == pull_request.head_ref)
                .then_some(delivered.pull_request == pull_request.number),
            Payload::Opened(_)
            | Payload::Review(_)
            | Payload::Answer(_)
            | Payload::Gates(_)
            | Payload::FollowedUp(_)
            | Payload::Concluded(_)
            | Payload::DeliveryConcluded(_) => None,
        };
        records.iter().rev().find_map(said).unwrap_or(false)
    }
}

/// An issue, as turns are told of it.
pub(super) fn of_issue(issue: &Issue, comments: Vec<ContextComment>) -> ContextSubject {
    ContextSubject {
        kind: "issue".to_owned(),
        number: Some(issue.number.0),
        title: issue.title.clone(),
        body: issue.body.clone(),
        comments,
    }
}

/// A task, as turns are told of it.
pub(super) fn of_task(words: &str) -> ContextSubject {
    ContextSubject {
        kind: "task".to_owned(),
        number: None,
        title: one_line(words, 80),
        body: words.trim().to_owned(),
        comments: Vec::new(),
    }
}

/// The words that a change is for.
pub(super) fn words(subject: &ContextSubject) -> String {
    match subject.number {
        Some(_) => format!("{}\n\n{}", subject.title, subject.body),
        None => subject.body.clone(),
    }
}
