//! The model of GitHub does not differ from GitHub's own descriptions. With the descriptions on this machine, every test
//! here ends with a look at all calls that its model got (`tests/github/description.rs`).

use std::path::Path;
use std::process::Command;

use crate::github_model::DESCRIPTIONS;

#[test]
#[ignore = "needs .ci/descriptions"]
fn our_queries_are_valid() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/adapters/github");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let queries: Vec<_> =
        files.filter(|path| path.extension().is_some_and(|name| name == "graphql")).collect();
    assert!(!queries.is_empty());
    #[expect(clippy::disallowed_methods, reason = "a test starts node")]
    let mut node = Command::new("node");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/github/queries.mjs");
    let output = node.args([script, DESCRIPTIONS]).args(queries).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
#[ignore = "needs .ci/descriptions"]
fn githubs_description_is_here() {
    let path = Path::new(DESCRIPTIONS).join("api.github.com.json");
    assert!(path.exists(), "run .ci/descriptions, which puts it into {}", path.display());
}
