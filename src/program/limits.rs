//! How large a program may be. Every limit is stated in the message of whoever meets it; within them nothing here can
//! overflow a stack, a number of 16 bits, or anybody's patience.

/// The longest text, in bytes. Each name, constant, statement and function takes at least two of them, so that there
/// are never more of these than a 16-bit number counts.
pub(super) const TEXT_BYTES_MAX: usize = 1 << 16;

/// How deep a text may nest: blocks inside blocks, brackets inside brackets, operators, calls and attributes in a row.
/// Every walk of the tree calls itself once for each level. CPython ends at 100 levels of indentation, and at 200
/// brackets.
pub(super) const DEPTH_MAX: usize = 100;

/// How many loops, `with`s and `try`s may lie in each other; as in CPython.
pub(super) const BLOCKS_MAX: usize = 20;

/// The most instructions of a program. Every way out of a `try … finally` has the `finally` written out once more, so
/// that a short text can mean a long program.
pub(super) const INSTRUCTIONS_MAX: usize = 1 << 18;

/// The widest field of an f-string: `{x:>255}`.
pub(super) const WIDTH_MAX: u32 = 255;

/// How deep values may lie in values (tuples in tuples, exceptions in exceptions), and how many one may hold. What walks
/// through a value calls itself once for each level.
pub(super) const VALUE_DEPTH_MAX: usize = 100;
pub(super) const VALUES_MAX: usize = 100_000;

/// How many complaints are told of one text.
pub(super) const COMPLAINTS_MAX: usize = 20;
