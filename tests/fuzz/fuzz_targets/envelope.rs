//! Whatever text it is given, the reader finds one object or complains; an object that it found is found again.

#![no_main]

use agent_loop::protocol::envelope;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

/// A fraction may lose its last digit on its way through text; no answer holds one.
fn holds_a_fraction(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(entries) => entries.iter().any(holds_a_fraction),
        Value::Object(members) => members.values().any(holds_a_fraction),
        Value::Null | Value::Bool(_) | Value::String(_) => false,
    }
}

fuzz_target!(|text: &str| {
    let Ok(found) = envelope::open(text) else { return };
    assert!(text.contains('{') && text.len() <= envelope::ANSWER_LIMIT);
    let alone = found.object.to_string();
    if !holds_a_fraction(&found.object) && alone.len() <= envelope::ANSWER_LIMIT {
        let again = envelope::open(&alone).expect("an object that was found");
        assert_eq!(again.object, found.object);
        assert_eq!(again.normalisations, []);
    }
});
