//! The setup of Codex on this machine: its login besides `codex login status`, its sandbox, its launcher.

use std::path::{Path, PathBuf};

use crate::adapters::agents::driver::setup::{
    LoginState, Setup, SetupFinding, complaint, real, settings_text,
};
use crate::adapters::process::probe::Probed;
use crate::domain::access::Power;

/// Variables for logins and endpoints, without those of a surrounding session (`CODEX_THREAD_ID`, `CODEX_SANDBOX` …).
pub(super) const VARIABLES: &[&str] = &[
    "CODEX_ACCESS_TOKEN",
    "CODEX_API_KEY",
    "CODEX_CA_CERTIFICATE",
    "CODEX_HOME",
    "OPENAI_API_KEY",
    "OPENAI_BASE_URL",
    "OPENAI_ORGANIZATION",
    "OPENAI_ORG_ID",
    "OPENAI_PROJECT",
    "OPENAI_PROJECT_ID",
];

/// Returns the login that `codex login status` does not know: by a key in a variable, or for another provider.
pub(super) fn login(setup: &Setup<'_>) -> LoginState {
    if setup.variable("CODEX_API_KEY").is_some() {
        return LoginState::LoggedIn { with: Some("CODEX_API_KEY") };
    }
    let names = |text: &str| text.contains("model_provider");
    let in_arguments = setup.agents.iter().flat_map(|agent| &agent.arguments).any(|word| names(word));
    let settings = home(setup).and_then(|home| settings_text(&home.join("config.toml")));
    if in_arguments || settings.is_some_and(|text| names(&text)) {
        let why = "its settings name a provider, whose key is not checked before the first turn";
        return LoginState::Unknown { why: Some(why) };
    }
    LoginState::LoggedOut
}

/// Returns a command in the sandbox, if turns run in one that may work here. It takes a tenth of a second.
pub(super) fn sandbox_test(setup: &Setup<'_>) -> Option<&'static [&'static str]> {
    (is_bounded(setup) && home_in_temp(setup).is_none()).then_some(&["sandbox", "--", "true"])
}

/// Returns the result of a command in the sandbox.
pub(super) fn sandbox(probed: &Probed) -> SetupFinding {
    let doubtful = |seen: String| {
        let fix =
            "allow user namespaces (or Landlock) here, or use --dangerous-agent-permissions in a container";
        SetupFinding::doubtful("sandbox", seen, fix)
    };
    match probed {
        Probed::Answered(answer) if answer.exit.is_success() => {
            SetupFinding::fine("sandbox", "commands run in its sandbox")
        }
        Probed::Answered(answer) => {
            doubtful(format!("a command in its sandbox ended with {}{}", answer.exit, complaint(answer)))
        }
        Probed::TooLong { seconds } => {
            doubtful(format!("unknown: a command in its sandbox did not end within {seconds} s"))
        }
        Probed::NotStarted(why) => doubtful(format!("unknown: {why}")),
    }
}

/// Returns the quirks of the program that are relevant on this machine.
pub(super) fn quirks(setup: &Setup<'_>) -> Vec<SetupFinding> {
    let home = home_in_temp(setup).filter(|_| is_bounded(setup));
    home.into_iter().chain(launcher(&real(setup.program))).collect()
}

fn is_bounded(setup: &Setup<'_>) -> bool {
    setup.agents.iter().any(|agent| agent.power == Power::Bounded)
}

fn home(setup: &Setup<'_>) -> Option<PathBuf> {
    setup.variable("CODEX_HOME").map(PathBuf::from).or_else(|| setup.in_home(".codex"))
}

/// Codex creates no helpers for its sandbox if its home is below the folder of temporary files.
fn home_in_temp(setup: &Setup<'_>) -> Option<SetupFinding> {
    let temp = real(Path::new(setup.variable("TMPDIR").unwrap_or("/tmp".as_ref())));
    let home = real(&home(setup)?);
    home.starts_with(&temp).then(|| {
        let seen = format!(
            "its home {} is in {}, the folder for temporary files: there it makes no helpers for its sandbox, so commands may fail",
            home.display(),
            temp.display()
        );
        SetupFinding::doubtful("sandbox", seen, "export TMPDIR=/var/tmp, or set CODEX_HOME to a folder elsewhere")
    })
}

/// The JavaScript launcher starts slower than the native program, and leaves it running when it is killed.
fn launcher(program: &Path) -> Option<SetupFinding> {
    let native = native_beside(program)?;
    let seen = "the npm launcher: each turn starts node first, then the native program";
    Some(SetupFinding::note("launcher", seen, format!("--codex-cmd {}", native.display())))
}

/// Returns the native program of a launcher whose path has no links.
fn native_beside(launcher: &Path) -> Option<PathBuf> {
    if !launcher.ends_with("@openai/codex/bin/codex.js") {
        return None;
    }
    let package = launcher.parent()?.parent()?;
    let folders = [package.parent()?.to_owned(), package.join("node_modules/@openai"), package.to_owned()];
    let inside = |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().flatten();
    let platforms = folders.into_iter().flat_map(inside).map(|entry| entry.path());
    let vendors = platforms.flat_map(|platform| inside(platform.join("vendor")));
    vendors.map(|entry| entry.path().join("bin/codex")).find(|native| native.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_beside_launchers_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let scope = folder.path().join("node_modules/@openai");
        let native = scope.join("codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex");
        let launcher = scope.join("codex/bin/codex.js");
        for file in [&native, &launcher] {
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, "").unwrap();
        }
        assert_eq!(native_beside(&launcher), Some(native.clone()));
        assert_eq!(native_beside(&native), None);
    }
}
