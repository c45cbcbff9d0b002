//! Halting threads where they are: for a lane that reaches no task boundary within its turn.
//!
//! ```text
//!  halt_threads ── HALT becomes odd ── SIGUSR1 to each thread ──▶ handler: waits while HALT is what it found
//!  resume_threads ── HALT becomes even ── wakes them ──▶ handler returns, and the thread goes on as if nothing had been
//! ```
//!
//! The word counts, instead of saying yes and no, so that a thread that is slow to wake does not mistake the next halt
//! for its own. The handler does nothing but atomics, one system call on the word, and the restoring of `errno`: it may
//! have interrupted anything. For the same reason a halt is a lease ([`HALT_LEASE`] says why).
//!
//! A call that the signal interrupts goes on by itself (SA_RESTART), except those that never do: sleeps, `poll`, and
//! what has a timeout. They return EINTR; the standard library repeats its own.
#![expect(unsafe_code, reason = "a signal handler, and a signal for one thread")]

use super::super::HALT_LEASE;
use super::timespec;
use rustix::io::Errno;
use rustix::thread::futex;
use std::io;
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

/// Odd while threads are to stand still. The futex that they sleep on.
static HALT: AtomicU32 = AtomicU32::new(0);

/// Changes when the halt is said again.
static RENEWALS: AtomicU32 = AtomicU32::new(0);

/// Threads that stand still.
static HALTED: AtomicU32 = AtomicU32::new(0);

/// Halts that ended by themselves.
static LAPSED: AtomicU32 = AtomicU32::new(0);

/// The word is this process's alone. Who waits and who wakes must say the same, or they never meet.
const PRIVATE: futex::Flags = futex::Flags::PRIVATE;

