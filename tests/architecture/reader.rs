//! Parses a source file into the facts that the rules check. Unit tests are left out.

use std::collections::BTreeMap;

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{
    Attribute, FnArg, Ident, ImplItem, Item as RustItem, Pat, Type, UseTree, Visibility as RustVisibility,
};

use super::tree::{Documentation, FullPath, Item, ItemKind, Named, Source, Visibility};

/// Reads the source file of a module.
pub(super) fn read(module: FullPath, text: &str) -> syn::Result<Source> {
    let file = syn::parse_file(text)?;
    let mut imports = Imports::default();
    imports.visit_file(&file);
    let mut reader = Reader { names: Names::of(&module, &file.items), source: Source::default() };
    reader.source.module = module;
    for (path, named, passing) in imports.found {
        reader.import(&path, named, passing);
    }
    reader.visit_file(&file);
    Ok(reader.source)
}

/// Resolves names of a file to paths from a root.
struct Names {
    module: FullPath,
    /// The imported paths by their local names.
    imported: BTreeMap<String, FullPath>,
    /// The items and modules of the file.
    own: Vec<String>,
}

impl Names {
    fn of(module: &FullPath, items: &[RustItem]) -> Self {
        let own = items.iter().filter_map(|item| described(item).map(|(item, _)| item.name)).collect();
        Self { module: module.clone(), imported: BTreeMap::new(), own }
    }

    fn full(&self, path: &[String]) -> FullPath {
        let Some((first, rest)) = path.split_first() else { return Vec::new() };
        let base: FullPath = match first.as_str() {
            "self" => self.module.clone(),
            "super" => {
                let depth = path.iter().take_while(|name| *name == "super").count();
                let above = self.module.len().saturating_sub(depth);
                return self.module[..above].iter().chain(&path[depth..]).cloned().collect();
            }
            name => match self.imported.get(name) {
                Some(target) => target.clone(),
                None if self.own.iter().any(|own| own == name) => {
                    self.module.iter().cloned().chain([first.clone()]).collect()
                }
                None => vec![first.clone()],
            },
        };
        base.into_iter().chain(rest.iter().cloned()).collect()
    }
}

/// Whether a `use` is an import or a re-export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passing {
    Used,
    PassedOn,
}

/// A leaf of a `use`, with its local name.
struct Leaf {
    path: Named<FullPath>,
    alias: Option<String>,
}

/// The leaves of all `use` items of a file.
#[derive(Default)]
struct Imports {
    found: Vec<(Named<FullPath>, Option<String>, Passing)>,
}

impl<'ast> Visit<'ast> for Imports {
    fn visit_item(&mut self, item: &'ast RustItem) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let passing = match item.vis {
            RustVisibility::Inherited => Passing::Used,
            RustVisibility::Public(_) | RustVisibility::Restricted(_) => Passing::PassedOn,
        };
        for Leaf { path, alias } in leaves(&item.tree, Vec::new()) {
            self.found.push((path, alias, passing));
        }
    }
}

/// Returns the leaves of a `use` below a prefix. A leaf without a name is a glob.
fn leaves(tree: &UseTree, mut prefix: FullPath) -> Vec<Leaf> {
    let leaf = |prefix: FullPath, ident: &Ident, alias: &Ident| {
        let path = match ident.to_string().as_str() {
            "self" => prefix,
            name => prefix.into_iter().chain([name.to_owned()]).collect(),
        };
        let alias = if alias == "self" { path.last().cloned() } else { Some(alias.to_string()) };
        vec![Leaf { path: Named { what: path, line: line(ident.span()) }, alias }]
    };
    match tree {
        UseTree::Path(path) => {
            prefix.push(path.ident.to_string());
            leaves(&path.tree, prefix)
        }
        UseTree::Name(name) => leaf(prefix, &name.ident, &name.ident),
        UseTree::Rename(rename) => leaf(prefix, &rename.ident, &rename.rename),
        UseTree::Glob(glob) => {
            let line = line(glob.star_token.spans[0]);
            vec![Leaf { path: Named { what: prefix, line }, alias: None }]
        }
        UseTree::Group(group) => group.items.iter().flat_map(|tree| leaves(tree, prefix.clone())).collect(),
    }
}

struct Reader {
    names: Names,
    source: Source,
}

impl Reader {
    fn import(&mut self, path: &Named<FullPath>, alias: Option<String>, passing: Passing) {
        let full = self.names.full(&path.what);
        match (passing, alias) {
            (Passing::Used, alias) => {
                self.source.paths.push(Named { what: full.clone(), line: path.line });
                self.names.imported.extend(alias.map(|alias| (alias, full)));
            }
            (Passing::PassedOn, Some(alias)) => {
                self.names.imported.insert(alias.clone(), full.clone());
                self.source.passed_on.insert(alias, full);
            }
            (Passing::PassedOn, None) => self.source.passed_on_whole.push(full),
        }
    }

    fn name(&mut self, path: &[String], line: usize) {
        // `self` alone is the receiver of a method, not a module.
        if path == ["self"] {
            return;
        }
        let what = self.names.full(path);
        self.source.paths.push(Named { what, line });
    }

