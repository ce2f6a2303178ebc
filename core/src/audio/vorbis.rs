//! Vorbis of more than two channels, as a decoder for symphonia: `lewton`.
//!
//! Symphonia's own decoder undoes the couplings of channels in the order in which they were made; they must be undone from the
//! last to the first (Vorbis I, section 4.3.5). With one coupling, as in stereo, that is the same, and its decoder is faster.
//! With more of them, which share channels, what it gives is another sound.
//!
//! Channels come in the order of WAV, as those of Opus do.

use std::panic::{AssertUnwindSafe, catch_unwind};

use lewton::audio::{PreviousWindowRight, read_audio_packet_generic};
use lewton::header::{IdentHeader, SetupHeader, read_header_ident, read_header_setup};
use symphonia::core::audio::{
    AsGenericAudioBufferRef, AudioBuffer, AudioMut, AudioSpec, Channels, GenericAudioBufferRef,
};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, FinalizeResult};
use symphonia::core::errors::{Error, Result};
use symphonia::core::packet::PacketRef;
use symphonia::core::units::{Duration, TimeBase};

use super::opus::VORBIS_TO_WAV;
use super::stream::frames;

/// Bytes of the identification header, which always has as many.
const IDENT_BYTES: usize = 30;
/// What Matroska puts before three headers whose lengths follow.
const LACED: u8 = 2;

static INFO: CodecInfo = CodecInfo { short_name: "vorbis", long_name: "Vorbis", profiles: &[] };

/// The channels of one stream.
pub(super) struct VorbisDecoder {
    parameters: AudioCodecParameters,
    /// What packets count their durations in.
    time_base: Option<TimeBase>,
    ident: IdentHeader,
    setup: SetupHeader,
    /// What the last block left for the next one to be added to.
    overlap: PreviousWindowRight,
    /// A packet has been decoded: only the first of all gives nothing.
    begun: bool,
    buffer: AudioBuffer<f32>,
}

impl VorbisDecoder {
    /// Whether this decoder is wanted for a stream with these headers.
    pub(super) fn is_wanted(parameters: &AudioCodecParameters) -> bool {
        let headers = parameters.extra_data.as_deref().and_then(headers);
        // The number of channels follows the kind of header, its name and a version.
        headers.and_then(|(ident, _)| ident.get(11)).is_some_and(|&channels| channels > 2)
    }

    /// A decoder for a stream whose headers symphonia's decoder took: it refuses tables that would fill the memory.
    pub(super) fn new(parameters: &AudioCodecParameters, time_base: Option<TimeBase>) -> Result<Self> {
        const MALFORMED: Error = Error::DecodeError("vorbis: malformed headers");
        let (ident, setup) = parameters
            .extra_data
            .as_deref()
            .and_then(headers)
            .ok_or(Error::DecodeError("vorbis: no headers"))?;
        let ident = read_header_ident(ident).map_err(|_| MALFORMED)?;
        let channels = ident.audio_channels;
        let block_frames = 1_u32 << ident.blocksize_1;
        if usize::from(channels) > VORBIS_TO_WAV.len() {
            return Err(Error::Unsupported("vorbis: more than 8 channels"));
        }
        // It counts the samples of all channels in 16 bits.
        if u32::from(channels) * block_frames > u32::from(u16::MAX) {
            return Err(Error::Unsupported("vorbis: blocks of this length with so many channels"));
        }
        let sizes = (ident.blocksize_0, ident.blocksize_1);
        let setup = guarded(|| read_header_setup(setup, channels, sizes).ok()).ok_or(MALFORMED)?;
        let layout = Channels::Discrete(u16::from(channels));
        let mut parameters = parameters.clone();
        parameters.with_sample_rate(ident.audio_sample_rate).with_channels(layout.clone());
        let spec = AudioSpec::new(ident.audio_sample_rate, layout);
        Ok(Self {
            parameters,
            time_base,
            ident,
            setup,
            overlap: PreviousWindowRight::new(),
            begun: false,
            buffer: AudioBuffer::new(spec, 1 << 13),
        })
    }

    fn samples(&self, ticks: Duration) -> usize {
        let rate_hz = self.ident.audio_sample_rate;
        usize::try_from(frames(self.time_base, ticks.get(), rate_hz)).unwrap_or(usize::MAX)
    }
}

/// The identification and the setup header, as Ogg's demuxer hands them on or as Matroska stores them.
fn headers(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    if bytes.first() != Some(&LACED) {
        return bytes.split_at_checked(IDENT_BYTES);
    }
    let mut at = 1;
    let mut length = || {
        let mut length = 0;
        loop {
            let byte = *bytes.get(at)?;
            at += 1;
            length += usize::from(byte);
            if byte < u8::MAX {
                return Some(length);
            }
        }
    };
    let (ident, comment) = (length()?, length()?);
    let (ident, rest) = bytes[at..].split_at_checked(ident)?;
    Some((ident, rest.get(comment..)?))
}

/// The library asserts some of what a damaged stream may break; that is damage as any other.
fn guarded<T>(decode: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(decode)).ok().flatten()
}

impl AudioDecoder for VorbisDecoder {
    fn reset(&mut self) {
        self.overlap = PreviousWindowRight::new();
        self.begun = false;
    }

    fn codec_info(&self) -> &CodecInfo {
        &INFO
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.parameters
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> Result<GenericAudioBufferRef<'_>> {
        self.buffer.clear();
        let (ident, setup, overlap) = (&self.ident, &self.setup, &mut self.overlap);
        let decoded: Option<Vec<Vec<f32>>> =
            guarded(|| read_audio_packet_generic(ident, setup, packet.data, overlap).ok());
        let Some(decoded) = decoded else {
            return Err(Error::DecodeError("vorbis: a damaged packet"));
        };
        let length = decoded.first().map_or(0, Vec::len);
        if length == 0 && self.begun {
            // Behind a damaged packet there is nothing to add to.
            let silence = self.samples(packet.block_dur()).min(1 << 13);
            self.buffer.resize_with_silence(silence);
        } else {
            self.buffer.resize_with_silence(length);
            for (plane, &source) in VORBIS_TO_WAV[decoded.len() - 1].iter().enumerate() {
                if let Some(plane) = self.buffer.plane_mut(plane) {
                    plane.copy_from_slice(&decoded[source]);
                }
            }
        }
        self.begun = true;
        let (start, end) = (self.samples(packet.trim_start), self.samples(packet.trim_end));
        self.buffer.trim(start, end);
        Ok(self.buffer.as_generic_audio_buffer_ref())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.buffer.as_generic_audio_buffer_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_found_as_both_containers_store_them() {
        let ident = [1; IDENT_BYTES];
        let setup = [5; 40];
        let plain = [&ident[..], &setup].concat();
        assert_eq!(headers(&plain), Some((&ident[..], &setup[..])));
        // A comment of 300 bytes has its length in two.
        let laced = [&[LACED, 30, 255, 45][..], &ident, &[3; 300], &setup].concat();
        assert_eq!(headers(&laced), Some((&ident[..], &setup[..])));
        for length in 0..laced.len() - setup.len() {
            assert_eq!(headers(&laced[..length]), None, "{length}");
        }
        assert_eq!(headers(&[LACED, 255, 255]), None);
    }
}
