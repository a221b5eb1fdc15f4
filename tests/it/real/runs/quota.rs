//! Tests of used-up quotas during a review: the run is parked until the exact instant, and then resumes.

use std::sync::{Arc, Mutex};

use agent_loop::adapters::clock::SystemClock;
use agent_loop::ports::clock::Clock;
use jiff::Timestamp;

use super::super::home::Login;
use super::super::program::Program;
use super::answers::{followed_up, items, reviewed, runs};
use super::stage::{Stage, Told};
use crate::model::{Answer, Scenario, Seen, Window};

/// A duration longer than a turn, in seconds.
const WAIT: i64 = 4;

fn used_up(epoch: i64) -> Answer {
    Answer::QuotaReset { epoch, window: Window::FiveHours }
}

fn now() -> i64 {
    SystemClock.now().as_second()
}

/// Returns the instant of the reset, in seconds since 1970.
fn resets_at(parked: &Told) -> i64 {
    let text = parked.outcome["resets_at"].as_str().unwrap();
    text.parse::<Timestamp>().unwrap().as_second()
}

/// Checks that only the reviewer without quota is asked again after the reset.
fn is_parked_and_resumed(tired: Program, other: Program) {
    let stage = Stage::with_pull_request(&[tired, other], Login::Subscription);
    stage.plays(other, reviewed(&[], &[]));
    let later = now() + 4 * 3600;
    stage.plays(tired, used_up(later));
    let words = ["pr", "1", "--coder", other.name(), "--reviewer", other.name(), "--reviewer", tired.name()];
    let parked = stage.run(&words);
    parked.assert(3, "parked");
    assert_eq!(parked.failed(), ["quota"]);
    assert_eq!(resets_at(&parked), later);
    assert_eq!(parked.voters(), [other.name()], "the vote that was given stays");
    let nothing = stage.ours(&["resume", "--due"]);
    assert_eq!((nothing.exit, nothing.stdout.as_str()), (Some(0), ""), "it is not due");
    assert_eq!(stage.turns(tired), 1);

    // A command that names the subject asks at once, and gets another instant, which has passed.
    let past = now() - 30;
    stage.plays(tired, used_up(past));
    let parked = stage.resume(&["pr/1"]);
    parked.assert(3, "parked");
    assert!(resets_at(&parked) <= now(), "{}", parked.outcome);
    let list = stage.ours(&["resume", "--list"]);
    assert!(list.stdout.contains("can be resumed now"), "{}", list.stdout);

    stage.plays(tired, reviewed(&[], &[]));
    let done = stage.resume(&["--due"]);
    done.assert(0, "approved");
    assert_eq!(done.asked(), [tired.name()]);
    assert_eq!(stage.turns(other), 1, "who has voted is not asked again");
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn claude_is_parked_and_resumed() {
    is_parked_and_resumed(Program::Claude, Program::Codex);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn codex_is_parked_and_resumed() {
    is_parked_and_resumed(Program::Codex, Program::Claude);
}

#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn a_reset_in_seconds_is_awaited() {
    let stage = Stage::with_pull_request(&[Program::Claude], Login::Subscription);
    // The time of the request and the announced reset.
    let asked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&asked);
    let thought = move |_: &Seen| {
        let mut noted = noted.lock().unwrap();
        noted.push(now());
        if noted.len() == 1 { used_up(now() + WAIT) } else { reviewed(&[], &[]) }
    };
    stage.plays(Program::Claude, Scenario::thinks(thought));
    let told = stage.run(&["pr", "1", "--coder", "claude", "--reviewer", "claude"]);
    told.assert(0, "approved");
    assert_eq!(told.failed(), ["quota"]);
    let asked = asked.lock().unwrap().clone();
    assert!(asked.len() == 2 && asked[1] >= asked[0] + WAIT, "{asked:?}");
}

/// The coder's quota is used up in its second turn, after half of the change; the resumed run continues with the files
/// that were written.
#[test]
#[ignore = "needs the pinned agent programs: .ci/programs"]
fn a_coder_parked_midway_resumes() {
    let (claude, codex) = (Program::Claude, Program::Codex);
    let stage = Stage::with_pull_request(&[claude, codex], Login::Subscription);
    stage.plays(
        codex,
        Scenario::thinks(|seen| {
            let known = items(seen);
            let findings: &[&str] =
                match (seen.prompt.contains("+two herons"), seen.prompt.contains("+one egret")) {
                    (false, _) => &["There were two herons."],
                    (true, false) => &["There was an egret."],
                    (true, true) => &[],
                };
            reviewed(&known, findings)
        }),
    );
    // The run itself waits once for a quota that resets soon.
    let first = runs("echo two herons > herons.txt", followed_up(&["item-1".to_owned()]));
    let cut_off = runs("echo one egret > egrets.txt", used_up(now() - 30));
    stage.plays(claude, Scenario::script([first, cut_off.clone(), cut_off]));
    let parked = stage.run(&["pr", "1", "--coder", "claude", "--reviewer", "codex"]);
    parked.assert(3, "parked");
    assert_eq!(parked.asked(), ["codex", "claude", "codex", "claude", "claude"]);

    stage.plays(claude, Scenario::thinks(|seen| runs("cat egrets.txt", followed_up(&items(seen)))));
    let done = stage.resume(&["--due"]);
    done.assert(0, "approved");
    assert_eq!(done.asked(), ["claude", "codex"], "nobody who has answered is asked again");
    assert_eq!(done.outcome["rounds"], 3);
    assert_eq!(
        stage.git(&["show", "feature:egrets.txt"]),
        "one egret",
        "what was written before is not lost"
    );
    assert_eq!(stage.git(&["show", "feature:herons.txt"]), "two herons");
}
