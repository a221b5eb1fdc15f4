//! Merges in the embedded forge's repository.

use agent_loop::adapters::git::MergeOutcome;
use agent_loop::ports::workspace::{Push, Workspace, WorkspaceError};

use super::scene::{Scene, branch, git, read, sha, write};

#[tokio::test]
async fn merges_are_repeatable() {
    let scene = Scene::new().await;
    let user = scene.user();
    let head = scene.change().await;
    assert_eq!(scene.workspace.push(&branch("work"), &head, None).await.unwrap(), Push::Done);
    write(&user, "other.txt", "other\n");
    git(&user, &["add", "-A"]).await;
    git(&user, &["commit", "-q", "-m", "second"]).await;
    let base = sha(&user, "main").await;
    let MergeOutcome::Done(commit) =
        scene.workspace.merge(&branch("main"), &head, "MergeOutcome it\n").await.unwrap()
    else {
        panic!("not merged")
    };
    let line = git(&user, &["log", "-1", "--format=%H %P %s", "main"]).await;
    assert_eq!(line.trim(), format!("{commit} {base} {head} MergeOutcome it"));
    assert_eq!((read(&user, "new.txt").as_str(), read(&user, "other.txt").as_str()), ("new\n", "other\n"));
    assert_eq!(git(&user, &["status", "--porcelain"]).await, "");
    write(&user, "later.txt", "later\n");
    git(&user, &["add", "-A"]).await;
    git(&user, &["commit", "-q", "-m", "third"]).await;
    let again = scene.workspace.merge(&branch("main"), &head, "MergeOutcome it\n").await.unwrap();
    assert_eq!(again, MergeOutcome::Done(commit));
}

#[tokio::test]
async fn conflicts_name_files_and_change_nothing() {
    let scene = Scene::new().await;
    let user = scene.user();
    let head = scene.change().await;
    write(&user, "a.txt", "theirs\n");
    git(&user, &["commit", "-q", "-a", "-m", "second"]).await;
    let base = sha(&user, "main").await;
    let merge = scene.workspace.merge(&branch("main"), &head, "MergeOutcome it").await.unwrap();
    assert_eq!(merge, MergeOutcome::Conflict(vec!["a.txt".to_owned()]));
    assert_eq!(sha(&user, "main").await, base);
    assert_eq!(git(&user, &["status", "--porcelain"]).await, "");
}

#[tokio::test]
async fn impossible_merges_are_refused() {
    let scene = Scene::new().await;
    let head = scene.change().await;
    write(&scene.user(), "a.txt", "mine\n");
    let merge = scene.workspace.merge(&branch("main"), &head, "MergeOutcome it").await.unwrap();
    assert!(matches!(merge, MergeOutcome::Refused(_)), "{merge:?}");
    let missing = scene.workspace.merge(&branch("none"), &head, "MergeOutcome it").await.unwrap_err();
    assert!(matches!(missing, WorkspaceError::NotFound(_)), "{missing}");
}
