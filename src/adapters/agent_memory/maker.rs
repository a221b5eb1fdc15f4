//! Uses the agent memory that is kept, as long as it fits the commit well enough, else makes it anew. At most once a run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::adapters::files;
use crate::adapters::git::{GitWorkspace, TrackedFile};
use crate::domain::agent_memory::{AgentMemory, Briefing, Changed, CheckoutFolder, TestProfile};
use crate::domain::ids::CommitSha;
use crate::ports::agent_memory::{AgentMemories, Briefed};
use crate::ports::workspace::WorkspaceError;
use crate::text::agent_memory::{self, ListedFile, Size, Texts};

use super::cache;

/// When more files than this have changed, an agent memory is made anew.
const MOST_CHANGED: usize = 50;

/// Whether anything is remembered of a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Memory {
    /// Nothing is, and nobody is told anything.
    Off,
    On(MemoryOptions),
}

/// How it is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryOptions {
    /// The file in which it is kept, private.
    pub cache: PathBuf,
    /// What of it is made anew.
    pub refresh: Refresh,
    /// Where it is laid in clones of coders.
    pub checkout: Option<CheckoutFolder>,
}

/// What is made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    AsNeeded,
    /// What is known of tests, at least.
    Tests,
    All,
}

/// What this run was told.
#[derive(Debug)]
enum RunBriefing {
    NotYet,
    /// This, or that there is nothing.
    Known(Option<Arc<Briefing>>),
}

/// What is known of one repository.
#[derive(Debug)]
pub struct LocalAgentMemories {
    workspace: Arc<GitWorkspace>,
    memory: Memory,
    /// What this run was told first: all its turns are told the same.
    told: tokio::sync::Mutex<RunBriefing>,
}

impl LocalAgentMemories {
    /// What is known of the repository of a workspace.
    pub fn new(workspace: Arc<GitWorkspace>, memory: Memory) -> Self {
        Self { workspace, memory, told: tokio::sync::Mutex::new(RunBriefing::NotYet) }
    }

    /// No spawn if what is kept is of the commit itself, one if it is of another, two more if it is made anew.
    async fn brief(&self, options: &MemoryOptions, base: &CommitSha) -> Result<Briefing, WorkspaceError> {
        let kept = match options.refresh {
            Refresh::AsNeeded | Refresh::Tests => cache::load(&options.cache),
            Refresh::All => None,
        };
        let whole = |memory, changed| Briefing { memory, compared_with: base.clone(), changed };
        let Some(kept) = kept else {
            return Ok(whole(self.anew(base).await?, Changed::Known(Vec::new())));
        };
        if kept.made_at == *base {
            let kept = self.with_tests(options, kept, base).await?;
            return Ok(whole(kept, Changed::Known(Vec::new())));
        }
        match self.workspace.changed(&kept.made_at, base).await? {
            Some(paths) if fits(&paths) => {
                Ok(whole(self.with_tests(options, kept, base).await?, Changed::Known(paths)))
            }
            Some(_) => Ok(whole(self.anew(base).await?, Changed::Known(Vec::new()))),
            None => {
                let since = kept.made_at;
                Ok(whole(self.anew(base).await?, Changed::NotDiffable { since }))
            }
        }
    }

    async fn with_tests(
        &self,
        options: &MemoryOptions,
        kept: AgentMemory,
        base: &CommitSha,
    ) -> Result<AgentMemory, WorkspaceError> {
        match options.refresh {
            Refresh::AsNeeded | Refresh::All => Ok(kept),
            Refresh::Tests => Ok(AgentMemory { tests: self.tests_anew(base).await?, ..kept }),
        }
    }

    async fn anew(&self, base: &CommitSha) -> Result<AgentMemory, WorkspaceError> {
        let tracked = self.workspace.files(base).await?;
        let files = plain(&tracked);
        let texts = self.texts(&tracked, &agent_memory::wanted(&files)).await?;
        Ok(agent_memory::make(base, &files, &texts))
    }

