//! ONNX Runtime, on the CPU or another device, from a library that the user names.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ort::ep::{self, ExecutionProvider, ExecutionProviderDispatch};
use ort::session::builder::GraphOptimizationLevel;
use ort::session::{Session, SessionInputValue, SessionOutputs};
use ort::value::{Outlet, TensorRef};

use super::backend::{Backend, Declared, Graph, Port, Ports};
use super::pool::Pool;
use super::{Device, RuntimeError};

/// A loaded library.
#[derive(Clone)]
pub(super) struct OnnxRuntime {
    environment: ort::environment::Environment,
    library: PathBuf,
}

/// `ort` binds one library per process, for good.
static STARTED: Mutex<Option<OnnxRuntime>> = Mutex::new(None);

impl OnnxRuntime {
    /// Loads `library`, or takes it again when it is the one that this process has loaded.
    pub(super) fn start(library: &Path) -> Result<Self, RuntimeError> {
        let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = started.as_ref() {
            if running.library != library {
                return Err(RuntimeError::AlreadyStarted { running: running.library.display().to_string() });
            }
            return Ok(running.clone());
        }
        let failed = |reason: String| RuntimeError::Library { path: library.to_owned(), reason };
        // The loader's own errors do not tell a missing file from a file of another kind.
        std::fs::metadata(library).map_err(|e| failed(e.to_string()))?;
        let environment = ort::init_from(library)
            .map_err(|e| failed(e.to_string()))?
            .with_name("earmark")
            .build()
            .map_err(|e| RuntimeError::Load(e.to_string()))?;
        let runtime = Self { environment, library: library.to_owned() };
        *started = Some(runtime.clone());
        Ok(runtime)
    }
}

/// The execution provider of a device, and whether the loaded library was built with it; none for the CPU and for devices
/// that this system does not have.
fn provider(device: Device) -> Option<(ExecutionProviderDispatch, bool)> {
    fn found<E: ExecutionProvider + 'static>(
        dispatch: ExecutionProviderDispatch,
    ) -> Option<(ExecutionProviderDispatch, bool)> {
        Some((dispatch.error_on_failure(), E::is_available().unwrap_or(false)))
    }
    match device {
        #[cfg(any(target_os = "linux", target_os = "windows"))]
        Device::Cuda => found::<ep::CUDA>(ep::CUDA::default().build()),
        #[cfg(any(target_os = "linux", target_os = "windows"))]
        Device::TensorRt => found::<ep::TensorRT>(ep::TensorRT::default().build()),
        #[cfg(target_os = "linux")]
        Device::Rocm => found::<ep::ROCm>(ep::ROCm::default().build()),
        #[cfg(target_os = "linux")]
        Device::MiGraphX => found::<ep::MIGraphX>(ep::MIGraphX::default().build()),
        #[cfg(any(target_os = "linux", target_os = "windows"))]
        Device::OpenVino => found::<ep::OpenVINO>(ep::OpenVINO::default().build()),
        #[cfg(target_vendor = "apple")]
        Device::CoreMl => found::<ep::CoreML>(ep::CoreML::default().build()),
        #[cfg(target_os = "windows")]
        Device::DirectMl => found::<ep::DirectML>(ep::DirectML::default().build()),
        #[cfg(any(target_os = "linux", target_os = "windows", target_vendor = "apple"))]
        Device::WebGpu => found::<ep::WebGPU>(ep::WebGPU::default().build()),
        _ => None,
    }
}

impl Backend for OnnxRuntime {
    fn library(&self) -> Option<&Path> {
        Some(&self.library)
    }

    fn offers(&self, device: Device) -> bool {
        device == Device::Cpu || provider(device).is_some_and(|(_, available)| available)
    }

    fn compile(&self, model: &[u8], ports: Ports, device: Device) -> Result<Box<dyn Graph>, RuntimeError> {
        let recipe =
            Recipe { runtime: self.clone(), model: model.into(), time_axis: ports.time_axis.clone(), device };
        let session = recipe.session()?;
        let (order, output_places) = ports.bind(&declared(session.inputs()), &declared(session.outputs()))?;
        let inputs = order.into_iter().map(|slot| {
            let shape = ports.inputs[slot].shape.iter().map(|&d| i64::try_from(d).unwrap_or(i64::MAX));
            (slot, shape.collect())
        });
        // A session on a device holds the weights there and may take minutes to build; one is shared.
        let limit = match device {
            Device::Cpu => std::thread::available_parallelism().map_or(1, usize::from),
            _ => 1,
        };
        let sessions = Pool::new(limit);
        drop(sessions.lend(|| Ok::<_, RuntimeError>(session))?);
        Ok(Box::new(Compiled {
            recipe,
            sessions,
            inputs: inputs.collect(),
            output_places,
            outputs: ports.outputs,
        }))
    }
}

