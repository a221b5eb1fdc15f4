//! `doctor`: its results for programs that print what the real ones print, and for programs that misbehave.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use agent_loop::domain::instant::utc;
use jiff::SignedDuration;
use serde_json::Value;

use super::screen::assert_screen;
use super::stage::{Ended, Stage, from_now, until};

const CLAUDE: &str = r#"#!/bin/sh
case "$*" in
--version) echo '2.1.197 (Claude Code)' ;;
'auth status') echo '{ "loggedIn": true, "authMethod": "oauth_token", "apiProvider": "firstParty" }' ;;
*) exit 9 ;;
esac
"#;

const CODEX: &str = r#"#!/bin/sh
case "$*" in
--version) echo 'codex-cli 0.169.0' ;;
'login status') echo 'Logged in using ChatGPT' >&2 ;;
'sandbox -- true') exit 0 ;;
*) exit 9 ;;
esac
"#;

/// Creates a program in the first folder of `PATH`.
fn install(stage: &Stage, name: &str, script: &str) {
    fs::create_dir_all(stage.root().join("bin")).unwrap();
    stage.agent(&format!("bin/{name}"), script);
}

/// Creates both default agents, ready to run.
fn healthy() -> Stage {
    let stage = Stage::new();
    install(&stage, "claude", CLAUDE);
    install(&stage, "codex", CODEX);
    stage
}

/// Runs with only the programs of the stage and of the system, and with a temporary folder outside of any home.
fn doctor(stage: &Stage, arguments: &[&str]) -> Ended {
    doctor_with(stage, arguments, &[])
}

fn doctor_with(stage: &Stage, arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let temp = stage.root().join("temp");
    fs::create_dir_all(&temp).unwrap();
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", stage.root().join("bin").display());
    let temp = temp.display().to_string();
    let mut all = vec![("PATH", path.as_str()), ("TMPDIR", temp.as_str())];
    all.extend(variables);
    stage.run_with(&[&["doctor", "--json"], arguments].concat(), &all)
}

fn group<'report>(report: &'report Value, title: &str) -> &'report Value {
    let groups = report["groups"].as_array().unwrap();
    let found = groups.iter().find(|group| group["title"].as_str().unwrap().starts_with(title));
    found.unwrap_or_else(|| panic!("no group {title} in {report:#}"))
}

/// Returns the verdict of a check, the observation, and the fix.
fn check(report: &Value, title: &str, name: &str) -> (String, String, String) {
    let checks = group(report, title)["checks"].as_array().unwrap();
    let found = checks.iter().find(|check| check["name"] == name);
    let found = found.unwrap_or_else(|| panic!("no check {name} of {title} in {report:#}"));
    let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
    (text("verdict"), text("seen"), text("fix"))
}

fn verdict(report: &Value, title: &str, name: &str) -> String {
    check(report, title, name).0
}

#[test]
fn complete_machines_have_no_problems() {
    let stage = healthy();
    let ended = doctor(&stage, &[]);
    let report = ended.json();
    assert_eq!((ended.exit, report["schema"].as_str()), (Some(0), Some("agent-loop/doctor/1")), "{report:#}");
    for (title, name) in [
        ("agent-loop", "version"),
        ("agent-loop", "state"),
        ("git", "version"),
        ("git", "identity"),
        ("configuration", "repository's file"),
        ("configuration", "your file"),
        ("repository", "branch"),
        ("repository", "forge"),
        ("claude (coder)", "login"),
        ("codex (reviewer)", "version"),
        ("codex (reviewer)", "login"),
        ("codex (reviewer)", "sandbox"),
    ] {
        assert_eq!(verdict(&report, title, name), "ok", "{title}: {name}: {report:#}");
    }
    let titles: Vec<&str> =
        report["groups"].as_array().unwrap().iter().map(|group| group["title"].as_str().unwrap()).collect();
    assert!(!titles.iter().any(|title| title.starts_with("gemini")), "unneeded programs are left out");
    assert!(doctor(&stage, &["--all"]).stdout.contains("gemini (not needed)"));

    let path = format!("{}:/usr/bin:/bin", stage.root().join("bin").display());
    let words = stage.run_with(&["doctor"], &[("PATH", path.as_str())]).stdout;
    assert!(words.contains("claude (coder)\n  ok       program"), "{words}");
    assert!(!stage.root().join("state").exists(), "nothing is made");
}

