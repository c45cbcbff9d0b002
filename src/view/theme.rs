//! Colours, and the shapes that mean the same where there is no colour.
//!
//! Text and background are the terminal's own: nothing here is white or black, and no area is filled, so light
//! terminals and dark ones are both readable. Hues follow Okabe and Ito (told apart with any kind of colour
//! blindness), as 256-colour indices that ssh and every terminal know; the neutral palette keeps to mid tones that
//! stand out on white and on black.

use crate::ledger::Activity;
use ratatui::style::{Color, Modifier, Style};

/// Which palette.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shade {
    /// Mid tones, for a background that nobody knows.
    #[default]
    Unknown,
    /// Brighter tones, for a dark background.
    Dark,
    /// Darker tones, for a light background.
    Light,
}

/// The colours of everything on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Theme {
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
    /// Throughput.
    pub(super) throughput: Color,
    /// The queue.
    pub(super) queue: Color,
    /// Cores.
    pub(super) core: Color,
    running: Color,
    lock: Color,
    blocked: Color,
}

impl Theme {
    /// The palette for a background.
    pub(super) fn of(shade: Shade) -> Theme {
        let palette = |quiet, blue, green, orange, vermillion, purple, ochre| Theme {
            quiet: Color::Indexed(quiet),
            accent: Color::Indexed(blue),
            warn: Color::Indexed(orange),
            bad: Color::Indexed(vermillion),
            good: Color::Indexed(green),
            throughput: Color::Indexed(green),
            queue: Color::Indexed(ochre),
            core: Color::Indexed(green),
            running: Color::Indexed(blue),
            lock: Color::Indexed(orange),
            blocked: Color::Indexed(purple),
        };
        match shade {
            Shade::Unknown => palette(244, 32, 29, 166, 160, 133, 136),
            Shade::Dark => palette(246, 75, 79, 214, 203, 176, 180),
            Shade::Light => palette(241, 25, 29, 130, 124, 90, 94),
        }
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
            Activity::NoCore => ('▚', self.tint(self.queue)),
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
