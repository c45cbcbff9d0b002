//! The worker process: attaches to the lane's blocks, reads requests, runs their tasks, replies.
//!
//! It takes orders from nobody: the gate and the crash word in its block are the lane's, and when its requests end, it ends.

use super::link::{WorkerEnds, WorkerLink};
use super::message::{Inbox, Reply, put_reply, take_request};
use crate::doors::children::{Forked, fork_sibling};
use crate::pool::floor::{Floor, quiet_panics, run_item};
use crate::pool::handed::{MEMORY_FD, inherited, read_briefing};
use crate::system;
use crate::telemetry::{Arena, Recorder};
use crate::wire::{LanePlan, LockId, PoolPlan, WorkerId};
use crate::workload;
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags};
use serde::{Deserialize, Serialize};
use std::io::{self, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{OwnedFd, RawFd};
use std::process::ExitCode;

/// The numbers under which a worker finds what it was given.
pub(super) const ONE_FD: RawFd = 4;
pub(super) const TWO_FD: RawFd = 5;
pub(super) const BRIEFING_FD: RawFd = 6;

/// How long replies may wait to be sent together.
const TOGETHER_NS: u64 = 50_000;

/// What a worker is told before it begins.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Briefing {
    pub(super) plan: LanePlan,
    pub(super) first_lock: LockId,
}

/// The main of a worker process that was started as a program of its own. `id` is its number.
///
/// # Errors
/// Where what it was given is not what a lane of this build gives.
pub fn worker_main(id: u32) -> io::Result<ExitCode> {
    let _ = system::set_thread_name("poolscope task");
    quiet_panics();
    let arena = Arena::attach(inherited(MEMORY_FD)?)?;
    let briefing = read_briefing(inherited(BRIEFING_FD)?)?;
    let ends = WorkerEnds { one: inherited(ONE_FD)?, two: inherited(TWO_FD)? };
    work(WorkerId(id), arena, briefing, ends)
}

/// The main of the process that a lane's workers are forked from: it has one thread, and forks a worker whenever it is
/// told to, with the two descriptors that come along.
///
/// # Errors
/// As for [`worker_main`].
pub fn forkserver_main() -> io::Result<ExitCode> {
    let _ = system::set_thread_name("poolscope fork");
    quiet_panics();
    let memory = inherited(MEMORY_FD)?;
    let control = inherited(ONE_FD)?;
    let briefing = inherited(BRIEFING_FD)?;
    while let Some((id, ends)) = next_birth(&control)? {
        match fork_sibling() {
            Ok(Forked::New) => {
                drop(control);
                let _ = system::set_thread_name("poolscope task");
                let arena = Arena::attach(memory)?;
                return work(id, arena, read_briefing(briefing)?, ends);
            }
            Ok(Forked::Caller(pid)) => answer(&control, i64::from(pid))?,
            Err(error) => answer(&control, -i64::from(error.raw_os_error().unwrap_or(libc::EAGAIN)))?,
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// A worker's number and its descriptors; none when the lane is gone.
fn next_birth(control: &OwnedFd) -> io::Result<Option<(WorkerId, WorkerEnds)>> {
    let mut id = [0; 4];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(2))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let got = rustix::net::recvmsg(control, &mut [IoSliceMut::new(&mut id)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    if got.bytes == 0 {
        return Ok(None);
    }
    let mut ends = ancillary.drain().flat_map(|message| match message {
        RecvAncillaryMessage::ScmRights(fds) => fds.collect::<Vec<_>>(),
        _ => Vec::new(),
    });
    match (ends.next(), ends.next()) {
        (Some(one), Some(two)) => Ok(Some((WorkerId(u32::from_le_bytes(id)), WorkerEnds { one, two }))),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "a birth without two descriptors")),
    }
}

fn answer(control: &OwnedFd, answer: i64) -> io::Result<()> {
    rustix::net::send(control, &answer.to_le_bytes(), rustix::net::SendFlags::NOSIGNAL)?;
    Ok(())
}

fn work(id: WorkerId, arena: Arena, briefing: Briefing, ends: WorkerEnds) -> io::Result<ExitCode> {
    let PoolPlan::Processes { transport, .. } = briefing.plan.pool else {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "not the plan of a process pool"));
    };
    crate::pool::threads::settle_in(&briefing.plan, id);
    let link = WorkerLink::attach(transport, ends, arena)?;
    let work = workload::build(&briefing.plan, arena, briefing.first_lock)?;
    let locks = (LockId(0), briefing.first_lock);
    let floor = Floor::new(briefing.plan, arena, None, work, locks);
    let mut recorder = Recorder::new(arena, id, floor.plan.telemetry);
    serve(&link, &floor, &mut recorder)?;
    recorder.close();
    Ok(ExitCode::SUCCESS)
}

/// Requests in, replies out, until the requests end.
fn serve(link: &WorkerLink, floor: &Floor, recorder: &mut Recorder) -> io::Result<()> {
    let mut inbox = Inbox::default();
    let mut replies = Vec::new();
    let mut payload = Vec::new();
    put_reply(&mut replies, Reply { first: 0, count: 0 }, &[]);
    loop {
        link.send(&replies)?;
        replies.clear();
        let mut over = false;
        inbox.fill(|room| {
            let count = link.receive(room)?;
            over = count.is_none();
            Ok(count.unwrap_or(0))
        })?;
        if over {
            return Ok(());
        }
        let mut first_ns = None;
        while let Some((item, body, length)) = take_request(inbox.bytes()) {
            // Taken out of the transport and sent back: what a payload costs is these two copies and the transport's own.
            payload.clear();
            payload.extend_from_slice(body);
            inbox.take(length);
            run_item(item, floor, recorder);
            put_reply(&mut replies, Reply { first: item.first, count: item.count }, &payload);
            let now_ns = recorder.now_ns();
            if now_ns.saturating_sub(*first_ns.get_or_insert(now_ns)) > TOGETHER_NS || replies.len() > 32 << 10 {
                link.send(&replies)?;
                replies.clear();
                first_ns = None;
            }
        }
    }
}
