//! `doctor`: what this terminal, machine and platform give, and what they cannot.
//!
//! One line for each thing, in words for people: what a workshop looks at when one of twenty laptops shows something
//! else. What is claimed of the platform was tried just now ([`trials`]), and what cannot be had says why.

mod trials;

use super::{Done, print};
use crate::doors::clock::{self, Clock};
use crate::scenario;
use crate::source;
use crate::stats::words;
use crate::system;
use crate::telemetry::{Arena, measure_cost};
use crate::view::ColourDepth;
use crate::wire::{LINE_BYTES_MAX, Machine, VERSION, WORKERS_MAX};
use rustix::process::{Resource, getrlimit};
use rustix::termios::tcgetwinsize;
use std::env;
use std::fmt::Display;
use std::io::{self, IsTerminal};

const LABEL_COLUMNS: usize = 26;

/// Readings of a clock that are timed together, and how often; the quickest counts, since the rest was disturbed.
const READINGS: u32 = 2000;
const ROUNDS: u32 = 5;

/// Empty tasks that are measured to learn what measuring costs: as many as a lane takes.
const COST_ROUNDS: u32 = 2000;

/// Below this size the screen begins to leave out panels.
const COMFORTABLE: (u16, u16) = (100, 30);

/// `poolscope doctor`.
pub(super) fn doctor() -> Done {
    let began_ns = clock::monotonic_ns();
    let machine = source::measured_machine();
    let mut page = Page::default();
    versions(&mut page, &machine);
    terminal(&mut page);
    cores(&mut page, &machine);
    clocks(&mut page);
    platform(&mut page, &machine);
    limits(&mut page);
    scenarios(&mut page);
    page.text.push_str(&format!("\nasked in {}\n", words::duration(clock::monotonic_ns().saturating_sub(began_ns))));
    print(&page.text)
}

/// What can be told, or why not.
type Told = Result<String, String>;

/// The text so far.
#[derive(Default)]
struct Page {
    text: String,
}

impl Page {
    fn heading(&mut self, words: &str) {
        let gap = if self.text.is_empty() { "" } else { "\n" };
        self.text.push_str(&format!("{gap}{words}\n"));
    }

    fn line(&mut self, label: &str, told: Told) {
        let told = told.unwrap_or_else(|why| format!("{} ({why})", words::NOT_AVAILABLE));
        self.text.push_str(&format!("  {label:<LABEL_COLUMNS$} {}\n", words::plain(&told)));
    }

    fn say(&mut self, label: &str, words: impl Display) {
        self.line(label, Ok(words.to_string()));
    }
}

fn versions(page: &mut Page, machine: &Machine) {
    page.heading("poolscope");
    let build = if cfg!(debug_assertions) { "a debug build: use --release to measure" } else { "a release build" };
    page.say("version", format!("{}, {build}", env!("CARGO_PKG_VERSION")));
    page.say("protocol of lanes", format!("{VERSION}, lines of at most {}", words::bytes(LINE_BYTES_MAX as u64)));
    page.say("system", format!("{}, {}", machine.os, env::consts::ARCH));
    if let Some(fault) = variable("POOLSCOPE_FAULT") {
        page.say("POOLSCOPE_FAULT", format!("{fault}: things are refused on purpose. Unset it, unless you test that."));
    }
}

fn variable(name: &str) -> Option<String> {
    env::var_os(name).map(|value| value.to_string_lossy().into_owned()).filter(|value| !value.is_empty())
}

fn of_variable(name: &str) -> Told {
    variable(name).ok_or_else(|| "not set".to_string())
}

