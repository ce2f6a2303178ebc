//! A WAV writer that carries metadata and grows into RF64.
//!
//! Layout: `RIFF`, `JUNK` of 28 bytes (the place of `ds64`), `fmt `, the chunks that stood before the
//! samples, `data`, the chunks that stood after. A file that ends up larger than RIFF can say becomes RF64 by
//! rewriting the first two names (EBU Tech 3306).

use std::io::{self, Seek, SeekFrom, Write};

use super::metadata::{Chunk, Metadata};
use super::quantise::nearest;
use super::{RenderError, StreamFormat};
use crate::audio::full_scale;

/// What RIFF's 32-bit sizes can say.
pub const MAX_RIFF_BYTES: u64 = 0xffff_ffff;

/// Content of `ds64` without a table.
const DS64_BYTES: u32 = 28;
/// Samples that are converted at a time.
const PIECE: usize = 4_096;

/// Writes interleaved samples as WAV.
///
/// Integers are rounded to the nearest and limited to full scale (dither and counting of limited samples are
/// the [`super::Quantiser`]'s), floats are stored as they are. A file is valid only after
/// [`finish`](Self::finish).
#[derive(Debug)]
pub struct WavOut<W> {
    out: W,
    format: StreamFormat,
    after: Vec<Chunk>,
    /// Where the samples begin.
    data_start: u64,
    data_bytes: u64,
    /// Samples per channel that the header of a pipe states.
    announced: Option<u64>,
    limit: u64,
    bytes: Vec<u8>,
}

impl<W: Write> WavOut<W> {
    /// Begins a file at the writer's start; [`finish`](Self::finish) completes the header.
    ///
    /// # Errors
    /// A format that WAV cannot hold, or the writer's own.
    pub fn new(out: W, format: StreamFormat, metadata: &Metadata) -> Result<Self, RenderError> {
        Self::with_riff_limit(out, format, metadata, MAX_RIFF_BYTES)
    }

    /// As [`new`](Self::new), but the file becomes RF64 above `limit` bytes instead of above
    /// [`MAX_RIFF_BYTES`].
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn with_riff_limit(
        out: W,
        format: StreamFormat,
        metadata: &Metadata,
        limit: u64,
    ) -> Result<Self, RenderError> {
        Self::begin(out, format, metadata, limit, None, 0)
    }

    /// Begins a WAV for a pipe, which cannot be completed later: the header states `samples` per channel, or
    /// "unknown" (all ones, which readers of pipes take as "until the end"). Chunks that stood after the
    /// samples follow them only when the length is known.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn for_pipe(
        out: W,
        format: StreamFormat,
        metadata: &Metadata,
        samples: Option<u64>,
    ) -> Result<Self, RenderError> {
        let stated = match samples {
            Some(samples) => {
                samples.checked_mul(format.bytes_per_frame()).ok_or_else(|| too_long(samples))?
            }
            None => MAX_RIFF_BYTES,
        };
        let mut wav = Self::begin(out, format, metadata, MAX_RIFF_BYTES, samples, stated)?;
        if samples.is_none() {
            wav.after.clear();
        }
        Ok(wav)
    }

    fn begin(
        mut out: W,
        format: StreamFormat,
        metadata: &Metadata,
        limit: u64,
        announced: Option<u64>,
        stated_data: u64,
    ) -> Result<Self, RenderError> {
        check(format)?;
        let metadata = &metadata.for_wav();
        let fmt = fmt_chunk(format, metadata.channel_mask);
        let before: u64 = metadata.before.iter().map(chunk_bytes).sum();
        let data_start = 12 + 8 + u64::from(DS64_BYTES) + chunk_bytes(&fmt) + before + 8;
        let after: u64 = metadata.after.iter().map(chunk_bytes).sum();
        // An unknown length stays all ones whatever stands around it.
        let total = (data_start + after - 8)
            .checked_add(stated_data)
            .and_then(|total| total.checked_add(stated_data % 2))
            .ok_or_else(|| too_long(announced.unwrap_or(u64::MAX)))?;
        let long = announced.is_some() && total > limit;
        out.write_all(if long { b"RF64" } else { b"RIFF" })?;
        out.write_all(&if long { u32::MAX } else { clamp32(total) }.to_le_bytes())?;
        out.write_all(b"WAVE")?;
        out.write_all(if long { b"ds64" } else { b"JUNK" })?;
        out.write_all(&DS64_BYTES.to_le_bytes())?;
        let frames = announced.unwrap_or(0);
        out.write_all(&if long { ds64(total, stated_data, frames) } else { [0; DS64_BYTES as usize] })?;
        write_chunk(&mut out, &fmt)?;
        for chunk in &metadata.before {
            write_chunk(&mut out, chunk)?;
        }
        out.write_all(b"data")?;
        out.write_all(&if long { u32::MAX } else { clamp32(stated_data) }.to_le_bytes())?;
        Ok(Self {
            out,
            format,
            after: metadata.after.clone(),
            data_start,
            data_bytes: 0,
            announced,
            limit,
            bytes: Vec::with_capacity(PIECE * 4),
        })
    }

    /// Appends whole frames of interleaved samples, full scale ±1.
    ///
    /// # Errors
    /// The writer's own.
    pub fn write(&mut self, interleaved: &[f32]) -> Result<(), RenderError> {
        for piece in interleaved.chunks(PIECE) {
            self.bytes.clear();
            encode(self.format, piece, &mut self.bytes);
            self.out.write_all(&self.bytes)?;
            self.data_bytes += self.bytes.len() as u64;
        }
        Ok(())
    }

    /// Ends a WAV on a pipe.
    ///
    /// # Errors
    /// The writer's own, and a length other than announced.
    pub fn finish_pipe(mut self) -> Result<W, RenderError> {
        let written = self.data_bytes / self.format.bytes_per_frame();
        if let Some(announced) = self.announced.filter(|&announced| announced != written) {
            return Err(RenderError::Length { announced, written });
        }
        if self.announced.is_some() {
            self.write_tail()?;
        }
        self.out.flush()?;
        Ok(self.out)
    }

    fn write_tail(&mut self) -> io::Result<()> {
        if self.data_bytes % 2 == 1 {
            self.out.write_all(&[0])?;
        }
        self.after.iter().try_for_each(|chunk| write_chunk(&mut self.out, chunk))
    }
}

