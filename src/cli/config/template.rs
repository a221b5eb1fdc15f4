//! A commented template for a file of settings, made from the schema: every key with its meaning and default.

use std::fmt::Write;

use serde_json::Value;

use super::keys::{self, NAME};

/// Returns the template. Everything in it is a comment, so it changes nothing until it is edited.
pub fn template() -> String {
    let mut text = String::from(
        "# Settings of agent-loop. Remove a `#` to change a setting; the values shown are the defaults.\n\
         # In a repository the version on the branch to be changed counts.\n",
    );
    section(&keys::schema(), "", &mut text);
    text
}

fn section(node: &Value, path: &str, text: &mut String) {
    let Some(Value::Object(members)) = node.get("properties") else { return };
    let is_section = |member: &Value| member.get("properties").is_some();
    if members.values().any(|member| !is_section(member) && named(member).is_none()) {
        let _ = writeln!(text, "\n# {}\n[{path}]", keys::meaning(node));
    }
    for (name, member) in members {
        if !is_section(member) && named(member).is_none() {
            let _ = writeln!(text, "# {}\n# {name} = {}", keys::meaning(member), example(path, name, node));
        }
    }
    for (name, member) in members {
        let below = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match named(member) {
            Some(any) => section_of_a_name(any, &below, member, text),
            None => section(member, &below, text),
        }
    }
}

/// Returns the schema below names of the user's choice.
fn named(member: &Value) -> Option<&Value> {
    member.get("additionalProperties").filter(|any| any.is_object())
}

fn section_of_a_name(any: &Value, path: &str, member: &Value, text: &mut String) {
    let _ = writeln!(text, "\n# {}\n# [{path}.{NAME}]", keys::meaning(member));
    keys_of_a_name(any, path, text);
    let Some(Value::Object(members)) = any.get("properties") else { return };
    for (name, member) in members.iter().filter(|(_, member)| member.get("properties").is_some()) {
        let _ = writeln!(text, "\n# {}\n# [{path}.{NAME}.{name}]", keys::meaning(member));
        keys_of_a_name(member, &format!("{path}.{NAME}"), text);
    }
}

fn keys_of_a_name(any: &Value, path: &str, text: &mut String) {
    let Some(Value::Object(members)) = any.get("properties") else { return };
    for (name, member) in members.iter().filter(|(_, member)| member.get("properties").is_none()) {
        let _ = writeln!(text, "# {}\n# {name} = {}", keys::meaning(member), example(path, name, any));
    }
}

fn example(section: &str, name: &str, node: &Value) -> String {
    let written = match (section, name) {
        ("agents", "cmd") => "\"my-agent\"",
        ("agents" | "agents.NAME", "args") => "[\"--verbose\"]",
        ("agents", "env") => "[\"MY_AGENT_KEY\"]",
        ("agents", "timeout_seconds") => "600",
        ("agents" | "agents.NAME", "model") => "\"opus\"",
        ("agents" | "agents.NAME", "models") => "[\"large\", \"small\"]",
        ("agents" | "agents.NAME", "effort") => "\"high\"",
        ("agents", "dir") => "\"../my-checkout\"",
        ("roles", "coder") => "\"sam=command:NAME\"",
        ("roles", "reviewers") => "[\"strict=command:NAME\", \"quick=command:./tools/quick.sh\"]",
        ("roles", "repair") => "\"command:NAME\"",
        ("repair", "models") => "[\"small\", \"large\"]",
        ("trust", "recorders") => "[\"ci-bot\"]",
        ("trust", "humans") => "[\"ada\"]",
        ("redact", "variables") => "[\"MY_SERVICE_LOGIN\"]",
        ("gates.tests", "command") => "\"cargo test\"",
        ("agent_memory", "dir") => "\".agent-memory\"",
        ("paths", "logs") => "\"/var/log/agent-loop\"",
        (_, _) => "",
    };
    if !written.is_empty() {
        return written.to_owned();
    }
    let default =
        node.get("properties").and_then(|members| members.get(name)).and_then(|one| one.get("default"));
    default.map_or_else(|| "…".to_owned(), Value::to_string)
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
        // A file says one of the two.
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
