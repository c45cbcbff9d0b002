//! Screens of the recordings that are at the limits: four lanes of eight workers, eight of 64, a crowd of 1024 in one
//! lane, and 384 cores, which no machine of ours has: made from a real recording by the helper of the benchmark.

use super::*;
use crate::wire::Phase;

#[path = "../../../benches/common/many_cores.rs"]
mod many_cores;

const FOUR_OF_EIGHT: &str = include_str!("../../../assets/recordings/four-of-eight.ndjson");

pub(super) const NAMES: [&str; 4] = ["four-of-eight", "eight-of-64", "crowd", "384-cores"];

/// All frames of a recording.
pub(super) fn frames_of(name: &str) -> Vec<Frame> {
    let made;
    let lines = match name {
        "four-of-eight" => FOUR_OF_EIGHT,
        "eight-of-64" => include_str!("../../../assets/recordings/eight-of-64.ndjson"),
        "crowd" => include_str!("../../../assets/recordings/crowd.ndjson"),
        _ => {
            made = many_cores::with_cores(FOUR_OF_EIGHT, 384);
            &made
        }
    };
    lines.lines().map(|line| crate::wire::decode_frame(line.as_bytes()).expect("a frame")).collect()
}

/// The frames up to a moment before the first lane is done.
pub(super) fn running(name: &str) -> Vec<Frame> {
    let mut frames = frames_of(name);
    let done = |frame: &Frame| matches!(&frame.body, Body::Tick(tick) if tick.phase == Phase::Done);
    let end = frames.iter().position(done).unwrap_or(frames.len());
    frames.truncate(end);
    frames
}

/// A screen in some theme, after these frames.
pub(super) fn shown(theme: ThemeName, frames: Vec<Frame>) -> Model {
    let mut model = Model::new(Setting { theme, ..setting("a recording") });
    for frame in frames {
        let _ = update(&mut model, Message::Frame(Box::new(frame)));
    }
    model
}

#[test]
fn recordings_at_the_limits_look_the_same_each_time() {
    for name in NAMES {
        let (dark, light) = (shown(ThemeName::Dark, running(name)), shown(ThemeName::Light, running(name)));
        for (columns, rows) in [(80, 24), (120, 36), (200, 60)] {
            let (dark, light) = (draw_to_styled(&dark, columns, rows), draw_to_styled(&light, columns, rows));
            let ((text, _), (light_text, styles)) =
                (dark.split_once("\n---\n").expect("both parts"), light.split_once("\n---\n").expect("both parts"));
            assert_eq!(text, light_text, "a theme changes colours and nothing else");
            assert_ne!(dark, light);
            insta::assert_snapshot!(format!("{name}_dark_{columns}x{rows}"), dark);
            insta::assert_snapshot!(format!("{name}_light_{columns}x{rows}"), styles);
        }
    }
}

#[test]
fn what_is_made_up_says_so() {
    let screen = draw_to_text(&shown(ThemeName::Plain, running("384-cores")), 120, 36);
    assert!(screen.contains("made up from fewer cores") && screen.contains("of 384 cores"), "{screen}");
}

#[test]
fn every_worker_of_a_crowd_is_in_some_row() {
    for (columns, rows) in [(80, 24), (120, 36), (200, 60)] {
        let screen = draw_to_text(&shown(ThemeName::Plain, running("crowd")), columns, rows);
        assert!(screen.contains("1,024 workers"), "{screen}");
        assert!(screen.contains("-1023 ") && screen.contains(" 0-"), "{screen}");
    }
}