impl<W: Write + Seek> WavOut<W> {
    /// Completes the file: trailing chunks, sizes, and RF64 where RIFF is too small.
    ///
    /// # Errors
    /// The writer's own.
    pub fn finish(mut self) -> Result<W, RenderError> {
        self.write_tail()?;
        let total = self.out.stream_position()? - 8;
        let frames = self.data_bytes / self.format.bytes_per_frame();
        let long = total > self.limit;
        self.out.seek(SeekFrom::Start(0))?;
        self.out.write_all(if long { b"RF64" } else { b"RIFF" })?;
        self.out.write_all(&if long { u32::MAX } else { clamp32(total) }.to_le_bytes())?;
        if long {
            self.out.seek(SeekFrom::Start(12))?;
            self.out.write_all(b"ds64")?;
            self.out.write_all(&DS64_BYTES.to_le_bytes())?;
            self.out.write_all(&ds64(total, self.data_bytes, frames))?;
        }
        self.out.seek(SeekFrom::Start(self.data_start - 4))?;
        self.out.write_all(&if long { u32::MAX } else { clamp32(self.data_bytes) }.to_le_bytes())?;
        self.out.seek(SeekFrom::End(0))?;
        self.out.flush()?;
        Ok(self.out)
    }
}

fn too_long(samples: u64) -> RenderError {
    RenderError::Format {
        container: "WAV",
        what: format!("{samples} samples per channel"),
        instead: "shorter pieces",
    }
}

fn check(format: StreamFormat) -> Result<(), RenderError> {
    let bits_fit = if format.float { format.bits == 32 } else { matches!(format.bits, 8 | 16 | 24 | 32) };
    let frame = format.bytes_per_frame();
    // Both are 16-bit and 32-bit fields of `fmt `.
    let fits = frame <= u64::from(u16::MAX) && frame * u64::from(format.rate_hz) <= u64::from(u32::MAX);
    if bits_fit && format.channels > 0 && format.rate_hz > 0 && fits {
        return Ok(());
    }
    let kind = if format.float { "floating-point" } else { "integer" };
    Err(RenderError::Format {
        container: "WAV",
        what: format!(
            "{} channels of {}-bit {kind} samples at {} Hz",
            format.channels, format.bits, format.rate_hz
        ),
        instead: "16-, 24- or 32-bit integers or 32-bit floats",
    })
}

