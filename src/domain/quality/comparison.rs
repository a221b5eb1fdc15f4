//! The findings that a change adds and removes. Findings are compared as multisets: a second copy of a finding is new.

use std::collections::BTreeMap;

use super::{QualityFinding, QualityReport};

/// The identity of a finding in two trees: its rule, its file, and the text of its line or, for a whole file, its message
/// without numbers. The number of the line does not count, because other changes move it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FindingKey {
    rule: String,
    path: String,
    text: String,
}

impl FindingKey {
    fn of(finding: &QualityFinding, renames: &BTreeMap<String, String>) -> Self {
        let path = renames.get(&finding.path).unwrap_or(&finding.path).clone();
        let text = if finding.code.is_empty() {
            finding.message.chars().filter(|letter| !letter.is_ascii_digit()).collect()
        } else {
            finding.code.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        Self { rule: finding.rule.clone(), path, text }
    }
}

/// A finding of the head that the base does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFinding<'head> {
    pub finding: &'head QualityFinding,
    /// The same finding has the same identity on every later head.
    pub identity: String,
}

/// The difference between two measurements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comparison<'trees> {
    /// Errors first, then by position.
    pub new: Vec<NewFinding<'trees>>,
    pub resolved: Vec<&'trees QualityFinding>,
}

/// Compares a head with its base. The renames map the old path of a file to its new path.
pub fn compare<'trees>(
    base: &'trees QualityReport,
    head: &'trees QualityReport,
    renames: &BTreeMap<String, String>,
) -> Comparison<'trees> {
    let mut unmatched: BTreeMap<FindingKey, Vec<&QualityFinding>> = BTreeMap::new();
    for finding in &base.findings {
        unmatched.entry(FindingKey::of(finding, renames)).or_default().push(finding);
    }
    let none = BTreeMap::new();
    let mut copies: BTreeMap<FindingKey, usize> = BTreeMap::new();
    let mut new = Vec::new();
    for finding in &head.findings {
        let key = FindingKey::of(finding, &none);
        if unmatched.get_mut(&key).and_then(Vec::pop).is_none() {
            let copy = copies.entry(key.clone()).or_default();
            *copy += 1;
            let identity = format!("{}\n{}\n{}\n{copy}", key.rule, key.path, key.text);
            new.push(NewFinding { finding, identity });
        }
    }
    new.sort_by_key(|one| (one.finding.severity, one.finding.path.clone(), one.finding.line));
    Comparison { new, resolved: unmatched.into_values().flatten().collect() }
}

#[cfg(test)]
mod tests {
    use super::super::verdict::tests::{finding, report};
    use super::*;

    #[test]
    fn second_copies_and_renames_count() {
        let base = report(90, vec![finding("a.ts", 3, "x = 1"), finding("old.ts", 9, "y = 2")]);
        let head = report(
            90,
            vec![finding("a.ts", 30, "x  =  1"), finding("a.ts", 31, "x = 1"), finding("new.ts", 1, "y = 2")],
        );
        let renames = BTreeMap::from([("old.ts".to_owned(), "new.ts".to_owned())]);
        let both = compare(&base, &head, &renames);
        assert_eq!(both.new.iter().map(|one| one.finding.line).collect::<Vec<_>>(), [31]);
        assert!(both.resolved.is_empty());
        let unaware = compare(&base, &head, &BTreeMap::new());
        assert_eq!((unaware.new.len(), unaware.resolved.len()), (2, 1));
        let identities = |heads: &Comparison<'_>| -> Vec<String> {
            heads.new.iter().map(|one| one.identity.clone()).collect()
        };
        let moved = report(
            90,
            head.findings.iter().map(|one| QualityFinding { line: one.line + 7, ..one.clone() }).collect(),
        );
        assert_eq!(identities(&compare(&base, &moved, &renames)), identities(&both));
    }
}
