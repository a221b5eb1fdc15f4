//! Flags that are settings, as clap arguments: built from the table of flags, and read back as values by key.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser, ValueParser};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches, ValueHint};
use toml::Value;

use crate::cli::config::dollars::Dollars;
use crate::cli::config::exclusive;
use crate::cli::config::flags::{self, Flag, Takes};
use crate::cli::config::keys::{Choice, ValueKind};
use crate::cli::nearest::suggestion;
use crate::domain::agent::{AgentName, Backend};
use crate::domain::ids::{InvalidName, Label};

use super::numbers::whole;

/// A command's selection of flags.
pub trait FlagChoice {
    fn has(flag: &Flag) -> bool;

    /// The flags of other choices that have no effect in this command, and are hidden from its help.
    const HIDDEN: &[&str] = &[];
}

/// The settings that the flags of a command set.
#[derive(Debug)]
pub struct SettingFlags<C> {
    /// Values by the dotted path of their key, for the flags on the command line.
    pub values: BTreeMap<String, Value>,
    command: PhantomData<C>,
}

impl<C> SettingFlags<C> {
    /// Creates the flags from the values of another command.
    pub fn new(values: BTreeMap<String, Value>) -> Self {
        Self { values, command: PhantomData }
    }

    /// Returns whether a switch was given.
    pub fn is_on(&self, path: &str) -> bool {
        self.values.get(path).and_then(Value::as_bool).unwrap_or_default()
    }
}

impl<C> Default for SettingFlags<C> {
    fn default() -> Self {
        Self::new(BTreeMap::new())
    }
}

fn chosen<C: FlagChoice>() -> Vec<Flag> {
    flags::all().into_iter().filter(C::has).collect()
}

/// The flags in the short help, `-h`.
const EVERYDAY: [&str; 15] = [
    "coder",
    "reviewer",
    "max-rounds",
    "test-command",
    "setup-command",
    "auto-merge",
    "plan-first",
    "plan-execution-mode",
    "forge",
    "interactive",
    "discuss-max-rounds",
    "discuss-analyzer",
    "discuss-research",
    "discuss-parallel",
    "quiet",
];

impl<C: FlagChoice> Args for SettingFlags<C> {
    fn augment_args(command: Command) -> Command {
        let flags = chosen::<C>();
        let args: Vec<Arg> = flags.iter().map(|flag| arg(flag, &flags)).collect();
        C::HIDDEN.iter().fold(command.args(args), |command, name| command.mut_arg(name, |arg| arg.hide(true)))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl<C: FlagChoice> FromArgMatches for SettingFlags<C> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let values = chosen::<C>().iter().flat_map(|flag| given(flag, matches)).collect();
        Ok(Self::new(values))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.values.extend(Self::from_arg_matches(matches)?.values);
        Ok(())
    }
}

fn arg(flag: &Flag, all: &[Flag]) -> Arg {
    let names = |is_meant: &dyn Fn(&Flag) -> bool| -> Vec<String> {
        all.iter()
            .filter(|other| other.name != flag.name && is_meant(other))
            .map(|other| other.name.clone())
            .collect()
    };
    let excluded = exclusive::other(&flag.path);
    let arg = Arg::new(flag.name.clone())
        .long(flag.name.clone())
        .help(flag.help.clone())
        .help_heading(flag.heading.clone())
        .hide_short_help(!EVERYDAY.contains(&flag.name.as_str()))
        .overrides_with_all(names(&|other| other.path == flag.path))
        .conflicts_with_all(names(&|other| excluded.as_ref() == Some(&other.path)));
    let list = matches!(flag.key.kind, ValueKind::List(_));
    let once = if list { ArgAction::Append } else { ArgAction::Set };
    match flag.takes {
        Takes::On | Takes::Off(_) => arg.action(ArgAction::SetTrue),
        Takes::Agent => arg.action(once).value_name("AGENT").value_parser(agent),
        Takes::Value(name) => valued(arg, flag, name).action(once),
        Takes::Values(name) => valued(arg, flag, name).action(ArgAction::Append).num_args(1..),
        Takes::ForRole(name) => valued(arg, flag, name).action(ArgAction::Append).allow_hyphen_values(list),
    }
}

fn valued(arg: Arg, flag: &Flag, name: &'static str) -> Arg {
    let hint = if name == "PATH" { ValueHint::AnyPath } else { ValueHint::Unknown };
    let numeric = matches!(item(&flag.key.kind), ValueKind::Whole(_) | ValueKind::Dollars);
    arg.value_name(name)
        .value_hint(hint)
        .allow_negative_numbers(numeric)
        .value_parser(parser(item(&flag.key.kind)))
}

