//! Stories of a delivery that was interrupted just before the review of its pull request: `pr N` continues the same run.

use crate::world::{MemoryWorld, Plan, Stop};

use super::deliveries::an_issue_merged;
use super::records::{delivering_run, opened_runs};
use super::reviews::two_reviewers_one_blocks;
use super::stage::{Story, pull_request};

/// Runs a story until the record that the pull request is open.
async fn cut_off(story: &Story) -> MemoryWorld {
    let whole = story.world();
    story.play(&whole).await;
    let effects = whole.effects();
    let opened = effects.iter().position(|effect| *effect == "open pull request").unwrap();
    let at = (opened..effects.len()).find(|at| effects[*at] == "publish").unwrap();
    let world = story.world();
    world.stop_at(Plan { at, stop: Stop::After });
    assert!(story.run(&world).await.is_none(), "the engine stopped");
    world.restart();
    world
}

/// Continues as a person who knows only the number of the pull request.
async fn go_on(story: &Story, world: &MemoryWorld) -> agent_loop::engine::outcome::Outcome {
    let mut request = story.request();
    request.asked = agent_loop::flow::terms::Overrides::default();
    story.run_as(world, pull_request(story.pull_request().0), request).await.unwrap()
}

#[tokio::test]
async fn an_issues_handover_continues() {
    let story = an_issue_merged();
    let world = cut_off(&story).await;
    let delivering = delivering_run(&world.thread(1)).unwrap();
    let outcome = go_on(&story, &world).await;
    assert_eq!(outcome.ending.status(), "merged", "its terms say so: {}", outcome.message);
    let opened = opened_runs(&world, 2);
    assert_eq!(opened.len(), 1);
    assert_eq!(opened[0].run, delivering, "the same run");
    assert_eq!(opened[0].max_rounds, story.max_rounds, "with its terms");
    assert!(opened[0].delivered.is_some(), "its head is known to be ours");
    assert!(opened[0].spent.is_some_and(|spent| spent.calls > 0), "its cost counts on");
}

#[tokio::test]
async fn a_tasks_handover_continues() {
    let story = two_reviewers_one_blocks();
    let world = cut_off(&story).await;
    let delivering = delivering_run(&world.thread(1)).unwrap();
    let outcome = go_on(&story, &world).await;
    assert_eq!(outcome.ending.status(), "approved", "{}", outcome.message);
    let opened = opened_runs(&world, 1);
    assert_eq!(opened[0].run, delivering, "the same run");
    assert!(opened[0].delivered.is_some(), "its head is known to be ours");
}

#[tokio::test]
async fn another_machine_continues_a_handover() {
    let story = an_issue_merged();
    let world = cut_off(&story).await;
    world.lose_machine();
    let delivering = delivering_run(&world.thread(1)).unwrap();
    let outcome = go_on(&story, &world).await;
    assert_eq!(outcome.ending.status(), "merged", "its terms say so: {}", outcome.message);
    assert_eq!(opened_runs(&world, 2)[0].run, delivering, "the records of the issue are enough");
}
