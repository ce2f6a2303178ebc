//! The backend that runs networks: the embedded one by default, ONNX Runtime when the user names its library.
//!
//! `ort` binds one implementation per process, so [`Runtime::start`] is called once, early; a second call with the same
//! wish returns the same backend and one with another wish is refused.

mod network;
mod onnx;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use ort::ep::{self, ExecutionProvider, ExecutionProviderDispatch};

pub use network::{Network, NetworkShape, StateShape};

/// Environment variable that names the ONNX Runtime library when no flag does.
pub const LIBRARY_VARIABLE: &str = "EARMARK_ONNXRUNTIME";

/// What can go wrong between a network's bytes and its first result.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The library could not be loaded.
    #[error(
        "{path}: cannot be loaded as ONNX Runtime ({reason}). Name a libonnxruntime of version 1.24 or later, or leave \
         --runtime and EARMARK_ONNXRUNTIME unset to use the embedded runtime"
    )]
    Library {
        /// The library that was named.
        path: PathBuf,
        /// What the loader said.
        reason: String,
    },
    /// Another backend already runs in this process.
    #[error("this process already runs networks on {running}; start it anew to use another runtime")]
    AlreadyStarted {
        /// The backend in use.
        running: String,
    },
    /// The bytes are no ONNX file.
    #[error("not an ONNX file: its bytes cannot be read as one")]
    NotOnnx,
    /// The backend refuses the network.
    #[error("the network cannot be loaded: {0}")]
    Load(String),
    /// The network's inputs or outputs are not those that the pack states.
    #[error("the network does not fit its pack: {0}")]
    Shape(String),
    /// A call failed.
    #[error("the network failed: {0}")]
    Run(String),
    /// The name of a device is not known.
    #[error(
        "{0:?} is not a device; known are cpu, cuda, tensorrt, rocm, migraphx, openvino, coreml, directml, webgpu"
    )]
    UnknownDevice(String),
}

/// Where a network runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "the names are those of the devices")]
pub enum Device {
    #[default]
    Cpu,
    Cuda,
    TensorRt,
    Rocm,
    MiGraphX,
    OpenVino,
    CoreMl,
    DirectMl,
    WebGpu,
}

impl Device {
    const NAMES: [(&'static str, Self); 9] = [
        ("cpu", Self::Cpu),
        ("cuda", Self::Cuda),
        ("tensorrt", Self::TensorRt),
        ("rocm", Self::Rocm),
        ("migraphx", Self::MiGraphX),
        ("openvino", Self::OpenVino),
        ("coreml", Self::CoreMl),
        ("directml", Self::DirectMl),
        ("webgpu", Self::WebGpu),
    ];

    /// The execution provider, and whether the loaded library was built with it.
    fn provider(self) -> Option<(ExecutionProviderDispatch, bool)> {
        fn found<E: ExecutionProvider + 'static>(
            dispatch: ExecutionProviderDispatch,
        ) -> Option<(ExecutionProviderDispatch, bool)> {
            Some((dispatch.error_on_failure(), E::is_available().unwrap_or(false)))
        }
        match self {
            Self::Cpu => None,
            Self::Cuda => found::<ep::CUDA>(ep::CUDA::default().build()),
            Self::TensorRt => found::<ep::TensorRT>(ep::TensorRT::default().build()),
            Self::Rocm => found::<ep::ROCm>(ep::ROCm::default().build()),
            Self::MiGraphX => found::<ep::MIGraphX>(ep::MIGraphX::default().build()),
            Self::OpenVino => found::<ep::OpenVINO>(ep::OpenVINO::default().build()),
            Self::CoreMl => found::<ep::CoreML>(ep::CoreML::default().build()),
            Self::DirectMl => found::<ep::DirectML>(ep::DirectML::default().build()),
            Self::WebGpu => found::<ep::WebGPU>(ep::WebGPU::default().build()),
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = Self::NAMES.iter().find(|(_, device)| device == self).map_or("cpu", |(name, _)| name);
        f.pad(name)
    }
}

impl FromStr for Device {
    type Err = RuntimeError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let wanted = name.to_ascii_lowercase();
        let found = Self::NAMES.iter().find(|(known, _)| *known == wanted);
        found.map(|(_, device)| *device).ok_or_else(|| RuntimeError::UnknownDevice(name.to_owned()))
    }
}

