//! Waits for the merge queue of a forge, which merges the pull request itself.

use std::ops::ControlFlow;

use crate::domain::ending::NeedsHuman;
use crate::domain::pull_request::QueuePlace;

use super::super::approval::Unanimous;
use super::super::conclusion::Conclusion;
use super::super::step::{Decision, first};
use super::checks;
use super::seen::OpenReview;

/// Waits while the pull request is in the queue. After a merge, the pull request is read again.
pub(super) fn awaited(seen: &OpenReview<'_>, unanimous: &Unanimous) -> Decision<()> {
    let number = seen.state.number;
    match seen.cx.queue(number)? {
        QueuePlace::Merged => ControlFlow::Continue(()),
        QueuePlace::Waiting => {
            let request = seen.cx.request;
            checks::wait(
                seen,
                &["the merge queue".to_owned()],
                request.ci_poll_seconds,
                request.ci_timeout_seconds,
            )?;
            checks::pending(seen, unanimous, "it waits in the merge queue, and the forge merges it")
        }
        QueuePlace::Removed => {
            let message = format!(
                "approved by everyone, but the merge queue has removed pull request {number}; its page says why. Run the same \
                 command again to put it into the queue again"
            );
            first(seen.end(Conclusion::needs_human(NeedsHuman::Merge, message)))
        }
    }
}
