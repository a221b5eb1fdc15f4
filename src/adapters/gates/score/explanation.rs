//! The result of the gate in words: a table for people, and an item for each new finding that the coder must fix.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::adapters::git::MeasuredTrees;
use crate::domain::digest;
use crate::domain::gate::{Finding, Verdict};
use crate::domain::ids::CommitSha;
use crate::domain::quality::change_facts::ChangeFacts;
use crate::domain::quality::comparison::{Comparison, NewFinding};
use crate::domain::quality::verdict::{ScoreFault, ScoreVerdict};
use crate::domain::quality::{QualityFinding, QualityReport, Scored, Severity};

/// The most findings that a coder gets at once.
const MOST: usize = 8;
/// The longest line of code in an item, in characters.
const LONGEST_LINE: usize = 200;

/// The result of the gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Explained {
    pub(super) verdict: Verdict,
    pub(super) detail: String,
    pub(super) findings: Vec<Finding>,
}

/// Explains a verdict: the measurements, and a summary in the last line.
pub(super) fn explain(
    base: &QualityReport,
    head: &QualityReport,
    compared: &Comparison<'_>,
    change: &ChangeFacts,
    verdict: &ScoreVerdict,
) -> Explained {
    let scores = format!("{} → {}", score(base), score(head));
    let (verdict, summary, findings) = match verdict {
        ScoreVerdict::Pass => {
            let (new, resolved) = (compared.new.len(), compared.resolved.len());
            let summary = match &head.scored {
                Scored::Score(_) => format!("{scores}; new findings: {new}, resolved: {resolved}"),
                Scored::Unscoreable(why) => why.clone(),
            };
            (Verdict::Pass, summary, Vec::new())
        }
        ScoreVerdict::Inconclusive(obstacles) => {
            let reasons: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
            let (verdict, findings) = (Verdict::Inconclusive, Vec::new());
            return Explained { verdict, detail: reasons.join("; "), findings };
        }
        ScoreVerdict::Fail(faults) => {
            let names_both =
                |fault: &ScoreFault| matches!(fault, ScoreFault::Dropped { .. } | ScoreFault::Diluted { .. });
            let before = if faults.iter().any(names_both) { None } else { Some(scores) };
            let reasons: Vec<String> =
                before.into_iter().chain(faults.iter().map(ToString::to_string)).collect();
            (Verdict::Fail, reasons.join("; "), items(faults, compared, change))
        }
    };
    // The new findings of a failed gate are items.
    let new = if findings.is_empty() { compared.new.as_slice() } else { &[] };
    let detail = format!("{}{}{summary}", table(base, head, compared), changes(new, &compared.resolved));
    Explained { verdict, detail, findings }
}

fn score(report: &QualityReport) -> String {
    match &report.scored {
        Scored::Score(score) => score.to_string(),
        Scored::Unscoreable(_) => "no score".to_owned(),
    }
}

/// Returns the items of a failed gate: the first new findings, and one for faults that no finding explains.
fn items(faults: &[ScoreFault], compared: &Comparison<'_>, change: &ChangeFacts) -> Vec<Finding> {
    let of_findings =
        compared.new.iter().take(MOST).map(|new| Finding::blocking(key(new), new.finding.to_string()));
    let is_general = |fault: &&ScoreFault| match fault {
        ScoreFault::BelowMinimum { .. }
        | ScoreFault::Silenced { .. }
        | ScoreFault::Diluted { .. }
        | ScoreFault::ScopeShrank { .. } => true,
        ScoreFault::Dropped { .. } => compared.new.is_empty(),
        ScoreFault::NewErrors(_) | ScoreFault::NewWarnings { .. } | ScoreFault::EngineLimit { .. } => false,
    };
    let mut general: Vec<String> = faults.iter().filter(is_general).map(ToString::to_string).collect();
    if faults.iter().any(|fault| matches!(fault, ScoreFault::Silenced { .. })) {
        let lines = change.silencing.iter().take(MOST);
        general
            .extend(lines.map(|line| format!("    {}", line.chars().take(LONGEST_LINE).collect::<String>())));
    }
    let general = (!general.is_empty()).then(|| Finding::blocking("score".to_owned(), general.join("\n")));
    of_findings.chain(general).collect()
}

