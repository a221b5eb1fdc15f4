//! Reads the file of a `scripted:` agent, chooses the entry for a turn, and fills placeholders. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use crate::domain::agent::Role;
use crate::domain::nonce::Nonce;
use crate::protocol::context::Context;

/// A file of turns.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TurnScript {
    pub turns: Vec<ScriptedTurn>,
}

/// One turn of a script.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScriptedTurn {
    /// The role of the turn; any role if absent.
    pub role: Option<Role>,
    /// The files to write or to remove.
    pub files: BTreeMap<String, Option<String>>,
    /// The message of a commit with these files, which the agent makes itself.
    pub commit: Option<String>,
    pub answer: Option<Value>,
    /// The answer as text.
    pub raw: Option<String>,
    pub exit: Option<i32>,
    /// The duration of the turn.
    pub sleep_ms: Option<u64>,
    /// The reset time of the quota, with exit code 75.
    pub quota_resets_at: Option<Timestamp>,
}

/// Returns the turn that follows this number of turns.
///
/// # Errors
/// When the script is invalid or has no turn left.
pub fn turn(text: &str, role: Role, script_index: u32) -> Result<ScriptedTurn, String> {
    let script: TurnScript =
        serde_json::from_str(text).map_err(|error| format!("its script is invalid: {error}"))?;
    let fitting: Vec<ScriptedTurn> =
        script.turns.into_iter().filter(|turn| turn.role.is_none_or(|wanted| wanted == role)).collect();
    let count = fitting.len();
    let index = usize::try_from(script_index).unwrap_or(usize::MAX);
    let past = || {
        format!(
            "its script has {count} turns for a {role}, turn {} was requested",
            script_index.saturating_add(1)
        )
    };
    fitting.into_iter().nth(index).ok_or_else(past)
}

/// The values of placeholders.
#[derive(Debug, Clone, Copy)]
pub struct Referents<'turn> {
    pub context: &'turn Context,
    pub nonce: Option<&'turn Nonce>,
}

impl Referents<'_> {
    /// Fills the placeholders of an answer.
    ///
    /// # Errors
    /// When a placeholder has no value.
    pub fn fill(&self, answer: &Value) -> Result<Value, String> {
        match answer {
            Value::String(text) if text == "{{items}}" => {
                let ids = self.context.items.iter().map(|item| Value::String(item.id.clone()));
                Ok(Value::Array(ids.collect()))
            }
            Value::String(text) => self.words(text).map(Value::String),
            Value::Array(values) => {
                values.iter().map(|value| self.fill(value)).collect::<Result<_, _>>().map(Value::Array)
            }
            Value::Object(members) => {
                let filled = members.iter().map(|(key, value)| Ok((self.words(key)?, self.fill(value)?)));
                filled.collect::<Result<_, String>>().map(Value::Object)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(answer.clone()),
        }
    }

    /// Fills `{{item:N}}`, `{{hr:N}}` and `{{nonce}}` in a text.
    ///
    /// # Errors
    /// Same as [`Self::fill`].
    pub fn words(&self, text: &str) -> Result<String, String> {
        let mut filled = String::new();
        let mut rest = text;
        while let Some((before, tail)) = rest.split_once("{{") {
            let Some((name, after)) = tail.split_once("}}") else {
                break;
            };
            filled.push_str(before);
            let nothing = || format!("the placeholder {{{{{name}}}}} has no value");
            filled.push_str(self.referent(name).ok_or_else(nothing)?);
            rest = after;
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn referent(&self, name: &str) -> Option<&str> {
        if name == "nonce" {
            return self.nonce.map(Nonce::as_str);
        }
        let (kind, number) = name.split_once(':')?;
        let index = number.parse::<usize>().ok()?.checked_sub(1)?;
        match kind {
            "item" => self.context.items.get(index).map(|item| item.id.as_str()),
            "hr" => self.context.requirements.get(index).map(|requirement| requirement.id.as_str()),
            _ => None,
        }
    }
}
