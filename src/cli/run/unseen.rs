//! Warns of files of the user's checkout that agents do not see.

use crate::adapters::gates::settings::MeasuredGates;
use crate::adapters::process::variables::Variables;
use crate::cli::repository::Repository;
use crate::cli::repository::expected::ExpectedProgram;
use crate::cli::view::terminal::Terminal;
use crate::domain::ids::BranchName;
use crate::ports::operator::Operator;
use crate::ports::run_event::RunEvent;

use super::gates;

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

    /// Warns of submodules, of uncommitted changes, and of programs that clones lack.
    pub(super) async fn warn(&self, terminal: &Terminal) {
        let found = self.repository.unseen(&self.base, &self.expected, &self.variables).await;
        for text in found.unwrap_or_else(|why| vec![why]) {
            terminal.tell(&RunEvent::Warning { text });
        }
    }
}
