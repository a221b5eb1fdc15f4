//! git through its command line: the mirror, the clones of agents, pushes. Knows nothing about rounds or reviews.
//!
//! One rule keeps an agent from running programs as us: no git process of ours ever uses an agent's `.git` as its git folder.
//! The git folder is the mirror, the index is beside the clone, and only the files are the agent's. The same applies to a
//! checkout of the user: its HEAD and index are written as files, and its objects are read through a git folder of ours.
//!
//! A turn in a reused, clean clone costs no spawn in `prepare` if the clone is at its commit, else one; none in `inspect`; none
//! (nothing changed) to seven (changed, with new files, and the agent used its own index) in `harvest`. A change of files that
//! configure agents costs 4 more, once for each pair of base and head. The files of a clone are compared with our index without
//! git (`clone/scan.rs`), so that the cost of git is that of what changed, and once for each turn (`clone/settled.rs`).

mod checkout_paths;
mod clone;
mod disk;
mod git_folders;
mod identity;
mod lock_holder;
mod measured_trees;
pub mod mirror;
mod push;
mod remote;
mod renewal;
mod runner;
mod unfinished;
mod user_checkout;
mod version;
mod waiting;
mod workplace;
mod workspace;

pub use clone::salvage::Kept;
pub use git_folders::GitFolders;
pub use identity::Identity;
pub use measured_trees::{MeasuredTrees, TreeEntry};
pub use mirror::merge::MergeOutcome;
pub use mirror::raw_diff::{RawChange, RawDiff};
pub use mirror::tracked::TrackedFile;
pub use remote::{ForkUrl, Remote, RemoteLogin, RemoteUrl};
pub use runner::Git;
pub use user_checkout::explicit_directory::ExplicitDirectory;
pub use version::{GitVersion, MINIMUM_VERSION};
pub use waiting::WaitNotice;
pub use workspace::GitWorkspace;
