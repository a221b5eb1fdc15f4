//! The state of the model: people, one repository with its subjects, and planned faults.

use std::collections::BTreeMap;
use std::path::PathBuf;

use agent_loop::adapters::clock::SystemClock;
use agent_loop::ports::clock::Clock;
use jiff::{SignedDuration, Timestamp};

use super::checks::{CheckRow, Ci};
use super::reviews::{Conversation, Review};

/// The permission of a person in the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Admin,
    Write,
    Read,
}

#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: u64,
    pub(crate) login: String,
    pub(crate) role: Role,
    /// What the person logs in with, if that is a part of the test.
    pub(crate) token: Option<String>,
    /// Scopes of a classic token; other tokens have none.
    pub(crate) scopes: Option<String>,
}

#[derive(Debug, Clone)]
pub(crate) struct Comment {
    pub(crate) id: u64,
    pub(crate) on: u64,
    /// Absent after the account was deleted.
    pub(crate) author: Option<u64>,
    pub(crate) body: String,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// The exact time of the last edit, which only GraphQL shows.
    pub(crate) edited_at: Option<Timestamp>,
    /// Why somebody with at least the role of triage has hidden it.
    pub(crate) minimized: Option<&'static str>,
    /// Lists that do not show it yet: they come from a copy of the database that lags behind.
    pub(crate) hidden_from: u32,
}

impl Comment {
    /// Edits the comment this long after it was written.
    pub(crate) fn edit(&mut self, body: String, later: SignedDuration) {
        let at = self.created_at + later;
        (self.body, self.edited_at) = (body, Some(at));
        self.updated_at = Timestamp::from_second(at.as_second()).unwrap();
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Filed {
    pub(crate) number: u64,
    pub(crate) author: u64,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) is_open: bool,
    /// Why a closed issue was closed.
    pub(crate) state_reason: Option<&'static str>,
    pub(crate) is_locked: bool,
    pub(crate) pull: Option<Pull>,
    /// Lists that do not show it yet.
    pub(crate) hidden_from: u32,
}

#[derive(Debug, Clone)]
pub(crate) struct Pull {
    pub(crate) head: String,
    pub(crate) base: String,
    /// The head when the branch was last there.
    pub(crate) last_head: String,
    pub(crate) is_draft: bool,
    /// The repository of the head, if it is a fork.
    pub(crate) fork: Option<String>,
    pub(crate) merge: Option<String>,
}

/// A commit status; the latest of a context counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StatusRow {
    pub(crate) id: u64,
    pub(crate) creator: u64,
    pub(crate) commit: String,
    pub(crate) context: String,
    pub(crate) state: String,
    pub(crate) description: Option<String>,
    pub(crate) target_url: Option<String>,
    pub(crate) created_at: Timestamp,
}

/// A kind of fault of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// A page of HTML with status 502; nothing is done.
    BadGateway,
    /// It is done, and the answer says 502.
    DoneButBadGateway,
    /// It is done, and the answer breaks off in the middle.
    DoneButTorn,
    /// It is done, and there is no answer.
    DoneButSilent,
    /// Too many requests in a short time; so many seconds.
    Secondary(u64),
    /// All requests of the hour are used; so many seconds.
    Primary(u64),
    /// A line that GitHub does not find in the diff.
    NotInDiff,
    /// The token has not the permission for this.
    Forbidden,
    /// An organisation wants single sign-on.
    SingleSignOn,
}

/// A fault of the next calls whose method and path fit.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) method: &'static str,
    /// How the path ends; or a part of it, with a slash at the end.
    pub(crate) path: &'static str,
    pub(crate) kind: FaultKind,
    pub(crate) times: u32,
}

/// A call that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) status: u16,
}

pub(crate) const OWNER: &str = "octo";
pub(crate) const REPOSITORY_ID: u64 = 4_200_001;

