//! The command line of each program for each access, as in a log.

use std::path::{Path, PathBuf};

use agent_loop::adapters::agents::driver::vendor_cli::{CliTurn, Invocation, ModelChoice};
use agent_loop::adapters::agents::vendors;
use agent_loop::adapters::process::command::Prompt;
use agent_loop::adapters::process::variables::Variables;
use agent_loop::domain::access::{Access, Power};
use agent_loop::domain::agent::Backend;
use agent_loop::domain::turn::SessionNote;
use agent_loop::domain::usage::Usage;
use agent_loop::domain::vendors::Vendor;
use serde_json::{Value, json};

static NOTHING_SET: Variables = Variables::new();

fn turn(access: Access, power: Power, readable: &[PathBuf]) -> CliTurn<'_> {
    CliTurn {
        access,
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

/// Returns the arguments and variables of a turn.
fn line(vendor: Vendor, access: Access, power: Power) -> String {
    let readable = [PathBuf::from("/turn")];
    let invocation = vendors::cli(vendor).invocation(&turn(access, power, &readable));
    let variables = invocation.variables.iter().map(|(name, value)| format!("{name}={value} "));
    format!("{}{}", variables.collect::<String>(), invocation.arguments.join(" "))
}

#[test]
fn claude_has_the_tools_of_access() {
    let always = "DISABLE_AUTOUPDATER=1 -p --output-format stream-json --verbose --json-schema {}";
    let own = "--setting-sources=user --strict-mcp-config";
    for (power, access, permissions) in [
        (
            Power::Bounded,
            Access::Edit,
            "--permission-mode acceptEdits --allowedTools=Bash,Edit,Write,NotebookEdit,Read,Grep,Glob \
             --disallowedTools=Bash(git push *),Bash(gh *)"
                .to_owned(),
        ),
        (
            Power::Bounded,
            Access::Read,
            format!("--permission-mode default --tools=Read,Grep,Glob,Bash {own}"),
        ),
        (
            Power::Bounded,
            Access::ReadAndWeb,
            format!(
                "--permission-mode default --tools=Read,Grep,Glob,WebSearch,WebFetch \
                 --allowedTools=WebSearch,WebFetch {own}"
            ),
        ),
        (Power::Bounded, Access::Nothing, format!("--tools= --no-session-persistence {own}")),
        (Power::Dangerous, Access::Edit, "--dangerously-skip-permissions".to_owned()),
        (Power::Dangerous, Access::Read, format!("--dangerously-skip-permissions {own}")),
        (Power::Dangerous, Access::ReadAndWeb, format!("--dangerously-skip-permissions {own}")),
        (Power::Dangerous, Access::Nothing, format!("--tools= --no-session-persistence {own}")),
    ] {
        let expected = format!("{always} {permissions} --add-dir=/turn");
        assert_eq!(line(Vendor::Claude, access, power), expected, "{access:?} {power:?}");
    }
}

#[test]
fn codex_has_the_sandbox_of_access() {
    let always = "exec --json --skip-git-repo-check";
    let files = "--output-schema /turn/schema.json -o /turn/last.txt -";
    let judges = "-c projects={\"/clone\"={trust_level=\"untrusted\"}} -c skills.include_instructions=false";
    let reads = format!("{always} -s read-only --ignore-rules -c web_search=\"disabled\" {judges} {files}");
    for (power, access, expected) in [
        (Power::Bounded, Access::Edit, format!("{always} -s workspace-write --ignore-rules {files}")),
        (Power::Bounded, Access::Read, reads.clone()),
        (
            Power::Bounded,
            Access::ReadAndWeb,
            format!("{always} -s read-only --ignore-rules -c web_search=\"live\" {judges} {files}"),
        ),
        (Power::Bounded, Access::Nothing, reads.clone()),
        (
            Power::Dangerous,
            Access::Edit,
            format!("{always} --dangerously-bypass-approvals-and-sandbox {files}"),
        ),
        (
            Power::Dangerous,
            Access::Read,
            format!("{always} --dangerously-bypass-approvals-and-sandbox {judges} {files}"),
        ),
        (
            Power::Dangerous,
            Access::ReadAndWeb,
            format!("{always} --dangerously-bypass-approvals-and-sandbox {judges} {files}"),
        ),
        (Power::Dangerous, Access::Nothing, reads.clone()),
    ] {
        assert_eq!(line(Vendor::Codex, access, power), expected, "{access:?} {power:?}");
    }
}

#[test]
fn codex_arguments_precede_the_resumed_session() {
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
        ..turn(Access::Edit, Power::Bounded, &[])
    };
    let invocation = codex.invocation(&turn);
    assert_eq!(
        invocation.arguments.join(" "),
        "exec --json --skip-git-repo-check -s workspace-write --ignore-rules --output-schema /turn/schema.json \
         -o /turn/last.txt -m gpt-5-codex -c model_reasoning_effort=\"high\" \
         -c sandbox_workspace_write.network_access=true resume 01a1fb6d-c021-74a3-92f0-93ee7da64437 -"
    );
    // A prompt in the arguments could be mistaken for a subcommand such as `review`.
    assert_eq!(invocation.input, b"PROMPT");
}

