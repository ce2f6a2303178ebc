//! What a render tells about itself: gain reduction and loudness.

use std::convert::Infallible;

use serde::Serialize;

use crate::render::sink::Sink;
use crate::signal::units::{samples_to_seconds, single};

/// Reductions deeper than this count as this, so that mute has a mean, dB.
const DEEPEST_DB: f64 = 120.0;

/// A stretch in which the gain was under 0 dB, and how far it went.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct GainChange {
    /// First sample.
    pub start: u64,
    /// First sample that is untouched again.
    pub end: u64,
    /// Lowest gain inside, dB, at least −120.
    pub gain_db: f32,
}

/// Gain reduction over a stream.
#[derive(Debug, Clone, Default)]
pub struct GainStatistics {
    changes: Vec<GainChange>,
    /// The stretch that still goes on.
    current: Option<(u64, f32)>,
    samples: u64,
    changed: u64,
    reduction_sum_db: f64,
    lowest: Option<f32>,
    /// The last gain and its reduction: most of the time it stays.
    last: (f32, f64),
}

impl GainStatistics {
    /// Takes the gains of the next samples.
    pub fn add(&mut self, gains: &[f32]) {
        for piece in gains.chunks(Self::PIECE) {
            // Most of the time nothing is turned down, which is quickly seen.
            if self.current.is_none() && piece.iter().all(|gain| *gain >= 1.0) {
                self.samples += piece.len() as u64;
            } else {
                self.add_each(piece);
            }
        }
    }

    /// Gains that are looked at together.
    const PIECE: usize = 256;

    fn add_each(&mut self, gains: &[f32]) {
        for &gain in gains {
            if gain < 1.0 {
                if gain.to_bits() != self.last.0.to_bits() || self.changed == 0 {
                    self.last = (gain, reduction_db(gain));
                }
                self.changed += 1;
                self.reduction_sum_db += self.last.1;
                let (start, lowest) = self.current.unwrap_or((self.samples, gain));
                self.current = Some((start, lowest.min(gain)));
            } else if let Some(change) = self.current.take() {
                self.close(change);
            }
            self.samples += 1;
        }
    }

    fn close(&mut self, (start, lowest): (u64, f32)) {
        self.lowest = Some(self.lowest.map_or(lowest, |known| known.min(lowest)));
        self.changes.push(GainChange { start, end: self.samples, gain_db: -single(reduction_db(lowest)) });
    }

    /// Ends the stream: the stretches that were turned down, in order.
    pub fn finish(&mut self) -> &[GainChange] {
        if let Some(change) = self.current.take() {
            self.close(change);
        }
        &self.changes
    }

    /// The figures so far.
    #[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^52")]
    pub fn figures(&self, rate_hz: u32) -> GainFigures {
        let share = |sum: f64, count: u64| if count == 0 { 0.0 } else { sum / count as f64 };
        let deepest = self.lowest.into_iter().chain(self.current.map(|c| c.1)).fold(1.0, f32::min);
        GainFigures {
            changed_s: samples_to_seconds(self.changed, rate_hz),
            mean_reduction_db: share(self.reduction_sum_db, self.samples),
            mean_reduction_where_changed_db: share(self.reduction_sum_db, self.changed),
            max_reduction_db: reduction_db(deepest),
        }
    }
}

fn reduction_db(gain: f32) -> f64 {
    (-20.0 * f64::from(gain).log10()).clamp(0.0, DEEPEST_DB)
}

/// Gain reduction in figures; mute counts as 120 dB.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct GainFigures {
    /// Time under 0 dB, s.
    pub changed_s: f64,
    /// Mean over the whole, dB.
    pub mean_reduction_db: f64,
    /// Mean over the time under 0 dB, dB.
    pub mean_reduction_where_changed_db: f64,
    /// Deepest, dB.
    pub max_reduction_db: f64,
}

/// Loudness of a stream by EBU R 128.
pub struct Loudness {
    meter: ebur128::EbuR128,
    channels: u32,
}

impl std::fmt::Debug for Loudness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Loudness").field("channels", &self.channels).finish_non_exhaustive()
    }
}

