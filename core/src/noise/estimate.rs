//! From frames to verdicts: one for the recording, one for each second.

use std::collections::VecDeque;

use serde::Serialize;

use crate::decide::{Hysteresis, Thresholds};
use crate::signal::level_dbfs;
use crate::signal::units::{real, single};
use crate::{FrameGrid, FrameScores, Label};

/// Frames of a window: a second.
pub(super) const WINDOW_FRAMES: usize = 100;
const _: () = assert!(WINDOW_FRAMES as u64 == FrameGrid::FRAMES_PER_SECOND);
/// So many windows with speech count for the SNR of one, itself among them if it has any: a window may be a pause.
const SPEECH_WINDOWS: usize = 3;
/// They are looked for among this many: the ratio outlasts a pause in which nothing is said.
const REMEMBERED_WINDOWS: usize = 10;
/// A window this far under the loudest speech of those holds none.
const PAUSE_BELOW_DB: f64 = 20.0;
/// At the beginning of a recording nothing is known yet: these frames do not count where there are enough others.
const WARM_UP_FRAMES: usize = 100;
/// A window is judged by what is said so many frames later: a pack that does not look ahead needs about a second until it
/// believes in a noise, and as long until it believes that it is over.
pub(super) const JUDGED_LATER_FRAMES: usize = 50;
/// The end of a window.
const END_FRAMES: usize = 30;
/// A kind is told where it is at least this probable, and twice as probable as the next.
pub const SURE: f32 = 0.6;
/// Estimates end here: what is said to be lower or higher is not better than a guess. Of the takes of the development set
/// that packs put under -8 dB half lie at -5 dB, and a tenth above 0 dB.
pub const LOWEST_SNR_DB: f64 = -10.0;
/// See [`LOWEST_SNR_DB`].
pub const HIGHEST_SNR_DB: f64 = 50.0;
/// Speech below this level is no speech, dBFS.
const SPEECH_ABOVE_DBFS: f64 = -75.0;
/// A recording whose every frame is below this level is silence: neither speech nor noise, dBFS.
const SILENT_DBFS: f32 = -90.0;
/// Levels lie in 0..=1 as (dBFS + this) / this.
const LEVEL_SPAN_DB: f64 = 120.0;

/// One second of a recording (the last may be shorter).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NoiseSecond {
    /// Start, seconds.
    pub start_s: f64,
    /// End, seconds.
    pub end_s: f64,
    /// Whether it counts as noisy; with hysteresis, so that a value at the threshold does not flutter.
    pub noisy: bool,
    /// Mean probability that noise can be heard, as it is said half a second later; never more than is said at the end of
    /// the window, so that no noise is told before it has begun.
    pub probability: f64,
    /// Speech over noise, dB; `None` where no speech is near.
    pub snr_db: Option<f64>,
    /// Level of the noise, dBFS.
    pub floor_dbfs: f64,
    /// What kind of noise, where that is sure.
    pub kind: Option<Label>,
}

/// The verdict on a recording.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NoiseEstimate {
    /// Length, seconds.
    pub duration_s: f64,
    /// Whether there is background noise.
    pub noisy: bool,
    /// The probability of it.
    pub probability: f64,
    /// Speech over noise, dB; `None` without speech.
    pub snr_db: Option<f64>,
    /// Mean level of the noise, dBFS.
    pub floor_dbfs: f64,
    /// Kind of the noise, where there is any and its kind is sure.
    pub kind: Option<Label>,
    /// Second by second.
    #[serde(skip)]
    pub windows: Vec<NoiseSecond>,
}

/// Means over some frames.
#[derive(Debug, Clone)]
struct Mean {
    speech: f64,
    noise: f64,
    kinds: Vec<f64>,
}

impl NoiseEstimate {
    pub(super) fn new(heard: &FrameScores, kinds: &[Label], thresholds: Thresholds) -> Self {
        let frames = heard.frames();
        let silent = heard.mean_square.iter().all(|&m| level_dbfs(m) < SILENT_DBFS);
        let warm = if frames >= 2 * WARM_UP_FRAMES { WARM_UP_FRAMES..frames } else { 0..frames };
        let whole = Mean::of(heard, warm.clone());
        // Levels are of the whole recording, as the true ratio is.
        let levels = Mean::of(heard, 0..frames);
        let probability = if silent { 0.0 } else { mean_probability(heard, warm) };
        let noisy = probability >= f64::from(thresholds.open);
        Self {
            duration_s: heard.duration_s(),
            noisy,
            probability,
            snr_db: if silent { None } else { ratio_db(levels.speech, levels.noise) },
            floor_dbfs: power_dbfs(levels.noise),
            kind: whole.kind(kinds).filter(|_| noisy),
            windows: windows(heard, kinds, thresholds),
        }
    }
}

