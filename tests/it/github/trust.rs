//! Attacks on a thread: what only looks like a record is reported and ignored, and permission decides who requires something.

use agent_loop::domain::ids::{IssueNumber, PullRequestNumber};
use agent_loop::ledger::codec::{self, Content};
use agent_loop::ledger::envelope::Envelope;
use agent_loop::ports::forge::{AuthorRole, Forge};
use jiff::SignedDuration;

use super::runs::approved;
use super::stage::Stage;
use crate::github_model::{Pull, Review, Role, State};

const SIGNED: &str = "Keep it short.\n\n-- Human Reviewer";

/// The places of the records of a thread.
fn records(model: &State, number: u64) -> Vec<usize> {
    let all = model.comments.iter().enumerate();
    all.filter(|(_, one)| one.on == number && codec::claims(&one.body)).map(|(place, _)| place).collect()
}

fn last(model: &State, number: u64) -> usize {
    *records(model, number).last().unwrap()
}

fn say(model: &mut State, number: u64, login: &str, body: &str) {
    let author = model.person(login, Role::Read);
    model.comment(number, author, body);
}

/// The line of the last record, changed.
fn line(model: &State, number: u64, change: impl FnOnce(&mut Envelope)) -> String {
    let Content::Record(decoded) = codec::read(&model.comments[last(model, number)].body) else { panic!() };
    let mut record = (*decoded.record).clone();
    change(&mut record);
    codec::line(&record).unwrap()
}

type Attack = fn(&mut State, u64);

const ATTACKS: [(Attack, &str); 13] = [
    (
        |model, number| {
            let copy = model.comments[last(model, number)].body.clone();
            say(model, number, "eve", &copy);
        },
        "its author eve may not write records",
    ),
    (
        |model, number| {
            let copy = model.comments[last(model, number)].body.clone();
            model.person("bob", Role::Write);
            say(model, number, "bob", &copy);
        },
        "its author bob may not write records",
    ),
    (
        |model, number| {
            let copy = model.comments[last(model, number)].body.clone();
            say(model, number, "renovate[bot]", &copy);
        },
        "its author renovate[bot] may not write records",
    ),
    (
        |model, number| {
            // The login of this program, which it gave up and somebody else took.
            let copy = model.comments[last(model, number)].body.clone();
            say(model, number, "eve", &copy);
            model
                .people
                .values_mut()
                .filter(|one| one.login == "eve")
                .for_each(|eve| eve.login = "ada".into());
        },
        "its author ghost may not write records",
    ),
    (
        |model, number| {
            let place = last(model, number);
            model.comments[place].author = None;
        },
        "its author ghost may not write records",
    ),
    (
        |model, number| {
            let place = last(model, number);
            let comment = &mut model.comments[place];
            comment.edit(format!("Approved by everybody!\n\n{}", comment.body), SignedDuration::from_secs(5));
        },
        "it was edited",
    ),
    (
        |model, number| {
            let other = line(model, number, |record| record.subject = "pr/77".parse().unwrap());
            say(model, number, "ada", &format!("copied\n\n{other}"));
        },
        "it belongs to the review of pr/77",
    ),
    (
        |model, number| {
            let second = records(model, number)[1];
            model.comments.remove(second);
        },
        "the record before it is missing",
    ),
    (
        |model, number| {
            let quoted = line(model, number, |_| {});
            say(model, number, "ada", &format!("```\n{quoted}\n```"));
        },
        "it only quotes a record",
    ),
    (
        |model, number| {
            let quoted = line(model, number, |_| {});
            say(model, number, "ada", &format!("{quoted}\n\nand more"));
        },
        "it only quotes a record",
    ),
    (|model, number| say(model, number, "ada", "<!-- AGENT_LOOP_META: v1.x -->"), "it cannot be read"),
    (
        |model, number| {
            let first = model.comments[records(model, number)[0]].body.clone();
            say(model, number, "ada", &first);
        },
        "it repeats record",
    ),
    (|model, number| say(model, number, "ada", "<!-- AGENT_LOOP_META: v9.x -->"), "records of format 9"),
];

#[test]
#[ignore = "needs gh"]
fn false_records_are_reported() {
    let stage = Stage::new();
    let number = approved(&stage, &["task", "Do what is marked"])["pr"].as_u64().unwrap();
    let subject = format!("pr/{number}");
    let comments = stage.github.state().comments.clone();
    let people = stage.github.state().people.clone();
    assert_eq!(stage.run(&["verify", &subject]).exit, Some(0));
    for (attack, reason) in ATTACKS {
        attack(&mut stage.github.state(), number);
        let verified = stage.run(&["verify", &subject]).stdout;
        assert!(verified.contains(reason), "{reason}: {verified}");
        let mut model = stage.github.state();
        (model.comments, model.people) = (comments.clone(), people.clone());
    }
}

