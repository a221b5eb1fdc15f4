//! The trait of a vendor's program: its command line for a turn, the events of its stream, the result of its ending, and its
//! checks for `doctor`. Each program has its own file in `vendors`, and only the driver runs any of them.

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::adapters::process::command::Prompt;
use crate::adapters::process::exit::Exit;
use crate::adapters::process::probe::{Answer, Probed};
use crate::adapters::process::supervision::stop::StopSequence;
use crate::adapters::process::variables::Variables;
use crate::domain::access::{Access, Power};
use crate::domain::failure::TurnFailure;
use crate::domain::turn::SessionNote;
use crate::domain::usage::Usage;
use crate::protocol::raw_answer::RawAnswer;

use super::installation::Installation;
use super::lenient;
use super::setup::{LoginState, Setup, SetupFinding};
use super::transcript::{Event, Transcript};

/// A vendor's program.
pub trait VendorCli: Sync {
    /// Returns the facts that are the same for every turn.
    fn profile(&self) -> &'static Profile;

    /// Returns whether a model is required.
    fn model_choice(&self) -> ModelChoice {
        ModelChoice::Optional
    }

    /// Returns an error for an effort that the program would reject or ignore.
    ///
    /// # Errors
    /// With the end of a sentence about the program's settings.
    fn check_effort(&self, _effort: &str) -> Result<(), String> {
        Ok(())
    }

    /// Returns the login according to the output of `Login::check`.
    fn login(&self, answer: &Answer) -> LoginState {
        if answer.exit.is_success() { LoginState::LoggedIn { with: None } } else { LoginState::LoggedOut }
    }

    /// Returns the login according to settings and variables, if the check does not determine it or does not exist.
    fn login_by_setup(&self, _setup: &Setup<'_>) -> LoginState {
        LoginState::LoggedOut
    }

    /// Returns known quirks of the program that are relevant on this machine.
    fn quirks(&self, _setup: &Setup<'_>) -> Vec<SetupFinding> {
        Vec::new()
    }

    /// Returns the arguments of a command that tests, without asking a model, whether turns can work here.
    fn self_test(&self, _setup: &Setup<'_>) -> Option<&'static [&'static str]> {
        None
    }

    fn self_test_result(&self, _probed: &Probed) -> Option<SetupFinding> {
        None
    }

    /// Returns the command line for a turn.
    fn invocation(&self, turn: &CliTurn<'_>) -> Invocation;

    /// Reads the events of one line of stdout. Values of an unexpected shape are treated as absent, and a line that is not JSON
    /// has no events: the missing event is noticed at the end.
    fn events(&self, line: &[u8], tell: &mut dyn FnMut(Event)) {
        if self.read(line, tell).is_err() {
            lenient::read(line, &|line, tell| self.read(line, tell), tell);
        }
    }

    /// Reads the events of a line with the expected shape. Emits events only if the whole line was read.
    ///
    /// # Errors
    /// When a value has another shape than expected.
    fn read(&self, line: &[u8], tell: &mut dyn FnMut(Event)) -> serde_json::Result<()>;

    /// Reads the events of stdout as a whole, for a program that writes one document: the lines of `Event::Document`.
    fn document_events(&self, _document: &str, _tell: &mut dyn FnMut(Event)) {}

    /// Reads the events of the end of stderr, when the program has ended.
    fn stderr_events(&self, _stderr: &str, _tell: &mut dyn FnMut(Event)) {}

    /// Returns the outcome of a turn whose program has ended by itself.
    ///
    /// # Errors
    /// With the class of the failure. An exit code of 0 proves nothing: the terminal event is required.
    fn outcome(&self, transcript: &Transcript, ending: &ProcessEnd<'_>) -> Result<RawAnswer, TurnFailure>;

    /// Returns the program's own file of a session, if it has facts that the stream does not.
    fn session_file(&self, _session: &str) -> Option<SessionFile> {
        None
    }

    /// Reads the events of one line of this file.
    fn session_events(&self, _line: &[u8], _tell: &mut dyn FnMut(Event)) {}
}

/// The facts about a program that are the same for every turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// The name of the product.
    pub product: &'static str,
    /// The name of the program in `PATH`.
    pub program: &'static str,
    /// The variables of ours to pass on besides the common ones. These are names, not prefixes: a prefix would pass on variables
    /// that identify the agent session in which agent-loop was started.
    pub variables: &'static [&'static str],
    pub installation: Installation,
    pub stop: StopSequence,
    pub sessions: Sessions,
    pub counting: Counting,
    pub effort_flag: Option<EffortFlag>,
    /// The name of the flag for a chain of models, if the vendor's models often run out of quota one by one.
    pub chain_flag: Option<&'static str>,
    /// The default model; `None` if the program chooses.
    pub usual_model: Option<&'static str>,
    /// The commands that check the login and that log in.
    pub login: Login,
}

/// The flag for the effort of a program's models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EffortFlag {
    pub name: &'static str,
    pub words: &'static str,
}

