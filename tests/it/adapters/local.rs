//! Tests of adapters/local.
