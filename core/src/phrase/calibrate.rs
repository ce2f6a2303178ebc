//! Limits from speech that is not the phrase: how high its scores get, and how rarely they would get higher.
//!
//! The highest scores of other speech, one a second at most, thin out exponentially. What lies above the [`TAIL`] highest of
//! them but one gives the scale of that tail, and the tail the score that is reached as rarely as is allowed, which an hour
//! of negatives alone could not tell for one false alarm in ten hours. Where the pack says what other phrases needed, the limit
//! lies three quarters of the way from the tail's to that.

use super::law::{Aligner, Likeness, MOST_COMMON};
use super::negatives::Negatives;
use super::profile::{Limits, Strictness, Template, aligner_of};
use super::spotter::hops_in;
use super::usual::UsualLimits;
use crate::signal::units::{real, single};

/// Peaks that the tail is fitted to: so many, but no more than a tenth of all.
const TAIL: usize = 60;
const TAIL_PART: usize = 10;
/// Peaks that say how like other speech a template is.
const COMMON_PEAKS: usize = 20;
/// Of one stretch of this length only the highest score counts: matches that overlap are one.
const PEAK_EVERY_S: f64 = 1.0;
/// A tail is never thought to be thinner than this per factor e: a few negatives may be alike by chance.
const LEAST_SCALE: f64 = 0.01;
/// A live gate that acts on the beginning of a phrase may do so more often in vain, by this factor: each time costs a fraction of
/// a second of what should go on air, and a beginning that is known late is on air already.
const EARLY_FALSE_ALARMS: f64 = 100.0;
/// Share of what other phrases needed in a limit. Over 21 enrolments (7 phrases, 3 to 10 clips) limits for 0.5 false alarms an hour
/// brought 0.6 in the median with this share, 0.9 with a half, 2.0 with none, on ten hours that they were not found on (in the
/// training project's twin of this law; what others needed is measured with this one since `phrase` 1.2.1).
const USUAL_SHARE: f64 = 0.75;
/// No limit lies below this. Few clips agree by chance more seldom than one alone reaches its `common`, so limits of three may
/// lie below 0; far below, nothing is left of a likeness.
const LEAST_LIMIT: f64 = -0.2;

/// At most so many peaks, but no more than a tenth of all.
fn highest_of(peaks: usize, most: usize) -> usize {
    most.min(peaks.div_ceil(TAIL_PART))
}

/// The tail of the scores of other speech.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Tail {
    /// Where it begins.
    from: f64,
    /// Peaks above that, per hour.
    per_hour: f64,
    /// Its mean above that.
    scale: f64,
}

impl Tail {
    /// Of peaks in so many hours.
    pub(super) fn fit(mut peaks: Vec<f64>, hours: f64) -> Self {
        peaks.retain(|peak| peak.is_finite());
        peaks.sort_unstable_by(|a, b| b.total_cmp(a));
        let above = highest_of(peaks.len(), TAIL).min(peaks.len().saturating_sub(1));
        let from = peaks.get(above).copied().unwrap_or(0.0);
        let sum: f64 = peaks.iter().take(above).map(|peak| peak - from).sum();
        let scale = (sum / real(above.max(1))).max(LEAST_SCALE);
        Self { from, per_hour: real(above.max(1)) / hours.max(1e-3), scale }
    }

    /// The score that is reached so often in an hour.
    pub(super) fn limit(self, false_alarms_per_hour: f64) -> f64 {
        self.from + self.scale * (self.per_hour / false_alarms_per_hour).ln()
    }

    /// How often in an hour a score is reached; above the tail's begin only.
    #[cfg(test)]
    fn reached_per_hour(self, score: f64) -> f64 {
        self.per_hour * ((self.from - score) / self.scale).exp()
    }
}

/// How like other speech each template is: the mean of its highest scores there, a second apart.
pub(super) fn commons(templates: &[Template], dim: usize, negatives: &Negatives) -> Vec<f32> {
    let common = |index: usize| {
        let mut peaks = peaks(&mut aligner_of(templates, dim, |other| other == index), negatives).0;
        peaks.sort_unstable_by(|a, b| b.total_cmp(a));
        let highest = &peaks[..highest_of(peaks.len(), COMMON_PEAKS)];
        let mean = highest.iter().sum::<f64>() / real(highest.len().max(1));
        single(mean).clamp(0.0, MOST_COMMON)
    };
    (0..templates.len()).map(common).collect()
}

/// The tails of whole phrases and of their beginnings over `negatives`.
pub(super) fn tails(aligner: &mut Aligner, negatives: &Negatives) -> (Tail, Tail) {
    let (whole, early) = peaks(aligner, negatives);
    let hours = negatives.hours();
    (Tail::fit(whole, hours), Tail::fit(early, hours))
}

