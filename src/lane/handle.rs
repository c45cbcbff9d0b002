//! The parent's end of a lane: starts its process, writes orders, reads frames.
//!
//! Nothing here ever waits for the lane. Orders go into a pipe that does not block: a lane that reads none, because it is
//! stopped, misses them, and the caller is told. Frames are read by a thread of their own, line by line, with a bound on a
//! line's length and on lines a second, so a lane that floods or never ends its line costs a bounded amount of memory and
//! CPU here, and waits there.

use crate::doors::children::{Child, Spawn, Stream};
use crate::doors::last_words::LastWords;
use crate::doors::{clock, threads};
use crate::pool::INPUTS_FD;
use crate::wire::{self, Body, Exit, Frame, Inputs, LANE_SUBCOMMAND, LaneId, LanePlan, Order};
use crossbeam_channel::Sender;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::PathBuf;
use std::time::Duration;

/// Lines a second that are read without making the lane wait: a lane's own rate is ten.
const LINES_PER_S: u64 = 500;

/// How long a lane that runs programs of the user's may take to end: longer than it waits for them.
const END_PATIENCE_NS: u64 = 600_000_000;

/// What came from a lane.
#[derive(Debug)]
pub enum Heard {
    /// A frame, and the line that it came in.
    Frame(Box<Frame>, String),
    /// A line that is no frame, and why.
    Unreadable(String),
    /// The end of its output.
    Closed,
}

/// The parent's end of a lane.
#[derive(Debug)]
pub struct Handle {
    id: LaneId,
    child: Child,
    orders: Option<File>,
    errors: LastWords,
    /// Whether it has something to end in good order: programs of the user's.
    is_waited_for: bool,
}

impl Handle {
    /// Starts a lane's process and tells it its plan. `program` replaces our own executable, for tests; `stdin` is what a
    /// lane reads that runs a command on standard input.
    ///
    /// The lane dies with the calling thread, so call this from one that lives as long as the run.
    ///
    /// # Errors
    /// What the system says where it gives no process, pipe or thread.
    pub fn start(
        plan: &LanePlan,
        (start_ns, tick_ms, paused): (u64, u64, bool),
        program: Option<&PathBuf>,
        stdin: Option<&OwnedFd>,
        heard: Sender<(LaneId, Heard)>,
    ) -> io::Result<Handle> {
        let id = plan.id;
        let is_on_stdin = plan.pool.command().is_some_and(|plan| matches!(plan.inputs, Inputs::Stdin { .. }));
        let lent = stdin.filter(|_| is_on_stdin).map(|stdin| (stdin.as_fd(), INPUTS_FD));
        let mut child = Spawn {
            inherit: lent.into_iter().collect(),
            program: program.cloned(),
            own_session: true,
            die_with: true,
            stdin: Stream::Piped,
            stdout: Stream::Piped,
            stderr: Stream::Piped,
            ..Spawn::own([LANE_SUBCOMMAND])
        }
        .start()?;
        let missing = || io::Error::other("a pipe to the lane is missing");
        let orders = child.take_stdin().ok_or_else(missing)?;
        crate::system::set_nonblocking(&orders)?;
        let frames = child.take_stdout().ok_or_else(missing)?;
        let errors = child.take_stderr().ok_or_else(missing)?;
        threads::spawn(&format!("lane {id} frames"), move || read_frames(id, frames, &heard))?.detach();
        let errors = LastWords::of(&format!("lane {id} errors"), errors)?;
        let is_waited_for = plan.pool.command().is_some();
        let orders = Some(File::from(OwnedFd::from(orders)));
        let mut handle = Handle { id, child, orders, errors, is_waited_for };
        let plan = Box::new(plan.clone());
        match handle.order(&Order::Start { plan, start_ns, tick_ms, paused }) {
            // It has ended already: how, and with what words, is told as of any other.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(handle),
        }
    }

