//! The model of the world behind one handle, for the setup, changes and checks of stories.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use jiff::Timestamp;

use agent_loop::domain::branch_rules::BranchRules;
use agent_loop::domain::gate::{Finding, Verdict};
use agent_loop::domain::ids::{BranchName, CommitSha, GateName, InvalidName, Login};
use agent_loop::domain::pull_request::{Check, CheckBoard, PullRequestState, QueuePlace};
use agent_loop::domain::roster::SeatKey;
use agent_loop::domain::subject::Subject;
use agent_loop::ports::forge::{AuthorRole, Comment, IssueState, NewPullRequest};
use agent_loop::ports::journal::Entry;
use agent_loop::ports::run_event::RunEvent;

use super::agents::Agent;
use super::effects::{Effects, Plan};
use super::forge::{Filed, ForgeModel};
use super::git::{Git, Tree};
use super::history::Recorder;

/// A gate of the model: it measures a tree.
pub(crate) type Gate = Arc<dyn Fn(&Tree) -> GateResult + Send + Sync>;

/// What a gate of the model measured.
#[derive(Debug, Clone)]
pub(crate) struct GateResult {
    pub(crate) verdict: Verdict,
    pub(crate) findings: Vec<Finding>,
}

impl From<Verdict> for GateResult {
    fn from(verdict: Verdict) -> Self {
        Self { verdict, findings: Vec::new() }
    }
}

/// The state of the whole model.
pub(super) struct State {
    pub(super) forge: ForgeModel,
    pub(super) git: Git,
    pub(super) journals: BTreeMap<(u32, Subject), Vec<Entry>>,
    pub(super) locks: BTreeMap<(u32, Subject), Weak<Mutex<()>>>,
    pub(super) agents: BTreeMap<SeatKey, Agent>,
    pub(super) gates: BTreeMap<GateName, Gate>,
    pub(super) answer: Option<String>,
    pub(super) now: Timestamp,
    pub(super) unique: u64,
    pub(super) calls: Vec<String>,
    pub(super) events: Vec<RunEvent>,
    pub(super) effects: Effects,
    /// The number of ends of turns for which the disk has space, if it is nearly full.
    pub(super) room_for_ends: Option<usize>,
    /// Records the history, if it is requested.
    pub(super) recorder: Option<Recorder>,
}

/// The initial state of a story.
pub(crate) struct Setup {
    pub(crate) files: Tree,
    pub(crate) agents: BTreeMap<SeatKey, Agent>,
    pub(crate) gates: BTreeMap<GateName, Gate>,
    /// The person's answer to questions, if a person is present.
    pub(crate) answer: Option<String>,
}

/// A world in memory. Clones of the handle share the same world.
#[derive(Clone)]
pub(crate) struct MemoryWorld {
    pub(super) state: Arc<Mutex<State>>,
    pub(super) login: Login,
    pub(super) machine: u32,
    pub(super) repository: String,
}

impl MemoryWorld {
    /// Creates a world with one branch, `main`.
    ///
    /// # Errors
    /// Never; the names are constants.
    pub(crate) fn new(setup: Setup) -> Result<Self, InvalidName> {
        let mut git = Git::default();
        if let Some(first) = git.commit(Vec::new(), setup.files) {
            git.branches.insert("main".parse()?, first);
        }
        let state = State {
            forge: ForgeModel::default(),
            git,
            journals: BTreeMap::new(),
            locks: BTreeMap::new(),
            agents: setup.agents,
            gates: setup.gates,
            answer: setup.answer,
            now: Timestamp::UNIX_EPOCH,
            unique: 0,
            calls: Vec::new(),
            events: Vec::new(),
            effects: Effects::default(),
            room_for_ends: None,
            recorder: None,
        };
        Ok(Self {
            state: Arc::new(Mutex::new(state)),
            login: "agent-loop".parse()?,
            machine: 0,
            repository: "memory-1".to_owned(),
        })
    }

    /// Returns the same world with another id of its repository.
    #[must_use]
    pub(crate) fn of_repository(self, id: String) -> Self {
        Self { repository: id, ..self }
    }

    /// Returns the same forge from another machine with its own journals, locks and clones.
    #[must_use]
    pub(crate) fn on_another_machine(&self) -> Self {
        Self { machine: self.machine + 1, ..self.clone() }
    }

