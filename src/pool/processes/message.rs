//! What the lane and a worker process say to each other, over any transport.
//!
//! ```text
//! request   length:4  count:4  attempt:4  0:4  first:8  due_ns:8  payload        one item of tasks
//! reply     length:4  count:4                  first:8            payload        its end; count 0: "I am ready"
//! ```
//!
//! Little-endian; the length counts the whole message. A message is for this machine and this build only: both ends are
//! the same executable.

use crate::pool::Item;
use std::io;

/// Bytes of a request without its payload.
pub(super) const REQUEST_BYTES: usize = 32;

/// Bytes of a reply without its payload.
pub(super) const REPLY_BYTES: usize = 16;

/// The most that may travel with a task.
pub(super) const PAYLOAD_BYTES_MAX: u64 = 16 << 20;

/// A worker's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reply {
    /// The item's first task.
    pub(super) first: u64,
    /// How many tasks; 0 where the worker only says that it is ready.
    pub(super) count: u32,
}

/// Appends a request with `payload_bytes` bytes of payload.
pub(super) fn put_request(out: &mut Vec<u8>, item: Item, payload_bytes: usize) {
    let length = (REQUEST_BYTES + payload_bytes) as u32;
    for word in [length, item.count, item.attempt, 0] {
        out.extend_from_slice(&word.to_le_bytes());
    }
    out.extend_from_slice(&item.first.to_le_bytes());
    out.extend_from_slice(&item.due_ns.to_le_bytes());
    out.resize(out.len() + payload_bytes, item.first as u8);
}

/// The first request in `bytes`, if it is whole: the item, its payload, and how many bytes it takes.
pub(super) fn take_request(bytes: &[u8]) -> Option<(Item, &[u8], usize)> {
    let length = u32_at(bytes, 0)? as usize;
    let message = bytes.get(..length).filter(|_| length >= REQUEST_BYTES)?;
    let item = Item {
        first: u64_at(message, 16)?,
        count: u32_at(message, 4)?,
        attempt: u32_at(message, 8)?,
        due_ns: u64_at(message, 24)?,
    };
    Some((item, &message[REQUEST_BYTES..], length))
}

/// Appends a reply that carries `payload` back.
pub(super) fn put_reply(out: &mut Vec<u8>, reply: Reply, payload: &[u8]) {
    let length = (REPLY_BYTES + payload.len()) as u32;
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&reply.count.to_le_bytes());
    out.extend_from_slice(&reply.first.to_le_bytes());
    out.extend_from_slice(payload);
}

/// The first reply in `bytes`, if it is whole, and how many bytes it takes.
pub(super) fn take_reply(bytes: &[u8]) -> Option<(Reply, usize)> {
    let length = u32_at(bytes, 0)? as usize;
    let message = bytes.get(..length).filter(|_| length >= REPLY_BYTES)?;
    Some((Reply { first: u64_at(message, 8)?, count: u32_at(message, 4)? }, length))
}

fn u32_at(bytes: &[u8], place: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(place..place + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], place: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(place..place + 8)?.try_into().ok()?))
}

/// Bytes that have come and are not yet understood.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    /// What is there lies between `start` and `end`; the rest is room, and is never cleared.
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

/// What is asked for at once.
const ROOM_BYTES: usize = 64 << 10;

impl Inbox {
    /// What is there.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Forgets the first `count` bytes.
    pub(super) fn take(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
        }
    }

    /// Adds what `read` puts into the room that it is given; returns how much that was, and whether it filled the room.
    pub(super) fn fill(&mut self, read: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<(usize, bool)> {
        if self.buffer.len() - self.end < ROOM_BYTES {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
            // Longer only for a message that is: a payload.
            self.buffer.resize(self.buffer.len().max(self.end + ROOM_BYTES), 0);
        }
        let room = &mut self.buffer[self.end..];
        let length = room.len();
        let count = read(room)?.min(length);
        self.end += count;
        Ok((count, count == length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_put_is_taken(first: u64, count: u32, attempt: u32, due_ns: u64, payload in 0usize..5000, cut in 0usize..40) {
            let item = Item { first, count, attempt, due_ns };
            let mut bytes = Vec::new();
            put_request(&mut bytes, item, payload);
            let (taken, body, length) = take_request(&bytes).unwrap();
            prop_assert_eq!((taken, body.len(), length), (item, payload, bytes.len()));
            prop_assert!(take_request(&bytes[..bytes.len() - 1 - cut.min(bytes.len() - 1)]).is_none());
            let reply = Reply { first, count };
            let mut bytes = Vec::new();
            put_reply(&mut bytes, reply, &vec![7; payload]);
            prop_assert_eq!(take_reply(&bytes), Some((reply, bytes.len())));
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = (take_request(&bytes), take_reply(&bytes));
        }
    }
}
