//! The files of a coder that belong to its change, and the notes about others.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use agent_loop::domain::ids::CommitSha;
use agent_loop::ports::workspace::{AfterTurn, Harvest, Inspection, Workspace};

use super::scene::{Scene, coder, git, program, reviewer, sha, write};

/// Returns the paths that the work in the coder's clone changes, and the notes about it.
async fn change(scene: &Scene) -> (Vec<String>, Vec<String>) {
    let AfterTurn { found, notes } = scene.workspace.harvest(&coder(), &scene.head, "work\n").await.unwrap();
    let Harvest::Commit(commit) = found else { panic!("{found:?}") };
    let listing = ["diff-tree", "-r", "--raw", "--abbrev=4", scene.head.as_str(), commit.as_str()];
    let listed = git(&scene.mirror(), &listing).await;
    let entry = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        format!("{} {} {}", words[4], words[1], words[5])
    };
    (listed.lines().map(entry).collect(), notes)
}

async fn library(scene: &Scene) -> (String, CommitSha) {
    let library = scene.outside("library");
    fs::create_dir_all(&library).unwrap();
    git(&library, &["init", "-q", "-b", "main"]).await;
    for text in ["1\n", "2\n"] {
        write(&library, "l", text);
        git(&library, &["add", "l"]).await;
        let ada = ["-c", "user.name=Ada", "-c", "user.email=ada@localhost"];
        git(&library, &[&ada[..], &["commit", "-q", "-m", "more"]].concat()).await;
    }
    (format!("file://{}", library.display()), sha(&library, "HEAD").await)
}

async fn add_submodule(clone: &Path, url: &str) {
    git(clone, &["-c", "protocol.file.allow=always", "submodule", "add", "-q", url, "vendor/lib"]).await;
}

#[tokio::test]
async fn linked_worktrees_are_left_out() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    git(&clone, &["worktree", "add", "-q", ".tool/worktree", "-b", "side"]).await;
    write(&clone, ".tool/worktree/a.txt", "side\n");
    git(&clone.join(".tool/worktree"), &["commit", "-q", "-a", "-m", "side"]).await;
    write(&clone, "a.txt", "two\n");
    let (changed, notes) = change(&scene).await;
    assert_eq!(changed, ["M 100644 a.txt"]);
    assert!(notes[0].contains("left out of the change: `.tool/worktree` (a linked worktree"), "{notes:?}");
    assert!(notes[1].contains("`refs/heads/side` of the clone; it is kept as"), "{notes:?}");
}

#[tokio::test]
async fn other_repositories_inside_are_noted() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    git(&clone, &["init", "-q", "inner"]).await;
    write(&clone, "inner/file", "text\n");
    let (changed, notes) = change(&scene).await;
    assert_eq!(changed, ["A 100644 inner/file"]);
    assert!(notes[0].contains("included in the change: `inner`"), "{notes:?}");
}

#[tokio::test]
async fn submodules_stay_submodules() {
    let scene = Scene::new().await;
    let (url, tip) = library(&scene).await;
    let clone = scene.coder().await;
    add_submodule(&clone, &url).await;
    let (changed, notes) = change(&scene).await;
    assert_eq!(changed, ["A 100644 .gitmodules", "A 160000 vendor/lib"]);
    assert_eq!(notes, Vec::<String>::new());
    let clone = scene.coder().await;
    add_submodule(&clone, &url).await;
    let inner = clone.join("vendor/lib");
    git(&inner, &["checkout", "-q", &format!("{tip}^")]).await;
    assert_eq!(change(&scene).await.0, ["A 100644 .gitmodules", "A 160000 vendor/lib"], "an older commit");
    let clone = scene.coder().await;
    add_submodule(&clone, &url).await;
    let ada = ["-c", "user.name=Ada", "-c", "user.email=ada@localhost"];
    git(&clone.join("vendor/lib"), &[&ada[..], &["commit", "-q", "--allow-empty", "-m", "own"]].concat())
        .await;
    let error = scene.workspace.harvest(&coder(), &scene.head, "work\n").await.unwrap_err().to_string();
    assert!(error.contains("a commit that only the clone has"), "{error}");
}

#[tokio::test]
async fn sparse_checkouts_delete_nothing() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    git(&clone, &["sparse-checkout", "set", "--no-cone", "/a.txt"]).await;
    assert!(!clone.join("src/lib.rs").exists());
    write(&clone, "a.txt", "two\n");
    let (changed, notes) = change(&scene).await;
    assert_eq!(changed, ["M 100644 a.txt"]);
    assert!(notes[0].contains("`src/lib.rs` (outside of the agent's sparse checkout"), "{notes:?}");
}

