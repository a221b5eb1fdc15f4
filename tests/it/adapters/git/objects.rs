//! Commits and trees of ours are those that git would make, and the user's repository receives them complete.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use agent_loop::domain::ids::CommitSha;
use agent_loop::ports::workspace::{Push, Workspace};

use super::scene::{Scene, branch, git, program};

/// Changes of a coder, as shell commands, one for each turn.
const TURNS: &[&str] = &[
    "mkdir -p deep/er/est; echo 1 > deep/er/est/file; echo 2 > deep/er.txt; echo 3 > deep-er; echo 4 > deep0",
    "echo 2 > deep/er/est/file; chmod +x src/lib.rs; ln -s a.txt link",
    "rm -r deep/er; echo now a file > deep/er; printf 'ü' > 'ü.txt'; printf x > 'a b\tc'",
    "rm deep0; mkdir deep0; echo below > deep0/x; mkdir -p src/a/b/c; touch src/a/b/c/empty",
    "rm -r src; echo one more > a.txt",
    "rm -r deep deep0 deep-er; echo two > a.txt",
    "git rm -rq .; touch .gitignore",
];

/// Returns the tree that git makes from the files of a clone.
async fn tree_of(clone: &Path) -> String {
    let make = "export GIT_INDEX_FILE=$PWD/.git/fresh; git add -A; git write-tree; rm .git/fresh";
    program("sh", clone, &["-ec", make]).await
}

async fn turn(scene: &mut Scene, deed: &str) -> CommitSha {
    let clone = scene.coder().await;
    program("sh", &clone, &["-ec", deed]).await;
    let tree = tree_of(&clone).await;
    let commit = scene.harvested().await;
    assert_eq!(git(&scene.mirror(), &["rev-parse", &format!("{commit}^{{tree}}")]).await, tree, "{deed}");
    commit
}

#[tokio::test]
async fn objects_are_those_of_git() {
    let mut scene = Scene::new().await;
    git(&scene.user(), &["branch", "work"]).await;
    for deed in TURNS {
        let commit = turn(&mut scene, deed).await;
        let expected = std::mem::replace(&mut scene.head, commit.clone());
        let pushed = scene.workspace.push(&branch("work"), &commit, Some(&expected)).await.unwrap();
        assert_eq!(pushed, Push::Done);
        // The user's repository is complete without the mirror.
        git(&scene.user(), &["fsck", "--strict", "--no-dangling"]).await;
        assert_eq!(git(&scene.user(), &["rev-parse", "work^"]).await.trim(), expected.as_str());
    }
    let shown = git(&scene.user(), &["log", "-1", "--format=%an %ae %cn %ce %s", "work"]).await;
    assert_eq!(shown, "agent-loop agent-loop@localhost agent-loop agent-loop@localhost the work\n");
    let now = program("date", &scene.user(), &["+%s %z"]).await;
    let then = git(&scene.user(), &["log", "-1", "--format=%ad", "--date=raw", "work"]).await;
    assert_eq!(now.split(' ').next_back(), then.split(' ').next_back());
}

#[tokio::test]
async fn shared_repositories_stay_shared() {
    let mut scene = Scene::new().await;
    let objects = scene.user().join(".git/objects");
    // The folder of the new commit may exist already, if another object begins with the same two letters.
    let folders = fs::read_dir(&objects).unwrap().map(|entry| entry.unwrap().path());
    for shared in folders.chain([objects.clone()]) {
        fs::set_permissions(shared, fs::Permissions::from_mode(0o2775)).unwrap();
    }
    let commit = turn(&mut scene, "echo shared > a.txt").await;
    let head = scene.head.clone();
    git(&scene.user(), &["branch", "work"]).await;
    scene.workspace.push(&branch("work"), &commit, Some(&head)).await.unwrap();
    let (folder, name) = commit.as_str().split_at(2);
    let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o7777;
    assert_eq!(mode(&objects.join(folder)), 0o2775);
    assert_eq!(mode(&objects.join(folder).join(name)), 0o444);
}

#[tokio::test]
async fn packed_contents_reach_the_user() {
    let mut scene = Scene::new().await;
    git(&scene.user(), &["branch", "work"]).await;
    let first = turn(&mut scene, "echo two > a.txt; echo new > new.txt").await;
    scene.head = first;
    // The first commit was never pushed, and its objects are in a pack.
    git(&scene.mirror(), &["repack", "-adlq"]).await;
    let second = turn(&mut scene, "echo three > a.txt").await;
    let begin = git(&scene.user(), &["rev-parse", "work"]).await.trim().parse().unwrap();
    scene.workspace.push(&branch("work"), &second, Some(&begin)).await.unwrap();
    git(&scene.user(), &["fsck", "--strict", "--no-dangling"]).await;
    assert_eq!(git(&scene.user(), &["show", "work:new.txt"]).await, "new\n");
}
