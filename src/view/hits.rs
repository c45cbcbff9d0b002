//! What a click means where: noted while the screen is drawn, so that it cannot disagree with what is seen.

use ratatui::layout::Rect;

/// What can be clicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A hint: its command, by name.
    Command(&'static str),
    /// A lane's panel, counted from 0.
    Lane(usize),
    /// A finding, counted from 0.
    Finding(usize),
    /// A row of what is open.
    Row(usize),
    /// A tab of the zoom.
    Tab(usize),
    /// The time line of a recording.
    Scrub,
    /// An engine, counted from 0.
    Engine(usize),
    /// A thread's next step, by the thread's number.
    Thread(usize),
    /// A way to end, or a finding below them, counted from 0.
    Outcome(usize),
    /// A place in a schedule, by the number of steps that lead there.
    Place(usize),
    /// A point of a sweep's curve, counted from 0.
    SweepPoint(usize),
    /// The line below a schedule.
    Ruler,
    /// The window of what is open: nothing behind it can be clicked.
    Window,
}

/// Where something can be clicked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) area: Rect,
    pub(super) target: Target,
}

/// What is at a place: what was drawn last lies on top.
pub(super) fn at(hits: &[Hit], column: u16, row: u16) -> Option<Hit> {
    hits.iter().rev().find(|hit| hit.area.contains((column, row).into())).copied()
}
