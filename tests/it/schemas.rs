//! The committed schemas are those of the types. `UPDATE_SCHEMAS=1 cargo test --test it schemas` regenerates them.

use std::fs;
use std::path::PathBuf;

use agent_loop::adapters::gates::score::generic;
use agent_loop::cli::config::keys;
use agent_loop::domain::agent::ResponseKind;
use agent_loop::protocol::{schema, strict};

fn committed() -> Vec<(PathBuf, String)> {
    let folder = PathBuf::from("schemas");
    let ours = |kind| (folder.join(format!("{kind}.schema.json")), schema::text(&schema::of(kind)));
    let strict = |kind| (folder.join(format!("strict/{kind}.schema.json")), schema::text(&strict::of(kind)));
    let mut all: Vec<(PathBuf, String)> = ResponseKind::ALL.into_iter().map(ours).collect();
    all.extend(ResponseKind::ALL.into_iter().map(strict));
    all.push((folder.join("context.schema.json"), schema::text(&schema::of_context())));
    all.push((folder.join("score.schema.json"), schema::text(&generic::schema())));
    all.push((folder.join("settings.schema.json"), schema::text(&keys::schema())));
    all
}

#[test]
fn the_committed_schemas_are_fresh() {
    #[expect(clippy::disallowed_methods, reason = "a developer's switch for this one test")]
    let update = std::env::var_os("UPDATE_SCHEMAS").is_some();
    for (path, text) in committed() {
        if update {
            fs::write(&path, &text).unwrap();
        }
        let stands = fs::read_to_string(&path).unwrap_or_default();
        assert!(stands == text, "{} is stale: UPDATE_SCHEMAS=1 cargo test schemas", path.display());
    }
}

#[test]
fn no_committed_schema_is_obsolete() {
    let known: Vec<PathBuf> = committed().into_iter().map(|(path, _)| path).collect();
    let found = ["schemas", "schemas/strict"].into_iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    for path in found.map(|entry| entry.unwrap().path()).filter(|path| path.is_file()) {
        assert!(known.contains(&path), "{} belongs to no type", path.display());
    }
}

#[test]
fn examples_read_what_prompts_have() {
    let context = schema::of_context();
    let manual = fs::read_to_string("docs/agents.md").unwrap();
    let read: Vec<&str> =
        manual.split("context[\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert!(read.len() > 3, "{read:?}");
    for name in read {
        assert!(context["properties"].get(name).is_some(), "no context has `{name}`");
    }
}
