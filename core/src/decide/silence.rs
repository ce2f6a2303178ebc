//! Exact silence, from the samples alone.
//!
//! The mean square is judged on blocks of 100 ms of the grid: over such a block every sine of a multiple of 10 Hz has
//! its true RMS, so the threshold is exact, which it cannot be on 10 ms frames (a 10 Hz sine has frames far above and
//! far below its RMS). Only the borders of a silent stretch are then placed on frames: loud frames at the edge of a
//! silent block that meets sound are given back, quiet frames beyond it are taken in.

use super::hysteresis::{Bits, DropShort};
use crate::FrameGrid;

/// Frames per block: 100 ms.
const BLOCK_FRAMES: usize = 10;

/// A block that is complete.
#[derive(Debug, Clone, Default)]
struct Block {
    /// Per frame: at most the threshold.
    quiet: Vec<bool>,
    /// The whole block is at most the threshold.
    silent: bool,
}

impl Block {
    fn leading(&self, quiet: bool) -> usize {
        self.quiet.iter().take_while(|&&q| q == quiet).count()
    }

    fn trailing(&self, quiet: bool) -> usize {
        self.quiet.iter().rev().take_while(|&&q| q == quiet).count()
    }
}

/// Tells frame by frame whether a source is silent. Delay: two blocks, or the minimum length if that is longer.
#[derive(Debug, Clone)]
pub struct SilenceFinder {
    grid: FrameGrid,
    threshold: f64,
    /// Frames pushed.
    frames: u64,
    /// Mean squares of the block under way.
    open: Vec<f64>,
    before: Option<Block>,
    current: Option<Block>,
    drop_short: DropShort,
}

impl SilenceFinder {
    /// Frames after which the blocks are judged; the minimum length comes on top.
    pub const DELAY_FRAMES: usize = 2 * BLOCK_FRAMES + 1;

    /// Silent is a mean square of at most `silence_dbfs` for at least `min_frames`.
    pub fn new(rate_hz: u32, silence_dbfs: f64, min_frames: usize) -> Self {
        Self {
            grid: FrameGrid::new(rate_hz.max(1)),
            threshold: 10_f64.powf(silence_dbfs / 10.0),
            frames: 0,
            open: Vec::with_capacity(BLOCK_FRAMES),
            before: None,
            current: None,
            drop_short: DropShort::new(min_frames),
        }
    }

    /// Takes the next frame's mean square (full scale 1); appends what is decided now. A NaN is not silent.
    pub fn push(&mut self, mean_square: f32, out: &mut Bits) {
        // A full block waits for the frame after it: only then its last frame is known to be a whole one.
        if self.open.len() == BLOCK_FRAMES {
            self.close_block(self.grid.start(self.frames), out);
        }
        self.open.push(f64::from(mean_square));
        self.frames += 1;
    }

    /// No frame follows; the source has `samples` samples.
    pub fn finish(&mut self, samples: u64, out: &mut Bits) {
        if !self.open.is_empty() {
            self.close_block(samples.min(self.grid.start(self.frames)), out);
        }
        self.decide(None, out);
        self.drop_short.finish(true, out);
    }

    #[expect(clippy::cast_precision_loss, reason = "a frame has far fewer than 2^52 samples")]
    fn close_block(&mut self, end_sample: u64, out: &mut Bits) {
        let (mut sum, mut count) = (0.0, 0.0);
        let first = self.frames - self.open.len() as u64;
        for (frame, mean_square) in (first..).zip(&self.open) {
            let samples =
                self.grid.start(frame + 1).min(end_sample).saturating_sub(self.grid.start(frame)) as f64;
            sum += mean_square * samples;
            count += samples;
        }
        let quiet: Vec<bool> = self.open.drain(..).map(|m| m <= self.threshold).collect();
        let silent = sum <= self.threshold * count;
        self.decide(Some(Block { quiet, silent }), out);
    }

