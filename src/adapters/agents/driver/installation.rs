//! The installation and the versions of vendors' programs.

use std::fmt;

/// A version of a vendor's program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version([u32; 3]);

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self([major, minor, patch]) = self;
        write!(formatter, "{major}.{minor}.{patch}")
    }
}

impl Version {
    /// Returns the first version in the text that `--version` prints: `2.1.197 (Claude Code)`, `codex-cli 0.169.0`.
    pub fn find(text: &str) -> Option<Self> {
        text.split_whitespace().find_map(|word| {
            let mut numbers = word.trim_start_matches('v').splitn(3, '.');
            let (major, minor) = (numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?);
            // Suffixes such as `-beta.1` are irrelevant here.
            let patch = numbers.next()?;
            let digits = patch.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(patch.len());
            Some(Self([major, minor, patch.get(..digits)?.parse().ok()?]))
        })
    }
}

/// The installation of a vendor's program, and the versions that are known to work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Installation {
    /// A command to type, or an address to visit.
    pub how: &'static str,
    /// The version with which the program's file here was tested.
    pub measured: Option<Version>,
    /// The oldest version that can take a turn, if it is known.
    pub oldest: Option<Version>,
}

impl Installation {
    /// Returns the installation of a program that was tested with a version.
    pub const fn measured(how: &'static str, version: [u32; 3]) -> Self {
        Self { how, measured: Some(Version(version)), oldest: None }
    }

    /// Returns the installation of a program that was never run here and is reported to need a version.
    pub const fn reported(how: &'static str, oldest: [u32; 3]) -> Self {
        Self { how, measured: None, oldest: Some(Version(oldest)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_in_printed_text() {
        let found = |text| Version::find(text).map(|version| version.to_string());
        for (text, version) in [
            ("2.1.197 (Claude Code)", Some("2.1.197")),
            ("codex-cli 0.169.0", Some("0.169.0")),
            ("0.61.0", Some("0.61.0")),
            ("v1.18.33-beta.2\n", Some("1.18.33")),
            ("agy 1.2", None),
            ("99999999999.1.1", None),
            ("a.b.c", None),
            ("", None),
        ] {
            assert_eq!(found(text).as_deref(), version, "{text}");
        }
        assert!(Version::find("1.1.9") < Version::find("1.1.15"), "numbers are compared, not letters");
    }
}