    /// The lane's number.
    pub fn id(&self) -> LaneId {
        self.id
    }

    /// The lane's process.
    pub fn pid(&self) -> u32 {
        self.child.pid()
    }

    /// Writes an order.
    ///
    /// # Errors
    /// Where the lane is gone, or so far behind with reading that its pipe is full.
    pub fn order(&mut self, order: &Order) -> io::Result<()> {
        let orders = self.orders.as_mut().ok_or_else(|| io::Error::from(io::ErrorKind::BrokenPipe))?;
        // Well below what a pipe takes as a whole, so that no order is cut.
        orders.write_all(wire::encode_order(order).as_bytes())
    }

    /// How the process ended; none while it lives.
    pub fn exit(&mut self) -> Option<Exit> {
        self.child.try_wait()
    }

    /// The last lines that it wrote to its standard error, once it has ended: waits a little for what is still in the pipe.
    pub fn last_words(&self) -> String {
        self.errors.text()
    }

    /// Has it end by itself, in good order, if it still can.
    pub fn let_go(&mut self) {
        // The end of its orders.
        self.orders = None;
    }

    /// Ends the lane and everything in its session, whatever it is doing. One that runs programs of the user's is waited for
    /// a moment, in which it asks them to end.
    pub fn end(&mut self) -> Exit {
        self.let_go();
        let by_ns = clock::monotonic_ns() + if self.is_waited_for { END_PATIENCE_NS } else { 0 };
        while clock::monotonic_ns() < by_ns && self.child.try_wait().is_none() {
            clock::sleep(Duration::from_millis(2));
        }
        self.child.kill_session();
        self.child.wait()
    }
}

fn read_frames(id: LaneId, from: impl Read, heard: &Sender<(LaneId, Heard)>) {
    let mut lines = BufReader::with_capacity(64 << 10, from);
    let (mut second_ns, mut this_second) = (clock::monotonic_ns(), 0);
    let mut line = Vec::new();
    loop {
        line.clear();
        let read = (&mut lines).take(wire::LINE_BYTES_MAX as u64).read_until(b'\n', &mut line);
        let message = match read {
            Err(_) | Ok(0) => break,
            Ok(_) if line.last() != Some(&b'\n') && line.len() >= wire::LINE_BYTES_MAX => {
                // What follows cannot be told from a new line: stop reading, and the lane will block and be ended.
                let _ =
                    heard.send((id, Heard::Unreadable(format!("a line of more than {} bytes", wire::LINE_BYTES_MAX))));
                break;
            }
            Ok(_) if line.last() != Some(&b'\n') => Heard::Unreadable("half a line, at the end".to_string()),
            Ok(_) => understand(id, &line),
        };
        if heard.send((id, message)).is_err() {
            return;
        }
        this_second += 1;
        if this_second > LINES_PER_S {
            let left_ns = (second_ns + 1_000_000_000).saturating_sub(clock::monotonic_ns());
            clock::sleep(Duration::from_nanos(left_ns));
        }
        if clock::monotonic_ns() >= second_ns + 1_000_000_000 {
            (second_ns, this_second) = (clock::monotonic_ns(), 0);
        }
    }
    // The receiver may have gone first.
    let _ = heard.send((id, Heard::Closed));
}

/// A line from a lane: a frame of its own, or not.
fn understand(id: LaneId, line: &[u8]) -> Heard {
    match wire::decode_frame(line) {
        Ok(frame) if frame.lane != Some(id) => Heard::Unreadable("a frame in another lane's name".to_string()),
        Ok(frame) if !matches!(frame.body, Body::Hello(_) | Body::Tick(_) | Body::Flight { .. }) => {
            Heard::Unreadable("a frame of a kind that is not a lane's to send".to_string())
        }
        Ok(frame) => Heard::Frame(Box::new(frame), String::from_utf8_lossy(line).into_owned()),
        Err(error) => Heard::Unreadable(error.to_string()),
    }
}
