//! `plan_decomposition`: an approved plan, divided into phases that are done one after the other.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::agent::ResponseKind;

use super::super::expectation::{Complaint, Expectation, RuleReport};
use super::super::text::{Text, Version1};
use super::Kind;
use super::shared::KindTag;

/// The maximum number of phases. A longer list is refused, not cut: the coder must merge some phases.
pub const MOST_PHASES: usize = 8;

/// The phases of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanDecomposition {
    /// Always 1.
    pub schema_version: Version1,
    /// Always `plan_decomposition`.
    pub kind: KindTag<Self>,
    /// One to eight phases, in order.
    #[schemars(length(min = 1))]
    pub phases: Vec<Phase>,
}

/// One phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Phase {
    /// The title, different from that of any other phase.
    pub title: Text,
    /// The work of the phase.
    pub scope: Text,
    /// Work that does not belong to the phase.
    pub non_goals: Text,
    /// The dependencies between this phase and others.
    pub dependency_notes: Text,
    /// The risks of the rollout.
    pub rollout_risk: Text,
    /// How the result is validated.
    pub validation: Text,
    /// The parts of the whole plan that matter for this phase.
    pub parent_context: Text,
    /// Who does the phase.
    pub automation: Automation,
    /// The titles of earlier phases that must be done first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depends_on: Option<Vec<Text>>,
}

/// Who does a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Automation {
    /// Agents, in a pull request.
    AgentPr,
    /// A person.
    HumanAction,
    /// Agents or people; a person closes it.
    ManualClose,
}

/// A phase with the indices of the phases before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhaseInPlace {
    /// The title.
    pub title: String,
    /// Who does the phase.
    pub automation: Automation,
    /// The indices of the phases that must be done first.
    pub after: Vec<usize>,
}

impl Kind for PlanDecomposition {
    const KIND: ResponseKind = ResponseKind::PlanDecomposition;
    type Meaning = Vec<PhaseInPlace>;

    fn meaning(&self, _: &Expectation, report: &mut RuleReport) -> Vec<PhaseInPlace> {
        let count = self.phases.len();
        if count == 0 || count > MOST_PHASES {
            let expected = format!("1 to {MOST_PHASES} phases: merge some of them");
            report.complain("/phases", expected, format!("{count}"));
        }
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut phases = Vec::new();
        for (place, phase) in self.phases.iter().enumerate() {
            let after = phase.dependencies(place, &places, report);
            if places.insert(folded(&phase.title), place).is_some() {
                let path = format!("/phases/{place}/title");
                report.complain(path, "a title that no earlier phase has", phase.title.as_str());
            }
            let title = phase.title.as_str().to_owned();
            phases.push(PhaseInPlace { title, automation: phase.automation, after });
        }
        phases
    }
}

impl Phase {
    fn dependencies(
        &self,
        place: usize,
        earlier: &BTreeMap<String, usize>,
        report: &mut RuleReport,
    ) -> Vec<usize> {
        let mut after = Vec::new();
        for (index, title) in self.depends_on.iter().flatten().enumerate() {
            match earlier.get(&folded(title)) {
                Some(found) => after.push(*found),
                None => report.complaints.push(Complaint::new(
                    format!("/phases/{place}/depends_on/{index}"),
                    "the title of an earlier phase",
                    format!("`{}`", title.as_str()),
                )),
            }
        }
        after
    }
}

/// Returns a title without differences in case and spacing.
fn folded(title: &Text) -> String {
    title.as_str().split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn phases(titles: &[(&str, &[&str])]) -> PlanDecomposition {
        let text = |text: &str| Text::try_from(text.to_owned()).unwrap();
        let phase = |(title, after): &(&str, &[&str])| Phase {
            title: text(title),
            scope: text("s"),
            non_goals: text("n"),
            dependency_notes: text("d"),
            rollout_risk: text("r"),
            validation: text("v"),
            parent_context: text("p"),
            automation: Automation::AgentPr,
            depends_on: (!after.is_empty()).then(|| after.iter().map(|title| text(title)).collect()),
        };
        let phases = titles.iter().map(phase).collect();
        PlanDecomposition { schema_version: Version1, kind: KindTag::default(), phases }
    }

    fn judged(titles: &[(&str, &[&str])]) -> Result<Vec<PhaseInPlace>, Vec<Complaint>> {
        phases(titles).judged(&Expectation::bare(ResponseKind::PlanDecomposition)).map(|(phases, _)| phases)
    }

    #[test]
    fn phases_name_earlier_ones_only() {
        let found = judged(&[("One", &[]), ("Two", &["one"])]).unwrap();
        assert_eq!(found[1].after, [0]);
        assert!(judged(&[("One", &["Two"]), ("Two", &[])]).is_err());
        assert!(judged(&[("One", &["One"])]).is_err());
    }

    #[test]
    fn titles_ignore_case_and_space() {
        assert!(judged(&[("Read  it", &[]), ("read it", &[])]).is_err());
    }

    #[test]
    fn a_ninth_phase_is_too_many() {
        let titles: Vec<String> = (0..9).map(|number| format!("phase {number}")).collect();
        let listed: Vec<(&str, &[&str])> = titles.iter().map(|title| (title.as_str(), &[][..])).collect();
        let complaints = judged(&listed).unwrap_err();
        assert!(complaints[0].expected.contains("merge some"), "{complaints:?}");
        assert!(judged(&listed[..8]).is_ok());
        assert!(judged(&[]).is_err());
    }
}
