//! Who takes a turn: the name that a person types for an agent, and what a turn is for.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::ids::{InvalidName, Label};
use super::vendors::Vendor;

/// The program behind an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Backend {
    Vendor(Vendor),
    /// Any program: prompt on stdin, answer on stdout or in a file.
    Command,
    /// A file of turns, for the demo and for tests.
    Scripted,
    /// The surrounding session takes the turn.
    Host,
}

impl Backend {
    /// Returns every backend, in the order in which they are listed to people.
    pub fn all() -> impl Iterator<Item = Self> {
        let vendors = Vendor::ALL.iter().copied().map(Self::Vendor);
        vendors.chain([Self::Command, Self::Scripted, Self::Host])
    }

    /// Returns the name under which the settings of an agent are stored that was typed by its alias.
    pub fn canonical(typed: &str) -> &str {
        Vendor::canonical(typed)
    }

    /// Returns the kind of text that stands behind the colon of such an agent's name.
    pub fn detail(self) -> Detail {
        match self {
            Self::Command => Detail::Program,
            Self::Scripted => Detail::Script,
            Self::Vendor(_) | Self::Host => Detail::Nothing,
        }
    }

    /// Returns the name that is typed and recorded.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vendor(vendor) => vendor.name(),
            Self::Command => "command",
            Self::Scripted => "scripted",
            Self::Host => "host",
        }
    }

    /// Returns the form in which the name is typed, with the detail that it needs.
    fn form(self) -> String {
        match self.detail() {
            Detail::Program => format!("{self}:NAME"),
            Detail::Script => format!("{self}:FILE"),
            Detail::Nothing => self.name().to_owned(),
        }
    }
}

/// The form of an agent's name with the backends that there are.
static AGENT_FORM: LazyLock<String> = LazyLock::new(|| {
    let backends: Vec<String> = Backend::all().map(Backend::form).collect();
    format!("[LABEL=]BACKEND[:DETAIL] with one of {}", backends.join(", "))
});

impl FromStr for Backend {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let found = Self::all().find(|backend| backend.name() == text);
        found.ok_or_else(|| InvalidName { kind: "backend", text: text.to_owned(), expected: &AGENT_FORM })
    }
}

impl TryFrom<String> for Backend {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        text.parse()
    }
}

impl From<Backend> for String {
    fn from(backend: Backend) -> Self {
        backend.name().to_owned()
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What stands behind the colon of an agent's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    Nothing,
    /// A path of a program if it holds a `/`, else the name of a configured agent.
    Program,
    /// A path of a file of turns.
    Script,
}

/// An agent as a person names it: `[LABEL=]BACKEND[:DETAIL]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AgentName {
    /// What the ledger and the comments show.
    pub label: Label,
    pub backend: Backend,
    /// For `command:` a path or a configured name, for `scripted:` a path.
    pub detail: Option<String>,
}

impl AgentName {
    /// Returns the detail if that is a path.
    pub fn path(&self) -> Option<&str> {
        let detail = self.detail.as_deref()?;
        match self.backend.detail() {
            Detail::Script => Some(detail),
            Detail::Program => Some(detail).filter(|detail| detail.contains('/')),
            Detail::Nothing => None,
        }
    }

    /// Returns the label of an agent whose name has none: the stem of the file in its detail, or the backend's name.
    fn default_label(backend: Backend, detail: Option<&str>) -> String {
        let Some(detail) = detail else {
            return backend.name().to_owned();
        };
        let file = detail.rsplit('/').next().unwrap_or(detail);
        let stem = file.split_once('.').map_or(file, |(stem, _)| stem).to_ascii_lowercase();
        let safe = |letter: char| {
            if letter.is_ascii_alphanumeric() || letter == '_' { letter } else { '-' }
        };
        let label: String = stem.chars().map(safe).take(32).collect();
        let label = label.trim_start_matches(['-', '_']);
        if label.is_empty() { backend.name().to_owned() } else { label.to_owned() }
    }
}

impl FromStr for AgentName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let invalid = |expected| InvalidName { kind: "agent", text: text.to_owned(), expected };
        let (head, detail) = text.split_once(':').map_or((text, None), |(head, detail)| (head, Some(detail)));
        let (label, name) = head.split_once('=').map_or((None, head), |(label, name)| (Some(label), name));
        let backend: Backend = Backend::canonical(name).parse().map_err(|_| invalid(AGENT_FORM.as_str()))?;
        match (backend.detail(), detail) {
            (Detail::Program | Detail::Script, None | Some("")) => {
                return Err(invalid("command:NAME-or-PATH or scripted:FILE"));
            }
            (Detail::Nothing, Some(_)) => return Err(invalid("this backend without a detail")),
            (Detail::Program | Detail::Script, Some(_)) | (Detail::Nothing, None) => {}
        }
        let label = label.map_or_else(|| Self::default_label(backend, detail), str::to_owned).parse()?;
        Ok(Self { label, backend, detail: detail.map(str::to_owned) })
    }
}

