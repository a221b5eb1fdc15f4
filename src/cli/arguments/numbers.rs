//! Whole numbers on the command line, with one error message for all flags.

use std::ops::RangeInclusive;

use crate::domain::ids::{InvalidName, IssueNumber, PullRequestNumber};
use crate::domain::subject::Subject;

/// Parses a whole number within a range.
pub fn whole(text: &str, allowed: &RangeInclusive<i64>) -> Result<i64, String> {
    let (least, most) = (allowed.start(), allowed.end());
    let digits = text.trim_start_matches(['-', '+']);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("type a whole number, at least {least}"));
    }
    let beyond = if text.starts_with('-') { i128::MIN } else { i128::MAX };
    let number = text.parse::<i128>().unwrap_or(beyond);
    if number < i128::from(*least) {
        return Err(format!("{text} is not allowed: at least {least}"));
    }
    let number = i64::try_from(number).ok().filter(|number| allowed.contains(number));
    number.ok_or_else(|| format!("{text} is not allowed: at most {most}"))
}

/// Parses the number of an issue or a pull request: `7`, `#7`, `pr/7` or a URL.
pub fn number(text: &str) -> Result<u64, String> {
    let referenced = parts(text).1.unwrap_or(text);
    let digits = referenced.strip_prefix('#').unwrap_or(referenced);
    if !digits.contains(|letter: char| letter.is_ascii_digit()) {
        return Err("type a number, such as 7 or #7, or a URL".to_owned());
    }
    whole(digits, &(1..=i64::MAX)).map(i64::unsigned_abs)
}

/// Splits `pr/7` or a URL into its kind and its number.
fn parts(text: &str) -> (Option<&str>, Option<&str>) {
    let (path, skipped) = without_scheme(text).map_or((text, 0), |path| (path, 3));
    let mut parts = path.split('/').skip(skipped).skip_while(|part| !KINDS.contains(part));
    (parts.next(), parts.next())
}

const KINDS: [&str; 4] = ["pr", "pull", "issue", "issues"];

fn without_scheme(text: &str) -> Option<&str> {
    text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))
}

/// Returns the repository that a URL names: `HOST/OWNER/REPO`.
pub fn repository(text: &str) -> Option<String> {
    without_scheme(text).map(|path| path.split('/').take(3).collect::<Vec<_>>().join("/"))
}

/// A subject on the command line: every command accepts the same forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SubjectReference {
    Exact(Subject),
    /// The number of an issue or a pull request, which are numbered together.
    Number(u64),
}

impl SubjectReference {
    /// Returns whether a subject is meant. A forge has no issue with the number of a pull request.
    pub fn is(&self, subject: &Subject) -> bool {
        match (self, subject) {
            (Self::Exact(Subject::Task(key)), Subject::Task(known)) => key == known,
            (Self::Exact(Subject::Task(_)), _) | (_, Subject::Task(_)) => false,
            (_, Subject::Issue(IssueNumber(known)) | Subject::PullRequest(PullRequestNumber(known))) => {
                self.number() == Some(*known)
            }
        }
    }

    fn number(&self) -> Option<u64> {
        match self {
            Self::Number(number)
            | Self::Exact(
                Subject::Issue(IssueNumber(number)) | Subject::PullRequest(PullRequestNumber(number)),
            ) => Some(*number),
            Self::Exact(Subject::Task(_)) => None,
        }
    }
}

/// Parses a subject: `7`, `#7`, `pr/7`, `issue/7`, `task/KEY` or a URL.
pub fn subject(text: &str) -> Result<SubjectReference, String> {
    if text.starts_with("task/") {
        return text.parse().map(SubjectReference::Exact).map_err(|error: InvalidName| error.to_string());
    }
    let number = number(text).map_err(|why| {
        if why.contains(" is not allowed") {
            return why;
        }
        format!("`{text}` is not a subject; type 7, #7, pr/7, issue/7, task/KEY or a URL")
    })?;
    Ok(match parts(text).0 {
        Some("pr" | "pull") => SubjectReference::Exact(Subject::PullRequest(PullRequestNumber(number))),
        Some(_) => SubjectReference::Exact(Subject::Issue(IssueNumber(number))),
        None => SubjectReference::Number(number),
    })
}

/// The subject of a run, as a person refers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reference {
    pub number: u64,
    /// The repository that a URL names: `HOST/OWNER/REPO`.
    pub repository: Option<String>,
}

