//! MPEG audio, layers I to III (ISO 11172-3, 13818-3, and the half rates that are called 2.5).

use symphonia::core::codecs::audio::well_known::{CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3};
use symphonia::core::formats::FormatInfo;
use symphonia::core::formats::well_known::FORMAT_ID_MP3;

use super::framing::{Config, Frame, Framing, LinkInfo, Look};
use super::free_format::{FreeFormat, FreeFrame};

/// What is said of frames that are longer than listed ones.
pub(in crate::audio) const TOO_FAST: &str = "MP3 in free format at more than 320 kbit/s";
/// Samples by which every decoder of layer III is late.
const DECODER_DELAY: u32 = 529;

/// The first four bytes of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::audio) struct MpegHeader {
    /// 1 to 3.
    layer: u8,
    version_1: bool,
    rate_hz: u32,
    channels: u16,
    protected: bool,
    /// Length of the frame.
    pub(in crate::audio) bytes: usize,
}

impl MpegHeader {
    pub(in crate::audio) fn parse(bytes: &[u8]) -> Option<Self> {
        Self::parse_any(bytes).filter(|header| header.bytes > 0)
    }

    /// The same of layer III in free format, whose length it does not tell: 0.
    pub(super) fn parse_free(bytes: &[u8]) -> Option<Self> {
        Self::parse_any(bytes).filter(|header| header.bytes == 0 && header.layer == 3)
    }

