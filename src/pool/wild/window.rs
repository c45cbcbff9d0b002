//! What lies between two accesses to what is shared, and where chance comes from.

use crate::doors::clock;
use crate::wire;
use std::hint;

/// A thread's own dice.
#[derive(Clone, Debug)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Dice {
        Dice(crate::workload::receipt(seed) | 1)
    }

    fn roll(&mut self) -> u64 {
        // Marsaglia's xorshift.
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number below `count`; 0 where that is 0.
    pub(super) fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.roll()) * count as u128) >> 64) as usize
    }
}

/// The window of a race: each time any width from none to the one that is set, so that two threads in step fall out of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Window(wire::Window);

impl Window {
    pub(super) fn new(window: wire::Window) -> Window {
        Window(window)
    }

    pub(super) fn none() -> Window {
        Window(wire::Window::Natural)
    }

    pub(super) fn is_none(self) -> bool {
        self.0 == wire::Window::Natural
    }

    /// Passes it.
    pub(super) fn pass(self, dice: &mut Dice) {
        let mut draw = |most: u32| dice.below(most as usize + 1);
        match self.0 {
            wire::Window::Natural => {}
            wire::Window::Instructions { count } => (0..draw(count)).for_each(|_| hint::spin_loop()),
            wire::Window::Yields { count } => (0..draw(count)).for_each(|_| std::thread::yield_now()),
            wire::Window::Micros { us } => {
                let until_ns = clock::monotonic_ns() + draw(us) as u64 * 1000;
                while clock::monotonic_ns() < until_ns {
                    std::thread::yield_now();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dice_roll_every_number_below_and_none_else() {
        let mut dice = Dice::new(3);
        let mut seen = [0; 5];
        (0..1000).for_each(|_| seen[dice.below(5)] += 1);
        assert!(seen.iter().all(|count| (100..300).contains(count)), "{seen:?}");
        assert_eq!(dice.below(0), 0);
    }
}
