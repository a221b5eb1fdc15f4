//! Prompts from the templates in `prompts/`. A template declares its variables. Using an undeclared variable, or declaring one
//! without a value, is an error.

use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior, Value, context};

use crate::domain::agent::{AnswerBy, ResponseKind};
use crate::domain::agent_memory::Briefing;
use crate::domain::policy::Followups;
use crate::protocol::context::{ChangedFile, Context, ContextSubject};
use crate::protocol::schema;

use super::agent_memory;
use super::excerpt::Excerpt;
use super::sanitize;

/// Returns the templates by the kind of answer that they request.
fn template(kind: ResponseKind) -> &'static str {
    match kind {
        ResponseKind::Implementation => include_str!("../../prompts/implementation.md.jinja"),
        ResponseKind::PrReview => include_str!("../../prompts/pr_review.md.jinja"),
        ResponseKind::CoderFollowup => include_str!("../../prompts/coder_followup.md.jinja"),
        ResponseKind::DiscussReview => include_str!("../../prompts/discuss_review.md.jinja"),
        ResponseKind::DiscussAgenda => include_str!("../../prompts/discuss_agenda.md.jinja"),
        ResponseKind::PlanState => include_str!("../../prompts/plan_state.md.jinja"),
        ResponseKind::PlanRevision => include_str!("../../prompts/plan_revision.md.jinja"),
        ResponseKind::PlanReview => include_str!("../../prompts/plan_review.md.jinja"),
        ResponseKind::PlanDecomposition => include_str!("../../prompts/plan_decomposition.md.jinja"),
    }
}

/// The template for reformatting a malformed answer.
const FORM: &str = include_str!("../../prompts/repair.md.jinja");

/// The variables of a template besides the context.
#[derive(Debug, Clone, Copy)]
pub struct Material<'turn> {
    /// The structured context of the turn.
    pub context: &'turn Context,
    /// The beginning of the diff; empty if there is none.
    pub diff: &'turn str,
    /// The note for a diff that is longer than its beginning.
    pub diff_note: &'turn str,
    /// Letters and digits that no text of a stranger can contain.
    pub delimiter: &'turn str,
    /// The treatment of future items.
    pub followups: Followups,
    /// The way in which the agent answers.
    pub answer_by: AnswerBy,
    /// The nonce that a vote must return.
    pub nonce: Option<&'turn str>,
    /// The agent memory.
    pub briefing: Option<&'turn Briefing>,
    /// The folder in the agent's checkout with a longer agent memory.
    pub memory_folder: Option<&'turn str>,
}

/// An error of a template; a defect of this program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the prompt for `{kind}` could not be written: {detail}")]
pub struct PromptError {
    kind: ResponseKind,
    detail: String,
}

/// Returns the prompt for an answer of this kind.
///
/// # Errors
/// When the template uses a variable without a value.
pub fn render(kind: ResponseKind, material: Material<'_>) -> Result<String, PromptError> {
    let template = template(kind);
    let schema = schema::text(&schema::of(kind));
    let values = context! {
        turn => Value::from(Serde(for_template(material.context))),
        subject => Value::from(Serde(shown(kind, &material.context.subject))),
        origin => material.context.origin.as_ref().map(|origin| Value::from(Serde(Excerpt::with_comments(origin)))),
        diff => material.diff,
        diff_note => material.diff_note,
        delimiter => material.delimiter,
        followups => material.followups.name(),
        answer_by => material.answer_by.name(),
        nonce => material.nonce,
        memory => material.briefing.map(|briefing| memory(briefing, material.memory_folder)),
        schema => schema.trim_end(),
    };
    fill(template, values).map_err(|error| PromptError { kind, detail: error.to_string() })
}

/// Returns the context for a template: without comments, which are shown as excerpts, and with names of files that cannot look
/// like several.
fn for_template(context: &Context) -> Context {
    let plain = |path: &String| sanitize::name(path).into_owned();
    let file = |file: &ChangedFile| ChangedFile { path: plain(&file.path), ..file.clone() };
    let text = |subject: &ContextSubject| ContextSubject { comments: Arc::default(), ..subject.clone() };
    Context {
        subject: text(&context.subject),
        origin: context.origin.as_ref().map(text),
        changed_files: context.changed_files.iter().map(file).collect(),
        agent_files: context.agent_files.iter().map(plain).collect(),
        ..context.clone()
    }
}

