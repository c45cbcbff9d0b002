//! What lies over the panels: how it looks, and what keys and clicks do there.

use super::*;
use crate::view::hits::{self, Target};

/// A live screen on which a scenario with a question has just been opened.
fn asked() -> (Model, Vec<Control>) {
    let mut model = Model::new(Setting { draft: Some(draft("pool-size")), ..setting("") });
    let controls = super::super::update::begin(&mut model);
    for mut frame in made::frames(20) {
        if let Body::Plan(plan) = &mut frame.body {
            plan.question.clone_from(&draft("pool-size").scenario().question);
        }
        let _ = update(&mut model, Message::Frame(Box::new(frame)));
    }
    (model, controls)
}

fn controls_of(effects: Vec<Effects>) -> Vec<Control> {
    effects.into_iter().flat_map(|effects| effects.controls).collect()
}

/// Clicks on the first place that means this.
fn click(model: &mut Model, target: Target) -> Effects {
    let (columns, rows) = model.size();
    let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row)));
    let hits = crate::view::screen::hits(model);
    let is_it = |(column, row): &(u16, u16)| hits::at(&hits, *column, *row).is_some_and(|hit| hit.target == target);
    let (column, row) = places.into_iter().find(is_it).expect("it can be clicked");
    update(model, Message::Mouse(Mouse { what: MouseDid::Press, column, row }))
}

fn resized(mut model: Model, columns: u16, rows: u16) -> Model {
    let _ = update(&mut model, Message::Resize(columns, rows));
    model
}

#[test]
fn the_question_comes_first_and_hides_the_figures() {
    let (model, controls) = asked();
    assert_eq!(controls, [Control::Pause], "nothing runs before the guess");
    for (columns, rows) in [(80, 24), (120, 36), (200, 60)] {
        let screen = draw_to_styled(&resized(model.clone(), columns, rows), columns, rows);
        assert!(!screen.contains("tasks/s"), "{screen}");
        insta::assert_snapshot!(format!("ask_{columns}x{rows}"), screen);
    }
}

#[test]
fn a_guess_is_kept_and_compared_with_the_facts_when_they_are_in() {
    let (mut model, _) = asked();
    let controls = controls_of(press(&mut model, "a"));
    let [Control::Guess(guess), Control::Resume] = controls.as_slice() else { panic!("{controls:?}") };
    assert_eq!((guess.scenario.as_str(), guess.choice), ("pool-size", 0));
    press(&mut model, "i");
    let why: String = draft("pool-size").scenario().question.as_ref().expect("a question").choices[0].why[..20].into();
    let screen = draw_to_text(&model, 120, 60);
    assert!(screen.contains("← your guess") && !screen.contains(&why), "the answer is not in yet:\n{screen}");
    press(&mut model, "i");
    assert!(!draw_to_text(&model, 120, 60).contains("You guessed"));
    let late = Frame { lane: None, at_ns: 60_000_000_000, body: Body::System(SystemTick::default()) };
    let _ = update(&mut model, Message::Frame(Box::new(late)));
    let screen = draw_to_text(&model, 120, 60);
    assert!(screen.contains("You guessed") && screen.contains("Measured:"), "{screen}");
    press(&mut model, "i");
    insta::assert_snapshot!("answer_120x60", draw_to_text(&resized(model, 120, 60), 120, 60));
}

#[test]
fn one_key_skips_the_question_and_a_setting_never_asks() {
    let (mut model, _) = asked();
    let skipped = update(&mut model, Message::Key(Key::Esc));
    assert_eq!((skipped.controls, model.dialog.clone(), model.paused), (vec![Control::Resume], Dialog::None, false));
    let quiet = Setting { draft: Some(draft("pool-size")), ask: false, ..setting("") };
    assert_eq!(super::super::update::begin(&mut Model::new(quiet)), []);
}

#[test]
fn a_choice_can_be_clicked() {
    let (model, _) = asked();
    let mut model = resized(model, 120, 36);
    let controls = click(&mut model, Target::Row(1)).controls;
    assert!(
        matches!(controls.as_slice(), [Control::Guess(guess), Control::Resume] if guess.choice == 1),
        "{controls:?}"
    );
}

#[test]
fn the_palette_finds_commands_by_what_they_do() {
    let mut model = model_after(made::frames(20));
    press(&mut model, ":");
    insta::assert_snapshot!("palette_80x24", draw_to_text(&model, 80, 24));
    press(&mut model, "freez");
    assert_eq!(update(&mut model, Message::Key(Key::Enter)).redraw, Redraw::Now);
    assert!(model.frozen.is_some() && model.dialog == Dialog::None);
    // Letters are typed there, whatever else they mean.
    press(&mut model, ":q");
    assert_ne!(model.dialog, Dialog::None);
    assert!(update(&mut model, Message::Key(Key::Ctrl('c'))).quit.is_some(), "a way out works everywhere");
}

#[test]
fn scenarios_are_searched_by_topic_name_and_title() {
    let mut model = Model::new(Setting { draft: Some(draft("lock-kinds")), ask: false, ..setting("") });
    assert_eq!(controls_of(press(&mut model, "o")), [Control::List]);
    let _ = update(&mut model, Message::Catalogue(crate::scenario::list(None)));
    for (columns, rows) in [(80, 24), (120, 36)] {
        insta::assert_snapshot!(format!("browse_{columns}x{rows}"), draw_to_text(&model, columns, rows));
    }
    press(&mut model, "/false shar");
    let opened = update(&mut model, Message::Key(Key::Enter));
    assert_eq!(opened.controls, [Control::Open("false-sharing".to_string())]);
}