#[test]
fn odd_efforts_never_reach_codex() {
    for effort in ["high\"", "[x]", "", "High Noon", "a\nsandbox_mode=\"danger-full-access\""] {
        let turn = CliTurn { effort: Some(effort), ..turn(Access::Edit, Power::Bounded, &[]) };
        let arguments = vendors::cli(Vendor::Codex).invocation(&turn).arguments;
        assert!(!arguments.iter().any(|argument| argument.contains("effort")), "{arguments:?}");
    }
}

#[test]
fn gemini_has_the_policy_of_access() {
    let invoked = |access, power| {
        let readable = [PathBuf::from("/turn")];
        let invocation = vendors::cli(Vendor::Gemini).invocation(&turn(access, power, &readable));
        let variables = [("GEMINI_CLI_NO_RELAUNCH", "true"), ("GEMINI_CLI_TRUST_WORKSPACE", "false")];
        assert_eq!(invocation.variables, variables.map(|(name, value)| (name, value.to_owned())));
        let policy = invocation.files.first().map(|(_, text)| String::from_utf8(text.clone()).unwrap());
        (invocation.arguments.join(" "), policy.unwrap_or_default())
    };
    let (always, turn) = ("-o stream-json --skip-trust", "--include-directories=/turn");
    let policy = "--policy /turn/gemini-policy.toml";
    let servers = "--allowed-mcp-server-names none-of-them";
    let (coder, rules) = invoked(Access::Edit, Power::Bounded);
    assert_eq!(coder, format!("{always} --approval-mode auto_edit {policy} {turn}"));
    assert!(rules.contains(r#"commandPrefix = ["git push", "gh "]"#), "{rules}");
    let reading = r#""read_file", "read_many_files", "list_directory", "glob", "grep_search""#;
    for (access, tools) in [
        (Access::Read, Some(reading.to_owned())),
        (Access::ReadAndWeb, Some(format!(r#"{reading}, "google_web_search", "web_fetch""#))),
        (Access::Nothing, None),
    ] {
        let (arguments, rules) = invoked(access, Power::Bounded);
        assert_eq!(arguments, format!("{always} --approval-mode default {policy} {servers} {turn}"));
        let rules: toml::Table = rules.parse().unwrap();
        let mut rules: Vec<String> =
            rules["rule"].as_array().unwrap().iter().map(ToString::to_string).collect();
        let others = rules.pop().unwrap();
        assert_eq!(others, r#"{ decision = "deny", priority = 900, toolName = "*" }"#);
        let allowed =
            tools.map(|tools| format!(r#"{{ decision = "allow", priority = 950, toolName = [{tools}] }}"#));
        assert_eq!(rules.first(), allowed.as_ref(), "{access:?}");
    }
    let (dangerous, rules) = invoked(Access::Edit, Power::Dangerous);
    assert_eq!((dangerous, rules), (format!("{always} --approval-mode yolo {turn}"), String::new()));
}

#[test]
fn antigravity_reads_long_prompts_from_files() {
    let readable = [PathBuf::from("/turn")];
    let asked = |access, power, prompt: &str| {
        let turn = CliTurn { prompt, ..turn(access, power, &readable) };
        vendors::cli(Vendor::Antigravity).invocation(&turn)
    };
    let always = "--output-format json --json-schema /turn/schema.json --model Gemini 3.1 Pro (High)";
    let (limit, folders) = ("--print-timeout=24h", "--add-dir /clone --add-dir /turn");
    for (access, power, mode) in [
        (Access::Edit, Power::Bounded, "--mode accept-edits"),
        (Access::Read, Power::Bounded, "--mode plan"),
        (Access::ReadAndWeb, Power::Bounded, "--mode plan"),
        (Access::Read, Power::Dangerous, "--dangerously-skip-permissions"),
        (Access::ReadAndWeb, Power::Dangerous, "--dangerously-skip-permissions"),
        (Access::Edit, Power::Dangerous, "--dangerously-skip-permissions"),
    ] {
        let line = asked(access, power, "PROMPT").arguments.join(" ");
        assert_eq!(line, format!("{always} {mode} {limit} {folders} -p PROMPT"));
    }
    for power in [Power::Bounded, Power::Dangerous] {
        let nothing = asked(Access::Nothing, power, "PROMPT").arguments.join(" ");
        assert_eq!(nothing, format!("{always} --mode plan {limit} --add-dir /turn -p PROMPT"));
    }
    // The system does not accept an argument of 128 KiB.
    let long = "x".repeat(300_000);
    let invocation = asked(Access::Edit, Power::Bounded, &long);
    assert_eq!(invocation.files, [(PathBuf::from("/turn/prompt.md"), long.into_bytes())]);
    assert!(invocation.arguments.iter().all(|argument| argument.len() < 1000));
    assert!(invocation.arguments.last().unwrap().contains("/turn/prompt.md"));
    assert_eq!(invocation.prompt, Prompt::File { bytes: 300_000 });
    assert_eq!(asked(Access::Edit, Power::Bounded, "PROMPT").prompt, Prompt::LastArgument);
}

fn opencode(model: Option<&str>, access: Access, environment: &Variables) -> Invocation {
    let readable = [PathBuf::from("/turn")];
    let turn = CliTurn { model, environment, ..turn(access, Power::Bounded, &readable) };
    vendors::cli(Vendor::Opencode).invocation(&turn)
}

fn json_of(invocation: &Invocation, name: &str) -> Value {
    let (_, text) = invocation.variables.iter().find(|(known, _)| *known == name).unwrap();
    serde_json::from_str(text).unwrap()
}

#[test]
fn opencode_uses_one_provider_only() {
    let named = opencode(Some("openrouter/z-ai/glm-5"), Access::Edit, &NOTHING_SET);
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
        let config = json_of(&opencode(model, Access::Edit, &NOTHING_SET), "OPENCODE_CONFIG_CONTENT");
        assert_eq!(config["enabled_providers"], json!([]), "{model:?}");
    }
}

#[test]
fn opencode_has_the_permissions_of_access() {
    let allowed = |access| {
        let invocation = opencode(Some("p/m"), access, &NOTHING_SET);
        let permissions = json_of(&invocation, "OPENCODE_PERMISSION");
        // The user's settings for agents override the variable, so our own agent repeats the permissions.
        let ours = &json_of(&invocation, "OPENCODE_CONFIG_CONTENT")["agent"]["agent-loop"]["permission"];
        assert_eq!(*ours, permissions);
        assert!(
            invocation.variables.contains(&("OPENCODE_DISABLE_PROJECT_CONFIG", "1".to_owned())),
            "settings of the repository count"
        );
        permissions
    };
    let edit = allowed(Access::Edit);
    assert_eq!(edit["*"], "deny");
    assert_eq!(edit["bash"].to_string(), r#"{"*":"allow","gh *":"deny","git push*":"deny"}"#);
    assert_eq!(edit["external_directory"].to_string(), r#"{"*":"deny","/turn/*":"allow"}"#);
    let (read, web) = (allowed(Access::Read), allowed(Access::ReadAndWeb));
    for tool in ["*", "bash", "edit", "task", "webfetch", "websearch"] {
        assert_eq!(read[tool], "deny", "{tool}");
    }
    assert_eq!(read["read"], "allow");
    for (tool, rule) in web.as_object().unwrap() {
        let expected = if tool.starts_with("web") { &json!("allow") } else { &read[tool] };
        assert_eq!(rule, expected, "{tool}");
    }
    let searches = |access| {
        let variables = opencode(Some("p/m"), access, &NOTHING_SET).variables;
        variables.contains(&("OPENCODE_ENABLE_EXA", "1".to_owned()))
    };
    assert!(searches(Access::ReadAndWeb));
    assert!(![Access::Edit, Access::Read, Access::Nothing].into_iter().any(searches));
    let nothing = allowed(Access::Nothing);
    assert!(nothing.as_object().unwrap().values().all(|rule| rule == "deny"), "{nothing}");
    let arguments = opencode(Some("p/m"), Access::Nothing, &NOTHING_SET).arguments.join(" ");
    assert!(arguments.contains("--dir /turn "), "{arguments}");
}

#[test]
fn own_providers_of_opencode_remain() {
    let set = r#"{"provider":{"mine":{"options":{"baseURL":"http://127.0.0.1:1"}}},"share":"auto"}"#;
    let environment = Variables::from([("OPENCODE_CONFIG_CONTENT".into(), set.into())]);
    let config = json_of(&opencode(Some("mine/m"), Access::Edit, &environment), "OPENCODE_CONFIG_CONTENT");
    assert_eq!(config["provider"]["mine"]["options"]["baseURL"], "http://127.0.0.1:1");
    assert_eq!(config["share"], "disabled");
}
