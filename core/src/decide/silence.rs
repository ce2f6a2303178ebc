//! Silence, from the level alone: exactly, where the future is known, and causally.
//!
//! The rule is that of `thresholds.rs`: a mean square over 100 ms of at most the silence level.
//! [`SilenceFinder`] judges blocks of 100 ms of the grid. Only the borders of a silent stretch are then placed on frames:
//! loud frames at the edge of a silent block that meets sound are given back, quiet frames beyond it are taken in.
//! [`CausalSilence`] cannot look ahead: it judges the 100 ms that end with a frame, and a loud frame is given back at once.
//! So a sound ends a silence with its first frame on both ways, while a silence is known causally 100 ms after the sound
//! ended (and short ones, such as the closure of a plosive, are none on either way).

use super::hysteresis::{Bits, DropShort};
use super::thresholds::{SILENCE_WINDOW_FRAMES, is_silent, mean_square_of};
use crate::FrameGrid;

/// Frames per block: 100 ms.
const BLOCK_FRAMES: usize = SILENCE_WINDOW_FRAMES;

/// Frame by frame, what has been decided and not yet been used.
#[derive(Debug, Clone, Default)]
pub struct Silence {
    /// Silent for at least the minimum length: no label is on there.
    pub long: Bits,
    /// Silent for at least the shorter minimum; decided no later than `long`.
    pub any: Bits,
}

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
    /// The silence level as a mean square.
    level: f64,
    /// Frames pushed.
    frames: u64,
    /// Mean squares of the block under way.
    open: Vec<f64>,
    before: Option<Block>,
    current: Option<Block>,
    long: DropShort,
    any: DropShort,
}

impl SilenceFinder {
    /// Frames after which the blocks are judged; the minimum length comes on top.
    pub const DELAY_FRAMES: usize = 2 * BLOCK_FRAMES + 1;

    /// Silent is a mean square of at most `silence_dbfs` for at least `long_frames`, or at least `any_frames`, which are not
    /// more.
    pub fn new(rate_hz: u32, silence_dbfs: f64, long_frames: usize, any_frames: usize) -> Self {
        Self {
            grid: FrameGrid::new(rate_hz.max(1)),
            level: mean_square_of(silence_dbfs),
            frames: 0,
            open: Vec::with_capacity(BLOCK_FRAMES),
            before: None,
            current: None,
            long: DropShort::new(long_frames),
            any: DropShort::new(any_frames),
        }
    }

    /// Takes the next frame's mean square (full scale 1); appends what is decided now. A NaN is not silent.
    pub fn push(&mut self, mean_square: f32, out: &mut Silence) {
        // A full block waits for the frame after it: only then its last frame is known to be a whole one.
        if self.open.len() == BLOCK_FRAMES {
            self.close_block(self.grid.start(self.frames), out);
        }
        self.open.push(f64::from(mean_square));
        self.frames += 1;
    }

    /// No frame follows; the source has `samples` samples.
    pub fn finish(&mut self, samples: u64, out: &mut Silence) {
        if !self.open.is_empty() {
            self.close_block(samples.min(self.grid.start(self.frames)), out);
        }
        self.decide(None, out);
        self.long.finish(true, &mut out.long);
        self.any.finish(true, &mut out.any);
    }

    fn close_block(&mut self, end_sample: u64, out: &mut Silence) {
        let first = self.frames - self.open.len() as u64;
        let grid = self.grid;
        let samples = |frame: u64| grid.start(frame + 1).min(end_sample).saturating_sub(grid.start(frame));
        let silent =
            is_silent((first..).zip(&self.open).map(|(frame, &square)| (square, samples(frame))), self.level);
        let quiet: Vec<bool> = self.open.drain(..).map(|square| square <= self.level).collect();
        self.decide(Some(Block { quiet, silent }), out);
    }

    /// Decides the current block, now that the next one is known, and moves on.
    fn decide(&mut self, next: Option<Block>, out: &mut Silence) {
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
            for silent in bits {
                self.long.push(silent, &mut out.long);
                self.any.push(silent, &mut out.any);
            }
            self.before = Some(block);
        }
        self.current = next;
    }
}

/// Whether the source is silent now. Answers at once, allocates nothing.
#[derive(Debug, Clone)]
pub struct CausalSilence {
    grid: FrameGrid,
    /// The silence level as a mean square.
    level: f64,
    /// Mean square and number of samples of the last frames, in a ring.
    recent: [(f64, u64); BLOCK_FRAMES],
    frames: usize,
}

