//! A command line as a value: program, arguments, folder, the whole environment, stdin.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use crate::domain::shell::quoted;

use super::search::{self, FoundProgram};
use super::variables::Variables;

/// The location of a child's prompt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Prompt {
    /// On stdin, which has nothing else.
    #[default]
    Stdin,
    LastArgument,
    /// In a file named by the arguments.
    File {
        bytes: usize,
    },
}

/// A program to run. The child inherits nothing that is not listed here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    /// The program: a path, or a name to find in the child's `PATH`.
    pub program: OsString,
    pub arguments: Vec<OsString>,
    pub folder: PathBuf,
    pub environment: Variables,
    /// The input for stdin, which is closed afterwards.
    pub input: Vec<u8>,
    pub prompt: Prompt,
}

impl CommandLine {
    pub fn new(program: impl Into<OsString>, folder: impl Into<PathBuf>, environment: Variables) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            folder: folder.into(),
            environment,
            input: Vec::new(),
            prompt: Prompt::Stdin,
        }
    }

    #[must_use]
    pub fn argument(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    #[must_use]
    pub fn arguments<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    #[must_use]
    pub fn variable(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    #[must_use]
    pub fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    #[must_use]
    pub fn prompt(mut self, prompt: Prompt) -> Self {
        self.prompt = prompt;
        self
    }

    /// Finds the program in the child's `PATH`. The standard library starts a path with `posix_spawn`; for a name it forks, which
    /// copies our page tables each time, and also searches relative folders.
    fn found(&self) -> io::Result<OsString> {
        match search::look_for(&self.program, &self.environment) {
            FoundProgram::There(path) | FoundProgram::NotExecutable(path) | FoundProgram::NoFile(path) => {
                Ok(path.into_os_string())
            }
            // A path is passed on, so that the system reports the error; without a `PATH` the system uses its own.
            FoundProgram::Missing if self.program.as_encoded_bytes().contains(&b'/') => {
                Ok(self.program.clone())
            }
            FoundProgram::Missing if !self.environment.contains_key(OsStr::new("PATH")) => {
                Ok(self.program.clone())
            }
            FoundProgram::Missing => {
                Err(io::Error::new(io::ErrorKind::NotFound, "it is in no absolute folder of PATH"))
            }
        }
    }

    /// Creates the child for this line: in its own process group, with pipes for its output.
    pub(super) fn child(&self) -> io::Result<Command> {
        #[expect(clippy::disallowed_methods, reason = "adapters/process is the owner of this door")]
        let mut child = Command::new(self.found()?);
        child
            .args(&self.arguments)
            .current_dir(&self.folder)
            .env_clear()
            .envs(&self.environment)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        Ok(child)
    }

    /// Returns the program as it was named, an absolute path without its folder: records contain no paths of this machine.
    pub fn program_name(&self) -> String {
        let program = Path::new(&self.program);
        let name = program.file_name().filter(|_| program.is_absolute()).unwrap_or(&self.program);
        name.to_string_lossy().into_owned()
    }

    /// Returns the line as a person would type it, for messages and logs, without the prompt. Arguments contain no secrets.
    pub fn shown(&self) -> String {
        let mut line = self.program.to_string_lossy().into_owned();
        let (shown, prompt) = match (self.prompt, self.arguments.split_last()) {
            (Prompt::LastArgument, Some((_, before))) => (before, " PROMPT"),
            (Prompt::LastArgument | Prompt::Stdin | Prompt::File { .. }, _) => {
                (self.arguments.as_slice(), "")
            }
        };
        for argument in shown {
            line.push(' ');
            line.push_str(&quoted(&argument.to_string_lossy()));
        }
        line.push_str(prompt);
        line
    }

    /// Describes the length and the location of the prompt; empty for a child without one.
    pub(super) fn prompt_shown(&self) -> Option<String> {
        match (self.prompt, self.arguments.last()) {
            (Prompt::Stdin, _) if self.input.is_empty() => None,
            (Prompt::Stdin, _) => Some(format!("{} bytes on stdin", self.input.len())),
            (Prompt::LastArgument, last) => {
                Some(format!("{} bytes in the last argument", last.map_or(0, |prompt| prompt.len())))
            }
            (Prompt::File { bytes }, _) => Some(format!("{bytes} bytes in a file that the arguments name")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_are_shown_by_size() {
        let line =
            |prompt| CommandLine::new("agy", "/", Variables::new()).arguments(["-p", "do it"]).prompt(prompt);
        let shown = |line: &CommandLine| (line.shown(), line.prompt_shown());
        let size = |text: &str| Some(text.to_owned());
        assert_eq!(shown(&line(Prompt::Stdin)), ("agy -p 'do it'".to_owned(), None));
        assert_eq!(shown(&line(Prompt::Stdin).input("four")).1, size("4 bytes on stdin"));
        let argument = shown(&line(Prompt::LastArgument));
        assert_eq!(argument, ("agy -p PROMPT".to_owned(), size("5 bytes in the last argument")));
        let file = shown(&line(Prompt::File { bytes: 300_000 }));
        assert_eq!(
            file,
            ("agy -p 'do it'".to_owned(), size("300000 bytes in a file that the arguments name"))
        );
    }

    #[test]
    fn programs_are_found_in_absolute_folders() {
        let line = |program: &str, path: &str| {
            let environment = Variables::from([("PATH".into(), path.into())]);
            CommandLine::new(program, "/", environment).found()
        };
        assert_eq!(line("sh", "bin:/bin").unwrap(), "/bin/sh");
        // From the folder `/`, each of these would start a shell.
        for path in ["bin", "usr/bin:", "."] {
            assert_eq!(line("sh", path).unwrap_err().kind(), io::ErrorKind::NotFound, "{path}");
        }
        assert_eq!(line("/no/such", "").unwrap(), "/no/such", "a path is taken at its word");
    }
}
