//! What is kept of an enrolled clip: its vectors, heard as it is and under noise, and added.
//!
//! Clips are recorded in quiet, and the phrase is sought in noise. Noise moves some of the vectors more than others; in the sum
//! those count less that it moves. And a clip is heard in other voices, as it sounds played slower and faster: few clips are
//! few voices. `models/training/earmark_training/phrase/templates.py` does the same on features.

use std::ops::Range;

use super::law::normalise;
use super::{Clip, Ears, PhraseError};
use crate::embed::Vectors;
use crate::signal::random::SplitMix;
use crate::signal::units::{real, single};
use crate::signal::{MAX_RATE_HZ, MIN_RATE_HZ};

/// How fast a clip is played, its own voice first.
const SPEEDS: [f64; 3] = [1.0, 0.85, 1.16];
/// Templates of each clip.
pub(super) const VOICES: usize = SPEEDS.len();
/// Ratios of the phrase to the noise, dB.
const SNRS_DB: [f64; 3] = [15.0, 8.0, 3.0];
/// How much more the clip as it is counts than the clip under one noise.
const CLEAN_WEIGHT: f32 = 2.0;
/// Frames whose power is less than this share of the loudest are pauses.
const LOUD_SHARE: f32 = 1e-3;
const SEED: u64 = 9;
/// Noise alone: its rate, how long each kind lasts, seconds, and what its samples are multiplied by.
const NOISE_RATE_HZ: u32 = 16_000;
const NOISE_S: usize = 4;
const NOISE_LEVEL: f64 = 0.03;

impl Ears<'_> {
    /// The rows of the phrase in each voice. It lies at `frames` of the clip and has these mean squares there; `quiet` are the
    /// clip's vectors.
    ///
    /// # Errors
    /// [`PhraseError`] if the network fails.
    pub(super) fn voices(
        &self,
        clip: &Clip,
        quiet: &Vectors,
        frames: &Range<usize>,
        mean_squares: &[f32],
    ) -> Result<Vec<Vectors>, PhraseError> {
        let noisy = under_noise(clip, loud(mean_squares));
        let mut voices = Vec::with_capacity(VOICES);
        for speed in SPEEDS {
            let rate_hz = rate_at(clip.rate_hz, speed);
            let played =
                if rate_hz == clip.rate_hz { None } else { Some(self.hear(clip, &clip.samples, rate_hz)?) };
            let quiet = played.as_ref().unwrap_or(quiet);
            let hop = quiet.hop_frames;
            let (start, end) = (frame_at(frames.start, speed), frame_at(frames.end, speed));
            let wanted = start / hop..end.div_ceil(hop).min(quiet.len());
            let mut voice = Vectors::new(quiet.dim, hop);
            voice.rows = vec![0.0; wanted.len() * quiet.dim];
            add(&mut voice, quiet, wanted.clone(), CLEAN_WEIGHT);
            for samples in &noisy {
                add(&mut voice, &self.hear(clip, samples, rate_hz)?, wanted.clone(), 1.0);
            }
            voices.push(voice);
        }
        Ok(voices)
    }

    /// The vectors of noise alone, pink and white, and of silence.
    ///
    /// # Errors
    /// [`PhraseError`] if the network fails.
    pub(super) fn noise_alone(&self) -> Result<Vectors, PhraseError> {
        let mut pink = PinkNoise::new(SEED);
        let mut white = SplitMix::new(SEED);
        let length = NOISE_RATE_HZ as usize * NOISE_S;
        let pink = (0..length).map(|_| single(NOISE_LEVEL * pink.sample()));
        let white = (0..length).map(|_| single(NOISE_LEVEL * white.triangular()));
        let samples: Vec<f32> = pink.chain(white).chain(std::iter::repeat_n(0.0, length)).collect();
        let clip = Clip {
            name: "noise".to_owned(),
            samples,
            rate_hz: NOISE_RATE_HZ,
            channels: 1,
            sha256: String::new(),
        };
        self.embed(&clip)
    }
}

/// The rate that samples of `rate_hz` have when they are played so fast.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped before")]
fn rate_at(rate_hz: u32, speed: f64) -> u32 {
    (f64::from(rate_hz) * speed).round().clamp(f64::from(MIN_RATE_HZ), f64::from(MAX_RATE_HZ)) as u32
}

/// Where a frame lies when its clip is played so fast.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of frames")]
fn frame_at(frame: usize, speed: f64) -> usize {
    (real(frame) / speed).round() as usize
}

/// Adds the directions of some rows.
fn add(sum: &mut Vectors, heard: &Vectors, wanted: Range<usize>, weight: f32) {
    for (total, row) in sum.rows.chunks_exact_mut(heard.dim.max(1)).zip(wanted) {
        let mut unit = heard.row(row).to_vec();
        normalise(&mut unit);
        total.iter_mut().zip(unit).for_each(|(total, x)| *total += weight * x);
    }
}

