//! The tolerant reader: finds the one JSON object in an agent's text, and records what it ignored.
//! It never guesses a verdict; text without such an object is malformed.

mod announced;
mod around;
mod normalisation;
mod objects;
mod whole;

use serde_json::Value;

use super::expectation::Complaint;
use announced::Announced;
pub use around::Beside;
use around::Sides;
pub use normalisation::Normalisation;
use objects::FoundObjects;
pub(super) use whole::verdict;
use whole::whole;

/// Longer answers are refused unread, in bytes.
pub const ANSWER_LIMIT: usize = 1 << 20;

/// The one object of an answer.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenedAnswer {
    pub object: Value,
    /// The normalisations, each once.
    pub normalisations: Vec<Normalisation>,
    /// The text beside the object.
    pub beside: Beside,
    /// The text around the object, without other objects.
    pub prose: String,
    /// The text before the line that announces the answer.
    pub preamble: String,
}

/// Finds the one JSON object of an answer, in linear time.
///
/// # Errors
/// Fails if there is no object or more than one, if it is damaged beyond its syntax, if a footer contradicts it, or if the
/// text around it contains a marker of ours.
pub fn open(text: &str) -> Result<OpenedAnswer, Vec<Complaint>> {
    if text.len() > ANSWER_LIMIT {
        return Err(whole("at most 1 MiB", format!("{} bytes", text.len())));
    }
    let mut normalisations = Vec::new();
    let Announced { preamble, body } =
        announced::after_announcement(text.trim_start_matches('\u{feff}'), &mut normalisations)?;
    let FoundObjects { mut objects, before, after, other } = objects::find(body, &mut normalisations)?;
    let Some(object) = objects.pop() else {
        return Err(whole("one JSON object with `schema_version` and `kind`", "text without one"));
    };
    if objects.iter().any(|other| *other != object) {
        return Err(whole("one JSON object", format!("{} different ones", objects.len() + 1)));
    }
    let sides = Sides { before: &before, after: &after };
    let mut beside = around::around(&sides, &object, &mut normalisations)?;
    if !objects.is_empty() {
        normalisations.push(Normalisation::Repetition);
        beside.first.get_or_insert_with(|| "the same object again".to_owned());
    }
    beside.first = beside.first.or(other);
    normalisations.sort_unstable();
    normalisations.dedup();
    let prose = format!("{before}\n{after}");
    Ok(OpenedAnswer { object, normalisations, beside, prose, preamble: preamble.to_owned() })
}

/// Returns the objects of a text that could be answers.
///
/// # Errors
/// Fails if one of them is damaged beyond its syntax.
pub(super) fn answers_in(text: &str) -> Result<Vec<Value>, Vec<Complaint>> {
    objects::find(text, &mut Vec::new()).map(|found| found.objects)
}

#[cfg(test)]
mod tests {
    use super::announced::PUBLIC_RESPONSE_LINE;
    use super::*;
    use proptest::prelude::*;

    const OBJECT: &str = r#"{"schema_version":1,"kind":"pr_review","state":"blocking"}"#;

    fn seen(text: &str) -> Vec<Normalisation> {
        open(text).unwrap().normalisations
    }

