//! Tests of adapters/process.
