//! What is kept of an enrolled phrase.

use serde::{Deserialize, Serialize};

use super::law::{Aligner, normalise};
use crate::embed::Vectors;
use crate::profile::packed;
use crate::profile::{Profile, ProfileKind};
use crate::signal::units::single;

/// Most clips of a phrase.
pub const MAX_CLIPS: usize = 20;
/// Fewest.
pub const MIN_CLIPS: usize = 3;
/// Most templates of a clip.
const MAX_VOICES: usize = 8;
/// Most rows of a template that is read: well over the longest phrase.
const MAX_ROWS: usize = 250;

/// How false alarms and misses are weighed against each other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strictness {
    /// Few false alarms.
    Strict,
    /// Between both.
    #[default]
    Balanced,
    /// Few misses.
    Keen,
}

impl Strictness {
    /// All, from the fewest false alarms to the most.
    pub const ALL: [Self; 3] = [Self::Strict, Self::Balanced, Self::Keen];

    /// False alarms per hour of other speech that it allows.
    pub fn false_alarms_per_hour(self) -> f64 {
        match self {
            Self::Strict => 0.1,
            Self::Balanced => 0.5,
            Self::Keen => 2.0,
        }
    }

    /// As on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Strict => "strict",
            Self::Balanced => "balanced",
            Self::Keen => "keen",
        }
    }
}

/// Scores from which a phrase counts as said.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// The whole phrase.
    pub whole: f32,
    /// Its beginning: what a live gate acts on before the end is known.
    pub early: f32,
}

impl Limits {
    /// How sure a score is: 0.5 at the limit, rising with what is above it.
    pub fn confidence(self, score: f32) -> f32 {
        /// Scores that far above the limit are three quarters sure.
        const UNIT: f32 = 0.15;
        let above = (score - self.whole) / UNIT;
        1.0 - 0.5 * (0.5_f32).powf(above.max(0.0))
    }

    /// How probable it is that the phrase was said, if this is the highest score of a clip: 0.5 at the limit, as
    /// [`Limits::confidence`] above it, and falling below it as that rises.
    pub fn probability(self, score: f32) -> f32 {
        let mirrored = 2.0 * self.whole - score;
        if score >= self.whole { self.confidence(score) } else { 1.0 - self.confidence(mirrored) }
    }
}

/// What one strictness costs.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Working {
    /// Where it decides.
    pub limits: Limits,
    /// Share of sayings that will be missed, judged by leaving each clip out in turn.
    pub expected_miss: f32,
    /// Clips that were missed so.
    pub missed_clips: usize,
}

/// One clip: its vectors, of length 1 up to rounding, as bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Template {
    /// Rows × dim values, each a signed byte of a unit vector times 127.
    #[serde(with = "packed::bytes")]
    rows: Vec<u8>,
    /// How like other speech it is, 0 to 1.
    pub(super) common: f32,
    /// SHA-256 of the file that it was made of, hexadecimal; empty if it was none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(super) sha256: String,
}

impl Template {
    pub(super) fn new(vectors: &Vectors, sha256: &str) -> Self {
        let quantised = |row: &[f32]| {
            let mut unit = row.to_vec();
            normalise(&mut unit);
            unit.into_iter().map(quantise).collect::<Vec<u8>>()
        };
        Self { rows: vectors.iter().flat_map(quantised).collect(), common: 0.0, sha256: sha256.to_owned() }
    }

    /// Unit vectors again.
    pub(super) fn unit_rows(&self, dim: usize) -> Vec<f32> {
        let mut values: Vec<f32> = self.rows.iter().map(|byte| dequantise(*byte)).collect();
        values.chunks_exact_mut(dim.max(1)).for_each(normalise);
        values
    }
}

/// A phrase, enrolled: templates and limits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhraseProfile {
    pub(super) dim: usize,
    pub(super) hop_frames: usize,
    #[serde(default = "one")]
    pub(super) templates_per_clip: usize,
    /// Those of a clip lie together.
    pub(super) templates: Vec<Template>,
    /// In the order of [`Strictness::ALL`].
    pub(super) working: [Working; 3],
    pub(super) strictness: Strictness,
    /// Hours of other speech that the limits were found on.
    pub(super) negative_hours: f64,
}

fn one() -> usize {
    1
}

impl PhraseProfile {
    /// Number of clips that it was made of.
    pub fn clips(&self) -> usize {
        self.templates.len() / self.templates_per_clip
    }

