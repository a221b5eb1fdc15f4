//! The stages of a split: the merged proposals are filed as issues if a command asks for it, each exactly once.

use std::iter;
use std::ops::ControlFlow;

use crate::domain::child_issue::{ChildIssue, ChildPurpose, ChildSection, SectionContent};
use crate::domain::execution::DeferredWork;
use crate::domain::phase::PlannedPhase;
use crate::ledger::chain::child_key;

use super::super::context::FlowContext;
use super::super::filing;
use super::super::machine::draft;
use super::super::request::Request;
use super::super::step::{Decision, Step, first};
use super::super::view::ProposedStage;
use super::records::{DiscussEntry, FiledStage, FiledStages};
use super::state::{DebateState, DiscussState};
use super::verdict;

/// The maximum number of issues; further proposals are counted.
const MOST_STAGES: usize = 8;

/// Files the proposals of a split, then publishes the record that lists them, unless it is done or not asked for.
pub(super) fn file(state: &DiscussState, cx: &FlowContext<'_>, debate: &DebateState) -> Decision<()> {
    let is_asked = wanted(cx, debate) == DeferredWork::Filed && debate.stages.is_none();
    let (Some(run), Some(verdict), Some((round, _))) = (&state.run, debate.verdict(), &debate.end) else {
        return ControlFlow::Continue(());
    };
    let debated = debated(debate);
    if !is_asked || debated.is_empty() {
        return ControlFlow::Continue(());
    }
    let mut stages = Vec::new();
    for ProposedStage { child, .. } in debated {
        stages.push(FiledStage { title: child.title.clone(), issue: filing::filed(cx, child)? });
    }
    let skipped = verdict.split_proposals.iter().skip(MOST_STAGES).cloned().collect();
    let record = DiscussEntry::Stages(FiledStages { stages, skipped });
    first(Step::Publish(Box::new(draft::<DiscussState>(&run.id, *round, &record))))
}

/// Returns what happens to the proposals of a split: issues are filed if the debate or this command says so.
pub(super) fn wanted(cx: &FlowContext<'_>, debate: &DebateState) -> DeferredWork {
    let Request { asked, configured, .. } = cx.request;
    match (debate.terms.policy.stages, asked.debate.stages.or(configured.debate.stages)) {
        (DeferredWork::Filed, _) => DeferredWork::Filed,
        (DeferredWork::Listed, wanted) => wanted.unwrap_or_default(),
    }
}

/// Returns the stages of a split, with the issues that were filed for them.
pub(super) fn debated(debate: &DebateState) -> Vec<ProposedStage> {
    let (Some(parent), Some(verdict)) = (debate.subject.number, debate.verdict()) else { return Vec::new() };
    let filed = debate.stages.iter().flat_map(|filed| &filed.stages).map(|stage| Some(stage.issue));
    let proposals = verdict.split_proposals.iter().take(MOST_STAGES);
    let stage =
        |(proposal, issue): (&String, _)| ProposedStage { child: child(debate, parent, proposal), issue };
    proposals.zip(filed.chain(iter::repeat(None))).map(stage).collect()
}

/// Returns the stages that have issues.
pub(super) fn parts(debate: &DebateState) -> Vec<PlannedPhase> {
    let filed = (1..).zip(debate.stages.iter().flat_map(|filed| &filed.stages));
    filed.map(|(number, one)| PlannedPhase::stage(number, one.issue, &one.title)).collect()
}

fn child(debate: &DebateState, parent: u64, proposal: &str) -> ChildIssue {
    let (title, text) = proposal.split_once('\n').unwrap_or((proposal, proposal));
    let reasons = verdict::last_round(debate).into_iter().flat_map(|round| &round.positions);
    let reasons = reasons.map(|one| format!("{}: {}", one.given.agent, one.response.rationale.as_str()));
    ChildIssue {
        key: child_key(ChildPurpose::Stage, parent, proposal),
        parent,
        title: title.trim().trim_start_matches(['#', '*', '-', ' ']).to_owned(),
        origin: format!("Split off from #{parent}, as all debaters there proposed."),
        text: text.trim().to_owned(),
        sections: vec![ChildSection {
            heading: "Reasons of the debaters",
            content: SectionContent::List(reasons.collect()),
        }],
        links: Vec::new(),
    }
}
