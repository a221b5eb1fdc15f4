//! Stories of records that this version does not know: those of another flow are ignored, those of a newer version stop the
//! run.

use agent_loop::domain::ending::{Ending, Refused};
use agent_loop::domain::flow_name::FlowName;
use agent_loop::flow::names::REVIEW;
use agent_loop::ports::forge::{AuthorRole, Forge};

use crate::world::MemoryWorld;

use super::records::of_another_version;
use super::reviews::a_persons_pull_request;

fn publish(world: &MemoryWorld, flow: &FlowName, kind: &str) {
    let body = of_another_version(world, 1, flow, kind);
    world.say_as(1, (&world.login(), AuthorRole::Member), &body);
}

#[tokio::test]
async fn records_of_unknown_flows_are_ignored() {
    let story = a_persons_pull_request();
    let world = story.world();
    publish(&world, &FlowName::constant("poll"), "vote");
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Approved, "{}", outcome.message);
    assert!(
        !story.summaries(&world).iter().any(|line| line.contains("AskedAnew")),
        "{:#?}",
        story.summaries(&world)
    );
}

#[tokio::test]
async fn unknown_kinds_of_ours_refuse() {
    let story = a_persons_pull_request();
    let world = story.world();
    story.play(&world).await;
    publish(&world, &REVIEW, "sealed");
    let (calls, comments) = (world.calls().len(), world.thread(1).len());
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Refused { reason: Refused::Unsupported });
    assert!(outcome.message.contains("agent-loop/9.9.9"), "{}", outcome.message);
    assert!(outcome.message.contains("`sealed`"), "{}", outcome.message);
    assert_eq!((world.calls().len(), world.thread(1).len()), (calls, comments), "nothing was begun");
}
