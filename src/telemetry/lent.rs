//! The recorder of a thread whose loop is somebody else's: a work-stealing pool's.
//!
//! Such a thread runs our closures whenever it likes, even one inside another (while a join waits, the thread may take up
//! another task), so its recorder waits in a thread-local and is lent to one task at a time. A thread that helps with a
//! part of another thread's task has none of its own to record: it is running all the same, and its block says so.

use super::recorder::Recorder;
use std::cell::RefCell;

thread_local! {
    static RECORDER: RefCell<Option<Recorder>> = const { RefCell::new(None) };
}

/// Leaves this thread's recorder with it.
pub fn leave_recorder(recorder: Recorder) {
    RECORDER.set(Some(recorder));
}

/// Takes it back; none where none was left.
pub fn take_recorder() -> Option<Recorder> {
    RECORDER.take()
}

/// Lends this thread's recorder to `body`; none where a task has it already, or none was left.
pub fn with_recorder<T>(body: impl FnOnce(&mut Recorder) -> T) -> Option<T> {
    RECORDER.with(|recorder| recorder.try_borrow_mut().ok()?.as_mut().map(body))
}

/// Does a part of a task: if this thread has no task of its own it is helping another, and counts as running meanwhile.
#[inline]
pub fn helping<T>(part: impl FnOnce() -> T) -> T {
    RECORDER.with(|recorder| {
        // The borrow ends before the part begins: a task that is taken up inside it needs the recorder.
        if let Ok(Some(recorder)) = recorder.try_borrow_mut().as_deref_mut() {
            recorder.help_begins();
        }
    });
    let result = part();
    RECORDER.with(|recorder| {
        if let Ok(Some(recorder)) = recorder.try_borrow_mut().as_deref_mut() {
            recorder.help_ends();
        }
    });
    result
}
