//! A commented template for a settings file, generated from the schema: every key with its meaning and default.

use std::fmt::Write;

use serde_json::Value;

use super::keys::{self, NAME};

/// The sections that most people need, before the others.
const FIRST: [&str; 4] = ["roles", "gates", "tests", "review"];

/// Returns the template. All of its keys are comments, so it changes nothing until it is edited.
pub fn template() -> String {
    let mut text = String::from(
        "# Settings of agent-loop. Remove a `#` to change a setting; the values shown are the defaults.\n\
         # In a repository, agent-loop uses the version on the target branch.\n",
    );
    section(&keys::schema(), "", "", &mut text);
    text
}

fn section(node: &Value, path: &str, meaning: &str, text: &mut String) {
    let Some(Value::Object(members)) = node.get("properties") else { return };
    let (mut sections, settings): (Vec<_>, Vec<_>) =
        members.iter().partition(|(_, member)| member.get("properties").is_some() || named(member).is_some());
    sections.sort_by_key(|(name, _)| FIRST.iter().position(|first| first == name).unwrap_or(FIRST.len()));
    if !settings.is_empty() {
        // A heading with a name that the user chooses is a comment too.
        let mark = if path.contains(NAME) { "# " } else { "" };
        let _ = writeln!(text, "\n# {meaning}\n{mark}[{path}]");
    }
    for (name, member) in settings {
        let _ = writeln!(text, "# {}\n# {name} = {}", keys::meaning(member), example(path, name, member));
    }
    for (name, member) in sections {
        let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        let meaning = keys::meaning(member);
        match named(member) {
            Some(any) => section(any, &format!("{below}.{NAME}"), &meaning, text),
            None => section(member, &below, &meaning, text),
        }
    }
}

/// Returns the schema below names that the user chooses.
fn named(member: &Value) -> Option<&Value> {
    member.get("additionalProperties").filter(|any| any.is_object())
}

fn example(section: &str, name: &str, setting: &Value) -> String {
    let written = match (section, name) {
        ("agents.NAME", "cmd") => "\"my-agent\"",
        ("gates.command.NAME", "command") => "\"npm run lint\"",
        ("agents.NAME", "env") => "[\"MY_AGENT_KEY\"]",
        ("agents.NAME", "timeout_seconds") => "600",
        ("agents.NAME", "dir") => "\"../my-checkout\"",
        (_, "args") => "[\"--verbose\"]",
        (_, "model") => "\"opus\"",
        (_, "effort") => "\"high\"",
        ("roles", "coder") => "\"sam=command:NAME\"",
        ("roles", "reviewers") => "[\"strict=command:NAME\", \"quick=command:./tools/quick.sh\"]",
        ("roles", "analyzer") => "\"ana=command:NAME\"",
        ("discuss", "debater_timeout_seconds") => "1800",
        ("roles", "implementation_coder") => "\"bob=command:NAME\"",
        ("roles", "repair") => "\"command:NAME\"",
        (_, "models") => "[\"large\", \"small\"]",
        ("trust", "recorders") => "[\"ci-bot\"]",
        ("trust", "humans") => "[\"ada\"]",
        ("redact", "variables") => "[\"MY_SERVICE_LOGIN\"]",
        ("gates.tests", "command") => "\"cargo test\"",
        ("gates.tests", "setup") => "\"npm ci\"",
        ("gates.score", "aislop_command") => "\"/opt/aislop/bin/aislop\"",
        ("gates.score", "command") => "\"/usr/local/bin/my-scorer\"",
        ("gates.score", "min_score") => "70",
        ("gates.score", "max_new_warnings") | ("gates.score.engines.NAME", "max_new") => "0",
        ("gates.score", "required_engines") => "[\"lint\", \"security\"]",
        ("forge", "repository") => "\"octo/hello\"",
        ("gates", "scope") => "[\"src/\"]",
        ("gates", "off") => "[\"score\"]",
        ("gates.ci", "check_name") => "\"build\"",
        ("agent_memory", "dir") => "\".agent-memory\"",
        ("paths", "logs") => "\"/var/log/agent-loop\"",
        (_, _) => "",
    };
    if !written.is_empty() {
        return written.to_owned();
    }
    setting.get("default").map_or_else(|| "…".to_owned(), Value::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::config::layer::{Layer, SettingSource};
    use crate::cli::config::merged::Configuration;
    use std::path::Path;

    fn settings(text: &str) -> Configuration {
        let layer =
            Layer::from_text(text, SettingSource::User("config.toml".into()), Path::new("/home")).unwrap();
        Configuration::merge([Layer::defaults(), layer]).unwrap()
    }

    #[test]
    fn roles_and_tests_come_first() {
        let template = template();
        let headings: Vec<&str> = template.lines().filter(|line| line.starts_with('[')).take(3).collect();
        assert_eq!(headings, ["[roles]", "[gates]", "[gates.tests]"]);
    }

    #[test]
    fn the_template_changes_nothing() {
        assert_eq!(settings(&template()).settings, settings("").settings);
    }

    #[test]
    fn every_template_line_is_valid() {
        let is_setting = |line: &&str| line.starts_with("# ") && line.contains(" = ");
        let bare: Vec<String> = template()
            .lines()
            .map(|line| {
                let bare = is_setting(&line) || line.starts_with("# [");
                if bare { line.trim_start_matches("# ").to_owned() } else { line.to_owned() }
            })
            .collect();
        // `model` and `models` exclude each other.
        let without = |left_out: &str| {
            let kept = bare.iter().filter(|line| !line.starts_with(left_out)).map(String::as_str);
            settings(&kept.collect::<Vec<&str>>().join("\n"))
        };
        let all = [without("model = "), without("models = ")];
        for key in keys::known() {
            let set = all
                .iter()
                .flat_map(Configuration::values)
                .any(|(path, _, source)| key.is(path) && *source != SettingSource::Default);
            assert!(set, "{}", key.path);
        }
    }
}
