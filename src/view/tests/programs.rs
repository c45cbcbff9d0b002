//! The screens of programs, from what the explorer really answers.

use super::*;
use crate::explore::{self, Answer, AnswerBody, Ask, Stepper};
use crate::view::programs::Engine;
use crate::wire::{
    Ending, EndingCount, EndingKind, MemoryModel, ProgramPlan, Role, RunsTick, Standstill, Verdict, Waiting, Window,
    WorkloadPlan,
};

/// A lane that runs one of the small programs.
fn lane(id: u16, name: &str, program: &str, role: Role, acceptable: &[&str]) -> crate::wire::LanePlan {
    let (_, text) = super::texts::TEXTS.iter().find(|(known, _)| *known == program).expect("a program");
    let plan = ProgramPlan {
        program: format!("{program}.py"),
        text: text.to_string(),
        role,
        acceptable: acceptable.iter().map(|text| text.parse().expect("a pattern")).collect(),
        memory: MemoryModel::Sc,
        window: Window::Natural,
        ..ProgramPlan::default()
    };
    let mut lane = made::lane_plan(id, name, PoolPlan::Program(plan), 2);
    lane.workload = WorkloadPlan::Run;
    lane
}

fn plan(name: &str, title: &str, lanes: Vec<crate::wire::LanePlan>) -> Frame {
    let mut plan = made::plan(lanes, Mode::Together);
    (plan.scenario, plan.title) = (name.to_string(), title.to_string());
    Frame { lane: None, at_ns: 0, body: Body::Plan(Box::new(plan)) }
}

fn overdraft() -> Frame {
    let lanes = vec![
        lane(1, "no lock", "overdraft", Role::Broken, &["ended balance=20"]),
        lane(2, "check and act locked apart", "overdraft-locked-apart", Role::WrongFix, &["ended balance=20"]),
        lane(3, "one lock around both", "overdraft-locked", Role::RightFix, &["ended balance=20"]),
    ];
    plan("races/overdraft", "Overdraft", lanes)
}

fn ab_ba() -> Frame {
    let lanes = vec![
        lane(1, "opposite order", "ab-ba", Role::Broken, &[]),
        lane(2, "the same order", "ab-ba-ordered", Role::RightFix, &[]),
        lane(3, "try, and back off", "ab-ba-tried", Role::RightFix, &[]),
    ];
    plan("deadlocks/ab-ba", "AB-BA", lanes)
}

fn one(program: &str) -> Frame {
    plan(&format!("programs/{program}"), program, vec![lane(1, "as it is", program, Role::Broken, &[])])
}

