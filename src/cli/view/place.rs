//! Where the commands of messages work: the repository that was named on the command line is repeated in each of them.

use std::path::Path;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::domain::shell::quoted;
use crate::pattern::pattern;

use super::logs;

/// The flags that name the repository of a command. Empty if the command takes that of the current folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandPlace {
    folder: String,
    repository: String,
}

/// The subcommands without `--repo`: they are about files or the embedded forge.
const WITHOUT_FORGE: [&str; 3] = ["config", "local", "schema"];

static COMMAND: LazyLock<Regex> = pattern!("`(agent-loop [^`\n]*)`");

impl CommandPlace {
    /// Creates the place from `-C` and `--repo`.
    pub fn new(folder: Option<&Path>, repository: Option<&str>) -> Self {
        let flag = |name: &str, value: Option<&str>| {
            value.map_or_else(String::new, |value| format!(" {name} {}", quoted(value)))
        };
        let folder = folder.map(|folder| folder.to_string_lossy());
        Self { folder: flag("-C", folder.as_deref()), repository: flag("--repo", repository) }
    }

    /// Returns a command that works in the current folder. Commands of other programs are complete.
    pub fn command(&self, command: &str) -> String {
        let mut words = command.split(' ').skip_while(|word| *word == "agent-loop");
        let subcommand = words.next().unwrap_or_default();
        if !command.starts_with("agent-loop ") || words.any(|word| ["-C", "--repo"].contains(&word)) {
            return command.to_owned();
        }
        let repository = if WITHOUT_FORGE.contains(&subcommand) { "" } else { self.repository.as_str() };
        format!("{command}{repository}{}", self.folder)
    }

    /// Returns a command for a checkout, or the other one if a repository of the forge was named.
    pub fn in_folder(&self, command: &str, elsewhere: &str) -> String {
        if self.repository.is_empty() { self.command(command) } else { elsewhere.to_owned() }
    }

    /// Completes the commands in a message, which are between backticks.
    pub fn message(&self, message: &str) -> String {
        let complete = |found: &Captures<'_>| {
            format!("`{}`", self.command(found.get(1).map_or("", |command| command.as_str())))
        };
        COMMAND.replace_all(message, complete).into_owned()
    }

    /// Returns the command that shows a log.
    pub fn log(&self, path: &str) -> Option<String> {
        logs::command(path).map(|command| self.command(&command))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_repeat_the_named_repository() {
        let named = CommandPlace::new(Some(Path::new("my repo")), Some("o/r"));
        for (command, expected) in [
            ("agent-loop pr 7", "agent-loop pr 7 --repo o/r -C 'my repo'"),
            (
                "agent-loop resume issue/7 --interactive",
                "agent-loop resume issue/7 --interactive --repo o/r -C 'my repo'",
            ),
            ("agent-loop doctor", "agent-loop doctor --repo o/r -C 'my repo'"),
            ("agent-loop local issue list", "agent-loop local issue list -C 'my repo'"),
            ("gh pr merge 7 --repo o/r", "gh pr merge 7 --repo o/r"),
            ("git status", "git status"),
        ] {
            assert_eq!(named.command(command), expected);
            assert_eq!(CommandPlace::default().command(command), command);
        }
        let message = "wait, or type `agent-loop stop pr/7`; agent-loop pr 7 is text";
        let expected = "wait, or type `agent-loop stop pr/7 --repo o/r`; agent-loop pr 7 is text";
        assert_eq!(CommandPlace::new(None, Some("o/r")).message(message), expected);
    }
}
