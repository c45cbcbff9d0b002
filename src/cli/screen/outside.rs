//! What the screen asks of the world outside: carried out here, or told to the thread that the frames come from.
//!
//! Whatever cannot be done becomes a notice; nothing that is asked here ends the screen, or what runs.

use super::super::files::Files;
use super::HALT_PATIENCE;
use super::own::{self, Own};
use super::stage::Told;
use crate::doors::clock;
use crate::scenario::{self, Draft, Overrides};
use crate::source::{Explorer, Recorder};
use crate::stats::words::plain;
use crate::view::{self, Control, Message};
use crate::wire::{Body, Frame, LaneId, Machine, ProgramPlan, encode_frame};
use crossbeam_channel::{Receiver, Sender, bounded, unbounded};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The world outside of the screen.
pub(super) struct Outside {
    files: Files,
    /// To plan for: the stage knows the same machine, measured.
    machine: Machine,
    frames_from: From,
    recording: Option<Recording>,
    explorer: Explorer,
    news: News,
    /// The user's own program, where it is one that runs.
    own: Option<Own>,
    /// What runs, or will at the next restart, where the screen has said so.
    draft: Option<Draft>,
    /// The programs of what runs, by their lanes.
    programs: Vec<(LaneId, ProgramPlan)>,
}

/// What comes later, from other threads, and the bell that says so.
struct News {
    come: Receiver<New>,
    bell: Receiver<()>,
    ring: Ring,
}

/// The other end of it.
#[derive(Clone)]
struct Ring {
    tell: Sender<New>,
    ring: Sender<()>,
}

/// Something that came later.
enum New {
    /// For the screen as it is.
    Message(Message),
    /// The user's own program has another text, or none that can be read.
    Changed(Result<String, String>),
}

impl Ring {
    fn tell(&self, new: New) {
        // The screen is gone when it takes nothing any more; and a bell that rings already need not ring twice.
        let _ = self.tell.send(new);
        let _ = self.ring.try_send(());
    }
}

impl News {
    fn new() -> News {
        let ((tell, come), (ring, bell)) = (unbounded(), bounded(1));
        News { come, bell, ring: Ring { tell, ring } }
    }
}

/// Where the frames come from, and who is to be told about them.
pub(super) enum From {
    /// A run.
    Stage(Sender<Told>),
    /// A recording.
    Player(Sender<Control>),
}

/// A recording that the user began on the screen: the frames that it takes in, and nothing that did not happen. One that
/// is stopped before its run ends early, and a replay says so.
struct Recording {
    recorder: Recorder,
    path: String,
}

impl Outside {
    pub(super) fn new(files: Files, frames_from: From) -> Outside {
        let machine = crate::system::machine();
        let news = News::new();
        let ring = news.ring.clone();
        let explorer = Explorer::new(None, move |answer| ring.tell(New::Message(Message::Answer(Box::new(answer)))));
        let progress = files.progress();
        if !progress.is_empty() {
            news.ring.tell(New::Message(Message::Progress(progress)));
        }
        Outside {
            files,
            machine,
            frames_from,
            recording: None,
            explorer,
            news,
            own: None,
            draft: None,
            programs: Vec::new(),
        }
    }

    /// What runs is a program of the user's own, read from this file.
    pub(super) fn own(&mut self, path: PathBuf, text: String, draft: Option<Draft>) -> std::io::Result<()> {
        self.draft = draft;
        let ring = self.news.ring.clone();
        self.own = Some(Own::watch(path, text, move |text| ring.tell(New::Changed(text)))?);
        Ok(())
    }

