//! A repository behind a URL, reached by the user's ssh: fetched, looked at, and moved by compare-and-swap.

use std::time::Duration;

use agent_loop::adapters::git::{
    Git, GitFolders, GitWorkspace, Identity, Remote, RemoteLogin, RemoteUrl, WaitNotice,
};
use agent_loop::domain::ids::{BranchName, CommitSha};
use agent_loop::ports::workspace::{Push, Workspace};

use super::stage::Stage;

/// A workspace whose ssh is a script that serves the bare repository, once it has done this.
fn workspace(stage: &Stage, first: &str) -> GitWorkspace {
    workspace_of(stage, first, |git| git)
}

/// The same, with git as it is made here.
fn workspace_of(stage: &Stage, first: &str, made: impl FnOnce(Git) -> Git) -> GitWorkspace {
    let bare = stage.github.bare();
    let script = format!("#!/bin/sh\n{first}\nfor last; do :; done\nexec ${{last%% *}} {}\n", bare.display());
    stage.agent("ssh.sh", &script);
    let ssh = stage.root().join("ssh.sh").display().to_string();
    let variables = [("GIT_SSH_VARIANT".into(), "simple".into())].into();
    let remote = RemoteUrl {
        url: "git@github.com:octo/r.git".to_owned(),
        default_branch: "main".parse().unwrap(),
        fork: None,
        login: RemoteLogin::Ssh(ssh),
        variables,
    };
    let at = |name: &str| stage.root().join(name);
    let folders = GitFolders { mirror: at("mirror.git"), clones: at("clones"), diffs: at("diffs") };
    let identity = Identity { name: "Ada".to_owned(), email: "ada@localhost".to_owned() };
    GitWorkspace::new(made(Git::new(&stage.variables(), identity)), Remote::Url(remote), folders)
}

#[tokio::test]
async fn branches_move_forward_or_not() {
    let stage = Stage::new();
    let branch: BranchName = "feature".parse().unwrap();
    let main: CommitSha = stage.git(&["rev-parse", "main"]).parse().unwrap();
    let one: CommitSha = stage.branch("feature", "one\n").parse().unwrap();
    let other: CommitSha = stage.branch("other", "other\n").parse().unwrap();
    let workspace = workspace(&stage, "");
    workspace.refresh().await.unwrap();
    assert_eq!(workspace.tip(&branch).await.unwrap().as_ref(), Some(&one));
    assert_eq!(workspace.tip(&"gone".parse().unwrap()).await.unwrap(), None);
    let new: BranchName = "new".parse().unwrap();
    assert_eq!(workspace.push(&new, &main, None).await.unwrap(), Push::Done);
    assert_eq!(workspace.push(&new, &one, Some(&main)).await.unwrap(), Push::Done);
    assert_eq!(workspace.push(&new, &one, Some(&main)).await.unwrap(), Push::Done, "it is there already");
    // Somebody else was faster: nothing is done.
    let moved = Push::Moved(Some(one.clone()));
    assert_eq!(workspace.push(&new, &other, Some(&main)).await.unwrap(), moved);
    assert_eq!(workspace.push(&new, &other, None).await.unwrap(), moved);
    let refused = |push| matches!(push, Push::Refused(_));
    assert!(refused(workspace.push(&new, &other, Some(&one)).await.unwrap()), "nothing is overwritten");
    assert!(
        refused(workspace.push(&"main".parse().unwrap(), &one, Some(&main)).await.unwrap()),
        "the default branch"
    );
    assert_eq!(
        stage.git(&["ls-remote", stage.github.bare().to_str().unwrap(), "main"]),
        format!("{main}\trefs/heads/main")
    );
}

/// The mirror was damaged after it was fetched.
#[tokio::test]
async fn pushes_to_urls_repair_mirrors() {
    for damaged in ["packed-refs", "main", "main^{tree}"] {
        let stage = Stage::new();
        let main: CommitSha = stage.git(&["rev-parse", "main"]).parse().unwrap();
        let one: CommitSha = stage.branch("feature", "one\n").parse().unwrap();
        let workspace = workspace(&stage, "");
        workspace.refresh().await.unwrap();
        let new: BranchName = "new".parse().unwrap();
        assert_eq!(workspace.push(&new, &main, None).await.unwrap(), Push::Done);
        let mirror = stage.root().join("mirror.git");
        match damaged {
            "packed-refs" => std::fs::write(mirror.join(damaged), "garbage\n").unwrap(),
            object => {
                let id = stage.git(&["rev-parse", object]);
                std::fs::remove_file(mirror.join("objects").join(&id[..2]).join(&id[2..])).unwrap();
            }
        }
        let push = workspace.push(&new, &one, Some(&main)).await;
        assert_eq!(push.unwrap_or_else(|error| panic!("{damaged}: {error}")), Push::Done, "{damaged}");
    }
}

/// A server that sends nothing until the notice was given.
#[tokio::test]
async fn a_long_first_fetch_is_told() {
    let stage = Stage::new();
    let told = stage.root().join("told");
    let waits = format!("while [ ! -e '{}' ]; do sleep 0.05; done", told.display());
    let path = told.clone();
    let notice = WaitNotice::new(move |text| std::fs::write(&path, text).unwrap());
    let workspace = workspace(&stage, &waits).with_wait_notice(notice);
    workspace.refresh().await.unwrap();
    let text = std::fs::read_to_string(&told).unwrap();
    assert!(text.starts_with("fetching git@github.com:octo/r.git for the first time: 0 MB so far"), "{text}");
}

/// One server never answers a push. Another shows progress until the push to the silent one was ended, and then accepts.
#[tokio::test]
async fn only_silent_pushes_are_ended() {
    const LIMIT: Duration = Duration::from_secs(2);
    let (silent, slow) = (Stage::new(), Stage::new());
    let ended = slow.root().join("ended");
    let only_push = |deed: &str| format!("case \"$*\" in *receive-pack*) {deed} ;; esac");
    let progress = format!("while [ ! -e '{}' ]; do echo working >&2; sleep 0.05; done", ended.display());
    let push = async |stage: &Stage, deed: &str| {
        let workspace = workspace_of(stage, &only_push(deed), |git| git.with_silence_limit(LIMIT));
        workspace.refresh().await.unwrap();
        let main: CommitSha = stage.git(&["rev-parse", "main"]).parse().unwrap();
        workspace.push(&"new".parse().unwrap(), &main, None).await
    };
    let (slow_push, ()) = tokio::join!(push(&slow, &progress), async {
        // The server ends with git, which closes its pipe.
        let error = push(&silent, "cat >/dev/null").await.unwrap_err().to_string();
        std::fs::write(&ended, "").unwrap();
        assert!(error.starts_with("could not push new: `git "), "{error}");
        assert!(error.ends_with("printed nothing for 2 s and was ended"), "{error}");
    });
    assert_eq!(slow_push.unwrap(), Push::Done);
}
