//! Reviewers' clones: which changes void a vote and which do not.

use std::fs;
use std::os::unix::fs::symlink;

use agent_loop::ports::workspace::{Inspection, Workspace};

use super::scene::{Scene, git, program, read, reviewer, write};

async fn inspect(scene: &Scene) -> Inspection {
    scene.workspace.inspect(&reviewer(), &scene.head).await.unwrap().found
}

#[tokio::test]
async fn reviewers_clones_are_detached() {
    let scene = Scene::new().await;
    let clone = scene.reviewer().await;
    assert_eq!(git(&clone, &["status", "--porcelain", "--branch"]).await, "## HEAD (no branch)\n");
    let refs = git(&clone, &["for-each-ref", "--format=%(refname)"]).await;
    assert_eq!(refs, "refs/heads/main\nrefs/remotes/origin/main\n");
    assert_eq!(inspect(&scene).await, Inspection::Untouched);
}

#[tokio::test]
async fn untracked_files_are_no_tampering() {
    let scene = Scene::new().await;
    let clone = scene.reviewer().await;
    program("touch", &clone, &["a.txt", "src/lib.rs"]).await;
    git(&clone, &["status"]).await;
    git(&clone, &["diff"]).await;
    write(&clone, "target/cache", "cache\n");
    write(&clone, "notes.txt", "notes\n");
    write(&clone, "a.txt", "two\n");
    write(&clone, "a.txt", "one\n");
    assert_eq!(inspect(&scene).await, Inspection::Untouched);
    let clone = scene.reviewer().await;
    assert!(!clone.join("target").exists() && !clone.join("notes.txt").exists());
}

#[tokio::test]
async fn changes_between_turns_void_votes() {
    let scene = Scene::new().await;
    let clone = scene.reviewer().await;
    assert_eq!(inspect(&scene).await, Inspection::Untouched);
    write(&clone, "a.txt", "two\n");
    scene.reviewer().await;
    assert_eq!(inspect(&scene).await, Inspection::Tampered("a.txt was changed".to_owned()));
    let clone = scene.reviewer().await;
    assert_eq!((read(&clone, "a.txt").as_str(), inspect(&scene).await), ("one\n", Inspection::Untouched));
}

#[tokio::test]
async fn every_kind_of_tampering_is_found() {
    type Deed = (&'static str, &'static str);
    let deeds: &[Deed] = &[
        ("echo two > a.txt", "a.txt was changed"),
        ("rm a.txt", "a.txt was changed"),
        ("chmod +x a.txt", "a.txt was changed"),
        ("rm a.txt; ln -s b a.txt", "a.txt was changed"),
        ("echo x > new; git add new", "new was changed in the index"),
        ("echo two > a.txt; git add a.txt; echo one > a.txt", "a.txt was changed in the index"),
        ("git rm -q --cached a.txt", "a.txt was changed in the index"),
        ("git commit -q --allow-empty -m x", "HEAD was changed"),
        ("git switch -q -c mine", "HEAD was changed"),
        ("git branch mine", "the ref refs/heads/mine was changed"),
        ("git tag mine; git pack-refs --all", "the ref refs/tags/mine was changed"),
        ("echo two > a.txt; git stash -q", "the ref refs/stash was changed"),
        ("git update-index --assume-unchanged a.txt; echo two > a.txt", "a.txt was changed"),
        ("git update-index --skip-worktree a.txt; echo two > a.txt", "a.txt was changed"),
        ("git update-index --skip-worktree a.txt; rm a.txt", "a.txt was changed"),
        ("touch -r a.txt t; printf 'two\\n' > a.txt; touch -r t a.txt", "a.txt was changed"),
        ("echo '* text eol=lf' > .gitattributes; printf 'one\\r\\n' > a.txt", "a.txt was changed"),
        ("echo junk > .git/index", "the index cannot be read"),
        ("rm -rf .git", "the clone or its .git is no longer a folder"),
        (
            "git update-index --skip-worktree a.txt; echo x >> .gitignore; git status",
            ".gitignore was changed",
        ),
    ];
    for (deed, expected) in deeds {
        let scene = Scene::new().await;
        let clone = scene.reviewer().await;
        program("sh", &clone, &["-ec", deed]).await;
        assert_eq!(inspect(&scene).await, Inspection::Tampered((*expected).to_owned()), "{deed}");
        scene.reviewer().await;
        assert_eq!(inspect(&scene).await, Inspection::Untouched, "after {deed}");
    }
}

#[tokio::test]
async fn folders_turned_links_are_tampering() {
    let scene = Scene::new().await;
    let clone = scene.reviewer().await;
    fs::rename(clone.join("src"), scene.outside("src")).unwrap();
    symlink(scene.outside("src"), clone.join("src")).unwrap();
    assert_eq!(inspect(&scene).await, Inspection::Tampered("src/lib.rs was changed".to_owned()));
}

#[tokio::test]
async fn a_turn_costs_few_processes() {
    let mut scene = Scene::new().await;
    scene.coder().await;
    scene.harvest().await;
    scene.reviewer().await;
    let log = scene.count_spawns();
    let spawned = || fs::read_to_string(&log).map_or(0, |text| text.lines().count());
    let clone = scene.coder().await;
    write(&clone, "a.txt", "two\n");
    scene.harvested().await;
    assert_eq!(spawned(), 3, "{}", fs::read_to_string(&log).unwrap());
    scene.reviewer().await;
    inspect(&scene).await;
    assert_eq!(spawned(), 4, "{}", fs::read_to_string(&log).unwrap());
}
