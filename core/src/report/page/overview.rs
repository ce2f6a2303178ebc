//! What a page draws before there is any sound: waveform, spectrogram and scores, a byte per value.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::Spectrogram;
use crate::report::plot::Envelope;
use crate::signal::units::{real, single};
use crate::{FrameGrid, FrameScores, Label};

/// Levels this far below the loudest of a spectrogram are as dark as silence, dB.
const RANGE_DB: f32 = 80.0;

/// How many columns a recording gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detail {
    waveform: usize,
    scores: usize,
    spectrogram: usize,
}

impl Detail {
    /// The only recording of a page: about 0.4 MB, whatever its length.
    pub const FULL: Self = Self { waveform: 16_384, scores: 8_192, spectrogram: 2_048 };
    /// So many recordings of one page get all of it; more of them share it.
    const RECORDINGS_IN_FULL: usize = 8;

    /// For each of `recordings` that share a page, so that it does not grow without bounds.
    pub fn shared_by(recordings: usize) -> Self {
        let share = |columns: usize| {
            (columns * Self::RECORDINGS_IN_FULL / recordings.max(Self::RECORDINGS_IN_FULL)).max(256)
        };
        Self {
            waveform: share(Self::FULL.waveform),
            scores: share(Self::FULL.scores),
            spectrogram: share(Self::FULL.spectrogram),
        }
    }
}

/// Columns of bytes, base64.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
struct Packed {
    /// Length of a column, seconds.
    step: f64,
    data: String,
}

/// The reduced pictures of a recording.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Overview {
    /// The magnitude at which the waveform's bytes are ±127.
    peak: f32,
    /// Lowest and highest sample of each column, signed.
    envelope: Packed,
    /// The highest probability of each column and label, 255 is 1.
    scores: Packed,
    score_labels: Vec<Label>,
    /// Levels of each column and band, 255 is the loudest.
    spectrogram: Packed,
    bands: usize,
    range_hz: (f64, f64),
    /// What 255 is in the spectrogram, and what 0 is, dB.
    levels_db: (f32, f32),
}

/// Columns of `frames`, at most `most`: how many frames each has, and how many there are.
fn columns(frames: usize, most: usize) -> (usize, usize) {
    let frames_per_column = frames.div_ceil(most).max(1);
    (frames_per_column, frames.div_ceil(frames_per_column))
}

/// To a byte, 255 for 1.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the range; NaN becomes 0"
)]
fn byte(share: f32) -> u8 {
    (share.clamp(0.0, 1.0) * 255.0).round() as u8
}

/// To a signed byte, ±127 for ±1.
#[expect(clippy::cast_possible_truncation, reason = "clamped to the range; NaN becomes 0")]
fn signed_byte(share: f32) -> u8 {
    ((share.clamp(-1.0, 1.0) * 127.0).round() as i8).to_be_bytes()[0]
}

impl Overview {
    /// Reduces the pictures of a recording.
    pub fn new(envelope: &Envelope, scores: &FrameScores, spectrogram: &Spectrogram, detail: Detail) -> Self {
        let mut out = Self {
            peak: envelope.peak(),
            score_labels: scores.labels.clone(),
            bands: spectrogram.bands,
            range_hz: spectrogram.range_hz,
            ..Self::default()
        };
        out.envelope = out.pack_envelope(envelope, detail.waveform);
        out.scores = pack_scores(scores, detail.scores);
        out.pack_spectrogram(spectrogram, detail.spectrogram);
        out
    }

    fn pack_envelope(&self, envelope: &Envelope, most: usize) -> Packed {
        let (frames, count) = columns(envelope.frames(), most);
        let scale = if self.peak > 0.0 { 1.0 / self.peak } else { 0.0 };
        let column = |k: usize| envelope.range(k * frames, (k + 1) * frames).unwrap_or_default();
        let pairs = (0..count).map(column).flat_map(|(low, high)| [low, high]);
        packed(real(frames) * FrameGrid::FRAME_S, pairs.map(|sample| signed_byte(sample * scale)).collect())
    }

