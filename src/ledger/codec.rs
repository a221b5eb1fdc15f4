//! A record as text and back: canonical JSON, deflate, base64url, one `AGENT_LOOP_META` line. Reads nothing else.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use memchr::memrchr;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF;
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::domain::flow_name::FlowName;
use crate::domain::ids::{ChainHash, RecordId, RunId};
use crate::domain::subject::Subject;

use crate::protocol::markers;

use super::body::Body;
use super::chain;
use super::envelope::{Envelope, VERSION};

/// The maximum size of a published comment, in bytes: GitHub refuses comments above 65,536 characters.
pub const BODY_LIMIT: usize = 60_000;

/// The maximum size of unpacked JSON, in bytes: a small comment must not become a large record.
const JSON_LIMIT: usize = 4 << 20;

/// The slowest and best compression: a record is written once and read often.
const COMPRESSION: u8 = 9;

const OPENING: &str = "<!-- AGENT_LOOP_META: v1.";
const ANY_VERSION: &str = "<!-- AGENT_LOOP_META: v";
const CLOSING: &str = " -->";
const SEPARATOR: &str = "\n\n";

/// The members of a record in canonical JSON: in the order of their names, as `serde_json` sorts the members of a payload.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<'record, Payload> {
    at: Timestamp,
    flow: Cow<'record, FlowName>,
    id: Cow<'record, RecordId>,
    kind: Cow<'record, str>,
    payload: Payload,
    prev: Cow<'record, ChainHash>,
    round: u32,
    run: Cow<'record, RunId>,
    subject: Cow<'record, Subject>,
    tool: Cow<'record, str>,
    v: u64,
}

/// A decoded record, with the hash that the next record must name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    pub record: Arc<Envelope>,
    /// The hash of the canonical bytes.
    pub hash: ChainHash,
}

/// The content of a comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    NoRecord,
    Record(Box<Decoded>),
    /// A record of a newer format.
    Newer(u64),
    /// The comment claims to be a record and is not a valid one.
    Damaged(String),
    /// The line of a record, in a place where it is only text: not the last one, or in code.
    Quoted,
}

/// An error of encoding a record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// The record does not fit into a comment.
    #[error("the record takes {0} bytes, and a comment holds {BODY_LIMIT}")]
    TooLong(usize),
    /// The record cannot be encoded; a defect of this program.
    #[error("the record cannot be written: {0}")]
    Inexpressible(String),
}

/// Returns the canonical bytes of a record: RFC 8785 for the values in our records (ASCII keys, no floats).
pub fn canonical(record: &Envelope) -> Result<Vec<u8>, EncodeError> {
    let wire = Wire {
        at: record.at,
        flow: Cow::Borrowed(&record.flow),
        id: Cow::Borrowed(&record.id),
        kind: record.body.kind().into(),
        payload: record.body.payload(),
        prev: Cow::Borrowed(&record.prev),
        round: record.round,
        run: Cow::Borrowed(&record.run),
        subject: Cow::Borrowed(&record.subject),
        tool: record.tool.as_str().into(),
        v: VERSION,
    };
    serde_json::to_vec(&wire).map_err(|error| EncodeError::Inexpressible(error.to_string()))
}

/// Returns the line with a record.
pub fn line(record: &Envelope) -> Result<String, EncodeError> {
    Ok(format!("{OPENING}{}{CLOSING}", packed(&canonical(record)?)))
}

fn packed(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(compress_to_vec(bytes, COMPRESSION))
}

/// Checks that a record fits into a comment, before anything depends on the record.
///
/// # Errors
/// Fails if the record does not fit or cannot be encoded.
pub fn fits(body: &Body) -> Result<(), EncodeError> {
    /// The packed size of a record without its payload.
    const FRAME: usize = 1_000;
    let length = packed(body.payload().get().as_bytes()).len() + FRAME;
    if length > BODY_LIMIT { Err(EncodeError::TooLong(length)) } else { Ok(()) }
}

/// Returns the maximum size of the visible part of a comment with this line, in bytes.
///
/// # Errors
/// Fails if the line alone does not fit into a comment.
pub fn room(line: &str) -> Result<usize, EncodeError> {
    BODY_LIMIT
        .checked_sub(line.len() + SEPARATOR.len())
        .ok_or(EncodeError::TooLong(line.len() + SEPARATOR.len()))
}

