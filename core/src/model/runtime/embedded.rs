//! The embedded backend: `rten`, in pure Rust, on the CPU.
//!
//! `rten` computes on threads of `rayon` pools only, never on the caller's. Each call here is handed to a pool of one
//! thread, a *lane*, and waited for: operators are then never split (a network is far too small for that; files and streams
//! run beside each other instead), and calls of several streams run at the same time. Handing over costs about 15 µs a call.
//! There are never more lanes than processors, all streams of the process share them, and an idle lane sleeps. Threads of
//! raised priority have lanes of their own, as many, which have that priority too: else a live gate would wait for a thread
//! that the system keeps waiting.
//!
//! Beside the lanes `rten` starts its own pool when a network is loaded, one thread per physical core. Loading uses it;
//! then it sleeps.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use rten::{Dimension, LoadErrorKind, Model, ModelOptions, NodeId, RunOptions, ThreadPool, ValueView};
use rten_tensor::Layout as _;

use super::backend::{Backend, Declared, Graph, Port, Ports};
use super::pool::{Lent, Pool};
use super::{Device, RuntimeError};
use crate::priority;

/// Process-wide, because threads are dear and calls are short.
static LANES: LazyLock<Pool<Arc<ThreadPool>>> = LazyLock::new(lanes);
/// Those for callers of raised priority.
static RAISED_LANES: LazyLock<Pool<Arc<ThreadPool>>> = LazyLock::new(lanes);

fn lanes() -> Pool<Arc<ThreadPool>> {
    Pool::new(std::thread::available_parallelism().map_or(1, usize::from))
}

/// A lane for the calling thread, which no other has meanwhile.
fn lane() -> Result<Lent<'static, Arc<ThreadPool>>, RuntimeError> {
    if priority::is_raised() {
        RAISED_LANES.lend(|| {
            let lane = ThreadPool::with_num_threads(1);
            lane.run(priority::raise);
            Ok(Arc::new(lane))
        })
    } else {
        LANES.lend(|| Ok(Arc::new(ThreadPool::with_num_threads(1))))
    }
}

/// The backend; it has no state of its own.
pub(super) struct Embedded;

/// A loaded model. Running it changes nothing in it, so streams need no lock.
struct Loaded {
    model: Model,
    /// Node and shape of each input, in the order of [`Ports::inputs`].
    inputs: Vec<(NodeId, Vec<usize>)>,
    /// In the order of [`Ports::outputs`].
    output_nodes: Vec<NodeId>,
    outputs: Vec<Port>,
}

impl Backend for Embedded {
    fn library(&self) -> Option<&Path> {
        None
    }

    fn offers(&self, device: Device) -> bool {
        device == Device::Cpu
    }

    fn compile(&self, model: &[u8], ports: Ports, _: Device) -> Result<Box<dyn Graph>, RuntimeError> {
        let model = ModelOptions::with_all_ops().prepack_weights(true).load(model.to_vec()).map_err(|e| {
            match e.kind() {
                LoadErrorKind::UnknownFileType
                | LoadErrorKind::FormatNotEnabled
                | LoadErrorKind::ParseError => RuntimeError::NotOnnx,
                _ => RuntimeError::Load(e.to_string()),
            }
        })?;
        let (order, places) =
            ports.bind(&declared(&model, model.input_ids()), &declared(&model, model.output_ids()))?;
        let mut inputs: Vec<_> = order.into_iter().zip(model.input_ids().iter().copied()).collect();
        inputs.sort_unstable_by_key(|(slot, _)| *slot);
        let inputs = inputs.into_iter().zip(ports.inputs).map(|((_, node), port)| (node, port.shape));
        Ok(Box::new(Loaded {
            inputs: inputs.collect(),
            output_nodes: places.into_iter().map(|place| model.output_ids()[place]).collect(),
            outputs: ports.outputs,
            model,
        }))
    }
}

/// What the file says of `nodes`.
fn declared(model: &Model, nodes: &[NodeId]) -> Vec<Declared> {
    let size = |dimension| match dimension {
        Dimension::Fixed(size) => Some(size),
        Dimension::Symbolic(_) => None,
    };
    nodes
        .iter()
        .map(|&node| {
            let info = model.node_info(node);
            let name = info.as_ref().and_then(|i| i.name()).unwrap_or_default().to_owned();
            let shape = info.and_then(|i| i.shape()).map(|s| s.into_iter().map(size).collect());
            Declared { name, shape }
        })
        .collect()
}

impl Graph for Loaded {
    fn run(
        &self,
        features: &[f32],
        states: &mut [Vec<f32>],
        probabilities: &mut Vec<f32>,
    ) -> Result<(), RuntimeError> {
        let failed = |reason: String| RuntimeError::Run(reason);
        let buffers = std::iter::once(features).chain(states.iter().map(Vec::as_slice));
        let inputs = self.inputs.iter().zip(buffers).map(|((node, shape), buffer)| {
            let view = ValueView::from_shape(shape, buffer).map_err(|e| failed(e.to_string()))?;
            Ok((*node, view.into()))
        });
        let inputs = inputs.collect::<Result<Vec<_>, RuntimeError>>()?;
        let lane = lane()?;
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&lane)));
        let values =
            self.model.run(inputs, &self.output_nodes, Some(options)).map_err(|e| failed(e.to_string()))?;
        drop(lane);
        let results = values.into_iter().zip(&self.outputs).map(|(value, port)| {
            let tensor = value
                .into_tensor::<f32>()
                .ok_or_else(|| failed(format!("{:?} came in another type than f32", port.name)))?;
            port.check_result(tensor.shape())?;
            Ok(tensor.into_data())
        });
        // All are looked at before any is used.
        let mut results = results.collect::<Result<Vec<_>, RuntimeError>>()?.into_iter();
        probabilities.extend(results.next().into_iter().flatten());
        for (state, new) in states.iter_mut().zip(results) {
            *state = new;
        }
        Ok(())
    }
}
