//! Programs that commands of the user expect in a fresh clone of the repository.

use crate::adapters::gates::command::UserCommand;
use crate::domain::ids::BranchName;

/// The program of a command, by its path in the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedProgram {
    pub command: UserCommand,
    pub path: String,
}

impl ExpectedProgram {
    /// Returns a warning if no entry of `git ls-tree -z` is the program.
    pub(super) fn missing_in(&self, entries: &str, branch: &BranchName) -> Option<String> {
        let Self { command, path } = self;
        let is_tracked =
            entries.split('\0').filter_map(|entry| entry.split_once('\t')).any(|(_, name)| name == path);
        (!is_tracked).then(|| {
            format!(
                "{branch} has no file `{path}`, which the {command} command runs; unless the change adds it, set \
                 --setup-command to create it in each fresh clone"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_tracked_files_are_expected() {
        let entries = "100755 blob 1\tbin/test\x00100644 blob 2\tbin/test.sh\0";
        let branch = "main".parse().unwrap();
        let expected = |path: &str| ExpectedProgram { command: UserCommand::Test, path: path.to_owned() };
        assert_eq!(expected("bin/test").missing_in(entries, &branch), None);
        let warning = expected(".venv/bin/pytest").missing_in(entries, &branch).unwrap();
        assert!(
            warning.starts_with("main has no file `.venv/bin/pytest`, which the test command runs;"),
            "{warning}"
        );
    }
}
