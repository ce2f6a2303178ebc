//! The embedded backend: `rten`, in pure Rust, on the CPU.
//!
//! `rten` computes on threads of `rayon` pools only, never on the caller's. A *lane* is such a pool with one thread: there
//! operators are never split (a network is far too small for that; files and streams run beside each other instead). A
//! thread that runs many calls does all its work on a lane, by [`enter`]: then a call is an ordinary call. Any other call is
//! handed to a lane and waited for, which costs about 15 µs on an idle machine and two turns of the scheduler on a busy one.
//!
//! Idle lanes sleep until they are needed again. Beside them `rten` starts a pool of its own when the first network is
//! loaded, one thread per physical core; it sleeps but while networks are loaded. These threads last as long as the process.

use std::cell::RefCell;
use std::convert::Infallible;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use rten::{Dimension, LoadErrorKind, Model, ModelOptions, NodeId, RunOptions, ThreadPool, ValueView};
use rten_tensor::Layout as _;

use super::backend::{Backend, Declared, Graph, Port, Ports};
use super::pool::Pool;
use super::{Device, RuntimeError};

type Lane = Arc<ThreadPool>;

/// For single calls: no more than can run at a time. Process-wide, because threads are dear and calls are short.
static LANES: LazyLock<Pool<Lane>> =
    LazyLock::new(|| Pool::new(std::thread::available_parallelism().map_or(1, usize::from)));

/// For those who stay: as many as there are at a time.
static STAYS: LazyLock<Pool<Lane>> = LazyLock::new(|| Pool::new(usize::MAX));

/// The same for live workers, whose threads have a priority of their own and keep it: no file is ever heard on them.
static LIVE_STAYS: LazyLock<Pool<Lane>> = LazyLock::new(|| Pool::new(usize::MAX));

thread_local! {
    /// The lane that this thread belongs to, while someone stays there.
    static HERE: RefCell<Option<Lane>> = const { RefCell::new(None) };
}

/// Runs `work` on a lane, whose thread is called `name` meanwhile where the system lets it (Linux), and waits for its end.
pub(super) fn enter<T: Send>(name: &'static str, work: impl FnOnce() -> T + Send) -> T {
    enter_from(&STAYS, name, work)
}

/// The same for work that may raise the priority of its thread.
pub(super) fn enter_live<T: Send>(name: &'static str, work: impl FnOnce() -> T + Send) -> T {
    enter_from(&LIVE_STAYS, name, work)
}

fn enter_from<T: Send>(lanes: &Pool<Lane>, name: &'static str, work: impl FnOnce() -> T + Send) -> T {
    /// Leaves the lane, also when `work` panics.
    struct Leave;
    impl Drop for Leave {
        fn drop(&mut self) {
            HERE.set(None);
            name_this_thread("earmark idle");
        }
    }
    if HERE.with_borrow(Option::is_some) {
        return work();
    }
    let Ok(lane) = lanes.lend(new_lane);
    let here = Arc::clone(&lane);
    lane.run(move || {
        name_this_thread(name);
        HERE.set(Some(here));
        let _leave = Leave;
        work()
    })
}

fn new_lane() -> Result<Lane, Infallible> {
    Ok(Arc::new(ThreadPool::with_num_threads(1)))
}

/// What tools show of a thread. Without it all are called alike.
fn name_this_thread(name: &str) {
    #[cfg(target_os = "linux")]
    // A thread without a name works too.
    let _ = std::fs::write("/proc/thread-self/comm", name);
    #[cfg(not(target_os = "linux"))]
    let _ = name;
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
        let run = |lane: Lane| {
            let options = RunOptions::default().with_thread_pool(Some(lane));
            self.model.run(inputs, &self.output_nodes, Some(options)).map_err(|e| failed(e.to_string()))
        };
        let values = match HERE.with_borrow(Option::clone) {
            Some(here) => run(here),
            None => {
                let Ok(lane) = LANES.lend(new_lane);
                run(Arc::clone(&lane))
            }
        }?;
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
