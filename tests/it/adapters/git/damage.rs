//! A damaged mirror is made anew, with the work that only it has.

use std::fs;
use std::path::Path;

use agent_loop::adapters::git::MergeOutcome;
use agent_loop::domain::ids::CommitSha;
use agent_loop::ports::workspace::{Harvest, MergeEnd, MergeParents, Push, Workspace, WorkspaceError};

use super::scene::{Scene, at, branch, coder, git, sha, subject, write};

/// Replaces a file, without writing to the one that a link shares.
fn spoil(file: &Path) {
    fs::remove_file(file).unwrap();
    fs::write(file, "garbage\n").unwrap();
}

/// Spoils an object of the mirror, which is in a file of its own.
fn spoil_object(scene: &Scene, id: &str) {
    let (folder, name) = id.trim().split_at(2);
    spoil(&scene.mirror().join("objects").join(folder).join(name));
}

/// Makes a pushed branch and saved work, which is only in the mirror, and returns its ref.
async fn saved(scene: &Scene) -> String {
    let change = scene.change().await;
    scene.workspace.keep(&subject(), &change).await.unwrap().reference
}

#[tokio::test]
async fn damaged_mirrors_are_made_anew() {
    for file in ["HEAD", "config", "packed-refs"] {
        let scene = Scene::new().await;
        let reference = saved(&scene).await;
        let commit = sha(&scene.mirror(), &reference).await;
        spoil(&scene.mirror().join(file));
        scene.again().refresh().await.unwrap_or_else(|error| panic!("{file}: {error}"));
        assert_eq!(sha(&scene.mirror(), &reference).await, commit, "{file}");
        git(&scene.mirror(), &["fsck", "--strict"]).await;
    }
}

#[tokio::test]
async fn damaged_objects_are_read_anew() {
    let scene = Scene::new().await;
    saved(&scene).await;
    let blob = git(&scene.user(), &["rev-parse", "main:a.txt"]).await;
    spoil_object(&scene, &blob);
    let again = scene.again();
    fs::remove_dir_all(scene.outside("state/clones")).unwrap();
    again.prepare(&coder(), &at(&scene.head)).await.unwrap();
    git(&scene.mirror(), &["fsck"]).await;
}

#[tokio::test]
async fn damaged_refs_keep_their_work() {
    let scene = Scene::new().await;
    let reference = saved(&scene).await;
    let commit = sha(&scene.mirror(), &reference).await;
    spoil(&scene.mirror().join(&reference));
    scene.again().refresh().await.unwrap();
    assert_eq!(sha(&scene.mirror(), &reference).await, commit);
}

#[tokio::test]
async fn lost_work_is_never_dropped() {
    let scene = Scene::new().await;
    let reference = saved(&scene).await;
    let commit = sha(&scene.mirror(), &reference).await;
    spoil_object(&scene, commit.as_str());
    spoil(&scene.mirror().join("packed-refs"));
    let error = scene.again().refresh().await.unwrap_err();
    let WorkspaceError::Stranded { text, command } = &error else { panic!("{error:?}") };
    assert!(text.contains(&reference), "{text}");
    let mirror = scene.mirror().display().to_string();
    assert_eq!(*command, format!("mv {mirror} {mirror}.kept"));
    assert!(scene.mirror().join(&reference).exists());
    fs::rename(scene.mirror(), scene.outside("state/mirror.git.kept")).unwrap();
    scene.again().refresh().await.unwrap();
}

#[tokio::test]
async fn a_mirrors_fault_blames_nobody() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    write(&clone, "a.txt", "two\n");
    spoil(&scene.mirror().join("HEAD"));
    assert!(matches!(scene.harvest().await, Harvest::Commit(_)));
    write(&clone, "a.txt", "three\n");
    spoil(&scene.mirror().join("HEAD"));
    spoil(&scene.user().join(".git/HEAD"));
    let harvest = scene.workspace.harvest(&coder(), &scene.head, "work").await;
    let Err(WorkspaceError::Damaged(error)) = harvest else { panic!("{harvest:?}") };
    assert!(error.contains(&scene.mirror().display().to_string()), "{error}");
}

