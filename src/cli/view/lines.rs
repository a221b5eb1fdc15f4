//! A run as lines: each fact once, when it happens. Passing results of a round share a line; a failing one ends it, so that
//! its reasons follow at once.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};
use std::fmt::Write;
use std::time::Duration;

use jiff::Timestamp;

use crate::domain::agent::Role;
use crate::domain::announcement::Announcement;
use crate::domain::follow_up_action::FollowUpAction;
use crate::domain::gate::{Measurement, Verdict};
use crate::domain::ids::{GateName, Label};
use crate::domain::item::{OpenedItem, listed};
use crate::domain::item_status::{Disposition, ItemStatus};
use crate::domain::subject::Subject;
use crate::domain::usage::Usage;
use crate::domain::vote::Ballot;
use crate::ports::run_event::RunEvent;
use crate::text::amounts::duration;
use crate::text::markdown::count;
use crate::text::sanitize::{one_line, unmarked};

use super::amounts::until;
use super::brief::{brief, few, of_gate};
use super::failed_turns::{TurnFailures, aftermath};
use super::paint::{Mark, Paint};
use super::place::CommandPlace;

/// The longest text of an agent or a program in a line, in characters. A command to type is never cut.
const LONGEST_TEXT: usize = 400;

/// How much to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verbosity {
    Normal,
    /// Only warnings and errors.
    Quiet,
}

/// A line for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub weight: Verbosity,
    pub text: String,
}

/// The state that the next lines depend on.
#[derive(Debug)]
pub struct Narrator {
    paint: Paint,
    pub place: CommandPlace,
    /// The command that shows the findings in full.
    whole: String,
    round: u32,
    /// The results of the round that have not been printed yet.
    row: Vec<String>,
    /// The findings of gates that passed, which follow the row.
    beside: Vec<Line>,
    /// The round in which each finding of a gate that passed was printed.
    reported: BTreeMap<(GateName, String), u32>,
    opened: bool,
    /// The task or issue that began, until its pull request is opened.
    undelivered: Option<Subject>,
    /// The opening of a resumed run, until the run does something.
    resumed: Option<(Subject, Announcement)>,
    /// The logs of gates that were measured in this run.
    gate_logs: BTreeMap<GateName, String>,
    waits: BTreeSet<String>,
    failures: TurnFailures,
}

impl Narrator {
    /// Creates the state before any line.
    pub fn new(paint: Paint) -> Self {
        Self {
            paint,
            place: CommandPlace::default(),
            whole: String::new(),
            round: 0,
            row: Vec::new(),
            beside: Vec::new(),
            reported: BTreeMap::new(),
            opened: false,
            undelivered: None,
            resumed: None,
            gate_logs: BTreeMap::new(),
            waits: BTreeSet::new(),
            failures: TurnFailures::default(),
        }
    }

    pub fn take(&mut self, event: &RunEvent, now: Timestamp) -> Vec<Line> {
        match event {
            RunEvent::Published { subject, announcement } => self.announced(subject, announcement),
            RunEvent::TurnFailed { label, role, failure, log, said, follows } => {
                let why = self.failures.described(label, failure, said.as_deref(), now);
                let who = role.with(label.as_str());
                let text = format!("{who} {why}; {}", aftermath(*role, follows, now));
                self.warning(&(text + &self.log(log.as_deref(), follows)))
            }
            RunEvent::IssueFiled { number } => {
                let text = format!("{} filed #{number}", self.paint.mark(Mark::Good));
                self.after_row(news(text))
            }
            RunEvent::Salvaged { commit, .. } => {
                let command = self.place.command("agent-loop status");
                let text = format!("unfinished work is saved as {} (see {command})", commit.short());
                self.warning(&text)
            }
            RunEvent::Waiting { what, until: end } if self.waits.insert(what.clone()) => {
                let text = format!("  waiting for {}; continues {}", clean(what), until(now, *end));
                self.after_row(news(text))
            }
            RunEvent::Warning { text } => self.warning(text),
            // All results of the round have arrived.
            RunEvent::TurnBegun { role: Role::Coder, .. } => {
                let lines = self.flush();
                [lines, self.resumption()].concat()
            }
            RunEvent::TurnBegun { .. } => self.resumption(),
            RunEvent::Resumed { subject, announcement } => {
                self.resumed = Some((subject.clone(), announcement.clone()));
                Vec::new()
            }
            RunEvent::GateBegun { gate, log, .. } => {
                let command = log.as_deref().and_then(|log| self.place.log(log));
                self.gate_logs.extend(command.map(|command| (gate.clone(), command)));
                self.resumption()
            }
            RunEvent::Begun { subject } => self.begun(subject),
            RunEvent::TurnAnswered { label, .. } => {
                self.failures.answered(label);
                Vec::new()
            }
            // The board shows these, or a record has the details.
            RunEvent::Waiting { .. }
            | RunEvent::RoundBegun { .. }
            | RunEvent::GateMeasured { .. }
            | RunEvent::Counted { .. }
            | RunEvent::Pushed { .. }
            | RunEvent::PullRequestOpened { .. }
            | RunEvent::Merged { .. } => Vec::new(),
        }
    }

