//! Coders' clones: prepared, harvested, salvaged.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use agent_loop::domain::ids::CommitSha;
use agent_loop::domain::turn::Unfinished;
use agent_loop::ports::workspace::{Extent, Harvest, Layout, Workspace, WorkspaceError};

use super::scene::{Scene, at, coder, git, on_branch, program, read, reviewer, sha, subject, write};

#[tokio::test]
async fn coders_get_a_working_branch() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    assert_eq!(git(&clone, &["status", "--porcelain", "--branch"]).await, "## work\n");
    assert_eq!(git(&clone, &["remote"]).await, "");
    write(&clone, "a.txt", "two\n");
    git(&clone, &["commit", "-q", "-a", "-m", "mine"]).await;
    assert_eq!(git(&clone, &["log", "--format=%an %s"]).await, "agent-loop mine\nA User first\n");
    git(&clone, &["fsck", "--strict"]).await;
}

/// Every ref of the mirror costs each later turn time.
#[tokio::test]
async fn turns_leave_one_work_ref() {
    let mut scene = Scene::new().await;
    let first = scene.change().await;
    scene.head = first.clone();
    let clone = scene.coder().await;
    write(&clone, "a.txt", "three\n");
    git(&clone, &["commit", "-q", "-a", "-m", "mine"]).await;
    write(&clone, "a.txt", "four\n");
    let last = scene.harvested().await;
    let refs =
        git(&scene.mirror(), &["for-each-ref", "--format=%(objectname)", "refs/agent-loop/work"]).await;
    assert_eq!(refs.trim(), last.to_string());
    assert!(scene.workspace.contains(&last, &first).await.unwrap());
}

#[tokio::test]
async fn new_file_times_are_no_change() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    write(&clone, "a.txt", "one\n");
    git(&clone, &["status"]).await;
    assert_eq!(scene.harvest().await, Harvest::Unchanged);
}

#[tokio::test]
async fn commits_without_changes_are_no_change() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    git(&clone, &["commit", "-q", "--allow-empty", "-m", "nothing"]).await;
    assert_eq!(scene.harvest().await, Harvest::Unchanged);
    let clone = scene.coder().await;
    write(&clone, "a.txt", "two\n");
    git(&clone, &["commit", "-q", "-a", "-m", "there"]).await;
    git(&clone, &["revert", "--no-edit", "HEAD"]).await;
    assert_eq!(scene.workspace.salvage(&coder(), &scene.head).await.unwrap(), None);
    assert_eq!(scene.harvest().await, Harvest::Unchanged);
}

#[tokio::test]
async fn all_edits_become_one_commit() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    write(&clone, "a.txt", "two\n");
    write(&clone, "new/deep.txt", "new\n");
    write(&clone, "target/cache", "cache\n");
    write(&clone, "wanted.log", "log\n");
    fs::remove_file(clone.join("src/lib.rs")).unwrap();
    git(&clone, &["add", "-f", "wanted.log"]).await;
    let commit = scene.harvested().await;
    let files = git(&scene.mirror(), &["ls-tree", "-r", "--name-only", commit.as_str()]).await;
    assert_eq!(files, ".gitignore\na.txt\nnew/deep.txt\nwanted.log\n");
    let log = git(&scene.mirror(), &["log", "-1", "--format=%P|%an|%B", commit.as_str()]).await;
    assert_eq!(log.trim_end(), format!("{}|agent-loop|the work", scene.head));
    assert_eq!(scene.harvested().await, commit, "asked again, it is the same commit");
}

#[tokio::test]
async fn own_commits_survive_any_head() {
    for checkout in [&["switch", "-q", "-c", "other"][..], &["checkout", "-q", "--detach"]] {
        let scene = Scene::new().await;
        let clone = scene.coder().await;
        git(&clone, checkout).await;
        write(&clone, "a.txt", "two\n");
        git(&clone, &["commit", "-q", "-a", "-m", "mine"]).await;
        git(&clone, &["pack-refs", "--all"]).await;
        git(&clone, &["gc", "-q"]).await;
        let mine = sha(&clone, "HEAD").await;
        write(&clone, "b.txt", "rest\n");
        let commit = scene.harvested().await;
        assert_eq!(sha(&scene.mirror(), &format!("{commit}^")).await, mine);
        assert_eq!(scene.content(&commit, "b.txt").await, "rest\n");
        assert!(scene.workspace.contains(&commit, &scene.head).await.unwrap());
    }
}

