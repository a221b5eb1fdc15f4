//! The latest action of each working agent, read from the end of its log.

use std::io::{Read, Seek, SeekFrom};

use crate::adapters::agents::activity::activities;
use crate::adapters::files::open_foreign;
use crate::text::sanitize::one_line;

use super::board::Board;

/// The number of bytes to read from the end of a log.
const END: u64 = 16 << 10;
/// The maximum length of an activity, in characters.
const LONGEST: usize = 200;

/// Reads the latest action of each worker.
pub fn refresh(board: &mut Board) {
    for worker in board.workers.values_mut() {
        if let Some(found) = worker.log.as_deref().and_then(end).and_then(|end| last(&end)) {
            worker.activity = Some(found);
        }
    }
}

fn end(path: &str) -> Option<String> {
    let mut file = open_foreign(path.as_ref()).ok()?;
    let length = file.metadata().ok()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(END))).ok()?;
    let mut bytes = Vec::new();
    file.take(END).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Returns the last activity of whole lines. A log begins with the command line and the size of the prompt.
fn last(text: &str) -> Option<String> {
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let lines = whole.lines().rev().filter(|line| !line.starts_with("$ ") && !line.starts_with("# prompt: "));
    let found = lines.map(activities).find_map(|mut found| found.pop())?;
    Some(one_line(found.text(), LONGEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_whole_line_is_shown() {
        let edit = r#"{"type":"assistant","message":{"content":[{"type":"tool_use","name":"Edit","input":{"file_path":"a.rs"}}]}}"#;
        let text = format!("$ claude\n# prompt: 4 kB\n{edit}\n{{\"type\":\"user\"}}\n{{\"type\":");
        assert_eq!(last(&text).as_deref(), Some("edited a.rs"));
        assert_eq!(last("$ claude\n# prompt: 4 kB\n"), None);
    }
}
