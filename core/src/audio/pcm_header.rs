//! Headers of containers whose samples need no decoder: WAV in all its sizes, AIFF and AIFF-C, Sun's AU, and CAF.
//!
//! What another reader must decode (AIFF-C and CAF with a codec) is none of these: [`HeaderError::Other`].

use std::io::{self, ErrorKind, Read};

use super::wav_header::{self, Coding, HeaderError, WavFormat, WavHeader};

/// Longest description of the samples that is looked at.
const MAX_FORMAT_BYTES: u64 = 1 << 10;
/// Chunks before the samples.
const MAX_CHUNKS: u32 = 10_000;

/// Reads up to the first sample. `input_bytes` is the true length of the input, if known.
pub(super) fn read_header(
    reader: &mut impl Read,
    input_bytes: Option<u64>,
) -> Result<WavHeader, HeaderError> {
    let mut id = [0; 4];
    reader.read_exact(&mut id)?;
    let mut input = Counted { input: &mut *reader, read: 4 };
    match &id {
        b"FORM" => aiff(&mut input, input_bytes),
        b".snd" => au(&mut input),
        b"caff" => caf(&mut input),
        _ => wav_header::read_header(&mut (&id[..]).chain(reader), input_bytes),
    }
}

/// An input that knows how far it was read.
struct Counted<R> {
    input: R,
    read: u64,
}

impl<R: Read> Counted<R> {
    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.input.read_exact(&mut bytes)?;
        self.read += N as u64;
        Ok(bytes)
    }

    /// The next chunk's name; nothing where the input ends.
    fn name(&mut self) -> io::Result<Option<[u8; 4]>> {
        match self.array() {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(None),
            other => other.map(Some),
        }
    }

    fn number(&mut self) -> io::Result<u32> {
        self.array().map(u32::from_be_bytes)
    }

    fn take(&mut self, bytes: u64) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        self.input.by_ref().take(bytes).read_to_end(&mut content)?;
        self.read += content.len() as u64;
        if content.len() as u64 == bytes { Ok(content) } else { Err(ErrorKind::UnexpectedEof.into()) }
    }

    fn skip(&mut self, bytes: u64) -> io::Result<()> {
        let skipped = io::copy(&mut self.input.by_ref().take(bytes), &mut io::sink())?;
        self.read += skipped;
        if skipped == bytes { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) }
    }
}

/// Sizes that writers leave which cannot seek back to fill them in.
fn is_placeholder(bytes: u64) -> bool {
    bytes == 0 || matches!(bytes, 0x7eff_0000..=0x8000_0000 | 0xfffe_0000..=0xffff_ffff)
}

fn pcm(bits: u32, float: bool, signed: bool) -> Result<Coding, HeaderError> {
    Ok(match (bits.div_ceil(8), float, signed) {
        (1, false, true) => Coding::Signed8,
        (1, false, false) => Coding::Unsigned8,
        (2, false, true) => Coding::Signed16,
        (3, false, true) => Coding::Signed24,
        (4, false, true) => Coding::Signed32,
        (4, true, _) => Coding::Float32,
        (8, true, _) => Coding::Float64,
        _ => return Err(HeaderError::Other),
    })
}

/// AIFF and AIFF-C.
fn aiff(input: &mut Counted<impl Read>, input_bytes: Option<u64>) -> Result<WavHeader, HeaderError> {
    let form_bytes = u64::from(input.number()?) + 8;
    let compressed = match &input.array::<4>()? {
        b"AIFF" => false,
        b"AIFC" => true,
        _ => return Err(HeaderError::Other),
    };
    let mut common = None;
    for _ in 0..MAX_CHUNKS {
        let Some(name) = input.name()? else { break };
        let size = u64::from(input.number()?);
        match &name {
            b"COMM" => {
                let content = input.take(size.min(MAX_FORMAT_BYTES))?;
                input.skip(size.saturating_sub(MAX_FORMAT_BYTES) + size % 2)?;
                common = Some(aiff_common(&content, compressed)?);
            }
            b"SSND" => {
                // Samples before their description: another reader can go back.
                let (format, frames) = common.ok_or(HeaderError::Other)?;
                let gap = u64::from(input.number()?);
                let _block_size = input.number()?;
                input.skip(gap)?;
                let frame_bytes = format.coding.bytes() as u64 * u64::from(format.channels);
                let by_count = u64::from(frames) * frame_bytes;
                let by_size = size.saturating_sub(8 + gap);
                let there = input_bytes.map(|bytes| bytes.saturating_sub(input.read));
                let fits = |bytes: u64| there.is_none_or(|there| bytes <= there);
                let counted = by_count > 0 && !is_placeholder(by_count) && fits(by_count);
                let sized = size >= 8 && (!is_placeholder(size) || input_bytes == Some(form_bytes));
                // The number of frames is right where the size wrapped round, or says more than there is.
                let data_bytes = match (sized, counted) {
                    (true, true) if by_count > by_size && there.is_some() || !fits(by_size) => Some(by_count),
                    (true, _) => Some(by_size),
                    (false, true) => Some(by_count),
                    (false, false) => None,
                };
                return Ok(WavHeader { format, data_bytes, offset: input.read });
            }
            _ => input.skip(size + size % 2)?,
        }
    }
    Err(if common.is_some() { HeaderError::Damaged("it has no samples") } else { HeaderError::Other })
}

