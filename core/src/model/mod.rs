//! A network, what must be known to run it, and what runs it.
//!
//! * [`pack`]: a folder (or an embedded copy of one) with the ONNX file and the manifest that states its features,
//!   tensors, labels and thresholds.
//! * [`runtime`]: the backend, embedded or ONNX Runtime, and a loaded [`Network`](runtime::Network) with its state.

pub mod pack;
pub mod runtime;