/// A started backend. Cheap to clone; all clones are the same backend.
#[derive(Clone)]
pub struct Runtime {
    environment: ort::environment::Environment,
    library: Option<PathBuf>,
    device: Device,
    notice: Option<String>,
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").field("backend", &self.name()).field("device", &self.device).finish()
    }
}

/// What the process runs on; `ort` can bind one implementation only, for good.
static STARTED: Mutex<Option<Runtime>> = Mutex::new(None);

impl Runtime {
    /// Starts the embedded backend on the CPU.
    ///
    /// # Errors
    /// [`RuntimeError::AlreadyStarted`] if this process runs on a named library.
    pub fn embedded() -> Result<Self, RuntimeError> {
        Self::start(None, Device::Cpu)
    }

    /// Starts the embedded backend, or ONNX Runtime from `library`, for `device`.
    ///
    /// When the device cannot be used the CPU is, and [`Runtime::notice`] says so.
    ///
    /// # Errors
    /// [`RuntimeError::Library`] if the library cannot be loaded, [`RuntimeError::AlreadyStarted`] if this process
    /// already runs on another one.
    pub fn start(library: Option<&Path>, device: Device) -> Result<Self, RuntimeError> {
        let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(running) = started.as_ref() {
            if running.library.as_deref() != library {
                return Err(RuntimeError::AlreadyStarted { running: running.name() });
            }
            return Ok(running.clone().on(device));
        }
        let builder = match library {
            None => {
                ort::set_api(ort_tract::api());
                ort::init()
            }
            Some(path) => {
                let failed = |reason: String| RuntimeError::Library { path: path.to_owned(), reason };
                // The loader's own errors do not tell a missing file from a file of another kind.
                std::fs::metadata(path).map_err(|e| failed(e.to_string()))?;
                ort::init_from(path).map_err(|e| failed(e.to_string()))?
            }
        };
        let environment =
            builder.with_name("earmark").build().map_err(|e| RuntimeError::Load(e.to_string()))?;
        let runtime =
            Self { environment, library: library.map(Path::to_owned), device: Device::Cpu, notice: None };
        *started = Some(runtime.clone());
        Ok(runtime.on(device))
    }

    fn on(mut self, device: Device) -> Self {
        self.device = device;
        self.notice = None;
        let available = match (&self.library, device) {
            (_, Device::Cpu) => return self,
            (None, _) => false,
            (Some(_), _) => device.provider().is_some_and(|(_, available)| available),
        };
        if !available {
            let remedy = match &self.library {
                None => "the embedded runtime has only the CPU; name an ONNX Runtime library built for the device with --runtime".to_owned(),
                Some(path) => format!("{} was built without it", path.display()),
            };
            self.notice = Some(format!("device {device} is not available ({remedy}); using cpu instead"));
            self.device = Device::Cpu;
        }
        self
    }

    /// The backend's name: `embedded` or the library's path.
    pub fn name(&self) -> String {
        self.library.as_ref().map_or_else(|| "embedded".to_owned(), |path| path.display().to_string())
    }

    /// The device that networks are loaded on.
    pub fn device(&self) -> Device {
        self.device
    }

    /// A sentence for the user when the wished device is not the one in use.
    pub fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_read_and_written_by_name() {
        for (name, device) in Device::NAMES {
            assert_eq!(name.parse::<Device>().unwrap(), device);
            assert_eq!(device.to_string(), name);
        }
        assert!(matches!("abacus".parse::<Device>(), Err(RuntimeError::UnknownDevice(_))));
    }

    #[test]
    fn a_gpu_that_is_not_there_is_said_and_the_cpu_is_used() {
        let runtime = Runtime::start(None, Device::Cuda).unwrap();
        assert_eq!(runtime.device(), Device::Cpu);
        assert!(runtime.notice().unwrap().contains("using cpu instead"));
        assert!(Runtime::embedded().unwrap().notice().is_none());
    }
}
