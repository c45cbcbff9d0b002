//! A shelf: things are put on it, all may look at them, and nothing is moved or taken away before the run ends.
//!
//! So that no two threads ever wait for each other where one of them makes an object, each thread has shelves of its own.

use std::sync::OnceLock;

/// How many things the first board holds; each further one holds twice as many.
const FIRST: u32 = 64;

/// The most that a shelf holds.
pub(super) const PLACES_MAX: u32 = 1 << 20;

/// Boards for that many.
const BOARDS: usize = (PLACES_MAX / FIRST).ilog2() as usize + 1;

type Board<T> = OnceLock<Box<[OnceLock<T>]>>;

/// A shelf.
pub(super) struct Shelf<T> {
    boards: [Board<T>; BOARDS],
}

impl<T> Default for Shelf<T> {
    fn default() -> Shelf<T> {
        Shelf { boards: [const { OnceLock::new() }; BOARDS] }
    }
}

impl<T> Shelf<T> {
    /// Puts a thing at a place that is free. Only its thread does that, place by place; a place past the end takes none.
    pub(super) fn put(&self, place: u32, thing: T) {
        // It is free: nobody else puts anything here.
        let _ = self.get_or_put(place, || thing);
    }

    /// What lies at a place, or else belongs there: whoever comes first puts it.
    pub(super) fn get_or_put(&self, place: u32, make: impl FnOnce() -> T) -> Option<&T> {
        let (board, at) = split(place);
        let len = (FIRST as usize) << board;
        let board = self.boards.get(board)?.get_or_init(|| std::iter::repeat_with(OnceLock::new).take(len).collect());
        Some(board.get(at)?.get_or_init(make))
    }

    /// What lies at a place.
    pub(super) fn get(&self, place: u32) -> Option<&T> {
        let (board, at) = split(place);
        self.boards.get(board)?.get()?.get(at)?.get()
    }
}

/// Which board, and where on it.
fn split(place: u32) -> (usize, usize) {
    let number = u64::from(place) + u64::from(FIRST);
    let bit = number.ilog2();
    ((bit - FIRST.ilog2()) as usize, (number - (1 << bit)) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_lies_where_it_was_put() {
        let shelf = Shelf::default();
        (0..5000).for_each(|place| shelf.put(place, place * 3));
        assert!((0..5000).all(|place| shelf.get(place) == Some(&(place * 3))));
        assert_eq!((shelf.get(5000), shelf.get(u32::MAX)), (None, None));
        shelf.put(PLACES_MAX - 1, 1);
        assert_eq!(shelf.get(PLACES_MAX - 1), Some(&1));
        shelf.put(u32::MAX, 1);
    }
}
