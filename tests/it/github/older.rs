//! Threads of an older tool: its open findings are carried into the first run, if its author may write records.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

use super::stage::{Stage, gh, loop_words};
use crate::github_model::{Pull, Role};

/// Runs on a pull request that the older tool has reviewed under this login. Returns whether the run knows the finding.
fn knows_a_finding_of(author: &str) -> bool {
    let stage = Stage::new();
    let head = stage.branch("feature", "one DONE\n");
    let (name, base, last_head) = ("feature".to_owned(), "main".to_owned(), head.clone());
    let pull = Pull { head: name, base, last_head, is_draft: false, fork: None, merge: None };
    let meta = json!({
        "flow": "pr", "role": "reviewer", "agent": "codex", "round_number": 2, "subject": head, "state": "blocking",
        "new_items": [{"id": "item-4", "text": "there is a bug", "status": "blocking"}], "next_item": 7,
    });
    let line = format!("<!-- AGENT_LOOP_META: {} -->", URL_SAFE_NO_PAD.encode(meta.to_string()));
    let number = {
        let mut model = stage.github.state();
        let (bob, author) = (model.person("bob", Role::Write), model.person(author, Role::Read));
        let number = model.file(bob, ("Did it", ""), Some(pull));
        model.comment(number, author, &format!("### Blocking issues\n\n- `item-4` there is a bug\n\n{line}"));
        number
    };
    let ended = stage.run(&loop_words(&["pr", &number.to_string()], &gh()));
    assert_eq!(ended.json()["status"], "approved", "{}\n{}", ended.stdout, ended.stderr);
    let model = stage.github.state();
    model.comments.iter().skip(1).any(|comment| comment.body.contains("`item-4`"))
}

#[test]
#[ignore = "needs gh"]
fn older_findings_are_carried() {
    assert!(knows_a_finding_of("ada"));
    assert!(!knows_a_finding_of("eve"), "a stranger's record counts for nothing");
}
