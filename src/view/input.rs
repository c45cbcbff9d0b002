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
//! The first waits in a poll(2) of its own, so that it can be told to leave the keys to another program for a while.
//!
//! The last is needed because crossterm 0.29 spins for ever when the terminal goes away (its issue 793).

use super::keys::Key;
use super::message::{Mouse, MouseDid};
use super::theme::ThemeName;
use crate::doors::{clock, threads};
use crossbeam_channel::{Receiver, Sender, bounded};
use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers, MouseButton, MouseEventKind};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::pipe::{PipeFlags, pipe_with};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGWINCH};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// What comes from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Input {
    Key(Key),
    Mouse(Mouse),
    /// What the background is, as the terminal told.
    Background(ThemeName),
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
    let (woken, wake) = pipe_with(PipeFlags::CLOEXEC)?;
    LENDING.lock().unwrap_or_else(PoisonError::into_inner).wake = Some(wake);
    threads::spawn("view-keys", move || read_keys(&sender, &woken))?.detach();
    Ok(receiver)
}

/// The keys, while they are another program's.
#[derive(Debug)]
struct Lending {
    /// Somebody wants them.
    wanted: bool,
    /// The thread that reads them stands aside.
    stands_aside: bool,
    /// Wakes it.
    wake: Option<OwnedFd>,
}

static LENDING: Mutex<Lending> = Mutex::new(Lending { wanted: false, stands_aside: false, wake: None });
static LENDING_CHANGED: Condvar = Condvar::new();

/// How long the reader may take to stand aside: it only ever waits in a poll.
const ASIDE_PATIENCE: Duration = Duration::from_secs(1);

/// Leaves keys, and what the terminal's keys send as signals, to another program for as long as `during` takes.
///
/// # Errors
/// Where the reader of keys cannot be told; nothing has been done then.
pub(super) fn lend<T>(during: impl FnOnce() -> T) -> io::Result<T> {
    let mut lending = LENDING.lock().unwrap_or_else(PoisonError::into_inner);
    lending.wanted = true;
    let told = match &lending.wake {
        Some(wake) => rustix::io::write(wake, &[0]).map(|_| ()).map_err(io::Error::from),
        None => Err(io::Error::other("nobody reads keys")),
    };
    let waits = |lending: &mut Lending| told.is_ok() && !lending.stands_aside;
    let waited = LENDING_CHANGED.wait_timeout_while(lending, ASIDE_PATIENCE, waits);
    let stands_aside = waited.unwrap_or_else(PoisonError::into_inner).0.stands_aside;
    let came = match (told, stands_aside) {
        (Err(error), _) => Err(error),
        (Ok(()), false) => Err(io::Error::other("the reader of keys does not answer")),
        (Ok(()), true) => Ok(during()),
    };
    LENDING.lock().unwrap_or_else(PoisonError::into_inner).wanted = false;
    LENDING_CHANGED.notify_all();
    came
}

fn is_lent() -> bool {
    LENDING.lock().unwrap_or_else(PoisonError::into_inner).wanted
}

