//! Reviews of GitHub's own kind: a view of records, pinned to a commit. They are looked at only for their marks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::adapters::process::time;
use crate::domain::forge_review::{ForgeReview, ForgeVerdict, Remark};
use crate::domain::ids::PullRequestNumber;
use crate::ports::forge::ForgeError;
use crate::text::markdown::fitted;
use crate::text::native_review::{mark, marked};

use super::client::GithubRepository;
use super::gh::{LOOKS, Method, Rows, locked};
use super::reply::Fault;
use super::shapes::UserJson;

/// The longest text of a review or a remark, in bytes, without its mark.
const LONGEST: usize = 60_000;
const OWN: &str = "_GitHub accepts no approval and no request for changes from the author of a pull request: this is a comment._";

/// The marks of the reviews that each pull request has, as far as this process knows.
#[derive(Debug, Default)]
pub(super) struct PublishedReviews(Mutex<BTreeMap<PullRequestNumber, BTreeSet<String>>>);

#[derive(Debug, Deserialize)]
struct ReviewJson {
    user: Option<UserJson>,
    body: Option<String>,
}

impl PublishedReviews {
    /// Publishes a review, unless the pull request has one with its mark. The approval of a run that opened the pull request
    /// itself is not published: GitHub does not accept it, and the reviews say the same.
    pub(super) async fn publish(
        &self,
        repository: &GithubRepository,
        number: PullRequestNumber,
        review: &ForgeReview,
    ) -> Result<(), ForgeError> {
        if self.marks(repository, number).await?.contains(&review.mark) {
            return Ok(());
        }
        let author = repository.pull_json(number).await?.user;
        let is_own = author.is_some_and(|author| author.id == repository.user.id);
        let event = match (review.verdict, is_own) {
            (ForgeVerdict::Approve, true) => return Ok(()),
            (ForgeVerdict::RequestChanges | ForgeVerdict::Comment, true) | (ForgeVerdict::Comment, false) => {
                "COMMENT"
            }
            (ForgeVerdict::Approve, false) => "APPROVE",
            (ForgeVerdict::RequestChanges, false) => "REQUEST_CHANGES",
        };
        let note = if is_own { format!("\n{OWN}\n") } else { String::new() };
        let whole = content(review, event, &note, &review.remarks);
        let mut fault = self.write(repository, number, review, &whole).await?;
        if let Some(Fault::Rejected { status: 422, message }) = &fault
            && message.contains("one pending review")
        {
            return Err(ForgeError::Refused(format!(
                "GitHub: {message}; submit or discard your own draft of a review on the page of pull request {number}"
            )));
        }
        // GitHub computes the diff itself: a line that it does not have must not cost the whole review.
        if matches!(fault, Some(Fault::Rejected { status: 422, .. })) && !review.remarks.is_empty() {
            let flat = content(&flattened(review), event, &note, &[]);
            fault = self.write(repository, number, review, &flat).await?;
        }
        fault.map_or(Ok(()), |fault| Err(repository.failed(fault)))
    }

    /// Writes a review. After a lost answer, looks whether it is there.
    async fn write(
        &self,
        repository: &GithubRepository,
        number: PullRequestNumber,
        review: &ForgeReview,
        content: &Value,
    ) -> Result<Option<Fault>, ForgeError> {
        let path = format!("pulls/{number}/reviews");
        match repository.write(Method::Post, &path, content).await {
            Ok(_) => {
                self.learn(number, [review.mark.clone()]);
                Ok(None)
            }
            Err(fault @ Fault::Lost(_)) => {
                for pause in LOOKS {
                    time::wait(pause).await;
                    self.learn(number, read_marks(repository, number).await?);
                    if self.marks(repository, number).await?.contains(&review.mark) {
                        return Ok(None);
                    }
                }
                Ok(Some(fault))
            }
            Err(fault) => Ok(Some(fault)),
        }
    }

    async fn marks(
        &self,
        repository: &GithubRepository,
        number: PullRequestNumber,
    ) -> Result<BTreeSet<String>, ForgeError> {
        let known = locked(&self.0).get(&number).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        Ok(self.learn(number, read_marks(repository, number).await?))
    }

    fn learn(&self, number: PullRequestNumber, marks: impl IntoIterator<Item = String>) -> BTreeSet<String> {
        let mut all = locked(&self.0);
        let known = all.entry(number).or_default();
        known.extend(marks);
        known.clone()
    }
}

/// Reads the marks of our own reviews: others can copy a mark.
async fn read_marks(
    repository: &GithubRepository,
    number: PullRequestNumber,
) -> Result<Vec<String>, ForgeError> {
    let all: Vec<ReviewJson> = repository.list(&format!("pulls/{number}/reviews"), Rows::All).await?;
    let is_ours =
        |review: &ReviewJson| review.user.as_ref().is_some_and(|user| user.id == repository.user.id);
    let ours = all.into_iter().filter(is_ours).filter_map(|review| review.body);
    Ok(ours.filter_map(|body| marked(&body).map(str::to_owned)).collect())
}

fn content(review: &ForgeReview, event: &str, note: &str, remarks: &[Remark]) -> Value {
    let comment = |remark: &Remark| {
        let body = format!("{}\n\n{}", fitted(&remark.text, LONGEST), mark(remark.item.as_str()));
        json!({ "path": remark.path, "line": remark.line, "side": "RIGHT", "body": body })
    };
    json!({
        "commit_id": review.head, "event": event,
        "body": format!("{}\n{note}\n{}", fitted(&review.body, LONGEST), mark(&review.mark)),
        "comments": remarks.iter().map(comment).collect::<Vec<_>>(),
    })
}

/// Puts the remarks into the body.
fn flattened(review: &ForgeReview) -> ForgeReview {
    let mut flat = review.clone();
    let remarks: Vec<String> = flat.remarks.drain(..).map(|remark| remark.text).collect();
    crate::text::markdown::section(&mut flat.body, "Findings at lines", &remarks);
    flat
}
