//! The calls by which doctor sees whether a real program is logged in: the program has them, and what it says is understood.

use agent_loop::adapters::agents::driver::vendor_cli::LoginState;
use agent_loop::adapters::agents::vendors;
use agent_loop::adapters::process::exit::Exit;
use agent_loop::domain::agent::Backend;

use super::child::run;
use super::home::{Home, Login};
use super::program::Program;

/// What a program says of its login in a home.
fn told(program: Program, backend: Backend, home: &Home) -> (LoginState, String) {
    let cli = vendors::cli(backend).unwrap();
    let path = program.path();
    let ended = run(home.command(&path).args(cli.profile().login.check), "");
    let exit = Exit::Code(ended.exit.unwrap());
    (cli.logged_in(&ended.stdout, &ended.stderr, exit), format!("{}{}", ended.stdout, ended.stderr))
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn a_program_in_an_empty_home_is_not_logged_in() {
    for (program, backend, expected) in [
        (Program::Claude, Backend::Claude, LoginState::LoggedOut),
        (Program::Codex, Backend::Codex, LoginState::LoggedOut),
        // It always ends well, and lists nothing.
        (Program::OpenCode, Backend::Opencode, LoginState::Unknown),
    ] {
        let (state, said) = told(program, backend, &Home::new());
        assert_eq!(state, expected, "{backend}: {said}");
        assert!(expected != LoginState::Unknown || said.contains("0 credentials"), "{said}");
    }
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn claude_is_logged_in_with_a_key_or_a_token() {
    for login in [Login::ApiKey, Login::Subscription] {
        let home = Home::new().claude("http://127.0.0.1:9", login);
        let (state, said) = told(Program::Claude, Backend::Claude, &home);
        assert_eq!(state, LoginState::LoggedIn, "{said}");
    }
}

#[test]
fn gemini_has_no_call_that_tells() {
    let cli = vendors::cli(Backend::Gemini).unwrap();
    assert!(cli.profile().login.check.is_empty(), "doctor looks at its settings and variables instead");
}
