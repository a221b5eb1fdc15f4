//! Which models an agent is asked with, role by role, and what else differs between roles.

use crate::cli::config::settings::{AgentSettings, RoleSettings, Settings};
use crate::domain::agent::{AgentName, Detail, Role};

/// The settings of an agent, if there are any.
pub fn settings_of<'settings>(
    name: &AgentName,
    settings: &'settings Settings,
) -> Option<&'settings AgentSettings> {
    let configured = match name.backend.detail() {
        Detail::Nothing => name.backend.name(),
        Detail::Program => name.detail.as_deref()?,
        Detail::Script => return None,
    };
    settings.agents.get(configured)
}

/// What is different in a role.
pub fn of_role(settings: &AgentSettings, role: Role) -> Option<&RoleSettings> {
    match role {
        Role::Coder => Some(&settings.coder),
        Role::Reviewer => Some(&settings.reviewer),
        Role::Repair => None,
    }
}

/// The models that an agent is asked with in a role, one after the other; none if its program chooses.
///
/// # Errors
/// When both one model and a chain of models are named in one place.
pub fn chain(name: &AgentName, role: Role, settings: &Settings) -> Result<Vec<String>, String> {
    let Some(agent) = settings_of(name, settings) else { return Ok(Vec::new()) };
    let special =
        of_role(agent, role).filter(|special| special.model.is_some() || !special.models.is_empty());
    let (model, models) = match special {
        Some(special) => (&special.model, &special.models),
        None => (&agent.model, &agent.models),
    };
    match (model, models.as_slice()) {
        (Some(model), []) => Ok(vec![model.clone()]),
        (None, models) => Ok(models.to_vec()),
        (Some(_), [_, ..]) => {
            Err(format!("`model` and `models` are both said of `{}`; say one of them", name.backend))
        }
    }
}
