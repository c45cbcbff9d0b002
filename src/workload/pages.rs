//! Memory that is really there: allocated, and every page of it written.

use std::hint::black_box;

/// The smallest page that a machine has.
pub(super) const PAGE_BYTES: u64 = 4096;

/// A block of so many bytes, each page of it touched, and the number of these pages.
///
/// # Panics
/// Where there is no such memory: the task fails, and its worker lives.
pub(super) fn touched(bytes: u64) -> (Vec<u8>, u64) {
    let mut block: Vec<u8> = Vec::new();
    let reserved = usize::try_from(bytes).map(|bytes| block.try_reserve_exact(bytes));
    assert!(matches!(reserved, Ok(Ok(()))), "no memory for {bytes} bytes");
    let room = black_box(block.spare_capacity_mut());
    let mut pages = 0;
    // The allocator may give more than was asked for.
    for byte in room.iter_mut().take(bytes as usize).step_by(PAGE_BYTES as usize) {
        pages += u64::from(*byte.write(1));
    }
    black_box(room);
    (block, pages)
}