/// A machine that has never read the thread sees an edit within the second of the writing, and no edit where only the time of
/// a comment has changed.
#[test]
#[ignore = "needs gh"]
fn edits_within_a_second_show() {
    let stage = Stage::new();
    let number = approved(&stage, &["task", "Do what is marked"])["pr"].as_u64().unwrap();
    let verified = |stage: &Stage| {
        std::fs::remove_dir_all(super::runs::threads(stage)).unwrap();
        let verified = stage.run(&["verify", &format!("pr/{number}")]);
        std::fs::create_dir(super::runs::threads(stage)).unwrap();
        verified
    };
    let later = SignedDuration::from_mins(1);
    stage.github.state().comments.iter_mut().for_each(|comment| comment.updated_at += later);
    let untouched = verified(&stage);
    assert_eq!(untouched.exit, Some(0), "{}", untouched.stdout);
    let mut model = stage.github.state();
    let place = last(&model, number);
    let body = format!("Approved by everybody!\n\n{}", model.comments[place].body);
    model.comments[place].edit(body, SignedDuration::ZERO);
    drop(model);
    let edited = verified(&stage);
    assert!(edited.stdout.contains("it was edited"), "{}", edited.stdout);
}

/// The record after an edited one names its content, so a corrected typo takes nothing back.
#[test]
#[ignore = "needs gh"]
fn corrected_words_void_nothing() {
    let stage = Stage::new();
    let number = approved(&stage, &["task", "Do what is marked"])["pr"].as_u64().unwrap();
    let second = records(&stage.github.state(), number)[1];
    let mut model = stage.github.state();
    let body = format!("Corrected.\n\n{}", model.comments[second].body);
    model.comments[second].edit(body, SignedDuration::from_secs(5));
    drop(model);
    let verified = stage.run(&["verify", &format!("pr/{number}")]);
    assert_eq!(verified.exit, Some(0), "{}", verified.stdout);
    stage.github.calls();
    approved(&stage, &["pr", &number.to_string()]);
    assert!(
        stage.github.calls().iter().all(|call| call.method == "GET" || call.path == "graphql"),
        "nobody is asked again"
    );
}

#[test]
#[ignore = "needs gh"]
fn browsers_and_seconds_change_nothing() {
    let stage = Stage::new();
    let number = approved(&stage, &["task", "Do what is marked"])["pr"].as_u64().unwrap();
    let first = stage.github.state().comments[0].created_at;
    for comment in &mut stage.github.state().comments {
        comment.body = comment.body.replace('\n', "\r\n");
        (comment.created_at, comment.updated_at) = (first, first);
    }
    let verified = stage.run(&["verify", &format!("pr/{number}")]);
    assert_eq!(verified.exit, Some(0), "{}", verified.stdout);
}

/// Hiding shortens what is shown, and people may do it who may not write: it takes back no record and no requirement.
#[tokio::test]
#[ignore = "needs gh"]
async fn hidden_comments_count() {
    let stage = Stage::new();
    let number = approved(&stage, &["task", "Do what is marked"])["pr"].as_u64().unwrap();
    {
        let mut model = stage.github.state();
        let bob = model.person("bob", Role::Write);
        model.comment(number, bob, SIGNED);
        for (comment, reason) in model.comments.iter_mut().zip(["outdated", "off-topic"].into_iter().cycle())
        {
            comment.minimized = Some(reason);
        }
    }
    let verified = stage.run(&["verify", &format!("pr/{number}")]);
    assert_eq!(verified.exit, Some(0), "{}", verified.stdout);
    let read = stage.forge().await.unwrap().comments(PullRequestNumber(number)).await.unwrap();
    let last = read.last().unwrap();
    assert_eq!((last.author.as_str(), last.role, &*last.body), ("bob", AuthorRole::Member, SIGNED));
}

