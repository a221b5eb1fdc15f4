//! Runs git with an environment and settings of ours, and converts failures to errors. Knows no layout of folders.

use std::ffi::OsStr;
use std::path::Path;
use std::time::Duration;

use crate::adapters::process::capture::{CaptureError, Captured, DEADLINE, Patience, capture_with};
use crate::adapters::process::command::CommandLine;
use crate::adapters::process::environment::common;
use crate::adapters::process::exit::Exit;
use crate::adapters::process::variables::Variables;
use crate::ports::workspace::WorkspaceError;

use super::identity::Identity;

/// Settings that no repository may override: no program that a configuration names is run.
const SETTINGS: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.excludesFile=/dev/null",
    "core.attributesFile=/dev/null",
    "core.quotePath=false",
    "core.askPass=",
    "credential.helper=",
    "commit.gpgSign=false",
    "tag.gpgSign=false",
    "submodule.recurse=false",
    "fetch.recurseSubmodules=false",
    "fetch.writeCommitGraph=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.ext.allow=never",
    // Fetches between the user's repository, the mirror and clones do not depend on what the user allows elsewhere.
    "protocol.allow=user",
    "protocol.file.allow=always",
    "protocol.version=2",
    "advice.graftFileDeprecated=false",
    // The user's own git has checked at the start whether the user trusts a repository of somebody else.
    "safe.directory=*",
];

/// The program that serves a fetch from the user's repository: settings of the fetching side do not affect it.
pub(super) const UPLOAD_PACK: &str = "--upload-pack=git -c 'safe.directory=*' -c 'transfer.hideRefs=!refs/heads' -c \
     'transfer.hideRefs=!refs/tags' -c uploadpack.allowAnySHA1InWant=true upload-pack";

/// Variables of every git process of ours. With `GIT_NO_REPLACE_OBJECTS` a SHA always means the same content.
const ENVIRONMENT: &[(&str, &str)] = &[
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_OPTIONAL_LOCKS", "0"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("LC_ALL", "C"),
];

