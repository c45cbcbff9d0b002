//! `rwlock`: the standard library's reader-writer lock. `Lock::with` writes, `Lock::with_read` reads.

use super::lock::Raw;
use crate::wire::WorkerId;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard, TryLockError};

impl Raw for RwLock<()> {
    type Held<'a> = RwLockWriteGuard<'a, ()>;

    #[inline]
    fn try_acquire(&self, _by: WorkerId) -> Option<RwLockWriteGuard<'_, ()>> {
        match self.try_write() {
            Ok(held) => Some(held),
            Err(TryLockError::Poisoned(held)) => Some(held.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn acquire(&self, _by: WorkerId) -> RwLockWriteGuard<'_, ()> {
        self.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The lock as its readers see it.
pub(super) struct Reading<'l>(pub(super) &'l RwLock<()>);

impl Raw for Reading<'_> {
    type Held<'a>
        = RwLockReadGuard<'a, ()>
    where
        Self: 'a;

    #[inline]
    fn try_acquire(&self, _by: WorkerId) -> Option<RwLockReadGuard<'_, ()>> {
        match self.0.try_read() {
            Ok(held) => Some(held),
            Err(TryLockError::Poisoned(held)) => Some(held.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }

    fn acquire(&self, _by: WorkerId) -> RwLockReadGuard<'_, ()> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}
