//! What the readers of all reports share. Knows no format but JSON.

use serde_json::Value;

/// What decides about the result of a scan besides the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ScanKey {
    /// A hash of the scorer's command and program.
    pub(super) scorer: String,
    /// A hash of the programs that scorers call.
    pub(super) environment: String,
    pub(super) policy: String,
}

/// Why the output of a scorer has no meaning.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum ReportFault {
    #[error("it printed nothing")]
    Empty,
    #[error("its output is not one JSON value ({0}): it was cut off, or something else printed")]
    NotJson(String),
    #[error("it reported an error: {0}")]
    ToolError(String),
    #[error("its report has an unknown form: {0}")]
    Shape(String),
    #[error("its report contradicts itself: {0}")]
    Inconsistent(String),
}

/// Returns the only JSON value of an output. A wrapper such as npx may print lines before it.
pub(super) fn json(output: &[u8]) -> Result<Value, ReportFault> {
    let text = String::from_utf8_lossy(output);
    if text.trim().is_empty() {
        return Err(ReportFault::Empty);
    }
    let start =
        text.match_indices('{').find(|(at, _)| *at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n'));
    let report = start.and_then(|(at, _)| text.get(at..)).unwrap_or(&text);
    serde_json::from_str(report).map_err(|error| ReportFault::NotJson(error.to_string()))
}
