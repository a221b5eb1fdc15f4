//! Commits of ours, written to the mirror without a process.

use jiff::tz::TimeZone;

use crate::adapters::clock::SystemClock;
use crate::adapters::git::identity::Identity;
use crate::domain::ids::{CommitSha, TreeSha};
use crate::ports::clock::Clock;
use crate::ports::workspace::WorkspaceError;

use super::Mirror;
use super::objects::{Object, ObjectFormat, ObjectId, ObjectKind};

/// Writes a commit with our identity and the current time, and returns its id.
pub(crate) fn write(
    mirror: &Mirror,
    tree: &TreeSha,
    parents: &[&CommitSha],
    message: &str,
) -> Result<ObjectId, WorkspaceError> {
    let parents: Vec<String> = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
    let now = SystemClock.now().to_zoned(TimeZone::system()).strftime("%s %z").to_string();
    let who = signature(mirror.git().identity());
    // git refuses a message with NUL, and does not show a commit without a message.
    let message = message.replace('\0', "");
    let message = if message.is_empty() { "\n" } else { &message };
    let text =
        format!("tree {tree}\n{}author {who} {now}\ncommitter {who} {now}\n\n{message}", parents.concat());
    let commit = Object::new(ObjectFormat::of_hex(tree.as_str()), ObjectKind::Commit, text.as_bytes());
    mirror.objects().write(&commit)?;
    Ok(commit.id)
}

/// Returns a name and an address in the form of a commit, without the characters that git removes.
fn signature(identity: &Identity) -> String {
    let is_crud = |letter: char| letter <= ' ' || ".,:;<>\"\\'".contains(letter);
    let clean = |text: &str| text.trim_matches(is_crud).replace(['<', '>', '\n'], "");
    let name = clean(&identity.name);
    let name = if name.is_empty() { "agent-loop" } else { &name };
    format!("{name} <{}>", clean(&identity.email))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_line() {
        let of = |name: &str| {
            signature(&Identity { name: name.to_owned(), email: "a@b> 1 +0000\ncommitter x".to_owned() })
        };
        assert_eq!(of("Ada\n<L>."), "AdaL <a@b 1 +0000committer x>");
        assert_eq!(of(" . "), "agent-loop <a@b 1 +0000committer x>");
    }
}
