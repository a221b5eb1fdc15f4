//! Threads and journals of an earlier version, in `fixtures/stories`: this version reads them, continues from any moment,
//! performs as many actions, and publishes the same texts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use agent_loop::cli::view::outcome;
use agent_loop::cli::view::place::CommandPlace;
use agent_loop::engine::outcome::Outcome;
use agent_loop::ports::journal::Entry;

use crate::rendered::assert_reads_well;
use crate::world::{History, MemoryWorld};

use super::catalogue::every_story;
use super::end::{End, has_ended_for_good};
use super::records;
use super::stage::Story;

/// Returns the history of a story as written by the first version that had it. Only that of a new story is ever written.
async fn history(name: &str, story: &Story) -> History {
    let path = PathBuf::from(format!("fixtures/stories/{name}/history.jsonl"));
    #[expect(clippy::disallowed_methods, reason = "a developer's switch for new stories")]
    let save = std::env::var_os("SAVE_NEW_STORIES").is_some();
    if save && !path.exists() {
        let world = story.world();
        world.record_history();
        story.play(&world).await;
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, world.history().unwrap().text().unwrap()).unwrap();
    }
    let text = fs::read_to_string(&path).unwrap_or_else(|error| {
        panic!("{}: {error}: SAVE_NEW_STORIES=1 cargo test --test it saved", path.display())
    });
    History::parse(&text).unwrap()
}

/// Creates a world in the state of a history after this number of moments.
fn world_at(story: &Story, history: &History, moments: usize) -> MemoryWorld {
    let world = story.world();
    world.restore(history, moments).unwrap();
    world
}

