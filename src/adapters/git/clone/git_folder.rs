//! Recreates an agent's git folder from nothing, so that no setting, hook or link of an earlier turn survives. Runs nothing.
//! The content of the old folder is in the mirror by now.

use std::collections::BTreeMap;
use std::path::Path;

use crate::adapters::git::disk::{copy_with_time, make_folder, read_file, remove, write_file};
use crate::adapters::git::identity::Identity;
use crate::adapters::git::mirror::refs::SHALLOW;
use crate::adapters::git::user_checkout::checkout::remember_refs;
use crate::domain::branch_names;
use crate::domain::ids::{BranchName, CommitSha};
use crate::ports::workspace::WorkspaceError;

use super::agent_head;
use super::paths::ClonePaths;

/// Returns the content of HEAD in a prepared clone.
pub(crate) fn head_line(head: &CommitSha, branch: Option<&BranchName>) -> String {
    branch.map_or_else(|| format!("{head}\n"), |branch| format!("ref: refs/heads/{branch}\n"))
}

/// Removes the agent's git folder.
pub(crate) fn disarm(paths: &ClonePaths) -> Result<(), WorkspaceError> {
    remove(&paths.checkout.git)
}

/// Creates a git folder for the agent: one commit checked out, objects shared with the mirror, the forge's branches and tags,
/// no remote.
pub(crate) fn arm(
    paths: &ClonePaths,
    mirror: &Path,
    identity: &Identity,
    head: &CommitSha,
    branch: Option<&BranchName>,
) -> Result<(), WorkspaceError> {
    let git = &paths.checkout.git;
    disarm(paths)?;
    skeleton(git, mirror, None)?;
    write_file(&git.join("config"), agent_config(identity, head).as_bytes())?;
    let refs = refs_of_clone(mirror, head, branch);
    let packed: Vec<String> = refs.iter().map(|(name, value)| [value, " ", name, "\n"].concat()).collect();
    write_file(&git.join("packed-refs"), packed.concat().as_bytes())?;
    remember_refs(paths, Some(&refs))?;
    copy_with_time(&paths.index(), &git.join("index"))?;
    // HEAD is written last, because without it the folder is not a repository.
    write_file(&git.join("HEAD"), head_line(head, branch).as_bytes())
}

/// Returns the refs of a clone: its branch, tags, and the branches of the forge, also as `origin/NAME`. Branches of other
/// runs exist only as `origin/NAME`.
fn refs_of_clone(mirror: &Path, head: &CommitSha, branch: Option<&BranchName>) -> BTreeMap<String, String> {
    let mut refs = BTreeMap::new();
    let of_the_forge = agent_head::refs_below(mirror, &["refs/remotes/forge", "refs/tags"]);
    for (name, value) in of_the_forge.unwrap_or_default() {
        if value.parse::<CommitSha>().is_err() {
            continue;
        }
        if let Some(name) = name.strip_prefix("refs/remotes/forge/") {
            refs.insert(format!("refs/remotes/origin/{name}"), value.clone());
            let meets =
                |own: &str| own.starts_with(&format!("{name}/")) || name.starts_with(&format!("{own}/"));
            if !branch_names::is_of_a_run(name) && !branch.is_some_and(|own| meets(own.as_str())) {
                refs.insert(format!("refs/heads/{name}"), value);
            }
        } else {
            refs.insert(name, value);
        }
    }
    refs.extend(branch.map(|branch| (format!("refs/heads/{branch}"), head.to_string())));
    refs
}

/// Writes the git folder of ours through which the objects of the agent and of the mirror are read.
pub(crate) fn write_export_gitdir(
    paths: &ClonePaths,
    mirror: &Path,
    head: &CommitSha,
) -> Result<(), WorkspaceError> {
    let git = paths.export_gitdir();
    remove(&git)?;
    skeleton(&git, mirror, Some(&paths.checkout.common.join("objects")))?;
    write_file(&git.join("config"), format_config(head).as_bytes())?;
    write_file(&git.join("HEAD"), format!("{head}\n").as_bytes())
}

/// Creates the folders of a repository without a HEAD. Its objects are in the mirror and in another folder, and its history
/// begins where that of the mirror begins.
pub(crate) fn skeleton(git: &Path, mirror: &Path, objects: Option<&Path>) -> Result<(), WorkspaceError> {
    for folder in ["objects/info", "objects/pack", "refs/heads", "refs/tags", "info"] {
        make_folder(&git.join(folder))?;
    }
    let mut alternates = Vec::new();
    for folder in objects.into_iter().chain([mirror.join("objects").as_path()]) {
        alternates.extend(alternate(folder));
        alternates.push(b'\n');
    }
    if let Some(shallow) = read_file(&mirror.join(SHALLOW))? {
        write_file(&git.join(SHALLOW), &shallow)?;
    }
    write_file(&git.join("objects/info/alternates"), &alternates)
}

/// Returns the part of a configuration that git needs to read a repository with this kind of object id.
pub(crate) fn format_config(head: &CommitSha) -> &'static str {
    if head.as_str().len() == 64 {
        "[core]\n\trepositoryformatversion = 1\n\tfilemode = true\n\tbare = false\n\tlogallrefupdates = true\n[extensions]\n\tobjectformat = sha256\n"
    } else {
        "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\tlogallrefupdates = true\n"
    }
}

fn agent_config(identity: &Identity, head: &CommitSha) -> String {
    format!(
        "{}[user]\n\tname = {}\n\temail = {}\n[commit]\n\tgpgsign = false\n[gc]\n\tauto = 0\n[maintenance]\n\tauto = false\n",
        format_config(head),
        quoted(&identity.name),
        quoted(&identity.email),
    )
}

/// Quotes a value for git's configuration parser.
fn quoted(value: &str) -> String {
    let mut text = String::from("\"");
    for letter in value.chars() {
        match letter {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\t' => text.push_str("\\t"),
            control if control.is_control() => text.push(' '),
            other => text.push(other),
        }
    }
    text.push('"');
    text
}

/// Returns a line of `objects/info/alternates`: a path that git would misread is quoted as in C.
fn alternate(path: &Path) -> Vec<u8> {
    let bytes = path.as_os_str().as_encoded_bytes();
    if !bytes.contains(&b'\n') && !bytes.starts_with(b"\"") && !bytes.starts_with(b"#") {
        return bytes.to_vec();
    }
    let mut line = vec![b'"'];
    for byte in bytes {
        match byte {
            b'\n' => line.extend(b"\\n"),
            b'"' | b'\\' => line.extend([b'\\', *byte]),
            _ => line.push(*byte),
        }
    }
    line.push(b'"');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_cannot_leave_its_quotes() {
        assert_eq!(quoted("a \"b\"\n[core]\\"), r#""a \"b\"\n[core]\\""#);
    }
}
