//! How each program is asked for a turn, role by role: the whole command line, as in a log.

use std::path::{Path, PathBuf};

use agent_loop::adapters::agents::cli::{CliTurn, Power};
use agent_loop::adapters::agents::vendor;
use agent_loop::domain::agent::{Backend, Role};
use agent_loop::domain::turn::SessionNote;
use agent_loop::domain::usage::Usage;

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

#[test]
fn codex_has_the_sandbox_that_its_role_needs() {
    let always = "exec --json --skip-git-repo-check";
    let files = "--output-schema /turn/schema.json -o /turn/last.txt -";
    let judges = "-c projects={\"/clone\"={trust_level=\"untrusted\"}} -c skills.include_instructions=false";
    let reads = format!("{always} -s read-only --ignore-rules {judges} {files}");
    for (power, role, expected) in [
        (Power::Bounded, Role::Coder, format!("{always} -s workspace-write --ignore-rules {files}")),
        (Power::Bounded, Role::Reviewer, reads.clone()),
        (Power::Bounded, Role::Repair, reads.clone()),
        (
            Power::Dangerous,
            Role::Coder,
            format!("{always} --dangerously-bypass-approvals-and-sandbox {files}"),
        ),
        (
            Power::Dangerous,
            Role::Reviewer,
            format!("{always} --dangerously-bypass-approvals-and-sandbox {judges} {files}"),
        ),
        (Power::Dangerous, Role::Repair, reads.clone()),
    ] {
        assert_eq!(line(Backend::Codex, role, power), expected, "{role:?} {power:?}");
    }
}

#[test]
fn codex_is_told_everything_before_the_session_to_go_on_with() {
    let codex = vendor::cli(Backend::Codex).unwrap();
    let id = "01a1fb6d-c021-74a3-92f0-93ee7da64437".to_owned();
    let note = SessionNote { id, model: None, counted: Usage::default() };
    let own = ["-c".to_owned(), "sandbox_workspace_write.network_access=true".to_owned()];
    let turn = CliTurn {
        model: Some("gpt-5-codex"),
        effort: Some("high"),
        arguments: &own,
        session: Some(&note),
        ..turn(Role::Coder, Power::Bounded, &[])
    };
    let invocation = codex.invocation(&turn);
    assert_eq!(
        invocation.arguments.join(" "),
        "exec --json --skip-git-repo-check -s workspace-write --ignore-rules --output-schema /turn/schema.json \
         -o /turn/last.txt -m gpt-5-codex -c model_reasoning_effort=\"high\" \
         -c sandbox_workspace_write.network_access=true resume 01a1fb6d-c021-74a3-92f0-93ee7da64437 -"
    );
    // A prompt in the arguments could be a word that it takes for a command, such as `review`.
    assert_eq!(invocation.input, b"PROMPT");
}

#[test]
fn an_effort_that_is_no_word_is_not_put_into_the_settings_of_codex() {
    for effort in ["high\"", "[x]", "", "High Noon", "a\nsandbox_mode=\"danger-full-access\""] {
        let turn = CliTurn { effort: Some(effort), ..turn(Role::Coder, Power::Bounded, &[]) };
        let arguments = vendor::cli(Backend::Codex).unwrap().invocation(&turn).arguments;
        assert!(!arguments.iter().any(|argument| argument.contains("effort")), "{arguments:?}");
    }
}
