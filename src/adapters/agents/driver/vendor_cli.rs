//! The trait of a vendor's program: how a turn is asked for, what its stream says, how its ending is judged, and what
//! `doctor` asks about it. Each program has its own file in `vendors`, and only the driver runs any of them.

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

    /// Returns whether a model has to be named.
    fn model_choice(&self) -> ModelChoice {
        ModelChoice::Optional
    }

    /// Returns an error if the program would not understand an effort, or would ignore it.
    ///
    /// # Errors
    /// With the end of a sentence about the program's settings.
    fn check_effort(&self, _effort: &str) -> Result<(), String> {
        Ok(())
    }

    /// Returns the login that an answer to the call of `Login::check` tells of.
    fn login(&self, answer: &Answer) -> LoginState {
        if answer.exit.is_success() { LoginState::LoggedIn { with: None } } else { LoginState::LoggedOut }
    }

    /// Returns the login that settings and variables tell of, where the call tells of none or there is no call.
    fn login_by_setup(&self, _setup: &Setup<'_>) -> LoginState {
        LoginState::LoggedOut
    }

    /// Returns known quirks of the program that matter on this machine.
    fn quirks(&self, _setup: &Setup<'_>) -> Vec<SetupFinding> {
        Vec::new()
    }

    /// Returns the arguments of a call that tests, without asking a model, whether turns can work here.
    fn self_test(&self, _setup: &Setup<'_>) -> Option<&'static [&'static str]> {
        None
    }

    /// Returns the result of the call of `Self::self_test`.
    fn self_test_result(&self, _probed: &Probed) -> Option<SetupFinding> {
        None
    }

    /// Returns how a turn is asked for.
    fn invocation(&self, turn: &CliTurn<'_>) -> Invocation;

    /// Reads the events of one line of stdout. Values of an unexpected shape count as absent, and a line that is no JSON has
    /// no events: the missing event is noticed at the end.
    fn events(&self, line: &[u8], tell: &mut dyn FnMut(Event)) {
        if self.read(line, tell).is_err() {
            lenient::read(line, &|line, tell| self.read(line, tell), tell);
        }
    }

    /// Reads the events of a line of the expected shape. Tells none unless the whole line was read.
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
    /// With the class of failure. An exit code of 0 proves nothing: the event that ends a good turn must be there.
    fn outcome(&self, transcript: &Transcript, ending: &ProcessEnd<'_>) -> Result<RawAnswer, TurnFailure>;

    /// Returns the program's own file of a session, if it holds facts that the stream does not.
    fn session_file(&self, _session: &str) -> Option<SessionFile> {
        None
    }

    /// Reads the events of one line of that file.
    fn session_events(&self, _line: &[u8], _tell: &mut dyn FnMut(Event)) {}
}

/// The facts about a program that are the same for every turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// The name of the product, as people know it.
    pub product: &'static str,
    /// The name by which it is found in `PATH`.
    pub program: &'static str,
    /// The variables of ours that it may see besides the common ones. Names, never prefixes: a prefix would pass on what
    /// identifies the agent session that agent-loop was started from.
    pub variables: &'static [&'static str],
    pub installation: Installation,
    pub stop: StopSequence,
    pub sessions: Sessions,
    pub counting: Counting,
    pub effort_flag: Option<EffortFlag>,
    /// The name of the flag for a chain of models, if the vendor's models often run out of quota one by one.
    pub chain_flag: Option<&'static str>,
    /// The model that we name if nobody named one; none, if the choice is the program's.
    pub usual_model: Option<&'static str>,
    /// Who can tell whether it is logged in, and how to log in.
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

/// How to find out whether a program is logged in, and how to log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Login {
    /// The arguments of a call that tells, without asking a model; none if there is no such call.
    pub check: &'static [&'static str],
    /// What a person types to log in.
    pub how: &'static str,
}

/// Whether a model has to be named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelChoice {
    /// The program has a choice of its own.
    Optional,
    /// It has none that a user could have meant: nothing is started without a model.
    Required {
        /// What the name of a model looks like.
        form: &'static str,
    },
}

/// A turn as a program is asked for it.
#[derive(Debug, Clone, Copy)]
pub struct CliTurn<'turn> {
    pub access: Access,
    pub prompt: &'turn str,
    /// The model; the program's own choice if none was named.
    pub model: Option<&'turn str>,
    /// The reasoning effort, in the program's own words.
    pub effort: Option<&'turn str>,
    /// The arguments that the user adds to the command line.
    pub arguments: &'turn [String],
    /// The session to resume.
    pub session: Option<&'turn SessionNote>,
    pub power: Power,
    /// Its clone, which is also its current folder.
    pub workdir: &'turn Path,
    /// Folders besides its clone that it has to read in: the diff, the context.
    pub readable: &'turn [PathBuf],
    /// The JSON Schema of the answer in the strict dialect, as text.
    pub schema: &'turn str,
    /// A file with that schema, outside of the clone.
    pub schema_file: &'turn Path,
    /// A file outside of the clone to which the program may write its last message.
    pub last_message: &'turn Path,
    /// The environment of the turn, with those variables of the vendor that the user has set.
    pub environment: &'turn Variables,
}

/// A program's command line and the files and variables that go with it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invocation {
    /// The arguments. They never hold a secret.
    pub arguments: Vec<String>,
    /// The bytes that are written to stdin before it is closed.
    pub input: Vec<u8>,
    /// The place of the prompt, if not on stdin.
    pub prompt: Prompt,
    /// Variables besides those that every agent gets.
    pub variables: Vec<(&'static str, String)>,
    /// Files to be written before it starts, outside of the clone.
    pub files: Vec<(PathBuf, Vec<u8>)>,
}

/// The ending of a program that ended by itself.
#[derive(Debug, Clone, Copy)]
pub struct ProcessEnd<'turn> {
    pub exit: Exit,
    pub stderr: &'turn str,
    /// The content of the file `CliTurn::last_message`, if it was written.
    pub last_message: Option<&'turn str>,
    /// The instant at which it ended.
    pub now: Timestamp,
}

/// Where a program keeps its own file of a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionFile {
    /// The variable that names the program's folder.
    pub home: &'static str,
    /// Where that is below the user's home folder, if the variable is not set.
    pub usual: &'static str,
    /// The folder of sessions in it; folders in it are looked through.
    pub folder: &'static str,
    /// How the file's name ends.
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
