//! The score gate with the built binary: a scorer in shell that counts a word, and real aislop.

use std::fs;

use serde_json::Value;

use super::stage::{Ended, Stage, task};

/// A scorer: each line with SLOP costs ten points. It notes each of its scans.
const SCORER: &str = r#"#!/bin/sh
echo scan >> ROOT/scans
count=$(grep -r SLOP --include='*.txt' . | wc -l)
findings=$(grep -rn SLOP --include='*.txt' . | sed 's|^\./\([^:]*\):\([0-9]*\):.*|{"path":"\1","line":\2,"severity":"warning","rule":"slop","message":"slop"}|' | paste -sd, -)
files=$(find . -name '*.txt' | wc -l)
printf '{"tool":"counter 1","score":%d,"files":%d,"findings":[%s]}\n' $((100 - 10 * count)) "$files" "$findings"
"#;

/// A coder that adds SLOP first and removes it when asked to, and a reviewer that approves everything.
const AGENT: &str = r#"#!/bin/sh
cat > /dev/null
items=$(sed -n 's/.*"id": *"\(item-[0-9]*\)".*/"\1"/p' "$AGENT_LOOP_CONTEXT" | sort -u | paste -sd, -)
case "$AGENT_LOOP_KIND" in
implementation)
  printf 'one\nSLOP\ntwo\nSLOP here\n' > new.txt
  printf '{"schema_version":1,"kind":"implementation","summary":"s","pr_title":"t","pr_body":"b"}' ;;
coder_followup)
  printf 'one\ntwo\n' > new.txt
  printf '{"schema_version":1,"kind":"coder_followup","state":"approved","summary":"s","addressed_items":[%s],"remaining_items":[]}' "$items" ;;
*)
  printf '{"schema_version":1,"kind":"pr_review","nonce":"%s","state":"approved","summary":"s","blocking_items":[],"prior_item_dispositions":[]}' "$AGENT_LOOP_NONCE" ;;
esac > "$AGENT_LOOP_RESPONSE"
"#;

struct Scene {
    stage: Stage,
}

impl Scene {
    /// Creates a repository whose base contains SLOP, and a scorer.
    fn new(scorer: &str, more: &str) -> Self {
        let stage = Stage::new();
        stage.write("notes.txt", "old SLOP\n");
        stage.git(&["commit", "--quiet", "--all", "--message", "slop"]);
        let root = stage.root().display().to_string();
        stage.agent("agent.sh", AGENT);
        let scorer = stage.agent("scorer.sh", &scorer.replace("ROOT", &root));
        let folder = stage.root().join(".config/agent-loop");
        fs::create_dir_all(&folder).unwrap();
        let settings = format!("[gates.score]\ncommand = \"{}\"\n{more}", scorer.display());
        fs::write(folder.join("config.toml"), settings).unwrap();
        Self { stage }
    }

    fn run(&self, more: &[&str]) -> Ended {
        let agents = ["--json", "--coder", "c=command:../agent.sh", "--reviewer", "r=command:../agent.sh"];
        self.stage.run(&[&["task", "Add it"], &agents[..], more].concat())
    }

    fn scans(&self) -> usize {
        let noted = fs::read_to_string(self.stage.root().join("scans")).unwrap_or_default();
        noted.lines().count()
    }
}

#[expect(clippy::disallowed_methods, reason = "where aislop is")]
fn aislop() -> String {
    let folder = std::env::var("AGENT_LOOP_REAL_CLIS").expect("the folder of the real programs");
    let folder = fs::canonicalize(folder).unwrap();
    folder.join("node_modules/.bin/aislop").into_os_string().into_string().unwrap()
}

fn gate_of(outcome: &Value) -> (&str, &str) {
    let gates = outcome["gates"].as_array().unwrap();
    let gate = gates.iter().find(|gate| gate["name"] == "score").unwrap();
    (gate["verdict"].as_str().unwrap(), gate["detail"].as_str().unwrap())
}

