//! FLAC (RFC 9639): a marker, blocks of metadata, frames.
//!
//! Of the metadata only the first block counts; what else there is may be as wrong as it likes. A frame does not say how long
//! it is: it ends where its checksum is right and another frame, or something else that is known, begins.

use symphonia::core::codecs::audio::well_known::CODEC_ID_FLAC;
use symphonia::core::formats::FormatInfo;
use symphonia::core::formats::well_known::FORMAT_ID_FLAC;

use super::checksum::{crc8, crc16};
use super::framing::{Config, Frame, Framing, LinkInfo, Look};
use crate::audio::recognise::{tag_bytes, tag_bytes_behind};

/// Bytes of a block's header.
const BLOCK_HEAD_BYTES: usize = 4;
/// Bytes of the block that describes the stream.
const STREAM_INFO_BYTES: usize = 34;
/// Metadata that is looked across, to see whether its length is right.
const MAX_LOOKED_ACROSS_BYTES: usize = 1 << 20;
/// Bytes that a frame may have more than its samples uncompressed.
const FRAME_OVERHEAD_BYTES: usize = 1 << 10;
/// Bytes in which the end of a frame is looked for first.
const FIRST_LOOK_BYTES: usize = 1 << 15;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Frames,
    Blocks,
}

/// What the stream says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct StreamInfo {
    block_samples: u16,
    rate_hz: u32,
    channels: u16,
    bits: u32,
}

/// What a frame says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Header {
    bytes: usize,
    /// The number is that of the first sample, not of the frame.
    variable: bool,
    number: u64,
    block_samples: u64,
    rate_hz: u32,
    channels: u16,
    bits: u32,
}

/// Finds FLAC frames.
#[derive(Debug, Default)]
pub(super) struct FlacFraming {
    state: State,
    stream: Option<StreamInfo>,
    /// Samples of every frame but the last, where frames are counted.
    block_samples: Option<u64>,
}

impl Framing for FlacFraming {
    fn info(&self) -> FormatInfo {
        FormatInfo { format: FORMAT_ID_FLAC, short_name: "flac", long_name: "Free Lossless Audio Codec" }
    }

    fn look(&mut self, bytes: &[u8], whole: bool) -> Look {
        if bytes.starts_with(b"fLaC") {
            (self.state, self.stream, self.block_samples) = (State::Blocks, None, None);
            return Look::Skip(4);
        }
        if self.state == State::Blocks {
            if let Some(look) = self.block(bytes, whole) {
                return look;
            }
            self.state = State::Frames;
        }
        self.frame(bytes, whole)
    }

    fn may_begin(&self, bytes: &[u8]) -> bool {
        bytes.starts_with(b"fLaC") || self.header(bytes).is_some()
    }

    fn run(&self) -> u32 {
        1
    }
}

