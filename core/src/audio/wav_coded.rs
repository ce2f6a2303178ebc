//! WAV whose samples are coded: MPEG audio and ADTS are whole streams inside a chunk; other codecs have names.

use std::io::{self, Read};

use super::elementary::Elementary;
use super::riff::{Chunks, Sequential, le16};

/// Longest `fmt ` chunk that is looked at.
const MAX_FORMAT_BYTES: u64 = 1024;
/// The format tag of the extensible form, whose real one stands at this offset.
const EXTENSIBLE: u16 = 0xfffe;
const EXTENSIBLE_TAG_OFFSET: usize = 24;

/// What a WAV holds that has no samples as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CodedWav {
    /// A stream of frames within the samples' chunk.
    Frames {
        kind: Elementary,
        /// Of the first byte, from the beginning of the WAV.
        offset: u64,
        /// Nothing until the end of the input.
        bytes: Option<u64>,
    },
    /// A codec that is not read here, by its format tag.
    Foreign(u16),
}

impl CodedWav {
    /// Reads `input`, which begins with a WAV, as far as the samples; nothing where they need no decoder, or the demuxer of
    /// symphonia has one.
    pub(super) fn find(input: &mut impl Read, input_bytes: Option<u64>) -> io::Result<Option<Self>> {
        let Some(mut chunks) = Chunks::begin(Sequential(input), input_bytes)? else { return Ok(None) };
        let mut kind = None;
        while let Some(head) = chunks.next()? {
            match &head.id {
                b"fmt " => {
                    let format = chunks.content(MAX_FORMAT_BYTES)?;
                    let number = |at| {
                        let number = le16(&format, at)?;
                        Some(if chunks.is_big_endian() { number.swap_bytes() } else { number })
                    };
                    let tag = match number(0) {
                        Some(EXTENSIBLE) => number(EXTENSIBLE_TAG_OFFSET),
                        tag => tag,
                    };
                    kind = match tag {
                        // PCM, float, A-law, µ-law and ADPCM of Microsoft and IMA.
                        None | Some(1 | 2 | 3 | 6 | 7 | 0x11) => return Ok(None),
                        Some(0x50 | 0x55) => Some(Elementary::Mpeg),
                        Some(0x00ff | 0x1600) => Some(Elementary::Adts),
                        Some(tag) => return Ok(Some(Self::Foreign(tag))),
                    };
                }
                b"data" => {
                    return Ok(kind.map(|kind| Self::Frames { kind, offset: head.start, bytes: head.bytes }));
                }
                _ => {}
            }
        }
        Ok(None)
    }
}

/// What messages call the codec of a format tag.
pub(super) fn codec_name(tag: u16) -> String {
    let name = match tag {
        0x14 | 0x40 | 0x45 | 0x64 => "G.726",
        0x31 | 0x1500 => "GSM 06.10",
        0x42 | 0xa100 => "G.723.1",
        0x65 | 0x28f => "G.722",
        0x83 => "G.729",
        0x22 => "TrueSpeech",
        0x92 | 0x2000 => "AC-3",
        0x2001 | 0x8 => "DTS",
        0x160 => "Windows Media Audio 1",
        0x161 => "Windows Media Audio 2",
        0x162 => "Windows Media Audio Pro",
        0x163 => "Windows Media Audio Lossless",
        0x1602 => "AAC (LATM)",
        0x270 => "ATRAC3",
        0x566f => "Vorbis",
        0x704f => "Opus",
        0xf1ac => "FLAC",
        _ => return format!("a codec of the number {tag:#06x} in WAV"),
    };
    format!("{name} in WAV")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(tag: u16, rest: &[u8]) -> Option<CodedWav> {
        let format = [&tag.to_le_bytes()[..], &[2, 0], &48_000_u32.to_le_bytes(), &[0; 8]].concat();
        let head = [&b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0"[..], &format, b"fact\x04\0\0\0\0\0\0\0"].concat();
        CodedWav::find(&mut &[&head[..], rest].concat()[..], None).unwrap_or(None)
    }

    #[test]
    fn streams_of_frames_are_found_where_they_lie() {
        let frames = |kind, bytes| Some(CodedWav::Frames { kind, offset: 56, bytes });
        assert_eq!(found(0x50, b"data\x09\0\0\0.........LIST"), frames(Elementary::Mpeg, Some(9)));
        assert_eq!(found(0x55, b"data\xff\xff\xff\xff..."), frames(Elementary::Mpeg, None));
        assert_eq!(found(0x1600, b"data\x03\0\0\0..."), frames(Elementary::Adts, Some(3)));
        assert_eq!(found(0x31, b""), Some(CodedWav::Foreign(0x31)));
        assert_eq!(found(0x11, b"data\x03\0\0\0..."), None);
        assert_eq!(found(0x55, b"LIST\x03\0\0\0..."), None, "no samples");
        assert_eq!(codec_name(0x31), "GSM 06.10 in WAV");
        assert_eq!(codec_name(0x7777), "a codec of the number 0x7777 in WAV");
    }
}