    pub(super) fn with<T>(&self, effect: impl FnOnce(&mut State) -> T) -> T {
        effect(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Files an issue of a person.
    pub(crate) fn file_as_person(&self, author: &Login, title: &str, body: &str) -> u64 {
        let (author, title, body) = (author.clone(), title.to_owned(), body.to_owned());
        let issue = Filed::Issue { author, role: AuthorRole::Member, title, body, state: IssueState::Open };
        self.with(|state| state.forge.file(issue))
    }

    /// Closes an issue or a pull request as a person does.
    pub(crate) fn close_as_person(&self, number: u64) {
        self.set_issue(number, IssueState::Closed);
        self.with(|state| {
            if let Some(Filed::PullRequest { state, .. }) = state.forge.subjects.get_mut(&number) {
                *state = PullRequestState::Closed;
            }
        });
    }

    /// Replaces the title and the body of an issue.
    pub(crate) fn rewrite_issue(&self, number: u64, new_title: &str, new_body: &str) {
        self.with(|state| {
            if let Some(Filed::Issue { title, body, .. }) = state.forge.subjects.get_mut(&number) {
                new_title.clone_into(title);
                new_body.clone_into(body);
            }
        });
    }

    /// Sets the state of an issue.
    pub(crate) fn set_issue(&self, number: u64, to: IssueState) {
        self.with(|state| {
            if let Some(Filed::Issue { state, .. }) = state.forge.subjects.get_mut(&number) {
                *state = to;
            }
        });
    }

    /// Opens a pull request of a person.
    pub(crate) fn open_as_person(&self, new: NewPullRequest) -> u64 {
        let filed = Filed::PullRequest { new, state: PullRequestState::Open, merged_head: None };
        self.with(|state| state.forge.file(filed))
    }

    /// Pushes files to a branch on top of its tip; a new branch starts at `main`.
    pub(crate) fn push_as_person(&self, branch: &BranchName, main: &BranchName, files: Tree) {
        self.with(|state| {
            let tip = state.git.branches.get(branch).or_else(|| state.git.branches.get(main)).cloned();
            let mut tree = tip.as_ref().map(|tip| state.git.tree(tip)).unwrap_or_default();
            tree.extend(files);
            if let Some(commit) = state.git.commit(Vec::from_iter(tip), tree) {
                state.git.branches.insert(branch.clone(), commit);
            }
        });
    }

    /// Replaces the content of a branch.
    pub(crate) fn force_push(&self, branch: &BranchName, files: Tree) {
        self.with(|state| {
            if let Some(commit) = state.git.commit(Vec::new(), files) {
                state.git.branches.insert(branch.clone(), commit);
            }
        });
    }

    /// Adds a comment of a person with write access.
    pub(crate) fn say(&self, number: u64, author: &Login, body: &str) {
        self.say_as(number, (author, AuthorRole::Member), body);
    }

    /// Adds a comment of an author with this role.
    pub(crate) fn say_as(&self, number: u64, author: (&Login, AuthorRole), body: &str) {
        self.with(|state| {
            let now = state.tick();
            state.forge.say(number, author, body, now);
        });
    }

    /// Edits the comment at this index of a thread.
    pub(crate) fn edit(&self, number: u64, index: usize, body: &str) {
        self.with(|state| {
            let now = state.tick();
            let thread = state.forge.comments.entry(number).or_default();
            if let Some(comment) = thread.get_mut(index) {
                comment.body = body.into();
                comment.updated_at = now;
            }
        });
    }

    /// Deletes the comment at this index of a thread.
    pub(crate) fn delete(&self, number: u64, index: usize) {
        self.with(|state| {
            let thread = state.forge.comments.entry(number).or_default();
            if index < thread.len() {
                thread.remove(index);
            }
        });
    }

    /// Adds a check of a CI system.
    pub(crate) fn check(&self, commit: &CommitSha, check: Check) {
        self.with_board(commit, |board| board.checks.push(check));
    }

    /// Changes what the forge shows of the checks of a commit.
    pub(crate) fn with_board(&self, commit: &CommitSha, change: impl FnOnce(&mut CheckBoard)) {
        self.with(|state| change(state.forge.checks.entry(commit.clone()).or_default()));
    }

    /// From now on pull requests are merged by a queue; these are their next places in it.
    pub(crate) fn queue(&self, places: &[QueuePlace]) {
        self.with(|state| state.forge.queue = places.iter().cloned().collect());
    }

    /// From now on nothing is merged, for this reason.
    pub(crate) fn refuse_merges(&self, why: &str) {
        self.with(|state| state.forge.refusal = Some(why.to_owned()));
    }

    /// From now on every branch has these rules.
    pub(crate) fn require(&self, rules: BranchRules) {
        self.with(|state| state.forge.rules = rules);
    }

    /// From now on a person answers every question with this.
    pub(crate) fn answer_questions(&self, answer: &str) {
        self.with(|state| state.answer = Some(answer.to_owned()));
    }

    /// Returns the comments of a thread.
    pub(crate) fn thread(&self, number: u64) -> Vec<Comment> {
        self.with(|state| state.forge.comments.get(&number).cloned().unwrap_or_default())
    }

    /// Returns the files at the tip of each branch.
    pub(crate) fn branches(&self) -> BTreeMap<BranchName, Tree> {
        self.with(|state| {
            state.git.branches.iter().map(|(name, tip)| (name.clone(), state.git.tree(tip))).collect()
        })
    }

    pub(crate) fn tip_of(&self, branch: &BranchName) -> Option<CommitSha> {
        self.with(|state| state.git.branches.get(branch).cloned())
    }

    /// Describes the state of every issue and pull request.
    pub(crate) fn states(&self) -> BTreeMap<u64, String> {
        let word = |filed: &Filed| match filed {
            Filed::Issue { state: IssueState::Open, .. } => "open issue".to_owned(),
            Filed::Issue { state: IssueState::Closed, .. } => "closed issue".to_owned(),
            Filed::Issue { state: IssueState::NotPlanned, .. } => "dropped issue".to_owned(),
            Filed::PullRequest { state: PullRequestState::Open, .. } => "open pull request".to_owned(),
            Filed::PullRequest { state: PullRequestState::Closed, .. } => "closed pull request".to_owned(),
            Filed::PullRequest { state: PullRequestState::Merged { .. }, .. } => {
                "merged pull request".to_owned()
            }
        };
        self.with(|state| state.forge.subjects.iter().map(|(number, filed)| (*number, word(filed))).collect())
    }

    /// Returns all turns that were started, in order.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.with(|state| state.calls.clone())
    }

    /// Returns the number of calls of each read method of the forge.
    pub(crate) fn forge_reads(&self) -> BTreeMap<&'static str, usize> {
        self.with(|state| state.forge.reads.clone())
    }

