//! Colours, and the shapes that mean the same where there is no colour.
//!
//! Text and background are the terminal's own: nothing here is white or black, and no area is filled, so light
//! terminals and dark ones are both readable. Hues follow Okabe and Ito (told apart with any kind of colour
//! blindness), as 256-colour indices that ssh and every terminal know; the neutral palette keeps to mid tones that
//! stand out on white and on black.

use super::glyphs::Glyphs;
use crate::ledger::Activity;
use ratatui::style::{Color, Modifier, Style};

/// Which palette.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ThemeName {
    /// Mid tones, for a background that nobody knows.
    #[default]
    Plain,
    /// Brighter tones, for a dark background.
    Dark,
    /// Darker tones, for a light background.
    Light,
    /// Nothing grey, and the strongest hues.
    HighContrast,
    /// No colour: shapes, bold and reverse say everything.
    Mono,
}

impl ThemeName {
    /// Every palette, in the order in which a key goes through them.
    pub const ALL: [ThemeName; 5] =
        [ThemeName::Plain, ThemeName::Dark, ThemeName::Light, ThemeName::HighContrast, ThemeName::Mono];

    /// Its name, as the command line and the config file spell it.
    pub fn name(self) -> &'static str {
        match self {
            ThemeName::Plain => "plain",
            ThemeName::Dark => "dark",
            ThemeName::Light => "light",
            ThemeName::HighContrast => "high-contrast",
            ThemeName::Mono => "mono",
        }
    }

    /// What `COLORFGBG` says of the background, which some terminals set; the plain one where it says nothing.
    pub fn from_environment(get: impl Fn(&str) -> Option<String>) -> ThemeName {
        let background = get("COLORFGBG").and_then(|value| value.rsplit(';').next()?.parse::<u8>().ok());
        match background {
            Some(7 | 9..=15) => ThemeName::Light,
            Some(0..=6 | 8) => ThemeName::Dark,
            _ => ThemeName::Plain,
        }
    }
}

named!(ThemeName);

/// The colours of everything on the screen, and the set of shapes that it is drawn with.
///
/// What workers do has colours of its own; outside of their timelines a hue stands for a lane, wherever it is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Theme {
    pub(super) name: ThemeName,
    pub(super) glyphs: Glyphs,
    /// Frames, labels, what can be overlooked.
    pub(super) quiet: Color,
    /// The focused lane, the program's name.
    pub(super) accent: Color,
    /// Keys, warnings.
    pub(super) warn: Color,
    /// What is wrong.
    pub(super) bad: Color,
    /// What is right.
    pub(super) good: Color,
    /// Cores, as far as no lane is known to use them.
    pub(super) core: Color,
    running: Color,
    no_core: Color,
    lock: Color,
    blocked: Color,
    lanes: [Color; 8],
}

impl Theme {
    /// The palette of that name.
    pub(super) fn of(name: ThemeName, glyphs: Glyphs) -> Theme {
        let palette = |hues: [u8; 7], lanes: [u8; 8]| {
            let [quiet, blue, green, orange, vermillion, purple, ochre] = hues.map(Color::Indexed);
            Theme {
                name,
                glyphs,
                quiet,
                accent: blue,
                warn: orange,
                bad: vermillion,
                good: green,
                core: quiet,
                running: blue,
                no_core: ochre,
                lock: orange,
                blocked: purple,
                lanes: lanes.map(Color::Indexed),
            }
        };
        match name {
            ThemeName::Plain => palette([244, 32, 29, 166, 160, 133, 136], [67, 65, 137, 132, 66, 101, 131, 97]),
            ThemeName::Dark => palette([246, 75, 79, 214, 203, 176, 180], [110, 115, 180, 182, 152, 186, 174, 146]),
            ThemeName::Light => palette([241, 25, 29, 130, 124, 90, 94], [25, 23, 94, 90, 24, 58, 88, 54]),
            ThemeName::HighContrast => Theme {
                quiet: Color::Reset,
                core: Color::Reset,
                ..palette([244, 33, 29, 130, 196, 165, 136], [33, 29, 130, 165, 30, 136, 196, 99])
            },
            ThemeName::Mono => Theme {
                quiet: Color::Reset,
                accent: Color::Reset,
                warn: Color::Reset,
                bad: Color::Reset,
                good: Color::Reset,
                core: Color::Reset,
                running: Color::Reset,
                no_core: Color::Reset,
                lock: Color::Reset,
                blocked: Color::Reset,
                lanes: [Color::Reset; 8],
                ..palette([244; 7], [244; 8])
            },
        }
    }

