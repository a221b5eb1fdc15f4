//! Known quirks of vendors' programs that apply on this machine: found from paths and settings, and what is said of them.

use std::path::{Component, Path, PathBuf};

use crate::adapters::process::probe::Probed;
use crate::domain::vendors::Vendor;

use super::judge::{Need, complaint};
use super::report::{Check, Verdict};

/// Something that is known to go wrong, or to be worth knowing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Quirk {
    /// Claude Code refuses the dangerous flag when we are root, unless it is told that this is a sandbox.
    RefusesRoot,
    /// Codex makes no helpers for its sandbox in a home below the folder of temporary files; commands may fail then.
    HomeInTemp {
        home: PathBuf,
        /// The folder of temporary files.
        temp: PathBuf,
    },
    /// A command was run in Codex's sandbox.
    Sandbox(Probed),
    /// The launcher in JavaScript starts slower than the program beside it, and leaves that running when it is killed.
    Launcher { native: PathBuf },
    /// The model is hosted by `OpenCode`.
    Hosted { model: String },
    /// The npm package of that name is not Google's.
    Squatted,
}

/// What is said of it.
pub(super) fn judge(need: Need, quirk: &Quirk) -> Check {
    match quirk {
        Quirk::RefusesRoot => Check::new(
            need.wrong(),
            "permissions",
            "as root it refuses --dangerously-skip-permissions, unless IS_SANDBOX=1 says that this is a container",
        )
        .mend("in a container: export IS_SANDBOX=1; else be another user, or leave out --dangerous-agent-permissions"),
        Quirk::HomeInTemp { home, temp } => {
            let seen = format!(
                "its home {} lies in {}, the folder of temporary files: it makes no helpers for its sandbox there, and commands in it may fail",
                home.display(),
                temp.display()
            );
            Check::new(need.doubtful(), "sandbox", seen)
                .mend("export TMPDIR=/var/tmp, or set CODEX_HOME to a folder elsewhere")
        }
        Quirk::Sandbox(probed) => sandbox(need, probed),
        Quirk::Launcher { native } => {
            let seen = "the npm launcher: each turn starts node first, and the program beside it after";
            Check::new(Verdict::Note, "launcher", seen).mend(format!("--codex-cmd {}", native.display()))
        }
        Quirk::Hosted { model } => Check::new(
            Verdict::Note,
            "model",
            format!("{model} is hosted by opencode.ai: your code is sent there"),
        )
        .mend("if that is not meant: --opencode-model PROVIDER/MODEL"),
        Quirk::Squatted => Check::new(
            need.wrong(),
            "package",
            "this is the npm package `antigravity-cli`, a placeholder of somebody else, not Google's program",
        )
        .mend("npm uninstall -g antigravity-cli; see https://antigravity.google/cli"),
    }
}

fn sandbox(need: Need, probed: &Probed) -> Check {
    let doubtful = |seen: String| {
        Check::new(need.doubtful(), "sandbox", seen)
            .mend("allow user namespaces (or Landlock) here, or in a container --dangerous-agent-permissions")
    };
    match probed {
        Probed::Answered(answer) if answer.exit.is_success() => {
            Check::ok("sandbox", "commands run in its sandbox")
        }
        Probed::Answered(answer) => {
            doubtful(format!("a command in its sandbox ended with {}{}", answer.exit, complaint(answer)))
        }
        Probed::TooLong { seconds } => {
            doubtful(format!("unknown: a command in its sandbox was not done in {seconds} s"))
        }
        Probed::NotStarted(why) => doubtful(format!("unknown: {why}")),
    }
}

/// Codex's home below the folder of temporary files. Both paths have no links in them.
pub(super) fn home_in_temp(home: &Path, temp: &Path) -> Option<Quirk> {
    home.starts_with(temp).then(|| Quirk::HomeInTemp { home: home.to_owned(), temp: temp.to_owned() })
}

