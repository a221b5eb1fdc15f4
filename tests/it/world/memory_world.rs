//! The whole model behind one handle, as a story sets it up, changes it, stops it, and looks at it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use jiff::Timestamp;

use agent_loop::domain::agent::Role;
use agent_loop::domain::gate::Verdict;
use agent_loop::domain::ids::{BranchName, CommitSha, InvalidName, Label, Login};
use agent_loop::domain::pull_request::{Check, PullRequestState};
use agent_loop::domain::subject::Subject;
use agent_loop::ports::World;
use agent_loop::ports::forge::{AuthorRole, Comment, IssueState, NewPullRequest};
use agent_loop::ports::journal::Entry;
use agent_loop::ports::run_event::RunEvent;

use super::agents::Agent;
use super::effects::{Effects, Plan};
use super::forge::{Filed, ForgeModel};
use super::git::{Git, Tree};
use super::history::Recorder;

/// The test command of the model: a verdict on a tree.
pub(crate) type Gate = Arc<dyn Fn(&Tree) -> Verdict + Send + Sync>;

/// Everything there is.
pub(super) struct State {
    pub(super) forge: ForgeModel,
    pub(super) git: Git,
    pub(super) journals: BTreeMap<(u32, Subject), Vec<Entry>>,
    pub(super) locks: BTreeMap<(u32, Subject), Weak<Mutex<()>>>,
    pub(super) agents: BTreeMap<(Role, Label), Agent>,
    pub(super) gate: Gate,
    pub(super) answer: Option<String>,
    pub(super) now: Timestamp,
    pub(super) unique: u64,
    pub(super) calls: Vec<String>,
    pub(super) events: Vec<RunEvent>,
    pub(super) effects: Effects,
    /// How many ends of turns the disk still takes, if it is nearly full.
    pub(super) room_for_ends: Option<usize>,
    /// Writes the history, if somebody wants one.
    pub(super) recorder: Option<Recorder>,
}

/// What a story begins with.
pub(crate) struct Setup {
    /// The files of `main`.
    pub(crate) files: Tree,
    pub(crate) agents: BTreeMap<(Role, Label), Agent>,
    pub(crate) gate: Gate,
    /// What a person answers to questions, if one is there.
    pub(crate) answer: Option<String>,
}

/// A world in memory. Cheap to clone: every clone is the same world.
#[derive(Clone)]
pub(crate) struct MemoryWorld {
    pub(super) state: Arc<Mutex<State>>,
    pub(super) login: Login,
    pub(super) machine: u32,
}

