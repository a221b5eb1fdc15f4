//! The corpus in `fixtures/responses`: one folder of cases for each kind of answer, and one for all kinds. A case names an
//! answer of its kind and the changes to the answer.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Map, Value};

use agent_loop::domain::agent::ResponseKind;
use agent_loop::domain::ids::{ItemId, Label, RequirementId};
use agent_loop::domain::item_status::ItemStatus;
use agent_loop::protocol::expectation::{
    Completeness, Debate, Expectation, Owner, ResearchPolicy, ShownItem, Surfaced, SurfacedExtent, Voter,
};
use agent_loop::protocol::raw_answer::RawAnswer;
use agent_loop::protocol::schema;

/// An answer with the expected result.
pub(super) struct Case {
    /// The kind, family and name.
    pub(super) name: String,
    pub(super) expectation: Expectation,
    pub(super) raw: RawAnswer,
    pub(super) outcome: Outcome,
}

/// The expected result of an answer.
pub(super) enum Outcome {
    Understood {
        /// The name of the tier.
        tier: &'static str,
        /// The verdict.
        verdict: Option<String>,
        /// The normalisations, if the case lists them.
        normalisations: Option<Vec<String>>,
        /// The object, if the case has it.
        object: Option<Value>,
    },
    Refused {
        /// The paths of the complaints, sorted.
        paths: Vec<String>,
    },
}

/// The named answers of one kind.
pub(super) struct Answers {
    pub(super) kind: ResponseKind,
    pub(super) expectation: Expectation,
    pub(super) named: BTreeMap<String, Value>,
    texts: BTreeMap<String, String>,
}

/// The folder of the cases for all kinds.
const EVERY_KIND: &str = "every_kind";

/// Reads the named answers of all kinds.
pub(super) fn answers(root: &Path) -> Vec<Answers> {
    ResponseKind::ALL.into_iter().map(|kind| Answers::read(root, kind)).collect()
}

/// Returns the number of cases, with those for all kinds counted once.
pub(super) fn stored(root: &Path) -> usize {
    let folders = ResponseKind::ALL.map(|kind| kind.to_string()).into_iter().chain([EVERY_KIND.to_owned()]);
    folders.flat_map(|folder| families(&root.join(folder))).map(|(_, family)| family.cases.len()).sum()
}

/// Returns all cases of the corpus, with those for all kinds once per kind.
pub(super) fn all(root: &Path) -> Vec<Case> {
    let mut cases = Vec::new();
    for answers in answers(root) {
        for folder in [EVERY_KIND.to_owned(), answers.kind.to_string()] {
            for (name, family) in families(&root.join(folder)) {
                let place = format!("{}/{name}", answers.kind);
                cases.extend(family.cases.iter().map(|case| answers.case(&place, &family, case)));
            }
        }
    }
    cases
}

fn families(folder: &Path) -> Vec<(String, FamilyFile)> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let stem = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    let named = paths.into_iter().map(|path| (stem(&path), path));
    named.filter(|(name, _)| name != "answers").map(|(name, path)| (name, read(&path))).collect()
}

fn read<T: for<'de> Deserialize<'de>>(path: &Path) -> T {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The file `answers.json` of a kind.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AnswersFile {
    #[serde(rename = "about")]
    _about: String,
    expectation: ExpectationFile,
    /// The answers by name. A text is an alias of another answer.
    answers: BTreeMap<String, Value>,
    texts: BTreeMap<String, String>,
}

/// Who votes in the corpus, and the nonce that its votes return.
pub(super) fn voter() -> Voter {
    Voter { label: "rev".parse().unwrap(), nonce: "k3v9q2mt7x".into() }
}

/// A file of cases.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FamilyFile {
    #[serde(rename = "about")]
    _about: String,
    expectation: Option<ExpectationFile>,
    cases: Vec<CaseFile>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    name: String,
    native: Option<Source>,
    file: Option<Source>,
    message: Option<Source>,
    expectation: Option<ExpectationFile>,
    tier: TierFile,
    /// The verdict, or the name of an answer with the same verdict.
    verdict: Option<String>,
    /// The name of the answer that is read.
    reads: Option<String>,
    normalisations: Option<Vec<String>>,
    /// The paths of the complaints; the whole answer by default.
    complains_of: Option<Vec<String>>,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum TierFile {
    AsAsked,
    Normalised,
    AnotherStream,
    Refused,
}

/// A text, or an answer with changes.
#[derive(Deserialize)]
#[serde(untagged)]
enum Source {
    Text(String),
    Edited(Box<Edited>),
}

/// The changes to an answer, in this order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Edited {
    /// The name of the answer.
    of: String,
    /// Paths whose values are removed.
    #[serde(default)]
    drop: Vec<String>,
    /// Paths with new values.
    #[serde(default)]
    set: Map<String, Value>,
    /// Whether the text is indented.
    #[serde(default)]
    pretty: bool,
    /// Parts of the text, all of whose occurrences are replaced.
    #[serde(default)]
    replace: Vec<(String, String)>,
    /// A part of the text whose last occurrence is replaced.
    replace_last: Option<(String, String)>,
    /// The text is cut before this.
    until: Option<String>,
    /// The number of letters to keep.
    keep: Option<Length>,
    /// The number of letters to remove at the beginning.
    skip: Option<Length>,
    /// The number of letters to remove at the end.
    skip_end: Option<Length>,
    /// Whether the text is encoded as a JSON string.
    #[serde(default)]
    quoted: bool,
    /// The surrounding text, with `«it»` for the answer.
    r#in: Option<String>,
}

