//! Keeps a prompt within its limit: shortens the list of changed files, then the diff. A file outside the clone has the
//! whole of both.

use crate::domain::agent::ResponseKind;
use crate::protocol::context::{ChangedFile, Context};

use super::prompt::{self, Material, PromptError};

/// The space for the sentences about omitted parts, in characters.
const NOTE: usize = 600;
/// The minimum length of the list of files, in characters.
const FILES: usize = 4_000;

/// Returns the prompt for an answer of this kind, within about this number of characters.
///
/// # Errors
/// Fails if the template cannot be rendered.
pub fn render(kind: ResponseKind, material: Material<'_>, limit: usize) -> Result<String, PromptError> {
    let whole = prompt::render(kind, material)?;
    let Some(over) = length(&whole).checked_sub(limit.max(1)).filter(|over| *over > 0) else {
        return Ok(whole);
    };
    let context = material.context;
    let mut excess = over.saturating_add(NOTE);
    let listed = within(&context.changed_files, room(&context.changed_files, width, excess), width);
    excess = excess.saturating_sub(sum(&context.changed_files, width) - sum(listed, width));
    let agent_files = &context.agent_files;
    let name_width = |path: &String| length(path).saturating_add(1);
    let named = within(agent_files, room(agent_files, name_width, excess), name_width);
    excess = excess.saturating_sub(sum(agent_files, name_width) - sum(named, name_width));
    let diff = first_lines(material.diff, length(material.diff).saturating_sub(excess));
    let note = note(material, listed.len(), diff);
    let shown = Context { changed_files: listed.to_vec(), agent_files: named.to_vec(), ..context.clone() };
    prompt::render(kind, Material { context: &shown, diff, diff_note: &note, ..material })
}

/// Returns the sentences about omitted parts.
fn note(material: Material<'_>, listed: usize, diff: &str) -> String {
    let context = material.context;
    let all = context.changed_files.len();
    let mut note = String::new();
    if listed < all {
        note = format!("Only the first {listed} of {all} changed files are listed. ");
    }
    if diff.len() < material.diff.len() || !material.diff_note.is_empty() {
        note.push_str("The diff is cut here. ");
    }
    let place = match &context.diff_path {
        Some(path) => format!("The whole diff, with every file, is in the file {path}."),
        None => "`git diff` against the merge base shows the rest.".to_owned(),
    };
    note + &place
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// Returns the length of a line of the list.
fn width(file: &ChangedFile) -> usize {
    length(&file.status).saturating_add(length(&file.path)).saturating_add(2)
}

fn sum<T>(entries: &[T], width: impl Fn(&T) -> usize) -> usize {
    entries.iter().map(width).fold(0, usize::saturating_add)
}

/// Returns the space for a list that must shrink by an excess.
fn room<T>(entries: &[T], width: impl Fn(&T) -> usize, excess: usize) -> usize {
    sum(entries, width).saturating_sub(excess).max(FILES)
}

/// Returns the first entries that fit.
fn within<T>(entries: &[T], room: usize, width: impl Fn(&T) -> usize) -> &[T] {
    let mut left = room;
    let fitting = entries.iter().take_while(|entry| {
        let fits = width(entry) <= left;
        left = left.saturating_sub(width(entry));
        fits
    });
    entries.get(..fitting.count()).unwrap_or_default()
}

/// Returns the first whole lines within this number of characters.
fn first_lines(text: &str, most: usize) -> &str {
    let end = text.char_indices().nth(most).map_or(text.len(), |(end, _)| end);
    let cut = text.get(..end).unwrap_or_default();
    if end == text.len() {
        cut
    } else {
        cut.get(..cut.rfind('\n').map_or(0, |line| line + 1)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agent::AnswerBy;
    use crate::domain::policy::Followups;

    fn context(files: usize) -> Context {
        let file =
            |number: usize| ChangedFile { status: "A".to_owned(), path: format!("generated/{number:09}.ts") };
        let subject =
            serde_json::json!({"kind": "pr", "number": 1, "title": "t", "body": "b", "comments": []});
        serde_json::from_value(serde_json::json!({
            "schema": "agent-loop/context/1", "kind": "pr_review", "round": 1, "max_rounds": 2, "subject": subject,
            "task": "", "origin": null, "items": [], "requirements": [], "requirements_omitted": 0, "gates": [],
            "changed_files": (0..files).map(file).collect::<Vec<_>>(), "agent_files": [], "diff_path": "/diffs/1.diff",
            "unfinished": false, "merging": false, "summary": null, "plan": null, "clarifications": [], "errors": [], "positions": [],
        }))
        .unwrap()
    }

    #[test]
    fn long_prompts_name_what_gave_way() {
        let diff = "+ a line of the change\n".repeat(2_000);
        for (files, limit, said) in [
            (3, 100_000, ""),
            (20_000, 100_000, " of 20000 changed files are listed"),
            (
                20_000,
                30_000,
                "The diff is cut here. The whole diff, with every file, is in the file /diffs/1.diff.",
            ),
        ] {
            let context = context(files);
            let material = Material {
                context: &context,
                diff: &diff,
                diff_note: "",
                delimiter: "d",
                followups: Followups::Ignore,
                answer_by: AnswerBy::FileOrMessage,
                nonce: None,
                briefing: None,
                memory_folder: None,
            };
            let prompt = render(ResponseKind::PrReview, material, limit).unwrap();
            assert!(
                length(&prompt) <= limit && prompt.contains(said),
                "{files} {limit}: {}",
                length(&prompt)
            );
        }
    }
}
