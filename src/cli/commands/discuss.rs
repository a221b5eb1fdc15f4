//! `discuss`: debates an issue, or a question that is filed as one.

use std::process::ExitCode;

use clap::{ArgGroup, Args};

use crate::cli::arguments::numbers::{self, Reference};
use crate::cli::arguments::run::RunArguments;
use crate::cli::arguments::settings::{FlagChoice, SettingFlags};
use crate::cli::config::flags::{DISCUSSION, Flag, STAGES};
use crate::cli::run::command::{self, RunResult};
use crate::cli::run::goal::{Goal, GoalTarget, RunInvocation};
use crate::cli::run::question;
use crate::cli::surroundings::Surroundings;
use crate::domain::ids::IssueNumber;
use crate::engine::outcome::Outcome;
use crate::flow::names;

use super::start::{finish, in_repository};

/// `discuss`
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("subject").required(true))]
pub struct DiscussArguments {
    /// Number of the issue: 7, #7 or a URL
    #[arg(value_parser = numbers::issue, allow_negative_numbers = true, group = "subject")]
    pub number: Option<Reference>,
    /// Question to file as an issue on the embedded forge, and to debate
    #[arg(long, value_name = "TEXT", conflicts_with = "dry_run", group = "subject")]
    pub question: Option<String>,
    #[command(flatten)]
    pub run: RunArguments,
    #[command(flatten)]
    pub discussion: SettingFlags<DiscussFlags>,
}

/// The flags about debates.
#[derive(Debug)]
pub struct DiscussFlags;

impl FlagChoice for DiscussFlags {
    fn has(flag: &Flag) -> bool {
        [DISCUSSION, STAGES].contains(&flag.heading.as_str())
    }

    const HIDDEN: &[&str] = &[
        "coder",
        "max-rounds",
        "auto-merge",
        "approved-followups",
        "on-reviewer-failure",
        "parallel-reviewers",
        "no-parallel-reviewers",
        "review-session",
        "test-command",
        "setup-command",
        "no-pre-review-tests",
        "test-timeout-seconds",
        "native-reviews",
    ];
}

/// `discuss`
pub async fn run(arguments: DiscussArguments, surroundings: &Surroundings) -> ExitCode {
    let DiscussArguments { number, question, mut run, discussion } = arguments;
    run.settings.values.extend(discussion.values);
    let result = match (number, question) {
        (Some(reference), _) => {
            run = in_repository(run, reference.repository);
            debate(IssueNumber(reference.number), &run, surroundings).await
        }
        (None, question) => match question::issue(&question.unwrap_or_default(), &run, surroundings).await {
            Ok(filed) => {
                let result = debate(filed.number, &run, surroundings).await;
                filed.after(result)
            }
            Err(refusal) => RunResult::Ended(Box::new(Outcome::of_error(None, refusal))),
        },
    };
    finish(result, &run, surroundings)
}

/// Runs the debate of an issue.
async fn debate(number: IssueNumber, run: &RunArguments, surroundings: &Surroundings) -> RunResult {
    let goal = Goal { flow: names::DISCUSSION, target: GoalTarget::Issue(number) };
    command::run(goal, run, RunInvocation::UNATTENDED, surroundings).await
}
