//! The bare repository that we control: creates it, fetches into it, and answers questions about commits.

mod borrow;
pub(super) mod commit_object;
pub(super) mod difference;
pub(super) mod facts;
mod fetch_progress;
pub(super) mod merge;
pub(super) mod objects;
pub(super) mod raw_diff;
pub mod refs;
pub(super) mod tracked;

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::adapters::git::disk::{
    failed, is_absence, is_plain_folder, make_folder, read_file, remove, rename, write_file, write_over,
};
use crate::adapters::git::remote::{ForkUrl, Remote, RemoteUrl};
use crate::adapters::git::runner::{Git, UPLOAD_PACK, ask, failure, must, one_line, os};
use crate::adapters::git::waiting::{self, WaitNotice};
use crate::adapters::process::capture::Captured;
use crate::adapters::process::command::CommandLine;
use crate::adapters::process::exit::Exit;
use crate::domain::ids::{CommitSha, TreeSha};
use crate::ports::workspace::WorkspaceError;

use facts::CommitFacts;
use fetch_progress::Occasion;
use objects::ObjectFolder;
use refs::SHALLOW;

const CONFIG: &str = "[core]\n\trepositoryformatversion = FORMAT\n\tfilemode = true\n\tbare = true\n\tsharedRepository = 0600\n\tlogallrefupdates = false\n\ttrustctime = true\n\tcheckstat = default\n\thooksPath = /dev/null\n\tfsmonitor = false\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n[transfer]\n\thideRefs = refs/remotes\n";
const SHA256: &str = "[extensions]\n\tobjectformat = sha256\n";

/// The namespaces of the remote's tags and branches in the mirror.
const TAGS: &str = "+refs/tags/*:refs/tags/*";
const BRANCHES: &str = "+refs/heads/*:refs/remotes/forge/*";

/// A mirror.
#[derive(Debug)]
pub(crate) struct Mirror {
    git: Git,
    path: PathBuf,
    /// The mirrored repository, if it is on this machine.
    source: Option<PathBuf>,
    turn: tokio::sync::Mutex<()>,
    notice: WaitNotice,
    facts: CommitFacts,
}

/// The right to fetch into a mirror and to move branches of its remote: one holder on this machine.
#[derive(Debug)]
pub(crate) struct Hold<'a> {
    _file: File,
    _turn: tokio::sync::MutexGuard<'a, ()>,
}

impl Mirror {
    pub(crate) fn new(git: Git, path: PathBuf, source: Option<PathBuf>) -> Self {
        let (turn, notice, facts) = Default::default();
        Self { git, path, source, turn, notice, facts }
    }

    pub(crate) fn with_wait_notice(self, notice: WaitNotice) -> Self {
        Self { notice, ..self }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn notice(&self) -> &WaitNotice {
        &self.notice
    }

    pub(crate) fn git(&self) -> &Git {
        &self.git
    }

    pub(crate) fn facts(&self) -> &CommitFacts {
        &self.facts
    }

    /// Returns a git command with the user's own settings and those of their repository, on other files and another index.
    pub(crate) fn line_of_the_user(&self, tree: &Path, index: &Path) -> CommandLine {
        let common = self.source.as_deref().and_then(refs::common_folder);
        let folder = common.as_deref().unwrap_or(&self.path);
        let line = self.git.as_the_user(tree).variable("GIT_DIR", folder);
        line.variable("GIT_WORK_TREE", tree).variable("GIT_INDEX_FILE", index)
    }

    pub(crate) fn objects(&self) -> ObjectFolder {
        ObjectFolder::of(&self.path)
    }

    /// Returns the path of a file or folder beside the mirror.
    pub(crate) fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    }

    pub(crate) fn line(&self) -> CommandLine {
        self.git.inside(&self.path, &self.path)
    }

    /// Returns a git command on the mirror's objects with other files and another index.
    pub(crate) fn line_on(&self, tree: &Path, index: &Path) -> CommandLine {
        self.git.inside(&self.path, tree).variable("GIT_WORK_TREE", tree).variable("GIT_INDEX_FILE", index)
    }