    fn pack_spectrogram(&mut self, spectrogram: &Spectrogram, most: usize) {
        let bands = spectrogram.bands.max(1);
        let levels = &spectrogram.levels_db;
        let loudest = levels.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let top = if loudest.is_finite() { loudest } else { 0.0 };
        self.levels_db = (top, top - RANGE_DB);
        let (merged, count) = columns(levels.len() / bands, most);
        let mut bytes = Vec::with_capacity(count * bands);
        for column in levels.chunks(merged * bands) {
            let rows = single(real(column.len() / bands));
            for band in 0..bands {
                let mean = column.iter().skip(band).step_by(bands).sum::<f32>() / rows;
                bytes.push(byte((mean - self.levels_db.1) / RANGE_DB));
            }
        }
        self.spectrogram = packed(real(merged) * spectrogram.column_s, bytes);
    }
}

fn pack_scores(scores: &FrameScores, most: usize) -> Packed {
    let (frames, count) = columns(scores.frames(), most);
    let mut bytes = Vec::with_capacity(count * scores.labels.len());
    for column in 0..count {
        let rows = column * frames..((column + 1) * frames).min(scores.frames());
        for label in 0..scores.labels.len() {
            bytes.push(byte(rows.clone().map(|row| scores.row(row)[label]).fold(0.0, f32::max)));
        }
    }
    packed(real(frames) * FrameGrid::FRAME_S, bytes)
}

fn packed(step: f64, bytes: Vec<u8>) -> Packed {
    Packed { step, data: STANDARD.encode(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::plot::EnvelopeBuilder;

    fn bytes(packed: &Packed) -> Vec<u8> {
        STANDARD.decode(&packed.data).unwrap()
    }

    #[test]
    fn pictures_are_reduced_to_their_extremes() {
        let mut builder = EnvelopeBuilder::new(1_000, 1);
        let samples: Vec<f32> = (0_u8..100).map(|n| if n == 57 { -0.5 } else { 0.25 }).collect();
        builder.push(&samples);
        let mut scores = FrameScores::new(vec![Label::SPEECH, Label::MUSIC], 1_000);
        scores.probabilities = (0_u8..10).flat_map(|n| [if n == 7 { 1.0 } else { 0.0 }, 0.5]).collect();
        scores.mean_square = vec![0.1; 10];
        let spectrogram = Spectrogram {
            bands: 2,
            range_hz: (50.0, 7_600.0),
            column_s: 0.01,
            levels_db: vec![-10.0, -50.0, -10.0, -90.0, -200.0, -10.0],
        };
        let detail = Detail { waveform: 5, scores: 5, spectrogram: 2 };
        let overview = Overview::new(&builder.finish(), &scores, &spectrogram, detail);
        assert_eq!((overview.peak, overview.envelope.step), (0.5, 0.02));
        // 127 / 2, to the nearest; the dip lies in the third column.
        assert_eq!(bytes(&overview.envelope), [64, 64, 64, 64, 129, 64, 64, 64, 64, 64]);
        assert_eq!(bytes(&overview.scores), [0, 128, 0, 128, 0, 128, 255, 128, 0, 128]);
        assert_eq!(overview.levels_db, (-10.0, -90.0));
        assert_eq!(bytes(&overview.spectrogram), [255, 64, 0, 255]);
        assert_eq!(overview.spectrogram.step, 0.02);
    }

    #[test]
    fn a_recording_without_a_sample_has_an_overview() {
        let overview = Overview::new(
            &Envelope::default(),
            &FrameScores::new(vec![Label::SPEECH], 8_000),
            &Spectrogram { bands: 64, range_hz: (50.0, 7_600.0), column_s: 0.01, levels_db: Vec::new() },
            Detail::FULL,
        );
        assert_eq!(overview.envelope.data, "");
        assert_eq!(overview.levels_db.0, 0.0);
    }

    #[test]
    fn many_recordings_share_what_a_few_have() {
        assert_eq!(Detail::shared_by(1), Detail::FULL);
        assert_eq!(Detail::shared_by(8), Detail::FULL);
        assert_eq!(Detail::shared_by(80).waveform, 1_638);
        assert_eq!(Detail::shared_by(100_000).waveform, 256);
    }
}
