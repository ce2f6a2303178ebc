//! A constant offset (DC) of the samples: known, and taken out.

use super::units::real;

/// Partial sums of a block.
const LANES: usize = 8;
/// Blocks per second, at the usual rates.
const BLOCKS_HZ: u32 = 1_000;
/// Time constant of each of the two means, seconds.
const SECONDS: f64 = 0.5;
/// The square of the running mean beside the mean square of the blocks' means: up to here the mean is what bass left in it, from
/// ten times as much on an offset. A bass of 41 Hz that is cut off leaves 10⁻⁴, an offset 20 dB below a voice is 10⁻².
const NO_OFFSET: f64 = 2e-4;
/// No converter has more than full scale.
const MOST: f64 = 1.0;

/// The running mean of blocks of samples that are equally long: a mean of means.
///
/// Of what has just begun both are plain means, so that an offset is known at once; then both forget
/// exponentially. Two in a row, because one leaves a three-hundredth of a bass of 50 Hz in the mean, at the same
/// memory, and two a hundred times less. What is left is little beside the bass and would be much in the quiet after it, so
/// that a mean counts only where it is no small part of what was averaged.
#[derive(Debug, Clone)]
pub(super) struct RunningOffset {
    means: [f64; 2],
    /// Mean square of the blocks' means.
    power: f64,
    /// Blocks so far, until they are `remembered`.
    heard: usize,
    remembered: usize,
}

impl RunningOffset {
    /// For blocks of so many seconds.
    pub(super) fn new(block_s: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a small positive number"
        )]
        let remembered = (SECONDS / block_s) as usize;
        Self { means: [0.0; 2], power: 0.0, heard: 0, remembered: remembered.max(1) }
    }

    /// Back to knowing nothing: 0.
    pub(super) fn reset(&mut self) {
        self.means = [0.0; 2];
        self.power = 0.0;
        self.heard = 0;
    }

    /// Takes the mean of the next block and says what the offset is now.
    pub(super) fn update(&mut self, mean: f64) -> f64 {
        self.heard = (self.heard + 1).min(self.remembered);
        let share = 1.0 / real(self.heard);
        let mut next = mean.clamp(-MOST, MOST);
        self.power += (next * next - self.power) * share;
        for known in &mut self.means {
            *known += (next - *known) * share;
            next = *known;
        }
        let unlike = next * next - NO_OFFSET * self.power;
        if unlike <= 0.0 { 0.0 } else { next * (unlike / (9.0 * NO_OFFSET * self.power)).min(1.0) }
    }
}

/// Subtracts the running offset of mono samples.
///
/// Cheap converters and old transfers have an offset. Through the sidelobes of the analysis window it fills the low bands of
/// each frame, where a network then hears noise. Digital silence has no offset and stays what it is; what follows it may be
/// another recording, so that the offset is sought anew there.
///
/// What comes out does not depend on how the samples are split. Real time: nothing is allocated.
#[derive(Debug, Clone)]
pub(crate) struct OffsetRemover {
    /// Samples per block, a multiple of `LANES`.
    block: usize,
    running: RunningOffset,
    /// What is subtracted.
    offset: f32,
    /// The next sample is the first of a source.
    fresh: bool,
    /// Sample `i` of a block goes to sum `i % LANES`.
    sums: [f32; LANES],
    /// All bits but the sign of the block's samples, joined: 0 in digital silence.
    bits: [u32; LANES],
    /// Samples of the block that have come.
    filled: usize,
}

impl OffsetRemover {
    /// For samples at `rate_hz`.
    pub(crate) fn new(rate_hz: u32) -> Self {
        let block = ((rate_hz / BLOCKS_HZ) as usize).max(1).next_multiple_of(LANES);
        Self {
            block,
            running: RunningOffset::new(real(block) / f64::from(rate_hz.max(1))),
            offset: 0.0,
            fresh: true,
            sums: [0.0; LANES],
            bits: [0; LANES],
            filled: 0,
        }
    }

    /// Back to the start of a new source.
    pub(crate) fn reset(&mut self) {
        self.running.reset();
        self.offset = 0.0;
        self.fresh = true;
        self.begin_block();
    }

    fn begin_block(&mut self) {
        self.sums = [0.0; LANES];
        self.bits = [0; LANES];
        self.filled = 0;
    }

    /// Takes the offset out of the next samples, which are finite.
    pub(crate) fn process(&mut self, mut samples: &mut [f32]) {
        while let Some(first) = samples.first() {
            if std::mem::take(&mut self.fresh) {
                // Nothing better is known until the first block is there.
                self.offset = first.clamp(-1.0, 1.0);
            }
            let (now, later) = samples.split_at_mut(samples.len().min(self.block - self.filled));
            self.add(now);
            now.iter_mut().for_each(|sample| *sample -= self.offset);
            samples = later;
            if self.filled == self.block {
                self.close_block();
            }
        }
    }

