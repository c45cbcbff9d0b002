//! The loop: waits for frames, keys and signals, and draws when something changed.
//!
//! There is no tick of its own. The first screen is drawn before any frame came; after that a key is answered at once
//! (but at most 30 times a second), figures follow ten times a second, and while nothing changes nothing is drawn and
//! nothing is written. All that waits is taken in before drawing, so a slow terminal sees the newest state, never a
//! backlog.

use super::backend::{Ansi, ColourDepth};
use super::guard::{self, Guard};
use super::input::{self, Input};
use super::model::{Control, Effects, Message, Model, Redraw, update};
use super::screen;
use super::theme::Shade;
use crate::doors::clock::monotonic_ns;
use crate::wire::Frame;
use crossbeam_channel::{Receiver, TryRecvError, after, never, select};
use ratatui::Terminal;
use ratatui::layout::Size;
use std::fs::File;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

/// How the screen is to be.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the top line says until a plan tells more.
    pub title: String,
    /// How many colours the terminal has.
    pub colour: ColourDepth,
    /// What the background is.
    pub shade: Shade,
    /// Whether frames are marked for synchronized output.
    pub sync: bool,
    /// Whether the frames are those of a recording.
    pub is_recording: bool,
}

impl Default for Options {
    fn default() -> Self {
        let colour = ColourDepth::from_environment(|name| std::env::var(name).ok());
        Options { title: String::new(), colour, shade: Shade::Unknown, sync: true, is_recording: false }
    }
}

/// How the screen ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// The exit code for the process: 0, or 128 and the signal's number.
    pub code: u8,
    /// The last screen as text, where the user wants to keep it: print it now that the terminal is the shell's again.
    pub keep: Option<String>,
}

/// The shortest time between two screens, after a key and for figures; and for figures that nobody looks at.
const KEY_NS: u64 = 33_000_000;
const FIGURES_NS: u64 = 100_000_000;
const UNATTENDED_NS: u64 = 500_000_000;

/// The most frames that are taken in before keys get their turn.
const FRAMES_AT_ONCE: usize = 512;

const HANG_UP: u8 = 129;

/// Shows frames until the user, a signal or the terminal's end says otherwise. Frames may end before: what they added
/// up to stays on the screen.
///
/// # Errors
/// Where there is no terminal, and what the system says. The terminal is given back in any case.
pub fn run(frames: Receiver<Frame>, control: &mut dyn FnMut(Control), options: Options) -> io::Result<Exit> {
    let guard = Guard::take()?;
    let input = input::listen()?;
    let out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let terminal = Terminal::new(Ansi::new(out, terminal_size, options.colour, options.sync))?;
    let mut view = View {
        terminal,
        model: if options.is_recording {
            Model::of_recording(&options.title, options.shade)
        } else {
            Model::new(&options.title, options.shade)
        },
        redraw: Redraw::Full,
        drawn_ns: 0,
        panics_told: 0,
    };
    let ended = view.go_on(frames, &input.0, &guard, control);
    drop(guard);
    match ended {
        Err(error) if is_hang_up(&error) => Ok(Exit { code: HANG_UP, keep: None }),
        ended => ended,
    }
}

struct View {
    terminal: Terminal<Ansi<File>>,
    model: Model,
    redraw: Redraw,
    drawn_ns: u64,
    panics_told: usize,
}

impl View {
    fn go_on(
        &mut self,
        mut frames: Receiver<Frame>,
        input: &Receiver<Input>,
        guard: &Guard,
        control: &mut dyn FnMut(Control),
    ) -> io::Result<Exit> {
        loop {
            let now_ns = monotonic_ns();
            if self.redraw != Redraw::Nothing && now_ns >= self.due_ns() {
                self.draw()?;
                continue;
            }
            let due = match self.redraw {
                Redraw::Nothing => never(),
                _ => after(Duration::from_nanos(self.due_ns() - now_ns)),
            };
            select! {
                recv(input) -> message => match message {
                    Ok(message) => if let Some(exit) = self.take_input(message, guard, control)? {
                        return Ok(exit);
                    },
                    // The readers never end while the process lives.
                    Err(_) => return Ok(Exit { code: HANG_UP, keep: None }),
                },
                recv(frames) -> frame => {
                    let first = frame.map_err(|_| TryRecvError::Disconnected);
                    let rest = std::iter::repeat_with(|| frames.try_recv());
                    let mut is_over = false;
                    for frame in std::iter::once(first).chain(rest).take(FRAMES_AT_ONCE) {
                        match frame {
                            Ok(frame) => self.post(Message::Frame(Box::new(frame)), control),
                            Err(TryRecvError::Empty) => break,
                            Err(TryRecvError::Disconnected) => {
                                is_over = true;
                                break;
                            }
                        }
                    }
                    if is_over {
                        self.post(Message::SourceGone, control);
                        frames = never();
                    }
                },
                recv(due) -> _ => {},
            }
            if let Some((told, text)) = guard::newest_panic(self.panics_told) {
                self.panics_told = told;
                self.post(Message::Notice(format!("A thread of poolscope itself panicked: {text}")), control);
            }
        }
    }

