//! A checkout of the user in which an agent works, instead of a clone of ours.

pub(super) mod checkout;
pub(super) mod directories;
pub(super) mod explicit_directory;
pub(super) mod turn;
