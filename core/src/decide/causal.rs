//! The labels that are on now, without knowledge of the future.

use super::silence::CausalSilence;
use super::{Hysteresis, SILENCE_DBFS, Thresholds};
use crate::{Label, LabelSet};

/// Frames of scores in, the set of labels that are on out, at once: the causal half of the law of decision, for live audio.
///
/// Columns named `silence` or `unknown` are ignored, since both are decided here; so are repeated ones, and those from
/// [`LabelSet::MAX_LABELS`] on. Nothing allocates after [`new`](Self::new).
///
/// ```
/// use earmark_core::decide::{CausalLabels, Thresholds};
/// use earmark_core::{Label, LabelSet};
///
/// let thresholds = [Thresholds { open: 0.6, close: 0.4 }];
/// let mut labels = CausalLabels::new(&[Label::SPEECH], &thresholds, 48_000);
/// assert_eq!(labels.push(0, &[0.7], 0.01), LabelSet::label(0));
/// assert_eq!(labels.push(1, &[0.3], 0.01), LabelSet::UNKNOWN);
/// ```
#[derive(Debug, Clone)]
pub struct CausalLabels {
    /// One for each column.
    columns: Vec<Column>,
    /// How far the close thresholds have risen towards the open ones, see [`CausalLabels::raise_close`].
    close_raise: f32,
    silence: CausalSilence,
    /// In the place of what is decided.
    replaced: Option<LabelSet>,
    decided: LabelSet,
}

/// One column of the scores.
#[derive(Debug, Clone)]
struct Column {
    thresholds: Thresholds,
    hysteresis: Hysteresis,
    /// Its bit; empty for a column that is ignored.
    bit: LabelSet,
}

impl CausalLabels {
    /// For scores of `labels` at `rate_hz`, with one pair of thresholds for each; where there is none, the default.
    pub fn new(labels: &[Label], thresholds: &[Thresholds], rate_hz: u32) -> Self {
        let column = |index: usize| {
            let label = &labels[index];
            let ignored =
                *label == Label::SILENCE || *label == Label::UNKNOWN || labels[..index].contains(label);
            let thresholds = thresholds.get(index).copied().unwrap_or_default();
            let bit = if ignored { LabelSet::EMPTY } else { LabelSet::label(index) };
            Column { thresholds, hysteresis: Hysteresis::new(thresholds), bit }
        };
        Self {
            columns: (0..labels.len()).map(column).collect(),
            close_raise: 0.0,
            silence: CausalSilence::new(rate_hz, SILENCE_DBFS),
            replaced: None,
            decided: LabelSet::EMPTY,
        }
    }

    /// Another silence level, dBFS, from the next frame on.
    pub fn set_silence_dbfs(&mut self, silence_dbfs: f64) {
        self.silence.set_level_dbfs(silence_dbfs);
    }

    /// Other thresholds for a column, from the next frame on. What is on stays on.
    pub fn set_thresholds(&mut self, column: usize, thresholds: Thresholds) {
        if let Some(column) = self.columns.get_mut(column) {
            column.thresholds = thresholds;
            column.hysteresis.set_thresholds(thresholds.with_close_raised(self.close_raise));
        }
    }

    /// From the next frame on every close threshold is moved towards its open one by `share` of the way, 0 to 1.
    pub fn raise_close(&mut self, share: f32) {
        self.close_raise = share;
        for column in &mut self.columns {
            column.hysteresis.set_thresholds(column.thresholds.with_close_raised(share));
        }
    }

    /// Takes frame `frame` (one score per column, mean square over channels) and returns what is on in it: labels, or
    /// [`LabelSet::SILENCE`], or [`LabelSet::UNKNOWN`].
    pub fn push(&mut self, frame: u64, scores: &[f32], mean_square: f32) -> LabelSet {
        let silent = self.silence.push(frame, mean_square);
        let mut labels = LabelSet::EMPTY;
        // The states of the labels go on through a silence; it only covers them.
        for (column, &score) in self.columns.iter_mut().zip(scores) {
            if column.hysteresis.push(score) {
                labels = labels.union(column.bit);
            }
        }
        let found = if silent { LabelSet::SILENCE } else { labels };
        self.decided = self.replaced.unwrap_or_else(|| covered(found));
        self.decided
    }

    /// From now on `labels` are on, whatever the scores say: silence alone if it is among them, else those of them that
    /// there are, else unknown. `None` goes back to the scores with the next frame.
    pub fn replace(&mut self, labels: Option<LabelSet>) {
        let known =
            self.columns.iter().map(|column| column.bit).collect::<LabelSet>().union(LabelSet::SILENCE);
        self.replaced = labels.map(|labels| covered(labels.intersection(known)));
        if let Some(labels) = self.replaced {
            self.decided = labels;
        }
    }

