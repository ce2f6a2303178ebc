//! The level of the source, frame by frame.

use crate::FrameGrid;

/// Partial sums of a frame.
const LANES: usize = 8;

/// Mean squares on the 10 ms grid, over all channels, from the samples as they came.
///
/// Measured before the downmix: two channels in antiphase are loud, not silent.
#[derive(Debug, Clone)]
pub struct LevelMeter {
    grid: FrameGrid,
    channels: usize,
    /// Samples per channel so far.
    position: u64,
    /// First sample of the next frame.
    frame_end: u64,
    frame: u64,
    /// Sample `i` of a frame (all channels count) goes to sum `i % LANES`: the result does not depend on how samples are
    /// split into blocks, and additions need not wait for each other.
    sums: [f64; LANES],
    samples_in_frame: usize,
}

impl LevelMeter {
    /// A meter for interleaved samples of `channels` channels at `rate_hz`.
    pub fn new(rate_hz: u32, channels: u16) -> Self {
        let grid = FrameGrid::new(rate_hz);
        Self {
            grid,
            channels: usize::from(channels.max(1)),
            position: 0,
            frame_end: grid.start(1),
            frame: 0,
            sums: [0.0; LANES],
            samples_in_frame: 0,
        }
    }

    /// Takes interleaved samples; appends the mean square of each frame that is complete.
    pub fn push(&mut self, interleaved: &[f32], mean_square: &mut Vec<f32>) {
        let mut rest = interleaved;
        while !rest.is_empty() {
            let until_border = usize::try_from(self.frame_end - self.position).unwrap_or(usize::MAX);
            let take = (rest.len() / self.channels).min(until_border);
            if take == 0 {
                // Less than one sample of each channel: the caller's blocks are whole samples, nothing more can come.
                return;
            }
            let (now, later) = rest.split_at(take * self.channels);
            self.add(now);
            self.position += take as u64;
            rest = later;
            if self.position == self.frame_end {
                self.close_frame(mean_square);
            }
        }
    }

    fn add(&mut self, samples: &[f32]) {
        let square = |x: f32| f64::from(x) * f64::from(x);
        let lane = self.samples_in_frame % LANES;
        let (head, body) = samples.split_at((LANES - lane).min(samples.len()));
        self.sums[lane..].iter_mut().zip(head).for_each(|(sum, &x)| *sum += square(x));
        let (whole, tail) = body.as_chunks::<LANES>();
        for lanes in whole {
            self.sums.iter_mut().zip(lanes).for_each(|(sum, &x)| *sum += square(x));
        }
        self.sums.iter_mut().zip(tail).for_each(|(sum, &x)| *sum += square(x));
        self.samples_in_frame += samples.len();
    }

    /// Appends the last, partial frame, if there is one.
    pub fn finish(&mut self, mean_square: &mut Vec<f32>) {
        if self.samples_in_frame > 0 {
            self.close_frame(mean_square);
        }
    }

    /// Samples per channel so far.
    pub fn samples(&self) -> u64 {
        self.position
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "a level needs no more than f32; a frame is short"
    )]
    fn close_frame(&mut self, mean_square: &mut Vec<f32>) {
        let sum: f64 = self.sums.iter().sum();
        mean_square.push((sum / self.samples_in_frame.max(1) as f64) as f32);
        self.sums = [0.0; LANES];
        self.samples_in_frame = 0;
        self.frame += 1;
        self.frame_end = self.grid.start(self.frame + 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signal::level_dbfs;
    use proptest::prelude::*;

    #[test]
    fn antiphase_is_loud_and_a_full_scale_square_is_0_dbfs() {
        let mut meter = LevelMeter::new(48_000, 2);
        let mut levels = Vec::new();
        let square: Vec<f32> =
            (0..960).flat_map(|i| if i % 2 == 0 { [1.0, -1.0] } else { [-1.0, 1.0] }).collect();
        meter.push(&square, &mut levels);
        assert_eq!(levels, vec![1.0, 1.0]);
        assert!(level_dbfs(levels[0]).abs() < 1e-6);
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_bits(
            rate in 1_000_u32..100_000,
            samples in proptest::collection::vec(-1.0_f32..1.0, 0..5_000),
            block in 1_usize..700,
        ) {
            let mut whole = Vec::new();
            let mut meter = LevelMeter::new(rate, 1);
            meter.push(&samples, &mut whole);
            meter.finish(&mut whole);
            let mut split = Vec::new();
            let mut meter = LevelMeter::new(rate, 1);
            samples.chunks(block).for_each(|b| meter.push(b, &mut split));
            meter.finish(&mut split);
            prop_assert_eq!(whole.len() as u64, FrameGrid::new(rate).frames(samples.len() as u64));
            prop_assert_eq!(whole, split);
        }
    }
}
