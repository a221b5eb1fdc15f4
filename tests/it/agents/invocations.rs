//! How each program is asked for a turn, role by role: the whole command line, as in a log.

use std::path::{Path, PathBuf};

use agent_loop::adapters::agents::driver::vendor_cli::{CliTurn, Invocation, ModelChoice, Power};
use agent_loop::adapters::agents::vendors;
use agent_loop::adapters::process::command::Prompt;
use agent_loop::adapters::process::environment::Variables;
use agent_loop::domain::agent::{Backend, Role};
use agent_loop::domain::turn::SessionNote;
use agent_loop::domain::usage::Usage;
use agent_loop::domain::vendors::Vendor;
use serde_json::{Value, json};

static NOTHING_SET: Variables = Variables::new();

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
        environment: &NOTHING_SET,
    }
}

/// The arguments of a turn and the variables that it sets.
fn line(vendor: Vendor, role: Role, power: Power) -> String {
    let readable = [PathBuf::from("/turn")];
    let invocation = vendors::cli(vendor).invocation(&turn(role, power, &readable));
    let variables = invocation.variables.iter().map(|(name, value)| format!("{name}={value} "));
    format!("{}{}", variables.collect::<String>(), invocation.arguments.join(" "))
}

#[test]
fn claude_is_allowed_what_its_role_needs() {
    let bounded = |role| line(Vendor::Claude, role, Power::Bounded);
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
        line(Vendor::Claude, Role::Coder, Power::Dangerous),
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
        assert_eq!(line(Vendor::Codex, role, power), expected, "{role:?} {power:?}");
    }
}

#[test]
fn codex_is_told_everything_before_the_session_to_go_on_with() {
    let codex = vendors::cli(Vendor::Codex);
    let id = "01a1fb6d-c021-74a3-92f0-93ee7da64437".to_owned();
    let note = SessionNote {
        id,
        backend: Backend::Vendor(Vendor::Codex),
        folder: PathBuf::from("/clone"),
        model: None,
        counted: Usage::default(),
    };
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
        let arguments = vendors::cli(Vendor::Codex).invocation(&turn).arguments;
        assert!(!arguments.iter().any(|argument| argument.contains("effort")), "{arguments:?}");
    }
}