    /// Collects the paths and texts in the tokens of a macro.
    fn tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut at = 0;
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.name_if_any(&mut path, at);
                    }
                    at = line(ident.span());
                    path.push(ident.to_string());
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Punct(_) => self.name_if_any(&mut path, at),
                TokenTree::Group(group) => {
                    self.name_if_any(&mut path, at);
                    self.tokens(group.stream());
                }
                TokenTree::Literal(literal) => {
                    self.name_if_any(&mut path, at);
                    if let Ok(text) = syn::parse_str::<syn::LitStr>(&literal.to_string()) {
                        self.source.texts.push(Named { what: text.value(), line: line(literal.span()) });
                    }
                }
            }
        }
        self.name_if_any(&mut path, at);
    }

    fn name_if_any(&mut self, path: &mut Vec<String>, line: usize) {
        if !path.is_empty() {
            self.name(path, line);
            path.clear();
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_file(&mut self, file: &'ast syn::File) {
        for item in &file.items {
            if !is_test(attributes(item))
                && let Some((what, ident)) = described(item)
            {
                self.source.items.push(Named { what, line: line(ident.span()) });
            }
        }
        visit::visit_file(self, file);
    }

    fn visit_item(&mut self, item: &'ast RustItem) {
        if !is_test(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        let is_of_tests = matches!(item, ImplItem::Fn(function) if is_test(&function.attrs));
        if !is_of_tests {
            visit::visit_impl_item(self, item);
        }
    }

    fn visit_item_use(&mut self, _: &'ast syn::ItemUse) {}

    fn visit_item_impl(&mut self, block: &'ast syn::ItemImpl) {
        if let (None, Type::Path(ty)) = (&block.trait_, &*block.self_ty) {
            let what = self.names.full(&segments(&ty.path));
            self.source.impls.push(Named { what, line: line(block.impl_token.span) });
        }
        visit::visit_item_impl(self, block);
    }

    fn visit_signature(&mut self, signature: &'ast syn::Signature) {
        let is_bool = |ty: &Type| matches!(ty, Type::Path(ty) if ty.path.is_ident("bool"));
        let is_unnamed = |argument: &FnArg| match argument {
            FnArg::Typed(typed) => matches!(*typed.pat, Pat::Tuple(_)) || is_bool(&typed.ty),
            FnArg::Receiver(_) => false,
        };
        if signature.inputs.iter().any(is_unnamed) {
            let (what, line) = (signature.ident.to_string(), line(signature.ident.span()));
            self.source.unnamed.push(Named { what, line });
        }
        visit::visit_signature(self, signature);
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let first = path.segments.first().map_or_else(Span::call_site, |segment| segment.ident.span());
        self.name(&segments(path), line(first));
        visit::visit_path(self, path);
    }

    fn visit_lit_str(&mut self, text: &'ast syn::LitStr) {
        self.source.texts.push(Named { what: text.value(), line: line(text.span()) });
    }

    fn visit_macro(&mut self, mac: &'ast syn::Macro) {
        self.tokens(mac.tokens.clone());
        visit::visit_macro(self, mac);
    }

    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    // The `super` of `pub(super)` does not use a module.
    fn visit_visibility(&mut self, _: &'ast RustVisibility) {}
}

fn segments(path: &syn::Path) -> Vec<String> {
    path.segments.iter().map(|segment| segment.ident.to_string()).collect()
}

fn line(span: Span) -> usize {
    span.start().line
}

/// Returns whether an item exists only in unit tests.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<Ident>().is_ok_and(|condition| condition == "test")
    })
}

/// Converts an item to the facts that the rules check, with its name.
#[expect(clippy::wildcard_enum_match_arm, reason = "syn says that its enums will grow")]
fn described(item: &RustItem) -> Option<(Item, &Ident)> {
    let (kind, ident, visibility) = match item {
        RustItem::Struct(item) => (ItemKind::Type, &item.ident, Some(&item.vis)),
        RustItem::Enum(item) => (ItemKind::Type, &item.ident, Some(&item.vis)),
        RustItem::Trait(item) => (ItemKind::Type, &item.ident, Some(&item.vis)),
        RustItem::Type(item) => (ItemKind::Type, &item.ident, Some(&item.vis)),
        RustItem::Fn(item) => (ItemKind::Function, &item.sig.ident, Some(&item.vis)),
        RustItem::Const(item) => (ItemKind::Other, &item.ident, Some(&item.vis)),
        RustItem::Static(item) => (ItemKind::Other, &item.ident, Some(&item.vis)),
        RustItem::Mod(item) => (ItemKind::Other, &item.ident, Some(&item.vis)),
        RustItem::Macro(item) => (ItemKind::Other, item.ident.as_ref()?, None),
        _ => return None,
    };
    let visibility = match visibility {
        Some(RustVisibility::Public(_) | RustVisibility::Restricted(_)) => Visibility::OfOthers,
        Some(RustVisibility::Inherited) | None => Visibility::OfItsFile,
    };
    let is_documented = attributes(item).iter().any(|attribute| attribute.path().is_ident("doc"));
    let documentation = if is_documented { Documentation::Written } else { Documentation::Missing };
    Some((Item { name: ident.to_string(), kind, visibility, documentation }, ident))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "syn says that its enums will grow")]
fn attributes(item: &RustItem) -> &[Attribute] {
    match item {
        RustItem::Struct(item) => &item.attrs,
        RustItem::Enum(item) => &item.attrs,
        RustItem::Trait(item) => &item.attrs,
        RustItem::Type(item) => &item.attrs,
        RustItem::Fn(item) => &item.attrs,
        RustItem::Const(item) => &item.attrs,
        RustItem::Static(item) => &item.attrs,
        RustItem::Mod(item) => &item.attrs,
        RustItem::Macro(item) => &item.attrs,
        RustItem::Impl(item) => &item.attrs,
        RustItem::Use(item) => &item.attrs,
        _ => &[],
    }
}