/// Variables that disable the user's configuration.
const THE_USERS: &[&str] = &["GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "GIT_ATTR_NOSYSTEM"];
/// Settings that name files of the user.
const THE_USERS_FILES: &[&str] = &["core.excludesFile", "core.attributesFile"];

/// The messages of git about a full or failing disk, which depend on the operation.
const DISK_SIGNS: &[&str] = &[
    "No space left",
    "Disk quota exceeded",
    "unable to write",
    "couldn't write",
    "failed to write",
    "write error",
    "Read-only file system",
    "Input/output error",
];

/// The messages of git about damaged files of a repository.
const DAMAGE_SIGNS: &[&str] = &[
    " is corrupt",
    "corrupt or missing",
    "corrupt loose",
    "inflate: ",
    "unable to unpack ",
    "unable to read ",
    "unable to resolve reference",
    "unexpected line in ",
    "bad config ",
    "bad object refs/",
    "bad tree object",
    "bad signature",
    "reference broken",
    "broken ref",
    "did not send all necessary objects",
    // git names a folder only if it was given one.
    "not a git repository: '",
];

/// The maximum length of git's message in an error, in characters.
const COMPLAINT_LETTERS: usize = 2000;

/// git, with an environment and an identity of ours.
#[derive(Debug, Clone)]
pub struct Git {
    environment: Variables,
    identity: Identity,
    /// The longest silence of a fetch or push over the network.
    silence: Duration,
}

impl Git {
    /// Finds git in the `PATH` of our environment; it commits under an identity.
    pub fn new(ours: &Variables, identity: Identity) -> Self {
        let mut environment = common(ours, &["XDG_CONFIG_HOME".to_owned()]);
        let mut set = |name: &str, value: &str| environment.insert(name.into(), value.into());
        for (name, value) in ENVIRONMENT {
            set(name, value);
        }
        for who in ["AUTHOR", "COMMITTER"] {
            set(&format!("GIT_{who}_NAME"), &identity.name);
            set(&format!("GIT_{who}_EMAIL"), &identity.email);
        }
        Self { environment, identity, silence: DEADLINE }
    }

    /// Sets the time after which a fetch or push that shows no progress is ended. The default is 15 minutes; a
    /// test of the timeout sets less.
    #[must_use]
    pub fn with_silence_limit(self, silence: Duration) -> Self {
        Self { silence, ..self }
    }

    pub(super) fn identity(&self) -> &Identity {
        &self.identity
    }

    /// Returns a command of git in a folder, in whatever repository that is. Only for the user's own repositories.
    pub(super) fn anywhere(&self, folder: &Path) -> CommandLine {
        let settings = SETTINGS.iter().flat_map(|setting| ["-c", setting]);
        CommandLine::new("git", folder, self.environment.clone()).arguments(settings)
    }

    /// Returns a command of git in a checkout of the user, with their own configuration: filters such as Git LFS determine
    /// the files. Hooks and file monitors are disabled.
    pub(super) fn as_the_user(&self, checkout: &Path) -> CommandLine {
        let mut environment = self.environment.clone();
        for name in THE_USERS {
            environment.remove(OsStr::new(name));
        }
        let is_ours = |setting: &&&str| !THE_USERS_FILES.iter().any(|own| setting.starts_with(own));
        let settings = SETTINGS.iter().filter(is_ours).flat_map(|setting| ["-c", setting]);
        CommandLine::new("git", checkout, environment).arguments(settings)
    }

    /// Returns a command of git with this git folder, from any current folder.
    pub(super) fn inside(&self, git_folder: &Path, folder: &Path) -> CommandLine {
        self.anywhere(folder).variable("GIT_DIR", git_folder)
    }

    /// Runs a git that transfers any amount of data with `--progress`: only its silence is limited. Its progress is left out of
    /// its messages.
    pub(super) async fn transfer(&self, line: CommandLine, what: &str) -> Result<Captured, WorkspaceError> {
        let captured = ask_with(line, what, Patience::Silence(self.silence)).await?;
        let lines = captured.stderr.split(['\r', '\n']).filter(|line| !is_progress(line));
        Ok(Captured { stderr: lines.collect::<Vec<_>>().join("\n"), ..captured })
    }
}

/// Runs git and returns the result with any exit code. A signal is an error.
pub(super) async fn ask(line: CommandLine, what: &str) -> Result<Captured, WorkspaceError> {
    ask_with(line, what, Patience::Total).await
}

/// Returns whether a line of git only shows progress.
fn is_progress(line: &str) -> bool {
    let beginnings =
        ["From ", " ", "remote: Enumerating ", "remote: Total ", "Total ", "Delta compression ", "POST "];
    line.is_empty()
        || beginnings.iter().any(|beginning| line.starts_with(beginning))
        || line.contains("% (")
        || line.trim_end().ends_with("done.")
}

async fn ask_with(line: CommandLine, what: &str, patience: Patience) -> Result<Captured, WorkspaceError> {
    let not_run = |error: CaptureError| {
        WorkspaceError::Git(format!("could not {what}: {}", error.hinting("is git installed?")))
    };
    let captured = capture_with(&line, patience).await.map_err(not_run)?;
    match captured.exit {
        Exit::Code(_) => Ok(captured),
        Exit::Signal(_) => Err(failure(&captured, what)),
    }
}

/// Runs git, which must succeed, and returns its stdout.
pub(super) async fn must(line: CommandLine, what: &str) -> Result<Vec<u8>, WorkspaceError> {
    let captured = ask(line, what).await?;
    if captured.exit.is_success() { Ok(captured.stdout) } else { Err(failure(&captured, what)) }
}

/// Converts git's message to an error.
pub(super) fn failure(captured: &Captured, what: &str) -> WorkspaceError {
    let complaint = captured.stderr.trim();
    let mut shown: String = complaint.chars().take(COMPLAINT_LETTERS).collect();
    if shown.len() < complaint.len() {
        shown.push('…');
    }
    let text = format!("could not {what}: git ended with {}: {shown}", captured.exit);
    if DISK_SIGNS.iter().any(|sign| complaint.contains(sign)) {
        WorkspaceError::Disk(format!("{text}. Is there space left? See `df -h`"))
    } else if complaint.contains("promisor remote") {
        WorkspaceError::Git(format!("{text}. Fetch missing objects: `git fetch --refetch --no-filter`"))
    } else if DAMAGE_SIGNS.iter().any(|sign| complaint.contains(sign)) {
        WorkspaceError::Damaged(text)
    } else {
        WorkspaceError::Git(text)
    }
}

/// Returns a command of git in a folder, as a person would type it.
pub(super) fn as_typed<A: AsRef<OsStr>>(folder: &Path, arguments: impl IntoIterator<Item = A>) -> String {
    CommandLine::new("git", folder, Variables::new())
        .argument("-C")
        .argument(folder)
        .arguments(arguments)
        .shown()
}

/// Returns the only line of an output.
pub(super) fn one_line(output: &[u8]) -> String {
    String::from_utf8_lossy(output).trim_end_matches('\n').to_owned()
}

/// Converts bytes to an argument or path.
pub(super) fn os(bytes: &[u8]) -> &OsStr {
    std::os::unix::ffi::OsStrExt::from_bytes(bytes)
}

/// Splits an output of `-z` into fields.
pub(super) fn fields(output: &[u8]) -> impl Iterator<Item = &[u8]> {
    output.split(|byte| *byte == 0).filter(|field| !field.is_empty())
}
