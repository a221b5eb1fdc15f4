//! The minimum version of git, and the installed one. Knows no repository.

use std::fmt;

/// The oldest git that is supported: the first with `git merge-tree --write-tree`.
pub const MINIMUM_VERSION: GitVersion = GitVersion { major: 2, minor: 38 };

/// The relevant parts of a version of git.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct GitVersion {
    pub major: u32,
    pub minor: u32,
}

impl fmt::Display for GitVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.major, self.minor)
    }
}

impl GitVersion {
    /// Parses the output of `git --version`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.trim().strip_prefix("git version ")?.split('.');
        Some(Self { major: numbers.next()?.parse().ok()?, minor: numbers.next()?.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_all_vendors_are_read() {
        let version = |text| GitVersion::parse(text).map(|version| version.to_string());
        assert_eq!(version("git version 2.47.3\n").as_deref(), Some("2.47"));
        assert_eq!(version("git version 2.39.5 (Apple Git-154)").as_deref(), Some("2.39"));
        assert_eq!(version("hub version 1.0"), None);
        assert!(GitVersion::parse("git version 2.37.9").unwrap() < MINIMUM_VERSION);
    }
}