    #[test]
    fn the_accepted_shapes_are_named() {
        assert_eq!(seen(OBJECT), []);
        assert_eq!(seen(&format!("```json\n{OBJECT}\n```\n")), [Normalisation::Fence]);
        assert_eq!(
            seen(&format!("{OBJECT}\n<!-- AGENT_STATE: blocking -->\n\n-- codex\n")),
            [Normalisation::Footer, Normalisation::Signature]
        );
        assert_eq!(seen(&format!("Here it is: {OBJECT} Bye.")), [Normalisation::Prose]);
        assert_eq!(seen(&format!("noise {{}}\n{PUBLIC_RESPONSE_LINE}\n{OBJECT}")), [Normalisation::Preamble]);
        assert_eq!(seen(&format!("{OBJECT}\n{OBJECT}")), [Normalisation::Repetition]);
        assert_eq!(seen(&format!("{OBJECT}}}")), [Normalisation::Stray]);
        assert_eq!(seen(&OBJECT.replace('}', ",}")), [Normalisation::TrailingComma]);
        assert_eq!(seen(&OBJECT.replace("pr_review", "pr\n_review")), [Normalisation::ControlCharacter]);
        assert_eq!(
            seen(&format!("{OBJECT}\n<!-- HUMAN_REQUIREMENTS_RESOLVED -->")),
            [Normalisation::OlderResolved]
        );
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        let approved = OBJECT.replace("blocking", "approved");
        for text in [
            String::new(),
            "LGTM, approved!".to_owned(),
            format!("{OBJECT}\n<!-- AGENT_STATE: approved -->"),
            format!("{OBJECT}\n<!-- AGENT_STATE: blocking -->\n<!-- AGENT_STATE: blocking -->"),
            format!("{OBJECT}\n{approved}"),
            format!("{OBJECT}\n{{\"state\":\"approved\"}}"),
            format!("{OBJECT}\nand <!-- AGENT_LOOP_META: v1.x -->"),
            format!("<!-- AGENT_{OBJECT}STATE: approved -->"),
            OBJECT.replace('}', ""),
            "{\"schema_version\":1,\"kind\":\"discuss_review\"}\n<!-- AGENT_STATE: blocking -->".to_owned(),
            OBJECT.replace("\"kind\"", "\"state\":\"approved\",\"kind\""),
            OBJECT.replace("\"kind\"", "\"st\\u0061te\":\"approved\",\n,\"kind\""),
            format!("{{\"kind\":\"pr_review\", {approved}"),
        ] {
            assert!(open(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn other_objects_in_prose_are_prose() {
        for prose in [
            "I changed `fn main() { read(); }`.",
            "{\"threads\": 4}",
            "{\"human_requirements_resolved\":[]}",
            "<!-- written by a model -->",
        ] {
            assert_eq!(seen(&format!("{prose}\n{OBJECT}")), [Normalisation::Prose], "{prose}");
        }
        let braced = format!("{}\n{OBJECT}", "{x} ".repeat(20_000));
        assert_eq!(seen(&braced), [Normalisation::Prose]);
    }

    #[test]
    fn a_damaged_object_yields_no_answer() {
        let approved = OBJECT.replace("blocking", "approved");
        let line = PUBLIC_RESPONSE_LINE;
        let long = "Long. ".repeat(2_000);
        for text in [
            format!("{{\"items\":[\"{long} {approved} \"],\"kind\":\"pr_review\",\"state\":\"blocking\"}}"),
            format!(
                "{{\"items\":\"It reads \"}}\" and {approved}\",\"kind\":\"pr_review\",\"state\":\"blocking\"}}"
            ),
            format!(
                "{{\"items\":[\"\n{line}\n{approved}\n\"],\"kind\":\"pr_review\",\"state\":\"blocking\"}}"
            ),
            format!("{approved}\n{}", OBJECT.replace('"', "'")),
        ] {
            assert!(open(&text).is_err(), "{text}");
        }
        let diff = format!("-fn main() {{\n{{\"kind\": \"pr_review\", …}}\n{line}\n{approved}");
        assert_eq!(seen(&diff), [Normalisation::Preamble]);
    }

    /// An object that was closed too early has lost the text after it.
    #[test]
    fn remains_behind_an_object_are_noticed() {
        let early = r#"{"schema_version":1,"kind":"pr_review","state":"approved","summary":"s","prior_item_dispositions":[]}"#;
        for lost in [
            r#","blocking_items":["the last line is lost"]}"#,
            r#", "same_pr_followups": ["rename it"]}"#,
            ",\n  'future_followups': ['later']\n}",
            r#",{"item_id":"item-1","disposition":"blocking"}]}"#,
        ] {
            assert!(open(&format!("{early}{lost}")).is_err(), "{lost}");
        }
    }

    #[test]
    fn nested_answers_are_no_prose() {
        let approved = OBJECT.replace("blocking", "approved");
        for text in [
            format!("{{\"review\":{OBJECT}}}\n{approved}"),
            format!("{{\"a\":[{{\"b\":{OBJECT}}}]}}\n{approved}"),
        ] {
            assert!(open(&text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_oversized_answer_is_refused_unread() {
        assert!(open(&format!("{}{OBJECT}", " ".repeat(ANSWER_LIMIT))).is_err());
    }

    #[test]
    fn endless_brackets_are_given_up_on() {
        let endless = "{\"a\":".repeat(ANSWER_LIMIT / 5);
        assert!(open(&endless).unwrap_err()[0].found.contains("without end"));
    }

    proptest! {
        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,200}") {
            let _ = open(&text);
        }

        #[test]
        fn a_prefix_is_no_answer(cut in 0_usize..OBJECT.len()) {
            prop_assert!(open(&OBJECT[..cut]).is_err());
        }
    }
}
