//! Work on whole files: a bounded queue, and threads of their own behind it, less urgent than those that hear streams. A
//! six-hour upload therefore delays another file at most, and no stream.

mod packs;
mod queue;
mod upload;
mod voice;
mod watch;
mod work;

pub use packs::Packs;
pub use queue::{Jobs, Place};
pub use upload::Upload;
pub use voice::{PredictBody, PredictRequest, Prediction, VerifyAnswer, VerifyRequest};
pub use watch::{JobWatch, Stopped};
pub use work::{FramesRequest, JobError, NoiseRequest, RenderRequest, SpeechRequest, SpeechSpan, TagRequest};
