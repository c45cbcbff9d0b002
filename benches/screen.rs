//! The viewer as it is used, in a real terminal: what it costs beside btop, bottom and htop, and how soon it answers.
//!
//! `cargo bench --bench screen`
//!
//! ```text
//! a pseudo-terminal of 120x36 ── the program (its own threads only, not its lanes) ── /proc: CPU, memory
//!            └── a reader: counts bytes, notes when they came; a terminal emulator tells when something was to be seen
//! ```
//!
//! Sides take turns, round by round, in one run, and what is compared are medians. The lanes of the viewer's own side
//! mostly sleep, so that the machine is as quiet for it as for the others. Peers are found by name; the variables
//! PEER_BTOP, PEER_BOTTOM and PEER_HTOP name others. One that is not there is left out, and it is said, with where it is to
//! be had: btop and htop are packages of most distributions, bottom is `cargo install bottom`.
#![expect(clippy::disallowed_methods, reason = "benchmarks stand outside the doors, as the peers do")]
#![expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

mod common;
#[path = "common/many_cores.rs"]
mod many_cores;

use common::median;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

const COLUMNS: u16 = 120;
const ROWS: u16 = 36;
/// Before anything is measured.
const WARM: Duration = Duration::from_secs(3);
/// What is measured.
const WINDOW: Duration = Duration::from_secs(6);
const ROUNDS: usize = 3;
/// Starts that are timed.
const STARTS: usize = 11;
const PRESSES: usize = 400;

/// Everything that came out of a terminal at once, and when.
type Chunk = (Instant, Vec<u8>);

/// A program in a terminal of its own.
struct Session {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    chunks: Receiver<Chunk>,
    screen: vt100::Parser,
    began: Instant,
    bytes: u64,
    _terminal: Box<dyn MasterPty + Send>,
}

impl Session {
    /// Starts a program whose settings are those in `folder`, and nobody's own.
    fn start(command: &[String], folder: &Path) -> Session {
        let size = PtySize { rows: ROWS, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let mut builder = CommandBuilder::new(&command[0]);
        builder.args(&command[1..]);
        for (name, value) in [("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("LANG", "C.UTF-8")] {
            builder.env(name, value);
        }
        builder.env("XDG_CONFIG_HOME", folder);
        for name in ["NO_COLOR", "SSH_CONNECTION", "SSH_TTY", "POOLSCOPE_CONFIG"] {
            builder.env_remove(name);
        }
        let began = Instant::now();
        let child = pair.slave.spawn_command(builder).expect("the program starts");
        let mut reader = pair.master.try_clone_reader().expect("a reader");
        let keys = pair.master.take_writer().expect("a writer");
        let (send, chunks) = channel();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(read @ 1..) = reader.read(&mut buffer) {
                if send.send((Instant::now(), buffer[..read].to_vec())).is_err() {
                    return;
                }
            }
        });
        let screen = vt100::Parser::new(ROWS, COLUMNS, 0);
        Session { child, keys, chunks, screen, began, bytes: 0, _terminal: pair.master }
    }

    fn take(&mut self, (_, bytes): &Chunk) {
        self.bytes += bytes.len() as u64;
        self.screen.process(bytes);
        // Where is the cursor? Some programs wait for the answer.
        if bytes.windows(4).any(|four| four == b"\x1b[6n") {
            self.press("\x1b[1;1R");
        }
    }

    fn press(&mut self, keys: &str) {
        let _ = self.keys.write_all(keys.as_bytes()).and_then(|()| self.keys.flush());
    }