fn terminal(page: &mut Page) {
    page.heading("terminal");
    let (reads, writes) = (io::stdin().is_terminal(), io::stdout().is_terminal());
    let is_one = match (reads, writes) {
        (true, true) => "yes: the screen can open",
        (true, false) => "input is, output is not: runs report in text, and open no screen",
        (false, true) => "output is, input is not: runs report in text, and open no screen",
        (false, false) => "no: runs report in text, and open no screen",
    };
    page.say("is there one", is_one);
    page.line("size", size());
    for name in ["TERM", "COLORTERM", "NO_COLOR"] {
        page.line(name, of_variable(name));
    }
    let colours = match ColourDepth::from_environment(variable) {
        ColourDepth::None => "none; bold and reverse carry the meaning",
        ColourDepth::Sixteen => "16",
        ColourDepth::Indexed => "256",
        ColourDepth::True => "all",
    };
    page.say("colours that will be used", colours);
    page.line("locale", locale());
    page.say("over ssh", if variable("SSH_CONNECTION").or(variable("SSH_TTY")).is_some() { "yes" } else { "no" });
    let inside = match (variable("TMUX"), variable("STY")) {
        (Some(_), _) => "tmux",
        (None, Some(_)) => "screen",
        (None, None) => "no",
    };
    page.say("inside a multiplexer", inside);
    // Each sample is eight columns wide: a bar out of line is a glyph that this terminal draws too wide or too narrow.
    for (what, sample) in [
        ("eighth blocks, upright", "▁▂▃▄▅▆▇█"),
        ("eighth blocks, lying", "▏▎▍▌▋▊▉█"),
        ("shades", "░░▒▒▓▓██"),
        ("box drawing", "┌─┬─┐│├┘"),
        ("braille", "⡀⣀⣄⣤⣦⣶⣷⣿"),
        ("marks", "✓✕×●▶…·—"),
    ] {
        page.say(what, format!("{sample}│"));
    }
}

fn size() -> Told {
    let size =
        tcgetwinsize(io::stdout()).or_else(|_| tcgetwinsize(io::stdin())).or_else(|_| tcgetwinsize(io::stderr()));
    let size = size.map_err(|_| "no terminal to ask".to_string())?;
    if size.ws_col == 0 || size.ws_row == 0 {
        return Err("the terminal does not tell".to_string());
    }
    let small = size.ws_col < COMFORTABLE.0 || size.ws_row < COMFORTABLE.1;
    let note = if small { ": small, so the screen leaves out what has no room, and says so" } else { "" };
    Ok(format!("{}×{}{note}", size.ws_col, size.ws_row))
}

fn locale() -> Told {
    let named = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|name| Some((name, variable(name)?)));
    let (name, value) =
        named.ok_or_else(|| "LC_ALL, LC_CTYPE and LANG are not set; UTF-8 is sent all the same".to_string())?;
    let is_utf8 = value.to_ascii_lowercase().replace('-', "").contains("utf8");
    Ok(format!("{value} ({name}){}", if is_utf8 { "" } else { ": not UTF-8, which is sent all the same" }))
}

fn cores(page: &mut Page, machine: &Machine) {
    page.heading("cores");
    page.say("that we may use", format!("{} of {} online", machine.cores, machine.cores_online));
    page.say("their ids", ids(&machine.core_ids));
    let (quota, throttled) = (machine.quota.map(words::cores), system::throttled());
    let none = throttled.map(|_| "none".to_string()).ok_or_else(|| "no control group to be seen".to_string());
    page.line("quota", quota.map_or(none, Ok));
    let throttled = throttled.map(|times| format!("{} times since its control group was made", words::count(times)));
    page.line("held back by the quota", throttled.ok_or_else(|| "no control group counts it".to_string()));
    let measured = machine.parallelism_measured.map(|measured| {
        let less = measured < 0.8 * f64::from(machine.cores.min(64));
        let note = if less { ": less than there are cores; something else is busy, or they are shared" } else { "" };
        format!("{} of work at once{note}", words::cores(measured))
    });
    page.line("parallelism, measured", measured.ok_or_else(|| "the system gave too few threads".to_string()));
    let autogroup = match machine.autogroup {
        Some(true) => {
            Ok("on: under `together` each lane gets the same share of the CPU, however many workers it has, unless a control group divides it first".to_string())
        }
        Some(false) => {
            Ok("off: under `together` each worker gets the same share, so a lane with more workers gets more".to_string())
        }
        None => Err("the kernel does not tell: under `together` a lane with more workers may get more".to_string()),
    };
    page.line("autogroup", autogroup);
    let sampled = system::CoreSampler::new().sample().len();
    let use_of_each = if sampled > 0 {
        Ok(format!("of {}, in ticks of the kernel", words::plural(sampled, "core")))
    } else {
        Err("no /proc/stat".to_string())
    };
    page.line("use of each core", use_of_each);
}

