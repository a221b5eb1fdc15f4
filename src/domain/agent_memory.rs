//! What is known of a repository before anybody looks into it. Users call it the agent memory.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ids::CommitSha;

/// What the files of one commit say about their repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentMemory {
    /// The commit whose files were read.
    pub made_at: CommitSha,
    /// The whole in a few words.
    pub summary: Summary,
    /// The folders at the top.
    pub architecture: Listed<Area>,
    pub modules: Listed<Module>,
    pub tests: TestProfile,
    /// The versions that files pin.
    pub toolchain: Listed<Pin>,
}

/// The beginning of a list, and how much of it was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed<T> {
    pub shown: Vec<T>,
    /// How many more there were.
    pub omitted: usize,
}

impl<T> Listed<T> {
    /// At most so many of these.
    pub fn first(most: usize, all: impl IntoIterator<Item = T>) -> Self {
        let mut all = all.into_iter();
        let shown = all.by_ref().take(most).collect();
        Self { shown, omitted: all.count() }
    }
}

/// The whole in a few words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// What a manifest calls it.
    pub name: Option<String>,
    /// The first paragraph of the README, else what a manifest says.
    pub about: Option<String>,
    /// How many files are tracked.
    pub files: u64,
    pub bytes: u64,
    pub languages: Listed<Language>,
}

/// How much of a repository is in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Language {
    pub name: String,
    pub files: u64,
    pub bytes: u64,
}

/// A folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// Its path; empty is the root.
    pub path: String,
    /// Files in and below it.
    pub files: u64,
    /// The language of most of them.
    pub language: Option<String>,
    /// What a file in it says it is for.
    pub about: Option<String>,
}

/// A package or a source file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    pub path: String,
    /// What it says it is for.
    pub about: Option<String>,
}

/// How a repository is tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestProfile {
    /// The commit whose files were read.
    pub made_at: CommitSha,
    /// Commands that manifests and CI name.
    pub commands: Listed<TestCommand>,
    /// Folders in which tests lie.
    pub places: Listed<Area>,
    /// Test frameworks that manifests name.
    pub frameworks: Listed<String>,
}

/// A command that runs tests or checks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TestCommand {
    pub command: String,
    /// The file that names it.
    pub source: String,
}

/// A version that a file pins.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pin {
    pub source: String,
    pub says: String,
}

/// What changed since an agent memory was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    Known(Vec<String>),
    /// The last one was of a commit that can't be compared: every tracked file counts as changed since it.
    NotDiffable {
        since: CommitSha,
    },
}

/// What agents are told: an agent memory, and how far it may be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Briefing {
    pub memory: AgentMemory,
    /// The commit that it was compared with.
    pub compared_with: CommitSha,
    pub changed: Changed,
}

/// A folder inside a checkout, in which files of ours lie beside those of the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutFolder(Vec<String>);

/// The longest path of such a folder, in bytes: far below what any system takes.
const LONGEST_PATH: usize = 200;

/// Names that mean something to git.
const NAMES_OF_GIT: [&str; 6] = [".git", "git~1", ".gitmodules", ".gitattributes", ".gitignore", ".gitkeep"];

impl CheckoutFolder {
    /// The names of the folders on the way to it, and its own.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether a path of a repository is this folder or lies in it.
    pub fn holds(&self, path: &[u8]) -> bool {
        let mut parts = path.split(|byte| *byte == b'/');
        self.0.iter().all(|own| parts.next() == Some(own.as_bytes()))
    }
}

impl fmt::Display for CheckoutFolder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.join("/"))
    }
}

impl FromStr for CheckoutFolder {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = |why: &str| Err(format!("`{text}` is no folder inside a checkout: {why}"));
        let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-' | '/');
        if text.starts_with('/') {
            return wrong("it is an absolute path");
        }
        if text.len() > LONGEST_PATH {
            return wrong("it is longer than 200 bytes");
        }
        if !text.chars().all(plain) {
            return wrong("use letters, digits, `.`, `_`, `-` and `/` only");
        }
        let parts: Vec<&str> = text.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        if parts.is_empty() {
            return wrong("it is the checkout itself");
        }
        for part in &parts {
            if part.bytes().all(|byte| byte == b'.') {
                return wrong("it leads out of it");
            }
            // Some file systems take no notice of a dot at the end, or of the case.
            let name = part.trim_end_matches('.').to_ascii_lowercase();
            if NAMES_OF_GIT.contains(&name.as_str()) {
                return wrong(&format!("`{part}` belongs to git"));
            }
        }
        Ok(Self(parts.into_iter().map(str::to_owned).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bad_folders_are_refused_with_reasons() {
        for (text, why) in [
            ("", "itself"),
            (".", "itself"),
            ("./", "itself"),
            ("/etc", "absolute"),
            ("//x", "absolute"),
            ("~/x", "letters"),
            ("C:/x", "letters"),
            ("a\\b", "letters"),
            ("a\nb", "letters"),
            ("..", "leads out"),
            ("a/../../b", "leads out"),
            ("a/...", "leads out"),
            (".git", "git"),
            (".GIT/x", "git"),
            ("a/.git./x", "git"),
            (".gitmodules", "git"),
        ] {
            let refusal = text.parse::<CheckoutFolder>().unwrap_err();
            assert!(refusal.contains(why), "{text:?}: {refusal}");
        }
        assert_eq!("./.agent//memory/".parse::<CheckoutFolder>().unwrap().to_string(), ".agent/memory");
    }

    #[test]
    fn a_folder_holds_what_is_below() {
        let folder: CheckoutFolder = "a/b".parse().unwrap();
        for path in ["a/b", "a/b/", "a/b/c"] {
            assert!(folder.holds(path.as_bytes()), "{path}");
        }
        for path in ["a", "a/bc", "b/a/b", ""] {
            assert!(!folder.holds(path.as_bytes()), "{path}");
        }
    }

    proptest! {
        #[test]
        fn no_folder_leaves_its_checkout(text in "[a-z./~\\\\:]{0,12}|(\\.\\.|\\.git|x|/|\\.){0,6}") {
            if let Ok(folder) = text.parse::<CheckoutFolder>() {
                prop_assert!(folder.parts().count() > 0);
                prop_assert!(folder.parts().all(|part| !part.is_empty() && part != "." && part != ".."));
                prop_assert!(folder.parts().all(|part| !part.eq_ignore_ascii_case(".git")));
                prop_assert_eq!(folder.to_string().parse::<CheckoutFolder>(), Ok(folder));
            }
        }
    }
}
