//! Locks, conditions, semaphores, events, barriers, queues, joins, futures: what threads wait for, and are woken from.
//!
//! Each object has a state of its own behind a lock that is held only while that changes. Who cannot go on puts itself
//! into the object's line, sleeps on the word of its own seat, and looks again when called: being called is no promise,
//! another thread may have been quicker.

use super::objects::{BarrierBody, Body, Connection, QueueBody, Sleeper, Stage, SyncBody, SyncObject, SyncState};
use super::parcel::Item;
use super::runner::{Attempt, Done, Runner, Stop, done, flag, raised, runtime};
use super::seat::{For, Stand, Wait};
use crate::program::collection::Failure;
use crate::program::library::ExceptionKind;
use crate::program::operation::{Patience, QueueKind, Sync};
use crate::program::rules;
use crate::program::value::{Exception, ObjectKind, Reference, Value};
use std::cell::Cell;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// How long an operation with a time-out waits before it gives up, whatever the program's text says: no program may
/// depend on it.
pub(super) const TIME_OUT: Duration = Duration::from_millis(1);

/// How waiting came out.
enum Waited<T> {
    Got(T),
    GaveUp,
}

/// What it looks for each time that it is called: its result once it is there; and whom to call then.
type Look<'l, T> = &'l mut dyn FnMut(&mut SyncState, &mut Vec<usize>) -> Option<T>;

impl SyncState {
    /// Takes so many out of the line, to be called.
    fn call(&mut self, count: usize, calls: &mut Vec<usize>) {
        let count = count.min(self.waiters.len());
        calls.extend(self.waiters.drain(..count));
    }
}

