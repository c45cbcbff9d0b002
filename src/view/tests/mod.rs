//! Whole screens from frames, and any message at any size.

mod big;
mod budget;
mod dialogs;
mod jobs;
pub(super) mod made;
mod pictures;
mod programs;
mod recorded;
mod shot;
mod sweep;
mod texts;
mod zoom;

use super::dialogs::Dialog;
use super::*;
use crate::scenario::{Draft, Overrides};
use crate::wire::{Body, Exit as LaneExit, Frame, Gone, LaneId, Mode, Order, PoolPlan, SystemTick, Turn};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

fn setting(title: &str) -> Setting {
    Setting { title: title.to_string(), ..Setting::default() }
}

fn model_after(frames: Vec<Frame>) -> Model {
    let mut model = Model::new(setting("pools/threads-or-processes"));
    for frame in frames {
        let _ = update(&mut model, Message::Frame(Box::new(frame)));
    }
    for s in 0..3u64 {
        let _ = update(&mut model, Message::Painted { at_ns: s * 1_000_000_000, bytes: s * 38_000, screens: s * 10 });
    }
    model
}

fn press(model: &mut Model, keys: &str) -> Vec<Effects> {
    keys.chars().map(|letter| update(model, Message::Key(Key::Char(letter)))).collect()
}

#[test]
fn the_screen_at_80x24() {
    insta::assert_snapshot!("live_80x24", draw_to_styled(&model_after(made::frames(120)), 80, 24));
}

#[test]
fn the_screen_at_120x36() {
    insta::assert_snapshot!("live_120x36", draw_to_styled(&model_after(made::frames(120)), 120, 36));
}

#[test]
fn the_screen_at_200x60() {
    insta::assert_snapshot!("live_200x60", draw_to_styled(&model_after(made::frames(120)), 200, 60));
}

#[test]
fn before_any_frame_everything_is_unknown() {
    insta::assert_snapshot!("empty_80x24", draw_to_text(&Model::new(setting("a scenario")), 80, 24));
    let announced = made::frames(0);
    insta::assert_snapshot!("announced_80x24", draw_to_text(&model_after(announced), 80, 24));
}

#[test]
fn help_lists_every_command() {
    let mut model = model_after(made::frames(30));
    press(&mut model, "?");
    let screen = draw_to_text(&model, 100, 90);
    for command in COMMANDS.iter().filter(|command| command.holds(&model)) {
        let words: String = command.help.chars().take(30).collect();
        assert!(screen.contains(&words), "{} is not in the help:\n{screen}", command.name);
    }
    insta::assert_snapshot!("help_80x24", draw_to_text(&model, 80, 24));
}

#[test]
fn killing_is_asked_for_and_only_of_processes() {
    let mut model = model_after(made::frames(60));
    press(&mut model, "2x");
    assert_eq!(model.dialog, Dialog::None, "threads cannot be killed");
    assert!(draw_to_text(&model, 80, 24).contains("only a process can be killed"));
    press(&mut model, "3x");
    insta::assert_snapshot!("kill_80x24", draw_to_text(&model, 80, 24));
    assert!(press(&mut model, "+r xn").iter().all(|effects| effects.controls.is_empty()), "a question blocks");
    press(&mut model, "x");
    let asked: Vec<Control> = press(&mut model, "y").into_iter().flat_map(|effects| effects.controls).collect();
    assert_eq!(asked, [Control::Order(Some(LaneId(3)), Order::Kill { worker: crate::wire::WorkerId(0) })]);
}

#[test]
fn workers_are_asked_for_one_by_one_even_before_they_are_there() {
    let mut model = model_after(made::frames(20));
    let asked: Vec<Control> = press(&mut model, "2++-").into_iter().flat_map(|effects| effects.controls).collect();
    let resize = |workers| Control::Order(Some(LaneId(2)), Order::Resize { workers });
    assert_eq!(asked, [resize(5), resize(6), resize(5)]);
    assert!(draw_to_text(&model, 120, 36).contains("4 workers → 5"));
}

