//! Decides what a person most likely meant by an unknown command or option, or by a command of the forge after `issue` or `pr`.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{Command, Error};

use crate::cli::nearest::nearest;
use crate::domain::shell::quoted;

use super::numbers::number;

/// Commands of the forge for issues and pull requests. `gh` has the same.
const FORGE_COMMANDS: [&str; 9] =
    ["create", "list", "view", "diff", "checkout", "comment", "close", "reopen", "merge"];

/// Words that are not commands, each with the command that was most likely meant.
const MEANT: [(&str, &str); 20] = [
    ("continue", "agent-loop resume"),
    ("restart", "agent-loop resume"),
    ("retry", "agent-loop resume"),
    ("init", "agent-loop config init (for settings) or agent-loop local init (for the embedded forge)"),
    ("setup", "agent-loop config init (for settings) or agent-loop doctor (to check what a run needs)"),
    ("install", "agent-loop doctor (to check what a run needs)"),
    ("login", "agent-loop doctor (to check the logins)"),
    ("cancel", "agent-loop stop SUBJECT"),
    ("kill", "agent-loop stop SUBJECT"),
    ("abort", "agent-loop stop SUBJECT"),
    ("ps", "agent-loop status"),
    ("runs", "agent-loop status"),
    ("show", "agent-loop status"),
    ("cost", "agent-loop usage"),
    ("debate", "agent-loop discuss N"),
    ("vote", "agent-loop discuss N"),
    ("review", "agent-loop pr N"),
    ("approve", "agent-loop pr N (reviewers approve; no command does)"),
    ("run", "agent-loop task TEXT, agent-loop issue N or agent-loop pr N"),
    ("start", "agent-loop task TEXT, agent-loop issue N or agent-loop pr N"),
];

/// Replaces the message about an unknown command or option by one that names the nearest; other errors stay as they are.
pub(super) fn explained(error: Error, command: &mut Command, words: &[OsString]) -> Error {
    // To print the version or help is an error of clap's too, and building all arguments takes 10 ms.
    if !matches!(
        error.kind(),
        ErrorKind::InvalidSubcommand | ErrorKind::UnknownArgument | ErrorKind::ValueValidation
    ) {
        return error;
    }
    let of = |kind| match error.get(kind) {
        Some(ContextValue::String(typed)) => Some(typed.as_str()),
        _ => None,
    };
    // Arguments are built only for the command that was used.
    command.build();
    let words: Vec<String> = words.iter().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    let at = TypedCommand::of(command, &words);
    let message = match (error.kind(), of(ContextKind::InvalidSubcommand), of(ContextKind::InvalidArg)) {
        (ErrorKind::InvalidSubcommand, Some(typed), _) => Some(at.unknown_command(typed)),
        (_, _, _) if at.is_of_the_forge() => Some(at.command_of_the_forge()),
        (ErrorKind::UnknownArgument, _, Some(typed)) if typed.starts_with("--") => {
            Some(at.unknown_option(typed))
        }
        (_, _, _) => None,
    };
    let Some(message) = message else { return error };
    Error::raw(error.kind(), format!("{message}\n"))
}

/// Returns the command for a word that is none, if people type that word.
fn meant(typed: &str) -> Option<&'static str> {
    MEANT.iter().find(|(word, _)| *word == typed).map(|(_, meant)| *meant)
}

/// Returns the command for a number, or for `pr/7`, `issue/7` or a URL.
fn by_number(typed: &str) -> String {
    let of = |kind: &str| format!("agent-loop {kind} {}", quoted(typed));
    if typed.contains("issue") {
        of("issue")
    } else if typed.contains("pr/") || typed.contains("pull/") {
        of("pr")
    } else {
        format!("{} (to review it) or {} (to make the change)", of("pr"), of("issue"))
    }
}

/// The command that was typed, as far as it is known.
struct TypedCommand<'typed> {
    root: &'typed Command,
    /// The innermost known command.
    innermost: &'typed Command,
    /// Its name with those of the commands around it: `agent-loop local pr`.
    name: String,
    /// The words after it.
    rest: &'typed [String],
    is_help: bool,
}

impl<'typed> TypedCommand<'typed> {
    fn of(root: &'typed Command, words: &'typed [String]) -> Self {
        let is_help = words.first().is_some_and(|word| word == "help");
        let mut rest = words.get(usize::from(is_help)..).unwrap_or_default();
        let (mut innermost, mut name) = (root, root.get_name().to_owned());
        while let [word, others @ ..] = rest
            && let Some(inner) = innermost.find_subcommand(word)
        {
            (innermost, rest) = (inner, others);
            name = format!("{name} {word}");
        }
        Self { root, innermost, name, rest, is_help }
    }

