//! Tests of the commands by which doctor checks the login of real programs.

use agent_loop::adapters::agents::driver::setup::LoginState;
use agent_loop::adapters::agents::vendors;
use agent_loop::adapters::process::exit::Exit;
use agent_loop::adapters::process::probe::Answer;
use agent_loop::domain::vendors::Vendor;

use super::child::run;
use super::home::{Home, Login};
use super::program::Program;

/// Returns the login of a program in a home.
fn login_of(program: Program, vendor: Vendor, home: &Home) -> (LoginState, String) {
    let cli = vendors::cli(vendor);
    let path = program.path();
    let ended = run(home.command(&path).args(cli.profile().login.check), "");
    let exit = Exit::Code(ended.exit.unwrap());
    let output = format!("{}{}", ended.stdout, ended.stderr);
    (cli.login(&Answer { exit, stdout: ended.stdout, stderr: ended.stderr }), output)
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn an_empty_home_has_no_login() {
    for (program, vendor, expected) in [
        (Program::Claude, Vendor::Claude, LoginState::LoggedOut),
        (Program::Codex, Vendor::Codex, LoginState::LoggedOut),
        // The command always succeeds, and lists nothing.
        (Program::OpenCode, Vendor::Opencode, LoginState::Unknown { why: None }),
    ] {
        let (state, output) = login_of(program, vendor, &Home::new());
        assert_eq!(state, expected, "{vendor}: {output}");
        assert!(
            expected != LoginState::Unknown { why: None } || output.contains("0 credentials"),
            "{output}"
        );
    }
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn claude_accepts_a_key_or_token() {
    for login in [Login::ApiKey, Login::Subscription] {
        let home = Home::new().claude("http://127.0.0.1:9", login);
        let (state, output) = login_of(Program::Claude, Vendor::Claude, &home);
        assert!(matches!(state, LoginState::LoggedIn { .. }), "{output}");
    }
}

#[test]
fn gemini_has_no_login_command() {
    let cli = vendors::cli(Vendor::Gemini);
    assert!(cli.profile().login.check.is_empty(), "doctor looks at its settings and variables instead");
}