fn declared(outlets: &[Outlet]) -> Vec<Declared> {
    let shape = |outlet: &Outlet| {
        let shape = outlet.dtype().tensor_shape()?;
        Some(shape.iter().map(|&size| usize::try_from(size).ok()).collect())
    };
    outlets.iter().map(|o| Declared { name: o.name().to_owned(), shape: shape(o) }).collect()
}

/// What it takes to build a session.
struct Recipe {
    runtime: OnnxRuntime,
    model: Arc<[u8]>,
    time_axis: (String, usize),
    device: Device,
}

impl Recipe {
    fn session(&self) -> Result<Session, RuntimeError> {
        let (axis, frames) = &self.time_axis;
        let build = || -> Result<Session, ort::Error> {
            let mut builder = Session::builder(&self.runtime.environment)?
                .with_optimization_level(GraphOptimizationLevel::Level3)?
                // With the number of frames known the graph can be optimised further.
                .with_dimension_override(axis, i64::try_from(*frames).unwrap_or(i64::MAX))?
                // One network is far too small to share among threads; files are, instead.
                .with_intra_threads(1)?
                .with_inter_threads(1)?;
            if let Some((provider, true)) = provider(self.device) {
                builder = builder.with_execution_providers([provider])?;
            }
            builder.commit_from_memory(&self.model)
        };
        build().map_err(|e| match e.code() {
            ort::ErrorCode::InvalidProtobuf => RuntimeError::NotOnnx,
            _ => RuntimeError::Load(e.to_string()),
        })
    }
}

/// A network with the sessions that run it. `ort` lets one call at a time into a session, so that calls of several streams
/// take one each.
struct Compiled {
    recipe: Recipe,
    sessions: Pool<Session>,
    /// For each input in the session's order: its place in [`Ports::inputs`] and its shape.
    inputs: Vec<(usize, Vec<i64>)>,
    /// For each of [`Ports::outputs`]: its place in the session's order.
    output_places: Vec<usize>,
    outputs: Vec<Port>,
}

impl Graph for Compiled {
    fn run(
        &self,
        features: &[f32],
        states: &mut [Vec<f32>],
        probabilities: &mut Vec<f32>,
    ) -> Result<(), RuntimeError> {
        let failed = |e: ort::Error| RuntimeError::Run(e.to_string());
        let inputs = self.inputs.iter().map(|(slot, shape)| {
            let buffer = slot.checked_sub(1).map_or(features, |state| states[state].as_slice());
            let tensor = TensorRef::from_array_view((shape.as_slice(), buffer));
            tensor.map(SessionInputValue::from).map_err(failed)
        });
        let inputs = inputs.collect::<Result<Vec<_>, RuntimeError>>()?;
        let mut session = self.sessions.lend(|| self.recipe.session())?;
        let results = session.run(inputs.as_slice()).map_err(failed)?;
        drop(inputs);
        let results = self.results(&results)?;
        let (rows, new_states) =
            results.split_first().ok_or_else(|| RuntimeError::Run("nothing came".to_owned()))?;
        probabilities.extend_from_slice(rows);
        for (state, new) in states.iter_mut().zip(new_states) {
            state.copy_from_slice(new);
        }
        Ok(())
    }
}

impl Compiled {
    /// The outputs in the order of [`Ports::outputs`], each of the shape that it must have.
    fn results<'a>(&self, results: &'a SessionOutputs<'_>) -> Result<Vec<&'a [f32]>, RuntimeError> {
        let found = self.outputs.iter().zip(&self.output_places).map(|(port, &place)| {
            let (shape, values) =
                results[place].try_extract_tensor::<f32>().map_err(|e| RuntimeError::Run(e.to_string()))?;
            let shape: Vec<usize> = shape.iter().filter_map(|&size| usize::try_from(size).ok()).collect();
            port.check_result(&shape).map(|()| values)
        });
        found.collect()
    }
}
