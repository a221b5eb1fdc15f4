//! The tables of the embedded forge.

use agent_loop::adapters::embedded_forge::rows::{NewRow, SubjectKind, Writer};
use agent_loop::adapters::embedded_forge::store::{FILE, Store};
use agent_loop::ports::forge::{AuthorRole, IssueState};
use jiff::Timestamp;

fn ada() -> Writer {
    Writer { login: "ada".parse().unwrap(), role: AuthorRole::Owner }
}

fn issue(title: &str) -> NewRow {
    let title = title.to_owned();
    NewRow { kind: SubjectKind::Issue(IssueState::Open), title, body: String::new(), writer: ada() }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn numbers_and_comments_are_ordered() {
    let folder = tempfile::tempdir().unwrap();
    let (one, two) = (Store::open(folder.path()).unwrap(), Store::open(folder.path()).unwrap());
    assert_eq!(one.repository_id(), two.repository_id());
    let numbers: Vec<u64> =
        [&one, &two, &one].iter().map(|store| store.create(&issue("x"), at(1)).unwrap()).collect();
    assert_eq!(numbers, [1, 2, 3]);
    for (store, text) in [(&two, "first"), (&one, "second"), (&two, "third")] {
        store.comment(1, &ada(), text, at(2)).unwrap();
    }
    let said: Vec<String> =
        one.comments(1).unwrap().into_iter().map(|comment| comment.body.to_string()).collect();
    assert_eq!(said, ["first", "second", "third"]);
}

#[test]
fn edits_are_visible() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.create(&issue("x"), at(1)).unwrap();
    store.comment(1, &ada(), "said", at(2)).unwrap();
    // No command edits a comment, but any program that can write the file can.
    let edit = "UPDATE comments SET body = 'never said', updated_at = ?1";
    let file = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    assert_eq!(file.execute(edit, [at(3).to_string()]).unwrap(), 1);
    let comment = store.comments(1).unwrap().remove(0);
    assert_eq!((comment.created_at, comment.updated_at, &*comment.body), (at(2), at(3), "never said"));
}

/// A file of the first version has no column for the reason.
#[test]
fn reasons_of_closed_issues_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    Store::open(folder.path()).unwrap().create(&issue("x"), at(1)).unwrap();
    let file = rusqlite::Connection::open(folder.path().join(FILE)).unwrap();
    file.execute_batch("ALTER TABLE subjects DROP COLUMN reason").unwrap();
    let store = Store::open(folder.path()).unwrap();
    for state in [IssueState::NotPlanned, IssueState::Closed, IssueState::NotPlanned, IssueState::Open] {
        store.set_issue_state(1, state).unwrap();
        assert_eq!(store.subject(1).unwrap().unwrap().kind, SubjectKind::Issue(state));
    }
}

#[test]
fn newer_and_damaged_files_stay_untouched() {
    let folder = tempfile::tempdir().unwrap();
    drop(Store::open(folder.path()).unwrap());
    let path = folder.path().join(FILE);
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 9).unwrap();
    assert!(Store::open(folder.path()).unwrap_err().contains("version 9"));
    let other = tempfile::tempdir().unwrap();
    let noise = "this is no database, and it is long enough to be looked at ".repeat(40);
    std::fs::write(other.path().join(FILE), &noise).unwrap();
    assert!(Store::open(other.path()).unwrap_err().contains(FILE));
    assert_eq!(std::fs::read_to_string(other.path().join(FILE)).unwrap(), noise);
}
