//! The test command: words without a shell, a verdict from its exit code, the end of its output for people.

use std::borrow::Cow;
use std::path::PathBuf;
use std::time::Duration;

use crate::adapters::process::command::CommandLine;
use crate::adapters::process::environment::{self, Variables};
use crate::adapters::process::exit::Exit;
use crate::adapters::process::output::listener::Discard;
use crate::adapters::process::supervision::{End, Job, StopSequence, supervise};
use crate::adapters::state::files;
use crate::adapters::state::folders::Folders;
use crate::domain::gate::Verdict;
use crate::ports::cancellation::Cancellation;
use crate::ports::gates::{Gates, TestOrder, TestReport};

use super::shell;

/// How much of the end of the output goes into a record, in bytes.
const DETAIL: usize = 4_000;

/// The gates of a run on this machine.
#[derive(Debug, Clone)]
pub struct LocalGates {
    /// The test command, as it was typed.
    pub test_command: Option<String>,
    /// How long it may take.
    pub deadline: Duration,
    /// Our own environment, from which the command's is made.
    pub variables: Variables,
    /// Where raw logs and tables of children lie.
    pub folders: Folders,
}

/// The words of a command, as a shell would split them; no word is ever given to a shell.
///
/// # Errors
/// When there are none, a quote is not closed, or an operator of a shell stands there: the program would get it as an argument.
pub fn split(command: &str) -> Result<Vec<String>, String> {
    let words = shlex::split(command).ok_or_else(|| format!("`{command}` has a quote that is not closed"))?;
    match (words.first(), shell::operator(command)) {
        (None, _) => Err("the test command is empty".to_owned()),
        (Some(_), None) => Ok(words),
        (Some(program), Some(operator)) => Err(no_shell(command, program, &operator)),
    }
}

/// Why an operator is refused, and what to type instead.
fn no_shell(command: &str, program: &str, operator: &str) -> String {
    let quoted = |word: &str| shlex::try_quote(word).map_or_else(|_| word.to_owned(), Cow::into_owned);
    let instead = format!("sh -c {}", quoted(command));
    format!(
        "the test command `{command}` is run without a shell, and `{operator}` means something only to a shell: {program} \
         would get it as an argument; type --test-command {} (in a configuration: command = {}), or quote what is meant \
         as it stands",
        quoted(&instead),
        toml::Value::String(instead.clone())
    )
}

impl Gates for LocalGates {
    async fn tests(&self, order: &TestOrder, cancellation: Cancellation) -> TestReport {
        match self.job(order) {
            Err(why) => inconclusive(why, None),
            Ok(job) => {
                let ended = supervise(&job, &mut Discard, cancellation).await;
                let seconds = self.deadline.as_secs();
                match ended.end {
                    End::Cancelled => TestReport::Cancelled,
                    End::NotStarted(why) => inconclusive(why, Some(job.log)),
                    End::TimedOut => {
                        inconclusive(format!("took longer than {seconds} s and was ended"), Some(job.log))
                    }
                    End::Hung { seconds } => {
                        let detail = format!("wrote and computed nothing for {seconds} s and was ended");
                        inconclusive(detail, Some(job.log))
                    }
                    End::Exited(Exit::Signal(signal)) => {
                        inconclusive(format!("was ended by signal {signal}"), Some(job.log))
                    }
                    End::Exited(Exit::Code(0)) => measured(Verdict::Pass, String::new(), job.log),
                    End::Exited(Exit::Code(code)) => {
                        let detail = format!("exit code {code}\n{}", ending(&ended.tail));
                        measured(Verdict::Fail, detail, job.log)
                    }
                }
            }
        }
    }

    fn log(&self, order: &TestOrder) -> Option<PathBuf> {
        self.test_command.as_ref().map(|_| self.log_of(order))
    }
}

/// A name that no other attempt has.
fn token(order: &TestOrder) -> String {
    format!("{}-tests-{}", order.run, order.attempt)
}

impl LocalGates {
    fn log_of(&self, order: &TestOrder) -> PathBuf {
        self.folders.logs(&order.subject).join(format!("{}.log", token(order)))
    }

    fn job(&self, order: &TestOrder) -> Result<Job, String> {
        let command =
            self.test_command.as_ref().ok_or("no test command is known here; name it with --test-command")?;
        let words = split(command)?;
        let (program, arguments) = words.split_first().ok_or("the test command is empty")?;
        files::make_folder(&self.folders.logs(&order.subject))?;
        let token = token(order);
        let line = CommandLine::new(program, &order.workdir, environment::for_tests(&self.variables))
            .arguments(arguments)
            .variable("AGENT_LOOP_RUN_ID", order.run.as_str());
        Ok(Job {
            command: line,
            children: self.folders.children(&order.subject),
            log: self.log_of(order),
            token,
            deadline: self.deadline,
            idle: None,
            manners: StopSequence::Terminate,
        })
    }
}

fn measured(verdict: Verdict, detail: String, log: PathBuf) -> TestReport {
    TestReport::Measured { verdict, detail, log: Some(log) }
}

fn inconclusive(detail: String, log: Option<PathBuf>) -> TestReport {
    TestReport::Measured { verdict: Verdict::Inconclusive, detail, log }
}

/// The last whole lines of an output.
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
    kept.reverse();
    kept.join("\n")
}
