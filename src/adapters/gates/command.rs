//! Runs the command of a gate without a shell: the verdict is its exit code, and the end of its output is for people.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use async_trait::async_trait;
use regex::Regex;

use crate::adapters::files;
use crate::adapters::process::command::CommandLine;
use crate::adapters::process::environment;
use crate::adapters::process::exit::Exit;
use crate::adapters::process::output::listener::Discard;
use crate::adapters::process::supervision::stop::StopSequence;
use crate::adapters::process::supervision::{End, Ended, Job, supervise};
use crate::domain::correction::{Correction, LimitPlace};
use crate::domain::gate::Verdict;
use crate::domain::ids::GateName;
use crate::domain::shell::quoted;
use crate::pattern::pattern;
use crate::ports::cancellation::Cancellation;
use crate::ports::gates::{Gate, GateOrder, GateReport};

use super::settings::{GateCommand, GateSettings};
use super::shell;

/// The maximum length of output in a record, in bytes, taken from the end.
const DETAIL: usize = 4_000;

/// The number of last lines of the output in which a message about a missing program is searched.
const LAST_LINES: usize = 10;

/// Passes when a command succeeds.
#[derive(Debug)]
pub(super) struct CommandRunner {
    gate: GateCommand,
    settings: GateSettings,
}

/// A command of the user that runs without a shell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserCommand {
    Test,
    Setup,
    Gate(GateName),
}

impl UserCommand {
    pub fn of(gate: &GateName) -> Self {
        if *gate == GateName::tests() {
            Self::Test
        } else if *gate == GateName::setup() {
            Self::Setup
        } else {
            Self::Gate(gate.clone())
        }
    }

    /// Returns the key of the setting with the command.
    pub fn setting(&self) -> String {
        match self {
            Self::Test => "gates.tests.command".to_owned(),
            Self::Setup => "gates.tests.setup".to_owned(),
            Self::Gate(name) => format!("gates.command.{name}.command"),
        }
    }

    /// Returns how to set the command: by a flag, or by a setting.
    pub fn set_by(&self, command: &str) -> String {
        let value = toml::Value::String(command.to_owned());
        match self {
            Self::Test | Self::Setup => {
                let key = if *self == Self::Test { "command" } else { "setup" };
                format!("--{self}-command {} (in a configuration: {key} = {value})", quoted(command))
            }
            Self::Gate(_) => format!("{} = {value}", self.setting()),
        }
    }

    /// Returns where the time limit of the command is set.
    fn time_limit(&self) -> LimitPlace {
        match self {
            Self::Test | Self::Setup => LimitPlace::Flag(TEST_TIMEOUT.to_owned()),
            Self::Gate(name) => LimitPlace::Setting(format!("gates.command.{name}.timeout_seconds")),
        }
    }

    /// Returns what to do about a command that does not run in a fresh clone.
    fn correction(&self) -> String {
        let set = self.set_by("COMMAND");
        match self {
            Self::Setup => FRESH_CLONE.to_owned(),
            Self::Test | Self::Gate(_) => format!(
                "{FRESH_CLONE}: install what it needs with `--setup-command`, or set another command: {set}"
            ),
        }
    }
}

/// The flag that limits the time of the tests and of the setup.
const TEST_TIMEOUT: &str = "--test-timeout-seconds";

impl fmt::Display for UserCommand {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Test => formatter.write_str("test"),
            Self::Setup => formatter.write_str("setup"),
            Self::Gate(name) => name.fmt(formatter),
        }
    }
}

/// Splits a command into words like a shell, without running one.
///
/// # Errors
/// When there are no words, a quote is not closed, or there is an operator of a shell, which the program would get as an
/// argument.
pub fn split(command: &str, which: &UserCommand) -> Result<Vec<String>, String> {
    let words = shlex::split(command).ok_or_else(|| format!("`{command}` has a quote that is not closed"))?;
    match (words.first(), shell::operator(command)) {
        (None, _) => Err(format!("the {which} command is empty")),
        (Some(_), None) => Ok(words),
        (Some(_), Some(operator)) => Err(no_shell(command, which, &operator)),
    }
}

/// Returns why shell syntax is rejected, and what to type instead.
fn no_shell(command: &str, which: &UserCommand, operator: &str) -> String {
    let instead = which.set_by(&format!("sh -c {}", quoted(command)));
    format!(
        "the {which} command `{command}` runs without a shell, and only a shell understands `{operator}`. Type \
         {instead}, or quote the word to pass it unchanged"
    )
}

#[async_trait]
impl Gate for CommandRunner {
    async fn measure(&self, order: &GateOrder, cancellation: Cancellation) -> GateReport {
        match self.job(order) {
            Err(why) => GateReport::inconclusive(why, None, None),
            Ok(job) => {
                let ended = supervise(&job, &mut Discard, cancellation).await;
                self.report(ended, &job.log, &UserCommand::of(&order.gate))
            }
        }
    }

    fn log(&self, order: &GateOrder) -> Option<PathBuf> {
        Some(self.log_of(order))
    }
}

/// Returns a name that is unique for each attempt: the marker of its processes and the name of its log.
fn name(order: &GateOrder) -> String {
    format!("{}-{}-{}", order.run, order.gate, order.attempt)
}

impl CommandRunner {
    pub(super) fn of(gate: GateCommand, settings: &GateSettings) -> Self {
        Self { gate, settings: settings.clone() }
    }

    fn log_of(&self, order: &GateOrder) -> PathBuf {
        self.settings.folders.logs(&order.subject).join(format!("{}.log", name(order)))
    }