fn windows(heard: &FrameScores, kinds: &[Label], thresholds: Thresholds) -> Vec<NoiseSecond> {
    let mut windows = Windows::new(thresholds);
    let starts = (0..heard.frames()).step_by(WINDOW_FRAMES);
    starts
        .map(|first| {
            let last = (first + WINDOW_FRAMES).min(heard.frames());
            windows.next(heard, first..last, first as u64, heard.duration_s(), kinds)
        })
        .collect()
}

/// What goes on from one window to the next.
#[derive(Debug, Clone)]
pub(super) struct Windows {
    gate: Hysteresis,
    /// Mean power of the speech of the last windows.
    speech: VecDeque<f64>,
}

impl Windows {
    pub(super) fn new(thresholds: Thresholds) -> Self {
        let gate = Hysteresis::new(thresholds);
        Self { gate, speech: VecDeque::with_capacity(REMEMBERED_WINDOWS + 1) }
    }

    /// The window of the frames `rows` of `heard`, which are those from `first` on of the recording; it ends at `end_s`
    /// at the latest. Behind it stand [`JUDGED_LATER_FRAMES`] more, if the recording has them.
    pub(super) fn next(
        &mut self,
        heard: &FrameScores,
        rows: std::ops::Range<usize>,
        first: u64,
        end_s: f64,
        kinds: &[Label],
    ) -> NoiseSecond {
        let end = first + rows.len() as u64;
        let mean = Mean::of(heard, rows.clone());
        let judged_to = (rows.end + JUDGED_LATER_FRAMES).min(heard.frames());
        let judged_from =
            (rows.start + JUDGED_LATER_FRAMES).min(judged_to.saturating_sub(JUDGED_LATER_FRAMES));
        let own_end = rows.end.saturating_sub(END_FRAMES).max(rows.start)..rows.end;
        if self.speech.len() == REMEMBERED_WINDOWS {
            self.speech.pop_front();
        }
        self.speech.push_back(mean.speech);
        let recent_speech = recent_speech(&self.speech);
        let silent = heard.mean_square[rows].iter().all(|&m| level_dbfs(m) < SILENT_DBFS);
        let probability = if silent {
            0.0
        } else {
            mean_probability(heard, judged_from..judged_to).min(mean_probability(heard, own_end))
        };
        let noisy = self.gate.push(single(probability));
        NoiseSecond {
            start_s: FrameGrid::seconds(first),
            end_s: FrameGrid::seconds(end).min(end_s),
            noisy,
            probability,
            snr_db: if silent { None } else { ratio_db(recent_speech, mean.noise) },
            floor_dbfs: power_dbfs(mean.noise),
            kind: mean.kind(kinds).filter(|_| noisy),
        }
    }
}

/// Mean power of the last windows that hold speech.
fn recent_speech(remembered: &VecDeque<f64>) -> f64 {
    let loudest = remembered.iter().copied().fold(0.0, f64::max);
    let least = loudest * 10.0_f64.powf(-PAUSE_BELOW_DB / 10.0);
    let spoken: Vec<f64> =
        remembered.iter().rev().copied().filter(|&s| s >= least).take(SPEECH_WINDOWS).collect();
    spoken.iter().sum::<f64>() / real(spoken.len().max(1))
}

fn mean_probability(heard: &FrameScores, frames: std::ops::Range<usize>) -> f64 {
    let count = real(frames.len().max(1));
    frames.map(|frame| f64::from(heard.row(frame)[0])).sum::<f64>() / count
}

impl Mean {
    fn of(heard: &FrameScores, frames: std::ops::Range<usize>) -> Self {
        let columns = heard.labels.len();
        let count = real(frames.len().max(1));
        let mut sums = vec![0.0; columns];
        // A kind only counts where there is noise that could be of it.
        let mut weighed = vec![0.0; columns];
        for frame in frames {
            let row = heard.row(frame);
            for (column, (&value, sum)) in row.iter().zip(&mut sums).enumerate() {
                let level = column + 2 >= columns;
                let value = f64::from(value);
                *sum += if level { 10.0_f64.powf((value - 1.0) * LEVEL_SPAN_DB / 10.0) } else { value };
                weighed[column] += f64::from(row[0]) * value;
            }
        }
        let noisiness = sums[0].max(1e-9);
        Self {
            speech: sums[columns - 2] / count,
            noise: sums[columns - 1] / count,
            kinds: weighed[1..columns - 2].iter().map(|w| w / noisiness).collect(),
        }
    }

