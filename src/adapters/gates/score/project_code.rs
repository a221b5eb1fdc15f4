//! Whether a scorer may run code of the project that it measures.

/// Whether a scorer may run code of the project, such as build scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProjectCode {
    Allowed,
    Never,
}
