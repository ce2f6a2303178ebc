//! MPEG audio, layer III, in free format: no listed bit rate, so that only the next header tells where a frame ends.
//!
//! The decoder knows the listed rates. Each frame is therefore packed anew for it, as one of the largest of them. Its main data
//! may begin in the frame before (the bit reservoir), and must where a frame is full; so they do here, as far as there is room:
//! whatever fitted at the stream's own rate fits at a larger one.

use super::mpeg::MpegHeader;

/// Longest frame: 640 kbit/s at 32 kHz.
const MAX_FRAME_BYTES: usize = 2_881;
/// Bytes of main data that may lie before a frame.
const RESERVOIR_BYTES: usize = 511;
const HEADER_BYTES: usize = 4;

/// What is known of a stream in free format.
#[derive(Debug, Default)]
pub(super) struct FreeFormat {
    /// Length of a frame without padding.
    frame_bytes: Option<usize>,
    /// The last main data.
    reservoir: Vec<u8>,
    /// What of the next frame's main data stands at the end of the last one that was packed.
    before: Vec<u8>,
}

/// What stands where a frame may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FreeFrame {
    /// A frame of this length.
    Whole(MpegHeader),
    /// A frame longer than any that the decoder knows.
    TooLong,
    /// It takes this many bytes to tell.
    Need(usize),
    /// None.
    Nothing,
}

impl FreeFormat {
    /// Looks at `bytes`; `whole`: nothing follows them.
    pub(super) fn look(&mut self, bytes: &[u8], whole: bool) -> FreeFrame {
        let Some(header) = MpegHeader::parse_free(bytes) else { return FreeFrame::Nothing };
        let padding = header.padding_bytes(bytes);
        let known = self.frame_bytes.map(|known| known + padding);
        if let Some(length) = known {
            // The frame is packed with a part of the next one.
            let both = 2 * length + HEADER_BYTES;
            if bytes.len() < both && !whole {
                return FreeFrame::Need(both);
            }
            let follows = bytes.get(length..).is_some_and(|next| continues(bytes, next));
            if follows || whole && bytes.len() == length {
                return FreeFrame::Whole(header.with_bytes(length));
            }
        }
        let wanted = 2 * MAX_FRAME_BYTES + HEADER_BYTES;
        if bytes.len() < wanted && !whole {
            return FreeFrame::Need(wanted);
        }
        let smallest = HEADER_BYTES + header.side_bytes();
        let length = (smallest..=MAX_FRAME_BYTES.min(bytes.len())).find(|&length| {
            let next = &bytes[length..];
            continues(bytes, next)
                && MpegHeader::parse_free(next).is_some_and(|second| {
                    let after = length - padding + second.padding_bytes(next);
                    next.get(after..).is_some_and(|third| third.is_empty() || continues(bytes, third))
                })
        });
        let Some(length) = length else { return FreeFrame::Nothing };
        let longest = MpegHeader::parse(&listed(bytes)).map_or(0, |header| header.bytes);
        if length - header.checksum_bytes() > longest {
            return FreeFrame::TooLong;
        }
        self.frame_bytes = Some(length - padding);
        FreeFrame::Whole(header.with_bytes(length))
    }

    /// A frame at the largest listed rate; `behind` is what follows it. One that does not fit stays as it is, which the decoder
    /// refuses.
    pub(super) fn pack(&mut self, frame: &[u8], behind: &[u8]) -> Vec<u8> {
        let Some((header, side, main)) = parts(frame) else { return frame.to_vec() };
        let (mut side, data) = self.main_data(header, side, main);
        self.reservoir.extend_from_slice(main);
        let passed = self.reservoir.len().saturating_sub(RESERVOIR_BYTES);
        self.reservoir.drain(..passed);
        let before = std::mem::take(&mut self.before);
        let before = if data.starts_with(&before) { before.len() } else { 0 };
        let listed = listed(frame);
        let bytes = MpegHeader::parse(&listed).map_or(0, |header| header.bytes);
        let Some(mut spare) = bytes.checked_sub(HEADER_BYTES + side.len() + data.len() - before) else {
            return frame.to_vec();
        };
        if let Some(next) = self.following(frame, behind) {
            let early = next.len().min(spare).min(header.reservoir_bytes());
            spare -= early;
            self.before = next[..early].to_vec();
        }
        header.put_main_data_begin(&mut side, before);
        [&listed[..], &side, &data[before..], &vec![0; spare], &self.before].concat()
    }

    /// The side information of a frame as if nothing lay before it, and all of the main data that belong to it.
    fn main_data(&self, header: MpegHeader, side: &[u8], main: &[u8]) -> (Vec<u8>, Vec<u8>) {
        let mut side = side.to_vec();
        let before = header.take_main_data_begin(&mut side);
        let mut data = vec![0; before.saturating_sub(self.reservoir.len())];
        data.extend_from_slice(&self.reservoir[self.reservoir.len().saturating_sub(before)..]);
        data.extend_from_slice(main);
        data.truncate(header.main_data_bytes(&side));
        (side, data)
    }

