//! Unusual repositories: the loop works in them, or refuses them with a reason and a command.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::stage::{Stage, task};

const TODO_AGENT: &str = include_str!("../../../fixtures/agents/todo-agent.sh");

/// Returns the path of a file next to the repository.
fn beside(stage: &Stage, name: &str) -> String {
    stage.root().join(name).display().to_string()
}

fn works(stage: &Stage, words: &[&str]) {
    let ended = stage.run(words);
    assert_eq!(ended.json()["status"], "approved", "{}\n{}", ended.stdout, ended.stderr);
}

fn refused(stage: &Stage, words: &[&str], reason: &str, hints: &[&str]) {
    let ended = stage.run(words);
    assert_eq!((ended.exit, ended.json()["reason"].as_str()), (Some(2), Some(reason)), "{}", ended.stdout);
    let outcome = ended.json();
    let message = format!("{}; {}", outcome["message"], outcome["next_command"]);
    for hint in hints {
        assert!(message.contains(hint), "{hint}: {message}");
    }
}

fn commit_all(stage: &Stage) {
    stage.git(&["add", "--all"]);
    stage.git(&["commit", "--quiet", "--message", "more"]);
}

#[test]
fn missing_repositories_and_commits_are_refused() {
    let stage = Stage::new();
    let outside = stage.root().join("outside");
    fs::create_dir(&outside).unwrap();
    let outside = outside.to_str().unwrap();
    refused(&stage, &task(&["-C", outside]), "usage", &["not in a git repository", "`git init`"]);
    let status = stage.run(&["status", "-C", outside]);
    assert!(status.stderr.ends_with("next: git init\n"), "{}", status.stderr);
    refused(&stage, &task(&["-C", "../nowhere"]), "usage", &["nowhere does not exist"]);
    refused(&stage, &task(&["-C", "notes.txt"]), "usage", &["notes.txt is not a folder"]);
    stage.git(&["init", "--quiet", "--initial-branch=main", "../empty"]);
    let first = ["main has no commit yet; make the first", "git add --all && git -c user.name="];
    refused(&stage, &task(&["-C", "../empty"]), "usage", &first);
    stage.git(&["checkout", "--quiet", "--orphan", "fresh"]);
    refused(&stage, &task(&[]), "usage", &["fresh has no commit yet", "name another with --base"]);
    fs::write(stage.root().join("empty/.git/config"), "[core").unwrap();
    refused(&stage, &task(&["-C", "../empty"]), "config", &["bad config line"]);
}

/// Without an identity, `git commit` refuses; the proposed command works as typed.
#[test]
fn a_first_commit_needs_no_identity() {
    for settings in [&[][..], &[["user.name", "Ada L"]], &[["user.name", "Ada L"], ["user.email", "a@b"]]] {
        let stage = Stage::new();
        fs::remove_dir_all(stage.repository().join(".git")).unwrap();
        stage.git(&["init", "--quiet", "--initial-branch=main"]);
        stage.git(&["config", "user.useConfigOnly", "true"]);
        for [name, value] in settings {
            stage.git(&["config", name, value]);
        }
        let next = stage.run(&task(&[])).json()["next_command"].as_str().unwrap().to_owned();
        let made = stage.run_program("sh", &["-c", &next]);
        assert_eq!(made.exit, Some(0), "{next}: {}", made.stderr);
        assert_eq!(next.contains(" -c "), settings.len() < 2, "{next}");
        works(&stage, &task(&[]));
    }
}

#[test]
fn an_unknown_branch_gets_a_suggestion() {
    let stage = Stage::new();
    refused(&stage, &task(&["--base", "mian"]), "usage", &["no branch `mian`", "did you mean `main`?"]);
    stage.git(&["branch", "develop"]);
    stage.git(&["clone", "--quiet", ".", "../clone"]);
    let command = "git branch develop origin/develop";
    refused(&stage, &task(&["-C", "../clone", "--base", "develop"]), "usage", &[command]);
    stage.git(&["checkout", "--quiet", "--detach"]);
    refused(&stage, &task(&[]), "usage", &["HEAD is detached", "--base", "\"git branch\""]);
    works(&stage, &task(&["--base", "main"]));
}