/// Returns the report as text, with the git of the tests and no other program of this machine.
fn text(stage: &Stage) -> String {
    let git = stage.root().join("bin/git");
    if !git.exists() {
        symlink(Path::new(&stage.git(&["--exec-path"])).join("git"), &git).unwrap();
    }
    let version = stage.git(&["version"]);
    let version: Vec<&str> = version.split(['.', ' ']).collect();
    let path = format!("{}:/usr/bin:/bin", stage.root().join("bin").display());
    let temp = stage.root().join("temp").display().to_string();
    fs::create_dir_all(&temp).unwrap();
    let words = stage.run_with(&["doctor"], &[("PATH", path.as_str()), ("TMPDIR", temp.as_str())]).stdout;
    words.replace(&format!("version            {}.{}\n", version[2], version[3]), "version            GIT\n")
}

#[test]
fn the_report_is_saved() {
    let stage = healthy();
    assert_screen(&stage, "doctor-ready", &text(&stage));
    install(&stage, "claude", "#!/bin/sh\necho '{ \"loggedIn\": false }'\nexit 1\n");
    fs::remove_file(stage.root().join("bin/codex")).unwrap();
    stage.write("agent-loop.toml", "[gates.tests]\ncommand = \"make\"\n");
    stage.git(&["add", "--all"]);
    stage.git(&["commit", "--quiet", "--message", "settings"]);
    assert_screen(&stage, "doctor-problems", &text(&stage));
}

#[test]
fn unneeded_programs_can_not_fail() {
    let stage = healthy();
    install(&stage, "claude", "#!/bin/sh\necho '{ \"loggedIn\": false }'\nexit 1\n");
    let needed = doctor(&stage, &[]);
    assert_eq!(
        (needed.exit, verdict(&needed.json(), "claude (coder)", "login")),
        (Some(1), "error".to_owned())
    );
    let (_, _, fix) = check(&needed.json(), "claude (coder)", "login");
    assert_eq!(fix, "claude auth login");

    let other = doctor(&stage, &["--coder", "codex"]);
    let report = other.json();
    assert_eq!(other.exit, Some(0), "{report:#}");
    assert_eq!(verdict(&report, "codex (coder, reviewer)", "login"), "ok");
    assert_eq!(verdict(&report, "claude (not needed)", "login"), "note");
    assert_eq!(verdict(&report, "claude (not needed)", "version"), "note");
}

#[test]
fn missing_programs_come_with_fixes() {
    let stage = healthy();
    let bin = stage.root().join("bin");
    fs::set_permissions(bin.join("claude"), Permissions::from_mode(0o644)).unwrap();
    fs::remove_file(bin.join("codex")).unwrap();
    fs::create_dir(bin.join("codex")).unwrap();
    let ended = doctor(&stage, &[]);
    let report = ended.json();
    assert_eq!(ended.exit, Some(1));
    let (verdict, seen, fix) = check(&report, "claude (coder)", "program");
    assert_eq!(verdict, "error");
    assert!(seen.ends_with("bin/claude is not executable") && fix.starts_with("chmod +x "), "{seen}: {fix}");
    let (verdict, seen, _) = check(&report, "codex (reviewer)", "program");
    assert!(verdict == "error" && seen.ends_with("bin/codex is not a file"), "{seen}");

    fs::remove_dir(bin.join("codex")).unwrap();
    let (verdict, seen, fix) = check(&doctor(&stage, &[]).json(), "codex (reviewer)", "program");
    assert_eq!((verdict.as_str(), seen.as_str()), ("error", "`codex`: not found on PATH"));
    assert!(fix.contains("npm install -g @openai/codex") && fix.contains("--codex-cmd PATH"), "{fix}");

    // The old path is given by a flag; a launcher without its interpreter names the interpreter.
    install(&stage, "elsewhere", "#!/nowhere/node\n");
    let elsewhere = bin.join("elsewhere").display().to_string();
    let (verdict, seen, _) =
        check(&doctor(&stage, &["--codex-cmd", &elsewhere]).json(), "codex (reviewer)", "version");
    assert!(verdict == "error" && seen.contains("No such file"), "{seen}");
}

