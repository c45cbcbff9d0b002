//! Screens as text, as text with colours, and as pictures.

use crate::view::shot::{ansi, svg, text};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

/// Everything that a screen of ours is made of.
fn sample() -> Buffer {
    let mut buffer = Buffer::with_lines([
        "╭─ <a> & b ────╮",
        "│ ▁▂▃▄▅▆▇█ ▏▌▉▐│",
        "│ ▚▒▒░·‖✕ ▸2 ● │",
        "├──────┬───────┤",
        "│ 日本 │ ⣿⡇⠁   │",
        "╰──────┴───────╯",
    ]);
    buffer.set_style(Rect::new(2, 1, 8, 1), Style::new().fg(Color::Indexed(32)));
    buffer.set_style(Rect::new(2, 2, 3, 1), Style::new().fg(Color::Rgb(1, 2, 3)));
    buffer.set_style(Rect::new(3, 0, 3, 1), Style::new().add_modifier(Modifier::BOLD | Modifier::REVERSED));
    buffer.set_style(Rect::new(7, 0, 3, 1), Style::new().add_modifier(Modifier::DIM | Modifier::UNDERLINED));
    buffer.set_style(Rect::new(2, 4, 4, 1), Style::new().fg(Color::LightRed).bg(Color::Blue));
    buffer
}

#[test]
fn a_picture_of_everything() {
    insta::assert_snapshot!("shot_svg", svg(&sample(), true));
    let light = svg(&sample(), false);
    assert!(light.contains("#ffffff") && light != svg(&sample(), true));
}

#[test]
fn text_with_colours_shows_what_was_drawn() {
    let written = ansi(&sample());
    insta::assert_snapshot!("shot_ansi", written.escape_debug().to_string().replace("\\n", "\n"));
    let mut terminal = vt100::Parser::new(6, 16, 0);
    terminal.process(written.trim_end().replace('\n', "\r\n").as_bytes());
    assert_eq!(terminal.screen().contents().trim_end(), text(&sample()).trim_end());
    let colour_at = |row, column| terminal.screen().cell(row, column).map(vt100::Cell::fgcolor);
    assert_eq!(colour_at(1, 2), Some(vt100::Color::Idx(32)));
    assert_eq!(colour_at(2, 3), Some(vt100::Color::Rgb(1, 2, 3)));
    assert_eq!(colour_at(2, 9), Some(vt100::Color::Default));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is on a screen, its picture is well-formed, and as small as what is on it.
    #[test]
    fn any_screen_has_a_picture(
        cells in prop::collection::vec((any::<char>(), any::<u8>(), any::<u16>()), 0..120),
        (columns, rows) in (0u16..=40, 0u16..=10),
    ) {
        let mut buffer = Buffer::empty(Rect::new(3, 1, columns, rows));
        for (cell, (character, colour, modifier)) in buffer.content.iter_mut().zip(cells) {
            let modifier = Modifier::from_bits_truncate(modifier);
            // As every text on a screen: what a terminal would obey has become a dot.
            let plain = crate::stats::words::plain(character.encode_utf8(&mut [0; 4]));
            cell.set_symbol(&plain).set_style(Style::new().fg(Color::Indexed(colour)).add_modifier(modifier));
        }
        let picture = svg(&buffer, true);
        prop_assert_eq!(&picture, &svg(&buffer, true));
        prop_assert!(!picture.contains(|letter: char| letter.is_control() && letter != '\n'));
        prop_assert!(!picture.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "").contains('&'));
        let (opened, closed) = (picture.matches('<').count(), picture.matches('>').count());
        prop_assert_eq!(opened, closed);
        let _ = (ansi(&buffer), text(&buffer));
    }
}

#[test]
fn an_empty_screen_is_a_small_picture() {
    let picture = svg(&Buffer::empty(Rect::new(0, 0, 200, 60)), true);
    assert!(picture.len() < 500, "{picture}");
}