#[test]
fn branches_in_the_way_are_refused() {
    let stage = Stage::new();
    stage.git(&["branch", "agent-loop"]);
    stage.git(&["tag", "main"]);
    refused(&stage, &task(&[]), "usage", &["beside the branch `agent-loop`", "git branch -m agent-loop"]);
    assert!(stage.logs().is_empty(), "no agent was asked");
    stage.git(&["branch", "--move", "agent-loop", "other"]);
    works(&stage, &task(&[]));
}

/// git allows names of branches that a shell would execute.
#[test]
fn commands_with_foreign_names_are_quoted() {
    let stage = Stage::new();
    let branch = "fix;touch$IFS-x";
    stage.git(&["branch", branch]);
    let created = ["local", "pr", "create", "--title", "t", "--base", "main", "--head", branch];
    assert_eq!(stage.run(&created).exit, Some(0));
    stage.git(&["branch", "-D", branch]);
    let words =
        ["pr", "1", "--json", "--coder", "sam=command:../todo.sh", "--reviewer", "one=command:../todo.sh"];
    refused(&stage, &words, "closed-subject", &["`git branch 'fix;touch$IFS-x' "]);
}

#[test]
fn settings_of_the_repository_never_matter() {
    for [key, value] in [
        ["protocol.file.allow", "never"],
        ["protocol.version", "0"],
        ["transfer.hideRefs", "refs/heads"],
        ["url.https://127.0.0.1:9/.insteadOf", "/"],
    ] {
        let stage = Stage::new();
        stage.git(&["config", key, value]);
        let merged = stage.run(&task(&["--auto-merge"]));
        assert_eq!(merged.json()["status"], "merged", "{key}: {}\n{}", merged.stdout, merged.stderr);
    }
    let stage = Stage::new();
    stage.git(&["init", "--quiet", "--separate-git-dir", "../elsewhere.git", "."]);
    let merged = stage.run(&task(&["--auto-merge"]));
    assert_eq!(merged.json()["status"], "merged", "{}\n{}", merged.stdout, merged.stderr);
    assert_eq!(stage.git(&["status", "--porcelain"]), "");
}

#[test]
fn fresh_clones_are_set_up_once() {
    let stage = Stage::new();
    stage.write(".gitignore", "installed\n");
    commit_all(&stage);
    let ran = beside(&stage, "ran");
    let setup = stage.agent("setup.sh", &format!("#!/bin/sh\necho x >> {ran}; touch installed"));
    stage.agent(
        "todo.sh",
        &TODO_AGENT.replace("set -eu", "set -eu; [ $AGENT_LOOP_ROLE = reviewer ] || [ -f installed ]"),
    );
    let words = ["--test-command", "test -f installed", "--setup-command", setup.to_str().unwrap()];
    works(&stage, &task(&words));
    assert_eq!(fs::read_to_string(&ran).unwrap(), "x\nx\n", "the coder's clone, and that of the gate");

    let broken = stage.agent("broken.sh", "#!/bin/sh\necho no network; exit 3");
    let other = ["--setup-command", broken.to_str().unwrap()];
    let mut words = task(&other);
    words[1] = "Do something else";
    let ended = stage.run(&words);
    assert_eq!(
        (ended.exit, ended.json()["status"].as_str()),
        (Some(6), Some("inconclusive")),
        "{}",
        ended.stdout
    );
    let message = ended.json()["message"].as_str().unwrap().to_owned();
    assert!(
        message.contains("the setup command failed in a fresh clone") && message.contains("no network"),
        "{message}"
    );
    let next = ended.json()["next_command"].as_str().unwrap().to_owned();
    assert_eq!(stage.run(&["status", "--json"]).json()[0]["doing"], "ended");
    let words: Vec<&str> = next.split(' ').skip(1).collect();
    assert!(stage.run(&words).stdout.contains("no network"), "{next}");
    let subject = words.last().unwrap();
    let corrected = ["resume", subject, "--json", "--setup-command", setup.to_str().unwrap()];
    assert!(message.contains(&format!("`agent-loop resume {subject} --setup-command COMMAND`")), "{message}");
    assert_ne!(stage.run(&corrected).json()["status"], "inconclusive", "{next}");
}

#[test]
fn clones_have_tags_and_branches() {
    let stage = Stage::new();
    stage.git(&["tag", "v1.0"]);
    stage.git(&["tag", "-a", "v1.1", "-m", "annotated"]);
    let asks = "git describe --tags && git diff --quiet main -- nothing && git rev-parse origin/main v1.1";
    works(&stage, &task(&["--test-command", &format!("sh -c '{asks}'")]));
}

