//! What is said of a vendor's program: whether it is there, how old it is, whether it is logged in. Pure.

use crate::adapters::agents::driver::installation::{Installation, Version};
use crate::adapters::agents::driver::setup::{LoginState, SetupFinding, Severity, complaint};
use crate::adapters::process::probe::Probed;
use crate::adapters::process::search::FoundProgram;
use crate::cli::view::shell::quoted;

use super::report::{DoctorCheck, DoctorVerdict};

/// Whether the run needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// The configuration or a flag names it.
    Required,
    Optional,
}

impl Need {
    /// What something is that no turn can do without.
    pub(super) fn wrong(self) -> DoctorVerdict {
        match self {
            Self::Required => DoctorVerdict::Error,
            Self::Optional => DoctorVerdict::Note,
        }
    }

    /// What something is that a turn may fail of.
    pub(super) fn doubtful(self) -> DoctorVerdict {
        match self {
            Self::Required => DoctorVerdict::Warning,
            Self::Optional => DoctorVerdict::Note,
        }
    }
}

/// The ways to make a program be found.
pub(super) struct Mends {
    pub(super) install: &'static str,
    pub(super) elsewhere: String,
}

/// Returns the check for the path of a program.
pub(super) fn program(need: Need, cmd: &str, sought: &FoundProgram, mends: &Mends) -> DoctorCheck {
    let wrong = |seen: String| DoctorCheck::new(need.wrong(), "program", seen);
    match sought {
        FoundProgram::There(path) => DoctorCheck::ok("program", path.display().to_string()),
        FoundProgram::NotExecutable(path) => wrong(format!("{} may not be run", path.display()))
            .mend(format!("chmod +x {}", quoted(&path.to_string_lossy()))),
        FoundProgram::NoFile(path) => wrong(format!("{} is no file", path.display())).mend(&*mends.elsewhere),
        FoundProgram::Missing => {
            let place = if cmd.contains('/') { "there is no such file" } else { "it is not in PATH" };
            wrong(format!("`{cmd}`: {place}")).mend(format!("{}; or {}", mends.install, mends.elsewhere))
        }
    }
}

