//! Asks aislop for its version and its abilities before a scan: an old version takes an unknown word for a folder, and reports
//! that as perfect.

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;

use crate::adapters::process::command::CommandLine;
use crate::adapters::process::environment;
use crate::adapters::process::probe::{Probed, probe};
use crate::adapters::process::variables::Variables;
use crate::pattern::pattern;

use super::scan;
use super::scorer::{Scorer, ScorerKind};

/// The time limit of a question.
const PATIENCE: Duration = Duration::from_secs(10);

/// Returns the version of aislop; nothing for other scorers, whose only ability is to print a report. The folder is for files
/// of ours, and the name is unique.
///
/// # Errors
/// When the program is not aislop, or cannot print JSON.
pub async fn version(
    scorer: &Scorer,
    variables: &Variables,
    folder: &Path,
    name: &str,
) -> Result<Option<String>, String> {
    static VERSION: LazyLock<Regex> = pattern!(r"^[0-9]+\.[0-9]+\.[0-9]+[0-9A-Za-z.+-]*$");
    match scorer.kind {
        ScorerKind::Generic => return Ok(None),
        ScorerKind::Aislop => {}
    }
    let ask = async |words: &[&str]| {
        let command = CommandLine::new(&scorer.program, folder, environment::for_tests(variables))
            .arguments(&scorer.arguments)
            .arguments(words)
            .variable("HOME", folder);
        let command = scan::VARIABLES.iter().fold(command, |line, (name, value)| line.variable(name, value));
        let typed = format!("`{} {}`", scorer.program.display(), words.join(" "));
        match probe(command, folder, &format!("{name}-{}", words.join("-").replace("--", "")), PATIENCE).await
        {
            Probed::Answered(answer) if answer.exit.is_success() => Ok(answer.stdout),
            Probed::Answered(answer) => {
                Err(format!("{typed} ended with {}: {}", answer.exit, answer.stderr.trim()))
            }
            Probed::TooLong { seconds } => Err(format!("{typed} took longer than {seconds} s")),
            Probed::NotStarted(why) => Err(why),
        }
    };
    let version = ask(&["--version"]).await?;
    let version = version.trim();
    if !VERSION.is_match(version) {
        let program = scorer.program.display();
        return Err(format!("{program} is not aislop: instead of a version it printed `{version}`"));
    }
    if !ask(&["scan", "--help"]).await?.contains("--json") {
        return Err(format!("aislop {version} cannot print its report as JSON"));
    }
    Ok(Some(version.to_owned()))
}
