//! Checkouts that the user names for agents: used only when clean, and none of their content is ever discarded.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use agent_loop::adapters::git::{ExplicitDirectory, GitWorkspace};
use agent_loop::domain::agent::Role;
use agent_loop::domain::ids::CommitSha;
use agent_loop::domain::roster::SeatKey;
use agent_loop::domain::turn::Unfinished;
use agent_loop::ports::workspace::{
    CloneId, Harvest, Inspection, Layout, Prepared, Workspace, WorkspaceError,
};

use super::scene::{Scene, at, coder, git, on_branch, program, read, review, reviewer, sha, write};

/// Creates a scene in which the coder and the reviewer `codex` use a checkout of the user.
struct Lending {
    scene: Scene,
    checkout: PathBuf,
}

fn in_user_checkout(scene: &Scene, checkout: &Path) -> GitWorkspace {
    let given = ExplicitDirectory { path: checkout.to_owned(), flag: "--claude-dir".to_owned() };
    let who = [(Role::Coder, "claude"), (Role::Reviewer, "codex")];
    let all = who.map(|(role, label)| (SeatKey { role, label: label.parse().unwrap() }, given.clone()));
    scene.again().with_directories(BTreeMap::from(all))
}

impl Lending {
    /// The checkout is a separate clone.
    async fn new() -> Self {
        let mut scene = Scene::new().await;
        let checkout = scene.outside("checkout");
        git(&scene.user(), &["clone", "-q", ".", checkout.to_str().unwrap()]).await;
        scene.workspace = in_user_checkout(&scene, &checkout);
        Self { scene, checkout }
    }

    async fn prepare(&self, clone_id: &CloneId, head: &CommitSha) -> Result<Prepared, WorkspaceError> {
        self.scene.workspace.prepare(clone_id, &on_branch(head, "work")).await
    }

    async fn begin(&self, clone_id: &CloneId, head: &CommitSha) -> Prepared {
        self.prepare(clone_id, head).await.unwrap()
    }

    async fn status(&self) -> String {
        git(&self.checkout, &["status", "--porcelain"]).await
    }

    /// Returns the error of a run that must not use the checkout in its current state.
    async fn refusal(&self) -> String {
        match self.prepare(&coder(), &self.scene.head).await {
            Err(WorkspaceError::Unclean(text)) => text,
            other => panic!("{other:?}"),
        }
    }

    async fn inspect(&self) -> Inspection {
        self.scene.workspace.inspect(&reviewer(), &self.scene.head).await.unwrap().found
    }
}

#[tokio::test]
async fn harvest_leaves_the_checkout_clean() {
    let lending = Lending::new().await;
    let (scene, checkout) = (&lending.scene, &lending.checkout);
    write(checkout, "target/cache", "cache\n");
    let prepared = lending.begin(&coder(), &scene.head).await;
    assert_eq!(prepared.path, checkout.canonicalize().unwrap());
    write(checkout, "a.txt", "two\n");
    write(checkout, "new/file.txt", "new\n");
    fs::remove_file(checkout.join("src/lib.rs")).unwrap();
    let first = scene.harvested().await;
    assert_eq!(scene.content(&first, "new/file.txt").await, "new\n");
    assert_eq!(lending.status().await, "", "it stands at the work");
    assert_eq!(sha(checkout, "HEAD").await, first);
    git(checkout, &["fsck", "--connectivity-only"]).await;
    lending.begin(&coder(), &first).await;
    write(checkout, "a.txt", "three\n");
    git(checkout, &["-c", "user.name=x", "-c", "user.email=x", "commit", "-q", "-a", "-m", "own"]).await;
    write(checkout, "b.txt", "more\n");
    let second = match scene.workspace.harvest(&coder(), &first, "second\n").await.unwrap().found {
        Harvest::Commit(commit) => commit,
        other @ (Harvest::Unchanged | Harvest::Unfit { .. }) => panic!("{other:?}"),
    };
    assert_eq!(scene.content(&second, "a.txt").await, "three\n");
    assert_eq!((lending.status().await.as_str(), sha(checkout, "HEAD").await), ("", second.clone()));
    lending.begin(&reviewer(), &scene.head).await;
    assert_eq!((read(checkout, "a.txt"), checkout.join("b.txt").exists()), ("one\n".to_owned(), false));
    assert_eq!(lending.inspect().await, Inspection::Untouched);
    assert_eq!(read(checkout, "target/cache"), "cache\n", "what is ignored survives");
    assert_eq!(sha(checkout, "main").await, scene.head, "no branch was moved");
    assert!(git(checkout, &["reflog"]).await.contains("agent-loop: moving to"));
}

