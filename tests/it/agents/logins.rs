//! What each program's call for its login tells, from recordings of it, and with what a login pays.

use std::fs;
use std::path::Path;

use agent_loop::adapters::agents::driver::installation::login_method;
use agent_loop::adapters::agents::driver::vendor_cli::{CliTurn, LoginState};
use agent_loop::adapters::agents::vendors;
use agent_loop::adapters::process::environment::Variables;
use agent_loop::adapters::process::exit::Exit;
use agent_loop::adapters::process::probe::Answer;
use agent_loop::domain::access::{Access, Power};
use agent_loop::domain::vendors::Vendor;

/// A recorded answer to the call that tells.
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
    vendors::cli(vendor).logged_in(&answer.stdout, &answer.stderr, answer.exit)
}

#[test]
fn a_recorded_program_says_whether_it_is_logged_in_and_with_what() {
    use LoginState::{LoggedIn, LoggedOut, Unknown};
    for (vendor, name, told, method) in [
        (Vendor::Claude, "none", LoggedOut, None),
        (Vendor::Claude, "api-key", LoggedIn, Some("an API key")),
        (Vendor::Claude, "oauth-token", LoggedIn, Some("the token of a subscription")),
        (Vendor::Codex, "none", LoggedOut, None),
        (Vendor::Codex, "api-key", LoggedIn, Some("an API key")),
        (Vendor::Codex, "chatgpt", LoggedIn, Some("a ChatGPT account")),
        // A turn would be let in with the key in the variable; the call does not know it.
        (Vendor::Codex, "key-in-variable", LoggedOut, None),
        (Vendor::Opencode, "none", Unknown, None),
    ] {
        let answer = recorded(vendor, name);
        assert_eq!(state(vendor, &answer), told, "{vendor} {name}: {answer:?}");
        assert_eq!(login_method(vendor, &answer), method, "{vendor} {name}: {answer:?}");
    }
}

#[test]
fn what_was_not_recorded_is_understood_too_or_is_unknown() {
    use LoginState::{LoggedIn, LoggedOut, Unknown};
    for (vendor, stdout, stderr, code, told) in [
        (Vendor::Claude, "error: unknown command", "", 1, Unknown),
        (Vendor::Codex, "", "WARNING: no aliases\nNot logged in", 1, LoggedOut),
        (Vendor::Codex, "", "Segmentation fault", 139, Unknown),
        (Vendor::Codex, "", "", 0, Unknown),
        (Vendor::Antigravity, "Gemini 3.1 Pro (High)", "", 0, LoggedIn),
        (Vendor::Antigravity, "authentication required", "", 0, LoggedOut),
        (Vendor::Opencode, "└  2 credentials\n", "", 0, LoggedIn),
        (Vendor::Opencode, "└  0 credentials\n┌  Environment\n└  1 environment variable\n", "", 0, LoggedIn),
    ] {
        let answer = Answer { exit: Exit::Code(code), stdout: stdout.to_owned(), stderr: stderr.to_owned() };
        assert_eq!(state(vendor, &answer), told, "{vendor}: {answer:?}");
    }
}

/// `opencode models` without a login lists models that its maker hosts, and a turn without a model takes one of them.
#[test]
fn none_of_the_models_that_opencode_offers_to_anybody_can_be_reached_unless_it_is_named() {
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