/// Whether a session can be resumed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sessions {
    ById,
    None,
}

/// The period that a program's count of tokens covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    PerTurn,
    /// The session from its beginning, with all earlier turns.
    PerSession,
}

impl Counting {
    /// Returns the usage of a turn, given the counts at its end and at the end of the turn before.
    pub fn of_turn(self, counted: Usage, earlier: Usage) -> Usage {
        match self {
            Self::PerTurn => counted,
            Self::PerSession => counted.since(earlier),
        }
    }
}

/// The login of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Login {
    /// The arguments of a command that checks the login without asking a model; empty if there is none.
    pub check: &'static [&'static str],
    /// The command that a person types to log in.
    pub how: &'static str,
}

/// Whether a model is required.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelChoice {
    /// The program has a default.
    Optional,
    /// The program has no sensible default: it is not started without a model.
    Required {
        /// The form of the names of models.
        form: &'static str,
    },
}

/// The input of a turn for a program.
#[derive(Debug, Clone, Copy)]
pub struct CliTurn<'turn> {
    pub access: Access,
    pub prompt: &'turn str,
    /// The requested model; `None` for the program's own choice.
    pub model: Option<&'turn str>,
    /// The reasoning effort, one of the program's own values.
    pub effort: Option<&'turn str>,
    /// Additional arguments of the user.
    pub arguments: &'turn [String],
    /// The session to resume.
    pub session: Option<&'turn SessionNote>,
    pub power: Power,
    /// The clone, which is also the current folder.
    pub workdir: &'turn Path,
    /// Folders outside the clone that the program must read: the diff, the context.
    pub readable: &'turn [PathBuf],
    /// The JSON Schema of the answer in the strict dialect, as text.
    pub schema: &'turn str,
    /// A file with this schema, outside the clone.
    pub schema_file: &'turn Path,
    /// A file outside the clone to which the program may write its last message.
    pub last_message: &'turn Path,
    /// The environment of the turn, including the vendor's variables that the user has set.
    pub environment: &'turn Variables,
}

/// A program's command line with its files and variables.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invocation {
    /// The arguments. They never contain a secret.
    pub arguments: Vec<String>,
    /// The input for stdin, which is closed afterwards.
    pub input: Vec<u8>,
    /// The location of the prompt, if it is not on stdin.
    pub prompt: Prompt,
    /// Variables besides those of every agent.
    pub variables: Vec<(&'static str, String)>,
    /// Files outside the clone to write before the start.
    pub files: Vec<(PathBuf, Vec<u8>)>,
}

/// The end of a program that was not killed by us.
#[derive(Debug, Clone, Copy)]
pub struct ProcessEnd<'turn> {
    pub exit: Exit,
    pub stderr: &'turn str,
    /// The content of the file `CliTurn::last_message`, if it was written.
    pub last_message: Option<&'turn str>,
    /// The instant at which it ended.
    pub now: Timestamp,
}

/// The location of a program's own file of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionFile {
    /// The variable with the program's folder.
    pub home: &'static str,
    /// The folder below the user's home folder, if the variable is not set.
    pub usual: &'static str,
    /// The folder of sessions in it, searched recursively.
    pub folder: &'static str,
    /// The end of the file's name.
    pub ends_with: String,
}

impl Invocation {
    /// Returns an invocation with these arguments and this input.
    pub fn new<A: Into<String>>(arguments: impl IntoIterator<Item = A>, input: &str) -> Self {
        Self {
            arguments: arguments.into_iter().map(Into::into).collect(),
            input: input.as_bytes().to_vec(),
            ..Self::default()
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn with<A: Into<String>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Adds a flag and its value, if there is a value.
    #[must_use]
    pub fn with_value(self, flag: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with([flag, value]),
            None => self,
        }
    }

    /// Adds a variable.
    #[must_use]
    pub fn variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }
}
