//! Any ratio: each output has the coefficients of its own place between two input samples.

use super::design::{Design, Stop};

/// Most coefficients for which each phase of a rational ratio has its own row (1 MiB).
const MAX_EXACT_COEFFICIENTS: usize = 1 << 18;
/// Rows per sample of the lower rate where rows are interpolated: the interpolation error stays under −100 dB.
const INTERPOLATED_PHASES: u32 = 512;
/// Input samples that are taken in before what is used up is moved out.
const CHUNK: usize = 4_096;
/// Independent partial sums in the inner loop, so that it is vectorised; so many that additions need not wait.
const LANES: usize = 16;

/// A bank of filters and the input that they look at.
#[derive(Debug, Clone)]
pub(super) struct Polyphase {
    bank: Bank,
    /// Begins with silence before the first sample.
    history: Vec<f32>,
    filled: usize,
    /// First sample under the filter for the next output.
    start: usize,
    /// Position of the next output after the filter's centre sample, in units of 1 / `bank.out`.
    remainder: u32,
}

impl Polyphase {
    /// For `input` samples to every `output` samples, in lowest terms.
    pub(super) fn new(input: u32, output: u32, stop: Stop) -> Self {
        let bank = Bank::new(input, output, stop);
        let mut polyphase =
            Self { history: vec![0.0; bank.taps + CHUNK], bank, filled: 0, start: 0, remainder: 0 };
        polyphase.reset();
        polyphase
    }

    pub(super) fn delay_samples(&self) -> usize {
        self.bank.taps / 2
    }

    pub(super) fn reset(&mut self) {
        // The first output lies at input sample 0: before it there is silence for the left half of the filter.
        self.filled = self.bank.taps / 2 - 1;
        self.history[..self.filled].fill(0.0);
        self.start = 0;
        self.remainder = 0;
    }

    pub(super) fn push(&mut self, mut input: &[f32], out: &mut Vec<f32>) {
        while !input.is_empty() {
            let (now, later) = input.split_at(input.len().min(self.history.len() - self.filled));
            self.history[self.filled..self.filled + now.len()].copy_from_slice(now);
            self.filled += now.len();
            input = later;
            self.append(out);
            if self.filled == self.history.len() {
                // The next output may lie beyond what has come.
                let used = self.start.min(self.filled);
                self.history.copy_within(used.., 0);
                self.filled -= used;
                self.start -= used;
            }
        }
    }

    /// Appends all outputs whose input has come.
    fn append(&mut self, out: &mut Vec<f32>) {
        let bank = &self.bank;
        let known = &self.history[..self.filled];
        while let Some(window) = known.get(self.start..self.start + bank.taps) {
            out.push(bank.apply(window, self.remainder));
            self.start += bank.step_whole;
            self.remainder += bank.step_remainder;
            if self.remainder >= bank.out {
                self.remainder -= bank.out;
                self.start += 1;
            }
        }
    }
}

/// The filter at every phase at which it is needed.
#[derive(Debug, Clone)]
struct Bank {
    /// `rows × taps`; row `r` of a bank with `phases` phases is for a remainder of `r / phases`.
    coefficients: Vec<f32>,
    taps: usize,
    /// The output rate in lowest terms: the denominator of positions.
    out: u32,
    step_whole: usize,
    step_remainder: u32,
    /// Phases per input sample; equal to `out` if each has its row, otherwise neighbouring rows are interpolated.
    phases: u32,
}

impl Bank {
    fn new(input: u32, out: u32, stop: Stop) -> Self {
        let design = Design::new(input, out, stop, LANES / 2);
        let taps = 2 * design.half;
        let exact =
            usize::try_from(out).is_ok_and(|rows| rows.saturating_mul(taps) <= MAX_EXACT_COEFFICIENTS);
        let phases = if exact { out } else { INTERPOLATED_PHASES.div_ceil(input.div_ceil(out)).max(2) };
        let rows = if exact { phases } else { phases + 1 };
        let place = |tap: usize| f64::from(u32::try_from(tap).unwrap_or(u32::MAX));
        let mut coefficients = Vec::new();
        for row in 0..rows {
            let centre = place(design.half) - 1.0 + f64::from(row) / f64::from(phases);
            coefficients.extend(design.coefficients((0..taps).map(|tap| place(tap) - centre)));
        }
        Self {
            coefficients,
            taps,
            out,
            step_whole: usize::try_from(input / out).unwrap_or(usize::MAX),
            step_remainder: input % out,
            phases,
        }
    }

    fn row(&self, row: usize) -> &[f32] {
        &self.coefficients[row * self.taps..(row + 1) * self.taps]
    }

    fn apply(&self, window: &[f32], remainder: u32) -> f32 {
        if self.phases == self.out {
            return dot(window, self.row(to_index(u64::from(remainder))));
        }
        let position = u64::from(remainder) * u64::from(self.phases);
        let row = to_index(position / u64::from(self.out));
        let fraction = fraction(position % u64::from(self.out), self.out);
        let low = dot(window, self.row(row));
        let high = dot(window, self.row(row + 1));
        low + fraction * (high - low)
    }
}

#[multiversion::multiversion(targets("x86_64+avx2"))]
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0.0_f32; LANES];
    // Filter lengths are multiples of the number of lanes.
    for (x, y) in a.as_chunks::<LANES>().0.iter().zip(b.as_chunks::<LANES>().0) {
        for lane in 0..LANES {
            sums[lane] += x[lane] * y[lane];
        }
    }
    sums.iter().sum()
}

/// A row number: below 2^19.
fn to_index(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "numerator < denominator < 2^20"
)]
fn fraction(numerator: u64, denominator: u32) -> f32 {
    (numerator as f64 / f64::from(denominator)) as f32
}
