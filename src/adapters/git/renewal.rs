//! Makes a damaged mirror anew: it is a copy of the forge's repository, but for saved work and for commits that are not pushed yet.
//! These are taken over. If that fails, the damaged mirror remains as it is.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::adapters::process::capture::Captured;
use crate::adapters::process::command::CommandLine;
use crate::adapters::process::time;
use crate::domain::ids::CommitSha;
use crate::domain::shell::moving_aside;
use crate::ports::workspace::WorkspaceError;

use super::disk::{is_plain_folder, read_at_most, remove, rename};
use super::mirror::{Hold, Mirror, sha};
use super::push::intent;
use super::remote::Remote;
use super::runner::{ask, must};

/// The folder of the refs that exist only in the mirror.
const OURS: &str = "refs/agent-loop";
/// The maximum size of a file with a ref.
const REF_BYTES: u64 = 1024;
/// The beginnings of lines of `git fsck` about damage.
const FSCK_SIGNS: [&str; 4] = ["error: ", "fatal: ", "missing ", "broken link "];
/// The longest check of a mirror before it is made anew.
const CHECK: Duration = Duration::from_mins(15);
/// The number of refs in an error message.
const MOST_NAMED: usize = 3;

/// Reads a mirror. A damaged mirror is replaced by a new one, which is read instead.
pub(crate) async fn sound<T, Reading>(
    mirror: &Mirror,
    remote: &Remote,
    read: impl Fn() -> Reading + Send + Sync,
) -> Result<T, WorkspaceError>
where
    Reading: Future<Output = Result<T, WorkspaceError>> + Send,
    T: Send,
{
    let first = read().await;
    if !matches!(first, Err(WorkspaceError::Damaged(_))) {
        return first;
    }
    let hold = mirror.hold().await?;
    // Another task or process may have made it anew.
    match read().await {
        Err(WorkspaceError::Damaged(damage)) => {
            renew(mirror, &hold, remote, &damage).await?;
            read().await
        }
        second => second,
    }
}

/// Reads and pushes from a mirror that this process holds. A damaged mirror is replaced by a new one, and the work is done again. The
/// damage may be elsewhere: git checks the mirror first.
pub(crate) async fn sound_held<T, Work>(
    mirror: &Mirror,
    hold: &Hold<'_>,
    remote: &Remote,
    work: impl Fn() -> Work + Send + Sync,
) -> Result<T, WorkspaceError>
where
    Work: Future<Output = Result<T, WorkspaceError>> + Send,
    T: Send,
{
    let first = work().await;
    if !matches!(first, Err(WorkspaceError::Damaged(_))) {
        return first;
    }
    let Some(damage) = damage(mirror, CHECK).await? else { return first };
    renew(mirror, hold, remote, &damage).await?;
    work().await
}

/// Creates a mirror, or fetches new commits into it. A damaged mirror is replaced by a new one.
pub(crate) async fn fetch(mirror: &Mirror, hold: &Hold<'_>, remote: &Remote) -> Result<(), WorkspaceError> {
    undo_half(mirror, hold)?;
    let fetched = match mirror.make(hold, remote).await {
        Ok(()) => mirror.fetch_branches(hold, remote).await,
        unmade => unmade,
    };
    match fetched {
        Err(WorkspaceError::Damaged(damage)) => renew(mirror, hold, remote, &damage).await,
        fetched => fetched,
    }
}

/// Replaces a damaged mirror by a new one with the same saved work, and reports it. No object is linked: those of a repository on
/// this machine may be damaged too.
///
/// # Errors
/// When the forge's repository cannot be fetched, or work exists only in the damaged mirror and cannot be read.
async fn renew(
    mirror: &Mirror,
    hold: &Hold<'_>,
    remote: &Remote,
    damage: &str,
) -> Result<(), WorkspaceError> {
    let (shown, damage) = (mirror.path().display(), complaint(damage));
    let fresh = match fetched(mirror, hold, remote).await {
        Ok(fresh) => fresh,
        Err(cause) => {
            let text =
                format!("the mirror {shown} is damaged ({damage}), and could not be made anew: {cause}");
            return Err(WorkspaceError::Damaged(text));
        }
    };
    let lost = take_over(mirror, &fresh).await?;
    if !lost.is_empty() {
        remove(fresh.path())?;
        return Err(stranded(mirror.path(), damage, &lost));
    }
    for moving in intent::unfinished(mirror)? {
        moving.begin(&fresh)?;
    }
    let old = aside(mirror);
    rename(mirror.path(), &old)?;
    rename(fresh.path(), mirror.path())?;
    remove(&old)?;
    mirror
        .notice()
        .say(format!("the mirror {shown} was damaged ({damage}); it was made anew, with all saved work"));
    Ok(())
}

/// Fetches the forge's repository into a new mirror.
async fn fetched(mirror: &Mirror, hold: &Hold<'_>, remote: &Remote) -> Result<Mirror, WorkspaceError> {
    let half = mirror.begin(hold, remote).await?;
    let fresh = Mirror::new(mirror.git().clone(), half, None).with_wait_notice(mirror.notice().clone());
    fresh.fetch_branches(hold, remote).await?;
    Ok(fresh)
}

