//! The calls by which doctor sees whether a real program is logged in: the program has them, and what it says is understood.

use agent_loop::adapters::agents::driver::setup::LoginState;
use agent_loop::adapters::agents::vendors;
use agent_loop::adapters::process::exit::Exit;
use agent_loop::adapters::process::probe::Answer;
use agent_loop::domain::vendors::Vendor;

use super::child::run;
use super::home::{Home, Login};
use super::program::Program;

/// What a program says of its login in a home.
fn told(program: Program, vendor: Vendor, home: &Home) -> (LoginState, String) {
    let cli = vendors::cli(vendor);
    let path = program.path();
    let ended = run(home.command(&path).args(cli.profile().login.check), "");
    let exit = Exit::Code(ended.exit.unwrap());
    let said = format!("{}{}", ended.stdout, ended.stderr);
    (cli.login(&Answer { exit, stdout: ended.stdout, stderr: ended.stderr }), said)
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn an_empty_home_has_no_login() {
    for (program, vendor, expected) in [
        (Program::Claude, Vendor::Claude, LoginState::LoggedOut),
        (Program::Codex, Vendor::Codex, LoginState::LoggedOut),
        // It always ends well, and lists nothing.
        (Program::OpenCode, Vendor::Opencode, LoginState::Unknown { why: None }),
    ] {
        let (state, said) = told(program, vendor, &Home::new());
        assert_eq!(state, expected, "{vendor}: {said}");
        assert!(expected != LoginState::Unknown { why: None } || said.contains("0 credentials"), "{said}");
    }
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn claude_accepts_a_key_or_token() {
    for login in [Login::ApiKey, Login::Subscription] {
        let home = Home::new().claude("http://127.0.0.1:9", login);
        let (state, said) = told(Program::Claude, Vendor::Claude, &home);
        assert!(matches!(state, LoginState::LoggedIn { .. }), "{said}");
    }
}

#[test]
fn gemini_has_no_call_that_tells() {
    let cli = vendors::cli(Vendor::Gemini);
    assert!(cli.profile().login.check.is_empty(), "doctor looks at its settings and variables instead");
}