/// Compares a text with the saved one in the folder of a story.
fn assert_kept(story: &str, name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(format!("../../../fixtures/stories/{story}"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

async fn assert_reads_back(name: &str, story: &Story) {
    let history = history(name, story).await;
    let world = world_at(story, &history, history.moments().len());
    let mut records = 0;
    for body in bodies(&world) {
        let line = records::rewritten(&body).unwrap_or_else(|| panic!("{name}: {body}"));
        assert!(body.ends_with(&line), "{name}: {body}\n{line}");
        records += 1;
    }
    assert!(records > 0, "{name}: no record was saved");
    for (subject, written) in history.journal_entries().unwrap() {
        let read = world.journal_entries().remove(&subject).unwrap_or_default();
        assert_eq!(read.len(), written.len(), "{name}: {subject}");
        for (read, written) in read.iter().zip(written.values()) {
            assert_eq!(serde_json::to_value(read).unwrap(), *written, "{name}: {subject}");
        }
    }
    let folded = records::folded(&world).into_iter();
    let text: Vec<String> = folded.map(|(chain, end)| format!("{chain}\n{end}\n")).collect();
    assert_kept(name, "fold", &text.join("\n"));
}

/// Returns every record of a world, in threads and journals.
fn bodies(world: &MemoryWorld) -> Vec<String> {
    let comments = world.threads().into_values().flatten().map(|comment| comment.body.to_string());
    let local = world.journal_entries().into_values().flatten().filter_map(Entry::into_record);
    comments.filter(|body| records::is_record(body)).chain(local).collect()
}

async fn assert_continues_from_anywhere(name: &str, story: &Story) {
    let history = history(name, story).await;
    let whole = story.world();
    let outcome = story.play(&whole).await;
    let (end, summaries) = (End::of(&whole, &outcome), story.summaries(&whole));
    let mut tried = 0;
    for (index, moment) in history.moments().iter().enumerate() {
        let world = world_at(story, &history, index + 1);
        if !moment.is_durable() || has_ended_for_good(&story.summaries(&world), &summaries) {
            continue;
        }
        // Such a vote has no nonce, so the reviewer is asked again, for which some stories have no budget or retries.
        if records::holds_unpublished_vote(&world) {
            continue;
        }
        tried += 1;
        let outcome = story.play(&world).await;
        let place = format!("{name}, after moment {index} ({}): {}", moment.effect, outcome.message);
        assert_eq!(End::of(&world, &outcome), end, "{place}");
        assert_eq!(story.summaries(&world), summaries, "{place}");
        story.assert_no_finished_turn_was_repeated(&world);
    }
    assert!(tried >= 5, "{name}: only {tried} moments");
}

async fn assert_counts_and_words(name: &str, story: &Story) {
    let world = story.world();
    let outcome = story.play(&world).await;
    assert_kept(name, "numbers", &numbers(&world));
    assert_kept(name, "comments", &comments(&world));
    let threads = world.threads();
    let numbers: BTreeSet<u64> = (1..=threads.keys().copied().max().unwrap_or(0) + 9).collect();
    for comment in threads.into_values().flatten() {
        assert_reads_well(&comment.body, &numbers, "http");
    }
    assert_kept(name, "outcome", &words(&outcome));
}

/// Returns the numbers of all actions.
fn numbers(world: &MemoryWorld) -> String {
    let mut text = String::new();
    let turns = world.calls().into_iter().map(|call| call.split(" round").next().unwrap().to_owned());
    table(&mut text, "turns", turns);
    let in_threads = world.threads().into_iter().flat_map(|(number, comments)| {
        comments.into_iter().map(move |comment| (format!("#{number}"), comment.body.to_string()))
    });
    let in_journals = world.journal_entries().into_iter().flat_map(|(subject, entries)| {
        let bodies = entries.into_iter().filter_map(Entry::into_record);
        bodies.map(move |body| (format!("journal of {subject}"), body)).collect::<Vec<_>>()
    });
    let kind = |(place, body): (String, String)| {
        let kind = records::kind(&body).unwrap_or_else(|| "no record".to_owned());
        format!("{place} {kind}")
    };
    table(&mut text, "comments and records", in_threads.chain(in_journals).map(kind));
    counted(&mut text, "reads of the forge", world.forge_reads());
    counted(&mut text, "writes to the forge", world.forge_writes());
    table(&mut text, "effects", world.effects());
    text
}

/// Returns the number of occurrences of each text.
fn table(text: &mut String, title: &str, all: impl IntoIterator<Item = impl ToString>) {
    let mut counts = BTreeMap::new();
    for one in all {
        *counts.entry(one.to_string()).or_insert(0_usize) += 1;
    }
    counted(text, title, counts);
}

fn counted(text: &mut String, title: &str, counts: impl IntoIterator<Item = (impl ToString, usize)>) {
    writeln!(text, "{title}").unwrap();
    for (name, count) in counts {
        writeln!(text, "  {count:>3} {}", name.to_string()).unwrap();
    }
}

/// Returns the visible text of every thread.
fn comments(world: &MemoryWorld) -> String {
    let mut text = String::new();
    for (number, comments) in world.threads() {
        for comment in comments {
            writeln!(text, "=== #{number}, {}\n{}", comment.author, records::visible(&comment.body)).unwrap();
        }
    }
    text
}

/// Returns the outcome for people and for scripts.
fn words(outcome: &Outcome) -> String {
    let next = outcome::next_command(outcome);
    let json = serde_json::to_string_pretty(&outcome::json(outcome, &next)).unwrap();
    format!("{}\n{json}\n", outcome::text(outcome, &next, &CommandPlace::default()))
}

/// Kinds of records that no story makes.
#[test]
fn other_records_render() {
    let text = fs::read_to_string("fixtures/stories/made_up_records/records.json").unwrap();
    let made_up: Vec<records::MadeUp> = serde_json::from_str(&text).unwrap();
    let mut machines = BTreeMap::new();
    let mut comments = String::new();
    for record in &made_up {
        let comment = records::comment_of(record, &mut machines);
        assert_reads_well(&comment, &(1..100).collect(), "http");
        writeln!(comments, "=== {}\n{comment}", record.title).unwrap();
    }
    assert_kept("made_up_records", "comments", &comments);
}

macro_rules! saved_tests {
    ($($story:ident: $least:literal),* $(,)?) => {
        $(mod $story {
            use super::super::catalogue;

            #[tokio::test]
            async fn reads_back() {
                super::assert_reads_back(stringify!($story), &catalogue::$story()).await;
            }

            #[tokio::test]
            async fn continues_from_anywhere() {
                super::assert_continues_from_anywhere(stringify!($story), &catalogue::$story()).await;
            }

            #[tokio::test]
            async fn has_the_same_counts_and_texts() {
                super::assert_counts_and_words(stringify!($story), &catalogue::$story()).await;
            }
        })*
    };
}

every_story!(saved_tests);