/// Returns the body of a comment: the visible part, then the record.
pub fn body(visible: &str, line: &str) -> String {
    format!("{}{SEPARATOR}{line}", visible.trim_end())
}

/// Reads a comment. The record is the last line, outside code; a marker anywhere else is text.
pub fn read(body: &str) -> Content {
    let Some(versioned) = versioned(body) else {
        let is_quoted = body.lines().any(|line| line.trim().starts_with(ANY_VERSION));
        return if is_quoted { Content::Quoted } else { Content::NoRecord };
    };
    let Some((version, packed)) = versioned.split_once('.') else {
        return Content::Damaged("no version".to_owned());
    };
    match version.parse::<u64>().ok().filter(|number| number.to_string() == version) {
        Some(VERSION) => {
            unpack(packed).map_or_else(Content::Damaged, |decoded| Content::Record(Box::new(decoded)))
        }
        Some(newer) if newer > VERSION => Content::Newer(newer),
        Some(_) | None => Content::Damaged(format!("version `{version}` is unknown")),
    }
}

/// Returns whether a comment claims to be a record, without unpacking it.
pub fn claims(body: &str) -> bool {
    versioned(body).is_some()
}

/// Returns the text after the marker's name in the last line, if the line has the marker.
fn versioned(body: &str) -> Option<&str> {
    let body = body.trim_end();
    let line = body.strip_suffix(CLOSING)?;
    let start = memrchr(b'\n', line.as_bytes()).map_or(0, |end| end + 1);
    let versioned = line.get(start..)?.trim_start().strip_prefix(ANY_VERSION)?;
    (!markers::is_in_code(body, start)).then_some(versioned)
}

thread_local! {
    /// The state of decompressing, 11 kB: a new one for each record takes longer than decompressing the record.
    static DECOMPRESSOR: RefCell<Box<DecompressorOxide>> = RefCell::default();
}

/// Decompresses a record of at most `JSON_LIMIT` bytes.
fn decompressed(decompressor: &mut DecompressorOxide, packed: &[u8]) -> Result<Vec<u8>, String> {
    decompressor.init();
    let mut bytes = vec![0; packed.len().saturating_mul(4).min(JSON_LIMIT)];
    let (mut read, mut written) = (0, 0);
    loop {
        let rest = packed.get(read..).unwrap_or_default();
        let (status, consumed, produced) =
            decompress(decompressor, rest, &mut bytes, written, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF);
        read += consumed;
        written += produced;
        if status == TINFLStatus::Done {
            bytes.truncate(written);
            return Ok(bytes);
        }
        if status != TINFLStatus::HasMoreOutput {
            return Err(format!("deflate: {status:?}"));
        }
        if bytes.len() == JSON_LIMIT {
            return Err("unpacks to more than 4 MiB".to_owned());
        }
        bytes.resize(bytes.len().saturating_mul(2).clamp(1, JSON_LIMIT), 0);
    }
}

fn unpack(packed: &str) -> Result<Decoded, String> {
    let packed = URL_SAFE_NO_PAD.decode(packed).map_err(|error| format!("base64: {error}"))?;
    let bytes = DECOMPRESSOR.with_borrow_mut(|decompressor| decompressed(decompressor, &packed))?;
    let wire: Wire<'_, Value> = serde_json::from_slice(&bytes).map_err(|error| format!("JSON: {error}"))?;
    let record = Envelope {
        id: wire.id.into_owned(),
        prev: wire.prev.into_owned(),
        run: wire.run.into_owned(),
        flow: wire.flow.into_owned(),
        subject: wire.subject.into_owned(),
        round: wire.round,
        at: wire.at,
        tool: wire.tool.into_owned(),
        body: Body::from_parts(wire.kind.into_owned(), &wire.payload),
    };
    let expected = chain::record_id(&record.prev, record.body.kind(), record.body.agent());
    if wire.v != VERSION {
        return Err(format!("version {VERSION} outside and {} inside", wire.v));
    }
    if record.id != expected {
        return Err("its id is not the one that follows from its place".to_owned());
    }
    // A program that encodes the record again would get a different hash.
    if canonical(&record).ok().as_ref() != Some(&bytes) {
        return Err("its JSON is not canonical".to_owned());
    }
    Ok(Decoded { record: Arc::new(record), hash: chain::hash(&bytes) })
}