impl fmt::Display for AgentName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if Self::default_label(self.backend, self.detail.as_deref()) != self.label.as_str() {
            write!(formatter, "{}=", self.label)?;
        }
        self.backend.fmt(formatter)?;
        self.detail.as_ref().map_or(Ok(()), |detail| write!(formatter, ":{detail}"))
    }
}

impl TryFrom<String> for AgentName {
    type Error = InvalidName;

    fn try_from(text: String) -> Result<Self, InvalidName> {
        text.parse()
    }
}

impl From<AgentName> for String {
    fn from(name: AgentName) -> Self {
        name.to_string()
    }
}

/// What an agent does in a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Coder,
    /// Judges a change, may not alter it.
    Reviewer,
    /// Votes on an issue, before anyone writes code.
    Debater,
    /// Sums up a round of a debate.
    Analyzer,
    /// Mends the form of an answer, sees nothing but that answer.
    Repair,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 5] = [Self::Coder, Self::Reviewer, Self::Debater, Self::Analyzer, Self::Repair];

    /// The name used in files, environments and records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Coder => "coder",
            Self::Reviewer => "reviewer",
            Self::Debater => "debater",
            Self::Analyzer => "analyzer",
            Self::Repair => "repair",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// How an agent is to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerBy {
    /// In the response file if it can, else as its last message.
    FileOrMessage,
    /// As its last message, or as the structured output that its program asks for: a sandbox may keep it from writing files
    /// outside of its clone.
    Message,
}

impl AnswerBy {
    /// The word for it in prompts.
    pub fn name(self) -> &'static str {
        match self {
            Self::FileOrMessage => "file-or-message",
            Self::Message => "message",
        }
    }
}

/// The kind of answer that a turn asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseKind {
    /// The coder's first turn on an issue or a task.
    Implementation,
    /// A reviewer's turn on a pull request.
    PrReview,
    /// The coder's turn after a review.
    CoderFollowup,
    PlanState,
    /// The coder's plan after a review of the one before.
    PlanRevision,
    /// A reviewer's turn on a plan.
    PlanReview,
    /// An approved plan, cut into phases.
    PlanDecomposition,
    /// A debater's vote on an issue.
    DiscussReview,
    /// What an analyzer makes of a round of a debate.
    DiscussAgenda,
}

impl ResponseKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Implementation,
        Self::PrReview,
        Self::CoderFollowup,
        Self::PlanState,
        Self::PlanRevision,
        Self::PlanReview,
        Self::PlanDecomposition,
        Self::DiscussReview,
        Self::DiscussAgenda,
    ];

    /// Who is asked for it.
    pub fn asked_of(self) -> Role {
        match self {
            Self::Implementation
            | Self::CoderFollowup
            | Self::PlanState
            | Self::PlanRevision
            | Self::PlanDecomposition => Role::Coder,
            Self::PrReview | Self::PlanReview | Self::DiscussReview | Self::DiscussAgenda => Role::Reviewer,
        }
    }

    /// The value of the field `kind` in an answer.
    pub fn name(self) -> &'static str {
        match self {
            Self::Implementation => "implementation",
            Self::PrReview => "pr_review",
            Self::CoderFollowup => "coder_followup",
            Self::PlanState => "plan_state",
            Self::PlanRevision => "plan_revision",
            Self::PlanReview => "plan_review",
            Self::PlanDecomposition => "plan_decomposition",
            Self::DiscussReview => "discuss_review",
            Self::DiscussAgenda => "discuss_agenda",
        }
    }
}

impl fmt::Display for ResponseKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backends_are_listed_in_the_error() {
        let error = "gpt".parse::<AgentName>().unwrap_err();
        assert_eq!(
            error.expected,
            "[LABEL=]BACKEND[:DETAIL] with one of claude, codex, gemini, antigravity, opencode, command:NAME, \
             scripted:FILE, host"
        );
    }

    #[test]
    fn a_name_reads_back_as_written() {
        for text in
            ["codex", "strict=codex", "command:./my-agent.sh", "bob=scripted:turns.json", "antigravity"]
        {
            let name: AgentName = text.parse().unwrap();
            assert_eq!(name.to_string(), text);
        }
    }

    #[test]
    fn labels_default_to_backend_or_stem() {
        let label = |text: &str| text.parse::<AgentName>().unwrap().label.to_string();
        assert_eq!(label("agy"), "antigravity");
        assert_eq!(label("command:./tools/My Agent.sh"), "my-agent");
        assert_eq!(label("scripted:/tmp/bob.v2.json"), "bob");
        assert_eq!(label("mine=command:x"), "mine");
    }

    #[test]
    fn malformed_agent_names_are_errors() {
        for bad in ["gpt", "", "command", "command:", "codex:gpt-5", "Bad=codex"] {
            assert!(bad.parse::<AgentName>().is_err(), "{bad}");
        }
    }
}
