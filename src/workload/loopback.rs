//! `loopback`: sends to an echo on 127.0.0.1 and reads back. A unit is 1 KiB, there and back again before the next; a
//! task makes the sum of the words that it read.
//!
//! The echo is a thread in the worker's own process, started by the first task (not by `build`: a process that builds
//! may be one that only forks). Connections are kept for the next task: there are as many as tasks at once, each with an
//! echoing thread of its own.

use super::file::fill;
use super::numbers::{mixed, run_of};
use super::{Task, Work};
use crate::doors::faults::{self, Want};
use crate::doors::threads;
use crate::telemetry::Recorder;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Mutex, PoisonError};

const UNIT_BYTES: usize = 1024;
const UNIT_WORDS: u64 = UNIT_BYTES as u64 / 8;

#[derive(Default)]
pub(super) struct Loopback {
    echo: Mutex<Option<SocketAddr>>,
    idle: Mutex<Vec<TcpStream>>,
}

impl Loopback {
    fn connection(&self) -> io::Result<TcpStream> {
        if let Some(idle) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(idle);
        }
        faults::check(Want::File)?;
        let stream = TcpStream::connect(self.address()?)?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn address(&self) -> io::Result<SocketAddr> {
        let mut echo = self.echo.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(address) = *echo {
            return Ok(address);
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        threads::spawn("echo", move || accept(&listener))?.detach();
        Ok(*echo.insert(address))
    }
}

impl Work for Loopback {
    fn run(&self, task: Task, recorder: &mut Recorder) -> u64 {
        let told = |error: io::Error| -> u64 { panic!("echo on 127.0.0.1: {error}") };
        if task.units == 0 {
            return 0;
        }
        let mut stream = match recorder.blocked(|| self.connection()) {
            Ok(stream) => stream,
            Err(error) => return told(error),
        };
        let mut sum = 0u64;
        for unit in 0..u64::from(task.units) {
            let first = mixed(task.id).wrapping_add(unit * UNIT_WORDS);
            match exchange(&mut stream, first, recorder) {
                Ok(part) => sum = sum.wrapping_add(part),
                Err(error) => return told(error),
            }
        }
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(stream);
        sum
    }

    fn reference(&self, task: Task) -> u64 {
        run_of(mixed(task.id), u64::from(task.units) * UNIT_WORDS)
    }
}

/// Sends one unit and reads it back.
fn exchange(stream: &mut TcpStream, first: u64, recorder: &mut Recorder) -> io::Result<u64> {
    let mut bytes = [0u8; UNIT_BYTES];
    fill(&mut bytes, first);
    recorder.blocked(|| {
        stream.write_all(&bytes)?;
        bytes.fill(0);
        stream.read_exact(&mut bytes)
    })?;
    let (words, _) = bytes.as_chunks::<8>();
    Ok(words.iter().fold(0u64, |sum, word| sum.wrapping_add(u64::from_le_bytes(*word))))
}

fn accept(listener: &TcpListener) {
    for stream in listener.incoming().flatten() {
        // Without a thread for it, the connection is closed, and its task fails.
        if let Ok(thread) = threads::spawn("echo", move || echo(stream)) {
            thread.detach();
        }
    }
}

fn echo(mut stream: TcpStream) {
    let _ = stream.set_nodelay(true);
    let mut bytes = [0u8; UNIT_BYTES];
    while let Ok(length @ 1..) = stream.read(&mut bytes) {
        if stream.write_all(&bytes[..length]).is_err() {
            break;
        }
    }
}
