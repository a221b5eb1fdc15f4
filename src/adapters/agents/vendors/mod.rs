//! One pure file for each vendor's program: a turn to its command line, a line of its stream to events, its ending to an
//! outcome. Here: which file belongs to which vendor.

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