    fn job(&self, order: &GateOrder) -> Result<Job, String> {
        let GateSettings { variables, folders, .. } = &self.settings;
        let words = split(&self.gate.command, &UserCommand::of(&order.gate))?;
        let (program, arguments) = words.split_first().ok_or("the command is empty")?;
        let workdir = order.workdir.as_ref().ok_or("there is no clone to run in")?;
        files::make_folder(&folders.logs(&order.subject))?;
        let line = CommandLine::new(program, workdir, environment::for_tests(variables))
            .arguments(arguments)
            .variable("AGENT_LOOP_RUN_ID", order.run.as_str());
        Ok(Job {
            command: line,
            children: folders.children(&order.subject),
            log: self.log_of(order),
            marker: name(order),
            deadline: self.gate.deadline,
            idle: None,
            stop: StopSequence::Terminate,
        })
    }

    fn report(&self, ended: Ended, log: &Path, which: &UserCommand) -> GateReport {
        let measured =
            |verdict, detail| GateReport::measured(verdict, detail, Vec::new(), Some(log.to_owned()));
        let inconclusive = |why, remedy| GateReport::inconclusive(why, Some(log.to_owned()), remedy);
        let not_run = |why: &str, detail: &str| {
            let correction = which.correction();
            inconclusive(format!("{why}. {correction}{detail}"), Some(Correction::Command))
        };
        match ended.end {
            End::Cancelled => GateReport::Cancelled,
            End::Disk(why) => inconclusive(why, None),
            End::NotStarted(why) => not_run(&why, ""),
            End::TimedOut => {
                let (seconds, limit) = (self.gate.deadline.as_secs(), which.time_limit());
                let why = format!("took longer than {seconds} s and was killed ({limit} allows more)");
                inconclusive(why, Some(limit.longer(seconds)))
            }
            End::Hung { seconds } => {
                inconclusive(format!("had no output and used no CPU for {seconds} s, and was ended"), None)
            }
            End::Exited(Exit::Signal(signal)) => inconclusive(format!("was ended by signal {signal}"), None),
            End::Exited(Exit::Code(0)) => measured(Verdict::Pass, String::new()),
            End::Exited(Exit::Code(code)) => {
                let detail = format!("exit code {code}\n{}", ending(&ended.tail));
                match did_not_run(code, &ended.tail) {
                    Some(why) => not_run(why, &format!("\n{detail}")),
                    None => measured(Verdict::Fail, detail),
                }
            }
        }
    }
}

const FRESH_CLONE: &str = "The command runs in a fresh clone, without the files that git ignores, such as `node_modules` or `.venv`";

/// Returns why a failed command did not run any tests: a program was not found, or is not executable.
fn did_not_run(code: i32, output: &str) -> Option<&'static str> {
    /// These are the messages of `sh`, `bash`, `zsh` and `make`. The exit code varies.
    static NOT_RUN: LazyLock<Regex> = pattern!(
        r"^(\S*sh: (line )?[0-9]+: .*: not found|.*: command not found|zsh:.* command not found: .*|make.* Error 12[67])$"
    );
    let mut last = output.lines().rev().map(str::trim).filter(|line| !line.is_empty()).take(LAST_LINES);
    match (last.any(|line| NOT_RUN.is_match(line)), code) {
        (true, _) => Some("the command did not run"),
        (false, 126) => Some("the command is not executable"),
        (false, 127) => Some("a program of the command was not found"),
        (false, _) => None,
    }
}

/// Returns the last whole lines of an output. If the last line is too long, its end is returned.
fn ending(text: &str) -> String {
    let mut kept = Vec::new();
    let mut room = DETAIL;
    for line in text.lines().rev() {
        let Some(left) = room.checked_sub(line.len() + 1) else {
            break;
        };
        room = left;
        kept.push(line);
    }
    if kept.is_empty() {
        return text.lines().next_back().map_or_else(String::new, cut);
    }
    kept.reverse();
    kept.join("\n")
}

/// Returns the end of a line that is too long, with an ellipsis.
fn cut(line: &str) -> String {
    const MORE: &str = "…";
    let start = line.ceil_char_boundary(line.len().saturating_sub(DETAIL - MORE.len()));
    format!("{MORE}{}", line.get(start..).unwrap_or_default())
}

#[cfg(test)]
mod examples {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn missing_programs_are_not_findings() {
        for (code, output, is_run) in [
            (127, "sh: 1: leftpad-check: not found\n", false),
            (1, "run.sh: line 3: pytest: command not found\n", false),
            (1, "zsh:1: command not found: pytest\n", false),
            (2, "make: *** [Makefile:2: test] Error 127\n", false),
            (126, "", false),
            (127, "", false),
            (1, "FAILED test_missing - KeyError: not found\n", true),
            (1, "AssertionError: page not found\n1 failed\n", true),
            (2, "make: *** [Makefile:2: test] Error 1\n", true),
            (1, "", true),
        ] {
            assert_eq!(did_not_run(code, output).is_none(), is_run, "{code} {output}");
        }
    }

    #[test]
    fn overlong_last_lines_are_cut() {
        let text = format!("first\n{}the reason\n", "é".repeat(DETAIL));
        let kept = ending(&text);
        assert!(kept.starts_with('…') && kept.ends_with("éthe reason"), "{kept}");
        assert_eq!(ending("one\ntwo\n"), "one\ntwo");
    }

    proptest! {
        #[test]
        fn endings_are_bounded_and_never_empty(
            lines in prop::collection::vec("[aé🙂]{1,3000}", 1..6),
        ) {
            let kept = ending(&lines.join("\n"));
            prop_assert!(kept.len() <= DETAIL, "{}", kept.len());
            let last = lines.last().map_or("", |line| line);
            prop_assert!(!kept.is_empty() && (kept.ends_with(last) || last.ends_with(kept.trim_start_matches('…'))));
        }
    }
}
