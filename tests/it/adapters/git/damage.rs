//! A damaged mirror is made anew, with the work that only it has.

use std::fs;
use std::path::Path;

use agent_loop::ports::workspace::{Harvest, Workspace, WorkspaceError};

use super::scene::{Scene, at, coder, git, sha, subject, write};

/// Replaces a file, without writing to the one that a link shares.
fn spoil(file: &Path) {
    fs::remove_file(file).unwrap();
    fs::write(file, "garbage\n").unwrap();
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
    let (folder, name) = blob.trim().split_at(2);
    spoil(&scene.mirror().join("objects").join(folder).join(name));
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
    let (folder, name) = commit.as_str().split_at(2);
    spoil(&scene.mirror().join("objects").join(folder).join(name));
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