    /// The hue that stands for a lane; lanes count from 0.
    pub(super) fn lane(&self, index: usize) -> Color {
        self.lanes[index % self.lanes.len()]
    }

    /// Ordinary text: the terminal's own colours.
    pub(super) fn text(&self) -> Style {
        Style::new()
    }

    /// A figure that matters.
    pub(super) fn strong(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    /// A label.
    pub(super) fn label(&self) -> Style {
        Style::new().fg(self.quiet)
    }

    /// A colour for text.
    pub(super) fn tint(&self, colour: Color) -> Style {
        Style::new().fg(colour)
    }

    /// A mode that must not be overlooked: paused, frozen.
    pub(super) fn alarm(&self) -> Style {
        Style::new().add_modifier(Modifier::BOLD.union(Modifier::REVERSED))
    }

    /// How what a worker does is drawn.
    pub(super) fn activity(&self, activity: Activity) -> (char, Style) {
        match activity {
            Activity::Running => ('█', self.tint(self.running)),
            Activity::NoCore => ('▚', self.tint(self.no_core)),
            Activity::Lock => ('▒', self.tint(self.lock)),
            Activity::Blocked => ('░', self.tint(self.blocked)),
            Activity::Idle => ('·', self.label()),
            Activity::Paused => ('‖', self.label()),
            Activity::Dead => ('✕', self.tint(self.bad).add_modifier(Modifier::BOLD)),
        }
    }
}

/// What a worker does in words, for the legend.
pub(super) fn name_of(activity: Activity) -> &'static str {
    match activity {
        Activity::Running => "running",
        Activity::NoCore => "waiting for a core",
        Activity::Lock => "waiting for a lock",
        Activity::Blocked => "asleep or in I/O",
        Activity::Idle => "no task",
        Activity::Paused => "paused",
        Activity::Dead => "dead",
    }
}

/// The same, where there is little room.
pub(super) fn short_name_of(activity: Activity) -> &'static str {
    match activity {
        Activity::NoCore => "no core",
        Activity::Lock => "lock",
        Activity::Blocked => "sleep/I/O",
        other => name_of(other),
    }
}

/// The order in which the legend lists them.
pub(super) const LEGEND: [Activity; 7] = [
    Activity::Running,
    Activity::NoCore,
    Activity::Lock,
    Activity::Blocked,
    Activity::Idle,
    Activity::Paused,
    Activity::Dead,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::backend::{index_of, rgb_of};

    /// The contrast of two colours, from 1 to 21, as WCAG 2 defines it.
    fn contrast(one: (u8, u8, u8), other: (u8, u8, u8)) -> f64 {
        let linear = |part: u8| match f64::from(part) / 255.0 {
            dark if dark <= 0.04045 => dark / 12.92,
            bright => ((bright + 0.055) / 1.055).powf(2.4),
        };
        let light = |(red, green, blue)| 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue) + 0.05;
        let (one, other) = (light(one), light(other));
        one.max(other) / one.min(other)
    }

    #[test]
    fn every_colour_stands_out_on_the_backgrounds_that_its_theme_is_for() {
        const BLACK: (u8, u8, u8) = (0, 0, 0);
        const WHITE: (u8, u8, u8) = (255, 255, 255);
        assert!((contrast(BLACK, WHITE) - 21.0).abs() < 1e-9);
        for name in ThemeName::ALL {
            let theme = Theme::of(name, Glyphs::Blocks);
            let backgrounds: &[_] = match name {
                ThemeName::Dark => &[BLACK],
                ThemeName::Light => &[WHITE],
                ThemeName::Plain | ThemeName::HighContrast | ThemeName::Mono => &[BLACK, WHITE],
            };
            let named = [theme.quiet, theme.accent, theme.warn, theme.bad, theme.good, theme.core];
            let states = [theme.running, theme.no_core, theme.lock, theme.blocked];
            // The terminal's own colours have no index, and stand out by its own choice.
            for index in named.into_iter().chain(states).chain(theme.lanes).filter_map(index_of) {
                for &background in backgrounds {
                    let ratio = contrast(rgb_of(index), background);
                    assert!(ratio >= 3.0, "{name}: colour {index} on {background:?} has {ratio:.2}");
                }
            }
        }
    }
}
