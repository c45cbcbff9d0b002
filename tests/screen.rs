//! The live screen end to end: the real program in a real pseudo-terminal, and whatever ends it.
//!
//! ```text
//! test ── keys, signals, sizes ──▶ pseudo-terminal ──▶ poolscope ──▶ lanes
//!   ▲                                   │
//!   └──── vt100: what a user sees ◀─────┘
//! ```
//!
//! After each end: the terminal is as it was, and no process of any lane is left. Everything is waited for, nothing is
//! timed: the machine may be busy with other tests.
#![expect(clippy::disallowed_methods, reason = "tests stand outside the doors")]

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io::{Read, Write};
use std::os::fd::BorrowedFd;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_poolscope");

/// Nothing takes as long as this, however busy the machine.
const DEADLINE: Duration = Duration::from_secs(30);

/// Lanes that sleep most of the time: the tests beside this one need the cores.
const SCENARIO: &str = "backpressure";

fn until(what: &str, mut holds: impl FnMut() -> bool, state: impl Fn() -> String) {
    let end = Instant::now() + DEADLINE;
    while !holds() {
        assert!(Instant::now() < end, "waited in vain: {what}\n{}", state());
        thread::sleep(Duration::from_millis(10));
    }
}

/// What the terminal got so far.
struct Seen {
    bytes: Vec<u8>,
    terminal: vt100::Parser,
}

struct Screen {
    /// Where the program runs, and where it keeps what it keeps: gone with the test.
    home: tempfile::TempDir,
    child: Box<dyn Child + Send + Sync>,
    pid: i32,
    seen: Arc<Mutex<Seen>>,
    writer: Option<Box<dyn Write + Send>>,
    /// Kept open by us as by a shell, so that the terminal outlives the program.
    slave: Option<Box<dyn SlavePty + Send>>,
    master: Option<Box<dyn MasterPty + Send>>,
    /// The terminal's modes before, in words.
    modes: String,
    stop: Arc<AtomicBool>,
    reader: Option<JoinHandle<()>>,
    /// The sessions of the lanes that were seen.
    sessions: Vec<i32>,
}

impl Screen {
    /// Starts the program with 120 columns and 36 rows.
    fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Screen {
        let size = PtySize { rows: 36, cols: 120, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let home = tempfile::tempdir().expect("a folder");
        let mut command = CommandBuilder::new(PROGRAM);
        command.args(arguments);
        command.cwd(home.path());
        for variable in ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "TMPDIR"] {
            command.env(variable, home.path());
        }
        for variable in ["SSH_CONNECTION", "SSH_TTY", "COLORFGBG"] {
            command.env_remove(variable);
        }
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        environment.iter().for_each(|(name, value)| command.env(name, value));
        let modes = format!("{:?}", pair.master.get_termios());
        let child = pair.slave.spawn_command(command).expect("the program starts");
        let pid = child.process_id().expect("a process") as i32;
        let seen = Arc::new(Mutex::new(Seen { bytes: Vec::new(), terminal: vt100::Parser::new(36, 120, 0) }));
        let stop = Arc::new(AtomicBool::new(false));
        let reader = read(&*pair.master, Arc::clone(&seen), Arc::clone(&stop));
        let writer = Some(pair.master.take_writer().expect("a writer"));
        Screen {
            home,
            child,
            pid,
            seen,
            writer,
            slave: Some(pair.slave),
            master: Some(pair.master),
            modes,
            stop,
            reader: Some(reader),
            sessions: Vec::new(),
        }
    }

    /// The same, once lanes are there and tasks are done.
    fn at_work(environment: &[(&str, &str)]) -> Screen {
        let mut screen = Screen::start(&[SCENARIO, "--no-ask"], environment);
        screen.until_seen("a rate", shows_a_rate);
        screen.sessions = lanes_of(screen.pid).into_iter().map(|lane| lane.session).collect();
        assert!(screen.sessions.len() >= 2, "there are lanes: {:?}", screen.sessions);
        screen
    }