#[tokio::test]
async fn unchanged_turns_leave_nothing() {
    let lending = Lending::new().await;
    lending.begin(&coder(), &lending.scene.head).await;
    assert_eq!(lending.scene.harvest().await, Harvest::Unchanged);
    assert_eq!(lending.begin(&coder(), &lending.scene.head).await.salvaged, None);
    assert_eq!(lending.status().await, "");
}

#[tokio::test]
async fn dirty_checkouts_are_refused_and_untouched() {
    let stash = "stash push --include-untracked";
    let show = "update-index --no-skip-worktree --no-assume-unchanged -- a.txt";
    let deeds = [
        ("echo two > a.txt", "a.txt has uncommitted changes", stash),
        ("rm a.txt", "a.txt has uncommitted changes", stash),
        ("echo x > notes.txt", "notes.txt has uncommitted changes", stash),
        ("echo two > a.txt; git add a.txt; echo one > a.txt", "a.txt has uncommitted changes", stash),
        ("echo x > notes.txt; git add -N notes.txt", "marked by `git add -N`", "reset -- notes.txt"),
        ("git update-index --assume-unchanged a.txt; echo two > a.txt", "does not show", show),
        ("git update-index --skip-worktree a.txt; echo two > a.txt", "does not show", show),
        (
            "git sparse-checkout set --no-cone /a.txt /.gitignore",
            "sparse checkout leaves out",
            "sparse-checkout disable",
        ),
        (
            "git config core.autocrlf true; rm a.txt; git checkout -q a.txt",
            "line endings of a.txt",
            "autocrlf=false",
        ),
        ("git init -q inside", "inside/.git is another repository", "move it away"),
        ("git rev-parse HEAD > .git/MERGE_HEAD", "in the middle of a merge", "finish or abort"),
        ("touch .git/index.lock", "index.lock exists", "wait for it, or remove"),
        ("git checkout -q --orphan none", "HEAD has no commit", "check out a branch"),
    ];
    for (deed, expected, remedy) in deeds {
        let lending = Lending::new().await;
        program("sh", &lending.checkout, &["-ec", deed]).await;
        let before = program("sh", &lending.checkout, &["-c", "ls -lR --full-time; cat .git/HEAD"]).await;
        let text = lending.refusal().await;
        let path = lending.checkout.canonicalize().unwrap();
        assert!(text.contains(expected), "{deed}: {text}");
        assert!(text.starts_with(&format!("--claude-dir {} is not clean", path.display())), "{text}");
        assert!(text.contains(remedy), "{deed}: {text}");
        let after = program("sh", &lending.checkout, &["-c", "ls -lR --full-time; cat .git/HEAD"]).await;
        assert_eq!(before, after, "{deed}");
        if [stash, "sparse-checkout disable"].contains(&remedy) {
            let command = text.split('`').nth(1).unwrap();
            program("sh", &lending.checkout, &["-ec", command]).await;
            lending.begin(&coder(), &lending.scene.head).await;
        }
    }
}

#[tokio::test]
async fn locally_ignored_files_are_ignored() {
    let lending = Lending::new().await;
    write(&lending.checkout, ".git/info/exclude", "private.env\n");
    write(&lending.checkout, "private.env", "secret\n");
    lending.begin(&coder(), &lending.scene.head).await;
    assert_eq!(lending.scene.harvest().await, Harvest::Unchanged);
    assert_eq!(read(&lending.checkout, "private.env"), "secret\n");
}