    fn kind(&self, kinds: &[Label]) -> Option<Label> {
        let mut ranked: Vec<(f64, &Label)> = self.kinds.iter().copied().zip(kinds).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        let (best, kind) = ranked.first()?;
        let next = ranked.get(1).map_or(0.0, |r| r.0);
        (*best >= f64::from(SURE) && *best >= 2.0 * next).then(|| (*kind).clone())
    }
}

fn ratio_db(speech: f64, noise: f64) -> Option<f64> {
    (power_dbfs(speech) > SPEECH_ABOVE_DBFS)
        .then(|| (10.0 * (speech / noise.max(1e-12)).log10()).clamp(LOWEST_SNR_DB, HIGHEST_SNR_DB))
}

fn power_dbfs(power: f64) -> f64 {
    10.0 * power.max(1e-12).log10()
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [&str; 2] = ["hum", "babble"];

    fn level(dbfs: f32) -> f32 {
        (dbfs + 120.0) / 120.0
    }

    /// Frames of `[noise, hum, babble, speech level, noise level]`.
    fn heard(rows: &[[f32; 5]]) -> FrameScores {
        let names = ["noise", KINDS[0], KINDS[1], "speech_level", "noise_level"];
        let mut heard = FrameScores::new(names.map(Label::from).to_vec(), 16_000);
        for row in rows {
            heard.probabilities.extend(row);
            heard.mean_square.push(1e-3);
            heard.samples += 160;
        }
        heard
    }

    fn take(rows: &[[f32; 5]]) -> NoiseEstimate {
        let thresholds = Thresholds { open: 0.5, close: 0.3 };
        NoiseEstimate::new(&heard(rows), &KINDS.map(Label::from), thresholds)
    }

    #[test]
    fn ratios_are_those_of_mean_powers_and_kinds_count_where_there_is_noise() {
        let clean = [0.0, 0.0, 1.0, level(-20.0), level(-80.0)];
        let noisy = [1.0, 0.9, 0.1, level(-20.0), level(-30.0)];
        // Five seconds, of which the first does not count for the probability, but for the levels; half of the rest is noisy.
        let rows: Vec<[f32; 5]> = (0..500).map(|k| if k < 300 { clean } else { noisy }).collect();
        let take = take(&rows);
        assert!((take.probability - 0.5).abs() < 1e-6 && take.noisy);
        assert!((take.snr_db.unwrap() - 13.98).abs() < 0.01, "{take:?}");
        assert!((take.floor_dbfs + 33.98).abs() < 0.01);
        assert_eq!(take.kind, Some(Label::from("hum")));
        let noisy: Vec<bool> = take.windows.iter().map(|w| w.noisy).collect();
        assert_eq!(noisy, [false, false, false, true, true]);
        assert_eq!((take.windows.len(), take.windows[4].end_s), (5, 5.0));
    }

    #[test]
    fn the_ratio_outlasts_a_pause_and_is_forgotten_in_the_end() {
        let speech = [0.1, 0.0, 0.0, level(-20.0), level(-60.0)];
        let pause = [0.1, 0.0, 0.0, level(-70.0), level(-60.0)];
        let rows: Vec<[f32; 5]> = (0..1_600).map(|k| if k < 300 { speech } else { pause }).collect();
        let ratios: Vec<f64> = take(&rows).windows.iter().map(|w| w.snr_db.unwrap()).collect();
        assert!(ratios[..12].iter().all(|r| (r - 40.0).abs() < 0.01), "{ratios:?}");
        assert!(ratios[12..].iter().all(|r| (r + 10.0).abs() < 0.01), "{ratios:?}");
    }

    #[test]
    fn without_speech_there_is_no_ratio_and_silence_is_clean() {
        let hiss = take(&vec![[0.9, 0.1, 0.1, level(-100.0), level(-40.0)]; 300]);
        assert_eq!((hiss.noisy, hiss.snr_db, hiss.kind), (true, None, None));
        let mut silent = heard(&vec![[0.9, 0.9, 0.0, level(-100.0), level(-110.0)]; 300]);
        silent.mean_square.fill(0.0);
        let take = NoiseEstimate::new(&silent, &KINDS.map(Label::from), Thresholds::default());
        assert!(!take.noisy && take.probability == 0.0 && take.snr_db.is_none());
        let nothing = NoiseEstimate::new(&heard(&[]), &KINDS.map(Label::from), Thresholds::default());
        assert!(!nothing.noisy && nothing.windows.is_empty());
    }
}
