//! Random agents, crashes and pushes: every approval fulfils all conditions.

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::world::{MemoryWorld, Plan, Reaction, Stop};
use agent_loop::domain::agent::ResponseKind;
use agent_loop::domain::ending::Ending;
use agent_loop::domain::failure::TurnFailure;
use agent_loop::domain::item::Item;
use agent_loop::ports::agents::TurnOrder;
use agent_loop::protocol::text::ReviewVerdict;

use super::cast::{FILE, addresses_all, agent, approves, blocks, disputes_all, implementation, leaves_all};
use super::stage::{Begins, Story, story};

/// Returns a number that depends only on the seed and the text.
fn dice(seed: u64, words: impl Hash, sides: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (seed, words).hash(&mut hasher);
    hasher.finish() % sides
}

fn whims(seed: u64, order: &TurnOrder) -> u64 {
    dice(seed, (order.label.as_str(), order.kind, order.round, order.head.as_str()), 12)
}

fn random_story(seed: u64) -> Story {
    let coder = agent(move |order, tree| {
        let whim = whims(seed, order);
        if whim < 8 {
            tree.insert(FILE.to_owned(), format!("{whim} in round {}", order.round));
        }
        let is_first = order.kind == ResponseKind::Implementation;
        Reaction::Says(match whim {
            0 if is_first => "no".to_owned(),
            _ if is_first => implementation(order),
            8 => disputes_all(order),
            9 => leaves_all(order),
            10 => "nothing of use".to_owned(),
            _ => addresses_all(order),
        })
    });
    let reviewer = || {
        agent(move |order, tree| match whims(seed, order) {
            0..=4 => Reaction::Says(approves(order)),
            5..=7 => Reaction::Says(blocks(order, &format!("finding of round {}", order.round))),
            8 => Reaction::Says(format!(
                "```\n{}\n```\n<!-- AGENT_STATE: approved -->",
                blocks(order, "hidden")
            )),
            9 => Reaction::Says(approves(order).replace('}', "")),
            10 => {
                tree.insert(FILE.to_owned(), "better".to_owned());
                Reaction::Says(approves(order))
            }
            _ => Reaction::Fails(TurnFailure::Exit { code: 1, detail: String::new() }),
        })
    };
    Story {
        begins: Begins::PullRequest,
        ..story("random", coder, vec![("one", reviewer()), ("two", reviewer())])
    }
}

#[tokio::test]
async fn everybody_reviewed_the_approved_head() {
    let mut approvals = 0;
    for seed in 0..200 {
        let story = random_story(seed);
        let world = story.world();
        for command in 0..3 {
            let at = usize::try_from(dice(seed, ("crash", command), 40)).unwrap();
            if dice(seed, ("crashes", command), 2) == 0 {
                world.stop_at(Plan { at, stop: Stop::After });
            }
            let outcome = story.run(&world).await;
            world.restart();
            if let Some(outcome) = outcome.filter(|outcome| outcome.ending == Ending::Approved) {
                approvals += 1;
                assert_approved(&story, &world, seed, outcome.view.head.as_ref().unwrap());
            }
            if dice(seed, ("push", command), 3) == 0 {
                let files = [(FILE.to_owned(), format!("pushed {command}"))].into();
                world.push_as_person(&"feature".parse().unwrap(), &"main".parse().unwrap(), files);
            }
        }
        story.records(&world).assert_fold_from_anywhere();
    }
    assert!(approvals > 25, "only {approvals} approvals: the simulation shows nothing");
}

fn assert_approved(story: &Story, world: &MemoryWorld, seed: u64, head: &agent_loop::domain::ids::CommitSha) {
    let records = story.records(world);
    for (name, _) in &story.reviewers {
        let reviews = records.reviews_by(name);
        let latest = reviews.last().unwrap_or_else(|| panic!("seed {seed}: {name} never reviewed"));
        assert_eq!(latest.state, ReviewVerdict::Approved, "seed {seed}: {name}");
        assert_eq!(latest.head, *head, "seed {seed}: {name}");
    }
    let open: Vec<Item> = records.items().into_iter().filter(Item::must_fix).collect();
    assert!(open.is_empty(), "seed {seed}: {open:#?}");
    assert_eq!(world.tip_of(&"feature".parse().unwrap()).as_ref(), Some(head), "seed {seed}");
}