/// A number of letters, or a fraction such as `2/9`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Length {
    Letters(usize),
    Part(String),
}

impl Length {
    fn of(&self, whole: &str) -> usize {
        let count = whole.chars().count();
        match self {
            Self::Letters(letters) => *letters,
            Self::Part(part) => {
                let (above, below) = part.split_once('/').expect("a part like 2/9");
                count * above.parse::<usize>().unwrap() / below.parse::<usize>().unwrap()
            }
        }
    }
}

#[derive(Deserialize, Clone, Default)]
#[serde(deny_unknown_fields, default)]
struct ExpectationFile {
    shown: Vec<ShownFile>,
    requirements: Vec<RequirementId>,
    extent: SurfacedExtent,
    ledger: LedgerFile,
    debate: Option<DebateFile>,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct ShownFile {
    id: ItemId,
    #[serde(rename = "standing")]
    status: ItemStatus,
    owner: OwnerFile,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum OwnerFile {
    Reviewer,
    FormerReviewer,
    Gate,
}

#[derive(Deserialize, Clone, Copy, Default)]
#[serde(rename_all = "kebab-case")]
enum LedgerFile {
    #[default]
    Complete,
    Gaps,
}

#[derive(Deserialize, Clone)]
#[serde(deny_unknown_fields)]
struct DebateFile {
    round: u32,
    debaters: Vec<Label>,
    research: ResearchFile,
}

#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
enum ResearchFile {
    Forbidden,
    Optional,
    Required,
}

impl ExpectationFile {
    fn of_kind(self, kind: ResponseKind) -> Expectation {
        let shown = self.shown.into_iter().map(|shown| ShownItem {
            id: shown.id,
            status: shown.status,
            owner: match shown.owner {
                OwnerFile::Reviewer => Owner::Reviewer,
                OwnerFile::FormerReviewer => Owner::FormerReviewer,
                OwnerFile::Gate => Owner::Gate,
            },
        });
        let debate = self.debate.map(|debate| Debate {
            round: debate.round,
            debaters: debate.debaters,
            research: match debate.research {
                ResearchFile::Forbidden => ResearchPolicy::Forbidden,
                ResearchFile::Optional => ResearchPolicy::Optional,
                ResearchFile::Required => ResearchPolicy::Required,
            },
        });
        Expectation {
            kind,
            shown: shown.collect(),
            ledger: match self.ledger {
                LedgerFile::Complete => Completeness::Complete,
                LedgerFile::Gaps => Completeness::Gaps,
            },
            requirements: Surfaced { ids: self.requirements, extent: self.extent },
            debate,
            voter: kind.is_vote().then(voter),
        }
    }
}

impl Answers {
    fn read(root: &Path, kind: ResponseKind) -> Self {
        let file: AnswersFile = read(&root.join(kind.to_string()).join("answers.json"));
        let resolve = |value: &Value| value.as_str().map_or(value, |name| &file.answers[name]).clone();
        let named: BTreeMap<String, Value> =
            file.answers.iter().map(|(name, value)| (name.clone(), resolve(value))).collect();
        let mut texts = file.texts;
        texts.insert("schema".to_owned(), schema::text(&schema::of(kind)));
        texts.extend(named.iter().map(|(name, answer)| (name.clone(), answer.to_string())));
        Self { kind, expectation: file.expectation.of_kind(kind), named, texts }
    }

    /// Returns the verdict of an answer of this kind.
    pub(super) fn verdict(&self, name: &str) -> Option<String> {
        let key = match self.kind {
            ResponseKind::PrReview | ResponseKind::PlanReview | ResponseKind::CoderFollowup => "state",
            ResponseKind::DiscussReview => "outcome",
            ResponseKind::Implementation
            | ResponseKind::PlanState
            | ResponseKind::PlanRevision
            | ResponseKind::PlanDecomposition
            | ResponseKind::DiscussAgenda => return None,
        };
        self.named[name][key].as_str().map(str::to_owned)
    }

    fn case(&self, place: &str, family: &FamilyFile, case: &CaseFile) -> Case {
        let own = case.expectation.as_ref().or(family.expectation.as_ref());
        let text = |source: &Option<Source>| source.as_ref().map(|source| self.text(source));
        Case {
            name: format!("{place}: {}", case.name),
            expectation: own.map_or_else(|| self.expectation.clone(), |own| own.clone().of_kind(self.kind)),
            raw: RawAnswer {
                native: text(&case.native),
                file: text(&case.file),
                message: text(&case.message),
            },
            outcome: self.outcome(case),
        }
    }

    fn outcome(&self, case: &CaseFile) -> Outcome {
        let has_footer = |source: &Source| matches!(source, Source::Text(text) if text.contains("«footer") || text.contains("<!-- AGENT_STATE"));
        let is_debate = matches!(self.kind, ResponseKind::DiscussReview | ResponseKind::DiscussAgenda);
        if is_debate && case.message.as_ref().is_some_and(has_footer) {
            // Answers in a debate have no state.
            return Outcome::Refused { paths: vec![String::new()] };
        }
        let tier = match case.tier {
            TierFile::AsAsked => "as-asked",
            TierFile::Normalised => "normalised",
            TierFile::AnotherStream => "another-stream",
            TierFile::Refused => {
                let mut paths = case.complains_of.clone().unwrap_or_else(|| vec![String::new()]);
                paths.sort();
                return Outcome::Refused { paths };
            }
        };
        let verdict = case.verdict.as_ref().and_then(|word| {
            if self.named.contains_key(word) { self.verdict(word) } else { Some(word.clone()) }
        });
        let object = case.reads.as_ref().map(|name| without_nulls(self.named[name].clone()));
        Outcome::Understood { tier, verdict, normalisations: case.normalisations.clone(), object }
    }

    fn text(&self, source: &Source) -> String {
        match source {
            Source::Text(text) => self.filled(text),
            Source::Edited(edited) => self.edited(edited),
        }
    }

    fn edited(&self, edited: &Edited) -> String {
        let mut answer = self.named[&edited.of].clone();
        edited.drop.iter().for_each(|path| change(&mut answer, path, None));
        for (path, value) in &edited.set {
            change(&mut answer, path, Some(self.filled_value(value.clone())));
        }
        let mut text = if edited.pretty { format!("{answer:#}") } else { answer.to_string() };
        let before = text.clone();
        for (old, new) in &edited.replace {
            text = text.replace(old, new);
        }
        assert!(edited.replace.is_empty() || text != before, "nothing to replace in {before}");
        if let Some((old, new)) = &edited.replace_last {
            let at = text.rfind(old).expect("what is replaced");
            text.replace_range(at..at + old.len(), new);
        }
        if let Some(end) = &edited.until {
            text.truncate(text.find(end).expect("where it ends"));
        }
        let count = text.chars().count();
        let of = |length: &Option<Length>| length.as_ref().map(|length| length.of(&text));
        let end = of(&edited.keep).unwrap_or(count) - of(&edited.skip_end).unwrap_or(0);
        text = text.chars().take(end).skip(of(&edited.skip).unwrap_or(0)).collect();
        if edited.quoted {
            text = Value::String(text).to_string();
        }
        edited.r#in.as_ref().map_or(text.clone(), |around| self.filled(around).replace("«it»", &text))
    }

    fn filled(&self, template: &str) -> String {
        let fill =
            |text: String, (name, value): (&String, &String)| text.replace(&format!("«{name}»"), value);
        self.texts.iter().fold(template.to_owned(), fill)
    }

    fn filled_value(&self, value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.filled(&text)),
            Value::Array(entries) => entries.into_iter().map(|entry| self.filled_value(entry)).collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => value,
        }
    }
}

/// Changes or removes the value at a path.
fn change(answer: &mut Value, path: &str, value: Option<Value>) {
    let (parent, key) = path.rsplit_once('/').expect("a path that begins with a slash");
    match (answer.pointer_mut(parent), value) {
        (Some(Value::Object(members)), Some(value)) => drop(members.insert(key.to_owned(), value)),
        (Some(Value::Object(members)), None) => drop(members.remove(key).expect("something to take out")),
        (Some(Value::Array(entries)), Some(value)) => entries[key.parse::<usize>().unwrap()] = value,
        (
            Some(Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) | None,
            _,
        ) => {
            panic!("no place {path}")
        }
    }
}

/// Removes keys with the value null, which are equivalent to absent ones.
fn without_nulls(mut answer: Value) -> Value {
    if let Value::Object(members) = &mut answer {
        members.retain(|_, member| !member.is_null());
    }
    answer
}
