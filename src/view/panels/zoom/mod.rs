//! One lane on the whole screen, in tabs.
//!
//! ```text
//! ▸2 four threads    [workers]  times   locks   flight   numbers   events
//! ────────────────────────────────────────────────── rows 1 to 20 of 1,024
//! what the tab shows
//! ```
//!
//! [`Zoom`] says which tab, and where in it; it is plain data, moved by pure functions that know the lane and the room
//! on the screen, so that no key leads past an end. What is drawn holds to those ends too: a lane may shrink meanwhile.
//!
//! Absent here: keys. Whoever reads them calls these functions.

mod blocking;
mod events;
mod flight;
mod locks;
mod numbers;
mod spans;
mod times;
mod workers;

use crate::ledger::{LaneLedger, Ledger};
use crate::stats::words;
use crate::view::hits::Target;
use crate::view::pen::{Pen, fit, width_of};
use crate::view::theme::Theme;

/// What is shown of the lane.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::view) enum Tab {
    /// The lane's panel, with all the room there is. Drawn by whoever draws it beside others.
    #[default]
    Overview,
    /// Each worker's timeline and shares.
    Workers,
    /// How long tasks waited and took.
    Times,
    /// Each lock, and who keeps whom waiting.
    Locks,
    /// The flight recorders' last milliseconds.
    Flight,
    /// Every number of the summary.
    Numbers,
    /// What happened, in words.
    Events,
}

impl Tab {
    /// Every tab, in their order.
    pub(in crate::view) const ALL: [Tab; 7] =
        [Tab::Overview, Tab::Workers, Tab::Times, Tab::Locks, Tab::Flight, Tab::Numbers, Tab::Events];

    /// What it is called.
    pub(in crate::view) fn name(self) -> &'static str {
        match self {
            Tab::Overview => "overview",
            Tab::Workers => "workers",
            Tab::Times => "times",
            Tab::Locks => "locks",
            Tab::Flight => "flight",
            Tab::Numbers => "numbers",
            Tab::Events => "events",
        }
    }

    fn after(self, steps: usize) -> Tab {
        let place = Tab::ALL.iter().position(|tab| *tab == self).unwrap_or(0);
        Tab::ALL[(place + steps) % Tab::ALL.len()]
    }
}

/// Which tab, and where in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::view) struct Zoom {
    /// The tab.
    pub(in crate::view) tab: Tab,
    /// Rows from the tab's beginning; of events, from its end.
    pub(in crate::view) scroll: u16,
    /// Which stretch of the flight recorders.
    pub(in crate::view) flight: FlightView,
}

/// Which stretch of the flight recorders is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::view) struct FlightView {
    /// The time of a column; none for one at which single tasks can be seen.
    pub(in crate::view) column_ns: Option<u64>,
    /// From the right edge to the newest event.
    pub(in crate::view) back_ns: u64,
}

/// The columns and rows that a zoomed lane is drawn on.
pub(in crate::view) type Size = (u16, u16);

/// What every tab is drawn from.
struct Shown<'a> {
    lane: &'a LaneLedger,
    ledger: &'a Ledger,
    theme: &'a Theme,
    zoom: Zoom,
}

impl Zoom {
    /// The tab after this one, from its beginning.
    pub(in crate::view) fn next_tab(self) -> Zoom {
        Zoom { tab: self.tab.after(1), scroll: 0, ..self }
    }

    /// The tab before this one, from its beginning.
    pub(in crate::view) fn previous_tab(self) -> Zoom {
        Zoom { tab: self.tab.after(Tab::ALL.len() - 1), scroll: 0, ..self }
    }

    /// So many lines down, or up.
    pub(in crate::view) fn scroll_by(self, lines: i32, lane: &LaneLedger, ledger: &Ledger, size: Size) -> Zoom {
        // Events are counted from the newest, which is last: those above are further back.
        let lines = if self.tab == Tab::Events { lines.saturating_neg() } else { lines };
        let most = self.scroll_max(lane, ledger, size);
        let scroll = i64::from(self.scroll.min(most)).saturating_add(i64::from(lines)).clamp(0, i64::from(most));
        Zoom { scroll: u16::try_from(scroll).unwrap_or(most), ..self }
    }

    /// So many columns of the flight recorders later, or earlier.
    pub(in crate::view) fn flight_by(self, columns: i32, lane: &LaneLedger, size: Size) -> Zoom {
        Zoom { flight: flight::moved(self.flight, columns, lane, size.0), ..self }
    }

    /// The flight recorders from nearer, or from further away.
    pub(in crate::view) fn flight_zoom(self, nearer: bool, lane: &LaneLedger, size: Size) -> Zoom {
        Zoom { flight: flight::zoomed(self.flight, nearer, lane, size.0), ..self }
    }