pub(super) fn fmt_chunk(format: StreamFormat, channel_mask: u32) -> Chunk {
    const PCM: u16 = 1;
    const IEEE_FLOAT: u16 = 3;
    const EXTENSIBLE: u16 = 0xfffe;
    /// The last 14 bytes of the sub-format GUIDs; the tag stands before them.
    const GUID_TAIL: [u8; 14] = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];
    let tag = if format.float { IEEE_FLOAT } else { PCM };
    // Microsoft asks for the extensible form above two channels or 16 bits; many readers of stereo 24-bit
    // files expect the plain one, and all understand it.
    let extensible = format.channels > 2 || channel_mask != 0;
    let mut bytes = Vec::with_capacity(40);
    bytes.extend((if extensible { EXTENSIBLE } else { tag }).to_le_bytes());
    bytes.extend(format.channels.to_le_bytes());
    bytes.extend(format.rate_hz.to_le_bytes());
    bytes.extend(clamp32(u64::from(format.rate_hz) * format.bytes_per_frame()).to_le_bytes());
    bytes.extend((format.bytes_per_sample() * format.channels).to_le_bytes());
    bytes.extend(format.bits.to_le_bytes());
    if extensible {
        bytes.extend(22_u16.to_le_bytes());
        bytes.extend(format.bits.to_le_bytes());
        bytes.extend(channel_mask.to_le_bytes());
        bytes.extend(tag.to_le_bytes());
        bytes.extend(GUID_TAIL);
    } else if format.float {
        bytes.extend(0_u16.to_le_bytes());
    }
    Chunk { id: *b"fmt ", bytes }
}

fn ds64(riff_bytes: u64, data_bytes: u64, frames: u64) -> [u8; DS64_BYTES as usize] {
    let mut bytes = [0; DS64_BYTES as usize];
    bytes[..8].copy_from_slice(&riff_bytes.to_le_bytes());
    bytes[8..16].copy_from_slice(&data_bytes.to_le_bytes());
    bytes[16..24].copy_from_slice(&frames.to_le_bytes());
    bytes
}

pub(super) fn chunk_bytes(chunk: &Chunk) -> u64 {
    let len = chunk.bytes.len() as u64;
    8 + len + len % 2
}

fn write_chunk(out: &mut impl Write, chunk: &Chunk) -> io::Result<()> {
    out.write_all(&chunk.id)?;
    out.write_all(&clamp32(chunk.bytes.len() as u64).to_le_bytes())?;
    out.write_all(&chunk.bytes)?;
    if chunk.bytes.len() % 2 == 1 { out.write_all(&[0]) } else { Ok(()) }
}

fn clamp32(bytes: u64) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// Samples as little-endian bytes; 8-bit WAV is unsigned.
pub(super) fn encode(format: StreamFormat, samples: &[f32], bytes: &mut Vec<u8>) {
    match (format.float, format.bits) {
        (true, _) => each(samples, bytes, f32::to_le_bytes),
        (_, 8) => each(samples, bytes, |s| [to_integer(s, 8).wrapping_add(128).to_le_bytes()[0]]),
        (_, 16) => each(samples, bytes, |s| {
            let [low, high, ..] = to_integer(s, 16).to_le_bytes();
            [low, high]
        }),
        (_, 24) => each(samples, bytes, |s| {
            let [low, middle, high, _] = to_integer(s, 24).to_le_bytes();
            [low, middle, high]
        }),
        _ => each(samples, bytes, |s| to_integer(s, 32).to_le_bytes()),
    }
}

/// Appends `N` bytes for each sample: room first, so that no byte asks for it.
fn each<const N: usize>(samples: &[f32], bytes: &mut Vec<u8>, encode: impl Fn(f32) -> [u8; N]) {
    let start = bytes.len();
    bytes.resize(start + N * samples.len(), 0);
    let (room, _) = bytes[start..].as_chunks_mut::<N>();
    room.iter_mut().zip(samples).for_each(|(bytes, &sample)| *bytes = encode(sample));
}

/// A sample as an integer of `bits`, rounded to the nearest (ties to even), limited to full scale. NaN is 0.
#[expect(
    clippy::cast_possible_truncation,
    reason = "limited to the range of an i32 in f64, which holds it exactly"
)]
pub(super) fn to_integer(sample: f32, bits: u16) -> i32 {
    let scale = f64::from(full_scale(bits));
    nearest(f64::from(sample) * scale).clamp(-scale, scale - 1.0) as i32
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "test signals are small numbers")]
#[path = "wav_tests.rs"]
mod tests;
