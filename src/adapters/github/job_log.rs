//! The part of the log of a job of GitHub Actions that says why it failed.

/// How many lines before an error belong to it.
const LINES: usize = 40;

/// Returns the last error of a log with the lines before it, at most so many characters; the end of a log without errors.
pub(super) fn excerpt(log: &str, most: usize) -> String {
    let lines: Vec<String> = log.lines().map(plain).collect();
    let is_error = |line: &String| line.starts_with("##[error]");
    let end = lines.iter().rposition(is_error).map_or(lines.len(), |last| last + 1);
    let begin = end.saturating_sub(LINES);
    let text = lines.get(begin..end).unwrap_or_default().join("\n");
    let surplus = text.chars().count().saturating_sub(most);
    text.chars().skip(surplus).collect::<String>().trim().to_owned()
}

/// Returns a line without its time and without colours.
fn plain(line: &str) -> String {
    let is_time = |word: &str| word.len() > 20 && word.ends_with('Z') && word.contains('T');
    let line = line.trim_start_matches('\u{feff}');
    let text = line.split_once(' ').filter(|(word, _)| is_time(word)).map_or(line, |(_, text)| text);
    let mut plain = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => drop(letters.find(char::is_ascii_alphabetic)),
            '\t' => plain.push(' '),
            letter if letter.is_control() => {}
            letter => plain.push(letter),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_error_is_shown() {
        let mut log = String::from("\u{feff}2026-01-01T00:00:00.0000000Z ##[group]Run make\n");
        for line in [
            "one",
            "\u{1b}[31mtest x failed\u{1b}[0m",
            "##[error]Process completed with exit code 2.",
            "Cleaning up",
        ] {
            log = format!("{log}2026-01-01T00:00:01.0000000Z {line}\n");
        }
        assert_eq!(
            excerpt(&log, 1000),
            "##[group]Run make\none\ntest x failed\n##[error]Process completed with exit code 2."
        );
        assert_eq!(excerpt(&log, 12), "exit code 2.");
        assert_eq!(excerpt("a\nb\n", 1000), "a\nb");
        let many: Vec<String> = (0..100).map(|number| number.to_string()).collect();
        assert!(excerpt(&many.join("\n"), 1000).starts_with("60\n") && excerpt("", 10).is_empty());
    }
}