impl CausalSilence {
    /// Silent is a mean square of at most `silence_dbfs`.
    pub fn new(rate_hz: u32, silence_dbfs: f64) -> Self {
        let grid = FrameGrid::new(rate_hz.max(1));
        Self { grid, level: mean_square_of(silence_dbfs), recent: [(0.0, 0); BLOCK_FRAMES], frames: 0 }
    }

    /// Another level, dBFS, for the next frame and those before it that it is judged with.
    pub fn set_level_dbfs(&mut self, silence_dbfs: f64) {
        self.level = mean_square_of(silence_dbfs);
    }

    /// Takes frame `frame` (mean square, full scale 1); returns whether the source is silent: the frame itself, and the
    /// 100 ms that end with it, as far as there are so many. A NaN is not silent.
    pub fn push(&mut self, frame: u64, mean_square: f32) -> bool {
        let samples = self.grid.start(frame + 1) - self.grid.start(frame);
        let square = f64::from(mean_square);
        self.recent[self.frames % BLOCK_FRAMES] = (square, samples);
        self.frames += 1;
        square <= self.level && is_silent(self.recent, self.level)
    }

    /// Forgets all frames.
    pub fn reset(&mut self) {
        self.recent = [(0.0, 0); BLOCK_FRAMES];
        self.frames = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn silence(mean_square: &[f32], samples: u64, min_frames: usize) -> Vec<bool> {
        both(mean_square, samples, min_frames, min_frames).0
    }

    /// The long ones and all.
    fn both(mean_square: &[f32], samples: u64, long: usize, any: usize) -> (Vec<bool>, Vec<bool>) {
        let (mut finder, mut out) = (SilenceFinder::new(1_000, -60.0, long, any), Silence::default());
        for &square in mean_square {
            finder.push(square, &mut out);
            assert!(out.any.len() >= out.long.len(), "no later");
        }
        finder.finish(samples, &mut out);
        assert_eq!([out.long.len(), out.any.len()], [mean_square.len(); 2]);
        (out.long.into(), out.any.into())
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
        let (long, any) = both(&level, 550, 20, 15);
        assert!(long.iter().all(|&b| !b));
        assert_eq!(any.iter().filter(|&&b| b).count(), 15);
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

    fn causal(mean_square: &[f32]) -> Vec<bool> {
        let mut silence = CausalSilence::new(1_000, -60.0);
        (0..).zip(mean_square).map(|(frame, &square)| silence.push(frame, square)).collect()
    }

    #[test]
    fn a_sound_ends_a_silence_at_once_and_a_silence_is_known_100_ms_after_the_sound() {
        let level: Vec<f32> = (0..60).map(|f| if (20..30).contains(&f) { 2e-6 } else { 0.0 }).collect();
        let expected: Vec<bool> = (0..60).map(|f| !(20..30).contains(&f)).collect();
        assert_eq!(
            causal(&level)[..30],
            expected[..30],
            "3 dB over the level is sound from its first frame on"
        );
        let level: Vec<f32> = (0..60).map(|f| if f < 20 { 1e-2 } else { 0.0 }).collect();
        let expected: Vec<bool> = (0..60).map(|f| f >= 20 + BLOCK_FRAMES - 1).collect();
        assert_eq!(causal(&level), expected);
        let closure: Vec<f32> = (0..60).map(|f| if (20..28).contains(&f) { 0.0 } else { 1e-2 }).collect();
        assert!(causal(&closure).iter().all(|&silent| !silent), "the closure of a plosive");
    }

    #[test]
    fn both_ways_have_one_level() {
        let at = 10_f32.powi(-6);
        let at = if f64::from(at) > 1e-6 { at.next_down() } else { at };
        assert!(causal(&[at; 40]).iter().all(|&silent| silent));
        assert!(silence(&[at; 40], 400, 20).iter().all(|&silent| silent));
        let over = at.next_up();
        assert!(causal(&[over; 40]).iter().all(|&silent| !silent));
        assert!(silence(&[over; 40], 400, 20).iter().all(|&silent| !silent));
        assert!(causal(&[f32::NAN; 12]).iter().all(|&silent| !silent));
        let mut again = CausalSilence::new(22_050, -60.0);
        again.push(0, 1.0);
        again.reset();
        assert!(again.push(0, 0.0), "nothing of before is left");
    }
}
