//! Checks of this machine: folders, git, process supervision. Pure.

use std::ffi::OsStr;
use std::path::Path;

use crate::adapters::git::{GitVersion, MINIMUM_VERSION};
use crate::adapters::process::probe::Probed;
use crate::adapters::process::supervision::tree::Visibility;
use crate::adapters::process::variables::Variables;
use crate::adapters::storage::fitness::{Fitness, FolderState};
use crate::domain::shell::quoted;

use super::report::DoctorCheck;

/// Free space in bytes below which `doctor` warns: a run makes clones and logs.
const LITTLE: u64 = 1 << 30;

/// Variables that agent programs set for the commands that they run.
const SESSIONS: &[(&str, &str)] = &[
    ("CLAUDECODE", "Claude Code"),
    ("CODEX_THREAD_ID", "Codex"),
    ("CODEX_SANDBOX", "Codex"),
    ("GEMINI_CLI", "Gemini CLI"),
    ("OPENCODE", "OpenCode"),
];

/// Who may read or write a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Privacy {
    /// Only this user, because it holds journals and logs.
    Private,
    /// Everybody may read, only this user may write, because the folder's files name programs to run.
    Guarded,
}

/// Checks a folder of agent-loop.
pub(super) fn folder(name: &'static str, path: &Path, privacy: Privacy, fitness: &Fitness) -> DoctorCheck {
    let shown = path.display();
    let typed = quoted(&path.to_string_lossy());
    let error = |seen: String| DoctorCheck::error(name, seen);
    match &fitness.state {
        FolderState::NoFolder(what) => {
            error(format!("cannot create {shown}: {} is not a folder", what.display())).fix("move or delete that file")
        }
        FolderState::NotWritable(what) => error(format!("cannot write {shown}: no write permission for {}", what.display()))
            .fix("set XDG_STATE_HOME, XDG_CACHE_HOME or XDG_CONFIG_HOME to writable folders, or make that folder writable"),
        FolderState::Foreign { owner } => {
            error(format!("{shown} belongs to another user (uid {owner})")).fix(format!("sudo chown -R \"$(id -u)\" {typed}"))
        }
        FolderState::NotYet => spacious(name, format!("{shown} (created when needed)"), fitness.free),
        FolderState::Writable { mode } => {
            let (forbidden, who, chmod) = match privacy {
                Privacy::Private => (0o077, "read or change", "go-rwx"),
                Privacy::Guarded => (0o022, "change", "go-w"),
            };
            if mode & forbidden == 0 {
                spacious(name, shown.to_string(), fitness.free)
            } else {
                let seen = format!("other users can {who} {shown} (mode {mode:03o})");
                DoctorCheck::warning(name, seen).fix(format!("chmod {chmod} {typed}"))
            }
        }
    }
}

/// Notes that an agent program started agent-loop.
pub(super) fn session(variables: &Variables) -> Option<DoctorCheck> {
    let (variable, program) =
        SESSIONS.iter().find(|(variable, _)| variables.contains_key(OsStr::new(variable)))?;
    let seen = format!(
        "agent-loop was started in a session of {program} ({variable} is set); its agents do not get that session's variables"
    );
    Some(DoctorCheck::note("session", seen))
}

fn spacious(name: &'static str, shown: String, free: Option<u64>) -> DoctorCheck {
    match free.filter(|free| *free < LITTLE) {
        Some(free) => DoctorCheck::warning(name, format!("{shown}: only {} MB free", free >> 20))
            .fix("agent-loop clean, or free disk space (df -h)"),
        None => DoctorCheck::ok(name, shown),
    }
}

/// Checks the version of git.
pub(super) fn git(version: &Probed) -> DoctorCheck {
    let error = |seen: String| DoctorCheck::error("version", seen);
    let install = format!("install git {MINIMUM_VERSION} or later");
    match version {
        Probed::NotStarted(_) => error("git was not found on PATH".to_owned()).fix(install),
        Probed::TooLong { seconds } => error(format!("`git version` did not answer within {seconds} s"))
            .fix("run `git version` in a terminal to see what it waits for"),
        Probed::Answered(answer) => match GitVersion::parse(&answer.stdout) {
            Some(version) if version >= MINIMUM_VERSION => DoctorCheck::ok("version", version.to_string()),
            Some(version) => error(format!("git {version} is too old")).fix(install),
            None => error("`git version` printed no version".to_owned()).fix(install),
        },
    }
}

/// Checks the author of commits.
pub(super) fn identity(name: Option<&str>, email: Option<&str>) -> DoctorCheck {
    let command = "git config --global user.name \"NAME\"; git config --global user.email EMAIL";
    match (name, email) {
        (Some(name), Some(email)) => DoctorCheck::ok("identity", format!("{name} <{email}>")),
        (name, email) => {
            let who =
                format!("{} <{}>", name.unwrap_or("agent-loop"), email.unwrap_or("agent-loop@localhost"));
            let seen = format!("not configured; commits would be made by {who}");
            DoctorCheck::note("identity", seen).fix(command)
        }
    }
}