fn item(kind: &ValueKind) -> &ValueKind {
    if let ValueKind::List(item) = kind { item } else { kind }
}

fn parser(kind: &'static ValueKind) -> ValueParser {
    match kind {
        ValueKind::Whole(range) => ValueParser::new(|text: &str| whole(text, range).map(Value::from)),
        ValueKind::Dollars => {
            ValueParser::new(|text: &str| text.parse().map(|dollars: Dollars| Value::from(dollars.amount())))
        }
        ValueKind::Choice(choices) => {
            let words = PossibleValuesParser::new(choices.iter().map(possible));
            ValueParser::new(words.map(Value::String))
        }
        ValueKind::Text | ValueKind::Switch | ValueKind::List(_) => {
            ValueParser::new(|text: &str| Ok::<Value, String>(Value::from(text)))
        }
    }
}

fn possible(choice: &Choice) -> PossibleValue {
    PossibleValue::new(choice.word.clone()).help(choice.meaning.trim_end_matches('.').to_owned())
}

/// Parses the name of an agent. The error suggests the backend nearest to a typo, or whose program has the typed name.
fn agent(text: &str) -> Result<Value, String> {
    let parsed: Result<AgentName, InvalidName> = text.parse();
    parsed.map(|name| Value::String(name.to_string())).map_err(|error| {
        let typed = text.split(':').next().unwrap_or_default();
        let typed = typed.rsplit('=').next().unwrap_or_default();
        let known: Vec<&str> = Backend::all().map(Backend::name).collect();
        let short = typed.split('-').next().filter(|short| known.contains(short)).unwrap_or(typed);
        let hint = match () {
            () if typed.contains(',') => "; repeat the flag for each further agent".to_owned(),
            () if known.contains(&typed) => String::new(),
            () => suggestion(short, known),
        };
        format!("{error}{hint}")
    })
}

fn given(flag: &Flag, matches: &ArgMatches) -> Vec<(String, Value)> {
    let values = || matches.get_many::<Value>(&flag.name).into_iter().flatten().cloned();
    let switched = |value| matches.get_flag(&flag.name).then(|| (flag.path.clone(), Value::from(value)));
    match flag.takes {
        Takes::On => switched(true).into_iter().collect(),
        Takes::Off(_) => switched(false).into_iter().collect(),
        Takes::Agent | Takes::Value(_) | Takes::Values(_) => {
            together(&flag.key.kind, values()).map(|value| (flag.path.clone(), value)).into_iter().collect()
        }
        Takes::ForRole(_) => {
            let mut by_role: BTreeMap<String, Vec<Value>> = BTreeMap::new();
            for value in values() {
                let (role, value) = of_role(value, &flag.key.kind);
                by_role.entry(role).or_default().push(value);
            }
            let of = |(role, values): (String, Vec<Value>)| {
                Some((in_role(&flag.path, &role)?, together(&flag.key.kind, values.into_iter())?))
            };
            by_role.into_iter().filter_map(of).collect()
        }
    }
}

/// Combines the values of a flag into that of a setting: all of them for a list, else the last.
fn together(kind: &ValueKind, values: impl Iterator<Item = Value>) -> Option<Value> {
    let values: Vec<Value> = values.collect();
    if matches!(kind, ValueKind::List(_)) {
        (!values.is_empty()).then_some(Value::Array(values))
    } else {
        values.into_iter().next_back()
    }
}

/// Splits a value into the part of the key for its role or label, and the rest. An argument of a program, which may contain `=`
/// itself, has no label.
fn of_role(value: Value, kind: &ValueKind) -> (String, Value) {
    let is_argument = matches!(kind, ValueKind::List(_));
    match value.as_str().and_then(|text| text.split_once('=')) {
        Some((role @ ("coder" | "reviewer"), rest)) => (format!("{role}."), Value::from(rest)),
        Some((label, rest)) if !is_argument && !label.contains('.') && label.parse::<Label>().is_ok() => {
            (format!("label.{label}."), Value::from(rest))
        }
        Some(_) | None => (String::new(), value),
    }
}

