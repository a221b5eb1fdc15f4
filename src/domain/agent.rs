//! Agents: their names on the command line, their roles, and the kinds of their answers.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use super::ids::{InvalidName, Label, text_form};
use super::item_status::Scope;
use super::vendors::Vendor;
use super::word_list::word_list;

/// The program of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Backend {
    Vendor(Vendor),
    /// Any program that reads the prompt on stdin and answers on stdout or in a file.
    Command,
    /// A file of prepared turns, for the demo and for tests.
    Scripted,
}

impl Backend {
    /// Returns all backends in the order in which messages list them.
    pub fn all() -> impl Iterator<Item = Self> {
        let vendors = Vendor::ALL.iter().copied().map(Self::Vendor);
        vendors.chain([Self::Command, Self::Scripted])
    }

    /// Replaces an alias by the name of the backend.
    pub fn canonical(typed: &str) -> &str {
        Vendor::canonical(typed)
    }

    /// Returns the kind of detail in the names of agents of this backend.
    pub fn detail(self) -> Detail {
        match self {
            Self::Command => Detail::Program,
            Self::Scripted => Detail::Script,
            Self::Vendor(_) => Detail::Nothing,
        }
    }

    /// Returns the name on the command line and in records.
    pub fn name(self) -> &'static str {
        match self {
            Self::Vendor(vendor) => vendor.name(),
            Self::Command => "command",
            Self::Scripted => "scripted",
        }
    }

    /// Returns the syntax of the name with its detail.
    fn form(self) -> String {
        match self.detail() {
            Detail::Program => format!("{self}:NAME"),
            Detail::Script => format!("{self}:FILE"),
            Detail::Nothing => self.name().to_owned(),
        }
    }
}

/// The syntax of an agent's name, with all backends.
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

text_form!(Backend);

impl fmt::Display for Backend {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// The kind of text after the colon of an agent's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    Nothing,
    /// The path of a program if it contains a `/`, else the name of a configured agent.
    Program,
    /// The path of a file of turns.
    Script,
}

/// The name of an agent on the command line: `[LABEL=]BACKEND[:DETAIL]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AgentName {
    pub label: Label,
    pub backend: Backend,
    pub detail: Option<String>,
}

impl AgentName {
    /// Returns the detail if it is a path.
    pub fn path(&self) -> Option<&str> {
        let detail = self.detail.as_deref()?;
        match self.backend.detail() {
            Detail::Script => Some(detail),
            Detail::Program => Some(detail).filter(|detail| detail.contains('/')),
            Detail::Nothing => None,
        }
    }

    /// Returns the label of an agent without an explicit one: the stem of the file in its detail, or the backend's name.
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
        if head.contains('/') {
            return Err(invalid("`command:` before the path of a program, as in command:./agent.sh"));
        }
        let backend: Backend = Backend::canonical(name).parse().map_err(|_| invalid(AGENT_FORM.as_str()))?;
        match (backend.detail(), detail) {
            (Detail::Program | Detail::Script, None | Some("")) => {
                return Err(invalid("command:NAME-or-PATH or scripted:FILE"));
            }
            (Detail::Nothing, Some(_)) => {
                return Err(invalid(
                    "this backend without `:` and a detail (its model is an option, as in --claude-model opus)",
                ));
            }
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

text_form!(AgentName);

word_list!(
    /// The role of an agent in a turn.
    #[derive(PartialOrd, Ord, Hash)]
    Role {
        Coder = "coder",
        /// Reviews a change without editing it.
        Reviewer = "reviewer",
        /// Votes on an issue before code is written.
        Debater = "debater",
        /// Summarizes a round of a debate.
        Analyzer = "analyzer",
        /// Reformats an answer, and sees only that answer.
        Repair = "repair",
    }
);

/// The way in which an agent answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerBy {
    /// In the response file if possible, else in its last message.
    FileOrMessage,
    /// In its last message, or in the structured output that its program requests: a sandbox may prevent it from writing
    /// files outside of its clone.
    Message,
}

impl AnswerBy {
    /// Returns the name used in prompt templates.
    pub fn name(self) -> &'static str {
        match self {
            Self::FileOrMessage => "file-or-message",
            Self::Message => "message",
        }
    }
}

word_list!(
    /// The kind of an answer. Its name is the field `kind` of the answer.
    #[derive(PartialOrd, Ord, Hash)]
    ResponseKind {
        /// The coder's first turn on an issue or a task.
        Implementation = "implementation",
        /// A reviewer's turn on a pull request.
        PrReview = "pr_review",
        /// The coder's turn after a review.
        CoderFollowup = "coder_followup",
        PlanState = "plan_state",
        /// The coder's plan after a review of the previous one.
        PlanRevision = "plan_revision",
        /// A reviewer's turn on a plan.
        PlanReview = "plan_review",
        /// An approved plan, divided into phases.
        PlanDecomposition = "plan_decomposition",
        /// A debater's vote on an issue.
        DiscussReview = "discuss_review",
        /// An analyzer's summary of a round of a debate.
        DiscussAgenda = "discuss_agenda",
    }
);

impl Role {
    /// Returns how messages name an agent in this role: `reviewer one`, but not `coder coder`.
    pub fn with(self, label: &str) -> String {
        if label == self.name() { label.to_owned() } else { format!("{self} {label}") }
    }

    /// Returns the flag that names an agent in this role. Debaters are the reviewers of a debate.
    pub fn flag(self) -> &'static str {
        match self {
            Self::Coder => "coder",
            Self::Reviewer | Self::Debater => "reviewer",
            Self::Analyzer => "discuss-analyzer",
            Self::Repair => "repair-backend",
        }
    }
}

impl ResponseKind {
    /// Returns the role that gives this kind of answer.
    pub fn asked_of(self) -> Role {
        match self {
            Self::Implementation
            | Self::CoderFollowup
            | Self::PlanState
            | Self::PlanRevision
            | Self::PlanDecomposition => Role::Coder,
            Self::PrReview | Self::PlanReview => Role::Reviewer,
            Self::DiscussReview => Role::Debater,
            Self::DiscussAgenda => Role::Analyzer,
        }
    }

    /// Returns the kind of work that such an answer is about.
    pub fn scope(self) -> Scope {
        match self {
            Self::PlanState | Self::PlanRevision | Self::PlanReview | Self::PlanDecomposition => Scope::Plan,
            Self::Implementation
            | Self::CoderFollowup
            | Self::PrReview
            | Self::DiscussReview
            | Self::DiscussAgenda => Scope::PullRequest,
        }
    }

    /// Returns whether such an answer is a vote, so that it must return the nonce of its question.
    pub fn is_vote(self) -> bool {
        match self {
            Self::PrReview | Self::PlanReview | Self::DiscussReview => true,
            Self::Implementation
            | Self::CoderFollowup
            | Self::PlanState
            | Self::PlanRevision
            | Self::PlanDecomposition
            | Self::DiscussAgenda => false,
        }
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
             scripted:FILE"
        );
    }

    #[test]
    fn names_parse_and_print_equally() {
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
