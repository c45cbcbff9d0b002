//! The explorer's process: reads questions, answers them, and remembers the last few programs.
//!
//! Exploring may take seconds and all cores; a step is due within a frame. So each has threads of its own, and the one
//! that reads questions does nothing else. What an exploration has found out of what is shared goes to the shelf, and a
//! stepper that had to guess takes it from there.

use crate::doors::{clock, threads};
use crate::explore::{self, Answer, AnswerBody, Ask, Known, Options, Question, Report, Stepper};
use crate::program::{Problem, Program, compile};
use crate::{system, wire};
use crossbeam_channel::{Receiver, Sender, after, bounded, never, select, unbounded};
use std::collections::VecDeque;
use std::io::{self, BufRead, Read, Write};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// How often it is told how far a search has come.
const BEAT: Duration = Duration::from_millis(250);

/// How many programs are remembered: eight variants, each in two ways.
const PROGRAMS_MAX: usize = 16;

/// How many programs can be stepped through without beginning anew.
const STEPPERS_MAX: usize = 8;

/// No search on behalf of a screen takes more memory.
const MEMORY_MAX: u64 = 1 << 30;

/// Nor does the process as a whole, with what is counted and kept besides: it ends where it would.
const PROCESS_MEMORY_MAX: u64 = 2 << 30;

/// A search before the first step looks at no more states: somebody waits for it.
const STATES_BEFORE_STEP_MAX: u64 = 200_000;

/// The process's main.
///
/// # Errors
/// Where it cannot read.
pub fn main(mut asks: impl BufRead, answers: impl Write + Send + 'static) -> io::Result<ExitCode> {
    let _ = system::set_thread_name("poolscope explo");
    // Where that cannot be, the kernel's own limit is the last.
    let _ = system::limit_memory(PROCESS_MEMORY_MAX);
    let told = std::panic::take_hook();
    // A fault in one of the threads would leave its question without an answer: the parent tells of the end of a process.
    std::panic::set_hook(Box::new(move |info| {
        told(info);
        #[expect(clippy::disallowed_methods, reason = "a fault of ours ends the process; nothing is to be given back")]
        std::process::exit(101);
    }));
    serve(&mut asks, answers)?;
    Ok(ExitCode::SUCCESS)
}

/// Answers questions until there are no more.
///
/// # Errors
/// Where it cannot read, and what the system says where it gives no threads.
pub fn serve(asks: &mut impl BufRead, answers: impl Write + Send + 'static) -> io::Result<()> {
    let say = Say(Arc::new(Mutex::new(Box::new(answers))));
    let shelf = Shelf::default();
    let (explore, questions) = unbounded();
    let explores = Explores {
        say: say.clone(),
        shelf: shelf.clone(),
        waiting: VecDeque::new(),
        running: None,
        known: VecDeque::new(),
    };
    // It ends with the process: a search does not wait for whoever wants the end.
    threads::spawn("explores", move || explores.run(&questions))?.detach();
    let mut steppers: VecDeque<(Key, Sender<Place>)> = VecDeque::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        asks.take(wire::LINE_BYTES_MAX as u64).read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') {
            // The end, or half a question from a viewer that died while writing it.
            return Ok(());
        }
        match serde_json::from_slice::<Ask>(&line) {
            Ok(Ask::Explore(question)) => _ = explore.send(question),
            Ok(Ask::Position { question, schedule, from }) => {
                let key = Key::of(&question);
                let place = Place { id: question.id, schedule, from };
                if let Some(at) = steppers.iter().position(|(other, _)| *other == key)
                    && let Some(stepper) = steppers.remove(at)
                {
                    // The newest last, so that the first is the one that was not asked about for longest.
                    let _ = stepper.1.send(place);
                    steppers.push_back(stepper);
                    continue;
                }
                if steppers.len() == STEPPERS_MAX {
                    steppers.pop_front();
                }
                let (step, places) = unbounded();
                let _ = step.send(place);
                steppers.push_back((key, step));
                let (say, shelf) = (say.clone(), shelf.clone());
                threads::spawn("steps", move || steps(&question, &places, &say, &shelf))?.detach();
            }
            Err(error) => {
                let id = serde_json::from_slice::<serde_json::Value>(&line).ok().and_then(|ask| ask["id"].as_u64());
                say.say(id.unwrap_or(0), AnswerBody::Refused { why: format!("This is no question: {error}") });
            }
        }
    }
}

/// Whom answers go to.
#[derive(Clone)]
struct Say(Arc<Mutex<Box<dyn Write + Send>>>);

impl Say {
    fn say(&self, id: u64, body: AnswerBody) {
        let Ok(mut line) = serde_json::to_string(&Answer { id, body }) else { return };
        line.push('\n');
        let mut out = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Where nobody reads any more, the end of the questions is near.
        let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    }
}

/// What tells programs that are stepped through from each other: limits make no difference.
#[derive(Clone, PartialEq)]
struct Key {
    program: String,
    text: String,
    options: Options,
}

impl Key {
    fn of(question: &Question) -> Key {
        let options =
            Options { verdict: false, states_max: 0, memory_max: 0, searchers: 0, ..question.options.clone() };
        Key { program: question.program.clone(), text: question.text.clone(), options }
    }
}

/// What was found to be shared, of the last few programs.
#[derive(Clone, Default)]
struct Shelf(Arc<Mutex<VecDeque<(Key, Known)>>>);

impl Shelf {
    fn put(&self, key: Key, known: Known) {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.retain(|(other, _)| *other != key);
        shelf.push_back((key, known));
        if shelf.len() > PROGRAMS_MAX {
            shelf.pop_front();
        }
    }

