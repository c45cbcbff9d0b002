//! A command in its lane: progress, and the inputs that failed.

use super::*;
use crate::wire::{CommandPlan, Exit, Inputs, Job, JobsTick, Used, WorkloadPlan};

/// A run of so many ticks of a lane that runs a command.
fn frames(ticks: u64, jobs: impl Fn(u64) -> JobsTick) -> Vec<Frame> {
    let command = CommandPlan {
        command: "convert {} out/{/.png}".into(),
        inputs: Inputs::File { path: "list.txt".into(), null: false },
        ..CommandPlan::default()
    };
    let mut lane = made::lane_plan(1, "convert", PoolPlan::Command(command), 4);
    lane.workload = WorkloadPlan::Run;
    let mut frames = made::frames_of(made::plan(vec![lane], Mode::Together), ticks);
    for frame in &mut frames {
        if let Body::Tick(tick) = &mut frame.body {
            tick.jobs = Some(Box::new(jobs(tick.tasks.completed)));
            tick.tasks.failed = tick.jobs.as_ref().map_or(0, |jobs| jobs.failed.len() as u64);
        }
    }
    frames
}

fn job(number: u64, code: i32, stderr: &str) -> Job {
    Job {
        number,
        input: format!("in/a picture {number}.jpg"),
        tries: 2,
        exit: Exit::Code { code },
        used: Used { wall_ns: 41_000_000, cpu_ns: 38_000_000, ..Used::default() },
        stderr: stderr.into(),
        ..Job::default()
    }
}

fn some(failed: Vec<Job>) -> impl Fn(u64) -> JobsTick {
    move |done| JobsTick {
        inputs: Some(20_000),
        runs: done,
        newest: Some(Box::new(job(done, 0, ""))),
        failed: failed.clone(),
        ..JobsTick::default()
    }
}

fn failing() -> Vec<Job> {
    vec![job(17, 1, "convert: no images defined\n"), job(42, 1, "convert: \u{1b}[31mnot\u{1b}[0m a picture\n\n")]
}

#[test]
fn a_command_shows_its_progress_and_what_failed() {
    for (width, height) in [(80, 24), (120, 36), (200, 60)] {
        let screen = draw_to_text(&model_after(frames(60, some(failing()))), width, height);
        for words in [
            "inputs ",
            " of 20,000",
            "2 failed",
            "✕ input 42 (in/a picture 42.jpg) exited with code 1, tried 2",
            "  convert: ·[31mnot·[0m a picture",
        ] {
            assert!(screen.contains(words), "{words} is not on the screen of {width}×{height}:\n{screen}");
        }
        assert!(screen.contains("left (estimate)"), "an estimate says that it is one:\n{screen}");
        assert!(!screen.contains('\u{1b}') && screen.contains("4 workers") && screen.contains("queue "), "{screen}");
    }
    insta::assert_snapshot!("command_80x24", draw_to_styled(&model_after(frames(60, some(failing()))), 80, 24));
    insta::assert_snapshot!("command_120x36", draw_to_text(&model_after(frames(60, some(failing()))), 120, 36));
}

#[test]
fn before_anything_failed_the_last_input_is_shown() {
    let screen = draw_to_text(&model_after(frames(60, some(Vec::new()))), 100, 45);
    assert!(
        screen.contains("last input ") && screen.contains("exited with code 0") && screen.contains("41 ms · 38 ms cpu"),
        "{screen}"
    );
    let stopped = |_| JobsTick { stopped: Some("the disk is full".into()), ..JobsTick::default() };
    let screen = draw_to_text(&model_after(frames(60, stopped)), 100, 30);
    assert!(screen.contains("stopped: the disk is full"), "{screen}");
    assert!(screen.contains("Nothing more is begun: the disk is full"), "{screen}");
}
