//! The differences between operating systems: how processes are listed, whether orphans are adopted, which signals were
//! ignored at the start. Each system has a file with the same functions.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
mod portable;
pub(super) mod process;

#[cfg(target_os = "linux")]
pub(super) use linux::{
    adopt_orphans, all, children, has_stamp, has_variable, is_ignored, process_with, stamp,
};
#[cfg(not(target_os = "linux"))]
pub(super) use portable::{
    adopt_orphans, all, children, has_stamp, has_variable, is_ignored, process_with, stamp,
};