#[tokio::test]
async fn messages_that_act_are_replaced() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    write(&clone, "a.txt", "two\n");
    git(&clone, &["commit", "-q", "-a", "-m", "fixes #9, cc @mallory"]).await;
    let commit = scene.harvested().await;
    let log = git(&scene.mirror(), &["log", "-1", "--format=%P|%B", commit.as_str()]).await;
    assert_eq!(log.trim_end(), format!("{}|the work", scene.head));
    assert_eq!(scene.content(&commit, "a.txt").await, "two\n");
}

#[tokio::test]
async fn complete_own_commit_is_taken_unchanged() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    write(&clone, "a.txt", "two\n");
    git(&clone, &["commit", "-q", "-a", "-m", "mine"]).await;
    assert_eq!(scene.harvested().await, sha(&clone, "HEAD").await);
}

#[tokio::test]
async fn unfinished_merges_do_not_interfere() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    git(&clone, &["switch", "-q", "-c", "side"]).await;
    write(&clone, "a.txt", "side\n");
    git(&clone, &["commit", "-q", "-a", "-m", "side"]).await;
    git(&clone, &["switch", "-q", "work"]).await;
    write(&clone, "a.txt", "work\n");
    git(&clone, &["commit", "-q", "-a", "-m", "work"]).await;
    program("sh", &clone, &["-c", "git merge side >/dev/null; test -f .git/MERGE_HEAD"]).await;
    let commit = scene.harvested().await;
    assert!(scene.content(&commit, "a.txt").await.contains("<<<<<<<"));
}

#[tokio::test]
async fn unrelated_history_is_saved() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    write(&clone, "a.txt", "amended\n");
    git(&clone, &["commit", "-q", "-a", "--amend", "-m", "rewritten"]).await;
    write(&clone, "b.txt", "loose\n");
    let Harvest::Unfit { salvage: kept, .. } = scene.harvest().await else { panic!("it is used") };
    assert!(kept.reference.starts_with("refs/agent-loop/salvage/issue/3/claude/"), "{}", kept.reference);
    assert_eq!(scene.content(&kept.commit, "a.txt").await, "amended\n");
    assert_eq!(scene.content(&kept.commit, "b.txt").await, "loose\n");
}

#[tokio::test]
async fn odd_file_names_survive() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    let names: Vec<&OsStr> =
        [&b"a b"[..], b"q\"uo'te", b"new\nline", b"-dash", b"\xff\xfe", b"? tag", b":(top)"]
            .into_iter()
            .map(OsStr::from_bytes)
            .collect();
    for name in &names {
        fs::write(clone.join(name), name.as_bytes()).unwrap();
    }
    let commit = scene.harvested().await;
    scene.workspace.prepare(&reviewer(), &at(&commit)).await.unwrap();
    let prepared = scene.workspace.prepare(&coder(), &at(&commit)).await.unwrap();
    for name in &names {
        assert_eq!(fs::read(prepared.path.join(name)).unwrap(), name.as_bytes());
        fs::write(prepared.path.join(name), "again").unwrap();
    }
    let again = scene.workspace.harvest(&coder(), &commit, "again").await.unwrap().found;
    let Harvest::Commit(again) = again else { panic!("{again:?}") };
    let difference = scene.workspace.difference(&commit, &again, 10_000).await.unwrap();
    assert_eq!(difference.files.len(), names.len());
}

#[tokio::test]
async fn files_folders_and_links_may_swap() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    fs::remove_file(clone.join("a.txt")).unwrap();
    write(&clone, "a.txt/inside", "file to folder\n");
    fs::rename(clone.join("src"), scene.outside("src")).unwrap();
    symlink(scene.outside("src"), clone.join("src")).unwrap();
    let commit = scene.harvested().await;
    let files =
        git(&scene.mirror(), &["ls-tree", "-r", "--format=%(objectmode) %(path)", commit.as_str()]).await;
    assert_eq!(files, "100644 .gitignore\n100644 a.txt/inside\n120000 src\n");
    let clone = scene.coder().await;
    assert_eq!(read(&clone, "a.txt"), "one\n");
    assert!(!clone.join("src").is_symlink());
    assert_eq!(read(&clone, "src/lib.rs"), "fn main() {}\n");
    assert_eq!(read(&scene.outside("src"), "lib.rs"), "fn main() {}\n");
}

