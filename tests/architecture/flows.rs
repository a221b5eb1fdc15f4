//! Rules for flows: code outside a flow's folder does not depend on the flow.

use std::collections::BTreeSet;
use std::path::Path;

use super::tree::{CRATE, Named, Tree, assert_kept};

/// Folders whose code works with any flow.
const BLIND: [&str; 3] = ["ledger", "engine", "adapters"];

/// Returns the names of flows, which are those of their folders.
fn flows(tree: &Tree) -> BTreeSet<&str> {
    let below = tree.sources.keys().filter_map(|file| file.strip_prefix("flow").ok());
    let folders = below.filter(|file| file.iter().count() > 1);
    folders.filter_map(|file| file.iter().next()?.to_str()).collect()
}

fn place(file: &Path, line: usize, what: &str) -> String {
    format!("{}:{line}: {what}", file.display())
}

/// Returns the uses of a flow's module outside of its folder and the list of flows.
fn strangers(tree: &Tree) -> Vec<String> {
    let flows = flows(tree);
    let named = tree.paths().filter_map(|(file, named)| match named.what.as_slice() {
        [root, flow, name, ..] if root == "crate" && flow == "flow" && flows.contains(name.as_str()) => {
            Some((file, named, name))
        }
        _ => None,
    });
    let strangers = named.filter(|(file, _, name)| {
        *file != Path::new("flow/mod.rs") && !file.starts_with(Path::new("flow").join(name))
    });
    strangers.map(|(file, named, _)| place(file, named.line, &named.what.join("::"))).collect()
}

/// Returns the uses of a flow's name in code for all flows: as a module, a text, a variant of `Flow`, or a state.
fn knowing(tree: &Tree) -> Vec<String> {
    let flows = flows(tree);
    let mut found = Vec::new();
    // The reader of older threads knows the flow names of the older tool.
    let is_blind =
        |file: &Path| BLIND.iter().any(|room| file.starts_with(room)) && !file.starts_with("ledger/legacy");
    for (file, source) in tree.sources.iter().filter(|(file, _)| is_blind(file)) {
        let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        if flows.contains(stem) {
            found.push(place(file, 1, "is named after a flow"));
        }
        let paths = source.paths.iter().filter(|named| names_a_flow(tree, &flows, &named.what));
        found.extend(paths.map(|named| place(file, named.line, &named.what.join("::"))));
        let texts = source.texts.iter().filter(|text| flows.contains(text.what.as_str()));
        found.extend(texts.map(|text| place(file, text.line, &format!("{:?}", text.what))));
    }
    found
}

fn names_a_flow(tree: &Tree, flows: &BTreeSet<&str>, path: &[String]) -> bool {
    let types: BTreeSet<String> = flows.iter().map(|flow| capitalised(flow)).collect();
    let is_variant = path.windows(2).any(|pair| pair[0] == "Flow" && types.contains(&pair[1]));
    let is_state =
        path.iter().any(|name| name.strip_suffix("State").is_some_and(|flow| types.contains(flow)));
    let mut beginnings = (1..=path.len()).map(|length| &path[..length]);
    let is_module =
        beginnings.any(|path| flows.contains(path[path.len() - 1].as_str()) && tree.is_module(path));
    is_variant || is_state || is_module
}

fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect()
}

/// Returns the adapters that depend on roles: they may depend only on access.
fn asking_roles(tree: &Tree) -> Vec<String> {
    let adapters = tree.paths().filter(|(file, _)| file.starts_with("adapters"));
    let is_role = |named: &Named<Vec<String>>| named.what.windows(2).any(|pair| pair[0] == "Role");
    let asking = adapters.filter(|(_, named)| is_role(named));
    asking.map(|(file, named)| place(file, named.line, &named.what.join("::"))).collect()
}

#[test]
fn no_flow_is_named_outside() {
    assert_kept(&strangers(&CRATE));
}

#[test]
fn ledger_engine_adapters_know_no_flow() {
    assert_kept(&knowing(&CRATE));
}

#[test]
fn adapters_ask_for_no_role() {
    assert_kept(&asking_roles(&CRATE));
}

const TWO_FLOWS: [(&str, &str); 4] = [
    ("flow/mod.rs", "use review::state::ReviewState; mod review;"),
    ("flow/review/mod.rs", "pub mod state;"),
    ("flow/review/state.rs", "pub struct ReviewState;"),
    ("flow/planning/state.rs", "use super::super::review::state::ReviewState;"),
];

#[test]
fn a_flow_naming_another_is_seen() {
    let strangers = strangers(&Tree::example(&TWO_FLOWS));
    assert_eq!(strangers, ["flow/planning/state.rs:1: crate::flow::review::state::ReviewState"]);
}

#[test]
fn every_way_to_name_is_seen() {
    for text in [
        "use crate::flow::review;",
        "fn f(flow: Flow) -> bool { matches!(flow, Flow::Review) }",
        "fn f() -> &'static str { \"planning\" }",
        "fn f(state: &x::PlanningState) {}",
    ] {
        let tree = Tree::example(&[&TWO_FLOWS[..], &[("engine/run.rs", text)]].concat());
        assert_eq!(knowing(&tree).len(), 1, "{text}: {:?}", knowing(&tree));
    }
    let innocent = "fn f(kind: Kind) -> bool { kind == Kind::Review && text() == \"reviews\" }";
    let tree = Tree::example(&[&TWO_FLOWS[..], &[("engine/run.rs", innocent)]].concat());
    assert_eq!(knowing(&tree), Vec::<String>::new());
}

#[test]
fn adapters_asking_for_roles_are_seen() {
    let text = "use crate::domain::agent::Role; fn f(r: Role) -> bool { matches!(r, Role::Coder) }";
    let tree = Tree::example(&[("adapters/git.rs", text), ("domain/agent.rs", "pub enum Role { Coder }")]);
    assert_eq!(asking_roles(&tree), ["adapters/git.rs:1: crate::domain::agent::Role::Coder"]);
}
