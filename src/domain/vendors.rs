//! The agent programs of vendors: a table from which every list of them is derived.

use std::fmt;

/// Declares the enum of vendors, the list of them, and the table, from the rows.
macro_rules! vendors {
    ($($(#[$doc:meta])* $vendor:ident = $row:expr;)+) => {
        /// A vendor's agent program.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Vendor {
            $($(#[$doc])* $vendor,)+
        }

        impl Vendor {
            /// All vendors in the order in which messages list them.
            pub const ALL: &'static [Self] = &[$(Self::$vendor,)+];

            /// Returns the constant facts about this vendor's program.
            pub fn row(self) -> &'static VendorRow {
                match self {
                    $(Self::$vendor => const { &$row },)+
                }
            }
        }
    };
}

/// The constant facts about a vendor's program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VendorRow {
    /// The name on the command line and in records.
    pub name: &'static str,
    /// The names under which it signs its answers. In lower case.
    pub public_names: &'static [&'static str],
    /// Another name that is accepted on the command line.
    pub alias: Option<&'static str>,
    pub house: House,
    /// Words in the names of models that the program can use. In lower case.
    pub model_words: &'static [&'static str],
    /// Names of files and folders of a repository that configure the program. In lower case.
    pub agent_files: &'static [&'static str],
}

/// The company whose models answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum House {
    One(&'static str),
    /// The provider before the slash in the model's name.
    OfTheModel,
}

vendors! {
    Claude = VendorRow {
        name: "claude",
        public_names: &["claude", "claude code", "anthropic claude", "anthropic claude code"],
        alias: None,
        house: House::One("anthropic"),
        model_words: &["claude", "opus", "sonnet", "haiku"],
        agent_files: &[".claude", ".mcp.json", "claude.md", "claude.local.md"],
    };
    Codex = VendorRow {
        name: "codex",
        public_names: &["codex", "codex cli", "openai codex", "openai codex cli"],
        alias: None,
        house: House::One("openai"),
        model_words: &["gpt", "codex"],
        // Codex reads AGENTS.override.md instead of AGENTS.md if both exist.
        agent_files: &[".codex", "agents.override.md"],
    };
    Gemini = VendorRow {
        name: "gemini",
        public_names: &["gemini", "gemini cli", "google gemini", "google gemini cli"],
        alias: None,
        house: House::One("google"),
        model_words: &["gemini", "gemma"],
        // The last two list files that are hidden from the agent: a change could hide itself from its reviewer.
        agent_files: &[".gemini", "gemini.md", ".geminiignore", ".aiexclude"],
    };
    /// Antigravity CLI, also typed `agy`.
    Antigravity = VendorRow {
        name: "antigravity",
        public_names: &["antigravity", "antigravity cli", "google antigravity", "google antigravity cli"],
        alias: Some("agy"),
        house: House::One("google"),
        model_words: &[],
        // The older folder of rules, skills and workflows; the newer one is `.agents`.
        agent_files: &[".agent"],
    };
    /// `OpenCode`, which works with any provider.
    Opencode = VendorRow {
        name: "opencode",
        public_names: &["opencode"],
        alias: None,
        house: House::OfTheModel,
        model_words: &["llama", "qwen", "mistral", "deepseek", "kimi", "glm", "grok"],
        agent_files: &[".opencode", "opencode.json", "opencode.jsonc"],
    };
}

impl Vendor {
    /// Returns the name on the command line and in records.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Returns whether a vendor's program signs its answers with this name.
    pub fn is_public_name(name: &str) -> bool {
        let name = name.to_lowercase();
        Self::ALL.iter().any(|vendor| vendor.row().public_names.contains(&name.as_str()))
    }

    /// Returns the company that makes the models, given the requested model.
    pub fn house(self, model: Option<&str>) -> &str {
        match self.row().house {
            House::One(house) => house,
            House::OfTheModel => {
                model.and_then(|model| model.split_once('/')).map_or(self.name(), |(provider, _)| provider)
            }
        }
    }

    /// Replaces an alias of a vendor by its name.
    pub fn canonical(typed: &str) -> &str {
        let by_alias = Self::ALL.iter().find(|vendor| vendor.row().alias == Some(typed));
        by_alias.map_or(typed, |vendor| vendor.name())
    }
}

impl fmt::Display for Vendor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_and_aliases_are_distinct() {
        let names: Vec<&str> = Vendor::ALL
            .iter()
            .flat_map(|vendor| [Some(vendor.row().name), vendor.row().alias])
            .flatten()
            .collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    }

    #[test]
    fn words_are_lower_case() {
        for vendor in Vendor::ALL {
            let VendorRow { public_names, model_words, agent_files, .. } = vendor.row();
            for word in public_names.iter().chain(*model_words).chain(*agent_files) {
                assert_eq!(*word, word.to_lowercase());
            }
        }
    }
}
