//! What a branch demands: read from its protection and from rulesets, as far as the login may see them.

use agent_loop::domain::branch_rules::BranchRules;
use agent_loop::ports::forge::Forge;
use serde_json::json;

use super::stage::Stage;
use crate::github_model::{Protection, Role};

async fn rules_of(stage: &Stage) -> BranchRules {
    let forge = stage.forge().await.unwrap();
    forge.branch_rules(&"main".parse().unwrap()).await.unwrap()
}

fn protection() -> Protection {
    let classic = json!({
        "url": "https://api.github.com/repos/octo/r/branches/main/protection",
        "required_status_checks": { "strict": true, "contexts": ["build"], "checks": [{ "context": "build", "app_id": null }] },
        "required_pull_request_reviews": { "dismiss_stale_reviews": false, "required_approving_review_count": 1 },
        "required_conversation_resolution": { "enabled": true },
        "enforce_admins": { "enabled": false },
    });
    let rule = |kind: &str, parameters| json!({ "type": kind, "ruleset_source_type": "Repository", "ruleset_source": "octo/r", "ruleset_id": 1, "parameters": parameters });
    Protection {
        classic: [("main".to_owned(), classic)].into(),
        rules: vec![
            json!({ "type": "deletion", "ruleset_source_type": "Organization", "ruleset_source": "octo", "ruleset_id": 2 }),
            rule(
                "required_status_checks",
                json!({ "required_status_checks": [{ "context": "lint", "integration_id": 15368 }], "strict_required_status_checks_policy": false }),
            ),
            rule(
                "pull_request",
                json!({ "required_approving_review_count": 2, "required_review_thread_resolution": false }),
            ),
            rule("merge_queue", json!({ "merge_method": "MERGE", "grouping_strategy": "ALLGREEN" })),
        ],
        ..Protection::default()
    }
}

#[tokio::test]
#[ignore = "needs gh"]
async fn all_sources_of_rules_count() {
    let stage = Stage::new();
    assert_eq!(rules_of(&stage).await, BranchRules::default());
    stage.github.state().protection = protection();
    let whole = BranchRules {
        required_checks: ["build".to_owned(), "lint".to_owned()].into(),
        must_be_up_to_date: true,
        approvals: 2,
        must_resolve_conversations: true,
        has_merge_queue: true,
        unknown: Vec::new(),
    };
    assert_eq!(rules_of(&stage).await, whole);
    stage.github.state().protection.classic.clear();
    let of_rulesets = BranchRules {
        required_checks: ["lint".to_owned()].into(),
        must_be_up_to_date: false,
        must_resolve_conversations: false,
        ..whole
    };
    assert_eq!(rules_of(&stage).await, of_rulesets);
}

#[tokio::test]
#[ignore = "needs gh"]
async fn unreadable_rules_are_unknown() {
    let stage = Stage::new();
    stage.github.state().people.values_mut().for_each(|person| person.role = Role::Write);
    stage.github.state().protection = Protection { rules: Vec::new(), ..protection() };
    let rules = rules_of(&stage).await;
    assert_eq!(rules.required_checks, ["build".to_owned()].into());
    assert_eq!(rules.unknown, ["the branch protection cannot be read (GitHub: Not Found)"]);
    stage.github.state().protection = Protection { is_not_in_plan: true, ..Protection::default() };
    let rules = rules_of(&stage).await;
    assert!(
        rules.unknown[0].contains("the rulesets cannot be read (GitHub: Upgrade to GitHub Pro"),
        "{rules:?}"
    );
}
