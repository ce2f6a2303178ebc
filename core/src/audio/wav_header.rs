//! What the header of a WAV file says of its samples.

use std::io::{self, Read};

use super::riff::{Chunks, Sequential, le16, le32};

/// Longest `fmt ` chunk that is looked at; the extensible form has 40 bytes.
const MAX_FORMAT_BYTES: u64 = 1024;

/// How one sample is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Unsigned8,
    Signed8,
    Signed16,
    Signed24,
    Signed32,
    Signed64,
    Float32,
    Float64,
    ALaw,
    MuLaw,
}

impl Coding {
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Unsigned8 | Self::Signed8 | Self::ALaw | Self::MuLaw => 1,
            Self::Signed16 => 2,
            Self::Signed24 => 3,
            Self::Signed32 | Self::Float32 => 4,
            Self::Signed64 | Self::Float64 => 8,
        }
    }
}

/// What the `fmt ` chunk says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WavFormat {
    pub(super) coding: Coding,
    pub(super) channels: u16,
    pub(super) rate_hz: u32,
    /// Bits that carry the sample; may be fewer than are stored.
    pub(super) bits: u16,
    /// The byte that counts most comes first.
    pub(super) big_endian: bool,
}

/// Everything before the samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WavHeader {
    pub(super) format: WavFormat,
    /// Bytes of samples that the header announces; `None` if it does not know.
    pub(super) data_bytes: Option<u64>,
    /// Bytes read up to the first sample.
    pub(super) offset: u64,
}

/// Why there is no header.
#[derive(Debug)]
pub(super) enum HeaderError {
    Io(io::Error),
    /// Not WAV, or a codec that is not PCM: another reader may know it.
    Other,
    NoChannels,
    Damaged(&'static str),
}

impl From<io::Error> for HeaderError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            Self::Damaged("it ends before the first sample")
        } else {
            Self::Io(error)
        }
    }
}

/// Reads up to the first sample. `input_bytes` is the true length of the input, if known.
pub(super) fn read_header(
    reader: &mut impl Read,
    input_bytes: Option<u64>,
) -> Result<WavHeader, HeaderError> {
    let mut chunks = Chunks::begin(Sequential(reader), input_bytes)?.ok_or(HeaderError::Other)?;
    let mut format = None;
    let mut empty = None;
    while let Some(head) = chunks.next()? {
        match &head.id {
            b"fmt " if head.bytes > Some(MAX_FORMAT_BYTES) => {
                return Err(HeaderError::Damaged("its format description is too long"));
            }
            b"fmt " => {
                let bytes = chunks.content(MAX_FORMAT_BYTES)?;
                if head.bytes > Some(bytes.len() as u64) {
                    return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
                }
                format = Some(parse_format(&bytes, chunks.is_big_endian())?);
            }
            b"data" => {
                let format =
                    format.ok_or(HeaderError::Damaged("it has samples before a description of them"))?;
                let header = WavHeader { format, data_bytes: head.bytes, offset: head.start };
                if head.bytes != Some(0) {
                    return Ok(header);
                }
                // Some recorders leave an empty one before the samples.
                empty = Some(header);
            }
            _ => {}
        }
    }
    empty.ok_or(HeaderError::Damaged("it has no samples"))
}

fn parse_format(bytes: &[u8], big_endian: bool) -> Result<WavFormat, HeaderError> {
    let short = || HeaderError::Damaged("its format description is too short");
    let number16 = |at| le16(bytes, at).map(|number| if big_endian { number.swap_bytes() } else { number });
    let number32 = |at| le32(bytes, at).map(|number| if big_endian { number.swap_bytes() } else { number });
    let mut tag = number16(0).ok_or_else(short)?;
    let channels = number16(2).ok_or_else(short)?;
    let rate_hz = number32(4).ok_or_else(short)?;
    let block_align = number16(12).ok_or_else(short)?;
    let stored_bits = number16(14).ok_or_else(short)?;
    let mut bits = stored_bits;
    if tag == 0xfffe {
        bits = number16(18).filter(|&b| b != 0 && b <= stored_bits).unwrap_or(stored_bits);
        tag = number16(24).ok_or_else(short)?;
    }
    if channels == 0 {
        return Err(HeaderError::NoChannels);
    }
    // Samples occupy whole bytes. The block's length is often wrong, and is believed only for 24 bits in 4 bytes.
    let stored = match (stored_bits, block_align / channels) {
        (17..=24, 4) if block_align % channels == 0 => 4,
        _ => stored_bits.div_ceil(8),
    };
    let coding = match (tag, stored) {
        (1, 1) => Coding::Unsigned8,
        (1, 2) => Coding::Signed16,
        (1, 3) => Coding::Signed24,
        (1, 4) => Coding::Signed32,
        (1, 8) => Coding::Signed64,
        (3, 4) => Coding::Float32,
        (3, 8) => Coding::Float64,
        (6, 1) => Coding::ALaw,
        (7, 1) => Coding::MuLaw,
        (1 | 3 | 6 | 7, _) => return Err(HeaderError::Damaged("its sample size does not exist in WAV")),
        _ => return Err(HeaderError::Other),
    };
    // No more of a wider one are looked at.
    let bits = if coding == Coding::Signed64 { bits.min(32) } else { bits };
    Ok(WavFormat { coding, channels, rate_hz, bits, big_endian })
}