#[tokio::test]
async fn nested_repositories_are_committed_as_files() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    write(&clone, "crate/src/main.rs", "fn main() {}\n");
    git(&clone, &["init", "-q", "crate"]).await;
    write(&clone, "crate/deeper/x", "x\n");
    git(&clone.join("crate"), &["init", "-q", "deeper"]).await;
    for folder in ["crate/deeper", "crate"] {
        let folder = clone.join(folder);
        git(&folder, &["add", "-A"]).await;
        git(
            &folder,
            &["-c", "user.name=x", "-c", "user.email=x", "commit", "-q", "--allow-empty", "-m", "x"],
        )
        .await;
    }
    git(&clone, &["add", "-A"]).await;
    let commit = scene.harvested().await;
    assert_eq!(scene.content(&commit, "crate/src/main.rs").await, "fn main() {}\n");
    assert_eq!(scene.content(&commit, "crate/deeper/x").await, "x\n");
}

#[tokio::test]
async fn nested_unborn_repositories_become_files() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    write(&clone, "crate/src/main.rs", "fn main() {}\n");
    git(&clone, &["init", "-q", "crate"]).await;
    assert_eq!(scene.content(&scene.harvested().await, "crate/src/main.rs").await, "fn main() {}\n");
}

#[tokio::test]
async fn unfinished_work_is_kept_and_restorable() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    write(&clone, "a.txt", "half\n");
    write(&clone, "untracked.txt", "half\n");
    write(&clone, "target/cache", "cache\n");
    let prepared = scene.workspace.prepare(&coder(), &on_branch(&scene.head, "work")).await.unwrap();
    let kept = prepared.salvaged.unwrap();
    assert_eq!(scene.content(&kept.commit, "untracked.txt").await, "half\n");
    assert_eq!(read(&clone, "a.txt"), "one\n");
    assert!(!clone.join("untracked.txt").exists());
    assert_eq!(read(&clone, "target/cache"), "cache\n", "a build's cache survives");
    let all = scene.workspace.kept().await.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!((&all[0].subject, all[0].holder.as_str()), (&subject(), "claude"));
    assert_eq!(all[0].salvage, kept);
    let command = all[0].command(&scene.mirror(), &scene.user());
    program("sh", &scene.user(), &["-c", &command]).await;
    let name = kept.reference.strip_prefix("refs/agent-loop/salvage/").unwrap();
    assert_eq!(sha(&scene.user(), &format!("salvage/{name}")).await, kept.commit);
}

#[tokio::test]
async fn finished_turns_leave_nothing_to_keep() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    let again = scene.workspace.prepare(&coder(), &at(&scene.head)).await.unwrap();
    assert_eq!(again.salvaged, None);
    write(&clone, "a.txt", "two\n");
    scene.harvested().await;
    assert_eq!(scene.workspace.prepare(&coder(), &at(&scene.head)).await.unwrap().salvaged, None);
    assert_eq!(scene.workspace.salvage(&coder(), &scene.head).await.unwrap(), None);
}

#[tokio::test]
async fn repeated_salvage_keeps_one_commit() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    write(&clone, "a.txt", "half\n");
    let first = scene.workspace.salvage(&coder(), &scene.head).await.unwrap().unwrap();
    assert_eq!(scene.workspace.salvage(&coder(), &scene.head).await.unwrap().unwrap(), first);
    assert_eq!(scene.workspace.prepare(&coder(), &at(&scene.head)).await.unwrap().salvaged, None);
    assert_eq!(scene.workspace.kept().await.unwrap().len(), 1);
}

#[tokio::test]
async fn only_known_commits_are_kept() {
    let scene = Scene::new().await;
    let kept = scene.workspace.keep(&subject(), &scene.head).await.unwrap();
    assert_eq!(sha(&scene.mirror(), &kept.reference).await, scene.head);
    let unknown: CommitSha = "1".repeat(40).parse().unwrap();
    let failed = |result: Result<_, WorkspaceError>| matches!(result, Err(WorkspaceError::NotFound(_)));
    assert!(failed(scene.workspace.keep(&subject(), &unknown).await.map(drop)));
    assert!(failed(scene.workspace.prepare(&coder(), &at(&unknown)).await.map(drop)));
    assert!(failed(scene.workspace.tree(&unknown).await.map(drop)));
    assert!(failed(scene.workspace.merge_base(&scene.head, &unknown).await.map(drop)));
    assert!(failed(scene.workspace.difference(&scene.head, &unknown, 9).await.map(drop)));
    assert!(!scene.workspace.contains(&scene.head, &unknown).await.unwrap());
}

