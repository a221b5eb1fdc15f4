//! Creates the input of a turn: the structured context, the diff, the prompt.

use crate::domain::access::Access;
use crate::domain::agent::AnswerBy;
use crate::domain::agent_files::is_agent_file;
use crate::domain::gate::Measurement;
use crate::domain::ids::{CommitSha, RequirementId, RunId};
use crate::domain::item::Item;
use crate::domain::item_status::Scope;
use crate::domain::nonce::Nonce;
use crate::domain::plan::PlanReference;
use crate::domain::requirement::Requirement;
use crate::domain::subject::Subject;
use crate::flow::ask::{Ask, Form, Purpose};
use crate::ports::World;
use crate::ports::agents::TurnOrder;
use crate::ports::run_event::RunEvent;
use crate::ports::workspace::Extent;
use crate::protocol::context::{
    CONTEXT_SCHEMA, ChangedFile, Context, ContextDebate, ContextGate, ContextItem, ContextPlan,
    ContextRequirement, ContextSubject,
};
use crate::protocol::expectation::SurfacedExtent;
use crate::text::prompt::{self, Material};
use crate::text::prompt_limit;

use super::clones::{clone_id, participant};
use super::context::RunContext;
use super::outcome::RunError;
use crate::domain::ending::Failed;

/// The maximum size of a diff in a prompt, in bytes; the prompt names a file with the whole diff.
pub(super) const DIFF_EXCERPT: usize = 60_000;

/// Returns the order for a turn. The path of its clone is added when the clone is ready.
pub(super) async fn order(
    cx: &RunContext,
    subject: &Subject,
    ask: &Ask,
    script_index: u32,
) -> Result<TurnOrder, RunError> {
    let key = &ask.key;
    let world = &cx.world;
    let delimiter = world.clock.unique();
    let base = cx.base(&ask.brief.against, &key.head).await?;
    let nonce = nonce(ask);
    let TurnPrompt { prompt, context, model } = match &ask.purpose {
        Purpose::Work | Purpose::Again { .. } => work(cx, subject, ask, &base, &delimiter).await?,
        Purpose::Form(form) => form_only(ask, form, &delimiter, answer_by(world, ask))?,
    };
    Ok(TurnOrder {
        run: RunId::clone(&key.run),
        subject: subject.clone(),
        role: key.role,
        access: ask.access,
        label: key.label.clone(),
        kind: key.kind,
        round: key.round,
        attempt: delimiter,
        script_index,
        workdir: std::path::PathBuf::new(),
        head: key.head.clone(),
        base,
        prompt,
        context,
        nonce: nonce.cloned(),
        model,
        session: None,
    })
}

/// Returns the nonce for the prompt. An agent that reformats an answer copies the nonce from the answer.
fn nonce(ask: &Ask) -> Option<&Nonce> {
    match &ask.purpose {
        Purpose::Work | Purpose::Again { .. } => ask.expectation.voter.as_ref().map(|voter| &voter.nonce),
        Purpose::Form(_) => None,
    }
}

/// The prompt of a turn, with its context in structured form and the requested model.
struct TurnPrompt {
    prompt: String,
    context: Context,
    model: Option<String>,
}

async fn work(
    cx: &RunContext,
    subject: &Subject,
    ask: &Ask,
    base: &CommitSha,
    delimiter: &str,
) -> Result<TurnPrompt, RunError> {
    let world = &cx.world;
    let difference = world.workspace.difference(base, &ask.key.head, DIFF_EXCERPT).await?;
    let diff_path = difference.path.as_ref().map(|path| path.display().to_string());
    let diff_note = match (difference.extent, &diff_path) {
        (Extent::Whole, _) | (Extent::Excerpt, None) => String::new(),
        (Extent::Excerpt, Some(path)) => {
            format!("This is only the beginning of the diff; the file {path} has all of it.")
        }
    };
    let mut context = context(ask, difference.files, diff_path);
    if let Purpose::Again { complaints } = &ask.purpose {
        context.errors.clone_from(complaints);
    }
    let briefed = world.agent_memories.briefing(base).await;
    if let Some(text) = briefed.warning {
        world.operator.tell(&RunEvent::Warning { text });
    }
    let folder = memory_folder(world, subject, ask);
    let material = Material {
        context: &context,
        briefing: briefed.briefing.as_deref(),
        memory_folder: folder.as_deref(),
        diff: &difference.excerpt,
        diff_note: &diff_note,
        delimiter,
        followups: ask.brief.followups,
        answer_by: answer_by(world, ask),
        nonce: nonce(ask).map(Nonce::as_str),
    };
    let prompt = prompt_limit::render(ask.key.kind, material, cx.config.prompt_limit).map_err(unwritten)?;
    Ok(TurnPrompt { prompt, context, model: ask.model.clone() })
}

