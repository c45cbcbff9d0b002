//! How a worker process comes to be: the executable started anew, or a clean process forked.

use super::link::WorkerEnds;
use super::worker::{BRIEFING_FD, Briefing, ONE_FD, TWO_FD};
use crate::doors::children::{Child, Spawn, Stream};
use crate::pool::floor::Floor;
use crate::pool::handed::{MEMORY_FD, brief};
use crate::wire::{PoolPlan, Start, WorkerId};
use rustix::net::{
    AddressFamily, SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketFlags, SocketType, socketpair,
};
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

/// What makes workers.
pub(super) struct Births {
    floor: Arc<Floor>,
    /// The plan, as a file that every worker can read.
    briefing: OwnedFd,
    forkserver: Option<Forkserver>,
    start: Start,
}

struct Forkserver {
    control: OwnedFd,
    /// Killed and reaped when dropped.
    _child: Child,
}

impl Births {
    pub(super) fn new(floor: &Arc<Floor>) -> io::Result<Births> {
        let briefing = brief(&Briefing { plan: floor.plan.clone(), first_lock: floor.first_lock })?;
        let start = match floor.plan.pool {
            PoolPlan::Processes { start, .. } => start,
            _ => Start::Spawn,
        };
        Ok(Births { floor: Arc::clone(floor), briefing, forkserver: None, start })
    }

    /// Makes a worker.
    ///
    /// # Errors
    /// What the system says where it gives no process or descriptor.
    pub(super) fn make(&mut self, id: WorkerId, ends: &WorkerEnds) -> io::Result<Child> {
        match self.start {
            Start::Spawn => self.spawn(id, ends),
            Start::Forkserver => self.fork(id, ends),
        }
    }

    fn memory(&self) -> io::Result<&OwnedFd> {
        self.floor.memory.as_ref().ok_or_else(|| io::Error::other("the blocks of this lane are not shared"))
    }

    fn spawn(&self, id: WorkerId, ends: &WorkerEnds) -> io::Result<Child> {
        let inherit = vec![
            (self.memory()?.as_fd(), MEMORY_FD),
            (ends.one.as_fd(), ONE_FD),
            (ends.two.as_fd(), TWO_FD),
            (self.briefing.as_fd(), BRIEFING_FD),
        ];
        let (die_with, stderr) = (true, Stream::Inherit);
        Spawn { inherit, die_with, stderr, ..Spawn::own(["worker".to_string(), id.to_string()]) }.start()
    }

    fn fork(&mut self, id: WorkerId, ends: &WorkerEnds) -> io::Result<Child> {
        let made = self.forkserver().and_then(|server| server.fork(id, ends));
        if made.is_err() {
            // It may be what is broken: the next worker gets a new one.
            self.forkserver = None;
        }
        made
    }

    fn forkserver(&mut self) -> io::Result<&mut Forkserver> {
        if self.forkserver.is_none() {
            let (control, theirs) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
            let inherit = vec![
                (self.memory()?.as_fd(), MEMORY_FD),
                (theirs.as_fd(), ONE_FD),
                (self.briefing.as_fd(), BRIEFING_FD),
            ];
            let (die_with, stderr) = (true, Stream::Inherit);
            let child = Spawn { inherit, die_with, stderr, ..Spawn::own(["forkserver"]) }.start()?;
            self.forkserver = Some(Forkserver { control, _child: child });
        }
        self.forkserver.as_mut().ok_or_else(|| io::Error::other("no forkserver"))
    }
}

impl Forkserver {
    fn fork(&mut self, id: WorkerId, ends: &WorkerEnds) -> io::Result<Child> {
        let fds = [ends.one.as_fd(), ends.two.as_fd()];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !ancillary.push(SendAncillaryMessage::ScmRights(&fds)) {
            return Err(io::Error::other("no room for two descriptors"));
        }
        let id = id.0.to_le_bytes();
        rustix::net::sendmsg(&self.control, &[IoSlice::new(&id)], &mut ancillary, SendFlags::NOSIGNAL)?;
        let mut answer = [0; 8];
        if rustix::io::read(&self.control, &mut answer)? != answer.len() {
            return Err(io::Error::other("the forkserver is gone"));
        }
        match i64::from_le_bytes(answer) {
            error @ ..=0 => Err(io::Error::from_raw_os_error(error.unsigned_abs() as i32)),
            pid => Child::adopt(pid as u32).ok_or_else(|| io::Error::other("the forkserver named no process")),
        }
    }
}