impl Runner<'_> {
    fn call_all(&mut self) {
        let world = self.world;
        self.to_call.drain(..).for_each(|thread| world.seats()[thread].call());
    }

    /// Waits at an object until `look` has something.
    fn wait<T>(
        &mut self,
        object: Reference,
        sync: &Sync,
        patience: Patience,
        at: &SyncObject,
        look: Look<'_, T>,
    ) -> Result<Waited<T>, Stop> {
        // What is an error at other objects means not to wait at those between processes.
        let patience = match patience {
            Patience::Negative | Patience::Contrary => Patience::Not,
            patience => patience,
        };
        let mut calls = std::mem::take(&mut self.to_call);
        let got = {
            let mut state = at.state();
            let got = look(&mut state, &mut calls);
            if got.is_none() && patience != Patience::Not && !self.is_trial() {
                state.waiters.push(self.me);
            }
            got
        };
        self.to_call = calls;
        self.call_all();
        match (got, patience) {
            (Some(got), _) => return Ok(Waited::Got(got)),
            (None, Patience::Not) => return Ok(Waited::GaveUp),
            _ if self.is_trial() => return Err(Stop::Over),
            _ => {}
        }
        let since_ns = self.recorder.now_ns();
        self.seat.set_wait(Some(Wait { object, what: For::of(sync), since_ns }));
        let watch = at.lock.map(|lock| self.recorder.wait_begins(lock));
        let watch = match watch {
            Some(watch) => Ok(watch),
            None => Err(self.recorder.block_begins()),
        };
        let waited = self.sleep_at(patience, at, look);
        self.seat.set(Stand::Running);
        match watch {
            Ok(watch) => {
                let wait_ns = self.recorder.wait_ends(watch);
                if let (Some(lock), Ok(Waited::Got(_))) = (at.lock, &waited)
                    && matches!(sync, Sync::Acquire(_) | Sync::Wake(_))
                {
                    self.recorder.arena().lock(lock).waited_shared(wait_ns);
                }
            }
            Err(blocked) => self.recorder.block_ends(blocked),
        }
        self.call_all();
        waited
    }

    /// The part of it that sleeps.
    fn sleep_at<T>(&mut self, patience: Patience, at: &SyncObject, look: Look<'_, T>) -> Result<Waited<T>, Stop> {
        let (stand, until_ns) = match patience {
            Patience::Forever => (Stand::Waiting, None),
            _ => (Stand::Timed, Some(self.recorder.now_ns() + TIME_OUT.as_nanos() as u64)),
        };
        loop {
            self.seat.set(stand);
            if self.world.is_over() {
                return Err(Stop::Over);
            }
            let left_ns = until_ns.map(|until_ns| until_ns.saturating_sub(self.recorder.now_ns()));
            self.seat.sleep(left_ns.map(Duration::from_nanos));
            if self.world.is_over() {
                return Err(Stop::Over);
            }
            let is_called = self.seat.wake_up();
            let is_late = until_ns.is_some_and(|until_ns| self.recorder.now_ns() >= until_ns);
            if !is_called && !is_late {
                continue;
            }
            let mut calls = std::mem::take(&mut self.to_call);
            let got = {
                let mut state = at.state();
                let got = look(&mut state, &mut calls);
                let place = state.waiters.iter().position(|waiter| *waiter == self.me);
                match (&got, place) {
                    (None, None) if !is_late => state.waiters.push(self.me),
                    (None, Some(_)) if !is_late => {}
                    (_, Some(place)) => _ = state.waiters.remove(place),
                    _ => {}
                }
                got
            };
            self.to_call = calls;
            match got {
                Some(got) => return Ok(Waited::Got(got)),
                None if is_late => return Ok(Waited::GaveUp),
                None => self.call_all(),
            }
        }
    }

    /// Takes a lock or a permit.
    fn acquire(
        &mut self,
        object: Reference,
        as_seen: Reference,
        sync: &Sync,
        patience: Patience,
        levels: u32,
    ) -> Result<bool, Stop> {
        let world = Arc::clone(self.world);
        let Some(at) = world.sync(object.id) else { return Ok(false) };
        let me = self.me;
        let arena = self.recorder.arena();
        let by = self.recorder.id();
        let clock = arena.clock();
        let mut look = |state: &mut SyncState, _: &mut Vec<usize>| -> Option<()> {
            let nested = match &mut state.body {
                SyncBody::Lock { owner: owner @ None } => {
                    *owner = Some(me);
                    false
                }
                SyncBody::RLock { owner, levels: held } if owner.is_none_or(|owner| owner == me) => {
                    let nested = owner.is_some();
                    *owner = Some(me);
                    *held += levels;
                    nested
                }
                SyncBody::Semaphore { value, .. } if *value > 0 => {
                    *value -= 1;
                    false
                }
                _ => return None,
            };
            if !nested {
                state.number += 1;
                if let Some(lock) = at.lock {
                    let is_timed = arena.lock(lock).acquired_shared(by);
                    state.since_ns = is_timed.then(|| clock.now_ns());
                }
            }
            Some(())
        };
        let waited = self.wait(as_seen, sync, patience, at, &mut look)?;
        Ok(matches!(waited, Waited::Got(())))
    }

    /// Gives back a lock, all its levels where `all`; how many there were, or none where it is not held.
    fn release(&mut self, object: Reference, all: bool, count: i64) -> Result<Option<u32>, Stop> {
        let world = Arc::clone(self.world);
        let Some(at) = world.sync(object.id) else { return Ok(None) };
        let arena = self.recorder.arena();
        let mut calls = std::mem::take(&mut self.to_call);
        let mut state = at.state();
        let (gone, is_free) = match &mut state.body {
            SyncBody::Lock { owner } => (owner.take().map(|_| 1), 1),
            SyncBody::RLock { owner, levels } if *owner == Some(self.me) => {
                let gone = if all { *levels } else { 1 };
                *levels -= gone;
                if *levels == 0 {
                    *owner = None;
                }
                (Some(gone), usize::from(*levels == 0))
            }
            SyncBody::Semaphore { value, bound } => {
                if bound.is_some_and(|bound| *value + count > bound) {
                    drop(state);
                    self.to_call = calls;
                    return Err(Stop::Failure(crate::program::collection::raised(
                        ExceptionKind::ValueError,
                        "Semaphore released too many times",
                    )));
                }
                *value += count;
                (Some(1), usize::try_from(count).unwrap_or(0))
            }
            _ => (None, 0),
        };
        if gone.is_some() && is_free > 0 {
            if let Some(lock) = at.lock {
                let held_ns = state.since_ns.take().map(|since_ns| arena.clock().now_ns().saturating_sub(since_ns));
                arena.lock(lock).releasing_shared(held_ns);
            }
            state.call(is_free, &mut calls);
        }
        drop(state);
        self.to_call = calls;
        self.call_all();
        Ok(gone)
    }

    /// Whether this thread may act as the holder of a condition's lock.
    fn holds(&self, lock: Reference) -> bool {
        let Some(at) = self.world.sync(lock.id) else { return false };
        match &at.state().body {
            SyncBody::Lock { owner } => owner.is_some(),
            SyncBody::RLock { owner, .. } => *owner == Some(self.me),
            _ => false,
        }
    }

    pub(super) fn synchronise(&mut self, object: Reference, sync: &Sync) -> Attempt {
        let world = Arc::clone(self.world);
        let is_question = matches!(
            sync,
            Sync::Name | Sync::SetName(_) | Sync::IsDaemon | Sync::SetDaemon(_) | Sync::Parties | Sync::GetLock
        );
        let is_plain = object.kind == ObjectKind::SharedValue && matches!(sync, Sync::Read | Sync::Write(_));
        if !is_question && !is_plain {
            world.fence();
        }
        match world.body(object.id) {
            Some(Body::Sync(at)) => self.synchronise_at(object, at, sync),
            Some(Body::Thread(thread)) => {
                let stage = thread.about().stage.clone();
                let mut about = thread.about();
                match sync {
                    Sync::Join(patience) => {
                        drop(about);
                        self.join(object, sync, &stage, *patience)
                    }
                    Sync::IsAlive => match stage {
                        Stage::Started(other) => flag(!world.has_ended(other)),
                        _ => flag(false),
                    },
                    Sync::Name => done(about.name.clone().unwrap_or_else(|| match stage {
                        Stage::Started(number) if thread.process => Value::str(format!("Process-{number}")),
                        Stage::Started(number) => Value::str(format!("Thread-{number}")),
                        _ => Value::str("Thread"),
                    })),
                    Sync::SetName(name) => {
                        about.name = Some(name.clone());
                        done(Value::None)
                    }
                    Sync::IsDaemon => flag(about.daemon),
                    Sync::SetDaemon(_) if matches!(stage, Stage::Started(_)) => {
                        runtime("cannot set daemon status of active thread")
                    }
                    Sync::SetDaemon(daemon) => {
                        about.daemon = *daemon;
                        done(Value::None)
                    }
                    _ => raised(ExceptionKind::AttributeError, "it has no such method"),
                }
            }
            Some(Body::SharedValue { word, lock }) => match sync {
                Sync::Read => done(world.load(word)),
                Sync::Write(value) => {
                    let value = world.keep_for(word, value, self.me, &mut self.made)?;
                    world.store(word, value);
                    done(Value::None)
                }
                Sync::GetLock => done(Value::Object(*lock)),
                _ => raised(ExceptionKind::AttributeError, "it has no such method"),
            },
            Some(Body::Atomic(word)) => {
                let result = match sync {
                    Sync::Read => Ok(world.value_of(word.load(SeqCst))),
                    Sync::Write(new) => {
                        let new = world.keep(new, self.me, &mut self.made)?;
                        word.store(new, SeqCst);
                        Ok(Value::None)
                    }
                    Sync::Swap(new) => {
                        let new = world.keep(new, self.me, &mut self.made)?;
                        Ok(world.value_of(word.swap(new, SeqCst)))
                    }
                    Sync::FetchAdd(more) => loop {
                        let old = word.load(SeqCst);
                        let value = world.value_of(old);
                        let (Some(number), Some(more)) = (value.as_int(), more.as_int()) else {
                            return raised(ExceptionKind::TypeError, "an Atomic adds integers only");
                        };
                        let Some(sum) = number.checked_add(more) else {
                            return Err(Failure::Limit("an integer beyond 64 bits".into()).into());
                        };
                        let new = world.keep(&Value::Int(sum), self.me, &mut self.made)?;
                        if word.compare_exchange(old, new, SeqCst, SeqCst).is_ok() {
                            break Ok(value);
                        }
                    },
                    Sync::CompareExchange(expected, new) => {
                        let new = world.keep(new, self.me, &mut self.made)?;
                        loop {
                            let old = word.load(SeqCst);
                            if !world.value_of(old).equals(expected) {
                                break Ok(Value::Bool(false));
                            }
                            if word.compare_exchange(old, new, SeqCst, SeqCst).is_ok() {
                                break Ok(Value::Bool(true));
                            }
                        }
                    }
                    _ => return raised(ExceptionKind::AttributeError, "it has no such method"),
                };
                result.map(Done::Value)
            }
            Some(Body::Connection(connection)) => self.at_pipe(object, connection, sync),
            Some(Body::Collection(_)) if *sync == Sync::GetLock => {
                Err(Failure::Limit("`get_lock` of an Array: use a Lock of your own".into()).into())
            }
            _ => raised(ExceptionKind::AttributeError, "it has no such method"),
        }
    }

    /// At one end of a pipe.
    fn at_pipe(&mut self, object: Reference, connection: &Connection, sync: &Sync) -> Attempt {
        let space = self.world.space;
        let Connection { end, holders } = connection;
        match sync {
            Sync::Close => {
                holders.fetch_and(!(1 << space), SeqCst);
                // Who waits at the other end may have nobody left to wait for.
                for queue in [end.incoming, end.outgoing] {
                    if let Some(at) = self.world.sync(queue.id) {
                        at.state().call(usize::MAX, &mut self.to_call);
                    }
                }
                self.call_all();
                done(Value::None)
            }
            Sync::Put(..) | Sync::Get(_) | Sync::Poll(_) if !connection.is_with(space) => {
                raised(ExceptionKind::OSError, "handle is closed")
            }
            Sync::Put(..) if !end.sends => raised(ExceptionKind::OSError, "connection is read-only"),
            Sync::Get(_) | Sync::Poll(_) if !end.receives => raised(ExceptionKind::OSError, "connection is write-only"),
            Sync::Put(..) => self.at_queue(object, end.outgoing, sync, Some(end.peer)),
            Sync::Get(_) | Sync::Poll(_) => self.at_queue(object, end.incoming, sync, Some(end.peer)),
            _ => raised(ExceptionKind::AttributeError, "it has no such method"),
        }
    }

    fn synchronise_at(&mut self, object: Reference, at: &SyncObject, sync: &Sync) -> Attempt {
        if self.world.object(object.id).is_some_and(|object| !object.shared) {
            let is_bounded = matches!(&at.state().body, SyncBody::Queue(queue) if queue.capacity.is_some());
            if let Some(text) = rules::impossible_wait(object.kind, is_bounded, sync) {
                return raised(ExceptionKind::ValueError, text);
            }
        }
        let of_condition = match &at.state().body {
            SyncBody::Condition { lock, .. } => Some(*lock),
            _ => None,
        };
        match (object.kind, sync) {
            (_, Sync::Acquire(patience)) => {
                let lock = of_condition.unwrap_or(object);
                flag(self.acquire(lock, object, sync, *patience, 1)?)
            }
            (_, Sync::Release(count)) => {
                let lock = of_condition.unwrap_or(object);
                match (self.release(lock, false, *count)?, lock.kind) {
                    (Some(_), _) => done(Value::None),
                    (None, ObjectKind::RLock) => runtime("cannot release un-acquired lock"),
                    (None, _) => runtime("release unlocked lock"),
                }
            }
            (ObjectKind::Lock, Sync::Locked) => flag(at.state().body.owner().is_some()),
            (ObjectKind::Condition, Sync::Sleep(_)) => self.fall_asleep(at, of_condition.unwrap_or(object)),
            (ObjectKind::Condition, Sync::Wake(patience)) => {
                self.wake(object, at, of_condition.unwrap_or(object), sync, *patience)
            }
            (ObjectKind::Condition, Sync::Notify(count)) => self.notify(at, of_condition.unwrap_or(object), *count),
            (ObjectKind::Event, Sync::AwaitEvent(patience)) => {
                let mut look = |state: &mut SyncState, _: &mut Vec<usize>| {
                    matches!(state.body, SyncBody::Event(true)).then_some(())
                };
                let waited = self.wait(object, sync, *patience, at, &mut look)?;
                flag(matches!(waited, Waited::Got(())))
            }
            (ObjectKind::Event, Sync::IsSet) => flag(matches!(at.state().body, SyncBody::Event(true))),
            (ObjectKind::Event, Sync::SetEvent | Sync::ClearEvent) => {
                let sets = *sync == Sync::SetEvent;
                {
                    let mut state = at.state();
                    state.body = SyncBody::Event(sets);
                    if sets {
                        state.call(usize::MAX, &mut self.to_call);
                    }
                }
                self.call_all();
                done(Value::None)
            }
            (ObjectKind::Barrier, Sync::Arrive(patience)) => self.arrive(object, at, sync, *patience),
            (ObjectKind::Barrier, Sync::Open(_) | Sync::Abort | Sync::Reset) => {
                if let SyncBody::Barrier(barrier) = &mut at.state().body {
                    barrier.let_go(*sync == Sync::Open(true));
                    barrier.broken |= matches!(sync, Sync::Abort | Sync::Open(false));
                    barrier.broken &= *sync != Sync::Reset;
                }
                at.state().call(usize::MAX, &mut self.to_call);
                self.call_all();
                done(Value::None)
            }
            (ObjectKind::Barrier, _) => match (&at.state().body, sync) {
                (SyncBody::Barrier(barrier), Sync::Parties) => done(Value::Int(barrier.parties)),
                (SyncBody::Barrier(barrier), Sync::Waiting) => done(Value::Int(barrier.waiting.len() as i64)),
                (SyncBody::Barrier(barrier), Sync::IsBroken) => flag(barrier.broken),
                _ => raised(ExceptionKind::AttributeError, "it has no such method"),
            },
            (ObjectKind::Queue, _) => self.at_queue(object, object, sync, None),
            (ObjectKind::Future, _) => self.at_future(object, at, sync),
            _ => raised(ExceptionKind::AttributeError, "it has no such method"),
        }
    }

    /// Lets go of a condition's lock and falls asleep: first it counts as asleep, so that no notify is missed.
    fn fall_asleep(&mut self, at: &SyncObject, lock: Reference) -> Attempt {
        if !self.holds(lock) {
            return runtime("cannot wait on un-acquired lock");
        }
        let me = self.me;
        let mut sleeper = Sleeper { thread: me, levels: 1, notified: false };
        if let Some(lock) = self.world.sync(lock.id)
            && let SyncBody::RLock { levels, .. } = &lock.state().body
        {
            sleeper.levels = *levels;
        }
        if let SyncBody::Condition { sleepers, .. } = &mut at.state().body {
            sleepers.push(sleeper);
        }
        self.release(lock, true, 1)?;
        done(Value::None)
    }

    /// Sleeps until it is notified, or gives up, and takes the condition's lock again. It counts as asleep until it has
    /// the lock: who gave up and is notified before that was notified.
    fn wake(
        &mut self,
        object: Reference,
        at: &SyncObject,
        lock: Reference,
        sync: &Sync,
        patience: Patience,
    ) -> Attempt {
        let me = self.me;
        let own = |state: &SyncState| match &state.body {
            SyncBody::Condition { sleepers, .. } => sleepers.iter().find(|sleeper| sleeper.thread == me).cloned(),
            _ => None,
        };
        let Some(sleeper) = own(&at.state()) else { return flag(true) };
        let mut look =
            |state: &mut SyncState, _: &mut Vec<usize>| own(state).is_none_or(|own| own.notified).then_some(());
        let spurious = self.world.known.spurious;
        // Unasked, at once or after a while.
        let patience = match (spurious, patience) {
            (true, Patience::Forever) if self.dice.below(2) == 0 => Patience::Not,
            (true, Patience::Forever) => Patience::Timed,
            (_, patience) => patience,
        };
        // Who was told not to wait is in no haste to take the lock again: it waits for that all the same.
        self.wait(object, sync, patience, at, &mut look)?;
        self.acquire(lock, object, sync, Patience::Forever, sleeper.levels)?;
        let mut notified = false;
        if let SyncBody::Condition { sleepers, .. } = &mut at.state().body
            && let Some(place) = sleepers.iter().position(|sleeper| sleeper.thread == me)
        {
            notified = sleepers.remove(place).notified;
        }
        flag(notified || spurious)
    }

    /// Wakes sleepers: any of them, since Python promises nothing about which; or as the plan says.
    fn notify(&mut self, at: &SyncObject, lock: Reference, count: Option<i64>) -> Attempt {
        if !self.holds(lock) {
            return runtime("cannot notify on un-acquired lock");
        }
        {
            let mut state = at.state();
            if let SyncBody::Condition { sleepers, .. } = &mut state.body {
                let mut asleep: Vec<usize> = (0..sleepers.len()).filter(|at| !sleepers[*at].notified).collect();
                let count = count.map_or(asleep.len(), |count| usize::try_from(count).unwrap_or(0));
                for _ in 0..count.min(asleep.len()) {
                    let chosen = match self.world.known.longest_first {
                        true => asleep.remove(0),
                        false => asleep.swap_remove(self.dice.below(asleep.len())),
                    };
                    sleepers[chosen].notified = true;
                    self.to_call.push(sleepers[chosen].thread);
                }
            }
            let called = &self.to_call;
            state.waiters.retain(|waiter| !called.contains(waiter));
        }
        self.call_all();
        done(Value::None)
    }

    /// Arrives at a barrier, and waits for the others; may give up meanwhile, which breaks it.
    fn arrive(&mut self, object: Reference, at: &SyncObject, sync: &Sync, patience: Patience) -> Attempt {
        let me = self.me;
        let is_timed = matches!(&at.state().body, SyncBody::Barrier(barrier) if barrier.timed);
        let mut patience = if is_timed || patience != Patience::Forever { Patience::Timed } else { patience };
        let broken = || Err(Stop::Failure(Failure::Raised(ExceptionKind::BrokenBarrierError, Value::Unset)));
        let mut came: Option<usize> = None;
        loop {
            let mut look = |state: &mut SyncState, calls: &mut Vec<usize>| -> Option<Option<(Value, Option<Item>)>> {
                let SyncBody::Barrier(barrier) = &mut state.body else { return Some(None) };
                if let Some(place) = came {
                    let at = barrier.left.iter().position(|(thread, _)| *thread == me)?;
                    let (_, well) = barrier.left.remove(at);
                    return Some(well.then_some((Value::Int(place as i64), None)));
                }
                if barrier.broken {
                    return Some(None);
                }
                if barrier.is_acting {
                    return None;
                }
                let place = barrier.waiting.len();
                barrier.waiting.push(me);
                if (barrier.waiting.len() as i64) < barrier.parties {
                    came = Some(place);
                    return None;
                }
                let place = Value::Int(place as i64);
                barrier.waiting.pop();
                if barrier.action.is_some() {
                    barrier.is_acting = true;
                    return Some(Some((place, barrier.action.clone())));
                }
                barrier.let_go(true);
                state.call(usize::MAX, calls);
                Some(Some((place, None)))
            };
            match self.wait(object, sync, patience, at, &mut look)? {
                Waited::Got(Some((place, None))) => return done(place),
                Waited::Got(Some((place, Some(action)))) => {
                    let action = self.open(action)?;
                    return done(Value::tuple([place, action]));
                }
                Waited::Got(None) => return broken(),
                Waited::GaveUp => {
                    let mut state = at.state();
                    let SyncBody::Barrier(barrier) = &mut state.body else { return done(Value::None) };
                    let is_let_go = barrier.left.iter().any(|(thread, _)| *thread == me);
                    if came.is_none() || is_let_go || barrier.is_acting {
                        // While the action runs nobody gives up, and who has not arrived yet has nothing to give up.
                        patience = Patience::Forever;
                        continue;
                    }
                    barrier.waiting.retain(|thread| *thread != me);
                    barrier.let_go(false);
                    barrier.broken = true;
                    state.call(usize::MAX, &mut self.to_call);
                    drop(state);
                    self.call_all();
                    return broken();
                }
            }
        }
    }

    fn at_queue(&mut self, as_seen: Reference, queue: Reference, sync: &Sync, peer: Option<u32>) -> Attempt {
        let world = Arc::clone(self.world);
        let Some(at) = world.sync(queue.id) else { return done(Value::None) };
        let fails = |kind: ExceptionKind| Err(Stop::Failure(Failure::Raised(kind, Value::Unset)));
        // Nobody has the other end of the pipe any more.
        let is_alone = || peer.is_some_and(|peer| !world.is_held(peer));
        // This process has closed it, perhaps while a thread of it waits.
        let found_closed = Cell::new(false);
        let is_closed = |queue: &QueueBody| {
            let has_end = !matches!(world.body(as_seen.id), Some(Body::Connection(end)) if !end.is_with(world.space));
            found_closed.set(!has_end || queue.closed_by.contains(&world.space));
            found_closed.get()
        };
        let closed = || match peer {
            Some(_) => raised(ExceptionKind::OSError, "handle is closed"),
            None => raised(ExceptionKind::ValueError, "Queue is closed"),
        };
        match sync {
            Sync::Put(value, patience) => {
                let kind = match &at.state().body {
                    SyncBody::Queue(queue) => queue.kind,
                    _ => QueueKind::Fifo,
                };
                let is_for_tasks = matches!(kind, QueueKind::Tasks { .. });
                if kind == QueueKind::Processes {
                    self.sends_connection(value)?;
                }
                let mut item = Some(match kind {
                    QueueKind::Processes => Item::Packed(world.pack(vec![value.clone()])),
                    _ => world.item(value, is_for_tasks && at.is_common()),
                });
                let mut look = |state: &mut SyncState, calls: &mut Vec<usize>| -> Option<Result<i64, bool>> {
                    let SyncBody::Queue(queue) = &mut state.body else { return Some(Err(false)) };
                    if is_closed(queue) || is_alone() {
                        return Some(Err(false));
                    }
                    if queue.is_full() {
                        return None;
                    }
                    if is_for_tasks && queue.closed {
                        return Some(Err(queue.is_over));
                    }
                    let before = queue.unfinished;
                    queue.items.extend(item.take());
                    queue.unfinished += 1;
                    state.call(usize::MAX, calls);
                    Some(Ok(before))
                };
                match self.wait(as_seen, sync, *patience, at, &mut look)? {
                    Waited::Got(Err(_)) if found_closed.get() => closed(),
                    Waited::GaveUp => fails(ExceptionKind::QueueFull),
                    Waited::Got(Err(_)) if peer.is_some() => {
                        raised(ExceptionKind::BrokenPipeError, "[Errno 32] Broken pipe")
                    }
                    Waited::Got(Err(true)) => runtime("cannot schedule new futures after interpreter shutdown"),
                    Waited::Got(Err(false)) => runtime("cannot schedule new futures after shutdown"),
                    // Nobody reports a pool's task done: none is taken off again.
                    Waited::Got(Ok(before)) if is_for_tasks => done(Value::Int(before)),
                    Waited::Got(Ok(_)) => done(Value::None),
                }
            }
            Sync::Get(patience) => {
                let mut look = |state: &mut SyncState, calls: &mut Vec<usize>| -> Option<Option<Item>> {
                    let SyncBody::Queue(queue) = &mut state.body else { return Some(None) };
                    if is_closed(queue) {
                        return Some(None);
                    }
                    let item = match queue.kind {
                        QueueKind::Lifo => queue.items.pop_back(),
                        _ => queue.items.pop_front(),
                    };
                    match (item, queue.closed) {
                        (Some(item), _) => {
                            state.call(usize::MAX, calls);
                            Some(Some(item))
                        }
                        (None, true) => Some(None),
                        (None, false) => is_alone().then_some(None),
                    }
                };
                match self.wait(as_seen, sync, *patience, at, &mut look)? {
                    _ if found_closed.get() => closed(),
                    Waited::Got(Some(item)) => done(self.open(item)?),
                    Waited::Got(None) | Waited::GaveUp if peer.is_some() => fails(ExceptionKind::EOFError),
                    Waited::Got(None) => done(Value::None),
                    Waited::GaveUp => fails(ExceptionKind::QueueEmpty),
                }
            }
            // Whether there is something, or something to learn: that nothing will ever come.
            Sync::Poll(patience) => {
                let mut look = |state: &mut SyncState, _: &mut Vec<usize>| match &state.body {
                    SyncBody::Queue(queue) => (is_closed(queue) || !queue.items.is_empty() || is_alone()).then_some(()),
                    _ => Some(()),
                };
                let waited = self.wait(as_seen, sync, *patience, at, &mut look)?;
                if found_closed.get() { closed() } else { flag(matches!(waited, Waited::Got(()))) }
            }
            Sync::Number if !world.program().asks_names() => done(Value::None),
            Sync::Number => done(Value::Int(i64::from(self.counted(|counted| counted.pools += 1).pools) - 1)),
            Sync::TaskDone | Sync::AwaitTasks if self.is_between_processes(at) => {
                let name = if *sync == Sync::TaskDone { "task_done" } else { "join" };
                raised(ExceptionKind::AttributeError, &format!("'Queue' object has no attribute '{name}'"))
            }
            Sync::AwaitTasks => {
                let mut look = |state: &mut SyncState, _: &mut Vec<usize>| match &state.body {
                    SyncBody::Queue(queue) => (queue.unfinished <= 0).then_some(()),
                    _ => Some(()),
                };
                self.wait(as_seen, sync, Patience::Forever, at, &mut look)?;
                done(Value::None)
            }
            _ => {
                let result = {
                    let mut state = at.state();
                    let SyncBody::Queue(queue) = &mut state.body else { return done(Value::None) };
                    let result = match sync {
                        Sync::TaskDone if queue.unfinished <= 0 => {
                            raised(ExceptionKind::ValueError, "task_done() called too many times")
                        }
                        Sync::TaskDone => {
                            queue.unfinished -= 1;
                            done(Value::None)
                        }
                        Sync::Close => match queue.kind {
                            QueueKind::Tasks { .. } => {
                                queue.closed = true;
                                done(Value::None)
                            }
                            QueueKind::Processes => {
                                queue.closed_by.push(world.space);
                                done(Value::None)
                            }
                            _ => raised(ExceptionKind::AttributeError, "'Queue' object has no attribute 'close'"),
                        },
                        Sync::Size => done(Value::Int(queue.items.len() as i64)),
                        Sync::IsEmpty => flag(queue.items.is_empty()),
                        Sync::IsFull => flag(queue.is_full()),
                        _ => raised(ExceptionKind::AttributeError, "it has no such method"),
                    };
                    if matches!(sync, Sync::TaskDone | Sync::Close) {
                        state.call(usize::MAX, &mut self.to_call);
                    }
                    result
                };
                self.call_all();
                result
            }
        }
    }

    fn at_future(&mut self, object: Reference, at: &SyncObject, sync: &Sync) -> Attempt {
        let (Sync::Result(patience, _) | Sync::Failure(patience)) = sync else {
            return match sync {
                Sync::Resolve(good, value) => {
                    {
                        let item = self.world.item(value, at.is_common());
                        let mut state = at.state();
                        state.body = SyncBody::Future(Some((*good, item)));
                        state.call(usize::MAX, &mut self.to_call);
                    }
                    self.call_all();
                    done(Value::None)
                }
                Sync::IsDone => flag(matches!(at.state().body, SyncBody::Future(Some(_)))),
                _ => raised(ExceptionKind::AttributeError, "it has no such method"),
            };
        };
        let mut look = |state: &mut SyncState, _: &mut Vec<usize>| match &state.body {
            SyncBody::Future(result) => result.clone(),
            _ => Some((true, Item::Plain(Value::None))),
        };
        let waited = match self.wait(object, sync, *patience, at, &mut look)? {
            Waited::GaveUp => None,
            Waited::Got((good, item)) => {
                // Whoever asks again gets the same.
                let value = match at.unpacked.get() {
                    Some(value) => value.clone(),
                    None => {
                        let value = self.open(item)?;
                        at.unpacked.get_or_init(|| value).clone()
                    }
                };
                Some((good, value))
            }
        };
        let asks_for_result = matches!(sync, Sync::Result(..));
        let late = match sync {
            Sync::Result(_, kind) => *kind,
            _ => ExceptionKind::TimeoutError,
        };
        match waited {
            None => Err(Stop::Failure(Failure::Raised(late, Value::Unset))),
            Some((true, value)) if asks_for_result => done(value),
            Some((true, _)) => done(Value::None),
            Some((false, Value::Exception(exception))) if asks_for_result => {
                // Raised anew where the result is asked for.
                Ok(Done::Raised(Arc::new(Exception { line: 0, ..(*exception).clone() })))
            }
            Some((false, _)) if asks_for_result => done(Value::None),
            Some((false, exception)) => done(exception),
        }
    }

    /// Waits until one of the futures is done; the place of any that is.
    pub(super) fn first_done(&mut self, futures: &[Reference]) -> Attempt {
        let world = Arc::clone(self.world);
        let mut is_first = true;
        let mut blocked = None;
        let result = loop {
            let mut ready = Vec::new();
            for (place, future) in futures.iter().enumerate() {
                let Some(at) = world.sync(future.id) else { continue };
                let mut state = at.state();
                state.waiters.retain(|waiter| *waiter != self.me);
                match state.body {
                    SyncBody::Future(Some(_)) => ready.push(place),
                    _ => state.waiters.push(self.me),
                }
            }
            if !ready.is_empty() {
                for at in futures.iter().filter_map(|future| world.sync(future.id)) {
                    at.state().waiters.retain(|waiter| *waiter != self.me);
                }
                break done(Value::Int(ready[self.dice.below(ready.len())] as i64));
            }
            if self.is_trial() || world.is_over() {
                break Err(Stop::Over);
            }
            if is_first {
                self.seat.set_wait(None);
                blocked = Some(self.recorder.block_begins());
                is_first = false;
            }
            self.seat.set(Stand::Waiting);
            if !world.is_over() {
                self.seat.sleep(None);
            }
            self.seat.wake_up();
            self.seat.set(Stand::Running);
        };
        if let Some(blocked) = blocked {
            self.recorder.block_ends(blocked);
        }
        result
    }

    fn join(&mut self, object: Reference, sync: &Sync, stage: &Stage, patience: Patience) -> Attempt {
        let is_process = matches!(object.kind, ObjectKind::Process(_));
        let other = match *stage {
            Stage::Started(other) => other,
            _ if is_process => return runtime("can only join a started process"),
            _ => return runtime("cannot join thread before it is started"),
        };
        if other == self.me {
            return runtime(if is_process { "can only join a child process" } else { "cannot join current thread" });
        }
        let world = Arc::clone(self.world);
        let row = world.common.row(other);
        // In the line first: whoever ends between the two looks calls.
        row.await_end(self.me, true);
        let leaves = world.has_ended(other) || !matches!(patience, Patience::Forever | Patience::Timed);
        if leaves || self.is_trial() {
            row.await_end(self.me, false);
            return if leaves { done(Value::None) } else { Err(Stop::Over) };
        }
        let since_ns = self.recorder.now_ns();
        // Which thread it is: its object may be known in this process only.
        let thread = Reference { id: other as u32, ..object };
        self.seat.set_wait(Some(Wait { object: thread, what: For::of(sync), since_ns }));
        let blocked = self.recorder.block_begins();
        let is_timed = patience == Patience::Timed;
        let until_ns = since_ns + TIME_OUT.as_nanos() as u64;
        let result = loop {
            self.seat.set(if is_timed { Stand::Timed } else { Stand::Waiting });
            if world.is_over() {
                break Err(Stop::Over);
            }
            let left = Duration::from_nanos(until_ns.saturating_sub(self.recorder.now_ns()));
            self.seat.sleep(is_timed.then_some(left));
            if world.is_over() {
                break Err(Stop::Over);
            }
            self.seat.wake_up();
            row.await_end(self.me, true);
            if world.has_ended(other) || (is_timed && self.recorder.now_ns() >= until_ns) {
                row.await_end(self.me, false);
                break done(Value::None);
            }
        };
        self.seat.set(Stand::Running);
        self.recorder.block_ends(blocked);
        result
    }

    fn is_between_processes(&self, at: &SyncObject) -> bool {
        matches!(&at.state().body, SyncBody::Queue(queue) if queue.kind == QueueKind::Processes)
    }

    /// The end of a process's main thread tells the workers of its executors that no more tasks will come.
    pub(super) fn close_task_queues(&mut self) {
        let queues = self.world.task_queues.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for queue in queues {
            let Some(at) = self.world.sync(queue.id) else { continue };
            let mut state = at.state();
            if let SyncBody::Queue(queue) = &mut state.body
                && !queue.closed
            {
                (queue.closed, queue.is_over) = (true, true);
            }
            state.call(usize::MAX, &mut self.to_call);
        }
        self.call_all();
    }
}

impl BarrierBody {
    /// All who wait go on, well or not.
    fn let_go(&mut self, well: bool) {
        self.is_acting = false;
        self.left.extend(self.waiting.drain(..).map(|thread| (thread, well)));
    }
}
