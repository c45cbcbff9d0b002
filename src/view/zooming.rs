//! What keys do in the zoom, besides the commands: they move in it, as they move in any list.

use super::keys::Key;
use super::message::{Control, Effects};
use super::model::Model;
use super::panels::zoom::{Size, Tab, Zoom};
use super::screen;
use crate::wire::{LaneId, Order};

/// The columns and rows that the zoom has: all but the header, the keys and what stands below them.
pub(super) fn size_of(model: &Model) -> Size {
    let (columns, rows) = model.size;
    (columns, screen::rows_above(model, rows).saturating_sub(1))
}

/// Opens the zoom of the focused lane at a tab.
pub(super) fn open(model: &mut Model, tab: Tab) -> Effects {
    let before = model.zoom.unwrap_or_default();
    model.zoom = Some(Zoom { tab, scroll: 0, ..before });
    let mut effects = Effects::now();
    if tab == Tab::Flight {
        effects.controls.extend(flight(model));
    }
    effects
}

/// Asks the focused lane for what its flight recorders hold, where it can be asked.
pub(super) fn flight(model: &Model) -> Option<Control> {
    let lane = LaneId::of_index(model.focus_index());
    model.no_orders().is_none().then_some(Control::Order(Some(lane), Order::Flight))
}

/// Moves in the zoom; none where the key is a command's.
pub(super) fn press(model: &mut Model, key: Key) -> Option<Effects> {
    let zoom = model.zoom?;
    let size = size_of(model);
    let ledger = model.shown();
    let lane = ledger.lanes().get(model.focus_index())?;
    let page = i32::from(size.1 / 2).max(1);
    let scroll = |lines: i32| Some(zoom.scroll_by(lines, lane, ledger, size));
    let quarter = i32::from(size.0 / 4).max(1);
    let moved = match key {
        Key::Right | Key::Char('l') => return Some(open(model, zoom.next_tab().tab)),
        Key::Left | Key::Char('h') => return Some(open(model, zoom.previous_tab().tab)),
        Key::Down | Key::Char('j') => scroll(1),
        Key::Up | Key::Char('k') => scroll(-1),
        Key::PageDown | Key::Ctrl('d') => scroll(page),
        Key::PageUp | Key::Ctrl('u') => scroll(-page),
        Key::End | Key::Char('G') => scroll(i32::MAX),
        Key::Home => scroll(i32::MIN),
        Key::Char('[') if zoom.tab == Tab::Flight => Some(zoom.flight_zoom(false, lane, size)),
        Key::Char(']') if zoom.tab == Tab::Flight => Some(zoom.flight_zoom(true, lane, size)),
        Key::Char('{') if zoom.tab == Tab::Flight => Some(zoom.flight_by(-quarter, lane, size)),
        Key::Char('}') if zoom.tab == Tab::Flight => Some(zoom.flight_by(quarter, lane, size)),
        _ => None,
    }?;
    model.zoom = Some(moved);
    Some(Effects::now())
}

/// The keys of a tab, for the line of hints and the help.
pub(super) fn hints(zoom: &Zoom) -> &'static [(&'static str, &'static str)] {
    match zoom.tab {
        Tab::Overview => &[("← →", "tabs")],
        Tab::Flight => &[("← →", "tabs"), ("[ ]", "further, nearer"), ("{ }", "earlier, later")],
        _ => &[("← →", "tabs"), ("↑ ↓", "scroll")],
    }
}
