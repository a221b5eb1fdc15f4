//! Flags about the programs of vendors, one set for each program, and the settings that they say.

use std::path::PathBuf;

use clap::Args;
use toml::Value;

/// Flags about the programs of vendors. A value may be for one role only: `--claude-model reviewer=haiku`.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Programs (VALUE or ROLE=VALUE, where ROLE is coder or reviewer)")]
pub struct VendorArguments {
    /// The program of Claude Code [default: claude]
    #[arg(long, value_name = "PROGRAM")]
    pub claude_cmd: Option<String>,
    /// A checkout of yours in which its turns run [default: clones of our own]
    #[arg(long, value_name = "PATH")]
    pub claude_dir: Option<PathBuf>,
    /// Its model [default: its own choice]
    #[arg(long, value_name = "MODEL")]
    pub claude_model: Vec<String>,
    /// How hard it is to think: low, medium, high, xhigh, max
    #[arg(long, value_name = "EFFORT")]
    pub claude_effort: Vec<String>,
    /// One more argument for it; give it again for more
    #[arg(long, value_name = "ARGUMENT", allow_hyphen_values = true)]
    pub claude_arg: Vec<String>,
    /// The program of Codex CLI [default: codex]
    #[arg(long, value_name = "PROGRAM")]
    pub codex_cmd: Option<String>,
    /// A checkout of yours in which its turns run
    #[arg(long, value_name = "PATH")]
    pub codex_dir: Option<PathBuf>,
    /// Its model
    #[arg(long, value_name = "MODEL")]
    pub codex_model: Vec<String>,
    /// How hard it is to think: minimal, low, medium, high, xhigh
    #[arg(long, value_name = "EFFORT")]
    pub codex_reasoning_effort: Vec<String>,
    /// One more argument for it
    #[arg(long, value_name = "ARGUMENT", allow_hyphen_values = true)]
    pub codex_arg: Vec<String>,
    /// The program of Gemini CLI [default: gemini]
    #[arg(long, value_name = "PROGRAM")]
    pub gemini_cmd: Option<String>,
    /// A checkout of yours in which its turns run
    #[arg(long, value_name = "PATH")]
    pub gemini_dir: Option<PathBuf>,
    /// Its model
    #[arg(long, value_name = "MODEL")]
    pub gemini_model: Vec<String>,
    /// One more argument for it
    #[arg(long, value_name = "ARGUMENT", allow_hyphen_values = true)]
    pub gemini_arg: Vec<String>,
    /// The program of Antigravity CLI [default: agy]
    #[arg(long, value_name = "PROGRAM")]
    pub antigravity_cmd: Option<String>,
    /// A checkout of yours in which its turns run
    #[arg(long, value_name = "PATH")]
    pub antigravity_dir: Option<PathBuf>,
    /// Its model [default: Gemini 3.1 Pro (High)]
    #[arg(long, value_name = "MODEL", conflicts_with = "antigravity_models")]
    pub antigravity_model: Vec<String>,
    /// Its models: the next one is asked when the one before is used up, unknown or overloaded
    #[arg(long, value_name = "MODEL", num_args = 1..)]
    pub antigravity_models: Vec<String>,
    /// One more argument for it
    #[arg(long, value_name = "ARGUMENT", allow_hyphen_values = true)]
    pub antigravity_arg: Vec<String>,
    /// The program of `OpenCode` [default: opencode]
    #[arg(long, value_name = "PROGRAM")]
    pub opencode_cmd: Option<String>,
    /// A checkout of yours in which its turns run
    #[arg(long, value_name = "PATH")]
    pub opencode_dir: Option<PathBuf>,
    /// Its model, as PROVIDER/MODEL; it has to be named
    #[arg(long, value_name = "MODEL")]
    pub opencode_model: Vec<String>,
    /// One more argument for it
    #[arg(long, value_name = "ARGUMENT", allow_hyphen_values = true)]
    pub opencode_arg: Vec<String>,
}

/// The flags of one program.
struct Vendor<'flags> {
    name: &'static str,
    cmd: Option<&'flags String>,
    dir: Option<&'flags PathBuf>,
    model: &'flags [String],
    effort: &'flags [String],
    args: &'flags [String],
}