#[test]
fn frozen_the_screen_stands_and_the_ledger_goes_on() {
    let mut model = model_after(made::frames(30));
    press(&mut model, "p");
    let (before, at_ns) = (draw_to_text(&model, 120, 36), model.ledger().at_ns());
    let tick = Frame { lane: None, at_ns: at_ns + 9_000_000_000, body: Body::System(SystemTick::default()) };
    let effects = update(&mut model, Message::Frame(Box::new(tick)));
    assert_eq!(effects.redraw, Redraw::Nothing);
    assert_eq!(before, draw_to_text(&model, 120, 36));
    assert!(before.contains("FROZEN") && model.ledger().at_ns() > at_ns);
    press(&mut model, "p");
    assert!(!draw_to_text(&model, 120, 36).contains("FROZEN"));
}

#[test]
fn space_pauses_and_goes_on_and_esc_never_ends_anything() {
    let mut model = model_after(made::frames(30));
    let asked: Vec<Control> = press(&mut model, "  ").into_iter().flat_map(|effects| effects.controls).collect();
    assert_eq!(asked, [Control::Pause, Control::Resume]);
    for keys in ["", "?", "3x", "z"] {
        press(&mut model, keys);
        let effects = update(&mut model, Message::Key(Key::Esc));
        assert!(effects.quit.is_none() && effects.controls.is_empty());
        assert_eq!(model.dialog, Dialog::None);
    }
}

#[test]
fn a_new_plan_begins_a_new_account() {
    let mut model = model_after(made::frames(60));
    assert!(model.ledger().at_ns() > 5_000_000_000);
    for frame in made::frames(2) {
        let _ = update(&mut model, Message::Frame(Box::new(frame)));
    }
    assert!(model.ledger().at_ns() < 1_000_000_000);
}

#[test]
fn more_lanes_than_fit_have_pages_and_a_gone_lane_says_so() {
    let lanes = (1..=8).map(|id| made::lane_plan(id, &format!("lane number {id}"), PoolPlan::Stealing, 2)).collect();
    let plan = Frame { lane: None, at_ns: 0, body: Body::Plan(Box::new(made::plan(lanes, Mode::Together))) };
    let gone = Gone { exit: LaneExit::Signal { signal: 11 }, expected: false, stderr: "\x1b[2Jboom\x07".to_string() };
    let gone = Frame { lane: Some(LaneId(4)), at_ns: 1, body: Body::Gone(gone) };
    let mut model = model_after(vec![plan, gone]);
    assert!(draw_to_text(&model, 80, 24).contains("lanes 1 to 3 of 8"));
    press(&mut model, "4");
    let screen = draw_to_text(&model, 80, 24);
    assert!(screen.contains("lanes 4 to 6 of 8") && screen.contains("GONE"), "{screen}");
    assert!(!screen.contains('\x1b') && !screen.contains('\x07'));
}

#[test]
fn many_workers_and_many_cores_are_grouped() {
    let mut lanes = made::three_lanes();
    lanes[1].workers = 64;
    let mut frames = made::frames_of(made::plan(lanes, Mode::Turns { slice_ms: 500 }), 90);
    let cores = (0..96).map(|id| (id, f64::from(id % 10) / 10.0)).collect();
    let system = SystemTick { window_ns: 250_000_000, cores, own_cpu_ns: None, throttled: Some(3) };
    frames.push(Frame { lane: None, at_ns: 1, body: Body::System(system) });
    insta::assert_snapshot!("many_120x36", draw_to_text(&model_after(frames), 120, 36));
}

/// A real run of the default scenario, made with `run --for 2s --record`, cut in the middle of what it shows: the ledger
/// has no clock, so the screen is the same each time.
const RECORDED: &[(&str, &str)] = &[
    ("turns", include_str!("../../../assets/recordings/turns.ndjson")),
    ("deaths", include_str!("../../../assets/recordings/deaths.ndjson")),
];

fn recorded(name: &str) -> Vec<Frame> {
    let (_, lines) = RECORDED.iter().find(|(known, _)| *known == name).expect("a recording");
    lines.lines().map(|line| crate::wire::decode_frame(line.as_bytes()).expect("a frame")).collect()
}