    /// Waits until no other process fetches or moves branches. There is no time limit, and other tasks continue.
    pub(crate) async fn hold(&self) -> Result<Hold<'_>, WorkspaceError> {
        let turn = self.turn.lock().await;
        let path = self.beside(".lock");
        make_folder(self.path.parent().unwrap_or(&self.path))?;
        let file = waiting::lock(&path, &self.notice).await?;
        Ok(Hold { _file: file, _turn: turn })
    }

    /// Creates the mirror if it does not exist, and writes its configuration. Three spawns the first time, else none.
    pub(crate) async fn make(&self, hold: &Hold<'_>, remote: &Remote) -> Result<(), WorkspaceError> {
        if self.path.join("HEAD").exists() {
            return Ok(());
        }
        if self.path.join("objects").exists() {
            return Err(WorkspaceError::Damaged(format!("{} has no file HEAD", self.path.display())));
        }
        let half = self.begin(hold, remote).await?;
        if let Remote::Local(repository) = remote {
            borrow::borrow(&self.git, repository, &half).await?;
        }
        remove(&self.path)?;
        rename(&half, &self.path)
    }

    /// Creates an empty mirror in another folder. Two spawns, or one.
    pub(crate) async fn begin(&self, _hold: &Hold<'_>, remote: &Remote) -> Result<PathBuf, WorkspaceError> {
        let format = match remote {
            Remote::Local(path) => {
                let what = format!("read the repository {}", path.display());
                let line = self.git.anywhere(path).arguments(["rev-parse", "--show-object-format"]);
                one_line(&must(line, &what).await?)
            }
            Remote::Url(_) => "sha1".to_owned(),
        };
        let half = self.beside(".new");
        remove(&half)?;
        make_folder(&half)?;
        let line = self
            .git
            .anywhere(&half)
            .arguments(["init", "--quiet", "--bare", "--template=", "--shared=0600", "--initial-branch=none"])
            .argument(format!("--object-format={format}"))
            .argument(".");
        must(line, "make the mirror repository").await?;
        let config = if format == "sha256" {
            CONFIG.replace("FORMAT", "1") + SHA256
        } else {
            CONFIG.replace("FORMAT", "0")
        };
        write_file(&half.join("config"), config.as_bytes())?;
        Ok(half)
    }

    /// Fetches the branches and tags of the forge's repository, with its history as far as it goes. One spawn.
    pub(crate) async fn fetch_branches(
        &self,
        hold: &Hold<'_>,
        remote: &Remote,
    ) -> Result<(), WorkspaceError> {
        let deepen = self.path.join(SHALLOW).exists().then_some("--unshallow");
        let options = ["--prune", "--no-tags", "--no-write-fetch-head"];
        let fetch = |line: CommandLine| line.arguments(["fetch", "--progress"]).arguments(options);
        let (what, line) = match remote {
            Remote::Local(path) => {
                let line = fetch(self.line())
                    .arguments(["--update-shallow", UPLOAD_PACK])
                    .arguments(deepen)
                    .argument(path)
                    // A partial clone fetches missing objects from its own remote, as it does for the user.
                    .variable("GIT_NO_LAZY_FETCH", "0");
                (format!("fetch the branches of {}", path.display()), line)
            }
            Remote::Url(remote) => {
                let line = fetch(remote.line(self.line())).argument(&remote.url);
                (format!("fetch the branches of {}", remote.url), line)
            }
        };
        let line = line.arguments([BRANCHES, TAGS]);
        let first = self.fetched(remote, line.clone(), &what).await?;
        if !first.exit.is_success() {
            if !first.stderr.contains(".lock") {
                return Err(failure(&first, &what));
            }
            self.remove_stale_locks(hold)?;
            let second = self.fetched(remote, line, &what).await?;
            if !second.exit.is_success() {
                return Err(failure(&second, &what));
            }
        }
        match remote {
            Remote::Url(url @ RemoteUrl { fork: Some(fork), .. }) => self.fetch_fork(url, fork).await,
            Remote::Url(RemoteUrl { fork: None, .. }) | Remote::Local(_) => Ok(()),
        }
    }

    /// Runs a fetch, which may take any time, and reports its progress.
    async fn fetched(
        &self,
        remote: &Remote,
        line: CommandLine,
        what: &str,
    ) -> Result<Captured, WorkspaceError> {
        let from = match remote {
            Remote::Local(folder) => folder.display().to_string(),
            Remote::Url(remote) => remote.url.clone(),
        };
        let is_new =
            !self.path.join("refs/remotes/forge").exists() && !self.path.join("packed-refs").exists();
        let occasion = if is_new { Occasion::First } else { Occasion::Later };
        let fetch = self.git.transfer(line, what);
        fetch_progress::reported(fetch, &from, &self.path.join("objects"), occasion, &self.notice).await
    }

    /// Fetches the branch of a fork, if it is still there. One spawn.
    async fn fetch_fork(&self, remote: &RemoteUrl, fork: &ForkUrl) -> Result<(), WorkspaceError> {
        let what = format!("fetch the branch {} of {}", fork.branch, fork.url);
        let line = remote
            .line(self.line())
            .arguments(["fetch", "--progress", "--no-tags", "--no-write-fetch-head", &fork.url])
            .argument(format!("+refs/heads/{}:refs/remotes/fork/{}", fork.branch, fork.branch));
        let captured = self.git.transfer(line, &what).await?;
        // A decision looks at the tip of the branch, and says what to do without it.
        let is_gone = captured.stderr.contains("couldn't find remote ref");
        if captured.exit.is_success() || is_gone { Ok(()) } else { Err(failure(&captured, &what)) }
    }

    /// Copies the objects of a commit to the repository of a git command, under no ref. One spawn.
    pub(crate) async fn hand_over(
        &self,
        git: CommandLine,
        commit: &CommitSha,
        to: &Path,
    ) -> Result<(), WorkspaceError> {
        let what = format!("copy {} to {}", commit.short(), to.display());
        let line = git
            .arguments(["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--no-recurse-submodules"])
            .argument("--refmap=")
            .argument(as_url(self.path()))
            .argument(commit.as_str());
        self.must_on(line, &[commit], &what).await.map(drop)
    }

    /// Runs git on commits, and returns its output. An error names the commits that the mirror does not have.
    pub(crate) async fn must_on(
        &self,
        line: CommandLine,
        commits: &[&CommitSha],
        what: &str,
    ) -> Result<Vec<u8>, WorkspaceError> {
        let captured = ask(line, what).await?;
        if captured.exit.is_success() {
            return Ok(captured.stdout);
        }
        for commit in commits {
            self.must_know(commit).await?;
        }
        Err(failure(&captured, what))
    }

    /// Sets a ref of the mirror to an existing commit, by git's own protocol: lock file, then rename. No spawn.
    pub(crate) fn write_ref(&self, name: &str, commit: &CommitSha) -> Result<(), WorkspaceError> {
        let path = self.path.join(name);
        make_folder(path.parent().unwrap_or(&self.path))?;
        let line = format!("{commit}\n");
        if read_file(&path)?.is_some_and(|bytes| bytes == line.as_bytes()) {
            return Ok(());
        }
        let lock = self.path.join(format!("{name}.lock"));
        write_over(&lock, line.as_bytes())?;
        rename(&lock, &path)
    }

    /// Removes a ref that `write_ref` or git wrote as a file, if it exists. No spawn.
    pub(crate) fn remove_ref(&self, name: &str) -> Result<(), WorkspaceError> {
        remove(&self.path.join(name))
    }

    /// Returns the best common ancestor. One spawn.
    pub(crate) async fn merge_base(
        &self,
        one: &CommitSha,
        other: &CommitSha,
    ) -> Result<CommitSha, WorkspaceError> {
        let what = format!("find the common ancestor of {} and {}", one.short(), other.short());
        let line = self.line().arguments(["merge-base", one.as_str(), other.as_str()]);
        let captured = ask(line, &what).await?;
        if captured.exit == Exit::Code(1) {
            return Err(WorkspaceError::NotFound(format!(
                "{} and {} have no common ancestor",
                one.short(),
                other.short()
            )));
        }
        if !captured.exit.is_success() {
            self.must_know(one).await?;
            self.must_know(other).await?;
            return Err(failure(&captured, &what));
        }
        sha(&captured.stdout, &what)
    }

    /// Returns whether one commit is reachable from another. One spawn.
    pub(crate) async fn contains(
        &self,
        commit: &CommitSha,
        ancestor: &CommitSha,
    ) -> Result<bool, WorkspaceError> {
        let what = format!("check whether {} contains {}", commit.short(), ancestor.short());
        let line = self.line().arguments(["merge-base", "--is-ancestor", ancestor.as_str(), commit.as_str()]);
        let captured = ask(line, &what).await?;
        match captured.exit {
            Exit::Code(0) => Ok(true),
            Exit::Code(1) => Ok(false),
            Exit::Code(_) | Exit::Signal(_) => {
                self.must_know(commit).await?;
                if self.knows(ancestor).await? { Err(failure(&captured, &what)) } else { Ok(false) }
            }
        }
    }

    /// Returns the tree of a commit. No spawn if it is known, else one.
    pub(crate) async fn tree(&self, commit: &CommitSha) -> Result<TreeSha, WorkspaceError> {
        if let Some(tree) = self.facts.tree(commit) {
            return Ok(tree);
        }
        let what = format!("read the tree of {}", commit.short());
        let line = self
            .line()
            .arguments(["rev-parse", "--verify", "--quiet"])
            .argument(format!("{commit}^{{tree}}"));
        let captured = ask(line, &what).await?;
        let tree = one_line(&captured.stdout).parse().map_err(|_| not_found(commit, &self.path))?;
        self.facts.learn_tree(commit, &tree);
        Ok(tree)
    }

    /// Returns whether two commits have the same files. A spawn for each commit whose tree is not known.
    pub(crate) async fn same_files(
        &self,
        one: &CommitSha,
        other: &CommitSha,
    ) -> Result<bool, WorkspaceError> {
        Ok(one == other || self.tree(one).await? == self.tree(other).await?)
    }

    /// Returns whether the mirror has a commit. One spawn.
    pub(crate) async fn knows(&self, commit: &CommitSha) -> Result<bool, WorkspaceError> {
        let what = format!("look for {} in {}", commit.short(), self.path.display());
        let line = self.line().arguments(["cat-file", "-e"]).argument(format!("{commit}^{{commit}}"));
        let captured = ask(line, &what).await?;
        if captured.exit.is_success() {
            return Ok(true);
        }
        let error = failure(&captured, &what);
        if matches!(error, WorkspaceError::Damaged(_)) { Err(error) } else { Ok(false) }
    }

    /// Returns an error if the mirror does not have a commit. One spawn.
    pub(crate) async fn must_know(&self, commit: &CommitSha) -> Result<(), WorkspaceError> {
        if self.knows(commit).await? { Ok(()) } else { Err(not_found(commit, &self.path)) }
    }

    /// Removes lock files of a killed git. The holder of the mirror's lock knows that no process uses them.
    fn remove_stale_locks(&self, _hold: &Hold<'_>) -> Result<(), WorkspaceError> {
        remove(&self.path.join("packed-refs.lock"))?;
        remove_locks_under(&self.path.join("refs/remotes"))
    }
}