#[tokio::test]
async fn interrupted_renewals_lose_nothing() {
    let scene = Scene::new().await;
    let reference = saved(&scene).await;
    fs::rename(scene.mirror(), scene.outside("state/mirror.git.damaged")).unwrap();
    scene.again().refresh().await.unwrap();
    assert!(scene.mirror().join(&reference).exists());
}

/// Another run, which fetched before the damage, pushes.
async fn pushed(scene: &Scene, commit: &CommitSha) -> Result<Push, WorkspaceError> {
    scene.again().push(&branch("work"), commit, None).await
}

#[tokio::test]
async fn pushes_repair_the_mirror() {
    for damaged in ["HEAD", "packed-refs", "main", "main^{tree}"] {
        let scene = Scene::new().await;
        let commit = scene.change().await;
        match damaged {
            "HEAD" | "packed-refs" => spoil(&scene.mirror().join(damaged)),
            object => spoil_object(&scene, &git(&scene.user(), &["rev-parse", object]).await),
        }
        let push = pushed(&scene, &commit).await;
        assert_eq!(push.unwrap_or_else(|error| panic!("{damaged}: {error}")), Push::Done, "{damaged}");
        assert_eq!(sha(&scene.user(), "work").await, commit);
        for repository in [scene.mirror(), scene.user()] {
            git(&repository, &["fsck", "--strict"]).await;
        }
    }
}

/// The objects of a new commit are copied without git. What is in no other place is not repaired.
#[tokio::test]
async fn a_damaged_object_is_not_copied() {
    let scene = Scene::new().await;
    let commit = scene.change().await;
    spoil_object(&scene, &git(&scene.mirror(), &["rev-parse", &format!("{commit}:a.txt")]).await);
    let push = async |commit, from| scene.workspace.push(&branch("work"), commit, from).await;
    assert_eq!(push(&scene.head, None).await.unwrap(), Push::Done);
    let error = push(&commit, Some(&scene.head)).await.unwrap_err();
    assert!(matches!(error, WorkspaceError::Stranded { .. }), "{error:?}");
    assert_eq!(scene.workspace.tip(&branch("work")).await.unwrap(), Some(scene.head.clone()));
    git(&scene.user(), &["fsck", "--strict"]).await;
}

/// The mirror is not made anew for damage that it does not have.
#[tokio::test]
async fn damage_elsewhere_leaves_the_mirror() {
    let scene = Scene::new().await;
    let commit = scene.change().await;
    write(&scene.mirror(), "canary", "");
    spoil(&scene.user().join(".git/HEAD"));
    pushed(&scene, &commit).await.unwrap_err();
    assert!(scene.mirror().join("canary").exists());
}

/// The commit of a finished merge is on no branch yet.
#[tokio::test]
async fn finished_merges_survive_a_repair() {
    let scene = Scene::new().await;
    let head = scene.change().await;
    write(&scene.user(), "b.txt", "theirs\n");
    git(&scene.user(), &["add", "-A"]).await;
    git(&scene.user(), &["commit", "-q", "-m", "theirs"]).await;
    scene.workspace.refresh().await.unwrap();
    let parents = MergeParents { head: head.clone(), other: sha(&scene.user(), "main").await };
    let files = scene.workspace.begin_merge(&parents).await.unwrap();
    let finished = scene.workspace.finish_merge(&parents, &files, "merge\n").await.unwrap();
    let MergeEnd::Commit(commit) = finished else { panic!("{finished:?}") };
    spoil(&scene.mirror().join("packed-refs"));
    assert_eq!(pushed(&scene, &commit).await.unwrap(), Push::Done);
    assert_eq!(sha(&scene.user(), "work").await, commit);
}

#[tokio::test]
async fn merges_repair_the_mirror() {
    let scene = Scene::new().await;
    let commit = scene.change().await;
    assert_eq!(pushed(&scene, &commit).await.unwrap(), Push::Done);
    let again = scene.again();
    again.refresh().await.unwrap();
    spoil_object(&scene, &git(&scene.user(), &["rev-parse", "main^{tree}"]).await);
    let merged = again.merge(&branch("main"), &commit, "merge\n").await.unwrap();
    assert!(matches!(merged, MergeOutcome::Done(_)), "{merged:?}");
    git(&scene.mirror(), &["fsck", "--strict"]).await;
}
