//! The trees on which a command has passed: the command does not run on them again.

use std::path::{Path, PathBuf};

use crate::adapters::files;
use crate::adapters::process::environment;
use crate::adapters::process::variables::Variables;
use crate::domain::digest;
use crate::domain::ids::TreeSha;

use super::newest::keep_newest;
use super::programs;
use super::settings::GateCommand;

/// The most trees that are remembered.
const MOST: usize = 2_000;

/// The trees on which one command has passed with one setup and one environment.
#[derive(Debug)]
pub(super) struct PassedTrees {
    folder: PathBuf,
    key: String,
}

impl PassedTrees {
    pub(super) fn new(
        cache: &Path,
        command: &GateCommand,
        setup: Option<&GateCommand>,
        variables: &Variables,
    ) -> Self {
        let commands: Vec<&str> =
            setup.into_iter().chain([command]).map(|one| one.command.as_str()).collect();
        let words = commands.iter().flat_map(|command| command_words(command));
        let programs = programs::identities(words, variables);
        let environment = environment::for_tests(variables);
        let key = digest::abbreviated(format!("{commands:?}\0{programs:?}\0{environment:?}"), 16);
        Self { folder: cache.to_owned(), key }
    }

    fn path(&self, tree: &TreeSha) -> PathBuf {
        self.folder.join(format!("{}-{tree}", self.key))
    }

    pub(super) fn has(&self, tree: &TreeSha) -> bool {
        self.path(tree).is_file()
    }

    /// Remembers a tree. Without it the command only runs once more.
    pub(super) fn add(&self, tree: &TreeSha) {
        let written =
            files::make_folder(&self.folder).and_then(|()| files::write_over(&self.path(tree), b""));
        match written {
            Ok(()) => keep_newest(&self.folder, MOST),
            Err(why) => tracing::warn!(%why, "did not keep a measurement"),
        }
    }
}

/// Returns the words of a command. A word may be a whole script: `sh -c './check.sh && true'`.
pub(super) fn command_words(command: &str) -> impl Iterator<Item = &str> {
    command
        .split(|letter: char| letter.is_whitespace() || ";&|()'\"".contains(letter))
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::gate::FlakyTests;
    use std::os::unix::fs::PermissionsExt;
    use std::time::Duration;

    #[test]
    fn what_tests_see_decides() {
        let key = |command: &str, setup: Option<&str>, variables: &[(&str, &str)]| {
            let of = |command: &str| GateCommand {
                command: command.to_owned(),
                deadline: Duration::from_secs(1),
                flaky: FlakyTests::Fail,
            };
            let variables = variables.iter().map(|(name, value)| (name.into(), value.into())).collect();
            PassedTrees::new(Path::new(""), &of(command), setup.map(of).as_ref(), &variables).key
        };
        let usual = key("make test", None, &[("LANG", "C"), ("SECRET", "1")]);
        assert_eq!(usual, key("make test", None, &[("LANG", "C"), ("SECRET", "2")]), "tests do not see it");
        for other in [
            key("make tests", None, &[("LANG", "C")]),
            key("make test", Some("make"), &[("LANG", "C")]),
            key("make test", None, &[("LANG", "de")]),
            key("make test", None, &[("LANG", "C"), ("RUSTUP_TOOLCHAIN", "nightly")]),
        ] {
            assert_ne!(usual, other);
        }
    }

    #[test]
    fn replaced_programs_are_noticed() {
        let place = tempfile::tempdir().unwrap();
        let program = place.path().join("checker");
        let key = |text: &str| {
            std::fs::write(&program, text).unwrap();
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
            let command = "sh -c 'checker && true'".to_owned();
            let command = GateCommand { command, deadline: Duration::from_secs(1), flaky: FlakyTests::Fail };
            let variables = Variables::from([("PATH".into(), place.path().into())]);
            PassedTrees::new(Path::new(""), &command, None, &variables).key
        };
        assert_ne!(key("one"), key("another"));
    }
}
