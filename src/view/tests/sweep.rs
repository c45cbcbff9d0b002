//! The screen of a sweep, from frames that are made: a curve that follows a law, one that is measured half, none at all.

use super::*;
use crate::scenario::OwnCommand;
use crate::stats::Histogram;
use crate::wire::{
    Arrivals, CurvePlan, Further, LanePlan, Measured, QueueHow, Spacing, SweepFigures, SweepPlace, SweepPlan, Varied,
};

const SIZES: [u32; 6] = [1, 2, 4, 8, 16, 32];

fn curve(lane: u16, varied: &[(&str, &str)], arrivals: Option<Arrivals>) -> CurvePlan {
    let of = |workers: &u32| {
        let mut plan = made::lane_plan(lane, "threads", PoolPlan::Threads { queue: QueueHow::Channel }, *workers);
        plan.arrivals = arrivals.unwrap_or(plan.arrivals);
        plan
    };
    CurvePlan {
        lane: LaneId(lane),
        name: "threads".into(),
        varied: varied.iter().map(|(key, value)| Varied { key: (*key).into(), value: (*value).into() }).collect(),
        lanes: SIZES.iter().map(of).collect::<Vec<LanePlan>>(),
    }
}

fn plan(curves: Vec<CurvePlan>) -> SweepPlan {
    let plan = made::plan(made::three_lanes(), Mode::Together);
    let left_out = vec!["lane 3 is left out: a `single` pool has one worker".to_string()];
    SweepPlan { plan, sizes: SIZES.to_vec(), for_ms: 2000, warmup_ms: 500, repeat: 3, further: 3, curves, left_out }
}

/// What a size did in a round: a law with β, some noise that is the same each time, tasks that sleep.
fn measured(curve: u32, size: u32, round: u32, load: bool) -> Measured {
    let workers = f64::from(SIZES[size as usize]);
    let exact = 400.0 * workers / (1.0 + 0.03 * (workers - 1.0) + 0.002 * workers * (workers - 1.0));
    let noise = 1.0 + 0.02 * (f64::from((curve * 7 + size * 5 + round * 3) % 7) - 3.0) / 3.0;
    let per_s = exact * noise / f64::from(curve + 1);
    let histogram = |ns: f64| {
        let mut histogram = Histogram::default();
        (0..100).for_each(|place| histogram.record((ns * (0.8 + f64::from(place) / 250.0)) as u64));
        Histogram::encode(histogram.counts(), histogram.sum(), histogram.max())
    };
    let (service_ns, wait_ns) = (workers / per_s * 1e9, (4.0 * workers + 60.0 - workers) / per_s * 1e9);
    let figures = SweepFigures {
        active_ns: 2_000_000_000,
        submitted: (per_s * 2.0) as u64,
        completed: (per_s * 2.0) as u64,
        failed: 0,
        queue_wait: histogram(wait_ns),
        service: histogram(service_ns),
        cpu_ns: Some(40_000_000),
        run_queue_ns: Some(1_000_000),
        in_system: 4.0 * workers + 60.0,
        load_per_s: load.then_some(per_s),
    };
    Measured {
        place: SweepPlace { curve, size, round },
        took_ns: 2_600_000_000,
        figures: Some(Box::new(figures)),
        trouble: None,
    }
}

/// A sweep of so many measurements, round by round; the last of them goes on.
pub(super) fn frames(number: usize) -> Vec<Frame> {
    let curves = vec![curve(1, &[], None), curve(2, &[("chunk", "16")], None)];
    let all = (0..3).flat_map(|round| (0..2).flat_map(move |curve| (0..6).map(move |size| (curve, size, round))));
    let at = |at_ns, body| Frame { lane: None, at_ns, body };
    let mut frames = vec![at(0, Body::Sweep(Box::new(plan(curves))))];
    let mut at_ns = 1_000_000;
    for (place, (curve, size, round)) in all.enumerate() {
        if place > number {
            return frames;
        }
        frames.push(at(at_ns, Body::Measuring(SweepPlace { curve, size, round })));
        if place < number {
            at_ns += 2_600_000_000;
            frames.push(at(at_ns, Body::Measured(Box::new(measured(curve, size, round, false)))));
        }
    }
    frames.push(at(at_ns, Body::End));
    frames
}

#[test]
fn the_curve_grows_and_is_judged_at_every_size_of_a_screen() {
    for (columns, rows) in [(80, 24), (120, 36), (200, 60)] {
        let screen = draw_to_styled(&model_after(frames(36)), columns, rows);
        insta::assert_snapshot!(format!("sweep_{columns}x{rows}"), screen);
    }
    insta::assert_snapshot!("sweep_begun_80x24", draw_to_text(&model_after(frames(3)), 80, 24));
    insta::assert_snapshot!("sweep_nothing_80x24", draw_to_text(&model_after(frames(0)), 80, 24));
    insta::assert_snapshot!("sweep_60x16", draw_to_text(&model_after(frames(36)), 60, 16));
}

