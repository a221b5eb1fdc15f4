//! Journals and locks on a real disk. A binary of its own: a child that another test has just forked holds a copy of
//! every lock until it becomes its program.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::sync::atomic::{AtomicBool, Ordering};

use agent_loop::adapters::storage::folders::Folders;
use agent_loop::adapters::storage::journals::FileJournals;
use agent_loop::adapters::storage::lock;
use agent_loop::domain::subject::Subject;
use agent_loop::ports::journal::{Entry, JournalError, Journals};
use jiff::Timestamp;

fn journals(root: &std::path::Path) -> (FileJournals, Folders) {
    let folders = Folders::new(root, "repository-1");
    (FileJournals::new(folders.clone(), root.join("locks"), |_| Ok(())), folders)
}

fn entry(body: &str) -> Entry {
    Entry::Record { body: body.to_owned() }
}

#[expect(clippy::unwrap_used, reason = "a constant that is a subject")]
fn subject() -> Subject {
    "pr/7".parse().unwrap()
}

#[tokio::test]
async fn torn_last_lines_are_dropped() {
    let root = tempfile::tempdir().unwrap();
    let (journals, folders) = journals(root.path());
    journals.open(&subject()).await.unwrap().append(entry("one")).await.unwrap();
    let path = folders.subject(&subject()).join("journal.jsonl");
    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"entry\":\"rec").unwrap();
    let journal = journals.open(&subject()).await.unwrap();
    assert_eq!(*journal.entries(), [entry("one")]);
    journal.append(entry("two")).await.unwrap();
    drop(journal);
    let again = journals.open(&subject()).await.unwrap();
    assert_eq!(*again.entries(), [entry("one"), entry("two")]);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(path.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
}

#[tokio::test]
async fn damaged_lines_are_named() {
    let root = tempfile::tempdir().unwrap();
    let (journals, folders) = journals(root.path());
    journals.open(&subject()).await.unwrap().append(entry("one")).await.unwrap();
    let path = folders.subject(&subject()).join("journal.jsonl");
    let before = [b"nonsense\n".to_vec(), fs::read(&path).unwrap()].concat();
    fs::write(&path, &before).unwrap();
    let error = journals.open(&subject()).await.err().unwrap();
    assert!(matches!(&error, JournalError::Disk(text) if text.contains("line 1")), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[tokio::test]
async fn held_subjects_name_their_holder() {
    let root = tempfile::tempdir().unwrap();
    let (journals, _) = journals(root.path());
    let held = journals.open(&subject()).await.unwrap();
    let refusal = journals.open(&subject()).await.err().unwrap();
    assert!(matches!(refusal, JournalError::Held { holder, .. } if holder.pid == Some(std::process::id())));
    assert!(journals.open(&"pr/8".parse().unwrap()).await.is_ok(), "another subject is free");
    drop(held);
    assert!(journals.open(&subject()).await.is_ok());
}

#[test]
fn looking_at_locks_blocks_no_taker() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("lock");
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    lock::who_holds(&path);
                }
            });
        }
        let taken = (0..300).map(|_| lock::take(&path, &subject(), Timestamp::UNIX_EPOCH).map(drop));
        let refused = taken.filter(Result::is_err).count();
        done.store(true, Ordering::Relaxed);
        assert_eq!(refused, 0);
    });
}
