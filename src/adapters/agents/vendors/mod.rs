//! One pure file for each vendor's program: a turn to its command line, a line of its stream to events, its ending to an
//! outcome. Here: which file is behind which backend.

pub mod antigravity;
pub mod claude;
pub mod codex;
pub mod gemini;
pub mod opencode;

use crate::adapters::agents::driver::vendor_cli::VendorCli;
use crate::domain::agent::Backend;

use antigravity::Antigravity;
use claude::Claude;
use codex::Codex;
use gemini::Gemini;
use opencode::Opencode;

/// The program behind a backend; none for those that are no vendor's.
pub fn cli(backend: Backend) -> Option<&'static dyn VendorCli> {
    match backend {
        Backend::Antigravity => Some(&Antigravity),
        Backend::Claude => Some(&Claude),
        Backend::Codex => Some(&Codex),
        Backend::Gemini => Some(&Gemini),
        Backend::Opencode => Some(&Opencode),
        Backend::Command | Backend::Scripted | Backend::Host => None,
    }
}
