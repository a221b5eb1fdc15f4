//! The command that shows a log, from the path of its file.

use std::path::Path;

use crate::adapters::storage::folders::Folders;

/// Returns the command: `agent-loop logs pr/7 1b5f72f8`.
pub fn command(path: &str) -> Option<String> {
    let path = Path::new(path);
    let mut folders = path.ancestors().skip(1).filter_map(|folder| folder.file_name()?.to_str());
    let subject = folders.find_map(Folders::subject_named)?;
    let stem = path.file_stem()?.to_str()?;
    let name = stem.rsplit_once('-').map_or(stem, |(_, name)| name);
    Some(format!("agent-loop logs {subject} {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_is_named_by_command() {
        for (path, shown) in [
            (
                "/state/r/subjects/pr-7/logs/20261121-1-2-reviewer-one-1b5f72f8.log",
                "agent-loop logs pr/7 1b5f72f8",
            ),
            ("/logs/r/task-1a2b3c4d/20261121-1-tests-9.log", "agent-loop logs task/1a2b3c4d 9"),
        ] {
            assert_eq!(command(path).as_deref(), Some(shown));
        }
        assert_eq!(command("/tmp/x.log"), None);
    }
}