    fn until_seen(&self, what: &str, holds: impl Fn(&str) -> bool) {
        until(what, || holds(&self.contents()), || self.contents());
    }

    fn contents(&self) -> String {
        self.seen.lock().unwrap().terminal.screen().contents()
    }

    fn press(&mut self, keys: &str) {
        let writer = self.writer.as_mut().expect("a terminal");
        writer.write_all(keys.as_bytes()).and_then(|()| writer.flush()).expect("keys are taken");
    }

    fn resize(&self, cols: u16, rows: u16) {
        // The parser first: what the program then draws is for the new size.
        self.seen.lock().unwrap().terminal.screen_mut().set_size(rows, cols);
        let size = PtySize { rows, cols, pixel_width: 0, pixel_height: 0 };
        self.master.as_ref().expect("a terminal").resize(size).expect("a size");
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.pid).expect("a process"), signal).expect("a signal");
    }

    fn in_alternate_screen(&self) -> bool {
        self.seen.lock().unwrap().terminal.screen().alternate_screen()
    }

    /// Waits for the end; then the terminal must be as it was, and every lane gone.
    fn ends_with(mut self, code: u32) {
        self.ends(code);
        until("the terminal is given back", || !self.in_alternate_screen(), || self.contents());
        {
            let seen = self.seen.lock().unwrap();
            let screen = seen.terminal.screen();
            assert!(!screen.hide_cursor(), "the cursor is visible");
            assert!(!screen.bracketed_paste());
            assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None);
            let last = |sequence: &[u8]| seen.bytes.windows(sequence.len()).rposition(|bytes| bytes == sequence);
            assert!(last(b"\x1b[?1004l") >= last(b"\x1b[?1004h"), "focus is reported no longer");
            assert!(last(b"\x1b[?2026l") >= last(b"\x1b[?2026h"), "no synchronized output is open");
        }
        let modes = format!("{:?}", self.master.as_ref().expect("a terminal").get_termios());
        assert_eq!(modes, self.modes, "the line discipline is as it was");
    }

    fn ends(&mut self, code: u32) {
        let status = self.ends_somehow();
        assert_eq!(status.exit_code(), code, "{status:?}\n{}", self.contents());
        let left = || processes().into_iter().filter(|one| self.sessions.contains(&one.session)).collect::<Vec<_>>();
        until("no process of a lane is left", || left().is_empty(), || format!("{:?}", left()));
    }

    fn ends_somehow(&mut self) -> portable_pty::ExitStatus {
        let mut status = None;
        until(
            "the program ends",
            || {
                status = self.child.try_wait().expect("a status");
                status.is_some()
            },
            || String::from("it still runs"),
        );
        status.expect("a status")
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.stop.store(true, Ordering::SeqCst);
        if let Some(reader) = self.reader.take() {
            let _ = reader.join();
        }
    }
}

/// Feeds what the program writes to the parser. It polls, because a blocked read would keep the terminal open.
fn read(master: &dyn MasterPty, seen: Arc<Mutex<Seen>>, stop: Arc<AtomicBool>) -> JoinHandle<()> {
    let mut reader = master.try_clone_reader().expect("a reader");
    let fd = master.as_raw_fd().expect("a descriptor");
    // SAFETY: borrowed for the duplicate alone; the master is open here.
    #[expect(unsafe_code, reason = "portable-pty gives its descriptor as a number only")]
    let polled = rustix::io::dup(unsafe { BorrowedFd::borrow_raw(fd) }).expect("a descriptor");
    thread::spawn(move || {
        let mut chunk = [0; 65536];
        while !stop.load(Ordering::SeqCst) {
            let mut waited = [rustix::event::PollFd::new(&polled, rustix::event::PollFlags::IN)];
            let patience = rustix::event::Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
            match rustix::event::poll(&mut waited, Some(&patience)) {
                Ok(0) | Err(_) => continue,
                Ok(_) => {}
            }
            match reader.read(&mut chunk) {
                Ok(0) | Err(_) => return,
                Ok(length) => {
                    let mut seen = seen.lock().unwrap();
                    seen.bytes.extend_from_slice(&chunk[..length]);
                    seen.terminal.process(&chunk[..length]);
                }
            }
        }
    })
}

