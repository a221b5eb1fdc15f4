//! A flag that sets a setting. Its description comes from the setting.

use super::keys::{self, KnownKey, ValueKind};

use Takes::{Agent, ForRole, Off, On, Value, Values};

/// The values that a flag takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// None: the flag switches the setting on.
    On,
    /// None: the flag switches the setting off. The text is the help of the flag.
    Off(&'static str),
    Agent,
    /// One value, with its name in the help. Each occurrence of the flag extends a list.
    Value(&'static str),
    /// One or more values.
    Values(&'static str),
    /// A value for all roles, or `ROLE=VALUE` for one.
    ForRole(&'static str),
}

/// A flag that sets a setting.
#[derive(Debug, Clone)]
pub struct Flag {
    pub name: String,
    /// The path of the setting, with a name instead of `NAME`.
    pub path: String,
    pub key: &'static KnownKey,
    pub takes: Takes,
    pub heading: String,
    pub help: String,
}

impl Flag {
    /// Creates the flag for a setting; `None` if the setting does not exist.
    pub(super) fn new(heading: &str, name: &str, path: &str, takes: Takes) -> Option<Self> {
        let key = keys::find(path)?;
        let meaning = key.meaning.trim_end_matches('.');
        let help = match (takes, &key.kind) {
            (On, _) => meaning.to_owned(),
            (Off(help), _) => help.to_owned(),
            (Agent | Value(_), ValueKind::List(_)) => {
                described(&format!("{meaning}; repeat for more"), key.default.as_deref())
            }
            (Agent | Value(_) | Values(_) | ForRole(_), _) => described(meaning, key.default.as_deref()),
        };
        Some(Self {
            name: name.to_owned(),
            path: path.to_owned(),
            key,
            takes,
            heading: heading.to_owned(),
            help,
        })
    }

    /// Replaces the description by one for a vendor.
    pub(super) fn described(self, meaning: &str, default: Option<&str>) -> Self {
        Self { help: described(meaning, default), ..self }
    }
}

fn described(meaning: &str, default: Option<&str>) -> String {
    default.map_or_else(|| meaning.to_owned(), |default| format!("{meaning} [default: {default}]"))
}
