//! Estimates the usage of turns without a report, and labels it as an estimate or as partial. Pure.

use serde_json::Value;

use crate::adapters::process::exit::Exit;
use crate::adapters::process::supervision::End;
use crate::domain::usage::{Precision, Usage};

use super::driver::transcript::Transcript;

/// The approximate number of bytes per token.
const BYTES_A_TOKEN: usize = 4;

/// Returns the program's own count, which is partial if the program was killed.
pub(super) fn counted(spent: Usage, end: &End) -> Usage {
    match end {
        End::Exited(_) => spent,
        End::TimedOut | End::Hung { .. } | End::Cancelled | End::NotStarted(_) | End::Disk(_) => {
            partial(spent)
        }
    }
}

/// Returns the usage without a count: the requests that were seen; else, after a successful turn, an estimate from the texts.
pub(super) fn uncounted(prompt: &str, transcript: &Transcript, end: &End) -> Usage {
    match (transcript.seen_until_now(), end) {
        (Some(seen), _) => partial(seen),
        (None, End::Exited(Exit::Code(0))) => Usage {
            input_tokens: tokens(prompt.len()),
            output_tokens: tokens(received(transcript)),
            precision: Precision::Estimated,
            ..Usage::default()
        },
        (None, end) => counted(Usage { precision: Precision::Partial, ..Usage::default() }, end),
    }
}

fn partial(usage: Usage) -> Usage {
    Usage { precision: usage.precision.max(Precision::Partial), ..usage }
}

fn tokens(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(BYTES_A_TOKEN)).unwrap_or(u64::MAX)
}

/// Returns the length of the output: the message and the structured answer, which may be identical.
fn received(transcript: &Transcript) -> usize {
    let (said, structured) = (&transcript.said, transcript.structured.as_deref().unwrap_or_default());
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    let is_same = read(said).is_some_and(|said| Some(said) == read(structured));
    said.len().saturating_add(if is_same { 0 } else { structured.len() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::agents::driver::transcript::Event;

    const WELL: End = End::Exited(Exit::Code(0));

    fn heard(events: impl IntoIterator<Item = Event>) -> Transcript {
        let mut transcript = Transcript::default();
        events.into_iter().for_each(|event| transcript.take(event));
        transcript
    }

    fn label(usage: Usage) -> (u64, u64, &'static str) {
        (usage.input_tokens, usage.output_tokens, usage.precision.name())
    }

    #[test]
    fn uncounted_good_turns_are_estimated() {
        let (said, structured) =
            (|text: &str| Event::Said(text.to_owned()), |text: &str| Event::Structured(text.to_owned()));
        let answer = format!(r#"{{"summary":"{}"}}"#, "ok ".repeat(400));
        let spaced = answer.replace(':', " : ");
        let length = tokens(answer.len());
        for (events, received) in [
            (vec![], 0),
            (vec![said("four")], 1),
            (vec![said("fives")], 2),
            (vec![structured(&answer)], length),
            (vec![said(""), structured(&answer)], length),
            (vec![said(&spaced), structured(&answer)], tokens(spaced.len())),
            (vec![said("four"), structured(&answer)], tokens(answer.len() + 4)),
        ] {
            let transcript = heard(events);
            assert_eq!(label(uncounted("12345678", &transcript, &WELL)), (2, received, "estimated"));
        }
    }

    #[test]
    fn uncounted_bad_turns_count_in_part() {
        let usage = Usage { input_tokens: 50_000, output_tokens: 900, ..Usage::default() };
        let seen = heard([Event::Asked { id: "msg_1".to_owned(), usage }]);
        for end in [End::TimedOut, End::Hung { seconds: 900 }, End::Exited(Exit::Signal(9)), WELL] {
            assert_eq!(label(uncounted("prompt", &seen, &end)), (50_000, 900, "partial"), "{end:?}");
        }
        let nothing = Transcript::default();
        for end in [End::TimedOut, End::Hung { seconds: 900 }, End::Exited(Exit::Code(1))] {
            assert_eq!(label(uncounted("prompt", &nothing, &end)), (0, 0, "partial"), "{end:?}");
        }
    }

    #[test]
    fn counts_of_ended_programs_are_partial() {
        let usage = Usage { input_tokens: 9, ..Usage::default() };
        for (end, expected) in [
            (WELL, "exact"),
            (End::Exited(Exit::Code(1)), "exact"),
            (End::TimedOut, "partial"),
            (End::Hung { seconds: 9 }, "partial"),
        ] {
            assert_eq!(label(counted(usage, &end)), (9, 0, expected), "{end:?}");
        }
    }
}