/// Waits until there may be keys for us; false where there will be none any more.
fn wait_for_keys(woken: &OwnedFd) -> bool {
    let stdin = io::stdin();
    let mut waited = [PollFd::new(&stdin, PollFlags::IN), PollFd::new(woken, PollFlags::IN)];
    let _ = poll(&mut waited, None);
    if waited[1].revents().contains(PollFlags::IN) {
        let _ = rustix::io::read(woken, &mut [0; 16]);
    }
    let mut lending = LENDING.lock().unwrap_or_else(PoisonError::into_inner);
    while lending.wanted {
        lending.stands_aside = true;
        LENDING_CHANGED.notify_all();
        lending = LENDING_CHANGED.wait(lending).unwrap_or_else(PoisonError::into_inner);
    }
    lending.stands_aside = false;
    drop(lending);
    // The hang-up thread tells of that.
    !waited[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL)
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
    // What the keyboard sends is for the program that has the terminal; we stop with it, or the shell would wait for us.
    if matches!(signal, SIGINT | SIGQUIT | SIGTSTP) && is_lent() {
        if signal == SIGTSTP {
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

/// How long the bytes that are there may take to become a key.
const KEY_PATIENCE: Duration = Duration::from_millis(20);

fn read_keys(to: &Sender<Input>, woken: &OwnedFd) {
    let mut reply = Reply::default();
    loop {
        // What is there makes an event, or not yet: reading waits for next to nothing. Where it may wait for nothing at
        // all, crossterm does not look at the terminal.
        match event::poll(KEY_PATIENCE) {
            Ok(true) => {}
            Ok(false) if wait_for_keys(woken) => continue,
            _ => return,
        }
        let input = match event::read() {
            Ok(Event::Key(key)) if reply.takes(key) => reply.background(),
            Ok(event) => of_event(&event),
            // The terminal is gone; the hang-up thread knows better, and this one must not spin.
            Err(_) => return,
        };
        if input.is_some_and(|input| to.send(input).is_err()) {
            return;
        }
    }
}

/// The terminal's answer to what its background is, which crossterm takes for keys: `Alt-]`, then `11;rgb:1e1e/1e1e/2e2e`
/// letter by letter, then `Ctrl-G` or `Alt-\\`. Whenever it comes, it is no key.
#[derive(Debug, Default)]
struct Reply {
    /// What has come of it; none outside of a reply.
    text: Option<String>,
    whole: Option<String>,
}

impl Reply {
    const BEGINNING: &'static str = "11;rgb:";
    const LENGTH_MAX: usize = 32;

    /// Whether a key is part of a reply.
    fn takes(&mut self, key: KeyEvent) -> bool {
        let (is_alt, is_control) =
            (key.modifiers.contains(KeyModifiers::ALT), key.modifiers.contains(KeyModifiers::CONTROL));
        let Some(text) = &mut self.text else {
            let begins = is_alt && key.code == KeyCode::Char(']');
            self.text = begins.then(String::new);
            return begins;
        };
        match key.code {
            KeyCode::Char('g') if is_control => self.whole = self.text.take(),
            KeyCode::Char('\\') if is_alt => self.whole = self.text.take(),
            KeyCode::Char(letter) if !is_alt && !is_control => {
                text.push(letter);
                let begins_so = Reply::BEGINNING.starts_with(text.as_str()) || text.starts_with(Reply::BEGINNING);
                // Somebody typed that: from here on keys are keys.
                if !begins_so || text.len() > Reply::LENGTH_MAX {
                    self.text = None;
                    return false;
                }
            }
            _ => {
                self.text = None;
                return false;
            }
        }
        true
    }

    /// What a whole reply says.
    fn background(&mut self) -> Option<Input> {
        let text = self.whole.take()?;
        let mut parts = text.strip_prefix(Reply::BEGINNING)?.split('/').map(|part| {
            let most = 16f64.powi(i32::try_from(part.len()).ok()?) - 1.0;
            Some(f64::from(u32::from_str_radix(part, 16).ok()?) / most)
        });
        let mut next = || parts.next().flatten().filter(|part| part.is_finite());
        let (red, green, blue) = (next()?, next()?, next()?);
        // As bright as the eye takes it.
        let brightness = 0.299 * red + 0.587 * green + 0.114 * blue;
        Some(Input::Background(if brightness > 0.5 { ThemeName::Light } else { ThemeName::Dark }))
    }
}

fn of_event(event: &Event) -> Option<Input> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => of_key(key.code, key.modifiers).map(Input::Key),
        Event::Mouse(mouse) => {
            let what = match mouse.kind {
                MouseEventKind::Down(MouseButton::Left) => MouseDid::Press,
                MouseEventKind::Drag(MouseButton::Left) => MouseDid::Drag,
                MouseEventKind::ScrollUp => MouseDid::WheelUp,
                MouseEventKind::ScrollDown => MouseDid::WheelDown,
                _ => return None,
            };
            Some(Input::Mouse(Mouse { what, column: mouse.column, row: mouse.row }))
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of keys: those that are left, and what the terminal was understood to say.
    fn read(keys: &[(char, KeyModifiers)]) -> (String, Vec<Input>) {
        let (mut reply, mut left, mut said) = (Reply::default(), String::new(), Vec::new());
        for &(letter, modifiers) in keys {
            if reply.takes(KeyEvent::new(KeyCode::Char(letter), modifiers)) {
                said.extend(reply.background());
            } else {
                left.push(letter);
            }
        }
        (left, said)
    }

    fn reply(colour: &str, end: (char, KeyModifiers)) -> Vec<(char, KeyModifiers)> {
        let text = format!("11;rgb:{colour}");
        let letters = text.chars().map(|letter| (letter, KeyModifiers::NONE));
        std::iter::once((']', KeyModifiers::ALT)).chain(letters).chain([end]).collect()
    }

    #[test]
    fn the_terminal_s_answer_is_no_key_and_tells_the_background() {
        let (bell, string_end) = (('g', KeyModifiers::CONTROL), ('\\', KeyModifiers::ALT));
        let dark = read(&reply("1e1e/1e1e/2e2e", bell));
        assert_eq!(dark, (String::new(), vec![Input::Background(ThemeName::Dark)]));
        let light = read(&reply("ff/fa/f0", string_end));
        assert_eq!(light, (String::new(), vec![Input::Background(ThemeName::Light)]));
        assert_eq!(read(&reply("pink", bell)), (String::new(), Vec::new()), "not understood, and still no key");
    }

    #[test]
    fn what_somebody_types_stays_what_it_is() {
        let typed: Vec<_> = "]q11;rq".chars().map(|letter| (letter, KeyModifiers::NONE)).collect();
        assert_eq!(read(&typed).0, "]q11;rq");
        let after_alt: Vec<_> =
            [(']', KeyModifiers::ALT), ('q', KeyModifiers::NONE), ('1', KeyModifiers::NONE)].to_vec();
        assert_eq!(read(&after_alt).0, "q1");
    }
}