impl FlacFraming {
    /// A block of metadata; nothing if there is none.
    fn block(&mut self, bytes: &[u8], whole: bool) -> Option<Look> {
        let Some(&[kind, a, b, c]) = bytes.first_chunk() else {
            return (!whole).then_some(Look::Need(BLOCK_HEAD_BYTES));
        };
        let length = BLOCK_HEAD_BYTES + (usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c));
        if kind & 0x7f == 127 || self.header(bytes).is_some() {
            return None;
        }
        if kind & 0x7f == 0 && self.stream.is_none() {
            let content = bytes.get(BLOCK_HEAD_BYTES..BLOCK_HEAD_BYTES + STREAM_INFO_BYTES);
            let Some(content) = content.and_then(<[u8]>::first_chunk) else {
                return (!whole).then_some(Look::Need(BLOCK_HEAD_BYTES + STREAM_INFO_BYTES));
            };
            if kind & 0x80 != 0 {
                self.state = State::Frames;
            }
            let (stream, samples) = StreamInfo::parse(content);
            self.stream = Some(stream);
            let config = (stream.rate_hz > 0).then(|| config(stream.rate_hz, stream.channels, stream.bits));
            let info = LinkInfo { samples, binding: true, ..LinkInfo::default() };
            return Some(Look::Header { bytes: length as u64, config, info });
        }
        // A length that is wrong leads to something that is neither a block nor a frame.
        let behind = length + 16;
        if behind <= MAX_LOOKED_ACROSS_BYTES {
            if bytes.len() < behind && !whole {
                return Some(Look::Need(behind));
            }
            let next = bytes.get(length..).unwrap_or(&[]);
            let known = if kind & 0x80 != 0 {
                self.header(next).is_some()
            } else {
                next.first().is_some_and(|kind| kind & 0x7f < 127)
            };
            if !known {
                return None;
            }
        }
        if kind & 0x80 != 0 {
            self.state = State::Frames;
        }
        Some(Look::Skip(length as u64))
    }

    fn header(&self, bytes: &[u8]) -> Option<Header> {
        let header = Header::parse(bytes, self.stream)?;
        let known = self.stream.filter(|stream| stream.rate_hz > 0);
        let same = |stream: StreamInfo| (header.channels, header.bits) == (stream.channels, stream.bits);
        known.is_none_or(same).then_some(header)
    }

    fn frame(&mut self, bytes: &[u8], whole: bool) -> Look {
        let Some(header) = self.header(bytes) else {
            return if bytes.len() < 16 && !whole { Look::Need(16) } else { Look::Nothing };
        };
        let raw_bits = header.block_samples * u64::from(header.channels) * u64::from(header.bits + 1);
        let limit = usize::try_from(raw_bits / 8).unwrap_or(usize::MAX).saturating_add(FRAME_OVERHEAD_BYTES);
        let sound = End { bytes: &bytes[..bytes.len().min(limit)], header, framing: self };
        let end = match sound.find() {
            Found::Nothing if bytes.len() < limit && !whole => {
                return Look::Need((2 * bytes.len()).max(FIRST_LOOK_BYTES).min(limit));
            }
            Found::Nothing => sound.guess(whole && bytes.len() <= limit),
            found => found,
        };
        let nominal = *self.block_samples.get_or_insert_with(|| match self.stream {
            Some(stream) if header.number > 0 && stream.block_samples > 16 => stream.block_samples.into(),
            _ => header.block_samples,
        });
        let position =
            Some(if header.variable { header.number } else { header.number.saturating_mul(nominal) });
        match end {
            Found::Sound(bytes) => Look::Frame(Frame {
                bytes,
                header_bytes: 0,
                samples: header.block_samples,
                position,
                config: config(header.rate_hz, header.channels, header.bits),
            }),
            Found::Damaged(bytes) => Look::Broken { bytes, samples: header.block_samples, position },
            Found::Nothing => Look::Nothing,
        }
    }
}

/// Where a frame ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Sound(usize),
    /// Its checksum is wrong.
    Damaged(usize),
    Nothing,
}

/// The search for the end of a frame.
struct End<'a> {
    bytes: &'a [u8],
    header: Header,
    framing: &'a FlacFraming,
}

impl End<'_> {
    /// The number of the next frame.
    fn expected(&self) -> u64 {
        self.header.number + if self.header.variable { self.header.block_samples } else { 1 }
    }

    /// The end before the next frame, if that stands at the first place where one might: nearly every frame of a file.
    fn find_next(&self) -> Option<usize> {
        let first = self.header.bytes + 2;
        let places = memchr::memchr_iter(0xff, self.bytes.get(first..)?).map(|near| first + near);
        let headers = places.map(|at| (at, self.framing.header(&self.bytes[at..])));
        let (at, next) = headers.filter_map(|(at, next)| Some((at, next?))).next()?;
        let is_next = next.variable == self.header.variable && next.number == self.expected();
        (is_next && crc16(0, &self.bytes[..at]) == 0).then_some(at)
    }

    /// The end before something that is known.
    fn find(&self) -> Found {
        if let Some(end) = self.find_next() {
            return Found::Sound(end);
        }
        let expected = self.expected();
        let (mut sum, mut summed) = (0, 0);
        let mut at = self.header.bytes + 2;
        while let Some(near) = self
            .bytes
            .get(at..)
            .and_then(|rest| rest.iter().position(|&b| matches!(b, 0xff | b'f' | b'I' | b'T' | b'A' | b'L')))
        {
            at += near;
            let rest = &self.bytes[at..];
            let next = if rest[0] == 0xff { self.framing.header(rest) } else { None };
            let next = next.filter(|next| next.variable == self.header.variable);
            let is_next = next.is_some_and(|next| next.number == expected);
            if next.is_some()
                || rest.starts_with(b"fLaC")
                || tag_bytes(rest).or_else(|| tag_bytes_behind(rest)).is_some()
            {
                sum = crc16(sum, &self.bytes[summed..at]);
                summed = at;
                if sum == 0 {
                    return Found::Sound(at);
                }
                if is_next {
                    return Found::Damaged(at);
                }
            }
            at += 1;
        }
        Found::Nothing
    }

    /// The end of a frame that nothing known follows: `last`, or before damage.
    fn guess(&self, last: bool) -> Found {
        let mut sum = crc16(0, &self.bytes[..self.header.bytes]);
        let mut first = None;
        let mut latest = None;
        for at in self.header.bytes + 1..=self.bytes.len() {
            sum = crc16(sum, &self.bytes[at - 1..at]);
            if sum == 0 {
                first = first.or(Some(at));
                latest = Some(at);
                if self
                    .bytes
                    .get(at..)
                    .is_some_and(|rest| matches!(rest, [0xff, second, ..] if second & 0xfc == 0xf8))
                {
                    return Found::Sound(at);
                }
            }
        }
        match if last { latest } else { first } {
            Some(end) => Found::Sound(end),
            None if last => Found::Damaged(self.bytes.len()),
            None => Found::Nothing,
        }
    }
}