#[tokio::test]
async fn ignored_files_are_never_overwritten() {
    let lending = Lending::new().await;
    lending.begin(&coder(), &lending.scene.head).await;
    write(&lending.checkout, "run.log", "of the commit\n");
    git(&lending.checkout, &["add", "-f", "run.log"]).await;
    let commit = lending.scene.harvested().await;
    lending.begin(&coder(), &lending.scene.head).await;
    assert!(!lending.checkout.join("run.log").exists());
    lending.scene.harvest().await;
    write(&lending.checkout, "run.log", "of the user\n");
    let Err(WorkspaceError::Unclean(text)) = lending.prepare(&coder(), &commit).await else {
        panic!("overwritten")
    };
    assert!(text.contains("run.log is not tracked there"), "{text}");
    assert_eq!(read(&lending.checkout, "run.log"), "of the user\n");
    assert_eq!(sha(&lending.checkout, "HEAD").await, lending.scene.head, "it stands where it stood");
    fs::remove_file(lending.checkout.join("run.log")).unwrap();
    assert_eq!(lending.begin(&coder(), &commit).await.salvaged, None);
}

#[tokio::test]
async fn unrelated_directories_are_refused() {
    let lending = Lending::new().await;
    let other = lending.scene.outside("other");
    fs::create_dir(&other).unwrap();
    git(&other, &["init", "-q"]).await;
    git(&other, &["-c", "user.name=x", "-c", "user.email=x", "commit", "-q", "--allow-empty", "-m", "x"])
        .await;
    let nothing = lending.scene.outside("nothing");
    fs::create_dir(&nothing).unwrap();
    for (path, why) in [
        (other, "shares no commit with the repository"),
        (nothing, "is not the root of a checkout"),
        (lending.checkout.join("src"), "is not the root of a checkout"),
        (PathBuf::from("relative"), "is not an absolute path"),
    ] {
        let workspace = in_user_checkout(&lending.scene, &path);
        let refused = workspace.prepare(&coder(), &at(&lending.scene.head)).await;
        let Err(WorkspaceError::Unusable(text)) = refused else { panic!("{refused:?}") };
        assert!(text.contains(why) && text.contains("--claude-dir"), "{text}");
    }
}

#[tokio::test]
async fn linked_checkouts_are_accepted() {
    let lending = Lending::new().await;
    let linked = lending.scene.outside("linked");
    git(&lending.scene.user(), &["worktree", "add", "-q", "-b", "feature", linked.to_str().unwrap()]).await;
    let workspace = in_user_checkout(&lending.scene, &linked);
    workspace.prepare(&coder(), &at(&lending.scene.head)).await.unwrap();
    write(&linked, "a.txt", "two\n");
    let made = workspace.harvest(&coder(), &lending.scene.head, "work\n").await.unwrap().found;
    let Harvest::Commit(commit) = made else { panic!("{made:?}") };
    assert_eq!(sha(&linked, "HEAD").await, commit);
    assert_eq!(git(&linked, &["status", "--porcelain"]).await, "");
    assert_eq!(sha(&linked, "feature").await, lending.scene.head);
    assert_eq!(git(&lending.scene.user(), &["status", "--porcelain", "--branch"]).await, "## main\n");
}

#[tokio::test]
async fn pipes_as_links_do_not_hang() {
    let lending = Lending::new().await;
    let linked = lending.scene.outside("linked");
    git(&lending.scene.user(), &["worktree", "add", "-q", "-b", "feature", linked.to_str().unwrap()]).await;
    let workspace = in_user_checkout(&lending.scene, &linked);
    workspace.prepare(&reviewer(), &at(&lending.scene.head)).await.unwrap();
    let pipe = lending.scene.user().join(".git/worktrees/linked/commondir");
    fs::remove_file(&pipe).unwrap();
    program("mkfifo", &linked, &[pipe.to_str().unwrap()]).await;
    // A process that opens the pipe waits for a writer: one comes in the end, so that a hanging test fails.
    let late = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_secs(20));
        while fs::OpenOptions::new().read(true).write(true).open(&pipe).is_ok() {
            std::thread::yield_now();
        }
    });
    let inspection = workspace.inspect(&reviewer(), &lending.scene.head).await.unwrap().found;
    assert_eq!(inspection, Inspection::Tampered("the checkout's .git was changed".to_owned()));
    assert!(!late.is_finished(), "it waited for a writer");
}

