//! What the threads of each litmus test do, what may come of it, and what no processor of this kind can show.
//!
//! Variables are relaxed atomics, so that nothing here is undefined; and the compiler is kept from moving one access past
//! another, so that whatever is seen out of order is the processor's doing.

use crate::wire::{Ending, LitmusTest, Verdict};
use serde_json::Value as Json;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::sync::atomic::{AtomicU8, AtomicU32, compiler_fence, fence};

/// A variable, with two cache lines to itself: processors fetch them in pairs.
#[repr(align(128))]
#[derive(Debug, Default)]
struct Variable(AtomicU32);

impl Variable {
    fn set(&self, value: u32) {
        self.0.store(value, Relaxed);
    }

    fn get(&self) -> u8 {
        self.0.load(Relaxed) as u8
    }
}

/// A place in memory with the variables of one try.
#[derive(Debug, Default)]
pub(super) struct Slot {
    x: Variable,
    y: Variable,
    z: Variable,
}

/// What a thread has read at a place.
pub(super) type Read = [AtomicU8; 2];

/// What stands for a variable that was not read.
pub(super) const UNREAD: u8 = 2;

/// What the object holds that is published.
const VALUE: u32 = 42;

/// The most threads that a test has.
pub(super) const THREADS_MAX: usize = 4;

/// What all threads have read at a place.
pub(super) type Seen = [[u8; 2]; THREADS_MAX];

/// Sets to 0 what the thread will read. So those lies are near, what it will write is far, and its stores take their time.
pub(super) fn prepare(test: LitmusTest, thread: usize, slots: &[Slot]) {
    let clear = |variable: fn(&Slot) -> &Variable| slots.iter().for_each(|slot| variable(slot).set(0));
    let x = || clear(|slot| &slot.x);
    let y = || clear(|slot| &slot.y);
    let z = || clear(|slot| &slot.z);
    use LitmusTest::{HalfBuiltObject, Iriw, LoadBuffering, MessagePassing, PetersonWithoutFence, StoreBuffering};
    match (test, thread) {
        (StoreBuffering | PetersonWithoutFence, 0) | (LoadBuffering, 1) | (Iriw, 3) => y(),
        (StoreBuffering, _) | (LoadBuffering, _) | (Iriw, 2) => x(),
        (PetersonWithoutFence, _) => {
            x();
            z();
        }
        (MessagePassing | HalfBuiltObject, 1) => {
            x();
            y();
        }
        (MessagePassing | HalfBuiltObject | Iriw, _) => {}
    }
}

/// What the thread does at every place.
pub(super) fn act(test: LitmusTest, fenced: bool, thread: usize, slots: &[Slot], reads: &[Read]) {
    match fenced {
        true => act_as::<true>(test, thread, slots, reads),
        false => act_as::<false>(test, thread, slots, reads),
    }
}

fn act_as<const FENCED: bool>(test: LitmusTest, thread: usize, slots: &[Slot], reads: &[Read]) {
    use LitmusTest::{HalfBuiltObject, Iriw, LoadBuffering, MessagePassing, PetersonWithoutFence, StoreBuffering};
    match (test, thread) {
        (StoreBuffering, 0) => each(slots, reads, |slot| {
            slot.x.set(1);
            between::<FENCED>();
            [slot.y.get(), UNREAD]
        }),
        (StoreBuffering, _) => each(slots, reads, |slot| {
            slot.y.set(1);
            between::<FENCED>();
            [slot.x.get(), UNREAD]
        }),
        (MessagePassing, 0) => each(slots, reads, |slot| {
            slot.x.set(1);
            between::<FENCED>();
            slot.y.set(1);
            [UNREAD; 2]
        }),
        (HalfBuiltObject, 0) => each(slots, reads, |slot| {
            slot.x.set(VALUE);
            between::<FENCED>();
            slot.y.set(1);
            [UNREAD; 2]
        }),
        (MessagePassing, _) => each(slots, reads, |slot| {
            let flag = slot.y.get();
            between::<FENCED>();
            [flag, slot.x.get()]
        }),
        (HalfBuiltObject, _) => each(slots, reads, |slot| {
            // Only who sees the object looks into it.
            let seen = slot.y.get();
            between::<FENCED>();
            [seen, if seen == 1 { slot.x.get() } else { UNREAD }]
        }),
        (PetersonWithoutFence, 0) => each(slots, reads, |slot| {
            slot.x.set(1);
            compiler_fence(SeqCst);
            slot.z.set(1);
            between::<FENCED>();
            let other_wants = slot.y.get();
            compiler_fence(SeqCst);
            [u8::from(other_wants == 0 || slot.z.get() == 2), UNREAD]
        }),
        (PetersonWithoutFence, _) => each(slots, reads, |slot| {
            slot.y.set(1);
            compiler_fence(SeqCst);
            slot.z.set(2);
            between::<FENCED>();
            let other_wants = slot.x.get();
            compiler_fence(SeqCst);
            [u8::from(other_wants == 0 || slot.z.get() == 1), UNREAD]
        }),
        (Iriw, 0) => each(slots, reads, |slot| {
            slot.x.set(1);
            [UNREAD; 2]
        }),
        (Iriw, 1) => each(slots, reads, |slot| {
            slot.y.set(1);
            [UNREAD; 2]
        }),
        (Iriw, 2) => each(slots, reads, |slot| {
            let first = slot.x.get();
            between::<FENCED>();
            [first, slot.y.get()]
        }),
        (Iriw, _) => each(slots, reads, |slot| {
            let first = slot.y.get();
            between::<FENCED>();
            [first, slot.x.get()]
        }),
        (LoadBuffering, 0) => each(slots, reads, |slot| {
            let read = slot.x.get();
            between::<FENCED>();
            slot.y.set(1);
            [read, UNREAD]
        }),
        (LoadBuffering, _) => each(slots, reads, |slot| {
            let read = slot.y.get();
            between::<FENCED>();
            slot.x.set(1);
            [read, UNREAD]
        }),
    }
}

