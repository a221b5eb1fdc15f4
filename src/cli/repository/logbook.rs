//! The raw logs of a subject, latest first: the turn of each, and how the turn ended according to the journal.

use std::collections::BTreeMap;
use std::time::SystemTime;

use crate::adapters::storage::folders::Folders;
use crate::adapters::storage::journals;
use crate::adapters::storage::retention::{self, LogFile};
use crate::adapters::storage::run_file::RunFile;
use crate::domain::agent::Role;
use crate::domain::gate::Verdict;
use crate::domain::subject::Subject;
use crate::domain::turn::TurnKey;
use crate::ports::journal::{Entry, Finished, Holder};

use super::open::OpenRepository;

/// A raw log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    pub file: LogFile,
    /// The name that a person types: the part of the file's name that is unique among the logs.
    pub name: String,
    pub source: LogSource,
    /// The result of the turn, if it is known.
    pub ended: String,
}

impl Log {
    /// Returns the name of the file without its extension.
    pub fn stem(&self) -> String {
        self.file.path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// Returns whether the turn or gate of the log has not ended.
    pub fn is_at_work(&self) -> bool {
        self.ended == AT_WORK
    }
}

/// The result of a turn that has not ended.
const AT_WORK: &str = "at work";

/// The origin of a log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogSource {
    Turn {
        run: String,
        round: u32,
        role: Role,
        label: String,
    },
    /// The command of a gate, or the scan of one side of the change: `tests`, `score-base`.
    Gate {
        run: String,
        gate: String,
        pass: GatePass,
    },
    Other,
}

/// Which pass of a gate's command a log is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum GatePass {
    First,
    /// The command ran again after it failed.
    Repetition,
}

impl LogSource {
    /// Returns the name of the agent or gate.
    pub fn who(&self) -> String {
        match self {
            Self::Turn { role, label, .. } => role.with(label),
            Self::Gate { gate, pass: GatePass::First, .. } => gate.clone(),
            Self::Gate { gate, pass: GatePass::Repetition, .. } => format!("{gate}, repeated"),
            Self::Other => "other file".to_owned(),
        }
    }

    /// Returns the round, if it is known. A delivery has none.
    pub fn round(&self) -> String {
        match self {
            Self::Turn { round: 0, .. } | Self::Gate { .. } | Self::Other => String::new(),
            Self::Turn { round, .. } => round.to_string(),
        }
    }
}

/// Returns the logs of a subject, latest first.
pub fn read(here: &OpenRepository, subject: &Subject) -> Vec<Log> {
    let mut files = retention::logs(&folders(here, subject), std::slice::from_ref(subject));
    // The folder also contains usage summaries.
    files.retain(|file| file.path.extension().is_some_and(|ending| ending == "log"));
    let entries = journals::read(&here.folders.journal(subject)).unwrap_or_default();
    described(files, &entries, here.holder(subject).as_ref())
}

/// Returns the folders of a subject: its run may have moved the logs.
pub fn folders(here: &OpenRepository, subject: &Subject) -> Folders {
    let file = RunFile::load(&here.folders.run_file(subject)).unwrap_or_default();
    here.folders.clone().with_logs(file.logs.as_deref())
}

/// Describes each log. The input is oldest first, the result latest first.
fn described(files: Vec<LogFile>, entries: &[Entry], holder: Option<&Holder>) -> Vec<Log> {
    let named = files.into_iter().map(|file| {
        let stem = file.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let (name, source) = parsed(&stem);
        Log { file, name, source, ended: String::new() }
    });
    let mut logs: Vec<Log> = named.collect();
    mark_turns(&mut logs, entries);
    mark_gates(&mut logs, entries);
    let since = holder.and_then(|holder| holder.since).map(SystemTime::from);
    for log in logs.iter_mut().filter(|log| log.ended.is_empty() && log.source != LogSource::Other) {
        let is_at_work = since.is_some_and(|since| log.file.modified >= since);
        if is_at_work {
            AT_WORK.clone_into(&mut log.ended);
        } else if !entries.is_empty() && matches!(log.source, LogSource::Turn { .. }) {
            "cut off".clone_into(&mut log.ended);
        }
    }
    logs.reverse();
    logs
}

/// The suffix of the log of a command that ran again.
const AGAIN: &str = "-again";

