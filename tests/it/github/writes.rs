//! Every write with every fault: the write happens once, or it fails and the next attempt succeeds.

use agent_loop::adapters::github::GithubForge;
use agent_loop::domain::commit_status::CommitStatus;
use agent_loop::domain::forge_review::{ForgeReview, ForgeVerdict, Remark};
use agent_loop::domain::ids::{BranchName, CommitSha, IssueNumber, PullRequestNumber};
use agent_loop::domain::pull_request::CheckState;
use agent_loop::ports::forge::{Forge, ForgeError, Merge, NewIssue, NewPullRequest, Thread};
use std::thread;

use serde_json::json;

use super::stage::Stage;
use crate::github_model::{Fault, FaultKind, Pull, Role, State};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Write {
    Comment,
    PullRequest,
    Issue,
    Status,
    Review,
    Resolution,
    Merge,
    QueueEntry,
}

/// Every write, with the method and the path of its call.
const WRITES: [(Write, &str, &str); 8] = [
    (Write::Comment, "POST", "/comments"),
    (Write::PullRequest, "POST", "/pulls"),
    (Write::Issue, "POST", "/issues"),
    (Write::Status, "POST", "/statuses/"),
    (Write::Review, "POST", "/reviews"),
    (Write::Resolution, "POST", "graphql/ResolveThread"),
    (Write::Merge, "PUT", "/merge"),
    (Write::QueueEntry, "POST", "graphql/Enqueue"),
];

/// Every fault, with the number of lists that miss what is new.
const FAULTS: [(FaultKind, u32); 10] = [
    (FaultKind::BadGateway, 0),
    (FaultKind::DoneButBadGateway, 0),
    (FaultKind::DoneButTorn, 0),
    (FaultKind::DoneButSilent, 0),
    (FaultKind::DoneButSilent, 2),
    (FaultKind::Secondary(1), 0),
    (FaultKind::Secondary(1800), 0),
    (FaultKind::Primary(2), 0),
    (FaultKind::Primary(1800), 0),
    (FaultKind::Forbidden, 0),
];

/// The subjects of a stage.
struct Scene {
    stage: Stage,
    issue: u64,
    reviewed: PullRequestNumber,
    merged: PullRequestNumber,
    queued: PullRequestNumber,
    heads: [CommitSha; 3],
}

impl Scene {
    fn new() -> Self {
        let stage = Stage::new();
        let main = stage.git(&["rev-parse", "main"]);
        stage.git(&["push", "--quiet", stage.github.bare().to_str().unwrap(), "main:release"]);
        let heads = ["reviewed", "merged", "queued"].map(|name| stage.branch(name, "one\nDONE\n"));
        stage.branch("opened", "one\nDONE\n");
        let mut model = stage.github.state();
        let bob = model.person("bob", Role::Write);
        let issue = model.file(bob, ("Do it", "All of it."), None);
        let mut pull = |head: &str, base: &str| {
            let (head, base, last_head) = (head.to_owned(), base.to_owned(), main.clone());
            let pull = Pull { head, base, last_head, is_draft: false, fork: None, merge: None };
            PullRequestNumber(model.file(bob, ("Did it", ""), Some(pull)))
        };
        let (reviewed, merged, queued) =
            (pull("reviewed", "main"), pull("merged", "main"), pull("queued", "release"));
        let queue = vec![json!({ "type": "merge_queue", "parameters": {} })];
        model.protection.rules_of_branches.insert("release".to_owned(), queue);
        model.merging.queue_looks = 1_000;
        drop(model);
        let heads = heads.map(|head| head.parse().unwrap());
        Self { stage, issue, reviewed, merged, queued, heads }
    }

    /// Writes as the engine does: it looks first, where the forge does not.
    async fn write(&self, forge: &GithubForge, write: Write) -> Result<(), ForgeError> {
        let [head, merged, queued] = &self.heads;
        let done = |merge: Merge| match merge {
            Merge::Merged(_) | Merge::Queued => Ok(()),
            Merge::HeadMoved(_) | Merge::Conflict(_) | Merge::NotMerged(_) => {
                Err(ForgeError::Refused(format!("{merge:?}")))
            }
        };
        match write {
            Write::Comment => {
                let number = IssueNumber(self.issue);
                let known = forge.issue(number).await?.comments;
                if known.iter().any(|one| *one.body == *"record") {
                    return Ok(());
                }
                forge.publish(Thread::Issue(number), "record").await
            }
            Write::PullRequest => {
                let (head_ref, base_ref): (BranchName, _) =
                    ("opened".parse().unwrap(), "main".parse().unwrap());
                if !forge.pull_requests_from(&head_ref).await?.is_empty() {
                    return Ok(());
                }
                let (title, body) = ("Did it".to_owned(), String::new());
                forge.open_pull_request(&NewPullRequest { head_ref, base_ref, title, body }).await.map(drop)
            }
            Write::Issue => {
                if !forge.own_issues("key-0123", "Later").await?.is_empty() {
                    return Ok(());
                }
                let new = NewIssue { title: "Later".to_owned(), body: "key-0123".to_owned() };
                forge.file_issue(&new).await.map(drop)
            }
            Write::Status => {
                let (head, sentence) = (head.clone(), "approved by everyone".to_owned());
                let status = CommitStatus { head, state: CheckState::Success, sentence, comment: None };
                forge.set_status(self.reviewed, &status).await
            }
            Write::Review => forge.publish_review(self.reviewed, &self.review()).await,
            Write::Resolution => forge.resolve(self.reviewed, &["item-1".parse().unwrap()]).await,
            Write::Merge => forge.merge(self.merged, merged).await.and_then(done),
            Write::QueueEntry => forge.merge(self.queued, queued).await.and_then(done),
        }
    }

