//! `gates`: measures the gates of a pull request or of a checkout, and explains what an approval needs. No agent is asked and
//! nothing is published.

pub mod arguments;
mod checkout;

use std::process::ExitCode;

use toml::Value;

use crate::cli::arguments::common::{JsonOutput, KnownRepositoryArgs};
use crate::cli::arguments::numbers::{self, SubjectReference};
use crate::cli::arguments::run::RunArguments;
use crate::cli::arguments::settings::SettingFlags;
use crate::cli::repository::open::OpenRepository;
use crate::cli::repository::survey;
use crate::cli::run::command;
use crate::cli::run::goal::{Goal, GoalTarget};
use crate::cli::surroundings::Surroundings;
use crate::cli::view::ending::{complain, conclude};
use crate::cli::view::explanation::ExplainedApproval;
use crate::cli::view::outcome::next_command;
use crate::cli::view::print;
use crate::domain::ending::Ending;
use crate::domain::ids::PullRequestNumber;
use crate::domain::subject::Subject;
use crate::engine::outcome::Outcome;
use crate::flow::names;

use arguments::GatesArguments;

use super::start::in_repository;

/// Runs `gates`. The exit code is that of a run that would end like this.
pub async fn run(arguments: GatesArguments, surroundings: &Surroundings) -> ExitCode {
    let (json, markdown) = (arguments.json, arguments.markdown);
    let explained = match &arguments.subject {
        None => checkout::explain(&arguments, surroundings).await,
        Some(typed) => match pull_request(typed, &arguments, surroundings).await {
            Ok(number) => of_pull_request(number, arguments, surroundings).await,
            Err(why) => return complain(&why, 2, &surroundings.place),
        },
    };
    match explained {
        Ok(explained) => {
            let text = if json {
                format!("{}\n", explained.json())
            } else if markdown {
                explained.markdown()
            } else {
                explained.text()
            };
            print::result(&text);
            ExitCode::from(explained.explanation.exit_code())
        }
        Err(outcome) => {
            conclude(&outcome, &next(&outcome), json.then_some(JsonOutput::Outcome), &surroundings.place)
        }
    }
}

/// Returns the command after an error: who only looks is not told to start a run.
fn next(outcome: &Outcome) -> String {
    if matches!(outcome.ending, Ending::Refused { .. }) {
        return next_command(outcome);
    }
    outcome.next.clone().unwrap_or_default()
}

/// Returns the number of a pull request, or of the one to which an issue or a task led.
async fn pull_request(
    typed: &str,
    arguments: &GatesArguments,
    surroundings: &Surroundings,
) -> Result<PullRequestNumber, String> {
    let reference = numbers::subject(typed)?;
    let undelivered = || format!("{typed} has no pull request yet");
    let named = arguments.settings.values.get("forge.repository").and_then(Value::as_str).map(str::to_owned);
    let repository = KnownRepositoryArgs { place: arguments.repository.clone(), repo: named };
    let here = OpenRepository::of(&repository, Some(typed), surroundings).await?;
    let subject = here.as_ref().and_then(|here| here.subject(typed).ok());
    match (subject, reference) {
        (Some(Subject::PullRequest(number)), _)
        | (None, SubjectReference::Exact(Subject::PullRequest(number))) => Ok(number),
        (Some(subject @ (Subject::Issue(_) | Subject::Task(_))), _) => {
            let known = match &here {
                Some(here) => survey::known(here, subject).await,
                None => None,
            };
            let number = known.and_then(|known| known.outcome.view.pull_request);
            number.ok_or_else(undelivered)
        }
        (None, SubjectReference::Number(number)) => {
            let Some(here) = &here else { return Ok(PullRequestNumber(number)) };
            match here.subject_anywhere(typed).await? {
                Subject::PullRequest(number) => Ok(number),
                Subject::Issue(_) | Subject::Task(_) => Err(undelivered()),
            }
        }
        (None, SubjectReference::Exact(Subject::Issue(_) | Subject::Task(_))) => Err(undelivered()),
    }
}

async fn of_pull_request(
    number: PullRequestNumber,
    arguments: GatesArguments,
    surroundings: &Surroundings,
) -> Result<ExplainedApproval, Box<Outcome>> {
    let goal = Goal { flow: names::REVIEW, target: GoalTarget::PullRequest(number) };
    let run = RunArguments {
        base: arguments.base,
        repository: arguments.repository,
        settings: SettingFlags::new(arguments.settings.values),
        ..RunArguments::default()
    };
    let run = in_repository(run, arguments.subject.as_deref().and_then(numbers::repository));
    let explanation = command::explain(goal, &run, surroundings).await?;
    Ok(ExplainedApproval { subject: Subject::PullRequest(number).to_string(), base: None, explanation })
}
