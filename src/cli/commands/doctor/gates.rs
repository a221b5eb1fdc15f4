//! Checks of the score gate: its scorer, and the scorer's version.

use std::path::Path;

use crate::adapters::gates::score::version::version;
use crate::cli::config::gates_section::ScoreMode;
use crate::cli::config::settings::Settings;
use crate::cli::run::gates::score;
use crate::cli::surroundings::Surroundings;

use super::report::{CheckGroup, DoctorCheck};

/// Looks for the scorer that a run would use.
pub(super) async fn checks(settings: &Settings, surroundings: &Surroundings, place: &Path) -> CheckGroup {
    CheckGroup::new("gates", vec![scorer(settings, surroundings, place).await])
}

async fn scorer(settings: &Settings, surroundings: &Surroundings, place: &Path) -> DoctorCheck {
    const NAME: &str = "score";
    let section = &settings.gates.score;
    let variables = &surroundings.variables;
    let found = match score(&settings.gates, variables, &surroundings.cache) {
        Ok(Some(found)) => found.scorer,
        Ok(None) => {
            let seen = match section.mode {
                ScoreMode::Off => "off",
                ScoreMode::Auto | ScoreMode::Required => {
                    "aislop was not found on PATH, so runs do not measure the score"
                }
            };
            return DoctorCheck::note(NAME, seen);
        }
        Err(refused) => return DoctorCheck::error(NAME, refused.message),
    };
    let program = found.program.display().to_string();
    match version(&found, variables, place, "scorer").await {
        Ok(Some(version)) => DoctorCheck::ok(NAME, format!("aislop {version} ({program})")),
        Ok(None) => DoctorCheck::ok(NAME, program),
        Err(why) => DoctorCheck::error(NAME, why)
            .fix("name another command with --aislop-cmd, or turn the gate off with --gate off"),
    }
}
