//! Where the cost of a run is known from: its journals, or what was kept of them.

/// Where it is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CostSource {
    /// From the journals of this machine.
    Journals,
    /// From what was kept when its journals were removed.
    Kept,
    /// Some of it from journals, the rest from what was kept.
    Both,
}

impl CostSource {
    /// The word for it in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Journals => "journals",
            Self::Kept => "kept",
            Self::Both => "journals-and-kept",
        }
    }
}
