//! Supervised children on Linux: bounded output, ended trees, leftovers of a dead engine. A binary of its own, one test at a
//! time: the last supervised child of a process sweeps every orphan, and other tests have children too.

#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use agent_loop::adapters::process::capture::capture;
use agent_loop::adapters::process::command::CommandLine;
use agent_loop::adapters::process::exit::Exit;
use agent_loop::adapters::process::output::lines::Lines;
use agent_loop::adapters::process::output::listener::{Collector, Discard};
use agent_loop::adapters::process::supervision::children::{ChildRecord, end_leftovers};
use agent_loop::adapters::process::supervision::stop::StopSequence;
use agent_loop::adapters::process::supervision::tree::{MARKER, Orphans, Root, members};
use agent_loop::adapters::process::supervision::{End, Ended, Job, supervise};
use agent_loop::ports::cancellation::{Cancellation, Urgency, cancellation};

/// Only one test at a time.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

fn job(folder: &Path, marker: &str, script: &str) -> Job {
    let path = [("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())];
    let command = CommandLine::new("sh", folder, BTreeMap::from(path)).arguments(["-c", script]);
    Job {
        command,
        marker: marker.to_owned(),
        children: folder.join("children"),
        log: folder.join(format!("{marker}.log")),
        deadline: Duration::from_mins(1),
        idle: None,
        stop: StopSequence::Terminate,
    }
}

async fn collected(job: &Job, cancellation: Cancellation) -> (Ended, Vec<u8>) {
    let mut collector = Collector::new(1000);
    let ended = supervise(job, &mut collector, cancellation).await;
    (ended, collector.into_bytes())
}

fn alive(marker: &str) -> usize {
    members(Root::child(None, marker, Orphans::Unknown)).len()
}

#[tokio::test]
async fn output_is_bounded_and_fully_logged() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let job = job(folder.path(), "bounded", "head -c 20000000 /dev/zero | tr '\\0' x; echo oops >&2");
    let (ended, stdout) = collected(&job, cancellation().1).await;
    assert_eq!((ended.end, stdout.len(), ended.stderr.as_str()), (End::Exited(Exit::Code(0)), 1001, "oops"));
    assert!(std::fs::metadata(job.log).unwrap().len() > 20_000_000);
}

#[tokio::test]
async fn unread_prompts_do_not_block() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let mut job = job(folder.path(), "deaf", "exit 3");
    job.command.input = vec![b'x'; 10_000_000];
    assert_eq!(supervise(&job, &mut Discard, cancellation().1).await.end, End::Exited(Exit::Code(3)));
}

#[tokio::test]
async fn other_sessions_end_with_the_child() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let job = job(folder.path(), "leaver", "setsid sleep 1000 & (setsid sleep 1000 &) ; echo done");
    let (ended, stdout) = collected(&job, cancellation().1).await;
    assert_eq!((ended.end, stdout), (End::Exited(Exit::Code(0)), b"done\n".to_vec()));
    assert_eq!(alive("leaver"), 0);
}

#[tokio::test]
async fn children_that_ignore_term_are_killed() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let job = job(folder.path(), "stubborn", "trap '' TERM; while :; do sleep 0.05; done");
    let (canceller, cancellation) = cancellation();
    canceller.raise(Urgency::Kill);
    assert_eq!(supervise(&job, &mut Discard, cancellation).await.end, End::Cancelled);
    assert_eq!(alive("stubborn"), 0);
}

#[tokio::test]
async fn missing_programs_are_values() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let mut job = job(folder.path(), "absent", "");
    job.command.program = "no-such-program".into();
    assert!(matches!(supervise(&job, &mut Discard, cancellation().1).await.end, End::NotStarted(_)));
}

