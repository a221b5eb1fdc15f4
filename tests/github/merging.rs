//! Merges: whether the rules of the base branch allow one, how it is made, and the merge queue.

use serde_json::{Value, json};

use super::answers::Answer;
use super::routes::Request;
use super::state::{Filed, OWNER, State};
use super::{edits, forks, reviews};

/// How pull requests are merged.
#[derive(Debug, Clone)]
pub(crate) struct Merging {
    /// The ways that the repository allows.
    pub(crate) methods: Vec<&'static str>,
    /// Pull requests in the merge queue, with the looks until each leaves it.
    pub(crate) queued: Vec<(u64, u32)>,
    /// Looks until a pull request leaves the queue.
    pub(crate) queue_looks: u32,
    /// Whether the queue merges what it holds.
    pub(crate) queue_merges: bool,
}

impl Default for Merging {
    fn default() -> Self {
        let methods = vec!["merge", "squash", "rebase"];
        Self { methods, queued: Vec::new(), queue_looks: 2, queue_merges: true }
    }
}

/// What the rules of a base branch demand.
struct Demands {
    approvals: u64,
    conversations: bool,
    strict: bool,
    checks: Vec<String>,
    linear: bool,
}

fn demands(state: &State, base: &str) -> Demands {
    let classic = state.protection.classic.get(base).cloned().unwrap_or_default();
    let rules = || state.protection.rules(base).iter();
    let parameters =
        |name: &str| rules().filter_map(|rule| rule["parameters"].get(name).cloned()).collect::<Vec<_>>();
    let names = |value: &Value| -> Vec<String> {
        let all = value.as_array().cloned().unwrap_or_default();
        all.iter().filter_map(|one| one.as_str().or(one["context"].as_str()).map(str::to_owned)).collect()
    };
    let mut checks = names(&classic["required_status_checks"]["contexts"]);
    checks.extend(parameters("required_status_checks").iter().flat_map(names));
    let approvals = parameters("required_approving_review_count").iter().filter_map(Value::as_u64).max();
    let classic_approvals =
        classic["required_pull_request_reviews"]["required_approving_review_count"].as_u64();
    let has = |kind: &str| rules().any(|rule| rule["type"] == kind);
    Demands {
        approvals: approvals.unwrap_or(0).max(classic_approvals.unwrap_or(0)),
        conversations: classic["required_conversation_resolution"]["enabled"] == true
            || parameters("required_review_thread_resolution").contains(&Value::Bool(true)),
        strict: classic["required_status_checks"]["strict"] == true
            || parameters("strict_required_status_checks_policy").contains(&Value::Bool(true)),
        checks,
        linear: has("required_linear_history"),
    }
}

/// GitHub's word for whether a pull request can be merged. Nobody reviews or resolves anything here.
fn mergeable(state: &State, filed: &Filed) -> &'static str {
    let pull = filed.pull.as_ref().unwrap();
    let demands = demands(state, &pull.base);
    let (Some(head), Some(base)) = (forks::head(state, pull), state.tip(&pull.base)) else {
        return "unknown";
    };
    let is_green = |name: &String| {
        let is_run =
            state.checks.iter().any(|row| row.commit == head && row.name == *name && row.state == "success");
        let mut statuses = state.statuses.iter().filter(|one| one.commit == head && one.context == *name);
        is_run || statuses.next_back().is_some_and(|one| one.state == "success")
    };
    if pull.is_draft {
        "draft"
    } else if !state.merges_cleanly(&base, &head) {
        "dirty"
    } else if demands.strict && !state.contains(&head, &base) {
        "behind"
    } else if demands.approvals > 0 || demands.conversations || !demands.checks.iter().all(is_green) {
        "blocked"
    } else {
        "clean"
    }
}

/// The members of a pull request that say whether it can be merged.
pub(crate) fn add_mergeable(state: &State, filed: &Filed, one: &mut Value) {
    let word = mergeable(state, filed);
    one["mergeable_state"] = if filed.is_open { word } else { "unknown" }.into();
    one["mergeable"] = if word == "unknown" { Value::Null } else { (word != "dirty").into() };
}

