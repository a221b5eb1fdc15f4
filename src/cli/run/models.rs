//! The models of an agent in each role, and other settings that differ between roles.

use crate::adapters::agents::vendors;
use crate::cli::config::settings::{AgentSettings, RoleSettings, Settings};
use crate::domain::agent::{AgentName, Backend, Detail, Role};
use crate::domain::ids::Label;
use crate::domain::vendors::Vendor;

/// Returns the settings of an agent, if there are any.
pub fn settings_of<'settings>(
    name: &AgentName,
    settings: &'settings Settings,
) -> Option<&'settings AgentSettings> {
    let configured = match name.backend.detail() {
        Detail::Nothing => name.backend.name(),
        Detail::Program => name.detail.as_deref()?,
        Detail::Script => return None,
    };
    settings.agents.get(Backend::canonical(configured))
}

/// Returns the settings that are different for an agent of this label in a role: those of the label come first.
pub fn special(settings: &AgentSettings, label: &Label, role: Role) -> RoleSettings {
    let of_role = match role {
        Role::Coder => settings.coder.clone(),
        Role::Reviewer | Role::Debater => settings.reviewer.clone(),
        Role::Analyzer | Role::Repair => RoleSettings::default(),
    };
    let Some(own) = settings.label.get(label.as_str()).cloned() else { return of_role };
    let names_models = own.model.is_some() || !own.models.is_empty();
    let (model, models) =
        if names_models { (own.model, own.models) } else { (of_role.model, of_role.models) };
    let effort = own.effort.or(of_role.effort);
    RoleSettings { model, models, effort, args: [of_role.args, own.args].concat() }
}

/// Returns the models of an agent in a role, in order; empty if its program chooses.
///
/// # Errors
/// When both one model and a chain of models are named in one place.
pub fn chain(name: &AgentName, role: Role, settings: &Settings) -> Result<Vec<String>, String> {
    let Some(agent) = settings_of(name, settings) else { return Ok(Vec::new()) };
    let special = special(agent, &name.label, role);
    let names_models = special.model.is_some() || !special.models.is_empty();
    let (model, models) =
        if names_models { (&special.model, &special.models) } else { (&agent.model, &agent.models) };
    match (model, models.as_slice()) {
        (Some(model), []) => Ok(vec![model.clone()]),
        (None, models) => Ok(models.to_vec()),
        (Some(_), [_, ..]) => {
            Err(format!("`model` and `models` are both set for `{}`; set only one of them", name.backend))
        }
    }
}

/// Checks that a program cannot mistake models and efforts for flags, because a file of the repository may name them without
/// being trusted.
///
/// # Errors
/// When one is invalid, or both a model and a chain of models are named in one place; the text names the key.
pub fn check(settings: &Settings) -> Result<(), String> {
    for (name, agent) in &settings.agents {
        let own = RoleSettings {
            model: agent.model.clone(),
            models: agent.models.clone(),
            effort: agent.effort.clone(),
            args: Vec::new(),
        };
        check_words(&format!("agents.{name}"), &own)?;
        for (part, words) in differences(agent) {
            check_words(&format!("agents.{name}.{part}"), words)?;
        }
        check_efforts(name, agent)?;
        check_arguments(name, agent)?;
    }
    if settings.turns.max_retries > MOST_RETRIES {
        return Err(format!("turns.max_retries: at most {MOST_RETRIES}"));
    }
    settings.repair.models.iter().try_for_each(|model| check_word("repair.models", model))
}

/// Returns the settings for roles and labels, each with its part of the key.
fn differences(agent: &AgentSettings) -> impl Iterator<Item = (String, &RoleSettings)> {
    let roles = [("coder".to_owned(), &agent.coder), ("reviewer".to_owned(), &agent.reviewer)];
    roles.into_iter().chain(agent.label.iter().map(|(label, own)| (format!("label.{label}"), own)))
}

/// Returns an error if the arguments of an agent name a model besides its settings: programs refuse both, or choose silently.
fn check_arguments(name: &str, agent: &AgentSettings) -> Result<(), String> {
    let of_parts = differences(agent).map(|(_, own)| (&own.model, &own.models));
    let mut parts = std::iter::once((&agent.model, &agent.models)).chain(of_parts);
    let model = parts.find_map(|(model, models)| model.as_ref().or_else(|| models.first()));
    let mut arguments = agent.args.iter().chain(differences(agent).flat_map(|(_, own)| &own.args));
    let names_one =
        |word: &&String| word.as_str() == "-m" || word.as_str() == "--model" || word.starts_with("--model=");
    match (model, arguments.find(names_one)) {
        (Some(model), Some(argument)) => Err(format!(
            "agents.{name}: the model is named twice, as `{model}` and by the argument `{argument}`; omit one of them"
        )),
        (_, _) => Ok(()),
    }
}

