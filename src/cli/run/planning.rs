//! `--plan-first`: whether an issue is planned before it is implemented.

use crate::cli::config::flags::{self, EXECUTION_MODE_KEY, is_about_plans};
use crate::cli::config::merged::Configuration;
use crate::domain::flow_name::FlowName;
use crate::domain::subject::Subject;
use crate::engine::run::Assignment;
use crate::flow::names;

use super::goal::Trigger;

/// Returns the flow of a command. A run that is resumed continues in its own flow.
///
/// # Errors
/// When a flag about plans is given without a plan.
pub fn flow(
    assignment: &Assignment,
    trigger: Trigger,
    configuration: &Configuration,
) -> Result<FlowName, String> {
    let is_first = configuration.settings.planning.first;
    if assignment.flow != names::DELIVERY {
        return Ok(assignment.flow.clone());
    }
    match (&assignment.subject, trigger) {
        (Subject::Issue(_), Trigger::Command) if is_first => Ok(names::PLANNING),
        (Subject::Issue(_), Trigger::Command) => {
            let flags = flags::all();
            let lost =
                flags.iter().find(|flag| is_about_plans(&flag.path) && configuration.is_asked(&flag.path));
            match lost {
                Some(flag) if flag.path == EXECUTION_MODE_KEY => Err(format!(
                    "--{} and --implement-after-approval are about a plan: add --plan-first",
                    flag.name
                )),
                Some(flag) => Err(format!("--{} is about a plan: add --plan-first", flag.name)),
                None => Ok(assignment.flow.clone()),
            }
        }
        (Subject::Issue(_) | Subject::PullRequest(_) | Subject::Task(_), _) => Ok(assignment.flow.clone()),
    }
}
