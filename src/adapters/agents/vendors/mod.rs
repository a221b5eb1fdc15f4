//! One pure file for each vendor's program: it converts a turn to a command line, a line of the stream to events, and the ending
//! to an outcome. This file assigns them to vendors.

pub mod antigravity;
pub mod claude;
pub mod codex;
pub mod gemini;
pub mod opencode;

use crate::adapters::agents::driver::vendor_cli::VendorCli;
use crate::domain::vendors::Vendor;

use antigravity::Antigravity;
use claude::Claude;
use codex::Codex;
use gemini::Gemini;
use opencode::Opencode;

/// Returns the description of a vendor's program.
pub fn cli(vendor: Vendor) -> &'static dyn VendorCli {
    match vendor {
        Vendor::Antigravity => &Antigravity,
        Vendor::Claude => &Claude,
        Vendor::Codex => &Codex,
        Vendor::Gemini => &Gemini,
        Vendor::Opencode => &Opencode,
    }
}
