//! How well noise is found and measured, recording by recording.
//!
//! Each recording is clean or has a true SNR. Figures by SNR hold the recordings nearest to a multiple of 5 dB against all
//! clean ones. Beside them stand classifiers that know nothing of noise ([`Shortcut`]): a set on which one of those does
//! well measures the set, not the pack.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{real, roc_auc, share};

/// Width of a group of ratios, dB.
const STEP_DB: f64 = 5.0;
/// The ratios over which errors are summed up, dB.
pub const ERROR_RANGE_DB: (f64, f64) = (-5.0, 25.0);

/// One recording.
#[derive(Debug, Clone, PartialEq)]
pub struct NoiseItem {
    /// True ratio; `None`: clean.
    pub true_snr_db: Option<f64>,
    /// Probability of noise.
    pub probability: f64,
    /// Whether it was called noisy.
    pub noisy: bool,
    /// Estimated ratio; `None`: no speech was found.
    pub snr_db: Option<f64>,
    /// What the shortcuts look at, in their order.
    pub shortcuts: Vec<f64>,
    /// Its group in each way of grouping.
    pub groups: BTreeMap<String, String>,
}

/// Recordings of about one ratio.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SnrRow {
    /// The ratio in the middle, dB.
    pub snr_db: f64,
    /// Recordings.
    pub recordings: usize,
    /// Share that was called noisy.
    pub found: Option<f64>,
    /// Against all clean recordings.
    pub roc_auc: Option<f64>,
    /// Mean probability.
    pub mean_probability: Option<f64>,
    /// Error of the estimated ratio.
    pub error: SnrError,
}

/// Error of the estimated ratio.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SnrError {
    /// Recordings that have an estimate.
    pub recordings: usize,
    /// Mean absolute error, dB.
    pub mae_db: Option<f64>,
    /// Mean error, dB; above 0: estimated too high.
    pub bias_db: Option<f64>,
}

/// A classifier by one number that should know nothing.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Shortcut {
    /// What it looks at.
    pub name: String,
    /// Mean of the shares right among clean and among noisy, with the best threshold on this very set.
    pub balanced_accuracy: Option<f64>,
}

/// Recordings of one group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NoiseGroup {
    /// Name of the group.
    pub name: String,
    /// Clean recordings, and the share of them that was called noisy.
    pub clean: usize,
    /// See `clean`.
    pub false_alarms: Option<f64>,
    /// Noisy recordings, and the share of them that was called noisy.
    pub noisy: usize,
    /// See `noisy`.
    pub found: Option<f64>,
    /// By ratio, against all clean recordings of the set.
    pub by_snr: Vec<SnrRow>,
}

/// All figures of a set.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NoiseFigures {
    /// Recordings.
    pub recordings: usize,
    /// Share that is noisy: what answering always "noisy" gets right.
    pub base_rate: Option<f64>,
    /// Share right.
    pub accuracy: Option<f64>,
    /// Mean of the shares right among clean and among noisy.
    pub balanced_accuracy: Option<f64>,
    /// Share of the clean recordings that was called noisy.
    pub false_alarms: Option<f64>,
    /// All noisy against all clean.
    pub roc_auc: Option<f64>,
    /// Error of the estimated ratio within [`ERROR_RANGE_DB`].
    pub error: SnrError,
    /// By ratio.
    pub by_snr: Vec<SnrRow>,
    /// Classifiers that know nothing of noise.
    pub shortcuts: Vec<Shortcut>,
    /// Way of grouping, then its groups.
    pub groups: BTreeMap<String, Vec<NoiseGroup>>,
}