#[test]
fn help_can_be_searched_and_tells_the_keys_that_there_are() {
    let keymap = Keymap::new(&[("zoom".to_string(), vec!["F2".to_string()])]).expect("a keymap");
    let mut model = Model::new(Setting { keymap, ..setting("") });
    press(&mut model, "?/whole screen to one");
    let screen = draw_to_text(&model, 80, 24);
    assert!(screen.contains("F2") && !screen.contains("Quits"), "{screen}");
    let _ = update(&mut model, Message::Key(Key::Esc));
    let _ = update(&mut model, Message::Key(Key::Esc));
    let _ = update(&mut model, Message::Key(Key::F(2)));
    assert!(model.zoom.is_some());
}

#[test]
fn hints_lanes_and_findings_can_be_clicked() {
    let mut model = resized(model_after(made::frames(60)), 160, 40);
    let _ = click(&mut model, Target::Lane(1));
    assert_eq!(model.focus, LaneId(2));
    let _ = click(&mut model, Target::Command("freeze"));
    assert!(model.frozen.is_some());
    let asked = click(&mut model, Target::Command("more-workers")).controls;
    assert!(
        matches!(asked.as_slice(), [Control::Order(Some(LaneId(2)), Order::Resize { workers: 5 }), ..]),
        "{asked:?}"
    );
    let _ = click(&mut model, Target::Lane(1));
    assert!(model.zoom.is_some(), "a click on what is focused zooms");
    let finding = model.shown().findings().first().cloned().expect("a worker died there");
    model.zoom = None;
    let _ = click(&mut model, Target::Finding(0));
    assert!(model.zoom.is_some() && model.focus == finding.lane);
}

#[test]
fn nothing_behind_a_dialog_can_be_clicked() {
    let mut model = resized(model_after(made::frames(60)), 120, 36);
    press(&mut model, "?");
    let before = model.focus;
    let _ = update(&mut model, Message::Mouse(Mouse { what: MouseDid::Press, column: 60, row: 18 }));
    assert_eq!(model.focus, before);
}

#[test]
fn a_recording_goes_where_its_time_line_is_clicked() {
    let recording = Setting { recorded_ns: Some(10_000_000_000), ..setting("a recording") };
    let mut model = resized(Model::new(recording), 120, 36);
    for frame in recorded("turns") {
        let _ = update(&mut model, Message::Frame(Box::new(frame)));
    }
    insta::assert_snapshot!("scrub_120x36", draw_to_text(&model, 120, 36));
    assert_eq!(click(&mut model, Target::Scrub).controls, [Control::Seek(0)], "its left end");
    assert_eq!(controls_of(press(&mut model, ".>")), [Control::Seek(1_000_000_000), Control::Seek(10_000_000_000)]);
    assert_eq!(controls_of(press(&mut model, ")(")), [Control::Speed(2.0), Control::Speed(1.0)]);
    assert_eq!(controls_of(press(&mut model, "+xea")), [], "nothing can be changed in it");
}

#[test]
fn themes_and_shapes_change_the_whole_screen() {
    for theme in ThemeName::ALL {
        let mut model = Model::new(Setting { theme, ..setting("") });
        made::frames(120).into_iter().for_each(|frame| drop(update(&mut model, Message::Frame(Box::new(frame)))));
        insta::assert_snapshot!(format!("theme_{theme}_120x36"), draw_to_styled(&model, 120, 36));
    }
    for (glyphs, pace) in [(Glyphs::Braille, Pace::Full), (Glyphs::Ascii, Pace::Eco)] {
        let mut model = Model::new(Setting { glyphs, pace, ..setting("") });
        made::frames(120).into_iter().for_each(|frame| drop(update(&mut model, Message::Frame(Box::new(frame)))));
        let screen = draw_to_text(&model, 120, 36);
        assert!(glyphs != Glyphs::Ascii || screen.is_ascii(), "{screen}");
        insta::assert_snapshot!(format!("glyphs_{glyphs}_{pace}_120x36"), screen);
    }
}

#[test]
fn what_is_said_gives_way_to_the_keys() {
    let mut model = model_after(made::frames(20));
    let _ = update(&mut model, Message::Notice("something".to_string()));
    assert!(draw_to_text(&model, 120, 36).contains("something"));
    let later = Frame { lane: None, at_ns: 30_000_000_000, body: Body::System(SystemTick::default()) };
    let _ = update(&mut model, Message::Frame(Box::new(later)));
    assert!(!draw_to_text(&model, 120, 36).contains("something"));
}

#[test]
fn what_is_opened_over_the_question_gives_way_to_it_again() {
    let (mut model, _) = asked();
    for keys in ["?", "t", "x", ":"] {
        press(&mut model, keys);
        let _ = update(&mut model, Message::Key(Key::Esc));
        // Esc closed what was open; where nothing was, it skipped the question.
        if !model.asking {
            assert!(keys == "t" || keys == "x", "{keys}");
            model = asked().0;
            continue;
        }
        assert_eq!((model.dialog.clone(), model.paused), (Dialog::Ask, true), "{keys}");
    }
    let skipped = update(&mut model, Message::Key(Key::Esc));
    assert_eq!((skipped.controls, model.asking, model.paused), (vec![Control::Resume], false, false));
}