/// Mean of the mean squares that are no pauses.
fn loud(mean_squares: &[f32]) -> f64 {
    let over = LOUD_SHARE * mean_squares.iter().copied().fold(0.0, f32::max);
    let loud: Vec<f64> = mean_squares.iter().filter(|x| **x > over).map(|x| f64::from(*x)).collect();
    loud.iter().sum::<f64>() / real(loud.len().max(1))
}

/// The clip under noise at each of [`SNRS_DB`], where the phrase has this power. The same noise at any speed.
fn under_noise(clip: &Clip, power: f64) -> [Vec<f32>; SNRS_DB.len()] {
    let mut noise = PinkNoise::new(SEED);
    SNRS_DB.map(|snr_db| with_noise(clip, &mut noise, power / 10_f64.powf(snr_db / 10.0)))
}

/// The clip with noise of this power, the same in all channels.
fn with_noise(clip: &Clip, noise: &mut PinkNoise, power: f64) -> Vec<f32> {
    let gain = (power / PinkNoise::POWER).sqrt();
    let mut noisy = clip.samples.clone();
    for frame in noisy.chunks_mut(usize::from(clip.channels.max(1))) {
        let value = single(gain * noise.sample());
        frame.iter_mut().for_each(|sample| *sample += value);
    }
    noisy
}

/// Noise with as much power in each octave: white noise through three poles (Paul Kellet's filter, musicdsp.org, "Pink noise
/// filter", the economy method: within 0.5 dB from 10 Hz on at 44.1 kHz).
struct PinkNoise {
    random: SplitMix,
    poles: [f64; 3],
}

impl PinkNoise {
    const FEEDBACK: [f64; 3] = [0.997_65, 0.963, 0.57];
    const GAIN: [f64; 3] = [0.099_046, 0.296_516_4, 1.052_691_3];
    const DIRECT: f64 = 0.184_8;
    /// Its mean square.
    const POWER: f64 = 1.48;

    fn new(seed: u64) -> Self {
        Self { random: SplitMix::new(seed), poles: [0.0; 3] }
    }

    fn sample(&mut self) -> f64 {
        let white = self.random.triangular();
        for ((pole, feedback), gain) in self.poles.iter_mut().zip(Self::FEEDBACK).zip(Self::GAIN) {
            *pole = feedback * *pole + gain * white;
        }
        self.poles.iter().sum::<f64>() + Self::DIRECT * white
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noise_has_its_power_and_falls_by_three_db_an_octave() {
        let mut noise = PinkNoise::new(1);
        let samples: Vec<f64> = (0..400_000).map(|_| noise.sample()).collect();
        let power = samples.iter().map(|x| x * x).sum::<f64>() / real(samples.len());
        assert!((power / PinkNoise::POWER - 1.0).abs() < 0.1, "{power}");
        // A difference over one sample weighs with the square of the frequency, one over two samples likewise.
        let apart = |step: usize| {
            samples.windows(step + 1).map(|w| (w[step] - w[0]).powi(2)).sum::<f64>() / real(samples.len())
        };
        let ratio = apart(2) / apart(1);
        assert!((1.2..1.9).contains(&ratio), "white noise has 1, brown noise 2: {ratio}");
    }

    #[test]
    fn a_faster_clip_has_a_higher_rate_and_earlier_frames() {
        assert_eq!((rate_at(16_000, 1.16), rate_at(MAX_RATE_HZ, 1.16)), (18_560, MAX_RATE_HZ));
        assert_eq!((frame_at(116, 1.16), frame_at(85, 0.85), frame_at(7, 1.0)), (100, 100, 7));
    }

    #[test]
    fn pauses_do_not_count_as_the_phrase() {
        assert_eq!(loud(&[0.5, 0.5, 1e-5, 0.0]), 0.5);
        assert_eq!(loud(&[]), 0.0);
    }

    #[test]
    fn the_noise_is_the_same_in_all_channels_and_as_loud_as_asked() {
        let clip = Clip {
            name: String::new(),
            samples: vec![0.0; 96_000],
            rate_hz: 48_000,
            channels: 2,
            sha256: String::new(),
        };
        let noisy = with_noise(&clip, &mut PinkNoise::new(SEED), 0.01);
        assert!(noisy.chunks(2).all(|frame| frame[0].to_bits() == frame[1].to_bits()));
        let power = noisy.iter().map(|x| f64::from(*x).powi(2)).sum::<f64>() / real(noisy.len());
        assert!((0.007..0.014).contains(&power), "{power}");
    }
}
