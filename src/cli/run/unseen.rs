//! Warns of files of the user's checkout that agents do not see.

use crate::adapters::gates::settings::MeasuredGates;
use crate::adapters::process::variables::Variables;
use crate::cli::repository::Repository;
use crate::cli::repository::expected::ExpectedProgram;
use crate::cli::view::terminal::Terminal;
use crate::domain::ids::BranchName;
use crate::engine::outcome::RunError;
use crate::ports::operator::Operator;
use crate::ports::run_event::RunEvent;

use super::{gates, scope};

/// The checkout whose files are compared with the target branch. That takes seconds in a large checkout, so a run does not
/// wait.
pub(super) struct UnseenFiles {
    repository: Repository,
    base: BranchName,
    expected: Vec<ExpectedProgram>,
    variables: Variables,
}

impl UnseenFiles {
    pub(super) fn of(
        repository: &Repository,
        base: BranchName,
        measured: &MeasuredGates,
        variables: &Variables,
    ) -> Self {
        let expected = gates::expected_in_repository(measured);
        Self { repository: repository.clone(), base, expected, variables: variables.clone() }
    }

    /// Checks that the stated scope of the change matches files of the target branch.
    pub(super) async fn check_scope(&self, patterns: &[String]) -> Result<Option<String>, RunError> {
        scope::check(patterns, &self.repository, &self.base, &self.variables).await
    }

    /// Warns of submodules, of uncommitted changes, and of programs that clones lack.
    pub(super) async fn warn(&self, terminal: &Terminal) {
        let found = self.repository.unseen(&self.base, &self.expected, &self.variables).await;
        for text in found.unwrap_or_else(|why| vec![why]) {
            terminal.tell(&RunEvent::Warning { text });
        }
    }
}