#[tokio::test]
async fn marked_leftovers_of_dead_engines_end() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("children");
    let marker = format!("orphan-{}", std::process::id());
    std::mem::forget(ChildRecord::announce(&table, &marker).unwrap());
    #[expect(clippy::disallowed_methods, reason = "a process that nobody supervises")]
    let mut orphan = std::process::Command::new("sleep").arg("1000").env(MARKER, &marker).spawn().unwrap();
    while alive(&marker) == 0 {
        std::thread::yield_now();
    }
    end_leftovers(&table).unwrap();
    // Who takes in its end, we or the sweep, does not matter.
    let _: std::io::Result<_> = orphan.wait();
    assert_eq!((alive(&marker), std::fs::read_dir(&table).unwrap().count()), (0, 0));
}

/// Runs a child, raises the urgency that a line of it stands for, and gives back what it said.
async fn answered(job: &Job, urgency: impl Fn(&[u8]) -> Option<Urgency> + Sync) -> (End, Vec<String>) {
    let (canceller, cancellation) = cancellation();
    let mut said = Vec::new();
    let mut lines = Lines::new(|line: &[u8]| {
        said.push(String::from_utf8_lossy(line).into_owned());
        if let Some(urgency) = urgency(line) {
            canceller.raise(urgency);
        }
    });
    let ended = supervise(job, &mut lines, cancellation).await;
    lines.finish();
    (ended.end, said)
}

fn when_ready(urgency: Urgency) -> impl Fn(&[u8]) -> Option<Urgency> {
    move |line| (line == b"ready").then_some(urgency)
}

/// A shell's loop until it has used so many hundredths of a second of processor time, in silence.
fn computing(ticks: u32) -> String {
    format!(
        "while read -r line < /proc/$$/stat; do set -- $line; [ $(( ${{14}} + ${{15}} )) -ge {ticks} ] && break; done"
    )
}

#[tokio::test]
async fn a_silent_sleeper_hangs() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let mut job = job(folder.path(), "sleeper", "echo good night; sleep 1000");
    job.idle = Some(Duration::from_millis(1100));
    let (ended, stdout) = collected(&job, cancellation().1).await;
    assert!(matches!(ended.end, End::Hung { seconds: 1.. }), "{:?}", ended.end);
    assert_eq!((stdout, alive("sleeper")), (b"good night\n".to_vec(), 0));
}

#[tokio::test]
async fn silent_computing_is_no_hang() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    // Whether it computes itself, or its child does that has left its session.
    for (marker, script) in
        [("computer", computing(100)), ("waiter", format!("setsid sh -c '{}' & wait", computing(100)))]
    {
        let mut job = job(folder.path(), marker, &script);
        job.idle = Some(Duration::from_millis(400));
        assert_eq!(
            supervise(&job, &mut Discard, cancellation().1).await.end,
            End::Exited(Exit::Code(0)),
            "{marker}"
        );
    }
}

#[tokio::test]
async fn occasional_writing_is_no_hang() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    for (marker, script) in [("talker", "echo"), ("complainer", "echo >&2")] {
        let script = format!("for i in 1 2 3 4 5 6 7 8 9 10; do {script}; sleep 0.15; done");
        let mut job = job(folder.path(), marker, &script);
        job.idle = Some(Duration::from_millis(600));
        assert_eq!(
            supervise(&job, &mut Discard, cancellation().1).await.end,
            End::Exited(Exit::Code(0)),
            "{marker}"
        );
    }
}

#[tokio::test]
async fn interrupted_children_are_heard_out() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let script = "trap 'head -c 1000000 /dev/zero | tr \"\\0\" x; echo; echo interrupted; exit 1' INT
        trap 'echo terminated; exit 1' TERM
        echo ready; while :; do sleep 0.01; done";
    let mut job = job(folder.path(), "polite", script);
    job.stop = StopSequence::InterruptFirst;
    let (end, said) = answered(&job, when_ready(Urgency::Stop)).await;
    let lengths: Vec<usize> = said.iter().map(String::len).collect();
    assert_eq!((end, lengths), (End::Cancelled, vec!["ready".len(), 1_000_000, "interrupted".len()]));
}

