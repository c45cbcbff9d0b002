//! The loop: waits for frames, keys and signals, and draws when something changed.
//!
//! There is no tick of its own. The first screen is drawn before any frame came; after that a key is answered at once
//! (but at most 30 times a second), figures follow ten times a second at most (`Pace`), and while nothing changes nothing is drawn and
//! nothing is written. All that waits is taken in before drawing, so a slow terminal sees the newest state, never a
//! backlog.

use super::backend::{Ansi, ColourDepth};
use super::glyphs::Glyphs;
use super::guard::{self, Guard};
use super::input::{self, Input};
use super::message::{Control, Effects, Message, Outside, Redraw};
use super::model::{Model, Setting};
use super::pace::Pace;
use super::screen;
use super::theme::ThemeName;
use super::update::{begin, update};
use crate::doors::clock::monotonic_ns;
use crate::doors::faults::{self, Want};
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
    /// What is shown, and how it behaves.
    pub setting: Setting,
    /// How many colours the terminal has.
    pub colour: ColourDepth,
    /// Whether frames are marked for synchronized output.
    pub sync: bool,
    /// Whether the terminal is asked what its background is, once the first screen is drawn.
    pub ask_background: bool,
}

impl Default for Options {
    /// What the environment says.
    fn default() -> Self {
        let get = |name: &str| std::env::var(name).ok();
        let setting = Setting {
            theme: ThemeName::from_environment(get),
            glyphs: Glyphs::from_environment(get),
            pace: Pace::from_environment(get),
            ..Setting::default()
        };
        let ask_background = setting.theme == ThemeName::Plain && may_be_asked(get);
        Options { setting, colour: ColourDepth::from_environment(get), sync: true, ask_background }
    }
}

/// Whether a terminal can be asked for its background: over a slow line the answer comes late, and some do not answer or
/// show the question.
fn may_be_asked(get: impl Fn(&str) -> Option<String>) -> bool {
    let term = get("TERM").unwrap_or_default();
    let is_known_not_to = matches!(term.as_str(), "" | "dumb" | "linux") || term.starts_with("screen");
    let is_apple = get("TERM_PROGRAM").is_some_and(|program| program == "Apple_Terminal");
    !is_known_not_to && !is_apple && Pace::from_environment(get) == Pace::Full
}

/// How the screen ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// The exit code for the process: 0, or 128 and the signal's number.
    pub code: u8,
    /// The last screen as text, where the user wants to keep it: print it now that the terminal is the shell's again.
    pub keep: Option<String>,
}

/// The shortest time between two screens after a key, and between figures that nobody looks at.
const KEY_NS: u64 = 33_000_000;
const UNATTENDED_NS: u64 = 500_000_000;

/// A terminal that takes longer than this share of the time between two screens to take one gets fewer of them, down to
/// one in so many.
const WRITING_SHARE: f64 = 0.3;
const SLOWER_MAX: u32 = 16;

/// The most frames that are taken in before keys get their turn.
const FRAMES_AT_ONCE: usize = 512;

const HANG_UP: u8 = 129;

/// Shows frames until the user, a signal or the terminal's end says otherwise. Frames may end before: what they added
/// up to stays on the screen.
///
/// # Errors
/// Where there is no terminal, and what the system says. The terminal is given back in any case.
pub fn run(frames: Receiver<Frame>, outside: &mut dyn Outside, options: Options) -> io::Result<Exit> {
    let guard = Guard::take(options.setting.mouse)?;
    let input = input::listen()?;
    let out = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let terminal = Terminal::new(Ansi::new(out, terminal_size, options.colour, options.sync))?;
    let mut view = View {
        guard,
        terminal,
        model: Model::new(options.setting),
        colour: options.colour,
        redraw: Redraw::Full,
        drawn_ns: 0,
        write_ns: 0.0,
        panics_told: 0,
    };
    let asked = begin(&mut view.model);
    view.carry_out(asked, outside);
    if options.ask_background && options.colour != ColourDepth::None {
        view.draw()?;
        view.terminal.backend_mut().ask_background()?;
    }
    let ended = view.go_on(frames, &input.0, outside);
    // The terminal is given back.
    drop(view);
    match ended {
        Err(error) if is_hang_up(&error) => Ok(Exit { code: HANG_UP, keep: None }),
        ended => ended,
    }
}

