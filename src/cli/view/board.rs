//! The current state of a run, folded from its events: working agents, round, items, gates, cost. Pure.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::agent::Role;
use crate::domain::gate::Verdict;
use crate::domain::ids::{GateName, Label};
use crate::domain::subject::Subject;
use crate::domain::usage::Usage;
use crate::ports::run_event::RunEvent;
use crate::text::amounts::cost;
use crate::text::markdown::count;
use crate::text::sanitize::one_line;

use super::amounts::clock;
use super::place::CommandPlace;

/// A working agent or gate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    pub since: Timestamp,
    /// The path of the raw log.
    pub log: Option<String>,
    /// The latest activity in the log.
    pub activity: Option<String>,
}

/// The state of a run for display.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Board {
    pub place: CommandPlace,
    pub subject: Option<Subject>,
    /// The round, and the maximum number of rounds.
    pub round: Option<(u32, u32)>,
    /// The working agents and gates: `reviewer one`, `gate tests`.
    pub workers: BTreeMap<String, Worker>,
    /// The numbers of open, future and resolved items.
    pub items: (usize, usize, usize),
    /// The verdicts of gates on the current head.
    pub gates: BTreeMap<GateName, Verdict>,
    pub usage: Usage,
    pub waiting: Option<(String, Timestamp)>,
    pub failed: BTreeMap<String, String>,
}

impl Board {
    /// Applies an event.
    pub fn take(&mut self, event: &RunEvent, now: Timestamp) {
        match event {
            RunEvent::Begun { subject } => {
                *self = Self { subject: Some(subject.clone()), usage: self.usage, ..Self::default() };
            }
            RunEvent::RoundBegun { round, max_rounds, .. } => self.round = Some((*round, *max_rounds)),
            RunEvent::TurnBegun { label, role, log, .. } => {
                self.begins(role.with(label.as_str()), log.as_ref(), now);
            }
            RunEvent::TurnAnswered { label, role, .. } => {
                self.workers.remove(&role.with(label.as_str()));
                self.answers(*role, label);
            }
            RunEvent::TurnFailed { label, role, log, .. } => {
                self.workers.remove(&role.with(label.as_str()));
                self.failed.extend(log.clone().map(|log| (role.with(label.as_str()), log)));
            }
            RunEvent::GateBegun { gate, log, .. } => self.begins(format!("gate {gate}"), log.as_ref(), now),
            RunEvent::GateMeasured { gate, verdict } => {
                self.workers.remove(&format!("gate {gate}"));
                self.gates.insert(gate.clone(), *verdict);
            }
            RunEvent::Counted { open, future, resolved, usage } => {
                self.items = (*open, *future, *resolved);
                self.usage = *usage;
            }
            RunEvent::Pushed { .. } => self.gates.clear(),
            RunEvent::Waiting { what, until } => self.waiting = Some((what.clone(), *until)),
            RunEvent::Published { .. }
            | RunEvent::Resumed { .. }
            | RunEvent::PullRequestOpened { .. }
            | RunEvent::IssueFiled { .. }
            | RunEvent::Merged { .. }
            | RunEvent::Salvaged { .. }
            | RunEvent::Warning { .. } => {}
        }
        let still_waits =
            matches!(event, RunEvent::Waiting { .. } | RunEvent::Counted { .. } | RunEvent::Warning { .. });
        if !still_waits {
            self.waiting = None;
        }
    }

    fn begins(&mut self, who: String, log: Option<&String>, now: Timestamp) {
        self.workers.insert(who, Worker { since: now, log: log.cloned(), activity: None });
    }

    /// A repaired answer clears the failure of its author.
    fn answers(&mut self, role: Role, label: &Label) {
        let whose = match role {
            Role::Repair => Role::ALL.to_vec(),
            Role::Coder | Role::Reviewer | Role::Debater | Role::Analyzer => vec![role],
        };
        for role in whose {
            self.failed.remove(&role.with(label.as_str()));
        }
    }

