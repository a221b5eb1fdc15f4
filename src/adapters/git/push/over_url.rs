//! Moves a branch of a repository on another machine: `git push` with the observed head as its lease.

use crate::adapters::git::mirror::{Hold, Mirror, sha};
use crate::adapters::git::remote::RemoteUrl;
use crate::adapters::git::runner::{ask, must};
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
    /// The tip of a branch. One spawn, and one look over the network.
    pub(crate) async fn tip(&self, branch: &BranchName) -> Result<Option<CommitSha>, WorkspaceError> {
        let name = format!("refs/heads/{branch}");
        let what = format!("read the branch {branch} of {}", self.remote.url);
        let line =
            self.remote.line(self.mirror.line()).arguments(["ls-remote", "--quiet", &self.remote.url, &name]);
        let output = must(line, &what).await?;
        let text = String::from_utf8_lossy(&output);
        let found = text.lines().find_map(|line| line.split_once('\t').filter(|(_, found)| *found == name));
        found.map(|(commit, _)| sha(commit.as_bytes(), &what)).transpose()
    }

    /// Moves a branch forward, if it is where it was seen. Two spawns; three more if the server says no.
    pub(crate) async fn push(&self, _hold: &Hold<'_>, moving: &Moving) -> Result<Push, WorkspaceError> {
        let Moving { branch, from, to } = moving;
        if *branch == self.remote.default_branch {
            return Ok(Push::Refused(format!(
                "{branch} is the default branch of {}, which is never pushed to",
                self.remote.url
            )));
        }
        if let Some(from) = from
            && !self.mirror.contains(to, from).await?
        {
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
            .arguments(["push", "--quiet", "--porcelain", "--no-verify", "--no-follow-tags"])
            .argument(format!("--force-with-lease=refs/heads/{branch}:{lease}"))
            .argument(&self.remote.url)
            .argument(format!("{to}:refs/heads/{branch}"));
        let captured = ask(line, &format!("push {branch}")).await?;
        if captured.exit.is_success() {
            return Ok(Push::Done);
        }
        // The answer may have been lost on its way.
        let tip = self.tip(branch).await?;
        if tip.as_ref() == Some(to) {
            Ok(Push::Done)
        } else if tip != *from {
            Ok(Push::Moved(tip))
        } else {
            let words =
                format!("{}\n{}", captured.stderr.trim(), String::from_utf8_lossy(&captured.stdout).trim());
            let words: String = words.chars().take(REFUSAL).collect();
            Ok(Push::Refused(format!(
                "{} did not accept {} on {branch}: {words}",
                self.remote.url,
                to.short()
            )))
        }
    }
}
