//! The pictures in `assets/pictures`, drawn by the program itself from recordings: they show what it would show now.
//!
//! `UPDATE=1 cargo test pictures` draws them anew.

use super::recorded::{frames_of, running, shown};
use super::*;
use crate::view::screen::picture;
use std::path::Path;

/// A model at a size.
fn at(mut model: Model, columns: u16, rows: u16) -> Model {
    let _ = update(&mut model, Message::Resize(columns, rows));
    model
}

/// The recording of four lanes.
fn four(theme: ThemeName) -> Model {
    shown(theme, running("four-of-eight"))
}

/// The same up to the moment when the third lane's flight recorders were read.
fn with_flight(theme: ThemeName) -> Model {
    let mut frames = frames_of("four-of-eight");
    let read = frames.iter().position(|frame| matches!(frame.body, Body::Flight { .. })).expect("a flight");
    frames.truncate(read + 1);
    shown(theme, frames)
}

/// The third lane on the whole screen, so many tabs further.
fn zoomed(mut model: Model, tabs: usize) -> Model {
    press(&mut model, "3z");
    (0..tabs).for_each(|_| drop(update(&mut model, Message::Key(Key::Right))));
    model
}

fn big(theme: ThemeName) -> Model {
    let mut model = Model::new(Setting { theme, big: true, ..setting("") });
    for frame in running("four-of-eight") {
        let _ = update(&mut model, Message::Frame(Box::new(frame)));
    }
    model
}

/// A scenario that asks before it begins.
fn question(theme: ThemeName) -> Model {
    let mut model = Model::new(Setting { theme, draft: Some(draft("pool-size")), ..setting("pool-size") });
    let _ = super::super::update::begin(&mut model);
    model
}

/// What each picture shows.
fn pictures() -> Vec<(String, Model)> {
    let mut pictures = Vec::new();
    for (name, theme) in [("dark", ThemeName::Dark), ("light", ThemeName::Light)] {
        let shots = [
            ("main", four(theme)),
            ("times", zoomed(four(theme), 2)),
            ("locks", zoomed(four(theme), 3)),
            ("flight", zoomed(with_flight(theme), 4)),
            ("question", question(theme)),
            ("big", big(theme)),
        ];
        pictures.extend(shots.map(|(what, model)| (format!("{what}-{name}"), at(model, 120, 36))));
    }
    pictures.push(("main-80x24".to_string(), at(four(ThemeName::Dark), 80, 24)));
    pictures.push(("main-200x60".to_string(), at(four(ThemeName::Dark), 200, 60)));
    pictures.push(("crowd".to_string(), at(shown(ThemeName::Dark, running("crowd")), 120, 36)));
    pictures.push(("eight-of-64".to_string(), at(shown(ThemeName::Dark, running("eight-of-64")), 200, 60)));
    pictures
}

#[test]
fn pictures_show_what_the_program_shows() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/pictures");
    let mut names = Vec::new();
    for (name, model) in pictures() {
        let path = folder.join(format!("{name}.svg"));
        let drawn = picture(&model, "svg");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(&folder).expect("a folder");
            std::fs::write(&path, &drawn).expect("a picture");
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        // Not `assert_eq`: two pictures in full tell nobody anything.
        assert!(kept == drawn, "assets/pictures/{name}.svg is behind the program: UPDATE=1 cargo test pictures");
        names.push(format!("{name}.svg"));
    }
    let files = std::fs::read_dir(&folder).expect("a folder").map(|file| file.expect("a file").file_name());
    let unknown: Vec<_> = files.filter(|file| !names.iter().any(|name| file == name.as_str())).collect();
    assert!(unknown.is_empty(), "nobody draws these: {unknown:?}");
}
