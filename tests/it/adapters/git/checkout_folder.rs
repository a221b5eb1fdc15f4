//! A folder of ours in a coder's clone: files of the repository take precedence, links are not followed, and it is never
//! committed.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use agent_loop::adapters::git::GitWorkspace;
use agent_loop::domain::ids::CommitSha;
use agent_loop::ports::workspace::{Harvest, Salvage, Workspace};

use super::scene::{Scene, coder, git, on_branch, read, review, reviewer, write};

const FOLDER: &str = ".agent/memory";

/// Prepares a coder's clone with a file in our folder.
async fn clone_with(scene: &Scene, workspace: &GitWorkspace) -> std::path::PathBuf {
    let clone = workspace.prepare(&coder(), &on_branch(&scene.head, "work")).await.unwrap().path;
    write(&clone, ".agent/memory/memory.md", "known\n");
    clone
}

async fn names(scene: &Scene, commit: &CommitSha) -> String {
    let range = format!("{}..{commit}", scene.head);
    let all =
        git(&scene.mirror(), &["log", "--name-only", "--full-history", "--format=", "-m", &range]).await;
    let mut names: Vec<&str> = all.lines().collect();
    names.sort_unstable();
    names.dedup();
    names.join(" ")
}

async fn ended(scene: &Scene, workspace: &GitWorkspace) -> Harvest {
    workspace.harvest(&coder(), &scene.head, "the work\n").await.unwrap().found
}

fn committed(harvest: Harvest) -> CommitSha {
    match harvest {
        Harvest::Commit(commit) => commit,
        other @ (Harvest::Unchanged | Harvest::Unfit { .. }) => panic!("{other:?}"),
    }
}

async fn agent_commits(clone: &Path, message: &str) {
    git(clone, &["commit", "-q", "-m", message]).await;
}

#[tokio::test]
async fn folder_is_hidden_and_never_committed() {
    let scene = Scene::new().await;
    let workspace = scene.with_checkout_folder(FOLDER);
    let clone = clone_with(&scene, &workspace).await;
    assert_eq!(git(&clone, &["status", "--porcelain"]).await, "");
    assert_eq!(ended(&scene, &workspace).await, Harvest::Unchanged);
    let clone = clone_with(&scene, &workspace).await;
    write(&clone, "a.txt", "two\n");
    write(&clone, ".agent/other", "mine\n");
    let commit = committed(ended(&scene, &workspace).await);
    assert_eq!(names(&scene, &commit).await, ".agent/other a.txt");
    let reviewer = workspace.prepare(&reviewer(), &review(&scene.head, &scene.head)).await.unwrap().path;
    assert!(!reviewer.join(".git/info/exclude").exists(), "reviewers have no such folder");
}

#[tokio::test]
async fn forced_commits_of_it_are_dropped() {
    for deed in ["add", "commit", "commit and remove", "side branch", "link", "repository"] {
        let scene = Scene::new().await;
        let workspace = scene.with_checkout_folder(FOLDER);
        let clone = clone_with(&scene, &workspace).await;
        write(&clone, "a.txt", "two\n");
        git(&clone, &["add", "a.txt"]).await;
        match deed {
            "add" => drop(git(&clone, &["add", "-f", FOLDER]).await),
            "commit" | "commit and remove" => {
                git(&clone, &["add", "-f", FOLDER]).await;
                agent_commits(&clone, "mine").await;
                if deed == "commit and remove" {
                    git(&clone, &["rm", "-q", "-r", "--cached", FOLDER]).await;
                    agent_commits(&clone, "and away").await;
                }
            }
            "side branch" => {
                agent_commits(&clone, "mine").await;
                git(&clone, &["checkout", "-q", "-b", "side"]).await;
                git(&clone, &["add", "-f", FOLDER]).await;
                agent_commits(&clone, "side").await;
                write(&clone, "hidden", "x\n");
                git(&clone, &["checkout", "-q", "work"]).await;
                git(&clone, &["merge", "-q", "-s", "ours", "--no-edit", "side"]).await;
                fs::remove_file(clone.join("hidden")).unwrap();
            }
            "link" => {
                fs::remove_dir_all(clone.join(FOLDER)).unwrap();
                symlink("/etc", clone.join(FOLDER)).unwrap();
                git(&clone, &["add", "-f", FOLDER]).await;
            }
            _ => drop(git(&clone, &["init", "-q", FOLDER]).await),
        }
        let commit = committed(ended(&scene, &workspace).await);
        assert_eq!(names(&scene, &commit).await, "a.txt", "{deed}");
        assert_eq!(scene.content(&commit, "a.txt").await, "two\n", "{deed}");
    }
}

#[tokio::test]
async fn commits_without_it_stay_unchanged() {
    let scene = Scene::new().await;
    let workspace = scene.with_checkout_folder(FOLDER);
    let clone = clone_with(&scene, &workspace).await;
    write(&clone, "a.txt", "two\n");
    git(&clone, &["add", "-A"]).await;
    agent_commits(&clone, "mine").await;
    let commit = committed(ended(&scene, &workspace).await);
    assert_eq!(git(&scene.mirror(), &["log", "-1", "--format=%s", commit.as_str()]).await, "mine\n");
}

#[tokio::test]
async fn salvage_leaves_it_out() {
    let scene = Scene::new().await;
    let workspace = scene.with_checkout_folder(FOLDER);
    clone_with(&scene, &workspace).await;
    assert_eq!(workspace.salvage(&coder(), &scene.head).await.unwrap(), None);
    let clone = clone_with(&scene, &workspace).await;
    write(&clone, "a.txt", "two\n");
    let Salvage { commit, .. } = workspace.salvage(&coder(), &scene.head).await.unwrap().unwrap();
    assert_eq!(names(&scene, &commit).await, "a.txt");
}

#[tokio::test]
async fn tracked_folders_are_refused() {
    let scene = Scene::new().await;
    for taken in ["src", "a.txt", "a.txt/below", "src/lib.rs"] {
        let workspace = scene.with_checkout_folder(taken);
        let refusal = workspace.prepare(&coder(), &on_branch(&scene.head, "work")).await.unwrap_err();
        let text = refusal.to_string();
        assert!(text.contains(taken) && text.contains("--agent-memory-dir"), "{text}");
    }
    let clone = scene.coder().await;
    assert_eq!(read(&clone, "src/lib.rs"), "fn main() {}\n");
    assert_eq!(scene.harvest().await, Harvest::Unchanged);
}

#[tokio::test]
async fn links_in_its_way_are_removed() {
    let scene = Scene::new().await;
    // The repository ignores the parent folder, so its content remains from turn to turn.
    let workspace = scene.with_checkout_folder("target/memory");
    let outside = scene.outside("precious");
    write(&outside, "memory/memory.md", "mine\n");
    let clone = workspace.prepare(&coder(), &on_branch(&scene.head, "work")).await.unwrap().path;
    symlink(&outside, clone.join("target")).unwrap();
    ended(&scene, &workspace).await;
    let clone = workspace.prepare(&coder(), &on_branch(&scene.head, "work")).await.unwrap().path;
    assert!(fs::symlink_metadata(clone.join("target")).is_err());
    assert_eq!(read(&outside, "memory/memory.md"), "mine\n");
}
