//! A checkout that the user lends to an agent instead of a clone of ours.

pub(super) mod checkout;
pub(super) mod directories;
pub(super) mod turn;