    fn scroll_max(self, lane: &LaneLedger, ledger: &Ledger, size: Size) -> u16 {
        let size = (size.0, size.1.saturating_sub(head_rows(size.1)));
        match self.tab {
            Tab::Overview => 0,
            Tab::Workers => workers::scroll_max(lane, size),
            Tab::Times => times::scroll_max(size),
            Tab::Locks => locks::scroll_max(lane, size),
            Tab::Flight => flight::scroll_max(lane, size),
            Tab::Numbers => numbers::scroll_max(lane, ledger, size),
            Tab::Events => events::scroll_max(lane, size),
        }
    }
}

/// The rows above a tab: its name, and a line where there is room for one.
pub(in crate::view) fn head_rows(height: u16) -> u16 {
    if height >= 12 { 2 } else { height.min(1) }
}

/// Draws one lane on all of the pen's area.
pub(in crate::view) fn draw(lane: &LaneLedger, ledger: &Ledger, theme: &Theme, zoom: &Zoom, pen: &mut Pen<'_>) {
    let (width, height) = (pen.width(), pen.height());
    if width == 0 || height == 0 {
        return;
    }
    let most = zoom.scroll_max(lane, ledger, (width, height));
    let zoom = Zoom { scroll: zoom.scroll.min(most), ..*zoom };
    let shown = Shown { lane, ledger, theme, zoom };
    head(&shown, most, &mut pen.part(0, 0, width, head_rows(height)));
    let top = head_rows(height);
    let mut body = pen.part(0, top, width, height - top);
    match zoom.tab {
        Tab::Overview => {}
        Tab::Workers => workers::draw(&shown, &mut body),
        Tab::Times => times::draw(&shown, &mut body),
        Tab::Locks => locks::draw(&shown, &mut body),
        Tab::Flight => flight::draw(&shown, &mut body),
        Tab::Numbers => numbers::draw(&shown, &mut body),
        Tab::Events => events::draw(&shown, &mut body),
    }
}

/// The lane's name and the tabs, the one that is shown in brackets; below it a line with where in the tab this is.
fn head(shown: &Shown<'_>, scroll_max: u16, pen: &mut Pen<'_>) {
    let (theme, zoom) = (shown.theme, shown.zoom);
    let width = pen.width();
    let tabs_width: u16 = Tab::ALL.iter().map(|tab| width_of(tab.name()) + 2).sum();
    let number = format!("▸{} ", shown.lane.plan.id);
    let current = theme.tint(theme.accent).patch(theme.alarm());
    let has_all = tabs_width + width_of(&number) < width;
    let mut column = 0;
    if has_all || width_of(&number) + 12 <= width {
        column = pen.text(0, 0, &number, theme.tint(theme.accent).patch(theme.strong()));
    }
    if has_all {
        let room = usize::from(width - tabs_width - column).saturating_sub(2);
        if room >= 4 {
            let name = fit(&words::plain(shown.lane.name()), room);
            column = pen.text(column, 0, &name, theme.tint(theme.accent).patch(theme.strong())) + 2;
        }
        for tab in Tab::ALL {
            let place = Tab::ALL.iter().position(|one| *one == tab).unwrap_or(0);
            pen.part(column, 0, width_of(tab.name()) + 2, 1).hit(Target::Tab(place));
            column = if tab == zoom.tab {
                pen.text(column, 0, &format!("[{}]", tab.name()), current)
            } else {
                pen.text(column, 0, &format!(" {} ", tab.name()), theme.text())
            };
        }
    } else {
        let place = Tab::ALL.iter().position(|tab| *tab == zoom.tab).unwrap_or(0);
        let text = format!("‹[{}]› {} of {}", zoom.tab.name(), place + 1, Tab::ALL.len());
        pen.text(column, 0, &text, current);
    }
    if pen.height() >= 2 {
        pen.line(0, 1, width, '─', theme.label());
        let above = if zoom.tab == Tab::Events { scroll_max - zoom.scroll } else { zoom.scroll };
        let text = match (above, scroll_max - above) {
            (0, 0) => return,
            (0, below) => format!(" ↓ {} ", words::count(u64::from(below))),
            (above, 0) => format!(" ↑ {} ", words::count(u64::from(above))),
            (above, below) => {
                format!(" ↑ {}  ↓ {} ", words::count(u64::from(above)), words::count(u64::from(below)))
            }
        };
        pen.part(0, 1, width.saturating_sub(2), 1).text_right(0, 0, &text, theme.strong());
    }
}

/// A caption of a column or of a group.
fn caption(text: &str, column: u16, row: u16, theme: &Theme, pen: &mut Pen<'_>) -> u16 {
    pen.text(column, row, text, theme.label())
}

/// A text that ends before `end`.
fn before(end: u16, row: u16, text: &str, style: ratatui::style::Style, pen: &mut Pen<'_>) {
    let width = width_of(text);
    pen.text(end.saturating_sub(width), row, text, style);
}
