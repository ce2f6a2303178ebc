//! FLAC output.

use std::io::{Seek, Write};

use flac_codec::encode::{FlacSampleWriter, Options};
use flac_codec::metadata::Application;

use super::metadata::{Chunk, Metadata, Picture, cue_sheet};
use super::wav::{chunk_bytes, fmt_chunk, to_integer};
use super::{RenderError, StreamFormat};

/// What one metadata block of FLAC can hold, with a little to spare.
const MAX_BLOCK_BYTES: usize = (1 << 24) - 64;
/// Writes interleaved samples as FLAC of 16 or 24 bits, exactly.
///
/// The chunks of a WAVE source are stored as `riff` application blocks, in the form that `flac
/// --keep-foreign-metadata` writes and restores; its `INFO` texts also become comments.
pub struct FlacOut<W: Write + Seek> {
    writer: FlacSampleWriter<W>,
    bits: u16,
    integers: Vec<i32>,
    written: u64,
    announced: Option<u64>,
}

impl<W: Write + Seek> std::fmt::Debug for FlacOut<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FlacOut")
            .field("bits", &self.bits)
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}

impl<W: Write + Seek> FlacOut<W> {
    /// Begins a file at the writer's start. `samples` per channel, when known, is needed to carry the chunks
    /// over.
    ///
    /// # Errors
    /// A format that FLAC cannot hold, or the writer's own.
    pub fn new(
        out: W,
        format: StreamFormat,
        metadata: &Metadata,
        samples: Option<u64>,
    ) -> Result<Self, RenderError> {
        let channels = u8::try_from(format.channels).ok().filter(|channels| (1..=8).contains(channels));
        let fits = !format.float && matches!(format.bits, 16 | 24) && (1..1 << 20).contains(&format.rate_hz);
        let Some(channels) = channels.filter(|_| fits) else {
            let kind = if format.float { "float" } else { "integer" };
            return Err(RenderError::Format {
                container: "FLAC",
                what: format!(
                    "{} channels of {}-bit {kind} samples at {} Hz",
                    format.channels, format.bits, format.rate_hz
                ),
                instead: "at most 8 channels of 16- or 24-bit integers, or WAV",
            });
        };
        // The arrangement of a channel pair is estimated instead of encoded four times: 40 % less time.
        let mut options = Options::default().fast_channel_correlation(true);
        for (field, text) in metadata.comments() {
            options = options.tag(&field, text);
        }
        let mut icons = [false; 2];
        for picture in metadata.all_pictures() {
            options = options.picture(flac_picture(picture, &mut icons));
        }
        if let Some(sheet) = metadata.cue_sheet.as_deref().and_then(cue_sheet::parse) {
            options = options.cuesheet(sheet);
        }
        for (id, data) in &metadata.applications {
            options = options.application(Application { id: u32::from_be_bytes(*id), data: data.clone() });
        }
        if let Some(samples) = samples.filter(|_| !(metadata.before.is_empty() && metadata.after.is_empty()))
        {
            for data in foreign_blocks(format, metadata, samples) {
                options = options.application(Application { id: Application::RIFF, data });
            }
        }
        let writer =
            FlacSampleWriter::new(out, options, format.rate_hz, u32::from(format.bits), channels, None)
                .map_err(flac_error)?;
        let announced = samples.map(|samples| samples * u64::from(format.channels));
        Ok(Self { writer, bits: format.bits, integers: Vec::new(), written: 0, announced })
    }

    /// Appends whole frames of interleaved samples, full scale ±1, rounded to the nearest and limited.
    ///
    /// # Errors
    /// The writer's own.
    pub fn write(&mut self, interleaved: &[f32]) -> Result<(), RenderError> {
        self.integers.clear();
        self.integers.extend(interleaved.iter().map(|&sample| to_integer(sample, self.bits)));
        self.written += interleaved.len() as u64;
        self.writer.write(&self.integers).map_err(flac_error)
    }

    /// Completes the file.
    ///
    /// # Errors
    /// The writer's own, and a length other than announced (the carried chunks state it).
    pub fn finish(self) -> Result<(), RenderError> {
        if let Some(announced) = self.announced.filter(|&announced| announced != self.written) {
            return Err(RenderError::Length { announced, written: self.written });
        }
        self.writer.finalize().map_err(flac_error)
    }
}

