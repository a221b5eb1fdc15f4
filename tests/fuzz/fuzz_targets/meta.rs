//! No comment makes the reader of records fail, and a record that was read is written and read the same.
//! An input is tried as a comment, and as the JSON of a record, which is then packed and gets the id of its place.

#![no_main]


use agent_loop::domain::ids::{ChainHash, Label};
use agent_loop::ledger::chain;
use agent_loop::ledger::codec::{self, Content};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use miniz_oxide::deflate::compress_to_vec;
use serde_json::Value;

fuzz_target!(|text: &str| {
    round_trip(&codec::read(text));
    if let Ok(mut record) = serde_json::from_str::<Value>(text) {
        put_into_place(&mut record);
        round_trip(&codec::read(&packed(record.to_string().as_bytes())));
    }
    round_trip(&codec::read(&packed(text.as_bytes())));
});

/// Gives a record the id that follows from its place.
fn put_into_place(record: &mut Value) {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let prev = text(&record["prev"]).and_then(|prev| ChainHash::try_from(prev).ok());
    let agent = text(&record["payload"]["agent"]).and_then(|agent| Label::try_from(agent).ok());
    if let (Some(prev), Some(kind), Some(members)) = (prev, text(&record["kind"]), record.as_object_mut()) {
        let id = chain::record_id(&prev, &kind, agent.as_ref());
        members.insert("id".to_owned(), Value::String(id.to_string()));
    }
}

fn packed(json: &[u8]) -> String {
    let packed = compress_to_vec(json, 1);
    format!("words\n\n<!-- AGENT_LOOP_META: v1.{} -->", URL_SAFE_NO_PAD.encode(packed))
}

fn round_trip(content: &Content) {
    let Content::Record(read) = content else { return };
    let line = codec::line(&read.record).expect("a record that was read");
    let Content::Record(again) = codec::read(&line) else { panic!("{line} is not read again") };
    assert_eq!(again.record, read.record);
    assert_eq!(codec::canonical(&again.record), codec::canonical(&read.record));
    assert_eq!(codec::line(&again.record), Ok(line));
}