/// Format and number of frames.
fn aiff_common(content: &[u8], compressed: bool) -> Result<(WavFormat, u32), HeaderError> {
    let short = HeaderError::Damaged("its format description is too short");
    let Some(&[c0, c1, f0, f1, f2, f3, b0, b1, e0, e1, m0, m1, m2, m3]) = content.first_chunk::<14>() else {
        return Err(short);
    };
    let channels = u16::from_be_bytes([c0, c1]);
    let bits = u32::from(u16::from_be_bytes([b0, b1]));
    if channels == 0 {
        return Err(HeaderError::NoChannels);
    }
    // The rate is an 80-bit float; rates are whole numbers that fit the upper 32 bits of its mantissa.
    let exponent = u32::from(u16::from_be_bytes([e0 & 0x7f, e1]));
    let mantissa = u32::from_be_bytes([m0, m1, m2, m3]);
    let rate_hz = 16_414_u32.checked_sub(exponent).and_then(|shift| mantissa.checked_shr(shift)).unwrap_or(0);
    let codec: [u8; 4] =
        if compressed { *content.get(18..).and_then(<[u8]>::first_chunk).ok_or(short)? } else { *b"NONE" };
    let (coding, big_endian, bits) = match &codec {
        b"NONE" | b"twos" => (pcm(bits, false, true)?, true, bits),
        b"sowt" => (pcm(bits, false, true)?, false, bits),
        b"raw " => (pcm(bits, false, false)?, true, bits),
        b"in24" => (Coding::Signed24, true, 24),
        b"in32" => (Coding::Signed32, true, 32),
        b"fl32" | b"FL32" => (Coding::Float32, true, 32),
        b"fl64" | b"FL64" => (Coding::Float64, true, 64),
        b"alaw" | b"ALAW" => (Coding::ALaw, true, 16),
        b"ulaw" | b"ULAW" => (Coding::MuLaw, true, 16),
        _ => return Err(HeaderError::Other),
    };
    let bits = u16::try_from(bits).unwrap_or(0);
    Ok((WavFormat { coding, channels, rate_hz, bits, big_endian }, u32::from_be_bytes([f0, f1, f2, f3])))
}

/// Sun's AU.
fn au(input: &mut Counted<impl Read>) -> Result<WavHeader, HeaderError> {
    let (start, size) = (input.number()?, input.number()?);
    let (encoding, rate_hz, channels) = (input.number()?, input.number()?, input.number()?);
    let (coding, bits) = match encoding {
        1 => (Coding::MuLaw, 16),
        2 => (Coding::Signed8, 8),
        3 => (Coding::Signed16, 16),
        4 => (Coding::Signed24, 24),
        5 => (Coding::Signed32, 32),
        6 => (Coding::Float32, 32),
        7 => (Coding::Float64, 64),
        27 => (Coding::ALaw, 16),
        _ => return Err(HeaderError::Other),
    };
    let channels = u16::try_from(channels).map_err(|_| HeaderError::Damaged("it has too many channels"))?;
    if channels == 0 {
        return Err(HeaderError::NoChannels);
    }
    input.skip(u64::from(start).saturating_sub(input.read))?;
    let data_bytes = Some(u64::from(size)).filter(|&bytes| !is_placeholder(bytes));
    let format = WavFormat { coding, channels, rate_hz, bits, big_endian: true };
    Ok(WavHeader { format, data_bytes, offset: input.read })
}

/// Apple's CAF.
fn caf(input: &mut Counted<impl Read>) -> Result<WavHeader, HeaderError> {
    let _version_and_flags: [u8; 4] = input.array()?;
    let mut format = None;
    for _ in 0..MAX_CHUNKS {
        let Some(name) = input.name()? else { break };
        let size = i64::from_be_bytes(input.array()?);
        match &name {
            b"desc" if size >= 32 => {
                let content = input.take(32)?;
                format = Some(caf_description(&content)?);
                input.skip(size.unsigned_abs() - 32)?;
            }
            b"data" => {
                let format = format.ok_or(HeaderError::Other)?;
                let _edits = input.number()?;
                // Until the end of the input, or never filled in.
                let data_bytes =
                    u64::try_from(size).ok().and_then(|size| size.checked_sub(4)).filter(|&bytes| bytes > 0);
                return Ok(WavHeader { format, data_bytes, offset: input.read });
            }
            _ => input.skip(u64::try_from(size).map_err(|_| HeaderError::Other)?)?,
        }
    }
    Err(HeaderError::Other)
}

fn caf_description(content: &[u8]) -> Result<WavFormat, HeaderError> {
    const FLOAT: u32 = 1;
    const LITTLE_ENDIAN: u32 = 2;
    let number = |at: usize| {
        content.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u32::from_be_bytes(*bytes))
    };
    let rate = content.first_chunk().map_or(0.0, |bytes| f64::from_be_bytes(*bytes));
    let (flags, packet_bytes, channels, bits) = (number(12), number(16), number(24), number(28));
    if channels == 0 {
        return Err(HeaderError::NoChannels);
    }
    let coding = match content.get(8..12) {
        Some(b"lpcm") => pcm(bits, flags & FLOAT != 0, true)?,
        Some(b"alaw") => Coding::ALaw,
        Some(b"ulaw") => Coding::MuLaw,
        _ => return Err(HeaderError::Other),
    };
    // Samples with room around them are another reader's.
    if u64::from(packet_bytes) != coding.bytes() as u64 * u64::from(channels) {
        return Err(HeaderError::Other);
    }
    let bits = if bits == 0 { 16 } else { u16::try_from(bits).map_err(|_| HeaderError::Other)? };
    let channels = u16::try_from(channels).map_err(|_| HeaderError::Other)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates; the rate is checked later"
    )]
    let rate_hz = rate.round() as u32;
    Ok(WavFormat { coding, channels, rate_hz, bits, big_endian: flags & LITTLE_ENDIAN == 0 })
}