    /// Lets it go on for so long.
    fn go_on(&mut self, time: Duration) {
        let end = Instant::now() + time;
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            match self.chunks.recv_timeout(left) {
                Ok(chunk) => self.take(&chunk),
                Err(RecvTimeoutError::Timeout) => return,
                Err(RecvTimeoutError::Disconnected) => panic!("it ended:\n{}", self.screen.screen().contents()),
            }
        }
    }

    /// Waits until the screen shows something, and says when the bytes came that made it so.
    fn until(&mut self, is_it: impl Fn(&str) -> bool) -> Instant {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(chunk) = self.chunks.recv_timeout(left) else {
                panic!("it never came:\n{}", self.screen.screen().contents());
            };
            self.take(&chunk);
            if is_it(&self.screen.screen().contents()) {
                return chunk.0;
            }
        }
    }

    /// The CPU time of its threads so far, in ns, by the kernel's scheduler.
    fn cpu_ns(&self) -> u64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.pid())).into_iter().flatten().flatten();
        let of = |task: std::fs::DirEntry| -> Option<u64> {
            let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse().ok()
        };
        tasks.filter_map(of).sum()
    }

    /// What of it is in memory, and how much of that is its own and no file's, in MB.
    fn memory_mb(&self) -> (f64, f64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let line = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
            kib.map_or(f64::NAN, |kib| kib * 1024.0 / 1e6)
        };
        (line("VmRSS:"), line("RssAnon:"))
    }

    fn pid(&self) -> u32 {
        self.child.process_id().unwrap_or_default()
    }

    fn end(mut self) {
        self.press("q");
        // Those that take no q.
        let end = Instant::now() + Duration::from_secs(2);
        while Instant::now() < end && matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.chunks.recv_timeout(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a program costs while it shows something.
#[derive(Default)]
struct Cost {
    cpu_percent: Vec<f64>,
    memory_mb: Vec<f64>,
    anonymous_mb: Vec<f64>,
    kb_per_s: Vec<f64>,
}

impl Cost {
    /// Measures once more, after some keys.
    fn measure(&mut self, command: &[String], keys: &str, folder: &Path) {
        let mut session = Session::start(command, folder);
        session.go_on(WARM);
        if !keys.is_empty() {
            session.press(keys);
            session.go_on(Duration::from_secs(1));
        }
        let (cpu_ns, bytes, began) = (session.cpu_ns(), session.bytes, Instant::now());
        session.go_on(WINDOW);
        let seconds = began.elapsed().as_secs_f64();
        self.cpu_percent.push(session.cpu_ns().saturating_sub(cpu_ns) as f64 / 1e7 / seconds);
        self.kb_per_s.push((session.bytes - bytes) as f64 / 1e3 / seconds);
        let (memory, anonymous) = session.memory_mb();
        self.memory_mb.push(memory);
        self.anonymous_mb.push(anonymous);
        session.end();
    }

    fn cpu(&self) -> f64 {
        median(&self.cpu_percent)
    }

    fn memory(&self) -> f64 {
        median(&self.memory_mb)
    }

    fn kb(&self) -> f64 {
        median(&self.kb_per_s)
    }

    fn print(&self, name: &str) {
        let least = self.cpu_percent.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.cpu_percent.iter().copied().fold(0.0, f64::max);
        println!(
            "  {name:<44} {:>5.2} % of a core ({least:.2} to {most:.2})  {:>5.1} MB ({:.1} anonymous)  {:>6.1} KB/s",
            self.cpu(),
            self.memory(),
            median(&self.anonymous_mb),
            self.kb()
        );
    }
}

/// A line of the table.
struct Line {
    what: String,
    asked: String,
    measured: String,
    holds: bool,
}

fn below(lines: &mut Vec<Line>, what: &str, measured: f64, most: f64, unit: &str) {
    lines.push(Line {
        what: what.to_string(),
        asked: format!("below {most:.4}").trim_end_matches('0').trim_end_matches('.').to_string() + unit,
        measured: format!("{measured:.2}{unit}"),
        holds: measured < most,
    });
}

fn main() {
    if !Path::new("/proc/self/schedstat").exists() {
        println!("this kernel does not tell what threads cost (/proc/PID/task/*/schedstat): nothing is measured");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    // Only the newer ones of btop take their refresh from the command line; all take it from here.
    std::fs::create_dir(folder.path().join("btop")).expect("a folder");
    std::fs::write(folder.path().join("btop/btop.conf"), "update_ms = 100\n").expect("btop's settings");
    let mut lines = Vec::new();
    costs(folder.path(), &mut lines);
    answers(folder.path(), &mut lines);
    println!("\n| figure | asked | measured | |\n| --- | --- | --- | --- |");
    for Line { what, asked, measured, holds } in lines {
        println!("| {what} | {asked} | {measured} | {} |", if holds { "✓" } else { "✕" });
    }
}

fn ours(arguments: &[&str]) -> Vec<String> {
    let mut command = vec![env!("CARGO_BIN_EXE_poolscope").to_string()];
    command.extend(arguments.iter().map(ToString::to_string));
    command
}

/// A scenario in a file: lanes as TOML, together.
fn scenario(folder: &Path, name: &str, lanes: &str) -> String {
    let path = folder.join(format!("{name}.md"));
    let text = format!("+++\ntitle = \"{name}\"\ntopic = \"pools\"\nmode = \"together\"\n\n{lanes}+++\nA benchmark.\n");
    std::fs::write(&path, text).expect("a scenario");
    path.to_string_lossy().into_owned()
}

fn lane(name: &str, workers: u32, workload: &str, size: u32) -> String {
    format!(
        "[[lane]]\nname = \"{name}\"\npool = \"threads\"\nworkers = {workers}\nworkload = {{ kind = \"{workload}\" }}\nsize = {size}\n"
    )
}

/// The peers that are there, each at its fastest refresh.
fn peers() -> Vec<(&'static str, Vec<String>)> {
    let all: [(_, _, _, &[&str], _); 3] = [
        ("btop, 100 ms", "PEER_BTOP", "btop", &[], "apt install btop"),
        ("bottom -r 250", "PEER_BOTTOM", "btm", &["-r", "250"], "cargo install bottom --locked"),
        ("htop -d 1", "PEER_HTOP", "htop", &["-d", "1"], "apt install htop"),
    ];
    let mut there = Vec::new();
    for (name, variable, program, arguments, from) in all {
        let folders: Vec<PathBuf> = std::env::var_os("PATH")
            .iter()
            .flat_map(std::env::split_paths)
            .map(|folder| folder.join(program))
            .collect();
        let named = std::env::var_os(variable).map(PathBuf::from);
        match named.into_iter().chain(folders).find(|path| path.is_file()) {
            Some(path) => {
                let mut command = vec![path.to_string_lossy().into_owned()];
                command.extend(arguments.iter().map(ToString::to_string));
                there.push((name, command));
            }
            None => println!("{name} is left out: no {program} on the PATH, and {variable} names none ({from})"),
        }
    }
    there
}

/// CPU, memory and bytes: of the viewer in several situations, and of the peers.
fn costs(folder: &Path, lines: &mut Vec<Line>) {
    let eight = ["threads-or-processes-io", "--set", "lane.*.workers=8", "--no-ask"];
    let with = |more: &[&'static str]| ours(&[&eight[..], more].concat());
    let file = |name: &str, lanes: &str| ours(&[&scenario(folder, name, lanes), "--no-ask"]);
    let crowd = file("1024 workers", &lane("many", 1024, "sleep", 500));
    let lanes: String = (1..=8).map(|number| lane(&format!("lane {number}"), 64, "sleep", 100)).collect();
    let eight_of_64 = file("8 lanes of 64", &lanes);
    let many_cores = many_cores_recording(folder, &eight);

    let mut sides: Vec<(&str, Vec<String>, &str, Cost)> = vec![
        ("poolscope, 4 lanes of 8", with(&[]), "", Cost::default()),
        ("poolscope, eco", with(&["--profile", "eco"]), "", Cost::default()),
        ("poolscope, frozen", with(&[]), "p", Cost::default()),
        ("poolscope, 1024 workers in a lane", crowd, "", Cost::default()),
        ("poolscope, 8 lanes of 64", eight_of_64, "", Cost::default()),
        ("poolscope, replay of 384 cores", many_cores, "", Cost::default()),
    ];
    let own = sides.len();
    sides.extend(peers().into_iter().map(|(name, command)| (name, command, "", Cost::default())));
    for _ in 0..ROUNDS {
        for (_, command, keys, cost) in &mut sides {
            cost.measure(command, keys, folder);
        }
    }
    println!(
        "\nwhat it costs at {COLUMNS}x{ROWS}: medians of {ROUNDS} windows of {} s (least to most)",
        WINDOW.as_secs()
    );
    sides.iter().for_each(|(name, _, _, cost)| cost.print(name));

    let cost = |place: usize| &sides[place].3;
    below(lines, "CPU, 4 lanes of 8 workers", cost(0).cpu(), 2.0, " % of a core");
    for (name, _, _, peer) in &sides[own..] {
        let times: Vec<f64> =
            cost(0).cpu_percent.iter().zip(&peer.cpu_percent).map(|(ours, peer)| ours / peer).collect();
        below(lines, &format!("CPU, times that of {name}"), median(&times), 1.0, "");
    }
    for (name, _, _, peer) in &sides[own..] {
        let holds = cost(0).memory() <= peer.memory();
        let (asked, measured) = (format!("at most {:.1} MB", peer.memory()), format!("{:.1} MB", cost(0).memory()));
        // Only bottom is asked for; what the others take is worth knowing.
        if name.starts_with("bottom") {
            lines.push(Line { what: format!("memory, beside {name}"), asked, measured, holds });
        }
    }
    below(lines, "bytes to the terminal", cost(0).kb(), 100.0, " KB/s");
    below(lines, "bytes to the terminal, eco", cost(1).kb(), 10.0, " KB/s");
    let frozen = cost(2).kb();
    let measured = format!("{frozen:.2} KB/s");
    lines.push(Line { what: "frozen".to_string(), asked: "nothing".to_string(), measured, holds: frozen == 0.0 });
    for (place, what) in [(3, "1024 workers in a lane"), (4, "8 lanes of 64"), (5, "384 cores, replayed")] {
        below(lines, &format!("CPU, {what}"), cost(place).cpu(), 4.0, " % of a core");
    }
}

/// A run of this machine, written as if by one with 384 cores.
fn many_cores_recording(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let (real, made) = (folder.join("real.ndjson"), folder.join("many-cores.ndjson"));
    let seconds = (WARM + WINDOW).as_secs() + 5;
    let mut command = ours(&["run"]);
    command.extend(arguments.iter().filter(|argument| **argument != "--no-ask").map(ToString::to_string));
    let mut run = std::process::Command::new(&command[0]);
    run.args(&command[1..]).args(["--for", &format!("{seconds}s"), "--record"]).arg(&real);
    run.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    run.status().expect("a recording");
    let text = std::fs::read_to_string(&real).expect("a recording");
    std::fs::write(&made, many_cores::with_cores(&text, 384)).expect("a recording");
    ours(&["replay", &made.to_string_lossy()])
}

/// The first screen, the first figures and the answer to a key, while 64 workers spin on every core there is.
fn answers(folder: &Path, lines: &mut Vec<Line>) {
    let spinning: String = ["one", "other"].iter().map(|name| lane(name, 32, "spin", 2000)).collect();
    let command = ours(&[&scenario(folder, "64 spinning workers", &spinning), "--no-ask"]);
    // While it starts, others spin: its own lanes do not yet.
    let background = scenario(folder, "64 more", &spinning);
    let mut others = std::process::Command::new(env!("CARGO_BIN_EXE_poolscope"));
    others.args(["run", &background, "--for", "10m"]);
    others.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut others = others.spawn().expect("a run");
    std::thread::sleep(Duration::from_secs(2));
    let (mut paints, mut figures) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let mut session = Session::start(&command, folder);
        let began = session.began;
        let ms = |at: Instant| at.duration_since(began).as_secs_f64() * 1e3;
        let painted = session.until(|screen| screen.contains("poolscope"));
        paints.push(ms(painted));
        figures.push(ms(session.until(shows_a_rate)));
        session.end();
    }
    let _ = std::process::Command::new("kill").arg(others.id().to_string()).status();
    let _ = others.wait();
    let mut waits = key_waits(&command, folder);
    for times in [&mut paints, &mut figures, &mut waits] {
        times.sort_by(f64::total_cmp);
    }
    let worst = |times: &[f64]| times.last().copied().unwrap_or(f64::NAN);
    println!("\nwith 64 workers spinning (ms)");
    println!("  first paint: median {:.0}, worst of {STARTS} {:.0}", median(&paints), worst(&paints));
    println!("  first figures: median {:.0}, worst of {STARTS} {:.0}", median(&figures), worst(&figures));
    let p99 = waits.get(waits.len() * 99 / 100).copied().unwrap_or(f64::NAN);
    println!("  a key: median {:.1}, p99 {p99:.1}, worst of {PRESSES} {:.1}", median(&waits), worst(&waits));
    below(lines, "first paint, cores saturated (median)", median(&paints), 100.0, " ms");
    below(lines, "first live figures, cores saturated (median)", median(&figures), 500.0, " ms");
    below(lines, "a key answered, cores saturated (p99)", p99, 50.0, " ms");
}

/// From pressing Tab until the other lane is marked, again and again.
fn key_waits(command: &[String], folder: &Path) -> Vec<f64> {
    let mut session = Session::start(command, folder);
    session.until(shows_a_rate);
    session.go_on(Duration::from_secs(1));
    let mut waits = Vec::new();
    for press in 0..PRESSES {
        let mark = if press % 2 == 0 { "▸2" } else { "▸1" };
        let pressed = Instant::now();
        session.press("\t");
        waits.push(session.until(|screen| screen.contains(mark)).duration_since(pressed).as_secs_f64() * 1e3);
        // At another moment of the figures' own rhythm each time.
        session.go_on(Duration::from_millis(20 + (press as u64 * 37) % 90));
    }
    session.end();
    waits
}

/// Whether a lane tells its tasks per second.
fn shows_a_rate(screen: &str) -> bool {
    let parts = screen.lines().flat_map(|line| line.split('│'));
    parts
        .map(str::trim_start)
        .any(|part| part.starts_with(|first: char| first.is_ascii_digit()) && part.contains(" tasks/s"))
}
