//! Arithmetic on what was counted: histograms, rates, means, and the words for numbers. Pure functions of numbers.
//!
//! Absent here: clocks, I/O, threads.

mod histogram;
mod history;
pub mod words;

pub use histogram::{BUCKETS, Histogram, bucket_of, bucket_range};
pub use history::History;
