//! Tests of adapters/state.
