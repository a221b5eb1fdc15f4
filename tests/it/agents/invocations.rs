//! How each program is asked for a turn, role by role: the whole command line, as in a log.

use std::path::{Path, PathBuf};

use agent_loop::adapters::agents::cli::{CliTurn, Power};
use agent_loop::adapters::agents::vendor;
use agent_loop::domain::agent::{Backend, Role};

fn turn(role: Role, power: Power, readable: &[PathBuf]) -> CliTurn<'_> {
    CliTurn {
        role,
        prompt: "PROMPT",
        model: None,
        effort: None,
        arguments: &[],
        session: None,
        power,
        workdir: Path::new("/clone"),
        readable,
        schema: "{}",
        schema_file: Path::new("/turn/schema.json"),
        last_message: Path::new("/turn/last.txt"),
    }
}

/// The arguments of a turn and the variables that it sets.
fn line(backend: Backend, role: Role, power: Power) -> String {
    let readable = [PathBuf::from("/turn")];
    let invocation = vendor::cli(backend).unwrap().invocation(&turn(role, power, &readable));
    let variables = invocation.variables.iter().map(|(name, value)| format!("{name}={value} "));
    format!("{}{}", variables.collect::<String>(), invocation.arguments.join(" "))
}

#[test]
fn claude_is_allowed_what_its_role_needs() {
    let bounded = |role| line(Backend::Claude, role, Power::Bounded);
    let always = "DISABLE_AUTOUPDATER=1 -p --output-format stream-json --verbose --json-schema {}";
    assert_eq!(
        bounded(Role::Coder),
        format!(
            "{always} --permission-mode acceptEdits --allowedTools=Bash,Edit,Write,NotebookEdit,Read,Grep,Glob \
             --disallowedTools=Bash(git push *),Bash(gh *) --add-dir=/turn"
        )
    );
    assert_eq!(
        bounded(Role::Reviewer),
        format!(
            "{always} --permission-mode default --tools=Read,Grep,Glob,Bash --setting-sources=user --strict-mcp-config \
             --add-dir=/turn"
        )
    );
    assert_eq!(
        line(Backend::Claude, Role::Coder, Power::Dangerous),
        format!("{always} --dangerously-skip-permissions --add-dir=/turn")
    );
}