/// `0-3, 8`, cut where there are very many pieces.
fn ids(ids: &[u32]) -> String {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for &id in ids {
        match ranges.last_mut() {
            Some((_, last)) if *last + 1 == id => *last = id,
            _ => ranges.push((id, id)),
        }
    }
    let spelt = |&(first, last): &(u32, u32)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    let some: Vec<String> = ranges.iter().take(16).map(spelt).collect();
    format!("{}{}", some.join(", "), if ranges.len() > 16 { ", …" } else { "" })
}

fn clocks(page: &mut Page) {
    page.heading("clock");
    page.line(
        "the kernel's own counter",
        system::clock_source().ok_or_else(|| "the platform does not tell".to_string()),
    );
    let fast = Clock::calibrated();
    page.say("workers read", fast.source());
    let (kernel_ns, fast_ns) = (cost_of(clock::monotonic_ns), cost_of(|| fast.now_ns()));
    page.say("a reading costs", format!("{kernel_ns:.1} ns from the kernel, {fast_ns:.1} ns as workers read"));
    let arena = Arena::private(fast).map_err(|error| error.to_string());
    let cost = arena.map(|arena| {
        format!("{:.1} ns: two readings, two histogram entries, the changes of state", measure_cost(arena, COST_ROUNDS))
    });
    page.line("measuring a task costs", cost);
}

fn cost_of(read: impl Fn() -> u64) -> f64 {
    let round = || {
        let began_ns = clock::monotonic_ns();
        (0..READINGS).for_each(|_| {
            std::hint::black_box(read());
        });
        clock::monotonic_ns().saturating_sub(began_ns) as f64 / f64::from(READINGS)
    };
    (0..ROUNDS).map(|_| round()).fold(f64::INFINITY, f64::min)
}

fn platform(page: &mut Page, machine: &Machine) {
    page.heading("what this platform gives, tried just now");
    page.line("CPU time of a thread", trials::cpu_time());
    page.line("waiting for a core", trials::run_queue());
    page.line("switches of threads", trials::switches());
    page.line("memory of a process", trials::memory());
    page.line("priority of one thread", trials::priority());
    page.line("pinning to a core", trials::pinning(&machine.core_ids));
    page.line("halting a thread", trials::halting());
    page.line("unnamed shared memory", trials::shared_memory());
    let process = trials::process();
    page.line("starting a process", process.start);
    page.line("a session of its own", process.session);
    page.line("a handle on a process", process.handle);
    page.line("a child that dies with us", process.death);
}

fn limits(page: &mut Page) {
    page.heading("limits");
    let spelt = |limit: Option<u64>| limit.map_or("no limit".to_string(), words::count);
    let files = getrlimit(Resource::Nofile);
    let lanes = match system::raise_descriptor_limit() {
        Ok(raised) if Some(raised) == files.current => String::new(),
        Ok(raised) => format!("; a lane raises its own to {}", words::count(raised)),
        Err(error) => format!("; a lane cannot raise its own ({error})"),
    };
    page.say("descriptors", format!("{} for each process{lanes}", spelt(files.current)));
    let processes = getrlimit(Resource::Nproc);
    page.say("threads and processes", format!("{} for each user; root is not bound by it", spelt(processes.current)));
    page.say(
        "workers of a lane",
        format!("{} at most, as many as the limits above allow", words::count(u64::from(WORKERS_MAX))),
    );
}

fn scenarios(page: &mut Page) {
    page.heading("scenarios");
    page.say("built in", scenario::catalogue().len());
    let Some(folder) = scenario::user_folder() else {
        page.line("your own folder", Err("no home folder is known".to_string()));
        return;
    };
    let own: Vec<_> = scenario::list(Some(&folder)).into_iter().skip(scenario::catalogue().len()).collect();
    let wrong = own.iter().filter(|own| own.problems.is_err()).count();
    let found = match (folder.is_dir(), own.len(), wrong) {
        (false, ..) => "not there; make it, and put scenarios into it".to_string(),
        (true, found, 0) => words::plural(found, "scenario"),
        (true, found, wrong) => {
            format!("{}, of which {wrong} cannot be used (`poolscope list` says why)", words::plural(found, "scenario"))
        }
    };
    page.say("your own folder", format!("{}: {found}", folder.display()));
}