/// Returns the path of the longer agent memory: only a coder has it, and only in a clone of ours.
fn memory_folder(world: &World, subject: &Subject, ask: &Ask) -> Option<String> {
    match ask.access {
        Access::Edit => {
            let clone_id = clone_id(subject, &participant(ask));
            let is_user_checkout = world.workspace.is_user_checkout(&clone_id);
            world.agent_memories.folder().filter(|_| !is_user_checkout)
        }
        Access::Read | Access::ReadAndWeb | Access::Nothing => None,
    }
}

/// Creates the input for an agent that reformats an answer: it gets no information about the subject.
fn form_only(ask: &Ask, form: &Form, delimiter: &str, answer_by: AnswerBy) -> Result<TurnPrompt, RunError> {
    let Ask { brief, expectation, key, .. } = ask;
    let blind = |one: &Item| ContextItem {
        text: String::new(),
        notes: Vec::new(),
        dispute: None,
        ..item(one, key.kind.scope())
    };
    // The requirements for the answer are those at the time of the question.
    let named = |id: &RequirementId| ContextRequirement {
        id: id.to_string(),
        author: String::new(),
        text: String::new(),
    };
    let context = Context {
        schema: CONTEXT_SCHEMA.to_owned(),
        kind: key.kind.name().to_owned(),
        round: key.round,
        max_rounds: brief.max_rounds,
        subject: ContextSubject {
            kind: brief.subject.kind.clone(),
            number: brief.subject.number,
            ..ContextSubject::default()
        },
        items: brief.items.iter().map(blind).collect(),
        requirements: expectation.requirements.ids.iter().map(named).collect(),
        requirements_omitted: u64::from(expectation.requirements.extent == SurfacedExtent::Bounded),
        errors: form.complaints.clone(),
        debate: brief.debate.clone().map(|debate| ContextDebate { agenda: None, ..debate }),
        ..Context::default()
    };
    let prompt =
        prompt::render_form(ask.key.kind, &context, &form.source, delimiter, answer_by).map_err(unwritten)?;
    Ok(TurnPrompt { prompt, context, model: form.model.clone() })
}

fn answer_by(world: &World, ask: &Ask) -> AnswerBy {
    world.agents.answer_by(ask.key.kind, ask.access, &ask.key.label)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` wants")]
fn unwritten(error: prompt::PromptError) -> RunError {
    RunError::failed(Failed::Error, error.to_string())
}

fn context(ask: &Ask, changed_files: Vec<ChangedFile>, diff_path: Option<String>) -> Context {
    let Ask { brief, .. } = ask;
    let paths = changed_files.iter().map(|file| &file.path);
    Context {
        agent_files: paths.filter(|path| is_agent_file(path)).cloned().collect(),
        schema: CONTEXT_SCHEMA.to_owned(),
        kind: ask.key.kind.name().to_owned(),
        round: ask.key.round,
        max_rounds: brief.max_rounds,
        subject: brief.subject.clone(),
        task: brief.task.clone(),
        origin: brief.origin.clone(),
        items: brief.items.iter().map(|one| item(one, ask.key.kind.scope())).collect(),
        requirements: brief.requirements.shown.iter().map(requirement).collect(),
        requirements_omitted: u64::try_from(brief.requirements.omitted).unwrap_or(u64::MAX),
        gates: brief.gates.iter().map(gate).collect(),
        changed_files,
        diff_path,
        unfinished: ask.unfinished.is_some(),
        merging: ask.merges.is_some(),
        summary: brief.summary.clone(),
        plan: brief.plan.as_ref().map(plan),
        clarifications: brief.clarifications.clone(),
        errors: Vec::new(),
        positions: brief.positions.clone(),
        debate: brief.debate.clone(),
    }
}

fn item(item: &Item, scope: Scope) -> ContextItem {
    ContextItem {
        id: item.id.to_string(),
        reviewer: item.author.to_string(),
        status: item.status.name_in(scope).to_owned(),
        round: item.round,
        text: item.text.clone(),
        notes: item
            .notes
            .iter()
            .map(|note| format!("{} in round {}: {}", note.author, note.round, note.text))
            .collect(),
        dispute: item.dispute.as_ref().map(|dispute| dispute.evidence.clone()),
    }
}

fn requirement(one: &Requirement) -> ContextRequirement {
    ContextRequirement { id: one.id.to_string(), author: one.author.to_string(), text: one.text.clone() }
}

fn plan(reference: &PlanReference) -> ContextPlan {
    let PlanReference { hash, issue, text } = reference.clone();
    ContextPlan { hash: hash.into(), issue: issue.0, text }
}

fn gate(measured: &Measurement) -> ContextGate {
    ContextGate {
        name: measured.gate.to_string(),
        verdict: measured.verdict.name().to_owned(),
        detail: measured.detail.clone(),
        reports: measured.reports().map(|finding| finding.text.clone()).collect(),
    }
}