/// `PUT pulls/NUMBER/merge`. An administrator passes over the rules, as on GitHub where they do not include them.
pub(crate) fn merge(state: &mut State, request: &Request<'_>, number: &str) -> Answer {
    let number: u64 = number.parse().unwrap();
    let Some(filed) = state.filed.get(&number).cloned() else { return Answer::says(404, "Not Found") };
    let pull = filed.pull.clone().unwrap();
    if !filed.is_open {
        return Answer::says(405, "Pull Request is not mergeable");
    }
    let head = forks::head(state, &pull).unwrap();
    if request.body["sha"].as_str().is_some_and(|sha| sha != head) {
        return Answer::says(409, "Head branch was modified. Review and try the merge again.");
    }
    let demands = demands(state, &pull.base);
    let method = request.body["merge_method"].as_str().unwrap_or("merge");
    if !state.merging.methods.contains(&method) {
        let name = if method == "merge" { "Merge commits are" } else { "Squash merges are" };
        return Answer::says(405, &format!("{name} not allowed on this repository."));
    }
    if demands.linear && method == "merge" {
        return Answer::says(
            405,
            "Repository rule violations found\n\nThis branch must not contain merge commits.",
        );
    }
    let message = format!("Merge pull request #{number} from {OWNER}/{}", pull.head);
    let Some(commit) = state.merge((&pull.base, &head), &message, method) else {
        return Answer::says(405, "Pull Request has merge conflicts");
    };
    merged(state, number, &commit, &head);
    Answer::ok(json!({ "sha": commit, "merged": true, "message": "Pull Request successfully merged" }))
}

fn merged(state: &mut State, number: u64, commit: &str, head: &str) {
    let body = state.filed[&number].body.clone();
    for other in state.filed.values_mut() {
        if other.number == number || body.contains(&format!("Closes #{}", other.number)) {
            other.is_open = false;
        }
    }
    let pull = state.filed.get_mut(&number).and_then(|filed| filed.pull.as_mut()).unwrap();
    (pull.merge, pull.last_head) = (Some(commit.to_owned()), head.to_owned());
}

/// `POST graphql`: the operations of the merge queue, the edits of comments, and reviews.
pub(crate) fn graphql(state: &mut State, request: &Request<'_>) -> Answer {
    let (query, variables) = (request.body["query"].as_str().unwrap_or_default(), &request.body["variables"]);
    let answer = edits::graphql(state, query, variables).or_else(|| queue(state, query, variables));
    answer.unwrap_or_else(|| reviews::graphql(state, request))
}

fn queue(state: &mut State, query: &str, variables: &Value) -> Option<Answer> {
    if query.contains("enqueuePullRequest(") {
        let number: u64 = variables["pull"].as_str()?.strip_prefix("PR_")?.parse().ok()?;
        let pull = state.filed.get(&number)?.pull.clone()?;
        if state.tip(&pull.head).as_deref() != variables["head"].as_str() {
            let error = json!({ "type": "UNPROCESSABLE", "message": "Head sha didn't match expected" });
            return Some(Answer::ok(json!({ "data": null, "errors": [error] })));
        }
        if state.merging.queued.iter().any(|(queued, _)| *queued == number) {
            let error =
                json!({ "type": "UNPROCESSABLE", "message": "Pull request is already queued to merge" });
            return Some(Answer::ok(json!({ "data": null, "errors": [error] })));
        }
        state.merging.queued.push((number, state.merging.queue_looks));
        let entry = json!({ "mergeQueueEntry": { "position": 1, "state": "QUEUED" } });
        return Some(Answer::ok(json!({ "data": { "enqueuePullRequest": entry } })));
    }
    if !query.contains("mergeQueueEntry") {
        return None;
    }
    let number = variables["number"].as_u64()?;
    if let Some(position) = state.merging.queued.iter().position(|(queued, _)| *queued == number) {
        state.merging.queued[position].1 = state.merging.queued[position].1.saturating_sub(1);
        if state.merging.queued[position].1 == 0 {
            state.merging.queued.remove(position);
            if state.merging.queue_merges {
                let pull = state.filed[&number].pull.clone()?;
                let head = state.tip(&pull.head)?;
                let commit = state.merge((&pull.base, &head), "Merge queue", "merge")?;
                merged(state, number, &commit, &head);
            }
        }
    }
    let filed = &state.filed[&number];
    let is_merged = filed.pull.as_ref()?.merge.is_some();
    let is_queued = state.merging.queued.iter().any(|(queued, _)| *queued == number);
    let entry = if is_queued { json!({ "position": 1, "state": "AWAITING_CHECKS" }) } else { Value::Null };
    let state_name = if is_merged { "MERGED" } else { "OPEN" };
    let pull = json!({ "id": format!("PR_{number}"), "state": state_name, "mergeQueueEntry": entry });
    Some(Answer::ok(json!({ "data": { "repository": { "pullRequest": pull } } })))
}