/// The figures of a set; `shortcuts` names what the items' shortcuts look at.
pub fn noise_figures(items: &[NoiseItem], shortcuts: &[&str]) -> NoiseFigures {
    let clean: Vec<&NoiseItem> = items.iter().filter(|i| i.true_snr_db.is_none()).collect();
    let noisy: Vec<&NoiseItem> = items.iter().filter(|i| i.true_snr_db.is_some()).collect();
    let (alarms, hits) = (called_noisy(&clean), called_noisy(&noisy));
    let right = hits + clean.len() - alarms;
    let found = share(hits, noisy.len());
    let false_alarms = share(alarms, clean.len());
    let in_range = noisy.iter().copied().filter(|i| {
        i.true_snr_db.is_some_and(|t| (ERROR_RANGE_DB.0..=ERROR_RANGE_DB.1).contains(&rounded(t, 1.0)))
    });
    NoiseFigures {
        recordings: items.len(),
        base_rate: share(noisy.len(), items.len()),
        accuracy: share(right, items.len()),
        balanced_accuracy: found.zip(false_alarms).map(|(f, a)| f64::midpoint(f, 1.0 - a)),
        false_alarms,
        roc_auc: auc(&noisy, &clean),
        error: error(in_range),
        by_snr: by_snr(&noisy, &clean),
        shortcuts: shortcuts
            .iter()
            .enumerate()
            .map(|(index, name)| Shortcut {
                name: (*name).to_owned(),
                balanced_accuracy: best_threshold(&noisy, &clean, index),
            })
            .collect(),
        groups: groups(items, &clean),
    }
}

fn called_noisy(items: &[&NoiseItem]) -> usize {
    items.iter().filter(|item| item.noisy).count()
}

fn groups(items: &[NoiseItem], all_clean: &[&NoiseItem]) -> BTreeMap<String, Vec<NoiseGroup>> {
    let mut members: BTreeMap<String, BTreeMap<String, Vec<&NoiseItem>>> = BTreeMap::new();
    for item in items {
        for (way, group) in item.groups.iter().filter(|(_, group)| !group.is_empty()) {
            members.entry(way.clone()).or_default().entry(group.clone()).or_default().push(item);
        }
    }
    let one = |(name, of): (String, Vec<&NoiseItem>)| {
        let (noisy, clean): (Vec<&NoiseItem>, Vec<&NoiseItem>) =
            of.into_iter().partition(|i| i.true_snr_db.is_some());
        NoiseGroup {
            name,
            false_alarms: share(called_noisy(&clean), clean.len()),
            clean: clean.len(),
            found: share(called_noisy(&noisy), noisy.len()),
            noisy: noisy.len(),
            by_snr: by_snr(&noisy, all_clean),
        }
    };
    members.into_iter().map(|(way, groups)| (way, groups.into_iter().map(one).collect())).collect()
}

fn by_snr(noisy: &[&NoiseItem], clean: &[&NoiseItem]) -> Vec<SnrRow> {
    let mut rows: BTreeMap<i64, Vec<&NoiseItem>> = BTreeMap::new();
    for item in noisy {
        if let Some(snr_db) = item.true_snr_db {
            rows.entry(place(snr_db)).or_default().push(item);
        }
    }
    rows.into_iter()
        .map(|(place, of)| SnrRow {
            snr_db: STEP_DB * small(place),
            recordings: of.len(),
            found: share(called_noisy(&of), of.len()),
            roc_auc: auc(&of, clean),
            mean_probability: mean(of.iter().map(|i| i.probability)),
            error: error(of.iter().copied()),
        })
        .collect()
}

#[expect(clippy::cast_possible_truncation, reason = "ratios lie within some hundred dB; `as` saturates")]
fn place(snr_db: f64) -> i64 {
    (snr_db / STEP_DB).round() as i64
}

#[expect(clippy::cast_precision_loss, reason = "a count of steps of 5 dB")]
fn small(place: i64) -> f64 {
    place as f64
}

fn rounded(value: f64, step: f64) -> f64 {
    (value / step).round() * step
}

#[expect(clippy::cast_possible_truncation, reason = "a score needs no more than f32")]
fn auc(noisy: &[&NoiseItem], clean: &[&NoiseItem]) -> Option<f64> {
    let with =
        |of: &[&NoiseItem], truth| of.iter().map(|i| (i.probability as f32, truth)).collect::<Vec<_>>();
    let mut scored = with(noisy, true);
    scored.extend(with(clean, false));
    roc_auc(&scored)
}

