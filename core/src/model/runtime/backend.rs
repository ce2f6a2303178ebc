//! What a backend offers, and what every network is held against before it runs.

use std::path::Path;

use super::{Device, NetworkShape, RuntimeError};

/// A way to run networks.
pub(super) trait Backend: Send + Sync {
    /// The library that was named for it; none for the embedded one.
    fn library(&self) -> Option<&Path>;

    /// Whether networks can run on `device`.
    fn offers(&self, device: Device) -> bool;

    /// Compiles the ONNX file `model` for calls with the shapes of `ports`.
    fn compile(&self, model: &[u8], ports: Ports, device: Device) -> Result<Box<dyn Graph>, RuntimeError>;
}

/// A compiled network, shared by all streams that run it.
pub(super) trait Graph: Send + Sync {
    /// Runs one call on `features` and `states`, which are the inputs in the order of [`Ports::inputs`]. Appends the
    /// rows of the output and puts each new state in the place of the old; after an error both are as they were.
    fn run(&self, features: &[f32], states: &mut [Vec<f32>], rows: &mut Vec<f32>)
    -> Result<(), RuntimeError>;
}

/// Inputs and outputs of a network for calls of one size, as its pack states them.
#[derive(Debug, Clone)]
pub(super) struct Ports {
    /// The features, then the states.
    pub(super) inputs: Vec<Port>,
    /// The rows, then the states that replace those of the inputs, in the same order.
    pub(super) outputs: Vec<Port>,
    /// The symbolic dimension that is the number of frames, and that number.
    #[cfg_attr(
        not(feature = "onnxruntime"),
        expect(dead_code, reason = "the embedded backend needs no name")
    )]
    pub(super) time_axis: (String, usize),
}

/// A tensor that goes in or comes out, in f32.
#[derive(Debug, Clone)]
pub(super) struct Port {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
}

/// An input or output as the ONNX file declares it.
pub(super) struct Declared {
    pub(super) name: String,
    /// `None` when it is no tensor; dimensions that are open are `None`.
    pub(super) shape: Option<Vec<Option<usize>>>,
}

impl Ports {
    /// Those of `shape` for calls of `frames` frames.
    pub(super) fn new(shape: &NetworkShape, frames: usize) -> Self {
        let port = |name: &String, shape: Vec<usize>| Port { name: name.clone(), shape };
        let states = |name: fn(&super::StateShape) -> &String| {
            shape.states.iter().map(move |s| port(name(s), s.shape.clone()))
        };
        Self {
            inputs: std::iter::once(port(&shape.input, vec![1, frames, shape.bands]))
                .chain(states(|s| &s.input))
                .collect(),
            outputs: std::iter::once(port(
                &shape.output,
                vec![1, frames / shape.rows.frames_per_row(), shape.columns],
            ))
            .chain(states(|s| &s.output))
            .collect(),
            time_axis: (shape.time_axis.clone(), frames),
        }
    }

    /// Zeros for each state.
    pub(super) fn states(&self) -> Vec<Vec<f32>> {
        self.inputs[1..].iter().map(|port| vec![0.0; port.values()]).collect()
    }

    /// Compares what the pack states with what the file declares. Gives the place of each declared input in
    /// [`Ports::inputs`] and the place of each of [`Ports::outputs`] in the file.
    pub(super) fn bind(
        &self,
        inputs: &[Declared],
        outputs: &[Declared],
    ) -> Result<(Vec<usize>, Vec<usize>), RuntimeError> {
        if inputs.len() != self.inputs.len() {
            return Err(RuntimeError::Shape(format!(
                "it has {} inputs, the pack states {}",
                inputs.len(),
                self.inputs.len()
            )));
        }
        let input = |declared: &Declared| {
            let place = self.inputs.iter().position(|port| port.name == declared.name).ok_or_else(|| {
                RuntimeError::Shape(format!("its input {:?} is not in the pack", declared.name))
            })?;
            self.inputs[place].check(declared).map(|()| place)
        };
        let output = |port: &Port| {
            let place = outputs
                .iter()
                .position(|declared| declared.name == port.name)
                .ok_or_else(|| RuntimeError::Shape(format!("it has no output {:?}", port.name)))?;
            port.check(&outputs[place]).map(|()| place)
        };
        Ok((
            inputs.iter().map(input).collect::<Result<_, _>>()?,
            self.outputs.iter().map(output).collect::<Result<_, _>>()?,
        ))
    }
}

impl Port {
    /// Number of values in it.
    pub(super) fn values(&self) -> usize {
        self.shape.iter().product()
    }

    /// Refuses a result of another shape.
    pub(super) fn check_result(&self, shape: &[usize]) -> Result<(), RuntimeError> {
        if shape == self.shape {
            return Ok(());
        }
        Err(RuntimeError::Run(format!("{:?} came as {shape:?}, {:?} expected", self.name, self.shape)))
    }

    /// Compares with the file; dimensions that it leaves open fit anything.
    fn check(&self, declared: &Declared) -> Result<(), RuntimeError> {
        let Some(shape) = &declared.shape else {
            return Err(RuntimeError::Shape(format!("{:?} is not a tensor", self.name)));
        };
        let fits = shape.len() == self.shape.len()
            && shape.iter().zip(&self.shape).all(|(have, want)| have.is_none_or(|have| have == *want));
        if fits {
            return Ok(());
        }
        let have = shape.iter().map(|d| d.map_or_else(|| "?".to_owned(), |d| d.to_string()));
        Err(RuntimeError::Shape(format!(
            "{:?} has the shape [{}], the pack states {:?}",
            self.name,
            have.collect::<Vec<_>>().join(", "),
            self.shape
        )))
    }
}