/// The highest scores of whole phrases and of their beginnings, of each second of `negatives`.
fn peaks(aligner: &mut Aligner, negatives: &Negatives) -> (Vec<f64>, Vec<f64>) {
    let (mut whole, mut early) = (Vec::new(), Vec::new());
    for vectors in &negatives.stretches {
        aligner.reset();
        let every = hops_in(PEAK_EVERY_S, vectors.hop_s());
        let mut peaks = (f32::MIN, f32::MIN);
        let mut hops = 0;
        for row in vectors.iter() {
            let Likeness { whole: found, prefix } = aligner.push(row);
            peaks = (peaks.0.max(found.score), peaks.1.max(prefix.score));
            hops += 1;
            if hops == every {
                whole.push(f64::from(peaks.0));
                early.push(f64::from(peaks.1));
                peaks = (f32::MIN, f32::MIN);
                hops = 0;
            }
        }
    }
    aligner.reset();
    (whole, early)
}

/// The limits of a strictness for a phrase of so many clips.
pub(super) fn limits(
    tails: (Tail, Tail),
    usual: Option<&UsualLimits>,
    clips: usize,
    strictness: Strictness,
) -> Limits {
    let allowed = strictness.false_alarms_per_hour();
    let own = tails.0.limit(allowed);
    let whole = usual.map_or(own, |usual| own + USUAL_SHARE * (usual.limit(clips, allowed) - own));
    // So often in an hour that the hour tells it itself.
    let early = tails.1.limit(EARLY_FALSE_ALARMS * allowed);
    Limits { whole: single(whole.max(LEAST_LIMIT)), early: single(early.max(LEAST_LIMIT)) }
}

/// The share of sayings under `limit`, if their scores are as those of the clips that were left out: of a normal
/// distribution, but never less than half a clip where one was missed.
pub(super) fn expected_miss(left_out: &[f32], limit: f32) -> (f32, usize) {
    let scores: Vec<f64> = left_out.iter().map(|score| f64::from(*score)).collect();
    let count = real(scores.len().max(1));
    let mean = scores.iter().sum::<f64>() / count;
    let variance = scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / (count - 1.0).max(1.0);
    let missed = left_out.iter().filter(|score| **score < limit).count();
    // Few clips tell little of their spread.
    let deviation = variance.sqrt().max(0.03);
    let modelled = normal_below((f64::from(limit) - mean) / deviation);
    let counted = if missed == 0 { 0.0 } else { (real(missed) - 0.5) / count };
    (single(modelled.max(counted).clamp(0.0, 1.0)), missed)
}

/// The share of a standard normal distribution below `z`, to 1e-4 (Abramowitz and Stegun 26.2.17).
fn normal_below(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let series = [0.319_381_53, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let tail = series.iter().rev().fold(0.0, |sum, factor| (sum + factor) * t);
    let above = tail * (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    if z >= 0.0 { 1.0 - above } else { above }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exponential_tail_is_found_and_followed_beyond_the_data() {
        // Peaks of an exponential distribution at its quantiles: 720 of them in 0.2 h, with a scale of 0.03.
        let scale = 0.03;
        let peaks: Vec<f64> = (0..720).map(|i| -scale * ((f64::from(i) + 0.5) / 720.0).ln()).collect();
        let tail = Tail::fit(peaks, 0.2);
        // Once in two hours: a probability of 1 / 7200 a second.
        let limit = tail.limit(0.5);
        let truth = scale * 7_200_f64.ln();
        assert!((limit - truth).abs() < 0.05 * truth, "{limit} {truth}");
        assert!((tail.reached_per_hour(limit) - 0.5).abs() < 1e-9);
        assert!(tail.limit(0.1) > limit && tail.limit(2.0) < limit);
    }

    #[test]
    fn few_or_no_peaks_still_give_a_limit() {
        for peaks in [vec![], vec![0.1], vec![f64::NAN, 0.1, 0.1]] {
            let limit = Tail::fit(peaks.clone(), 0.01).limit(0.5);
            assert!(limit.is_finite(), "{peaks:?}: {limit}");
        }
    }

    #[test]
    fn misses_are_counted_and_modelled() {
        let scores = [0.60, 0.56, 0.64, 0.58, 0.62];
        let (miss, missed) = expected_miss(&scores, 0.4);
        assert!(missed == 0 && miss < 0.001, "{miss}");
        let (miss, missed) = expected_miss(&scores, 0.6);
        assert!(missed == 2 && (0.3..0.6).contains(&miss), "{miss}");
        assert_eq!(expected_miss(&scores, 1.0).1, 5);
        for (z, share) in [(0.0, 0.5), (1.645, 0.95), (-2.326, 0.01), (6.0, 1.0)] {
            assert!((normal_below(z) - share).abs() < 1e-4, "{z}");
        }
    }
}