/// Returns the name and the origin of a log, from the name of its file: `RUN-ROUND-ROLE-LABEL-NAME`, or `RUN-GATE-NAME`.
fn parsed(stem: &str) -> (String, LogSource) {
    let (first, again) = stem.strip_suffix(AGAIN).map_or((stem, ""), |first| (first, AGAIN));
    let Some((rest, name)) = first.rsplit_once('-') else { return (stem.to_owned(), LogSource::Other) };
    let turn = rest.match_indices('-').find_map(|(at, _)| {
        let (round, whose) = rest.get(at + 1..)?.split_once('-')?;
        let (role, label) = whose.split_once('-')?;
        let role = Role::ALL.into_iter().find(|one| one.name() == role)?;
        let (run, label) = (rest.get(..at)?.to_owned(), label.to_owned());
        Some(LogSource::Turn { run, round: round.parse().ok()?, role, label })
    });
    let gate = || {
        // The id of a run has three parts.
        let (at, _) = rest.match_indices('-').nth(2)?;
        let (run, gate) = (rest.get(..at)?.to_owned(), rest.get(at + 1..)?.to_owned());
        let pass = if again.is_empty() { GatePass::First } else { GatePass::Repetition };
        Some(LogSource::Gate { run, gate, pass })
    };
    match turn.or_else(gate) {
        Some(of) => (format!("{name}{again}"), of),
        None => (stem.to_owned(), LogSource::Other),
    }
}

/// The end of a turn is written just after its log was closed, and names the log if the turn failed.
fn mark_turns(logs: &mut [Log], entries: &[Entry]) {
    let mut known: BTreeMap<&TurnKey, usize> = BTreeMap::new();
    for entry in entries {
        let Entry::Finished { turn, at, finished } = entry else { continue };
        let ended =
            finished.failure_class().map_or("answered".to_owned(), |class| format!("failed ({class})"));
        let path = match finished {
            Finished::Answered { .. } => None,
            Finished::Failed { log, .. } => log.as_ref(),
        };
        let is_its = |log: &Log| path.and_then(|path| path.file_name()) == log.file.path.file_name();
        let fits = |log: &Log| {
            log.ended.is_empty() && is_of(&log.source, turn) && log.file.modified <= SystemTime::from(*at)
        };
        let named = path.is_some().then(|| logs.iter().position(is_its)).flatten();
        // A second end belongs to the same turn.
        let found = named.or_else(|| known.get(turn).copied()).or_else(|| logs.iter().rposition(fits));
        if let Some((at, log)) = found.and_then(|at| Some((at, logs.get_mut(at)?))) {
            log.ended = ended;
            known.insert(turn, at);
        }
    }
}

fn is_of(of: &LogSource, turn: &TurnKey) -> bool {
    let LogSource::Turn { run, round, role, label } = of else { return false };
    *run == turn.run.as_str() && *round == turn.round && *role == turn.role && *label == turn.label.as_str()
}

