//! Parses the command line. The text of a task may be typed with or without quotes.

use clap::error::ErrorKind;
use clap::{ArgMatches, Command, CommandFactory, Error, FromArgMatches};

use crate::cli::commands::Arguments;

/// Parses the command line.
pub fn read(words: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Arguments, Error> {
    let mut command = Arguments::command();
    let matches = command.try_get_matches_from_mut(with_folder_last(words.into_iter().collect()))?;
    if let Some(("task", task)) = matches.subcommand() {
        check_adjacent(&mut command, task)?;
    }
    Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command))
}

/// Moves `-C PATH` from before the subcommand behind it, where each subcommand reads it.
fn with_folder_last(mut words: Vec<std::ffi::OsString>) -> Vec<std::ffi::OsString> {
    let is_first = words.get(1).is_some_and(|word| word == "-C" || word == "--dir") && words.len() > 3;
    if is_first {
        let folder: Vec<std::ffi::OsString> = words.drain(1..3).collect();
        let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
        words.splice(end..end, folder);
    }
    words
}

/// Rejects a task with a flag between its words: the flag may have been meant as a word.
fn check_adjacent(command: &mut Command, task: &ArgMatches) -> Result<(), Error> {
    let indices: Vec<usize> = task.indices_of("text").into_iter().flatten().collect();
    if indices.windows(2).all(|pair| matches!(pair, [one, next] if *next == one + 1)) {
        return Ok(());
    }
    let message = "there is a flag between the words of the task; put flags before or after the task, or quote the whole \
                   task: agent-loop task 'add a --verbose flag'";
    let task = command.find_subcommand_mut("task");
    Err(task.map_or_else(
        || Error::raw(ErrorKind::ArgumentConflict, message),
        |task| task.error(ErrorKind::ArgumentConflict, message),
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::cli::commands::Command;

    fn words(typed: &str) -> Result<String, Error> {
        let all = ["agent-loop", "task"].into_iter().chain(typed.split(' '));
        let Command::Task(task) = read(all.map(Into::into))?.command else { panic!("{typed}") };
        Ok(task.0.text.join(" "))
    }

    #[test]
    fn unquoted_words_are_one_task() {
        for typed in [
            "fix the bug",
            "--coder claude fix the bug",
            "fix the bug --coder claude --dry-run",
            "--dry-run --max-rounds 3 fix the bug --coder claude --json",
            "--coder claude -- fix the bug",
            "--agent-retry-backoff-seconds 1 2 -- fix the bug",
        ] {
            assert_eq!(words(typed).unwrap(), "fix the bug", "{typed}");
        }
        assert_eq!(words("--coder claude -- add a --verbose flag").unwrap(), "add a --verbose flag");
        assert_eq!(words("-- --json").unwrap(), "--json");
    }

    #[test]
    fn a_flag_between_words_is_refused() {
        for typed in [
            "fix --coder claude the bug",
            "mention --auto-merge in the manual",
            "document --dry-run and --json too",
            "fix --json=events it",
            "fix -C elsewhere it",
        ] {
            let error = words(typed).unwrap_err().to_string();
            assert!(error.contains("or quote the whole task"), "{typed}: {error}");
        }
        assert!(words("add a --verbose flag").unwrap_err().to_string().contains("--verbose"));
    }

    proptest! {
        #[test]
        fn no_word_is_lost(all in proptest::collection::vec("[a-z.,!?0-9]{1,8}", 1..6)) {
            let typed = all.join(" ");
            prop_assert_eq!(words(&typed).unwrap(), typed);
        }
    }
}