    /// Returns the board as lines: a heading, then the working agents.
    pub fn text(&self, now: Timestamp, spinner: char) -> Vec<String> {
        let mut lines = vec![self.heading()];
        for (who, worker) in &self.workers {
            let activity = worker.activity.as_deref().unwrap_or_default();
            let line = format!("  {spinner} {who}  {}  {activity}", elapsed(worker.since, now));
            lines.push(line.trim_end().to_owned());
        }
        if let (true, Some((what, until))) = (self.workers.is_empty(), &self.waiting) {
            lines.push(format!(
                "  {spinner} waiting for {}  {} left",
                one_line(what, usize::MAX),
                elapsed(now, *until)
            ));
        }
        if !self.workers.is_empty() {
            lines.push(format!("    output: {}", self.place.command("agent-loop logs --follow")));
        }
        lines
    }

    fn heading(&self) -> String {
        let mut parts: Vec<String> = self.subject.iter().map(ToString::to_string).collect();
        parts.extend(self.round.map(|(round, most)| format!("round {round} of {most}")));
        let (open, future, resolved) = self.items;
        let counts = [(open, "open"), (resolved, "resolved"), (future, "for later")];
        let counts: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        if !counts.is_empty() {
            parts.push(format!("items: {}", counts.join(", ")));
        }
        parts.extend(self.gates.iter().map(|(gate, verdict)| format!("{gate}: {}", verdict.name())));
        parts.extend(spend(&self.usage));
        parts.join(" · ")
    }

    /// Returns a line for each working agent.
    pub fn heartbeats(&self, now: Timestamp) -> Vec<String> {
        let line = |(who, worker): (&String, &Worker)| {
            let activity = worker.activity.as_ref().map_or_else(String::new, |text| format!(": {text}"));
            format!("{who} is working ({}){activity}", elapsed(worker.since, now))
        };
        let waits = self.waiting.iter().filter(|_| self.workers.is_empty());
        let waits = waits.map(|(what, until)| format!("waiting for {what} ({} left)", elapsed(now, *until)));
        self.workers.iter().map(line).chain(waits).collect()
    }
}

fn spend(usage: &Usage) -> Option<String> {
    let mut parts = Vec::new();
    if usage.calls > 0 {
        parts.push(count(usage.calls, "turn"));
    }
    parts.extend(cost(usage));
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn elapsed(from: Timestamp, to: Timestamp) -> String {
    clock(to.duration_since(from).as_secs().max(0).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::agent::ResponseKind;
    use crate::domain::ids::PullRequestNumber;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn board() -> Board {
        let mut board = Board::default();
        let begun = |name: &str, log: &str| RunEvent::TurnBegun {
            label: name.parse().unwrap(),
            role: Role::Reviewer,
            kind: ResponseKind::PrReview,
            prompt_bytes: 10,
            log: Some(log.to_owned()),
        };
        let events = [
            (0, RunEvent::Begun { subject: Subject::PullRequest(PullRequestNumber(7)) }),
            (
                1,
                RunEvent::Counted {
                    open: 1,
                    future: 0,
                    resolved: 2,
                    usage: Usage { calls: 3, input_tokens: 11_500, micro_usd: 304_000, ..Usage::default() },
                },
            ),
            (2, RunEvent::RoundBegun { round: 2, max_rounds: 10, head: "a".repeat(40).parse().unwrap() }),
            (3, begun("one", "/logs/one.log")),
            (4, begun("two", "/logs/two.log")),
        ];
        for (second, event) in events {
            board.take(&event, at(second));
        }
        board
    }

    #[test]
    fn the_board_shows_who_works() {
        assert_eq!(
            board().text(at(3723), '*'),
            [
                "pr/7 · round 2 of 10 · items: 1 open, 2 resolved · 3 turns, ≥ $0.31",
                "  * reviewer one  1:02:00",
                "  * reviewer two  1:01:59",
                "    output: agent-loop logs --follow",
            ]
        );
    }

    #[test]
    fn a_heartbeat_shows_the_activity() {
        let mut board = board();
        if let Some(worker) = board.workers.get_mut("reviewer one") {
            worker.activity = Some("ran: git diff".to_owned());
        }
        assert_eq!(
            board.heartbeats(at(33)),
            ["reviewer one is working (0:30): ran: git diff", "reviewer two is working (0:29)"]
        );
        let answered =
            RunEvent::TurnAnswered { label: "one".parse().unwrap(), role: Role::Reviewer, milliseconds: 1 };
        board.take(&answered, at(34));
        assert_eq!(board.heartbeats(at(35)).len(), 1);
    }
}