    /// Returns the number of calls of each write method of the forge.
    pub(crate) fn forge_writes(&self) -> BTreeMap<&'static str, usize> {
        self.with(|state| state.forge.writes.clone())
    }

    /// Returns the comments of all issues and pull requests with comments.
    pub(crate) fn threads(&self) -> BTreeMap<u64, Vec<Comment>> {
        self.with(|state| state.forge.comments.clone())
    }

    /// Returns the entries of all journals of this machine.
    pub(crate) fn journal_entries(&self) -> BTreeMap<Subject, Vec<Entry>> {
        self.with(|state| {
            let ours = state.journals.iter().filter(|((machine, _), _)| *machine == self.machine);
            ours.map(|((_, subject), entries)| (subject.clone(), entries.clone())).collect()
        })
    }

    /// Returns the commits that were salvaged.
    pub(crate) fn kept(&self) -> Vec<CommitSha> {
        self.with(|state| state.git.kept.values().cloned().collect())
    }

    /// Returns all events.
    pub(crate) fn events(&self) -> Vec<RunEvent> {
        self.with(|state| state.events.clone())
    }

    /// Returns the effects of the latest engine.
    pub(crate) fn effects(&self) -> Vec<&'static str> {
        self.with(|state| state.effects.names.clone())
    }

    /// Stops the world at an effect of the next engine.
    pub(crate) fn stop_at(&self, plan: Plan) {
        self.with(|state| state.effects.plan = Some(plan));
    }

    /// Ignores all later effects of this name, without an answer.
    pub(crate) fn be_deaf_to(&self, name: &'static str) {
        self.with(|state| state.effects.deaf_to = Some(name));
    }

    /// Fills the disk after this number of further ends of turns.
    pub(crate) fn fill_disk_after(&self, ends: usize) {
        self.with(|state| state.room_for_ends = Some(ends));
    }

    /// Makes all agents work in a directory of the user that is unclean for this reason; `None`: in our own clones.
    pub(crate) fn lend_unclean(&self, why: Option<&str>) {
        self.with(|state| state.git.unclean = why.map(str::to_owned));
    }

    /// Replaces all agents.
    pub(crate) fn recast(&self, agents: BTreeMap<SeatKey, Agent>) {
        self.with(|state| state.agents = agents);
    }

    /// Prepares for another engine on the same machine.
    pub(crate) fn restart(&self) {
        self.with(|state| state.effects = Effects::default());
    }

    /// Prepares for another engine on another machine: only published and pushed data remains.
    pub(crate) fn lose_machine(&self) {
        self.with(|state| {
            state.effects = Effects::default();
            state.journals.clear();
            state.git.lose_machine();
        });
    }

    /// Runs an engine until it ends or the world stops; then it is dropped like a killed process.
    pub(crate) async fn until_stop<T>(&self, engine: impl Future<Output = T>) -> Option<T> {
        let rang = self.with(|state| Arc::clone(&state.effects.rang));
        tokio::select! {
            biased;
            () = rang.notified() => None,
            end = engine => Some(end),
        }
    }
}