#[tokio::test]
async fn term_and_kill_follow_an_interrupt() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    // One of them has left for a session of its own, and is as deaf.
    let script = "trap 'echo interrupted' INT; trap 'echo asked' TERM
        setsid sh -c \"trap '' INT TERM; echo ready; while :; do sleep 0.01; done\" &
        while :; do sleep 0.01; done";
    let mut job = job(folder.path(), "nasty", script);
    job.stop = StopSequence::InterruptFirst;
    let (end, said) = answered(&job, |line| match line {
        b"ready" => Some(Urgency::Stop),
        b"asked" => Some(Urgency::Kill),
        _ => None,
    })
    .await;
    assert_eq!((end, said.join(" ").as_str()), (End::Cancelled, "ready interrupted asked"));
    assert_eq!(alive("nasty"), 0);
}

#[tokio::test]
async fn second_stop_kills() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let script =
        "trap 'echo interrupted' INT; trap 'echo asked' TERM; echo ready; while :; do sleep 0.01; done";
    let mut job = job(folder.path(), "hurried", script);
    job.stop = StopSequence::InterruptFirst;
    let (end, said) = answered(&job, when_ready(Urgency::Kill)).await;
    assert_eq!((end, said.join(" ").as_str(), alive("hurried")), (End::Cancelled, "ready", 0));
}

#[tokio::test]
async fn fork_chains_are_ended() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    // Each starts the next in a new session and dies; should it get away, it ends by itself.
    let chain = "[ $1 = 0 ] && touch got-away; [ $1 = 4990 ] && echo ready; [ $1 -gt 0 ] && setsid sh ./chain $(($1 - 1)) &";
    std::fs::write(folder.path().join("chain"), chain).unwrap();
    let crowd = "trap '' INT TERM; echo ready; for i in $(seq 5000); do sleep 5 & done; touch got-away";
    for (marker, script) in [("chain", "sh ./chain 5000; sleep 1000"), ("crowd", crowd)] {
        let job = job(folder.path(), marker, script);
        let (end, _) = answered(&job, when_ready(Urgency::Kill)).await;
        assert_eq!((end, alive(marker)), (End::Cancelled, 0), "{marker}");
        assert!(!folder.path().join("got-away").exists(), "{marker}");
    }
}

#[tokio::test]
async fn closed_streams_do_not_end_children() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let script = format!("echo closing; exec >&- 2>&-; {}; exit 7", computing(30));
    let (ended, stdout) = collected(&job(folder.path(), "closer", &script), cancellation().1).await;
    assert_eq!((ended.end, stdout), (End::Exited(Exit::Code(7)), b"closing\n".to_vec()));
}

/// Leaves a process that has forgotten its marker, its parents and its session, and holds the pipes.
const STRAY: &str =
    "(setsid env -i PATH=\"$PATH\" sh -c 'echo $$ > stray.new; mv stray.new stray; exec sleep 1000' &)
    while [ ! -e stray ]; do sleep 0.01; done";

fn stray_lives(folder: &Path) -> bool {
    let pid = std::fs::read_to_string(folder.join("stray")).unwrap_or_default();
    assert!(pid.trim().parse::<u32>().is_ok(), "it said who it is: {pid}");
    Path::new("/proc").join(pid.trim()).exists()
}

#[tokio::test]
async fn strays_end_with_the_last_child() {
    let _alone = ALONE.lock().await;
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [parent, other] = [
        job(folders[0].path(), "parent", &format!("{STRAY}; echo done")),
        job(folders[1].path(), "other", "echo ready; sleep 1000"),
    ];
    let (stopper, cancelled) = cancellation();
    let (ready, is_ready) = cancellation();
    let mut lines = Lines::new(|_: &[u8]| ready.raise(Urgency::Stop));
    let parent = async {
        is_ready.clone().reached(Urgency::Stop).await;
        let ended = collected(&parent, cancellation().1).await;
        stopper.raise(Urgency::Stop);
        (ended.0.end, ended.1, stray_lives(folders[0].path()))
    };
    let (parent, other) = tokio::join!(parent, supervise(&other, &mut lines, cancelled));
    // While another child runs nobody knows whose stray it is.
    assert_eq!(parent, (End::Exited(Exit::Code(0)), b"done\n".to_vec(), true));
    assert_eq!((other.end, stray_lives(folders[0].path())), (End::Cancelled, false));
}

