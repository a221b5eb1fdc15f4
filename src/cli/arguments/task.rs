//! Parses the command line. The text of a task may be typed with or without quotes.

use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgMatches, Command, CommandFactory, Error, FromArgMatches};

use crate::cli::commands::Arguments;
use crate::cli::view::place::CommandPlace;
use crate::domain::shell::quoted;

use super::numbers::{FORGE_COMMANDS, Reference, number};

/// Parses the command line.
pub fn read(words: impl IntoIterator<Item = std::ffi::OsString>) -> Result<(Arguments, CommandPlace), Error> {
    let mut command = Arguments::command();
    let words = with_folder_last(words.into_iter().collect());
    let matches = command.try_get_matches_from_mut(&words).map_err(|error| {
        let intended = intended(&error, &words);
        intended.map_or(error, |message| command.error(ErrorKind::InvalidSubcommand, message))
    })?;
    if let Some(("task", task)) = matches.subcommand() {
        check_adjacent(&mut command, task)?;
    }
    let arguments = Arguments::from_arg_matches(&matches).map_err(|error| error.format(&mut command))?;
    Ok((arguments, place(&matches)))
}

/// Returns the repository that the command line names, if the subcommand accepts one.
fn place(matches: &ArgMatches) -> CommandPlace {
    let Some((_, given)) = matches.subcommand() else { return CommandPlace::default() };
    let by_url = given.try_get_one::<Reference>("number").ok().flatten();
    let by_url = by_url.and_then(|number| number.repository.as_deref());
    let named = given.try_get_one::<String>("repo").ok().flatten().map(String::as_str);
    let setting = given.try_get_one::<toml::Value>("repo").ok().flatten().and_then(toml::Value::as_str);
    let folder = given.try_get_one::<PathBuf>("dir").ok().flatten();
    CommandPlace::new(folder.map(PathBuf::as_path), named.or(setting).or(by_url))
}

/// Returns the command that a person probably meant who typed none: a number, a URL, or the words of a task.
fn intended(error: &Error, words: &[std::ffi::OsString]) -> Option<String> {
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidSubcommand) else { return None };
    let words = words.iter().skip(1).map(|word| word.to_string_lossy());
    let words = words.take_while(|word| !word.starts_with('-')).collect::<Vec<_>>().join(" ");
    let meant = if number(typed).is_ok() {
        let of = |kind: &str| format!("agent-loop {kind} {}", quoted(typed));
        match typed {
            typed if typed.contains("issue") => of("issue"),
            typed if typed.contains("pr/") || typed.contains("pull/") => of("pr"),
            _ => format!("{} (to review it) or {} (to make the change)", of("pr"), of("issue")),
        }
    } else if FORGE_COMMANDS.contains(&typed.as_str()) {
        format!("agent-loop local pr {words}")
    } else if error.get(ContextKind::SuggestedSubcommand).is_none() {
        format!("agent-loop task {}", quoted(&words))
    } else {
        return None;
    };
    Some(format!("`{typed}` is not a command; type {meant}"))
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
        let Command::Task(task) = read(all.map(Into::into))?.0.command else { panic!("{typed}") };
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

    #[test]
    fn a_missing_command_is_guessed() {
        for (typed, meant) in [
            ("7", "agent-loop pr 7 (to review it) or agent-loop issue 7"),
            ("issue/7", "type agent-loop issue issue/7"),
            ("https://github.com/o/r/pull/7", "type agent-loop pr https://github.com/o/r/pull/7"),
            ("https://github.com/o/r/issues/7", "type agent-loop issue https://github.com/o/r/issues/7"),
            ("fix the bug --coder claude", "agent-loop task 'fix the bug'"),
            ("merge 1", "agent-loop local pr merge 1"),
            ("tsk fix", "'task'"),
        ] {
            let all = std::iter::once("agent-loop").chain(typed.split(' '));
            let error = read(all.map(Into::into)).unwrap_err().to_string();
            assert!(error.contains(meant), "{typed}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_word_is_lost(all in proptest::collection::vec("[a-z.,!?0-9]{1,8}", 1..6)) {
            let typed = all.join(" ");
            prop_assert_eq!(words(&typed).unwrap(), typed);
        }
    }
}
