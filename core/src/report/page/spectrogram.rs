//! The spectrogram of a whole recording in a bounded number of columns, gathered while decoding.

use crate::features::{FeatureSpec, MelStream, SpecError};
use crate::signal::units::{real, single};
use crate::signal::{Downmixer, ResampleError, Resampler};

/// Most columns that are kept. Once there are as many, pairs of them become one.
const MOST_COLUMNS: usize = 2_048;
/// What the columns are made of: the bands that Earmark's own networks hear.
const PRESET: &str = "earmark";

/// Mean levels of mel bands, column by column.
#[derive(Debug, Clone, PartialEq)]
pub struct Spectrogram {
    /// Bands of a column, lowest first.
    pub bands: usize,
    /// Lowest and highest frequency, Hz.
    pub range_hz: (f64, f64),
    /// Length of a column, seconds.
    pub column_s: f64,
    /// Levels, dB, [columns × bands]; 0 dB is a power of 1 in a band of the transform.
    pub levels_db: Vec<f32>,
}

/// Gathers a [`Spectrogram`] from blocks of any size.
pub struct SpectrogramBuilder {
    downmixer: Downmixer,
    resampler: Resampler,
    stream: MelStream,
    mono: Vec<f32>,
    resampled: Vec<f32>,
    columns: Columns,
    range_hz: (f64, f64),
    frame_s: f64,
}

impl std::fmt::Debug for SpectrogramBuilder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SpectrogramBuilder").field("columns", &self.columns).finish_non_exhaustive()
    }
}

/// Sums of frames, of which more and more share a column.
#[derive(Debug)]
struct Columns {
    bands: usize,
    sums: Vec<f32>,
    /// Frames that a full column holds.
    frames_per_column: usize,
    /// Frames in the last column.
    filled: usize,
}

impl Columns {
    fn push(&mut self, frame: &[f32]) {
        if self.sums.is_empty() || self.filled == self.frames_per_column {
            if self.sums.len() == MOST_COLUMNS * self.bands {
                self.halve();
            }
            self.sums.resize(self.sums.len() + self.bands, 0.0);
            self.filled = 0;
        }
        let last = self.sums.len() - self.bands;
        self.sums[last..].iter_mut().zip(frame).for_each(|(sum, value)| *sum += value);
        self.filled += 1;
    }

    fn halve(&mut self) {
        let (bands, columns) = (self.bands, MOST_COLUMNS / 2);
        for column in 0..columns {
            for band in 0..bands {
                self.sums[column * bands + band] =
                    self.sums[2 * column * bands + band] + self.sums[(2 * column + 1) * bands + band];
            }
        }
        self.sums.truncate(columns * bands);
        self.frames_per_column *= 2;
    }

    fn means(mut self) -> Vec<f32> {
        let full = self.sums.len().saturating_sub(self.bands);
        let (whole, last) = self.sums.split_at_mut(full);
        let scale = |count: usize| single(1.0 / real(count.max(1)));
        whole.iter_mut().for_each(|sum| *sum *= scale(self.frames_per_column));
        last.iter_mut().for_each(|sum| *sum *= scale(self.filled));
        self.sums
    }
}

impl SpectrogramBuilder {
    /// For interleaved samples at `rate_hz`.
    ///
    /// # Errors
    /// The rate is not within the range that is heard.
    ///
    /// # Panics
    /// If the preset that ships with Earmark is none.
    pub fn new(rate_hz: u32, channels: u16) -> Result<Self, ResampleError> {
        let built: Result<_, SpecError> =
            FeatureSpec::preset(PRESET).and_then(|spec| Ok((MelStream::new(&spec)?, spec)));
        let (stream, spec) = built.expect("the preset is one");
        Ok(Self {
            downmixer: Downmixer::new(rate_hz, channels),
            resampler: Resampler::new(rate_hz, spec.rate_hz)?,
            columns: Columns { bands: stream.frame_len(), sums: Vec::new(), frames_per_column: 1, filled: 0 },
            stream,
            mono: Vec::new(),
            resampled: Vec::new(),
            range_hz: (spec.mel.low_hz, spec.mel.high_hz),
            frame_s: real(spec.hop) / f64::from(spec.rate_hz),
        })
    }

    /// Takes interleaved samples, whole sample frames.
    pub fn push(&mut self, interleaved: &[f32]) {
        self.mono.clear();
        self.resampled.clear();
        self.downmixer.push(interleaved, &mut self.mono);
        self.resampler.push(&self.mono, &mut self.resampled);
        self.stream.push(&self.resampled, |frame| self.columns.push(frame));
    }

    /// The spectrogram of all that was taken.
    pub fn finish(mut self) -> Spectrogram {
        self.resampled.clear();
        self.resampler.finish(&mut self.resampled);
        self.stream.push(&self.resampled, |frame| self.columns.push(frame));
        self.stream.finish(|frame| self.columns.push(frame));
        Spectrogram {
            bands: self.columns.bands,
            range_hz: self.range_hz,
            column_s: self.frame_s * real(self.columns.frames_per_column),
            levels_db: self.columns.means(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(seconds: f64, frequency_hz: f64) -> Vec<f32> {
        let samples = 16_000.0 * seconds;
        let sample = |n: u32| single((f64::from(n) / 16_000.0 * frequency_hz * std::f64::consts::TAU).sin());
        (0..).take_while(|&n| f64::from(n) < samples).map(sample).collect()
    }

    #[test]
    fn a_tone_lies_in_its_band_whatever_the_blocks() {
        let samples = tone(1.0, 1_000.0);
        let build = |block: usize| {
            let mut builder = SpectrogramBuilder::new(16_000, 1).unwrap();
            samples.chunks(block).for_each(|block| builder.push(block));
            builder.finish()
        };
        let found = build(16_000);
        assert_eq!(found, build(333));
        assert_eq!((found.bands, found.levels_db.len() / found.bands, found.column_s), (64, 100, 0.01));
        let column = &found.levels_db[50 * 64..51 * 64];
        let loudest = (0..64).max_by(|&a, &b| column[a].total_cmp(&column[b])).unwrap();
        // 1 kHz is 1000 mel; 50 and 7600 Hz are 78 and 2788 mel, with 65 steps between.
        assert!((21..=22).contains(&loudest), "{loudest}");
    }

    #[test]
    fn the_columns_of_a_long_recording_become_wider_not_more() {
        let mut columns = Columns { bands: 2, sums: Vec::new(), frames_per_column: 1, filled: 0 };
        for frame in 0..5_001_u16 {
            columns.push(&[f32::from(frame), 1.0]);
        }
        assert_eq!(columns.frames_per_column, 4);
        let means = columns.means();
        assert_eq!(means.len() / 2, 1_251);
        assert_eq!(&means[..4], [1.5, 1.0, 5.5, 1.0]);
        assert_eq!(&means[2_500..], [5_000.0, 1.0]);
    }
}