#[test]
fn missing_content_is_reported_first() {
    let stage = Stage::new();
    let commit = stage.git(&["rev-parse", "HEAD"]);
    stage.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},vendor/lib")]);
    stage.git(&["commit", "--quiet", "--message", "a submodule"]);
    stage.write("notes.txt", "one TODO, and more\n");
    let ended = stage.run(&task(&[]));
    for notice in [
        "submodules (1) are not checked out",
        "uncommitted changes (1 changed file), which agents and gates do not see",
    ] {
        assert!(ended.stderr.contains(notice), "{notice}: {}", ended.stderr);
    }
}

#[test]
fn stacked_changes_are_announced() {
    let stage = Stage::new();
    stage.git(&["switch", "--quiet", "--create", "agent-loop/task-1a2b3c4d"]);
    let ended = stage.run(&task(&[]));
    let notice = "the target branch agent-loop/task-1a2b3c4d is the branch of another change";
    assert!(ended.stderr.contains(notice), "{}", ended.stderr);
}

#[test]
fn ignored_files_stay_out() {
    let stage = Stage::new();
    fs::create_dir_all(stage.root().join(".config/git")).unwrap();
    fs::write(stage.root().join(".config/git/ignore"), ".idea/\n").unwrap();
    stage.write(".git/info/exclude", "local.txt\n");
    let with_droppings = "set -eu; mkdir -p .idea; echo x > .idea/workspace.xml; echo x > local.txt";
    stage.agent("todo.sh", &TODO_AGENT.replace("set -eu", with_droppings));
    let ended = stage.run(&task(&[]));
    assert_eq!(ended.json()["status"], "approved", "{}\n{}", ended.stdout, ended.stderr);
    assert_eq!(stage.git(&["diff", "--name-only", "main", &stage.branch()]), "notes.txt");
    assert!(
        ended.stderr.contains("`.idea/`, `local.txt` (ignored by the user's own git settings)"),
        "{}",
        ended.stderr
    );
}

#[test]
fn a_bare_repository_works() {
    let stage = Stage::new();
    stage.git(&["clone", "--quiet", "--bare", ".", "../bare.git"]);
    works(&stage, &task(&["-C", "../bare.git"]));
}

#[test]
fn shallow_clones_work_and_may_deepen() {
    let stage = Stage::new();
    stage.write("more.txt", "more\n");
    commit_all(&stage);
    let seen = beside(&stage, "seen");
    let counting = format!(
        "set -eu; git rev-list --count HEAD >> {seen}\n\
         [ \"$AGENT_LOOP_ROLE\" = reviewer ] || git commit --quiet --allow-empty --message mine"
    );
    stage.agent("todo.sh", &TODO_AGENT.replace("set -eu", &counting));
    let origin = format!("file://{}", stage.repository().display());
    stage.git(&["clone", "--quiet", "--depth", "1", &origin, "../shallow"]);
    let merged = stage.run(&task(&["-C", "../shallow", "--auto-merge", "--no-parallel-reviewers"]));
    assert_eq!(merged.json()["status"], "merged", "{}\n{}", merged.stdout, merged.stderr);
    assert_eq!(fs::read_to_string(&seen).unwrap(), "1\n3\n3\n", "what was cloned, and the change");

    stage.git(&["-C", "../shallow", "fetch", "--quiet", "--unshallow"]);
    fs::write(stage.root().join("shallow/again.txt"), "TODO\n").unwrap();
    let ada = ["-C", "../shallow", "-c", "user.name=Ada", "-c", "user.email=ada@localhost"];
    stage.git(&["-C", "../shallow", "add", "--all"]);
    stage.git(&[&ada[..], &["commit", "--quiet", "--message", "again"]].concat());
    let mut words = task(&["-C", "../shallow"]);
    words[1] = "Do it again";
    works(&stage, &words);
    assert!(fs::read_to_string(&seen).unwrap().ends_with("6\n8\n8\n"), "all of the history");
}