    fn unknown_command(&self, typed: &str) -> String {
        let names: Vec<&str> = visible(self.innermost).map(Command::get_name).collect();
        let near = nearest(typed, names.iter().copied()).map(|near| format!("`{} {near}`", self.name));
        if self.is_help || self.innermost.get_name() != self.root.get_name() {
            let all = names.into_iter().filter(|name| *name != "help").collect::<Vec<_>>().join(", ");
            let meant = near.map_or_else(|| format!("it has {all}"), |near| format!("did you mean {near}?"));
            return format!("`{typed}` is not a command of `{}`; {meant}", self.name);
        }
        let words = self.rest.iter().map(String::as_str).take_while(|word| !word.starts_with('-'));
        let words = words.collect::<Vec<_>>().join(" ");
        let task = format!("agent-loop task {}", quoted(&words));
        let meant = match (near, meant(typed), self.numbered()) {
            _ if number(typed).is_ok() => format!("type {}", by_number(typed)),
            _ if FORGE_COMMANDS.contains(&typed) => format!("type agent-loop local pr {words}"),
            (_, Some(meant), Some(reference)) => {
                let typed = quoted(reference);
                format!("type {}", meant.replace("SUBJECT", &typed).replace(" N", &format!(" {typed}")))
            }
            (_, Some(meant), None) if words.contains(' ') => format!("did you mean {meant}, or {task}?"),
            (_, Some(meant), None) => format!("type {meant}"),
            (Some(near), None, _) if words.contains(' ') => format!("did you mean {near}, or {task}?"),
            (Some(near), None, _) => format!("did you mean {near}?"),
            (None, None, Some(reference)) => format!("type {}", by_number(reference)),
            (None, None, None) if words.contains(' ') => format!("type {task}"),
            // One word hardly describes a change, and a task starts agents.
            (None, None, None) => format!(
                "to describe a change, type agent-loop task TEXT; `{} --help` lists all commands",
                self.name
            ),
        };
        format!("`{typed}` is not a command; {meant}")
    }

    /// Returns the number or the URL that is the only word after an unknown command.
    fn numbered(&self) -> Option<&str> {
        match self.rest {
            [_, typed] if number(typed).is_ok() => Some(typed),
            _ => None,
        }
    }

    /// Returns whether a command of the forge follows `issue` or `pr`, which start a run.
    fn is_of_the_forge(&self) -> bool {
        let starts_a_run = ["issue", "pr"].map(|kind| format!("{} {kind}", self.root.get_name()));
        starts_a_run.contains(&self.name)
            && self.rest.first().is_some_and(|word| FORGE_COMMANDS.contains(&word.as_str()))
    }

    fn command_of_the_forge(&self) -> String {
        let kind = self.innermost.get_name();
        let words = self.rest.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ");
        format!(
            "`{kind}` starts a run; on the embedded forge, type `agent-loop local {kind} {words}`, on GitHub `gh {kind} {words}`"
        )
    }

    fn unknown_option(&self, typed: &str) -> String {
        let Self { root, innermost, name, .. } = self;
        let typed = typed.split('=').next().unwrap_or(typed);
        let known = options(innermost);
        // `--model` is `--claude-model` or one of its like.
        let ending = typed.trim_start_matches('-');
        let longer =
            known.iter().filter(|option| option.ends_with(&format!("-{ending}")) && *option != typed);
        let longer: Vec<&str> = longer.map(String::as_str).collect();
        if !longer.is_empty() {
            return format!("`{typed}` is not an option of `{name}`; it has {}", longer.join(", "));
        }
        let here = nearest(typed, known.iter().map(String::as_str)).map(str::to_owned);
        let elsewhere = || {
            let all = visible(root)
                .flat_map(|command| options(command).into_iter().map(|option| (command.get_name(), option)));
            let all: Vec<(&str, String)> = all.collect();
            let near = nearest(typed, all.iter().map(|(_, option)| option.as_str()))?;
            let (command, _) = all.iter().find(|(_, option)| option == near)?;
            let example = format!("`agent-loop {command} {near}`");
            Some(match near == typed {
                true if innermost.get_name() == root.get_name() => {
                    format!("type it after a command, as in {example}")
                }
                true => self.accepted(),
                false => format!("did you mean {example}?"),
            })
        };
        let here = here.map(|near| format!("did you mean `{near}`?"));
        let meant = match here.or_else(elsewhere) {
            Some(meant) => meant,
            None if innermost.get_name() == "task" => {
                "to use it as a word of the task, quote the whole task".to_owned()
            }
            None => self.accepted(),
        };
        format!("`{typed}` is not an option of `{name}`; {meant}")
    }

    /// Names the options of the command, or the command that lists them.
    fn accepted(&self) -> String {
        let Self { innermost, name, .. } = self;
        let all = options(innermost);
        if all.is_empty() || all.len() > MOST_OPTIONS {
            return format!("`{name} --help` lists all");
        }
        format!("it has {}", all.join(", "))
    }
}

/// The number of options in a message.
const MOST_OPTIONS: usize = 12;

fn visible(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|inner| !inner.is_hide_set())
}

fn options(command: &Command) -> Vec<String> {
    let all = command.get_arguments().filter(|option| !option.is_hide_set());
    all.filter_map(|option| Some(format!("--{}", option.get_long()?))).collect()
}
