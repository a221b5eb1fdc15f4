//! Loads the cached agent memory, or makes a new one if too many files have changed. At most once per run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;

use crate::adapters::files;
use crate::adapters::git::{GitWorkspace, TrackedFile};
use crate::domain::agent_memory::{AgentMemory, Briefing, Changed, CheckoutFolder, TestProfile};
use crate::domain::ids::CommitSha;
use crate::ports::agent_memory::{AgentMemories, Briefed};
use crate::ports::workspace::WorkspaceError;
use crate::text::agent_memory::{self, ListedFile, Size, Texts};

use super::cache;

/// The number of changed files above which a new agent memory is made.
const MOST_CHANGED: usize = 50;

/// Whether agents get an agent memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Memory {
    Off,
    On(MemoryOptions),
}

/// The options of the agent memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryOptions {
    /// The cache file.
    pub cache: PathBuf,
    pub refresh: Refresh,
    /// The folder in the coder's clone for the files of the memory.
    pub checkout: Option<CheckoutFolder>,
}

/// The parts of the memory to renew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    AsNeeded,
    Tests,
    All,
}

impl Memory {
    /// Adds a test command that passed in a run.
    pub fn add_passed(&self, command: &str) -> Result<(), String> {
        let Self::On(options) = self else { return Ok(()) };
        let Some(memory) = cache::load(&options.cache) else { return Ok(()) };
        cache::save(&options.cache, &agent_memory::with_passed(memory, command))
    }

    /// Returns the command that most likely runs the tests of the repository.
    pub fn test_command(&self) -> Option<String> {
        let Self::On(options) = self else { return None };
        agent_memory::test_command(&cache::load(&options.cache)?).map(str::to_owned)
    }
}

#[derive(Debug)]
enum RunBriefing {
    NotMade,
    /// The result; `None` after an error.
    Made(Option<Arc<Briefing>>),
}

/// The agent memory of one repository.
#[derive(Debug)]
pub struct LocalAgentMemories {
    workspace: Arc<GitWorkspace>,
    memory: Memory,
    /// The memory of this run, the same for all of its turns.
    briefing: tokio::sync::Mutex<RunBriefing>,
}

impl LocalAgentMemories {
    pub fn new(workspace: Arc<GitWorkspace>, memory: Memory) -> Self {
        Self { workspace, memory, briefing: tokio::sync::Mutex::new(RunBriefing::NotMade) }
    }

    /// Loads or makes the memory. It starts no process if the cached memory is of this commit, one if it is of another
    /// commit, and two more if it makes a new memory.
    async fn brief(&self, options: &MemoryOptions, base: &CommitSha) -> Result<Briefing, WorkspaceError> {
        let cached = match options.refresh {
            Refresh::AsNeeded | Refresh::Tests => cache::load(&options.cache),
            Refresh::All => None,
        };
        let (memory, changed) = match cached {
            None => (self.make(base).await?, Changed::Known(Vec::new())),
            Some(cached) => match self.changed(&cached, base).await? {
                Changed::Known(paths) if !fits(&paths) => {
                    (self.make(base).await?, Changed::Known(Vec::new()))
                }
                changed @ Changed::Known(_) => (self.with_tests(options, cached, base).await?, changed),
                changed @ Changed::NotDiffable { .. } => (self.make(base).await?, changed),
            },
        };
        Ok(Briefing { memory, compared_with: base.clone(), changed })
    }

    async fn changed(&self, cached: &AgentMemory, base: &CommitSha) -> Result<Changed, WorkspaceError> {
        if cached.made_at == *base {
            return Ok(Changed::Known(Vec::new()));
        }
        let paths = self.workspace.changed(&cached.made_at, base).await?;
        Ok(paths.map_or_else(|| Changed::NotDiffable { since: cached.made_at.clone() }, Changed::Known))
    }

    async fn with_tests(
        &self,
        options: &MemoryOptions,
        cached: AgentMemory,
        base: &CommitSha,
    ) -> Result<AgentMemory, WorkspaceError> {
        match options.refresh {
            Refresh::AsNeeded | Refresh::All => Ok(cached),
            Refresh::Tests => Ok(AgentMemory { tests: self.make_tests(base).await?, ..cached }),
        }
    }

    async fn make(&self, base: &CommitSha) -> Result<AgentMemory, WorkspaceError> {
        let tracked = self.workspace.files(base).await?;
        let files = plain(&tracked);
        let texts = self.texts(&tracked, &agent_memory::wanted(&files)).await?;
        Ok(agent_memory::make(base, &files, &texts))
    }

    async fn make_tests(&self, base: &CommitSha) -> Result<TestProfile, WorkspaceError> {
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

/// Writes the memory into a folder of a clone, as Markdown and as JSON.
fn write_files(folder: &Path, briefing: &Briefing) -> Result<(), String> {
    let wrong = |error: &dyn std::fmt::Display| format!("could not write into {}: {error}", folder.display());
    let text = format!(
        "# About this repository\n\nMade from files and manifests of commit {}. It may be out of date: check it \
         against the source and the diff. {}\nThis file is never committed, and changes to it are lost.\n\n{}\n",
        briefing.memory.made_at,
        agent_memory::since(briefing),
        agent_memory::render(briefing, Size::File),
    );
    let json = serde_json::to_string_pretty(&briefing.memory).map_err(|error| wrong(&error))?;
    fs::create_dir_all(folder).map_err(|error| wrong(&error))?;
    files::write_over(&folder.join("memory.md"), text.as_bytes())?;
    files::write_over(&folder.join("memory.json"), json.as_bytes())
}

#[async_trait]
impl AgentMemories for LocalAgentMemories {
    async fn briefing(&self, base: &CommitSha) -> Briefed {
        let Memory::On(options) = &self.memory else { return Briefed::default() };
        let mut current = self.briefing.lock().await;
        if let RunBriefing::Made(briefing) = &*current {
            return Briefed { briefing: briefing.clone(), warning: None };
        }
        let briefed = match self.brief(options, base).await {
            Ok(mut briefing) => {
                if options.refresh == Refresh::AsNeeded
                    && let Some(before) = cache::load(&options.cache)
                {
                    let passed = agent_memory::passed(&before);
                    briefing.memory = passed.fold(briefing.memory, agent_memory::with_passed);
                }
                let saved = cache::save(&options.cache, &briefing.memory);
                let warning = saved.err().map(|why| format!("the agent memory was not saved: {why}"));
                Briefed { briefing: Some(Arc::new(briefing)), warning }
            }
            Err(why) => Briefed {
                briefing: None,
                warning: Some(format!("the run continues without an agent memory: {why}")),
            },
        };
        *current = RunBriefing::Made(briefed.briefing.clone());
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
        let briefing = match &*self.briefing.lock().await {
            RunBriefing::Made(briefing) => briefing.clone()?,
            RunBriefing::NotMade => return None,
        };
        let folder = checkout.parts().fold(clone.to_path_buf(), |path, part| path.join(part));
        let written = write_files(&folder, &briefing);
        written.err().map(|why| format!("the agent memory was not added to the clone: {why}"))
    }
}