#[test]
fn missing_objects_are_fetched() {
    let stage = Stage::new();
    stage.write("old.txt", "old\n");
    commit_all(&stage);
    stage.git(&["rm", "--quiet", "old.txt"]);
    stage.git(&["commit", "--quiet", "--message", "without it"]);
    stage.git(&["config", "uploadpack.allowFilter", "true"]);
    let origin = format!("file://{}", stage.repository().display());
    for name in ["../partial", "../alone"] {
        stage.git(&["clone", "--quiet", "--filter=blob:none", &origin, name]);
    }
    works(&stage, &task(&["-C", "../partial"]));
    stage.git(&["-C", "../alone", "remote", "set-url", "origin", "../nowhere"]);
    let ended = stage.run(&task(&["-C", "../alone"]));
    assert_eq!(ended.exit, Some(1), "{}", ended.stdout);
    let message = ended.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("`git fetch --refetch --no-filter`"), "{message}");
}

#[test]
fn a_linked_worktree_shares_its_forge() {
    let stage = Stage::new();
    stage.git(&["worktree", "add", "--quiet", "-b", "side", "../linked"]);
    works(&stage, &task(&["-C", "../linked"]));
    assert_eq!(stage.git(&["-C", "../linked", "status", "--porcelain"]), "");
    assert!(stage.run(&["status"]).stdout.contains("pr/1  approved"));
}

#[test]
fn submodules_stay_where_they_are() {
    let stage = Stage::new();
    stage.git(&["clone", "--quiet", ".", "../library"]);
    stage.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../library", "library"]);
    commit_all(&stage);
    let before = stage.git(&["rev-parse", "main:library"]);
    works(&stage, &task(&[]));
    assert_eq!(stage.git(&["rev-parse", &format!("{}:library", stage.branch())]), before);
}

/// The filter neither runs in a clone nor makes a checkout dirty.
#[test]
fn the_users_filter_does_not_interfere() {
    let stage = Stage::new();
    let filter = "[filter \"upper\"]\n\tclean = tr A-Z a-z\n\tsmudge = tr a-z A-Z\n\trequired = true\n";
    fs::write(stage.root().join(".gitconfig"), filter).unwrap();
    stage.write(".gitattributes", "*.loud filter=upper\n*.bin filter=lfs diff=lfs merge=lfs -text\n");
    stage.write("pointer.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n");
    commit_all(&stage);
    stage.git(&["checkout", "--quiet", "-b", "feature"]);
    stage.write("more.loud", "TWO\n");
    stage.write("plain.md", "TODO\n");
    commit_all(&stage);
    fs::remove_file(stage.repository().join("more.loud")).unwrap();
    stage.git(&["checkout", "--", "more.loud"]);
    let more = stage.repository().join("more.loud");
    assert_eq!(fs::read_to_string(&more).unwrap(), "TWO\n", "the user's filter works");
    stage.run(&[
        "local", "pr", "create", "--head", "feature", "--base", "main", "--title", "t", "--body", "b",
    ]);
    let words =
        ["pr", "1", "--json", "--coder", "sam=command:../todo.sh", "--reviewer", "one=command:../todo.sh"];
    works(&stage, &words);
    assert_eq!(fs::read_to_string(stage.repository().join("plain.md")).unwrap(), "DONE\n", "it moved along");
    assert_eq!(stage.git(&["status", "--porcelain"]), "");
}

#[test]
fn lfs_content_is_never_committed_raw() {
    let stage = Stage::new();
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n";
    stage.write(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    stage.write("a.bin", pointer);
    commit_all(&stage);
    let moves = "[ $AGENT_LOOP_ROLE = reviewer ] || git mv a.bin b.bin; set -eu";
    stage.agent("todo.sh", &TODO_AGENT.replace("set -eu", moves));
    works(&stage, &task(&[]));
    let writes = "[ $AGENT_LOOP_ROLE = reviewer ] || echo picture > a.bin; set -eu";
    stage.agent("todo.sh", &TODO_AGENT.replace("set -eu", writes));
    let mut words = task(&[]);
    words[1] = "Do it again";
    let ended = stage.run(&words);
    assert_eq!((ended.exit, &ended.json()["reason"]), (Some(1), &"agent-failed".into()), "{}", ended.stdout);
    let message = ended.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("`a.bin` needs the filter `lfs`"), "{message}");
    assert!(stage.run(&["status"]).stdout.contains("Saved unfinished work"), "{}", ended.stdout);
}

