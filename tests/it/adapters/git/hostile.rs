//! Clones that an agent has prepared against us: a canary file shows whether any of their programs ran.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use agent_loop::ports::workspace::{Harvest, Inspection, Workspace};

use super::scene::{Scene, at, coder, git, program, read, reviewer, write};

/// All settings and files by which git would run a program, each of which creates the canary.
fn booby_trap(git: &Path, canary: &Path) {
    let run = format!("touch {}", canary.display());
    let script = git.join("trap.sh");
    fs::write(&script, format!("#!/bin/sh\n{run}\ncat\n")).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let trap = script.display();
    fs::create_dir_all(git.join("hooks")).unwrap();
    for hook in ["pre-commit", "post-checkout", "post-index-change", "reference-transaction", "post-merge"] {
        fs::copy(&script, git.join("hooks").join(hook)).unwrap();
    }
    let config = format!(
        "[core]\n\trepositoryformatversion = 0\n\tfsmonitor = {trap}\n\thooksPath = hooks\n\teditor = {trap}\n\
         \tsshCommand = {trap}\n\tpager = {trap}\n\talternateRefsCommand = {trap}\n[filter \"x\"]\n\tclean = {trap}\n\
         \tsmudge = {trap}\n\trequired = true\n\tprocess = {trap}\n[diff \"x\"]\n\ttextconv = {trap}\n\tcommand = {trap}\n\
         [merge \"x\"]\n\tdriver = {trap}\n[alias]\n\tadd = !{trap}\n[uploadpack]\n\tpackObjectsHook = {trap}\n\
         [include]\n\tpath = more\n[gpg]\n\tprogram = {trap}\n[commit]\n\tgpgSign = true\n[extensions]\n\tworktreeConfig = true\n"
    );
    fs::write(git.join("config"), &config).unwrap();
    fs::write(git.join("more"), config.replace("[include]\n\tpath = more\n", "")).unwrap();
    fs::write(git.join("config.worktree"), format!("[core]\n\tfsmonitor = {trap}\n")).unwrap();
    fs::create_dir_all(git.join("info")).unwrap();
    fs::write(git.join("info/attributes"), "* filter=x diff=x merge=x\n").unwrap();
}

#[tokio::test]
async fn programs_of_git_folders_never_run() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    write(&clone, "mine.txt", "mine\n");
    git(&clone, &["add", "-A"]).await;
    git(&clone, &["commit", "-q", "-m", "mine"]).await;
    booby_trap(&clone.join(".git"), &scene.canary());
    write(&clone, ".gitattributes", "* filter=x diff=x merge=x\n");
    write(&clone, "a.txt", "two\n");
    let commit = scene.harvested().await;
    assert_eq!(scene.content(&commit, "mine.txt").await, "mine\n");
    scene.workspace.difference(&scene.head, &commit, 1000).await.unwrap();
    let prepared = scene.workspace.prepare(&coder(), &at(&commit)).await.unwrap();
    assert_eq!(git(&prepared.path, &["status", "--porcelain"]).await, "");
    assert!(!scene.canary().exists());
    booby_trap(&prepared.path.join(".git"), &scene.canary());
    write(&clone, "a.txt", "three\n");
    assert!(scene.workspace.prepare(&coder(), &at(&scene.head)).await.unwrap().salvaged.is_some());
    assert!(!prepared.path.join(".git/hooks").exists());
    assert!(!scene.canary().exists());
}

#[tokio::test]
async fn programs_of_nested_repositories_never_run() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    write(&clone, "sub/x", "x\n");
    git(&clone, &["init", "-q", "sub"]).await;
    write(&clone, "sub/.gitattributes", "* filter=x\n");
    booby_trap(&clone.join("sub/.git"), &scene.canary());
    scene.workspace.salvage(&coder(), &scene.head).await.unwrap().unwrap();
    assert!(!scene.canary().exists());
}

#[tokio::test]
async fn programs_of_submodules_never_run() {
    let scene = Scene::new().await;
    let user = scene.user();
    let link = format!("160000,{},sub", scene.head);
    git(&user, &["update-index", "--add", "--cacheinfo", &link]).await;
    git(&user, &["commit", "-q", "-m", "a submodule"]).await;
    scene.workspace.refresh().await.unwrap();
    let head = super::scene::sha(&user, "HEAD").await;
    for clone_id in [coder(), reviewer()] {
        let clone = scene.workspace.prepare(&clone_id, &at(&head)).await.unwrap().path;
        let mirror = scene.mirror();
        git(&clone, &["clone", "-q", mirror.to_str().unwrap(), "sub"]).await;
        git(&clone.join("sub"), &["checkout", "-q", scene.head.as_str()]).await;
        write(&clone, "sub/.gitattributes", "* filter=x\n");
        write(&clone, "sub/a.txt", "two\n");
        booby_trap(&clone.join("sub/.git"), &scene.canary());
        write(&clone, "b.txt", "b\n");
    }
    let harvest = scene.workspace.harvest(&coder(), &head, "work").await.unwrap().found;
    assert!(matches!(harvest, Harvest::Commit(_)), "{harvest:?}");
    let inspection = scene.workspace.inspect(&reviewer(), &head).await.unwrap().found;
    assert_eq!(inspection, Inspection::Untouched);
    scene.workspace.prepare(&coder(), &at(&head)).await.unwrap();
    scene.workspace.prepare(&reviewer(), &at(&head)).await.unwrap();
    assert!(!scene.canary().exists());
}