/// Loudness in figures; nothing where there was too little to measure.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LoudnessFigures {
    /// Gated loudness of the programme, LUFS.
    pub integrated_lufs: Option<f64>,
    /// Highest sample of any channel, dBFS.
    pub sample_peak_dbfs: Option<f64>,
}

impl Loudness {
    /// A meter; nothing for layouts that the recommendation does not cover (more than 64 channels, odd rates).
    pub fn new(rate_hz: u32, channels: u16) -> Option<Self> {
        let channels = u32::from(channels);
        let mode = ebur128::Mode::I | ebur128::Mode::SAMPLE_PEAK;
        ebur128::EbuR128::new(channels, rate_hz, mode).ok().map(|meter| Self { meter, channels })
    }

    /// Takes whole interleaved frames.
    pub fn add(&mut self, interleaved: &[f32]) {
        // It only refuses split frames, which do not come here.
        let _ = self.meter.add_frames_f32(interleaved);
    }

    /// The figures so far.
    pub fn figures(&self) -> LoudnessFigures {
        let finite = |value: f64| value.is_finite().then_some(value);
        let peak =
            (0..self.channels).filter_map(|channel| self.meter.sample_peak(channel).ok()).fold(0.0, f64::max);
        LoudnessFigures {
            integrated_lufs: self.meter.loudness_global().ok().and_then(finite),
            sample_peak_dbfs: finite(20.0 * peak.log10()),
        }
    }
}

/// A [`Loudness`] on a thread of its own: measuring takes longer than all the rest of a render.
#[derive(Debug)]
pub(super) struct LoudnessThread(Sink<LoudnessFigures>);

impl LoudnessThread {
    pub(super) fn new(rate_hz: u32, channels: u16) -> Option<Self> {
        let mut meter = Loudness::new(rate_hz, channels)?;
        Some(Self(Sink::start(move |blocks| {
            let Ok(_) = blocks.each(|block| {
                meter.add(block);
                Ok::<_, Infallible>(())
            });
            meter.figures()
        })))
    }

    pub(super) fn add(&self, interleaved: &[f32]) {
        self.0.give(interleaved);
    }

    pub(super) fn finish(self) -> LoudnessFigures {
        self.0.finish()
    }
}

#[cfg(test)]
#[expect(clippy::cast_possible_truncation, reason = "test signals are small numbers")]
mod tests {
    use super::*;

    #[test]
    fn reductions_are_counted_where_they_are() {
        let mut statistics = GainStatistics::default();
        for piece in [1.0, 1.0, 0.5, 0.1, 0.1, 1.0, 0.0, 0.0].chunks(3) {
            statistics.add(piece);
        }
        let figures = statistics.figures(1);
        assert_eq!(figures.changed_s, 5.0);
        assert!((figures.mean_reduction_where_changed_db - (6.0206 + 40.0 + 240.0) / 5.0).abs() < 1e-3);
        assert_eq!(figures.max_reduction_db, 120.0);
        let changes = statistics.finish();
        assert_eq!(changes.iter().map(|c| (c.start, c.end)).collect::<Vec<_>>(), [(2, 5), (6, 8)]);
        assert!((changes[0].gain_db + 20.0).abs() < 1e-4);
    }

    /// EBU Tech 3341, case 1: a stereo sine of 1 kHz at −23 dBFS (peak) is −23 LUFS.
    #[test]
    fn a_reference_tone_has_its_loudness() {
        let mut loudness = Loudness::new(48_000, 2).expect("plain stereo");
        let peak = 10.0_f64.powf(-23.0 / 20.0);
        let tone: Vec<f32> = (0..48_000 * 20)
            .flat_map(|i: i32| {
                [(peak * (std::f64::consts::TAU * 1_000.0 * f64::from(i) / 48_000.0).sin()) as f32; 2]
            })
            .collect();
        loudness.add(&tone);
        let figures = loudness.figures();
        assert!((figures.integrated_lufs.expect("loud enough") + 23.0).abs() < 0.1, "{figures:?}");
        assert!((figures.sample_peak_dbfs.expect("loud enough") + 23.0).abs() < 0.01, "{figures:?}");
        let silent = Loudness::new(48_000, 2).expect("plain stereo").figures();
        assert_eq!(silent, LoudnessFigures { integrated_lufs: None, sample_peak_dbfs: None });
    }
}