/// Takes SIGUSR1 for halting. [`halt_threads`] does so by itself; calling it at the start finds out early.
///
/// # Errors
/// What the system says; it has no reason to refuse.
pub fn install_halt() -> io::Result<()> {
    // SAFETY: a sigaction is plain data, and zero is a valid value for each of its fields.
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = on_halt as extern "C" fn(libc::c_int) as libc::sighandler_t;
    action.sa_flags = libc::SA_RESTART;
    // SAFETY: the mask is ours to write.
    unsafe { libc::sigemptyset(&raw mut action.sa_mask) };
    // SAFETY: the handler is async-signal-safe (see `on_halt`) and lives as long as the program; the action is complete.
    if unsafe { libc::sigaction(libc::SIGUSR1, &raw const action, ptr::null_mut()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Halts threads of this process where they are, for [`HALT_LEASE`] at least: say it again at every tick for as long as
/// they are to stand still. Returns at once; each stops when the kernel next runs it ([`halted_count`] tells). The
/// calling thread and those that have ended are passed over.
///
/// # Errors
/// As for [`install_halt`]: without the handler the signal would end the process, so nothing is sent.
pub fn halt_threads(tids: &[u32]) -> io::Result<()> {
    install_halt()?;
    RENEWALS.fetch_add(1, Relaxed);
    // Release: pairs with the Acquire in `on_halt`. An odd word stays what it is.
    let _ = HALT.fetch_update(Release, Relaxed, |word| (word & 1 == 0).then(|| word.wrapping_add(1)));
    let pid = rustix::process::getpid().as_raw_pid();
    let own = super::thread_id();
    for tid in tids.iter().filter(|tid| **tid != own) {
        // SAFETY: no memory is involved. The signal has a handler, and goes to threads of this process only; for any
        // other number, the kernel says that there is none (ESRCH), which is what we want to know of it.
        unsafe { libc::syscall(libc::SYS_tgkill, pid, *tid, libc::SIGUSR1) };
    }
    Ok(())
}

/// Lets all halted threads go on.
pub fn resume_threads() {
    let resumed = HALT.fetch_update(Release, Relaxed, |word| (word & 1 == 1).then(|| word.wrapping_add(1)));
    if resumed.is_ok() {
        // It fails for a bad address only.
        let _ = futex::wake(&HALT, PRIVATE, i32::MAX.cast_unsigned());
    }
}

/// How many threads stand still now.
pub fn halted_count() -> u32 {
    HALTED.load(Acquire)
}

/// Waits while the word is what it found. Async-signal-safe: atomics and a raw system call; nothing is allocated, no
/// lock is taken, nothing can panic.
extern "C" fn on_halt(_signal: libc::c_int) {
    // SAFETY: every thread has an errno, at an address that holds while it runs.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: as above; no other thread touches it.
    let errno_before = unsafe { *errno };
    let word = HALT.load(Acquire);
    if word & 1 == 1 {
        HALTED.fetch_add(1, Release);
        let lease = timespec(HALT_LEASE);
        let mut renewals = RENEWALS.load(Relaxed);
        while HALT.load(Acquire) == word {
            let woken = futex::wait(&HALT, PRIVATE, word, Some(&lease));
            let renewals_now = RENEWALS.load(Relaxed);
            if woken == Err(Errno::TIMEDOUT) && renewals_now == renewals {
                // A whole lease without a word: whoever halted us may be waiting for us.
                LAPSED.fetch_add(1, Relaxed);
                break;
            }
            renewals = renewals_now;
        }
        HALTED.fetch_sub(1, Release);
    }
    // SAFETY: as above.
    unsafe { *errno = errno_before };
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
    use std::sync::{Mutex, MutexGuard, PoisonError};
    use std::time::Duration;

    /// The halt is one for the process: one test at a time.
    static TURN: Mutex<()> = Mutex::new(());

    fn turn() -> MutexGuard<'static, ()> {
        TURN.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
        for _ in 0..10_000 {
            if is_so() {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("not within ten seconds: {what}");
    }

    static COUNT: AtomicU64 = AtomicU64::new(0);
    static END: AtomicBool = AtomicBool::new(false);
    static TID: AtomicU32 = AtomicU32::new(0);

    fn spinning(body: impl FnOnce()) {
        let _turn = turn();
        END.store(false, SeqCst);
        TID.store(0, SeqCst);
        let spinner = std::thread::spawn(|| {
            TID.store(super::super::thread_id(), SeqCst);
            while !END.load(SeqCst) {
                COUNT.fetch_add(1, SeqCst);
            }
        });
        eventually("the spinner spins", || TID.load(SeqCst) != 0 && COUNT.load(SeqCst) > 0);
        body();
        resume_threads();
        END.store(true, SeqCst);
        spinner.join().expect("the spinner ends");
        assert_eq!(halted_count(), 0);
    }

    #[test]
    fn a_halted_thread_stands_still_and_goes_on() {
        spinning(|| {
            let mut resumed = false;
            for _ in 0..20 {
                let lapsed = LAPSED.load(SeqCst);
                let mut stood_still = false;
                for _ in 0..100 {
                    halt_threads(&[TID.load(SeqCst)]).expect("halting");
                    eventually("it is halted", || halted_count() == 1);
                    let before = COUNT.load(SeqCst);
                    std::thread::sleep(Duration::from_millis(3));
                    let after = COUNT.load(SeqCst);
                    // On a machine so busy that the lease ended in between, the two numbers say nothing.
                    if halted_count() == 1 {
                        assert_eq!(before, after);
                        stood_still = true;
                        break;
                    }
                }
                assert!(stood_still);
                resume_threads();
                let before = COUNT.load(SeqCst);
                eventually("it goes on", || COUNT.load(SeqCst) > before && halted_count() == 0);
                resumed |= LAPSED.load(SeqCst) == lapsed;
            }
            assert!(resumed, "every halt ended by itself: resuming wakes nobody");
        });
    }

    #[test]
    fn a_halt_that_nobody_renews_ends_by_itself() {
        spinning(|| {
            let lapsed = LAPSED.load(SeqCst);
            halt_threads(&[TID.load(SeqCst)]).expect("halting");
            eventually("it is halted", || halted_count() == 1);
            eventually("the lease ends", || halted_count() == 0);
            assert!(LAPSED.load(SeqCst) > lapsed);
            let before = COUNT.load(SeqCst);
            eventually("it goes on", || COUNT.load(SeqCst) > before);
        });
    }

    #[test]
    fn who_is_not_there_is_passed_over() {
        let _turn = turn();
        resume_threads();
        let ended = std::thread::spawn(super::super::thread_id).join().expect("a thread's id");
        halt_threads(&[0, ended, super::super::thread_id(), u32::MAX]).expect("nobody to halt");
        assert_eq!(halted_count(), 0);
        resume_threads();
    }

    #[test]
    fn a_sleep_outlasts_a_halt() {
        let _turn = turn();
        let (send, receive) = std::sync::mpsc::channel();
        let sleeper = std::thread::spawn(move || {
            send.send(super::super::thread_id()).expect("the test waits");
            let before = std::time::Instant::now();
            std::thread::sleep(Duration::from_millis(50));
            before.elapsed()
        });
        let tid = receive.recv().expect("its id");
        for _ in 0..20 {
            halt_threads(&[tid]).expect("halting");
            resume_threads();
        }
        assert!(sleeper.join().expect("it slept") >= Duration::from_millis(50));
    }
}