#[tokio::test]
async fn programs_in_reviewers_clones_never_run() {
    let scene = Scene::new().await;
    let clone = scene.reviewer().await;
    booby_trap(&clone.join(".git"), &scene.canary());
    write(&clone, "a.txt", "two\n");
    let inspection = scene.workspace.inspect(&reviewer(), &scene.head).await.unwrap().found;
    assert_eq!(inspection, Inspection::Tampered("a.txt was changed".to_owned()));
    scene.reviewer().await;
    assert!(!scene.canary().exists());
}

#[tokio::test]
async fn replaced_git_folders_keep_files() {
    let scene = Scene::new().await;
    let elsewhere = scene.outside("elsewhere");
    for trap in ["file", "link", "gone", "commondir", "alternates"] {
        let clone = scene.coder().await;
        let dot = clone.join(".git");
        let _ = fs::remove_dir_all(&elsewhere);
        git(&scene.user(), &["init", "-q", "--bare", elsewhere.to_str().unwrap()]).await;
        booby_trap(&elsewhere, &scene.canary());
        match trap {
            "commondir" => fs::write(dot.join("commondir"), elsewhere.to_str().unwrap()).unwrap(),
            "alternates" => {
                fs::remove_dir_all(dot.join("objects")).unwrap();
                symlink(elsewhere.join("objects"), dot.join("objects")).unwrap();
            }
            other => {
                fs::remove_dir_all(&dot).unwrap();
                match other {
                    "file" => fs::write(&dot, format!("gitdir: {}\n", elsewhere.display())).unwrap(),
                    "link" => symlink(&elsewhere, &dot).unwrap(),
                    _ => {}
                }
            }
        }
        write(&clone, "a.txt", trap);
        let prepared = scene.workspace.prepare(&coder(), &at(&scene.head)).await.unwrap();
        let kept = prepared.salvaged.unwrap();
        assert_eq!(scene.content(&kept.commit, "a.txt").await, trap);
        assert_eq!(git(&clone, &["status", "--porcelain"]).await, "");
        assert!(elsewhere.join("config").exists(), "what a link points at is not touched");
    }
    assert!(!scene.canary().exists());
}

#[tokio::test]
async fn linked_or_piped_objects_are_unread() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    write(&clone, "a.txt", "two\n");
    git(&clone, &["commit", "-q", "-a", "-m", "mine"]).await;
    program("mkfifo", &clone, &[".git/objects/pack/pack-x.idx", ".git/objects/info/pipe"]).await;
    let error = scene.workspace.harvest(&coder(), &scene.head, "work").await.unwrap_err();
    assert!(error.to_string().contains("pack-x.idx"), "{error}");
    let kept = scene.workspace.salvage(&coder(), &scene.head).await.unwrap().unwrap();
    assert_eq!(scene.content(&kept.commit, "a.txt").await, "two\n");
}

#[tokio::test]
async fn pipes_in_git_folders_never_hang() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    for name in ["HEAD", "index", "packed-refs"] {
        let _ = fs::remove_file(clone.join(".git").join(name));
        program("mkfifo", &clone, &[&format!(".git/{name}")]).await;
    }
    write(&clone, "a.txt", "two\n");
    assert_eq!(scene.content(&scene.harvested().await, "a.txt").await, "two\n");
    let clone = scene.reviewer().await;
    fs::remove_file(clone.join(".git/index")).unwrap();
    program("mkfifo", &clone, &[".git/index"]).await;
    let inspection = scene.workspace.inspect(&reviewer(), &scene.head).await.unwrap().found;
    assert_eq!(inspection, Inspection::Tampered("the index cannot be read".to_owned()));
}

#[tokio::test]
async fn linked_clones_are_replaced() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    let target = scene.outside("precious");
    write(&target, "keep.txt", "keep\n");
    fs::remove_dir_all(&clone).unwrap();
    symlink(&target, &clone).unwrap();
    assert!(scene.workspace.harvest(&coder(), &scene.head, "work").await.is_err());
    scene.coder().await;
    assert!(!clone.is_symlink());
    assert_eq!(read(&clone, "a.txt"), "one\n");
    assert_eq!(fs::read_dir(&target).unwrap().count(), 1);
}

#[tokio::test]
async fn unwritable_folders_are_removed() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    write(&clone, "closed/deep/x", "x\n");
    scene.workspace.salvage(&coder(), &scene.head).await.unwrap();
    fs::set_permissions(clone.join("closed/deep"), fs::Permissions::from_mode(0o000)).unwrap();
    let clone = scene.coder().await;
    assert!(!clone.join("closed").exists());
}
