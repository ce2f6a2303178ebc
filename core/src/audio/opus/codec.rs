//! The decoder of one Opus stream, mono or stereo, at 48 kHz: `opus-pure`, or libopus with the cargo feature `libopus`.

use super::RATE_HZ;

/// What the decoder says against a frame.
pub(super) type Refused = &'static str;

/// One stream.
#[cfg(not(feature = "libopus"))]
pub(super) struct Codec(opus_pure::OpusDecoder);

#[cfg(not(feature = "libopus"))]
impl Codec {
    /// A decoder for 1 or 2 channels.
    pub(super) fn new(channels: usize) -> Result<Self, Refused> {
        let rate = RATE_HZ.cast_signed();
        opus_pure::OpusDecoder::new(rate, channels).map(Self).map_err(|_| "opus: the decoder cannot be made")
    }

    /// Decodes a packet of one frame into `out`, interleaved and exactly as long as the frame; without bytes, makes up
    /// what a lost frame may have held.
    pub(super) fn decode(&mut self, packet: &[u8], samples: usize, out: &mut [f32]) -> Result<(), Refused> {
        match self.0.decode(packet, samples, out) {
            Ok(got) if got == samples => Ok(()),
            Ok(_) | Err(_) => Err("opus: a damaged frame"),
        }
    }

    /// Forgets the past.
    pub(super) fn reset(&mut self) -> Result<(), Refused> {
        self.0.reset_state().map_err(|_| "opus: the decoder cannot be reset")
    }
}

/// One stream. The lock makes it `Sync`, as symphonia asks, and is never taken.
#[cfg(feature = "libopus")]
pub(super) struct Codec(std::sync::Mutex<opusic_c::Decoder>);

#[cfg(feature = "libopus")]
impl Codec {
    /// A decoder for 1 or 2 channels.
    pub(super) fn new(channels: usize) -> Result<Self, Refused> {
        use opusic_c::{Channels, SampleRate};
        const { assert!(RATE_HZ == 48_000) };
        let channels = if channels == 1 { Channels::Mono } else { Channels::Stereo };
        let decoder = opusic_c::Decoder::new(channels, SampleRate::Hz48000);
        decoder
            .map(|decoder| Self(std::sync::Mutex::new(decoder)))
            .map_err(|_| "opus: the decoder cannot be made")
    }

    fn decoder(&mut self) -> &mut opusic_c::Decoder {
        self.0.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Decodes a packet of one frame into `out`, interleaved and exactly as long as the frame; without bytes, makes up
    /// what a lost frame may have held.
    pub(super) fn decode(&mut self, packet: &[u8], samples: usize, out: &mut [f32]) -> Result<(), Refused> {
        match self.decoder().decode_float_to_slice(packet, out, false) {
            Ok(got) if got == samples => Ok(()),
            Ok(_) | Err(_) => Err("opus: a damaged frame"),
        }
    }

    /// Forgets the past.
    pub(super) fn reset(&mut self) -> Result<(), Refused> {
        self.decoder().reset().map_err(|_| "opus: the decoder cannot be reset")
    }
}
