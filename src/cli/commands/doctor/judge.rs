//! Checks of a program: path, version, login. Pure.

use crate::adapters::agents::driver::installation::{Installation, Version};
use crate::adapters::agents::driver::setup::{LoginState, SetupFinding, Severity, complaint};
use crate::adapters::process::probe::Probed;
use crate::adapters::process::search::FoundProgram;
use crate::domain::shell::quoted;

use super::report::{DoctorCheck, DoctorVerdict};

/// Whether the run needs a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// The settings or a flag name it.
    Required,
    Optional,
}

impl Need {
    /// Returns the verdict for a problem that makes every turn fail.
    pub(super) fn wrong(self) -> DoctorVerdict {
        match self {
            Self::Required => DoctorVerdict::Error,
            Self::Optional => DoctorVerdict::Note,
        }
    }

    /// Returns the verdict for a problem that may make a turn fail.
    pub(super) fn doubtful(self) -> DoctorVerdict {
        match self {
            Self::Required => DoctorVerdict::Warning,
            Self::Optional => DoctorVerdict::Note,
        }
    }
}

/// Fixes for a program that was not found.
pub(super) struct Fixes {
    pub(super) install: &'static str,
    pub(super) elsewhere: String,
}

/// Returns the check for the path of a program.
pub(super) fn program(need: Need, cmd: &str, sought: &FoundProgram, fixes: &Fixes) -> DoctorCheck {
    let wrong = |seen: String| DoctorCheck::new(need.wrong(), "program", seen);
    match sought {
        FoundProgram::There(path) => DoctorCheck::ok("program", path.display().to_string()),
        FoundProgram::NotExecutable(path) => wrong(format!("{} is not executable", path.display()))
            .fix(format!("chmod +x {}", quoted(&path.to_string_lossy()))),
        FoundProgram::NoFile(path) => {
            wrong(format!("{} is not a file", path.display())).fix(&*fixes.elsewhere)
        }
        FoundProgram::Missing => {
            let problem = if cmd.contains('/') { "no such file" } else { "not found on PATH" };
            wrong(format!("`{cmd}`: {problem}")).fix(format!("{}; or {}", fixes.install, fixes.elsewhere))
        }
    }
}

/// Returns the check for the version of a program.
pub(super) fn version(need: Need, installation: Installation, probed: &Probed) -> DoctorCheck {
    let check = |verdict, seen: String| DoctorCheck::new(verdict, "version", seen);
    let install = format!("reinstall: {}", installation.how);
    let answer = match probed {
        Probed::Answered(answer) => answer,
        Probed::TooLong { seconds } => {
            return check(need.doubtful(), format!("unknown: `--version` did not answer within {seconds} s"))
                .fix("run it in a terminal to see what it waits for");
        }
        Probed::NotStarted(why) => return check(need.wrong(), why.clone()).fix(install),
    };
    if !answer.exit.is_success() {
        let seen = format!("`--version` failed with {}{}", answer.exit, complaint(answer));
        return check(need.wrong(), seen).fix(install);
    }
    match Version::find(&answer.stdout).or_else(|| Version::find(&answer.stderr)) {
        None => check(need.doubtful(), "unknown: `--version` printed no version".to_owned()).fix(install),
        Some(version) if installation.oldest.is_some_and(|oldest| version < oldest) => {
            let oldest = installation.oldest.unwrap_or(version);
            check(need.wrong(), format!("{version} is too old; {oldest} or later is required"))
                .fix(format!("update: {}", installation.how))
        }
        Some(version) => match installation.measured {
            Some(measured) if version < measured => {
                check(DoctorVerdict::Note, format!("{version}; tested with {measured}"))
                    .fix(format!("update: {}", installation.how))
            }
            Some(_) | None => check(DoctorVerdict::Ok, version.to_string()),
        },
    }
}

/// Returns the check for a finding about a program.
pub(super) fn finding(need: Need, finding: SetupFinding) -> DoctorCheck {
    let verdict = match finding.severity {
        Severity::Fine => DoctorVerdict::Ok,
        Severity::Note => DoctorVerdict::Note,
        Severity::Doubtful => need.doubtful(),
        Severity::Wrong => need.wrong(),
    };
    DoctorCheck { name: finding.name, verdict, seen: finding.seen, fix: finding.fix }
}