/// The same applies to a program that prints without end, and neither is reported as logged in.
#[test]
fn hanging_programs_are_ended() {
    let stage = healthy();
    let pids = stage.root().join("pids");
    let hang = format!(
        "#!/bin/sh\ntrap '' TERM INT\n[ \"$1\" = --version ] && echo '2.1.197' && exit\nsleep 600 & echo $! >>{0}\necho $$ >>{0}\nwait\nwait\n",
        pids.display()
    );
    install(&stage, "claude", &hang);
    install(&stage, "codex", "#!/bin/sh\nyes Logged in using ChatGPT | head -c 1000000\nexit 0\n");
    let ended = doctor(&stage, &[]);
    let report = ended.json();
    let (verdict_, seen, _) = check(&report, "claude (coder)", "login");
    assert_eq!(
        (verdict_.as_str(), seen.as_str()),
        ("warning", "unknown: `claude auth status` did not answer within 14 s")
    );
    assert_eq!(verdict(&report, "claude (coder)", "version"), "ok");
    assert_eq!(verdict(&report, "codex (reviewer)", "version"), "warning", "a megabyte is no version");
    assert_eq!(ended.exit, Some(0), "nothing is known to be wrong: {report:#}");
    let left = fs::read_to_string(&pids).unwrap();
    until("the end of all that hung", || {
        left.lines().all(|pid| !Path::new("/proc").join(pid).join("stat").exists())
    });
}

#[test]
fn bad_settings_are_reported() {
    let stage = healthy();
    stage.write("agent-loop.toml", "[roles]\ncodre = \"codex\"\n");
    stage.git(&["add", "--all"]);
    stage.git(&["commit", "--quiet", "--message", "settings"]);
    let own = stage.root().join(".config/agent-loop");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("config.toml"), "not toml at all").unwrap();
    let broken = doctor_with(&stage, &[], &[("AGENT_LOOP_CONFIG__REVIEW__MAX_ROUNDS", "many")]);
    let report = broken.json();
    assert_eq!(broken.exit, Some(1));
    let (_, seen, _) = check(&report, "configuration", "repository's file");
    assert!(seen.contains("roles.codre") && seen.contains("coder"), "{seen}");
    for name in ["repository's file", "your file", "variables"] {
        assert_eq!(verdict(&report, "configuration", name), "error", "{name}");
    }
    assert_eq!(verdict(&report, "claude (coder)", "login"), "ok", "the default agents are checked");

    fs::remove_file(own.join("config.toml")).unwrap();
    stage.write("agent-loop.toml", "[roles]\ncoder = \"codex\"\n[gates.tests]\ncommand = \"make\"\n");
    stage.git(&["commit", "--quiet", "--all", "--message", "better"]);
    let untrusted = doctor(&stage, &[]);
    let report = untrusted.json();
    let (verdict, seen, fix) = check(&report, "configuration", "repository's file");
    assert!(verdict == "error" && seen.contains("gates.tests.command"), "{seen}");
    let words = fix.split("then: agent-loop ").nth(1).unwrap();
    assert_eq!(
        stage.run(&words.split(' ').collect::<Vec<&str>>()).exit,
        Some(0),
        "its own words work: {words}"
    );
    let trusted = doctor(&stage, &[]);
    assert_eq!(trusted.exit, Some(0), "{:#}", trusted.json());
    group(&trusted.json(), "codex (coder, reviewer)");
}

#[test]
fn own_agents_are_never_started() {
    let stage = healthy();
    let started = stage.root().join("started");
    stage.agent("mine.sh", &format!("#!/bin/sh\ntouch {}\n", started.display()));
    stage.agent("plain.sh", "#!/bin/sh\n");
    fs::set_permissions(stage.root().join("plain.sh"), Permissions::from_mode(0o600)).unwrap();
    fs::write(stage.root().join("good.json"), "{\"turns\":[{\"raw\":\"x\"}]}").unwrap();
    fs::write(stage.root().join("bad.json"), "{\"turns\":[{\"answr\":1}]}").unwrap();
    let good = doctor(&stage, &["--coder", "command:../mine.sh", "--reviewer", "scripted:../good.json"]);
    let report = good.json();
    assert_eq!(good.exit, Some(0), "{report:#}");
    assert_eq!(verdict(&report, "command:", "program"), "ok");
    assert!(check(&report, "scripted:", "file").1.ends_with("1 turns"));
    assert!(!started.exists(), "its behaviour without a prompt is unknown");

    let bad = doctor(&stage, &["--coder", "command:../plain.sh", "--reviewer", "scripted:../bad.json"]);
    let report = bad.json();
    assert_eq!(bad.exit, Some(1));
    assert!(check(&report, "command:", "program").1.contains("`chmod +x "), "{report:#}");
    assert!(check(&report, "scripted:", "file").1.contains("answr"), "{report:#}");
    let none = doctor(&stage, &["--coder", "command:nobody"]).json();
    assert!(check(&none, "command:nobody", "program").1.contains("[agents.nobody]"), "{none:#}");
}

