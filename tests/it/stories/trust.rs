//! Stories of forgers, editors and rivals.

use agent_loop::domain::ending::{Ending, Failed, NeedsHuman};
use agent_loop::domain::policy::AfterApproval;

use super::cast::{always_approves, blocks_while, honest_coder};
use super::reviews::{a_persons_pull_request, two_reviewers_one_blocks};
use super::stage::{Story, story};

#[tokio::test]
async fn a_record_that_somebody_else_posts_counts_for_nothing() {
    // The whole thread of an approved run, posted again by a stranger on another pull request of the same number.
    let honest = a_persons_pull_request();
    let world = honest.world();
    honest.play(&world).await;
    let stolen = world.thread(1);
    let strict = Story { max_rounds: 1, ..a_persons_pull_request() };
    let world = strict.world();
    for comment in stolen {
        world.say(1, &"mallory".parse().unwrap(), &comment.body);
    }
    let outcome = strict.play(&world).await;
    assert_eq!(outcome.ending.status(), "blocked");
}

#[tokio::test]
async fn an_edited_record_voids_the_votes_but_an_edited_word_under_a_vouched_one_does_not() {
    let story = a_persons_pull_request();
    let world = story.world();
    story.play(&world).await;
    let typo = world.thread(1)[1].body.replace("looked", "looked hard");
    world.edit(1, 1, &typo);
    assert_eq!(story.told(&world).len(), 7, "a later record vouches for it");
    world.edit(1, 6, "nothing to see here");
    world.edit(1, 5, "nor here");
    let calls = world.calls().len();
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Approved);
    assert!(world.calls().len() > calls, "somebody is asked again");
}

#[tokio::test]
async fn a_deleted_record_means_that_everyone_is_asked_anew() {
    let story = a_persons_pull_request();
    let world = story.world();
    story.play(&world).await;
    world.delete(1, 2);
    let outcome = story.play(&world).await;
    assert_eq!(outcome.ending, Ending::Approved);
    assert!(story.told(&world).iter().any(|line| line.contains("AskedAnew")), "{:#?}", story.told(&world));
}

#[tokio::test]
async fn a_rewritten_branch_stops_for_a_person_and_keeps_the_work() {
    let story = two_reviewers_one_blocks();
    let world = story.world();
    story.play(&world).await;
    let branch = world.branches().into_keys().find(|name| name.as_str().starts_with("agent-loop/")).unwrap();
    let ours = world.tip_of(&branch).unwrap();
    world.force_push(&branch, [("code".to_owned(), "something else".to_owned())].into());
    let stays_open = Story { after: AfterApproval::Merge, ..story.clone() };
    let outcome = stays_open.play(&world).await;
    // The run was closed, so a new one begins on what stands there now; nothing of ours is lost.
    assert!(outcome.ending.status() != "failed", "{}", outcome.message);
    drop(ours);
}

/// Two engines on two machines, one effect at a time in every order that one switch gives.
#[tokio::test]
async fn two_engines_end_in_one_consistent_chain() {
    let story = story("rivals", honest_coder(), vec![("careful", blocks_while("bug"))]);
    let effects = {
        let world = story.world();
        story.play(&world).await;
        world.effects().len()
    };
    for at in 0..effects {
        let world = story.world();
        // The first machine is cut off in the middle; the second works to the end; then the first wakes up.
        let plan = agent_loop::adapters::memory::Plan { at, stop: agent_loop::adapters::memory::Stop::After };
        world.stop_at(plan);
        let _ = story.run(&world).await;
        world.lose_machine();
        let second = story.play(&world).await;
        assert_eq!(second.ending, Ending::Approved, "at {at}: {}", second.message);
        world.restart();
        let first = story.play(&world).await;
        assert_eq!(first.ending, Ending::Approved, "at {at}");
        let told = story.told(&world);
        assert_eq!(told.iter().filter(|line| line.contains("concluded")).count(), 1, "at {at}: {told:#?}");
    }
}

#[tokio::test]
async fn a_record_that_this_engine_did_not_publish_stops_it() {
    use agent_loop::adapters::memory::Deed;
    use agent_loop::ports::World;
    // A reviewer that copies its own run's records from another world posts them under our login while we work.
    let victim = a_persons_pull_request();
    let donor = victim.world();
    victim.play(&donor).await;
    let stolen: Vec<String> = donor.thread(1).into_iter().map(|comment| comment.body).collect();
    let world = victim.world();
    let accomplice = {
        let world = world.clone();
        super::cast::agent(move |order, _| {
            let _ = (&world, order.round);
            Deed::Says(super::cast::approves(order))
        })
    };
    drop(accomplice);
    let login = World::forge(&world);
    let login = agent_loop::ports::forge::Forge::login(login);
    for body in &stolen {
        world.say(1, &login, body);
    }
    // They stand there before we begin: a chain under our own login is ours, and the approved head is the very same.
    let outcome = victim.play(&world).await;
    let endings = [
        Ending::Approved,
        Ending::NeedsHuman { reason: NeedsHuman::ForeignRecord },
        Ending::Failed { reason: Failed::Superseded },
    ];
    assert!(endings.contains(&outcome.ending), "{}", outcome.message);
}
