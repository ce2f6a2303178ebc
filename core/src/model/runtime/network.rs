//! A loaded network with its recurrent state.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::backend::{Graph, Ports};
use super::{Runtime, RuntimeError};

/// What a pack states of its network's inputs and outputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkShape {
    /// Name of the feature input, shape `[1, frames, bands]`.
    pub input: String,
    /// Name of the output, shape `[1, rows, columns]`.
    pub output: String,
    /// Name of the symbolic dimension that is the number of frames per call.
    pub time_axis: String,
    /// Feature values per frame.
    pub bands: usize,
    /// Values per row of the output.
    pub columns: usize,
    /// What the rows of the output are.
    pub rows: RowKind,
    /// Recurrent states, zero at the start of a stream.
    pub states: Vec<StateShape>,
}

/// What the rows of a network's output are, and how many there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowKind {
    /// One row per frame; every value lies in 0..=1.
    Probabilities,
    /// One row per so many frames; the values are finite.
    Vectors {
        /// Frames of features that a row stands for.
        frames_per_row: usize,
    },
}

impl RowKind {
    /// Frames of features that a row stands for.
    pub fn frames_per_row(self) -> usize {
        match self {
            Self::Probabilities => 1,
            Self::Vectors { frames_per_row } => frames_per_row.max(1),
        }
    }

    /// Whether a value may stand in a row.
    fn admits(self, value: f32) -> bool {
        match self {
            Self::Probabilities => (0.0..=1.0).contains(&value),
            Self::Vectors { .. } => value.is_finite(),
        }
    }
}

/// One recurrent state: an input and the output that replaces it after a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateShape {
    /// Name of the input.
    pub input: String,
    /// Name of the output.
    pub output: String,
    /// Shape of both.
    pub shape: Vec<usize>,
}

/// A network for a fixed number of frames per call, with the state of one stream.
///
/// [`Network::another`] gives a further stream on the same compiled graph; streams never share state and may run at the
/// same time.
pub struct Network {
    graph: Arc<dyn Graph>,
    frames: usize,
    /// Feature values of one call.
    feature_values: usize,
    states: Vec<Vec<f32>>,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").field("frames", &self.frames).field("states", &self.states.len()).finish()
    }
}

impl Network {
    /// Compiles `model` for calls of `frames` frames.
    ///
    /// # Errors
    /// [`RuntimeError::NotOnnx`] and [`RuntimeError::Load`] if the backend cannot read it, [`RuntimeError::Shape`] if its
    /// inputs or outputs are not those of `shape`, or a first call with silence gives values that its rows cannot have.
    pub fn load(
        runtime: &Runtime,
        model: &[u8],
        shape: &NetworkShape,
        frames: usize,
    ) -> Result<Self, RuntimeError> {
        let ports = Ports::new(shape, frames);
        let states = ports.states();
        let compile = || runtime.backend.compile(model, ports, runtime.device);
        let graph = guarded(compile).unwrap_or_else(|| Err(RuntimeError::Load(GAVE_UP.to_owned())))?;
        let mut network =
            Self { graph: Arc::from(graph), frames, feature_values: frames * shape.bands, states };
        network.probe(shape.rows)?;
        Ok(network)
    }

    /// A new stream on the same compiled graph, its state zero.
    pub fn another(&self) -> Self {
        let states = self.states.iter().map(|s| vec![0.0; s.len()]).collect();
        Self { graph: Arc::clone(&self.graph), states, ..*self }
    }

    /// Frames per call.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Back to the start of a stream.
    pub fn reset(&mut self) {
        self.states.iter_mut().for_each(|s| s.fill(0.0));
    }

    /// Runs one call: `features` is `frames × bands`; appends the rows of the output to `rows`.
    ///
    /// # Errors
    /// [`RuntimeError::Run`] if the backend fails or `features` has another length; the state is then unchanged.
    pub fn run(&mut self, features: &[f32], rows: &mut Vec<f32>) -> Result<(), RuntimeError> {
        let expected = self.feature_values;
        if features.len() != expected {
            return Err(RuntimeError::Run(format!(
                "{} feature values given, {expected} expected",
                features.len()
            )));
        }
        guarded(|| self.graph.run(features, &mut self.states, rows))
            .unwrap_or_else(|| Err(RuntimeError::Run(GAVE_UP.to_owned())))
    }

    /// Refuses at load what would fail at the first call: wrong shapes inside, results that no row of `kind` has.
    fn probe(&mut self, kind: RowKind) -> Result<(), RuntimeError> {
        let silence = vec![0.0; self.feature_values];
        let mut rows = Vec::new();
        self.run(&silence, &mut rows).map_err(|e| RuntimeError::Shape(e.to_string()))?;
        if let Some(bad) = rows.iter().find(|value| !kind.admits(**value)) {
            let wanted = match kind {
                RowKind::Probabilities => "not a probability",
                RowKind::Vectors { .. } => "not a number",
            };
            return Err(RuntimeError::Shape(format!("its output for silence is {bad}, {wanted}")));
        }
        self.reset();
        Ok(())
    }
}

const GAVE_UP: &str = "the backend gave up on its graph";

/// A backend can panic on a graph that it does not understand: a wrong pack must never take a host down. `None` is a panic;
/// what the backend was working on is still whole, for it changes streams only when a call has succeeded.
fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}