fn in_role(path: &str, role: &str) -> Option<String> {
    let (agent, name) = path.rsplit_once('.')?;
    Some(format!("{agent}.{role}{name}"))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::path::Path;

    use super::*;
    use crate::cli::config::layer::{Layer, PREFIX, SettingSource};

    struct EveryFlag;

    impl FlagChoice for EveryFlag {
        fn has(_: &Flag) -> bool {
            true
        }
    }

    fn parsed(words: &[&str]) -> Result<BTreeMap<String, Value>, Error> {
        let command = SettingFlags::<EveryFlag>::augment_args(Command::new("test").no_binary_name(true));
        let matches = command.try_get_matches_from(words)?;
        Ok(SettingFlags::<EveryFlag>::from_arg_matches(&matches)?.values)
    }

    /// Returns values of a flag, each with the same value in the syntax of a variable.
    fn examples(flag: &Flag) -> Vec<(String, String)> {
        let same = |text: &str| (text.to_owned(), text.to_owned());
        let quoted = |text: &str| (text.to_owned(), format!("['{text}']"));
        match (&flag.key.kind, item(&flag.key.kind)) {
            (ValueKind::List(_), ValueKind::Whole(_)) => vec![("7".to_owned(), "[7]".to_owned())],
            (ValueKind::List(_), _) => vec![quoted("sam=claude")],
            (ValueKind::Choice(choices), _) => choices.iter().map(|choice| same(&choice.word)).collect(),
            (ValueKind::Switch, _) => vec![(String::new(), (flag.takes == Takes::On).to_string())],
            (ValueKind::Whole(_), _) => vec![same("7")],
            (ValueKind::Dollars, _) => vec![same("2.5")],
            (ValueKind::Text, _) if matches!(flag.takes, Takes::ForRole(_)) => vec![same("sonnet")],
            (ValueKind::Text, _) => vec![same("sam=claude")],
        }
    }

    #[test]
    fn a_flag_equals_its_setting() {
        let folder = Path::new("/folder");
        let mut tried = 0;
        for flag in flags::all() {
            for (typed, configured) in examples(&flag) {
                let name = format!("--{}", flag.name);
                let words: Vec<&str> =
                    [name.as_str(), &typed].into_iter().filter(|word| !word.is_empty()).collect();
                let flags = Layer::from_values(parsed(&words).unwrap(), SettingSource::Flag, folder).unwrap();
                let variable = format!("{PREFIX}{}", flag.path.to_uppercase().replace('.', "__"));
                let variables = [(OsString::from(variable), OsString::from(configured))].into();
                let settings = Layer::from_variables(&variables, folder).unwrap();
                assert_eq!(flags.values, settings.values, "{words:?}");
                tried += 1;
            }
        }
        assert!(tried > 60, "only {tried} values were tested");
    }

    #[test]
    fn values_go_to_roles() {
        let words = [
            "--claude-model=opus",
            "--claude-model=reviewer=haiku",
            "--claude-model=sonnet",
            "--claude-model=builder=opus",
            "--codex-arg=--search",
            "--codex-arg=coder=-c",
            "--codex-arg=coder=model_provider=\"mine\"",
            "--antigravity-models",
            "A",
            "B",
        ];
        let all: Vec<String> =
            parsed(&words).unwrap().into_iter().map(|(path, value)| format!("{path} = {value}")).collect();
        assert_eq!(
            all,
            [
                "agents.antigravity.models = [\"A\", \"B\"]",
                "agents.claude.label.builder.model = \"opus\"",
                "agents.claude.model = \"sonnet\"",
                "agents.claude.reviewer.model = \"haiku\"",
                "agents.codex.args = [\"--search\"]",
                "agents.codex.coder.args = [\"-c\", 'model_provider=\"mine\"']",
            ]
        );
    }

    #[test]
    fn the_later_of_two_switches_wins() {
        for (words, parallel) in [
            (["--parallel-reviewers", "--no-parallel-reviewers"], false),
            (["--no-parallel-reviewers", "--parallel-reviewers"], true),
        ] {
            assert_eq!(parsed(&words).unwrap()["review.parallel"], Value::from(parallel), "{words:?}");
        }
    }

    #[test]
    fn wrong_values_get_advice() {
        for (words, advice) in [
            (&["--coder", "cluade"][..], "did you mean `claude`?"),
            (&["--on-quota", "wiat"], "a similar value exists: 'wait'"),
            (&["--max-rounds", "0"], "at least 1"),
            (&["--max-rounds", "1", "--max-rounds", "2"], "cannot be used multiple times"),
            (&["--antigravity-model", "a", "--antigravity-models", "b"], "cannot be used with"),
        ] {
            let error = parsed(words).unwrap_err().to_string();
            assert!(error.contains(advice), "{words:?}: {error}");
        }
    }
}
