//! The three transports: pipes, a socket pair, rings in shared memory. Each has the lane's end, which never waits, and the
//! worker's end, which does.

use super::ring::Rings;
use crate::system;
use crate::telemetry::Arena;
use crate::wire::Transport;
use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
use rustix::pipe::{PipeFlags, pipe_with};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// The lane's end.
#[derive(Debug)]
pub(super) enum Link {
    Pipe { requests: Option<OwnedFd>, replies: OwnedFd },
    Socket(OwnedFd),
    Rings(Rings),
}

/// What a worker is given: its end, as two descriptors (for a socket, twice the same).
#[derive(Debug)]
pub(super) struct WorkerEnds {
    pub(super) one: OwnedFd,
    pub(super) two: OwnedFd,
}

impl Link {
    /// Both ends. `bell` is what a worker with rings wakes the lane by.
    pub(super) fn make(transport: Transport, bell: BorrowedFd) -> io::Result<(Link, WorkerEnds)> {
        crate::doors::faults::check(crate::doors::faults::Want::File)?;
        match transport {
            Transport::Pipe => {
                let (requests_out, requests) = pipe_with(PipeFlags::CLOEXEC)?;
                let (replies, replies_in) = pipe_with(PipeFlags::CLOEXEC)?;
                system::set_nonblocking(&requests)?;
                system::set_nonblocking(&replies)?;
                Ok((
                    Link::Pipe { requests: Some(requests), replies },
                    WorkerEnds { one: requests_out, two: replies_in },
                ))
            }
            Transport::Socket => {
                let (lane, worker) = socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
                system::set_nonblocking(&lane)?;
                let two = worker.try_clone()?;
                Ok((Link::Socket(lane), WorkerEnds { one: worker, two }))
            }
            Transport::SharedMemory => {
                let (rings, memory) = Rings::make()?;
                Ok((Link::Rings(rings), WorkerEnds { one: memory, two: bell.try_clone_to_owned()? }))
            }
        }
    }

    /// The descriptor that becomes readable when replies come; rings have none, and ring the bell.
    pub(super) fn readable(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Link::Pipe { replies, .. } => Some(replies.as_fd()),
            Link::Socket(socket) => Some(socket.as_fd()),
            Link::Rings(_) => None,
        }
    }

    /// The descriptor that becomes writable when there is room again.
    pub(super) fn writable(&self) -> Option<BorrowedFd<'_>> {
        match self {
            Link::Pipe { requests, .. } => requests.as_ref().map(AsFd::as_fd),
            Link::Socket(socket) => Some(socket.as_fd()),
            Link::Rings(_) => None,
        }
    }

    /// Sends as much as there is room for.
    pub(super) fn send(&self, bytes: &[u8]) -> usize {
        match self {
            // A worker that is gone takes nothing; that it is gone is noticed elsewhere.
            Link::Pipe { requests: Some(requests), .. } => rustix::io::write(requests, bytes).unwrap_or(0),
            Link::Pipe { requests: None, .. } => 0,
            Link::Socket(socket) => rustix::net::send(socket, bytes, rustix::net::SendFlags::NOSIGNAL).unwrap_or(0),
            Link::Rings(rings) => rings.send(bytes),
        }
    }

    /// Receives what is there; 0 where nothing is.
    pub(super) fn receive(&self, bytes: &mut [u8]) -> usize {
        match self {
            Link::Pipe { replies, .. } => rustix::io::read(replies, bytes).unwrap_or(0),
            Link::Socket(socket) => rustix::io::read(socket, bytes).unwrap_or(0),
            Link::Rings(rings) => rings.receive(bytes),
        }
    }

    /// Whether rings hold replies that no bell told of yet.
    pub(super) fn has_replies(&self) -> bool {
        matches!(self, Link::Rings(rings) if rings.has_replies())
    }

    /// Says that no more requests will come: a worker ends when it has done those that did.
    pub(super) fn close(&mut self) {
        match self {
            // The pipe ends when nobody can write to it any more.
            Link::Pipe { requests, .. } => *requests = None,
            Link::Socket(socket) => {
                // It fails only where the worker has gone first.
                let _ = rustix::net::shutdown(socket, rustix::net::Shutdown::Write);
            }
            Link::Rings(rings) => rings.close(),
        }
    }
}

/// The bell: an event descriptor that wakes the lane's hub.
pub(super) fn make_bell() -> io::Result<OwnedFd> {
    Ok(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?)
}

/// Rings it.
pub(super) fn ring(bell: impl AsFd) {
    // It can only fail when it has been rung 2^64 times without anybody listening.
    let _ = rustix::io::write(bell, &1u64.to_ne_bytes());
}

/// Silences it.
pub(super) fn silence(bell: impl AsFd) {
    let _ = rustix::io::read(bell, &mut [0; 8]);
}

/// The worker's end.
#[derive(Debug)]
pub(super) enum WorkerLink {
    Stream { requests: OwnedFd, replies: OwnedFd },
    Rings { rings: Rings, bell: OwnedFd, arena: Arena },
}

impl WorkerLink {
    /// Of the descriptors that the worker was given.
    pub(super) fn attach(transport: Transport, ends: WorkerEnds, arena: Arena) -> io::Result<WorkerLink> {
        Ok(match transport {
            Transport::Pipe | Transport::Socket => WorkerLink::Stream { requests: ends.one, replies: ends.two },
            Transport::SharedMemory => WorkerLink::Rings { rings: Rings::attach(ends.one)?, bell: ends.two, arena },
        })
    }

    /// Waits for requests and reads them; none at the end.
    pub(super) fn receive(&self, bytes: &mut [u8]) -> io::Result<Option<usize>> {
        match self {
            WorkerLink::Stream { requests, .. } => loop {
                match rustix::io::read(requests, &mut *bytes) {
                    Ok(0) => return Ok(None),
                    Ok(count) => return Ok(Some(count)),
                    Err(Errno::INTR) => {}
                    Err(error) => return Err(error.into()),
                }
            },
            WorkerLink::Rings { rings, bell, arena } => Ok(rings.next_requests(bytes, || wake_hub(*arena, bell))),
        }
    }

    /// Sends replies, waiting for room.
    pub(super) fn send(&self, bytes: &[u8]) -> io::Result<()> {
        match self {
            WorkerLink::Stream { replies, .. } => {
                let mut left = bytes;
                while !left.is_empty() {
                    match rustix::io::write(replies, left) {
                        Ok(count) => left = &left[count..],
                        Err(Errno::INTR) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
            }
            WorkerLink::Rings { rings, bell, arena } => rings.reply(bytes, || wake_hub(*arena, bell)),
        }
        Ok(())
    }
}

/// Rings the bell, if the hub sleeps.
pub(super) fn wake_hub(arena: Arena, bell: impl AsFd) {
    use std::sync::atomic::{Ordering, fence};
    // Pairs with the fence in Hub::sleep: either the hub sees what we did, or we see that it sleeps.
    fence(Ordering::SeqCst);
    let asleep = arena.hub_asleep();
    if asleep.load(Ordering::Relaxed) != 0 && asleep.swap(0, Ordering::SeqCst) != 0 {
        ring(bell);
    }
}