impl MemoryWorld {
    /// A world with one branch, `main`.
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
            gate: setup.gate,
            answer: setup.answer,
            now: Timestamp::UNIX_EPOCH,
            unique: 0,
            calls: Vec::new(),
            events: Vec::new(),
            effects: Effects::default(),
            room_for_ends: None,
            recorder: None,
        };
        Ok(Self { state: Arc::new(Mutex::new(state)), login: "agent-loop".parse()?, machine: 0 })
    }

    /// The same forge and its branches, seen from another machine with journals, locks and clones of its own.
    #[must_use]
    pub(crate) fn on_another_machine(&self) -> Self {
        Self { machine: self.machine + 1, ..self.clone() }
    }

    pub(super) fn with<T>(&self, effect: impl FnOnce(&mut State) -> T) -> T {
        effect(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// A person files an issue.
    pub(crate) fn file_as_person(&self, author: &Login, title: &str, body: &str) -> u64 {
        let (author, title, body) = (author.clone(), title.to_owned(), body.to_owned());
        let issue = Filed::Issue { author, role: AuthorRole::Member, title, body, state: IssueState::Open };
        self.with(|state| state.forge.file(issue))
    }

    /// A person opens a pull request.
    pub(crate) fn open_as_person(&self, new: NewPullRequest) -> u64 {
        let filed = Filed::PullRequest { new, state: PullRequestState::Open, merged_head: None };
        self.with(|state| state.forge.file(filed))
    }

    /// Somebody pushes files to a branch, on top of what is there; a new branch begins at `main`.
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

    /// Somebody throws away what a branch held.
    pub(crate) fn force_push(&self, branch: &BranchName, files: Tree) {
        self.with(|state| {
            if let Some(commit) = state.git.commit(Vec::new(), files) {
                state.git.branches.insert(branch.clone(), commit);
            }
        });
    }

    /// Somebody who may write to the repository comments.
    pub(crate) fn say(&self, number: u64, author: &Login, body: &str) {
        self.say_as(number, (author, AuthorRole::Member), body);
    }

    /// Somebody with these rights comments.
    pub(crate) fn say_as(&self, number: u64, author: (&Login, AuthorRole), body: &str) {
        self.with(|state| {
            let now = state.tick();
            state.forge.say(number, author, body, now);
        });
    }

    /// Somebody edits the comment at this index of a thread.
    pub(crate) fn edit(&self, number: u64, index: usize, body: &str) {
        self.with(|state| {
            let now = state.tick();
            let thread = state.forge.comments.entry(number).or_default();
            if let Some(comment) = thread.get_mut(index) {
                body.clone_into(&mut comment.body);
                comment.updated_at = now;
            }
        });
    }

    /// Somebody deletes the comment at this index of a thread.
    pub(crate) fn delete(&self, number: u64, index: usize) {
        self.with(|state| {
            let thread = state.forge.comments.entry(number).or_default();
            if index < thread.len() {
                thread.remove(index);
            }
        });
    }

    /// A CI system sets a check.
    pub(crate) fn check(&self, commit: &CommitSha, check: Check) {
        self.with(|state| state.forge.checks.entry(commit.clone()).or_default().push(check));
    }

    /// The comments of a thread.
    pub(crate) fn thread(&self, number: u64) -> Vec<Comment> {
        self.with(|state| state.forge.comments.get(&number).cloned().unwrap_or_default())
    }

    /// The files at the tip of each branch.
    pub(crate) fn branches(&self) -> BTreeMap<BranchName, Tree> {
        self.with(|state| {
            state.git.branches.iter().map(|(name, tip)| (name.clone(), state.git.tree(tip))).collect()
        })
    }

    /// The tip of a branch.
    pub(crate) fn tip_of(&self, branch: &BranchName) -> Option<CommitSha> {
        self.with(|state| state.git.branches.get(branch).cloned())
    }

    /// The state of every issue and pull request, in words.
    pub(crate) fn states(&self) -> BTreeMap<u64, String> {
        let word = |filed: &Filed| match filed {
            Filed::Issue { state: IssueState::Open, .. } => "open issue".to_owned(),
            Filed::Issue { state: IssueState::Closed, .. } => "closed issue".to_owned(),
            Filed::PullRequest { state: PullRequestState::Open, .. } => "open pull request".to_owned(),
            Filed::PullRequest { state: PullRequestState::Closed, .. } => "closed pull request".to_owned(),
            Filed::PullRequest { state: PullRequestState::Merged { .. }, .. } => {
                "merged pull request".to_owned()
            }
        };
        self.with(|state| state.forge.subjects.iter().map(|(number, filed)| (*number, word(filed))).collect())
    }

    /// Every turn that was begun, in order.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.with(|state| state.calls.clone())
    }

    /// How often an engine has called each method of the forge that reads.
    pub(crate) fn forge_reads(&self) -> BTreeMap<&'static str, usize> {
        self.with(|state| state.forge.reads.clone())
    }

    /// How often an engine has called each method of the forge that writes.
    pub(crate) fn forge_writes(&self) -> BTreeMap<&'static str, usize> {
        self.with(|state| state.forge.writes.clone())
    }

    /// The comments of every issue and pull request that has any.
    pub(crate) fn threads(&self) -> BTreeMap<u64, Vec<Comment>> {
        self.with(|state| state.forge.comments.clone())
    }

    /// The entries of every journal of this machine.
    pub(crate) fn journal_entries(&self) -> BTreeMap<Subject, Vec<Entry>> {
        self.with(|state| {
            let ours = state.journals.iter().filter(|((machine, _), _)| *machine == self.machine);
            ours.map(|((_, subject), entries)| (subject.clone(), entries.clone())).collect()
        })
    }

    /// The commits that were kept aside.
    pub(crate) fn kept(&self) -> Vec<CommitSha> {
        self.with(|state| state.git.kept.values().cloned().collect())
    }

    /// Everything that the operator was told.
    pub(crate) fn events(&self) -> Vec<RunEvent> {
        self.with(|state| state.events.clone())
    }

    /// The effects of the engine that runs or ran last.
    pub(crate) fn effects(&self) -> Vec<&'static str> {
        self.with(|state| state.effects.names.clone())
    }

    /// Lets the world stop at an effect of the next engine.
    pub(crate) fn stop_at(&self, plan: Plan) {
        self.with(|state| state.effects.plan = Some(plan));
    }

    /// From now on nothing of this name happens, and nobody answers.
    pub(crate) fn be_deaf_to(&self, name: &'static str) {
        self.with(|state| state.effects.deaf_to = Some(name));
    }

    /// From now on journals take the ends of so many turns; then the disk is full.
    pub(crate) fn fill_disk_after(&self, ends: usize) {
        self.with(|state| state.room_for_ends = Some(ends));
    }

    /// All agents work in a directory of the user's, which is unclean for this reason; nothing: in clones of ours.
    pub(crate) fn lend_unclean(&self, why: Option<&str>) {
        self.with(|state| state.git.unclean = why.map(str::to_owned));
    }

    /// Another engine begins, on the same machine.
    pub(crate) fn restart(&self) {
        self.with(|state| state.effects = Effects::default());
    }

    /// Another engine begins, on another machine: only what was published and pushed is there.
    pub(crate) fn lose_machine(&self) {
        self.with(|state| {
            state.effects = Effects::default();
            state.journals.clear();
            state.git.lose_machine();
        });
    }

    /// Runs an engine until it ends, or until the world stops; then it is dropped, as a killed process is.
    pub(crate) async fn until_stop<T>(&self, engine: impl Future<Output = T>) -> Option<T> {
        let rang = self.with(|state| Arc::clone(&state.effects.rang));
        tokio::select! {
            biased;
            () = rang.notified() => None,
            end = engine => Some(end),
        }
    }
}

impl World for MemoryWorld {
    type Forge = Self;
    type Agents = Self;
    type Workspace = Self;
    type Gates = Self;
    type Clock = Self;
    type Journals = Self;
    type Operator = Self;
    type AgentMemories = Self;

    fn forge(&self) -> &Self {
        self
    }

    fn agents(&self) -> &Self {
        self
    }

    fn workspace(&self) -> &Self {
        self
    }

    fn gates(&self) -> &Self {
        self
    }

    fn clock(&self) -> &Self {
        self
    }

    fn journals(&self) -> &Self {
        self
    }

    fn operator(&self) -> &Self {
        self
    }

    fn agent_memories(&self) -> &Self {
        self
    }
}
