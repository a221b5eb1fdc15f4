//! The verdict of the score gate: a total function of the policy, the measurements of base and head, and facts about the
//! change. Measurements that cannot be compared are inconclusive and never pass.

use std::collections::BTreeMap;
use std::fmt;

use super::change_facts::ChangeFacts;
use super::comparison::Comparison;
use super::{EngineReport, EngineStatus, QualityReport, Scored, Severity};

/// The permitted effect of a change on the quality.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScorePolicy {
    pub min_score: Option<u8>,
    /// The maximum loss of points.
    pub max_drop: u8,
    pub new_errors: Allowance,
    pub max_new_warnings: Option<u32>,
    /// The maximum number of comments and attributes that silence a tool, beyond those that the change removes.
    pub max_new_suppressions: u32,
    /// The maximum number of new findings of an engine, of any severity.
    pub engine_limits: BTreeMap<String, u32>,
    /// The engines that must have measured both trees.
    pub required_engines: Vec<String>,
    pub unscoreable: UnscoreablePolicy,
    pub incomplete: Allowance,
}

/// Whether the policy accepts something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allowance {
    Allowed,
    Refused,
}

/// Which trees may be without a score. The base always may if the head has one: its change may be the first code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnscoreablePolicy {
    Neither,
    /// Both: the repository has no files that the scorer knows.
    Both,
    Any,
}

/// The result of a comparison under a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScoreVerdict {
    Pass,
    Fail(Vec<ScoreFault>),
    Inconclusive(Vec<ScoreObstacle>),
}

/// A reason why a change is not good enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScoreFault {
    BelowMinimum {
        score: u8,
        minimum: u8,
    },
    Dropped {
        from: u8,
        to: u8,
    },
    NewErrors(usize),
    NewWarnings {
        found: usize,
        allowed: u32,
    },
    EngineLimit {
        engine: String,
        found: usize,
        allowed: u32,
    },
    Silenced {
        found: usize,
        allowed: u32,
    },
    /// The score rose although the findings weigh more, or it reached the minimum although they weigh no less: the tree only
    /// became larger.
    Diluted {
        from: u8,
        to: u8,
    },
    /// Files that were measured on the base are still in the tree, and are not measured any more.
    ScopeShrank {
        files: u64,
    },
}

impl fmt::Display for ScoreFault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BelowMinimum { score, minimum } => {
                write!(formatter, "the score is {score}, and at least {minimum} is required")
            }
            Self::Dropped { from, to } => write!(formatter, "the score falls from {from} to {to}"),
            Self::NewErrors(found) => write!(formatter, "new errors: {found}"),
            Self::NewWarnings { found, allowed } => {
                write!(formatter, "new warnings: {found} (at most {allowed})")
            }
            Self::EngineLimit { engine, found, allowed } => {
                write!(formatter, "new findings of {engine}: {found} (at most {allowed})")
            }
            Self::Silenced { found, allowed } => {
                write!(
                    formatter,
                    "new comments or attributes that silence a tool: {found} (at most {allowed})"
                )
            }
            Self::Diluted { from, to } => write!(
                formatter,
                "the score rises from {from} to {to} although the findings do not weigh less: the change only adds code \
                 without findings"
            ),
            Self::ScopeShrank { files } => {
                write!(formatter, "files that still exist but are no longer measured: {files}")
            }
        }
    }
}

/// A reason why two measurements cannot be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScoreObstacle {
    /// The tool, the policy or the environment differs between base and head.
    Differs(&'static str),
    Unscoreable {
        tree: &'static str,
        why: String,
    },
    Incomplete {
        tree: &'static str,
        engine: String,
        why: String,
    },
    /// An engine measured only one of the two trees.
    OnlyOn {
        tree: &'static str,
        engine: String,
    },
}

impl fmt::Display for ScoreObstacle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Differs(what) => write!(formatter, "{what} differs between base and head"),
            Self::Unscoreable { tree, why } => write!(formatter, "the {tree} has no score: {why}"),
            Self::Incomplete { tree, engine, why } => {
                write!(formatter, "the engine {engine} did not measure the {tree} completely: {why}")
            }
            Self::OnlyOn { tree, engine } => {
                write!(formatter, "the engine {engine} measured only the {tree}")
            }
        }
    }
}

/// Judges a change.
pub fn judge(
    policy: &ScorePolicy,
    base: &QualityReport,
    head: &QualityReport,
    compared: &Comparison<'_>,
    change: &ChangeFacts,
) -> ScoreVerdict {
    let obstacles = obstacles(policy, base, head);
    if !obstacles.is_empty() {
        return ScoreVerdict::Inconclusive(obstacles);
    }
    let faults = faults(policy, base, head, compared, change);
    if faults.is_empty() { ScoreVerdict::Pass } else { ScoreVerdict::Fail(faults) }
}

