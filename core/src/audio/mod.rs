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
//! | `source.rs` | [`Source`]: blocks of samples, and the checks common to all |
//! | `open.rs` | what kind of input is this, and which reader it gets |
//! | `riff.rs` | the chunks of RIFF, RF64/BW64 and W64, and which of their sizes are to be believed |
//! | `pcm_header.rs`, `wav_header.rs`, `wav_reader.rs` | PCM, float, A-law and µ-law in WAV of all sizes, AIFF, AU and CAF, with lying headers |
//! | `recognise.rs`, `foreign.rs` | what an input is by its first bytes, and what it is instead of audio |
//! | `wav_coded.rs` | streams of frames in WAV, and the names of other codecs there |
//! | `demux.rs`, `coded.rs`, `stream.rs`, `kind.rs`, `outlet.rs` | everything else, through symphonia |
//! | `elementary/` | FLAC, MPEG audio and ADTS: frames, whatever stands around them |
//! | `opus/` | Opus: header, framing, streams to channels |
//! | `vorbis.rs` | Vorbis of more than two channels |
//! | `recorded.rs` | the first bytes of a stream, read again |
//! | `repair.rs`, `view.rs` | sizes in containers that lie, and the file as it should have been |
//! | `matroska.rs` | elements of Matroska, and tracks that are packed or encrypted |
//! | `segment.rs` | the end of a Matroska stream, and recordings joined behind it |
//! | `options.rs` | which track, which channel, which ffmpeg |
//! | `ffmpeg.rs`, `left_to_ffmpeg.rs` | what is not read here, decoded by the system's ffmpeg |
//! | `aac.rs` | whether AAC has an upper half |
//! | `film.rs` | the picture beside the sound, and the time code that the film begins with |
//! | `tags.rs` | texts and pictures of formats that have no chunks |
//! | `gapless.rs` | how many samples a container says to drop at the start and the end |
//! | `mix.rs` | noise added to speech at a stated SNR |
//! | `read_ahead.rs` | a source on its own thread |

mod aac;
mod adapt;
mod coded;
mod demux;
mod elementary;
mod error;
mod ffmpeg;
#[cfg(feature = "render")]
mod film;
mod foreign;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod gapless;
mod info;
mod kind;
mod left_to_ffmpeg;
mod matroska;
mod mix;
mod mono;
mod open;
mod options;
mod opus;
mod outlet;
mod pcm_header;
mod read_ahead;
mod recognise;
mod recorded;
mod repair;
pub(crate) mod riff;
mod segment;
mod source;
mod stream;
#[cfg(feature = "render")]
mod tags;
mod view;
mod vorbis;
mod wav_coded;
mod wav_header;
mod wav_reader;

#[cfg(test)]
mod tests;

pub use error::{AudioError, AudioWarning};
pub use ffmpeg::allowed_protocols;
#[cfg(feature = "render")]
pub(crate) use ffmpeg::{command as ffmpeg_command, file_name as ffmpeg_file};
#[cfg(feature = "render")]
pub(crate) use film::Film;
pub use info::{PcmEncoding, PcmFormat, SampleFormat, SourceInfo, full_scale};
pub use mix::{MixError, MixResult, mix};
pub use mono::read_mono;
pub use options::{ChannelChoice, Ffmpeg, SourceOptions};
pub use read_ahead::ReadAhead;
pub use recognise::FILE_ENDINGS;
#[cfg(feature = "render")]
pub(crate) use recognise::{ffmpeg_demuxer, tag_in_front};
pub use source::Source;
#[cfg(feature = "render")]
pub(crate) use tags::tags;
