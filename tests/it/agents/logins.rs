//! The login of each program, from recordings of its status command, and its way of payment.

use std::fs;
use std::path::{Path, PathBuf};

use agent_loop::adapters::agents::driver::setup::{LoginState, Setup, Severity};
use agent_loop::adapters::agents::driver::vendor_agent::VendorAgent;
use agent_loop::adapters::agents::driver::vendor_cli::CliTurn;
use agent_loop::adapters::agents::vendors;
use agent_loop::adapters::process::exit::Exit;
use agent_loop::adapters::process::probe::Answer;
use agent_loop::adapters::process::variables::Variables;
use agent_loop::domain::access::{Access, Power};
use agent_loop::domain::vendors::Vendor;

/// Reads a recorded output of a status command.
fn recorded(vendor: Vendor, name: &str) -> Answer {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/agents").join(vendor.name()).join("login");
    let read = |ending: &str| fs::read_to_string(folder.join(format!("{name}.{ending}"))).unwrap_or_default();
    let code = read("rc").strip_prefix("rc=").and_then(|rest| rest.split(' ').next()?.parse().ok());
    Answer {
        exit: Exit::Code(code.unwrap_or_else(|| panic!("{name}.rc names no exit code"))),
        stdout: read("stdout"),
        stderr: read("stderr"),
    }
}

fn state(vendor: Vendor, answer: &Answer) -> LoginState {
    vendors::cli(vendor).login(answer)
}

#[test]
fn recorded_logins_are_recognised() {
    let (unknown, logged_in) =
        (LoginState::Unknown { why: None }, |with| LoginState::LoggedIn { with: Some(with) });
    for (vendor, name, expected) in [
        (Vendor::Claude, "none", LoginState::LoggedOut),
        (Vendor::Claude, "api-key", logged_in("an API key")),
        (Vendor::Claude, "oauth-token", logged_in("the token of a subscription")),
        (Vendor::Codex, "none", LoginState::LoggedOut),
        (Vendor::Codex, "api-key", logged_in("an API key")),
        (Vendor::Codex, "chatgpt", logged_in("a ChatGPT account")),
        // The key in the variable suffices for a turn, but the status command ignores it.
        (Vendor::Codex, "key-in-variable", LoginState::LoggedOut),
        (Vendor::Opencode, "none", unknown),
    ] {
        let answer = recorded(vendor, name);
        assert_eq!(state(vendor, &answer), expected, "{vendor} {name}: {answer:?}");
    }
}