struct View {
    guard: Guard,
    terminal: Terminal<Ansi<File>>,
    model: Model,
    colour: ColourDepth,
    redraw: Redraw,
    drawn_ns: u64,
    /// What the terminal takes to take a screen, lately.
    write_ns: f64,
    panics_told: usize,
}

impl View {
    fn go_on(
        &mut self,
        mut frames: Receiver<Frame>,
        input: &Receiver<Input>,
        outside: &mut dyn Outside,
    ) -> io::Result<Exit> {
        let bell = outside.bell();
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
                    Ok(message) => if let Some(exit) = self.take_input(message, outside)? {
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
                            Ok(frame) => {
                                let answers = outside.frame(&frame);
                                self.post(Message::Frame(Box::new(frame)), outside);
                                answers.into_iter().for_each(|answer| self.post(answer, outside));
                            },
                            Err(TryRecvError::Empty) => break,
                            Err(TryRecvError::Disconnected) => {
                                is_over = true;
                                break;
                            }
                        }
                    }
                    if is_over {
                        self.post(Message::SourceGone, outside);
                        frames = never();
                    }
                },
                recv(bell) -> _ => outside.later().into_iter().for_each(|message| self.post(message, outside)),
                recv(due) -> _ => {},
            }
            if let Some((told, text)) = guard::newest_panic(self.panics_told) {
                self.panics_told = told;
                self.post(Message::Notice(format!("A thread of poolscope itself panicked: {text}")), outside);
            }
        }
    }

    /// When the next screen may be drawn.
    fn due_ns(&self) -> u64 {
        let figures_ns = self.model.pace.figures_ns();
        let pause_ns = match self.redraw {
            Redraw::Full => 0,
            Redraw::Now => KEY_NS,
            _ if !self.model.has_attention => figures_ns.max(UNATTENDED_NS),
            _ => figures_ns * u64::from(self.model.slow_link.unwrap_or(1)),
        };
        self.drawn_ns.saturating_add(pause_ns)
    }

    /// Draws less often where the terminal, or the line to it, is slow; more often again when it keeps up.
    fn note_writing(&mut self, took_ns: u64) {
        self.write_ns += (took_ns as f64 - self.write_ns) * 0.25;
        let budget_ns = self.model.pace.figures_ns() as f64 * WRITING_SHARE;
        let now = self.model.slow_link.unwrap_or(1);
        let next = one_in(now, self.write_ns / (budget_ns * f64::from(now)));
        let _ = update(&mut self.model, Message::SlowLink((next > 1).then_some(next)));
    }

    /// Has wishes carried out, and takes in what comes of them.
    fn carry_out(&mut self, controls: Vec<Control>, outside: &mut dyn Outside) {
        for control in controls {
            let answers = match control {
                Control::Edit(_) => self.lend(control, outside),
                control => outside.obey(control),
            };
            answers.into_iter().for_each(|answer| self.post(answer, outside));
        }
    }

    /// Has a wish carried out that needs the terminal for itself. What runs stands still meanwhile.
    fn lend(&mut self, control: Control, outside: &mut dyn Outside) -> Vec<Message> {
        let _ = outside.obey(Control::Suspend);
        let lent = input::lend(|| self.guard.lend(|| outside.obey(control)));
        let _ = outside.obey(Control::Continue);
        self.redraw = Redraw::Full;
        match lent {
            Ok((answers, Ok(()))) => answers,
            Ok((mut answers, Err(error))) => {
                answers.push(Message::Notice(format!("The terminal could not be taken back: {error}")));
                answers
            }
            Err(error) => vec![Message::Notice(format!("The terminal could not be lent: {error}"))],
        }
    }

    /// Carries out a message that can neither end the run nor suspend it.
    fn post(&mut self, message: Message, outside: &mut dyn Outside) {
        let effects = update(&mut self.model, message);
        self.redraw = self.redraw.max(effects.redraw);
        self.carry_out(effects.controls, outside);
    }

    fn take_input(&mut self, input: Input, outside: &mut dyn Outside) -> io::Result<Option<Exit>> {
        let message = match input {
            Input::Key(key) => Message::Key(key),
            Input::Mouse(mouse) => Message::Mouse(mouse),
            Input::Background(name) => Message::Background(name),
            Input::Attention(has_it) => Message::Attention(has_it),
            Input::Resized => {
                let size = terminal_size();
                Message::Resize(size.width, size.height)
            }
            Input::Stop => return self.suspend(outside).map(|()| None),
            Input::Continued => {
                self.guard.renew()?;
                self.redraw = Redraw::Full;
                return Ok(None);
            }
            Input::End(signal) => {
                return Ok(Some(Exit { code: u8::try_from(128 + signal).unwrap_or(u8::MAX), keep: None }));
            }
            Input::HungUp => return Ok(Some(Exit { code: HANG_UP, keep: None })),
        };
        guard::note_done(format!("{message:?}"));
        let Effects { controls, quit, suspend, copy, mouse, redraw } = update(&mut self.model, message);
        self.redraw = self.redraw.max(redraw);
        if let Some(text) = copy {
            self.terminal.backend_mut().copy(&text);
        }
        if let Some(ours) = mouse {
            self.guard.mouse(ours)?;
        }
        self.carry_out(controls, outside);
        if let Some(quit) = quit {
            let (columns, rows) = self.model.size();
            let keep = quit.keep_last_frame.then(|| screen::draw_to_text(&self.model, columns, rows));
            return Ok(Some(Exit { code: 0, keep }));
        }
        if suspend {
            self.suspend(outside)?;
        }
        Ok(None)
    }

    fn suspend(&mut self, outside: &mut dyn Outside) -> io::Result<()> {
        let _ = outside.obey(Control::Suspend);
        let suspended = self.guard.suspend();
        let _ = outside.obey(Control::Continue);
        self.redraw = Redraw::Full;
        suspended
    }

    fn draw(&mut self) -> io::Result<()> {
        #[expect(clippy::panic, reason = "a test ordered it, to see what a fault of ours does to the terminal")]
        if faults::check(Want::Screen).is_err() {
            panic!("the interface was ordered to panic");
        }
        if self.redraw == Redraw::Full {
            let colours = self.model.pace.colours(self.colour);
            self.terminal.backend_mut().set_depth(colours);
            self.terminal.clear()?;
        }
        let drawn = self.terminal.draw(|frame| screen::draw(&self.model, frame.buffer_mut()))?;
        let size = drawn.area;
        self.redraw = Redraw::Nothing;
        self.drawn_ns = monotonic_ns();
        // The size that was drawn is the size that there is: no message is needed for what is on the screen already.
        let _ = update(&mut self.model, Message::Resize(size.width, size.height));
        let written = self.terminal.backend().written();
        self.note_writing(written.last_write_ns);
        let painted = Message::Painted { at_ns: self.drawn_ns, bytes: written.bytes, screens: written.screens };
        let _ = update(&mut self.model, painted);
        Ok(())
    }
}

/// One in how many screens is drawn, where it was one in `now` and writing took this share of the time there is for it:
/// fewer when it takes more than there is, more again when it takes little.
fn one_in(now: u32, share: f64) -> u32 {
    match share {
        much if much > 1.0 => (now * 2).min(SLOWER_MAX),
        little if little < 0.2 => (now / 2).max(1),
        _ => now,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_line_gets_fewer_screens_and_a_quick_one_all_of_them() {
        // What a screen takes to be written, as a multiple of the time that there is for it.
        let settles_at = |takes: f64| (0..20).fold(1, |now, _| one_in(now, takes / f64::from(now)));
        assert_eq!((settles_at(0.1), settles_at(0.9), settles_at(3.0), settles_at(1e9)), (1, 1, 4, SLOWER_MAX));
        let recovers = (0..20).fold(SLOWER_MAX, |now, _| one_in(now, 0.01));
        assert_eq!(recovers, 1);
    }
}
