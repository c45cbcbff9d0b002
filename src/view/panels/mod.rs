//! The parts of the screen, one a file: each draws into the area it is given, and knows nothing of the others.

pub(super) mod big;
pub(super) mod cores;
pub(super) mod findings;
mod jobs;
pub(super) mod lane;
pub(super) mod lines;
pub(super) mod zoom;
