//! Samples of a WAV file, straight from the reader.
//!
//! WAV has its own reader because it is the format in which headers lie most: recorders that lost power, programs that
//! stream into a pipe and sizes beyond 32 bits all leave a length that is wrong, and the audio is still good.

use std::io::{self, Read};

use super::AudioWarning;
use super::info::full_scale;
use super::wav_header::{Coding, WavHeader};
use crate::signal::units::{samples_to_seconds, single};

/// Samples (of all channels) per block, unless one frame has more.
const BLOCK_SAMPLES: usize = 16_384;

/// The audio after a header.
pub(super) struct WavReader {
    reader: Box<dyn Read + Send>,
    coding: Coding,
    big_endian: bool,
    frame_bytes: usize,
    /// Bytes of audio still to come; `None` means until the end of the input.
    left: Option<u64>,
    told_frames: Option<u64>,
    frames: u64,
    rate_hz: u32,
    raw: Vec<u8>,
}

impl std::fmt::Debug for WavReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WavReader")
            .field("coding", &self.coding)
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}

impl WavReader {
    /// Reads the audio that follows `header` in `reader`.
    pub(super) fn new(reader: Box<dyn Read + Send>, header: &WavHeader) -> Self {
        let frame_bytes = header.format.coding.bytes() * usize::from(header.format.channels);
        let told = header.data_bytes;
        let frame = frame_bytes as u64;
        Self {
            reader,
            coding: header.format.coding,
            big_endian: header.format.big_endian,
            frame_bytes,
            left: told.map(|bytes| bytes - bytes % frame),
            told_frames: told.map(|bytes| bytes / frame),
            frames: 0,
            rate_hz: header.format.rate_hz,
            raw: vec![0; frame_bytes * (BLOCK_SAMPLES / usize::from(header.format.channels)).max(1)],
        }
    }

    /// Frames that will come, as far as can be told.
    pub(super) fn expected_frames(&self, header: &WavHeader, input_bytes: Option<u64>) -> Option<u64> {
        let available = input_bytes.map(|n| n.saturating_sub(header.offset) / self.frame_bytes as u64);
        match (self.told_frames, available) {
            (Some(told), Some(available)) => Some(told.min(available)),
            (told, available) => told.or(available),
        }
    }

    /// Whether the header leaves the length open.
    pub(super) fn length_unknown(&self) -> bool {
        self.told_frames.is_none()
    }

    /// Fills `block` with the next frames; leaves it empty at the end. Returns a warning if the end came early.
    pub(super) fn next_block(&mut self, block: &mut Vec<f32>) -> io::Result<Option<AudioWarning>> {
        block.clear();
        let wanted = self.left.map_or(self.raw.len(), |left| {
            usize::try_from(left).map_or(self.raw.len(), |left| left.min(self.raw.len()))
        });
        let got = read_frames(&mut self.reader, &mut self.raw[..wanted], self.frame_bytes)?;
        // An incomplete last frame is no audio.
        let whole = got - got % self.frame_bytes;
        if self.big_endian {
            self.raw[..whole].chunks_exact_mut(self.coding.bytes()).for_each(<[u8]>::reverse);
        }
        decode(self.coding, &self.raw[..whole], block);
        self.frames += (whole / self.frame_bytes) as u64;
        if whole == 0 || whole < got {
            self.left = Some(0);
            if let Some(told) = self.told_frames.take().filter(|&told| told > self.frames) {
                let rate = self.rate_hz;
                return Ok(Some(AudioWarning::Truncated {
                    after_s: samples_to_seconds(self.frames, rate),
                    told_s: Some(samples_to_seconds(told, rate)),
                }));
            }
        } else if let Some(left) = &mut self.left {
            *left -= got as u64;
        }
        Ok(None)
    }
}

/// Reads what there is, at least a frame and no part of one, unless the input ends. What comes from a pipe is heard at once.
fn read_frames(reader: &mut dyn Read, buffer: &mut [u8], frame_bytes: usize) -> io::Result<usize> {
    let mut filled: usize = 0;
    while filled < buffer.len() && (filled == 0 || !filled.is_multiple_of(frame_bytes)) {
        let end = if filled == 0 { buffer.len() } else { filled.next_multiple_of(frame_bytes) };
        match reader.read(&mut buffer[filled..end]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

/// Integers become `v / full_scale(bits)`, which is exact up to 24 bits.
#[multiversion::multiversion(targets("x86_64+avx2"))]
fn decode(coding: Coding, bytes: &[u8], out: &mut Vec<f32>) {
    match coding {
        Coding::Unsigned8 => {
            out.extend(bytes.iter().map(|&b| (f32::from(b) - full_scale(8)) / full_scale(8)))
        }
        Coding::Signed8 => {
            out.extend(bytes.iter().map(|&b| f32::from(i8::from_ne_bytes([b])) / full_scale(8)))
        }
        Coding::Signed16 => {
            out.extend(
                bytes.as_chunks().0.iter().map(|&b| f32::from(i16::from_le_bytes(b)) / full_scale(16)),
            );
        }
        Coding::Signed24 => out.extend(bytes.as_chunks().0.iter().map(|&[a, b, c]| {
            // In the upper three bytes, the sign comes for free.
            from_i32(i32::from_le_bytes([0, a, b, c]))
        })),
        Coding::Signed32 => out.extend(bytes.as_chunks().0.iter().map(|&b| from_i32(i32::from_le_bytes(b)))),
        Coding::Signed64 => out.extend(
            bytes
                .as_chunks()
                .0
                .iter()
                .map(|&[_, _, _, _, a, b, c, d]| from_i32(i32::from_le_bytes([a, b, c, d]))),
        ),
        Coding::Float32 => out.extend(bytes.as_chunks().0.iter().map(|&b| f32::from_le_bytes(b))),
        Coding::Float64 => out.extend(bytes.as_chunks().0.iter().map(|&b| single(f64::from_le_bytes(b)))),
        Coding::ALaw => out.extend(bytes.iter().map(|&b| f32::from(a_law(b)) / full_scale(16))),
        Coding::MuLaw => out.extend(bytes.iter().map(|&b| f32::from(mu_law(b)) / full_scale(16))),
    }
}

#[expect(clippy::cast_precision_loss, reason = "f32 is the sample type; the low 8 bits of 32 are rounded")]
fn from_i32(value: i32) -> f32 {
    value as f32 / full_scale(32)
}

/// ITU-T G.711.
fn a_law(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let mantissa = i16::from(byte & 0x0f) << 4;
    let magnitude = match (byte & 0x70) >> 4 {
        0 => mantissa + 8,
        segment => (mantissa + 0x108) << (segment - 1),
    };
    if byte & 0x80 == 0 { -magnitude } else { magnitude }
}

/// ITU-T G.711.
fn mu_law(byte: u8) -> i16 {
    let byte = !byte;
    let magnitude = (((i16::from(byte & 0x0f)) << 3) + 0x84) << ((byte & 0x70) >> 4);
    if byte & 0x80 == 0 { magnitude - 0x84 } else { 0x84 - magnitude }
}
