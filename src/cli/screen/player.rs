//! The thread behind the screen of a recording: tells the player the time, and hands frames on when they are due.

use crate::doors::clock;
use crate::source::{Due, Player};
use crate::view::Control;
use crate::wire::Frame;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError};
use std::time::Duration;

/// Plays until the screen is gone.
pub(super) fn play(player: &mut Player, frames: &Sender<Frame>, told: &Receiver<Control>) {
    loop {
        let control = match player.due(clock::monotonic_ns()) {
            Due::Now => match told.try_recv() {
                Ok(control) => Ok(control),
                Err(TryRecvError::Disconnected) => return,
                Err(TryRecvError::Empty) => {
                    // The screen takes what it is given, or is gone.
                    if player.take(clock::monotonic_ns()).is_some_and(|frame| frames.send(frame).is_err()) {
                        return;
                    }
                    continue;
                }
            },
            Due::In(ns) => told.recv_timeout(Duration::from_nanos(ns)),
            Due::Never => told.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match control {
            Ok(control) => obey(player, &control),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn obey(player: &mut Player, control: &Control) {
    let now_ns = clock::monotonic_ns();
    match *control {
        Control::Pause => player.set_paused(true, now_ns),
        Control::Resume => player.set_paused(false, now_ns),
        Control::Suspend => player.set_suspended(true, now_ns),
        Control::Continue => player.set_suspended(false, now_ns),
        Control::Restart => player.restart(now_ns),
        Control::Seek(run_ns) => player.seek(run_ns, now_ns),
        Control::Speed(speed) => player.set_speed(speed, now_ns),
        // Carried out elsewhere, or refused.
        _ => {}
    }
}
