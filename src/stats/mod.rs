//! Arithmetic on what was counted: histograms, rates, means and how sure they are, laws of scaling, and the words for
//! numbers. Pure functions of numbers.
//!
//! Absent here: clocks, I/O, threads.

mod advice;
mod histogram;
mod history;
mod interval;
mod laws;
pub mod words;

pub use advice::{Advice, SizeMeasured, gain, knee, peak, recommend, recommend_for_load};
pub use histogram::{BUCKETS, Histogram, bucket_of, bucket_range};
pub use history::History;
pub use interval::{Estimate, t_quantile};
pub use laws::{Law, Parameter, Refused, Sample, amdahl, scalability, signed};