#[test]
fn gemini_is_allowed_what_its_role_needs() {
    let told = |role, power| {
        let readable = [PathBuf::from("/turn")];
        let invocation = vendors::cli(Vendor::Gemini).invocation(&turn(role, power, &readable));
        let variables = [("GEMINI_CLI_NO_RELAUNCH", "true"), ("GEMINI_CLI_TRUST_WORKSPACE", "false")];
        assert_eq!(invocation.variables, variables.map(|(name, value)| (name, value.to_owned())));
        let policy = invocation.files.first().map(|(_, text)| String::from_utf8(text.clone()).unwrap());
        (invocation.arguments.join(" "), policy.unwrap_or_default())
    };
    let (always, turn) = ("-o stream-json --skip-trust", "--include-directories=/turn");
    let policy = "--policy /turn/gemini-policy.toml";
    let servers = "--allowed-mcp-server-names none-of-them";
    let (coder, rules) = told(Role::Coder, Power::Bounded);
    assert_eq!(coder, format!("{always} --approval-mode auto_edit {policy} {turn}"));
    assert!(rules.contains(r#"commandPrefix = ["git push", "gh "]"#), "{rules}");
    for (role, rule) in [(Role::Reviewer, r#""read_file""#), (Role::Repair, r#"toolName = "*""#)] {
        let (arguments, rules) = told(role, Power::Bounded);
        assert_eq!(arguments, format!("{always} --approval-mode default {policy} {servers} {turn}"));
        assert!(rules.contains(rule) && !rules.contains("run_shell_command"), "{rules}");
    }
    let (dangerous, rules) = told(Role::Coder, Power::Dangerous);
    assert_eq!((dangerous, rules), (format!("{always} --approval-mode yolo {turn}"), String::new()));
}

#[test]
fn antigravity_is_asked_in_an_argument_or_by_a_file() {
    let readable = [PathBuf::from("/turn")];
    let asked = |role, power, prompt: &str| {
        let turn = CliTurn { prompt, ..turn(role, power, &readable) };
        vendors::cli(Vendor::Antigravity).invocation(&turn)
    };
    let always = "--output-format json --json-schema /turn/schema.json --model Gemini 3.1 Pro (High)";
    let (limit, folders) = ("--print-timeout=24h", "--add-dir /clone --add-dir /turn");
    for (role, power, mode) in [
        (Role::Coder, Power::Bounded, "--mode accept-edits"),
        (Role::Reviewer, Power::Bounded, "--mode plan"),
        (Role::Coder, Power::Dangerous, "--dangerously-skip-permissions"),
    ] {
        let line = asked(role, power, "PROMPT").arguments.join(" ");
        assert_eq!(line, format!("{always} {mode} {limit} {folders} -p PROMPT"));
    }
    let repair = asked(Role::Repair, Power::Dangerous, "PROMPT").arguments.join(" ");
    assert_eq!(repair, format!("{always} --mode plan {limit} --add-dir /turn -p PROMPT"));
    // The system takes no argument of 128 KiB.
    let long = "x".repeat(300_000);
    let invocation = asked(Role::Coder, Power::Bounded, &long);
    assert_eq!(invocation.files, [(PathBuf::from("/turn/prompt.md"), long.into_bytes())]);
    assert!(invocation.arguments.iter().all(|argument| argument.len() < 1000));
    assert!(invocation.arguments.last().unwrap().contains("/turn/prompt.md"));
    assert_eq!(invocation.prompt, Prompt::File { bytes: 300_000 });
    assert_eq!(asked(Role::Coder, Power::Bounded, "PROMPT").prompt, Prompt::LastArgument);
}

fn opencode(model: Option<&str>, role: Role, environment: &Variables) -> Invocation {
    let readable = [PathBuf::from("/turn")];
    let turn = CliTurn { model, environment, ..turn(role, Power::Bounded, &readable) };
    vendors::cli(Vendor::Opencode).invocation(&turn)
}

fn json_of(invocation: &Invocation, name: &str) -> Value {
    let (_, text) = invocation.variables.iter().find(|(known, _)| *known == name).unwrap();
    serde_json::from_str(text).unwrap()
}

#[test]
fn opencode_reaches_no_provider_but_that_of_the_model() {
    let named = opencode(Some("openrouter/z-ai/glm-5"), Role::Coder, &NOTHING_SET);
    assert_eq!(
        named.arguments.join(" "),
        "run --format json --print-logs --log-level ERROR --agent agent-loop --title agent-loop --dir /clone \
         -m openrouter/z-ai/glm-5"
    );
    assert_eq!(named.input, b"PROMPT");
    let config = json_of(&named, "OPENCODE_CONFIG_CONTENT");
    assert_eq!(config["enabled_providers"], json!(["openrouter"]));
    assert_eq!(config["small_model"], json!("openrouter/z-ai/glm-5"));
    assert_eq!((&config["share"], &config["autoupdate"]), (&json!("disabled"), &json!(false)));
    assert_eq!(config["instructions"], json!(["/clone/AGENTS.md"]));
    let cli = vendors::cli(Vendor::Opencode);
    assert_eq!(cli.model_choice(), ModelChoice::Required { form: "provider/model" });
    for model in [None, Some("no-provider")] {
        let config = json_of(&opencode(model, Role::Coder, &NOTHING_SET), "OPENCODE_CONFIG_CONTENT");
        assert_eq!(config["enabled_providers"], json!([]), "{model:?}");
    }
}

#[test]
fn opencode_is_allowed_what_its_role_needs() {
    let allowed = |role| {
        let invocation = opencode(Some("p/m"), role, &NOTHING_SET);
        let permissions = json_of(&invocation, "OPENCODE_PERMISSION");
        // What a user allows to agents of theirs counts more than the variable, so our own agent says it too.
        let ours = &json_of(&invocation, "OPENCODE_CONFIG_CONTENT")["agent"]["agent-loop"]["permission"];
        assert_eq!(*ours, permissions);
        assert!(
            invocation.variables.contains(&("OPENCODE_DISABLE_PROJECT_CONFIG", "1".to_owned())),
            "settings of the repository count"
        );
        permissions
    };
    let coder = allowed(Role::Coder);
    assert_eq!(coder["*"], "deny");
    assert_eq!(coder["bash"].to_string(), r#"{"*":"allow","gh *":"deny","git push*":"deny"}"#);
    assert_eq!(coder["external_directory"].to_string(), r#"{"*":"deny","/turn/*":"allow"}"#);
    let reviewer = allowed(Role::Reviewer);
    for tool in ["*", "bash", "edit", "task", "webfetch"] {
        assert_eq!(reviewer[tool], "deny", "{tool}");
    }
    assert_eq!(reviewer["read"], "allow");
    let repair = allowed(Role::Repair);
    assert!(repair.as_object().unwrap().values().all(|rule| rule == "deny"), "{repair}");
    let arguments = opencode(Some("p/m"), Role::Repair, &NOTHING_SET).arguments.join(" ");
    assert!(arguments.contains("--dir /turn "), "{arguments}");
}

#[test]
fn providers_that_the_user_has_set_for_opencode_stay() {
    let set = r#"{"provider":{"mine":{"options":{"baseURL":"http://127.0.0.1:1"}}},"share":"auto"}"#;
    let environment = Variables::from([("OPENCODE_CONFIG_CONTENT".into(), set.into())]);
    let config = json_of(&opencode(Some("mine/m"), Role::Coder, &environment), "OPENCODE_CONFIG_CONTENT");
    assert_eq!(config["provider"]["mine"]["options"]["baseURL"], "http://127.0.0.1:1");
    assert_eq!(config["share"], "disabled");
}