/// Parses a reference to an issue to work on.
pub fn issue(text: &str) -> Result<Reference, String> {
    of_a_run(text, "issue")
}

/// Parses a reference to a pull request to review.
pub fn pull_request(text: &str) -> Result<Reference, String> {
    of_a_run(text, "pr")
}

fn of_a_run(text: &str, kind: &str) -> Result<Reference, String> {
    let number = number(text)?;
    match (parts(text).0, kind) {
        (Some("pr" | "pull"), "issue") => {
            return Err(format!("{text} is a pull request; type `agent-loop pr {number}`"));
        }
        (Some("issue" | "issues"), "pr") => {
            return Err(format!("{text} is an issue; type `agent-loop issue {number}`"));
        }
        (Some(_) | None, _) => {}
    }
    Ok(Reference { number, repository: repository(text) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_refusal_names_the_allowed_range() {
        let refusal = |text: &str, allowed| whole(text, &allowed).unwrap_err();
        let small = 1..=4_294_967_295;
        assert_eq!(refusal("0", small.clone()), "0 is not allowed: at least 1");
        assert_eq!(refusal("-3", 1..=i64::MAX), "-3 is not allowed: at least 1");
        assert_eq!(refusal("-1", 0..=9), "-1 is not allowed: at least 0");
        assert_eq!(refusal("4294967296", small.clone()), "4294967296 is not allowed: at most 4294967295");
        assert!(refusal("9223372036854775808", 0..=i64::MAX).ends_with("at most 9223372036854775807"));
        for long in [format!("1{}", "0".repeat(60)), format!("-1{}", "0".repeat(60))] {
            assert!(refusal(&long, small.clone()).starts_with(&format!("{long} is not allowed: at ")));
        }
        for text in ["x", "", "-", "1.5", "10s", "1_000", "٣", " 1"] {
            assert_eq!(refusal(text, small.clone()), "type a whole number, at least 1", "{text}");
        }
        assert!(whole("--1", &small).is_err() && number("0").is_err());
    }

    #[test]
    fn references_are_numbers() {
        for text in ["7", "#7", "pr/7", "issue/7", "https://github.com/o/r/pull/7", "https://x/o/r/issues/7/"]
        {
            assert_eq!(number(text), Ok(7), "{text}");
        }
        let reference = pull_request("https://github.com/o/r/pull/7/files").unwrap();
        assert_eq!(reference, Reference { number: 7, repository: Some("github.com/o/r".to_owned()) });
        assert_eq!(issue("#7").unwrap(), Reference { number: 7, repository: None });
        assert_eq!(issue("two").unwrap_err(), "type a number, such as 7 or #7, or a URL");
        assert_eq!(issue("pr/7").unwrap_err(), "pr/7 is a pull request; type `agent-loop pr 7`");
        assert_eq!(pull_request("issue/7").unwrap_err(), "issue/7 is an issue; type `agent-loop issue 7`");
    }

    #[test]
    fn every_form_names_a_subject() {
        let exact = |text: &str| SubjectReference::Exact(text.parse().unwrap());
        for (text, meant) in [
            ("7", SubjectReference::Number(7)),
            ("#7", SubjectReference::Number(7)),
            ("pr/7", exact("pr/7")),
            ("issue/#7", exact("issue/7")),
            ("https://github.com/o/pr/issues/7", exact("issue/7")),
            ("https://github.com/o/issues/pull/7/files", exact("pr/7")),
            ("task/1a2b3c4d", exact("task/1a2b3c4d")),
        ] {
            assert_eq!(subject(text), Ok(meant), "{text}");
        }
        assert!(subject("two").unwrap_err().contains("type 7, #7, pr/7, issue/7, task/KEY or a URL"));
        assert!(subject("pr/0").unwrap_err().contains("at least 1"));
        assert!(subject("task/zz").unwrap_err().contains("task key"));
        assert_eq!(repository("https://github.com/o/r/pull/7").as_deref(), Some("github.com/o/r"));
    }

    proptest! {
        #[test]
        fn allowed_numbers_are_accepted(value in 0..=i64::MAX, least in 0..=i64::MAX) {
            let parsed = whole(&value.to_string(), &(least..=i64::MAX));
            prop_assert_eq!(parsed.ok(), (value >= least).then_some(value));
        }
    }
}
