// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! Measuring on a machine that does other things too: everything takes turns in
//! short blocks, so that a disturbance falls on all of them alike.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Something to measure: does it so many times, and says how long that took.
pub struct Item<'a> {
    /// How many images one time is about.
    pub images: usize,
    pub run: Box<dyn FnMut(usize) -> Duration + 'a>,
}

impl<'a> Item<'a> {
    pub fn new(images: usize, mut once: impl FnMut() + 'a) -> Self {
        let run = move |times| {
            let start = Instant::now();
            for _ in 0..times {
                once();
            }
            start.elapsed()
        };
        Self { images, run: Box::new(run) }
    }
}

/// Nanoseconds an image, one figure a round.
#[derive(Clone, Default)]
pub struct Samples(pub Vec<f64>);

impl Samples {
    pub fn median(&self) -> f64 {
        median(self.0.clone())
    }

    pub fn least(&self) -> f64 {
        self.0.iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// The median of the ratios of the rounds, and the ratio of the least.
    pub fn ratio(&self, peer: &Self) -> (f64, f64) {
        let ratios = self.0.iter().zip(&peer.0).map(|(a, b)| a / b).collect();
        (median(ratios), self.least() / peer.least())
    }
}

pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

/// Measures the items in rounds of one block each. Each round begins with
/// another one, so that none always follows the same.
pub fn take_turns<const N: usize>(
    items: &mut [Item<'_>; N],
    rounds: usize,
    block: Duration,
) -> [Samples; N] {
    let times = items.each_mut().map(|item| calibrate(item, block));
    let mut samples = [const { Samples(Vec::new()) }; N];
    for round in 0..rounds {
        for turn in 0..N {
            let i = (round + turn) % N;
            let elapsed = (items[i].run)(times[i]);
            let images = (times[i] * items[i].images) as f64;
            samples[i].0.push(elapsed.as_nanos() as f64 / images);
        }
    }
    samples
}

/// How often an item runs in a block.
fn calibrate(item: &mut Item<'_>, block: Duration) -> usize {
    let mut times = 1;
    loop {
        let elapsed = (item.run)(times);
        if elapsed * 4 >= block {
            let scale = block.as_secs_f64() / elapsed.as_secs_f64();
            return ((times as f64 * scale) as usize).max(1);
        }
        times *= 2;
    }
}

/// Says on a terminal what is being done.
pub fn progress(what: &str) {
    let mut stderr = std::io::stderr();
    if stderr.is_terminal() {
        let _ = write!(stderr, "\r\x1b[K{what}");
        let _ = stderr.flush();
    }
}
