//! Supervised children: bounded output, ended trees, leftovers of a dead engine. A binary of its own, one test at a
//! time: the last supervised child of a process sweeps every orphan, and other tests have children too.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use agent_loop::adapters::process::children::{Row, end_leftovers};
use agent_loop::adapters::process::command::CommandLine;
use agent_loop::adapters::process::exit::Exit;
use agent_loop::adapters::process::listener::{Collector, Deaf};
use agent_loop::adapters::process::supervise::{End, Ended, Job, Manners, supervise};
use agent_loop::adapters::process::tree::{Root, Strays, TOKEN, members};
use agent_loop::ports::cancellation::{Cancellation, Urgency, cancellation};

/// Only one test at a time.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn job(folder: &Path, token: &str, script: &str) -> Job {
    let path = [("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())];
    let command = CommandLine::new("sh", folder, BTreeMap::from(path)).arguments(["-c", script]);
    Job {
        command,
        token: token.to_owned(),
        children: folder.join("children"),
        log: folder.join(format!("{token}.log")),
        deadline: Duration::from_mins(1),
        idle: None,
        manners: Manners::Terminate,
    }
}

async fn collected(job: &Job, cancellation: Cancellation) -> (Ended, Vec<u8>) {
    let mut collector = Collector::new(1000);
    let ended = supervise(job, &mut collector, cancellation).await;
    (ended, collector.into_bytes())
}

fn alive(token: &str) -> usize {
    members(Root { pid: None, token, strays: Strays::Unknown }).len()
}

#[tokio::test]
async fn output_is_kept_in_bounds_and_all_of_it_goes_to_the_log() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let job = job(folder.path(), "bounded", "head -c 20000000 /dev/zero | tr '\\0' x; echo oops >&2");
    let (ended, stdout) = collected(&job, cancellation().1).await;
    assert_eq!((ended.end, stdout.len(), ended.stderr.as_str()), (End::Exited(Exit::Code(0)), 1001, "oops"));
    assert!(std::fs::metadata(job.log).unwrap().len() > 20_000_000);
}

#[tokio::test]
async fn a_prompt_that_nobody_reads_does_not_block() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let mut job = job(folder.path(), "deaf", "exit 3");
    job.command.input = vec![b'x'; 10_000_000];
    assert_eq!(supervise(&job, &mut Deaf, cancellation().1).await.end, End::Exited(Exit::Code(3)));
}

#[tokio::test]
async fn what_a_child_leaves_running_in_another_session_is_ended_with_it() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let job = job(folder.path(), "leaver", "setsid sleep 1000 & (setsid sleep 1000 &) ; echo done");
    let (ended, stdout) = collected(&job, cancellation().1).await;
    assert_eq!((ended.end, stdout), (End::Exited(Exit::Code(0)), b"done\n".to_vec()));
    assert_eq!(alive("leaver"), 0);
}

#[tokio::test]
async fn a_child_that_ignores_term_is_ended_when_it_has_to_be() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let job = job(folder.path(), "stubborn", "trap '' TERM; while :; do sleep 0.05; done");
    let (canceller, cancellation) = cancellation();
    canceller.raise(Urgency::Kill);
    assert_eq!(supervise(&job, &mut Deaf, cancellation).await.end, End::Cancelled);
    assert_eq!(alive("stubborn"), 0);
}

#[tokio::test]
async fn a_program_that_is_not_there_is_a_value() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let mut job = job(folder.path(), "absent", "");
    job.command.program = "no-such-program".into();
    assert!(matches!(supervise(&job, &mut Deaf, cancellation().1).await.end, End::NotStarted(_)));
}

#[tokio::test]
async fn leftovers_of_a_dead_engine_are_ended_even_if_only_their_token_is_known() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("children");
    let token = format!("orphan-{}", std::process::id());
    std::mem::forget(Row::announce(&table, &token).unwrap());
    #[expect(clippy::disallowed_methods, reason = "a process that nobody supervises")]
    let mut orphan = std::process::Command::new("sleep").arg("1000").env(TOKEN, &token).spawn().unwrap();
    while alive(&token) == 0 {
        std::thread::yield_now();
    }
    end_leftovers(&table).unwrap();
    // Who takes in its end, we or the sweep, does not matter.
    let _: std::io::Result<_> = orphan.wait();
    assert_eq!((alive(&token), std::fs::read_dir(&table).unwrap().count()), (0, 0));
}
