//! The mirror borrows the objects of the user's repository: without copies, and safe against the user's cleaning up.

use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

use agent_loop::ports::workspace::Workspace;

use super::scene::{Scene, git};

fn packs(repository: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(repository.join("objects/pack")).unwrap();
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "pack"));
    files.sort();
    files
}

/// Makes the mirror anew, of a repository with a pack and a loose commit.
async fn borrowed(scene: &Scene) {
    fs::remove_dir_all(scene.mirror()).unwrap();
    scene.workspace.refresh().await.unwrap();
}

#[tokio::test]
async fn packs_are_shared_and_survive() {
    let scene = Scene::new().await;
    let user = scene.user();
    git(&user, &["repack", "-qad"]).await;
    git(&user, &["tag", "-a", "v1", "-m", "first"]).await;
    git(&user, &["commit", "-q", "--allow-empty", "-m", "second"]).await;
    borrowed(&scene).await;
    let (theirs, ours) = (packs(&user.join(".git")), packs(&scene.mirror()));
    assert_eq!(fs::metadata(&theirs[0]).unwrap().ino(), fs::metadata(&ours[0]).unwrap().ino());
    git(&user, &["checkout", "-q", "--orphan", "other"]).await;
    git(&user, &["commit", "-q", "-m", "anew"]).await;
    git(&user, &["branch", "-D", "main"]).await;
    git(&user, &["tag", "-d", "v1"]).await;
    git(&user, &["reflog", "expire", "--expire=now", "--all"]).await;
    git(&user, &["gc", "-q", "--prune=now"]).await;
    assert_eq!(scene.content(&scene.head, "a.txt").await, "one\n");
    scene.workspace.refresh().await.unwrap();
    let refs = git(&scene.mirror(), &["for-each-ref", "--format=%(refname)"]).await;
    assert_eq!(refs, "refs/remotes/forge/other\n");
    git(&scene.mirror(), &["fsck", "--no-dangling"]).await;
}

/// Objects are fetched where git reads more than the folder, or where a link leads elsewhere.
#[tokio::test]
async fn links_and_alternates_are_not_borrowed() {
    for deed in ["alternates", "pack", "folder"] {
        let scene = Scene::new().await;
        let user = scene.user();
        git(&user, &["repack", "-qad"]).await;
        let objects = user.join(".git/objects");
        let elsewhere = scene.outside("elsewhere");
        match deed {
            "alternates" => {
                fs::rename(&objects, &elsewhere).unwrap();
                fs::create_dir_all(objects.join("info")).unwrap();
                fs::write(objects.join("info/alternates"), format!("{}\n", elsewhere.display())).unwrap();
            }
            "pack" => {
                let pack = packs(&user.join(".git")).remove(0);
                fs::rename(&pack, &elsewhere).unwrap();
                symlink(&elsewhere, &pack).unwrap();
            }
            _ => {
                fs::rename(objects.join("pack"), &elsewhere).unwrap();
                symlink(&elsewhere, objects.join("pack")).unwrap();
            }
        }
        borrowed(&scene).await;
        assert_eq!(scene.content(&scene.head, "a.txt").await, "one\n", "{deed}");
        let all = git(&scene.mirror(), &["count-objects", "-v"]).await;
        assert!(!all.contains("alternate"), "{deed}: {all}");
        let is_link = |file: &PathBuf| fs::symlink_metadata(file).unwrap().is_symlink();
        assert!(!packs(&scene.mirror()).iter().any(is_link), "{deed}");
    }
}