    fn parse_any(bytes: &[u8]) -> Option<Self> {
        /// Bit rates in kbit/s: version 1 by layer, then all others: layer I, layers II and III.
        const KBIT_PER_S: [[u32; 14]; 5] = [
            [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
            [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
            [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
            [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
            [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
        ];
        let &[first, second, third, fourth] = bytes.first_chunk()?;
        if first != 0xff || second & 0xe0 != 0xe0 {
            return None;
        }
        let version_1 = second >> 3 & 3 == 3;
        let divisor = match second >> 3 & 3 {
            3 => 1,
            2 => 2,
            0 => 4,
            _ => return None,
        };
        let layer = 4 - (second >> 1 & 3);
        let rates = match (version_1, layer) {
            (_, 4) => return None,
            (true, layer) => KBIT_PER_S[usize::from(layer) - 1],
            (false, 1) => KBIT_PER_S[3],
            (false, _) => KBIT_PER_S[4],
        };
        let bits_per_s = match usize::from(third >> 4).checked_sub(1) {
            Some(listed) => 1_000 * rates.get(listed)?,
            None => 0,
        };
        let rate_hz = [44_100, 48_000, 32_000].get(usize::from(third >> 2 & 3))? / divisor;
        let padding = u32::from(third >> 1 & 1);
        let length = match layer {
            _ if bits_per_s == 0 => 0,
            1 => (12 * bits_per_s / rate_hz + padding) * 4,
            3 if !version_1 => 72 * bits_per_s / rate_hz + padding,
            _ => 144 * bits_per_s / rate_hz + padding,
        };
        Some(Self {
            layer,
            version_1,
            rate_hz,
            channels: if fourth >> 6 == 3 { 1 } else { 2 },
            protected: second & 1 == 0,
            bytes: usize::try_from(length).ok()?,
        })
    }

    /// Samples per channel of a frame.
    fn samples(self) -> u64 {
        match self.layer {
            1 => 384,
            3 if !self.version_1 => 576,
            _ => 1_152,
        }
    }

    fn config(self) -> Config {
        let codec = [CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3][usize::from(self.layer) - 1];
        Config { codec, rate_hz: self.rate_hz, channels: self.channels, extra: None, bits: None }
    }

    /// The same header of a frame whose length was found.
    pub(super) fn with_bytes(self, bytes: usize) -> Self {
        Self { bytes, ..self }
    }

    /// Length of the side information of a frame of layer III.
    pub(super) fn side_bytes(self) -> usize {
        match (self.version_1, self.channels) {
            (true, 2) => 32,
            (true, _) | (false, 2) => 17,
            (false, _) => 9,
        }
    }

    /// Length of the checksum between header and side information.
    pub(super) fn checksum_bytes(self) -> usize {
        if self.protected { 2 } else { 0 }
    }

    /// Bytes by which the frame whose header this is, is longer than others.
    pub(super) fn padding_bytes(self, frame: &[u8]) -> usize {
        frame.get(2).map_or(0, |third| usize::from(third >> 1 & 1))
    }

    /// Bytes of main data of layer III that may lie before the frame.
    pub(super) fn reservoir_bytes(self) -> usize {
        if self.version_1 { 511 } else { 255 }
    }

    /// Takes out of the side information of layer III how far before the frame its main data begin.
    pub(super) fn take_main_data_begin(self, side: &mut [u8]) -> usize {
        match side {
            [first, second, ..] if self.version_1 => {
                let begin = usize::from(*first) << 1 | usize::from(*second >> 7);
                (*first, *second) = (0, *second & 0x7f);
                begin
            }
            [first, ..] => usize::from(std::mem::take(first)),
            [] => 0,
        }
    }

    /// Puts back what [`Self::take_main_data_begin`] took.
    pub(super) fn put_main_data_begin(self, side: &mut [u8], begin: usize) {
        let [high, low] = u16::try_from(begin).unwrap_or(0).to_be_bytes();
        match side {
            [first, second, ..] if self.version_1 => {
                (*first, *second) = (high << 7 | low >> 1, low << 7 | *second & 0x7f);
            }
            [first, ..] => *first = low,
            [] => {}
        }
    }

    /// Bytes of main data of a frame of layer III, by its side information.
    pub(super) fn main_data_bytes(self, side: &[u8]) -> usize {
        let channels = usize::from(self.channels);
        // Behind the beginning of the main data, private bits, and whether scale factors are shared.
        let (start, each, parts) = match (self.version_1, channels) {
            (true, 1) => (9 + 5 + 4, 59, 2),
            (true, _) => (9 + 3 + 8, 59, 4),
            (false, 1) => (8 + 1, 63, 1),
            (false, _) => (8 + 2, 63, 2),
        };
        let bit = |at: usize| side.get(at / 8).map_or(0, |byte| usize::from(byte >> (7 - at % 8) & 1));
        let length = |part: usize| (0..12).fold(0, |all, k| all << 1 | bit(start + part * each + k));
        (0..parts).map(length).sum::<usize>().div_ceil(8)
    }

    /// Where an encoder's tag may begin in a frame of layer III that holds nothing else. LAME does not count the checksum, and
    /// writes the tag where it stands without one; others put it behind.
    fn tag_offsets(self) -> [usize; 2] {
        let start = 4 + self.side_bytes();
        [start, start + self.checksum_bytes()]
    }
}

/// Finds frames of MPEG audio.
#[derive(Debug, Default)]
pub(super) struct MpegFraming {
    layer: u8,
    free: FreeFormat,
}

impl Framing for MpegFraming {
    fn info(&self) -> FormatInfo {
        FormatInfo { format: FORMAT_ID_MP3, short_name: "mpa", long_name: "MPEG audio" }
    }

    fn look(&mut self, bytes: &[u8], whole: bool) -> Look {
        if bytes.len() < 4 && !whole {
            return Look::Need(4);
        }
        let free = || match self.free.look(bytes, whole) {
            FreeFrame::Whole(header) => Ok(header),
            FreeFrame::Need(bytes) => Err(Look::Need(bytes)),
            FreeFrame::TooLong => Err(Look::Unsupported(TOO_FAST)),
            FreeFrame::Nothing => Err(Look::Nothing),
        };
        let header = match MpegHeader::parse(bytes).map_or_else(free, Ok) {
            Ok(header) => header,
            Err(look) => return look,
        };
        if bytes.len() < header.bytes {
            let cut = Look::Broken { bytes: bytes.len(), samples: 0, position: None };
            return if whole { cut } else { Look::Need(header.bytes) };
        }
        self.layer = header.layer;
        let frame = &bytes[..header.bytes];
        if let Some(info) = tag(header, frame) {
            return Look::Header { bytes: header.bytes as u64, config: Some(header.config()), info };
        }
        Look::Frame(Frame {
            bytes: header.bytes,
            header_bytes: 0,
            samples: header.samples(),
            position: None,
            config: header.config(),
        })
    }

    fn packet(&mut self, frame: &[u8], behind: &[u8]) -> Vec<u8> {
        if MpegHeader::parse_free(frame).is_some() { self.free.pack(frame, behind) } else { frame.to_vec() }
    }

    fn may_begin(&self, bytes: &[u8]) -> bool {
        let header = MpegHeader::parse(bytes).or_else(|| MpegHeader::parse_free(bytes));
        header.is_some_and(|header| self.layer == 0 || header.layer == self.layer)
    }

    fn run(&self) -> u32 {
        3
    }
}

/// What the tag of an encoder (Xing, LAME, Fraunhofer) says of the recording, if the frame is one.
fn tag(header: MpegHeader, frame: &[u8]) -> Option<LinkInfo> {
    if header.layer != 3 {
        return None;
    }
    let number = |at: usize| Some(u32::from_be_bytes(*frame.get(at..)?.first_chunk()?));
    let of_frames = |frames: u32| (frames > 0).then(|| u64::from(frames) * header.samples());
    if frame.get(36..40) == Some(b"VBRI") {
        let (bytes, frames) = (number(46)?, number(50)?);
        let samples = of_frames(frames);
        return Some(LinkInfo { samples, bytes: Some(bytes.into()), binding: true, ..LinkInfo::default() });
    }
    let named = |&start: &usize| matches!(frame.get(start..start + 4), Some(b"Xing" | b"Info"));
    let start = header.tag_offsets().into_iter().find(named)?;
    let flags = number(start + 4)?;
    let mut at = start + 8;
    let mut field = |bit: u32, bytes: usize| {
        let here = (flags & bit != 0).then_some(at);
        at += if here.is_some() { bytes } else { 0 };
        here
    };
    // The tag's own frame counts as bytes, not as a frame.
    let frames = field(1, 4).and_then(number).map_or(0, |frames| frames);
    let bytes = field(2, 4).and_then(number).filter(|&bytes| bytes > 0).map(u64::from);
    let (_toc, _quality) = (field(4, 100), field(8, 4));
    let mut info = LinkInfo { samples: of_frames(frames), bytes, binding: true, ..LinkInfo::default() };
    // Nine bytes of a name, then, twelve further, delay and padding in twelve bits each.
    if let Some(&[a, b, c]) = frame.get(at + 21..).and_then(<[u8]>::first_chunk)
        && frame.get(at..at + 4).is_some_and(|name| matches!(name, b"LAME" | b"Lavf" | b"Lavc"))
        && lame_sum_is_right(frame, at)
    {
        let delay = u32::from(a) << 4 | u32::from(b) >> 4;
        let padding = u32::from(b & 0x0f) << 8 | u32::from(c);
        info.delay = Some(delay + DECODER_DELAY);
        info.padding = Some(padding.saturating_sub(DECODER_DELAY));
    }
    Some(info)
}

/// Whether the checksum of LAME's part of a tag, which begins at `at`, is right, or is not there. Others who write such tags
/// compute it otherwise.
fn lame_sum_is_right(frame: &[u8], at: usize) -> bool {
    let end = at + 34;
    if frame.get(at..at + 4) != Some(b"LAME") {
        return true;
    }
    let Some(&stored) = frame.get(end..).and_then(<[u8]>::first_chunk::<2>) else { return true };
    // CRC-16/ARC.
    let sum = frame[..end].iter().fold(0_u16, |sum, &byte| {
        (0..8).fold(sum ^ u16::from(byte), |sum, _| (sum >> 1) ^ if sum & 1 == 1 { 0xa001 } else { 0 })
    });
    stored == [0, 0] || stored == sum.to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tag_of_a_frame_with_a_checksum_stands_in_either_place() {
        const WITHOUT: u8 = 0xfb;
        const WITH: u8 = 0xfa;
        for (checksum, gap) in [(WITHOUT, 0), (WITH, 0), (WITH, 2)] {
            // Layer III of MPEG-1 at 64 kbit/s and 44.1 kHz, of one channel: 17 bytes of side information.
            let mut frame = vec![0; 208];
            frame[..4].copy_from_slice(&[0xff, checksum, 0x50, 0xc0]);
            let mut tag = b"Info\0\0\0\x01\0\0\0\x28LAME".to_vec();
            // Twelve bits each of delay and padding.
            tag.resize(12 + 21, 0);
            tag.extend([0x24, 0x05, 0x7c]);
            frame[21 + gap..][..tag.len()].copy_from_slice(&tag);
            let info = super::tag(MpegHeader::parse(&frame).unwrap(), &frame).unwrap();
            assert_eq!(info.samples, Some(40 * 1_152));
            assert_eq!((info.delay, info.padding), (Some(0x240 + 529), Some(0x57c - 529)));
        }
        let silence = [&[0xff, WITH, 0x50, 0xc0][..], &[0; 204]].concat();
        assert_eq!(super::tag(MpegHeader::parse(&silence).unwrap(), &silence), None);
    }
}
