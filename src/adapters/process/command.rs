//! A command line as a value: program, arguments, folder, the whole environment, what stdin says.

use std::borrow::Cow;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::search::{self, FoundProgram};
use super::variables::Variables;

/// Where a child is told what it is to do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Prompt {
    /// On stdin, which says nothing else.
    #[default]
    Stdin,
    LastArgument,
    /// In a file, which the arguments name.
    File {
        bytes: usize,
    },
}

/// A program to run. Nothing is inherited: what is not here, the child does not get.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    /// The program: a path, or a name to be looked up in the child's `PATH`.
    pub program: OsString,
    pub arguments: Vec<OsString>,
    pub folder: PathBuf,
    pub environment: Variables,
    /// What it reads; its stdin is closed afterwards.
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

    /// The program's path, looked up in the child's `PATH`. The standard library starts a path with `posix_spawn`; a name
    /// it looks up after a fork, which copies our page tables each time, and in relative folders too.
    fn found(&self) -> io::Result<OsString> {
        match search::look_for(&self.program, &self.environment) {
            FoundProgram::There(path) | FoundProgram::NotExecutable(path) | FoundProgram::NoFile(path) => {
                Ok(path.into_os_string())
            }
            // A path is tried, so that the system says what is wrong; without a `PATH` the system has one of its own.
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

    /// The child that this line starts: in a process group of its own, its output in pipes.
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

    /// The name of the program, without its folder: a path of this machine has no place in a record.
    pub fn program_name(&self) -> String {
        let name = Path::new(&self.program).file_name().unwrap_or(&self.program);
        name.to_string_lossy().into_owned()
    }

    /// The line as a person would type it, for messages and logs, without the prompt. Arguments never hold secrets.
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
            line.push_str(&as_shell_word(&argument.to_string_lossy()));
        }
        line.push_str(prompt);
        line
    }

    /// How long the prompt is, and where it stands; nothing for a child without one.
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

/// Quotes a word for a shell. `shlex` would quote `--flag=value` too, which reads worse and means the same.
fn as_shell_word(word: &str) -> Cow<'_, str> {
    let is_plain = |letter: char| letter.is_alphanumeric() || "-_./=:,@%+".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return Cow::Borrowed(word);
    }
    shlex::try_quote(word).unwrap_or(Cow::Borrowed(word))
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
        // From the folder `/` each of these would lead to a shell.
        for path in ["bin", "usr/bin:", "."] {
            assert_eq!(line("sh", path).unwrap_err().kind(), io::ErrorKind::NotFound, "{path}");
        }
        assert_eq!(line("/no/such", "").unwrap(), "/no/such", "a path is taken at its word");
    }
}
