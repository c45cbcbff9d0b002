//! Two rings of bytes in shared memory: requests to a worker, replies from it.
//!
//! ```text
//! ┌ requests: head, tail, asleep ┬ replies: head, tail, asleep ┬ request bytes ┬ reply bytes ┐
//! ```
//!
//! Each ring has one writer and one reader. `tail` counts bytes ever written, `head` bytes ever read; the bytes between
//! them belong to the reader, the rest to the writer. The writer stores `tail` with Release after the bytes, the reader
//! loads it with Acquire before them, and the same with `head` the other way round.
#![expect(unsafe_code, reason = "bytes in memory that two processes share")]

use crate::system;
use memmap2::{MmapOptions, MmapRaw};
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

/// Bytes of each ring: a power of two.
const RING_BYTES: usize = 1 << 20;

/// How long a worker looks at an empty ring before it sleeps: about what a sleeper takes to be woken.
const SPINS: u32 = 200;

#[repr(C, align(128))]
struct Side {
    head: AtomicU64,
    tail: AtomicU64,
    /// 1 while the worker sleeps for want of bytes (requests) or of room (replies); the futex that it sleeps on.
    asleep: AtomicU32,
}

#[repr(C)]
struct Header {
    requests: Side,
    replies: Side,
    /// 1 while the lane has bytes that found no room among the requests.
    room_wanted: AtomicU32,
    /// 1 when no more requests will come.
    closed: AtomicU32,
}

/// The header, on pages of its own.
const HEADER_BYTES: usize = 4096;
const BYTES: usize = HEADER_BYTES + 2 * RING_BYTES;

/// Both rings. Each process maps them for itself.
#[derive(Debug)]
pub(super) struct Rings {
    map: MmapRaw,
}

/// Which ring.
#[derive(Clone, Copy, Debug)]
enum Which {
    Requests,
    Replies,
}

impl Rings {
    /// New rings, and the descriptor to share them by.
    pub(super) fn make() -> io::Result<(Rings, OwnedFd)> {
        let file = File::from(system::unnamed_memory("poolscope rings")?);
        file.set_len(BYTES as u64)?;
        let map = MmapOptions::new().len(BYTES).map_raw(&file)?;
        Ok((Rings { map }, file.into()))
    }

