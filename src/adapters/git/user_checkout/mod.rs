//! A checkout of the user's in which an agent works, in the place of a clone of ours.

pub(super) mod checkout;
pub(super) mod directories;
pub(super) mod explicit_directory;
pub(super) mod turn;
