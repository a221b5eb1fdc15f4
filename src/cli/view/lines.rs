//! What happened, as one quiet line for a person. Texts of others are made harmless by the time they get here.

use crate::domain::agent::Role;
use crate::domain::follow_up_action::FollowUpAction;
use crate::ports::run_event::RunEvent;
use crate::text::sanitize::one_line;

use super::paint::Paint;

/// How much of what others said stands in a line, in characters. What a person needs to go on, such as a path, is never cut.
const LONGEST_TEXT: usize = 400;
/// A wait up to this is told as one, a longer one by its instant, in seconds.
const LONGEST_WAIT: u64 = 120;

/// How much is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    Normal,
    Quiet,
}

/// The line for what happened, if there is one to be said.
pub fn line(event: &RunEvent, talk: Verbosity, paint: Paint) -> Option<String> {
    let (mark, text) = marked_text(event)?;
    (talk == Verbosity::Normal || mark == "!")
        .then(|| format!("{} {}", paint.mark(mark), one_line(&text, usize::MAX)))
}

fn marked_text(event: &RunEvent) -> Option<(&'static str, String)> {
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
        RunEvent::TurnFailed { label, role, failure, log, said, follows } => {
            let why = one_line(&failure.to_string(), LONGEST_TEXT);
            let text =
                format!("{role} {label} {why}{}; {}", quoted(said.as_deref()), aftermath(*role, follows));
            ("!", text + &place(log.as_deref(), follows))
        }
        RunEvent::GateBegun { gate, head, .. } => ("  ", format!("gate {gate} runs on {}", head.short())),
        RunEvent::GateMeasured { gate, verdict } => ("  ", format!("gate {gate}: {}", verdict.name())),
        // The outcome says why, and says it once.
        RunEvent::Published { subject, status: Some(status), .. } => {
            ("→", format!("{subject}: the run has ended: {status}"))
        }
        RunEvent::Published { subject, line, status: None } => ("→", format!("{subject}: {line}")),
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

fn quoted(said: Option<&str>) -> String {
    match said {
        None => String::new(),
        Some("") => "; it said nothing".to_owned(),
        Some(said) => format!("; it said “{said}”"),
    }
}

fn aftermath(role: Role, follows: &FollowUpAction) -> String {
    match (follows, role) {
        (FollowUpAction::AskedAgain { seconds: 0, .. }, _) => "it is asked again at once".to_owned(),
        (FollowUpAction::AskedAgain { seconds, .. }, _) if *seconds <= LONGEST_WAIT => {
            format!("it is asked again in {seconds} s")
        }
        (FollowUpAction::AskedAgain { not_before, .. }, _) => format!("it is asked again at {not_before}"),
        (FollowUpAction::NextModel { model }, _) => format!("the next model, {model}, is asked"),
        (FollowUpAction::Corrected, _) => "it is told so and asked once more".to_owned(),
        (FollowUpAction::PutIntoForm, Role::Repair) => "the next model is asked to do it".to_owned(),
        (FollowUpAction::PutIntoForm, Role::Coder | Role::Reviewer | Role::Debater | Role::Analyzer) => {
            "only its form is asked for again".to_owned()
        }
        (FollowUpAction::Parked { .. }, _) => "the run is parked".to_owned(),
        (FollowUpAction::Nothing, _) => "it is not asked again".to_owned(),
    }
}

/// Where the raw output lies, unless the outcome will say it.
fn place(log: Option<&str>, follows: &FollowUpAction) -> String {
    match (log, follows) {
        (None, _) | (Some(_), FollowUpAction::Nothing | FollowUpAction::Parked { .. }) => String::new(),
        (Some(log), _) => format!("; its log is {log}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::view::paint::Stderr;
    use crate::domain::failure::TurnFailure;

    #[test]
    fn a_log_path_is_never_cut() {
        let log = format!("/state/{}/coder.log", "long/".repeat(100));
        let event = RunEvent::TurnFailed {
            label: "sam".parse().unwrap(),
            role: Role::Coder,
            failure: TurnFailure::Exit { code: 1, detail: "it went wrong ".repeat(1000) },
            log: Some(log.clone()),
            said: None,
            follows: FollowUpAction::Corrected,
        };
        let paint = Paint::wanted(&crate::adapters::process::variables::Variables::new(), Stderr::Plain);
        let said = line(&event, Verbosity::Quiet, paint).unwrap();
        assert!(said.contains("…; ") && said.ends_with(&format!("; its log is {log}")), "{said}");
        assert!(said.chars().count() < log.len() + LONGEST_TEXT + 100, "{said}");
    }
}