/// Returns the check for a login. Only the first turn shows whether the vendor accepts the login.
pub(super) fn login(need: Need, how: &str, state: &LoginState, call: &str) -> DoctorCheck {
    match state {
        LoginState::LoggedIn { with } => {
            let with = with.map_or_else(String::new, |with| format!(" with {with}"));
            DoctorCheck::ok(
                "login",
                format!("logged in{with} (only the first turn shows whether the login is accepted)"),
            )
        }
        LoginState::LoggedOut => DoctorCheck::new(need.wrong(), "login", "not logged in").fix(how),
        LoginState::Unknown { why } => {
            let why = why.unwrap_or(call);
            DoctorCheck::new(need.doubtful(), "login", format!("unknown: {why}")).fix(how)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::process::exit::Exit;
    use crate::adapters::process::probe::Answer;

    fn answered(code: i32, stdout: &str, stderr: &str) -> Probed {
        Probed::Answered(Answer {
            exit: Exit::Code(code),
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
        })
    }

    #[test]
    fn only_needed_programs_are_errors() {
        let fixes = Fixes { install: "npm install -g x", elsewhere: "--x-cmd PATH".to_owned() };
        let check = |need, cmd, sought| program(need, cmd, sought, &fixes);
        let needed = check(Need::Required, "codex", &FoundProgram::Missing);
        assert_eq!(needed.verdict, DoctorVerdict::Error);
        assert_eq!(needed.fix.unwrap(), "npm install -g x; or --x-cmd PATH");
        assert_eq!(check(Need::Optional, "codex", &FoundProgram::Missing).verdict, DoctorVerdict::Note);
        let plain = FoundProgram::NotExecutable("/b/a codex".into());
        assert_eq!(check(Need::Required, "codex", &plain).fix.unwrap(), "chmod +x '/b/a codex'");
        let folder = check(Need::Required, "./codex", &FoundProgram::NoFile("./codex".into()));
        assert_eq!((folder.verdict, folder.seen.as_str()), (DoctorVerdict::Error, "./codex is not a file"));
    }

    #[test]
    fn versions_are_compared_with_known_ones() {
        let claude = Installation::measured("npm install -g x", [2, 1, 197]);
        let agy = Installation::reported("see x", [1, 1, 8]);
        for (installation, probed, verdict, seen) in [
            (claude, answered(0, "2.1.197 (Claude Code)", ""), DoctorVerdict::Ok, "2.1.197"),
            (claude, answered(0, "2.2.0", ""), DoctorVerdict::Ok, "2.2.0"),
            (claude, answered(0, "2.1.9", ""), DoctorVerdict::Note, "2.1.9; tested with 2.1.197"),
            (claude, answered(0, "", "2.1.197"), DoctorVerdict::Ok, "2.1.197"),
            (
                claude,
                answered(0, "hello", ""),
                DoctorVerdict::Warning,
                "unknown: `--version` printed no version",
            ),
            (
                claude,
                answered(127, "", "env: node: No such file\n"),
                DoctorVerdict::Error,
                "`--version` failed with exit code 127: env: node: No such file",
            ),
            (
                claude,
                Probed::TooLong { seconds: 14 },
                DoctorVerdict::Warning,
                "unknown: `--version` did not answer within 14 s",
            ),
            (claude, Probed::NotStarted("no".to_owned()), DoctorVerdict::Error, "no"),
            (
                agy,
                answered(0, "1.1.7", ""),
                DoctorVerdict::Error,
                "1.1.7 is too old; 1.1.8 or later is required",
            ),
            (agy, answered(0, "1.2.0", ""), DoctorVerdict::Ok, "1.2.0"),
        ] {
            let check = version(Need::Required, installation, &probed);
            assert_eq!((check.verdict, check.seen.as_str()), (verdict, seen));
            assert_eq!(
                check.verdict == DoctorVerdict::Ok,
                check.fix.is_none(),
                "every problem has a fix: {seen}"
            );
        }
        assert_eq!(version(Need::Optional, agy, &answered(1, "", "")).verdict, DoctorVerdict::Note);
    }

    #[test]
    fn uncertain_logins_are_never_ok() {
        let (logged_in, unknown) = (LoginState::LoggedIn { with: None }, LoginState::Unknown { why: None });
        for (need, state, verdict) in [
            (Need::Required, &LoginState::LoggedOut, DoctorVerdict::Error),
            (Need::Optional, &LoginState::LoggedOut, DoctorVerdict::Note),
            (Need::Required, &unknown, DoctorVerdict::Warning),
            (Need::Optional, &unknown, DoctorVerdict::Note),
            (Need::Required, &logged_in, DoctorVerdict::Ok),
        ] {
            assert_eq!(login(need, "log in", state, "no login command").verdict, verdict, "{state:?}");
        }
    }

    #[test]
    fn unneeded_programs_have_no_errors() {
        for (made, verdict) in [
            (SetupFinding::fine("sandbox", "works"), DoctorVerdict::Ok),
            (SetupFinding::note("launcher", "slow", "fix"), DoctorVerdict::Note),
            (SetupFinding::doubtful("sandbox", "may fail", "fix"), DoctorVerdict::Warning),
            (SetupFinding::wrong("package", "not it", "fix"), DoctorVerdict::Error),
        ] {
            assert_eq!(finding(Need::Required, made.clone()).verdict, verdict, "{made:?}");
            assert_eq!(finding(Need::Optional, made).verdict, verdict.min(DoctorVerdict::Note));
        }
    }
}