    /// Returns the line about a pull request that an earlier command opened.
    fn begun(&mut self, subject: &Subject) -> Vec<Line> {
        match (subject, self.undelivered.take()) {
            (Subject::PullRequest(number), Some(origin)) => {
                self.after_row(news(format!("{origin} already has pull request #{number}")))
            }
            (Subject::PullRequest(_), None) => Vec::new(),
            (Subject::Task(_) | Subject::Issue(_), _) => {
                self.undelivered = Some(subject.clone());
                Vec::new()
            }
        }
    }

    fn is_first_opening(&mut self) -> bool {
        self.resumed = None;
        !std::mem::replace(&mut self.opened, true)
    }

    /// Returns the line about a resumed run, once.
    fn resumption(&mut self) -> Vec<Line> {
        self.resumed.take().map_or_else(Vec::new, |(subject, opening)| self.announced(&subject, &opening))
    }

    /// Returns the delayed results of the round.
    pub fn flush(&mut self) -> Vec<Line> {
        if self.row.is_empty() {
            return Vec::new();
        }
        let mut text = self.paint.strong(&format!("round {}", self.round));
        for cell in std::mem::take(&mut self.row) {
            let _ = write!(text, "  {cell}");
        }
        std::iter::once(news(text)).chain(std::mem::take(&mut self.beside)).collect()
    }

    /// Returns the command that shows the log, unless the outcome will name it.
    fn log(&self, log: Option<&str>, follows: &FollowUpAction) -> String {
        match (log.and_then(|log| self.place.log(log)), follows) {
            (None, _) | (Some(_), FollowUpAction::Nothing | FollowUpAction::Parked { .. }) => String::new(),
            (Some(command), _) => format!("; log: {command}"),
        }
    }

    fn warning(&mut self, text: &str) -> Vec<Line> {
        let text = format!("{} {}", self.paint.mark(Mark::Warning), one_line(text, usize::MAX));
        self.after_row(Line { weight: Verbosity::Quiet, text })
    }

    fn after_row(&mut self, line: Line) -> Vec<Line> {
        let mut lines = self.flush();
        lines.push(line);
        lines
    }

    fn announced(&mut self, subject: &Subject, said: &Announcement) -> Vec<Line> {
        self.whole = self.place.command(&format!("agent-loop status {subject}"));
        match said {
            Announcement::Opened { .. } => {
                let text = opened(subject, said).filter(|_| self.is_first_opening());
                text.map_or_else(Vec::new, |text| self.after_row(news(text)))
            }
            Announcement::Delivered { .. } => {
                self.undelivered = None;
                delivered(said).map_or_else(Vec::new, |text| self.good(&text))
            }
            Announcement::Reviewed { round, agent, state, items, dispositions, .. }
            | Announcement::PlanReviewed { round, agent, state, items, dispositions, .. } => {
                let mut lines = self.in_round(*round);
                lines.extend(self.reviewed(agent, *state, items, dispositions));
                lines
            }
            Announcement::Voted { round, agent, state, .. } => self.voted(*round, agent, *state),
            Announcement::Answered { agent, before, head, addressed, remaining, disputed, usage, .. } => {
                let change = if before == head { None } else { Some(head.short()) };
                let mark = if change.is_none() && disputed.is_empty() { Mark::Bad } else { Mark::Good };
                let text = answered(agent, change, usage, [addressed, remaining, disputed]);
                self.after_row(news(format!("{} {text}", self.paint.mark(mark))))
            }
            Announcement::Planned { .. }
            | Announcement::PlanApproved { .. }
            | Announcement::Divided { .. }
            | Announcement::PhaseStarted { .. } => {
                planned(said).map_or_else(Vec::new, |text| self.good(&text))
            }
            Announcement::Gates { round, gates, items, .. } => {
                let mut lines = self.in_round(*round);
                lines.extend(gates.iter().flat_map(|measured| self.measured(measured, items)));
                lines
            }
            Announcement::FollowedUp { filed, listed } if filed.is_empty() && *listed > 0 => {
                self.good(&format!("listed {} for later", count(*listed, "finding")))
            }
            Announcement::FollowedUp { .. } => Vec::new(),
            // The outcome shows the ending.
            Announcement::Summarized { .. } | Announcement::Concluded { .. } => self.flush(),
        }
    }

