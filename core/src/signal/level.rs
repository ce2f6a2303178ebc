//! The level of the source, frame by frame.

use super::offset::RunningOffset;
use super::units::real;
use crate::FrameGrid;

/// Partial sums of a frame.
const LANES: usize = 8;

/// Mean squares on the 10 ms grid, over all channels, from the samples as they came.
///
/// Measured before the downmix: two channels in antiphase are loud, not silent. A channel's constant offset (DC) does not
/// count: cheap converters have one, and under it there is silence.
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
    /// Of each channel.
    offsets: Vec<RunningOffset>,
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
            offsets: vec![RunningOffset::new(FrameGrid::FRAME_S); usize::from(channels.max(1))],
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
        mean_square.push((power - self.power_of_offset(power, samples)).max(0.0) as f32);
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
    /// What the channels' offsets add to a frame of this `power`.
    fn power_of_offset(&mut self, power: f64, samples: f64) -> f64 {
        let channels = real(self.channels);
        if self.lanes_are_channels() {
            for (channel, total) in self.totals.iter_mut().enumerate() {
                *total = self.plain[channel..].iter().step_by(self.channels).sum();
            }
        }
        self.plain = [0.0; LANES];
        let mut added = 0.0;
        for (total, offset) in self.totals.iter_mut().zip(&mut self.offsets) {
            let mean = std::mem::take(total) * channels / samples;
            if power == 0.0 {
                // What follows digital silence may be another recording.
                offset.reset();
                continue;
            }
            let offset = offset.update(mean);
            // The mean of x² − (x − offset)². Where that is less than nothing, the offset is not this frame's.
            added += (offset * (2.0 * mean - offset)).max(0.0);
        }
        added / channels
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
    fn a_small_offset_under_rumble_does_not_count_either() {
        // A tone of 7 Hz for the rumble of a room, −69 dBFS.
        let room = |n: usize| 0.0005 * (n as f32 * 7.0 * std::f32::consts::TAU / 8_000.0).sin();
        for offset in [0.0005, 0.002, 0.005, 0.01] {
            let levels = levels(1, |n| offset + room(n));
            assert!(levels[10..].iter().all(|&level| level < -60.0), "{offset}: {levels:?}");
        }
    }

    #[test]
    fn what_is_quiet_behind_bass_is_as_quiet_as_it_was() {
        let bass = |n: usize| 0.5 * (n as f32 * 30.0 * std::f32::consts::TAU / 8_000.0).sin();
        let levels =
            levels(1, |n| if n < 4_000 { bass(n) } else { 1e-5 * if n % 2 == 0 { 1.0 } else { -1.0 } });
        assert!(levels[50..].iter().all(|&level| (level + 100.0).abs() < 0.1), "{levels:?}");
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