    async fn tests_anew(&self, base: &CommitSha) -> Result<TestProfile, WorkspaceError> {
        let tracked = self.workspace.files(base).await?;
        let files = plain(&tracked);
        let texts = self.texts(&tracked, &agent_memory::wanted_for_tests(&files)).await?;
        Ok(agent_memory::test_profile(base, &files, &texts))
    }

    async fn texts(&self, tracked: &[TrackedFile], wanted: &[&str]) -> Result<Texts, WorkspaceError> {
        let by_path: BTreeMap<&str, &TrackedFile> =
            tracked.iter().map(|file| (file.path.as_str(), file)).collect();
        let asked: Vec<&TrackedFile> = wanted.iter().filter_map(|path| by_path.get(path).copied()).collect();
        self.workspace.texts(&asked).await
    }
}

fn fits(changed: &[String]) -> bool {
    changed.len() <= MOST_CHANGED && !changed.iter().any(|path| agent_memory::is_manifest(path))
}

fn plain(tracked: &[TrackedFile]) -> Vec<ListedFile> {
    tracked.iter().map(|file| ListedFile { path: file.path.clone(), bytes: file.bytes }).collect()
}

/// Writes what is known into a folder of a clone: to be read, and to be read by programs.
fn write_files(folder: &Path, briefing: &Briefing) -> Result<(), String> {
    let wrong = |error: &dyn std::fmt::Display| format!("could not write into {}: {error}", folder.display());
    let text = format!(
        "# What is known of this repository\n\nMade from files and manifests of commit {}. It is stale-prone: check it \
         against the source and the diff. {}\nIt is never committed, and what is written here is lost.\n\n{}\n",
        briefing.memory.made_at,
        agent_memory::since(briefing),
        agent_memory::render(briefing, Size::File),
    );
    let json = serde_json::to_string_pretty(&briefing.memory).map_err(|error| wrong(&error))?;
    fs::create_dir_all(folder).map_err(|error| wrong(&error))?;
    files::write_over(&folder.join("memory.md"), text.as_bytes())?;
    files::write_over(&folder.join("memory.json"), json.as_bytes())
}

impl AgentMemories for LocalAgentMemories {
    async fn briefing(&self, base: &CommitSha) -> Briefed {
        let Memory::On(options) = &self.memory else { return Briefed::default() };
        let mut told = self.told.lock().await;
        if let RunBriefing::Known(briefing) = &*told {
            return Briefed { briefing: briefing.clone(), warning: None };
        }
        let made = self.brief(options, base).await;
        let briefed = match made {
            Ok(briefing) => {
                let saved = save(&options.cache, &briefing.memory);
                let warning = saved.err().map(|why| format!("the agent memory is not kept: {why}"));
                Briefed { briefing: Some(Arc::new(briefing)), warning }
            }
            Err(why) => Briefed {
                briefing: None,
                warning: Some(format!("there is no agent memory in this run: {why}")),
            },
        };
        *told = RunBriefing::Known(briefed.briefing.clone());
        briefed
    }

    fn folder(&self) -> Option<String> {
        match &self.memory {
            Memory::On(MemoryOptions { checkout, .. }) => checkout.as_ref().map(CheckoutFolder::to_string),
            Memory::Off => None,
        }
    }

    async fn lay_out(&self, clone: &Path) -> Option<String> {
        let Memory::On(MemoryOptions { checkout: Some(checkout), .. }) = &self.memory else { return None };
        let briefing = match &*self.told.lock().await {
            RunBriefing::Known(briefing) => briefing.clone()?,
            RunBriefing::NotYet => return None,
        };
        let folder = checkout.parts().fold(clone.to_path_buf(), |path, part| path.join(part));
        let written = write_files(&folder, &briefing);
        written.err().map(|why| format!("the agent memory does not lie in the clone: {why}"))
    }
}

/// Keeps an agent memory, unless the file says the same already.
fn save(path: &Path, memory: &AgentMemory) -> Result<(), String> {
    if cache::load(path).as_ref() == Some(memory) { Ok(()) } else { cache::save(path, memory) }
}
