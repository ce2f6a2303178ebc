//! Does a score of 0.7 mean seven times in ten?

use serde::Serialize;

use super::real;

/// Number of bins.
const BINS: usize = 10;

/// Frames whose scores are alike.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Bin {
    /// Frames in the bin.
    pub frames: usize,
    /// Their mean score; `None` for an empty bin.
    pub mean_score: Option<f64>,
    /// Share of them that are true.
    pub observed: Option<f64>,
}

/// Reliability of scores read as probabilities.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Calibration {
    /// Ten bins of equal width, `[i / 10, (i + 1) / 10)`; the last one includes 1.
    pub bins: Vec<Bin>,
    /// Expected calibration error: mean of `|mean score - observed|` over the bins, weighted by frames (Naeini et al.,
    /// AAAI 2015). `None` without frames.
    pub expected_error: Option<f64>,
}

/// Bins frames of score and truth by their score.
pub fn calibration(frames: &[(f32, bool)]) -> Calibration {
    let mut sums = [(0_usize, 0.0_f64, 0_usize); BINS];
    for &(score, present) in frames {
        let bin = &mut sums[bin_of(score)];
        bin.0 += 1;
        bin.1 += f64::from(score);
        bin.2 += usize::from(present);
    }
    let bins: Vec<Bin> = sums
        .iter()
        .map(|&(frames, sum, present)| {
            let mean = |total: f64| (frames > 0).then(|| total / real(frames));
            Bin { frames, mean_score: mean(sum), observed: mean(real(present)) }
        })
        .collect();
    let off = |b: &Bin| Some((b.mean_score? - b.observed?).abs() * real(b.frames));
    let expected_error =
        (!frames.is_empty()).then(|| bins.iter().filter_map(off).sum::<f64>() / real(frames.len()));
    Calibration { bins, expected_error }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates at 0, `min` at 9"
)]
fn bin_of(score: f32) -> usize {
    ((f64::from(score) * real(BINS)) as usize).min(BINS - 1)
}
