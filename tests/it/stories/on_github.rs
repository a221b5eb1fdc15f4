//! The stories of the catalogue on GitHub: the end and the records are those of the in-memory forge.

use agent_loop::ports::forge::Forge;

use crate::world::GithubWorld;

use super::catalogue::{self, every_story};
use super::end::End;
use super::stage::Story;

async fn ends_the_same(story: &Story) {
    let github = GithubWorld::of(story.world()).await;
    let world = story.world().of_repository(github.forge().repository_id());
    let outcome = story.play(&world).await;
    let expected = (End::of(&world, &outcome), story.summaries(&world));
    let (github, outcome) = story.run_on(github).await;
    let (world, outcome) = (github.to_memory(), outcome.unwrap());
    let message = format!("{}: {}", story.name, outcome.message);
    assert_eq!((End::of(&world, &outcome), story.summaries(&world)), expected, "{message}");
}

macro_rules! github_tests {
    ($($story:ident: $least:literal),* $(,)?) => {
        $(#[tokio::test]
        #[ignore = "needs gh"]
        async fn $story() {
            ends_the_same(&catalogue::$story()).await;
        })*
    };
}

every_story!(github_tests);
