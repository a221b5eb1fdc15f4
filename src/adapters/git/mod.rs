//! git through its command line: the mirror, the clones of agents, pushes. Knows nothing about rounds or reviews.
//!
//! One rule keeps an agent from running programs as us: no git process of ours ever has an agent's `.git` as its git
//! folder. The mirror is the git folder, the index lies beside the clone, and only the files are the agent's. A
//! checkout of the user's is treated alike: its HEAD and index are written as files, its objects come through a git folder of ours.
//!
//! A turn in a reused, clean clone costs 2 direct spawns in `prepare` and 1 in `inspect`, or 1 (nothing changed) to 6
//! (changed, and the agent touched its own index) in `harvest`. A change of files that configure agents costs 4 more, once
//! for each pair of base and head.

mod checkout_paths;
mod clone;
mod disk;
mod identity;
mod lock_holder;
mod measured_trees;
pub mod mirror;
mod push;
mod remote;
mod runner;
mod unfinished;
mod user_checkout;
mod version;
mod waiting;
mod workplace;
mod workspace;

pub use clone::salvage::Kept;
pub use identity::Identity;
pub use measured_trees::{MeasuredTrees, TreeEntry};
pub use mirror::merge::MergeOutcome;
pub use mirror::tracked::TrackedFile;
pub use remote::{ForkUrl, Remote, RemoteLogin, RemoteUrl};
pub use runner::Git;
pub use user_checkout::explicit_directory::ExplicitDirectory;
pub use version::{GitVersion, MINIMUM_VERSION};
pub use waiting::WaitNotice;
pub use workspace::{GitFolders, GitWorkspace};
