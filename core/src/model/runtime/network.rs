//! A loaded network with its recurrent state.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use ort::session::builder::GraphOptimizationLevel;
use ort::session::{Session, SessionInputValue};
use ort::value::{TensorRef, ValueType};

use super::{Runtime, RuntimeError, onnx};

/// What a pack states of its network's inputs and outputs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkShape {
    /// Name of the feature input, shape `[1, frames, bands]`.
    pub input: String,
    /// Name of the probability output, shape `[1, frames, labels]`.
    pub output: String,
    /// Name of the symbolic dimension that is the number of frames per call.
    pub time_axis: String,
    /// Feature values per frame.
    pub bands: usize,
    /// Probabilities per frame.
    pub labels: usize,
    /// Recurrent states, zero at the start of a stream.
    pub states: Vec<StateShape>,
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

/// The compiled graph, shared by all streams that run it.
struct Graph {
    session: Mutex<Session>,
    /// Shape of each input in the session's order.
    input_shapes: Vec<Vec<i64>>,
    /// For each input in the session's order: the place in `Network::buffers` it is read from.
    input_slots: Vec<usize>,
    /// For each slot: the session's output that it is filled from; the feature slot has none.
    state_outputs: Vec<(usize, usize)>,
    probability_output: usize,
    probabilities: usize,
}

/// A network for a fixed number of frames per call, with the state of one stream.
///
/// [`Network::another`] gives a further stream on the same compiled graph; streams never share state.
pub struct Network {
    graph: Arc<Graph>,
    frames: usize,
    /// Slot 0 holds the features of the call, the others one state each.
    buffers: Vec<Vec<f32>>,
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network")
            .field("frames", &self.frames)
            .field("states", &(self.buffers.len() - 1))
            .finish()
    }
}

impl Network {
    /// Compiles `model` for calls of `frames` frames.
    ///
    /// # Errors
    /// [`RuntimeError::NotOnnx`] and [`RuntimeError::Load`] if the backend cannot read it, [`RuntimeError::Shape`] if its
    /// inputs or outputs are not those of `shape`, or a first call with silence does not give probabilities.
    pub fn load(
        runtime: &Runtime,
        model: &[u8],
        shape: &NetworkShape,
        frames: usize,
    ) -> Result<Self, RuntimeError> {
        let fixed = onnx::fix_dimension(model, &shape.time_axis, frames)?;
        let session = commit(runtime, &fixed)?;
        let graph = Graph::bind(session, shape, frames)?;
        let mut buffers = vec![vec![0.0; frames * shape.bands]];
        buffers.extend(shape.states.iter().map(|s| vec![0.0; s.shape.iter().product()]));
        let mut network = Self { graph: Arc::new(graph), frames, buffers };
        network.probe()?;
        Ok(network)
    }

    /// A new stream on the same compiled graph, its state zero.
    pub fn another(&self) -> Self {
        let buffers = self.buffers.iter().map(|b| vec![0.0; b.len()]).collect();
        Self { graph: Arc::clone(&self.graph), frames: self.frames, buffers }
    }

    /// Frames per call.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Back to the start of a stream.
    pub fn reset(&mut self) {
        self.buffers.iter_mut().for_each(|b| b.fill(0.0));
    }

    /// Runs one call: `features` is `frames × bands`; appends `frames × labels` probabilities to `probabilities`.
    ///
    /// # Errors
    /// [`RuntimeError::Run`] if the backend fails or `features` has another length; the state is then unchanged.
    pub fn run(&mut self, features: &[f32], probabilities: &mut Vec<f32>) -> Result<(), RuntimeError> {
        let expected = self.buffers[0].len();
        if features.len() != expected {
            return Err(RuntimeError::Run(format!(
                "{} feature values given, {expected} expected",
                features.len()
            )));
        }
        self.buffers[0].copy_from_slice(features);
        let graph = &*self.graph;
        let failed = |e: ort::Error| RuntimeError::Run(e.to_string());
        let inputs: Vec<SessionInputValue<'_>> = graph
            .input_slots
            .iter()
            .zip(&graph.input_shapes)
            .map(|(&slot, shape)| {
                let tensor = TensorRef::from_array_view((shape.as_slice(), self.buffers[slot].as_slice()))?;
                Ok(tensor.into())
            })
            .collect::<Result<_, ort::Error>>()
            .map_err(failed)?;
        let mut session = graph.session.lock().unwrap_or_else(PoisonError::into_inner);
        let outputs = session.run(inputs.as_slice()).map_err(failed)?;
        let (_, rows) = outputs[graph.probability_output].try_extract_tensor::<f32>().map_err(failed)?;
        if rows.len() != graph.probabilities {
            return Err(RuntimeError::Run(format!(
                "{} probabilities came, {} expected",
                rows.len(),
                graph.probabilities
            )));
        }
        probabilities.extend_from_slice(rows);
        drop(inputs);
        for &(slot, output) in &graph.state_outputs {
            let (_, values) = outputs[output].try_extract_tensor::<f32>().map_err(failed)?;
            let state = &mut self.buffers[slot];
            if values.len() != state.len() {
                return Err(RuntimeError::Run(format!(
                    "a state of {} values came, {} expected",
                    values.len(),
                    state.len()
                )));
            }
            state.copy_from_slice(values);
        }
        Ok(())
    }