/// Parses a commit id that git printed.
pub(crate) fn sha(output: &[u8], what: &str) -> Result<CommitSha, WorkspaceError> {
    one_line(output)
        .parse()
        .map_err(|cause| WorkspaceError::Git(format!("could not {what}: git printed no commit: {cause}")))
}

/// Returns a path as a URL, which a user's `url.*.insteadOf` of paths does not rewrite.
fn as_url(path: &Path) -> OsString {
    let mut url = b"file://".to_vec();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'%' => url.extend(b"%25"),
            other => url.push(*other),
        }
    }
    os(&url).to_owned()
}

fn not_found(commit: &CommitSha, mirror: &Path) -> WorkspaceError {
    WorkspaceError::NotFound(format!("there is no commit {commit} in {}", mirror.display()))
}

fn remove_locks_under(folder: &Path) -> Result<(), WorkspaceError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(cause) if is_absence(&cause) => return Ok(()),
        Err(cause) => return Err(failed("list", folder, &cause)),
    };
    for entry in entries {
        let path = entry.map_err(|cause| failed("list", folder, &cause))?.path();
        if is_plain_folder(&path) {
            remove_locks_under(&path)?;
        } else if path.extension().is_some_and(|extension| extension == "lock") {
            remove(&path)?;
        }
    }
    Ok(())
}