    /// The text of the user's own program is another now: where it is a program, that runs; else what runs goes on.
    fn changed(&mut self, text: Result<String, String>) -> Vec<Message> {
        let (Some(own), From::Stage(stage)) = (&self.own, &self.frames_from) else { return Vec::new() };
        let (path, stage) = (own.path().to_path_buf(), stage.clone());
        let scenario = match text {
            Ok(text) => super::of_file(&path, &text),
            Err(why) => return vec![notice(format!("{why}. What was read before goes on."))],
        };
        let scenario = match scenario {
            Ok(scenario) => scenario,
            Err(problems) => return vec![notice(format!("{}. What was read before goes on.", first(&problems)))],
        };
        // What was changed in the form stays, where it goes with the new text.
        let same = self.draft.as_ref().filter(|draft| draft.scenario().name == scenario.name);
        let over = same.map(|draft| draft.over(&scenario)).filter(|draft| draft.plan(&self.machine).is_ok());
        let draft = over.unwrap_or_else(|| Draft::of(&scenario, &Overrides::default()));
        match self.run(draft.clone(), &stage) {
            Ok(messages) => std::iter::once(Message::Reread(Box::new(draft))).chain(messages).collect(),
            Err(why) => vec![why],
        }
    }

    /// Has the text of a lane's program edited: in the user's own file, or in a new one.
    fn edit(&mut self, lane: LaneId) -> Vec<Message> {
        if matches!(self.frames_from, From::Player(_)) {
            return vec![notice("This is a recording: what happened in it cannot be changed.".into())];
        }
        let (path, before) = match &self.own {
            Some(own) => (own.path().to_path_buf(), None),
            None => {
                let Some((_, plan)) = self.programs.iter().find(|(id, _)| *id == lane) else {
                    return vec![notice("This lane runs no program that could be edited.".into())];
                };
                match self.files.program(&plan.program, &plan.text) {
                    Ok(path) => (path, Some(plan.text.clone())),
                    Err(error) => return vec![notice(format!("There is no file to edit: {error}"))],
                }
            }
        };
        let edited = own::edit(&path);
        // A file that was not there before has its own text only where somebody has written it.
        let Some(before) = before else { return edited.err().map(notice).into_iter().collect() };
        let text = super::super::explore::read_text(&path);
        if text.as_ref() == Ok(&before) {
            let _ = std::fs::remove_file(&path);
            return edited.err().map(notice).into_iter().collect();
        }
        let mut messages: Vec<Message> = edited.err().map(notice).into_iter().collect();
        if let Err(error) = self.own(path.clone(), text.clone().unwrap_or_default(), None) {
            messages.push(notice(format!("{} is not looked at any more: {error}", shown(&path))));
            return messages;
        }
        messages.extend(self.changed(text));
        messages
    }

    /// Another scenario is open.
    fn forget_own(&mut self) {
        self.own = None;
    }

    fn carry_out(&mut self, control: Control) -> Vec<Message> {
        match control {
            Control::Ask(ask) => {
                self.explorer.ask(*ask);
                Vec::new()
            }
            Control::Edit(lane) => self.edit(lane),
            Control::KeepProgress(progress) => match self.files.keep_progress(&progress) {
                Ok(()) => Vec::new(),
                Err(error) => vec![notice(format!("That you met the challenge could not be kept: {error}"))],
            },
            Control::List => vec![Message::Catalogue(scenario::list(self.files.scenarios.as_deref()))],
            Control::Shot(shot) => vec![notice(match self.files.shoot(&shot) {
                Ok(path) => format!("Written to {}.", shown(&path)),
                Err(error) => format!("No picture was written: {error}"),
            })],
            Control::Save(draft) => vec![notice(match self.files.save(&draft) {
                Ok(path) => format!("Saved as {}.", shown(&path)),
                Err(error) => format!("Not saved: {error}"),
            })],
            Control::Guess(guess) => match self.files.keep(&guess) {
                Ok(()) => Vec::new(),
                Err(error) => vec![notice(format!("Your guess could not be kept: {error}"))],
            },
            control => match &self.frames_from {
                From::Stage(stage) => {
                    let stage = stage.clone();
                    self.conduct(control, &stage)
                }
                From::Player(player) => {
                    let player = player.clone();
                    play(control, &player)
                }
            },
        }
    }