impl VendorArguments {
    fn vendors(&self) -> [Vendor<'_>; 5] {
        [
            Vendor {
                name: "claude",
                cmd: self.claude_cmd.as_ref(),
                dir: self.claude_dir.as_ref(),
                model: &self.claude_model,
                effort: &self.claude_effort,
                args: &self.claude_arg,
            },
            Vendor {
                name: "codex",
                cmd: self.codex_cmd.as_ref(),
                dir: self.codex_dir.as_ref(),
                model: &self.codex_model,
                effort: &self.codex_reasoning_effort,
                args: &self.codex_arg,
            },
            Vendor {
                name: "gemini",
                cmd: self.gemini_cmd.as_ref(),
                dir: self.gemini_dir.as_ref(),
                model: &self.gemini_model,
                effort: &[],
                args: &self.gemini_arg,
            },
            Vendor {
                name: "antigravity",
                cmd: self.antigravity_cmd.as_ref(),
                dir: self.antigravity_dir.as_ref(),
                model: &self.antigravity_model,
                effort: &[],
                args: &self.antigravity_arg,
            },
            Vendor {
                name: "opencode",
                cmd: self.opencode_cmd.as_ref(),
                dir: self.opencode_dir.as_ref(),
                model: &self.opencode_model,
                effort: &[],
                args: &self.opencode_arg,
            },
        ]
    }

    /// The settings that these flags say, by the dotted path of their key.
    pub fn settings(&self) -> Vec<(String, Value)> {
        let mut settings: Vec<(String, Value)> = self.vendors().iter().flat_map(Vendor::settings).collect();
        let chain = &self.antigravity_models;
        let words = || chain.iter().cloned().map(Value::String).collect();
        settings.extend(
            (!chain.is_empty()).then(|| ("agents.antigravity.models".to_owned(), Value::Array(words()))),
        );
        settings
    }
}

impl Vendor<'_> {
    fn settings(&self) -> Vec<(String, Value)> {
        let key = |rest: &str| format!("agents.{}.{rest}", self.name);
        let dir = self.dir.map(|path| path.to_string_lossy().into_owned());
        let mut settings: Vec<(String, Value)> = [("cmd", self.cmd.cloned()), ("dir", dir)]
            .into_iter()
            .filter_map(|(name, value)| Some((key(name), Value::String(value?))))
            .collect();
        for (name, values) in [("model", self.model), ("effort", self.effort)] {
            // The last one of a role counts, as with every flag.
            settings.extend(values.iter().map(|value| {
                let (role, value) = of_a_role(value);
                (key(&format!("{role}{name}")), Value::String(value.to_owned()))
            }));
        }
        for role in ["", "coder.", "reviewer."] {
            let of_role = self.args.iter().map(|value| of_a_role(value)).filter(|(whose, _)| *whose == role);
            let args: Vec<Value> = of_role.map(|(_, value)| Value::String(value.to_owned())).collect();
            settings.extend((!args.is_empty()).then(|| (key(&format!("{role}args")), Value::Array(args))));
        }
        settings
    }
}

/// The part of a key that names the role, and the value for it.
fn of_a_role(text: &str) -> (&'static str, &str) {
    match text.split_once('=') {
        Some(("coder", value)) => ("coder.", value),
        Some(("reviewer", value)) => ("reviewer.", value),
        Some(_) | None => ("", text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_for_all_roles_or_for_one() {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
        let arguments = VendorArguments {
            claude_model: words(&["opus", "reviewer=haiku"]),
            codex_arg: words(&["--search", "coder=-c", "coder=model_provider=\"mine\""]),
            codex_reasoning_effort: words(&["high"]),
            antigravity_models: words(&["A", "B"]),
            ..VendorArguments::default()
        };
        let said: Vec<String> =
            arguments.settings().into_iter().map(|(key, value)| format!("{key} = {value}")).collect();
        assert_eq!(
            said,
            [
                "agents.claude.model = \"opus\"",
                "agents.claude.reviewer.model = \"haiku\"",
                "agents.codex.effort = \"high\"",
                "agents.codex.args = [\"--search\"]",
                "agents.codex.coder.args = [\"-c\", 'model_provider=\"mine\"']",
                "agents.antigravity.models = [\"A\", \"B\"]",
            ]
        );
    }
}