    fn get(&self, key: &Key) -> Option<Known> {
        let shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.iter().find(|(other, _)| other == key).map(|(_, known)| known.clone())
    }
}

/// A program, or what is wrong with it.
fn read(question: &Question) -> Result<Program, String> {
    compile(&question.program, &question.text).map_err(|problems| in_words(&problems))
}

fn in_words(problems: &[Problem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<String>>().join("\n")
}

fn within_memory(options: &Options) -> Options {
    Options { memory_max: options.memory_max.min(MEMORY_MAX), ..options.clone() }
}

/// What came of an exploration.
type Explored = Result<(Report, Known), String>;

/// The thread that has questions explored, one at a time.
struct Explores {
    say: Say,
    shelf: Shelf,
    waiting: VecDeque<Question>,
    running: Option<Running>,
    /// The last few answers.
    known: VecDeque<(Question, AnswerBody)>,
}

struct Running {
    question: Question,
    done: Receiver<Explored>,
}

impl Explores {
    fn run(mut self, questions: &Receiver<Question>) {
        loop {
            if self.running.is_none()
                && let Some(question) = self.waiting.pop_front()
            {
                self.begin(question);
                continue;
            }
            let (done, beat) = match &self.running {
                Some(running) => (running.done.clone(), after(BEAT)),
                None => (never(), never()),
            };
            select! {
                recv(questions) -> question => match question {
                    Ok(question) => self.take(question),
                    Err(_) => return,
                },
                recv(done) -> explored => if let (Some(running), Ok(explored)) = (self.running.take(), explored) {
                    self.end(running.question, explored);
                },
                recv(beat) -> _ => if let Some(Running { question, .. }) = &self.running {
                    self.say.say(question.id, AnswerBody::Busy { states: question.options.watch.states() });
                },
            }
        }
    }

    fn take(&mut self, question: Question) {
        let asks_anew = |other: &Question| question.program == other.program && question.options == other.options;
        self.waiting.retain(|other| !asks_anew(other));
        if let Some(running) = self.running.as_mut().filter(|running| asks_anew(&running.question)) {
            if running.question.text == question.text {
                // It is on its way already.
                running.question.id = question.id;
                return;
            }
            running.question.options.watch.stop();
        }
        self.waiting.push_back(question);
    }

    fn begin(&mut self, mut question: Question) {
        let is_same = |(other, _): &&(Question, AnswerBody)| {
            (&other.program, &other.text, &other.options) == (&question.program, &question.text, &question.options)
        };
        if let Some((_, answer)) = self.known.iter().find(is_same) {
            return self.say.say(question.id, answer.clone());
        }
        // A watch of its own: what came over the wire has none.
        question.options.watch = explore::Watch::default();
        let (tell, done) = bounded(1);
        let asked = question.clone();
        let started = threads::spawn("search", move || _ = tell.send(explored(&asked)));
        match started {
            Ok(thread) => {
                thread.detach();
                self.running = Some(Running { question, done });
            }
            Err(error) => {
                self.say.say(question.id, AnswerBody::Refused { why: format!("There is no thread: {error}") })
            }
        }
    }

    fn end(&mut self, question: Question, explored: Explored) {
        if question.options.watch.is_stopped() {
            return;
        }
        let answer = match explored {
            Ok((report, known)) => {
                // What is shared is found with all schedules in view, or not for certain.
                if known.is_complete() && !question.options.verdict {
                    self.shelf.put(Key::of(&question), known);
                }
                AnswerBody::Explored { report: Box::new(report) }
            }
            Err(why) => AnswerBody::Refused { why },
        };
        self.say.say(question.id, answer.clone());
        self.known.push_back((question, answer));
        if self.known.len() > PROGRAMS_MAX {
            self.known.pop_front();
        }
    }
}

fn explored(question: &Question) -> Explored {
    let began_ns = clock::monotonic_ns();
    let program = read(question)?;
    let options = within_memory(&question.options);
    let (mut report, known) = explore::explore_and_know(&program, &options).map_err(|problem| problem.to_string())?;
    report.elapsed_s = (clock::monotonic_ns() - began_ns) as f64 * 1e-9;
    Ok((report, known))
}

/// A place that is asked for.
struct Place {
    id: u64,
    schedule: String,
    from: usize,
}

/// The thread that steps through a program, until nobody asks it any more.
fn steps(question: &Question, places: &Receiver<Place>, say: &Say, shelf: &Shelf) {
    let key = Key::of(question);
    let program = match read(question) {
        Ok(program) => program,
        Err(why) => return refuse_all(places, say, &why),
    };
    let given = within_memory(&question.options);
    let options = Options { verdict: false, states_max: given.states_max.min(STATES_BEFORE_STEP_MAX), ..given };
    let begun = match shelf.get(&key) {
        Some(known) => Stepper::knowing(&program, &options, known),
        None => Stepper::new(&program, &options),
    };
    let mut stepper = match begun {
        Ok(stepper) => stepper,
        Err(problem) => return refuse_all(places, say, &problem.to_string()),
    };
    for Place { id, schedule, from } in places {
        if !stepper.is_certain()
            && let Some(known) = shelf.get(&key)
            && let Ok(certain) = Stepper::knowing(&program, &options, known)
        {
            stepper = certain;
        }
        let answer = match stepper.position(&schedule, from) {
            Ok(position) => AnswerBody::Position { position: Box::new(position) },
            Err((at, why)) => AnswerBody::Refused { why: format!("step {at}: {why}") },
        };
        say.say(id, answer);
    }
}

fn refuse_all(places: &Receiver<Place>, say: &Say, why: &str) {
    for place in places {
        say.say(place.id, AnswerBody::Refused { why: why.to_string() });
    }
}