#[test]
fn only_new_findings_are_fixed() {
    let scene = Scene::new(SCORER, "");
    let ended = scene.run(&[]);
    let outcome = ended.json();
    assert_eq!(outcome["status"], "approved", "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(gate_of(&outcome).0, "pass");
    assert!(gate_of(&outcome).1.ends_with("90 → 90; new findings: 0, resolved: 0"), "{outcome}");
    for new in ["new.txt:2 warning slop: slop", "new.txt:4 warning slop: slop", "from 90 to 70"] {
        assert!(ended.stderr.contains(new), "{new}: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains("notes.txt:1"), "a finding of the base is nobody's work");
    let comments = scene.stage.run(&["local", "pr", "view", "1", "--comments"]).stdout;
    assert!(comments.contains("SLOP here"), "the item has its code: {comments}");
    // The base, the first head, and the fixed one; a rerun measures nothing.
    assert_eq!(scene.scans(), 3);
    assert_eq!(scene.run(&[]).json()["status"], "approved");
    assert_eq!(scene.scans(), 3);
}

/// A checkout in CI: only new findings are reported.
#[test]
fn new_findings_are_written_as_sarif() {
    let scene = Scene::new(SCORER, "");
    let stage = &scene.stage;
    stage.git(&["switch", "--quiet", "--create", "feature"]);
    stage.write("a b.txt", "one\nSLOP\n");
    stage.git(&["add", "--all"]);
    stage.git(&["commit", "--quiet", "--message", "more slop"]);
    let ended = stage.run(&["gates", "--base", "main", "--json", "--sarif", "new.sarif"]);
    assert_eq!(ended.exit, Some(1), "{}{}", ended.stdout, ended.stderr);
    let evidence = ended.json()["conditions"][1]["evidence"].to_string();
    for words in ["counter 1", "from 90 to 80", "weight of all findings"] {
        assert!(evidence.contains(words), "{words}: {evidence}");
    }
    let text = fs::read_to_string(stage.repository().join("new.sarif")).unwrap();
    let run = serde_json::from_str::<Value>(&text).unwrap()["runs"][0].clone();
    let place = &run["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(
        (&run["tool"]["driver"]["name"], run["results"].as_array().unwrap().len()),
        (&"counter".into(), 1)
    );
    assert_eq!(place["artifactLocation"]["uri"], "a%20b.txt");
    assert_eq!((&place["region"]["startLine"], &run["results"][0]["level"]), (&2.into(), &"warning".into()));
    assert_eq!(scene.scans(), 2, "the file is made from the same measurements");
}

/// A program that is not aislop, and one whose report is by another version.
#[test]
fn aislop_is_probed_first() {
    let report = r#"printf '{"version":"0.2.0","score":9,"engines":{},"diagnostics":[],"summary":{"errors":0,"warnings":0,"files":1}}'"#;
    for (script, why) in [
        ("#!/bin/sh\necho hello\n".to_owned(), "is not aislop"),
        ("#!/bin/sh\n[ $1 = --version ] && echo 0.2.0\ntrue\n".to_owned(), "cannot print its report as JSON"),
        (
            format!(
                "#!/bin/sh\ncase $1$2 in --version) echo 0.9.9;; scan--help) echo --json;; *) {report};; esac\n"
            ),
            "its version is 0.9.9",
        ),
    ] {
        let scene = Scene::new(SCORER, "");
        let program = scene.stage.agent("aislop", &script).display().to_string();
        fs::remove_file(scene.stage.root().join(".config/agent-loop/config.toml")).unwrap();
        scene.stage.git(&["switch", "--quiet", "--create", "feature"]);
        scene.stage.git(&["commit", "--quiet", "--allow-empty", "--message", "nothing"]);
        let ended =
            scene.stage.run(&["gates", "--base", "main", "--gate", "required", "--aislop-cmd", &program]);
        assert_eq!(ended.exit, Some(6), "{}{}", ended.stdout, ended.stderr);
        assert!(ended.stdout.contains(why), "{why}: {}", ended.stdout);
        let setting = [("AGENT_LOOP_CONFIG__GATES__SCORE__AISLOP_COMMAND", program.as_str())];
        let doctor = scene.stage.run_with(&["doctor"], &setting).stdout;
        assert!(doctor.contains(why) || doctor.contains("aislop 0.9.9"), "{why}: {doctor}");
    }
}

#[test]
fn no_report_is_ever_salvaged() {
    for (scorer, why) in [
        ("#!/bin/sh\nprintf '{\"tool\":\"x 1\",\"score\":100,\"fil'\n", "not one JSON value"),
        ("#!/bin/sh\nexit 0\n", "printed nothing"),
        ("#!/bin/sh\nprintf '{\"tool\":\"x 1\",\"score\":101,\"files\":1}'\n", "its score is 101"),
        ("#!/bin/sh\nprintf '{\"tool\":\"x 1\",\"score\":null,\"files\":0}'\n", "has no score"),
        ("#!/bin/sh\nprintf '{\"tool\":\"x 1\",\"score\":9,\"files\":1}'; kill -9 $$\n", "signal 9"),
        (
            "#!/bin/sh\nprintf '{\"tool\":\"%s\",\"score\":9,\"files\":1}' \"$$\"\n",
            "version of the scorer differs",
        ),
        (
            "#!/bin/sh\nprintf '{\"tool\":\"x\",\"score\":9,\"files\":1,\"incomplete\":{\"lint\":\"no ruff\"}}'\n",
            "no ruff",
        ),
    ] {
        let scene = Scene::new(scorer, "");
        let outcome = scene.run(&[]).json();
        assert_eq!(outcome["status"], "inconclusive", "{why}: {outcome}");
        assert!(outcome["message"].as_str().unwrap().contains(why), "{why}: {outcome}");
    }
}

/// The scorer gives an empty tree 100 points.
#[test]
fn a_tree_without_sources_is_unmeasured() {
    let scene = Scene::new(SCORER, "min_score = 95\n");
    let deletes = AGENT.replace("printf 'one\\nSLOP\\ntwo\\nSLOP here\\n' > new.txt", "rm *.txt");
    scene.stage.agent("agent.sh", &deletes);
    let ended = scene.run(&[]);
    let outcome = ended.json();
    assert_eq!((ended.exit, &outcome["status"]), (Some(6), &"inconclusive".into()), "{outcome}");
    assert!(outcome["message"].as_str().unwrap().contains("measured no files"), "{outcome}");
}

#[test]
fn ended_scans_are_not_measured() {
    let trap = "#!/bin/sh\ntrap 'printf {\\\"tool\\\":\\\"x\\\",\\\"score\\\":100,\\\"files\\\":1}; exit 0' TERM\nwhile :; do sleep 1; done\n";
    let scene = Scene::new(trap, "timeout_seconds = 1\n");
    let ended = scene.run(&[]);
    let outcome = ended.json();
    assert_eq!((ended.exit, outcome["status"].as_str()), (Some(6), Some("inconclusive")), "{outcome}");
    assert!(outcome["message"].as_str().unwrap().contains("took longer than 1 s"), "{outcome}");
}

#[test]
fn a_change_cannot_configure_its_scorer() {
    let configured = SCORER.replace("count=$(", "test -e .aislop/config.yml || exit 3\ngrep -q lenient .aislop/config.yml && { printf '{\"tool\":\"counter 1\",\"score\":100,\"files\":9}'; exit; }\ncount=$(");
    let scene = Scene::new(&configured, "");
    let agent = AGENT
        .replace("implementation)", "implementation)\n  mkdir -p .aislop; echo lenient > .aislop/config.yml");
    scene.stage.agent("agent.sh", &agent);
    let ended = scene.run(&["--max-rounds", "1"]);
    assert!(ended.stderr.contains("from 90 to 70"), "{}", ended.stderr);
}

/// A program with the arguments and the output of aislop. Its linter runs code of the project.
const LINTER: &str = r#"#!/bin/sh
case $1$2 in --version) echo 0.2.0; exit;; scan--help) echo --json; exit;; esac
lint=',"lint":{"issues":0,"skipped":false},"code-quality":{"issues":0,"skipped":false}'
if grep -q 'lint: false' .aislop/config.yml; then lint=; else echo ran >> ROOT/ran; fi
printf '{"version":"0.2.0","score":90,"engines":{"ai-slop":{"issues":0,"skipped":false},"security":{"issues":0,"skipped":false}%s},"diagnostics":[],"summary":{"errors":0,"warnings":0,"fixable":0,"files":2}}' "$lint"
"#;

#[test]
fn project_code_runs_only_if_allowed() {
    for (mode, runs) in [("never", false), ("auto", true), ("always", true)] {
        let stage = Stage::new();
        let linter = stage.agent("aislop", &LINTER.replace("ROOT", &stage.root().display().to_string()));
        let linter = linter.display().to_string();
        let gate = ["--gate", "required", "--aislop-cmd", &linter, "--run-project-code", mode];
        let ended = stage.run(&task(&gate));
        let outcome = ended.json();
        assert_eq!(outcome["status"], "approved", "{mode}: {}\n{}", ended.stdout, ended.stderr);
        assert_eq!(stage.root().join("ran").exists(), runs, "{mode}");
        assert_eq!(gate_of(&outcome).1.contains("no code of the project"), !runs, "{outcome}");
    }
}

/// A program with the output of aislop on a Rust project. Its linter is as `HEAD` says after the change, which gains points.
const ON_ONE_SIDE: &str = r#"#!/bin/sh
case $1$2 in --version) echo 0.2.0; exit;; scan--help) echo --json; exit;; esac
echo scan >> ROOT/scans
lint='"lint":{"issues":0,"skipped":false},' score=90
if test -e src/new.rs; then lint='HEAD' score=95; fi
printf '{"version":"0.2.0","score":%d,"engines":{%s"code-quality":{"issues":0,"skipped":false},"ai-slop":{"issues":0,"skipped":false},"security":{"issues":0,"skipped":false}},"diagnostics":[],"summary":{"errors":0,"warnings":0,"fixable":0,"files":2}}' $score "$lint"
"#;

