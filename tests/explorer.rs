//! The explorer's process from end to end: what is asked is answered, whatever becomes of the process.
#![expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]

use crossbeam_channel::{Receiver, unbounded};
use poolscope::explore::{Answer, AnswerBody, Ask, Options, Position, Question, Report, Stepper, explore};
use poolscope::program::compile;
use poolscope::source::Explorer;
use poolscope::source::explorer::serve;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn text_of(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/programs").join(name)).expect("a program")
}

fn question(id: u64, program: &str, text: &str) -> Question {
    Question { id, program: program.into(), text: text.into(), options: Options::default() }
}

fn at(id: u64, program: &str, text: &str, schedule: &str) -> Ask {
    Ask::Position { question: question(id, program, text), schedule: schedule.into(), from: 0 }
}

/// One that takes seconds.
fn large() -> String {
    "import threading\n\nx = [0] * 6\n\ndef work(i):\n    for n in range(4):\n        x[i % 2] += 1\n        x[2] += n\n\n\
     ts = [threading.Thread(target=work, args=(i,)) for i in range(5)]\nfor t in ts:\n    t.start()\nfor t in ts:\n    t.join()\n"
        .into()
}

/// The real process, and what comes from it.
fn real() -> (Explorer, Receiver<Answer>) {
    of_program(PathBuf::from(env!("CARGO_BIN_EXE_poolscope")))
}

fn of_program(program: PathBuf) -> (Explorer, Receiver<Answer>) {
    let (tell, answers) = unbounded();
    (Explorer::new(Some(program), move |answer| _ = tell.send(answer)), answers)
}

/// The next answer that is one.
#[track_caller]
fn next(answers: &Receiver<Answer>) -> Answer {
    loop {
        let answer = answers.recv_timeout(PATIENCE).expect("an answer");
        if !matches!(answer.body, AnswerBody::Busy { .. }) {
            return answer;
        }
    }
}

#[track_caller]
fn position(answer: &Answer) -> &Position {
    match &answer.body {
        AnswerBody::Position { position } => position,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn report(answer: &Answer) -> &Report {
    match &answer.body {
        AnswerBody::Explored { report } => report,
        other => panic!("{other:?}"),
    }
}

/// Processes that we started as explorers.
fn explorers() -> Vec<i32> {
    let own = std::process::id().to_string();
    let is_ours = |pid: &i32| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let parent = stat.rsplit(") ").next().and_then(|rest| rest.split(' ').nth(1)).unwrap_or("").to_string();
        let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        parent == own && line.split('\0').any(|word| word == "explorer")
    };
    let all = fs::read_dir("/proc").expect("/proc");
    all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).filter(is_ours).collect()
}

fn signal(name: &str, pid: i32) {
    let sent = Command::new("kill").args([format!("-{name}"), pid.to_string()]).status().expect("kill runs");
    assert!(sent.success());
}

/// Tests that look for processes do so one at a time.
static ALONE: Mutex<()> = Mutex::new(());

#[test]
fn what_is_asked_is_answered_as_without_a_process() {
    let _alone = ALONE.lock();
    let (mut explorer, answers) = real();
    let text = text_of("lost-update.py");
    explorer.ask(Ask::Explore(question(1, "lost-update", &text)));
    let answer = next(&answers);
    let program = compile("lost-update", &text).expect("a program");
    let mut expected = explore(&program, &Options::default()).expect("a report");
    expected.elapsed_s = report(&answer).elapsed_s;
    assert_eq!((answer.id, report(&answer)), (1, &expected));

    let options = Options::default();
    let mut stepper = Stepper::new(&program, &options).expect("a stepper");
    for (id, outcome) in (2..).zip(&expected.outcomes) {
        explorer.ask(at(id, "lost-update", &text, &outcome.shortest));
        let answer = next(&answers);
        assert_eq!(answer.id, id);
        let expected = stepper.position(&outcome.shortest, 0).expect("a position");
        // What a step accessed is worked out with, and not told.
        let told = serde_json::to_string(&expected).expect("a line");
        assert_eq!(serde_json::to_string(position(&answer)).expect("a line"), told);
    }

    explorer.ask(at(90, "lost-update", &text, "1.1.7"));
    let AnswerBody::Refused { why } = next(&answers).body else { panic!("no such thread") };
    assert!(why.contains("step 3") && why.contains("no thread 7"), "{why}");
    explorer.ask(at(91, "mine.py", "import os\n", ""));
    let AnswerBody::Refused { why } = next(&answers).body else { panic!("not in the subset") };
    assert!(why.contains("mine.py:1:8"), "{why}");
    explorer.ask(Ask::Explore(question(92, "mine.py", "def f(:\n")));
    assert!(matches!(next(&answers), Answer { id: 92, body: AnswerBody::Refused { .. } }));

    drop(explorer);
    assert!(explorers().is_empty());
}