#[tokio::test]
async fn simultaneous_ends_leave_no_stray() {
    let _alone = ALONE.lock().await;
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let script = format!("{STRAY}; echo ready; sleep 1000");
    let [one, two] = [job(folders[0].path(), "one", &script), job(folders[1].path(), "two", &script)];
    let (stopper, cancelled) = cancellation();
    let ready = std::sync::atomic::AtomicU32::new(0);
    let hear = |_: &[u8]| {
        if ready.fetch_add(1, Ordering::SeqCst) == 1 {
            stopper.raise(Urgency::Stop);
        }
    };
    let (mut first, mut second) = (Lines::new(hear), Lines::new(hear));
    let ended =
        tokio::join!(supervise(&one, &mut first, cancelled.clone()), supervise(&two, &mut second, cancelled));
    assert_eq!((ended.0.end, ended.1.end), (End::Cancelled, End::Cancelled));
    assert_eq!(folders.map(|folder| stray_lives(folder.path())), [false, false]);
}

/// Exchanges the row of a child, as soon as it is announced, for a link, which is never written to.
fn exchange_row(row: &Path, over: &AtomicBool) -> std::io::Result<()> {
    let link = row.with_extension("link");
    std::os::unix::fs::symlink("nowhere", &link)?;
    while !row.exists() && !over.load(Ordering::SeqCst) {
        std::thread::yield_now();
    }
    std::fs::rename(&link, row)
}

#[tokio::test]
async fn unrecorded_children_are_ended() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let table = folder.path().join("children");
    std::fs::create_dir(&table).unwrap();
    // The exchange may come too late: then the child ends by itself, and another is tried.
    for attempt in 0..20 {
        let marker = format!("unwritten-{attempt}");
        let row = table.join(&marker);
        let script = "PATH=/usr/bin:/bin; setsid sleep 1000 &";
        let mut job = job(folder.path(), &marker, script);
        // To look for the program in so many folders takes a while, and the exchange is quicker.
        let path = "/n:".repeat(10_000) + "/usr/local/bin:/usr/bin:/bin";
        job.command.environment.insert("PATH".into(), path.into());
        let over = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&over);
        let exchange = std::thread::spawn(move || exchange_row(&row, &is_over));
        let ended = supervise(&job, &mut Discard, cancellation().1).await;
        over.store(true, Ordering::SeqCst);
        exchange.join().unwrap().unwrap();
        assert_eq!(alive(&marker), 0, "{:?}", ended.end);
        if let End::Disk(why) = ended.end {
            assert!(why.contains(&marker), "{why}");
            return;
        }
    }
    panic!("the row was written each time");
}

#[tokio::test]
async fn dropped_captures_end_their_group() {
    let _alone = ALONE.lock().await;
    let folder = tempfile::tempdir().unwrap();
    let said = folder.path().join("said");
    let script = "sleep 1000 & echo $! > said.new; mv said.new said; wait";
    let path = [("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())];
    let line = CommandLine::new("sh", folder.path(), BTreeMap::from(path)).arguments(["-c", script]);
    let begun = async {
        while !said.exists() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        captured = capture(&line) => panic!("{captured:?}"),
        () = begun => {}
    }
    let stat = Path::new("/proc").join(std::fs::read_to_string(said).unwrap().trim()).join("stat");
    // A dead process may still wait to be taken in.
    let lives = || std::fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z "));
    let ended = (0..500).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        !lives()
    });
    assert!(ended, "it lives on");
}
