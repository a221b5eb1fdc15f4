//! One scan: the files of a commit in a folder of their own, the base's configuration, and the scorer's output in a file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::adapters::files;
use crate::adapters::git::MeasuredTrees;
use crate::adapters::process::command::CommandLine;
use crate::adapters::process::environment;
use crate::adapters::process::exit::Exit;
use crate::adapters::process::output::listener::Discard;
use crate::adapters::process::supervision::stop::StopSequence;
use crate::adapters::process::supervision::{End, Ended, Job, supervise};
use crate::adapters::process::variables::Variables;
use crate::domain::ids::CommitSha;
use crate::domain::quality::QualityReport;
use crate::ports::cancellation::Cancellation;
use crate::ports::gates::GateOrder;

use super::super::scratch::scratch;
use super::super::settings::GateSettings;
use super::policy_files::PolicyFiles;
use super::reading::ScanKey;
use super::settings::ScoreSettings;

/// The largest report, in bytes.
const LARGEST: u64 = 256 << 20;

/// Variables of every scorer: no telemetry, no colours, no history in the tree.
pub(super) const VARIABLES: &[(&str, &str)] = &[
    ("AISLOP_NO_TELEMETRY", "1"),
    ("DO_NOT_TRACK", "1"),
    ("AISLOP_NO_UPDATE_NOTIFIER", "1"),
    ("AISLOP_NO_HISTORY", "1"),
    ("NO_COLOR", "1"),
    ("CI", "1"),
];

/// The folders of toolchains below the user's home, which a scorer does not have.
const TOOLCHAINS: &[(&str, &str)] = &[("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")];

/// Old versions of aislop cut their output off when it goes into a pipe, so a shell opens the file.
const INTO_A_FILE: &str = "exec \"$@\" >\"$AGENT_LOOP_SCORE\"";

/// Why a tree has no measurement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ScanError {
    Cancelled,
    Failed(String),
    /// The scorer was killed at its time limit.
    TimedOut(String),
}

/// The key of the time limit.
pub(super) const TIMEOUT: &str = "gates.score.timeout_seconds";

impl From<std::io::Error> for ScanError {
    fn from(error: std::io::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

/// A scan of one commit.
#[derive(Debug)]
pub(super) struct Scan<'gate> {
    pub(super) score: &'gate ScoreSettings,
    pub(super) gates: &'gate GateSettings,
    pub(super) order: &'gate GateOrder,
    pub(super) trees: &'gate MeasuredTrees,
    pub(super) policy: &'gate PolicyFiles,
    pub(super) key: &'gate ScanKey,
    pub(super) commit: CommitSha,
    /// `base` or `head`.
    pub(super) name: &'static str,
}

/// Returns the log of a scan.
pub(super) fn log(gates: &GateSettings, order: &GateOrder, name: &str) -> PathBuf {
    gates.folders.logs(&order.subject).join(format!("{}.log", marker(order, name)))
}

fn marker(order: &GateOrder, name: &str) -> String {
    format!("{}-{}-{name}-{}", order.run, order.gate, order.attempt)
}

fn failed(why: impl Into<String>) -> ScanError {
    ScanError::Failed(why.into())
}

impl Scan<'_> {
    /// Measures the commit. The folder of the scan is removed afterwards.
    pub(super) async fn run(&self, cancellation: Cancellation) -> Result<QualityReport, ScanError> {
        let place = scratch(&self.gates.folders).map_err(failed)?;
        let [tree, home, temporary] = ["tree", "home", "tmp"].map(|name| place.path().join(name));
        for folder in [&tree, &home, &temporary, &self.gates.folders.logs(&self.order.subject)] {
            files::make_folder(folder).map_err(failed)?;
        }
        self.trees.export(&self.commit, &tree, &place.path().join("index")).await?;
        self.policy.put_on(&tree, &self.commit, self.trees).await.map_err(failed)?;
        let output = place.path().join("report.json");
        let command = self
            .command(&tree)
            .variable("HOME", &home)
            .variable("TMPDIR", &temporary)
            .variable("GIT_CEILING_DIRECTORIES", place.path())
            .variable("AGENT_LOOP_SCORE", &output);
        let job = Job {
            command,
            children: self.gates.folders.children(&self.order.subject),
            log: log(self.gates, self.order, self.name),
            marker: marker(self.order, self.name),
            deadline: self.score.deadline,
            idle: None,
            stop: StopSequence::Terminate,
        };
        let ended = supervise(&job, &mut Discard, cancellation).await;
        self.ended_well(&ended)?;
        let content = files::read_bounded(&output, LARGEST)?;
        let read = self.score.scorer.read(&content, self.key);
        let report =
            read.map_err(|fault| failed(format!("{}: {fault}\n{}", self.who(), ended.tail.trim_end())))?;
        Ok(with_code(report, &tree))
    }

    fn command(&self, tree: &Path) -> CommandLine {
        let ours = &self.gates.variables;
        let environment = with_toolchains(environment::for_tests(ours), ours);
        let line = CommandLine::new("/bin/sh", tree, environment)
            .arguments(["-c", INTO_A_FILE, "sh"])
            .argument(&self.score.scorer.program)
            .arguments(self.score.scorer.scan());
        VARIABLES.iter().fold(line, |line, (name, value)| line.variable(name, value))
    }

    fn who(&self) -> String {
        let program = self.score.scorer.program.display();
        format!("the scorer {program} could not measure the {}", self.name)
    }

    /// A scan that was ended is not measured, whatever its exit code says.
    fn ended_well(&self, ended: &Ended) -> Result<(), ScanError> {
        let told = |why: String| format!("{}: {why}\n{}", self.who(), ended.tail.trim_end());
        match &ended.end {
            End::Exited(Exit::Code(0 | 1)) => Ok(()),
            End::Cancelled => Err(ScanError::Cancelled),
            End::Exited(exit) => Err(failed(told(format!("it ended with {exit}")))),
            End::NotStarted(why) | End::Disk(why) => Err(failed(told(why.clone()))),
            End::TimedOut => {
                let seconds = self.score.deadline.as_secs();
                let why = format!("it took longer than {seconds} s and was killed; {TIMEOUT} allows more");
                Err(ScanError::TimedOut(told(why)))
            }
            End::Hung { seconds } => {
                Err(failed(told(format!("it did nothing for {seconds} s and was killed"))))
            }
        }
    }
}

fn with_toolchains(mut environment: Variables, ours: &Variables) -> Variables {
    let home = ours.get(std::ffi::OsStr::new("HOME")).map(PathBuf::from);
    for (name, folder) in TOOLCHAINS {
        let path = home.as_ref().map(|home| home.join(folder)).filter(|path| path.is_dir());
        if let (Some(path), false) = (path, environment.contains_key(std::ffi::OsStr::new(name))) {
            environment.insert((*name).into(), path.into());
        }
    }
    environment
}

/// Adds the text of each finding's line: a line keeps it when other changes move it.
fn with_code(mut report: QualityReport, tree: &Path) -> QualityReport {
    let mut texts = std::collections::BTreeMap::new();
    for finding in report.findings.iter_mut().filter(|finding| finding.line > 0) {
        let lines: &Vec<String> = texts.entry(finding.path.clone()).or_insert_with(|| {
            let text = fs::read(tree.join(&finding.path)).unwrap_or_default();
            String::from_utf8_lossy(&text).lines().map(|line| line.trim().to_owned()).collect()
        });
        let at = usize::try_from(finding.line).unwrap_or(usize::MAX) - 1;
        finding.code = lines.get(at).cloned().unwrap_or_default();
    }
    report
}
