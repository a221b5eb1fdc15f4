//! Kills a run at a chosen write: before the write is made, or between the write and its answer.

use std::process::Command;

/// The write at which a process is killed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Killer {
    pub(crate) pid: u32,
    pub(crate) moment: Moment,
    /// The end of the path of the write; any write, if it is empty.
    pub(crate) path: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    Before,
    After,
}

impl Killer {
    #[expect(clippy::disallowed_methods, reason = "tests kill the program")]
    pub(crate) fn kill(self) {
        let killed = Command::new("kill").args(["-9", &self.pid.to_string()]).status().unwrap();
        assert!(killed.success());
    }
}
