//! The events of a run, each as a JSON object on one line, schema `agent-loop/event/1`. The outcome is the last line.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::ports::run_event::RunEvent;

use super::board::Board;

const SCHEMA: &str = "agent-loop/event/1";

/// Returns an event as JSON.
pub fn event(event: &RunEvent, now: Timestamp) -> Value {
    let mut object = json!({ "schema": SCHEMA, "at": now });
    if let (Value::Object(object), Ok(Value::Object(members))) = (&mut object, serde_json::to_value(event)) {
        object.extend(members);
    }
    object
}

/// Returns the working agents and gates as JSON.
pub fn heartbeat(board: &Board, now: Timestamp) -> Value {
    let working = board
        .workers
        .iter()
        .map(|(who, worker)| json!({ "who": who, "since": worker.since, "log": worker.log, "activity": worker.activity }));
    json!({ "schema": SCHEMA, "at": now, "event": "heartbeat", "working": working.collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::PullRequestNumber;
    use crate::domain::subject::Subject;

    #[test]
    fn an_event_has_schema_and_time() {
        let begun = RunEvent::Begun { subject: Subject::PullRequest(PullRequestNumber(7)) };
        assert_eq!(
            event(&begun, Timestamp::from_second(0).unwrap()),
            json!({ "schema": SCHEMA, "at": "1970-01-01T00:00:00Z", "event": "begun", "subject": "pr/7" })
        );
    }
}