/// A measurement has no time: those of a gate in a run are shown only if each of its logs has one.
fn mark_gates(logs: &mut [Log], entries: &[Entry]) {
    let mut measured: BTreeMap<LogSource, Vec<Verdict>> = BTreeMap::new();
    for entry in entries {
        let Entry::Measured { run, measurement, .. } = entry else { continue };
        let of = |pass| {
            let (run, gate) = (run.to_string(), measurement.gate.to_string());
            LogSource::Gate { run, gate, pass }
        };
        // Only a failed pass is repeated, whatever follows for the gate.
        let first = measurement.repetition.map_or(measurement.verdict, |_| Verdict::Fail);
        measured.entry(of(GatePass::First)).or_default().push(first);
        measured.entry(of(GatePass::Repetition)).or_default().extend(measurement.repetition);
    }
    for (source, verdicts) in measured {
        let its: Vec<&mut Log> = logs.iter_mut().filter(|log| log.source == source).collect();
        if its.len() == verdicts.len() {
            for (log, verdict) in its.into_iter().zip(verdicts) {
                verdict.name().clone_into(&mut log.ended);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::Duration;

    use jiff::Timestamp;

    use super::*;
    use crate::domain::agent::ResponseKind;
    use crate::domain::failure::TurnFailure;
    use crate::domain::usage::Usage;
    use crate::ports::journal::AnswerForm;
    use crate::protocol::raw_answer::RawAnswer;

    const RUN: &str = "20261121-142407-702f3db9";

    fn file(name: &str, second: u64) -> LogFile {
        LogFile {
            subject: "pr/1".parse().unwrap(),
            path: PathBuf::from(format!("/logs/{RUN}-{name}.log")),
            bytes: 1,
            modified: SystemTime::UNIX_EPOCH + Duration::from_secs(second),
        }
    }

    #[derive(Clone, Copy)]
    enum How<'log> {
        Answered,
        Failed,
        FailedWith(&'log str),
    }

    fn ended(label: &str, retry: u32, second: i64, how: How<'_>) -> Entry {
        let turn = TurnKey {
            run: RUN.parse().unwrap(),
            attempt_window: 0,
            round: 1,
            role: Role::Reviewer,
            label: label.parse().unwrap(),
            kind: ResponseKind::PrReview,
            head: "a".repeat(40).parse().unwrap(),
            clarifications: 0,
            again: 0,
            retry,
        };
        let usage = Usage::default();
        let failed = |log| Finished::Failed {
            model: None,
            failure: TurnFailure::Network { detail: String::new() },
            usage,
            log,
            salvage: None,
        };
        let finished = match how {
            How::Answered => {
                let raw = RawAnswer::message(String::new());
                Finished::Answered {
                    raw,
                    usage,
                    model: None,
                    commit: None,
                    session: None,
                    notes: Vec::new(),
                    form: AnswerForm::Valid,
                }
            }
            How::Failed => failed(None),
            How::FailedWith(name) => failed(Some(PathBuf::from(format!("/logs/{RUN}-{name}.log")))),
        };
        Entry::Finished { turn, at: Timestamp::from_second(second).unwrap(), finished }
    }

    fn ends(logs: &[Log]) -> Vec<(&str, &str)> {
        logs.iter().map(|log| (log.name.as_str(), log.ended.as_str())).collect()
    }

    #[test]
    fn a_log_file_names_its_owner() {
        let of = |name: &str| parsed(&format!("{RUN}-{name}"));
        let turn = |round, role, label: &str| LogSource::Turn {
            run: RUN.to_owned(),
            round,
            role,
            label: label.to_owned(),
        };
        assert_eq!(of("0-coder-sam-0a"), ("0a".to_owned(), turn(0, Role::Coder, "sam")));
        assert_eq!(of("2-reviewer-tests-0b"), ("0b".to_owned(), turn(2, Role::Reviewer, "tests")));
        assert_eq!(of("2-repair-a-1-coder-b-0c"), ("0c".to_owned(), turn(2, Role::Repair, "a-1-coder-b")));
        let gate = |gate: &str, pass| LogSource::Gate { run: RUN.to_owned(), gate: gate.to_owned(), pass };
        assert_eq!(of("tests-0d"), ("0d".to_owned(), gate("tests", GatePass::First)));
        assert_eq!(of("type-check-0e"), ("0e".to_owned(), gate("type-check", GatePass::First)));
        assert_eq!(of("tests-0d-again"), ("0d-again".to_owned(), gate("tests", GatePass::Repetition)));
        assert_eq!(gate("tests", GatePass::Repetition).who(), "tests, repeated");
        assert_eq!(parsed("odd"), ("odd".to_owned(), LogSource::Other));
    }

    #[test]
    fn each_log_shows_its_ending() {
        let files = vec![
            file("1-reviewer-one-0a", 1), // cut off
            file("1-reviewer-one-0b", 3),
            file("1-reviewer-two-0c", 4),
            file("1-reviewer-one-0d", 7),
            file("1-reviewer-two-0e", 9), // at work
        ];
        let entries = [
            ended("two", 0, 5, How::FailedWith("1-reviewer-two-0c")),
            ended("one", 0, 6, How::Failed),
            ended("one", 1, 8, How::Answered),
        ];
        let holder = Holder { pid: None, host: None, since: Some(Timestamp::from_second(2).unwrap()) };
        let logs = described(files, &entries, Some(&holder));
        assert_eq!(
            ends(&logs),
            [
                ("0e", "at work"),
                ("0d", "answered"),
                ("0c", "failed (network)"),
                ("0b", "failed (network)"),
                ("0a", "cut off")
            ]
        );
    }

    #[test]
    fn a_repeated_end_is_one_log() {
        let files = vec![file("1-reviewer-one-0a", 1), file("1-reviewer-one-0b", 2)];
        let entries = [ended("one", 0, 3, How::Answered), ended("one", 0, 4, How::Failed)];
        assert_eq!(ends(&described(files, &entries, None)), [("0b", "failed (network)"), ("0a", "cut off")]);
    }
}