/// A program that is not what its name says. The path has no links in it.
pub(super) fn is_squatted(vendor: Vendor, real: &Path) -> bool {
    let parts: Vec<&str> = real
        .components()
        .filter_map(|part| match part {
            Component::Normal(name) => name.to_str(),
            Component::Prefix(_) | Component::RootDir | Component::CurDir | Component::ParentDir => None,
        })
        .collect();
    vendor == Vendor::Antigravity && parts.windows(2).any(|pair| pair == ["node_modules", "antigravity-cli"])
}

/// Models that `OpenCode` hosts itself.
pub(super) fn hosted(vendor: Vendor, model: &str) -> Option<Quirk> {
    let is_hosted = vendor == Vendor::Opencode && model.starts_with("opencode/");
    is_hosted.then(|| Quirk::Hosted { model: model.to_owned() })
}

/// The program beside Codex's launcher. The path of the launcher has no links in it.
pub(super) fn native_beside(launcher: &Path) -> Option<PathBuf> {
    if !launcher.ends_with("@openai/codex/bin/codex.js") {
        return None;
    }
    let package = launcher.parent()?.parent()?;
    let places = [package.parent()?.to_owned(), package.join("node_modules/@openai"), package.to_owned()];
    let inside = |folder: PathBuf| std::fs::read_dir(folder).into_iter().flatten().flatten();
    let platforms = places.into_iter().flat_map(inside).map(|entry| entry.path());
    let vendors = platforms.flat_map(|platform| inside(platform.join("vendor")));
    vendors.map(|entry| entry.path().join("bin/codex")).find(|native| native.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::process::exit::Exit;
    use crate::adapters::process::probe::Answer;

    #[test]
    fn every_quirk_says_how_to_mend_it_and_none_is_an_error_where_it_is_not_needed() {
        let failed = Answer { exit: Exit::Code(1), stdout: String::new(), stderr: "bwrap: no\n".to_owned() };
        for (quirk, verdict) in [
            (Quirk::RefusesRoot, Verdict::Error),
            (Quirk::HomeInTemp { home: "/tmp/a".into(), temp: "/tmp".into() }, Verdict::Warning),
            (Quirk::Sandbox(Probed::Answered(failed)), Verdict::Warning),
            (Quirk::Sandbox(Probed::TooLong { seconds: 14 }), Verdict::Warning),
            (Quirk::Launcher { native: "/n".into() }, Verdict::Note),
            (Quirk::Hosted { model: "opencode/x".to_owned() }, Verdict::Note),
            (Quirk::Squatted, Verdict::Error),
        ] {
            let needed = judge(Need::Required, &quirk);
            assert_eq!((needed.verdict, needed.mend.is_some()), (verdict, true), "{quirk:?}");
            assert_eq!(judge(Need::Optional, &quirk).verdict, Verdict::Note, "{quirk:?}");
        }
    }

    #[test]
    fn quirks_are_found_from_paths_and_models() {
        assert!(home_in_temp(Path::new("/tmp/me/.codex"), Path::new("/tmp")).is_some());
        assert!(home_in_temp(Path::new("/tmpfile/.codex"), Path::new("/tmp")).is_none());
        let squatter = Path::new("/usr/lib/node_modules/antigravity-cli/bin/kirox");
        assert!(is_squatted(Vendor::Antigravity, squatter) && !is_squatted(Vendor::Codex, squatter));
        assert!(!is_squatted(Vendor::Antigravity, Path::new("/home/me/antigravity-cli/agy")));
        assert_eq!(hosted(Vendor::Opencode, "mine/m"), None);
        assert_eq!(hosted(Vendor::Claude, "opencode/big-pickle"), None);
        assert!(hosted(Vendor::Opencode, "opencode/big-pickle").is_some());
    }

    #[test]
    fn the_program_beside_the_launcher_is_found() {
        let place = tempfile::tempdir().unwrap();
        let scope = place.path().join("node_modules/@openai");
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
