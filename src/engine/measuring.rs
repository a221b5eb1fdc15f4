//! The measurement of a gate on a commit: an earlier result on the same files, or a new one in a clone that was set up.

use crate::ports::cancellation::Cancellation;
use crate::ports::gates::{Gate, GateOrder, GatePlace, GateReport, Gates};
use crate::ports::workspace::{CloneId, Layout, Workspace, WorkspaceError};

use super::setup::{self, SetUp, set_up};

/// Measures a gate. Its order has no clone yet.
///
/// # Errors
/// When the commit cannot be checked out.
pub async fn measure(
    workspace: &dyn Workspace,
    gates: &dyn Gates,
    gate: &dyn Gate,
    order: GateOrder,
    cancellation: Cancellation,
) -> Result<GateReport, WorkspaceError> {
    if let Some(report) = order.tree.as_ref().and_then(|tree| gate.known(tree)) {
        return Ok(report);
    }
    let order = match gate.place() {
        GatePlace::Mirror => return Ok(gate.measure(&order, cancellation).await),
        GatePlace::Clone => {
            let clone_id = CloneId::Gate { subject: order.subject.clone(), gate: order.gate.clone() };
            let layout = Layout::Work { head: order.head.clone(), branch: None, unfinished: None };
            let prepared = workspace.prepare(&clone_id, &layout).await?;
            GateOrder { workdir: Some(prepared.path), ..order }
        }
    };
    Ok(match set_up(gates, &order, cancellation.clone()).await {
        SetUp::Ready => gate.measure(&order, cancellation).await,
        SetUp::Cancelled => GateReport::Cancelled,
        SetUp::Failed { message, remedy } => setup::unmeasured(message, remedy),
    })
}
