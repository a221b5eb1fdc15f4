//! Where an agent works: in a clone of ours, or in a checkout of the user.

use super::clone::paths::ClonePaths;
use super::user_checkout::checkout::UserCheckout;

/// The place where an agent works, with the paths of its files and of our notes.
#[derive(Debug, Clone)]
pub(crate) enum Workplace {
    Clone(ClonePaths),
    /// The notes are where those of a clone would be.
    UserCheckout(ClonePaths, UserCheckout),
}

impl Workplace {
    /// Creates the workplace in a checkout of the user, with notes where those of a clone would be.
    pub(crate) fn in_checkout(clone: ClonePaths, checkout: UserCheckout) -> Self {
        Self::UserCheckout(ClonePaths { checkout: checkout.paths.clone(), ..clone }, checkout)
    }

    pub(crate) fn paths(&self) -> &ClonePaths {
        match self {
            Self::Clone(paths) | Self::UserCheckout(paths, _) => paths,
        }
    }

    pub(crate) fn user_checkout(&self) -> Option<&UserCheckout> {
        match self {
            Self::Clone(_) => None,
            Self::UserCheckout(_, checkout) => Some(checkout),
        }
    }
}
