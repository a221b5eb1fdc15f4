//! GitHub, reached through the user's own `gh`: REST calls with `gh api`, and the reading of their answers.

pub mod address;
mod authors;
mod checks;
mod client;
mod commit_status;
mod edits;
pub mod forge;
pub mod forks;
mod gh;
mod head_branch;
pub mod health;
mod job_log;
mod kept_threads;
mod merging;
mod native_reviews;
mod own_issues;
mod pace;
mod protection;
mod remarks;
mod reply;
mod review_threads;
mod shapes;
mod subject_check;
mod thread;

pub use forge::GithubForge;
pub use gh::Gh;