/// The maximum number of retries of a failure that may be temporary.
const MOST_RETRIES: u32 = 20;

/// Returns an error for an effort that a vendor's program would reject or ignore.
fn check_efforts(name: &str, agent: &AgentSettings) -> Result<(), String> {
    let Some(vendor) = Vendor::ALL.iter().copied().find(|vendor| vendor.name() == name) else {
        return Ok(());
    };
    let cli = vendors::cli(vendor);
    efforts(agent)
        .try_for_each(|effort| cli.check_effort(effort))
        .map_err(|why| format!("agents.{name}: {why}"))
}

fn efforts(agent: &AgentSettings) -> impl Iterator<Item = &String> {
    agent.effort.iter().chain(differences(agent).filter_map(|(_, own)| own.effort.as_ref()))
}

fn check_words(section: &str, words: &RoleSettings) -> Result<(), String> {
    if words.model.is_some() && !words.models.is_empty() {
        return Err(format!("[{section}] sets both `model` and `models`; set only one of them"));
    }
    let model = words.model.iter().map(|word| ("model", word));
    let models = words.models.iter().map(|word| ("models", word));
    let effort = words.effort.iter().map(|word| ("effort", word));
    let mut all = model.chain(models).chain(effort);
    all.try_for_each(|(key, word)| check_word(&format!("{section}.{key}"), word))
}

fn check_word(key: &str, word: &str) -> Result<(), String> {
    const LONGEST: usize = 200;
    let why = if word.trim().is_empty() {
        "is empty"
    } else if word.starts_with('-') {
        "would be read as a flag"
    } else if word.contains('=') {
        "contains `=`: the part before `=` must be a role, coder or reviewer, or the label of an agent"
    } else if word.len() > LONGEST || word.chars().any(char::is_control) {
        "is no name"
    } else {
        return Ok(());
    };
    Err(format!("{key}: `{}` {why}", word.escape_debug().take(LONGEST).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_has_its_own_model() {
        let text = "[agents.claude]\nmodel = 'a'\neffort = 'low'\n[agents.claude.coder]\nmodel = 'b'\nargs = ['x']\n\
                    [agents.claude.label.builder]\nmodel = 'c'\neffort = 'high'\nargs = ['y']";
        let settings: Settings = toml::from_str(text).unwrap();
        for (name, model) in [("claude", "b"), ("builder=claude", "c")] {
            assert_eq!(chain(&name.parse().unwrap(), Role::Coder, &settings).unwrap(), [model]);
        }
        let own = special(&settings.agents["claude"], &"builder".parse().unwrap(), Role::Coder);
        assert_eq!((own.effort.as_deref(), own.args), (Some("high"), vec!["x".to_owned(), "y".to_owned()]));
        let wrong = "[agents.claude.label.builder]\nmodel = '--help'";
        assert!(
            check(&toml::from_str(wrong).unwrap())
                .unwrap_err()
                .starts_with("agents.claude.label.builder.model: ")
        );
    }

    #[test]
    fn models_and_efforts_are_never_flags() {
        for (key, word) in [
            ("agents.opencode.model", "--attach=http://127.0.0.1:1/"),
            ("agents.claude.effort", "--help"),
            ("agents.claude.reviewer.model", ""),
            ("agents.codex.coder.effort", "high\nx"),
            ("agents.codex.model", "-c"),
        ] {
            let parts: Vec<&str> = key.split('.').collect();
            let (section, name) = key.rsplit_once('.').unwrap();
            let text = format!("[{section}]\n{name} = {}", toml::Value::from(word));
            let settings: Settings = toml::from_str(&text).unwrap();
            let why = check(&settings).unwrap_err();
            assert!(why.starts_with(&format!("{}: ", parts.join("."))), "{why}");
        }
        let chains = "[agents.antigravity]\nmodels = ['a', '--b']";
        assert!(check(&toml::from_str(chains).unwrap()).is_err());
        let unknown = ["[agents.codex]\neffort = 'High'", "[agents.gemini.reviewer]\neffort = 'high'"];
        assert!(unknown.iter().all(|text| check(&toml::from_str(text).unwrap()).is_err()));
        assert!(check(&toml::from_str("[repair]\nmodels = ['-x']").unwrap()).is_err());
        let both = "[agents.claude]\nmodel = 'a'\nmodels = ['b']";
        assert!(check(&toml::from_str(both).unwrap()).unwrap_err().contains("set only one of them"));
        let twice = "[agents.codex]\nargs = ['--model=y']\n[agents.codex.reviewer]\nmodel = 'x'";
        assert!(check(&toml::from_str(twice).unwrap()).unwrap_err().contains("named twice"));
        let good = "[agents.antigravity]\nmodel = 'Gemini 3.1 Pro (High)'\neffort = 'high'";
        assert_eq!(check(&toml::from_str(good).unwrap()), Ok(()));
    }
}