    /// What concerns a run.
    fn conduct(&mut self, control: Control, stage: &Sender<Told>) -> Vec<Message> {
        // The stage is gone when the screen is about to be.
        let tell = |told: Told| _ = stage.send(told);
        match control {
            Control::Record(frames) => self.record(frames),
            Control::StopRecording => self.stop_recording(),
            Control::Keep(draft) => {
                self.draft = Some((*draft).clone());
                tell(Told::Keep(draft));
                Vec::new()
            }
            Control::Run(draft) => self.run(*draft, stage).unwrap_or_else(|why| vec![why]),
            Control::Sweep(plan) => {
                let messages = self.stop_recording_of_run();
                tell(Told::Sweep(plan));
                messages
            }
            Control::Open(name) => match scenario::find(&name, self.files.scenarios.as_deref()) {
                Ok(scenario) => {
                    let draft = Draft::of(&scenario, &Overrides::default());
                    let opened = Message::Opened(Box::new(draft.clone()));
                    match self.run(draft, stage) {
                        Ok(messages) => {
                            self.forget_own();
                            std::iter::once(opened).chain(messages).collect()
                        }
                        Err(why) => vec![why],
                    }
                }
                Err(problems) => vec![notice(first(&problems))],
            },
            Control::Restart => {
                let messages = self.stop_recording_of_run();
                tell(Told::Restart);
                messages
            }
            Control::Suspend => {
                tell(Told::Control(Control::Suspend));
                // Before the shell stops us all, the stage gets a moment to act.
                clock::sleep(HALT_PATIENCE);
                Vec::new()
            }
            control => {
                tell(Told::Control(control));
                Vec::new()
            }
        }
    }

    /// Begins a run of a draft. Where it makes no plan, what runs goes on, and the notice says why.
    fn run(&mut self, draft: Draft, stage: &Sender<Told>) -> Result<Vec<Message>, Message> {
        draft.plan(&self.machine).map_err(|problems| notice(first(&problems)))?;
        let mut messages = self.stop_recording_of_run();
        let adjustments = draft.adjustments(&self.machine);
        if messages.is_empty() && !adjustments.is_empty() {
            messages.push(notice(adjustments.join(" ")));
        }
        self.draft = Some(draft.clone());
        let _ = stage.send(Told::Run(Box::new(draft)));
        Ok(messages)
    }

    fn record(&mut self, frames: Vec<Frame>) -> Vec<Message> {
        if let Some(recording) = &self.recording {
            return vec![Message::Recording(Some(recording.path.clone()))];
        }
        if frames.is_empty() {
            return vec![notice("There is nothing to record yet: the run has not begun.".into())];
        }
        for path in self.files.now("ndjson") {
            match Recorder::begin(&path) {
                Ok(recorder) => {
                    let path = shown(&path);
                    let mut recording = Recording { recorder, path: path.clone() };
                    frames.iter().for_each(|frame| recording.add(frame));
                    self.recording = Some(recording);
                    return vec![Message::Recording(Some(path))];
                }
                Err(error) if error.is_there_already() => {}
                Err(error) => return vec![notice(format!("Not recorded: {error}"))],
            }
        }
        vec![notice("Not recorded: there are too many files of that name".into())]
    }

    /// Ends the recording.
    fn stop_recording(&mut self) -> Vec<Message> {
        let Some(Recording { recorder, path }) = self.recording.take() else { return vec![Message::Recording(None)] };
        let mut messages = vec![Message::Recording(None)];
        messages.extend(recorder.end().map(|why| notice(format!("The recording {path} ended early: {why}"))));
        messages
    }

    /// A recording is of one run: where that is to end, so does the recording.
    fn stop_recording_of_run(&mut self) -> Vec<Message> {
        if self.recording.is_some() { self.stop_recording() } else { Vec::new() }
    }
}

impl view::Outside for Outside {
    fn obey(&mut self, control: Control) -> Vec<Message> {
        self.carry_out(control)
    }

    fn bell(&self) -> Receiver<()> {
        self.news.bell.clone()
    }

    fn later(&mut self) -> Vec<Message> {
        let mut messages = Vec::new();
        while let Ok(new) = self.news.come.try_recv() {
            match new {
                New::Message(message) => messages.push(message),
                New::Changed(text) => messages.extend(self.changed(text)),
            }
        }
        messages
    }

