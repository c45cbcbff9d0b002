//! Big mode, at any size.

use super::{RECORDED, made, recorded};
use crate::ledger::Ledger;
use crate::view::panels::big;
use crate::view::pen::{Pen, lines_of, styles_of};
use crate::view::theme::Theme;
use crate::view::{Glyphs, ThemeName};
use crate::wire::{Frame, LaneId, Mode, PoolPlan};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

fn ledger_of(frames: &[Frame]) -> Ledger {
    let mut ledger = Ledger::new();
    frames.iter().for_each(|frame| ledger.post(frame));
    ledger
}

fn drawn(ledger: &Ledger, paused: bool, (columns, rows): (u16, u16)) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
    let area = buffer.area;
    big::draw(
        ledger,
        &Theme::of(ThemeName::Plain, Glyphs::Blocks),
        LaneId(2),
        paused,
        &mut Pen::new(&mut buffer, &mut Vec::new(), area),
    );
    buffer
}

fn eight_lanes() -> Ledger {
    let lane = |id| made::lane_plan(id, &format!("lane number {id}"), PoolPlan::Stealing, 2);
    ledger_of(&made::frames_of(made::plan((1..=8).map(lane).collect(), Mode::Together), 60))
}

#[test]
fn big_mode_at_every_size() {
    for size in [(80, 24), (120, 36), (200, 60)] {
        let at = |name: &str| format!("big_{name}_{}x{}", size.0, size.1);
        let text = |ledger: &Ledger| lines_of(&drawn(ledger, false, size)).join("\n");
        insta::assert_snapshot!(at("three"), text(&ledger_of(&made::frames(120))));
        insta::assert_snapshot!(at("eight"), text(&eight_lanes()));
        for (name, _) in RECORDED {
            insta::assert_snapshot!(at(name), text(&ledger_of(&recorded(name))));
        }
    }
    let styles = styles_of(&drawn(&ledger_of(&made::frames(120)), true, (80, 24)));
    insta::assert_snapshot!("big_styles_80x24", styles.join("\n"));
}

#[test]
fn what_must_be_known_is_said() {
    let screen = |paused, size| lines_of(&drawn(&ledger_of(&made::frames(120)), paused, size)).join("\n");
    assert!(screen(true, (80, 24)).contains("PAUSED") && !screen(false, (80, 24)).contains("PAUSED"));
    assert!(screen(false, (80, 24)).contains("turn of lane 3"));
    // Where there is no room for digits there are figures still.
    let small = screen(false, (40, 10));
    assert!(small.contains("1,594") && small.contains("×1.85"), "{small}");
    let empty = lines_of(&drawn(&Ledger::new(), false, (80, 24))).join("\n");
    assert!(empty.contains('—'), "{empty}");
    let announced = lines_of(&drawn(&ledger_of(&made::frames(0)), false, (120, 36))).join("\n");
    assert!(announced.contains("starting …") && !announced.contains("×1"), "{announced}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any run, at any moment and size.
    #[test]
    fn big_mode_never_panics(
        (run, part) in (0usize..3, 0.0..1.2f64),
        odd in prop::collection::vec((0u16..10, any::<u64>(), any::<[u64; 4]>(), ".{0,12}"), 0..6),
        size in (0u16..=500, 0u16..=200),
        small in (0u16..=40, 0u16..=14),
    ) {
        let mut frames = match run {
            0 => recorded("turns"),
            1 => recorded("deaths"),
            _ => made::frames_with_all(5),
        };
        frames.truncate((frames.len() as f64 * part) as usize);
        frames.extend(odd.into_iter().map(|(lane, at_ns, odd, text)| super::odd_frame(lane, at_ns, odd, text)));
        let ledger = ledger_of(&frames);
        for size in [size, small, (1, 1)] {
            let buffer = drawn(&ledger, run == 0, size);
            prop_assert!(buffer.content.iter().all(|cell| !cell.symbol().contains(char::is_control)));
        }
    }
}