/// Returns the subject of a turn in a prompt. Comments on a pull request are not part of its purpose: requirements of people are
/// shown separately.
fn shown(kind: ResponseKind, subject: &ContextSubject) -> Excerpt<'_> {
    match kind {
        ResponseKind::PrReview | ResponseKind::CoderFollowup => Excerpt::without_comments(subject),
        ResponseKind::Implementation
        | ResponseKind::PlanState
        | ResponseKind::PlanRevision
        | ResponseKind::PlanReview
        | ResponseKind::PlanDecomposition
        | ResponseKind::DiscussReview
        | ResponseKind::DiscussAgenda => Excerpt::with_comments(subject),
    }
}

/// Returns the agent memory in the form for templates.
fn memory(briefing: &Briefing, folder: Option<&str>) -> Value {
    context! {
        made_at => briefing.memory.made_at.short(),
        since => agent_memory::since(briefing),
        folder => folder,
        text => agent_memory::render(briefing, agent_memory::Size::Prompt),
    }
}

/// Returns the prompt for reformatting a malformed answer of this kind.
///
/// # Errors
/// When the template uses a variable without a value.
pub fn render_form(
    kind: ResponseKind,
    context: &Context,
    source: &str,
    delimiter: &str,
    answer_by: AnswerBy,
) -> Result<String, PromptError> {
    let schema = schema::text(&schema::of(kind));
    let values = context! {
        turn => Value::from(Serde(context)),
        source => source,
        answer_by => answer_by.name(),
        nonce => None::<&str>,
        delimiter => delimiter,
        schema => schema.trim_end(),
    };
    fill(FORM, values).map_err(|error| PromptError { kind, detail: error.to_string() })
}

/// The parts that templates include, by name.
const PARTS: [(&str, &str); 9] = [
    ("data", include_str!("../../prompts/data.md.jinja")),
    ("plan", include_str!("../../prompts/plan.md.jinja")),
    ("memory", include_str!("../../prompts/memory.md.jinja")),
    ("unfinished", include_str!("../../prompts/unfinished.md.jinja")),
    ("purpose", include_str!("../../prompts/purpose.md.jinja")),
    ("excerpt", include_str!("../../prompts/excerpt.md.jinja")),
    ("answer", include_str!("../../prompts/answer.md.jinja")),
    ("requirements_coder", include_str!("../../prompts/requirements_coder.md.jinja")),
    ("requirements_reviewer", include_str!("../../prompts/requirements_reviewer.md.jinja")),
];

fn fill(template: &str, values: Value) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    let mut syntax = SyntaxConfig::builder();
    // A part ends its last line, so the text after the part begins a new one.
    environment.set_syntax(syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?);
    for (name, part) in PARTS {
        environment.add_template(name, part)?;
    }
    let (_, body) = front_matter(template);
    environment.render_str(body, values)
}

