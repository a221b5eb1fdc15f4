//! Runs the repository's setup command in a fresh clone before the clone is used.

use crate::domain::correction::Correction;
use crate::domain::ending::Ending;
use crate::domain::gate::Verdict;
use crate::domain::ids::GateName;
use crate::domain::subject::Subject;
use crate::flow::commands;
use crate::ports::cancellation::Cancellation;
use crate::ports::gates::{GateOrder, GateReport, Gates};

use super::outcome::RunError;

/// Whether a clone can be used.
pub(super) enum SetUp {
    Ready,
    Failed {
        message: String,
        /// What to change.
        remedy: Correction,
    },
    Cancelled,
}

/// Runs the setup command of the settings in the clone of an order, if there is one.
pub(super) async fn set_up(gates: &dyn Gates, order: &GateOrder, cancellation: Cancellation) -> SetUp {
    let name = GateName::setup();
    let Some(setup) = gates.gate(&name) else { return SetUp::Ready };
    let order = GateOrder { gate: name, ..order.clone() };
    match setup.measure(&order, cancellation).await {
        GateReport::Cancelled => SetUp::Cancelled,
        GateReport::Measured { verdict: Verdict::Pass, .. } => SetUp::Ready,
        GateReport::Measured { verdict: Verdict::Fail | Verdict::Inconclusive, detail, remedy, .. } => {
            let remedy = remedy.unwrap_or(Correction::Command);
            let message = format!("the setup command failed in a fresh clone: {}", detail.trim_end());
            SetUp::Failed { message, remedy }
        }
    }
}

/// Creates the end of a run whose setup command failed before a coder's turn.
pub(super) fn ended(message: String, remedy: &Correction, subject: &Subject) -> RunError {
    let message = match remedy {
        Correction::Flag(_) | Correction::Setting(_) => message,
        Correction::Command => format!(
            "{message}\n`agent-loop logs {subject}` shows its output. Then correct the command: `agent-loop resume {subject} \
             --setup-command COMMAND`"
        ),
    };
    RunError::new(Ending::Inconclusive, message).with_next(commands::correction(remedy, subject))
}

/// Returns the report of a gate whose setup command failed. It may be measured without a run that could be resumed.
pub(super) fn unmeasured(message: String, remedy: Correction) -> GateReport {
    let message = match remedy {
        Correction::Flag(_) | Correction::Setting(_) => message,
        Correction::Command => {
            format!(
                "{message}\ncorrect the setup command, then type the same command with --setup-command COMMAND"
            )
        }
    };
    GateReport::inconclusive(message, None, Some(remedy))
}
