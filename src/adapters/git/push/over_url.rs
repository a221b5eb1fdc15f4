//! Moves a branch of a repository on another machine: `git push` with the observed head as its lease.

use crate::adapters::git::mirror::{Hold, Mirror, sha};
use crate::adapters::git::remote::RemoteUrl;
use crate::adapters::git::runner::{failure, must};
use crate::domain::ids::{BranchName, CommitSha};
use crate::ports::workspace::{Push, WorkspaceError};

use super::intent::Moving;

/// The longest refusal that is repeated, in characters.
const REFUSAL: usize = 2000;

/// A repository on another machine whose branches we may move.
pub(crate) struct UrlTarget<'a> {
    pub(crate) mirror: &'a Mirror,
    pub(crate) remote: &'a RemoteUrl,
}

impl UrlTarget<'_> {
    /// Returns the tip of a branch. One spawn, and one look over the network.
    pub(crate) async fn tip(&self, branch: &BranchName) -> Result<Option<CommitSha>, WorkspaceError> {
        let (url, branch) = self.remote.place(branch);
        let name = format!("refs/heads/{branch}");
        let what = format!("read the branch {branch} of {url}");
        let line = self.remote.line(self.mirror.line()).arguments(["ls-remote", "--quiet", url, &name]);
        let output = must(line, &what).await?;
        let text = String::from_utf8_lossy(&output);
        let found = text.lines().find_map(|line| line.split_once('\t').filter(|(_, found)| *found == name));
        found.map(|(commit, _)| sha(commit.as_bytes(), &what)).transpose()
    }

    /// Moves a branch forward, if it is where it was seen. Two spawns; three more if the server says no.
    pub(crate) async fn push(&self, _hold: &Hold<'_>, moving: &Moving) -> Result<Push, WorkspaceError> {
        let Moving { branch, from, to } = moving;
        let (url, there) = self.remote.place(branch);
        if url == self.remote.url && *branch == self.remote.default_branch {
            return Ok(Push::Refused(format!(
                "{branch} is the default branch of {url}, which is never pushed to"
            )));
        }
        if let Some(from) = from
            && !self.mirror.contains(to, from).await?
        {
            if !self.mirror.knows(from).await? {
                let why =
                    format!("could not push {branch}: {from} is not in {}", self.mirror.path().display());
                return Err(WorkspaceError::Damaged(why));
            }
            return Ok(Push::Refused(format!(
                "{} does not contain {}, and nothing is overwritten",
                to.short(),
                from.short()
            )));
        }
        let lease = from.as_ref().map_or("", CommitSha::as_str);
        let line = self
            .remote
            .line(self.mirror.line())
            .arguments(["push", "--progress", "--porcelain", "--no-verify", "--no-follow-tags"])
            .argument(format!("--force-with-lease=refs/heads/{there}:{lease}"))
            .argument(url)
            .argument(format!("{to}:refs/heads/{there}"));
        let what = format!("push {branch}");
        let captured = self.mirror.git().transfer(line, &what).await?;
        if captured.exit.is_success() {
            return Ok(Push::Done);
        }
        // The answer may have been lost on its way.
        let tip = self.tip(branch).await?;
        if tip.as_ref() == Some(to) {
            Ok(Push::Done)
        } else if tip != *from {
            Ok(Push::Moved(tip))
        } else if let damaged @ WorkspaceError::Damaged(_) = failure(&captured, &what) {
            Err(damaged)
        } else {
            let words =
                format!("{}\n{}", captured.stderr.trim(), String::from_utf8_lossy(&captured.stdout).trim());
            let words: String = words.chars().take(REFUSAL).collect();
            Ok(Push::Refused(format!(
                "{url} did not accept {} on {there}: {words}{}",
                to.short(),
                remedy(&words)
            )))
        }
    }
}

/// Returns what a person can do about a refusal. The commit is kept.
fn remedy(words: &str) -> &'static str {
    let words = words.to_ascii_lowercase();
    if words.contains("workflow` scope") || words.contains("workflows` permission") {
        "\nAllow the login of gh to change workflows (`gh auth refresh --scopes workflow`), then run the same command again"
    } else if words.contains("gh001") || words.contains("file size limit") {
        "\nThe change has a file that is too large. Tell the coder in a comment to leave it out, then run the same command again"
    } else if words.contains("gh013") || words.contains("gh006") || words.contains("protected branch") {
        "\nChange the rules of the branch, or push in a way that they allow, then run the same command again"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_name_their_remedies() {
        for (words, remedy_of) in [
            (
                "refusing to allow an OAuth App to create or update workflow `.github/workflows/x.yml` without `workflow` scope",
                "--scopes workflow",
            ),
            (
                "GH001: Large files detected. File big.bin is 120.00 MB; this exceeds GitHub's file size limit of 100.00 MB",
                "too large",
            ),
            ("GH013: Repository rule violations found for refs/heads/x.", "rules of the branch"),
            ("GH006: Protected branch update failed for refs/heads/x.", "rules of the branch"),
        ] {
            assert!(remedy(words).contains(remedy_of), "{words}: {}", remedy(words));
        }
        assert_eq!(remedy("! [remote rejected] (hook declined)"), "");
    }
}
