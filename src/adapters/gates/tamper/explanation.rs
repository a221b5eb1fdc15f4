//! The findings of the gate in words, one text per kind, of limited length.

use crate::domain::gate::{Finding, FindingLevel, Verdict};
use crate::domain::tamper::judge::{TamperFinding, TamperPlace};
use crate::domain::tamper::policy::Consequence;
use crate::ports::gates::GateReport;
use crate::text::markdown::count;
use crate::text::sanitize;

/// The most files that one finding names.
const MOST: usize = 8;
/// The longest name or fact, in characters.
const LONGEST: usize = 200;

/// Explains the findings: blocked kinds fail the gate.
pub(super) fn explain(found: &[TamperFinding<'_>]) -> GateReport {
    let findings: Vec<Finding> = found.iter().map(finding).collect();
    let blocks = findings.iter().filter(|one| one.level == FindingLevel::Block).count();
    let verdict = if blocks == 0 { Verdict::Pass } else { Verdict::Fail };
    let detail = match (findings.len() - blocks, blocks) {
        (0, 0) => String::new(),
        (reports, 0) => format!("{} for the reviewers to judge", count(reports, "finding")),
        (0, blocks) => format!("{} refused", count(blocks, "finding")),
        (reports, blocks) => {
            format!("{} refused, {reports} for the reviewers to judge", count(blocks, "finding"))
        }
    };
    GateReport::measured(verdict, detail, findings, None)
}

fn finding(found: &TamperFinding<'_>) -> Finding {
    let (kind, count) = (found.kind, found.places.len());
    let shown = found.places.iter().take(MOST).map(place);
    let more = (count > MOST).then(|| format!("and {} more", count - MOST));
    let places: Vec<String> = shown.chain(more).map(|line| format!("- {line}")).collect();
    let (level, key, advice) = match found.consequence {
        Consequence::Block => (
            FindingLevel::Block,
            kind.name().to_owned(),
            format!(
                "\n\nUndo this part of the change. Only a person can allow it: by naming the file in the task or issue, or with \
                 the setting `gates.tamper.{} = \"report\"`.",
                kind.name()
            ),
        ),
        Consequence::Report | Consequence::Off => {
            (FindingLevel::Report, format!("{}-reported", kind.name()), String::new())
        }
    };
    let text = format!("{} ({count}):\n{}{advice}", sentence(kind.title()), places.join("\n"));
    Finding { key, text, level }
}

fn place(place: &TamperPlace<'_>) -> String {
    format!("`{}`: {}", short(&place.file.path).replace('`', "'"), short(&place.fact))
}

/// Returns a text on one line of limited length, in which nothing is hidden.
fn short(text: &str) -> String {
    let name = sanitize::name(text);
    let mut short: String = name.chars().take(LONGEST).collect();
    if short.len() < name.len() {
        short.push('…');
    }
    short
}

fn sentence(title: &str) -> String {
    let mut letters = title.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
