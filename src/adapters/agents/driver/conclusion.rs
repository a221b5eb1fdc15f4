//! Derives an answer or a class of failure from a transcript and an ending, in the same order for all programs. Pure.

use crate::adapters::agents::errors::{classify, classify_stderr, last_words, said_used_up};
use crate::adapters::process::exit::Exit;
use crate::domain::failure::TurnFailure;
use crate::protocol::raw_answer::RawAnswer;

use super::transcript::{Finish, ReportedError, Transcript};
use super::vendor_cli::ProcessEnd;

/// Returns the outcome of a turn. Once the terminal event of a successful turn has arrived, the end of the process is
/// irrelevant, and so are failures that were reported before: programs retry by themselves.
///
/// # Errors
/// When the terminal event of a successful turn is missing, or there is no answer.
pub fn conclude(
    transcript: &Transcript,
    ending: &ProcessEnd<'_>,
    last: &str,
) -> Result<RawAnswer, TurnFailure> {
    match transcript.finished {
        Finish::Missing => return Err(failure(transcript, ending, last)),
        Finish::Seen => {}
    }
    let said = Some(transcript.said.clone()).filter(|text| !text.trim().is_empty());
    let answer = RawAnswer {
        native: transcript.structured.clone(),
        file: None,
        message: said.or_else(|| ending.last_message.map(str::to_owned)),
    };
    if answer.streams().next().is_some() {
        return Ok(answer);
    }
    Err(match transcript.denied.as_slice() {
        [] => TurnFailure::Vacuous { detail: "the turn was successful, but has no answer".to_owned() },
        denied => TurnFailure::Denied { detail: denied.join("; ") },
    })
}

/// Returns the failure of a turn: from structured reports first, then from stderr, then from the exit code.
fn failure(transcript: &Transcript, ending: &ProcessEnd<'_>, last: &str) -> TurnFailure {
    if let Some(trouble) = &transcript.trouble {
        return reported(trouble, transcript, ending);
    }
    if transcript.rejected.is_some() {
        return said_used_up(transcript.rejected, ending.now, String::new());
    }
    let classified = || classify_stderr(ending.stderr, ending.now);
    match ending.exit {
        Exit::Signal(signal) => TurnFailure::Killed { signal },
        Exit::Code(0) => classified().unwrap_or_else(|| TurnFailure::Vacuous {
            detail: match (transcript.denied.as_slice(), &transcript.unreadable) {
                ([], None) => format!("it ended without an error, but also without {last}"),
                ([], Some(unreadable)) => unreadable.clone(),
                (denied, _) => {
                    format!("it ended without {last}, after denied permissions:  {}", denied.join("; "))
                }
            },
        }),
        Exit::Code(code) => {
            classified().unwrap_or_else(|| TurnFailure::Exit { code, detail: last_words(ending.stderr) })
        }
    }
}

/// Returns the class of a reported failure: by the status of the service, then by its message.
pub fn reported(trouble: &ReportedError, transcript: &Transcript, ending: &ProcessEnd<'_>) -> TurnFailure {
    let detail = last_words(&trouble.text);
    let by_words = || classify(&trouble.text, ending.now);
    // Some services report a used-up quota with the status of a rejected login.
    let of_an_account = || by_words().filter(is_of_an_account);
    match trouble.status {
        Some(401 | 403) => of_an_account().unwrap_or(TurnFailure::Auth { detail }),
        Some(402) => of_an_account().unwrap_or(TurnFailure::Billing { detail }),
        Some(429) => limited(transcript, ending, detail, by_words()),
        Some(408) => by_words().unwrap_or(TurnFailure::Network { detail }),
        Some(500..=599) => by_words().unwrap_or(TurnFailure::Overloaded { detail }),
        Some(_) | None => by_words().unwrap_or(match ending.exit {
            Exit::Code(code) => TurnFailure::Exit { code, detail },
            Exit::Signal(signal) => TurnFailure::Killed { signal },
        }),
    }
}

/// Returns whether a failure is about the quota or credit of an account.
pub fn is_of_an_account(failure: &TurnFailure) -> bool {
    matches!(
        failure,
        TurnFailure::Quota { .. } | TurnFailure::QuotaUnknown { .. } | TurnFailure::Billing { .. }
    )
}

/// Returns the failure for too many requests: a used-up quota, if the stream has a reset time.
fn limited(
    transcript: &Transcript,
    ending: &ProcessEnd<'_>,
    detail: String,
    by_words: Option<TurnFailure>,
) -> TurnFailure {
    match (transcript.rejected, by_words) {
        (Some(_), _) => said_used_up(transcript.rejected, ending.now, detail),
        (None, Some(failure)) => failure,
        (None, None) => TurnFailure::RateLimited { retry_at: None, detail },
    }
}

/// Converts dollars to millionths. Invalid amounts are zero.
pub fn micro_usd(dollars: f64) -> u64 {
    format!("{:.0}", dollars * 1e6).parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_counted_in_millionths() {
        for (dollars, millionths) in
            [(0.002, 2000), (0.0, 0), (-1.0, 0), (f64::NAN, 0), (12.345_678_9, 12_345_679)]
        {
            assert_eq!(micro_usd(dollars), millionths);
        }
    }
}