/// git opens some files by name, and would wait forever for a pipe.
#[tokio::test]
async fn pipes_never_stop_git() {
    let scene = Scene::new().await;
    let pipes = [".gitattributes", ".gitmodules", "src/.gitattributes", "src/.gitignore"];
    for clone in [scene.coder().await, scene.reviewer().await] {
        write(&clone, "src/new.txt", "new\n");
        program("mkfifo", &clone, &pipes).await;
    }
    let (changed, notes) = change(&scene).await;
    assert_eq!(changed, ["A 100644 src/new.txt"]);
    assert!(notes[0].contains("`src/.gitignore` (pipes, sockets or devices)"), "{notes:?}");
    let inspection = scene.workspace.inspect(&reviewer(), &scene.head).await.unwrap().found;
    assert_eq!(inspection, Inspection::Untouched);
    let clone = scene.coder().await;
    program("rm", &clone, &["a.txt"]).await;
    program("mkfifo", &clone, &[&pipes[..], &["a.txt"]].concat()).await;
    assert_eq!(change(&scene).await.0, ["D 000000 a.txt"]);
    for clone in [scene.coder().await, scene.reviewer().await] {
        program("mkfifo", &clone, &pipes).await;
    }
    assert!(scene.coder().await.join("a.txt").exists() && scene.reviewer().await.join("a.txt").exists());
}

#[tokio::test]
async fn leftovers_of_programs_are_left_out() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    for name in [".bashrc", ".mcp.json"] {
        write(&clone, name, "");
        fs::set_permissions(clone.join(name), Permissions::from_mode(0o444)).unwrap();
    }
    write(&clone, "tmpclaude-1a2b-cwd", "/somewhere\n");
    write(&clone, "empty.txt", "");
    let (changed, notes) = change(&scene).await;
    assert_eq!(changed, ["A 100644 empty.txt"]);
    let expected =
        "left out of the change: `.bashrc`, `.mcp.json`, `tmpclaude-1a2b-cwd` (left behind by a program)";
    assert_eq!(notes, [expected]);
}

#[tokio::test]
async fn unreadable_files_are_made_readable() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    write(&clone, "secretive.txt", "text\n");
    fs::set_permissions(clone.join("secretive.txt"), Permissions::from_mode(0o000)).unwrap();
    let (changed, notes) = change(&scene).await;
    assert_eq!(changed, ["A 100644 secretive.txt"]);
    assert!(notes[0].contains("`secretive.txt` (not readable before)"), "{notes:?}");
}

/// Root reads them in any case.
#[tokio::test]
async fn unreadable_folders_are_made_readable() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    write(&clone, "closed/deep/new.txt", "text\n");
    write(&clone, "src/lib.rs", "two\n");
    for folder in ["closed/deep", "closed", "src"] {
        fs::set_permissions(clone.join(folder), Permissions::from_mode(0o000)).unwrap();
    }
    let (changed, notes) = change(&scene).await;
    assert_eq!(
        (changed.as_slice(), notes.len()),
        (&["A 100644 closed/deep/new.txt".into(), "M 100644 src/lib.rs".into()][..], 0)
    );
}

#[tokio::test]
async fn commits_outside_head_are_kept() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    write(&clone, "a.txt", "two\n");
    git(&clone, &["stash"]).await;
    git(&clone, &["switch", "-q", "-c", "other"]).await;
    write(&clone, "a.txt", "three\n");
    git(&clone, &["commit", "-q", "-a", "-m", "there"]).await;
    let other = sha(&clone, "other").await;
    git(&clone, &["switch", "-q", "work"]).await;
    let AfterTurn { found, notes } = scene.workspace.harvest(&coder(), &scene.head, "work\n").await.unwrap();
    assert_eq!(found, Harvest::Unchanged);
    assert!(notes[0].contains("`refs/heads/other`") && notes[1].contains("`refs/stash`"), "{notes:?}");
    let kept = scene.workspace.kept().await.unwrap();
    assert!(kept.iter().any(|kept| kept.salvage.commit == other), "{kept:?}");
}

#[tokio::test]
async fn leftovers_of_reviewers_are_noted() {
    let scene = Scene::new().await;
    let clone = scene.reviewer().await;
    write(&clone, "zz.tmp", "scratch\n");
    write(&clone, "target/cache", "ignored\n");
    let notes = scene.workspace.inspect(&reviewer(), &scene.head).await.unwrap().notes;
    let expected = "removed from the clone: `zz.tmp` (untracked files of a reviewer)";
    assert_eq!(notes, [expected]);
}
