//! The layout of the state folder. Names of folders are derived from names that cannot contain a path.

use std::path::{Path, PathBuf};

use crate::domain::digest;
use crate::domain::subject::Subject;

/// The state folder of one repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folders {
    repository: PathBuf,
    logs: Option<PathBuf>,
    locks: PathBuf,
}

impl Folders {
    /// Returns the folder of a repository below the state folder of the program. Its name depends only on the id: a
    /// repository has many checkouts, and its folder may be renamed.
    pub fn new(state: &Path, repository_id: &str) -> Self {
        let name = digest::abbreviated(repository_id, 16);
        let repository = Self::repositories(state).join(name);
        Self { locks: repository.join("locks"), repository, logs: None }
    }

    /// Moves the locks of subjects to another folder.
    #[must_use]
    pub fn with_locks(self, locks: PathBuf) -> Self {
        Self { locks, ..self }
    }

    /// Returns the folder of the locks of subjects.
    pub fn locks(&self) -> &Path {
        &self.locks
    }

    /// Returns the folder of all repositories below the state folder of the program.
    pub fn repositories(state: &Path) -> PathBuf {
        state.join("repositories")
    }

    /// Moves the raw logs of this repository to another folder.
    #[must_use]
    pub fn with_logs(mut self, logs: Option<&Path>) -> Self {
        let name = self.repository.file_name().unwrap_or_default().to_owned();
        self.logs = logs.map(|folder| folder.join(name));
        self
    }

    /// Returns the folder of the same repository below another folder of the program.
    pub fn beneath(&self, other: &Path) -> PathBuf {
        other.join("repositories").join(self.repository.file_name().unwrap_or_default())
    }

    pub fn root(&self) -> &Path {
        &self.repository
    }

    pub fn mirror(&self) -> PathBuf {
        self.repository.join("mirror.git")
    }

    pub fn clones(&self) -> PathBuf {
        self.repository.join("clones")
    }

    /// Returns the folder of whole diffs for agents.
    pub fn diffs(&self) -> PathBuf {
        self.repository.join("diffs")
    }

    /// Returns the folder of threads of a forge on another machine.
    pub fn threads(&self) -> PathBuf {
        self.repository.join("threads")
    }

    pub fn subjects(&self) -> PathBuf {
        self.repository.join("subjects")
    }

    /// Returns the subjects with a folder, in the order of the folder's entries.
    pub fn known(&self) -> Vec<Subject> {
        let entries = std::fs::read_dir(self.subjects()).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        names.filter_map(|name| Self::subject_named(&name)).collect()
    }

    /// Returns the folder with the costs of runs whose journals were removed.
    pub fn usage(&self) -> PathBuf {
        self.repository.join("usage")
    }

    pub fn subject(&self, subject: &Subject) -> PathBuf {
        self.subjects().join(Self::name(subject))
    }

    fn name(subject: &Subject) -> String {
        subject.to_string().replace('/', "-")
    }

    pub fn subject_named(name: &str) -> Option<Subject> {
        name.replacen('-', "/", 1).parse().ok()
    }

    pub fn journal(&self, subject: &Subject) -> PathBuf {
        self.subject(subject).join("journal.jsonl")
    }

    pub fn logs(&self, subject: &Subject) -> PathBuf {
        self.logs
            .as_ref()
            .map_or_else(|| self.subject(subject).join("logs"), |logs| logs.join(Self::name(subject)))
    }

    /// Returns the folder of files for agents in turns on a subject.
    pub fn turns(&self, subject: &Subject) -> PathBuf {
        self.subject(subject).join("turns")
    }

    /// Returns the table of a subject's child processes.
    pub fn children(&self, subject: &Subject) -> PathBuf {
        self.subject(subject).join("children")
    }

    /// Returns the tables of child processes of all subjects in a folder.
    pub fn children_in(subjects: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(subjects).into_iter().flatten().flatten();
        entries.map(|subject| subject.path().join("children")).collect()
    }

    /// Returns the file with local settings of a subject's run.
    pub fn run_file(&self, subject: &Subject) -> PathBuf {
        self.subject(subject).join("run.json")
    }
}