impl StreamInfo {
    /// The block, and the samples that it announces.
    fn parse(block: &[u8; STREAM_INFO_BYTES]) -> (Self, Option<u64>) {
        let packed = block[10..18].iter().fold(0, |all, &byte| all << 8 | u64::from(byte));
        let field = |shift: u32, bits: u32| u32::try_from(packed >> shift & ((1 << bits) - 1)).unwrap_or(0);
        let stream = Self {
            block_samples: u16::from_be_bytes([block[2], block[3]]),
            rate_hz: field(44, 20),
            channels: u16::try_from(field(41, 3) + 1).unwrap_or(1),
            bits: field(36, 5) + 1,
        };
        let samples = packed & ((1 << 36) - 1);
        (stream, (samples > 0).then_some(samples))
    }
}

impl Header {
    /// A frame's header, if its own checksum is right.
    fn parse(bytes: &[u8], stream: Option<StreamInfo>) -> Option<Self> {
        let &[0xff, second, third, fourth] = bytes.first_chunk()? else { return None };
        if second & 0xfe != 0xf8 || fourth & 1 != 0 {
            return None;
        }
        let (number, mut at) = coded_number(bytes.get(4..)?)?;
        at += 4;
        let mut field = |count: usize| {
            let bytes = bytes.get(at..at + count)?;
            at += count;
            Some(bytes.iter().fold(0, |all, &byte| all << 8 | u32::from(byte)))
        };
        let block_samples = match third >> 4 {
            0 => return None,
            1 => 192,
            code @ 2..=5 => 576 << (code - 2),
            6 => u64::from(field(1)?) + 1,
            7 => u64::from(field(2)?) + 1,
            code => 256 << (code - 8),
        };
        let rate_hz = match third & 0x0f {
            0 => stream?.rate_hz,
            code @ 1..=11 => {
                [88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000]
                    [usize::from(code) - 1]
            }
            12 => 1_000 * field(1)?,
            13 => field(2)?,
            14 => 10 * field(2)?,
            _ => return None,
        };
        let channels = match fourth >> 4 {
            code @ 0..=7 => u16::from(code) + 1,
            8..=10 => 2,
            _ => return None,
        };
        let bits = match fourth >> 1 & 7 {
            0 => stream?.bits,
            3 => return None,
            code => [8, 12, 0, 16, 20, 24, 32][usize::from(code) - 1],
        };
        at += 1;
        (crc8(bytes.get(..at)?) == 0 && rate_hz > 0).then_some(Self {
            bytes: at,
            variable: second & 1 == 1,
            number,
            block_samples,
            rate_hz,
            channels,
            bits,
        })
    }
}

/// A number as UTF-8 would write it, up to 36 bits, and its length.
fn coded_number(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let length = match first.leading_ones() {
        0 => return Some((first.into(), 1)),
        ones @ 2..=7 => usize::try_from(ones).ok()?,
        _ => return None,
    };
    let start = u64::from(first) & ((1 << (7 - length)) - 1);
    let rest = bytes.get(1..length)?;
    let number = rest
        .iter()
        .try_fold(start, |all, &byte| (byte & 0xc0 == 0x80).then_some(all << 6 | u64::from(byte & 0x3f)))?;
    Some((number, length))
}

fn config(rate_hz: u32, channels: u16, bits: u32) -> Config {
    // Frames of any length, checksums aside: the decoder is to take what comes.
    let mut extra = vec![0; STREAM_INFO_BYTES];
    extra[..4].copy_from_slice(&[0, 16, 0xff, 0xff]);
    let packed = u64::from(rate_hz) << 44 | u64::from(channels - 1) << 41 | u64::from(bits - 1) << 36;
    extra[10..18].copy_from_slice(&packed.to_be_bytes());
    Config { codec: CODEC_ID_FLAC, rate_hz, channels, extra: Some(extra), bits: Some(bits) }
}