    /// When the next screen may be drawn.
    fn due_ns(&self) -> u64 {
        let pause_ns = match self.redraw {
            Redraw::Full => 0,
            Redraw::Now => KEY_NS,
            _ if !self.model.has_attention => UNATTENDED_NS,
            _ => FIGURES_NS,
        };
        self.drawn_ns.saturating_add(pause_ns)
    }

    /// Carries out a message that can neither end the run nor suspend it.
    fn post(&mut self, message: Message, control: &mut dyn FnMut(Control)) {
        let effects = update(&mut self.model, message);
        self.redraw = self.redraw.max(effects.redraw);
        effects.controls.into_iter().for_each(control);
    }

    fn take_input(
        &mut self,
        input: Input,
        guard: &Guard,
        control: &mut dyn FnMut(Control),
    ) -> io::Result<Option<Exit>> {
        let message = match input {
            Input::Key(key) => Message::Key(key),
            Input::Attention(has_it) => Message::Attention(has_it),
            Input::Resized => {
                let size = terminal_size();
                Message::Resize(size.width, size.height)
            }
            Input::Stop => return self.suspend(guard, control).map(|()| None),
            Input::Continued => {
                guard.renew()?;
                self.redraw = Redraw::Full;
                return Ok(None);
            }
            Input::End(signal) => {
                return Ok(Some(Exit { code: u8::try_from(128 + signal).unwrap_or(u8::MAX), keep: None }));
            }
            Input::HungUp => return Ok(Some(Exit { code: HANG_UP, keep: None })),
        };
        let Effects { controls, quit, suspend, redraw } = update(&mut self.model, message);
        self.redraw = self.redraw.max(redraw);
        controls.into_iter().for_each(&mut *control);
        if let Some(quit) = quit {
            let (columns, rows) = self.model.size();
            let keep = quit.keep_last_frame.then(|| screen::draw_to_text(&self.model, columns, rows));
            return Ok(Some(Exit { code: 0, keep }));
        }
        if suspend {
            self.suspend(guard, control)?;
        }
        Ok(None)
    }

    fn suspend(&mut self, guard: &Guard, control: &mut dyn FnMut(Control)) -> io::Result<()> {
        control(Control::Suspend);
        let suspended = guard.suspend();
        control(Control::Continue);
        self.redraw = Redraw::Full;
        suspended
    }

    fn draw(&mut self) -> io::Result<()> {
        if self.redraw == Redraw::Full {
            self.terminal.clear()?;
        }
        let drawn = self.terminal.draw(|frame| screen::draw(&self.model, frame.buffer_mut()))?;
        let size = drawn.area;
        self.redraw = Redraw::Nothing;
        self.drawn_ns = monotonic_ns();
        // The size that was drawn is the size that there is: no message is needed for what is on the screen already.
        let _ = update(&mut self.model, Message::Resize(size.width, size.height));
        let written = self.terminal.backend().written();
        let painted = Message::Painted { at_ns: self.drawn_ns, bytes: written.bytes, screens: written.screens };
        let _ = update(&mut self.model, painted);
        Ok(())
    }
}

/// The terminal's size; 80 by 24 where it does not tell.
fn terminal_size() -> Size {
    match rustix::termios::tcgetwinsize(io::stdout()) {
        Ok(size) if size.ws_col > 0 && size.ws_row > 0 => Size { width: size.ws_col, height: size.ws_row },
        _ => Size { width: 80, height: 24 },
    }
}

fn is_hang_up(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::EIO) || error.kind() == io::ErrorKind::BrokenPipe
}