#[tokio::test]
async fn configured_programs_never_run() {
    let lending = Lending::new().await;
    let (scene, checkout) = (&lending.scene, &lending.checkout);
    let script = checkout.join(".git/trap.sh");
    fs::write(&script, format!("#!/bin/sh\ntouch {}\ncat\n", scene.canary().display())).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    for hook in ["post-checkout", "pre-commit", "reference-transaction", "post-index-change"] {
        fs::create_dir_all(checkout.join(".git/hooks")).unwrap();
        fs::copy(&script, checkout.join(".git/hooks").join(hook)).unwrap();
    }
    let trap = script.display();
    let mirror = scene.mirror().display().to_string();
    let config = format!(
        "[core]\n\trepositoryformatversion = 0\n\tfsmonitor = {trap}\n\tsshCommand = {trap}\n\talternateRefsCommand = {trap}\n\
         [filter \"x\"]\n\tclean = {trap}\n\tsmudge = {trap}\n\trequired = true\n[url \"ssh://x/\"]\n\tinsteadOf = {mirror}\n\
         [uploadpack]\n\tpackObjectsHook = {trap}\n[gc]\n\tauto = 1\n[diff]\n\texternal = {trap}\n"
    );
    fs::write(checkout.join(".git/config"), config).unwrap();
    write(checkout, ".git/info/attributes", "* filter=x\n");
    lending.begin(&coder(), &scene.head).await;
    write(checkout, "a.txt", "two\n");
    let commit = scene.harvested().await;
    lending.begin(&reviewer(), &scene.head).await;
    assert_eq!(lending.inspect().await, Inspection::Untouched);
    lending.begin(&coder(), &commit).await;
    write(checkout, "a.txt", "three\n");
    assert!(scene.workspace.salvage(&coder(), &commit).await.unwrap().is_some());
    lending.begin(&coder(), &scene.head).await;
    assert_eq!(read(checkout, "a.txt"), "one\n");
    assert!(!scene.canary().exists());
}

#[tokio::test]
async fn tampering_is_found_and_leftovers_kept() {
    let deeds = [
        ("echo two > a.txt", "a.txt was changed"),
        ("echo x > new; git add new", "new was changed in the index"),
        ("git switch -q -c mine", "HEAD was changed"),
        ("git branch mine", "the ref refs/heads/mine was changed"),
        ("git update-index --assume-unchanged a.txt; echo two > a.txt", "a.txt was changed"),
        ("mv .git ../moved; git init -q", "HEAD was changed"),
        ("mv .git ../moved; ln -s ../moved .git", "the clone or its .git is no longer a folder"),
    ];
    for (deed, expected) in deeds {
        let lending = Lending::new().await;
        lending.begin(&reviewer(), &lending.scene.head).await;
        program("sh", &lending.checkout, &["-ec", deed]).await;
        assert_eq!(lending.inspect().await, Inspection::Tampered(expected.to_owned()), "{deed}");
    }
    let lending = Lending::new().await;
    lending.begin(&reviewer(), &lending.scene.head).await;
    write(&lending.checkout, "report.txt", "untracked\n");
    assert_eq!(lending.inspect().await, Inspection::Untouched);
    assert_eq!(read(&lending.checkout, "report.txt"), "untracked\n", "nobody removes it");
    let kept = lending.begin(&reviewer(), &lending.scene.head).await.salvaged.unwrap();
    assert_eq!(lending.scene.content(&kept.commit, "report.txt").await, "untracked\n");
    assert_eq!(lending.status().await, "");
}

#[tokio::test]
async fn unfinished_turns_lose_nothing() {
    let mut lending = Lending::new().await;
    lending.begin(&coder(), &lending.scene.head).await;
    write(&lending.checkout, "a.txt", "half\n");
    write(&lending.checkout, "b.txt", "half\n");
    // The run is killed here, and another one continues.
    lending.scene.workspace = lending.scene.again();
    lending.scene.workspace = in_user_checkout(&lending.scene, &lending.checkout);
    let kept = lending.begin(&coder(), &lending.scene.head).await.salvaged.unwrap();
    assert_eq!(lending.scene.content(&kept.commit, "b.txt").await, "half\n");
    assert_eq!(sha(&lending.scene.mirror(), &kept.reference).await, kept.commit);
    assert_eq!((lending.status().await.as_str(), read(&lending.checkout, "a.txt").as_str()), ("", "one\n"));
    assert!(git(&lending.checkout, &["reflog"]).await.contains(kept.commit.short()), "it is there too");
}

