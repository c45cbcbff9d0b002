//! How often the screen is drawn, and how frugally: a local terminal, a line to another machine, or as little as can be.

use super::backend::ColourDepth;

/// How often figures are drawn, and with how many bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// Ten times a second; what moves, scrolls.
    #[default]
    Full,
    /// Four times a second, in 256 colours, and graphs are swept rather than scrolled: two columns change, not all.
    Ssh,
    /// Once a second, in 16 colours, swept: for the slowest lines and for batteries.
    Eco,
}

impl Pace {
    /// Every pace.
    pub const ALL: [Pace; 3] = [Pace::Full, Pace::Ssh, Pace::Eco];

    /// Its name, as the command line and the config file spell it.
    pub fn name(self) -> &'static str {
        match self {
            Pace::Full => "full",
            Pace::Ssh => "ssh",
            Pace::Eco => "eco",
        }
    }

    /// What the environment says: a session on another machine, or on this one.
    pub fn from_environment(get: impl Fn(&str) -> Option<String>) -> Pace {
        let is_remote = ["SSH_CONNECTION", "SSH_TTY", "MOSH_IP"].into_iter().any(|name| get(name).is_some());
        if is_remote { Pace::Ssh } else { Pace::Full }
    }

    /// The shortest time between two screens with new figures.
    pub(super) fn figures_ns(self) -> u64 {
        match self {
            Pace::Full => 100_000_000,
            Pace::Ssh => 250_000_000,
            Pace::Eco => 1_000_000_000,
        }
    }

    /// Whether graphs are written over from the left again, rather than moved.
    pub(super) fn sweeps(self) -> bool {
        self != Pace::Full
    }

    /// What of a terminal's colours is used.
    pub(super) fn colours(self, depth: ColourDepth) -> ColourDepth {
        match (self, depth) {
            (Pace::Ssh, ColourDepth::True) => ColourDepth::Indexed,
            (Pace::Eco, ColourDepth::True | ColourDepth::Indexed) => ColourDepth::Sixteen,
            (_, depth) => depth,
        }
    }
}

named!(Pace);