/// Whether some lane shows how many tasks it does a second.
fn shows_a_rate(contents: &str) -> bool {
    contents
        .match_indices(" tasks/s")
        .any(|(place, _)| contents[..place].ends_with(|letter: char| letter.is_ascii_digit()))
}

#[derive(Debug)]
struct Process {
    pid: i32,
    parent: i32,
    session: i32,
    state: char,
}

/// Every process that runs, as `/proc` tells; ended ones that nobody has asked about yet do not.
fn processes() -> Vec<Process> {
    let entries = fs::read_dir("/proc").expect("/proc").flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter_map(process).filter(|process| !matches!(process.state, 'Z' | 'X')).collect()
}

fn process(pid: i32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in brackets and may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?.chars().next()?;
    let mut number = || fields.next()?.parse().ok();
    let (parent, _group, session) = (number()?, number()?, number()?);
    Some(Process { pid, parent, session, state })
}

/// The lanes of a poolscope: children with sessions of their own.
fn lanes_of(pid: i32) -> Vec<Process> {
    processes().into_iter().filter(|one| one.parent == pid && one.session == one.pid).collect()
}

#[test]
fn lanes_are_seen_at_work_help_opens_and_any_size_will_do() {
    let mut screen = Screen::at_work(&[]);
    screen.until_seen("the scenario's title", |contents| contents.contains("More work than can be done"));
    screen.press("?");
    screen.until_seen("the help", |contents| contents.contains("Quits, and ends every lane"));
    screen.press("\x1b");
    screen.until_seen("no help", |contents| !contents.contains("Quits, and ends every lane"));
    screen.press("i");
    screen.until_seen("the choices", |contents| contents.contains("what this is about"));
    screen.press("i");
    for (columns, rows) in [(10, 4), (200, 60), (40, 12), (1, 1), (80, 24), (10, 4), (120, 36)] {
        screen.resize(columns, rows);
        let shows = |contents: &str| {
            let text = contents.trim();
            if columns < 40 { !text.is_empty() } else { text.starts_with("poolscope") && text.contains("00:") }
        };
        screen.until_seen("the top line", |contents| columns == 1 || shows(contents));
    }
    screen.until_seen("a rate", shows_a_rate);
    screen.press("q");
    screen.ends_with(0);
}

#[test]
fn ctrl_c_quits_and_q_keeps_the_last_screen() {
    let mut screen = Screen::at_work(&[]);
    screen.press("\x03");
    screen.ends_with(0);

    let mut screen = Screen::at_work(&[]);
    screen.press("Q");
    until("the shell's screen", || !screen.in_alternate_screen(), || screen.contents());
    screen.until_seen("the last screen", shows_a_rate);
    screen.ends_with(0);
}

#[test]
fn keys_do_what_they_say() {
    let mut screen = Screen::at_work(&[]);
    screen.press(" ");
    screen.until_seen("a pause", |contents| contents.contains(" PAUSED ") && contents.contains("‖"));
    screen.press(" ");
    screen.until_seen("work", |contents| !contents.contains(" PAUSED "));
    screen.press("+");
    screen.until_seen("a fifth worker", |contents| contents.contains("5 workers"));
    screen.press("-");
    screen.until_seen("none too many", |contents| contents.contains("1 left"));
    screen.press("p");
    screen.until_seen("it is frozen", |contents| contents.contains(" FROZEN "));
    screen.press("p");
    screen.until_seen("it goes on", |contents| !contents.contains(" FROZEN "));
    screen.press("z");
    screen.until_seen("one lane", |contents| contents.contains("[overview]"));
    screen.press("2");
    screen.until_seen("the second", |contents| contents.contains("▸2 "));
    screen.press("l");
    screen.until_seen("its workers", |contents| contents.contains("[workers]"));
    screen.press("f");
    screen.until_seen("its last milliseconds", |contents| contents.contains("[flight]"));
    screen.press("\x1b");
    screen.until_seen("all lanes", |contents| !contents.contains("[flight]"));
    screen.press("x");
    screen.until_seen("a refusal", |contents| contents.contains("only a process can be killed"));
    let before = screen.sessions.clone();
    screen.press("r");
    let new = |pid| {
        let lanes = lanes_of(pid);
        lanes.len() == before.len() && lanes.iter().all(|lane| !before.contains(&lane.session))
    };
    until("new lanes", || new(screen.pid), || screen.contents());
    screen.until_seen("a rate", shows_a_rate);
    screen.sessions.extend(lanes_of(screen.pid).iter().map(|lane| lane.session));
    screen.press("q");
    screen.ends_with(0);
}