/// Returns the check for the version of a program.
pub(super) fn version(need: Need, installation: Installation, probed: &Probed) -> DoctorCheck {
    let check = |verdict, seen: String| DoctorCheck::new(verdict, "version", seen);
    let install = format!("install it anew: {}", installation.how);
    let answer = match probed {
        Probed::Answered(answer) => answer,
        Probed::TooLong { seconds } => {
            return check(need.doubtful(), format!("unknown: `--version` said nothing in {seconds} s"))
                .mend("type it yourself, and see what it waits for");
        }
        Probed::NotStarted(why) => return check(need.wrong(), why.clone()).mend(install),
    };
    if !answer.exit.is_success() {
        let seen = format!("`--version` ended with {}{}", answer.exit, complaint(answer));
        return check(need.wrong(), seen).mend(install);
    }
    match Version::find(&answer.stdout).or_else(|| Version::find(&answer.stderr)) {
        None => check(need.doubtful(), "unknown: `--version` prints no version".to_owned()).mend(install),
        Some(version) if installation.oldest.is_some_and(|oldest| version < oldest) => {
            let oldest = installation.oldest.unwrap_or(version);
            check(need.wrong(), format!("{version}, and turns need {oldest} or later"))
                .mend(format!("update it: {}", installation.how))
        }
        Some(version) => match installation.measured {
            Some(measured) if version < measured => {
                check(DoctorVerdict::Note, format!("{version}; measured with {measured}"))
                    .mend(format!("update it: {}", installation.how))
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
    DoctorCheck { name: finding.name, verdict, seen: finding.seen, mend: finding.mend }
}

/// Returns the check for a login. Whether the vendor accepts it is seen in the first turn only.
pub(super) fn login(need: Need, how: &str, state: &LoginState, call: &str) -> DoctorCheck {
    match state {
        LoginState::LoggedIn { with } => {
            let with = with.map_or_else(String::new, |with| format!(" with {with}"));
            DoctorCheck::ok("login", format!("logged in{with} (the first turn tells whether it is accepted)"))
        }
        LoginState::LoggedOut => DoctorCheck::new(need.wrong(), "login", "not logged in").mend(how),
        LoginState::Unknown { why } => {
            let why = why.unwrap_or(call);
            DoctorCheck::new(need.doubtful(), "login", format!("unknown: {why}")).mend(how)
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
        let mends = Mends { install: "npm install -g x", elsewhere: "--x-cmd PATH".to_owned() };
        let check = |need, cmd, sought| program(need, cmd, sought, &mends);
        let needed = check(Need::Required, "codex", &FoundProgram::Missing);
        assert_eq!(needed.verdict, DoctorVerdict::Error);
        assert_eq!(needed.mend.unwrap(), "npm install -g x; or --x-cmd PATH");
        assert_eq!(check(Need::Optional, "codex", &FoundProgram::Missing).verdict, DoctorVerdict::Note);
        let plain = FoundProgram::NotExecutable("/b/a codex".into());
        assert_eq!(check(Need::Required, "codex", &plain).mend.unwrap(), "chmod +x '/b/a codex'");
        let folder = check(Need::Required, "./codex", &FoundProgram::NoFile("./codex".into()));
        assert_eq!((folder.verdict, folder.seen.as_str()), (DoctorVerdict::Error, "./codex is no file"));
    }

    #[test]
    fn versions_are_compared_with_known_ones() {
        let claude = Installation::measured("npm install -g x", [2, 1, 197]);
        let agy = Installation::reported("see x", [1, 1, 8]);
        for (installation, probed, verdict, seen) in [
            (claude, answered(0, "2.1.197 (Claude Code)", ""), DoctorVerdict::Ok, "2.1.197"),
            (claude, answered(0, "2.2.0", ""), DoctorVerdict::Ok, "2.2.0"),
            (claude, answered(0, "2.1.9", ""), DoctorVerdict::Note, "2.1.9; measured with 2.1.197"),
            (claude, answered(0, "", "2.1.197"), DoctorVerdict::Ok, "2.1.197"),
            (
                claude,
                answered(0, "hello", ""),
                DoctorVerdict::Warning,
                "unknown: `--version` prints no version",
            ),
            (
                claude,
                answered(127, "", "env: node: No such file\n"),
                DoctorVerdict::Error,
                "`--version` ended with exit code 127: env: node: No such file",
            ),
            (
                claude,
                Probed::TooLong { seconds: 14 },
                DoctorVerdict::Warning,
                "unknown: `--version` said nothing in 14 s",
            ),
            (claude, Probed::NotStarted("no".to_owned()), DoctorVerdict::Error, "no"),
            (agy, answered(0, "1.1.7", ""), DoctorVerdict::Error, "1.1.7, and turns need 1.1.8 or later"),
            (agy, answered(0, "1.2.0", ""), DoctorVerdict::Ok, "1.2.0"),
        ] {
            let check = version(Need::Required, installation, &probed);
            assert_eq!((check.verdict, check.seen.as_str()), (verdict, seen));
            assert_eq!(
                check.verdict == DoctorVerdict::Ok,
                check.mend.is_none(),
                "what is not ok can be mended: {seen}"
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
            assert_eq!(login(need, "log in", state, "it does not tell").verdict, verdict, "{state:?}");
        }
    }

    #[test]
    fn findings_weigh_less_without_need() {
        for (made, verdict) in [
            (SetupFinding::fine("sandbox", "works"), DoctorVerdict::Ok),
            (SetupFinding::note("launcher", "slow", "mend"), DoctorVerdict::Note),
            (SetupFinding::doubtful("sandbox", "may fail", "mend"), DoctorVerdict::Warning),
            (SetupFinding::wrong("package", "not it", "mend"), DoctorVerdict::Error),
        ] {
            assert_eq!(finding(Need::Required, made.clone()).verdict, verdict, "{made:?}");
            assert_eq!(finding(Need::Optional, made).verdict, verdict.min(DoctorVerdict::Note));
        }
    }
}
