//! What a vendor's program is to us: how a turn is asked for, what its stream says, what its ending comes to. Pure: each
//! program has one file beside this one, and `drive` is the only one that runs any of them.

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
use super::setup::{Finding, LoginState, Setup};
use super::transcript::{Event, Transcript};

/// A vendor's program.
pub trait VendorCli: Sync {
    /// What is always so.
    fn profile(&self) -> &'static Profile;

    /// Whether a model has to be named.
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
    fn quirks(&self, _setup: &Setup<'_>) -> Vec<Finding> {
        Vec::new()
    }

    /// Returns the arguments of a call that tests, without asking a model, whether turns can work here.
    fn self_test(&self, _setup: &Setup<'_>) -> Option<&'static [&'static str]> {
        None
    }

    /// Returns the result of the call of `Self::self_test`.
    fn self_test_result(&self, _probed: &Probed) -> Option<Finding> {
        None
    }

    /// How a turn is asked for.
    fn invocation(&self, turn: &CliTurn<'_>) -> Invocation;

    /// What one line of stdout says. A line that makes no sense says nothing: what is missing is seen at the end.
    fn events(&self, line: &[u8], tell: &mut dyn FnMut(Event));

    /// What stdout says as a whole, for a program that writes one document: the lines that it told as `Event::Document`.
    fn document_events(&self, _document: &str, _tell: &mut dyn FnMut(Event)) {}

    /// What the end of stderr says besides, when the program has ended.
    fn stderr_events(&self, _stderr: &str, _tell: &mut dyn FnMut(Event)) {}

    /// What the turn came to, when the program has ended by itself.
    ///
    /// # Errors
    /// With the class of failure. An exit code of 0 proves nothing: the event that ends a good turn must be there.
    fn outcome(&self, transcript: &Transcript, ending: &ProcessEnd<'_>) -> Result<RawAnswer, TurnFailure>;

    /// A file of its own in which the program keeps what its stream does not say.
    fn session_file(&self, _session: &str) -> Option<SessionFile> {
        None
    }

    /// What one line of that file says.
    fn session_events(&self, _line: &[u8], _tell: &mut dyn FnMut(Event)) {}
}

/// What is always so with a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Profile {
    /// The name by which it is found in `PATH`.
    pub program: &'static str,
    /// The variables of ours that it may see besides the common ones: whole names.
    pub variables: &'static [&'static str],
    /// The same, by how their names begin.
    pub prefixes: &'static [&'static str],
    pub installation: Installation,
    /// How it is asked to end.
    pub stop: StopSequence,
    /// Whether a session of it can be gone on with.
    pub sessions: Sessions,
    pub counting: Counting,
    /// The model that we name if nobody named one; none, if the choice is the program's.
    pub usual_model: Option<&'static str>,
    /// Who can tell whether it is logged in, and how to log in.
    pub login: Login,
}

/// Whether a session can be gone on with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sessions {
    ById,
    None,
}

/// What the numbers of a program count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counting {
    PerTurn,
    /// A session from its beginning, with all turns before.
    PerSession,
}

impl Counting {
    /// What a turn has spent, given what was counted at its end and at the end of the turn before.
    pub fn of_turn(self, counted: Usage, earlier: Usage) -> Usage {
        match self {
            Self::PerTurn => counted,
            Self::PerSession => counted.since(earlier),
        }
    }
}

/// How it is seen whether a program is logged in.
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

/// What a turn is told.
#[derive(Debug, Clone, Copy)]
pub struct CliTurn<'turn> {
    pub access: Access,
    pub prompt: &'turn str,
    /// The model; the program's own choice if none was named.
    pub model: Option<&'turn str>,
    /// How hard it is to think, in the program's own words.
    pub effort: Option<&'turn str>,
    /// What the user adds to the command line.
    pub arguments: &'turn [String],
    /// The session to go on with.
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
    /// The environment that it gets, with what of its vendor's variables the user has set.
    pub environment: &'turn Variables,
}

/// How a turn is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invocation {
    /// The arguments. They never hold a secret.
    pub arguments: Vec<String>,
    /// What stdin says before it is closed.
    pub input: Vec<u8>,
    /// Where the prompt stands, if not on stdin.
    pub prompt: Prompt,
    /// Variables besides those that every agent gets.
    pub variables: Vec<(&'static str, String)>,
    /// Files to be written before it starts, outside of the clone.
    pub files: Vec<(PathBuf, Vec<u8>)>,
}

/// How a program ended by itself.
#[derive(Debug, Clone, Copy)]
pub struct ProcessEnd<'turn> {
    pub exit: Exit,
    pub stderr: &'turn str,
    /// What stands in the file of `CliTurn::last_message`, if it was written.
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
    /// An invocation with these arguments, and this on stdin.
    pub fn new<A: Into<String>>(arguments: impl IntoIterator<Item = A>, input: &str) -> Self {
        Self {
            arguments: arguments.into_iter().map(Into::into).collect(),
            input: input.as_bytes().to_vec(),
            ..Self::default()
        }
    }

    /// With more arguments.
    #[must_use]
    pub fn with<A: Into<String>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// With a flag and its value, if there is a value.
    #[must_use]
    pub fn with_value(self, flag: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with([flag, value]),
            None => self,
        }
    }

    /// With one more variable.
    #[must_use]
    pub fn variable(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.variables.push((name, value.into()));
        self
    }
}