#[test]
fn a_worker_is_killed_after_asking_and_a_lane_that_dies_says_so() {
    let mut screen = Screen::start(&["ipc", "--set", "mode=together", "--no-ask"], &[]);
    screen.until_seen("a rate", shows_a_rate);
    screen.sessions = lanes_of(screen.pid).into_iter().map(|lane| lane.session).collect();
    // The rate may have been another lane's: this one's workers may not be there yet.
    let end = Instant::now() + DEADLINE;
    while !screen.contents().contains("leave it") {
        assert!(Instant::now() < end, "no question\n{}", screen.contents());
        screen.press("x");
        thread::sleep(Duration::from_millis(100));
    }
    screen.press("y");
    screen.until_seen("a death", |contents| contents.contains("was killed by SIGKILL"));
    let lane = lanes_of(screen.pid).pop().expect("a lane");
    kill_process(Pid::from_raw(lane.pid).expect("a process"), Signal::ABORT).expect("a signal");
    screen.until_seen("it is gone", |contents| contents.contains(" GONE  SIGABRT"));
    let lane = lanes_of(screen.pid).pop().expect("another lane");
    kill_process(Pid::from_raw(lane.pid).expect("a process"), Signal::STOP).expect("a signal");
    screen.until_seen("it is silent", |contents| contents.contains("No frame for"));
    screen.press("q");
    screen.ends_with(0);
}

#[test]
fn the_question_comes_first_and_the_guess_is_kept() {
    let mut screen = Screen::start(&[SCENARIO], &[]);
    screen.until_seen("the question", |contents| contents.contains("What do you think?"));
    screen.press("a");
    screen.until_seen("a rate", shows_a_rate);
    screen.sessions = lanes_of(screen.pid).into_iter().map(|lane| lane.session).collect();
    let guesses = screen.home.path().join("poolscope/guesses.jsonl");
    until("the guess is kept", || guesses.exists(), || screen.contents());
    let kept = fs::read_to_string(guesses).expect("guesses");
    assert!(kept.contains(SCENARIO) && kept.contains("\"choice\":0"), "{kept}");
    screen.press("q");
    screen.ends_with(0);
}

#[test]
fn lanes_are_edited_saved_recorded_and_another_scenario_is_opened() {
    let mut screen = Screen::at_work(&[]);
    screen.press("e");
    screen.until_seen("the form", |contents| contents.contains("edit lane 1"));
    // The first parameter is the name.
    screen.press("\r\x15by another name\r");
    screen.until_seen("it runs by another name", |contents| contents.contains("edit lane 1: by another name"));
    screen.press("\x1b");
    screen.until_seen("no form", |contents| !contents.contains("edit lane 1"));
    screen.until_seen("a rate", shows_a_rate);
    screen.press("w");
    let saved = screen.home.path().join("poolscope/scenarios");
    let files = |folder: &std::path::Path| fs::read_dir(folder).map_or(0, Iterator::count);
    until("it is saved", || files(&saved) == 1, || screen.contents());
    let file = fs::read_dir(&saved).expect("a folder").flatten().next().expect("a file").path();
    assert!(fs::read_to_string(file).expect("a scenario").contains("by another name"));
    screen.press("R");
    screen.until_seen("it records", |contents| contents.contains("REC"));
    screen.press("R");
    screen.until_seen("it records no more", |contents| !contents.contains("REC"));
    screen.press("Ss");
    let pictures = || {
        let entries = fs::read_dir(screen.home.path()).expect("a folder").flatten();
        entries.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "svg")).count()
    };
    until("a picture", || pictures() == 1, || screen.contents());
    screen.press("o");
    screen.until_seen("the scenarios", |contents| contents.contains("semaphore-limit"));
    screen.press("/worker-recycling\r");
    screen.until_seen("the other scenario", |contents| contents.contains("A leak, and a new worker now and then"));
    screen.press("q");
    // The recording can be shown.
    let recording = fs::read_dir(screen.home.path()).expect("a folder").flatten().map(|entry| entry.path());
    let recording = recording.into_iter().find(|path| path.extension().is_some_and(|extension| extension == "ndjson"));
    let replayed =
        Command::new(PROGRAM).args(["replay", "--format", "json"]).arg(recording.expect("a recording")).output();
    let replayed = String::from_utf8(replayed.expect("it runs").stdout).expect("text");
    assert!(replayed.contains("by another name"), "{replayed}");
    screen.ends_with(0);
}