    fn good(&mut self, text: &str) -> Vec<Line> {
        self.after_row(news(format!("{} {text}", self.paint.mark(Mark::Good))))
    }

    /// Begins a new row if the results are of another round.
    fn in_round(&mut self, round: u32) -> Vec<Line> {
        let lines = if round == self.round { Vec::new() } else { self.flush() };
        self.round = round;
        lines
    }

    fn voted(&mut self, round: u32, agent: &Label, vote: Ballot) -> Vec<Line> {
        let lines = self.in_round(round);
        // No vote of a debate is a failure.
        self.row.push(format!("{agent}: {vote}"));
        lines
    }

    fn reviewed(
        &mut self,
        agent: &Label,
        state: Ballot,
        items: &[OpenedItem],
        earlier: &[Disposition],
    ) -> Vec<Line> {
        let (mut urgent, later): (Vec<_>, Vec<_>) = items.iter().partition(|item| item.status.must_fix());
        urgent.sort_by_key(|item| item.status != ItemStatus::Blocking);
        let open: Vec<&Disposition> = earlier.iter().filter(|said| said.status.must_fix()).collect();
        let mut parts = Vec::new();
        if !urgent.is_empty() {
            parts.push(count(urgent.len(), "finding"));
        }
        if !open.is_empty() {
            let ids: Vec<String> = open.iter().map(|said| said.item.to_string()).collect();
            parts.push(format!("{} still open", listed(&ids)));
        }
        if !later.is_empty() {
            parts.push(format!("{} for later", later.len()));
        }
        let detail = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
        let mark = if state == Ballot::Approved { Mark::Good } else { Mark::Bad };
        self.row.push(format!("{} {agent}{detail}", self.paint.mark(mark)));
        if mark == Mark::Good {
            return Vec::new();
        }
        let mut lines = self.flush();
        let whole = self.whole.clone();
        lines.extend(few(urgent.into_iter().map(|item| finding(item, &whole)), &whole).map(news));
        let noted = open.into_iter().filter_map(|said| Some((said, said.note.as_deref()?)));
        let note = |note| brief(note, LONGEST_TEXT, &whole);
        let noted = noted.map(|(said, text)| format!("  {} still open: {}", said.item, note(text)));
        lines.extend(few(noted, &whole).map(news));
        lines
    }

    /// Adds the findings of a gate that passed, each once in a run. Returns the round in which all of them were printed.
    fn report(&mut self, measured: &Measurement) -> Option<u32> {
        let gate = &measured.gate;
        let (mut earlier, mut new_ones) = (None, Vec::new());
        for finding in &measured.findings {
            match self.reported.entry((gate.clone(), finding.text.clone())) {
                Entry::Occupied(known) => earlier = earlier.max(Some(*known.get())),
                Entry::Vacant(new) => {
                    new.insert(self.round);
                    new_ones.push(format!("  {gate}: {}", clean(&of_gate(&finding.text))));
                }
            }
        }
        self.beside.extend(few(new_ones, &self.whole).map(news));
        earlier.filter(|round| *round < self.round && self.beside.is_empty())
    }

    fn measured(&mut self, measured: &Measurement, items: &[OpenedItem]) -> Vec<Line> {
        let gate = &measured.gate;
        let last = measured.detail.lines().rev().find(|line| !line.trim().is_empty());
        if measured.verdict == Verdict::Pass {
            let last = last.map(|last| format!(": {}", clean(last))).unwrap_or_default();
            let repeated = self.report(measured).map(|round| format!(", same as in round {round}"));
            let (mark, repeated) = (self.paint.mark(Mark::Good), repeated.unwrap_or_default());
            self.row.push(format!("{mark} {gate}{last}{repeated}"));
            return Vec::new();
        }
        let last = last.map_or_else(|| measured.verdict.name().to_owned(), clean);
        let log = self.gate_logs.get(gate).map_or_else(String::new, |command| format!("  ({command})"));
        self.row.push(format!("{} {gate}: {last}{log}", self.paint.mark(Mark::Bad)));
        let mut lines = self.flush();
        // The coder needs the code of a finding, a person does not.
        let keyed = items.iter().filter(|item| item.key.is_some());
        let whole = self.whole.clone();
        let shown =
            keyed.map(|item| finding(&OpenedItem { text: of_gate(&item.text), ..item.clone() }, &whole));
        lines.extend(few(shown, &whole).map(news));
        lines
    }
}