#[tokio::test]
async fn broken_indexes_do_not_interfere() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    let index = clone.parent().unwrap().join("index");
    fs::write(index.with_extension("lock"), "").unwrap();
    fs::write(clone.join(".git/index.lock"), "").unwrap();
    let clone = scene.coder().await;
    assert_eq!(git(&clone, &["status", "--porcelain"]).await, "");
    scene.harvest().await;
    fs::write(&index, "broken").unwrap();
    let _ = fs::remove_file(clone.parent().unwrap().join("index-of-work"));
    let clone = scene.coder().await;
    assert_eq!(git(&clone, &["status", "--porcelain"]).await, "");
}

#[tokio::test]
async fn differences_have_files_excerpt_and_path() {
    let scene = Scene::new().await;
    let commit = scene.change().await;
    let whole = scene.workspace.difference(&scene.head, &commit, 10_000).await.unwrap();
    let files: Vec<_> = whole.files.iter().map(|file| format!("{} {}", file.status, file.path)).collect();
    assert_eq!(files, ["M a.txt", "A new.txt"]);
    assert_eq!(whole.extent, Extent::Whole);
    assert_eq!(fs::read_to_string(whole.path.unwrap()).unwrap(), whole.excerpt);
    let part = scene.workspace.difference(&scene.head, &commit, 60).await.unwrap();
    assert_eq!(
        (part.extent, part.excerpt.as_str()),
        (Extent::Excerpt, "diff --git a/a.txt b/a.txt\nindex 5626abf..f719efd 100644\n")
    );
    let none = scene.workspace.difference(&commit, &commit, 60).await.unwrap();
    assert_eq!((none.files.len(), none.path), (0, None));
}

#[tokio::test]
async fn refresh_survives_removed_branches_and_locks() {
    let scene = Scene::new().await;
    git(&scene.user(), &["branch", "feature"]).await;
    write(&scene.mirror(), "refs/remotes/forge/feature.lock", "");
    scene.workspace.refresh().await.unwrap();
    let refs = ["for-each-ref", "--format=%(refname)", "refs/remotes"];
    assert_eq!(git(&scene.mirror(), &refs).await, "refs/remotes/forge/feature\nrefs/remotes/forge/main\n");
    git(&scene.user(), &["branch", "-D", "feature"]).await;
    scene.workspace.refresh().await.unwrap();
    assert_eq!(git(&scene.mirror(), &refs).await, "refs/remotes/forge/main\n");
}

#[tokio::test]
async fn salvaged_work_is_restored_uncommitted() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    write(&clone, "a.txt", "two\n");
    write(&clone, "new/deep.txt", "new\n");
    fs::remove_file(clone.join("src/lib.rs")).unwrap();
    git(&clone, &["commit", "-q", "-a", "-m", "mine"]).await;
    write(&clone, "more.txt", "more\n");
    write(&clone, "wanted.log", "ignored, but wanted\n");
    git(&clone, &["add", "-f", "wanted.log"]).await;
    let kept = scene.workspace.salvage(&coder(), &scene.head).await.unwrap().unwrap();

    let again = |unfinished: &str| Layout::Work {
        head: scene.head.clone(),
        branch: Some("work".parse().unwrap()),
        unfinished: Some(Unfinished { saved: Some(unfinished.to_owned()) }),
    };
    let prepared = scene.workspace.prepare(&coder(), &again(&kept.reference)).await.unwrap();
    assert_eq!(prepared.warning, None);
    assert_eq!(sha(&clone, "HEAD").await, scene.head, "its own commit is not on the branch");
    let status = git(&clone, &["status", "--porcelain", "-uall"]).await;
    assert_eq!(status, "M  a.txt\nA  more.txt\nA  new/deep.txt\nD  src/lib.rs\nA  wanted.log\n");
    let commit = scene.harvested().await;
    assert_eq!(
        scene.workspace.tree(&commit).await.unwrap(),
        scene.workspace.tree(&kept.commit).await.unwrap()
    );

    let gone = "refs/agent-loop/salvage/issue/9/sam/0000000";
    let prepared = scene.workspace.prepare(&coder(), &again(gone)).await.unwrap();
    assert!(prepared.warning.unwrap().contains("no longer exists"));
    assert_eq!(scene.harvest().await, Harvest::Unchanged, "the turn begins without it");
}

