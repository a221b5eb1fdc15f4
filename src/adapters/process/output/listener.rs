//! Listeners for the stdout of a child while it is running.

/// Gets stdout chunk by chunk, as it arrives. All bytes pass through it: it must never block.
pub trait Listener: Send {
    /// Gets a chunk. Chunks may start and end anywhere, even within a line or a letter.
    fn hear(&mut self, chunk: &[u8]);

    /// Returns whether more output is expected. A child with complete output gets little time to exit.
    fn remaining(&self) -> Remaining {
        Remaining::Something
    }
}

/// Whether a child has printed all expected output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remaining {
    Something,
    Nothing,
}

/// Ignores stdout, for children of which only the end of the output is needed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Discard;

impl Listener for Discard {
    fn hear(&mut self, _chunk: &[u8]) {}
}

/// Keeps the beginning of stdout.
#[derive(Debug, Clone, Default)]
pub struct Collector {
    bytes: Vec<u8>,
    most: usize,
}

impl Collector {
    /// Creates a listener that keeps this many bytes, and one more if there are more.
    pub fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), most: limit.saturating_add(1) }
    }

    /// Returns the beginning of stdout: one byte more than the limit if there was more.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

impl Listener for Collector {
    fn hear(&mut self, chunk: &[u8]) {
        let room = self.most.saturating_sub(self.bytes.len()).min(chunk.len());
        self.bytes.extend_from_slice(chunk.get(..room).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collectors_keep_one_excess_byte() {
        let collected = |chunks: &[&[u8]]| {
            let mut collector = Collector::new(4);
            for chunk in chunks {
                collector.hear(chunk);
            }
            collector.into_bytes()
        };
        assert_eq!(collected(&[b"ab", b"cd"]), b"abcd");
        assert_eq!(collected(&[b"ab", b"cdef", b"gh"]), b"abcde");
    }
}