fn finding(item: &OpenedItem, command: &str) -> String {
    let kind = match item.status {
        ItemStatus::Blocking => "",
        ItemStatus::SamePr => "(minor) ",
        ItemStatus::Future | ItemStatus::Resolved => "(for later) ",
    };
    format!("  {} {kind}{}", item.id, brief(&item.text, LONGEST_TEXT, command))
}

/// Describes a run that begins.
fn opened(subject: &Subject, said: &Announcement) -> Option<String> {
    let Announcement::Opened { head, coder, reviewers, gates, gates_not_run, max_rounds } = said else {
        return None;
    };
    let at = head.as_ref().map_or_else(String::new, |head| format!(" at {}", head.short()));
    let plural = if reviewers.len() == 1 { "" } else { "s" };
    let reviewers: Vec<&str> = reviewers.iter().map(Label::as_str).collect();
    let reviewers = reviewers.join(", ");
    let mut parts = match coder {
        Some(coder) => {
            vec![format!("{subject}{at}: coder {coder}"), format!("reviewer{plural} {reviewers}")]
        }
        None => vec![format!("{subject}{at}: debater{plural} {reviewers}")],
    };
    parts.extend(gates.iter().map(|gate| format!("gate {gate}")));
    parts.extend(gates_not_run.iter().map(|(gate, why)| format!("gate {gate} not run ({why})")));
    parts.push(format!("at most {}", count(*max_rounds, "round")));
    Some(parts.join(" · "))
}

/// Describes a new pull request.
fn delivered(said: &Announcement) -> Option<String> {
    let Announcement::Delivered { pull_request, head, agent, usage, branch: _ } = said else { return None };
    let head = head.short();
    Some(match agent {
        Some(agent) => format!("{agent} wrote {head}{}, opened #{pull_request}", took(usage)),
        None => format!("opened #{pull_request} at {head}"),
    })
}

/// Describes the making of a plan, and what became of it.
fn planned(said: &Announcement) -> Option<String> {
    if let Announcement::Planned { agent, plan, steps, deferred, usage, .. } = said {
        let steps = count(*steps, "step");
        let titles: Vec<String> = deferred.iter().map(|title| format!("“{}”", clean(title))).collect();
        let later = match titles.as_slice() {
            [] => String::new(),
            all => format!(", leaves {} for later", all.join(", ")),
        };
        return Some(format!("{agent} wrote the plan {plan}, {steps}{later}{}", took(usage)));
    }
    if let Announcement::PlanApproved { plan, unfiled } = said {
        let titles: Vec<String> = unfiled.iter().map(|title| format!("“{}”", clean(title))).collect();
        let without_issue = match titles.as_slice() {
            [] => String::new(),
            all => format!("; no issue is filed for {} (--materialize-split-issues)", all.join(", ")),
        };
        return Some(format!("all reviewers approve the plan {plan}{without_issue}"));
    }
    if let Announcement::PhaseStarted { issue, .. } = said {
        return Some(format!("continues as #{issue}"));
    }
    let Announcement::Divided { issues, .. } = said else { return None };
    let issues: Vec<String> = issues.iter().map(|issue| format!("#{issue}")).collect();
    (!issues.is_empty()).then(|| format!("divided the issue into {}", issues.join(", ")))
}

fn answered(agent: &Label, head: Option<&str>, usage: &Usage, ids: [&Vec<String>; 3]) -> String {
    let [addressed, remaining, disputed] =
        ids.map(|ids| ids.iter().map(|id| one_line(id, 40)).collect::<Vec<_>>());
    let mut parts = Vec::new();
    match (head, addressed.is_empty()) {
        (Some(head), false) => parts.push(format!("fixed {}: {head}{}", listed(&addressed), took(usage))),
        (Some(head), true) => parts.push(format!("wrote {head}{}", took(usage))),
        (None, _) => parts.push(format!("changed nothing{}", took(usage))),
    }
    if !disputed.is_empty() {
        parts.push(format!("disputes {}", listed(&disputed)));
    }
    if !remaining.is_empty() {
        parts.push(format!("left {} open", listed(&remaining)));
    }
    format!("{agent} {}", parts.join(", "))
}

fn took(usage: &Usage) -> String {
    if usage.milliseconds == 0 {
        return String::new();
    }
    format!(" ({})", duration(Duration::from_millis(usage.milliseconds)))
}

fn news(text: String) -> Line {
    Line { weight: Verbosity::Normal, text }
}

/// Returns foreign text on one line.
fn clean(text: &str) -> String {
    one_line(&unmarked(text), LONGEST_TEXT)
}
