//! `pack.json`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

use super::voice::{CohortFile, VoiceCalibration};
use crate::Label;
use crate::decide::Thresholds;
use crate::features::FeatureSpec;
use crate::model::runtime::{NetworkShape, RowKind, StateShape};

/// The format that this version reads.
const FORMAT: u32 = 1;

/// Longest call that a pack may ask for, frames: a minute, so that memory stays flat.
const FRAMES_LIMIT: usize = 6_000;

/// Most values in a vector of a pack: many times what speech needs.
const VECTOR_LIMIT: usize = 4_096;

/// Most values in all states of a pack together: 64 MiB.
const STATES_LIMIT_VALUES: usize = 1 << 24;

/// What a network answers: probabilities per 10 ms frame, whose columns are the `labels`, or `vectors`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Task {
    /// Probabilities of kinds of sound.
    Activity,
    /// Background noise behind speech: its probability and that of its kinds, and the levels of both; the columns are
    /// those of [`noise`](crate::noise).
    Noise,
    /// What is said: vectors whose cosine is the likeness of two moments of speech, whoever speaks
    /// ([`embed`](crate::embed)).
    Phrase,
    /// Who speaks: vectors whose normalised sum over any stretch is the speaker of that stretch
    /// ([`embed`](crate::embed)).
    Voice,
}

impl Task {
    /// Whether the network gives vectors, and no probabilities of labels.
    pub fn is_vectors(self) -> bool {
        matches!(self, Self::Phrase | Self::Voice)
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Activity => "activity",
            Self::Noise => "noise",
            Self::Phrase => "phrase",
            Self::Voice => "voice",
        })
    }
}

/// What a pack states of its network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Version of this file's form.
    pub format: u32,
    /// Name of the pack.
    pub name: String,
    /// Version of the pack.
    pub version: String,
    /// What the network answers.
    pub task: Task,
    /// The ONNX file.
    pub model: ModelFile,
    /// The features that it was trained on.
    pub features: FeatureSpec,
    /// Name of the feature input, `[1, T, bands]`.
    pub input: String,
    /// Name of the output: probabilities `[1, T, labels]`, or vectors `[1, T / hop_frames, dim]`.
    pub output: String,
    /// Recurrent states, zero at the start of a stream.
    pub states: Vec<State>,
    /// Name of the symbolic dimension T.
    pub time_axis: String,
    /// Fewest frames per call; every call has a multiple of it.
    pub hop_frames: usize,
    /// Output row `i` is about input frame `i - lookahead_frames`; a vector `i` about the `hop_frames` frames from
    /// `i * hop_frames - lookahead_frames` on.
    pub lookahead_frames: usize,
    /// Frames per call when throughput counts, not delay.
    pub batch_frames: usize,
    /// Columns of the output; none where it is vectors.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub labels: Vec<Label>,
    /// The vectors of a pack that gives such.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vectors: Option<VectorShape>,
    /// Impostors that scores of voices are normalised by: a pack of voices has them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cohort: Option<CohortFile>,
    /// How scores of voices become probabilities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<VoiceCalibration>,
    /// Default decision thresholds by label.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub thresholds: BTreeMap<Label, Thresholds>,
    /// For files: the probability that a stretch of a label has to reach once to stay, by label
    /// ([`LabelSettings::confirm`](crate::decide::LabelSettings::confirm)). Live audio cannot wait for it.
    #[serde(alias = "sure", default, skip_serializing_if = "BTreeMap::is_empty")]
    pub confirm: BTreeMap<Label, f32>,
    /// Licence of the weights.
    pub licence: String,
    /// What it was trained on.
    pub data: Vec<DataSource>,
    /// File of the figures, beside the manifest.
    pub metrics: String,
    /// File of the card, beside the manifest.
    pub card: String,
}

/// The network's file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// Name, beside the manifest.
    pub file: String,
    /// SHA-256 in hexadecimal.
    pub sha256: String,
    /// Number of trained parameters.
    pub parameters: u64,
}

/// What an output of vectors looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VectorShape {
    /// Values per vector.
    pub dim: usize,
}

/// One recurrent state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// Name of the input.
    pub input: String,
    /// Name of the output that replaces it after a call.
    pub output: String,
    /// Shape of both.
    pub shape: Vec<usize>,
}

/// A source of training audio.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataSource {
    /// Name of the source.
    pub source: String,
    /// Its licence.
    pub licence: String,
    /// Whom to name.
    pub attribution: String,
    /// Hours used.
    pub hours: f64,
}

/// Whether a name is that of a file in the pack's own folder.
fn lies_beside(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    let plain = matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
    // Separators and drives of any system, wherever the pack is opened.
    plain && !name.contains(['/', '\\', ':'])
}