fn key(new: &NewFinding<'_>) -> String {
    digest::abbreviated(&new.identity, 16)
}

/// Adds three lines of code to each item.
pub(super) async fn add_code(
    explained: &mut Explained,
    compared: &Comparison<'_>,
    trees: &MeasuredTrees,
    head: &CommitSha,
) {
    for item in &mut explained.findings {
        let Some(new) = compared.new.iter().find(|new| key(new) == item.key) else { continue };
        if new.finding.line == 0 {
            continue;
        }
        if let Ok(content) = trees.content(head, &new.finding.path).await {
            let text = String::from_utf8_lossy(&content);
            item.text.push_str("\n\n");
            item.text.push_str(&excerpt(&text, new.finding.line));
        }
    }
}

/// Returns a line with its neighbours, each with its number.
fn excerpt(text: &str, line: u32) -> String {
    let line = usize::try_from(line).unwrap_or(usize::MAX);
    let first = line.saturating_sub(1).max(1);
    let lines = text.lines().enumerate().skip(first - 1).take(line - first + 2);
    let shown = lines.map(|(at, code)| {
        let code: String = code.chars().take(LONGEST_LINE).collect();
        format!("    {:>4}  {code}", at + 1)
    });
    shown.collect::<Vec<_>>().join("\n")
}

/// Returns the tool, the engines, and the new and resolved findings, as lines of text.
fn table(base: &QualityReport, head: &QualityReport, compared: &Comparison<'_>) -> String {
    let count = |severity| compared.new.iter().filter(|one| one.finding.severity == severity).count();
    format!(
        "{}, configuration {} of the base\n{}new: {} errors, {} warnings, {} infos; resolved: {}\n",
        head.tool,
        head.policy.get(..8).unwrap_or(&head.policy),
        columns(base, head),
        count(Severity::Error),
        count(Severity::Warning),
        count(Severity::Info),
        compared.resolved.len(),
    )
}

/// Returns the first new and the first resolved findings, one in each line.
fn changes(new: &[NewFinding<'_>], resolved: &[&QualityFinding]) -> String {
    let new: Vec<&QualityFinding> = new.iter().map(|new| new.finding).collect();
    let mut text = String::new();
    for (title, findings) in [("new", new.as_slice()), ("resolved", resolved)] {
        for finding in findings.iter().take(MOST) {
            let line: String = finding.to_string().chars().take(LONGEST_LINE).collect();
            let _ = writeln!(text, "{title}: {line}");
        }
        if findings.len() > MOST {
            let _ = writeln!(text, "{title}: {} more", findings.len() - MOST);
        }
    }
    text
}

/// Returns the score, the findings of each engine and the weight on both sides, in columns.
fn columns(base: &QualityReport, head: &QualityReport) -> String {
    let engines: BTreeSet<&String> = base.engines.keys().chain(head.engines.keys()).collect();
    let of = |report: &QualityReport, engine: &String| {
        report.engines.get(engine).map_or_else(|| "off".to_owned(), |one| one.findings.to_string())
    };
    let mut rows = vec![
        [String::new(), "base".to_owned(), "head".to_owned()],
        ["score".to_owned(), score(base), score(head)],
    ];
    rows.extend(engines.into_iter().map(|engine| [engine.clone(), of(base, engine), of(head, engine)]));
    rows.push(["weight of all findings".to_owned(), weight(base), weight(head)]);
    let width = rows.iter().map(|[name, ..]| name.chars().count()).max().unwrap_or_default();
    // Writing to a string cannot fail.
    rows.iter().fold(String::new(), |mut text, [name, base, head]| {
        let _ = writeln!(text, "{name:<width$} {base:>8} {head:>8}");
        text
    })
}

/// Returns the penalty in warnings.
fn weight(report: &QualityReport) -> String {
    let quarters = report.penalty();
    match quarters % 4 {
        0 => (quarters / 4).to_string(),
        rest => format!("{}.{:02}", quarters / 4, rest * 25),
    }
}