#[tokio::test]
async fn interrupted_work_is_continued() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    write(&clone, "a.txt", "half\n");
    let continued = |head: &CommitSha| Layout::Work {
        head: head.clone(),
        branch: None,
        unfinished: Some(Unfinished { saved: None }),
    };
    let prepared = scene.workspace.prepare(&coder(), &continued(&scene.head)).await.unwrap();
    assert_eq!((prepared.salvaged, read(&clone, "a.txt")), (None, "half\n".into()));
    assert_eq!(scene.workspace.kept().await.unwrap().len(), 1, "it is saved too");
    write(&clone, "b.txt", "rest\n");
    let commit = scene.harvested().await;
    assert_eq!(scene.content(&commit, "a.txt").await, "half\n");

    write(&clone, "a.txt", "on the old commit\n");
    scene.workspace.prepare(&coder(), &at(&scene.head)).await.unwrap();
    write(&clone, "a.txt", "on the old commit\n");
    let prepared = scene.workspace.prepare(&coder(), &continued(&commit)).await.unwrap();
    assert!(prepared.salvaged.is_some(), "it is kept, but belongs to another commit");
    assert_eq!(read(&clone, "a.txt"), "half\n");
}

/// Writes a note of another version about the coder's clone.
fn note_of_another_version(clone: &Path) -> PathBuf {
    let note = clone.parent().unwrap().join("note.json");
    fs::write(&note, r#"{"version":9,"phase":"paused","commit":"unknown"}"#).unwrap();
    note
}

#[tokio::test]
async fn foreign_notes_keep_unfinished_work() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    write(&clone, "a.txt", "mine\n");
    git(&clone, &["commit", "-q", "-a", "-m", "mine"]).await;
    let mine = sha(&clone, "HEAD").await;
    write(&clone, "untracked.txt", "half\n");
    note_of_another_version(&clone);
    let prepared = scene.workspace.prepare(&coder(), &on_branch(&scene.head, "work")).await.unwrap();
    let kept = prepared.salvaged.expect("it is kept");
    assert_eq!(scene.content(&kept.commit, "untracked.txt").await, "half\n");
    assert_eq!(sha(&scene.mirror(), &format!("{}^", kept.commit)).await, mine);
    assert_eq!(read(&clone, "a.txt"), "one\n");
    let again = scene.workspace.prepare(&coder(), &on_branch(&scene.head, "work")).await.unwrap();
    assert_eq!(again.salvaged, None);
}

#[tokio::test]
async fn work_of_unknown_origin_is_refused() {
    for damage in [".git/HEAD", "../index"] {
        let scene = Scene::new().await;
        let clone = scene.coder().await;
        write(&clone, "a.txt", "half\n");
        fs::remove_file(clone.join(damage)).unwrap();
        let note = note_of_another_version(&clone);
        let refused = scene.workspace.prepare(&coder(), &on_branch(&scene.head, "work")).await;
        let Err(WorkspaceError::Unclean(text)) = refused else { panic!("{damage}: {refused:?}") };
        assert!(text.contains(&note.display().to_string()), "{text}");
        assert_eq!(read(&clone, "a.txt"), "half\n", "{damage}");
        fs::remove_dir_all(&clone).unwrap();
        scene.workspace.prepare(&coder(), &on_branch(&scene.head, "work")).await.unwrap();
    }
}

#[tokio::test]
async fn unknown_fields_of_notes_are_ignored() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    let note = clone.parent().unwrap().join("note.json");
    let more = fs::read_to_string(&note).unwrap().replacen('{', r#"{"mood":["good"],"#, 1);
    fs::write(&note, more).unwrap();
    write(&clone, "a.txt", "half\n");
    fs::remove_file(clone.join(".git/HEAD")).unwrap();
    let prepared = scene.workspace.prepare(&coder(), &on_branch(&scene.head, "work")).await.unwrap();
    assert_eq!(scene.content(&prepared.salvaged.unwrap().commit, "a.txt").await, "half\n");
}

#[tokio::test]
async fn unreadable_work_is_moved_aside() {
    let scene = Scene::new().await;
    let clone = scene.coder().await;
    write(&clone, ".gitattributes", "*.txt working-tree-encoding=UTF-16\n");
    write(&clone, "a.txt", "half\n");
    assert!(scene.workspace.salvage(&coder(), &scene.head).await.is_err());
    let prepared = scene.workspace.prepare(&coder(), &on_branch(&scene.head, "work")).await.unwrap();
    let warning = prepared.warning.unwrap();
    assert!(warning.contains("cannot be saved as a commit"), "{warning}");
    assert_eq!(read(&clone.parent().unwrap().join("kept-1"), "a.txt"), "half\n");
    assert_eq!(read(&clone, "a.txt"), "one\n");
}
