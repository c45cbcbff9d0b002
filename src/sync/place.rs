//! Who gets which scratch words of the arena.
//!
//! The lane and its worker processes set up the same things in the same order, so the same words are taken in each: no
//! address has to travel. Every piece begins on a line of 128 bytes, so that neighbours never share one by accident.
#![expect(unsafe_code, reason = "the kernel's futex is a word of 32 bits, scratch words have 64")]

use crate::telemetry::{Arena, SCRATCH_WORDS};
use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64};

/// Words to a line: two cache lines of 64 bytes, since processors fetch them in pairs.
const LINE_WORDS: usize = 128 / size_of::<u64>();

/// A run of scratch words that are somebody's own.
#[derive(Debug)]
pub struct ScratchPlace {
    first: usize,
    words: usize,
}

impl ScratchPlace {
    /// All scratch words of an arena: what the lane's workload divides.
    pub fn whole() -> ScratchPlace {
        ScratchPlace { first: 0, words: SCRATCH_WORDS }
    }

    /// Takes `words` words from the front, and all that is left of their last line.
    ///
    /// # Errors
    /// Where there are not so many left.
    pub fn take(&mut self, words: usize) -> io::Result<ScratchPlace> {
        let taken = words.next_multiple_of(LINE_WORDS);
        if taken > self.words {
            let why = format!("{words} words of shared memory are wanted, and only {} are left", self.words);
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let piece = ScratchPlace { first: self.first, words: taken };
        self.first += taken;
        self.words -= taken;
        Ok(piece)
    }

    /// The words themselves.
    pub fn words(&self, arena: Arena) -> &'static [AtomicU64] {
        &arena.scratch()[self.first..self.first + self.words]
    }

    /// The first word as one of 32 bits, for the kernel to sleep on. Whoever asks uses the word in this form only:
    /// atomics of two sizes must not meet on the same bytes.
    pub(super) fn futex(&self, arena: Arena) -> &'static AtomicU32 {
        let word: &'static AtomicU64 = &self.words(arena)[0];
        // SAFETY: 64 bits hold 32 and are aligned for them; the word lives as long as the process; it is an atomic in
        // either form. The place owns it and hands it out in one form: the two callers, futex.rs and semaphore.rs, never
        // touch this word by `words()`.
        unsafe { AtomicU32::from_ptr(word.as_ptr().cast::<u32>()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_do_not_share_a_line_and_run_out_with_an_error() {
        let mut whole = ScratchPlace::whole();
        let (one, two) = (whole.take(1).unwrap(), whole.take(17).unwrap());
        assert_eq!((one.first, two.first, whole.first), (0, LINE_WORDS, 3 * LINE_WORDS));
        assert!(whole.take(SCRATCH_WORDS).is_err());
        assert!(whole.take(SCRATCH_WORDS - 3 * LINE_WORDS).is_ok());
    }
}
