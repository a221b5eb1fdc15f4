//! The rule against circular dependencies between files: every file can be read after the files that it uses.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::tree::{CRATE, Tree, assert_kept};

/// Returns the files that each file uses, with one of the paths.
type Edges<'tree> = BTreeMap<&'tree Path, BTreeMap<&'tree Path, String>>;

fn edges(tree: &Tree) -> Edges<'_> {
    let mut edges: Edges<'_> = tree.sources.keys().map(|file| (file.as_path(), BTreeMap::new())).collect();
    for (file, named) in tree.paths().filter(|(_, named)| named.what[0] == "crate") {
        if let Some(used) = tree.file_of(&named.what).filter(|used| *used != file) {
            let place = format!("line {}, {}", named.line, named.what.join("::"));
            edges.entry(file).or_default().entry(used).or_insert(place);
        }
    }
    edges
}

/// Returns all files that a file uses directly or indirectly.
fn reachable<'tree>(edges: &Edges<'tree>, from: &'tree Path) -> BTreeSet<&'tree Path> {
    let mut seen = BTreeSet::new();
    let mut next = vec![from];
    while let Some(file) = next.pop() {
        next.extend(edges[file].keys().filter(|used| seen.insert(**used)));
    }
    seen
}

/// Returns the strongly connected components of more than one file, each with its edges.
fn circles(tree: &Tree) -> Vec<String> {
    let edges = edges(tree);
    let leads_to: BTreeMap<&Path, BTreeSet<&Path>> =
        edges.keys().map(|file| (*file, reachable(&edges, file))).collect();
    let mut circles = BTreeSet::new();
    for (file, reached) in &leads_to {
        let circle: BTreeSet<&Path> =
            reached.iter().copied().filter(|other| leads_to[other].contains(file)).collect();
        if !circle.is_empty() {
            circles.insert(circle);
        }
    }
    circles.iter().map(|circle| described(&edges, circle)).collect()
}

fn described(edges: &Edges<'_>, circle: &BTreeSet<&Path>) -> String {
    let mut lines = vec![format!("a circle of {} files:", circle.len())];
    for file in circle {
        let inside = edges[file].iter().filter(|(used, _)| circle.contains(*used));
        lines.extend(
            inside.map(|(used, place)| format!("  {} -> {} ({place})", file.display(), used.display())),
        );
    }
    lines.join("\n")
}

#[test]
fn no_files_form_a_circle() {
    assert_kept(&circles(&CRATE));
}

#[test]
fn a_circle_through_mod_is_seen() {
    let tree = Tree::example(&[
        ("a/mod.rs", "mod b; mod c; pub use c::Thing;"),
        ("a/b.rs", "use super::Thing; pub fn b() {}"),
        ("a/c.rs", "pub struct Thing; fn c() { crate::a::b::b() }"),
        ("d.rs", "use crate::a::Thing;"),
    ]);
    let circles = circles(&tree);
    assert_eq!(circles.len(), 1, "{circles:?}");
    assert!(circles[0].starts_with("a circle of 2 files:"), "{circles:?}");
}

#[test]
fn circles_in_unit_tests_are_none() {
    let tree = Tree::example(&[
        ("a.rs", "use crate::b::B; pub struct A;"),
        ("b.rs", "pub struct B; #[cfg(test)] mod tests { use crate::a::A; }"),
    ]);
    assert_eq!(circles(&tree), Vec::<String>::new());
}