#[test]
fn a_missing_filter_prevents_the_merge() {
    let stage = Stage::new();
    stage.write(".gitattributes", "*.bin filter=lfs\n");
    stage.write("a.bin", "picture\n");
    commit_all(&stage);
    for (key, value) in [("clean", "no-such-lfs clean"), ("smudge", "no-such-lfs"), ("required", "true")] {
        stage.git(&["config", &format!("filter.lfs.{key}"), value]);
    }
    // The file's time differs from the one in the index, so that git must compare the content.
    stage.write("a.bin", "picture\n");
    let ended = stage.run(&task(&["--auto-merge"]));
    assert_eq!((ended.exit, &ended.json()["reason"]), (Some(4), &"merge".into()), "{}", ended.stdout);
    let message = ended.json()["message"].as_str().unwrap().to_owned();
    assert!(message.contains("no-such-lfs"), "{message}");
    stage.git(&["config", "--remove-section", "filter.lfs"]);
    let merged = stage.run(&task(&["--auto-merge"]));
    assert_eq!(merged.json()["status"], "merged", "{}\n{}", merged.stdout, merged.stderr);
}

#[test]
fn commits_need_no_configured_identity() {
    let stage = Stage::new();
    stage.git(&["config", "--unset", "user.name"]);
    stage.git(&["config", "--unset", "user.email"]);
    works(&stage, &task(&[]));
    let author = stage.git(&["log", "-1", "--format=%an <%ae>", &stage.branch()]);
    assert_eq!(author, "agent-loop <agent-loop@localhost>");
}

#[test]
fn odd_names_of_files_work() {
    let stage = Stage::new();
    let names: [&[u8]; 8] = [
        b"readme",
        b"README",
        b"sp ace",
        b"q'uo\"te",
        b"new\nline",
        b"-dash",
        b"bad\xff",
        "ümläut".as_bytes(),
    ];
    for name in names {
        fs::write(stage.repository().join(OsStr::from_bytes(name)), "TODO\n").unwrap();
    }
    commit_all(&stage);
    works(&stage, &task(&[]));
    for name in ["readme", "README", "q'uo\"te", "new\nline", "-dash"] {
        assert_eq!(stage.git(&["show", &format!("{}:{name}", stage.branch())]), "DONE");
    }
}

#[test]
fn odd_names_of_repositories_work() {
    for name in [&b"sp ace"[..], b"q'uo\"te", b"new\nline", b"bad\xff"] {
        let stage = Stage::new();
        let folder = Path::new("..").join(OsStr::from_bytes(name));
        fs::rename(stage.repository(), stage.root().join(OsStr::from_bytes(name))).unwrap();
        fs::create_dir(stage.repository()).unwrap();
        let agent = |label: &str| format!("{label}=command:{}/todo.sh", stage.root().display());
        let (sam, one) = (agent("sam"), agent("one"));
        let ended = stage.run_in(&folder, &["task", "Do it", "--json", "--coder", &sam, "--reviewer", &one]);
        assert_eq!(ended.json()["status"], "approved", "{name:?}: {}\n{}", ended.stdout, ended.stderr);
    }
}

#[test]
#[ignore = "needs root, who can give a folder away"]
fn a_foreign_repository_needs_gits_trust() {
    let stage = Stage::new();
    let given = stage.run_program("chown", &["-R", "65534", "."]);
    assert_eq!(given.exit, Some(0), "{}", given.stderr);
    let trust = format!("git config --global --add safe.directory {}", stage.repository().display());
    refused(&stage, &task(&[]), "config", &["belongs to another user", &trust]);
    stage.git(&trust.split(' ').skip(1).collect::<Vec<_>>());
    let merged = stage.run(&task(&["--auto-merge"]));
    assert_eq!(merged.json()["status"], "merged", "{}\n{}", merged.stdout, merged.stderr);
}

#[test]
fn missing_and_old_git_are_refused() {
    let stage = Stage::new();
    let folder = stage.root().join("programs");
    fs::create_dir(&folder).unwrap();
    let path = [("PATH", folder.to_str().unwrap())];
    let refused = |hint: &str| {
        let ended = stage.run_with(&task(&[]), &path);
        let outcome = ended.json();
        assert_eq!((ended.exit, &outcome["reason"]), (Some(2), &"unsupported".into()), "{}", ended.stdout);
        assert!(outcome["message"].as_str().unwrap().contains(hint), "{}", ended.stdout);
    };
    refused("install git 2.38 or later");
    stage.agent("programs/git", "#!/bin/sh\necho git version 2.20.1\n");
    refused("git 2.20 is too old: install git 2.38 or later");
}