#[test]
fn quirks_are_reported_where_they_apply() {
    let stage = healthy();
    // Its home is below the temporary folder: then it makes no helpers for its sandbox.
    let root = stage.root().display().to_string();
    let broken = doctor_with(&stage, &[], &[("TMPDIR", &root)]);
    let (verdict_, seen, fix) = check(&broken.json(), "codex (reviewer)", "sandbox");
    assert_eq!((broken.exit, verdict_.as_str()), (Some(0), "warning"), "{seen}");
    assert!(seen.contains("temporary") && fix.contains("TMPDIR"), "{seen}: {fix}");
    // Without a sandbox nothing can fail.
    let free =
        doctor_with(&stage, &["--dangerous-agent-permissions"], &[("TMPDIR", &root), ("IS_SANDBOX", "1")]);
    assert!(!free.stdout.contains("\"sandbox\""), "{:#}", free.json());

    install(&stage, "codex", &CODEX.replace("exit 0", "echo 'bwrap: no namespaces' >&2; exit 1"));
    let (verdict_, seen, _) = check(&doctor(&stage, &[]).json(), "codex (reviewer)", "sandbox");
    assert_eq!(
        (verdict_.as_str(), seen.as_str()),
        ("warning", "a command in its sandbox ended with exit code 1: bwrap: no namespaces")
    );

    // The program's own check does not know this variable, but a turn does.
    install(
        &stage,
        "codex",
        &CODEX.replace("echo 'Logged in using ChatGPT' >&2", "echo 'Not logged in' >&2; exit 1"),
    );
    let login = |variables: &[(&str, &str)]| {
        verdict(&doctor_with(&stage, &[], variables).json(), "codex (reviewer)", "login")
    };
    assert_eq!(login(&[]), "error");
    assert_eq!(login(&[("CODEX_API_KEY", "sk-1234567890abcdef")]), "ok");
    fs::create_dir_all(stage.root().join(".codex")).unwrap();
    fs::write(stage.root().join(".codex/config.toml"), "model_provider = \"mine\"\n").unwrap();
    assert_eq!(login(&[]), "warning", "a provider of one's own has a key of its own");
}

#[test]
fn programs_see_what_turns_see() {
    let stage = healthy();
    let seen = stage.root().join("seen");
    let spy = format!(
        "#!/bin/sh\nenv >>{}\ncat >/dev/null\necho 'sk-very-secret-value-1234' >&2\nexit 3\n",
        seen.display()
    );
    install(&stage, "claude", &spy);
    let ended =
        doctor_with(&stage, &[], &[("ANTHROPIC_API_KEY", "sk-very-secret-value-1234"), ("OTHER", "x")]);
    let environment = fs::read_to_string(&seen).unwrap();
    assert!(environment.contains("ANTHROPIC_API_KEY=sk-very-secret-value-1234"));
    for absent in ["secret-of-the-forge", "SSH_AUTH_SOCK", "OTHER="] {
        assert!(!environment.contains(absent), "{absent}: {environment}");
    }
    assert!(
        ended.stdout.contains("failed with exit code 3") && !ended.stdout.contains("very-secret"),
        "{}",
        ended.stdout
    );
}

#[test]
fn only_a_named_folder_must_exist() {
    let stage = healthy();
    let bare = stage.root().join("nothing-here");
    fs::create_dir(&bare).unwrap();
    let path = format!("{}:/usr/bin:/bin", stage.root().join("bin").display());
    let named = stage.run_with(&["doctor", "--json", "-C", "../nothing-here"], &[("PATH", &path)]);
    assert_eq!(verdict(&named.json(), "repository", "place"), "error");
    let outside = stage.run_in(&bare, &["doctor", "--json"]);
    assert_eq!(verdict(&outside.json(), "repository", "place"), "warning");

    stage.git(&["remote", "add", "origin", "https://github.com/o/r.git"]);
    let github = doctor(&stage, &["--gh-cmd", "no-such-gh"]);
    let (login, _, fix) = check(&github.json(), "GitHub", "login");
    assert!(github.exit == Some(1) && login == "error" && fix.contains("--gh-cmd"), "{}", github.stdout);
    assert_eq!(doctor(&stage, &["--forge", "local"]).exit, Some(0));

    fs::write(
        stage.repository().join(".git/agent-loop.sqlite3"),
        "this is no database, but long enough to look",
    )
    .unwrap();
    let broken = doctor(&stage, &["--forge", "local"]);
    assert_eq!(
        (broken.exit, verdict(&broken.json(), "repository", "embedded forge")),
        (Some(1), "error".to_owned())
    );
}

