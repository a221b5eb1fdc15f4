//! What is said of a vendor's program: whether it is there, how old it is, whether it is logged in. Pure.

use crate::adapters::agents::driver::installation::{self, Facts, GeminiLogin, Version};
use crate::adapters::agents::driver::vendor_cli::{LoginState, VendorCli};
use crate::adapters::process::probe::{Answer, Probed};
use crate::adapters::process::search::Lookup;
use crate::cli::view::shell::quoted;
use crate::domain::agent::Backend;
use crate::domain::vendors::Vendor;

use super::report::{Check, Verdict};

/// Whether the run needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// The configuration or a flag names it.
    Required,
    Optional,
}

impl Need {
    /// What something is that no turn can do without.
    pub(super) fn wrong(self) -> Verdict {
        match self {
            Self::Required => Verdict::Error,
            Self::Optional => Verdict::Note,
        }
    }

    /// What something is that a turn may fail of.
    pub(super) fn doubtful(self) -> Verdict {
        match self {
            Self::Required => Verdict::Warning,
            Self::Optional => Verdict::Note,
        }
    }
}

/// How long a complaint of a program is repeated, in letters.
const COMPLAINT: usize = 200;

/// Where the program is.
pub(super) fn program(backend: Backend, need: Need, cmd: &str, sought: &Lookup) -> Check {
    let wrong = |seen: String| Check::new(need.wrong(), "program", seen);
    let elsewhere = format!("say where it is: --{backend}-cmd PATH");
    match sought {
        Lookup::There(path) => Check::ok("program", path.display().to_string()),
        Lookup::NotExecutable(path) => wrong(format!("{} may not be run", path.display()))
            .mend(format!("chmod +x {}", quoted(&path.to_string_lossy()))),
        Lookup::NoFile(path) => wrong(format!("{} is no file", path.display())).mend(elsewhere),
        Lookup::Missing => {
            let place = if cmd.contains('/') { "there is no such file" } else { "it is not in PATH" };
            let install = match backend {
                Backend::Vendor(vendor) => installation::facts(vendor).install,
                Backend::Command | Backend::Scripted | Backend::Host => "install it",
            };
            wrong(format!("`{cmd}`: {place}")).mend(format!("{install}; or {elsewhere}"))
        }
    }
}

/// Which version it is.
pub(super) fn version(need: Need, facts: Facts, probed: &Probed) -> Check {
    let check = |verdict, seen: String| Check::new(verdict, "version", seen);
    let install = format!("install it anew: {}", facts.install);
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
        Some(version) if facts.oldest.is_some_and(|oldest| version < oldest) => {
            let oldest = facts.oldest.unwrap_or(version);
            check(need.wrong(), format!("{version}, and turns need {oldest} or later"))
                .mend(format!("update it: {}", facts.install))
        }
        Some(version) => match facts.measured {
            Some(measured) if version < measured => {
                check(Verdict::Note, format!("{version}; measured with {measured}"))
                    .mend(format!("update it: {}", facts.install))
            }
            Some(_) | None => check(Verdict::Ok, version.to_string()),
        },
    }
}

/// The last line that a program complained.
pub(super) fn complaint(answer: &Answer) -> String {
    let last = answer.stderr.lines().chain(answer.stdout.lines()).rfind(|line| !line.trim().is_empty());
    let last: String = last.unwrap_or_default().trim().chars().take(COMPLAINT).collect();
    if last.is_empty() { last } else { format!(": {last}") }
}

/// What is known of a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LoginSeen {
    /// There is one. Whether the vendor accepts it is seen in the first turn only.
    In {
        /// With what, if that is known.
        with: Option<&'static str>,
    },
    Out,
    Unknown {
        why: String,
    },
}

/// How a login is judged.
#[derive(Debug, Clone, Copy)]
pub(super) struct LoginCheck<'check> {
    /// Whether the run needs it.
    pub(super) need: Need,
    /// The words that were typed.
    pub(super) typed: &'check str,
    /// What a person types to log in.
    pub(super) how: &'check str,
}

