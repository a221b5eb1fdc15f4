//! The files and the environment that an agent gets for a turn. All files are outside of its clone, and the environment is
//! made from an allow-list.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use crate::adapters::files;
use crate::adapters::process::environment;
use crate::adapters::process::variables::Variables;
use crate::ports::agents::TurnOrder;
use crate::protocol::schema;

use super::turn_host::TurnHost;

/// The files and the environment of a turn.
#[derive(Debug, Clone)]
pub struct TurnFiles {
    /// The name of the attempt: the name of its log, and the marker by which its processes are recognised.
    pub turn_id: String,
    /// The folder of the files, which is removed after the turn. Other agents can neither list nor guess it.
    hidden: Arc<TempDir>,
    pub environment: Variables,
    /// The file to which the agent may write its answer.
    pub response: PathBuf,
    /// The file that takes the raw output.
    pub log: PathBuf,
    /// The table of child processes of the turn's subject.
    pub children: PathBuf,
}

/// The variables of ours that an agent may see besides the common ones.
#[derive(Debug, Clone, Copy)]
pub struct Allowed<'agent> {
    /// The names that the user lists.
    pub names: &'agent [String],
    /// The names that the vendor's program uses.
    pub vendor: &'static [&'static str],
}

impl<'agent> Allowed<'agent> {
    /// Allows only the names that the user lists.
    pub fn named(names: &'agent [String]) -> Self {
        Self { names, vendor: &[] }
    }
}

impl TurnFiles {
    pub fn folder(&self) -> &Path {
        self.hidden.path()
    }

    /// Writes the files of a turn, and makes the environment that names them.
    ///
    /// # Errors
    /// When a file or a folder cannot be written.
    pub fn make(host: &TurnHost, order: &TurnOrder, allowed: Allowed<'_>) -> Result<Self, String> {
        let turn_id = turn_id(order);
        let hidden = files::make_hidden(&host.folders.turns(&order.subject))?;
        let folder = hidden.path().to_owned();
        files::make_folder(&host.folders.logs(&order.subject))?;
        let offered = Offered::in_folder(&folder);
        files::write_json(&offered.context, &order.context)?;
        files::write_over(&offered.schema, schema::text(&schema::of(order.kind)).as_bytes())?;
        let mut environment = environment::common(&host.variables, allowed.names);
        environment.extend(environment::of_a_vendor(&host.variables, allowed.vendor));
        environment.extend(facts(order));
        environment.extend(offered.variables(&order.workdir));
        Ok(Self {
            turn_id,
            hidden: Arc::new(hidden),
            environment,
            response: offered.response,
            log: log(host, order),
            children: host.folders.children(&order.subject),
        })
    }
}

/// Returns the file that takes the raw output of a turn.
pub fn log(host: &TurnHost, order: &TurnOrder) -> PathBuf {
    host.folders.logs(&order.subject).join(format!("{}.log", turn_id(order)))
}

/// Returns a name that is unique for each attempt.
fn turn_id(order: &TurnOrder) -> String {
    format!("{}-{}-{}-{}-{}", order.run, order.round, order.role, order.label, order.attempt)
}

/// The paths that the environment of a turn names.
struct Offered {
    context: PathBuf,
    schema: PathBuf,
    response: PathBuf,
    /// A folder that is never made, so that it holds no login of the forge.
    gh: PathBuf,
}

impl Offered {
    fn in_folder(folder: &Path) -> Self {
        Self {
            context: folder.join("context.json"),
            schema: folder.join("schema.json"),
            response: folder.join("response.json"),
            gh: folder.join("gh"),
        }
    }

    fn variables(&self, workdir: &Path) -> Variables {
        let paths = [
            ("AGENT_LOOP_WORKDIR", workdir),
            ("AGENT_LOOP_CONTEXT", &self.context),
            ("AGENT_LOOP_SCHEMA", &self.schema),
            ("AGENT_LOOP_RESPONSE", &self.response),
            ("GH_CONFIG_DIR", &self.gh),
        ];
        paths.into_iter().map(|(name, path)| (name.into(), path.into())).collect()
    }
}

/// Returns the variables that describe the turn, and those that keep git from the user's configuration.
fn facts(order: &TurnOrder) -> Variables {
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
    let model = order.model.clone().map(|model| ("AGENT_LOOP_MODEL", model));
    texts.into_iter().chain(model).map(|(name, text)| (name.into(), text.into())).collect()
}
