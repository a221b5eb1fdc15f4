//! A record as text and back: canonical JSON, deflate, base64url, one `AGENT_LOOP_META` line. Reads nothing else.

use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::domain::ids::{ChainHash, RecordId, RunId};
use crate::domain::subject::Subject;

use super::chain;
use super::record::{Flow, Payload, Record, VERSION};

/// The longest body that is published, in bytes: GitHub refuses comments above 65,536 characters.
pub const BODY_LIMIT: usize = 60_000;

/// The longest canonical JSON that is unpacked, in bytes: a small comment must not become a large record.
const JSON_LIMIT: u64 = 4 << 20;

const OPENING: &str = "<!-- AGENT_LOOP_META: v1.";
const ANY_VERSION: &str = "<!-- AGENT_LOOP_META: v";
const CLOSING: &str = " -->";

/// The members of a record as they are written, in canonical JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    at: Timestamp,
    flow: Flow,
    id: RecordId,
    kind: String,
    payload: Value,
    prev: ChainHash,
    round: u32,
    run: RunId,
    subject: Subject,
    tool: String,
    v: u64,
}

/// A record that was read, with the hash that the next one must name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// The record.
    pub record: Record,
    /// The hash of its canonical bytes.
    pub hash: ChainHash,
}

/// What a comment holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Words only.
    NoRecord,
    /// A record.
    Record(Box<Decoded>),
    /// A record of a newer format.
    Newer(u64),
    /// Something that claims to be a record and is none.
    Damaged(String),
}

/// A record could not be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// It does not fit into a comment.
    #[error("the record takes {0} bytes, and a comment holds {BODY_LIMIT}")]
    TooLong(usize),
    /// It can't be expressed; a defect of this program.
    #[error("the record can't be written: {0}")]
    Inexpressible(String),
}

/// The canonical bytes of a record: RFC 8785, for what our records hold (ASCII keys, no floats).
///
/// # Errors
/// When a payload can't be expressed as JSON.
pub fn canonical(record: &Record) -> Result<Vec<u8>, EncodeError> {
    let inexpressible = |error: serde_json::Error| EncodeError::Inexpressible(error.to_string());
    let wire = Wire {
        at: record.at,
        flow: record.payload.flow(),
        id: record.id.clone(),
        kind: record.payload.kind().to_owned(),
        payload: payload_value(&record.payload).map_err(inexpressible)?,
        prev: record.prev.clone(),
        round: record.round,
        run: record.run.clone(),
        subject: record.subject.clone(),
        tool: record.tool.clone(),
        v: VERSION,
    };
    // A `Value` keeps its keys sorted, a struct would keep them as declared.
    let value = serde_json::to_value(wire).map_err(inexpressible)?;
    serde_json::to_vec(&value).map_err(inexpressible)
}

fn payload_value(payload: &Payload) -> serde_json::Result<Value> {
    match payload {
        Payload::Opened(opened) => serde_json::to_value(opened),
        Payload::Review(review) => serde_json::to_value(review),
        Payload::Answer(answer) => serde_json::to_value(answer),
        Payload::Gates(gates) => serde_json::to_value(gates),
        Payload::Concluded(concluded) | Payload::DeliveryConcluded(concluded) => {
            serde_json::to_value(concluded)
        }
        Payload::Started(started) => serde_json::to_value(started),
        Payload::Delivered(delivered) => serde_json::to_value(delivered),
    }
}

/// The line that holds a record.
///
/// # Errors
/// When the record can't be expressed.
pub fn line(record: &Record) -> Result<String, EncodeError> {
    let bytes = canonical(record)?;
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    let packed = encoder.write_all(&bytes).and_then(|()| encoder.finish());
    let packed = packed.map_err(|error| EncodeError::Inexpressible(error.to_string()))?;
    Ok(format!("{OPENING}{}{CLOSING}", URL_SAFE_NO_PAD.encode(packed)))
}

