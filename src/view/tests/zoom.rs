//! One lane on the whole screen, tab by tab, at any size.

use super::{RECORDED, made, recorded};
use crate::ledger::Ledger;
use crate::view::panels::zoom::{self, Tab, Zoom};
use crate::view::pen::{Pen, lines_of, styles_of};
use crate::view::theme::Theme;
use crate::view::{Glyphs, ThemeName};
use crate::wire::{Body, Frame, LaneId, Phase};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

const SIZES: [(u16, u16); 3] = [(80, 24), (120, 36), (200, 60)];

fn ledger_of(frames: &[Frame]) -> Ledger {
    let mut ledger = Ledger::new();
    frames.iter().for_each(|frame| ledger.post(frame));
    ledger
}

fn drawn(ledger: &Ledger, lane: LaneId, zoom: Zoom, (columns, rows): (u16, u16)) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
    let area = buffer.area;
    let lane = lane.index().and_then(|index| ledger.lanes().get(index)).expect("a lane");
    zoom::draw(
        lane,
        ledger,
        &Theme::of(ThemeName::Plain, Glyphs::Blocks),
        &zoom,
        &mut Pen::new(&mut buffer, &mut Vec::new(), area),
    );
    buffer
}

fn on(tab: Tab) -> Zoom {
    Zoom { tab, ..Zoom::default() }
}

fn text(buffer: &Buffer) -> String {
    lines_of(buffer).join("\n")
}

/// Every tab of a lane at a size, below each other.
fn all_tabs(ledger: &Ledger, lane: u16, size: (u16, u16)) -> String {
    let tabs = Tab::ALL.map(|tab| text(&drawn(ledger, LaneId(lane), on(tab), size)).trim_end().to_string());
    format!("{}\n", tabs.join("\n\n"))
}

/// A recorded run, up to a moment before its first lane is done.
fn running(name: &str) -> Vec<Frame> {
    let mut frames = recorded(name);
    let done = |frame: &Frame| matches!(&frame.body, Body::Tick(tick) if tick.phase == Phase::Done);
    let end = frames.iter().position(done).unwrap_or(frames.len());
    frames.truncate(end);
    frames
}

#[test]
fn every_tab_at_every_size() {
    let few = ledger_of(&made::frames_with_all(4));
    for size in SIZES {
        insta::assert_snapshot!(format!("zoom_made_{}x{}", size.0, size.1), all_tabs(&few, 2, size));
        for (name, _) in RECORDED {
            let ledger = ledger_of(&running(name));
            // In one run lanes take turns, in the other a lane of processes loses workers.
            let lane = if *name == "deaths" { 5 } else { 2 };
            insta::assert_snapshot!(format!("zoom_{name}_{}x{}", size.0, size.1), all_tabs(&ledger, lane, size));
        }
    }
}

#[test]
fn colours_of_a_zoomed_lane() {
    let few = ledger_of(&made::frames_with_all(4));
    let styles = Tab::ALL.map(|tab| styles_of(&drawn(&few, LaneId(2), on(tab), (80, 24))).join("\n"));
    insta::assert_snapshot!("zoom_styles_80x24", styles.join("\n\n"));
}

#[test]
fn a_thousand_workers_can_be_scrolled_through() {
    let many = ledger_of(&made::frames_with_all(1024));
    let (lane, size) = (&many.lanes()[1], (80, 24));
    for tab in [Tab::Workers, Tab::Flight] {
        let top = text(&drawn(&many, LaneId(2), on(tab), size));
        assert!(top.contains(" 0 ") && !top.contains("1023 ") && top.contains('↓'), "{top}");
        let end = on(tab).scroll_by(i32::MAX, lane, &many, size);
        let bottom = text(&drawn(&many, LaneId(2), end, size));
        assert!(bottom.contains("1023 ") && bottom.contains('↑') && !bottom.contains('↓'), "{bottom}");
        assert_eq!(end.scroll_by(1, lane, &many, size), end, "nothing is below the end");
        assert_eq!(end.scroll_by(i32::MIN, lane, &many, size).scroll, 0);
        let up = end.scroll_by(-1, lane, &many, size);
        assert_ne!(text(&drawn(&many, LaneId(2), up, size)), bottom, "one line up shows another line");
    }
}

#[test]
fn the_newest_event_is_last_and_older_ones_are_above() {
    let mut frames = made::frames_with_all(4);
    let tick = frames.iter().rev().find(|frame| frame.lane == Some(LaneId(2)) && matches!(frame.body, Body::Tick(_)));
    let mut more = tick.cloned().expect("a tick");
    for round in 1..8 {
        if let Body::Tick(tick) = &mut more.body {
            tick.seq += 1;
            tick.events = vec![crate::wire::Event::Resized { workers: round }; 5];
        }
        frames.push(more.clone());
    }
    let ledger = ledger_of(&frames);
    let (lane, size) = (&ledger.lanes()[1], (80, 24));
    let newest = text(&drawn(&ledger, LaneId(2), on(Tab::Events), size));
    assert!(newest.trim_end().ends_with("7 workers now, as ordered"), "{newest}");
    assert_eq!(on(Tab::Events).scroll_by(1, lane, &ledger, size).scroll, 0, "nothing is newer");
    let oldest = on(Tab::Events).scroll_by(-1000, lane, &ledger, size);
    let oldest = text(&drawn(&ledger, LaneId(2), oldest, size));
    assert!(oldest.contains("could not set the payload") && !oldest.contains("7 workers now"), "{oldest}");
}

