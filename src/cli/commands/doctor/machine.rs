//! This program's own needs on this machine: its folders, git, the sight of processes. Judged purely.

use std::path::Path;

use crate::adapters::git::{GitVersion, MINIMUM_VERSION};
use crate::adapters::process::probe::Probed;
use crate::adapters::process::supervision::tree::Visibility;
use crate::adapters::storage::fitness::{Fitness, FolderState};
use crate::cli::view::shell::quoted;

use super::report::{DoctorCheck, DoctorVerdict};

/// Less free space than this is said, in bytes: a run makes clones and logs.
const LITTLE: u64 = 1 << 30;

/// Who may look into a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Privacy {
    /// This user alone: journals and logs are in it.
    Private,
    /// Anybody may read it, nobody else may write: it says what programs are run.
    Guarded,
}

/// A folder of the program.
pub(super) fn folder(name: &'static str, path: &Path, privacy: Privacy, fitness: &Fitness) -> DoctorCheck {
    let shown = path.display();
    let typed = quoted(&path.to_string_lossy());
    let error = |seen: String| DoctorCheck::new(DoctorVerdict::Error, name, seen);
    match &fitness.state {
        FolderState::NoFolder(what) => {
            error(format!("{shown} can't be made: {} is no folder", what.display())).mend("move that away")
        }
        FolderState::NotWritable(what) => error(format!("{shown} can't be written: {} is not yours to write", what.display()))
            .mend("set XDG_STATE_HOME, XDG_CACHE_HOME or XDG_CONFIG_HOME to folders of yours, or mount that one writable"),
        FolderState::Foreign { owner } => {
            error(format!("{shown} belongs to the user {owner}")).mend(format!("sudo chown -R \"$(id -u)\" {typed}"))
        }
        FolderState::NotYet => spacious(name, format!("{shown} (made when it is needed)"), fitness.free),
        FolderState::Writable { mode } => {
            let (forbidden, who, chmod) = match privacy {
                Privacy::Private => (0o077, "read or changed", "go-rwx"),
                Privacy::Guarded => (0o022, "changed", "go-w"),
            };
            if mode & forbidden == 0 {
                spacious(name, shown.to_string(), fitness.free)
            } else {
                let seen = format!("{shown} can be {who} by others (mode {mode:03o})");
                DoctorCheck::new(DoctorVerdict::Warning, name, seen).mend(format!("chmod {chmod} {typed}"))
            }
        }
    }
}

fn spacious(name: &'static str, shown: String, free: Option<u64>) -> DoctorCheck {
    match free.filter(|free| *free < LITTLE) {
        Some(free) => DoctorCheck::new(
            DoctorVerdict::Warning,
            name,
            format!("{shown}: only {} MB are free there", free >> 20),
        )
        .mend("agent-loop clean, or make room (df -h)"),
        None => DoctorCheck::ok(name, shown),
    }
}

/// git itself.
pub(super) fn git(version: &Probed) -> DoctorCheck {
    let error = |seen: String| DoctorCheck::new(DoctorVerdict::Error, "version", seen);
    let install = format!("install git {MINIMUM_VERSION} or later");
    match version {
        Probed::NotStarted(_) => error("git is not in PATH".to_owned()).mend(install),
        Probed::TooLong { seconds } => error(format!("`git version` said nothing in {seconds} s"))
            .mend("type `git version` and see what it waits for"),
        Probed::Answered(answer) => match GitVersion::parse(&answer.stdout) {
            Some(version) if version >= MINIMUM_VERSION => DoctorCheck::ok("version", version.to_string()),
            Some(version) => {
                error(format!("git {version} is too old: it can't merge without a checkout")).mend(install)
            }
            None => error("`git version` prints no version; is that git?".to_owned()).mend(install),
        },
    }
}

/// Whose name commits would bear.
pub(super) fn identity(name: Option<&str>, email: Option<&str>) -> DoctorCheck {
    let tell = "git config --global user.name \"NAME\"; git config --global user.email EMAIL";
    match (name, email) {
        (Some(name), Some(email)) => DoctorCheck::ok("identity", format!("{name} <{email}>")),
        (name, email) => {
            let who =
                format!("{} <{}>", name.unwrap_or("agent-loop"), email.unwrap_or("agent-loop@localhost"));
            let seen = format!("not said, so commits would be by {who}");
            DoctorCheck::new(DoctorVerdict::Note, "identity", seen).mend(tell)
        }
    }
}

/// Whether what agents leave behind is found and ended.
pub(super) fn processes(sight: Visibility) -> DoctorCheck {
    let warning =
        |seen: &str, mend: &str| DoctorCheck::new(DoctorVerdict::Warning, "processes", seen).mend(mend);
    match (sight.sees_processes, sight.adopts_orphans) {
        (true, true) => DoctorCheck::ok("processes", "all that an agent starts is found and ended"),
        (true, false) => warning(
            "orphans of agents are not handed to us: one that hides its variables may outlive its turn",
            "on Linux allow prctl(PR_SET_CHILD_SUBREAPER) and a kernel with /proc/PID/task/TID/children",
        ),
        (false, _) => warning(
            "/proc does not show processes: what an agent leaves behind may outlive its turn",
            "mount /proc (in a container: without hidepid)",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::process::exit::Exit;
    use crate::adapters::process::probe::Answer;

    #[test]
    fn folders_are_private_and_have_room() {
        let roomy = Some(u64::MAX);
        for (state, free, privacy, verdict, mend) in [
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
            let said = check.mend.unwrap_or_default();
            assert!(said.contains(mend) && (said.is_empty() == mend.is_empty()), "{fitness:?}: {said}");
        }
    }

    #[test]
    fn git_is_there_and_young_enough() {
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
    fn missing_names_are_no_error() {
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
}