fn obstacles(policy: &ScorePolicy, base: &QualityReport, head: &QualityReport) -> Vec<ScoreObstacle> {
    let mut found = Vec::new();
    for (what, differs) in [
        ("the version of the scorer", base.tool != head.tool),
        ("the configuration of the scorer", base.policy != head.policy),
        ("the set of programs that the scorer calls", base.environment != head.environment),
    ] {
        found.extend(differs.then_some(ScoreObstacle::Differs(what)));
    }
    let trees = [("base", base, head), ("head", head, base)];
    for (tree, one, other) in trees {
        let is_other_without = matches!(other.scored, Scored::Unscoreable(_));
        let is_allowed = match policy.unscoreable {
            UnscoreablePolicy::Neither => tree == "base" && !is_other_without,
            UnscoreablePolicy::Both => tree == "base" || is_other_without,
            UnscoreablePolicy::Any => true,
        };
        if let (Scored::Unscoreable(why), false) = (&one.scored, is_allowed) {
            found.push(ScoreObstacle::Unscoreable { tree, why: why.clone() });
        }
        found.extend(incomplete(policy, tree, one));
        let lacks = |(engine, _): &(&String, &EngineReport)| !other.engines.contains_key(*engine);
        let only = one.engines.iter().filter(lacks);
        found.extend(only.map(|(engine, _)| ScoreObstacle::OnlyOn { tree, engine: engine.clone() }));
    }
    found
}

fn incomplete(policy: &ScorePolicy, tree: &'static str, report: &QualityReport) -> Vec<ScoreObstacle> {
    if policy.incomplete == Allowance::Allowed {
        return Vec::new();
    }
    let gap = |engine: &String, why: &str| ScoreObstacle::Incomplete {
        tree,
        engine: engine.clone(),
        why: why.to_owned(),
    };
    let partial = report.engines.iter().filter_map(|(engine, one)| match &one.status {
        EngineStatus::Complete => None,
        EngineStatus::Incomplete(why) => Some(gap(engine, why)),
    });
    let absent = policy.required_engines.iter().filter(|engine| !report.engines.contains_key(*engine));
    partial.chain(absent.map(|engine| gap(engine, "it is turned off"))).collect()
}