#[inline(always)]
fn each(slots: &[Slot], reads: &[Read], act: impl Fn(&Slot) -> [u8; 2]) {
    for (slot, read) in slots.iter().zip(reads) {
        let seen = act(slot);
        // The next place's accesses stay behind this one's.
        compiler_fence(SeqCst);
        read[0].store(seen[0], Relaxed);
        read[1].store(seen[1], Relaxed);
    }
}

#[inline(always)]
fn between<const FENCED: bool>() {
    match FENCED {
        true => fence(SeqCst),
        false => compiler_fence(SeqCst),
    }
}

/// What a processor keeps in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// Everything but a load behind an earlier store of the same thread.
    TotalStore,
    /// Next to nothing, without a fence.
    Weak,
}

/// This processor's order.
pub(super) const HERE: Order =
    if cfg!(any(target_arch = "x86_64", target_arch = "x86")) { Order::TotalStore } else { Order::Weak };

/// This processor, and what it can show of a test.
pub(super) fn about(test: LitmusTest, fenced: bool) -> String {
    let processor = match std::env::consts::ARCH {
        "x86_64" => "x86-64",
        "x86" => "x86",
        "aarch64" => "64-bit ARM",
        other => other,
    };
    let can = match (HERE, fenced, is_allowed(test, Order::TotalStore)) {
        (Order::TotalStore, false, true) => {
            "keeps stores in order, but a load may be done before an earlier store is seen: what no order of the steps \
             explains can be seen here"
        }
        (Order::TotalStore, true, true) => {
            "keeps stores in order, and with a full fence each load waits for the store before it: only what some order \
             of the steps explains can be seen"
        }
        (Order::TotalStore, _, false) => {
            "keeps stores in order, and loads too: what no order of the steps explains cannot be seen here, fence or \
             not; of these tests only store-buffering and peterson-without-fence can show it"
        }
        (Order::Weak, false, _) => {
            "may do loads and stores in another order: what no order of the steps explains is allowed here"
        }
        (Order::Weak, true, _) => "may do loads and stores in another order, but not past a full fence",
    };
    format!("{processor} {can}")
}

/// Whether a processor of that kind may show what no order of the steps explains, without fences.
pub(super) fn is_allowed(test: LitmusTest, order: Order) -> bool {
    order == Order::Weak || matches!(test, LitmusTest::StoreBuffering | LitmusTest::PetersonWithoutFence)
}

/// What was seen at a place as an ending, and what is to be thought of it.
pub(super) fn ending(test: LitmusTest, fenced: bool, seen: &Seen) -> (Ending, Verdict) {
    let number = |read: u8| if read == UNREAD { Json::Null } else { Json::from(read) };
    let flag = |read: u8| Json::from(read == 1);
    let [a, b, c, d] = *seen;
    let (values, is_weak): (Vec<(&str, Json)>, bool) = match test {
        LitmusTest::StoreBuffering => (vec![("r1", number(a[0])), ("r2", number(b[0]))], (a[0], b[0]) == (0, 0)),
        LitmusTest::LoadBuffering => (vec![("r1", number(a[0])), ("r2", number(b[0]))], (a[0], b[0]) == (1, 1)),
        LitmusTest::MessagePassing => (vec![("seen_flag", number(b[0])), ("seen_data", number(b[1]))], b == [1, 0]),
        // Who did not find the object has seen nothing in it.
        LitmusTest::HalfBuiltObject => {
            let seen = if b[0] == 1 { Json::from(b[1]) } else { Json::from(-1) };
            (vec![("seen", seen)], b == [1, 0])
        }
        LitmusTest::PetersonWithoutFence => {
            (vec![("a_enters", flag(a[0])), ("b_enters", flag(b[0]))], (a[0], b[0]) == (1, 1))
        }
        LitmusTest::Iriw => (
            vec![("r1", number(c[0])), ("r2", number(c[1])), ("r3", number(d[0])), ("r4", number(d[1]))],
            (c, d) == ([1, 0], [1, 0]),
        ),
    };
    let verdict = match (is_weak, !fenced && is_allowed(test, HERE)) {
        (false, _) => Verdict::Acceptable,
        (true, true) => Verdict::Interesting,
        (true, false) => Verdict::Forbidden,
    };
    let values = values.into_iter().map(|(name, value)| (name.to_string(), value)).collect();
    (Ending { values, ..Ending::default() }, verdict)
}
