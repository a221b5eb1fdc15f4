//! Warns of files of the user's checkout that agents do not see.

use crate::adapters::process::variables::Variables;
use crate::cli::repository::Repository;
use crate::cli::view::terminal::Terminal;
use crate::domain::ids::BranchName;
use crate::ports::operator::Operator;
use crate::ports::run_event::RunEvent;

/// The checkout whose files are compared with the target branch. That takes seconds in a large checkout, so a run does not
/// wait.
pub(super) struct UnseenFiles {
    pub(super) repository: Repository,
    pub(super) base: BranchName,
    pub(super) variables: Variables,
}

impl UnseenFiles {
    /// Warns of submodules and of uncommitted changes.
    pub(super) async fn warn(&self, terminal: &Terminal) {
        let found = self.repository.unseen(&self.base, &self.variables).await;
        for text in found.unwrap_or_else(|why| vec![why]) {
            terminal.tell(&RunEvent::Warning { text });
        }
    }
}