fn faults(
    policy: &ScorePolicy,
    base: &QualityReport,
    head: &QualityReport,
    compared: &Comparison<'_>,
    change: &ChangeFacts,
) -> Vec<ScoreFault> {
    let mut found = Vec::new();
    if let Scored::Score(score) = head.scored {
        let minimum = policy.min_score.filter(|minimum| score < *minimum);
        found.extend(minimum.map(|minimum| ScoreFault::BelowMinimum { score, minimum }));
    }
    if let (Scored::Score(from), Scored::Score(to)) = (&base.scored, &head.scored) {
        let (from, to) = (*from, *to);
        if from.saturating_sub(to) > policy.max_drop {
            found.push(ScoreFault::Dropped { from, to });
        }
        let reaches_minimum = policy.min_score.is_some_and(|minimum| from < minimum && to >= minimum);
        let (before, after) = (base.penalty(), head.penalty());
        if to > from && (after > before || (after == before && reaches_minimum)) {
            found.push(ScoreFault::Diluted { from, to });
        }
    }
    let count = |severity| compared.new.iter().filter(|one| one.finding.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    if errors > 0 && policy.new_errors == Allowance::Refused {
        found.push(ScoreFault::NewErrors(errors));
    }
    let exceeds = |found: usize, allowed: u32| u32::try_from(found).map_or(true, |found| found > allowed);
    let allowed = policy.max_new_warnings.filter(|allowed| exceeds(warnings, *allowed));
    found.extend(allowed.map(|allowed| ScoreFault::NewWarnings { found: warnings, allowed }));
    for (engine, allowed) in &policy.engine_limits {
        let new = compared.new.iter().filter(|one| one.finding.engine == *engine).count();
        if exceeds(new, *allowed) {
            found.push(ScoreFault::EngineLimit { engine: engine.clone(), found: new, allowed: *allowed });
        }
    }
    let silenced = change.new_suppressions;
    if exceeds(silenced, policy.max_new_suppressions) {
        found.push(ScoreFault::Silenced { found: silenced, allowed: policy.max_new_suppressions });
    }
    let files = base.files.saturating_sub(change.deleted).saturating_sub(head.files);
    if files > 0 {
        found.push(ScoreFault::ScopeShrank { files });
    }
    found
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::QualityFinding;
    use super::super::comparison::compare;
    use super::*;

    pub(in super::super) fn finding(path: &str, line: u32, code: &str) -> QualityFinding {
        QualityFinding {
            engine: "lint".to_owned(),
            rule: "no-x".to_owned(),
            severity: Severity::Warning,
            path: path.to_owned(),
            line,
            message: "no x".to_owned(),
            code: code.to_owned(),
        }
    }

    pub(in super::super) fn report(score: u8, findings: Vec<QualityFinding>) -> QualityReport {
        let lint = EngineReport { findings: 0, status: EngineStatus::Complete };
        QualityReport {
            tool: "aislop 0.14.0".to_owned(),
            policy: "p".to_owned(),
            environment: "e".to_owned(),
            scored: Scored::Score(score),
            engines: BTreeMap::from([("lint".to_owned(), lint)]),
            findings,
            files: 10,
        }
    }

    fn policy() -> ScorePolicy {
        ScorePolicy {
            min_score: None,
            max_drop: 0,
            new_errors: Allowance::Refused,
            max_new_warnings: None,
            max_new_suppressions: 0,
            engine_limits: BTreeMap::new(),
            required_engines: vec!["lint".to_owned()],
            unscoreable: UnscoreablePolicy::Neither,
            incomplete: Allowance::Refused,
        }
    }

    fn verdict(policy: &ScorePolicy, base: &QualityReport, head: &QualityReport) -> ScoreVerdict {
        let change = ChangeFacts::default();
        judge(policy, base, head, &compare(base, head, &change.renames), &change)
    }

    #[test]
    fn each_fault_has_its_limit() {
        let base = report(80, Vec::new());
        let warned = |score| report(score, vec![finding("a.ts", 1, "x")]);
        let broken = QualityFinding { severity: Severity::Error, ..finding("a.ts", 1, "x") };
        let fails = |policy: &ScorePolicy, head: &QualityReport| match verdict(policy, &base, head) {
            ScoreVerdict::Pass => String::new(),
            ScoreVerdict::Fail(faults) => {
                faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
            }
            ScoreVerdict::Inconclusive(obstacles) => panic!("{obstacles:?}"),
        };
        assert_eq!(fails(&policy(), &warned(80)), "");
        assert_eq!(fails(&policy(), &warned(79)), "the score falls from 80 to 79");
        assert_eq!(fails(&ScorePolicy { max_drop: 1, ..policy() }, &warned(79)), "");
        let strict = ScorePolicy { min_score: Some(81), ..policy() };
        assert_eq!(fails(&strict, &warned(80)), "the score is 80, and at least 81 is required");
        assert_eq!(fails(&policy(), &report(80, vec![broken])), "new errors: 1");
        let none = ScorePolicy { max_new_warnings: Some(0), ..policy() };
        assert_eq!(fails(&none, &warned(80)), "new warnings: 1 (at most 0)");
        let engine = ScorePolicy { engine_limits: BTreeMap::from([("lint".to_owned(), 0)]), ..policy() };
        assert_eq!(fails(&engine, &warned(80)), "new findings of lint: 1 (at most 0)");
        assert!(fails(&policy(), &warned(85)).contains("rises from 80 to 85"), "dilution");
        let larger = ScorePolicy { min_score: Some(85), ..policy() };
        assert!(fails(&larger, &report(85, Vec::new())).contains("rises from 80 to 85"), "dilution");
        assert_eq!(fails(&policy(), &report(85, Vec::new())), "", "clean code may be added");
        let smaller = QualityReport { files: 7, ..report(100, Vec::new()) };
        assert!(fails(&policy(), &smaller).ends_with("measured: 3"), "files that are no longer measured");
    }

    #[test]
    fn incomparable_measurements_never_pass() {
        let base = report(80, Vec::new());
        let unscored = QualityReport { scored: Scored::Unscoreable("C".to_owned()), ..base.clone() };
        let failed = EngineReport { findings: 0, status: EngineStatus::Incomplete("no cargo".to_owned()) };
        let partial =
            QualityReport { engines: BTreeMap::from([("lint".to_owned(), failed)]), ..base.clone() };
        let off = QualityReport { engines: BTreeMap::new(), ..base.clone() };
        for head in [
            QualityReport { tool: "aislop 0.2.0".to_owned(), ..base.clone() },
            QualityReport { policy: "q".to_owned(), ..base.clone() },
            QualityReport { environment: "f".to_owned(), ..base.clone() },
            unscored.clone(),
            partial.clone(),
            off,
        ] {
            assert!(matches!(verdict(&policy(), &base, &head), ScoreVerdict::Inconclusive(_)), "{head:?}");
        }
        let lenient =
            ScorePolicy { unscoreable: UnscoreablePolicy::Any, incomplete: Allowance::Allowed, ..policy() };
        assert_eq!(verdict(&lenient, &base, &partial), ScoreVerdict::Pass);
        assert_eq!(verdict(&lenient, &unscored, &unscored), ScoreVerdict::Pass);
        let both = ScorePolicy { unscoreable: UnscoreablePolicy::Both, ..policy() };
        assert_eq!(verdict(&both, &unscored, &unscored), ScoreVerdict::Pass);
        for (policy, base) in [(policy(), &unscored), (both, &base)] {
            assert!(matches!(verdict(&policy, base, &unscored), ScoreVerdict::Inconclusive(_)), "{policy:?}");
        }
        assert_eq!(
            verdict(&policy(), &unscored, &base),
            ScoreVerdict::Pass,
            "the first code of a repository"
        );
    }

    #[test]
    fn saturated_progress_is_no_fault() {
        let many = |count: u32| (0..count).map(|line| finding("a.ts", line, &format!("x{line}"))).collect();
        assert_eq!(verdict(&policy(), &report(0, many(150)), &report(0, many(50))), ScoreVerdict::Pass);
    }
}
