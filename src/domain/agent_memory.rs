//! The agent memory: facts about a repository that agents get in their prompts.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::ids::CommitSha;

/// The facts about a repository, read from the files of one commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentMemory {
    /// The commit whose files were read.
    pub made_at: CommitSha,
    pub summary: Summary,
    /// The top folders.
    pub architecture: Listed<Area>,
    pub modules: Listed<Module>,
    pub tests: TestProfile,
    /// The versions that files pin.
    pub toolchain: Listed<Pin>,
}

/// The beginning of a list, with the number of omitted elements.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed<T> {
    pub shown: Vec<T>,
    pub omitted: usize,
}

impl<T> Listed<T> {
    /// Takes at most `most` elements.
    pub fn first(most: usize, all: impl IntoIterator<Item = T>) -> Self {
        let mut all = all.into_iter();
        let shown = all.by_ref().take(most).collect();
        Self { shown, omitted: all.count() }
    }
}

/// A summary of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The name in a manifest.
    pub name: Option<String>,
    /// The first paragraph of the README, else the description in a manifest.
    pub about: Option<String>,
    /// The number of tracked files.
    pub files: u64,
    pub bytes: u64,
    pub languages: Listed<Language>,
}

/// The share of a language in a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Language {
    pub name: String,
    pub files: u64,
    pub bytes: u64,
}

/// A folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Area {
    /// The path; empty for the root.
    pub path: String,
    /// The number of files in and below the folder.
    pub files: u64,
    /// The language of most of these files.
    pub language: Option<String>,
    /// The purpose of the folder according to one of its files.
    pub about: Option<String>,
}

/// A package or a source file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    pub path: String,
    /// The purpose according to the file itself.
    pub about: Option<String>,
}

/// The tests of a repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestProfile {
    /// The commit whose files were read.
    pub made_at: CommitSha,
    /// Commands from manifests and CI files.
    pub commands: Listed<TestCommand>,
    /// Folders with tests.
    pub places: Listed<Area>,
    /// Test frameworks from manifests.
    pub frameworks: Listed<String>,
}

/// A command that runs tests or checks.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TestCommand {
    pub command: String,
    /// The file with the command.
    pub source: String,
}

/// A pinned version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pin {
    pub source: String,
    pub says: String,
}

/// The files that changed since an agent memory was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    Known(Vec<String>),
    /// The commit of the memory cannot be compared: all tracked files are treated as changed.
    NotDiffable {
        since: CommitSha,
    },
}

/// The agent memory in a prompt, with the changes since it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Briefing {
    pub memory: AgentMemory,
    pub compared_with: CommitSha,
    pub changed: Changed,
}

/// A folder for our files inside a checkout of the user's repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckoutFolder(Vec<String>);

/// The maximum length of the path in bytes, far below the limit of any system.
const LONGEST_PATH: usize = 200;

/// Names with a meaning to git.
const NAMES_OF_GIT: [&str; 6] = [".git", "git~1", ".gitmodules", ".gitattributes", ".gitignore", ".gitkeep"];

impl CheckoutFolder {
    /// Returns the components of the path.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Returns whether a path of the repository is this folder or below it.
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
        let wrong = |why: &str| Err(format!("`{text}` is not a folder inside a checkout: {why}"));
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
                return wrong("it leads out of the checkout");
            }
            // Some file systems ignore trailing dots and case.
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
    fn a_folder_holds_paths_below() {
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
