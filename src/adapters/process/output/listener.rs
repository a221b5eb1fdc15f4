//! Who hears what a child says on stdout, while it says it.

/// Hears stdout chunk by chunk, as it comes. It is on the path of every byte: it must not wait for anything.
pub trait Listener: Send {
    /// Hears more. A chunk begins and ends anywhere, in the middle of a line or of a letter too.
    fn hear(&mut self, chunk: &[u8]);

    /// Returns whether more is expected. A child that has said everything is not waited for long.
    fn remaining(&self) -> Remaining {
        Remaining::Something
    }
}

/// Whether a child has said all that is wanted of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Remaining {
    Something,
    Nothing,
}

/// Hears nothing: for children of which only the end of the output counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Discard;

impl Listener for Discard {
    fn hear(&mut self, _chunk: &[u8]) {}
}

/// Keeps the beginning.
#[derive(Debug, Clone, Default)]
pub struct Collector {
    bytes: Vec<u8>,
    most: usize,
}

impl Collector {
    /// Keeps this many bytes, and one more if there are more.
    pub fn new(limit: usize) -> Self {
        Self { bytes: Vec::new(), most: limit.saturating_add(1) }
    }

    /// The beginning of what was heard: one byte more than the limit says that there was more.
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