    /// The main data of the frame that follows `frame`.
    fn following(&self, frame: &[u8], behind: &[u8]) -> Option<Vec<u8>> {
        let header = MpegHeader::parse_free(behind).filter(|_| continues(frame, behind))?;
        let length = self.frame_bytes? + header.padding_bytes(behind);
        let (header, side, main) = parts(behind.get(..length)?)?;
        Some(self.main_data(header, side, main).1)
    }
}

/// The header of a frame at the largest listed rate, with padding and without a checksum.
fn listed(frame: &[u8]) -> [u8; HEADER_BYTES] {
    match frame {
        &[_, second, third, fourth, ..] => [0xff, second | 1, 0xe2 | third & 0x0d, fourth],
        _ => [0; HEADER_BYTES],
    }
}

/// Header, side information and main data of a frame.
fn parts(frame: &[u8]) -> Option<(MpegHeader, &[u8], &[u8])> {
    let header = MpegHeader::parse_free(frame)?;
    let start = HEADER_BYTES + header.checksum_bytes();
    let (side, main) = frame.get(start..)?.split_at_checked(header.side_bytes())?;
    Some((header, side, main))
}

/// Whether `next` begins with a header of the same stream.
fn continues(first: &[u8], next: &[u8]) -> bool {
    const SAME: [u8; 3] = [0xff, 0xff, 0xfc];
    MpegHeader::parse_free(next).is_some()
        && SAME.iter().zip(first.iter().zip(next)).all(|(mask, (a, b))| a & mask == b & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame of version 1, one channel, 48 kHz: `length` bytes, main data that begins `before` bytes earlier.
    fn frame(length: usize, before: usize, fill: u8) -> Vec<u8> {
        let mut frame = vec![fill; length];
        frame[..4].copy_from_slice(&[0xff, 0xfb, 0x04, 0xc0]);
        frame[4..21].fill(0);
        let begin = u16::try_from(before << 7).unwrap().to_be_bytes();
        frame[4..6].copy_from_slice(&begin);
        frame
    }

    #[test]
    fn frames_are_as_long_as_the_next_header_says() {
        let stream = [frame(300, 0, 1), frame(300, 9, 2), frame(300, 20, 3)].concat();
        let mut free = FreeFormat::default();
        assert_eq!(free.look(&stream, false), FreeFrame::Need(2 * MAX_FRAME_BYTES + 4));
        let mut at = 0;
        while let FreeFrame::Whole(header) = free.look(&stream[at..], true) {
            at += header.bytes;
        }
        assert_eq!(at, 900);
        // 320 kbit/s give 960 bytes, or 961.
        let of_length = |length: usize| frame(length, 0, 1).repeat(3);
        assert!(matches!(FreeFormat::default().look(&of_length(961), true), FreeFrame::Whole(_)));
        assert_eq!(FreeFormat::default().look(&of_length(962), true), FreeFrame::TooLong);
        assert_eq!(FreeFormat::default().look(&stream[..500], true), FreeFrame::Nothing);
        assert_eq!(
            FreeFormat::default().look(b"\xff\xfb\x94\xc0 of a listed rate", true),
            FreeFrame::Nothing
        );
    }

    /// The same with so many bits of main data in the first of its two granules, and as many in the second.
    fn with_main_data(mut frame: Vec<u8>, bits: u16) -> Vec<u8> {
        // Behind 18 bits that say other things, 12 bits, and 59 bits further on 12 more.
        for at in [18, 18 + 59] {
            for bit in 0..12 {
                let place: usize = at + bit;
                frame[4 + place / 8] |= u8::from(bits >> (11 - bit) & 1 == 1) << (7 - place % 8);
            }
        }
        frame
    }

    #[test]
    fn main_data_come_with_their_frame() {
        let stream = [
            with_main_data(frame(900, 0, 1), 8 * 300),
            with_main_data(frame(900, 200, 2), 8 * 500),
            with_main_data(frame(900, 39, 3), 8 * 440),
        ];
        let mut free = FreeFormat { frame_bytes: Some(900), ..FreeFormat::default() };
        let none = Vec::new();
        let packed: Vec<Vec<u8>> =
            (0..3).map(|k| free.pack(&stream[k], stream.get(k + 1).unwrap_or(&none))).collect();
        // What a decoder reads: from so far before a frame's own main data on.
        let mut all: Vec<u8> = Vec::new();
        let mut read = Vec::new();
        for (packed, used) in packed.iter().zip([600, 1_000, 880]) {
            let header = MpegHeader::parse(packed).unwrap();
            assert_eq!((header.bytes, packed.len()), (961, 961));
            let begin = usize::from(packed[4]) << 1 | usize::from(packed[5] >> 7);
            let from = all.len() - begin;
            all.extend_from_slice(&packed[21..]);
            read.push(all[from..from + used].to_vec());
        }
        assert_eq!(read[0], [1; 600]);
        // The second frame's begin in the last 200 bytes of the first one.
        assert_eq!(read[1], [vec![1; 200], vec![2; 800]].concat());
        assert_eq!(read[2], [vec![2; 39], vec![3; 841]].concat());
    }
}
