//! Environment variables as a value: those of this process, and those of a child.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// Environment variables by name.
pub type Variables = BTreeMap<OsString, OsString>;