    fn review(&self) -> ForgeReview {
        let (path, text) = ("notes.txt".to_owned(), "Say more.".to_owned());
        let remark = Remark { item: "item-1".parse().unwrap(), path, line: 1, text };
        let (mark, body) = ("one-1".to_owned(), "**one** blocks".to_owned());
        let head = self.heads[0].clone();
        ForgeReview { mark, head, verdict: ForgeVerdict::RequestChanges, body, remarks: vec![remark] }
    }

    /// How often a write has happened.
    fn count(&self, write: Write) -> usize {
        let model: &State = &self.stage.github.state();
        match write {
            Write::Comment => model.comments.len(),
            Write::PullRequest => model
                .filed
                .values()
                .filter(|one| one.pull.as_ref().is_some_and(|pull| pull.head == "opened"))
                .count(),
            Write::Issue => model.filed.values().filter(|one| one.title == "Later").count(),
            Write::Status => model.statuses.len(),
            Write::Review => model.reviews.len(),
            Write::Resolution => model.conversations.iter().filter(|one| one.is_resolved).count(),
            Write::Merge => {
                model.filed[&self.merged.0].pull.iter().filter(|pull| pull.merge.is_some()).count()
            }
            Write::QueueEntry => model.merging.queued.len(),
        }
    }
}

/// Makes a write with a fault.
async fn write_once(
    scene: &Scene,
    forge: &GithubForge,
    (write, method, path): (Write, &'static str, &'static str),
    kind: FaultKind,
) {
    scene.stage.github.state().faults.push(Fault { method, path, kind, times: 1 });
    let first = scene.write(forge, write).await;
    let place = format!("{write:?} with {kind:?}: {first:?}");
    let is_done =
        matches!(kind, FaultKind::DoneButBadGateway | FaultKind::DoneButTorn | FaultKind::DoneButSilent);
    assert!(first.is_ok() || !is_done, "it was done, and not noticed: {place}");
    assert_eq!(scene.count(write), usize::from(first.is_ok()), "{place}");
    let is_limited = matches!(first, Err(ForgeError::Limited { .. }));
    let is_long = matches!(kind, FaultKind::Primary(1800) | FaultKind::Secondary(1800));
    assert_eq!(is_limited, is_long, "{place}");
}

/// Makes a write again, as the next command does.
async fn write_again(scene: &Scene, forge: &GithubForge, write: Write, kind: FaultKind) {
    let again = scene.write(forge, write).await;
    assert!(again.is_ok(), "{write:?} after {kind:?}: {again:?}");
    assert_eq!(scene.count(write), 1, "{write:?} after {kind:?}, again");
}

/// Waits for a future on a runtime of its own.
fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn every_write(kind: FaultKind, lag: u32) {
    let scene = Scene::new();
    scene.stage.github.state().lag = lag;
    let forge = wait(scene.stage.forge()).unwrap();
    // The review begins the conversation that is resolved.
    let (resolution, others): (Vec<_>, Vec<_>) =
        WRITES.into_iter().partition(|(write, ..)| *write == Write::Resolution);
    thread::scope(|threads| {
        for row in others {
            let (scene, forge) = (&scene, &forge);
            threads.spawn(move || wait(write_once(scene, forge, row, kind)));
        }
    });
    let next = wait(scene.stage.forge()).unwrap();
    wait(write_again(&scene, &next, Write::Review, kind));
    wait(write_once(&scene, &forge, resolution[0], kind));
    for (write, ..) in WRITES {
        wait(write_again(&scene, &next, write, kind));
    }
    assert!(scene.stage.github.state().faults.iter().all(|fault| fault.times == 0), "a fault did not happen");
}

#[test]
#[ignore = "needs gh"]
fn every_write_survives_every_fault() {
    thread::scope(|threads| {
        for (kind, lag) in FAULTS {
            threads.spawn(move || every_write(kind, lag));
        }
    });
}