/// What the explorer answers, from the explorer itself.
fn answer_to(ask: &Ask) -> Answer {
    let (Ask::Explore(question) | Ask::Position { question, .. }) = ask;
    let refused = |why: String| AnswerBody::Refused { why };
    let body = match crate::program::compile(&question.program, &question.text) {
        Err(problems) => refused(problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
        Ok(program) => match ask {
            Ask::Explore(_) => match explore::explore(&program, &question.options) {
                Ok(mut report) => {
                    report.elapsed_s = 0.0;
                    AnswerBody::Explored { report: Box::new(report) }
                }
                Err(problem) => refused(problem.to_string()),
            },
            Ask::Position { schedule, from, .. } => {
                let mut stepper = Stepper::new(&program, &question.options).expect("a program to step through");
                match stepper.position(schedule, *from) {
                    Ok(position) => AnswerBody::Position { position: Box::new(position) },
                    Err((at, why)) => refused(format!("step {at}: {why}")),
                }
            }
        },
    };
    Answer { id: question.id, body }
}

/// Hands a message over, and answers whatever is asked until nothing is.
fn send(model: &mut Model, message: Message) -> Vec<Control> {
    let mut others = Vec::new();
    let mut waiting = vec![message];
    for _ in 0..200 {
        let Some(message) = waiting.pop() else { return others };
        for control in update(model, message).controls {
            match control {
                Control::Ask(ask) => waiting.push(Message::Answer(Box::new(answer_to(&ask)))),
                other => others.push(other),
            }
        }
    }
    panic!("the screen asks without end");
}

fn keys(model: &mut Model, keys: &str) -> Vec<Control> {
    keys.chars().flat_map(|letter| send(model, Message::Key(Key::Char(letter)))).collect()
}

fn key(model: &mut Model, key: Key) -> Vec<Control> {
    send(model, Message::Key(key))
}

fn model_of(frame: Frame) -> Model {
    themed(frame, ThemeName::Plain)
}

fn themed(frame: Frame, theme: ThemeName) -> Model {
    let mut model = Model::new(Setting { theme, ..setting("") });
    send(&mut model, Message::Frame(Box::new(frame)));
    model
}

/// A tick of a lane whose runs ended so.
fn tick(lane: u16, seq: u64, runs: RunsTick) -> Message {
    let completed = runs.endings.iter().map(|one| one.count).sum();
    let mut tick = crate::wire::Tick { seq, interval_ns: 100_000_000, active_ns: 100_000_000, ..Default::default() };
    tick.phase = crate::wire::Phase::Running;
    tick.tasks.completed = completed;
    tick.workers =
        (0..2).map(|id| crate::wire::WorkerTick { id: crate::wire::WorkerId(id), ..Default::default() }).collect();
    tick.runs = Some(Box::new(runs));
    Message::Frame(Box::new(Frame {
        lane: Some(LaneId(lane)),
        at_ns: seq * 100_000_000,
        body: Body::Tick(Box::new(tick)),
    }))
}

fn ended(values: &[(&str, i64)], verdict: Verdict, count: u64) -> EndingCount {
    let values = values.iter().map(|(name, value)| ((*name).to_string(), (*value).into())).collect();
    EndingCount { ending: Ending { values, ..Ending::default() }, verdict, count }
}

fn overdraft_runs() -> RunsTick {
    let endings =
        vec![ended(&[("balance", 20)], Verdict::Acceptable, 409), ended(&[("balance", -60)], Verdict::Forbidden, 3)];
    RunsTick { endings, first_failed_ns: Some(840_000_000), ..RunsTick::default() }
}

const SIZES: [(u16, u16); 4] = [(80, 24), (120, 36), (200, 60), (40, 12)];

fn snapshot(name: &str, model: &mut Model) {
    for (columns, rows) in SIZES {
        send(model, Message::Resize(columns, rows));
        insta::assert_snapshot!(format!("{name}_{columns}x{rows}"), draw_to_text(model, columns, rows));
    }
}

#[test]
fn step_looks_so() {
    let mut model = model_of(overdraft());
    snapshot("step_begin", &mut model);
    keys(&mut model, "v1111122");
    for lane in 1..=2 {
        send(&mut model, tick(lane, 1, overdraft_runs()));
    }
    snapshot("step_overdraft", &mut model);
    insta::assert_snapshot!("step_overdraft_styled_120x36", draw_to_styled(&model, 120, 36));
    keys(&mut model, "uu2");
    snapshot("step_branched", &mut model);
    let mut light = themed(overdraft(), ThemeName::Light);
    keys(&mut light, "v111122");
    insta::assert_snapshot!("step_light_styled_80x24", draw_to_styled(&light, 80, 24));
}

#[test]
fn explore_looks_so() {
    let mut model = model_of(overdraft());
    send(&mut model, tick(1, 1, overdraft_runs()));
    keys(&mut model, "x");
    snapshot("explore_overdraft", &mut model);
    let mut model = model_of(one("lost-wakeup"));
    keys(&mut model, "xjj");
    key(&mut model, Key::Enter);
    snapshot("explore_lost_wakeup", &mut model);
}

#[test]
fn a_deadlock_grows_edge_by_edge() {
    let mut model = model_of(ab_ba());
    keys(&mut model, "1");
    let screen = draw_to_text(&model, 120, 36);
    assert!(screen.contains("who waits for whom") && !screen.contains("DEADLOCK"), "{screen}");
    snapshot("deadlock_first_edge", &mut model);
    keys(&mut model, "2");
    let screen = draw_to_text(&model, 120, 36);
    assert!(screen.contains("DEADLOCK") && screen.contains("The circle is closed"), "{screen}");
    snapshot("deadlock_closed", &mut model);
    // The cure is one key away: two variants claim to be one.
    keys(&mut model, "F");
    insta::assert_snapshot!("deadlock_cures_80x24", draw_to_text(&model, 80, 24));
    keys(&mut model, "1");
    let screen = draw_to_text(&model, 120, 36);
    assert!(screen.contains("the same order") && !screen.contains("DEADLOCK"), "{screen}");
}

#[test]
fn what_could_close_is_not_shown_as_what_has() {
    let mut model = model_of(one("philosophers"));
    keys(&mut model, "1");
    let screen = draw_to_text(&model, 120, 36);
    assert!(screen.contains("who waits for whom") && !screen.contains(" DEADLOCK "), "{screen}");
    snapshot("philosophers_one_fork", &mut model);
    keys(&mut model, "23");
    snapshot("philosophers_closed", &mut model);
    let mut model = model_of(one("lost-wakeup"));
    keys(&mut model, "n");
    let screen = draw_to_text(&model, 120, 36);
    assert!(screen.contains("STANDSTILL") && !screen.contains(" DEADLOCK "), "{screen}");
    let mut model = model_of(one("self-deadlock"));
    keys(&mut model, "n");
    snapshot("self_deadlock", &mut model);
}

#[test]
fn wild_looks_so() {
    let mut model = model_of(overdraft());
    for lane in 1..=3 {
        for seq in 1..=12 {
            let mut runs = overdraft_runs();
            runs.endings.iter_mut().for_each(|one| one.count *= seq);
            if lane == 3 {
                runs.endings.truncate(1);
                runs.first_failed_ns = None;
            }
            send(&mut model, tick(lane, seq, runs));
        }
    }
    keys(&mut model, "w");
    snapshot("wild_overdraft", &mut model);
}

#[test]
fn a_standstill_is_drawn() {
    let mut model = model_of(ab_ba());
    let wait = |thread, what: &str, held_by| Waiting { thread, what: what.to_string(), held_by: Some(held_by) };
    let standstill = Standstill {
        run: 17,
        waits: vec![wait(1, "right", 2), wait(2, "left", 1)],
        circle: vec![1, 2],
        found_after_ns: 61_000_000,
        since_ns: vec![410_000, 420_000],
    };
    let deadlock = Ending { kind: EndingKind::Deadlock, waits: standstill.waits.clone(), ..Ending::default() };
    let endings = vec![
        ended(&[], Verdict::Acceptable, 16),
        EndingCount { ending: deadlock, verdict: Verdict::Forbidden, count: 1 },
    ];
    let runs = RunsTick { endings, standstill: Some(standstill), ..RunsTick::default() };
    send(&mut model, tick(1, 1, runs));
    keys(&mut model, "w");
    snapshot("wild_standstill", &mut model);
}

#[test]
fn steps_are_undone_and_taken_again_and_a_branch_leaves_a_ghost() {
    let mut model = model_of(overdraft());
    let place = |model: &Model| {
        let journey = super::super::programs::journey(model).expect("a way");
        (journey.schedule(), journey.here(), journey.len(), journey.ghost().map(|ghost| ghost.steps.len()))
    };
    keys(&mut model, "1112");
    assert_eq!(place(&model), ("1.1.1.2".to_string(), 4, 4, None));
    keys(&mut model, "uu");
    assert_eq!(place(&model), ("1.1".to_string(), 2, 4, None));
    keys(&mut model, "U");
    key(&mut model, Key::Right);
    assert_eq!(place(&model).0, "1.1.1.2");
    key(&mut model, Key::Home);
    assert_eq!(place(&model).1, 0);
    key(&mut model, Key::End);
    keys(&mut model, "uuu2");
    assert_eq!(place(&model), ("1.2".to_string(), 2, 2, Some(3)));
}

#[test]
fn keys_that_come_before_the_answer_are_not_lost() {
    let mut model = model_of(overdraft());
    let mut asked = Vec::new();
    for letter in "112u2".chars() {
        asked.extend(update(&mut model, Message::Key(Key::Char(letter))).controls);
    }
    let asks = |controls: &[Control]| controls.iter().filter(|control| matches!(control, Control::Ask(_))).count();
    assert_eq!(asks(&asked), 1, "one question at a time");
    let Some(Control::Ask(ask)) = asked.first().cloned() else { panic!("nothing was asked") };
    // A late answer to another question changes nothing.
    let mut late = answer_to(&ask);
    late.id += 1000;
    let before = draw_to_text(&model, 80, 24);
    assert!(update(&mut model, Message::Answer(Box::new(late))).controls.is_empty());
    assert_eq!(before, draw_to_text(&model, 80, 24));
    send(&mut model, Message::Answer(Box::new(answer_to(&ask))));
    let journey = super::super::programs::journey(&model).expect("a way");
    assert_eq!((journey.schedule().as_str(), journey.steps().len()), ("1.1.2", 3));
}

#[test]
fn n_goes_to_the_failure_and_says_where_there_is_none() {
    let mut model = model_of(overdraft());
    keys(&mut model, "n");
    let screen = draw_to_text(&model, 120, 36);
    assert!(screen.contains("It is over: balance=-60"), "{screen}");
    keys(&mut model, "vvn");
    let screen = draw_to_text(&model, 120, 36);
    assert!(screen.contains("right fix") && screen.contains("0 of 2 schedules fail"), "{screen}");
}

#[test]
fn n_goes_from_a_program_that_cannot_fail_to_the_variant_that_can() {
    let plan = plan(
        "races/overdraft",
        "Overdraft",
        vec![
            lane(1, "one lock around both", "overdraft-locked", Role::Open, &["ended balance=20"]),
            lane(2, "no lock", "overdraft", Role::Broken, &["ended balance=20"]),
        ],
    );
    let mut model = model_of(plan);
    keys(&mut model, "n");
    let screen = draw_to_text(&model, 120, 36);
    assert!(screen.contains("0 of 2 schedules fail; ") && screen.contains("It is over: "), "{screen}");
    assert_eq!(model.focus, LaneId(2));
}

#[test]
fn a_schedule_is_copied_and_pasted_and_a_wrong_one_is_refused_by_name() {
    let mut model = model_of(overdraft());
    keys(&mut model, "v111");
    let copied = update(&mut model, Message::Key(Key::Char('y'))).copy.expect("a schedule");
    assert_eq!(copied, "overdraft.2#1.1.1");
    keys(&mut model, "Vp");
    keys(&mut model, &copied);
    key(&mut model, Key::Enter);
    let journey = super::super::programs::journey(&model).expect("a way");
    assert_eq!((journey.schedule().as_str(), model.focus), ("1.1.1", LaneId(2)));
    for (text, part) in
        [("lost-update#1.2", "another program"), ("1.x", "Step 2"), ("1.1.1w", "step 3"), ("9", "step 1")]
    {
        keys(&mut model, "p");
        keys(&mut model, text);
        key(&mut model, Key::Enter);
        let screen = draw_to_text(&model, 120, 36);
        assert!(screen.to_lowercase().contains(&part.to_lowercase()), "{text}: {screen}");
        key(&mut model, Key::Esc);
        let journey = super::super::programs::journey(&model).expect("a way");
        assert_eq!(journey.schedule(), "1.1.1", "{text}: what was there before is there again");
    }
}

#[test]
fn a_thread_with_a_choice_asks_which() {
    let mut plan = one("store-buffering");
    if let Body::Plan(plan) = &mut plan.body
        && let PoolPlan::Program(program) = &mut plan.lanes[0].pool
    {
        program.memory = MemoryModel::Tso;
    }
    let mut model = model_of(plan);
    keys(&mut model, "11");
    assert!(matches!(model.dialog, Dialog::Choose(_)) || draw_to_text(&model, 80, 24).contains("store buffer"));
    snapshot("choice", &mut model);
    keys(&mut model, "1");
    assert_eq!(model.dialog, Dialog::None);
}

#[test]
fn of_a_program_that_says_nothing_of_its_endings_nothing_is_claimed() {
    let one_of = |program: &str| {
        let mut model = model_of(plan("own", "own", vec![lane(1, "own", program, Role::Open, &["ended"])]));
        key(&mut model, Key::Char('x'));
        draw_to_text(&model, 200, 60)
    };
    let text = one_of("overdraft");
    assert!(
        text.contains("nothing says which of its 2 endings are right") && !text.contains("cannot go wrong"),
        "{text}"
    );
    assert!(text.starts_with(" poolscope  own   "), "{text}");
    let text = one_of("overdraft-locked");
    assert!(text.contains("it cannot go wrong"), "{text}");
}

#[test]
fn challenges_are_met_by_stepping_and_not_by_opening_the_answer() {
    let mut model = model_of(overdraft());
    assert!(keys(&mut model, "n").is_empty(), "an opened schedule is no merit");
    key(&mut model, Key::Home);
    let shortest = {
        let journey = super::super::programs::journey(&model).expect("a way");
        journey.steps().iter().map(|step| step.turn.clone()).collect::<String>()
    };
    // Stepping along the answer is not one's own way either; another order with the same end is.
    keys(&mut model, "c");
    key(&mut model, Key::Enter);
    snapshot("challenges", &mut model);
    key(&mut model, Key::Esc);
    let other: String = shortest.chars().map(|one| if one == '1' { '2' } else { '1' }).collect();
    let kept = keys(&mut model, &other);
    let Some(Control::KeepProgress(progress)) = kept.first() else { panic!("nothing was kept: {kept:?}") };
    assert!(progress.challenge.starts_with("balance=-60") && progress.steps == other.len(), "{progress:?}");
    assert!(draw_to_text(&model, 120, 36).contains("Challenge"));
}

#[test]
fn an_ending_that_is_not_listed_is_told_as_a_fault_of_ours() {
    let mut model = model_of(overdraft());
    let mut runs = overdraft_runs();
    runs.endings.push(ended(&[("balance", 7)], Verdict::Forbidden, 2));
    send(&mut model, tick(1, 1, runs));
    keys(&mut model, "x");
    assert!(draw_to_text(&model, 120, 36).contains("a bug of poolscope"));
    // Under other steps it proves nothing.
    keys(&mut model, "d");
    assert!(!draw_to_text(&model, 120, 36).contains("a bug of poolscope"));
}

#[test]
fn one_key_moves_between_engines_and_the_place_is_kept() {
    let mut model = model_of(overdraft());
    keys(&mut model, "112");
    let before = draw_to_text(&model, 120, 36);
    for engine in [Engine::Explore, Engine::Wild, Engine::Step] {
        key(&mut model, Key::Tab);
        assert_eq!(super::super::programs::engine(&model), Some(engine));
    }
    assert_eq!(before, draw_to_text(&model, 120, 36));
    keys(&mut model, "vvv");
    assert_eq!(before, draw_to_text(&model, 120, 36));
}

#[test]
fn what_the_explorer_refuses_is_shown_with_its_place() {
    let mut plan = one("overdraft");
    if let Body::Plan(plan) = &mut plan.body
        && let PoolPlan::Program(program) = &mut plan.lanes[0].pool
    {
        program.text = "import os\nprint(1)\n".to_string();
    }
    let mut model = model_of(plan);
    snapshot("refused", &mut model);
    keys(&mut model, "x1nru");
    assert!(draw_to_text(&model, 80, 24).contains("os"));
}

#[test]
fn every_key_of_a_screen_is_its_own() {
    let model = model_of(overdraft());
    for engine in Engine::ALL {
        let mut model = model.clone();
        model.programs.engine = engine;
        let held: Vec<_> = COMMANDS.iter().filter(|command| command.holds(&model)).collect();
        for (place, command) in held.iter().enumerate() {
            for other in &held[place + 1..] {
                let shared = command.keys.iter().find(|key| other.keys.contains(key));
                assert!(shared.is_none(), "{shared:?}: {} and {}", command.name, other.name);
            }
        }
    }
}

#[test]
fn the_help_of_each_engine_has_its_commands() {
    for (letter, name) in [('s', "step"), ('x', "explore"), ('w', "wild")] {
        let mut model = model_of(overdraft());
        keys(&mut model, &format!("{letter}?"));
        let screen = draw_to_text(&model, 100, 110);
        for command in COMMANDS.iter().filter(|command| command.holds(&model)) {
            let words: String = command.help.chars().take(30).collect();
            assert!(screen.contains(&words), "{} is not in the help of {name}:\n{screen}", command.name);
        }
    }
}

/// What the explorer really tells of two programs, here and there.
static TOLD: std::sync::LazyLock<Vec<AnswerBody>> = std::sync::LazyLock::new(|| {
    let mut told = Vec::new();
    for program in ["overdraft", "ab-ba", "store-buffering"] {
        let Body::Plan(plan) = one(program).body else { continue };
        let Some(plan) = plan.lanes[0].pool.program().cloned() else { continue };
        let mode = (explore::Grain::Operation, explore::Memory::Tso);
        let options = super::super::programs::asking::options(&plan, mode);
        let question = explore::Question { id: 0, program: plan.program, text: plan.text, options };
        told.push(answer_to(&Ask::Explore(question.clone())).body);
        for (schedule, from) in [("", 0), ("1", 0), ("1.1", 0), ("1.2", 1), ("1w", 0), ("2.1", 3), ("7", 0)] {
            let ask = Ask::Position { question: question.clone(), schedule: schedule.to_string(), from };
            told.push(answer_to(&ask).body);
        }
    }
    told
});

/// What only a foreign explorer would tell.
fn odd_answer(odd: [u64; 4], text: &str) -> AnswerBody {
    let number = odd[0] as usize;
    let small = (odd[1] % 9) as usize;
    let wait = explore::Wait { thread: number, what: text.to_string(), held_by: Some(small) };
    let thread = |place: usize| explore::ThreadStand {
        number: if odd[2].is_multiple_of(3) { number } else { place },
        name: text.to_string(),
        line: odd[3] as u32,
        doing: if odd[2].is_multiple_of(2) { explore::Doing::Waiting } else { explore::Doing::Ready },
        next: (0..odd[3] % 3).map(|_| explore::NextStep { turn: text.to_string(), text: text.to_string() }).collect(),
        waits: Some(wait.clone()),
        waits_since: Some(number),
        locals: vec![(text.to_string(), text.to_string())],
        buffered: vec![(text.to_string(), text.to_string())],
    };
    let datum = explore::Datum {
        name: text.to_string(),
        kind: "lock".to_string(),
        value: text.to_string(),
        held_by: vec![(number, small)],
        waited_for_by: vec![number, small],
        guarded: Some((text.to_string(), number, small)),
        changed: true,
    };
    match odd[0] % 5 {
        0 => AnswerBody::Busy { states: odd[1] },
        1 => AnswerBody::Gone { why: text.to_string() },
        2 => AnswerBody::Refused { why: text.to_string() },
        3 => match TOLD.first() {
            Some(AnswerBody::Explored { report }) => {
                let mut report = report.clone();
                report.complete = odd[1].is_multiple_of(2);
                report.schedules = Some(text.to_string());
                for outcome in &mut report.outcomes {
                    (outcome.schedules, outcome.chance) = (Some(text.to_string()), Some(f64::from_bits(odd[2])));
                    (outcome.length, outcome.switches, outcome.waits) = (number, small, vec![wait.clone(); 3]);
                    outcome.kind = explore::Kind::Deadlock;
                    outcome.shortest = text.to_string();
                }
                AnswerBody::Explored { report }
            }
            _ => AnswerBody::Busy { states: 1 },
        },
        _ => AnswerBody::Position {
            position: Box::new(explore::Position {
                schedule: if odd[1].is_multiple_of(2) { String::new() } else { text.to_string() },
                length: small,
                switches: number,
                threads: (0..small).map(thread).collect(),
                shared: vec![datum; small],
                output: vec![text.to_string(); small],
                text: text.to_string(),
                caveat: Some(text.to_string()),
                ..explore::Position::default()
            }),
        },
    }
}

/// What can happen to a screen with programs.
pub(super) fn any_message() -> impl Strategy<Value = Message> {
    let plans = vec![overdraft(), ab_ba(), one("philosophers"), one("store-buffering")];
    let deadlock = Standstill {
        run: 3,
        waits: vec![Waiting { thread: 1, what: "\x1b[2J".to_string(), held_by: Some(9) }],
        circle: vec![1, 9, 300],
        ..Standstill::default()
    };
    let still = RunsTick { standstill: Some(deadlock), unavailable: None, ..overdraft_runs() };
    let none = RunsTick { unavailable: Some("no \x07 python3".to_string()), ..RunsTick::default() };
    let runs = vec![overdraft_runs(), still, none];
    prop_oneof![
        3 => prop::sample::select(plans).prop_map(|frame| Message::Frame(Box::new(frame))),
        2 => (1u16..4, any::<u64>(), prop::sample::select(runs)).prop_map(|(lane, seq, runs)| tick(lane, seq % 90, runs)),
        6 => (1u64..40, prop::sample::select(TOLD.clone()))
            .prop_map(|(id, body)| Message::Answer(Box::new(Answer { id, body }))),
        2 => (1u64..40, any::<[u64; 4]>(), ".{0,12}")
            .prop_map(|(id, odd, text)| Message::Answer(Box::new(Answer { id, body: odd_answer(odd, &text) }))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever comes to a screen with programs, in whatever order and at whatever size: it never panics, draws no
    /// control character, and asks one thing at a time.
    #[test]
    fn anything_can_happen_to_programs(
        first in prop::sample::select(vec![0usize, 1]),
        messages in prop::collection::vec(prop_oneof![2 => super::any_message(), 3 => any_message()], 0..80),
        answers in any::<bool>(),
        small in (0u16..=60, 0u16..=30),
        some_setting in any_setting(),
    ) {
        let mut model = Model::new(some_setting);
        let plan = if first == 0 { overdraft() } else { ab_ba() };
        let _ = update(&mut model, Message::Frame(Box::new(plan)));
        for message in messages {
            let asked = update(&mut model, message).controls;
            let explores = |control: &&Control| matches!(control, Control::Ask(ask) if matches!(**ask, Ask::Explore(_)));
            let steps = |control: &&Control| matches!(control, Control::Ask(ask) if !matches!(**ask, Ask::Explore(_)));
            prop_assert!(asked.iter().filter(explores).count() <= 1 && asked.iter().filter(steps).count() <= 1);
            // Half of the time the explorer answers what it was asked.
            if let (true, Some(Control::Ask(ask))) = (answers, asked.last()) {
                let answer = answer_to(ask);
                let _ = update(&mut model, Message::Answer(Box::new(answer)));
            }
        }
        for (columns, rows) in [small, (80, 24), (120, 36), (1, 1), (200, 60)] {
            let _ = update(&mut model, Message::Resize(columns, rows));
            let mut buffer = Buffer::empty(Rect::new(0, 0, columns, rows));
            draw(&model, &mut buffer);
            prop_assert!(buffer.content.iter().all(|cell| !cell.symbol().contains(char::is_control)));
        }
    }
}

#[test]
fn another_text_is_gone_through_as_far_as_it_can_be() {
    let with = |change: &dyn Fn(&str) -> String| {
        let mut frame = overdraft();
        if let Body::Plan(plan) = &mut frame.body
            && let PoolPlan::Program(program) = &mut plan.lanes[0].pool
        {
            program.text = change(&program.text);
        }
        Message::Frame(Box::new(frame))
    };
    let mut model = model_of(overdraft());
    keys(&mut model, "112");
    send(&mut model, with(&|text| format!("# Mended.\n{text}")));
    let journey = super::super::programs::journey(&model).expect("a way");
    assert_eq!((journey.schedule().as_str(), journey.steps().len()), ("1.1.2", 3), "the place makes sense still");
    send(&mut model, with(&|text| text.replace("b.start()", "").replace("b.join()", "")));
    let journey = super::super::programs::journey(&model).expect("a way");
    assert_eq!(journey.schedule(), "", "there is no second thread to go on with");
}

#[test]
fn large_figures_tell_what_share_fails() {
    let mut model = model_of(overdraft());
    for lane in 1..=3 {
        send(&mut model, tick(lane, 1, overdraft_runs()));
    }
    keys(&mut model, "b");
    snapshot("big_step", &mut model);
    keys(&mut model, "w");
    snapshot("big_wild", &mut model);
}

#[test]
fn keys_go_to_what_a_click_goes_to() {
    let mut model = model_of(overdraft());
    send(&mut model, Message::Resize(120, 36));
    // The row of thread 1's next step, found by what is written there.
    let screen = draw_to_text(&model, 120, 36);
    let row = screen.lines().position(|line| line.contains("1 A  ▸")).expect("a next step");
    let click = |column, row| Message::Mouse(Mouse { what: MouseDid::Press, column, row });
    send(&mut model, click(6, row as u16));
    assert_eq!(super::super::programs::journey(&model).expect("a way").schedule(), "1");
    // An ending is marked by a click and opened by another; the ruler leads along.
    let screen = draw_to_text(&model, 120, 36);
    let row = screen.lines().position(|line| line.contains("✓ balance=20")).expect("an ending");
    send(&mut model, click(70, row as u16));
    send(&mut model, click(70, row as u16));
    let journey = super::super::programs::journey(&model).expect("a way");
    assert!(journey.len() >= 4 && journey.here() == journey.len());
    let screen = draw_to_text(&model, 120, 36);
    let row = screen.lines().position(|line| line.contains("━━━●")).expect("a ruler");
    let line = screen.lines().nth(row).expect("a line");
    let column = line.chars().position(|drawn| drawn == '━').expect("a ruler");
    send(&mut model, click(column as u16, row as u16));
    assert_eq!(super::super::programs::journey(&model).expect("a way").here(), 0);
}
