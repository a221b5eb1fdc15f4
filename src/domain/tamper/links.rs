//! Where the symbolic links of a tree lead, also through other links.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The most links that a system follows from one path.
const MOST_FOLLOWED: usize = 40;

/// The symbolic links of a tree: paths with their targets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TreeLinks(pub BTreeMap<String, String>);

impl TreeLinks {
    /// Returns whether a way along this link leaves the repository or enters its git folder, from the link itself or from any
    /// link that leads through it.
    pub fn leaves_tree(&self, link: &str) -> bool {
        let mut escaping = self.0.keys().filter_map(|start| self.escaping_way(start));
        escaping.any(|way| way.contains(link))
    }

    /// Returns the links on the way from a link, if the way leaves the tree.
    fn escaping_way(&self, start: &str) -> Option<BTreeSet<String>> {
        let mut place: Vec<&str> = Vec::new();
        let mut ahead: VecDeque<&str> = start.split('/').collect();
        let mut way = BTreeSet::new();
        let mut followed = 0;
        while let Some(part) = ahead.pop_front() {
            match part {
                ".." if place.pop().is_none() => return Some(way),
                "" | "." | ".." => continue,
                part if part.eq_ignore_ascii_case(".git") => return Some(way),
                part => place.push(part),
            }
            let path = place.join("/");
            let Some(target) = self.0.get(&path) else { continue };
            followed += 1;
            if followed > MOST_FOLLOWED {
                return None;
            }
            way.insert(path);
            if target.is_empty() || target.starts_with('/') {
                return Some(way);
            }
            place.pop();
            for part in target.split('/').rev() {
                ahead.push_front(part);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_followed_through_links() {
        let links = |all: &[(&str, &str)]| {
            TreeLinks(all.iter().map(|(path, target)| ((*path).to_owned(), (*target).to_owned())).collect())
        };
        for (all, link, leaves) in [
            (&[("a/b", "../c")][..], "a/b", false),
            (&[("a/b", "../../etc")], "a/b", true),
            (&[("b", "/etc/passwd")], "b", true),
            (&[("b", "")], "b", true),
            (&[("b", "a/../.GIT/hooks")], "b", true),
            (&[("old/up", ".."), ("new", "old/up/../etc")], "new", true),
            (&[("old/up", ".."), ("new", "old/up/etc")], "new", false),
            (&[("old", "/etc"), ("new", "old/passwd")], "new", true),
            (&[("old", "new/../../x"), ("new", "deep/folder")], "new", false),
            (&[("old", "new/../../x"), ("new", "folder")], "new", true),
            (&[("old", "/etc"), ("new", "file")], "new", false),
            (&[("a", "b"), ("b", "a")], "a", false),
        ] {
            assert_eq!(links(all).leaves_tree(link), leaves, "{all:?}");
        }
    }
}
