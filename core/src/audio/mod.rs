//! Audio in: files and streams become samples. What writes files is [`crate::render`].
//!
//! * [`Source`] opens a file or a stream and hands out blocks of interleaved `f32`, whatever the format. It never holds
//!   the file: memory does not grow with its length. Sample 0 is the first sample that the encoder was given; the delay
//!   and padding that codecs add are removed where the container tells them.
//! * [`ReadAhead`] decodes on a thread of its own.
//! * [`read_mono`] decodes, downmixes and resamples a whole (short) file.
//! * [`mix`] adds noise to speech at a requested signal-to-noise ratio.
//!
//! Every file is treated as hostile: sizes in headers are claims to be checked, and whatever is wrong comes back as an
//! [`AudioError`] that names the file, or as an [`AudioWarning`] where the audio could still be used.
//!
//! | file | what |
//! |---|---|
//! | `source.rs` | [`Source`]: what kind of input is this, and the checks common to all |
//! | `riff.rs` | the chunks of RIFF, RF64/BW64 and W64, and which of their sizes are to be believed |
//! | `wav_reader.rs`, `wav_header.rs` | PCM, float, A-law and µ-law in RIFF, RF64/BW64 and W64, with lying headers |
//! | `recognise.rs` | what an input is by its first bytes, and what it is instead of audio |
//! | `demux.rs`, `coded.rs`, `stream.rs` | everything else, through symphonia |
//! | `opus/` | Opus: header, framing, streams to channels |
//! | `gapless.rs` | how many samples a container says to drop at the start and the end |
//! | `mix.rs` | noise added to speech at a stated SNR |
//! | `read_ahead.rs` | a source on its own thread |

mod coded;
mod demux;
mod error;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod gapless;
mod info;
mod mix;
mod mono;
mod opus;
mod read_ahead;
mod recognise;
pub(crate) mod riff;
mod source;
mod stream;
mod wav_header;
mod wav_reader;

#[cfg(test)]
mod tests;

pub use error::{AudioError, AudioWarning};
pub use info::{SampleFormat, SourceInfo, full_scale};
pub use mix::{MixError, MixResult, mix};
pub use mono::read_mono;
pub use read_ahead::ReadAhead;
pub use recognise::FILE_ENDINGS;
pub use source::Source;