/// Splits a template into the variables that it declares and its text.
fn front_matter(template: &str) -> (Vec<&str>, &str) {
    let Some((head, body)) = template.strip_prefix("---\n").and_then(|rest| rest.split_once("\n---\n"))
    else {
        return (Vec::new(), template);
    };
    let declared = head.lines().filter_map(|line| line.strip_prefix("variables:"));
    (declared.flat_map(|names| names.split(',').map(str::trim)).collect(), body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn templates_use_just_their_declared_variables() {
        for (kind, template) in ResponseKind::ALL.map(|kind| (kind, template(kind))) {
            let (declared, body) = front_matter(template);
            let environment = Environment::new();
            let used = environment.template_from_str(body).unwrap().undeclared_variables(false);
            let declared: BTreeSet<String> = declared.into_iter().map(str::to_owned).collect();
            let shared = ["delimiter", "schema"].map(str::to_owned);
            let used: BTreeSet<String> = used.into_iter().chain(shared).collect();
            assert_eq!(used, declared, "{kind}");
        }
    }

    /// The parts of a prompt that depend on its turn. Each is a member of the context, and a value that shows it.
    fn optional_parts() -> [(&'static str, serde_json::Value); 15] {
        let text = |words: &str| serde_json::json!({ "hash": "h", "issue": 1, "text": words });
        let person = serde_json::json!([{ "id": "hr-1", "author": "ada", "text": "Keep it." }]);
        let item = serde_json::json!([{
            "id": "item-1", "status": "blocking", "reviewer": "r", "round": 1, "text": "Wrong.", "notes": ["Still."],
            "dispute": "Right.",
        }]);
        let gate = serde_json::json!([{ "name": "tests", "verdict": "pass", "reports": ["A fact."] }]);
        let answer = serde_json::json!([{ "question": "Which?", "answer": "All." }]);
        [
            ("unfinished", true.into()),
            ("merging", true.into()),
            ("summary", "Done.".into()),
            ("plan", text("1. Do it.")),
            ("requirements", person),
            ("requirements_omitted", 1.into()),
            ("items", item),
            ("gates", gate),
            ("clarifications", answer),
            ("errors", serde_json::json!(["Too short."])),
            ("agent_files", serde_json::json!(["AGENTS.md"])),
            ("changed_files", serde_json::json!([{ "status": "M", "path": "a" }])),
            ("positions", serde_json::json!([{ "name": "r", "text": "Yes." }])),
            (
                "memory",
                serde_json::json!({ "made_at": "abc", "since": "New.", "folder": ".m", "text": "Rust." }),
            ),
            ("diff_note", "The diff is longer.\n".into()),
        ]
    }

    /// Returns a prompt with the optional parts for which `shows` is true.
    fn prompt_with(template: &str, shows: impl Fn(usize) -> bool) -> String {
        let mut turn = serde_json::json!({
            "subject": { "kind": "issue", "number": 1 }, "round": 2, "max_rounds": 3,
            "debate": { "debaters": ["r"], "research": "none", "agenda": null },
        });
        for (number, (name, value)) in optional_parts().into_iter().enumerate() {
            let empty = if value.is_array() { serde_json::json!([]) } else { serde_json::Value::Null };
            turn[name] = if shows(number) { value } else { empty };
        }
        let excerpt = serde_json::json!({
            "kind": "issue", "number": 1, "title": "T", "body": "B", "extent": "whole", "omitted": false, "comments": [],
        });
        let values = context! {
            memory => Value::from(Serde(&turn["memory"])),
            diff_note => turn["diff_note"].as_str().unwrap_or_default(),
            turn => Value::from(Serde(&turn)),
            subject => Value::from(Serde(&excerpt)),
            origin => shows(0).then(|| Value::from(Serde(&excerpt))),
            diff => "+a",
            delimiter => "X",
            followups => "ignore",
            answer_by => "file",
            nonce => shows(1).then_some("word"),
            source => "text",
            schema => "{}",
        };
        fill(template, values).unwrap()
    }

    #[test]
    fn an_empty_line_separates_all_sections() {
        let count = optional_parts().len();
        let pairs = (0..count).flat_map(|one| (one..count).map(move |other| BTreeSet::from([one, other])));
        let choices: Vec<BTreeSet<usize>> = pairs.chain([BTreeSet::new(), (0..count).collect()]).collect();
        let templates = ResponseKind::ALL.map(template);
        for template in templates.iter().chain([&FORM]) {
            for chosen in &choices {
                let prompt = prompt_with(template, |part| chosen.contains(&part));
                let lines: Vec<&str> = prompt.lines().collect();
                for pair in lines.windows(2) {
                    assert!(!pair[1].starts_with('#') || pair[0].is_empty(), "{pair:?} in {prompt}");
                }
                for line in lines {
                    let is_glued =
                        line.trim_start_matches('#').contains("##") || line.find(" DATA-X").is_some();
                    assert!(!is_glued, "{line} in {prompt}");
                }
            }
        }
    }
}