#[test]
fn the_mouse_presses_what_is_seen_and_can_be_given_back() {
    let mut screen = Screen::at_work(&[]);
    let contents = screen.contents();
    let (row, line) = contents.lines().enumerate().filter(|(_, line)| line.contains("Tab lane")).last().expect("hints");
    let byte = line.find("freeze").expect("a hint");
    let column = line[..byte].chars().count();
    screen.press(&format!("\x1b[<0;{};{}M\x1b[<0;{};{}m", column + 1, row + 1, column + 1, row + 1));
    screen.until_seen("it is frozen", |contents| contents.contains(" FROZEN "));
    screen.press("pm");
    let seen = Arc::clone(&screen.seen);
    let last = |sequence: &[u8]| {
        let seen = seen.lock().unwrap();
        seen.bytes.windows(sequence.len()).rposition(|bytes| bytes == sequence)
    };
    until("the mouse is the terminal's", || last(b"\x1b[?1000l") > last(b"\x1b[?1000h"), || screen.contents());
    screen.press("y");
    until("the panel is in the clipboard", || last(b"\x1b]52;c;").is_some(), || screen.contents());
    screen.press("q");
    screen.ends_with(0);
}

#[test]
fn the_terminal_is_asked_for_its_background_and_its_answer_is_no_key() {
    let mut screen = Screen::at_work(&[]);
    let has = |screen: &Screen, sequence: &[u8]| {
        screen.seen.lock().unwrap().bytes.windows(sequence.len()).any(|bytes| bytes == sequence)
    };
    until("the question", || has(&screen, b"\x1b]11;?"), || screen.contents());
    assert!(!has(&screen, b"38;5;25m"), "not the light palette yet");
    screen.press("\x1b]11;rgb:ffff/ffff/ffff\x1b\\");
    until("the light palette", || has(&screen, b"38;5;25m"), || screen.contents());
    screen
        .until_seen("nothing was pressed", |contents| shows_a_rate(contents) && !contents.contains("There is no lane"));
    screen.press("q");
    screen.ends_with(0);
    let mut remote = Screen::at_work(&[("SSH_TTY", "/dev/pts/9")]);
    assert!(!has(&remote, b"\x1b]11;?"), "over a line where it may come late nothing is asked");
    remote.until_seen("the frugal pace", |contents| contents.contains(" ssh · "));
    remote.press("q");
    remote.ends_with(0);
}

#[test]
fn two_hundred_sizes_in_a_row_are_survived() {
    let mut screen = Screen::at_work(&[]);
    for step in 0..200u16 {
        // The program alone is told: the emulator of this test does not survive it.
        let size = PtySize { rows: 1 + step * 17 % 70, cols: 1 + step * 37 % 240, pixel_width: 0, pixel_height: 0 };
        screen.master.as_ref().expect("a terminal").resize(size).expect("a size");
    }
    screen.resize(120, 36);
    screen.until_seen("all of it", |contents| shows_a_rate(contents) && contents.contains("nothing dropped"));
    screen.press("q");
    screen.ends_with(0);
}

