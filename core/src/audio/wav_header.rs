//! The header of a WAV file: RIFF, RF64/BW64 (64-bit sizes in a `ds64` chunk) and Sony's W64 (64-bit sizes throughout).

use std::io::{self, Read};

/// Longest `fmt ` chunk that is looked at; the extensible form has 40 bytes.
const MAX_FORMAT_BYTES: u64 = 1024;
/// Chunks before the data; more than this is not a WAV file but an attack on patience.
const MAX_CHUNKS: u32 = 10_000;
/// W64 identifiers: the ASCII name followed by one of two constant tails.
const W64_RIFF: [u8; 16] = *b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00";
const W64_TAIL: [u8; 12] = *b"\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a";

/// How one sample is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Unsigned8,
    Signed16,
    Signed24,
    Signed32,
    Float32,
    Float64,
    ALaw,
    MuLaw,
}

impl Coding {
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Unsigned8 | Self::ALaw | Self::MuLaw => 1,
            Self::Signed16 => 2,
            Self::Signed24 => 3,
            Self::Signed32 | Self::Float32 => 4,
            Self::Float64 => 8,
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
}

/// Everything before the samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WavHeader {
    pub(super) format: WavFormat,
    /// Bytes of samples that the header announces; `None` if it is one of the values that streaming writers leave.
    pub(super) data_bytes: Option<u64>,
    /// Length of the whole file according to its header, if it says.
    pub(super) file_bytes: Option<u64>,
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Family {
    Riff,
    Rf64,
    W64,
}

/// Reads up to the first sample.
pub(super) fn read_header(reader: &mut impl Read) -> Result<WavHeader, HeaderError> {
    let mut counted = Counted { inner: reader, offset: 0 };
    let (family, mut file_bytes) = read_form(&mut counted)?;
    let mut format = None;
    let mut wide_data_bytes = None;
    for _ in 0..MAX_CHUNKS {
        let (name, size) = counted.chunk(family)?;
        match &name {
            b"fmt " => format = Some(parse_format(&counted.bytes(size, MAX_FORMAT_BYTES)?)?),
            b"ds64" if family == Family::Rf64 => {
                let bytes = counted.bytes(size, MAX_FORMAT_BYTES)?;
                let (Some(file), Some(data)) = (le64(&bytes, 0), le64(&bytes, 8)) else {
                    return Err(HeaderError::Damaged("its 64-bit sizes are incomplete"));
                };
                file_bytes = file.checked_add(8);
                wide_data_bytes = Some(data);
            }
            b"data" => {
                let format =
                    format.ok_or(HeaderError::Damaged("it has samples before a description of them"))?;
                let told = match (family, size) {
                    (Family::Rf64, 0xffff_ffff) => wide_data_bytes.filter(|&n| n != 0 && n != u64::MAX),
                    // ffmpeg and sox leave these when they cannot seek back to fill in the length.
                    (Family::Riff, 0xffff_f000..) => None,
                    _ => Some(size),
                };
                return Ok(WavHeader { format, data_bytes: told, file_bytes, offset: counted.offset });
            }
            _ => counted.skip(size)?,
        }
        counted.align(family, size)?;
    }
    Err(HeaderError::Damaged("it has no samples among its first 10 000 chunks"))
}

fn read_form<R: Read>(reader: &mut Counted<'_, R>) -> Result<(Family, Option<u64>), HeaderError> {
    let id: [u8; 4] = reader.array()?;
    match &id {
        b"RIFF" | b"RF64" | b"BW64" => {
            let size = u32::from_le_bytes(reader.array()?);
            if reader.array()? != *b"WAVE" {
                return Err(HeaderError::Other);
            }
            let family = if &id == b"RIFF" { Family::Riff } else { Family::Rf64 };
            let told = (size != 0 && size < 0xffff_f000).then(|| u64::from(size) + 8);
            Ok((family, told))
        }
        b"riff" => {
            let rest: [u8; 12] = reader.array()?;
            let size = u64::from_le_bytes(reader.array()?);
            let form: [u8; 16] = reader.array()?;
            if rest != W64_RIFF[4..] || form[..4] != *b"wave" || form[4..] != W64_TAIL {
                return Err(HeaderError::Other);
            }
            Ok((Family::W64, Some(size)))
        }
        _ => Err(HeaderError::Other),
    }
}

fn parse_format(bytes: &[u8]) -> Result<WavFormat, HeaderError> {
    let short = || HeaderError::Damaged("its format description is too short");
    let mut tag = le16(bytes, 0).ok_or_else(short)?;
    let channels = le16(bytes, 2).ok_or_else(short)?;
    let rate_hz = le32(bytes, 4).ok_or_else(short)?;
    let block_align = le16(bytes, 12).ok_or_else(short)?;
    let stored_bits = le16(bytes, 14).ok_or_else(short)?;
    let mut bits = stored_bits;
    if tag == 0xfffe {
        bits = le16(bytes, 18).filter(|&b| b != 0 && b <= stored_bits).unwrap_or(stored_bits);
        tag = le16(bytes, 24).ok_or_else(short)?;
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
        (3, 4) => Coding::Float32,
        (3, 8) => Coding::Float64,
        (6, 1) => Coding::ALaw,
        (7, 1) => Coding::MuLaw,
        (1 | 3 | 6 | 7, _) => return Err(HeaderError::Damaged("its sample size does not exist in WAV")),
        _ => return Err(HeaderError::Other),
    };
    Ok(WavFormat { coding, channels, rate_hz, bits })
}

fn le16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn le32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn le64(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// A reader that knows how far it is.
struct Counted<'a, R> {
    inner: &'a mut R,
    offset: u64,
}

impl<R: Read> Counted<'_, R> {
    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes)?;
        self.offset += N as u64;
        Ok(bytes)
    }

    /// Name and size of the next chunk's contents.
    fn chunk(&mut self, family: Family) -> Result<([u8; 4], u64), HeaderError> {
        let name: [u8; 4] = self.array()?;
        if family != Family::W64 {
            return Ok((name, u64::from(u32::from_le_bytes(self.array()?))));
        }
        let _tail: [u8; 12] = self.array()?;
        let size = u64::from_le_bytes(self.array()?);
        // The size of a W64 chunk includes its 24 bytes of header.
        Ok((name, size.checked_sub(24).ok_or(HeaderError::Damaged("it has a chunk of impossible size"))?))
    }

    fn bytes(&mut self, size: u64, limit: u64) -> Result<Vec<u8>, HeaderError> {
        if size > limit {
            return Err(HeaderError::Damaged("its format description is too long"));
        }
        let mut bytes = Vec::new();
        self.inner.take(size).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != size {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        self.offset += size;
        Ok(bytes)
    }

    fn skip(&mut self, size: u64) -> io::Result<()> {
        let skipped = io::copy(&mut self.inner.take(size), &mut io::sink())?;
        self.offset += skipped;
        if skipped == size { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// Skips the padding after a chunk of `size` bytes.
    fn align(&mut self, family: Family, size: u64) -> io::Result<()> {
        let unit = if family == Family::W64 { 8 } else { 2 };
        self.skip(size.next_multiple_of(unit) - size)
    }
}
