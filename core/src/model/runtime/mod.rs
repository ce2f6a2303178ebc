//! The backends that run networks: the embedded one by default, ONNX Runtime when the user names its library.
//!
//! Both may run in one process. ONNX Runtime is bound to one library per process, for good: [`Runtime::start`] refuses a
//! second one.

#[cfg_attr(
    not(any(feature = "embedded-runtime", feature = "onnxruntime")),
    expect(dead_code, reason = "a program without a backend only says so")
)]
mod backend;
#[cfg(feature = "embedded-runtime")]
mod embedded;
mod network;
#[cfg(feature = "onnxruntime")]
mod onnxruntime;
#[cfg(any(feature = "embedded-runtime", feature = "onnxruntime"))]
mod pool;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use backend::Backend;
pub use network::{Network, NetworkShape, RowKind, StateShape};

/// Environment variable that names the ONNX Runtime library when no flag does.
pub const LIBRARY_VARIABLE: &str = "EARMARK_ONNXRUNTIME";

/// What can go wrong between a network's bytes and its first result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
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
    /// Another library already runs in this process.
    #[error("this process already runs networks on {running}; start it anew to use another runtime")]
    AlreadyStarted {
        /// The library in use.
        running: String,
    },
    /// The runtime was left out when this program was built.
    #[error(
        "this program was built without {runtime}; build it with the feature {feature:?} of earmark-core"
    )]
    NotBuilt {
        /// What it is.
        runtime: &'static str,
        /// The cargo feature that brings it.
        feature: &'static str,
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
#[non_exhaustive]
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
    backend: Arc<dyn Backend>,
    device: Device,
    notice: Option<String>,
}

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime").field("backend", &self.name()).field("device", &self.device).finish()
    }
}

impl Runtime {
    /// Starts the embedded backend on the CPU.
    ///
    /// # Errors
    /// [`RuntimeError::NotBuilt`] if this program was built without it.
    pub fn embedded() -> Result<Self, RuntimeError> {
        Self::start(None, Device::Cpu)
    }

    /// Starts the embedded backend, or ONNX Runtime from `library`, for `device`.
    ///
    /// When the device cannot be used the CPU is, and [`Runtime::notice`] says so.
    ///
    /// # Errors
    /// [`RuntimeError::Library`] if the library cannot be loaded, [`RuntimeError::AlreadyStarted`] if this process
    /// already runs another one, [`RuntimeError::NotBuilt`] if this program was built without the runtime.
    pub fn start(library: Option<&Path>, device: Device) -> Result<Self, RuntimeError> {
        let backend = match library {
            None => embedded()?,
            Some(path) => onnx_runtime(path)?,
        };
        Ok(Self { backend, device: Device::Cpu, notice: None }.on(device))
    }

    fn on(mut self, device: Device) -> Self {
        if self.backend.offers(device) {
            self.device = device;
            return self;
        }
        let remedy = match self.backend.library() {
            None => "the embedded runtime has only the CPU; name an ONNX Runtime library built for the device with --runtime".to_owned(),
            Some(path) => format!("{} was built without it", path.display()),
        };
        self.notice = Some(format!("device {device} is not available ({remedy}); using cpu instead"));
        self
    }

    /// The backend's name: `embedded` or the library's path.
    pub fn name(&self) -> String {
        self.backend.library().map_or_else(|| "embedded".to_owned(), |path| path.display().to_string())
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

/// Runs `work`, which calls networks many times, where that is cheapest, and waits for its end.
///
/// The embedded backend computes on threads of its own; `work` runs on one of them, called `name` meanwhile where the
/// system can tell (Linux), so that its calls of [`Network::run`] are not handed from thread to thread. Calls within calls
/// stay where they are. A panic of `work` is passed on.
pub fn enter<T: Send>(name: &'static str, work: impl FnOnce() -> T + Send) -> T {
    #[cfg(feature = "embedded-runtime")]
    return embedded::enter(name, work);
    #[cfg(not(feature = "embedded-runtime"))]
    {
        let _ = name;
        work()
    }
}

/// [`enter`] for a live worker, which may raise the priority of the thread that it finds itself on: threads that ever were
/// a live worker's are given to live workers only.
pub(crate) fn enter_live<T: Send>(name: &'static str, work: impl FnOnce() -> T + Send) -> T {
    #[cfg(feature = "embedded-runtime")]
    return embedded::enter_live(name, work);
    #[cfg(not(feature = "embedded-runtime"))]
    {
        let _ = name;
        work()
    }
}

#[cfg(feature = "embedded-runtime")]
#[expect(clippy::unnecessary_wraps, reason = "it fails where it is not built")]
fn embedded() -> Result<Arc<dyn Backend>, RuntimeError> {
    Ok(Arc::new(embedded::Embedded))
}

#[cfg(not(feature = "embedded-runtime"))]
fn embedded() -> Result<Arc<dyn Backend>, RuntimeError> {
    Err(RuntimeError::NotBuilt { runtime: "the embedded runtime", feature: "embedded-runtime" })
}

#[cfg(feature = "onnxruntime")]
fn onnx_runtime(library: &Path) -> Result<Arc<dyn Backend>, RuntimeError> {
    Ok(Arc::new(onnxruntime::OnnxRuntime::start(library)?))
}

#[cfg(not(feature = "onnxruntime"))]
fn onnx_runtime(_: &Path) -> Result<Arc<dyn Backend>, RuntimeError> {
    Err(RuntimeError::NotBuilt { runtime: "ONNX Runtime", feature: "onnxruntime" })
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
