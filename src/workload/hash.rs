//! `hash`: SHA-256 of a payload. A unit is one digest, and makes its first eight bytes as a number; the payload is one
//! of sixteen, which are windows into the same bytes.
//!
//! Work goes through the incremental interface, piece by piece; the sixteen reference digests were made in one go. Both
//! rest on the same crate, which the test below holds against the published vectors.

use super::numbers::{Cycle, mixed};
use super::{Task, Work};
use crate::telemetry::Recorder;
use sha2::{Digest, Sha256};
use std::hint::black_box;
use std::io;

const VARIANTS: u64 = 16;
const PIECE_BYTES: usize = 4096;

pub(super) struct Hash {
    payload_bytes: usize,
    bytes: Vec<u8>,
    digests: Cycle,
}

impl Hash {
    pub(super) fn new(payload_bytes: u64) -> io::Result<Hash> {
        let payload_bytes = usize::try_from(payload_bytes).map_err(io::Error::other)?;
        let all = payload_bytes.saturating_add(VARIANTS as usize);
        let mut bytes: Vec<u8> = Vec::new();
        bytes.try_reserve_exact(all)?;
        bytes.extend((0..all.div_ceil(8) as u64).flat_map(|place| mixed(place).to_le_bytes()).take(all));
        let digests: Vec<u64> = (0..VARIANTS as usize)
            .map(|variant| first_bytes(&Sha256::digest(&bytes[variant..variant + payload_bytes])))
            .collect();
        Ok(Hash { payload_bytes, bytes, digests: Cycle::new(&digests) })
    }
}

impl Work for Hash {
    fn run(&self, task: Task, _recorder: &mut Recorder) -> u64 {
        let mut sum = 0u64;
        for unit in 0..u64::from(task.units) {
            let variant = (task.id % VARIANTS + unit) as usize % VARIANTS as usize;
            let payload = black_box(&self.bytes[variant..variant + self.payload_bytes]);
            let mut hasher = Sha256::new();
            payload.chunks(PIECE_BYTES).for_each(|piece| hasher.update(piece));
            sum = sum.wrapping_add(black_box(first_bytes(&hasher.finalize())));
        }
        sum
    }

    fn reference(&self, task: Task) -> u64 {
        self.digests.sum(task.id, u64::from(task.units))
    }
}

fn first_bytes(digest: &[u8]) -> u64 {
    digest.iter().take(8).fold(0, |number, &byte| number << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_the_published_ones() {
        // FIPS 180-2, appendix B, and the empty message; NIST's example of a million times "a".
        for (message, wanted) in [
            (Vec::new(), 0xe3b0_c442_98fc_1c14u64),
            (b"abc".to_vec(), 0xba78_16bf_8f01_cfea),
            (b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".to_vec(), 0x248d_6a61_d206_38b8),
            (vec![b'a'; 1_000_000], 0xcdc7_6e5c_9914_fb92),
        ] {
            assert_eq!(first_bytes(&Sha256::digest(&message)), wanted);
        }
    }
}