/// Checks whether leftover processes of agents can be found and ended.
pub(super) fn processes(sight: Visibility) -> DoctorCheck {
    let warning = |seen: &str, fix: &str| DoctorCheck::warning("processes", seen).fix(fix);
    match (sight.sees_processes, sight.adopts_orphans) {
        (true, true) => DoctorCheck::ok("processes", "all processes of agents can be supervised"),
        (true, false) => warning(
            "orphaned processes are not adopted: a process that clears its environment may survive its turn",
            "on Linux, allow prctl(PR_SET_CHILD_SUBREAPER), and use a kernel with /proc/PID/task/TID/children",
        ),
        (false, _) => warning(
            "/proc shows no processes: leftover processes of an agent may survive its turn",
            "mount /proc (in a container: without hidepid)",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::DoctorVerdict;
    use super::*;
    use crate::adapters::process::exit::Exit;
    use crate::adapters::process::probe::Answer;

    #[test]
    fn folders_are_private_and_have_room() {
        let roomy = Some(u64::MAX);
        for (state, free, privacy, verdict, fix) in [
            (FolderState::Writable { mode: 0o700 }, roomy, Privacy::Private, DoctorVerdict::Ok, ""),
            (FolderState::Writable { mode: 0o700 }, None, Privacy::Private, DoctorVerdict::Ok, ""),
            (
                FolderState::Writable { mode: 0o755 },
                roomy,
                Privacy::Private,
                DoctorVerdict::Warning,
                "chmod go-rwx '/a b'",
            ),
            (FolderState::Writable { mode: 0o755 }, roomy, Privacy::Guarded, DoctorVerdict::Ok, ""),
            (
                FolderState::Writable { mode: 0o775 },
                roomy,
                Privacy::Guarded,
                DoctorVerdict::Warning,
                "chmod go-w '/a b'",
            ),
            (
                FolderState::Writable { mode: 0o700 },
                Some(1 << 29),
                Privacy::Private,
                DoctorVerdict::Warning,
                "clean",
            ),
            (FolderState::NotYet, roomy, Privacy::Private, DoctorVerdict::Ok, ""),
            (FolderState::NotYet, Some(0), Privacy::Private, DoctorVerdict::Warning, "df -h"),
            (
                FolderState::NotWritable("/".into()),
                roomy,
                Privacy::Private,
                DoctorVerdict::Error,
                "XDG_STATE_HOME",
            ),
            (FolderState::NoFolder("/a b".into()), roomy, Privacy::Private, DoctorVerdict::Error, "move"),
            (FolderState::Foreign { owner: 7 }, roomy, Privacy::Private, DoctorVerdict::Error, "chown"),
        ] {
            let fitness = Fitness { state, free };
            let check = folder("state", Path::new("/a b"), privacy, &fitness);
            assert_eq!(check.verdict, verdict, "{fitness:?}");
            let said = check.fix.unwrap_or_default();
            assert!(said.contains(fix) && (said.is_empty() == fix.is_empty()), "{fitness:?}: {said}");
        }
    }

    #[test]
    fn git_is_new_enough() {
        let answered = |stdout: &str| {
            let stdout = stdout.to_owned();
            Probed::Answered(Answer { exit: Exit::Code(0), stdout, stderr: String::new() })
        };
        for (probed, verdict) in [
            (answered("git version 2.47.3"), DoctorVerdict::Ok),
            (answered("git version 2.37.1"), DoctorVerdict::Error),
            (answered("hub 1"), DoctorVerdict::Error),
            (Probed::TooLong { seconds: 14 }, DoctorVerdict::Error),
            (Probed::NotStarted("no such file".to_owned()), DoctorVerdict::Error),
        ] {
            assert_eq!(git(&probed).verdict, verdict, "{probed:?}");
        }
    }

    #[test]
    fn missing_names_are_not_errors() {
        assert_eq!(identity(Some("Ada"), Some("ada@x")).seen, "Ada <ada@x>");
        assert!(identity(Some("Ada"), None).seen.ends_with("Ada <agent-loop@localhost>"));
        for (sees_processes, adopts_orphans, verdict) in [
            (true, true, DoctorVerdict::Ok),
            (true, false, DoctorVerdict::Warning),
            (false, true, DoctorVerdict::Warning),
        ] {
            assert_eq!(processes(Visibility { sees_processes, adopts_orphans }).verdict, verdict);
        }
    }

    #[test]
    fn surrounding_sessions_are_noted() {
        assert_eq!(session(&Variables::from([("PATH".into(), "/bin".into())])), None);
        let seen = session(&Variables::from([("CLAUDECODE".into(), "1".into())])).unwrap().seen;
        assert!(seen.contains("a session of Claude Code (CLAUDECODE is set)"), "{seen}");
    }
}
