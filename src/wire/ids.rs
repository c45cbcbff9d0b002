//! Names for things, as types: a worker's number can never be taken for a lane's.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A lane, counted from 1 as on the screen and in `--set lane.2.workers=8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LaneId(pub u16);

impl LaneId {
    /// The lane's place in a list of lanes, counted from 0.
    ///
    /// `None` for the number 0, which no lane bears.
    pub fn index(self) -> Option<usize> {
        usize::from(self.0).checked_sub(1)
    }

    /// The lane at `index` of a list, counted from 0.
    pub fn of_index(index: usize) -> Self {
        LaneId(u16::try_from(index + 1).unwrap_or(u16::MAX))
    }
}

impl fmt::Display for LaneId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}

/// A worker of a lane, counted from 0. A worker that replaces a dead one takes over its number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkerId(pub u32);

impl WorkerId {
    /// Whoever submits tasks, where it runs one itself or holds a lock.
    pub const CALLER: WorkerId = WorkerId(u32::MAX - 1);
}

impl fmt::Display for WorkerId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.0)
    }
}

/// A lock of a lane, counted from 0 in the order in which its hello names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LockId(pub u16);