    fn frame(&mut self, frame: &Frame) -> Vec<Message> {
        if let Body::Plan(plan) = &frame.body {
            let programs = plan.lanes.iter().filter_map(|lane| Some((lane.id, lane.pool.program()?.clone())));
            self.programs = programs.collect();
        }
        let Some(recording) = &mut self.recording else { return Vec::new() };
        recording.add(frame);
        let Some(why) = recording.recorder.take_failure() else { return Vec::new() };
        self.recording = None;
        // Told as a frame too: the figures below the keys then say so for as long as the run lasts.
        let failed = Frame { body: Body::RecordingFailed { why }, lane: None, ..*frame };
        vec![Message::Frame(Box::new(failed)), Message::Recording(None)]
    }
}

impl Recording {
    fn add(&mut self, frame: &Frame) {
        self.recorder.add(&Arc::from(encode_frame(frame)));
    }
}

/// What concerns a recording that is being played.
fn play(control: Control, player: &Sender<Control>) -> Vec<Message> {
    match control {
        Control::Record(_) | Control::StopRecording => {
            vec![notice("This is a recording already.".into())]
        }
        Control::Open(name) => {
            vec![notice(format!("This is a recording: quit, and open the scenario with `poolscope {}`.", plain(&name)))]
        }
        Control::Run(_) | Control::Sweep(_) | Control::Keep(_) | Control::Order(..) => {
            vec![notice("This is a recording: what happened in it cannot be changed.".into())]
        }
        control => {
            // The player is gone when the screen is about to be.
            let _ = player.send(control);
            Vec::new()
        }
    }
}

fn notice(text: String) -> Message {
    Message::Notice(plain(&text))
}

fn shown(path: &Path) -> String {
    let path = path.strip_prefix("./").unwrap_or(path);
    plain(&path.to_string_lossy())
}

