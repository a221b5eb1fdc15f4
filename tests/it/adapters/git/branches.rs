//! Pushes to the user's own repository, with and without a checkout of the branch.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use agent_loop::adapters::process::capture::capture;
use agent_loop::adapters::process::command::CommandLine;
use agent_loop::adapters::process::environment::common;
use agent_loop::adapters::storage::fitness::is_root;
use agent_loop::domain::ids::CommitSha;
use agent_loop::ports::workspace::{Harvest, Push, Workspace};

use super::scene::{Scene, at, branch, coder, git, ours, program, read, sha, write};

async fn push(scene: &Scene, name: &str, commit: &CommitSha, expected: Option<&CommitSha>) -> Push {
    scene.workspace.push(&branch(name), commit, expected).await.unwrap()
}

async fn status(scene: &Scene) -> String {
    git(&scene.user(), &["status", "--porcelain"]).await
}

fn refusal(push: Push) -> String {
    match push {
        Push::Refused(text) => text,
        other @ (Push::Done | Push::Moved(_)) => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn pushes_create_and_move_branches() {
    let scene = Scene::new().await;
    let commit = scene.change().await;
    assert_eq!(push(&scene, "work", &scene.head, None).await, Push::Done);
    assert_eq!(push(&scene, "work", &commit, Some(&scene.head)).await, Push::Done);
    assert_eq!(push(&scene, "work", &commit, Some(&scene.head)).await, Push::Done);
    assert_eq!(scene.workspace.tip(&branch("work")).await.unwrap(), Some(commit));
    assert_eq!(scene.workspace.tip(&branch("none")).await.unwrap(), None);
    let refs = git(&scene.user(), &["for-each-ref", "--format=%(refname)"]).await;
    assert_eq!(refs, "refs/heads/main\nrefs/heads/work\n");
    assert!(!scene.user().join(".git/FETCH_HEAD").exists());
    git(&scene.user(), &["fsck", "--connectivity-only"]).await;
}

#[tokio::test]
async fn moved_or_missing_branches_stay_untouched() {
    let scene = Scene::new().await;
    let commit = scene.change().await;
    assert_eq!(push(&scene, "work", &commit, Some(&scene.head)).await, Push::Moved(None));
    assert_eq!(push(&scene, "main", &commit, None).await, Push::Moved(Some(scene.head.clone())));
    assert_eq!(status(&scene).await, "");
}

#[tokio::test]
async fn clean_checkouts_follow_without_hooks() {
    let scene = Scene::new().await;
    let user = scene.user();
    for hook in ["reference-transaction", "post-checkout", "post-index-change", "update", "post-receive"] {
        let text = format!("#!/bin/sh\ntouch {}\n", scene.canary().display());
        write(&user, &format!(".git/hooks/{hook}"), &text);
        git(&user, &["config", "core.hooksPath", ".git/hooks"]).await;
        fs::set_permissions(user.join(".git/hooks").join(hook), PermissionsExt::from_mode(0o755)).unwrap();
    }
    let commit = scene.change().await;
    write(&user, "harmless.txt", "untracked\n");
    write(&user, "target/cache", "ignored\n");
    assert_eq!(push(&scene, "main", &commit, Some(&scene.head)).await, Push::Done);
    assert!(!scene.canary().exists());
    assert_eq!((read(&user, "a.txt").as_str(), read(&user, "new.txt").as_str()), ("two\n", "new\n"));
    fs::remove_dir_all(user.join(".git/hooks")).unwrap();
    assert_eq!(status(&scene).await, "?? harmless.txt\n");
    assert_eq!(sha(&user, "HEAD").await, commit);
}

#[tokio::test]
async fn a_linked_checkout_is_updated_too() {
    let scene = Scene::new().await;
    let linked = scene.outside("linked one");
    git(&scene.user(), &["worktree", "add", "-q", "-b", "work", linked.to_str().unwrap()]).await;
    let commit = scene.change().await;
    assert_eq!(push(&scene, "work", &commit, Some(&scene.head)).await, Push::Done);
    assert_eq!(read(&linked, "new.txt"), "new\n");
    assert_eq!(git(&linked, &["status", "--porcelain"]).await, "");
    assert_eq!(read(&scene.user(), "a.txt"), "one\n");
}

#[tokio::test]
async fn unborn_checked_out_branches_get_files() {
    let scene = Scene::new().await;
    let commit = scene.change().await;
    git(&scene.user(), &["checkout", "-q", "--orphan", "fresh"]).await;
    git(&scene.user(), &["rm", "-rfq", "."]).await;
    assert_eq!(push(&scene, "fresh", &commit, None).await, Push::Done);
    assert_eq!(read(&scene.user(), "new.txt"), "new\n");
    assert_eq!(status(&scene).await, "");
}

#[tokio::test]
async fn blocked_checkouts_keep_their_branch() {
    let stash = "stash push --include-untracked";
    for (deed, named, remedy) in [
        ("edit", "a.txt", stash),
        ("edit unrelated", "src/lib.rs", stash),
        ("stage", "the index", stash),
        ("delete", "a.txt", stash),
        ("untracked in the way", "new.txt", "move "),
        ("ignored in the way", "x.log", "move "),
        ("folder in the way", "new.txt", "move "),
        ("intent to add", "b.txt", "reset -- b.txt"),
        ("skip-worktree", "a.txt", "update-index --no-skip-worktree"),
        ("assume-unchanged", "a.txt", "update-index --no-skip-worktree"),
        ("lock", "index.lock", "if no git is running"),
        ("failing filter", "filter", "correct the cause"),
    ] {
        let scene = Scene::new().await;
        let user = scene.user();
        let clone = scene.coder().await;
        write(&clone, "a.txt", "two\n");
        write(&clone, "new.txt", "new\n");
        write(&clone, "x.log", "log\n");
        git(&clone, &["add", "-f", "x.log"]).await;
        let commit = scene.harvested().await;
        match deed {
            "edit" => write(&user, "a.txt", "mine\n"),
            "edit unrelated" => write(&user, "src/lib.rs", "mine\n"),
            "stage" => {
                write(&user, "b.txt", "mine\n");
                git(&user, &["add", "b.txt"]).await;
            }
            "delete" => fs::remove_file(user.join("a.txt")).unwrap(),
            "untracked in the way" => write(&user, "new.txt", "mine\n"),
            "ignored in the way" => write(&user, "x.log", "mine\n"),
            "folder in the way" => write(&user, "new.txt/mine", "mine\n"),
            "intent to add" => {
                write(&user, "b.txt", "mine\n");
                git(&user, &["add", "-N", "b.txt"]).await;
            }
            "lock" => write(&user, ".git/index.lock", ""),
            "failing filter" => {
                write(&user, ".git/info/attributes", "new.txt filter=f\n");
                for (key, value) in
                    [("filter.f.clean", "cat"), ("filter.f.smudge", "false"), ("filter.f.required", "true")]
                {
                    git(&user, &["config", key, value]).await;
                }
            }
            flag => {
                git(&user, &["update-index", &format!("--{flag}"), "a.txt"]).await;
                write(&user, "a.txt", "mine\n");
            }
        }
        let before = status(&scene).await;
        let text = refusal(push(&scene, "main", &commit, Some(&scene.head)).await);
        assert!(text.contains(named) && text.contains(remedy), "{deed}: {text}");
        assert_eq!(status(&scene).await, before, "{deed}");
        assert_eq!(sha(&user, "main").await, scene.head, "{deed}");
    }
}

/// git would remove `a.txt`, and then fail in the folder.
#[tokio::test]
async fn unwritable_folders_keep_their_branch() {
    let scene = Scene::new().await;
    let (user, clone) = (scene.user(), scene.coder().await);
    write(&clone, "a.txt", "two\n");
    write(&clone, "src/lib.rs", "two\n");
    let commit = scene.harvested().await;
    let src = user.join("src");
    if !lock(&src).await {
        return;
    }
    let text = refusal(push(&scene, "main", &commit, Some(&scene.head)).await);
    assert!(text.contains(&format!("you may not write in the folder {}", src.display())), "{text}");
    assert_eq!((status(&scene).await.as_str(), sha(&user, "main").await), ("", scene.head.clone()));
    unlock(&src).await;
    assert_eq!(push(&scene, "main", &commit, Some(&scene.head)).await, Push::Done);
    assert_eq!(read(&user, "src/lib.rs"), "two\n");
}

/// Takes the permission to write in a folder. Only an immutable folder stops root, and not every disk has such.
async fn lock(folder: &Path) -> bool {
    fs::set_permissions(folder, Permissions::from_mode(0o555)).unwrap();
    !is_root() || chattr("+i", folder).await
}

async fn unlock(folder: &Path) {
    assert!(!is_root() || chattr("-i", folder).await);
    fs::set_permissions(folder, Permissions::from_mode(0o755)).unwrap();
}

async fn chattr(flag: &str, folder: &Path) -> bool {
    let line = CommandLine::new("chattr", folder, common(&ours(), &[])).argument(flag).argument(".");
    capture(&line).await.unwrap().exit.is_success()
}

#[tokio::test]
async fn a_failed_move_is_reverted() {
    let scene = Scene::new().await;
    let (user, linked) = (scene.user(), scene.outside("linked"));
    git(&user, &["worktree", "add", "-q", "--force", linked.to_str().unwrap(), "main"]).await;
    let clone = scene.coder().await;
    write(&clone, "a.txt", "two\n");
    write(&clone, "new.txt", "new\n");
    let commit = scene.harvested().await;
    // The move passes the rehearsal, and fails for the second checkout.
    let ran = scene.outside("ran");
    let smudge = format!("echo x >> {0}; [ $(wc -l < {0}) -lt 4 ] && cat", ran.display());
    write(&user, ".git/info/attributes", "new.txt filter=f\n");
    for (key, value) in
        [("filter.f.clean", "cat"), ("filter.f.smudge", &smudge), ("filter.f.required", "true")]
    {
        git(&user, &["config", key, value]).await;
    }
    let text = refusal(push(&scene, "main", &commit, Some(&scene.head)).await);
    assert!(text.contains("filter"), "{text}");
    for checkout in [&user, &linked] {
        assert_eq!(git(checkout, &["status", "--porcelain"]).await, "");
        assert_eq!(read(checkout, "a.txt"), "one\n");
    }
    assert_eq!(sha(&user, "main").await, scene.head);
}

/// Gives the user's text files a filter whose n-th use to write a file, and each later one, fails until it is corrected.
async fn breaking_filter(scene: &Scene, first: usize) {
    let user = scene.user();
    write(&user, ".git/info/attributes", "*.txt filter=f\n");
    let ran = scene.outside("ran");
    let smudge = format!(
        "echo x >> {0}; [ $(wc -l < {0}) -lt {first} ] && cat || {{ echo 'no key' >&2; false; }}",
        ran.display()
    );
    set_filter(scene, "cat", &smudge, "true").await;
}

async fn set_filter(scene: &Scene, clean: &str, smudge: &str, required: &str) {
    for (key, value) in [("clean", clean), ("smudge", smudge), ("required", required)] {
        git(&scene.user(), &["config", &format!("filter.f.{key}"), value]).await;
    }
}

/// The rehearsal writes both text files. Then the filter fails with the first or the second of them.
#[tokio::test]
async fn unrestored_checkouts_name_their_repair() {
    for (uses, repair) in [(3, "commands"), (4, "commands"), (3, "next run"), (4, "next run")] {
        let scene = Scene::new().await;
        let user = scene.user();
        let commit = scene.change().await;
        breaking_filter(&scene, uses).await;
        let text = refusal(push(&scene, "main", &commit, Some(&scene.head)).await);
        assert_ne!(status(&scene).await, "", "{uses}: the case is not reached: {text}");
        assert_eq!(sha(&user, "main").await, scene.head);
        assert!(text.contains(&format!("the branch is at {}, but some files", scene.head.short())), "{text}");
        assert!(text.contains("smudge filter f failed (no key)"), "{text}");
        let again = scene.again().refresh().await.unwrap_err().to_string();
        assert!(again.contains("but some files"), "{again}");
        set_filter(&scene, "cat", "cat", "true").await;
        if repair == "commands" {
            let commands = text.split('`').skip(1).step_by(2).filter(|one| one.starts_with("git "));
            for command in commands {
                program("sh", &user, &["-c", command]).await;
            }
        } else {
            scene.again().refresh().await.unwrap();
        }
        assert_eq!((status(&scene).await.as_str(), read(&user, "a.txt").as_str()), ("", "one\n"), "{uses}");
        assert_eq!(push(&scene, "main", &commit, Some(&scene.head)).await, Push::Done);
        assert_eq!((status(&scene).await.as_str(), read(&user, "a.txt").as_str()), ("", "two\n"), "{uses}");
    }
}

/// The filter fails in the second checkout, and from then on in both.
#[tokio::test]
async fn two_unrestored_checkouts_are_restored_later() {
    let scene = Scene::new().await;
    let (user, linked) = (scene.user(), scene.outside("linked"));
    git(&user, &["worktree", "add", "-q", "--force", linked.to_str().unwrap(), "main"]).await;
    let commit = scene.change().await;
    breaking_filter(&scene, 7).await;
    let text = refusal(push(&scene, "main", &commit, Some(&scene.head)).await);
    assert!(text.contains("but some files"), "{text}");
    assert_eq!(sha(&user, "main").await, scene.head);
    assert_ne!(status(&scene).await, "");
    set_filter(&scene, "cat", "cat", "true").await;
    scene.again().refresh().await.unwrap();
    for checkout in [&user, &linked] {
        assert_eq!(git(checkout, &["status", "--porcelain"]).await, "");
        assert_eq!(read(checkout, "a.txt"), "one\n");
    }
}

/// A kill left the branch moved. The filter fails while the files follow.
#[tokio::test]
async fn unfinished_moves_name_their_repair() {
    let scene = Scene::new().await;
    let user = scene.user();
    let commit = scene.change().await;
    half_move(&scene, &commit, &[("a.txt", "two\n")]).await;
    breaking_filter(&scene, 1).await;
    let text = refusal(push(&scene, "main", &commit, Some(&scene.head)).await);
    assert!(text.contains(&format!("the branch is at {}, but some files", commit.short())), "{text}");
    set_filter(&scene, "cat", "cat", "true").await;
    for command in text.split('`').skip(1).step_by(2).filter(|one| one.starts_with("git ")) {
        program("sh", &user, &["-c", command]).await;
    }
    assert_eq!((status(&scene).await.as_str(), read(&user, "new.txt").as_str()), ("", "new\n"));
}

#[tokio::test]
async fn failing_filters_are_not_edits() {
    let broken = "echo 'no key' >&2; exit 3";
    for (clean, smudge, required) in
        [(broken, "cat", "true"), ("tr a-z A-Z; exit 3", "cat", "false"), ("cat", broken, "true")]
    {
        let scene = Scene::new().await;
        let user = scene.user();
        // The committed text is in capitals, and the filter makes it from small letters.
        write(&user, "a.txt", "ONE\n");
        git(&user, &["commit", "-q", "-a", "-m", "capitals"]).await;
        scene.workspace.refresh().await.unwrap();
        let head = sha(&user, "main").await;
        let clone = scene.workspace.prepare(&coder(), &at(&head)).await.unwrap().path;
        write(&clone, "a.txt", "two\n");
        let found = scene.workspace.harvest(&coder(), &head, "work\n").await.unwrap().found;
        let Harvest::Commit(commit) = found else { panic!("{found:?}") };
        write(&user, ".git/info/attributes", "*.txt filter=f\n");
        set_filter(&scene, clean, smudge, required).await;
        write(&user, "a.txt", if required == "false" { "one\n" } else { "ONE\n" });
        let text = refusal(push(&scene, "main", &commit, Some(&head)).await);
        assert!(
            text.contains("a filter of the repository failed") && !text.contains("has changes"),
            "{text}"
        );
        assert!(
            text.contains("filter f failed (no key)")
                || text.contains("exit 3' failed")
                || text.contains("filter 'f' failed (no key)"),
            "{text}"
        );
        assert!(
            text.contains("config --get-regexp") && text.ends_with("then run the command again"),
            "{text}"
        );
        assert_eq!(sha(&user, "main").await, head);
    }
}

/// A filter fails in the middle of the move, and works while the files are restored.
#[tokio::test]
async fn a_restored_move_names_its_filter() {
    let scene = Scene::new().await;
    let commit = scene.change().await;
    let ran = scene.outside("ran");
    let smudge = format!("echo x >> {0}; [ $(wc -l < {0}) -ne 3 ] && cat", ran.display());
    write(&scene.user(), ".git/info/attributes", "*.txt filter=f\n");
    set_filter(&scene, "cat", &smudge, "true").await;
    let text = refusal(push(&scene, "main", &commit, Some(&scene.head)).await);
    assert!(
        text.contains("a filter of the repository failed: fatal: a.txt: smudge filter f failed"),
        "{text}"
    );
    assert_eq!((status(&scene).await.as_str(), read(&scene.user(), "a.txt").as_str()), ("", "one\n"));
    assert_eq!(sha(&scene.user(), "main").await, scene.head);
}

/// A checkout after a kill: the branch is moved, the index is not, some files are.
async fn half_move(scene: &Scene, commit: &CommitSha, files: &[(&str, &str)]) {
    scene.workspace.push(&branch("other"), commit, None).await.unwrap();
    git(&scene.user(), &["update-ref", "refs/heads/main", commit.as_str(), scene.head.as_str()]).await;
    for (path, text) in files {
        write(&scene.user(), path, text);
    }
}

#[tokio::test]
async fn next_push_finishes_half_moved_checkouts() {
    for files in
        [&[][..], &[("a.txt", "two\n")], &[("new.txt", "new\n")], &[("a.txt", "two\n"), ("new.txt", "new\n")]]
    {
        let scene = Scene::new().await;
        let commit = scene.change().await;
        half_move(&scene, &commit, files).await;
        assert_ne!(status(&scene).await, "");
        assert_eq!(push(&scene, "main", &commit, Some(&scene.head)).await, Push::Done);
        assert_eq!(status(&scene).await, "", "{files:?}");
        assert_eq!(read(&scene.user(), "a.txt"), "two\n");
        assert_eq!(read(&scene.user(), "new.txt"), "new\n");
    }
}

#[tokio::test]
async fn next_refresh_finishes_half_moved_checkouts() {
    let scene = Scene::new().await;
    let commit = scene.change().await;
    half_move(&scene, &commit, &[("a.txt", "two\n")]).await;
    let intent = format!(r#"{{"branch":"main","from":"{}","to":"{commit}"}}"#, scene.head);
    write(&scene.mirror(), "agent-loop-moving/x.json", &intent);
    scene.workspace.refresh().await.unwrap();
    assert_eq!(status(&scene).await, "");
    assert_eq!(read(&scene.user(), "new.txt"), "new\n");
}

#[tokio::test]
async fn edited_half_moved_checkouts_are_refused() {
    for (path, text) in
        [("a.txt", "mine\n"), ("new.txt", "mine\n"), ("src/lib.rs", "mine\n"), ("new.txt/x", "mine\n")]
    {
        let scene = Scene::new().await;
        let commit = scene.change().await;
        half_move(&scene, &commit, &[(path, text)]).await;
        refusal(push(&scene, "main", &commit, Some(&scene.head)).await);
        assert_eq!(read(&scene.user(), path), text);
    }
}

#[tokio::test]
async fn later_edits_allow_repeated_pushes() {
    let scene = Scene::new().await;
    let commit = scene.change().await;
    assert_eq!(push(&scene, "main", &commit, Some(&scene.head)).await, Push::Done);
    write(&scene.user(), "a.txt", "mine\n");
    git(&scene.user(), &["add", "a.txt"]).await;
    write(&scene.user(), "new.txt", "mine\n");
    assert_eq!(push(&scene, "main", &commit, Some(&scene.head)).await, Push::Done);
    assert_eq!(read(&scene.user(), "a.txt"), "mine\n");
    assert_eq!(read(&scene.user(), "new.txt"), "mine\n");
}

#[tokio::test]
async fn bare_repositories_accept_pushes() {
    let scene = Scene::new().await;
    let commit = scene.change().await;
    git(&scene.user(), &["config", "core.bare", "true"]).await;
    assert_eq!(push(&scene, "main", &commit, Some(&scene.head)).await, Push::Done);
}

#[tokio::test]
async fn checkouts_follow_files_becoming_folders() {
    for (ignored, expected) in [(None, "moved"), (Some("src/cache.log"), "refused")] {
        let scene = Scene::new().await;
        let clone = scene.coder().await;
        fs::remove_file(clone.join("a.txt")).unwrap();
        write(&clone, "a.txt/inside", "inside\n");
        fs::remove_dir_all(clone.join("src")).unwrap();
        write(&clone, "src", "a file\n");
        let commit = scene.harvested().await;
        if let Some(path) = ignored {
            write(&scene.user(), path, "cache\n");
        }
        match push(&scene, "main", &commit, Some(&scene.head)).await {
            Push::Done => {
                assert_eq!(expected, "moved");
                assert_eq!(read(&scene.user(), "src"), "a file\n");
                assert_eq!(read(&scene.user(), "a.txt/inside"), "inside\n");
                assert_eq!(status(&scene).await, "");
            }
            Push::Refused(text) => assert_eq!(expected, "refused", "{text}"),
            Push::Moved(tip) => panic!("{tip:?}"),
        }
    }
}