#[test]
fn a_step_does_not_wait_for_a_long_exploration() {
    let _alone = ALONE.lock();
    let (mut explorer, answers) = real();
    let text = text_of("ab-ba.py");
    // Warm: what is shared in it is known.
    explorer.ask(at(1, "ab-ba", &text, ""));
    position(&next(&answers));
    explorer.ask(Ask::Explore(question(2, "large", &large())));
    let busy = answers.recv_timeout(PATIENCE).expect("it is at work");
    assert!(matches!(busy, Answer { id: 2, body: AnswerBody::Busy { states: 1.. } }), "{busy:?}");
    let began = Instant::now();
    explorer.ask(at(3, "ab-ba", &text, "1"));
    assert_eq!(next(&answers).id, 3, "the exploration cannot be done yet");
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    // A newer text of the same program: what is under way is no use, and gets no answer.
    explorer.ask(Ask::Explore(question(4, "large", &text)));
    assert_eq!(next(&answers).id, 4);
    // And the large one can be stepped through, with a guess of what is shared.
    explorer.ask(at(5, "large", &large(), "1.2.1"));
    let answer = next(&answers);
    assert!(position(&answer).caveat.is_some() && position(&answer).length == 3, "{answer:?}");
}

#[test]
fn a_killed_process_is_told_and_another_is_started() {
    let _alone = ALONE.lock();
    let (mut explorer, answers) = real();
    explorer.ask(Ask::Explore(question(1, "large", &large())));
    let busy = answers.recv_timeout(PATIENCE).expect("it is at work");
    assert_eq!(busy.id, 1);
    let found = explorers();
    assert_eq!(found.len(), 1);
    signal("KILL", found[0]);
    let AnswerBody::Gone { why } = next(&answers).body else { panic!("it is gone") };
    assert!(why.contains("SIGKILL"), "{why}");
    let text = text_of("ab-ba.py");
    explorer.ask(at(2, "ab-ba", &text, "1.2"));
    assert_eq!(position(&next(&answers)).length, 2);
    // One that is stopped delays nobody.
    signal("STOP", explorers()[0]);
    let padded = format!("{text}\n# {}\n", "x".repeat(1 << 20));
    for id in 3..8 {
        explorer.ask(Ask::Explore(question(id, &format!("padded {id}"), &padded)));
    }
    let began = Instant::now();
    drop(explorer);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert!(explorers().is_empty());
}

#[test]
fn what_is_no_answer_ends_the_process_that_wrote_it() {
    let _alone = ALONE.lock();
    let folder = tempfile::tempdir().expect("a folder");
    let script = |text: &str| {
        let file = folder.path().join("explorer");
        // Written by a process of its own: while one of ours had it open, no other thread's child could start it.
        let mut shell = Command::new("sh");
        shell.args(["-c", "cat > \"$1\" && chmod +x \"$1\"", "sh"]).arg(&file).stdin(Stdio::piped());
        let mut shell = shell.spawn().expect("a shell");
        std::io::Write::write_all(&mut shell.stdin.take().expect("a pipe"), text.as_bytes()).expect("written");
        assert!(shell.wait().expect("an end").success());
        file
    };
    for (body, part) in [
        ("read line; echo 'hello'; sleep 60", "no answer"),
        ("read line; echo '{\"id\":1,\"answer\":\"explored\"}'; sleep 60", "no answer"),
        ("read line; echo 'out of ideas' >&2; exit 3", "code 3 (out of ideas)"),
        ("exit 0", "code 0"),
        ("exec >&-; sleep 60", "fell silent"),
    ] {
        let (mut explorer, answers) = of_program(script(&format!("#!/bin/sh\n{body}\n")));
        explorer.ask(Ask::Explore(question(1, "any", "x = 1\n")));
        let AnswerBody::Gone { why } = next(&answers).body else { panic!("{body}") };
        assert!(why.contains(part), "{body}: {why}");
    }
    let (mut explorer, answers) = of_program(folder.path().join("not there"));
    explorer.ask(Ask::Explore(question(1, "any", "x = 1\n")));
    let AnswerBody::Gone { why } = next(&answers).body else { panic!("it cannot start") };
    assert!(why.contains("could not be started"), "{why}");
}

/// Where answers of a process without a process go.
#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn lines_that_are_no_questions_are_refused_and_the_next_is_heard() {
    let good = serde_json::to_string(&at(9, "ok.py", "x = 1\n", "")).expect("a line");
    let lines = [
        "nonsense".to_string(),
        "{\"ask\":\"explore\",\"id\":7}".to_string(),
        "[]".to_string(),
        "\u{0}\u{1b}[2J".to_string(),
        good.clone(),
        format!("{good} and more"),
        good[..good.len() / 2].to_string(),
    ];
    let written = Written::default();
    serve(&mut lines.join("\n").as_bytes(), written.clone()).expect("it reads to the end");
    let told = |count: usize| {
        let began = Instant::now();
        loop {
            let text = String::from_utf8(written.0.lock().expect("no panic").clone()).expect("text");
            if text.lines().count() >= count || began.elapsed() > PATIENCE {
                return text;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    };
    let text = told(6);
    let answers: Vec<Answer> = text.lines().map(|line| serde_json::from_str(line).expect("an answer")).collect();
    let refused = answers.iter().filter(|answer| matches!(answer.body, AnswerBody::Refused { .. }));
    let mut ids: Vec<u64> = refused.map(|answer| answer.id).collect();
    ids.sort_unstable();
    assert_eq!(ids, [0, 0, 0, 0, 7]);
    assert!(answers.iter().any(|answer| answer.id == 9 && position(answer).ended.is_some()));
}