    fn add(&mut self, samples: &[f32]) {
        let mut few = |from: usize, samples: &[f32]| {
            let lanes = self.sums[from..].iter_mut().zip(&mut self.bits[from..]);
            for ((sum, bits), sample) in lanes.zip(samples) {
                *sum += sample;
                *bits |= sample.abs().to_bits();
            }
        };
        let lane = self.filled % LANES;
        let (head, body) = samples.split_at(samples.len().min((LANES - lane) % LANES));
        few(lane, head);
        let (whole, tail) = body.as_chunks::<LANES>();
        whole.iter().for_each(|lanes| few(0, lanes));
        few(0, tail);
        self.filled += samples.len();
    }

    #[expect(clippy::cast_possible_truncation, reason = "a sample's precision is enough")]
    fn close_block(&mut self) {
        if self.bits == [0; LANES] {
            return self.reset();
        }
        let sum = self.sums.iter().map(|sum| f64::from(*sum)).sum::<f64>();
        self.offset = self.running.update(sum / real(self.block)) as f32;
        self.begin_block();
    }
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "test signals are short")]
mod tests {
    use std::f32::consts::TAU;

    use proptest::prelude::*;

    use super::*;

    fn removed(rate_hz: u32, mut samples: Vec<f32>) -> Vec<f32> {
        OffsetRemover::new(rate_hz).process(&mut samples);
        samples
    }

    fn tone(rate_hz: u32, hz: f32, seconds: usize, offset: f32) -> Vec<f32> {
        let samples = 0..rate_hz as usize * seconds;
        samples.map(|i| offset + 0.25 * (TAU * hz * i as f32 / rate_hz as f32).sin()).collect()
    }

    #[test]
    fn an_offset_alone_becomes_silence_from_the_first_sample() {
        for rate_hz in [8_000, 11_025, 44_100, 192_000] {
            let rest = removed(rate_hz, vec![0.15; rate_hz as usize]);
            assert!(rest.iter().all(|x| x.abs() < 1e-6), "{rate_hz}");
        }
    }

    #[test]
    fn a_tone_of_the_lowest_band_stays_and_its_offset_goes() {
        let with = removed(48_000, tone(48_000, 60.0, 3, -0.3));
        let without = tone(48_000, 60.0, 3, 0.0);
        let later = with.iter().zip(&without).skip(2 * 48_000);
        let worst = later.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
        assert!(worst < 0.002, "{worst}");
        // A little later than its first period already.
        let early = with.iter().zip(&without).skip(4_800).take(4_800);
        let mean = early.map(|(a, b)| a - b).sum::<f32>() / 4_800.0;
        assert!(mean.abs() < 0.03, "{mean}");
    }

    #[test]
    fn bass_leaves_nothing_in_the_quiet_after_it() {
        let mut samples = tone(8_000, 41.0, 2, 0.0);
        samples.truncate(2 * 8_000 - 77);
        let bass = samples.len();
        samples.extend((0..8_000).map(|i| 1e-4 * if i % 2 == 0 { 1.0 } else { -1.0 }));
        let rest = removed(8_000, samples.clone());
        let worst = rest[bass + 8..].iter().zip(&samples[bass + 8..]).map(|(a, b)| (a - b).abs());
        assert!(worst.fold(0.0, f32::max) < 1e-6);
    }

    #[test]
    fn digital_silence_stays_and_what_follows_begins_anew() {
        let mut samples = vec![0.2; 8_000];
        samples.extend(vec![0.0; 8_000]);
        samples.extend(vec![-0.1; 8_000]);
        let rest = removed(8_000, samples);
        // The block that the silence begins in is not yet known to be silent; none is longer than 8 samples here.
        assert!(rest[8_008..16_000].iter().all(|x| *x == 0.0));
        assert!(rest[16_000..].iter().all(|x| x.abs() < 1e-6));
    }

    #[test]
    fn a_burst_beyond_full_scale_is_forgotten() {
        let mut samples = vec![1e6; 100];
        samples.extend(vec![0.01; 80_000]);
        let rest = removed(8_000, samples);
        assert!(rest.iter().all(|x| x.is_finite()));
        assert!(rest[70_000..].iter().all(|x| x.abs() < 1e-3));
    }

    proptest! {
        #[test]
        fn blocks_do_not_matter(cuts in prop::collection::vec(0_usize..700, 0..20), zeros in 0_usize..400) {
            let mut samples = tone(44_100, 100.0, 1, 0.1)[..3_000].to_vec();
            samples[1_000..1_000 + zeros].fill(0.0);
            let whole = removed(44_100, samples.clone());
            let mut remover = OffsetRemover::new(44_100);
            let mut rest = &mut samples[..];
            for cut in cuts {
                let (now, later) = rest.split_at_mut(cut.min(rest.len()));
                remover.process(now);
                rest = later;
            }
            remover.process(rest);
            prop_assert_eq!(samples, whole);
        }
    }
}
