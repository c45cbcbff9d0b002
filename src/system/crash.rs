//! Giving the terminal back when the process is about to die of a fault of its own.
//!
//! A stack overflow, an abort or a bus error runs no destructor and no panic hook. What a signal handler may still do
//! is very little: write bytes that were made before, set the line discipline that was saved before, and let the
//! signal do what it would have done.
#![expect(unsafe_code, reason = "a signal handler, and a C structure that it reads")]

use std::cell::UnsafeCell;
use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// What a program dies of by its own fault.
const FAULTS: [libc::c_int; 5] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGABRT];

struct Prepared {
    bytes: &'static [u8],
    termios: MaybeUninit<libc::termios>,
    before: [MaybeUninit<libc::sigaction>; FAULTS.len()],
}

struct Shared(UnsafeCell<Prepared>);

// SAFETY: written only while `ARMED` is false and by one thread at a time (`prepare` is called by the thread that holds
// the terminal); read only by whoever changes `ARMED` from true to false.
unsafe impl Sync for Shared {}

static PREPARED: Shared = Shared(UnsafeCell::new(Prepared {
    bytes: &[],
    termios: MaybeUninit::uninit(),
    before: [const { MaybeUninit::uninit() }; FAULTS.len()],
}));

static ARMED: AtomicBool = AtomicBool::new(false);

/// From now on, whoever dies of a fault writes `bytes` to standard output and gives standard input the line discipline
/// that it has now. Only for the thread that holds the terminal.
///
/// # Errors
/// Where standard input is no terminal, and what the system says of a handler.
pub fn restore_terminal_on_crash(bytes: &'static [u8]) -> io::Result<()> {
    ARMED.store(false, SeqCst);
    // SAFETY: nobody reads while it is not armed, and only one thread prepares.
    let prepared = unsafe { &mut *PREPARED.0.get() };
    prepared.bytes = bytes;
    // SAFETY: the structure is filled by the call, or the call fails.
    if unsafe { libc::tcgetattr(0, prepared.termios.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    static ONCE: Once = Once::new();
    let mut installed = Ok(());
    ONCE.call_once(|| installed = install(prepared));
    installed?;
    ARMED.store(true, SeqCst);
    Ok(())
}

/// The terminal is the shell's again: there is nothing to restore.
pub fn no_terminal_to_restore() {
    ARMED.store(false, SeqCst);
}

fn install(prepared: &mut Prepared) -> io::Result<()> {
    for (signal, before) in FAULTS.into_iter().zip(&mut prepared.before) {
        // SAFETY: a sigaction is plain data, and zero is a valid value for each of its fields.
        let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
        type Handler = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);
        action.sa_sigaction = on_fault as Handler as libc::sighandler_t;
        // A stack overflow leaves no room on the stack: the alternate one that Rust made for this.
        action.sa_flags = libc::SA_ONSTACK | libc::SA_SIGINFO;
        // SAFETY: both point to structures of the right type that live long enough.
        if unsafe { libc::sigaction(signal, &raw const action, before.as_mut_ptr()) } != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// What the kernel says of a real fault; what was raised or sent has other codes.
const FAULT_CODES: std::ops::RangeInclusive<libc::c_int> = 1..=9;

extern "C" fn on_fault(signal: libc::c_int, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: it is only read here, and was written before the handler was installed.
    let prepared = unsafe { &*PREPARED.0.get() };
    if ARMED.swap(false, SeqCst) {
        // SAFETY: both calls are async-signal-safe; the bytes live for ever, the structure was filled when armed.
        unsafe {
            libc::write(1, prepared.bytes.as_ptr().cast(), prepared.bytes.len());
            libc::tcsetattr(0, libc::TCSANOW, prepared.termios.as_ptr());
        }
    }
    let place = FAULTS.iter().position(|one| *one == signal);
    if let Some(before) = place.and_then(|place| prepared.before.get(place)) {
        // What the signal would have done is done when this returns: a faulty instruction faults again (and Rust tells
        // of a stack overflow), and what was raised or sent is raised once more.
        // SAFETY: filled when this handler was installed; the calls are async-signal-safe, and the kernel gave `info`.
        unsafe {
            if info.is_null() || !FAULT_CODES.contains(&(*info).si_code) {
                libc::signal(signal, libc::SIG_DFL);
                libc::raise(signal);
            } else {
                libc::sigaction(signal, before.as_ptr(), ptr::null_mut());
            }
        }
    }
}
