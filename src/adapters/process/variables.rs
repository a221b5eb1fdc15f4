//! Environment variables as a value: what this process was given, and what a child gets.

use std::collections::BTreeMap;
use std::ffi::OsString;

/// Environment variables by name.
pub type Variables = BTreeMap<OsString, OsString>;
