//! The forge reads of a story: a published record costs one write and one read of its thread, and the pull request is read
//! only before turns, after pushes and before the end.

use super::reviews::{a_persons_pull_request, lost_dispute, never_content};
use super::stage::{Begins, Story};

#[tokio::test]
async fn a_record_costs_one_read() {
    for story in [a_persons_pull_request(), lost_dispute(), never_content()] {
        let story = Story { begins: Begins::PullRequest, ..story };
        let world = story.world();
        story.play(&world).await;
        let (reads, writes) = (world.forge_reads(), world.forge_writes());
        let (records, turns) = (writes["publish"], world.calls().len());
        assert!(records >= 4, "{}: {records} records", story.name);
        assert_eq!(reads["comments"], records + 1, "{}: the first look, then one a record", story.name);
        assert!(reads["pull request"] <= turns + 1, "{}: {reads:?}, {turns} turns", story.name);
    }
}