#[test]
fn sizes_that_are_measured_on_are_told() {
    let mut frames = frames(36);
    frames.pop();
    let further = [2, 3].map(|size| SweepPlace { curve: 0, size, round: 3 }).to_vec();
    let at = |body| Frame { lane: None, at_ns: 94_000_000_000, body };
    frames.push(at(Body::Further(Further { places: further })));
    frames.push(at(Body::Measured(Box::new(measured(0, 2, 3, false)))));
    let screen = draw_to_text(&model_after(frames.clone()), 120, 36);
    assert!(screen.contains("37 of 38 measured"), "{screen}");
    assert!(screen.contains(" Now measuring on, since sizes") && screen.contains("further round 1, of 3"), "{screen}");
    let mut other = model_after(frames.clone());
    let _ = update(&mut other, Message::Key(Key::Tab));
    assert!(!draw_to_text(&other, 120, 36).contains("measuring on"), "the other curve is told");
    frames.push(at(Body::Measured(Box::new(measured(0, 3, 3, false)))));
    let screen = draw_to_text(&model_after(frames), 120, 36);
    assert!(screen.contains("38 of 38 measured") && !screen.contains("measuring on"), "{screen}");
}

#[test]
fn sizes_that_are_not_told_apart_are_all_marked_and_none_is_claimed() {
    let at = |body| Frame { lane: None, at_ns: 1, body };
    let mut frames = vec![at(Body::Sweep(Box::new(plan(vec![curve(1, &[], None)]))))];
    for (size, round) in (0..6).flat_map(|size| (0..3).map(move |round| (size, round))) {
        let mut measured = measured(0, size, round, false);
        if let Some(figures) = &mut measured.figures {
            // From eight workers on every round does something else.
            let noise = [5, 20, 45].map(|by| 4000 + 600 * ((u64::from(size) * 3 + by) % 7));
            figures.completed = if size < 3 { 500 << size } else { noise[round as usize] };
        }
        frames.push(at(Body::Measured(Box::new(measured))));
    }
    insta::assert_snapshot!("sweep_not_apart_80x24", draw_to_text(&model_after(frames), 80, 24));
}

#[test]
fn every_theme_shows_it_and_ascii_is_ascii() {
    for theme in ThemeName::ALL {
        for glyphs in Glyphs::ALL {
            let mut model = Model::new(Setting { theme, glyphs, ..setting("a sweep") });
            for frame in frames(36) {
                let _ = update(&mut model, Message::Frame(Box::new(frame)));
            }
            let screen = draw_to_text(&model, 120, 36);
            assert!(screen.contains("USL") && screen.contains("workers: "), "{theme} {glyphs}:\n{screen}");
            assert!(glyphs != Glyphs::Ascii || screen.is_ascii(), "{screen}");
        }
    }
    let mut ascii = Model::new(Setting { glyphs: Glyphs::Ascii, ..setting("a sweep") });
    for frame in frames(36) {
        let _ = update(&mut ascii, Message::Frame(Box::new(frame)));
    }
    insta::assert_snapshot!("sweep_ascii_120x36", draw_to_text(&ascii, 120, 36));
}

#[test]
fn a_lane_becomes_a_sweep_and_a_point_becomes_a_lane() {
    let mut model = model_after(made::frames_of(plan(Vec::new()).plan, 10));
    let scenario = crate::scenario::find("threads-or-processes-cpu", None).expect("built in");
    model.draft = Some(Box::new(Draft::of(&scenario, &Overrides::default())));
    press(&mut model, "2");
    let asked = press(&mut model, "s").remove(0).controls;
    let [Control::Sweep(swept)] = &asked[..] else { panic!("{asked:?} {:?}", model.status) };
    assert_eq!((swept.curves.len(), swept.curves[0].lane), (1, LaneId(2)));
    assert!(swept.curves[0].lanes.iter().map(|lane| lane.workers).eq(swept.sizes.iter().copied()));
    let first = Frame { lane: None, at_ns: 0, body: Body::Sweep(swept.clone()) };
    let _ = update(&mut model, Message::Frame(Box::new(first)));
    assert!(draw_to_text(&model, 120, 36).contains("sweep of"));
    // The second size is marked, and opened.
    let _ = update(&mut model, Message::Key(Key::Down));
    let asked = update(&mut model, Message::Key(Key::Enter)).controls;
    let [Control::Run(draft)] = &asked[..] else { panic!("{asked:?}") };
    let machine = model.ledger().plan().expect("a plan").machine.clone();
    let plan = draft.plan(&machine).expect("it makes one");
    assert_eq!(plan.lanes[1].workers, swept.sizes[1]);
    // And back to the lanes as they are now, by the key that brought us here.
    let asked = press(&mut model, "s").remove(0).controls;
    assert_eq!(asked, [Control::Run(draft.clone())]);
}

