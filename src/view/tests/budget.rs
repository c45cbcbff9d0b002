//! Bytes to the terminal, counted on recordings: by the frames' own times, so the same on every machine.

use super::recorded::{NAMES, running};
use super::*;
use crate::view::backend::Ansi;
use crate::view::screen;
use ratatui::Terminal;
use ratatui::layout::Size;

/// What a screen at 120x36 would have sent, in bytes a second of the run: the first screen is left out.
fn bytes_per_s(name: &str, pace: Pace) -> f64 {
    let backend = Ansi::new(Vec::new(), || Size { width: 120, height: 36 }, pace.colours(ColourDepth::True), true);
    let mut terminal = Terminal::new(backend).expect("a terminal");
    let mut model = Model::new(Setting { theme: ThemeName::Dark, pace, ..setting("") });
    let (mut due_ns, mut first, mut last) = (0, None, (0, 0));
    for frame in running(name) {
        let _ = update(&mut model, Message::Frame(Box::new(frame)));
        let at_ns = model.ledger().at_ns();
        if at_ns < due_ns {
            continue;
        }
        terminal.draw(|frame| screen::draw(&model, frame.buffer_mut())).expect("drawn");
        due_ns = at_ns + pace.figures_ns();
        last = (at_ns, terminal.backend().written().bytes);
        first.get_or_insert(last);
    }
    let (from_ns, bytes) = first.expect("a screen");
    (last.1 - bytes) as f64 * 1e9 / (last.0 - from_ns).max(1) as f64
}

#[test]
fn bytes_stay_within_the_budget() {
    for name in NAMES {
        let (full, ssh, eco) =
            (bytes_per_s(name, Pace::Full), bytes_per_s(name, Pace::Ssh), bytes_per_s(name, Pace::Eco));
        assert!(full > 0.0 && full < 100_000.0, "{name}: {full:.0} bytes a second");
        assert!(ssh > 0.0 && ssh < full.max(50_000.0), "{name}, ssh: {ssh:.0} bytes a second");
        assert!(eco > 0.0 && eco < 10_000.0, "{name}, eco: {eco:.0} bytes a second");
    }
}

#[test]
fn what_is_drawn_again_costs_no_byte() {
    let backend = Ansi::new(Vec::new(), || Size { width: 120, height: 36 }, ColourDepth::True, true);
    let mut terminal = Terminal::new(backend).expect("a terminal");
    let mut model = model_after(running("four-of-eight"));
    terminal.draw(|frame| screen::draw(&model, frame.buffer_mut())).expect("drawn");
    press(&mut model, "p");
    terminal.draw(|frame| screen::draw(&model, frame.buffer_mut())).expect("drawn");
    let before = terminal.backend().written();
    for frame in made::frames(3).into_iter().skip(1) {
        let _ = update(&mut model, Message::Frame(Box::new(frame)));
        terminal.draw(|frame| screen::draw(&model, frame.buffer_mut())).expect("drawn");
    }
    assert_eq!(terminal.backend().written().bytes, before.bytes, "the screen is frozen");
}
