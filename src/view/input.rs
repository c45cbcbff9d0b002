//! The only reader of the terminal, and of signals: both become messages on one channel.
//!
//! Three threads, made at the first run and kept until the process ends (a thread that waits for a key cannot be called
//! back without losing the key):
//!
//! ```text
//! keys     crossterm's blocking read ──┐
//! signals  INT TERM HUP QUIT TSTP …  ──┼──▶ Input ──▶ run
//! hang-up  poll(2) on stdin          ──┘
//! ```
//!
//! The last is needed because crossterm 0.29 spins for ever when the terminal goes away (its issue 793).

use super::commands::Key;
use crate::doors::{clock, threads};
use crossbeam_channel::{Receiver, Sender, bounded};
use crossterm::event::{self, Event, KeyCode, KeyEventKind, KeyModifiers};
use rustix::event::{PollFd, PollFlags, poll};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// What comes from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    Key(Key),
    /// The size may have changed: ask for it.
    Resized,
    Attention(bool),
    /// Ctrl-Z from another process.
    Stop,
    /// The process goes on after having been stopped.
    Continued,
    /// A signal asks for the end.
    End(i32),
    /// The terminal is gone.
    HungUp,
}

/// Nobody types faster than this is read; a paste into a stuck screen may wait in the kernel.
const WAITING_MAX: usize = 256;

/// How long the program may take to end after the terminal is gone, before this thread ends it.
const HANG_UP_GRACE: Duration = Duration::from_secs(2);

static INPUT: Mutex<Option<Receiver<Input>>> = Mutex::new(None);

/// Whether a screen listens. Where none does, signals do what they do by default.
static LISTENING: AtomicBool = AtomicBool::new(false);

/// Whether the terminal was found to be gone. The program is ending then, and the hang-up signal, which may come later
/// than the news, must not cut that short.
static HUNG_UP: AtomicBool = AtomicBool::new(false);

/// Listens while it lives.
pub(super) struct Listener(pub(super) Receiver<Input>);

impl Drop for Listener {
    fn drop(&mut self) {
        LISTENING.store(false, Ordering::SeqCst);
    }
}

/// Starts to listen.
///
/// # Errors
/// Where the system gives no threads or signal handlers.
pub(super) fn listen() -> io::Result<Listener> {
    let mut input = INPUT.lock().unwrap_or_else(PoisonError::into_inner);
    let receiver = match &*input {
        Some(receiver) => receiver.clone(),
        None => {
            let receiver = start()?;
            *input = Some(receiver.clone());
            receiver
        }
    };
    // What came while nobody listened was not meant for this screen.
    while receiver.try_recv().is_ok() {}
    LISTENING.store(true, Ordering::SeqCst);
    Ok(Listener(receiver))
}

fn start() -> io::Result<Receiver<Input>> {
    let (sender, receiver) = bounded(WAITING_MAX);
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGCONT, SIGWINCH])?;
    let to = sender.clone();
    threads::spawn("view-signals", move || {
        for signal in &mut signals {
            take_signal(signal, &to);
        }
    })?
    .detach();
    let to = sender.clone();
    threads::spawn("view-hang-up", move || watch_for_hang_up(&to))?.detach();
    threads::spawn("view-keys", move || read_keys(&sender))?.detach();
    Ok(receiver)
}

fn take_signal(signal: i32, to: &Sender<Input>) {
    if signal == SIGHUP && HUNG_UP.load(Ordering::SeqCst) {
        return;
    }
    if !LISTENING.load(Ordering::SeqCst) {
        if signal != SIGWINCH && signal != SIGCONT {
            let _ = emulate_default_handler(signal);
        }
        return;
    }
    let input = match signal {
        SIGTSTP => Input::Stop,
        SIGCONT => Input::Continued,
        SIGWINCH => Input::Resized,
        SIGHUP => {
            HUNG_UP.store(true, Ordering::SeqCst);
            Input::HungUp
        }
        signal => Input::End(signal),
    };
    let _ = to.send(input);
}

fn watch_for_hang_up(to: &Sender<Input>) {
    loop {
        let stdin = io::stdin();
        let mut waited = [PollFd::new(&stdin, PollFlags::empty())];
        match poll(&mut waited, None) {
            Ok(_) if waited[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) => break,
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(_) => return,
        }
    }
    HUNG_UP.store(true, Ordering::SeqCst);
    // Not `send`: the channel may be full of keys that a screen stuck in a write does not read.
    let _ = to.try_send(Input::HungUp);
    clock::sleep(HANG_UP_GRACE);
    #[expect(clippy::disallowed_methods, reason = "the terminal is gone, and the screen hangs in a write to it")]
    std::process::exit(129);
}

fn read_keys(to: &Sender<Input>) {
    loop {
        let input = match event::read() {
            Ok(event) => of_event(&event),
            // The terminal is gone; the hang-up thread knows better, and this one must not spin.
            Err(_) => return,
        };
        if input.is_some_and(|input| to.send(input).is_err()) {
            return;
        }
    }
}

fn of_event(event: &Event) -> Option<Input> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => of_key(key.code, key.modifiers).map(Input::Key),
        Event::Resize(..) => Some(Input::Resized),
        Event::FocusGained => Some(Input::Attention(true)),
        Event::FocusLost => Some(Input::Attention(false)),
        _ => None,
    }
}

fn of_key(code: KeyCode, modifiers: KeyModifiers) -> Option<Key> {
    let is_control = modifiers.contains(KeyModifiers::CONTROL);
    // Alt is an Esc that came together with a letter over a slow line: neither is guessed at.
    if modifiers.contains(KeyModifiers::ALT) {
        return None;
    }
    Some(match code {
        KeyCode::Char(letter) if is_control => Key::Ctrl(letter.to_ascii_lowercase()),
        KeyCode::Char(letter) => Key::Char(letter),
        KeyCode::F(number) => Key::F(number),
        KeyCode::Tab => Key::Tab,
        KeyCode::BackTab => Key::BackTab,
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        _ => return None,
    })
}