    /// SHA-256 of the files that it was made of.
    pub fn clip_hashes(&self) -> impl Iterator<Item = &str> {
        let clips = self.templates.iter().step_by(self.templates_per_clip);
        clips.map(|template| template.sha256.as_str()).filter(|hash| !hash.is_empty())
    }

    /// The strictness that it was enrolled with.
    pub fn strictness(&self) -> Strictness {
        self.strictness
    }

    /// What another strictness would cost.
    pub fn working(&self, strictness: Strictness) -> Working {
        match strictness {
            Strictness::Strict => self.working[0],
            Strictness::Balanced => self.working[1],
            Strictness::Keen => self.working[2],
        }
    }

    /// The limits of its strictness.
    pub fn limits(&self) -> Limits {
        self.working(self.strictness).limits
    }

    /// Hours of other speech that the limits were found on.
    pub fn negative_hours(&self) -> f64 {
        self.negative_hours
    }

    /// Values per vector.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Seconds per vector.
    pub fn hop_s(&self) -> f64 {
        Vectors::new(self.dim, self.hop_frames).hop_s()
    }

    /// Aligns a stream with the templates that `wanted` says, by their number.
    pub(super) fn aligner(&self, wanted: impl Fn(usize) -> bool) -> Aligner {
        aligner_of(&self.templates, self.dim, wanted)
    }
}

pub(super) fn aligner_of(templates: &[Template], dim: usize, wanted: impl Fn(usize) -> bool) -> Aligner {
    let chosen = templates.iter().enumerate().filter(|(index, _)| wanted(*index));
    Aligner::new(chosen.map(|(_, template)| (template.unit_rows(dim), template.common)), dim)
}

impl Profile for PhraseProfile {
    const KIND: ProfileKind = ProfileKind::Phrase;

    fn check(&self) -> Result<(), String> {
        let must = |holds: bool, what: &str| if holds { Ok(()) } else { Err(what.to_owned()) };
        must((1..=4_096).contains(&self.dim), "its vectors must have 1 to 4096 values")?;
        must((1..=100).contains(&self.hop_frames), "its hop must be 1 to 100 frames")?;
        let each = self.templates_per_clip;
        must(
            (1..=MAX_VOICES).contains(&each) && self.templates.len().is_multiple_of(each),
            "each clip of a phrase has 1 to 8 templates",
        )?;
        must((MIN_CLIPS..=MAX_CLIPS).contains(&self.clips()), "a phrase has the templates of 3 to 20 clips")?;
        for template in &self.templates {
            let rows = template.rows.len() / self.dim;
            let whole = template.rows.len().is_multiple_of(self.dim);
            must(whole && (1..=MAX_ROWS).contains(&rows), "a template must have 1 to 250 whole rows")?;
            must((0.0..=1.0).contains(&template.common), "a template is like other speech from 0 to 1")?;
            let hash = &template.sha256;
            let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
            must(hash.is_empty() || is_hash, "the hash of a clip is no SHA-256")?;
        }
        for working in &self.working {
            let Limits { whole, early } = working.limits;
            must(whole.is_finite() && early.is_finite(), "its limits must be numbers")?;
            must((0.0..=1.0).contains(&working.expected_miss), "an expected miss must lie between 0 and 1")?;
        }
        must(
            self.negative_hours.is_finite() && self.negative_hours >= 0.0,
            "its hours of other speech must be a number",
        )
    }
}

/// A value of a unit vector as a signed byte.
pub(super) fn quantise(value: f32) -> u8 {
    #[expect(clippy::cast_possible_truncation, reason = "it is rounded and clamped before")]
    let byte = (value.clamp(-1.0, 1.0) * 127.0).round() as i8;
    byte.to_ne_bytes()[0]
}

/// The other way.
pub(super) fn dequantise(byte: u8) -> f32 {
    single(f64::from(i8::from_ne_bytes([byte])) / 127.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_probability_is_a_half_at_the_limit_and_rises_with_the_score() {
        let limits = Limits { whole: 0.2, early: 0.3 };
        assert!((limits.probability(0.2) - 0.5).abs() < 1e-6);
        assert!(
            (limits.probability(0.35) - 0.75).abs() < 1e-6 && (limits.probability(0.05) - 0.25).abs() < 1e-6
        );
        let rising: Vec<f32> = (-20_i16..20).map(|i| limits.probability(0.1 * f32::from(i))).collect();
        assert!(rising.is_sorted() && rising.iter().all(|p| (0.0..=1.0).contains(p)));
        assert_eq!(limits.probability(f32::MIN), 0.0);
    }
}