/// Values in a tensor of this shape; nothing if they cannot be counted.
fn values(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |values, &length| values.checked_mul(length))
}

impl Manifest {
    /// Reads and checks a manifest; the error is a clause that says what is wrong.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let manifest: Self = serde_json::from_str(text).map_err(|e| e.to_string())?;
        manifest.check()?;
        Ok(manifest)
    }

    /// The default decision thresholds of a label; those of [`Thresholds::default`] where the pack names none.
    pub fn thresholds_of(&self, label: &Label) -> Thresholds {
        self.thresholds.get(label).copied().unwrap_or_default()
    }

    fn check(&self) -> Result<(), String> {
        let must = |holds: bool, what: &str| if holds { Ok(()) } else { Err(what.to_owned()) };
        must(self.format == FORMAT, "its format is not 1; a newer Earmark may read it")?;
        must(lies_beside(&self.model.file), "its model file must lie beside pack.json")?;
        must(lies_beside(&self.card), "its card must lie beside pack.json")?;
        must(lies_beside(&self.metrics), "its figures must lie beside pack.json")?;
        self.check_output()?;
        must(
            self.task == Task::Voice || (self.cohort.is_none() && self.calibration.is_none()),
            "only a pack for the task \"voice\" has a cohort and a calibration",
        )?;
        must(
            self.cohort.as_ref().is_none_or(|cohort| lies_beside(&cohort.file)),
            "its cohort must lie beside pack.json",
        )?;
        self.calibration.as_ref().map_or(Ok(()), VoiceCalibration::check)?;
        must((1..=FRAMES_LIMIT).contains(&self.hop_frames), "hop_frames must be 1 to 6000")?;
        must(
            self.batch_frames <= FRAMES_LIMIT
                && self.batch_frames >= self.hop_frames
                && self.batch_frames.is_multiple_of(self.hop_frames),
            "batch_frames must be a multiple of hop_frames, at most 6000",
        )?;
        must(self.lookahead_frames <= FRAMES_LIMIT, "lookahead_frames must be at most 6000")?;
        must(
            self.state_values().is_some_and(|values| values <= STATES_LIMIT_VALUES),
            "its states are too large",
        )?;
        for (label, t) in &self.thresholds {
            must(self.labels.contains(label), "it has a threshold for a label that it does not have")?;
            must(
                (0.0..=1.0).contains(&t.open) && (0.0..=t.open).contains(&t.close),
                "thresholds must be 0 <= close <= open <= 1",
            )?;
        }
        for (label, confirm) in &self.confirm {
            must(self.labels.contains(label), "it has a threshold for a label that it does not have")?;
            must((0.0..=1.0).contains(confirm), "a confirming probability must lie between 0 and 1")?;
        }
        let twice = self.labels.iter().enumerate().any(|(i, l)| self.labels[..i].contains(l));
        must(!twice, "it has a label twice")?;
        let every_10_ms = self.features.hop.checked_mul(100) == usize::try_from(self.features.rate_hz).ok();
        must(every_10_ms, "its features do not come every 10 ms")?;
        must(
            self.features.finishes_per_frame(),
            "its features need whole windows, which a stream does not have",
        )
    }

    /// Columns are labels or vectors, as the task wants it.
    fn check_output(&self) -> Result<(), String> {
        let must = |holds: bool, what: &str| if holds { Ok(()) } else { Err(what.to_owned()) };
        let Some(vectors) = self.vectors else {
            must(
                !self.task.is_vectors(),
                "a pack for this task states its vectors: {\"vectors\": {\"dim\": D}}",
            )?;
            return must(!self.labels.is_empty(), "it has no labels");
        };
        must(self.task.is_vectors(), "a pack for this task has labels, not vectors")?;
        must((1..=VECTOR_LIMIT).contains(&vectors.dim), "the dim of its vectors must be 1 to 4096")?;
        must(
            self.labels.is_empty() && self.thresholds.is_empty() && self.confirm.is_empty(),
            "a pack of vectors has neither labels nor thresholds",
        )?;
        must(
            self.hop_frames > 0 && self.lookahead_frames.is_multiple_of(self.hop_frames),
            "lookahead_frames must be a multiple of hop_frames where the output is vectors",
        )
    }

    /// Values in all states together, if they can be counted.
    fn state_values(&self) -> Option<usize> {
        self.states.iter().try_fold(0, |sum: usize, state| sum.checked_add(values(&state.shape)?))
    }

    /// Inputs and outputs as the runtime wants them.
    pub fn network_shape(&self, bands: usize) -> NetworkShape {
        NetworkShape {
            input: self.input.clone(),
            output: self.output.clone(),
            time_axis: self.time_axis.clone(),
            bands,
            columns: self.vectors.map_or(self.labels.len(), |vectors| vectors.dim),
            rows: match self.vectors {
                Some(_) => RowKind::Vectors { frames_per_row: self.hop_frames },
                None => RowKind::Probabilities,
            },
            states: self
                .states
                .iter()
                .map(|s| StateShape {
                    input: s.input.clone(),
                    output: s.output.clone(),
                    shape: s.shape.clone(),
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::model::pack::{LIVE, Pack};

    /// The shipped live pack with one field changed.
    fn changed(pointer: &str, value: Value) -> Result<Manifest, String> {
        let mut json = serde_json::to_value(Pack::find(LIVE).unwrap().manifest()).unwrap();
        *json.pointer_mut(pointer).unwrap() = value;
        Manifest::parse(&json.to_string())
    }

    #[test]
    fn sizes_that_wrap_are_refused() {
        changed("/name", json!("renamed")).unwrap();
        // Their product is 0, or small, in 64 bits.
        let halves = json!([1_u64 << 32, 1_u64 << 32]);
        for shape in
            [halves, json!([1_u64 << 63, 2, 3]), json!([u64::MAX, u64::MAX]), json!([1 << 12, (1 << 12) + 1])]
        {
            let error = changed("/states/0/shape", shape.clone()).unwrap_err();
            assert!(error.contains("its states are too large"), "{shape}: {error}");
        }
        // Each of them would do.
        let state = json!({"input": "a", "output": "b", "shape": [1 << 23]});
        let error = changed("/states", json!([state, state, state])).unwrap_err();
        assert_eq!(error, "its states are too large");
        let rate = Pack::find(LIVE).unwrap().manifest().features.rate_hz;
        // A hundred times this is the right hop in 64 bits, were it let round.
        let hop = (u128::from(u64::MAX) + 1) / 4 + u128::from(rate / 100);
        let error = changed("/features/hop", json!(u64::try_from(hop).unwrap())).unwrap_err();
        assert!(error.contains("every 10 ms"), "{error}");
    }

    /// The live pack as one of vectors, with one field more or changed.
    fn vectors(key: &str, value: Value) -> Result<Manifest, String> {
        let mut json = serde_json::to_value(Pack::find(LIVE).unwrap().manifest()).unwrap();
        let fields = json.as_object_mut().unwrap();
        for unwanted in ["labels", "thresholds", "confirm"] {
            fields.remove(unwanted);
        }
        fields.insert("task".to_owned(), json!("phrase"));
        fields.insert("vectors".to_owned(), json!({"dim": 48}));
        fields.insert(key.to_owned(), value);
        Manifest::parse(&json.to_string())
    }

    #[test]
    fn vectors_stand_in_the_place_of_labels() {
        let manifest = vectors("task", json!("voice")).unwrap();
        assert_eq!((manifest.task, manifest.vectors), (Task::Voice, Some(VectorShape { dim: 48 })));
        let shape = manifest.network_shape(64);
        assert_eq!((shape.columns, shape.rows), (48, RowKind::Vectors { frames_per_row: 4 }));
        let again = Manifest::parse(&serde_json::to_string(&manifest).unwrap()).unwrap();
        assert_eq!(again, manifest);
        for (key, value, reason) in [
            ("task", json!("activity"), "has labels, not vectors"),
            ("vectors", Value::Null, "states its vectors"),
            ("vectors", json!({"dim": 0}), "must be 1 to 4096"),
            ("vectors", json!({"dim": 5_000}), "must be 1 to 4096"),
            ("vectors", json!({"dim": 64, "hop": 4}), "unknown field"),
            ("labels", json!(["speech"]), "neither labels nor thresholds"),
            ("lookahead_frames", json!(6), "must be a multiple of hop_frames"),
            ("hop_frames", json!(0), "must be a multiple of hop_frames"),
        ] {
            let error = vectors(key, value.clone()).unwrap_err();
            assert!(error.contains(reason), "{key} {value}: {error}");
        }
        let error = changed("/labels", json!([])).unwrap_err();
        assert!(error.contains("it has no labels"), "{error}");
    }

    #[test]
    fn every_file_lies_beside_the_manifest() {
        for pointer in ["/model/file", "/card", "/metrics"] {
            for name in ["../secret", "/etc/passwd", "..", ".", "", "a/b", "a\\b", "C:card.md"] {
                let error = changed(pointer, json!(name)).unwrap_err();
                assert!(error.contains("beside pack.json"), "{pointer} {name:?}: {error}");
            }
        }
    }
}
