//! The end of a stream, in bounded memory, and as readable text.

use crate::text::sanitize;

/// The last bytes of a stream.
#[derive(Debug, Clone, Default)]
pub struct Tail {
    bytes: Vec<u8>,
    limit: usize,
}

impl Tail {
    pub fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), limit }
    }

    pub fn push(&mut self, chunk: &[u8]) {
        let chunk = chunk.get(chunk.len().saturating_sub(self.limit)..).unwrap_or_default();
        self.bytes.extend_from_slice(chunk);
        // The buffer may grow to twice the limit before it is cut, so that each byte is moved once and not for every chunk.
        if self.bytes.len() > self.limit.saturating_mul(2) {
            let surplus = self.bytes.len() - self.limit;
            self.bytes.drain(..surplus);
        }
    }

    /// Returns the end as text: whole lines without escape sequences and control characters.
    pub fn text(&self) -> String {
        let start = self.bytes.len().saturating_sub(self.limit);
        let kept = self.bytes.get(start..).unwrap_or_default();
        let whole = if start == 0 {
            kept
        } else {
            let line = kept.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            kept.get(line..).unwrap_or_default()
        };
        plain(&String::from_utf8_lossy(whole))
    }
}

/// Returns a text without escape sequences and control characters.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        if letter == '\u{1b}' {
            if letters.next_if_eq(&'[').is_some() {
                while letters.next().is_some_and(|part| !('@'..='~').contains(&part)) {}
            }
        } else if !sanitize::steers(letter) {
            plain.push(letter);
        }
    }
    plain.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_keep_whole_lines() {
        let mut tail = Tail::new(10);
        for line in ["first\n", "second\n", "third\n"] {
            tail.push(line.as_bytes());
        }
        assert_eq!(tail.text(), "third");
    }

    #[test]
    fn escape_sequences_are_removed() {
        assert_eq!(plain("\u{1b}[31mr\u{202e}e\u{9b}d\u{1b}[0m\u{7}\r\n"), "red");
    }
}
