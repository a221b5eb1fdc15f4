//! Stores the settings of a run for a pull request as soon as the run has it: a killed run leaves a pull request that can be
//! resumed.

use std::sync::Arc;

use async_trait::async_trait;

use crate::adapters::storage::folders::Folders;
use crate::adapters::storage::run_file::RunFile;
use crate::domain::ids::PullRequestNumber;
use crate::domain::subject::Subject;
use crate::ports::operator::Operator;
use crate::ports::run_event::RunEvent;

use super::remembered;

/// The operator of a run with settings that each of its pull requests needs.
pub(super) struct RememberingOperator {
    pub(super) operator: Arc<dyn Operator>,
    pub(super) folders: Folders,
    /// The subject of the command, whose settings are stored already.
    pub(super) own: Subject,
    pub(super) file: RunFile,
}

#[async_trait]
impl Operator for RememberingOperator {
    fn tell(&self, event: &RunEvent) {
        let number = pull_request(event).filter(|number| Subject::PullRequest(*number) != self.own);
        let kept = number.map(|number| remembered::keep_for_pull_request(&self.file, &self.folders, number));
        if let Some(Err(text)) = kept {
            self.operator.tell(&RunEvent::Warning { text });
        }
        self.operator.tell(event);
    }

    async fn ask(&self, questions: &[String]) -> Result<Vec<String>, &'static str> {
        self.operator.ask(questions).await
    }
}

/// Returns the pull request that the run has opened or continues with.
fn pull_request(event: &RunEvent) -> Option<PullRequestNumber> {
    if let RunEvent::PullRequestOpened { number, .. }
    | RunEvent::Begun { subject: Subject::PullRequest(number) } = event
    {
        Some(*number)
    } else {
        None
    }
}
