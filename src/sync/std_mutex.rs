//! `std`: the standard library's mutex. A panic in a body does not poison what follows: nothing is stored inside.

use super::lock::Raw;
use crate::wire::WorkerId;
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

impl Raw for Mutex<()> {
    type Held<'a> = MutexGuard<'a, ()>;

    #[inline]
    fn try_acquire(&self, _by: WorkerId) -> Option<MutexGuard<'_, ()>> {
        match self.try_lock() {
            Ok(held) => Some(held),
            Err(TryLockError::Poisoned(held)) => Some(held.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn acquire(&self, _by: WorkerId) -> MutexGuard<'_, ()> {
        self.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