#[tokio::test]
async fn later_edits_are_not_the_agents() {
    let mut lending = Lending::new().await;
    lending.begin(&coder(), &lending.scene.head).await;
    lending.scene.workspace = lending.scene.again();
    git(&lending.checkout, &["switch", "-q", "main"]).await;
    write(&lending.checkout, "a.txt", "a person's\n");
    lending.scene.workspace = in_user_checkout(&lending.scene, &lending.checkout);
    assert!(lending.refusal().await.contains("a.txt has uncommitted changes"));
    assert_eq!(read(&lending.checkout, "a.txt"), "a person's\n");
}

#[tokio::test]
async fn a_checkout_serves_one_agent() {
    let lending = Lending::new().await;
    let head = &lending.scene.head;
    lending.begin(&coder(), head).await;
    let Err(WorkspaceError::Held(text)) = lending.prepare(&reviewer(), head).await else {
        panic!("both at once")
    };
    assert!(text.contains("cannot work there at the same time"), "{text}");
    lending.scene.harvest().await;
    lending.begin(&reviewer(), head).await;
    assert_eq!(lending.inspect().await, Inspection::Untouched);
    let other = in_user_checkout(&lending.scene, &lending.checkout);
    let Err(WorkspaceError::Held(text)) = other.prepare(&coder(), &at(head)).await else {
        panic!("two runs")
    };
    assert!(text.contains("another agent-loop works in"), "{text}");
    assert!(text.contains(&format!("process {}", std::process::id())), "{text}");
    drop(lending.scene.workspace);
    other.prepare(&coder(), &at(head)).await.unwrap();
}

#[tokio::test]
async fn linked_locks_are_not_opened() {
    let lending = Lending::new().await;
    symlink(lending.scene.canary(), lending.checkout.join(".git/agent-loop.lock")).unwrap();
    let refused = lending.prepare(&coder(), &lending.scene.head).await;
    assert!(matches!(refused, Err(WorkspaceError::Unusable(_))), "{refused:?}");
    assert!(!lending.scene.canary().exists());
}

#[tokio::test]
async fn changed_configuration_is_warned_of() {
    let lending = Lending::new().await;
    let scene = &lending.scene;
    lending.begin(&coder(), &scene.head).await;
    write(&lending.checkout, "CLAUDE.md", "evil\n");
    let head = scene.harvested().await;
    let prepared = scene.workspace.prepare(&reviewer(), &review(&scene.head, &head)).await.unwrap();
    let warning = prepared.warning.unwrap();
    assert!(warning.contains("configure agents") && warning.contains("checkout"), "{warning}");
    assert_eq!(read(&lending.checkout, "CLAUDE.md"), "evil\n");
}

#[tokio::test]
async fn restored_work_spares_the_users_files() {
    let lending = Lending::new().await;
    let (scene, checkout) = (&lending.scene, &lending.checkout);
    lending.begin(&coder(), &scene.head).await;
    write(checkout, "a.txt", "half\n");
    write(checkout, "mine.log", "the agent's\n");
    git(checkout, &["add", "-f", "mine.log"]).await;
    let kept = scene.workspace.salvage(&coder(), &scene.head).await.unwrap().unwrap();
    let again = Layout::Work {
        head: scene.head.clone(),
        branch: Some("work".parse().unwrap()),
        unfinished: Some(Unfinished { saved: Some(kept.reference) }),
    };
    scene.workspace.prepare(&coder(), &again).await.unwrap();
    assert_eq!(
        (read(checkout, "a.txt"), read(checkout, "mine.log")),
        ("half\n".into(), "the agent's\n".into())
    );
    scene.workspace.salvage(&coder(), &scene.head).await.unwrap();

    // A person switches back, and has an ignored file with that name.
    git(checkout, &["checkout", "-q", "-f", "main"]).await;
    write(checkout, "mine.log", "precious\n");
    let prepared = scene.workspace.prepare(&coder(), &again).await.unwrap();
    assert!(prepared.warning.unwrap().contains("is not restored"));
    assert_eq!((read(checkout, "a.txt"), read(checkout, "mine.log")), ("one\n".into(), "precious\n".into()));
}
