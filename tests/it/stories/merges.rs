//! Stories of `--auto-merge`: conflicts with the base branch, and the merge queue of a forge.

use std::sync::atomic::{AtomicUsize, Ordering};

use agent_loop::cli::view::outcome::next_command;
use agent_loop::domain::ending::{Ending, NeedsHuman};
use agent_loop::domain::ids::BranchName;
use agent_loop::domain::policy::AfterApproval;
use agent_loop::domain::pull_request::QueuePlace;
use agent_loop::ports::forge::Forge;
use agent_loop::ports::workspace::Workspace;

use super::cast::{FILE, addresses_all, always_approves, honest_coder, implements_and};
use super::reviews::{a_persons_pull_request, two_reviewers_one_blocks};
use super::stage::{Begins, Story, story};
use crate::world::Reaction;

pub(super) fn a_conflict_merged() -> Story {
    Story {
        name: "a conflict, merged",
        begins: Begins::Conflict,
        after: AfterApproval::Merge,
        ..two_reviewers_one_blocks()
    }
}

fn branch(name: &str) -> BranchName {
    name.parse().unwrap()
}

#[tokio::test]
async fn the_coder_merges_a_conflict() {
    let story = a_conflict_merged();
    let world = story.world();
    let (base, before) = (world.tip_of(&branch("main")).unwrap(), world.tip_of(&branch("feature")).unwrap());
    let outcome = story.play(&world).await;
    assert!(matches!(outcome.ending, Ending::Merged { .. }), "{}", outcome.message);
    assert_eq!(world.branches()[&branch("main")][FILE], "new and good");
    let head = world.pull_request(story.pull_request()).await.unwrap().head;
    for contained in [base, before] {
        assert!(world.contains(&head, &contained).await.unwrap(), "nothing was overwritten");
    }
    let summaries = story.summaries(&world).join("\n");
    assert!(
        summaries.contains("gates [\"fail\"] opened 1") && summaries.contains("gates [\"pass\"]"),
        "{summaries}"
    );
}

/// A coder that leaves conflict markers in the file.
#[tokio::test]
async fn unresolved_conflicts_are_never_pushed() {
    let turns = AtomicUsize::new(0);
    let careless = implements_and(move |order, tree| {
        if turns.fetch_add(1, Ordering::Relaxed) == 0 {
            tree.insert(FILE.to_owned(), "new and good".to_owned());
        }
        Reaction::Says(addresses_all(order))
    });
    let story = Story { coder: careless, ..a_conflict_merged() };
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending.exit_code(), 1, "{}", outcome.message);
    let expected =
        "left a change that cannot be used: conflict markers remain in code (merge the base branch yourself";
    assert!(outcome.message.contains(expected), "{}", outcome.message);
    assert_eq!(world.branches()[&branch("feature")][FILE], "new and good");
    assert!(!world.kept().is_empty(), "the work is kept");
}

#[tokio::test]
async fn nobody_merges_a_conflict_unasked() {
    let story = Story { after: AfterApproval::Leave, ..a_conflict_merged() };
    let outcome = story.play(&story.world()).await;
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    assert_eq!(next_command(&outcome), "agent-loop pr 1 --auto-merge");
    assert!(outcome.message.contains("`main` conflicts with this change in"), "{}", outcome.message);
}

#[tokio::test]
async fn a_merge_queue_is_awaited() {
    use QueuePlace::{Merged, Removed, Waiting};
    for (places, exit_code, said) in [
        (vec![Waiting, Waiting, Merged], 0, "merged as"),
        (vec![Waiting, Removed], 4, "the merge queue has removed pull request 1"),
        (vec![Waiting], 5, "it waits in the merge queue"),
    ] {
        let story = Story { after: AfterApproval::Merge, ..a_persons_pull_request() };
        let world = story.world();
        world.queue(&places);
        let outcome = story.play(&world).await;
        assert_eq!(outcome.ending.exit_code(), exit_code, "{places:?}: {}", outcome.message);
        assert!(outcome.message.contains(said), "{places:?}: {}", outcome.message);
        let writes = world.forge_writes()["merge"];
        assert_eq!(writes, 1, "{places:?}: it is put into the queue once");
    }
}

#[tokio::test]
async fn a_refused_merge_needs_a_person() {
    let story = Story {
        after: AfterApproval::Merge,
        ..story("refused", honest_coder(), vec![("quick", always_approves())])
    };
    let world = story.world();
    world.refuse_merges("2 people must approve");
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::NeedsHuman { reason: NeedsHuman::Merge });
    assert!(outcome.message.contains("2 people must approve"), "{}", outcome.message);
}
