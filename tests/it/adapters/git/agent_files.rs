//! Files that configure agents are taken from the base branch: a change does not determine its own review.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use agent_loop::domain::ids::CommitSha;
use agent_loop::ports::workspace::{Inspection, Workspace};

use super::scene::{Scene, git, program, read, review, reviewer, sha};

/// Creates a scene whose base, and whose head on top of it, are made by two scripts in the user's repository.
async fn changed(base: &str, change: &str) -> (Scene, CommitSha) {
    let mut scene = Scene::new().await;
    let user = scene.user();
    scene.head = committed(&user, base).await;
    let head = committed(&user, change).await;
    scene.workspace.refresh().await.unwrap();
    (scene, head)
}

async fn committed(user: &Path, script: &str) -> CommitSha {
    program("sh", user, &["-ec", script]).await;
    git(user, &["add", "-A", "-f"]).await;
    git(user, &["commit", "-q", "--allow-empty", "-m", "x"]).await;
    sha(user, "HEAD").await
}

async fn inspect(scene: &Scene, head: &CommitSha) -> Inspection {
    scene.workspace.inspect(&reviewer(), head).await.unwrap().found
}

#[tokio::test]
async fn reviewers_see_configuration_of_the_base() {
    let (scene, head) = changed(
        "mkdir -p .claude crates/one; echo old > CLAUDE.md; echo old > .claude/settings.json; echo old > crates/one/AGENTS.md
         echo old > GEMINI.md",
        "echo evil > CLAUDE.md; echo evil > .claude/settings.json; echo evil > .claude/new.sh; rm crates/one/AGENTS.md
         echo evil > .mcp.json; mkdir -p crates/two/.codex; echo evil > crates/two/.codex/config.toml; rm GEMINI.md
         echo evil > agents.MD; echo two > a.txt; echo a.txt > .geminiignore; echo a.txt > .aiexclude",
    )
    .await;
    let layout = review(&scene.head, &head);
    let clone = scene.workspace.prepare(&reviewer(), &layout).await.unwrap().path;
    assert_eq!(read(&clone, "a.txt"), "two\n");
    for path in ["CLAUDE.md", ".claude/settings.json", "crates/one/AGENTS.md", "GEMINI.md"] {
        assert_eq!(read(&clone, path), "old\n", "{path}");
    }
    for path in [".claude/new.sh", ".mcp.json", "crates/two", "agents.MD", ".geminiignore", ".aiexclude"] {
        assert!(!clone.join(path).exists(), "{path}");
    }
    assert_eq!(sha(&clone, "HEAD").await, head);
    assert_eq!(git(&clone, &["diff", "--name-only"]).await, "");
    assert_eq!(inspect(&scene, &head).await, Inspection::Untouched);
}

#[tokio::test]
async fn restored_configuration_is_protected_from_tampering() {
    let (scene, head) = changed("echo old > CLAUDE.md", "echo evil > CLAUDE.md; echo evil > AGENTS.md").await;
    for (deed, expected) in [
        ("echo mine > CLAUDE.md", "CLAUDE.md was changed"),
        ("rm CLAUDE.md", "CLAUDE.md was changed"),
        ("git checkout -q HEAD -- CLAUDE.md", "CLAUDE.md was changed in the index"),
        ("git show HEAD:CLAUDE.md > CLAUDE.md", "CLAUDE.md was changed"),
        ("git reset -q --hard", "AGENTS.md was changed in the index"),
    ] {
        let layout = review(&scene.head, &head);
        let clone = scene.workspace.prepare(&reviewer(), &layout).await.unwrap().path;
        assert_eq!(inspect(&scene, &head).await, Inspection::Untouched);
        program("sh", &clone, &["-ec", deed]).await;
        assert_eq!(inspect(&scene, &head).await, Inspection::Tampered(expected.to_owned()), "{deed}");
    }
}

