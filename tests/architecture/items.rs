//! Rules for items: a type has a unique name and its methods in one file, visible items have a doc comment, and each argument
//! of a function has a name and a meaning.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::tree::{CRATE, Documentation, Item, ItemKind, Named, Tree, Visibility, assert_kept};

fn items(tree: &Tree) -> impl Iterator<Item = (&Path, &Named<Item>)> {
    tree.sources.iter().flat_map(|(file, source)| source.items.iter().map(|item| (file.as_path(), item)))
}

/// Returns the types whose methods are in several files: circular calls of methods are not circular imports.
fn spread(tree: &Tree) -> Vec<String> {
    let mut files: BTreeMap<(&Path, &str), BTreeSet<&Path>> = BTreeMap::new();
    for (file, source) in &tree.sources {
        for block in &source.impls {
            let Some(name) = block.what.last() else { continue };
            let home = tree.file_of(&block.what).unwrap_or(file);
            files.entry((home, name)).or_default().insert(file);
        }
    }
    let spread = files.into_iter().filter(|(_, files)| files.len() > 1);
    spread.map(|((home, name), files)| format!("{name} of {}: {files:?}", home.display())).collect()
}

/// Returns the names that several types have.
fn ambiguous(tree: &Tree) -> Vec<String> {
    let mut files: BTreeMap<&str, Vec<&Path>> = BTreeMap::new();
    for (file, item) in items(tree).filter(|(_, item)| item.what.kind == ItemKind::Type) {
        files.entry(&item.what.name).or_default().push(file);
    }
    let ambiguous = files.into_iter().filter(|(_, files)| files.len() > 1);
    ambiguous.map(|(name, files)| format!("{name}: {files:?}")).collect()
}

/// Returns the items that other files can see and that have no doc comment.
fn unexplained(tree: &Tree) -> Vec<String> {
    let unexplained = items(tree).filter(|(_, item)| {
        item.what.kind != ItemKind::Other
            && item.what.visibility == Visibility::OfOthers
            && item.what.documentation == Documentation::Missing
    });
    unexplained.map(|(file, item)| format!("{}:{}: {}", file.display(), item.line, item.what.name)).collect()
}

/// Returns the functions that take a tuple of arguments, or a `bool`, which says nothing at the call.
fn unnamed(tree: &Tree) -> Vec<String> {
    let found =
        tree.sources.iter().flat_map(|(file, source)| source.unnamed.iter().map(move |one| (file, one)));
    // A method of serde's trait.
    let found = found.filter(|(_, function)| function.what != "visit_bool");
    found.map(|(file, function)| format!("{}:{}: {}", file.display(), function.line, function.what)).collect()
}

#[test]
fn arguments_are_named_and_typed() {
    assert_kept(&unnamed(&CRATE));
}

#[test]
fn methods_are_in_one_file() {
    assert_kept(&spread(&CRATE));
}

#[test]
fn no_two_types_share_a_name() {
    assert_kept(&ambiguous(&CRATE));
}

#[test]
fn visible_items_are_documented() {
    assert_kept(&unexplained(&CRATE));
}

#[test]
fn methods_in_two_files_are_seen() {
    let tree = Tree::example(&[
        ("a.rs", "pub struct A<T>(T); impl<T> A<T> { fn one() {} } impl<T> Clone for A<T> {}"),
        ("b.rs", "use crate::a::A; impl A<u8> { fn two() {} } struct B; impl B {}"),
        ("c.rs", "use crate::a::A; impl Drop for A<u8> {} struct B; impl B {}"),
    ]);
    assert_eq!(spread(&tree), [r#"A of a.rs: {"a.rs", "b.rs"}"#]);
}

#[test]
fn tuples_and_flags_are_seen() {
    let text = "fn a((b, c): (u8, u8)) {}\nimpl D { fn e(&self, f: bool) {} }\nfn g(h: (u8, u8)) -> bool {}";
    assert_eq!(unnamed(&Tree::example(&[("a.rs", text)])), ["a.rs:1: a", "a.rs:2: e"]);
}

#[test]
fn a_name_given_twice_is_seen() {
    let tree = Tree::example(&[("a.rs", "struct Place; fn f() {}"), ("b.rs", "enum Place {} fn f() {}")]);
    assert_eq!(ambiguous(&tree), [r#"Place: ["a.rs", "b.rs"]"#]);
}

#[test]
fn an_unexplained_item_is_seen() {
    let text = "/// Explained.\npub fn a() {}\npub fn b() {}\nfn c() {}\npub(super) enum D {}\n#[cfg(test)]\npub fn e() {}";
    assert_eq!(unexplained(&Tree::example(&[("a.rs", text)])), ["a.rs:3: b", "a.rs:5: D"]);
}
