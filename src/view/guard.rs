//! The terminal's modes: taken once, given back exactly once, however the program ends.
//!
//! ```text
//! in:  termios saved → raw → alternate screen → cursor hidden → mouse → focus reports
//! out: synchronized output off → mouse off → focus reports off → plain look → primary screen → cursor shown → termios
//! ```
//!
//! ratatui's own panic hook gives the terminal back for a panic on *any* thread; here only the thread that draws may do
//! that. Whatever other threads say when they panic is kept, and told after the screen is gone.

use crate::system::{no_terminal_to_restore, restore_terminal_on_crash};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use std::collections::VecDeque;
use std::io::{self, IsTerminal, Write};
use std::panic::{self, PanicHookInfo};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::thread::{self, ThreadId};

const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[?1004h";
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[?1006l\x1b[?1002l\x1b[?1000l\x1b[?1004l\x1b[m\x1b[?1049l\x1b[?25h";

/// Presses, drags and the wheel; never motion without a button, which over ssh would be traffic for nothing.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1002l\x1b[?1000l";

/// Whether the mouse is ours while the terminal is.
static MOUSE: AtomicBool = AtomicBool::new(false);

/// Whether the terminal is in our modes: whoever makes it false gives them back.
static IN_OUR_MODES: AtomicBool = AtomicBool::new(false);

/// What must be given back, and who may do so in a panic.
static BEFORE: Mutex<Option<(Termios, ThreadId)>> = Mutex::new(None);

/// What other threads said when they panicked.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The most panics of other threads that are told in full.
const PANICS_TOLD_MAX: usize = 10;

/// Holds the terminal; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Guard(());

impl Guard {
    /// Takes the terminal.
    ///
    /// # Errors
    /// Where input or output is no terminal, and what the system says.
    pub(super) fn take(mouse: bool) -> io::Result<Guard> {
        if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
            return Err(io::Error::other("the live screen needs a terminal for both input and output"));
        }
        hook_panics();
        MOUSE.store(mouse, Ordering::SeqCst);
        enter()?;
        Ok(Guard(()))
    }

    /// Gives the terminal to the shell, stops the whole job as Ctrl-Z should, and takes it back when the shell lets the
    /// job go on.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn suspend(&self) -> io::Result<()> {
        leave();
        // SIGSTOP rather than SIGTSTP, which is a message here. In the background, the shell's `bg`, taking the
        // terminal back stops the job again (SIGTTOU), until `fg`.
        rustix::process::kill_current_process_group(rustix::process::Signal::STOP)?;
        enter()
    }

    /// Gives the terminal to another program for as long as `during` takes; whether it could be taken back.
    pub(super) fn lend<T>(&self, during: impl FnOnce() -> T) -> (T, io::Result<()>) {
        leave();
        let came = during();
        (came, enter())
    }

    /// Takes the modes again: another program may have changed them while this one was stopped.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn renew(&self) -> io::Result<()> {
        if IN_OUR_MODES.load(Ordering::SeqCst) {
            make_raw()?;
            write_modes()?;
        }
        Ok(())
    }

    /// Takes the mouse, or gives it to the terminal.
    ///
    /// # Errors
    /// What the system says.
    pub(super) fn mouse(&self, ours: bool) -> io::Result<()> {
        MOUSE.store(ours, Ordering::SeqCst);
        write_all(if ours { MOUSE_ON } else { MOUSE_OFF })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        leave();
        let panics = std::mem::take(&mut *PANICS.lock().unwrap_or_else(PoisonError::into_inner));
        for text in panics {
            let _ = writeln!(io::stderr(), "poolscope: {text}");
        }
    }
}

fn enter() -> io::Result<()> {
    let termios = tcgetattr(io::stdin())?;
    *BEFORE.lock().unwrap_or_else(PoisonError::into_inner) = Some((termios, thread::current().id()));
    // From here on there is something to give back, even where the next step fails.
    restore_terminal_on_crash(LEAVE)?;
    IN_OUR_MODES.store(true, Ordering::SeqCst);
    let taken = make_raw().and_then(|()| write_modes());
    if taken.is_err() {
        leave();
    }
    taken
}

fn write_modes() -> io::Result<()> {
    write_all(ENTER)?;
    if MOUSE.load(Ordering::SeqCst) { write_all(MOUSE_ON) } else { Ok(()) }
}

fn make_raw() -> io::Result<()> {
    let mut raw = tcgetattr(io::stdin())?;
    raw.make_raw();
    Ok(tcsetattr(io::stdin(), OptionalActions::Now, &raw)?)
}

/// Gives the terminal back, once. Errors have nobody to be told to: the terminal may be gone.
fn leave() {
    if !IN_OUR_MODES.swap(false, Ordering::SeqCst) {
        return;
    }
    no_terminal_to_restore();
    let _ = write_all(LEAVE);
    if let Some((termios, _)) = BEFORE.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
        // Flush: keys and replies of the terminal that nobody read would otherwise be typed into the shell.
        let _ = tcsetattr(io::stdin(), OptionalActions::Flush, termios);
    }
}

fn write_all(bytes: &[u8]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    out.flush()
}

fn hook_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !IN_OUR_MODES.load(Ordering::SeqCst) {
                before(info);
            } else if is_ours() {
                leave();
                before(info);
                report_crash(info);
            } else {
                keep(info);
            }
        }));
    });
}

/// What the user did last, for a report of a crash.
static DONE: Mutex<VecDeque<String>> = Mutex::new(VecDeque::new());

/// How much of it is kept.
const DONE_MAX: usize = 200;

/// Notes what the user did.
pub(super) fn note_done(what: String) {
    let mut done = DONE.lock().unwrap_or_else(PoisonError::into_inner);
    if done.len() == DONE_MAX {
        done.pop_front();
    }
    done.push_back(what);
}

/// Leaves a file from which a fault of the screen can be understood, and says where.
fn report_crash(info: &PanicHookInfo<'_>) {
    let path = std::env::temp_dir().join(format!("poolscope-crash-{}.txt", std::process::id()));
    let term = std::env::var("TERM").unwrap_or_default();
    let size = rustix::termios::tcgetwinsize(io::stdout()).map(|size| (size.ws_col, size.ws_row));
    let done = DONE.try_lock().map(|done| done.iter().cloned().collect::<Vec<_>>().join("\n")).unwrap_or_default();
    let backtrace = std::backtrace::Backtrace::force_capture();
    let version = env!("CARGO_PKG_VERSION");
    let text = format!(
        "poolscope {version}\n{info}\nTERM={term}\nsize {size:?}\n\nwhat was done, newest last:\n{done}\n\n{backtrace}\n"
    );
    if std::fs::write(&path, text).is_ok() {
        let path = path.display();
        let _ = writeln!(io::stderr(), "poolscope: this is a fault of ours. Please report it, with the file {path}");
    }
}

/// Whether this is the thread that took the terminal. Never waits: it may be asked in the middle of anything.
fn is_ours() -> bool {
    let Ok(before) = BEFORE.try_lock() else { return false };
    before.as_ref().is_some_and(|(_, id)| *id == thread::current().id())
}

fn keep(info: &PanicHookInfo<'_>) {
    let thread = thread::current();
    let text = format!("thread “{}”: {info}", thread.name().unwrap_or("without a name"));
    let mut panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
    if panics.len() < PANICS_TOLD_MAX {
        panics.push(text);
    }
}

/// What other threads have said so far, as a line for the screen.
pub(super) fn newest_panic(told: usize) -> Option<(usize, String)> {
    let panics = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
    (panics.len() > told).then(|| (panics.len(), panics.last().cloned().unwrap_or_default()))
}
