//! Recordings of known noise: read from a manifest, scored one by one.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::{EvalError, MANIFEST, NoiseItem, TableError, real};
use crate::audio::read_mono;
use crate::features;
use crate::noise::{NoiseEstimate, SnrEstimator};

/// What classifiers that know nothing of noise look at: the [`shortcuts`](NoiseItem::shortcuts) of [`NoiseEntry::score`].
pub const SHORTCUTS: [&str; 4] = ["lowest log-mel value", "mean log-mel value", "rms level", "duration"];

/// A recording of known noise.
#[derive(Debug, Clone, PartialEq)]
pub struct NoiseEntry {
    /// The file.
    pub path: PathBuf,
    /// True ratio of speech to noise; `None`: clean.
    pub true_snr_db: Option<f64>,
    /// Its group in each way of grouping.
    pub groups: BTreeMap<String, String>,
}

/// What was said of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct NoiseScored {
    /// The file.
    pub path: PathBuf,
    /// What the figures are made of.
    pub item: NoiseItem,
    /// The verdict.
    pub estimate: NoiseEstimate,
    /// Largest change of the probability by a gain.
    pub moved: f64,
}

impl NoiseEntry {
    /// The recordings that the `manifest.csv` of a folder lists: columns `file`, `snr_db` (empty: clean), and any others, by
    /// which they are grouped.
    ///
    /// # Errors
    /// [`EvalError`] if there is none or it is not of that form.
    pub fn read_manifest(folder: &Path) -> Result<Vec<Self>, EvalError> {
        let path = folder.join(MANIFEST);
        if !path.is_file() {
            return Err(EvalError::NoManifest { folder: folder.to_owned() });
        }
        let text = std::fs::read_to_string(&path)
            .map_err(|source| EvalError::Read { path: path.clone(), source })?;
        Self::parse_manifest(&text, folder).map_err(|source| EvalError::Table { path, source })
    }

    fn parse_manifest(text: &str, folder: &Path) -> Result<Vec<Self>, TableError> {
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let head = reader.headers().map_err(|e| TableError::from_csv(&e))?.clone();
        let column = |name: &str| {
            head.iter().position(|h| h == name).ok_or_else(|| TableError::Column(name.to_owned()))
        };
        let (file, snr) = (column("file")?, column("snr_db")?);
        let mut entries = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|e| TableError::from_csv(&e))?;
            let line = record.position().map_or(0, csv::Position::line);
            let cell = |index: usize| record.get(index).unwrap_or_default().trim();
            let true_snr_db = match cell(snr) {
                "" => None,
                text => match text.parse::<f64>() {
                    Ok(value) if value.is_finite() => Some(value),
                    _ => {
                        let what = format!("snr_db {text:?} of {} is not a number", cell(file));
                        return Err(TableError::Csv { line, what });
                    }
                },
            };
            let groups = head.iter().enumerate().filter(|(index, _)| ![file, snr].contains(index));
            let groups = groups.map(|(index, name)| (name.to_owned(), cell(index).to_owned())).collect();
            entries.push(Self { path: folder.join(cell(file)), true_snr_db, groups });
        }
        Ok(entries)
    }

    /// What a pack says of it, at its own level and with each of `gains_db`.
    ///
    /// # Errors
    /// [`EvalError`] if it cannot be read, has no samples or the network fails.
    pub fn score(&self, estimator: &SnrEstimator, gains_db: &[f64]) -> Result<NoiseScored, EvalError> {
        let spec = &estimator.pack().manifest().features;
        let samples = read_mono(&self.path, spec.rate_hz)?;
        if samples.is_empty() {
            return Err(EvalError::NoSamples { path: self.path.clone() });
        }
        let failed = |source| EvalError::Detect { path: self.path.clone(), source };
        let estimate = estimator.hear_samples(&samples, spec.rate_hz).map_err(failed)?;
        let mut moved = 0.0_f64;
        for &gain_db in gains_db {
            #[expect(clippy::cast_possible_truncation, reason = "a gain needs no more than f32")]
            let gain = 10.0_f64.powf(gain_db / 20.0) as f32;
            let changed: Vec<f32> = samples.iter().map(|s| s * gain).collect();
            let other = estimator.hear_samples(&changed, spec.rate_hz).map_err(failed)?;
            moved = moved.max((other.probability - estimate.probability).abs());
        }
        let seen = features::compute(spec, &samples).map_err(|e| failed(e.into()))?.values;
        let power: f64 = samples.iter().map(|&s| f64::from(s) * f64::from(s)).sum();
        let shortcuts = vec![
            f64::from(seen.iter().copied().fold(f32::INFINITY, f32::min)),
            seen.iter().map(|&v| f64::from(v)).sum::<f64>() / real(seen.len()),
            10.0 * (power / real(samples.len())).max(1e-20).log10(),
            estimate.duration_s,
        ];
        let item = NoiseItem {
            true_snr_db: self.true_snr_db,
            probability: estimate.probability,
            noisy: estimate.noisy,
            snr_db: estimate.snr_db,
            shortcuts,
            groups: self.groups.clone(),
        };
        Ok(NoiseScored { path: self.path.clone(), item, estimate, moved })
    }
}

/// What was said of each recording, as CSV.
///
/// # Errors
/// Those of `out`.
pub fn write_noise_answers(scored: &[NoiseScored], out: &mut dyn io::Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(["file", "true_snr_db", "noisy", "probability", "snr_db", "floor_dbfs", "kind"])?;
    for one in scored {
        let t = &one.estimate;
        let optional = |v: Option<f64>| v.map_or(String::new(), |v| format!("{v:.2}"));
        writer.write_record([
            one.path.display().to_string(),
            optional(one.item.true_snr_db),
            t.noisy.to_string(),
            format!("{:.4}", t.probability),
            optional(t.snr_db),
            format!("{:.2}", t.floor_dbfs),
            t.kind.as_ref().map_or(String::new(), ToString::to_string),
        ])?;
    }
    writer.flush()
}

/// The smallest of `values` that at least the share `share` of them does not exceed; 0 if there are none.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rank below the number of values"
)]
pub fn quantile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * real(sorted.len())).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_says_what_is_clean_and_what_is_wrong() {
        let folder = Path::new("set");
        let entries =
            NoiseEntry::parse_manifest("file,snr_db,room\na.wav,,hall\nb/c.wav,-2.5,\n", folder).unwrap();
        assert_eq!(entries.len(), 2);
        assert_eq!((entries[0].true_snr_db, entries[1].true_snr_db), (None, Some(-2.5)));
        assert_eq!(entries[1].path, folder.join("b/c.wav"));
        assert_eq!(entries[0].groups, [("room".to_owned(), "hall".to_owned())].into());
        let said = |text| NoiseEntry::parse_manifest(text, folder).unwrap_err().to_string();
        assert!(said("file,snr\na.wav,3\n").contains("snr_db"));
        assert!(
            said("file,snr_db\na.wav,loud\n").contains("line 2")
                && said("file,snr_db\na.wav,inf\n").contains("a.wav")
        );
        assert!(NoiseEntry::read_manifest(Path::new("/nonexistent")).is_err());
    }

    #[test]
    fn quantiles_are_values() {
        let values = [3.0, 1.0, 2.0, 4.0];
        assert_eq!((quantile(&values, 1.0), quantile(&values, 0.5), quantile(&values, 0.0)), (4.0, 2.0, 1.0));
        assert_eq!(quantile(&[], 0.5), 0.0);
    }
}