#[test]
fn parked_runs_are_named_beside_agents() {
    let stage = healthy();
    let back = from_now(SignedDuration::from_hours(50));
    stage.agent("empty.sh", &format!("#!/bin/sh\ncat >/dev/null\necho resets_at={back} >&2\nexit 75\n"));
    let words = ["--coder", "sam=command:../todo.sh", "--reviewer", "one=command:../empty.sh"];
    let parked = stage.run(&[&["task", "Resolve every TODO", "--json"], &words[..]].concat());
    assert_eq!(parked.json()["status"], "parked", "{}", parked.stderr);
    let ended = doctor(&stage, &words);
    let report = ended.json();
    assert_eq!(ended.exit, Some(0), "{report:#}");
    for title in ["repository", "one=command:"] {
        let (verdict, seen, fix) = check(&report, title, "parked");
        assert_eq!(verdict, "note");
        assert!(seen.contains(&utc(back.parse().unwrap())) && seen.contains("`one`"), "{seen}");
        assert!(fix.starts_with("agent-loop resume"), "{fix}");
    }
}

#[test]
fn readable_folders_are_named() {
    let stage = healthy();
    let kept = stage.root().join("state/agent-loop");
    fs::create_dir_all(&kept).unwrap();
    fs::set_permissions(&kept, Permissions::from_mode(0o755)).unwrap();
    let (verdict, _, fix) = check(&doctor(&stage, &[]).json(), "agent-loop", "state");
    assert_eq!((verdict.as_str(), fix), ("warning", format!("chmod go-rwx {}", kept.display())));
}

/// Their state is determined by their output and by variables.
#[test]
fn other_vendors_are_checked_too() {
    let stage = healthy();
    install(&stage, "gemini", "#!/bin/sh\necho 0.60.1\n");
    install(
        &stage,
        "opencode",
        "#!/bin/sh\n[ \"$1\" = auth ] && printf '┌  Credentials\\n│\\n└  0 credentials\\n' || echo 1.18.33\n",
    );
    install(
        &stage,
        "agy",
        "#!/bin/sh\n[ \"$1\" = models ] && echo 'authentication required' >&2 && exit 1\necho agy 1.1.7\n",
    );
    let words = ["--coder", "gemini", "--reviewer", "opencode", "--reviewer", "agy"];
    let ended = doctor(&stage, &words);
    let report = ended.json();
    assert_eq!(ended.exit, Some(1));
    let seen = |title: &str, name: &str| {
        let (verdict, seen, _) = check(&report, title, name);
        format!("{verdict}: {seen}")
    };
    assert_eq!(seen("gemini (coder)", "version"), "note: 0.60.1; tested with 0.61.0");
    assert_eq!(seen("gemini (coder)", "login"), "error: not logged in");
    assert!(check(&report, "gemini (coder)", "login").2.contains("use antigravity"), "{report:#}");
    assert!(seen("opencode (reviewer)", "settings").contains("needs a model"), "{report:#}");
    assert_eq!(check(&report, "opencode (reviewer)", "settings").2, "--opencode-model provider/model");
    assert!(seen("opencode (reviewer)", "login").starts_with("warning: unknown"), "{report:#}");
    assert_eq!(
        seen("antigravity (reviewer)", "version"),
        "error: 1.1.7 is too old; 1.1.8 or later is required"
    );
    assert_eq!(seen("antigravity (reviewer)", "login"), "error: not logged in");

    let with_key = doctor_with(&stage, &["--coder", "gemini"], &[("GEMINI_API_KEY", "a-key-of-some-length")]);
    assert_eq!(verdict(&with_key.json(), "gemini (coder)", "login"), "ok");
    fs::create_dir_all(stage.root().join(".gemini")).unwrap();
    let settings = r#"{"security":{"auth":{"selectedType":"oauth-personal"}}}"#;
    fs::write(stage.root().join(".gemini/settings.json"), settings).unwrap();
    let personal = doctor_with(&stage, &["--coder", "gemini"], &[("GEMINI_API_KEY", "a-key-of-some-length")]);
    assert!(
        check(&personal.json(), "gemini (coder)", "login").1.contains("2026-06-18"),
        "settings outrank variables"
    );

    let hosted =
        doctor(&stage, &["--reviewer", "opencode", "--opencode-model", "opencode/big-pickle"]).json();
    assert!(
        seen_twice(&hosted, "opencode (reviewer)", "model").contains("your code is sent there"),
        "{hosted:#}"
    );
}

/// Returns the observations of all checks with this name.
fn seen_twice(report: &Value, title: &str, name: &str) -> String {
    let checks = group(report, title)["checks"].as_array().unwrap();
    let named = checks.iter().filter(|check| check["name"] == name);
    named.map(|check| check["seen"].as_str().unwrap()).collect::<Vec<&str>>().join("\n")
}
