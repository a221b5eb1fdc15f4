//! Threads that another login wrote, on another machine: they are continued only where a person trusts that login.

use std::fs;

use super::stage::{Ended, Stage, gh, loop_words};
use crate::github_model::Role;

const TODO_AGENT: &str = include_str!("../../../fixtures/agents/todo-agent.sh");
const TOKEN_OF_BOB: &str = "token-of-bob-0123456789";

fn run_as_bob(stage: &Stage, words: &[&str]) -> Ended {
    let gh = gh();
    let ended = stage.run_with(&loop_words(words, &gh), &[("GH_ENTERPRISE_TOKEN", TOKEN_OF_BOB)]);
    fs::remove_dir_all(stage.root().join("state")).unwrap();
    ended
}

#[test]
#[ignore = "needs gh"]
fn only_trusted_logins_are_continued() {
    let stage = Stage::new();
    let bob = stage.github.login("bob", Role::Write, TOKEN_OF_BOB);
    let careless =
        TODO_AGENT.replacen("implementation)\n  do_all", "implementation)\n  echo more > more.txt", 1);
    stage.agent("todo.sh", &careless);
    let begun = run_as_bob(&stage, &["task", "Do what is marked", "--max-rounds", "1"]).json();
    assert_eq!(begun["status"], "blocked", "{begun}");
    let (number, finding) = (begun["pr"].to_string(), &begun["items"]["open"][0]);
    stage.agent("todo.sh", TODO_AGENT);
    stage.github.calls();
    let gh = gh();
    let words = loop_words(&["pr", &number, "--max-rounds", "3"], &gh);
    let refused = stage.run(&words);
    let message = refused.json()["message"].to_string();
    assert_eq!(refused.exit, Some(2), "{message}");
    assert!(message.contains("by bob") && message.contains("trust.recorders"), "{message}");
    assert!(
        stage.github.calls().iter().all(|call| call.method == "GET" || call.path == "graphql"),
        "nothing was written"
    );
    let folder = stage.root().join(".config/agent-loop");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), "[trust]\nrecorders = [\"bob\"]\n").unwrap();
    let ended = stage.run(&words);
    assert_eq!(ended.json()["status"], "approved", "{}\n{}", ended.stdout, ended.stderr);
    let model = stage.github.state();
    let resolved = format!("`{}` resolved", finding["id"].as_str().unwrap());
    let says = |author: u64, text: &str| {
        model.comments.iter().any(|one| one.author == Some(author) && one.body.contains(text))
    };
    let ada = model.people.values().find(|one| one.login == "ada").unwrap().id;
    assert!(says(bob, "blocks") && says(ada, &resolved), "the findings of that thread are continued");
    drop(model);
    let verified = stage.run(&["verify", &format!("pr/{number}")]);
    assert_eq!(verified.exit, Some(0), "{}", verified.stdout);
}
