//! Parses the command line. The text of a task may be typed with or without quotes.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{ArgMatches, Command, CommandFactory, Error, FromArgMatches};

use crate::cli::commands::Arguments;
use crate::cli::view::place::CommandPlace;

use super::mistyped;
use super::numbers::{self, Reference};

/// Parses the command line.
pub fn read(words: impl IntoIterator<Item = OsString>) -> Result<(Arguments, CommandPlace), Error> {
    let mut command = Arguments::command();
    let words = with_place_last(words.into_iter().collect());
    let matches = command.try_get_matches_from_mut(&words);
    let matches = matches.map_err(|error| mistyped::explained(error, &mut command, &words))?;
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
    let subject = given.try_get_one::<String>("subject").ok().flatten();
    let by_subject = subject.and_then(|subject| numbers::repository(subject));
    CommandPlace::new(folder.map(PathBuf::as_path), named.or(setting).or(by_url).or(by_subject.as_deref()))
}

/// Moves `-C PATH` and `--repo OWNER/REPO` from before the subcommand behind it, where each subcommand reads them.
fn with_place_last(mut words: Vec<OsString>) -> Vec<OsString> {
    let mut place = Vec::new();
    while let Some(word) = words.get(1).map(|word| word.to_string_lossy()) {
        let is_joined = word.starts_with("--dir=") || word.starts_with("--repo=");
        if !is_joined && !["-C", "--dir", "--repo"].contains(&&*word) {
            break;
        }
        let end = if is_joined { 2 } else { 3 };
        if words.len() <= end {
            break;
        }
        place.extend(words.drain(1..end));
    }
    let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
    words.splice(end..end, place);
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
    fn a_mistyped_word_is_guessed() {
        for (typed, meant) in [
            ("7", "agent-loop pr 7 (to review it) or agent-loop issue 7"),
            ("issue/7", "type agent-loop issue issue/7"),
            ("https://github.com/o/r/pull/7", "type agent-loop pr https://github.com/o/r/pull/7"),
            ("https://github.com/o/r/issues/7", "type agent-loop issue https://github.com/o/r/issues/7"),
            ("fix the bug --coder claude", "agent-loop task 'fix the bug'"),
            ("merge 1", "agent-loop local pr merge 1"),
            ("tsk fix", "did you mean `agent-loop task`, or agent-loop task 'tsk fix'?"),
            ("continue", "type agent-loop resume"),
            ("init", "agent-loop config init (for settings) or agent-loop local init"),
            ("run", "type agent-loop task TEXT, agent-loop issue N or agent-loop pr N"),
            ("run the linter", "or agent-loop task 'run the linter'?"),
            ("review 7", "type agent-loop pr 7"),
            ("approve 3", "type agent-loop pr 3"),
            ("solve 7", "agent-loop pr 7 (to review it) or agent-loop issue 7"),
            ("refactor", "type agent-loop task TEXT; `agent-loop --help`"),
            ("satus", "did you mean `agent-loop status`?"),
            ("help tsk", "did you mean `agent-loop task`?"),
            (
                "local pr mrege 1",
                "not a command of `agent-loop local pr`; did you mean `agent-loop local pr merge`?",
            ),
            ("local frob", "`agent-loop local`; it has init, issue, pr, check"),
            (
                "--tset-command x",
                "not an option of `agent-loop`; did you mean `agent-loop task --test-command`?",
            ),
            ("pr list", "`agent-loop local pr list`, on GitHub `gh pr list`"),
            ("pr view 3", "`agent-loop local pr view 3`"),
            ("issue create --title Fix", "`agent-loop local issue create --title Fix`"),
            ("task x --model opus", "it has --repair-model, --claude-model, "),
            ("task x --tset-command y", "of `agent-loop task`; did you mean `--test-command`?"),
            (
                "config explain --repo o/r",
                "`--repo` is not an option of `agent-loop config explain`; it has --base",
            ),
            ("clean --json", "`--json` is not an option of `agent-loop clean`; it has --"),
            ("stop --all", "`--all` is not an option of `agent-loop stop`; it has --now"),
            ("--json", "type it after a command, as in `agent-loop demo --json`"),
            ("pr 7 --frobnicate", "`agent-loop pr --help` lists all"),
        ] {
            let all = std::iter::once("agent-loop").chain(typed.split(' '));
            let error = read(all.map(Into::into)).unwrap_err().to_string();
            assert!(error.contains(meant), "{typed}: {error}");
        }
    }

    #[test]
    fn the_place_may_come_first() {
        for typed in ["--repo o/r -C /tmp status", "-C /tmp --repo=o/r status"] {
            let all = std::iter::once("agent-loop").chain(typed.split(' '));
            let (arguments, place) = read(all.map(Into::into)).unwrap();
            assert!(matches!(arguments.command, Command::Status(_)), "{typed}");
            assert_eq!(place.command("agent-loop pr 1"), "agent-loop pr 1 --repo o/r -C /tmp");
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
