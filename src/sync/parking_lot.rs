//! `parking-lot`: the mutex of the crate of that name; one byte, its waiters parked in a table of the process.

use super::lock::Raw;
use crate::wire::WorkerId;
use parking_lot::{Mutex, MutexGuard};

impl Raw for Mutex<()> {
    type Held<'a> = MutexGuard<'a, ()>;

    #[inline]
    fn try_acquire(&self, _by: WorkerId) -> Option<MutexGuard<'_, ()>> {
        self.try_lock()
    }

    fn acquire(&self, _by: WorkerId) -> MutexGuard<'_, ()> {
        self.lock()
    }
}
