//! The vendors' agent programs: one row for each, from which every list of them is derived.

use std::fmt;

/// Declares the enum of vendors' programs, the list of them, and the row of each, from the rows alone.
macro_rules! vendors {
    ($($(#[$doc:meta])* $vendor:ident = $row:expr;)+) => {
        /// A vendor's agent program.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Vendor {
            $($(#[$doc])* $vendor,)+
        }

        impl Vendor {
            /// Every vendor, in the order in which they are listed to people.
            pub const ALL: &'static [Self] = &[$(Self::$vendor,)+];

            /// Returns the facts that are fixed for this vendor's program.
            pub fn row(self) -> &'static VendorRow {
                match self {
                    $(Self::$vendor => const { &$row },)+
                }
            }
        }
    };
}

/// The facts that are fixed for a vendor's program and that do not depend on a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VendorRow {
    /// The name that is typed and recorded.
    pub name: &'static str,
    /// Another name that may be typed.
    pub alias: Option<&'static str>,
    pub house: House,
    /// Words that occur in the names of models which the program can ask. In lower case.
    pub model_words: &'static [&'static str],
    /// Names of files and folders of a repository that configure the program. In lower case.
    pub agent_files: &'static [&'static str],
}

/// The company whose models answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum House {
    One(&'static str),
    /// The provider that stands before the slash of the model's name.
    OfTheModel,
}

vendors! {
    Claude = VendorRow {
        name: "claude",
        alias: None,
        house: House::One("anthropic"),
        model_words: &["claude", "opus", "sonnet", "haiku"],
        agent_files: &[".claude", ".mcp.json", "claude.md", "claude.local.md"],
    };
    Codex = VendorRow {
        name: "codex",
        alias: None,
        house: House::One("openai"),
        model_words: &["gpt", "codex"],
        // Codex reads AGENTS.override.md instead of AGENTS.md if both are there.
        agent_files: &[".codex", "agents.override.md"],
    };
    Gemini = VendorRow {
        name: "gemini",
        alias: None,
        house: House::One("google"),
        model_words: &["gemini", "gemma"],
        // The last two name files that are hidden from the agent: a change could hide itself from its reviewer.
        agent_files: &[".gemini", "gemini.md", ".geminiignore", ".aiexclude"],
    };
    /// Antigravity CLI, also typed `agy`.
    Antigravity = VendorRow {
        name: "antigravity",
        alias: Some("agy"),
        house: House::One("google"),
        model_words: &[],
        // The older folder of rules, skills and workflows; the newer one is `.agents`.
        agent_files: &[".agent"],
    };
    /// `OpenCode`, which asks any provider.
    Opencode = VendorRow {
        name: "opencode",
        alias: None,
        house: House::OfTheModel,
        model_words: &["llama", "qwen", "mistral", "deepseek", "kimi", "glm", "grok"],
        agent_files: &[".opencode", "opencode.json", "opencode.jsonc"],
    };
}

impl Vendor {
    /// Returns the name that is typed and recorded.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Returns the company whose models answer, given the model that is asked.
    pub fn house(self, model: Option<&str>) -> &str {
        match self.row().house {
            House::One(house) => house,
            House::OfTheModel => {
                model.and_then(|model| model.split_once('/')).map_or(self.name(), |(provider, _)| provider)
            }
        }
    }

    /// Returns the name under which the settings of an agent are stored that was typed by its alias.
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
    fn words_of_rows_are_lower_case() {
        for vendor in Vendor::ALL {
            let VendorRow { model_words, agent_files, .. } = vendor.row();
            for word in model_words.iter().chain(*agent_files) {
                assert_eq!(*word, word.to_lowercase());
            }
        }
    }
}