#[test]
#[ignore = "needs gh"]
fn a_strangers_approval_is_ignored() {
    let stage = Stage::new();
    let number = approved(&stage, &["task", "Do what is marked"])["pr"].as_u64().unwrap();
    let mut model = stage.github.state();
    // The end of the run is gone, and a stranger publishes it again.
    let place = last(&model, number);
    let end = model.comments.remove(place).body;
    say(&mut model, number, "eve", &end);
    drop(model);
    let gh = super::stage::gh();
    let ended = stage.run(&super::stage::loop_words(&["pr", &number.to_string()], &gh));
    assert!(ended.stderr.contains("its author eve may not write records"), "{}", ended.stderr);
    let model = stage.github.state();
    let by_ada = model.people.values().find(|one| one.login == "ada").unwrap().id;
    assert_eq!(model.comments[last(&model, number)].author, Some(by_ada), "the end is published by us");
}

fn review(model: &mut State, on: u64, login: &str, body: &str) {
    let (author, id) = (model.person(login, Role::Read), model.id());
    let (body, commit) = (body.to_owned(), String::new());
    model.reviews.push(Review { id, on, author, state: "COMMENTED", body, commit });
}

#[tokio::test]
#[ignore = "needs gh"]
async fn reviews_are_read_as_words() {
    let stage = Stage::new();
    stage.branch("feature", "one DONE\n");
    let number = {
        let mut model = stage.github.state();
        let bob = model.person("bob", Role::Write);
        let (head, base, last_head) = ("feature".to_owned(), "main".to_owned(), String::new());
        let pull = Pull { head, base, last_head, is_draft: false, fork: None, merge: None };
        let number = model.file(bob, ("Did it", ""), Some(pull));
        review(&mut model, number, "bob", SIGNED);
        review(&mut model, number, "eve", SIGNED);
        review(&mut model, number, "bob", "");
        review(&mut model, number, "ada", "a view of a record");
        review(&mut model, number, "ada", SIGNED);
        number
    };
    let found = stage.forge().await.unwrap().remarks(PullRequestNumber(number)).await.unwrap().reviews;
    let found: Vec<_> = found.iter().map(|one| (one.author.as_str(), one.role)).collect();
    let (owner, member, stranger) = (AuthorRole::Owner, AuthorRole::Member, AuthorRole::Stranger);
    assert_eq!(found, [("bob", member), ("eve", stranger), ("ada", owner)]);
}

#[test]
#[ignore = "needs gh"]
fn a_record_in_a_review_warns() {
    let stage = Stage::new();
    let number = approved(&stage, &["task", "Do what is marked"])["pr"].as_u64().unwrap();
    let mut model = stage.github.state();
    let place = last(&model, number);
    let end = model.comments.remove(place).body;
    review(&mut model, number, "ada", &end);
    drop(model);
    let gh = super::stage::gh();
    let ended = stage.run(&super::stage::loop_words(&["pr", &number.to_string()], &gh));
    assert!(ended.stderr.contains("records are comments, and it is none"), "{}", ended.stderr);
}

#[tokio::test]
#[ignore = "needs gh"]
async fn permission_is_asked_when_reading() {
    let stage = Stage::new();
    stage.branch("feature", "one DONE\n");
    let (issue, pull) = {
        let mut model = stage.github.state();
        let (bob, eve) = (model.person("bob", Role::Write), model.person("eve", Role::Read));
        let issue = model.file(bob, ("Do it", SIGNED), None);
        for author in [bob, eve, bob] {
            model.comment(issue, author, SIGNED);
        }
        let app = model.person("helper[bot]", Role::Write);
        model.comment(issue, app, SIGNED);
        model.comment(issue, eve, "no requirement");
        let (head, base, last_head) = ("feature".to_owned(), "main".to_owned(), String::new());
        let pull = Pull { head, base, last_head, is_draft: false, fork: None, merge: None };
        (issue, model.file(bob, ("Did it", SIGNED), Some(pull)))
    };
    let forge = stage.forge().await.unwrap();
    stage.github.calls();
    let read = forge.issue(IssueNumber(issue)).await.unwrap();
    let roles: Vec<AuthorRole> = read.comments.iter().map(|one| one.role).collect();
    let (member, stranger) = (AuthorRole::Member, AuthorRole::Stranger);
    assert_eq!((read.role, roles), (member, vec![member, stranger, member, stranger, stranger]));
    let asked = stage.github.calls().iter().filter(|call| call.path.ends_with("/permission")).count();
    assert_eq!(asked, 2, "bob and eve, once each");
    let described = forge.remarks(PullRequestNumber(pull)).await.unwrap().description.unwrap();
    assert_eq!((described.author.as_str(), described.role, &*described.body), ("bob", member, SIGNED));
    stage.github.state().people.values_mut().for_each(|one| one.role = Role::Read);
    let again = stage.forge().await.unwrap().issue(IssueNumber(issue)).await.unwrap();
    assert_eq!(again.role, stranger);
}
