//! What happened, as one quiet line for a person. Texts of others are made harmless by the time they get here.

use crate::domain::agent::Role;
use crate::ports::run_event::RunEvent;
use crate::text::sanitize::one_line;

use super::paint::Paint;

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    /// One line an event.
    Normal,
    /// Warnings only.
    Quiet,
}

/// The line for what happened, if there is one to be said.
pub fn line(event: &RunEvent, talk: Verbosity, paint: Paint) -> Option<String> {
    let (mark, text) = words(event)?;
    (talk == Verbosity::Normal || mark == "!")
        .then(|| format!("{} {}", paint.mark(mark), one_line(&text, 400)))
}

fn words(event: &RunEvent) -> Option<(&'static str, String)> {
    Some(match event {
        // The board shows it; the reviews said it.
        RunEvent::Counted { .. } => return None,
        RunEvent::Begun { subject } => ("·", format!("{subject}")),
        RunEvent::RoundBegun { round, max_rounds, head } => {
            ("▸", format!("round {round} of at most {max_rounds}, at {}", head.short()))
        }
        RunEvent::TurnBegun { label, role: Role::Repair, .. } => {
            ("  ", format!("the answer of {label} is put into form"))
        }
        RunEvent::TurnBegun { label, role, prompt_bytes, .. } => {
            ("  ", format!("{role} {label} works (prompt of {} kB)", prompt_bytes.div_ceil(1000)))
        }
        RunEvent::TurnAnswered { label, role: Role::Repair, .. } => {
            ("  ", format!("the answer of {label} is in form now"))
        }
        RunEvent::TurnAnswered { label, role, milliseconds } => {
            let seconds = milliseconds / 1000;
            ("  ", format!("{role} {label} has answered after {seconds}.{} s", (milliseconds % 1000) / 100))
        }
        RunEvent::TurnFailed { label, role, failure, log } => {
            let log = log.as_ref().map_or_else(String::new, |log| format!("; its log is {log}"));
            ("!", format!("{role} {label} {failure}{log}"))
        }
        RunEvent::GateBegun { gate, head, .. } => ("  ", format!("gate {gate} runs on {}", head.short())),
        RunEvent::GateMeasured { gate, verdict } => ("  ", format!("gate {gate}: {}", verdict.name())),
        RunEvent::Published { subject, line } => ("→", format!("{subject}: {line}")),
        RunEvent::Pushed { branch, head } => ("→", format!("{branch} is at {}", head.short())),
        RunEvent::PullRequestOpened { number, branch } => {
            ("→", format!("pull request {number} opened from {branch}"))
        }
        RunEvent::IssueFiled { number } => ("→", format!("issue {number} filed for a follow-up")),
        RunEvent::Merged { number, commit } => {
            ("→", format!("pull request {number} merged as {}", commit.short()))
        }
        RunEvent::Salvaged { reference, commit } => (
            "!",
            format!("unfinished work is kept as {} in {reference}; see `agent-loop status`", commit.short()),
        ),
        RunEvent::Waiting { what, until } => ("  ", format!("waits for {what}, until {until} at the latest")),
        RunEvent::Warning { text } => ("!", text.clone()),
    })
}
