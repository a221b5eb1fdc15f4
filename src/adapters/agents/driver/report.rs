//! Makes the report of a turn from the transcript and the ending of a vendor's program.

use std::path::Path;

use crate::adapters::agents::accounting;
use crate::adapters::agents::turn_host::{TurnLimit, late_end};
use crate::adapters::clock::SystemClock;
use crate::adapters::files;
use crate::adapters::process::exit::Exit;
use crate::adapters::process::supervision::{End, Ended};
use crate::domain::agent::Backend;
use crate::domain::failure::TurnFailure;
use crate::domain::instant::utc;
use crate::domain::turn::SessionNote;
use crate::domain::usage::Usage;
use crate::ports::agents::{TurnReport, TurnResult};
use crate::ports::clock::Clock;
use crate::protocol::envelope::ANSWER_LIMIT;

use super::transcript::{Finish, Transcript};
use super::vendor_cli::{ProcessEnd, Sessions, VendorCli};
use super::vendor_turn::VendorTurn;

/// The output and the ending of a program.
pub(super) struct Recording<'limit> {
    pub(super) transcript: Transcript,
    pub(super) ended: Ended,
    /// The number of lines that were too long to be read.
    pub(super) dropped_lines: u64,
    /// The time limit of the turn.
    pub(super) limit: &'limit TurnLimit,
}

impl Recording<'_> {
    pub(super) fn report(self, cli: &dyn VendorCli, turn: &VendorTurn<'_>) -> TurnReport {
        let result = self.result(cli, turn);
        let warnings = self.warnings(&result);
        let usage = self.usage(cli, turn);
        let asked = turn.cli_turn().model.or(cli.profile().usual_model);
        let session = self.session(cli, turn);
        TurnReport {
            result,
            usage,
            // If the program does not report its model, the requested one is assumed.
            model: self.transcript.model.or_else(|| asked.map(str::to_owned)),
            log: Some(turn.files.log.clone()),
            session,
            warnings,
        }
    }

    /// Returns the end of the program, which is irrelevant after the terminal event of a successful turn.
    fn end(&self) -> End {
        match (self.transcript.finished, &self.ended.end) {
            (Finish::Seen, End::Exited(_) | End::TimedOut | End::Hung { .. }) => End::Exited(Exit::Code(0)),
            (Finish::Seen | Finish::Missing, end) => end.clone(),
        }
    }

    fn result(&self, cli: &dyn VendorCli, turn: &VendorTurn<'_>) -> TurnResult {
        let exit = match self.end() {
            End::Exited(exit) => exit,
            End::Cancelled => return TurnResult::Cancelled,
            End::NotStarted(detail) => return TurnResult::Failed(TurnFailure::Spawn { detail }),
            End::Disk(why) => return TurnResult::Disk(why),
            End::TimedOut => return TurnResult::Failed(self.limit.exceeded()),
            End::Hung { seconds } => return TurnResult::Failed(TurnFailure::Hang { seconds }),
        };
        let last_message = answer_in(&turn.last_message);
        let ending = ProcessEnd {
            exit,
            stderr: &self.ended.stderr,
            last_message: last_message.as_deref(),
            now: SystemClock.now(),
        };
        cli.outcome(&self.transcript, &ending).map_or_else(TurnResult::Failed, TurnResult::Answered)
    }

    fn usage(&self, cli: &dyn VendorCli, turn: &VendorTurn<'_>) -> Usage {
        let spent = match self.transcript.usage {
            Some(counted) => {
                let of_turn = cli.profile().counting.of_turn(counted, earlier(turn));
                accounting::counted(of_turn, &self.end())
            }
            None => accounting::uncounted(&turn.order.prompt, &self.transcript, &self.end()),
        };
        Usage {
            calls: 1,
            milliseconds: self.ended.milliseconds,
            // Some programs report the cost of each step.
            priced_calls: u64::from(spent.priced_calls > 0 || spent.micro_usd > 0),
            ..spent
        }
    }

    fn session(&self, cli: &dyn VendorCli, turn: &VendorTurn<'_>) -> Option<SessionNote> {
        match cli.profile().sessions {
            Sessions::ById => Some(SessionNote {
                id: self.transcript.session.clone().filter(|id| is_plain(id))?,
                backend: Backend::Vendor(turn.agent.vendor),
                folder: turn.order.workdir.clone(),
                model: turn.order.model.clone(),
                counted: self.transcript.usage.unwrap_or_else(|| earlier(turn)),
            }),
            Sessions::None => None,
        }
    }

    fn warnings(&self, result: &TurnResult) -> Vec<String> {
        let mut warnings = self.transcript.warnings.clone();
        if let (TurnResult::Answered(_), denied @ [_, ..]) = (result, self.transcript.denied.as_slice()) {
            warnings.push(format!("answered, although permissions were denied: {}", denied.join("; ")));
        }
        if let (TurnResult::Answered(_), Some(late)) = (result, late_end(&self.ended)) {
            warnings.push(late);
        }
        if let Some((percent, resets_at)) = self.transcript.low {
            warnings.push(format!("{percent} % of its quota is used; it resets at {}", utc(resets_at)));
        }
        if self.dropped_lines > 0 {
            warnings.push(format!("{} lines of its output were too long to be read", self.dropped_lines));
        }
        warnings
    }
}

/// Returns the session's usage before the turn.
fn earlier(turn: &VendorTurn<'_>) -> Usage {
    turn.agent.session_of(turn.order).map(|note| note.counted).unwrap_or_default()
}

/// Returns the text of a file that an agent may have written. An unreadable file contains no answer.
fn answer_in(path: &Path) -> Option<String> {
    let bytes = files::read_foreign(path, ANSWER_LIMIT).ok().filter(|bytes| bytes.len() <= ANSWER_LIMIT)?;
    String::from_utf8(bytes).ok().filter(|text| !text.trim().is_empty())
}

/// Returns whether the id of a session is safe in a command line: neither a flag nor a path.
fn is_plain(id: &str) -> bool {
    let is_letter = |letter: u8| letter.is_ascii_alphanumeric() || b"-_".contains(&letter);
    (1..=100).contains(&id.len()) && id.bytes().all(is_letter) && !id.starts_with('-')
}
