//! Reads a child's output line by line, for programs that print an event per line. A line in one chunk is not copied.

use memchr::memchr;

use super::listener::Listener;

/// The maximum length of a line, in bytes: a tool's output of 10 MB, the maximum of CLIs, in one event.
pub const LONGEST: usize = 16 << 20;
/// The size above which a buffer is freed after its line.
const USUAL: usize = 1 << 20;

/// Calls a function with each line, without its newline.
#[derive(Debug)]
pub struct Lines<F> {
    each: F,
    longest: usize,
    begun: Begun,
    dropped: u64,
}

/// The state of an incomplete line.
#[derive(Debug)]
enum Begun {
    /// The beginning; empty between lines.
    Kept(Vec<u8>),
    /// The line is too long: the rest of it is skipped.
    TooLong,
}

impl<F: FnMut(&[u8])> Lines<F> {
    /// Creates a listener for lines of up to [`LONGEST`] bytes.
    pub fn new(each: F) -> Self {
        Self::up_to(LONGEST, each)
    }

    /// Creates a listener for lines of up to this many bytes; longer ones are dropped and counted, and use no memory.
    pub fn up_to(longest: usize, each: F) -> Self {
        Self { each, longest, begun: Begun::Kept(Vec::new()), dropped: 0 }
    }

    /// Reads the last line, if it has no newline. Must be called when the child has ended.
    pub fn finish(&mut self) {
        self.end_line(&[]);
    }

    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Ends a line after these bytes, at a newline or at the end of the output: an empty rest is not a line.
    fn end_line(&mut self, rest: &[u8]) {
        self.extend_line(rest);
        if let Begun::Kept(line) = &mut self.begun {
            if !line.is_empty() {
                (self.each)(line);
                line.clear();
            }
            if line.capacity() <= USUAL {
                return;
            }
        }
        self.begun = Begun::Kept(Vec::new());
    }

    fn extend_line(&mut self, part: &[u8]) {
        if let Begun::Kept(line) = &mut self.begun {
            if line.len().saturating_add(part.len()) <= self.longest {
                line.extend_from_slice(part);
            } else {
                self.dropped = self.dropped.saturating_add(1);
                self.begun = Begun::TooLong;
            }
        }
    }

    fn is_between_lines(&self) -> bool {
        matches!(&self.begun, Begun::Kept(line) if line.is_empty())
    }

    fn hear_whole(&mut self, line: &[u8]) {
        if line.len() <= self.longest {
            (self.each)(line);
        } else {
            self.dropped = self.dropped.saturating_add(1);
        }
    }
}

impl<F: FnMut(&[u8]) + Send> Listener for Lines<F> {
    fn hear(&mut self, chunk: &[u8]) {
        let mut left = chunk;
        while let Some((line, rest)) = memchr(b'\n', left).and_then(|end| left.split_at_checked(end)) {
            if self.is_between_lines() {
                self.hear_whole(line);
            } else {
                self.end_line(line);
            }
            left = rest.get(1..).unwrap_or_default();
        }
        self.extend_line(left);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn heard(longest: usize, chunks: &[Vec<u8>]) -> (Vec<Vec<u8>>, u64) {
        let mut all = Vec::new();
        let mut lines = Lines::up_to(longest, |line: &[u8]| all.push(line.to_vec()));
        for chunk in chunks {
            lines.hear(chunk);
        }
        lines.finish();
        let dropped = lines.dropped();
        (all, dropped)
    }

    proptest! {
        #[test]
        fn lines_do_not_depend_on_chunks(
            chunks in prop::collection::vec(prop::collection::vec(prop::sample::select(b"ab\n\n".as_slice()), 0..12), 0..12),
            longest in 0_usize..9,
        ) {
            let whole = chunks.concat();
            let mut all: Vec<Vec<u8>> = whole.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
            // The text after the last newline is a line only if it is not empty.
            all.pop_if(|last| last.is_empty());
            let (short, long): (Vec<_>, Vec<_>) = all.into_iter().partition(|line| line.len() <= longest);
            prop_assert_eq!(heard(longest, &chunks), (short, u64::try_from(long.len()).unwrap()));
        }
    }

    #[test]
    fn lines_within_chunks_are_not_copied() {
        let chunk = b"one\ntwo\nthr";
        let mut places = Vec::new();
        let mut lines = Lines::new(|line: &[u8]| places.push(line.as_ptr().addr()));
        lines.hear(chunk);
        assert_eq!(places, [chunk[0..].as_ptr().addr(), chunk[4..].as_ptr().addr()]);
    }

    #[test]
    fn endless_lines_take_no_memory() {
        let mut all = Vec::new();
        let mut lines = Lines::up_to(100, |line: &[u8]| all.push(line.to_vec()));
        for _ in 0..1000 {
            lines.hear(&[b'x'; 60]);
        }
        assert!(matches!(&lines.begun, Begun::TooLong));
        lines.hear(b"\nnext\n");
        assert_eq!((lines.dropped(), all), (1, vec![b"next".to_vec()]));
    }
}