#[test]
fn a_lane_without_sizes_is_not_swept_and_says_why() {
    let mut model = model_after(made::frames_of(plan(Vec::new()).plan, 10));
    let scenario = crate::scenario::find("threads-or-processes-cpu", None).expect("built in");
    model.draft = Some(Box::new(Draft::of(&scenario, &Overrides::default())));
    press(&mut model, "1");
    assert!(press(&mut model, "s").iter().all(|effects| effects.controls.is_empty()));
    let screen = draw_to_text(&model, 120, 36);
    assert!(screen.contains("Lane 1 has nothing to sweep"), "{screen}");
}

#[test]
fn a_lane_that_runs_a_command_is_swept_once_that_was_asked() {
    let own = OwnCommand { command: b"gzip {}".to_vec(), inputs: Some(b"1..9".to_vec()), ..OwnCommand::default() };
    let scenario = crate::scenario::of_command(&own).unwrap_or_else(|problems| panic!("{problems:?}"));
    let draft = Draft::of(&scenario, &Overrides::default());
    let machine = made::plan(Vec::new(), Mode::Together).machine;
    let mut model = model_after(made::frames_of(draft.plan(&machine).expect("a plan"), 10));
    model.draft = Some(Box::new(draft));
    let controls = |model: &mut Model, keys: &str| -> Vec<Control> {
        press(model, keys).into_iter().flat_map(|effects| effects.controls).collect()
    };
    assert_eq!(controls(&mut model, "s"), []);
    let screen = draw_to_text(&model, 80, 24);
    assert!(screen.contains("Sweep lane 1 (gzip)? The run ends here.") && screen.contains("y do it"), "{screen}");
    assert!(!screen.contains("another worker"), "{screen}");
    assert_eq!(controls(&mut model, "n"), []);
    assert!(!draw_to_text(&model, 80, 24).contains("The run ends here"));
    let asked = controls(&mut model, "sy");
    assert!(matches!(&asked[..], [Control::Sweep(plan)] if plan.curves.len() == 1), "{asked:?}");
}

#[test]
fn curves_points_and_pauses_have_keys() {
    let mut model = model_after(frames(20));
    assert!(draw_to_text(&model, 120, 36).contains("lane 1 (threads)"));
    let _ = update(&mut model, Message::Key(Key::Tab));
    assert!(draw_to_text(&model, 120, 36).contains("lane 2 (threads, chunk=16)"));
    let _ = update(&mut model, Message::Key(Key::BackTab));
    let asked: Vec<Control> = press(&mut model, "  r").into_iter().flat_map(|effects| effects.controls).collect();
    assert_eq!(asked, [Control::Pause, Control::Resume, Control::Restart]);
    // A click on a size marks it.
    let _ = update(&mut model, Message::Resize(120, 36));
    let screen = draw_to_text(&model, 120, 36);
    let row = screen.lines().position(|line| line.trim_start().starts_with("4 ")).expect("a row of the table");
    let click = Mouse { what: MouseDid::Press, column: 6, row: row as u16 };
    let _ = update(&mut model, Message::Mouse(click));
    assert!(draw_to_text(&model, 120, 36).lines().nth(row).expect("a row").starts_with('▸'));
}

#[test]
fn a_recorded_sweep_cannot_be_changed() {
    let mut model = Model::new(Setting { recorded_ns: Some(90_000_000_000), ..setting("a recording") });
    for frame in frames(36) {
        let _ = update(&mut model, Message::Frame(Box::new(frame)));
    }
    assert!(draw_to_text(&model, 120, 36).contains("sweep of"));
    let asked: Vec<Control> = press(&mut model, "s").into_iter().flat_map(|effects| effects.controls).collect();
    assert!(asked.is_empty());
    assert!(update(&mut model, Message::Key(Key::Enter)).controls.is_empty());
}

#[test]
fn loads_are_the_curve_where_tasks_come_by_themselves() {
    let open = Arrivals::Open { rate_per_s: 900.0, spacing: Spacing::Poisson };
    let at = |body| Frame { lane: None, at_ns: 1, body };
    let mut frames = vec![at(Body::Sweep(Box::new(plan(vec![curve(1, &[], Some(open))]))))];
    frames.extend((0..6).map(|size| at(Body::Measured(Box::new(measured(0, size, 0, true))))));
    let screen = draw_to_text(&model_after(frames), 120, 36);
    assert!(screen.contains("load at which the queue grows") && screen.contains("grows at"), "{screen}");
    assert!(screen.contains("carry the 900 tasks/s that come"), "{screen}");
}
