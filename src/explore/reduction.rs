//! Partial-order reduction, for where only verdicts are asked for.
//!
//! To give a lock back can wait for nobody and disturbs nobody: whatever others could do before it, they can do after it,
//! with the same end. So where a thread is about to do that, no other thread needs to be tried (the release is a
//! persistent set of its own). All endings are still found, by at least one schedule each; but not all schedules, so
//! nothing is counted then.
//!
//! It holds as long as nobody looks at a lock that is held: by trying, asking, or giving back what is another's. Where
//! somebody does, the search notices ([`Machine::peeks`]) and begins anew without. The same where an ending cuts threads
//! off, or where schedules go round in a circle.

use super::content::Body;
use super::machine::Machine;
use super::moves::LocalKind;
use super::state::State;
use crate::program::operation::{Operation, Patience, Sync};
use crate::program::thread::Pause;
use crate::program::value::Reference;

impl Machine<'_> {
    /// The thread whose next step is the only one that needs to be tried, if there is one.
    pub(super) fn hurried(&mut self, state: &State) -> Option<usize> {
        let mut hurried = None;
        for thread in 0..state.threads.len() {
            if self.facts(state.threads[thread]).kind != LocalKind::Operating {
                continue;
            }
            let local = self.local(state.threads[thread]);
            let Pause::Operation(Operation::Sync(object, sync)) = &local.pause else { continue };
            let owner = self.owner_of(state, *object);
            let is_own = owner == Some(Some(thread as u8));
            match sync {
                Sync::Acquire(Patience::Forever) => {}
                Sync::Acquire(_) | Sync::Locked => self.peeks = true,
                Sync::Release(_) if is_own && self.is_drained(state, thread) => hurried = hurried.or(Some(thread)),
                Sync::Release(_) | Sync::Notify(_) | Sync::Sleep(_) => self.peeks |= owner.is_some() && !is_own,
                _ => {}
            }
        }
        hurried
    }

    /// Who has taken a lock, or the lock of a condition; `None` for what is neither.
    fn owner_of(&mut self, state: &State, object: Reference) -> Option<Option<u8>> {
        match &self.body(state, object.id).body {
            Body::Lock { owner } | Body::RLock { owner, .. } => Some(*owner),
            Body::Condition { lock, .. } => {
                let lock = *lock;
                self.owner_of(state, lock)
            }
            _ => None,
        }
    }
}
