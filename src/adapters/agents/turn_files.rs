//! What an agent is offered in a turn: an environment made from an allow-list, and files outside of its clone.

use std::path::{Path, PathBuf};

use crate::adapters::files;
use crate::adapters::process::environment;
use crate::adapters::process::variables::Variables;
use crate::ports::agents::TurnOrder;
use crate::protocol::schema;

use super::local::LocalAgents;

/// What an agent is offered.
#[derive(Debug, Clone)]
pub struct TurnFiles {
    /// The folder of the turn's files.
    pub folder: PathBuf,
    pub environment: Variables,
    /// Where it may write its answer.
    pub response: PathBuf,
    /// Where its raw output goes.
    pub log: PathBuf,
    /// The name by which its processes are recognised.
    pub token: String,
    /// The table of children of its subject.
    pub children: PathBuf,
}

/// The variables of ours that an agent may see besides the common ones.
#[derive(Debug, Clone, Copy)]
pub struct Allowed<'agent> {
    /// Those that the user names.
    pub names: &'agent [String],
    /// Those of its vendor, by name.
    pub vendor: &'static [&'static str],
    /// Those of its vendor, by how their names begin.
    pub prefixes: &'static [&'static str],
}

impl<'agent> Allowed<'agent> {
    /// Only those that the user names.
    pub fn named(names: &'agent [String]) -> Self {
        Self { names, vendor: &[], prefixes: &[] }
    }
}

/// Makes the files of a turn and the environment that names them.
///
/// # Errors
/// When the disk says no.
pub fn make(agents: &LocalAgents, order: &TurnOrder, allowed: Allowed<'_>) -> Result<TurnFiles, String> {
    let token = token(order);
    let folder = agents.folders.turns(&order.subject).join(&token);
    files::make_folder(&folder)?;
    files::make_folder(&agents.folders.logs(&order.subject))?;
    // It is never made: a folder that is not there holds no login.
    let empty = folder.join("gh");
    let context = folder.join("context.json");
    let text = serde_json::to_vec_pretty(&order.context)
        .map_err(|error| format!("the context can't be written: {error}"))?;
    files::write_over(&context, &text)?;
    let schema_file = folder.join("schema.json");
    files::write_over(&schema_file, schema::text(&schema::of(order.kind)).as_bytes())?;
    let response = folder.join("response.json");
    Ok(TurnFiles {
        folder: folder.clone(),
        environment: environment(agents, order, allowed, [&context, &schema_file, &response, &empty]),
        response,
        log: log(agents, order),
        children: agents.folders.children(&order.subject),
        token,
    })
}

/// Where the raw output of a turn goes.
pub fn log(agents: &LocalAgents, order: &TurnOrder) -> PathBuf {
    agents.folders.logs(&order.subject).join(format!("{}.log", token(order)))
}

/// Unique for each attempt; also the file name of its log.
fn token(order: &TurnOrder) -> String {
    format!("{}-{}-{}-{}-{}", order.run, order.round, order.role, order.label, order.attempt)
}

fn environment(
    agents: &LocalAgents,
    order: &TurnOrder,
    allowed: Allowed<'_>,
    files: [&Path; 4],
) -> Variables {
    let [context, schema, response, empty] = files;
    let mut variables = environment::common(&agents.variables, allowed.names);
    variables.extend(environment::of_a_vendor(&agents.variables, allowed.vendor, allowed.prefixes));
    let texts = [
        ("AGENT_LOOP_ROLE", order.role.name().to_owned()),
        ("AGENT_LOOP_KIND", order.kind.name().to_owned()),
        ("AGENT_LOOP_LABEL", order.label.to_string()),
        ("AGENT_LOOP_SUBJECT", order.subject.to_string()),
        ("AGENT_LOOP_ROUND", order.round.to_string()),
        ("AGENT_LOOP_HEAD", order.head.to_string()),
        ("AGENT_LOOP_BASE", order.base.to_string()),
        ("AGENT_LOOP_RUN_ID", order.run.to_string()),
        ("GIT_CONFIG_GLOBAL", "/dev/null".to_owned()),
        ("GIT_CONFIG_NOSYSTEM", "1".to_owned()),
        ("GIT_TERMINAL_PROMPT", "0".to_owned()),
    ];
    variables.extend(texts.map(|(name, text)| (name.into(), text.into())));
    variables.extend(order.model.as_ref().map(|model| ("AGENT_LOOP_MODEL".into(), model.into())));
    let paths = [
        ("AGENT_LOOP_WORKDIR", order.workdir.as_path()),
        ("AGENT_LOOP_CONTEXT", context),
        ("AGENT_LOOP_SCHEMA", schema),
        ("AGENT_LOOP_RESPONSE", response),
        ("GH_CONFIG_DIR", empty),
    ];
    variables.extend(paths.map(|(name, path)| (name.into(), path.into())));
    variables
}
