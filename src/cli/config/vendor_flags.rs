//! The flags of vendors' programs: the same few for each, described with what is particular to its program.

use crate::adapters::agents::driver::vendor_cli::{ModelChoice, VendorCli};
use crate::adapters::agents::vendors;
use crate::domain::agent::Backend;

use super::flags::{Flag, Takes};

/// The flag for the effort of a vendor's models.
struct EffortFlag {
    name: &'static str,
    words: &'static str,
}

/// Returns the flags of every vendor.
pub(super) fn all() -> impl Iterator<Item = Flag> {
    let clis = Backend::ALL.into_iter().filter_map(|backend| Some((backend, vendors::cli(backend)?)));
    clis.flat_map(|(backend, cli)| of_vendor(backend, cli))
}

fn of_vendor(backend: Backend, cli: &dyn VendorCli) -> Vec<Flag> {
    let heading = format!("{} (ROLE is coder or reviewer)", product(backend));
    let flag = |name: &str, key: &str, takes| {
        Flag::new(&heading, &format!("{backend}-{name}"), &format!("agents.{backend}.{key}"), takes)
    };
    let profile = cli.profile();
    let (model, default) = match cli.model_choice() {
        ModelChoice::Required { form } => (format!("Model, as {form}; required"), None),
        ModelChoice::Optional => ("Model".to_owned(), profile.usual_model.or(Some("the program's choice"))),
    };
    let flags = [
        flag("cmd", "cmd", Takes::Value("PROGRAM"))
            .map(|flag| flag.described("Program", Some(profile.program))),
        flag("dir", "dir", Takes::Value("PATH")),
        flag("model", "model", Takes::ForRole("[ROLE=]MODEL")).map(|flag| flag.described(&model, default)),
        chain_name(backend).and_then(|name| flag(name, "models", Takes::Values("MODEL"))),
        effort(backend).and_then(|EffortFlag { name, words }| {
            let flag = flag(name, "effort", Takes::ForRole("[ROLE=]EFFORT"))?;
            Some(flag.described(&format!("Reasoning effort: {words}"), None))
        }),
        flag("arg", "args", Takes::ForRole("[ROLE=]ARGUMENT"))
            .map(|flag| flag.described("Additional argument for the program; repeat for more", None)),
    ];
    flags.into_iter().flatten().collect()
}

fn product(backend: Backend) -> &'static str {
    match backend {
        Backend::Claude => "Claude Code",
        Backend::Codex => "Codex CLI",
        Backend::Gemini => "Gemini CLI",
        Backend::Antigravity => "Antigravity CLI",
        Backend::Opencode => "OpenCode",
        Backend::Command | Backend::Scripted | Backend::Host => "Programs",
    }
}

fn effort(backend: Backend) -> Option<EffortFlag> {
    match backend {
        Backend::Claude => Some(EffortFlag { name: "effort", words: "low, medium, high, xhigh, max" }),
        Backend::Codex => {
            Some(EffortFlag { name: "reasoning-effort", words: "minimal, low, medium, high, xhigh" })
        }
        Backend::Gemini
        | Backend::Antigravity
        | Backend::Opencode
        | Backend::Command
        | Backend::Scripted
        | Backend::Host => None,
    }
}

/// The flag for a chain of models, for the vendor whose models often run out of quota one by one.
fn chain_name(backend: Backend) -> Option<&'static str> {
    match backend {
        Backend::Antigravity => Some("models"),
        Backend::Claude
        | Backend::Codex
        | Backend::Gemini
        | Backend::Opencode
        | Backend::Command
        | Backend::Scripted
        | Backend::Host => None,
    }
}
