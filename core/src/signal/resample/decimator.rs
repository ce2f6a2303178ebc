//! Whole factors downwards, the common case: 48 kHz (96, 32 …) to 16 kHz.
//!
//! Every output meets the same coefficients, so outputs are computed [`LANES`] side by side, each adding up its products
//! in the same order: vectors make no difference to the bits. For that the input is dealt out to one plane per phase, in
//! which the samples that a coefficient meets for consecutive outputs lie next to each other. The filter is symmetric,
//! so one multiplication serves two samples.

use super::design::{Design, Stop};

/// Outputs computed side by side: so many that additions need not wait for each other with vectors of eight, and that their
/// sums fit in the registers.
const LANES: usize = 32;
/// Input samples that are taken in before what is used up is moved out.
const CHUNK: usize = 4_096;

/// A pair of samples at equal distance from the filter's middle.
#[derive(Debug, Clone, Copy)]
struct Tap {
    coefficient: f32,
    /// Places in `planes` of the samples for output 0.
    before: usize,
    after: usize,
}

/// Takes every `factor`-th sample of the low-passed input.
#[derive(Debug, Clone)]
pub(super) struct Decimator {
    factor: usize,
    half: usize,
    /// From the ends of the filter to its middle.
    taps: Vec<Tap>,
    middle: Tap,
    /// `factor` planes: input sample `i` of the buffer is at `i / factor` of plane `i % factor`.
    planes: Vec<f32>,
    /// Samples that a plane takes in; behind them it has room for lanes that come to nothing.
    slots: usize,
    /// Silence before the first sample.
    lead: usize,
    /// Samples in the buffer, the leading silence included.
    filled: usize,
    /// The next output, counted from the buffer's start.
    next: usize,
}

impl Decimator {
    pub(super) fn new(factor: u32, stop: Stop) -> Self {
        let design = Design::new(factor, 1, stop, 1);
        let (half, factor) = (design.half, usize::try_from(factor).unwrap_or(usize::MAX));
        // Whole slots, so that planes and phases agree.
        let lead = half.next_multiple_of(factor);
        let slots = (lead + half) / factor + 1 + (CHUNK / factor).max(LANES);
        let plane = slots + LANES;
        let place = |sample: usize| sample % factor * plane + sample / factor;
        let distance = |k: usize| f64::from(u32::try_from(k).unwrap_or(u32::MAX));
        // All of them, so that the sum is right: the upper half, reversed, is the list of pairs.
        let all = design.coefficients((0..=2 * half).map(|k| distance(k) - distance(half)));
        let tap =
            |k: usize| Tap { coefficient: all[half + k], before: place(lead - k), after: place(lead + k) };
        let mut decimator = Self {
            factor,
            half,
            taps: (1..=half).rev().map(tap).collect(),
            middle: tap(0),
            planes: vec![0.0; factor * plane],
            slots,
            lead,
            filled: 0,
            next: 0,
        };
        decimator.reset();
        decimator
    }

    pub(super) fn delay_samples(&self) -> usize {
        self.half
    }

    pub(super) fn reset(&mut self) {
        self.planes.fill(0.0);
        self.filled = self.lead;
        self.next = 0;
    }

    pub(super) fn push(&mut self, mut input: &[f32], out: &mut Vec<f32>) {
        while !input.is_empty() {
            let (now, later) = input.split_at(input.len().min(self.slots * self.factor - self.filled));
            self.take(now);
            input = later;
            let known = self.filled.saturating_sub(self.lead + self.half).div_ceil(self.factor);
            self.append(known, out);
            if self.filled == self.slots * self.factor {
                self.forget();
            }
        }
    }

    /// Deals the samples out to the planes.
    fn take(&mut self, input: &[f32]) {
        let plane = self.slots + LANES;
        for (offset, strided) in (0..self.factor.min(input.len())).map(|first| (first, &input[first..])) {
            let at = self.filled + offset;
            let into = &mut self.planes[at % self.factor * plane + at / self.factor..];
            strided.iter().step_by(self.factor).zip(into).for_each(|(sample, slot)| *slot = *sample);
        }
        self.filled += input.len();
    }

    /// Appends the outputs before number `until`.
    fn append(&mut self, until: usize, out: &mut Vec<f32>) {
        while self.next < until {
            let count = LANES.min(until - self.next);
            let lanes = lanes(&self.planes[self.next..], &self.taps, self.middle);
            out.extend_from_slice(&lanes[..count]);
            self.next += count;
        }
    }

    /// Moves out what the outputs so far have used up.
    fn forget(&mut self) {
        for plane in self.planes.chunks_exact_mut(self.slots + LANES) {
            plane.copy_within(self.next..self.slots, 0);
        }
        self.filled -= self.next * self.factor;
        self.next = 0;
    }
}

/// The outputs whose samples `planes` begin with, those that are not yet known included.
#[multiversion::multiversion(targets("x86_64+avx2"))]
fn lanes(planes: &[f32], taps: &[Tap], middle: Tap) -> [f32; LANES] {
    let mut sums = [0.0_f32; LANES];
    for tap in taps {
        let before = planes[tap.before..].first_chunk::<LANES>().expect("every plane has room for it");
        let after = planes[tap.after..].first_chunk::<LANES>().expect("every plane has room for it");
        for lane in 0..LANES {
            sums[lane] += tap.coefficient * (before[lane] + after[lane]);
        }
    }
    let centre = planes[middle.before..].first_chunk::<LANES>().expect("every plane has room for it");
    for lane in 0..LANES {
        sums[lane] += middle.coefficient * centre[lane];
    }
    sums
}
