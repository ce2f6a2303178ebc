//! Opus, from mono to 255 channels, as a decoder for symphonia.
//!
//! A file's packet holds one packet of each of its streams (RFC 7845, section 5.1.1), a packet holds frames, and a frame is
//! decoded by [`codec::Codec`]. Frames are handed to it one by one, because those of at most one byte, which encoders send
//! in pauses, hold nothing and must be made up as a lost frame is; the decoder does this for whole packets only.
//!
//! The header's gain is applied. Channels come in the order of WAV (see `head.rs`), as libopus' tools and ffmpeg write them.
//! What the decoders give and how it was judged: `docs/opus.md`.

mod codec;
mod head;
mod ogg_head;
mod packet;
#[cfg(test)]
mod tests;

use symphonia::core::audio::{
    AsGenericAudioBufferRef, AudioBuffer, AudioMut, AudioSpec, Channels, GenericAudioBufferRef, layouts,
};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, FinalizeResult};
use symphonia::core::errors::{Error, Result};
use symphonia::core::packet::PacketRef;
use symphonia::core::units::{Duration, TimeBase};

use codec::{Codec, Refused};
pub(super) use head::{Endian, OpusHead, VORBIS_TO_WAV};
pub(super) use ogg_head::{HEAD_PAGE_BYTES, reveal};
use packet::{MAX_PACKET_SAMPLES, Packet};

use super::stream::frames;

/// The rate at which every Opus stream is decoded.
pub(super) const RATE_HZ: u32 = 48_000;
/// Shortest frame, samples: 2.5 ms. What is made up lasts whole multiples of it.
const LEAST_FRAME_SAMPLES: usize = 120;

static INFO: CodecInfo = CodecInfo { short_name: "opus", long_name: "Opus", profiles: &[] };

/// Streams, mapped to channels.
pub(super) struct OpusDecoder {
    parameters: AudioCodecParameters,
    /// What packets count their durations in.
    time_base: Option<TimeBase>,
    head: OpusHead,
    gain: f32,
    streams: Vec<Codec>,
    /// A packet of one frame.
    single: Vec<u8>,
    /// The decoded samples of one stream, interleaved.
    decoded: Vec<f32>,
    buffer: AudioBuffer<f32>,
}

impl OpusDecoder {
    /// A decoder for the streams that `head` maps.
    pub(super) fn new(
        parameters: &AudioCodecParameters,
        head: OpusHead,
        time_base: Option<TimeBase>,
    ) -> Result<Self> {
        let codec = |k| Codec::new(if k < head.coupled { 2 } else { 1 }).map_err(Error::DecodeError);
        let streams = (0..head.streams).map(codec).collect::<Result<_>>()?;
        let channels = match head.channels() {
            1 => layouts::CHANNEL_LAYOUT_MONO,
            2 => layouts::CHANNEL_LAYOUT_STEREO,
            // At most 255: the header counts them in a byte.
            more => Channels::Discrete(u16::try_from(more).unwrap_or(u16::MAX)),
        };
        let mut parameters = parameters.clone();
        parameters.with_sample_rate(RATE_HZ).with_channels(channels.clone());
        Ok(Self {
            parameters,
            time_base,
            gain: head.gain(),
            head,
            streams,
            single: Vec::new(),
            decoded: vec![0.0; 2 * MAX_PACKET_SAMPLES],
            buffer: AudioBuffer::new(AudioSpec::new(RATE_HZ, channels), MAX_PACKET_SAMPLES),
        })
    }

    /// Decodes the packet of every stream; returns with the buffer as long as they are.
    fn decode_streams(&mut self, mut rest: &[u8]) -> std::result::Result<(), Refused> {
        let mut samples = None;
        for stream in 0..self.streams.len() {
            let packet;
            if stream + 1 < self.streams.len() {
                (packet, rest) = Packet::parse_delimited(rest).ok_or("opus: a malformed packet")?;
            } else {
                packet = Packet::parse(rest).ok_or("opus: a malformed packet")?;
            }
            if samples.is_none() {
                self.buffer.resize_with_silence(packet.samples());
            }
            if *samples.get_or_insert(packet.samples()) != packet.samples() {
                return Err("opus: streams of unequal length");
            }
            self.decode_frames(stream, &packet)?;
            self.hand_out(stream, packet.samples());
        }
        Ok(())
    }

    fn decode_frames(&mut self, stream: usize, packet: &Packet<'_>) -> std::result::Result<(), Refused> {
        let channels = self.channels_of(stream);
        let samples = packet.frame_samples();
        for (frame, out) in packet.frames().iter().zip(self.decoded.chunks_exact_mut(samples * channels)) {
            self.single.clear();
            if frame.len() > 1 {
                self.single.push(packet.toc & !3);
                self.single.extend_from_slice(frame);
            }
            self.streams[stream].decode(&self.single, samples, out)?;
        }
        Ok(())
    }

    /// What a packet without bytes may have held, given how long it lasted.
    fn make_up(&mut self, samples: usize) -> std::result::Result<(), Refused> {
        let samples = samples.min(MAX_PACKET_SAMPLES) / LEAST_FRAME_SAMPLES * LEAST_FRAME_SAMPLES;
        self.buffer.resize_with_silence(samples);
        for stream in 0..self.streams.len() {
            if samples > 0 {
                let channels = self.channels_of(stream);
                self.streams[stream].decode(&[], samples, &mut self.decoded[..samples * channels])?;
                self.hand_out(stream, samples);
            }
        }
        Ok(())
    }

    fn channels_of(&self, stream: usize) -> usize {
        if stream < self.head.coupled { 2 } else { 1 }
    }

    /// Copies the decoded samples of a stream to the channels that are made of it.
    fn hand_out(&mut self, stream: usize, samples: usize) {
        let channels = self.channels_of(stream);
        let first = stream + stream.min(self.head.coupled);
        for (plane, source) in self.head.sources.iter().enumerate() {
            let channel = source.and_then(|source| usize::from(source).checked_sub(first));
            let (Some(channel), Some(out)) =
                (channel.filter(|&channel| channel < channels), self.buffer.plane_mut(plane))
            else {
                continue;
            };
            let decoded = self.decoded[channel..].iter().step_by(channels);
            for (out, &sample) in out.iter_mut().zip(decoded).take(samples) {
                *out = sample * self.gain;
            }
        }
    }
}

impl AudioDecoder for OpusDecoder {
    fn reset(&mut self) {
        // A decoder that cannot be reset goes on with what it remembers, which is audible for a frame or two.
        for stream in &mut self.streams {
            let _ = stream.reset();
        }
    }

    fn codec_info(&self) -> &CodecInfo {
        &INFO
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.parameters
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> Result<GenericAudioBufferRef<'_>> {
        let time_base = self.time_base;
        let samples =
            |ticks: Duration| usize::try_from(frames(time_base, ticks.get(), RATE_HZ)).unwrap_or(usize::MAX);
        self.buffer.clear();
        let result = if packet.data.is_empty() {
            self.make_up(samples(packet.block_dur()))
        } else {
            self.decode_streams(packet.data)
        };
        if let Err(refused) = result {
            self.buffer.clear();
            return Err(Error::DecodeError(refused));
        }
        self.buffer.trim(samples(packet.trim_start), samples(packet.trim_end));
        Ok(self.buffer.as_generic_audio_buffer_ref())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.buffer.as_generic_audio_buffer_ref()
    }
}
