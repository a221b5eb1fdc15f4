//! A forge that exists: the embedded one, or GitHub.

use std::ops::Deref;
use std::sync::Arc;

use crate::ports::forge::Forge;

use super::embedded_forge::EmbeddedForge;
use super::github::GithubForge;

/// A forge that exists.
#[derive(Debug, Clone)]
pub enum AnyForge {
    Embedded(Arc<EmbeddedForge>),
    Github(Arc<GithubForge>),
}

impl AnyForge {
    pub fn port(&self) -> Arc<dyn Forge> {
        match self {
            Self::Embedded(forge) => forge.clone(),
            Self::Github(forge) => forge.clone(),
        }
    }
}

impl Deref for AnyForge {
    type Target = dyn Forge;

    fn deref(&self) -> &Self::Target {
        match self {
            Self::Embedded(forge) => &**forge,
            Self::Github(forge) => &**forge,
        }
    }
}