/// A picture as the encoder takes it. Of each of the two icons a file may have one: `icons` says which were there.
fn flac_picture(picture: Picture, icons: &mut [bool; 2]) -> flac_codec::metadata::Picture {
    use flac_codec::metadata::PictureType as Kind;
    const KINDS: [Kind; 21] = [
        Kind::Other,
        Kind::Png32x32,
        Kind::GeneralFileIcon,
        Kind::FrontCover,
        Kind::BackCover,
        Kind::LinerNotes,
        Kind::MediaLabel,
        Kind::LeadArtist,
        Kind::Artist,
        Kind::Conductor,
        Kind::Band,
        Kind::Composer,
        Kind::Lyricist,
        Kind::RecordingLocation,
        Kind::DuringRecording,
        Kind::DuringPerformance,
        Kind::ScreenCapture,
        Kind::Fish,
        Kind::Illustration,
        Kind::BandLogo,
        Kind::PublisherLogo,
    ];
    let known = usize::try_from(picture.kind).ok().and_then(|kind| KINDS.get(kind).copied());
    let picture_type = match known.unwrap_or(Kind::Other) {
        icon @ (Kind::Png32x32 | Kind::GeneralFileIcon) => {
            let seen = &mut icons[usize::from(icon == Kind::GeneralFileIcon)];
            if std::mem::replace(seen, true) { Kind::Other } else { icon }
        }
        kind => kind,
    };
    flac_codec::metadata::Picture {
        picture_type,
        media_type: picture.media_type,
        description: picture.description,
        width: picture.width,
        height: picture.height,
        color_depth: picture.color_depth,
        colors_used: None,
        data: picture.data,
    }
}

fn flac_error(error: flac_codec::Error) -> RenderError {
    match error {
        flac_codec::Error::Io(error) => error.into(),
        other => RenderError::Flac(other.to_string()),
    }
}

/// The RIFF file around the samples, block by block: header, each chunk, and for the samples only their
/// chunk's head.
fn foreign_blocks(format: StreamFormat, metadata: &Metadata, samples: u64) -> Vec<Vec<u8>> {
    let fits = |chunk: &&Chunk| chunk.bytes.len() <= MAX_BLOCK_BYTES;
    let fmt = fmt_chunk(format, metadata.channel_mask);
    let before: Vec<&Chunk> = std::iter::once(&fmt).chain(&metadata.before).filter(fits).collect();
    let after: Vec<&Chunk> = metadata.after.iter().filter(fits).collect();
    let data_bytes = samples.saturating_mul(format.bytes_per_frame());
    let chunks: u64 = before.iter().chain(&after).map(|chunk| chunk_bytes(chunk)).sum();
    let total = 4 + chunks + 8 + data_bytes + data_bytes % 2;
    // RF64 has a form of its own there; such files keep their comments only.
    let (Ok(total), Ok(data_bytes)) = (u32::try_from(total), u32::try_from(data_bytes)) else {
        return Vec::new();
    };
    let block = |chunk: &&Chunk| {
        let len = u32::try_from(chunk.bytes.len()).unwrap_or(u32::MAX);
        let pad: &[u8] = if chunk.bytes.len() % 2 == 1 { &[0] } else { &[] };
        [&chunk.id[..], &len.to_le_bytes(), &chunk.bytes, pad].concat()
    };
    let header = [&b"RIFF"[..], &total.to_le_bytes(), b"WAVE"].concat();
    let data = [&b"data"[..], &data_bytes.to_le_bytes()].concat();
    std::iter::once(header)
        .chain(before.iter().map(block))
        .chain(std::iter::once(data))
        .chain(after.iter().map(block))
        .collect()
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "test signals are small numbers")]
mod tests {
    use std::io::Cursor;

    use flac_codec::decode::FlacSampleReader;

    use super::*;

    #[test]
    fn samples_and_chunks_come_back() {
        for (bits, channels) in [(16_u16, 1_u16), (24, 2), (24, 6)] {
            let format = StreamFormat { rate_hz: 48_000, channels, bits, float: false };
            let full = 1 << (bits - 1);
            let integers: Vec<i32> =
                (0..30_000 * i32::from(channels)).map(|i| (i * 7_919) % full - i % 3 * 1_000).collect();
            let samples: Vec<f32> = integers.iter().map(|&i| i as f32 / full as f32).collect();
            let list = b"INFOINAM\x05\0\0\0Talk\0\0".to_vec();
            let metadata = Metadata {
                before: vec![
                    Chunk { id: *b"bext", bytes: vec![3; 602] },
                    Chunk { id: *b"LIST", bytes: list },
                ],
                ..Metadata::default()
            };
            let mut file = Cursor::new(Vec::new());
            let mut flac = FlacOut::new(&mut file, format, &metadata, Some(30_000)).expect("fits");
            samples.chunks(usize::from(channels) * 777).for_each(|piece| flac.write(piece).expect("memory"));
            flac.finish().expect("complete");
            let bytes = file.into_inner();
            assert!(bytes.windows(8).any(|w| w == b"riffbext"));
            assert!(bytes.windows(10).any(|w| w == b"TITLE=Talk"));
            let mut reader = FlacSampleReader::new(Cursor::new(bytes)).expect("valid");
            let mut decoded = Vec::new();
            reader.read_to_end(&mut decoded).expect("valid");
            assert!(decoded == integers, "{bits} bits, {channels} channels");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let format = StreamFormat { rate_hz: 48_000, channels: 2, bits: 32, float: true };
        for (channels, bits, float) in [(2, 32, true), (9, 16, false), (0, 16, false), (2, 32, false)] {
            let format = StreamFormat { channels, bits, float, ..format };
            let error = FlacOut::new(Cursor::new(Vec::new()), format, &Metadata::default(), None)
                .expect_err("too much");
            assert!(error.to_string().contains("WAV"), "{error}");
        }
    }
}
