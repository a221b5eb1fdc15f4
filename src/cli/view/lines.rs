//! What happened, as one quiet line for a person. Texts of others are made harmless by the time they get here.

use crate::domain::agent::Role;
use crate::ports::happening::Happening;
use crate::text::neutral::one_line;

use super::paint::Paint;

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Talk {
    /// One line an event.
    Normal,
    /// Warnings only.
    Quiet,
}

/// The line for what happened, if there is one to be said.
pub fn line(happening: &Happening, talk: Talk, paint: Paint) -> Option<String> {
    let (mark, text) = words(happening)?;
    (talk == Talk::Normal || mark == "!").then(|| format!("{} {}", paint.mark(mark), one_line(&text, 400)))
}

fn words(happening: &Happening) -> Option<(&'static str, String)> {
    Some(match happening {
        // The board shows it; the reviews said it.
        Happening::Counted { .. } => return None,
        Happening::Begun { subject } => ("·", format!("{subject}")),
        Happening::RoundBegun { round, max_rounds, head } => {
            ("▸", format!("round {round} of at most {max_rounds}, at {}", head.short()))
        }
        Happening::TurnBegun { label, role: Role::Repair, .. } => {
            ("  ", format!("the answer of {label} is put into form"))
        }
        Happening::TurnBegun { label, role, prompt_bytes, .. } => {
            ("  ", format!("{role} {label} works (prompt of {} kB)", prompt_bytes.div_ceil(1000)))
        }
        Happening::TurnAnswered { label, role: Role::Repair, .. } => {
            ("  ", format!("the answer of {label} is in form now"))
        }
        Happening::TurnAnswered { label, role, milliseconds } => {
            let seconds = milliseconds / 1000;
            ("  ", format!("{role} {label} has answered after {seconds}.{} s", (milliseconds % 1000) / 100))
        }
        Happening::TurnFailed { label, role, failure, log } => {
            let log = log.as_ref().map_or_else(String::new, |log| format!("; its log is {log}"));
            ("!", format!("{role} {label} {failure}{log}"))
        }
        Happening::GateBegun { gate, head, .. } => ("  ", format!("gate {gate} runs on {}", head.short())),
        Happening::GateMeasured { gate, verdict } => ("  ", format!("gate {gate}: {}", verdict.name())),
        Happening::Published { subject, line } => ("→", format!("{subject}: {line}")),
        Happening::Pushed { branch, head } => ("→", format!("{branch} is at {}", head.short())),
        Happening::PullRequestOpened { number, branch } => {
            ("→", format!("pull request {number} opened from {branch}"))
        }
        Happening::IssueFiled { number } => ("→", format!("issue {number} filed for a follow-up")),
        Happening::Merged { number, commit } => {
            ("→", format!("pull request {number} merged as {}", commit.short()))
        }
        Happening::Salvaged { reference, commit } => (
            "!",
            format!("unfinished work is kept as {} in {reference}; see `agent-loop status`", commit.short()),
        ),
        Happening::Waiting { what, until } => {
            ("  ", format!("waits for {what}, until {until} at the latest"))
        }
        Happening::Warning { text } => ("!", text.clone()),
    })
}