#[test]
fn the_flight_recorders_are_looked_at_from_near_and_far() {
    let ledger = ledger_of(&made::frames_with_all(4));
    let (lane, size) = (&ledger.lanes()[1], (80, 24));
    let shown = |zoom| text(&drawn(&ledger, LaneId(2), zoom, size));
    let start = on(Tab::Flight);
    assert!(shown(start).contains("column 20 µs") && shown(start).contains(" 0 µs"), "{}", shown(start));
    assert_eq!(start.flight_by(5, lane, size), start, "nothing is newer than the newest");
    let earlier = start.flight_by(-20, lane, size);
    assert_eq!(earlier.flight.back_ns, 400_000);
    assert!(shown(earlier).contains("-400 µs"), "{}", shown(earlier));
    assert_eq!(earlier.flight_by(20, lane, size), start);
    let oldest = start.flight_by(i32::MIN, lane, size);
    assert_eq!(oldest.flight_by(-1, lane, size), oldest);
    let mut far = start;
    (0..40).for_each(|_| far = far.flight_zoom(false, lane, size));
    assert_eq!(far.flight.back_ns, 0, "all of it is there");
    assert!(shown(far).contains("column 200 µs"), "{}", shown(far));
    let mut near = far;
    (0..40).for_each(|_| near = near.flight_zoom(true, lane, size));
    assert_eq!(near.flight.column_ns, Some(10));
    let there = near.flight_zoom(false, lane, size).flight_zoom(true, lane, size);
    assert!(there.flight.back_ns.abs_diff(near.flight.back_ns) <= 10, "the middle stays: {there:?} {near:?}");
}

#[test]
fn tabs_follow_each_other_and_come_back() {
    let mut zoom = Zoom { scroll: 5, ..Zoom::default() };
    for tab in Tab::ALL.into_iter().cycle().skip(1).take(6) {
        zoom = zoom.next_tab();
        assert_eq!((zoom.tab, zoom.scroll), (tab, 0));
        assert_eq!(zoom.next_tab().previous_tab(), zoom);
    }
}

#[test]
fn before_anything_is_known_nothing_is_claimed() {
    let ledger = ledger_of(&made::frames(0));
    insta::assert_snapshot!("zoom_announced_80x24", all_tabs(&ledger, 1, (80, 24)));
}

/// Some moment of some run, and what only a foreign lane would send.
type Moment = (usize, f64, Vec<(u16, u64, [u64; 4], String)>);

fn any_moment() -> impl Strategy<Value = Moment> {
    let odd = (0u16..10, any::<u64>(), any::<[u64; 4]>(), ".{0,12}");
    (0usize..4, 0.0..1.2f64, prop::collection::vec(odd, 0..6))
}

fn ledger_at((run, part, odd): Moment) -> Ledger {
    let mut frames = match run {
        0 => running("turns"),
        1 => recorded("deaths"),
        2 => made::frames_with_all(3),
        _ => made::frames_with_all(70),
    };
    frames.truncate((frames.len() as f64 * part) as usize);
    frames.extend(odd.into_iter().map(|(lane, at_ns, odd, text)| super::odd_frame(lane, at_ns, odd, text)));
    ledger_of(&frames)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Any lane, at any moment, in any tab, at any size and place: no panic, and nothing that a terminal would obey.
    #[test]
    fn any_lane_can_be_zoomed_at_any_size(
        moment in any_moment(),
        sizes in prop::collection::vec((1u16..=500, 1u16..=200), 1..3),
        small in (1u16..=40, 1u16..=14),
        (scroll, lines, columns) in (any::<u16>(), any::<i32>(), any::<i32>()),
        (column_ns, back_ns) in (any::<Option<u64>>(), any::<u64>()),
    ) {
        let ledger = ledger_at(moment);
        for lane in ledger.lanes() {
            for size in sizes.iter().copied().chain([small, (1, 1)]) {
                for tab in Tab::ALL {
                    let flight = zoom::FlightView { column_ns, back_ns };
                    let wild = Zoom { tab, scroll, flight };
                    let tame = wild.scroll_by(lines, lane, &ledger, size).flight_by(columns, lane, size);
                    for zoom in [wild, tame, tame.flight_zoom(lines > 0, lane, size), on(tab)] {
                        let mut buffer = Buffer::empty(Rect::new(0, 0, size.0, size.1));
                        let area = buffer.area;
                        let theme = Theme::of(ThemeName::Light, Glyphs::Blocks);
                        zoom::draw(lane, &ledger, &theme, &zoom, &mut Pen::new(&mut buffer, &mut Vec::new(), area));
                        prop_assert!(buffer.content.iter().all(|cell| !cell.symbol().contains(char::is_control)));
                    }
                }
            }
        }
    }
}
