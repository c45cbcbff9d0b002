//! `mandelbrot`: rows of the Mandelbrot set. A unit is one row of a picture of 64 × 64 points; the row through the
//! middle costs many times what the first one does. A row makes the sum of its points' iterations.
//!
//! The reference iterates complex numbers as a type of its own; it rounds in the same places, so it must agree to the
//! last point.

use super::numbers::Cycle;
use super::{Task, Work};
use crate::telemetry::Recorder;
use std::hint::black_box;
use std::iter::successors;
use std::ops::{Add, Mul};

const ROWS: u64 = 64;
const COLUMNS: u64 = 64;
const ITERATIONS_MAX: u64 = 200;

pub(super) struct Mandelbrot {
    rows: Cycle,
}

impl Mandelbrot {
    pub(super) fn new() -> Mandelbrot {
        Mandelbrot { rows: Cycle::new(&(0..ROWS).map(row_reference).collect::<Vec<u64>>()) }
    }
}

impl Work for Mandelbrot {
    fn run(&self, task: Task, _recorder: &mut Recorder) -> u64 {
        (0..u64::from(task.units)).fold(0, |sum, place| sum + row(black_box((task.id % ROWS + place) % ROWS)))
    }

    fn reference(&self, task: Task) -> u64 {
        self.rows.sum(task.id, u64::from(task.units))
    }
}

fn point(row: u64, column: u64) -> (f64, f64) {
    (-2.0 + 2.6 * column as f64 / COLUMNS as f64, -1.2 + 2.4 * row as f64 / ROWS as f64)
}

fn row(row: u64) -> u64 {
    let mut sum = 0;
    for column in 0..COLUMNS {
        let (c_re, c_im) = point(row, column);
        let (mut re, mut im) = (0.0f64, 0.0f64);
        let mut left = ITERATIONS_MAX;
        while left > 0 {
            let (re_re, im_im) = (re * re, im * im);
            if re_re + im_im > 4.0 {
                break;
            }
            im = 2.0 * re * im + c_im;
            re = re_re - im_im + c_re;
            left -= 1;
        }
        sum += ITERATIONS_MAX - left;
    }
    sum
}

#[derive(Clone, Copy)]
struct Complex {
    re: f64,
    im: f64,
}

impl Mul for Complex {
    type Output = Complex;
    fn mul(self, by: Complex) -> Complex {
        Complex { re: self.re * by.re - self.im * by.im, im: self.re * by.im + self.im * by.re }
    }
}

impl Add for Complex {
    type Output = Complex;
    fn add(self, to: Complex) -> Complex {
        Complex { re: self.re + to.re, im: self.im + to.im }
    }
}

fn row_reference(row: u64) -> u64 {
    let points = (0..COLUMNS).map(|column| point(row, column)).map(|(re, im)| Complex { re, im });
    let iterations = |c: Complex| {
        let orbit = successors(Some(Complex { re: 0.0, im: 0.0 }), |&z| Some(z * z + c));
        orbit.take(ITERATIONS_MAX as usize).take_while(|z| z.re * z.re + z.im * z.im <= 4.0).count() as u64
    };
    points.map(iterations).sum()
}
