//! The registry: which file here is behind which backend.

use crate::domain::agent::Backend;

use super::antigravity::Antigravity;
use super::claude::Claude;
use super::cli::Cli;
use super::codex::Codex;
use super::gemini::Gemini;
use super::opencode::Opencode;

/// The program behind a backend; none for those that are no vendor's.
pub fn cli(backend: Backend) -> Option<&'static dyn Cli> {
    match backend {
        Backend::Antigravity => Some(&Antigravity),
        Backend::Claude => Some(&Claude),
        Backend::Codex => Some(&Codex),
        Backend::Gemini => Some(&Gemini),
        Backend::Opencode => Some(&Opencode),
        Backend::Command | Backend::Scripted | Backend::Host => None,
    }
}