    /// What is replaced, if it is.
    pub fn replaced(&self) -> Option<LabelSet> {
        self.replaced
    }

    /// The last decision.
    pub fn decided(&self) -> LabelSet {
        self.decided
    }

    /// Forgets all frames. Thresholds and what replaces the decision stay.
    pub fn reset(&mut self) {
        self.columns.iter_mut().for_each(|column| column.hysteresis.reset());
        self.silence.reset();
        self.decided = LabelSet::EMPTY;
    }
}

/// Silence covers every label, and where nothing is on it is unknown.
fn covered(labels: LabelSet) -> LabelSet {
    if labels.contains(LabelSet::SILENCE) {
        LabelSet::SILENCE
    } else if labels.is_empty() {
        LabelSet::UNKNOWN
    } else {
        labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOUD: f32 = 0.01;

    fn speech_and_music() -> CausalLabels {
        let thresholds = [Thresholds { open: 0.6, close: 0.4 }; 2];
        CausalLabels::new(&[Label::SPEECH, Label::MUSIC], &thresholds, 44_100)
    }

    #[test]
    fn thresholds_silence_and_what_is_no_number() {
        let mut labels = speech_and_music();
        let (speech, music) = (LabelSet::label(0), LabelSet::label(1));
        assert_eq!(labels.push(0, &[0.5, 0.6], LOUD), music);
        assert_eq!(labels.push(1, &[0.6, 0.5], LOUD), speech.union(music));
        assert_eq!(labels.push(2, &[f32::NAN, 0.3], LOUD), LabelSet::UNKNOWN, "a NaN closes");
        labels.push(3, &[0.9, 0.0], LOUD);
        let covered: Vec<LabelSet> = (4..15).map(|frame| labels.push(frame, &[0.5, 0.0], 0.0)).collect();
        assert_eq!(covered[8], speech, "the last 100 ms hold sound");
        assert_eq!(covered[9], LabelSet::SILENCE);
        assert_eq!(labels.push(15, &[0.5, 0.0], LOUD), speech, "it ends without a label being forgotten");
        labels.set_silence_dbfs(-20.0);
        assert_eq!(labels.push(16, &[0.5, 0.0], LOUD), LabelSet::SILENCE, "at most the level");
        labels.reset();
        assert_eq!(labels.push(0, &[0.5, 0.0], 1.0), LabelSet::UNKNOWN);
    }

    #[test]
    fn thresholds_move_while_it_runs() {
        let mut labels = speech_and_music();
        labels.push(0, &[0.6, 0.0], LOUD);
        labels.raise_close(0.5);
        assert_eq!(labels.push(1, &[0.51, 0.0], LOUD), LabelSet::label(0));
        labels.set_thresholds(0, Thresholds { open: 0.9, close: 0.1 });
        assert_eq!(labels.push(2, &[0.5, 0.0], LOUD), LabelSet::label(0), "half of the way from 0.1 to 0.9");
        assert_eq!(labels.push(3, &[0.49, 0.0], LOUD), LabelSet::UNKNOWN);
    }

    #[test]
    fn columns_that_are_decided_here_are_ignored() {
        let names = [Label::UNKNOWN, Label::SPEECH, Label::SILENCE, Label::SPEECH];
        let mut labels = CausalLabels::new(&names, &[], 16_000);
        assert_eq!(labels.push(0, &[1.0, 0.0, 1.0, 1.0], LOUD), LabelSet::UNKNOWN);
        assert_eq!(labels.push(1, &[1.0; 4], LOUD), LabelSet::label(1));
    }

    #[test]
    fn labels_can_be_replaced() {
        let mut labels = speech_and_music();
        labels.replace(Some(LabelSet::label(1).union(LabelSet::label(7))));
        assert_eq!(labels.decided(), LabelSet::label(1), "at once, and only what there is");
        assert_eq!(labels.push(0, &[1.0, 0.0], LOUD), LabelSet::label(1));
        labels.replace(Some(LabelSet::EMPTY));
        assert_eq!(labels.decided(), LabelSet::UNKNOWN);
        labels.replace(Some(LabelSet::label(0).union(LabelSet::SILENCE)));
        assert_eq!(labels.decided(), LabelSet::SILENCE);
        labels.replace(None);
        assert_eq!(labels.push(1, &[1.0, 0.0], LOUD), LabelSet::label(0));
    }
}
