//! Equal states look equal: later objects have numbers in the order of reference, and garbage is gone.

use std::sync::Arc;

use super::content::Content;
use super::machine::Machine;
use super::state::{Local, State, Write};
use super::tables::FastMap;
use crate::program::thread::Pause;
use crate::program::value::{Reference, Value};

impl Machine<'_> {
    /// Which later objects a thread refers to, in order.
    fn later_of_local(&mut self, number: u32) -> Arc<[u32]> {
        if let Some(known) = self.refers[0].get(&number) {
            return Arc::clone(known);
        }
        let fixed = self.shared.layout.fixed;
        let local = self.local(number);
        let mut later: Vec<u32> = local.space.into_iter().filter(|space| *space >= fixed).collect();
        let mut visit = |value: &Value| {
            value.visit(&mut |object| {
                if object.id >= fixed && !later.contains(&object.id) {
                    later.push(object.id);
                }
            });
        };
        local.thread.values(&mut visit);
        match &local.pause {
            Pause::Operation(operation) => operation.values(&mut visit),
            Pause::Raised(exception) => exception.arguments.iter().for_each(visit),
            _ => {}
        }
        let later: Arc<[u32]> = later.into();
        self.refers[0].insert(number, Arc::clone(&later));
        later
    }

    /// Which later objects a content refers to, in order.
    fn later_of_content(&mut self, number: u32) -> Arc<[u32]> {
        if let Some(known) = self.refers[1].get(&number) {
            return Arc::clone(known);
        }
        let fixed = self.shared.layout.fixed;
        let mut later: Vec<u32> = Vec::new();
        self.content(number).body.values(&mut |value| {
            value.visit(&mut |object| {
                if object.id >= fixed && !later.contains(&object.id) {
                    later.push(object.id);
                }
            });
        });
        let later: Arc<[u32]> = later.into();
        self.refers[1].insert(number, Arc::clone(&later));
        later
    }

    /// Renames later objects in the order in which they are referred to, without those that are not.
    pub(super) fn tidy(&mut self, state: &mut State) {
        let (mutable, fixed) = (self.shared.layout.mutable, self.shared.layout.fixed);
        if state.objects.len() <= mutable as usize {
            return;
        }
        // Later objects in the order of the first reference to each.
        let mut order: Vec<u32> = Vec::new();
        let note = |objects: &[u32], order: &mut Vec<u32>| {
            for object in objects {
                if !order.contains(object) {
                    order.push(*object);
                }
            }
        };
        for number in 0..state.threads.len() {
            note(&self.later_of_local(state.threads[number]), &mut order);
        }
        for place in 0..mutable as usize {
            note(&self.later_of_content(state.objects[place]), &mut order);
        }
        for buffer in state.buffers.clone() {
            for write in self.shared.buffers.get(buffer).iter() {
                if write.object >= fixed {
                    note(&[write.object], &mut order);
                }
                note(&self.later_of_content(write.value), &mut order);
            }
        }
        let mut at = 0;
        while at < order.len() {
            let held = self.held(state, order[at]);
            note(&self.later_of_content(held), &mut order);
            at += 1;
        }
        let unchanged = order.len() == state.objects.len() - mutable as usize
            && order.iter().enumerate().all(|(at, id)| *id == fixed + at as u32);
        if unchanged {
            return;
        }
        let names: FastMap<u32, u32> = order.iter().enumerate().map(|(at, id)| (*id, fixed + at as u32)).collect();
        let name = |id: u32| if id >= fixed { names.get(&id).copied().unwrap_or(id) } else { id };
        let mut rename = |object: Reference| Reference { id: name(object.id), ..object };
        let later: Vec<u32> = order.iter().map(|id| self.held(state, *id)).collect();
        state.objects.truncate(mutable as usize);
        state.objects.extend(later);
        for at in 0..state.objects.len() {
            let content = self.content(state.objects[at]);
            let body = content.body.renamed(&mut rename);
            if body != content.body {
                state.objects[at] = self.shared.contents.number(Content { site: content.site, body });
            }
        }
        for at in 0..state.threads.len() {
            let local = self.local(state.threads[at]);
            let renamed = Local {
                thread: local.thread.renamed(&mut rename),
                pause: local.pause.renamed(&mut rename),
                space: local.space.map(name),
                ..(*local).clone()
            };
            if renamed != *local {
                state.threads[at] = self.shared.locals.number(renamed);
            }
        }
        for at in 0..state.buffers.len() {
            let buffer = self.shared.buffers.get(state.buffers[at]);
            let renamed = buffer.iter().map(|write| {
                let held = self.shared.contents.get(write.value);
                let body = held.body.renamed(&mut rename);
                let value = self.shared.contents.number(Content { site: held.site, body });
                Write { object: name(write.object), value, ..*write }
            });
            state.buffers[at] = self.shared.buffers.number(renamed.collect());
        }
        let rest = self.rest(state);
        if !rest.history.is_empty() {
            let mut rest = (*rest).clone();
            // An access to what is garbage now can collide with nothing any more.
            rest.history.retain(|touch| touch.object < fixed || names.contains_key(&touch.object));
            rest.history.iter_mut().for_each(|touch| touch.object = name(touch.object));
            rest.history.sort();
            state.rest = self.shared.rests.number(rest);
        }
    }
}
