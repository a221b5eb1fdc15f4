//! Tests of adapters/git.
