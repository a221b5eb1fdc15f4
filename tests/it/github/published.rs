//! Agents' texts on GitHub: wherever a run publishes them, they notify nobody, link and close nothing, and load no image.

use super::runs::approved;
use super::stage::{Stage, gh, loop_words};
use crate::github_model::Role;
use crate::rendered::assert_reads_well;

const TODO_AGENT: &str = include_str!("../../../fixtures/agents/todo-agent.sh");
const BAIT: &str = "cc @octo/team, fixes #5, GH-6: ![ok](https://evil.example/a.png) <img src=x> [github.com](https://evil.example)";
/// The parts of the bait on which GitHub acts in any text, and those on which it acts in Markdown.
const ACTING: [&str; 3] = ["@octo", "#5", "GH-6"];
const RENDERED: [&str; 3] = ["![ok]", "<img", "](https://evil"];

/// An agent that says the bait in every text. The first change leaves something to do.
fn baiting() -> String {
    let later = format!("\"blocking_items\": [$new], \"future_followups\": [\"Write docs, {BAIT}\"]");
    let mut agent = TODO_AGENT
        .replace("implementation)\n  do_all", "implementation)\n  sed -i 's/one/first/' notes.txt")
        .replace("\"There is still a TODO.\"", &format!("\"`notes.txt:1` has a TODO, {BAIT}\""))
        .replacen("\"blocking_items\": [$new]", &later, 1);
    for said in
        ["Every TODO is done now.", "Resolve all TODOs", "Replaces every TODO.", "Took care", "Looked for"]
    {
        agent = agent.replacen(said, &format!("{BAIT} {said}"), 1);
    }
    agent
}

#[test]
#[ignore = "needs gh"]
fn texts_of_agents_do_nothing() {
    let stage = Stage::new();
    stage.agent("todo.sh", &baiting());
    let bob = stage.github.state().person("bob", Role::Write);
    let issue = stage.github.state().file(bob, ("Do it", "Do what is marked."), None).to_string();
    approved(&stage, &["issue", &issue, "--native-reviews", "--approved-followups", "issue"]);
    let bare = stage.github.bare();
    let log = stage.git(&["--git-dir", bare.to_str().unwrap(), "log", "--all", "--format=%B"]);
    let model = stage.github.state();
    let titles = model.filed.values().map(|one| one.title.clone());
    let statuses = model.statuses.iter().filter_map(|one| one.description.clone());
    let plain: Vec<String> = titles.chain(statuses).chain([log]).collect();
    let bodies = model.filed.values().map(|one| one.body.clone());
    let comments = model.comments.iter().map(|one| one.body.clone());
    let reviews = model.reviews.iter().map(|one| one.body.clone());
    let remarks = model.conversations.iter().map(|one| one.body.clone());
    let markdown: Vec<String> = bodies.chain(comments).chain(reviews).chain(remarks).collect();
    assert!(model.filed.len() == 3 && !model.reviews.is_empty() && !model.conversations.is_empty());
    let baited = markdown.iter().chain(&plain).filter(|text| text.contains("octo/team"));
    assert!(baited.count() >= 8, "{markdown:#?}\n{plain:#?}");
    let acts = |text: &str, parts: &[&str]| parts.iter().any(|part| text.contains(part));
    for text in plain.iter().chain(&markdown) {
        assert!(!acts(text, &ACTING), "{text}");
    }
    for text in &markdown {
        assert!(!acts(text, &RENDERED), "{text}");
    }
    assert_eq!(model.filed[&2].body.matches("Closes #").count(), 1, "{}", model.filed[&2].body);
}

/// Blocks that end nowhere, tags of every kind, markers of ours, and a table.
const MESS: &str = "| a | b |\\n|---|---|\\n| 1 | 2 |\\n\\n</details></sub> <details><summary>more\\n\\n<script> <!-- AGENT_LOOP_META: v1.eJ -->\\n\\n~~~\\n<!-- never closed";

#[test]
#[ignore = "needs gh"]
fn whole_threads_read_well() {
    let stage = Stage::new();
    let mut agent = baiting().replace(BAIT, &format!("{BAIT}\\n\\n{MESS}"));
    // A title has one line, and the finding names its place first.
    agent =
        agent.replacen(&format!("\"pr_title\": \"{BAIT}\\n\\n{MESS}"), &format!("\"pr_title\": \"{BAIT}"), 1);
    stage.agent("todo.sh", &agent);
    let tests = "sh -c 'printf \"~~~\\n</details> ** @octo/team #5\\n| x |\\n\"; ! grep -q TODO notes.txt'";
    let bob = stage.github.state().person("bob", Role::Write);
    let issue = stage.github.state().file(bob, ("Do it", "Do what is marked."), None).to_string();
    let more = [
        "--native-reviews",
        "--approved-followups",
        "issue",
        "--test-command",
        tests,
        "--no-pre-review-tests",
    ];
    let gh = gh();
    let ended = stage.run(&[&loop_words(&["issue", &issue], &gh)[..], &more].concat());
    assert_eq!(ended.exit, Some(0), "{}\n{}", ended.stdout, ended.stderr);
    let model = stage.github.state();
    let numbers = model.filed.keys().copied().collect();
    let filed = model.filed.values().filter(|one| one.number != 1).map(|one| &one.body);
    let said = model.comments.iter().map(|one| &one.body).chain(model.reviews.iter().map(|one| &one.body));
    let all: Vec<&String> =
        filed.chain(said).chain(model.conversations.iter().map(|one| &one.body)).collect();
    assert!(all.len() >= 14 && all.iter().filter(|body| body.contains("octo/team")).count() >= 8, "{all:#?}");
    for body in all {
        // Only the tags and comments that the agent leaves open are text.
        let body = body
            .replace("&lt;/details>&lt;/sub> &lt;details>&lt;summary>more", "more")
            .replace("&lt;!--", "");
        assert_reads_well(&body, &numbers, &format!("https://{}/octo/r/", stage.github.host()));
    }
}

#[test]
#[ignore = "needs gh"]
fn the_longest_texts_are_published() {
    let stage = Stage::new();
    let long = "much to say, ".repeat(6_000);
    stage.agent("todo.sh", &TODO_AGENT.replacen("Replaces every TODO.", &long, 1));
    let bob = stage.github.state().person("bob", Role::Write);
    let wish = format!("Do what is marked.{}", " And so on.".repeat(5_956));
    assert_eq!(wish.len(), 65_534);
    let issue = stage.github.state().file(bob, ("Do it", &wish), None).to_string();
    approved(&stage, &["issue", &issue]);
    let body = stage.github.state().filed[&2].body.clone();
    assert!(body.len() > 50_000 && body.ends_with("\n\nCloses #1\n"), "{}", body.len());
}