/// The first problem on one line: there is room for no more.
fn first(problems: &[scenario::Problem]) -> String {
    let Some(problem) = problems.first() else { return String::new() };
    let place = if problem.line > 0 {
        format!("{}:{}:{}: ", problem.origin, problem.line, problem.column)
    } else {
        format!("{}: ", problem.origin)
    };
    let help = problem.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    format!("{place}{}{help}", problem.message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Ending, Replay};
    use crate::view::{Guess, Outside as _, Shot};
    use crossbeam_channel::{Receiver, unbounded};
    use std::fs;
    use tempfile::TempDir;

    fn outside(folder: &TempDir) -> (Outside, Receiver<Told>) {
        let (tell, told) = unbounded();
        (Outside::new(Files::in_folder(folder.path()), From::Stage(tell)), told)
    }

    fn frames() -> Vec<Frame> {
        let mut replay = Replay::open(Path::new("assets/recordings/turns.ndjson")).expect("a recording");
        std::iter::from_fn(|| replay.next_frame().expect("a frame")).collect()
    }

    fn draft(name: &str) -> Draft {
        Draft::of(&scenario::find(name, None).expect("built in"), &Overrides::default())
    }

    fn is_notice(messages: &[Message], part: &str) -> bool {
        matches!(messages, [Message::Notice(text)] if text.contains(part))
    }

    /// The one recording in a folder, read to its end.
    fn recorded(folder: &TempDir) -> (Vec<Frame>, Ending) {
        let paths: Vec<_> =
            fs::read_dir(folder.path()).expect("a folder").flatten().map(|entry| entry.path()).collect();
        let [path] = paths.as_slice() else { panic!("one recording, not {paths:?}") };
        let mut replay = Replay::open(path).expect("a recording");
        let frames = std::iter::from_fn(|| replay.next_frame().expect("a frame")).collect();
        fs::remove_file(path).expect("removed");
        (frames, replay.ending().clone())
    }

    /// The screen takes in frames; nothing comes of it.
    fn take(outside: &mut Outside, frames: &[Frame]) {
        assert!(frames.iter().all(|frame| outside.frame(frame).is_empty()));
    }

    #[test]
    fn what_is_recorded_from_the_middle_on_begins_with_what_was_so_far() {
        let folder = TempDir::new().expect("a folder");
        let (mut outside, _told) = outside(&folder);
        assert!(is_notice(&outside.obey(Control::Record(Vec::new())), "nothing to record yet"));
        let frames = frames();
        let (before, after) = frames.split_at(frames.len() / 2);
        take(&mut outside, before);
        let began = outside.obey(Control::Record(before.to_vec()));
        let [Message::Recording(Some(path))] = began.as_slice() else { panic!("{began:?}") };
        assert!(path.ends_with(".ndjson"), "{path}");
        assert_eq!(outside.obey(Control::Record(before.to_vec())), began, "it is being recorded already");
        take(&mut outside, &after[..3]);
        assert_eq!(outside.obey(Control::StopRecording), [Message::Recording(None)]);
        take(&mut outside, &after[3..4]);
        let (written, ending) = recorded(&folder);
        assert_eq!(ending, Ending::Cut { lines: written.len(), bytes_over: 0 });
        assert_eq!(written, frames[..before.len() + 3]);

        assert_eq!(outside.obey(Control::Record(before.to_vec())).len(), 1);
        take(&mut outside, after);
        drop(outside);
        assert_eq!(recorded(&folder), (frames, Ending::Whole));
    }

    #[test]
    fn a_recording_ends_with_its_run() {
        let folder = TempDir::new().expect("a folder");
        let (mut outside, told) = outside(&folder);
        let frames = frames();
        let again = [Control::Restart, Control::Run(Box::new(draft("ipc"))), Control::Open("ipc".into())];
        for (index, control) in again.into_iter().enumerate() {
            outside.obey(Control::Record(frames[..9].to_vec()));
            let messages = outside.obey(control);
            assert!(messages.contains(&Message::Recording(None)), "{messages:?}");
            assert!(matches!((index, told.try_recv()), (0, Ok(Told::Restart)) | (1 | 2, Ok(Told::Run(_)))));
            assert_eq!(recorded(&folder).0, frames[..9]);
        }
    }

    #[test]
    fn scenarios_are_opened_and_drafts_are_run_where_they_make_a_plan() {
        let folder = TempDir::new().expect("a folder");
        let (mut outside, told) = outside(&folder);
        assert_eq!(outside.obey(Control::Open("ipc".into())), [Message::Opened(Box::new(draft("ipc")))]);
        assert!(matches!(told.try_recv(), Ok(Told::Run(opened)) if *opened == draft("ipc")));
        assert!(is_notice(&outside.obey(Control::Open("ipcc".into())), "did you mean `ipc`?"));
        let wrong = Overrides { sets: vec!["lane.1.workers=0\u{1b}".into()], ..Overrides::default() };
        let wrong = Draft::of(&scenario::find("ipc", None).expect("built in"), &wrong);
        let said = outside.obey(Control::Run(Box::new(wrong)));
        assert!(is_notice(&said, "--set 1"), "{said:?}");
        assert!(told.try_recv().is_err(), "what runs goes on");
        assert!(outside.obey(Control::Keep(Box::new(draft("pool-size")))).is_empty());
        assert!(matches!(told.try_recv(), Ok(Told::Keep(_))));
        let listed = outside.obey(Control::List);
        assert!(matches!(&listed[..], [Message::Catalogue(listed)] if listed.len() == scenario::catalogue().len()));
    }

    /// What comes later, once the bell has rung.
    fn later(outside: &mut Outside) -> Vec<Message> {
        let bell = outside.bell();
        assert_eq!(bell.recv_timeout(std::time::Duration::from_secs(10)), Ok(()), "nothing came");
        outside.later()
    }

    const FINE: &str = "from threading import Thread\nx = 0\ndef f():\n    global x\n    x += 1\nt = Thread(target=f)\nt.start()\nx += 1\nt.join()\n";

    #[test]
    fn a_program_of_the_user_s_own_is_read_again_and_one_that_is_none_changes_nothing() {
        let folder = TempDir::new().expect("a folder");
        let (mut outside, told) = outside(&folder);
        let path = folder.path().join("mine.py");
        fs::write(&path, FINE).expect("written");
        outside.own(path.clone(), FINE.into(), None).expect("watched");
        fs::write(&path, FINE.replace("x += 1", "x += 2")).expect("written");
        let said = later(&mut outside);
        let [Message::Reread(draft)] = said.as_slice() else { panic!("{said:?}") };
        let Ok(Told::Run(run)) = told.try_recv() else { panic!("it runs") };
        assert_eq!(*draft, run);
        let plan = draft.plan(&outside.machine).expect("a plan");
        assert!(plan.lanes[0].pool.program().is_some_and(|program| program.text.contains("x += 2")));
        fs::write(&path, "import os\n").expect("written");
        let said = later(&mut outside);
        assert!(is_notice(&said, "mine.py:1:8: ") && is_notice(&said, "goes on"), "{said:?}");
        assert!(told.try_recv().is_err());
        // Another scenario: the file is nobody's business any more.
        outside.obey(Control::Open("ipc".into()));
        fs::write(&path, FINE).expect("written");
        clock::sleep(std::time::Duration::from_millis(1500));
        assert!(outside.later().is_empty());
    }

    #[test]
    fn only_a_lane_with_a_program_can_be_edited_and_no_recording() {
        let folder = TempDir::new().expect("a folder");
        let (mut live, _told) = outside(&folder);
        take(&mut live, &frames());
        assert!(is_notice(&live.obey(Control::Edit(LaneId(1))), "no program"));
        let mut recording = Outside::new(Files::in_folder(folder.path()), From::Player(unbounded().0));
        assert!(is_notice(&recording.obey(Control::Edit(LaneId(1))), "This is a recording"));
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn challenges_that_were_met_are_told_when_the_screen_opens_again() {
        let folder = TempDir::new().expect("a folder");
        let met = view::Progress {
            scenario: "lost-update".into(),
            variant: "broken".into(),
            challenge: "ended counter=1".into(),
            steps: 4,
            switches: 2,
        };
        let (mut first, _told) = outside(&folder);
        assert!(first.later().is_empty());
        assert!(first.obey(Control::KeepProgress(met.clone())).is_empty());
        let (mut second, _told) = outside(&folder);
        assert_eq!(later(&mut second), [Message::Progress(vec![met])]);
    }

    #[test]
    fn what_cannot_be_written_becomes_a_notice() {
        let folder = TempDir::new().expect("a folder");
        let mut files = Files::in_folder(folder.path());
        let shot = || Control::Shot(Shot { extension: "txt", text: "screen".into() });
        let guess = || Control::Guess(Guess { scenario: "ipc".into(), choice: 0, right: true });
        {
            let (mut outside, _told) = outside(&folder);
            assert!(is_notice(&outside.obey(shot()), "Written to "));
            assert!(is_notice(&outside.obey(Control::Save(Box::new(draft("ipc")))), "ipc-2.md"));
            assert!(outside.obey(guess()).is_empty());
        }
        files.here = folder.path().join("not there");
        (files.scenarios, files.state) = (None, None);
        let mut outside = Outside::new(files, From::Stage(unbounded().0));
        assert!(is_notice(&outside.obey(shot()), "No picture was written"));
        assert!(is_notice(&outside.obey(Control::Save(Box::new(draft("ipc")))), "Not saved"));
        assert!(is_notice(&outside.obey(guess()), "could not be kept"));
        assert!(is_notice(&outside.obey(Control::Record(frames()[..2].to_vec())), "Not recorded"));
    }

    #[test]
    fn in_a_recording_nothing_is_changed_and_everything_is_looked_at() {
        let folder = TempDir::new().expect("a folder");
        let (tell, told) = unbounded();
        let mut outside = Outside::new(Files::in_folder(folder.path()), From::Player(tell));
        for control in [Control::Seek(3), Control::Speed(2.0), Control::Pause, Control::Resume, Control::Restart] {
            assert!(outside.obey(control.clone()).is_empty());
            assert_eq!(told.try_recv(), Ok(control));
        }
        let refused = [
            Control::Record(Vec::new()),
            Control::StopRecording,
            Control::Open("ipc".into()),
            Control::Run(Box::new(draft("ipc"))),
            Control::Keep(Box::new(draft("ipc"))),
        ];
        for control in refused {
            assert!(is_notice(&outside.obey(control), "This is a recording"));
        }
        assert!(told.try_recv().is_err());
        assert_eq!(outside.obey(Control::List).len(), 1);
    }
}