impl LoginCheck<'_> {
    /// What the program said.
    pub(super) fn said(self, (vendor, cli): (Vendor, &dyn VendorCli), probed: &Probed) -> LoginSeen {
        let unknown = |why: String| LoginSeen::Unknown { why };
        match probed {
            Probed::Answered(answer) => match cli.logged_in(&answer.stdout, &answer.stderr, answer.exit) {
                LoginState::LoggedIn => LoginSeen::In { with: installation::login_method(vendor, answer) },
                LoginState::LoggedOut => LoginSeen::Out,
                LoginState::Unknown => unknown(format!("`{}` does not tell ({})", self.typed, answer.exit)),
            },
            Probed::TooLong { seconds } => unknown(format!("`{}` said nothing in {seconds} s", self.typed)),
            Probed::NotStarted(why) => unknown(why.clone()),
        }
    }

    /// Whether it is logged in.
    pub(super) fn judge(self, seen: &LoginSeen) -> Check {
        match seen {
            LoginSeen::In { with } => {
                let with = with.map_or_else(String::new, |with| format!(" with {with}"));
                Check::ok("login", format!("logged in{with} (the first turn tells whether it is accepted)"))
            }
            LoginSeen::Out => Check::new(self.need.wrong(), "login", "not logged in").mend(self.how),
            LoginSeen::Unknown { why } => {
                Check::new(self.need.doubtful(), "login", format!("unknown: {why}")).mend(self.how)
            }
        }
    }

    /// Which login Gemini CLI would use.
    pub(super) fn gemini(self, login: GeminiLogin) -> Check {
        let found =
            |seen: &str| Check::ok("login", format!("{seen} (the first turn tells whether it is accepted)"));
        let doubtful = |seen: &str| Check::new(self.need.doubtful(), "login", seen).mend(self.how);
        match login {
            GeminiLogin::Key => found("an API key, GEMINI_API_KEY"),
            GeminiLogin::Vertex => found("Vertex AI"),
            GeminiLogin::Gateway => found("an address of your own, GOOGLE_GEMINI_BASE_URL"),
            GeminiLogin::Account => doubtful(
                "unknown: a Google account; Gemini CLI ended the login with personal accounts on 2026-06-18",
            ),
            GeminiLogin::KeyElsewhere => doubtful(
                "unknown: an API key that is not in the environment of a turn (a file or a key ring may hold it)",
            ),
            GeminiLogin::Other => doubtful("unknown: its settings name a login that is not known here"),
            GeminiLogin::None => Check::new(
                self.need.wrong(),
                "login",
                "none: its settings name no login, and no variable does",
            )
            .mend(self.how),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::agents::vendors;
    use crate::adapters::process::exit::Exit;

    fn answered(code: i32, stdout: &str, stderr: &str) -> Probed {
        Probed::Answered(Answer {
            exit: Exit::Code(code),
            stdout: stdout.to_owned(),
            stderr: stderr.to_owned(),
        })
    }

    #[test]
    fn only_what_the_run_needs_can_be_an_error() {
        let (backend, missing) = (Backend::Vendor(Vendor::Codex), Lookup::Missing);
        let needed = program(backend, Need::Required, "codex", &missing);
        assert_eq!(needed.verdict, Verdict::Error);
        assert!(needed.mend.unwrap().starts_with("npm install -g @openai/codex"));
        assert_eq!(program(backend, Need::Optional, "codex", &missing).verdict, Verdict::Note);
        let plain = Lookup::NotExecutable("/b/a codex".into());
        assert_eq!(program(backend, Need::Required, "codex", &plain).mend.unwrap(), "chmod +x '/b/a codex'");
        let folder = program(backend, Need::Required, "./codex", &Lookup::NoFile("./codex".into()));
        assert_eq!((folder.verdict, folder.seen.as_str()), (Verdict::Error, "./codex is no file"));
    }

    #[test]
    fn versions_are_compared_with_what_was_measured_and_with_what_turns_need() {
        let claude = installation::facts(Vendor::Claude);
        let agy = installation::facts(Vendor::Antigravity);
        for (facts, probed, verdict, seen) in [
            (claude, answered(0, "2.1.197 (Claude Code)", ""), Verdict::Ok, "2.1.197"),
            (claude, answered(0, "2.2.0", ""), Verdict::Ok, "2.2.0"),
            (claude, answered(0, "2.1.9", ""), Verdict::Note, "2.1.9; measured with 2.1.197"),
            (claude, answered(0, "", "2.1.197"), Verdict::Ok, "2.1.197"),
            (claude, answered(0, "hello", ""), Verdict::Warning, "unknown: `--version` prints no version"),
            (
                claude,
                answered(127, "", "env: node: No such file\n"),
                Verdict::Error,
                "`--version` ended with exit code 127: env: node: No such file",
            ),
            (
                claude,
                Probed::TooLong { seconds: 14 },
                Verdict::Warning,
                "unknown: `--version` said nothing in 14 s",
            ),
            (claude, Probed::NotStarted("no".to_owned()), Verdict::Error, "no"),
            (agy, answered(0, "1.1.7", ""), Verdict::Error, "1.1.7, and turns need 1.1.8 or later"),
            (agy, answered(0, "1.2.0", ""), Verdict::Ok, "1.2.0"),
        ] {
            let check = version(Need::Required, facts, &probed);
            assert_eq!((check.verdict, check.seen.as_str()), (verdict, seen));
            assert_eq!(
                check.verdict == Verdict::Ok,
                check.mend.is_none(),
                "what is not ok can be mended: {seen}"
            );
        }
        assert_eq!(version(Need::Optional, agy, &answered(1, "", "")).verdict, Verdict::Note);
    }

    #[test]
    fn what_can_not_be_told_is_never_ok() {
        let claude = vendors::cli(Vendor::Claude);
        let check = |need| LoginCheck { need, typed: "claude auth status", how: "claude auth login" };
        let out = answered(1, r#"{"loggedIn":false}"#, "");
        let silent = Probed::TooLong { seconds: 14 };
        for (need, probed, verdict) in [
            (Need::Required, &out, Verdict::Error),
            (Need::Optional, &out, Verdict::Note),
            (Need::Required, &silent, Verdict::Warning),
            (Need::Optional, &silent, Verdict::Note),
            (Need::Required, &answered(0, "hello", ""), Verdict::Warning),
            (Need::Required, &answered(0, r#"{"loggedIn":true,"authMethod":"api_key"}"#, ""), Verdict::Ok),
        ] {
            let state = check(need).said((Vendor::Claude, claude), probed);
            assert_eq!(check(need).judge(&state).verdict, verdict, "{probed:?}");
        }
        for (login, verdict) in [
            (GeminiLogin::Key, Verdict::Ok),
            (GeminiLogin::Vertex, Verdict::Ok),
            (GeminiLogin::Gateway, Verdict::Ok),
            (GeminiLogin::Account, Verdict::Warning),
            (GeminiLogin::KeyElsewhere, Verdict::Warning),
            (GeminiLogin::Other, Verdict::Warning),
            (GeminiLogin::None, Verdict::Error),
        ] {
            assert_eq!(check(Need::Required).gemini(login).verdict, verdict, "{login:?}");
        }
    }
}