#[test]
fn unrecorded_outputs_are_recognised_too() {
    let (unknown, logged_in) = (|| LoginState::Unknown { why: None }, || LoginState::LoggedIn { with: None });
    for (vendor, stdout, stderr, code, expected) in [
        (Vendor::Claude, "error: unknown command", "", 1, unknown()),
        (Vendor::Claude, r#"{"loggedIn":true,"authMethod":"something new"}"#, "", 0, logged_in()),
        (Vendor::Claude, r#"{"loggedIn":true}"#, "", 0, logged_in()),
        (Vendor::Codex, "", "WARNING: no aliases\nNot logged in", 1, LoginState::LoggedOut),
        (Vendor::Codex, "", "Segmentation fault", 139, unknown()),
        (Vendor::Codex, "", "", 0, unknown()),
        (Vendor::Antigravity, "Gemini 3.1 Pro (High)", "", 0, logged_in()),
        (Vendor::Antigravity, "authentication required", "", 0, LoginState::LoggedOut),
        (Vendor::Opencode, "└  2 credentials\n", "", 0, logged_in()),
        (
            Vendor::Opencode,
            "└  0 credentials\n┌  Environment\n└  1 environment variable\n",
            "",
            0,
            logged_in(),
        ),
    ] {
        let answer = Answer { exit: Exit::Code(code), stdout: stdout.to_owned(), stderr: stderr.to_owned() };
        assert_eq!(state(vendor, &answer), expected, "{vendor}: {answer:?}");
    }
}

/// Returns the login that Gemini CLI would use with settings and variables.
fn gemini(settings: &str, variables: &[(&str, &str)]) -> LoginState {
    let home = tempfile::tempdir().unwrap();
    fs::create_dir(home.path().join(".gemini")).unwrap();
    fs::write(home.path().join(".gemini/settings.json"), settings).unwrap();
    let mut environment = Variables::from([("HOME".into(), home.path().into())]);
    environment.extend(variables.iter().map(|(name, value)| (name.into(), value.into())));
    let setup =
        Setup { program: Path::new("/gemini"), environment: &environment, agents: &[], is_root: false };
    vendors::cli(Vendor::Gemini).login_by_setup(&setup)
}

#[test]
fn gemini_settings_outrank_its_variables() {
    let key = ("GEMINI_API_KEY", "k");
    let vertex = ("GOOGLE_GENAI_USE_VERTEXAI", "true");
    let account = ("GOOGLE_GENAI_USE_GCA", "true");
    let gateway = ("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:1");
    let selected = |kind: &str| format!(r#"{{"security":{{"auth":{{"selectedType":"{kind}"}}}}}}"#);
    for (settings, variables, expected) in [
        ("{}".to_owned(), &[][..], "LoggedOut"),
        ("{}".to_owned(), &[key], "GEMINI_API_KEY"),
        ("{}".to_owned(), &[key, vertex], "Vertex AI"),
        ("{}".to_owned(), &[vertex, account], "personal accounts"),
        ("{}".to_owned(), &[key, gateway], "GOOGLE_GEMINI_BASE_URL"),
        (selected("gemini-api-key"), &[], "not in the environment"),
        (selected("gemini-api-key"), &[vertex, key], "GEMINI_API_KEY"),
        (selected("oauth-personal"), &[key], "personal accounts"),
        (selected("cloud-shell"), &[], "unknown kind of login"),
        ("{".to_owned(), &[key], "cannot be read"),
    ] {
        let state = format!("{:?}", gemini(&settings, variables));
        assert!(state.contains(expected), "{settings} {variables:?}: {state}");
    }
}

/// Returns the severities of the findings about a program.
fn quirks(vendor: Vendor, program: &str, agent: VendorAgent, is_root: bool) -> Vec<Severity> {
    let environment =
        Variables::from([("HOME".into(), "/home/me".into()), ("TMPDIR".into(), "/home".into())]);
    let setup = Setup { program: Path::new(program), environment: &environment, agents: &[agent], is_root };
    vendors::cli(vendor).quirks(&setup).into_iter().map(|finding| finding.severity).collect()
}

fn agent(vendor: Vendor, model: Option<&str>, power: Power) -> VendorAgent {
    VendorAgent {
        vendor,
        program: PathBuf::from("/program"),
        model: model.map(str::to_owned),
        effort: None,
        arguments: Vec::new(),
        variables: Vec::new(),
        limit: None,
        power,
    }
}

#[test]
fn quirks_are_reported_where_they_matter() {
    use Severity::{Doubtful, Note, Wrong};
    let (bounded, dangerous) = (Power::Bounded, Power::Dangerous);
    let squatter = "/usr/lib/node_modules/antigravity-cli/bin/kirox";
    for (vendor, program, model, power, is_root, found) in [
        (Vendor::Claude, "/claude", None, dangerous, true, &[Wrong][..]),
        (Vendor::Claude, "/claude", None, dangerous, false, &[]),
        (Vendor::Claude, "/claude", None, bounded, true, &[]),
        (Vendor::Codex, "/codex", None, bounded, false, &[Doubtful]),
        (Vendor::Codex, "/codex", None, dangerous, false, &[]),
        (Vendor::Antigravity, squatter, None, bounded, false, &[Wrong]),
        (Vendor::Antigravity, "/home/me/antigravity-cli/agy", None, bounded, false, &[]),
        (Vendor::Opencode, "/opencode", Some("opencode/big-pickle"), bounded, false, &[Note]),
        (Vendor::Opencode, "/opencode", Some("mine/m"), bounded, false, &[]),
    ] {
        let agent = agent(vendor, model, power);
        assert_eq!(quirks(vendor, program, agent, is_root), found, "{vendor} {program} {model:?} {power:?}");
    }
}

/// Without a login, `opencode models` lists models hosted by its vendor, and a turn without a model would use one of them.
#[test]
fn hosted_models_of_opencode_are_unused() {
    let offered = include_str!("../../../fixtures/agents/opencode/models-without-login.txt");
    assert!(!offered.is_empty() && offered.lines().all(|model| model.starts_with("opencode/")), "{offered}");
    for (model, enabled) in [(None, "[]"), (Some("mine/m"), r#"["mine"]"#)] {
        let invocation = vendors::cli(Vendor::Opencode).invocation(&CliTurn {
            access: Access::Edit,
            prompt: "say hi",
            model,
            effort: None,
            arguments: &[],
            session: None,
            power: Power::Dangerous,
            workdir: Path::new("/clone"),
            readable: &[],
            schema: "{}",
            schema_file: Path::new("/turn/schema.json"),
            last_message: Path::new("/turn/last.txt"),
            environment: &Variables::new(),
        });
        let (_, config) =
            invocation.variables.iter().find(|(name, _)| *name == "OPENCODE_CONFIG_CONTENT").unwrap();
        assert!(config.contains(&format!(r#""enabled_providers":{enabled}"#)), "{config}");
    }
}