/// The body of a comment: what people see, then the record. The visible part is shortened if it has to be.
///
/// # Errors
/// When the record alone does not fit into a comment.
pub fn body(visible: &str, record: &Record) -> Result<String, EncodeError> {
    const SHORTENED: &str = "\n\n_(shortened; the record below holds everything)_";
    let line = line(record)?;
    let room =
        BODY_LIMIT.checked_sub(line.len() + SHORTENED.len() + 2).ok_or(EncodeError::TooLong(line.len()))?;
    let visible = visible.trim_end();
    if visible.len() <= room {
        return Ok(format!("{visible}\n\n{line}"));
    }
    let end = (0..=room).rev().find(|end| visible.is_char_boundary(*end)).unwrap_or(0);
    Ok(format!("{}{SHORTENED}\n\n{line}", visible.get(..end).unwrap_or_default()))
}

/// Reads a comment. The record stands in its last line; a marker anywhere else is only text.
pub fn read(body: &str) -> Content {
    let Some(last) = body.lines().rev().map(str::trim).find(|line| !line.is_empty()) else {
        return Content::NoRecord;
    };
    let Some(versioned) = last.strip_prefix(ANY_VERSION).and_then(|rest| rest.strip_suffix(CLOSING)) else {
        return Content::NoRecord;
    };
    let Some((version, packed)) = versioned.split_once('.') else {
        return Content::Damaged("no version".to_owned());
    };
    match version.parse::<u64>() {
        Ok(VERSION) => {
            unpack(packed).map_or_else(Content::Damaged, |decoded| Content::Record(Box::new(decoded)))
        }
        Ok(newer) if newer > VERSION => Content::Newer(newer),
        Ok(_) | Err(_) => Content::Damaged(format!("version `{version}` is unknown")),
    }
}

fn unpack(packed: &str) -> Result<Decoded, String> {
    let packed = URL_SAFE_NO_PAD.decode(packed).map_err(|error| format!("base64: {error}"))?;
    let mut bytes = Vec::new();
    let limited = DeflateDecoder::new(packed.as_slice()).take(JSON_LIMIT + 1).read_to_end(&mut bytes);
    limited.map_err(|error| format!("deflate: {error}"))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > JSON_LIMIT {
        return Err("unpacks to more than 4 MiB".to_owned());
    }
    let wire: Wire = serde_json::from_slice(&bytes).map_err(|error| format!("JSON: {error}"))?;
    let payload = payload(wire.flow, &wire.kind, wire.payload)?;
    let record = Record {
        id: wire.id,
        prev: wire.prev,
        run: wire.run,
        subject: wire.subject,
        round: wire.round,
        at: wire.at,
        tool: wire.tool,
        payload,
    };
    let expected = chain::record_id(&record.prev, record.payload.kind(), record.payload.agent());
    if wire.v != VERSION || record.id != expected {
        return Err("its id is not the one that follows from its place".to_owned());
    }
    Ok(Decoded { record, hash: chain::hash(&bytes) })
}

fn payload(flow: Flow, kind: &str, value: Value) -> Result<Payload, String> {
    match (flow, kind) {
        (Flow::Review, "opened") => typed(value).map(Payload::Opened),
        (Flow::Review, "review") => typed(value).map(|review| Payload::Review(Box::new(review))),
        (Flow::Review, "answer") => typed(value).map(|answer| Payload::Answer(Box::new(answer))),
        (Flow::Review, "gates") => typed(value).map(Payload::Gates),
        (Flow::Review, "concluded") => typed(value).map(Payload::Concluded),
        (Flow::Delivery, "started") => typed(value).map(Payload::Started),
        (Flow::Delivery, "delivered") => typed(value).map(Payload::Delivered),
        (Flow::Delivery, "concluded") => typed(value).map(Payload::DeliveryConcluded),
        (Flow::Review | Flow::Delivery, other) => {
            Err(format!("`{other}` is no kind of the flow {}", flow.name()))
        }
    }
}

fn typed<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    serde_json::from_value(value).map_err(|error| format!("payload: {error}"))
}