#[derive(Debug)]
pub(crate) struct State {
    /// The bare repository.
    pub(crate) bare: PathBuf,
    /// The repository in memory that takes its place.
    pub(crate) memory: Option<Box<dyn super::repository::MemoryRepository>>,
    pub(crate) name: String,
    pub(crate) former_name: Option<String>,
    pub(crate) is_archived: bool,
    pub(crate) has_issues: bool,
    pub(crate) people: BTreeMap<u64, Person>,
    pub(crate) filed: BTreeMap<u64, Filed>,
    pub(crate) comments: Vec<Comment>,
    pub(crate) checks: Vec<CheckRow>,
    pub(crate) ci: Option<Ci>,
    pub(crate) protection: super::protection::Protection,
    pub(crate) statuses: Vec<StatusRow>,
    pub(crate) merging: super::merging::Merging,
    pub(crate) forks: BTreeMap<String, super::forks::Fork>,
    pub(crate) killer: Option<super::killer::Killer>,
    pub(crate) reviews: Vec<Review>,
    pub(crate) conversations: Vec<Conversation>,
    pub(crate) faults: Vec<Fault>,
    pub(crate) calls: Vec<Call>,
    /// Every call that was answered as GitHub does, for the look at its description.
    pub(crate) exchanges: Vec<super::description::Exchange>,
    /// How many lists miss a comment, an issue or a pull request after it was written.
    pub(crate) lag: u32,
    next_id: u64,
}

impl State {
    pub(crate) fn new(bare: PathBuf) -> Self {
        Self {
            bare,
            memory: None,
            name: "r".to_owned(),
            former_name: None,
            is_archived: false,
            has_issues: true,
            people: BTreeMap::new(),
            filed: BTreeMap::new(),
            comments: Vec::new(),
            checks: Vec::new(),
            ci: None,
            protection: super::protection::Protection::default(),
            statuses: Vec::new(),
            merging: super::merging::Merging::default(),
            forks: BTreeMap::new(),
            killer: None,
            reviews: Vec::new(),
            conversations: Vec::new(),
            faults: Vec::new(),
            calls: Vec::new(),
            exchanges: Vec::new(),
            lag: 0,
            next_id: 1_000,
        }
    }

    pub(crate) fn id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    pub(crate) fn person(&mut self, login: &str, role: Role) -> u64 {
        if let Some(known) = self.people.values().find(|person| person.login == login) {
            return known.id;
        }
        let id = self.id();
        let person = Person { id, login: login.to_owned(), role, token: None, scopes: None };
        self.people.insert(id, person);
        id
    }

    pub(crate) fn file(&mut self, author: u64, (title, body): (&str, &str), pull: Option<Pull>) -> u64 {
        let number = self.filed.keys().max().copied().unwrap_or(0) + 1;
        let (title, body) = (title.to_owned(), body.to_owned());
        let filed = Filed {
            number,
            author,
            title,
            body,
            is_open: true,
            state_reason: None,
            is_locked: false,
            pull,
            hidden_from: self.lag,
        };
        self.filed.insert(number, filed);
        number
    }

    pub(crate) fn comment(&mut self, on: u64, author: u64, body: &str) -> u64 {
        let (id, now) = (self.id(), whole_second());
        self.comments.push(Comment {
            id,
            on,
            author: Some(author),
            body: body.to_owned(),
            created_at: now,
            updated_at: now,
            edited_at: None,
            minimized: None,
            hidden_from: self.lag,
        });
        id
    }

    /// The fault of a call, if it has one.
    pub(crate) fn fault(&mut self, method: &str, path: &str) -> Option<FaultKind> {
        let is_on = |wanted: &str| path.ends_with(wanted) || (wanted.ends_with('/') && path.contains(wanted));
        let fits = |fault: &&mut Fault| fault.times > 0 && fault.method == method && is_on(fault.path);
        let fault = self.faults.iter_mut().find(fits)?;
        fault.times -= 1;
        Some(fault.kind)
    }
}

/// GitHub's times are whole seconds.
pub(crate) fn whole_second() -> Timestamp {
    Timestamp::from_second(SystemClock.now().as_second()).unwrap()
}
