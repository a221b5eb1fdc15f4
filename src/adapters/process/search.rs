//! Finds programs like a shell does, and determines what is in their place if they do not exist.

use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::variables::Variables;

/// The result of a search for a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundProgram {
    There(PathBuf),
    NotExecutable(PathBuf),
    NoFile(PathBuf),
    Missing,
}

/// Returns what changes when a program is replaced: its place, its size, and the time of its last change.
pub fn identity(program: &Path) -> String {
    let path = std::fs::canonicalize(program).unwrap_or_else(|_| program.to_owned());
    let facts = std::fs::metadata(&path).ok();
    let changed = facts.as_ref().and_then(|facts| facts.modified().ok());
    format!("{} {:?} {changed:?}", path.display(), facts.map(|facts| facts.len()))
}

/// Searches a program by its path, or by its name in `PATH`. Files that are not executable are skipped, like in shells. Relative
/// folders are skipped too: they would be in the repository, whose files are untrusted.
pub fn look_for(program: impl AsRef<OsStr>, variables: &Variables) -> FoundProgram {
    let program = program.as_ref();
    if program.as_encoded_bytes().contains(&b'/') {
        return judge(Path::new(program));
    }
    let path = variables.get(OsStr::new("PATH")).cloned().unwrap_or_default();
    let mut instead = FoundProgram::Missing;
    for folder in std::env::split_paths(&path).filter(|folder| folder.is_absolute()) {
        match (judge(&folder.join(program)), &instead) {
            (FoundProgram::There(found), _) => return FoundProgram::There(found),
            (other, FoundProgram::Missing) => instead = other,
            (_, FoundProgram::There(_) | FoundProgram::NotExecutable(_) | FoundProgram::NoFile(_)) => {}
        }
    }
    instead
}

/// Returns the absolute folders of a `PATH`; `None` if there are none, because an empty `PATH` means the current folder.
pub(super) fn absolute_folders(path: &OsStr) -> Option<OsString> {
    let folders: Vec<PathBuf> = std::env::split_paths(path).filter(|folder| folder.is_absolute()).collect();
    // The parts of a split `PATH` can always be joined.
    std::env::join_paths(folders).ok().filter(|path| !path.is_empty())
}

fn judge(path: &Path) -> FoundProgram {
    match std::fs::metadata(path) {
        Err(_) => FoundProgram::Missing,
        Ok(metadata) if !metadata.is_file() => FoundProgram::NoFile(path.to_owned()),
        Ok(metadata) if metadata.permissions().mode() & 0o111 == 0 => {
            FoundProgram::NotExecutable(path.to_owned())
        }
        Ok(_) => FoundProgram::There(path.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use super::*;

    #[test]
    fn unexecutable_files_are_skipped() {
        let place = tempfile::tempdir().unwrap();
        let of = |name: &str| place.path().join(name).join("tool");
        fs::create_dir_all(of("folder")).unwrap();
        for (name, mode) in [("plain", 0o644), ("good", 0o755)] {
            fs::create_dir(place.path().join(name)).unwrap();
            fs::write(of(name), "#!/bin/sh\n").unwrap();
            fs::set_permissions(of(name), Permissions::from_mode(mode)).unwrap();
        }
        let look = |folders: &[&str]| {
            let path = std::env::join_paths(folders.iter().map(|name| place.path().join(name))).unwrap();
            look_for("tool", &Variables::from([("PATH".into(), path)]))
        };
        assert_eq!(look(&["folder", "plain", "good"]), FoundProgram::There(of("good")));
        assert_eq!(look(&["none", "plain", "folder"]), FoundProgram::NotExecutable(of("plain")));
        assert_eq!(look(&["folder", "plain"]), FoundProgram::NoFile(of("folder")));
        assert_eq!(look(&["none"]), FoundProgram::Missing);
        assert_eq!(look_for(of("plain"), &Variables::new()), FoundProgram::NotExecutable(of("plain")));
        assert_eq!(look_for("tool", &Variables::new()), FoundProgram::Missing);
    }

    #[test]
    fn relative_folders_are_skipped() {
        // The tests run in the folder of `src`, which has cargo's own files.
        for path in [".", "", "src", "src:.", "::"] {
            let variables = Variables::from([("PATH".into(), path.into())]);
            assert_eq!(look_for("Cargo.toml", &variables), FoundProgram::Missing, "{path}");
            assert_eq!(look_for("lib.rs", &variables), FoundProgram::Missing, "{path}");
            assert_eq!(absolute_folders(OsStr::new(path)), None, "{path}");
        }
        let mixed = absolute_folders(OsStr::new("bin:/usr/bin::./x:/bin"));
        assert_eq!(mixed, Some("/usr/bin:/bin".into()));
    }
}