#[test]
fn recorded_runs_look_the_same_each_time() {
    for (name, _) in RECORDED {
        let frames = recorded(name);
        // What is there a moment before the run ends, and what stays after it.
        let most = frames
            .iter()
            .position(|frame| matches!(&frame.body, Body::Tick(tick) if tick.phase == crate::wire::Phase::Done));
        let mut running = frames.clone();
        running.truncate(most.unwrap_or(frames.len()));
        for (columns, rows) in [(80, 24), (120, 36), (200, 60)] {
            let screen = draw_to_styled(&model_after(running.clone()), columns, rows);
            insta::assert_snapshot!(format!("recorded_{name}_{columns}x{rows}"), screen);
        }
        insta::assert_snapshot!(format!("recorded_{name}_ended_120x36"), draw_to_text(&model_after(frames), 120, 36));
    }
}

#[test]
fn what_a_recording_asks_is_shown_with_its_choices_and_without_the_answer() {
    let mut model = model_after(recorded("turns"));
    press(&mut model, "i");
    let screen = draw_to_text(&model, 100, 40);
    let plan = model.ledger().plan().expect("a plan").clone();
    let question = plan.question.expect("a question");
    for choice in &question.choices {
        let begin: String = choice.text.chars().take(20).collect();
        let why: String = choice.why.chars().take(20).collect();
        assert!(screen.contains(&begin) && !screen.contains(&why), "{screen}");
    }
}

#[test]
fn nothing_can_be_ordered_in_a_recording_or_after_the_end() {
    let mut recording = Model::new(Setting { recorded_ns: Some(3_000_000_000), ..setting("a recording") });
    for frame in recorded("turns") {
        let _ = update(&mut recording, Message::Frame(Box::new(frame)));
    }
    let asked: Vec<Control> = press(&mut recording, "+-x r").into_iter().flat_map(|effects| effects.controls).collect();
    assert_eq!(asked, [Control::Pause, Control::Seek(0)], "a recording can stand still and begin again");
    let mut over = model_after(recorded("turns"));
    let asked: Vec<Control> = press(&mut over, "+-x r").into_iter().flat_map(|effects| effects.controls).collect();
    assert_eq!(asked, [Control::Restart]);
}

/// A scenario that is open.
fn draft(name: &str) -> Box<Draft> {
    let scenario = crate::scenario::find(name, None).expect("a scenario");
    Box::new(Draft::of(&scenario, &Overrides::default()))
}

fn any_setting() -> impl Strategy<Value = Setting> {
    let names = prop::sample::select(ThemeName::ALL.to_vec());
    let glyphs = prop::sample::select(Glyphs::ALL.to_vec());
    let pace = prop::sample::select(Pace::ALL.to_vec());
    let recorded_ns = prop_oneof![2 => Just(None), 1 => any::<u64>().prop_map(Some)];
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    (names, glyphs, pace, recorded_ns, flags).prop_map(|(theme, glyphs, pace, recorded_ns, (big, ask, has_draft))| {
        let draft = has_draft.then(|| draft("pool-size"));
        Setting { theme, glyphs, pace, recorded_ns, big, ask, draft, ..setting("any") }
    })
}

/// Any key that there is, and some that there are not.
fn any_message() -> impl Strategy<Value = Message> {
    let known: Vec<Key> = COMMANDS.iter().flat_map(|command| command.keys).copied().collect();
    let frames: Vec<Frame> = made::frames(40).into_iter().chain(sweep::frames(30)).collect();
    let keys = prop_oneof![
        4 => prop::sample::select(known),
        3 => prop::sample::select(vec![Key::Char('y'), Key::Char('n'), Key::Char('j'), Key::Char('k'), Key::Up, Key::Down,
            Key::Enter, Key::F(12), Key::Char('\u{202e}'), Key::Home, Key::Char('/'), Key::Backspace, Key::Char('h'),
            Key::Char('l'), Key::Char('7'), Key::Ctrl('u'), Key::Char('t'), Key::Char('s')]),
    ];
    prop_oneof![
        3 => prop::sample::select(frames).prop_map(|frame| Message::Frame(Box::new(frame))),
        1 => (0u16..10, any::<u64>(), any::<[u64; 4]>(), ".{0,12}").prop_map(|(lane, at_ns, odd, text)| {
            Message::Frame(Box::new(odd_frame(lane, at_ns, odd, text)))
        }),
        4 => keys.prop_map(Message::Key),
        1 => (0u16..=300, 0u16..=100).prop_map(|(columns, rows)| Message::Resize(columns, rows)),
        1 => (any::<u64>(), any::<u64>(), any::<u64>())
            .prop_map(|(at_ns, bytes, screens)| Message::Painted { at_ns, bytes, screens }),
        1 => any::<bool>().prop_map(Message::Attention),
        2 => (prop::sample::select(vec![MouseDid::Press, MouseDid::Drag, MouseDid::WheelUp, MouseDid::WheelDown]), 0u16..=300,
            0u16..=100).prop_map(|(what, column, row)| Message::Mouse(Mouse { what, column, row })),
        1 => any::<Option<u32>>().prop_map(Message::SlowLink),
        1 => prop::sample::select(ThemeName::ALL.to_vec()).prop_map(Message::Background),
        1 => prop::sample::select(crate::scenario::catalogue().to_vec()).prop_map(|entry| Message::Opened(draft(entry.name))),
        1 => Just(Message::Catalogue(crate::scenario::list(None))),
        1 => any::<Option<String>>().prop_map(Message::Recording),
        1 => ".{0,40}".prop_map(Message::Notice),
        1 => Just(Message::SourceGone),
    ]
}