#[test]
fn a_fault_of_the_interface_gives_the_terminal_back_and_leaves_a_report() {
    let mut screen = Screen::start(&[SCENARIO, "--no-ask"], &[("POOLSCOPE_FAULT", "screens:8")]);
    screen.until_seen("the report", |contents| contents.contains("this is a fault of ours"));
    let reports = fs::read_dir(screen.home.path()).expect("a folder").flatten();
    let names: Vec<String> = reports.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    assert!(names.iter().any(|name| name.starts_with("poolscope-crash-")), "{names:?}");
    screen.press("\n");
    screen.ends_with(101);
}

#[test]
fn what_kills_it_from_inside_gives_the_terminal_back() {
    for signal in [Signal::SEGV, Signal::ABORT] {
        let mut screen = Screen::at_work(&[]);
        screen.signal(signal);
        screen.ends_somehow();
        until("the shell's screen", || !screen.in_alternate_screen(), || screen.contents());
        let modes = format!("{:?}", screen.master.as_ref().expect("a terminal").get_termios());
        assert_eq!(modes, screen.modes, "the line discipline is as it was");
        let left = || processes().into_iter().filter(|one| screen.sessions.contains(&one.session)).count();
        until("no process of a lane is left", || left() == 0, || format!("{}", left()));
    }
}

#[test]
fn every_signal_ends_it_and_gives_the_terminal_back() {
    let signals = [(Signal::INT, 130), (Signal::TERM, 143), (Signal::QUIT, 131), (Signal::HUP, 129)];
    for (signal, code) in signals {
        let screen = Screen::at_work(&[]);
        screen.signal(signal);
        screen.ends_with(code);
    }
}

#[test]
fn it_can_be_suspended_and_goes_on() {
    let mut screen = Screen::at_work(&[]);
    let state_is = |pid, state| process(pid).is_some_and(|process| process.state == state);
    for by_key in [false, true] {
        if by_key {
            screen.press("\x1a");
        } else {
            screen.signal(Signal::TSTP);
        }
        until("it is stopped", || state_is(screen.pid, 'T'), || screen.contents());
        until("the shell's screen", || !screen.in_alternate_screen(), || screen.contents());
        assert_eq!(format!("{:?}", screen.master.as_ref().expect("a terminal").get_termios()), screen.modes);
        screen.signal(Signal::CONT);
        until("it is back", || screen.in_alternate_screen(), || screen.contents());
        screen.until_seen("a rate", shows_a_rate);
    }
    screen.press("q");
    screen.ends_with(0);
}

#[test]
fn when_the_terminal_goes_so_does_everything() {
    let mut screen = Screen::at_work(&[]);
    screen.stop.store(true, Ordering::SeqCst);
    screen.reader.take().expect("a reader").join().expect("it ends");
    (screen.writer, screen.slave, screen.master) = (None, None, None);
    screen.ends(129);
}

#[test]
fn no_color_means_no_colour_and_keeps_the_shapes() {
    let mut screen = Screen::at_work(&[("NO_COLOR", "1")]);
    screen.press("p");
    screen.until_seen("it is frozen", |contents| contents.contains(" FROZEN "));
    screen.press("q");
    let seen = Arc::clone(&screen.seen);
    screen.ends_with(0);
    let seen = seen.lock().unwrap();
    let text = String::from_utf8_lossy(&seen.bytes);
    let mut looks = 0;
    for (place, _) in text.match_indices("\x1b[") {
        let sequence: String = text[place + 2..].chars().take_while(|letter| !letter.is_ascii_alphabetic()).collect();
        if text[place + 2 + sequence.len()..].starts_with('m') {
            looks += 1;
            let parts = sequence.split([';', ':']).filter_map(|part| part.parse::<u8>().ok());
            for part in parts {
                assert!(
                    !(30..=38).contains(&part) && !(40..=48).contains(&part) && part < 90,
                    "a colour: {sequence:?}"
                );
            }
        }
    }
    assert!(looks > 0, "bold and inverse stay");
}