/// A Rust project, and a coder that adds a file to it.
fn rust_project(head: &str) -> (Stage, String) {
    let stage = Stage::new();
    fs::create_dir(stage.repository().join("src")).unwrap();
    stage.write("Cargo.toml", "[package]\nname = \"x\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    stage.write("src/lib.rs", "pub fn one() -> u8 {\n    1\n}\n");
    stage.git(&["add", "--all"]);
    stage.git(&["commit", "--quiet", "--message", "project"]);
    stage.agent("agent.sh", &AGENT.replace("new.txt", "src/new.rs"));
    let root = stage.root().display().to_string();
    let aislop = stage.agent("aislop", &ON_ONE_SIDE.replace("ROOT", &root).replace("HEAD", head));
    (stage, aislop.display().to_string())
}

#[test]
fn engines_missing_on_one_side() {
    for (head, why) in [
        ("", "the engine lint measured only the base"),
        (r#""lint":{"issues":0,"skipped":true,"skipReason":"no cargo"},"#, "the head completely: no cargo"),
        (r#""lint":{"issues":0,"skipped":false,"missingTools":["cargo"]},"#, "not found on PATH: cargo"),
        (r#""lint":{"issues":0,"skipped":false,"failed":true},"#, "the head completely: it failed"),
    ] {
        let (stage, aislop) = rust_project(head);
        let agents = ["--json", "--coder", "c=command:../agent.sh", "--reviewer", "r=command:../agent.sh"];
        let gate = ["--gate", "required", "--aislop-cmd", &aislop];
        let ended = stage.run(&[&["task", "Add it"], &agents[..], &gate].concat());
        let outcome = ended.json();
        assert_eq!((ended.exit, &outcome["status"]), (Some(6), &"inconclusive".into()), "{why}: {outcome}");
        assert!(outcome["message"].as_str().unwrap().contains(why), "{why}: {outcome}");
        assert_eq!(outcome["items"]["open"], Value::Array(Vec::new()), "nobody's work: {outcome}");
    }
}

/// Without cargo, aislop finds less and says nothing, so a score from when cargo was there is not compared.
#[test]
fn a_lost_cargo_voids_measurements() {
    let (stage, aislop) = rust_project(r#""lint":{"issues":0,"skipped":false},"#);
    stage.git(&["switch", "--quiet", "--create", "feature"]);
    let folder = stage.root().join("bin");
    fs::create_dir(&folder).unwrap();
    let cargo = stage.agent("bin/cargo", "#!/bin/sh\n");
    let path = format!("{}:/usr/bin:/bin", folder.display());
    let scans = |content: &str| {
        stage.write("src/lib.rs", content);
        stage.git(&["commit", "--quiet", "--all", "--message", "change"]);
        let words = ["gates", "--base", "main", "--gate", "required", "--aislop-cmd", &aislop];
        let ended = stage.run_with(&words, &[("PATH", &path)]);
        assert_eq!(ended.exit, Some(0), "{}{}", ended.stdout, ended.stderr);
        fs::read_to_string(stage.root().join("scans")).unwrap().lines().count()
    };
    assert_eq!(scans("// one\n"), 2);
    assert_eq!(scans("// two\n"), 3, "the base is known");
    fs::remove_file(cargo).unwrap();
    assert_eq!(scans("// three\n"), 5, "the base is measured again without cargo");
}

#[test]
fn scorers_are_found_or_named() {
    let stage = Stage::new();
    let missing = stage.run(&task(&["--gate", "required", "--aislop-cmd", "no-such-scorer"]));
    assert_eq!(missing.exit, Some(2), "{}", missing.stderr);
    assert!(missing.json()["message"].as_str().unwrap().contains("--gate off"), "{}", missing.stdout);
    let scene = Scene::new(SCORER, "");
    let off = scene.run(&["--gate", "off"]);
    let gates = off.json()["gates"].clone();
    let score = gates.as_array().unwrap().iter().find(|gate| gate["name"] == "score").unwrap();
    assert_eq!((&score["detail"], scene.scans()), (&"turned off".into(), 0), "{}", off.stdout);
}

/// Tricks of an agent instead of better code, on a file full of findings, each with the gate's message.
const GAMES: &[(&str, &str, &str)] = &[
    (
        "turn engines off",
        "mkdir -p .aislop; printf 'version: 1\\nengines:\\n  lint: false\\n  security: false\\n' > .aislop/config.yml",
        "at least 55 is required",
    ),
    (
        "no weights",
        "mkdir -p .aislop; printf 'version: 1\\nscoring:\\n  smoothing: 100000\\n' > .aislop/config.yml",
        "at least 55 is required",
    ),
    ("an ignore file", "printf 'src\\n' > .aislopignore", "at least 55 is required"),
    (
        "many tiny files",
        "for i in $(seq 60); do echo \"export const a$i = $i;\" > src/a$i.ts; done",
        "findings do not weigh less",
    ),
    ("another folder", "mkdir vendor; git mv src/bad.ts vendor/bad.ts", "no longer measured"),
    ("another ending", "git mv src/bad.ts src/bad.txt", "no longer measured"),
    ("into tests", "mkdir tests; git mv src/bad.ts tests/bad.test.ts", "no longer measured"),
    ("a header", "printf '// @generated\\n' | cat - src/bad.ts > x; mv x src/bad.ts", "silence a tool: 1"),
    (
        "a comment",
        "printf '/* eslint-disable */\\n' | cat - src/bad.ts > x; mv x src/bad.ts",
        "silence a tool: 1",
    ),
    ("a broken configuration", "mkdir -p .aislop; echo '{' > .aislop/config.yml", "at least 55 is required"),
    ("more of it", "cp src/bad.ts src/worse.ts", "new errors: "),
    (
        "Python",
        "printf 'def load(x):\\n    try:\\n        return eval(x)\\n    except:\\n        pass\\n' > src/bad.py",
        "new errors: 2",
    ),
];

const BAD: &str = "export function load(input: any): any {\n  try {\n    return JSON.parse(input as any);\n  } catch (e) {\n  }\n  return eval(input);\n}\n";

#[test]
#[ignore = "needs aislop, which needs Node.js"]
fn every_trick_is_caught() {
    let aislop = aislop();
    for (game, does, says) in GAMES {
        let stage = Stage::new();
        stage.write("package.json", "{\"name\":\"x\",\"version\":\"1.0.0\"}\n");
        fs::create_dir(stage.repository().join("src")).unwrap();
        stage.write("src/bad.ts", BAD);
        stage.write("src/good.ts", "export const one = 1;\n");
        stage.git(&["add", "--all"]);
        stage.git(&["commit", "--quiet", "--message", "bad"]);
        let agent = AGENT.replace("implementation)", &format!("implementation)\n  {does}"));
        stage.agent("agent.sh", &agent.replace("  printf 'one\\nSLOP\\ntwo\\nSLOP here\\n' > new.txt\n", ""));
        // With a minimum in reach, so that playing would pay.
        let gate = ["--gate", "required", "--aislop-cmd", &aislop, "--min-score", "55", "--max-rounds", "1"];
        let agents = ["--json", "--coder", "c=command:../agent.sh", "--reviewer", "r=command:../agent.sh"];
        let ended = stage.run(&[&["task", "Improve it"], &agents[..], &gate].concat());
        let outcome = ended.json();
        let (verdict, detail) = gate_of(&outcome);
        assert_eq!(verdict, "fail", "{game}: {detail}\n{}", ended.stderr);
        assert!(detail.contains(says), "{game}: {detail}");
    }
}

#[test]
#[ignore = "needs aislop, which needs Node.js"]
fn aislop_measures_real_projects() {
    let aislop = aislop();
    for (files, from) in [
        (vec![("package.json", "{\"name\":\"x\"}\n"), ("src/a.ts", "export const one = 1;\n")], "100 → "),
        (vec![("a.py", "def one():\n    return 1\n")], "100 → "),
        (
            vec![
                ("Cargo.toml", "[package]\nname = \"x\"\nversion = \"0.1.0\"\nedition = \"2021\"\n"),
                ("src/lib.rs", "pub fn one() -> u8 {\n    1\n}\n"),
            ],
            "100 → ",
        ),
    ] {
        let stage = Stage::new();
        fs::create_dir(stage.repository().join("src")).unwrap();
        for (path, text) in &files {
            stage.write(path, text);
        }
        stage.git(&["add", "--all"]);
        stage.git(&["commit", "--quiet", "--message", "project"]);
        let ended = stage.run(&task(&["--gate", "required", "--aislop-cmd", &aislop]));
        let outcome = ended.json();
        assert_eq!(outcome["status"], "approved", "{files:?}\n{}\n{}", ended.stdout, ended.stderr);
        assert!(gate_of(&outcome).1.contains(from), "{outcome}");
        assert!(gate_of(&outcome).1.contains("aislop 0.2.0"), "{outcome}");
    }
}