    /// Refuses at load what would fail at the first call: wrong shapes inside, results that are no probabilities.
    fn probe(&mut self) -> Result<(), RuntimeError> {
        let silence = vec![0.0; self.buffers[0].len()];
        let mut rows = Vec::new();
        self.run(&silence, &mut rows).map_err(|e| RuntimeError::Shape(e.to_string()))?;
        if let Some(bad) = rows.iter().find(|p| !(0.0..=1.0).contains(*p)) {
            return Err(RuntimeError::Shape(format!("its output for silence is {bad}, not a probability")));
        }
        self.reset();
        Ok(())
    }
}

fn commit(runtime: &Runtime, model: &[u8]) -> Result<Session, RuntimeError> {
    let build = || -> Result<Session, ort::Error> {
        let mut builder = Session::builder(&runtime.environment)?
            // Without the highest level the embedded backend skips its own optimiser and is 30 times slower.
            .with_optimization_level(GraphOptimizationLevel::Level3)?;
        if runtime.library.is_some() {
            // One network is far too small to share among threads; files are, instead.
            builder = builder.with_intra_threads(1)?.with_inter_threads(1)?;
        }
        if let Some((provider, true)) = runtime.device.provider() {
            builder = builder.with_execution_providers([provider])?;
        }
        builder.commit_from_memory(model)
    };
    // The embedded backend can panic on graphs that it does not understand: a wrong pack must never take a host down.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(build))
        .map_err(|_| RuntimeError::Load("the backend gave up on its graph".to_owned()))?
        .map_err(|e| RuntimeError::Load(e.to_string()))
}

impl Graph {
    fn bind(session: Session, shape: &NetworkShape, frames: usize) -> Result<Self, RuntimeError> {
        let wanted_inputs: Vec<(&str, Vec<usize>)> =
            std::iter::once((shape.input.as_str(), vec![1, frames, shape.bands]))
                .chain(shape.states.iter().map(|s| (s.input.as_str(), s.shape.clone())))
                .collect();
        if session.inputs().len() != wanted_inputs.len() {
            return Err(RuntimeError::Shape(format!(
                "it has {} inputs, the pack states {}",
                session.inputs().len(),
                wanted_inputs.len()
            )));
        }
        let mut input_slots = Vec::new();
        let mut input_shapes = Vec::new();
        for input in session.inputs() {
            let slot = wanted_inputs.iter().position(|(name, _)| *name == input.name()).ok_or_else(|| {
                RuntimeError::Shape(format!("its input {:?} is not in the pack", input.name()))
            })?;
            let dims = &wanted_inputs[slot].1;
            check_dims(input.name(), input.dtype(), dims)?;
            input_slots.push(slot);
            input_shapes.push(dims.iter().map(|&d| i64::try_from(d).unwrap_or(i64::MAX)).collect());
        }
        let output = |name: &str, dims: &[usize]| {
            let found = session.outputs().iter().position(|o| o.name() == name);
            let place = found.ok_or_else(|| RuntimeError::Shape(format!("it has no output {name:?}")))?;
            check_dims(name, session.outputs()[place].dtype(), dims)?;
            Ok(place)
        };
        let probability_output = output(&shape.output, &[1, frames, shape.labels])?;
        let state_outputs = shape
            .states
            .iter()
            .enumerate()
            .map(|(i, state)| Ok((i + 1, output(&state.output, &state.shape)?)))
            .collect::<Result<_, RuntimeError>>()?;
        Ok(Self {
            session: Mutex::new(session),
            input_shapes,
            input_slots,
            state_outputs,
            probability_output,
            probabilities: frames * shape.labels,
        })
    }
}

/// Compares a stated shape with the network's; dimensions that the network leaves open fit anything.
fn check_dims(name: &str, dtype: &ValueType, wanted: &[usize]) -> Result<(), RuntimeError> {
    let ValueType::Tensor { shape, .. } = dtype else {
        return Err(RuntimeError::Shape(format!("{name:?} is not a tensor")));
    };
    let fits = shape.len() == wanted.len()
        && shape
            .iter()
            .zip(wanted)
            .all(|(&have, &want)| have < 0 || usize::try_from(have).is_ok_and(|have| have == want));
    if fits {
        return Ok(());
    }
    Err(RuntimeError::Shape(format!(
        "{name:?} has the shape {:?}, the pack states {wanted:?}",
        shape.to_vec()
    )))
}
