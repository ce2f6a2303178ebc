//! The level of the source, frame by frame.

use super::units::real;
use crate::FrameGrid;

/// Partial sums of a frame.
const LANES: usize = 8;
/// Frames before this one in which an offset must have been the same.
const STEADY_FRAMES: usize = 3;
/// An offset is steady while it changes by less than this share (squared: a tenth).
const STEADY: f64 = 0.01;
/// Shares of a frame's power that must be offset to be taken out; more at the beginning, where little is known.
const MOST: f64 = 0.5;
const NEARLY_ALL: f64 = 0.9;

/// Mean squares on the 10 ms grid, over all channels, from the samples as they came.
///
/// Measured before the downmix: two channels in antiphase are loud, not silent. An offset (DC) that makes up most of a frame
/// and has been there for a while is taken out: cheap converters have one, and under it there is silence.
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
    /// The samples themselves added up, in lanes too, and each channel's.
    plain: [f64; LANES],
    totals: Vec<f64>,
    /// The means of the channels in the frames before, latest first.
    offsets: [Vec<f64>; STEADY_FRAMES],
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
            plain: [0.0; LANES],
            totals: vec![0.0; usize::from(channels.max(1))],
            offsets: Default::default(),
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
        let mut few = |from: usize, samples: &[f32]| {
            for ((sum, plain), &x) in self.sums[from..].iter_mut().zip(&mut self.plain[from..]).zip(samples) {
                *sum += square(x);
                *plain += f64::from(x);
            }
        };
        few(lane, head);
        let (whole, tail) = body.as_chunks::<LANES>();
        add_lanes(&mut self.sums, &mut self.plain, whole);
        for ((sum, plain), &x) in self.sums.iter_mut().zip(&mut self.plain).zip(tail) {
            *sum += square(x);
            *plain += f64::from(x);
        }
        self.samples_in_frame += samples.len();
        if !self.lanes_are_channels() {
            for (channel, total) in self.totals.iter_mut().enumerate() {
                let of_channel = samples[channel..].iter().step_by(self.channels);
                *total = of_channel.fold(*total, |sum, &x| sum + f64::from(x));
            }
        }
    }

    /// Whether each lane holds samples of one channel only.
    fn lanes_are_channels(&self) -> bool {
        LANES.is_multiple_of(self.channels)
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
        let samples = self.samples_in_frame.max(1) as f64;
        let power = self.sums.iter().sum::<f64>() / samples;
        mean_square.push((power - self.steady_offset(power, samples)) as f32);
        self.sums = [0.0; LANES];
        self.samples_in_frame = 0;
        self.frame += 1;
        self.frame_end = self.grid.start(self.frame + 1);
    }
}

/// Adds squares, and the samples themselves, each in its lane.
#[multiversion::multiversion(targets("x86_64+avx2"))]
fn add_lanes(sums: &mut [f64; LANES], plain: &mut [f64; LANES], samples: &[[f32; LANES]]) {
    // Kept in registers meanwhile.
    let (mut squares, mut values) = (*sums, *plain);
    for lanes in samples {
        for lane in 0..LANES {
            let x = f64::from(lanes[lane]);
            squares[lane] += x * x;
            values[lane] += x;
        }
    }
    (*sums, *plain) = (squares, values);
}

impl LevelMeter {
    /// The power of an offset that is to be taken out of a frame of this `power`.
    fn steady_offset(&mut self, power: f64, samples: f64) -> f64 {
        let channels = real(self.channels);
        let distance =
            |of: &[f64], from: &[f64]| of.iter().zip(from).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
        if self.lanes_are_channels() {
            for (channel, total) in self.totals.iter_mut().enumerate() {
                *total = self.plain[channel..].iter().step_by(self.channels).sum();
            }
        }
        self.plain = [0.0; LANES];
        self.totals.iter_mut().for_each(|total| *total *= channels / samples);
        let squares = self.totals.iter().map(|mean| mean * mean).sum::<f64>();
        let offset = squares / channels;
        let known = self.offsets.iter().filter(|before| !before.is_empty());
        let steady = known.clone().all(|before| distance(&self.totals, before) <= STEADY * squares);
        let share = if known.count() == STEADY_FRAMES { MOST } else { NEARLY_ALL };
        self.offsets.rotate_right(1);
        self.offsets[0].clone_from(&self.totals);
        self.totals.fill(0.0);
        if steady && offset > share * power { offset.min(power) } else { 0.0 }
    }
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "test signals are short")]
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

    /// Levels of a frame of noise and then frames of `sample`, which gets the number of the sample, dBFS.
    fn levels(channels: u16, sample: impl Fn(usize) -> f32) -> Vec<f64> {
        let mut meter = LevelMeter::new(8_000, channels);
        let samples: Vec<f32> = (0..80 * usize::from(channels) * 100).map(sample).collect();
        let mut levels = Vec::new();
        meter.push(&samples, &mut levels);
        levels.into_iter().map(|level| f64::from(level_dbfs(level))).collect()
    }

    #[test]
    fn under_an_offset_there_is_silence() {
        let noise = |n: usize| 1e-4 * if n * 7_919 % 13 < 6 { 1.0 } else { -1.0 };
        for (channels, offset) in [(1, 0.05_f32), (2, -0.1), (3, 0.02)] {
            let levels = levels(channels, |n| offset + noise(n));
            assert!(levels.iter().all(|&level| level < -75.0), "{channels}: {levels:?}");
        }
        // Each channel may have its own.
        let levels = levels(2, |n| if n % 2 == 0 { 0.1 } else { -0.02 } + noise(n));
        assert!(levels.iter().all(|&level| level < -75.0), "{levels:?}");
    }

    #[test]
    fn what_moves_is_no_offset() {
        let turn = |n: usize, hz: f32| (n as f32 * hz * std::f32::consts::TAU / 8_000.0).sin();
        // A voice above an offset, and a rumble that is one-sided for a frame.
        for (expected, levels) in [
            (-10.0, levels(1, |n| 0.05 + 0.45 * turn(n, 150.0))),
            (-9.5, levels(1, |n| 0.48 * turn(n + 500, 15.0))),
        ] {
            let mean = levels[4..].iter().map(|level| 10_f64.powf(level / 10.0)).sum::<f64>() / 96.0;
            assert!((10.0 * mean.log10() - expected).abs() < 0.7, "{expected}: {levels:?}");
        }
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
