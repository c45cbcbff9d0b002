//! Stepping by hand through long programs: what a step, an undo and a jump take, with all that goes over the pipe.
//!
//! `cargo bench --bench step`
//!
//! Each is measured twice: the stepper by itself with its answer written as JSON and read again, and the whole way through
//! the explorer's process. A frame is 16 ms.
#![expect(clippy::disallowed_methods, reason = "benchmarks stand outside the doors")]
#![expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

use crossbeam_channel::{Receiver, unbounded};
use poolscope::explore::{Answer, AnswerBody, Ask, Options, Position, Question, Stepper};
use poolscope::program::compile;
use poolscope::source::Explorer;
use std::path::PathBuf;
use std::time::Instant;

/// How many steps a program has.
const STEPS: usize = 10_000;

/// How often each is measured.
const ROUNDS: usize = 200;

/// Threads that count, under one lock or none: name, text, and a schedule from beginning to end.
fn programs() -> [(&'static str, String, String); 3] {
    let text = |first: &str, body: &str, threads: usize, times: usize| {
        format!(
            "import threading\n\ncounter = 0\nlock = threading.Lock()\n{first}\n\ndef work():\n    global counter\n    \
             for i in range({times}):\n        {body}\n\n\nts = [threading.Thread(target=work) for _ in range({threads})]\n\
             for t in ts:\n    t.start()\nfor t in ts:\n    t.join()\n"
        )
    };
    // Turn by turn, for as long as two move.
    let in_turn = |threads: usize, each: usize, burst: usize| {
        let rounds = (0..each / burst).flat_map(move |_| (1..=threads).flat_map(move |thread| vec![thread; burst]));
        rounds.map(|thread| thread.to_string()).collect::<Vec<String>>().join(".")
    };
    [
        ("two threads, no lock", text("", "counter += 1", 2, STEPS / 4), in_turn(2, STEPS / 2, 1)),
        ("two threads, a lock", text("", "with lock: counter += 1", 2, STEPS / 8), in_turn(2, STEPS / 2, 4)),
        ("eight threads, no lock", text("", "counter += 1", 8, STEPS / 16), in_turn(8, STEPS / 8, 1)),
    ]
}

struct Took {
    name: &'static str,
    ms: Vec<f64>,
}

impl Took {
    fn print(mut self) {
        self.ms.sort_by(f64::total_cmp);
        let (median, worst) = (self.ms[self.ms.len() / 2], self.ms[self.ms.len() - 1]);
        println!("    {:28} median {median:8.3} ms   worst {worst:8.3} ms", self.name);
    }
}

/// The places that somebody goes to, each with the step from which on steps are wanted.
fn walks(turns: &[&str]) -> Vec<(&'static str, Vec<(String, usize)>)> {
    let upto = |length: usize| turns[..length].join(".");
    let last = turns.len() - ROUNDS;
    let steps = (0..ROUNDS).map(|at| (upto(last + at + 1), last + at)).collect();
    let undos = (0..ROUNDS).map(|at| (upto(turns.len() - at - 1), turns.len() - at - 1)).collect();
    let jumps = (0..ROUNDS).map(|at| (at * 7_919) % turns.len()).map(|to| (upto(to), to)).collect();
    vec![("a step", steps), ("an undo", undos), ("a jump", jumps)]
}

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    for (name, text, schedule) in programs() {
        let turns: Vec<&str> = schedule.split('.').collect();
        println!("{name}: {} steps", turns.len());
        println!("  the stepper and its JSON");
        let program = compile(name, &text).expect("a program");
        let options = Options { states_max: 200_000, ..Options::default() };
        let began = Instant::now();
        let mut stepper = Stepper::new(&program, &options).expect("a stepper");
        println!("    {:28} {:15.3} ms", "what is shared", began.elapsed().as_secs_f64() * 1e3);
        let mut ask = |schedule: &str, from: usize| {
            let position = stepper.position(schedule, from).unwrap_or_else(|(at, why)| panic!("{at}: {why}"));
            let line = serde_json::to_string(&position).expect("a line");
            serde_json::from_str::<Position>(&line).expect("a position").length
        };
        measure(&turns, &mut ask);
        println!("  through the process");
        let (tell, answers): (_, Receiver<Answer>) = unbounded();
        let own = Some(PathBuf::from(env!("CARGO_BIN_EXE_poolscope")));
        let mut explorer = Explorer::new(own, move |answer| _ = tell.send(answer));
        let mut id = 0;
        let mut ask = |schedule: &str, from: usize| {
            id += 1;
            let question = Question { id, program: name.into(), text: text.clone(), options: Options::default() };
            explorer.ask(Ask::Position { question, schedule: schedule.into(), from });
            match answers.recv().expect("an answer").body {
                AnswerBody::Position { position } => position.length,
                other => panic!("{other:?}"),
            }
        };
        ask("", 0);
        measure(&turns, &mut ask);
    }
}

fn measure(turns: &[&str], ask: &mut impl FnMut(&str, usize) -> usize) {
    let whole = turns.join(".");
    let began = Instant::now();
    assert_eq!(ask(&whole, 0), turns.len());
    println!("    {:28} {:15.3} ms", "all of it, pasted", began.elapsed().as_secs_f64() * 1e3);
    for (name, places) in walks(turns) {
        let mut took = Took { name, ms: Vec::new() };
        if name == "a step" {
            // From somewhere else, so that the steps are new: the one before the first was another.
            let before = &turns[..turns.len() - ROUNDS];
            let other = if turns[before.len()] == "1" { "2" } else { "1" };
            let aside = format!("{}.{other}", before.join("."));
            ask(&aside, before.len());
        }
        for (schedule, from) in places {
            let began = Instant::now();
            ask(&schedule, from);
            took.ms.push(began.elapsed().as_secs_f64() * 1e3);
        }
        took.print();
    }
}