fn error<'a>(items: impl Iterator<Item = &'a NoiseItem>) -> SnrError {
    let errors: Vec<f64> =
        items.filter_map(|i| i.true_snr_db.zip(i.snr_db).map(|(truth, said)| said - truth)).collect();
    SnrError {
        recordings: errors.len(),
        mae_db: mean(errors.iter().map(|e| e.abs())),
        bias_db: mean(errors.iter().copied()),
    }
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> Option<f64> {
    let count = values.len();
    (count > 0).then(|| values.sum::<f64>() / real(count))
}

/// Best balanced accuracy of one number against a threshold, either way round.
fn best_threshold(noisy: &[&NoiseItem], clean: &[&NoiseItem], index: usize) -> Option<f64> {
    let value = |i: &&NoiseItem| i.shortcuts.get(index).copied();
    let mut values: Vec<(f64, bool)> = noisy.iter().filter_map(|i| Some((value(i)?, true))).collect();
    values.extend(clean.iter().filter_map(|i| Some((value(i)?, false))));
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let positives = values.iter().filter(|v| v.1).count();
    let negatives = values.len() - positives;
    if positives == 0 || negatives == 0 {
        return None;
    }
    let (mut above, mut below, mut best) = (0, 0, 0.5_f64);
    for (at, &(x, noisy)) in values.iter().enumerate() {
        if noisy {
            above += 1;
        } else {
            below += 1;
        }
        // A threshold can only lie between different values.
        if values.get(at + 1).is_some_and(|next| next.0.total_cmp(&x).is_eq()) {
            continue;
        }
        let accuracy = f64::midpoint(real(above) / real(positives), 1.0 - real(below) / real(negatives));
        best = best.max(accuracy).max(1.0 - accuracy);
    }
    Some(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(true_snr_db: Option<f64>, probability: f64, snr_db: f64, level: f64) -> NoiseItem {
        NoiseItem {
            true_snr_db,
            probability,
            noisy: probability >= 0.5,
            snr_db: Some(snr_db),
            shortcuts: vec![level],
            groups: [("room".to_owned(), if level > 0.0 { "yes" } else { "" }.to_owned())].into(),
        }
    }

    #[test]
    fn figures_are_those_worked_out_by_hand() {
        let items = [
            item(None, 0.1, 45.0, 1.0),
            item(None, 0.6, 25.0, 2.0),
            item(Some(10.2), 0.9, 12.2, 3.0),
            item(Some(9.0), 0.4, 8.0, 4.0),
            item(Some(21.0), 0.7, 18.0, -5.0),
        ];
        let f = noise_figures(&items, &["level"]);
        assert_eq!((f.recordings, f.base_rate, f.accuracy), (5, Some(0.6), Some(0.6)));
        assert_eq!(f.false_alarms, Some(0.5));
        // 0.9 and 0.7 beat both clean ones, 0.4 one of them: 5 of 6 pairs.
        assert!((f.roc_auc.unwrap() - 5.0 / 6.0).abs() < 1e-12);
        assert!((f.error.mae_db.unwrap() - 2.0).abs() < 1e-9 && f.error.recordings == 3);
        assert!((f.error.bias_db.unwrap() + 2.0 / 3.0).abs() < 1e-9);
        let rows: Vec<(f64, usize)> = f.by_snr.iter().map(|r| (r.snr_db, r.recordings)).collect();
        assert_eq!(rows, [(10.0, 2), (20.0, 1)]);
        assert_eq!(f.by_snr[0].found, Some(0.5));
        // Above 2.5 two of three noisy ones and no clean one.
        assert!((f.shortcuts[0].balanced_accuracy.unwrap() - 5.0 / 6.0).abs() < 1e-12);
        let room = &f.groups["room"];
        assert_eq!((room.len(), room[0].name.as_str(), room[0].clean, room[0].noisy), (1, "yes", 2, 2));
    }

    #[test]
    fn what_is_not_defined_is_none() {
        let f = noise_figures(&[item(None, 0.1, 45.0, 1.0)], &["level"]);
        assert_eq!((f.roc_auc, f.shortcuts[0].balanced_accuracy, f.error.mae_db), (None, None, None));
        assert_eq!(noise_figures(&[], &[]).accuracy, None);
    }
}