#[test]
fn a_dumb_terminal_gets_lines_and_no_screen() {
    let mut screen = Screen::start(&[SCENARIO, "--tasks", "200"], &[("TERM", "dumb")]);
    screen.until_seen("the question", |contents| contents.contains("Type a letter for your guess"));
    screen.press("a\n");
    screen.until_seen("its end", |contents| contents.contains("The run is over."));
    screen.ends(0);
    assert!(!screen.seen.lock().unwrap().bytes.contains(&0x1b), "{}", screen.contents());
}

#[test]
fn a_pipe_gets_the_report() {
    let mut command = Command::new(PROGRAM);
    command.args([SCENARIO, "--tasks", "200"]).stdin(Stdio::null()).stderr(Stdio::null());
    let output = command.output().expect("it runs");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(output.status.success() && text.contains("throughput") && !text.contains('\x1b'), "{text}");
}

#[test]
fn a_sweep_is_seen_to_grow_and_a_point_of_it_becomes_lanes() {
    // Tasks that sleep, and one round: nothing here depends on how fast the machine is.
    let arguments = ["sweep", "threads-or-processes-io", "--workers", "1,2", "--for", "60ms", "--repeat", "1"];
    let mut screen = Screen::start(&arguments, &[]);
    screen.until_seen("a curve", |contents| contents.contains("sweep of ") && contents.contains("tasks/s by workers"));
    screen.until_seen("its end", |contents| contents.contains(" ENDED ") && !contents.contains("not measured"));
    screen.until_seen("the advice", |contents| contents.contains("(measured once)"));
    screen.press("\x1b[A");
    screen.until_seen("the first size", |contents| contents.lines().any(|line| line.starts_with("▸       1 ")));
    screen.press("\r");
    screen.until_seen("lanes at work", |contents| contents.contains("1 worker ") && shows_a_rate(contents));
    screen.sessions = lanes_of(screen.pid).into_iter().map(|lane| lane.session).collect();
    screen.press("q");
    screen.ends_with(0);
}

#[test]
fn a_command_shows_what_failed_and_is_swept_only_after_asking() {
    let command = "if [ {} = 3 ]; then echo not a picture >&2; exit 1; fi; sleep 0.02";
    let arguments = ["--command", command, "--shell", "--inputs", "1..900000", "--workers", "2", "--no-ask"];
    let mut screen = Screen::start(&arguments, &[]);
    let failed = |contents: &str| {
        ["of 900,000", "1 failed", "✕ input 3 (3) exited with code 1", "  not a picture"]
            .iter()
            .all(|words| contents.contains(words))
    };
    screen.until_seen("what failed", failed);
    screen.resize(80, 24);
    screen.until_seen("what failed, with less room", failed);
    screen.sessions = lanes_of(screen.pid).into_iter().map(|lane| lane.session).collect();
    assert_eq!(screen.sessions.len(), 1, "there is a lane");
    screen.press("s");
    screen.until_seen("a question", |contents| contents.contains("Sweep lane 1 (") && contents.contains("y do it"));
    screen.press("n");
    screen.until_seen("its run", |contents| !contents.contains("y do it") && failed(contents));
    screen.press("sy");
    screen.until_seen("a sweep", |contents| contents.contains("sweep of "));
    screen.press("s");
    screen.until_seen("what fails again", failed);
    screen.sessions.extend(lanes_of(screen.pid).iter().map(|lane| lane.session));
    screen.press("q");
    screen.ends_with(0);
}

#[test]
fn a_recording_is_shown_again_and_again() {
    let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/recordings/deaths.ndjson");
    let mut screen = Screen::start(&["replay", recording, "--speed", "50"], &[]);
    screen.until_seen("its end", |contents| contents.contains(" ENDED ") && contents.contains(" GONE  SIGABRT"));
    screen.press("+");
    screen.until_seen("a refusal", |contents| contents.contains("This is a recording"));
    screen.press("r");
    screen.until_seen("its end", |contents| contents.contains(" ENDED ") && !contents.contains("Starting again"));
    screen.press("q");
    screen.ends_with(0);
}