    /// The rings behind a descriptor.
    pub(super) fn attach(memory: OwnedFd) -> io::Result<Rings> {
        let file = File::from(memory);
        if file.metadata()?.len() != BYTES as u64 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "not a pair of rings"));
        }
        Ok(Rings { map: MmapOptions::new().len(BYTES).map_raw(&file)? })
    }

    fn header(&self) -> &Header {
        // SAFETY: the mapping starts page-aligned with HEADER_BYTES for a Header, whose fields are all atomics for which any
        // bit pattern is valid; it lives as long as self.
        unsafe { &*self.map.as_mut_ptr().cast::<Header>() }
    }

    fn side(&self, which: Which) -> &Side {
        match which {
            Which::Requests => &self.header().requests,
            Which::Replies => &self.header().replies,
        }
    }

    /// Writes as much of `bytes` as there is room for.
    fn write(&self, which: Which, bytes: &[u8]) -> usize {
        let side = self.side(which);
        let tail = side.tail.load(Ordering::Relaxed);
        // Acquire: pairs with the reader's Release of head; what it has read may be written over.
        let used = tail.wrapping_sub(side.head.load(Ordering::Acquire)) as usize;
        let count = bytes.len().min(RING_BYTES.saturating_sub(used));
        self.each_part(which, tail, count, |ring, from, length| {
            // SAFETY: `ring` points to `length` bytes inside the mapping that belong to the writer until tail is stored, and
            // there is one writer; `from + length <= count <= bytes.len()`.
            unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr().add(from), ring, length) };
        });
        // Release: pairs with the reader's Acquire of tail.
        side.tail.store(tail.wrapping_add(count as u64), Ordering::Release);
        count
    }

    /// Reads as many bytes as there are into `bytes`.
    fn read(&self, which: Which, bytes: &mut [u8]) -> usize {
        let side = self.side(which);
        let head = side.head.load(Ordering::Relaxed);
        // Acquire: pairs with the writer's Release of tail; the bytes before it are there.
        let there = side.tail.load(Ordering::Acquire).wrapping_sub(head) as usize;
        // A foreign tail could claim more than the ring holds.
        let count = bytes.len().min(there).min(RING_BYTES);
        self.each_part(which, head, count, |ring, to, length| {
            // SAFETY: `ring` points to `length` bytes inside the mapping that belong to the reader until head is stored, and
            // there is one reader; `to + length <= count <= bytes.len()`.
            unsafe { std::ptr::copy_nonoverlapping(ring, bytes.as_mut_ptr().add(to), length) };
        });
        // Release: pairs with the writer's Acquire of head.
        side.head.store(head.wrapping_add(count as u64), Ordering::Release);
        count
    }

    /// Calls `copy` for the one or two stretches of the ring that `count` bytes from `position` take: where the stretch
    /// is, how far into the bytes it begins, how long it is.
    fn each_part(&self, which: Which, position: u64, count: usize, mut copy: impl FnMut(*mut u8, usize, usize)) {
        let start = HEADER_BYTES + if matches!(which, Which::Requests) { 0 } else { RING_BYTES };
        let place = position as usize % RING_BYTES;
        let first = count.min(RING_BYTES - place);
        // SAFETY: start + place + first <= BYTES, and start + (count - first) <= BYTES since count <= RING_BYTES.
        let (one, two) = unsafe { (self.map.as_mut_ptr().add(start + place), self.map.as_mut_ptr().add(start)) };
        copy(one, 0, first);
        if count > first {
            copy(two, first, count - first);
        }
    }

    /// The lane's end: writes requests, and wakes the worker where it sleeps.
    pub(super) fn send(&self, bytes: &[u8]) -> usize {
        let count = self.write(Which::Requests, bytes);
        self.header().room_wanted.store(u32::from(count < bytes.len()), Ordering::SeqCst);
        self.rouse(Which::Requests);
        count
    }

    /// The lane's end: reads replies, and wakes the worker where it waits for room.
    pub(super) fn receive(&self, bytes: &mut [u8]) -> usize {
        let count = self.read(Which::Replies, bytes);
        self.rouse(Which::Replies);
        count
    }

    /// Whether replies wait to be read.
    pub(super) fn has_replies(&self) -> bool {
        let side = self.side(Which::Replies);
        side.tail.load(Ordering::SeqCst) != side.head.load(Ordering::Relaxed)
    }

    /// Wakes the worker where it sleeps on this ring.
    fn rouse(&self, which: Which) {
        let asleep = &self.side(which).asleep;
        // Pairs with the fence in doze: either the worker sees our bytes, or we see that it sleeps.
        std::sync::atomic::fence(Ordering::SeqCst);
        if asleep.load(Ordering::Relaxed) != 0 && asleep.swap(0, Ordering::SeqCst) != 0 {
            system::futex_wake(asleep, 1);
        }
    }

    /// The lane's end: no more requests will come.
    pub(super) fn close(&self) {
        self.header().closed.store(1, Ordering::SeqCst);
        self.side(Which::Requests).asleep.store(0, Ordering::SeqCst);
        system::futex_wake(&self.side(Which::Requests).asleep, 1);
    }

    /// The worker's end: waits for requests and reads them; none once they are closed and all read. `room_made` is called
    /// where the lane waits for room.
    pub(super) fn next_requests(&self, bytes: &mut [u8], room_made: impl Fn()) -> Option<usize> {
        loop {
            for _ in 0..SPINS {
                let count = self.read(Which::Requests, bytes);
                if count > 0 {
                    if self.header().room_wanted.swap(0, Ordering::SeqCst) != 0 {
                        room_made();
                    }
                    return Some(count);
                }
                std::hint::spin_loop();
            }
            let is_empty = |side: &Side| side.tail.load(Ordering::SeqCst) == side.head.load(Ordering::Relaxed);
            if self.header().closed.load(Ordering::SeqCst) != 0 && is_empty(self.side(Which::Requests)) {
                return None;
            }
            self.doze(Which::Requests, |side| is_empty(side) && self.header().closed.load(Ordering::SeqCst) == 0);
        }
    }

    /// The worker's end: writes a reply, waiting for room where there is none; `written` is called after each part.
    pub(super) fn reply(&self, mut bytes: &[u8], written: impl Fn()) {
        while !bytes.is_empty() {
            let count = self.write(Which::Replies, bytes);
            bytes = &bytes[count..];
            written();
            if !bytes.is_empty() {
                let full = |side: &Side| {
                    side.tail.load(Ordering::Relaxed).wrapping_sub(side.head.load(Ordering::SeqCst)) as usize
                        >= RING_BYTES
                };
                self.doze(Which::Replies, full);
            }
        }
    }

    /// Sleeps until the other end rouses us, unless `in_vain` no longer holds. Looks around once a second.
    fn doze(&self, which: Which, in_vain: impl Fn(&Side) -> bool) {
        let side = self.side(which);
        side.asleep.store(1, Ordering::SeqCst);
        std::sync::atomic::fence(Ordering::SeqCst);
        if in_vain(side) {
            system::futex_wait(&side.asleep, 1, Some(Duration::from_secs(1)));
        }
        side.asleep.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doors::threads;
    use std::sync::Arc;

    #[test]
    fn bytes_come_out_as_they_went_in_around_the_end_of_the_ring() {
        let (lane, memory) = Rings::make().unwrap();
        let worker = Arc::new(Rings::attach(memory).unwrap());
        let echo = Arc::clone(&worker);
        let total = 3 * RING_BYTES + 12_345;
        let thread = threads::spawn("echo", move || {
            let mut buffer = vec![0; 77_777];
            let mut seen = 0;
            while seen < total {
                let count = echo.next_requests(&mut buffer, || ()).unwrap();
                echo.reply(&buffer[..count], || ());
                seen += count;
            }
        })
        .unwrap();
        let sent: Vec<u8> = (0..total).map(|place| (place / 251 + place) as u8).collect();
        let (mut to_send, mut back) = (&sent[..], Vec::new());
        let mut buffer = vec![0; 50_000];
        while back.len() < total {
            let count = lane.send(to_send);
            to_send = &to_send[count..];
            let count = lane.receive(&mut buffer);
            back.extend_from_slice(&buffer[..count]);
        }
        drop(thread);
        assert!(back == sent);
        assert!(!lane.has_replies());
    }
}
