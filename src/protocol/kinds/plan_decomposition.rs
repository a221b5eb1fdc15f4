//! `plan_decomposition`: an approved plan, divided into phases that are done one after the other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::domain::agent::ResponseKind;
use crate::domain::phase::Automation;
use crate::domain::plan::folded_title;

use super::super::expectation::{Expectation, RuleReport};
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

impl Kind for PlanDecomposition {
    const KIND: ResponseKind = ResponseKind::PlanDecomposition;
    /// The indices of the phases that must be done before each phase.
    type Meaning = Vec<Vec<usize>>;

    fn meaning(&self, _: &Expectation, report: &mut RuleReport) -> Vec<Vec<usize>> {
        let count = self.phases.len();
        if count == 0 || count > MOST_PHASES {
            let expected = format!("1 to {MOST_PHASES} phases: merge some of them");
            report.complain("/phases", expected, format!("{count}"));
        }
        let titles: Vec<String> =
            self.phases.iter().map(|phase| folded_title(phase.title.as_str())).collect();
        for (place, title) in titles.iter().enumerate() {
            if titles.iter().take(place).any(|earlier| earlier == title) {
                let path = format!("/phases/{place}/title");
                report.complain(path, "a title that no earlier phase has", title.as_str());
            }
        }
        let phases = self.phases.iter().enumerate();
        phases.map(|(place, phase)| phase.dependencies(place, &titles, report)).collect()
    }
}

impl Phase {
    fn dependencies(&self, place: usize, titles: &[String], report: &mut RuleReport) -> Vec<usize> {
        let mut after = Vec::new();
        for (index, named) in self.depends_on.iter().flatten().enumerate() {
            let expected = match titles.iter().position(|title| *title == folded_title(named.as_str())) {
                Some(found) if found < place => {
                    after.push(found);
                    continue;
                }
                Some(found) if found == place => "another phase: a phase cannot depend on itself",
                Some(_) => "an earlier phase: move the phase that must be done first before this one",
                None => "the title of a phase in this list",
            };
            let path = format!("/phases/{place}/depends_on/{index}");
            report.complain(path, expected, format!("`{}`", named.as_str()));
        }
        after
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::expectation::Complaint;

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

    fn judged(titles: &[(&str, &[&str])]) -> Result<Vec<Vec<usize>>, Vec<Complaint>> {
        phases(titles).judged(&Expectation::bare(ResponseKind::PlanDecomposition)).map(|(phases, _)| phases)
    }

    #[test]
    fn phases_name_earlier_ones_only() {
        let found = judged(&[("One", &[]), ("Two", &["one"])]).unwrap();
        assert_eq!(found[1], [0]);
        for (named, advice) in
            [("two", "an earlier phase"), ("ONE", "cannot depend on itself"), ("Three", "in this list")]
        {
            let complaints = judged(&[("One", &[named]), ("Two", &[])]).unwrap_err();
            assert!(complaints[0].expected.contains(advice), "{named}: {complaints:?}");
        }
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
