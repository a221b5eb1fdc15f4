//! Asks git which untracked files are ignored, and by whose rules. Only these files are looked at.

use std::collections::BTreeSet;

use crate::adapters::git::runner::{ask, failure};
use crate::adapters::process::command::CommandLine;
use crate::adapters::process::exit::Exit;
use crate::ports::workspace::WorkspaceError;

/// Ignored paths.
#[derive(Debug, Default)]
pub(super) struct Ignored {
    /// By a `.gitignore` of the repository.
    pub(super) by_tree: BTreeSet<Vec<u8>>,
    /// By the user's own settings.
    pub(super) by_user: BTreeSet<Vec<u8>>,
}

impl Ignored {
    /// Asks about paths relative to the folder of a git command. No spawn if there are none, else one.
    pub(super) async fn of(
        git: CommandLine,
        paths: impl Iterator<Item = &Vec<u8>>,
    ) -> Result<Self, WorkspaceError> {
        // With `./` no name is read as a pattern.
        let input: Vec<u8> = paths.flat_map(|path| [b"./", path.as_slice(), b"\0"].concat()).collect();
        if input.is_empty() {
            return Ok(Self::default());
        }
        let what = "look for ignored files";
        let captured = ask(git.arguments(["check-ignore", "-z", "-v", "--stdin"]).input(input), what).await?;
        match captured.exit {
            Exit::Code(0 | 1) => Ok(Self::parse(&captured.stdout)),
            Exit::Code(_) | Exit::Signal(_) => Err(failure(&captured, what)),
        }
    }

    pub(super) fn has(&self, path: &[u8]) -> bool {
        self.by_tree.contains(path) || self.by_user.contains(path)
    }

    /// Parses the source, line and text of the rule that decides, and the path.
    fn parse(output: &[u8]) -> Self {
        let mut ignored = Self::default();
        let mut fields = output.split(|byte| *byte == 0);
        while let (Some(source), Some(_), Some(rule), Some(path)) =
            (fields.next(), fields.next(), fields.next(), fields.next())
        {
            let path = path.strip_prefix(b"./").unwrap_or(path).to_vec();
            let is_of_tree =
                !source.starts_with(b"/") && (source == b".gitignore" || source.ends_with(b"/.gitignore"));
            // The last rule may also be an exception.
            if rule.starts_with(b"!") {
                continue;
            }
            if is_of_tree {
                ignored.by_tree.insert(path)
            } else {
                ignored.by_user.insert(path)
            };
        }
        ignored
    }
}