#[tokio::test]
async fn changed_kinds_of_files_are_undone() {
    let (scene, head) = changed(
        "mkdir .claude sub; echo old > .claude/settings.json; echo old > sub/CLAUDE.md; echo old > sub/code; echo old > AGENTS.md
         ln -s AGENTS.md GEMINI.md; echo old > .codex",
        "rm -r .claude sub; ln -s evil .claude; mkdir evil; echo evil > evil/settings.json; echo code > sub
         rm AGENTS.md GEMINI.md .codex; mkdir AGENTS.md; echo evil > AGENTS.md/inside; echo evil > GEMINI.md
         mkdir .codex; echo evil > .codex/config.toml",
    )
    .await;
    let layout = review(&scene.head, &head);
    let clone = scene.workspace.prepare(&reviewer(), &layout).await.unwrap().path;
    assert!(!clone.join(".claude").is_symlink());
    assert_eq!(read(&clone, ".claude/settings.json"), "old\n");
    assert_eq!(read(&clone, "AGENTS.md"), "old\n");
    assert_eq!(fs::read_link(clone.join("GEMINI.md")).unwrap(), Path::new("AGENTS.md"));
    assert_eq!(read(&clone, ".codex"), "old\n");
    assert_eq!(read(&clone, "sub"), "code\n", "what is reviewed is there");
    assert_eq!(read(&clone, "evil/settings.json"), "evil\n");
    assert_eq!(inspect(&scene, &head).await, Inspection::Untouched);
    fs::remove_dir_all(clone.join(".claude")).unwrap();
    symlink("evil", clone.join(".claude")).unwrap();
    assert_eq!(
        inspect(&scene, &head).await,
        Inspection::Tampered(".claude/settings.json was changed".to_owned())
    );
}

#[tokio::test]
async fn submodules_and_odd_names_are_undone() {
    let (mut scene, _) = changed("true", "true").await;
    let user = scene.user();
    scene.head = sha(&user, "HEAD").await;
    let link = format!("160000,{},.agents", scene.head);
    git(&user, &["update-index", "--add", "--cacheinfo", &link]).await;
    program("sh", &user, &["-ec", "mkdir .claude; printf x > \"$(printf '.claude/\\377 \\n\"')\""]).await;
    git(&user, &["add", "-f", ".claude"]).await;
    git(&user, &["commit", "-q", "-m", "odd"]).await;
    let head = sha(&user, "HEAD").await;
    scene.workspace.refresh().await.unwrap();
    let layout = review(&scene.head, &head);
    let clone = scene.workspace.prepare(&reviewer(), &layout).await.unwrap().path;
    assert!(!clone.join(".agents").exists() && !clone.join(".claude").exists());
    assert_eq!(inspect(&scene, &head).await, Inspection::Untouched);
    let back = review(&head, &scene.head);
    let clone = scene.workspace.prepare(&reviewer(), &back).await.unwrap().path;
    assert_eq!(fs::read_dir(clone.join(".claude")).unwrap().count(), 1);
    assert!(clone.join(".agents").is_dir());
    assert_eq!(inspect(&scene, &scene.head).await, Inspection::Untouched);
}

#[tokio::test]
async fn only_changed_configuration_costs_more_processes() {
    let (mut scene, head) = changed("echo old > CLAUDE.md", "echo evil > CLAUDE.md").await;
    let plain = committed(&scene.user(), "git checkout -q HEAD^ CLAUDE.md; echo two > a.txt").await;
    scene.workspace.refresh().await.unwrap();
    let log = scene.count_spawns();
    let spawned = || fs::read_to_string(&log).map_or(0, |text| text.lines().count());
    scene.workspace.difference(&scene.head, &plain, 100).await.unwrap();
    let mut before = spawned();
    let mut cost = || {
        let cost = spawned() - before;
        before += cost;
        cost
    };
    scene.workspace.prepare(&reviewer(), &review(&scene.head, &plain)).await.unwrap();
    assert_eq!(cost(), 1, "a plain change");
    scene.workspace.difference(&scene.head, &head, 100).await.unwrap();
    cost();
    scene.workspace.prepare(&reviewer(), &review(&scene.head, &head)).await.unwrap();
    assert_eq!(cost(), 5, "a change of configuration");
    scene.workspace.prepare(&reviewer(), &review(&scene.head, &head)).await.unwrap();
    assert_eq!(cost(), 0, "the same again");
    inspect(&scene, &head).await;
    assert_eq!(cost(), 0, "a look at it");
}
