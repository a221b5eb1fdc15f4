//! The in-memory world with its forge on the model of GitHub, behind the real adapter and the real gh.

use std::fmt;
use std::sync::Arc;

use agent_loop::adapters::github::GithubForge;
use agent_loop::domain::ids::{BranchName, CommitSha};
use agent_loop::domain::pull_request::PullRequestState;
use agent_loop::ports::World;
use agent_loop::ports::forge::{AuthorRole, Comment, Forge, IssueState, NewPullRequest};

use super::effects::Stop;
use super::forge::{Filed, ForgeModel};
use super::memory_world::MemoryWorld;
use crate::github::Stage;
use crate::github_model::{FaultKind, MemoryRepository, Pull, Role};

/// A world whose forge is GitHub.
pub(crate) struct GithubWorld {
    memory: MemoryWorld,
    forge: Arc<GithubForge>,
    stage: Stage,
}

impl GithubWorld {
    /// Moves the issues, pull requests and comments of a world to GitHub.
    pub(crate) async fn of(memory: MemoryWorld) -> Self {
        let stage = Stage::new();
        stage.use_socket();
        {
            let mut model = stage.github.state();
            model.people.values_mut().for_each(|ada| ada.login = memory.login.to_string());
            model.memory = Some(Box::new(memory.clone()));
            let (subjects, comments) =
                memory.with(|state| (state.forge.subjects.clone(), state.forge.comments.clone()));
            let person = model.person("ada", Role::Write);
            for (number, filed) in subjects {
                let filed = match filed {
                    Filed::Issue { title, body, .. } => model.file(person, (&title, &body), None),
                    Filed::PullRequest { new, .. } => {
                        let pull = Pull {
                            head: new.head_ref.to_string(),
                            base: new.base_ref.to_string(),
                            last_head: String::new(),
                            is_draft: false,
                            fork: None,
                            merge: None,
                        };
                        model.file(person, (&new.title, &new.body), Some(pull))
                    }
                };
                assert_eq!(filed, number, "numbers begin with 1 on both");
            }
            for (number, comment) in
                comments.into_iter().flat_map(|(number, all)| all.into_iter().map(move |one| (number, one)))
            {
                let author = model.person(comment.author.as_str(), Role::Write);
                model.comment(number, author, &comment.body);
            }
        }
        let forge = Arc::new(stage.forge().await.unwrap());
        Self { memory, forge, stage }
    }

    /// Returns the same world for another process: nothing that this one has read is known.
    pub(crate) async fn reopened(self) -> Self {
        let forge = Arc::new(self.stage.forge().await.unwrap());
        Self { forge, ..self }
    }

    /// Returns the part of the world that is in memory.
    pub(crate) fn memory(&self) -> &MemoryWorld {
        &self.memory
    }

    /// Copies everything back, for comparisons.
    pub(crate) fn to_memory(&self) -> MemoryWorld {
        let model = self.stage.github.state();
        let login = |id: Option<u64>| {
            let found = id.and_then(|id| model.people.get(&id)).map_or("ghost", |one| one.login.as_str());
            found.parse().unwrap()
        };
        let filed = model.filed.values().map(|filed| {
            let (title, body) = (filed.title.clone(), filed.body.clone());
            let subject = match &filed.pull {
                None => {
                    let state = if filed.is_open { IssueState::Open } else { IssueState::Closed };
                    Filed::Issue {
                        author: login(Some(filed.author)),
                        role: AuthorRole::Member,
                        title,
                        body,
                        state,
                    }
                }
                Some(pull) => {
                    let (head_ref, base_ref) = (pull.head.parse().unwrap(), pull.base.parse().unwrap());
                    let state = match (&pull.merge, filed.is_open) {
                        (Some(commit), _) => PullRequestState::Merged { commit: commit.parse().unwrap() },
                        (None, true) => PullRequestState::Open,
                        (None, false) => PullRequestState::Closed,
                    };
                    let merged_head = pull.merge.as_ref().map(|_| pull.last_head.parse().unwrap());
                    Filed::PullRequest {
                        new: NewPullRequest { head_ref, base_ref, title, body },
                        state,
                        merged_head,
                    }
                }
            };
            (filed.number, subject)
        });
        let mut comments: std::collections::BTreeMap<u64, Vec<Comment>> = std::collections::BTreeMap::new();
        for one in &model.comments {
            comments.entry(one.on).or_default().push(Comment {
                id: one.id.to_string(),
                author: login(one.author),
                role: AuthorRole::Owner,
                body: one.body.clone().into(),
                created_at: one.created_at,
                updated_at: one.updated_at,
            });
        }
        let forge = ForgeModel::with(filed.collect(), comments);
        self.memory.with(|state| state.forge = forge);
        drop(model);
        self.memory.clone().of_repository(self.forge.repository_id())
    }
}

impl GithubWorld {
    pub(crate) fn forge(&self) -> &GithubForge {
        &self.forge
    }

    pub(crate) fn ports(&self) -> World {
        World { forge: self.forge.clone(), ..World::of(&Arc::new(self.memory.clone())) }
    }

    /// Waits until no task of an engine uses the forge.
    pub(crate) async fn until_unused(&self) {
        while Arc::strong_count(&self.forge) > 1 {
            tokio::task::yield_now().await;
        }
    }
}

impl fmt::Debug for MemoryWorld {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MemoryWorld")
    }
}

fn sha(text: &str) -> CommitSha {
    text.parse().unwrap()
}

impl MemoryRepository for MemoryWorld {
    fn tip(&self, branch: &str) -> Option<String> {
        let branch: BranchName = branch.parse().ok()?;
        self.tip_of(&branch).map(|tip| tip.to_string())
    }

    fn contains(&self, commit: &str, ancestor: &str) -> bool {
        self.with(|state| state.git.history(&sha(commit)).contains(&sha(ancestor)))
    }

    fn merges_cleanly(&self, base: &str, head: &str) -> bool {
        self.with(|state| state.git.merged(&sha(base), &sha(head)).is_ok())
    }

    fn merge(&self, into: &str, head: &str) -> Option<String> {
        let into: BranchName = into.parse().ok()?;
        self.with(|state| {
            let base = state.git.branches.get(&into).cloned()?;
            let tree = state.git.merged(&base, &sha(head)).ok()?;
            let commit = state.git.commit(vec![base, sha(head)], tree)?;
            state.git.branches.insert(into, commit.clone());
            Some(commit.to_string())
        })
    }

    fn write(&self, name: &'static str) -> Option<FaultKind> {
        self.with(|state| {
            if state.effects.stopped {
                return Some(FaultKind::BadGateway);
            }
            let number = state.effects.names.len();
            match state.count(name)? {
                Stop::Before => {
                    state.halt();
                    Some(FaultKind::BadGateway)
                }
                Stop::After => {
                    state.halt();
                    None
                }
                Stop::Unacknowledged => {
                    let ways =
                        [FaultKind::DoneButTorn, FaultKind::DoneButSilent, FaultKind::DoneButBadGateway];
                    ways.into_iter().cycle().nth(number)
                }
            }
        })
    }
}