/// Returns how git describes the damage of a mirror, if it finds some within a time limit. One spawn, which reads all objects.
pub(crate) async fn damage(mirror: &Mirror, limit: Duration) -> Result<Option<String>, WorkspaceError> {
    if !mirror.path().exists() {
        return Ok(None);
    }
    let line = mirror.line().arguments(["fsck", "--no-dangling", "--no-reflogs", "--no-progress"]);
    let Some(checked) = time::at_most(limit, ask(line, "check the mirror")).await else { return Ok(None) };
    let Captured { stdout, stderr, .. } = checked?;
    let found = format!("{stderr}\n{}", String::from_utf8_lossy(&stdout));
    // Other lines are about the contents of commits, such as an author without a name.
    let mut damage = found.lines().filter(|line| FSCK_SIGNS.iter().any(|sign| line.starts_with(sign)));
    Ok(damage.next_back().map(str::to_owned))
}

/// Returns the last message of git in an error.
fn complaint(damage: &str) -> &str {
    let last = damage.lines().last().unwrap_or_default();
    let at = last.find("fatal: ").or_else(|| last.find("error: "));
    at.and_then(|at| last.get(at..)).unwrap_or(last)
}

/// Puts a damaged mirror back, if a process was killed while it replaced it.
fn undo_half(mirror: &Mirror, _hold: &Hold<'_>) -> Result<(), WorkspaceError> {
    let old = aside(mirror);
    match (old.exists(), mirror.path().exists()) {
        (false, _) => Ok(()),
        (true, false) => rename(&old, mirror.path()),
        (true, true) => remove(&old),
    }
}

fn aside(mirror: &Mirror) -> PathBuf {
    mirror.beside(".damaged")
}

/// Copies what exists only in the mirror to a new one, and returns the refs whose commits cannot be read. Three spawns for each ref.
async fn take_over(from: &Mirror, to: &Mirror) -> Result<Vec<String>, WorkspaceError> {
    let mut refs = BTreeMap::new();
    collect(&from.path().join(OURS), OURS, &mut refs);
    let mut lost = Vec::new();
    for (name, value) in refs {
        match copied(from, to, &name, &value).await {
            Ok(commit) => to.write_ref(&name, &commit)?,
            Err(WorkspaceError::Disk(text)) => return Err(WorkspaceError::Disk(text)),
            Err(_) => lost.push(name),
        }
    }
    Ok(lost)
}

/// Copies the objects of a ref's commit that the new mirror lacks. A damaged ref ends with the first digits of its commit.
async fn copied(from: &Mirror, to: &Mirror, name: &str, value: &str) -> Result<CommitSha, WorkspaceError> {
    let line = || -> CommandLine {
        to.line().variable("GIT_ALTERNATE_OBJECT_DIRECTORIES", from.path().join("objects"))
    };
    let short = name.rsplit('/').next().unwrap_or(name);
    let wanted = value.parse::<CommitSha>().map_or_else(|_| short.to_owned(), |whole| whole.to_string());
    let find =
        line().arguments(["rev-parse", "--verify", "--quiet"]).argument(format!("{wanted}^{{commit}}"));
    let commit = sha(&must(find, "find saved work").await?, "find saved work")?;
    let known =
        must(to.line().arguments(["rev-parse", "--not", "--all"]), "list the refs of the mirror").await?;
    let pack = line()
        .arguments(["pack-objects", "--quiet", "--revs"])
        .argument(to.path().join("objects/pack/pack"))
        .input(format!("{commit}\n{}\n", String::from_utf8_lossy(&known)));
    must(pack, "copy saved work").await?;
    Ok(commit)
}

/// Collects the files below a folder of refs, with their texts.
fn collect(folder: &Path, prefix: &str, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let name = format!("{prefix}/{name}");
        if is_plain_folder(&entry.path()) {
            collect(&entry.path(), &name, found);
        } else if entry.path().extension().is_none_or(|ending| ending != "lock") {
            let text = read_at_most(&entry.path(), REF_BYTES).unwrap_or_default();
            found.insert(name, String::from_utf8_lossy(&text).trim_end().to_owned());
        }
    }
}

fn stranded(mirror: &Path, damage: &str, lost: &[String]) -> WorkspaceError {
    let named: Vec<&str> = lost.iter().map(String::as_str).take(MOST_NAMED).collect();
    let more = lost.len().saturating_sub(MOST_NAMED);
    let more = if more == 0 { String::new() } else { format!(" and {more} more") };
    let command = moving_aside(mirror, ".kept");
    WorkspaceError::Stranded {
        text: format!(
            "the mirror {} is damaged ({damage}), and work that may exist only there cannot be read: {}{more}. To continue without \
             this work, move the mirror away: `{command}`",
            mirror.display(),
            named.join(", ")
        ),
        command,
    }
}
