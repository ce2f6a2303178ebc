//! How well a detector hears: figures from scores and truth on the 10 ms grid.
//!
//! ```text
//! label file ─▶ Spans ──┐
//!                       ├─▶ Scored (one recording, one label) ─▶ evaluate ─▶ Metrics
//! pack, peer ─▶ scores ─┘
//! ```
//!
//! * A frame is *true* if its middle lies in a stretch of the label; frames whose middle is nearer than the collar to a
//!   border of the truth are left out of all frame figures, never out of onsets and silences.
//! * A frame is *called* if its score exceeds [`THRESHOLD`]. Scores are taken as they are: no smoothing, no lag.
//! * Every figure stands beside what a detector reaches that always or never calls ([`Baselines`]).
//! * A figure that is not defined (an AUC without true frames) is `None`, never 0 or 1.
//!
//! | file | what |
//! |---|---|
//! | `spans.rs` | stretches of truth, frames of truth |
//! | `rank.rs` | ROC-AUC, ROC and DET points, equal error rate |
//! | `counts.rs` | precision, recall, F1, accuracy, false alarms, baselines |
//! | `calibration.rs` | does 0.5 mean 0.5? |
//! | `borders.rs` | delay of onsets, silences found |
//! | `compare.rs` | two lists of labels against each other |
//! | `bootstrap.rs` | intervals, by drawing recordings |
//! | `metrics.rs` | all of these at once |
//! | `noise.rs` | background noise: found by SNR, error of the SNR, shortcuts |
//! | `phrase.rs` | phrases: misses against false alarms per hour, by group |
//! | `phrase_peer.rs` | what other detectors of a phrase reach on the same recordings |
//! | `tables.rs` | scores of other detectors and groups of recordings from CSV |
//! | `truth.rs` | what lies beside recordings: labels, groups, scores |
//! | `evaluation.rs`, `print.rs` | figures of many recordings, labels and detectors: as JSON, as tables |
//! | `voice.rs`, `voice_set.rs` | voices told apart: trials, EER, DET; clips of known speakers |
//! | `noise_set.rs`, `noise_print.rs` | recordings of known noise, scored; figures as tables |

mod bootstrap;
mod borders;
mod calibration;
mod compare;
mod counts;
mod error;
mod evaluation;
mod metrics;
mod noise;
mod noise_print;
mod noise_set;
mod phrase;
mod phrase_peer;
mod print;
mod rank;
mod spans;
mod tables;
#[cfg(test)]
mod tests;
mod truth;
mod voice;
mod voice_set;

/// File of a folder that says of its recordings what an evaluation must know: groups, noise, speakers.
pub const MANIFEST: &str = "manifest.csv";

pub use bootstrap::{Interval, Intervals, intervals};
pub use borders::{MIN_GAP_S, Onsets, Silences, onsets, silences};
pub use calibration::{Bin, Calibration, calibration};
pub use compare::{
    BorderErrors, ComparedLists, Comparison, Disagreement, LabelComparison, SegmentCounts, compare,
};
pub use counts::{Baselines, Counts, Rates};
pub use error::EvalError;
pub use evaluation::{EvalRecording, EvalSetup, Evaluation, LabelFigures, SystemFigures};
pub use metrics::{Metrics, Scored, evaluate};
pub use noise::{
    ERROR_RANGE_DB, NoiseFigures, NoiseGroup, NoiseItem, Shortcut, SnrError, SnrRow, noise_figures,
};
pub use noise_set::{NoiseEntry, NoiseScored, SHORTCUTS, quantile, write_noise_answers};
pub use phrase::{DetPoint, PhraseFigures, PhraseGroup, PhraseSaid, PhraseUnsaid, phrase_figures};
pub use phrase_peer::{PhraseHeard, PhraseTally};
pub use rank::{RocPoint, equal_error_rate, roc, roc_auc};
pub use spans::{Spans, Truth};
pub use tables::{Groups, PeerScores, TableError};
pub use truth::{Grouping, check_length, label_file, labels_beside, read_lists};
pub use voice::{VoiceEvaluation, VoiceFigures, VoiceTrial};
pub use voice_set::{Condition, Speaker, SpeakerClip, voice_trials};

use crate::signal::units::real;

/// A frame whose score exceeds this is called.
pub const THRESHOLD: f32 = 0.5;

/// `part / whole`, if there is a whole.
fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| real(part) / real(whole))
}