/// What only a foreign lane would send.
fn odd_frame(lane: u16, at_ns: u64, odd: [u64; 4], text: String) -> Frame {
    let mut plan = made::lane_plan(lane % 5 + 1, &text, PoolPlan::PerTask, odd[0] as u32);
    let body = match odd[0] % 10 {
        4 => Body::Missed { frames: odd[1] },
        5 => Body::RecordingFailed { why: text },
        6 => Body::Unreadable { why: text },
        7 => Body::Turn(Turn { running: Some(LaneId(odd[1] as u16)), halted: odd[2].is_multiple_of(2) }),
        8 => Body::Flight { events: vec![(odd[1] as u32, odd[2], odd[3] as u8, odd[1])] },
        9 => Body::End,
        0 => Body::Gone(Gone { exit: LaneExit::Code { code: 1 }, expected: odd[1].is_multiple_of(2), stderr: text }),
        1 => Body::System(SystemTick {
            window_ns: odd[1],
            cores: (0..(odd[2] % 300) as u32).map(|id| (id, f64::from_bits(odd[3]))).collect(),
            own_cpu_ns: Some(odd[3]),
            throttled: Some(odd[1]),
        }),
        2 => {
            plan.capacity = Some(odd[2]);
            let mut whole = made::plan(vec![plan; (odd[3] % 9) as usize], Mode::Together);
            (whole.title, whole.tick_ms) = (text, odd[1]);
            Body::Plan(Box::new(whole))
        }
        _ => {
            let mut tick = crate::wire::Tick { seq: odd[1], active_ns: odd[2], ..Default::default() };
            tick.tasks.completed = odd[3];
            tick.queue.depth = odd[3];
            tick.process.cpu_ns = Some(odd[1]);
            tick.process.run_queue_ns = Some(odd[2]);
            let worker = |id| crate::wire::WorkerTick { id: crate::wire::WorkerId(id), ..Default::default() };
            tick.workers = (0..(odd[3] % 400) as u32).map(|id| worker(id.wrapping_mul(odd[2] as u32))).collect();
            Body::Tick(Box::new(tick))
        }
    };
    Frame { lane: Some(LaneId(lane)), at_ns, body }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// No message, in any order, at any size, makes the screen panic or lets a control character through.
    #[test]
    fn anything_can_happen_at_any_size(
        messages in prop::collection::vec(any_message(), 0..60),
        sizes in prop::collection::vec((0u16..=500, 0u16..=200), 1..4),
        small in (0u16..=30, 0u16..=12),
        some_setting in any_setting(),
    ) {
        let mut model = Model::new(some_setting);
        let (first, second) = messages.split_at(messages.len() / 2);
        for part in [first, second] {
            for message in part {
                let _ = update(&mut model, message.clone());
            }
            for (columns, rows) in sizes.iter().copied().chain([small, (80, 24)]) {
                let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
                draw(&model, &mut buffer);
                prop_assert!(buffer.content.iter().all(|cell| !cell.symbol().contains(char::is_control)));
            }
        }
    }
}
