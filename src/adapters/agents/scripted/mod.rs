//! `scripted:` agents: each turn comes from a file, for the demo and for tests.

pub mod script;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use crate::adapters::agents::errors;
use crate::adapters::clock::SystemClock;
use crate::adapters::process::capture::capture;
use crate::adapters::process::command::CommandLine;
use crate::adapters::process::environment;
use crate::adapters::process::time;
use crate::adapters::process::variables::Variables;
use crate::domain::failure::TurnFailure;
use crate::domain::usage::Usage;
use crate::ports::agents::{TurnOrder, TurnReport, TurnResult};
use crate::ports::cancellation::{Cancellation, Urgency};
use crate::ports::clock::Clock;
use crate::protocol::raw_answer::RawAnswer;

use script::{Referents, ScriptedTurn};

/// Performs a turn of a script.
pub(in crate::adapters::agents) async fn take(
    ours: &Variables,
    text: &str,
    order: &TurnOrder,
    mut cancellation: Cancellation,
) -> TurnReport {
    let watch = time::Stopwatch::start();
    let result = match script::turn(text, order.role, order.script_index) {
        Err(detail) => TurnResult::Failed(TurnFailure::Script { detail }),
        Ok(turn) => perform(ours, &turn, order, &mut cancellation).await,
    };
    // No model is asked, so a cost of zero is exact.
    let usage = Usage { calls: 1, milliseconds: watch.milliseconds(), priced_calls: 1, ..Usage::default() };
    TurnReport::bare(result, usage)
}

async fn perform(
    ours: &Variables,
    turn: &ScriptedTurn,
    order: &TurnOrder,
    cancellation: &mut Cancellation,
) -> TurnResult {
    let script = |detail| TurnResult::Failed(TurnFailure::Script { detail });
    if let Err(detail) = write_files(&order.workdir, &turn.files) {
        return script(detail);
    }
    if let Some(milliseconds) = turn.sleep_ms {
        tokio::select! {
            () = time::wait(Duration::from_millis(milliseconds)) => {}
            () = cancellation.reached(Urgency::Stop) => return TurnResult::Cancelled,
        }
    }
    if let Some(message) = &turn.commit
        && let Err(detail) = commit(ours, &order.workdir, message).await
    {
        return script(detail);
    }
    match turn.exit {
        None | Some(0) => {}
        Some(75) => {
            let used_up = errors::said_used_up(turn.quota_resets_at, SystemClock.now(), String::new());
            return TurnResult::Failed(used_up);
        }
        Some(code) => {
            return TurnResult::Failed(TurnFailure::Exit { code, detail: "as scripted".to_owned() });
        }
    }
    let referents = Referents { context: &order.context, nonce: order.nonce.as_ref() };
    let message = match (&turn.answer, &turn.raw) {
        (Some(answer), _) => referents.fill(answer).map(|filled| filled.to_string()),
        (None, Some(raw)) => referents.words(raw),
        (None, None) => Ok(String::new()),
    };
    match message {
        Ok(message) => TurnResult::Answered(RawAnswer::message(message)),
        Err(detail) => script(detail),
    }
}

fn write_files(workdir: &Path, files: &BTreeMap<String, Option<String>>) -> Result<(), String> {
    for (name, content) in files {
        let path = inside(workdir, name)?;
        let written = match content {
            Some(text) => {
                path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, text))
            }
            None if path.exists() => fs::remove_file(&path),
            None => Ok(()),
        };
        written.map_err(|error| format!("could not write {}: {error}", path.display()))?;
    }
    Ok(())
}

/// Returns a path below the clone: relative, without `..`, outside of `.git`, and through no link.
fn inside(workdir: &Path, name: &str) -> Result<PathBuf, String> {
    let refused =
        || format!("the script may not write `{name}`: only files below the clone, and not in .git");
    let mut path = workdir.to_owned();
    for part in Path::new(name).components() {
        let Component::Normal(part) = part else {
            return Err(refused());
        };
        if part.eq_ignore_ascii_case(".git") {
            return Err(refused());
        }
        path.push(part);
        if path.is_symlink() {
            return Err(refused());
        }
    }
    if path == workdir { Err(refused()) } else { Ok(path) }
}

async fn commit(ours: &Variables, workdir: &Path, message: &str) -> Result<(), String> {
    for arguments in [vec!["add", "--all"], vec!["commit", "--quiet", "--allow-empty", "--message", message]]
    {
        let variables = environment::common(ours, &[]);
        let command = CommandLine::new("git", workdir, variables)
            .variable("GIT_CONFIG_GLOBAL", "/dev/null")
            .variable("GIT_CONFIG_NOSYSTEM", "1")
            .arguments([
                "-c",
                "core.hooksPath=/dev/null",
                "-c",
                "core.fsmonitor=false",
                "-c",
                "commit.gpgSign=false",
            ])
            .arguments(arguments);
        let captured = capture(&command).await.map_err(|error| error.to_string())?;
        if !captured.exit.is_success() {
            return Err(format!("the commit failed: {}", captured.stderr.trim()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_write_below_the_clone_only() {
        let clone = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/", clone.path().join("out")).unwrap();
        for bad in ["../x", "/etc/x", ".git/config", "a/../../x", "a/.GIT/config", "out/x", "", "."] {
            assert!(inside(clone.path(), bad).is_err(), "{bad}");
        }
        assert!(inside(clone.path(), "a/b.txt").is_ok());
    }
}
