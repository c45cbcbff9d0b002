//! A large array that is there only as far as somebody has read it.
//!
//! Filling it takes longer than a worker may take to start, so each chunk of 64 KiB is made by the first task that reads
//! it. The content of a word is given by its place; it is really written, since memory that is only zero would all be one
//! and the same page.

use std::io;
use std::sync::OnceLock;

/// Words of eight bytes to a chunk.
pub(super) const CHUNK_WORDS: usize = 64 * 1024 / 8;

pub(super) struct Array {
    chunks: Vec<OnceLock<Box<[u64]>>>,
    word: fn(u64) -> u64,
}

impl Array {
    /// An array of so many chunks, at least one, whose content `word` gives.
    pub(super) fn new(chunks: u64, word: fn(u64) -> u64) -> io::Result<Array> {
        let count = usize::try_from(chunks.max(1)).map_err(io::Error::other)?;
        let mut chunks = Vec::new();
        chunks.try_reserve_exact(count)?;
        chunks.resize_with(count, OnceLock::new);
        Ok(Array { chunks, word })
    }

    /// How many chunks there are.
    pub(super) fn chunks(&self) -> u64 {
        self.chunks.len() as u64
    }

    /// A chunk's words.
    #[inline]
    pub(super) fn chunk(&self, place: usize) -> &[u64] {
        self.chunks[place].get_or_init(|| self.fill(place))
    }

    #[cold]
    fn fill(&self, place: usize) -> Box<[u64]> {
        let first = (place * CHUNK_WORDS) as u64;
        let mut words = Vec::new();
        let reserved = words.try_reserve_exact(CHUNK_WORDS);
        assert!(reserved.is_ok(), "no memory for another 64 KiB of the array");
        words.extend((first..first + CHUNK_WORDS as u64).map(self.word));
        words.into_boxed_slice()
    }
}