    /// Decides the current block, now that the next one is known, and moves on.
    fn decide(&mut self, next: Option<Block>, out: &mut Bits) {
        if let Some(block) = self.current.take() {
            let mut bits = vec![block.silent; block.quiet.len()];
            let n = bits.len();
            let (front, back) = if block.silent {
                let meets_sound = |neighbour: &Option<Block>| neighbour.as_ref().is_some_and(|b| !b.silent);
                (
                    if meets_sound(&self.before) { block.leading(false) } else { 0 },
                    if meets_sound(&next) { block.trailing(false) } else { 0 },
                )
            } else {
                let front = self.before.as_ref().is_some_and(|b| b.silent && b.trailing(true) > 0);
                let back = next.as_ref().is_some_and(|b| b.silent && b.leading(true) > 0);
                (if front { block.leading(true) } else { 0 }, if back { block.trailing(true) } else { 0 })
            };
            bits[..front].fill(!block.silent);
            bits[n - back..].fill(!block.silent);
            bits.into_iter().for_each(|b| self.drop_short.push(b, out));
            self.before = Some(block);
        }
        self.current = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silence(mean_square: &[f32], samples: u64, min_frames: usize) -> Vec<bool> {
        let (mut finder, mut out) = (SilenceFinder::new(1_000, -60.0, min_frames), Bits::new());
        mean_square.iter().for_each(|&m| finder.push(m, &mut out));
        finder.finish(samples, &mut out);
        assert_eq!(out.len(), mean_square.len());
        out.into()
    }

    /// Frames of 10 ms of a sine of `hz` at `dbfs` RMS, 1 kHz rate.
    #[expect(clippy::cast_possible_truncation, reason = "mean squares are small")]
    fn sine(hz: f64, dbfs: f64, frames: u32) -> Vec<f32> {
        let amplitude = 10_f64.powf(dbfs / 20.0) * 2_f64.sqrt();
        let sample = |n: u32| amplitude * (std::f64::consts::TAU * hz * f64::from(n) / 1_000.0 + 0.3).sin();
        (0..frames)
            .map(|f| ((f * 10..f * 10 + 10).map(|n| sample(n).powi(2)).sum::<f64>() / 10.0) as f32)
            .collect()
    }

    #[test]
    fn the_threshold_is_exact_for_sines() {
        for hz in [10.0, 20.0, 30.0, 50.0, 130.0, 250.0, 440.0] {
            assert!(silence(&sine(hz, -60.1, 50), 500, 20).iter().all(|&b| b), "{hz} Hz, -60.1 dBFS");
            assert!(silence(&sine(hz, -59.9, 50), 500, 20).iter().all(|&b| !b), "{hz} Hz, -59.9 dBFS");
        }
    }

    #[test]
    fn borders_lie_on_frames_not_on_blocks() {
        let mut level = vec![0.1_f32; 23];
        level.extend([0.0; 54]);
        level.extend([0.1; 30]);
        let found = silence(&level, 1_070, 20);
        let expected: Vec<bool> = (0..107).map(|f| (23..77).contains(&f)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn short_silence_is_none_unless_it_is_all_there_is() {
        let mut level = vec![0.1_f32; 20];
        level.extend([0.0; 15]);
        level.extend([0.1; 20]);
        assert!(silence(&level, 550, 20).iter().all(|&b| !b));
        assert!(silence(&[0.0; 4], 33, 20).iter().all(|&b| b));
        assert!(silence(&[], 0, 20).is_empty());
    }

    #[test]
    fn a_partial_last_frame_weighs_what_it_has() {
        // Nine frames at -50 dBFS and one sample of nothing: still not silent, while one loud sample among nine
        // silent frames weighs a hundredth of the block.
        assert!(silence(&[1e-5; 9], 81, 1).iter().all(|&b| !b));
        let mut level = [0.0_f32; 10];
        level[9] = 5e-5;
        assert!(silence(&level, 91, 1)[0]);
        assert!(!silence(&[f32::NAN; 10], 100, 1)[0]);
    }
}
