//! MPEG audio, layer III, in free format: no listed bit rate, so that only the next header tells where a frame ends.
//!
//! The decoder knows the listed rates. Each frame is therefore packed anew for it: with all of its main data, of which a part
//! lies in the frames before (the bit reservoir), in a frame of the next larger listed rate.

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
}

/// What stands where a frame may begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FreeFrame {
    /// A frame of this length.
    Whole(MpegHeader),
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
            let follows = bytes.get(length..).is_some_and(|next| continues(bytes, next));
            if follows || whole && bytes.len() == length {
                return FreeFrame::Whole(header.with_bytes(length));
            }
            if bytes.len() < length + HEADER_BYTES && !whole {
                return FreeFrame::Need(length + HEADER_BYTES);
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
        self.frame_bytes = Some(length - padding);
        FreeFrame::Whole(header.with_bytes(length))
    }

    /// A frame with all of its main data, at a listed rate. One for which no rate is high enough stays as it is, which the
    /// decoder refuses.
    pub(super) fn pack(&mut self, frame: &[u8]) -> Vec<u8> {
        let Some((header, side, main)) = parts(frame) else { return frame.to_vec() };
        let mut side = side.to_vec();
        let before = header.take_main_data_begin(&mut side);
        let mut data = vec![0; before.saturating_sub(self.reservoir.len())];
        data.extend_from_slice(&self.reservoir[self.reservoir.len().saturating_sub(before)..]);
        data.extend_from_slice(main);
        self.reservoir.extend_from_slice(main);
        let passed = self.reservoir.len().saturating_sub(RESERVOIR_BYTES);
        self.reservoir.drain(..passed);
        let packed = (1..15).find_map(|rate: u8| {
            // Without checksum and padding.
            let listed = [0xff, frame[1] | 1, rate << 4 | frame[2] & 0x0d, frame[3]];
            let bytes = MpegHeader::parse(&listed)?.bytes;
            let spare = bytes.checked_sub(HEADER_BYTES + side.len() + data.len())?;
            Some([&listed[..], &side, &data, &vec![0; spare]].concat())
        });
        packed.unwrap_or_else(|| frame.to_vec())
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
        assert_eq!(FreeFormat::default().look(&stream[..500], true), FreeFrame::Nothing);
        assert_eq!(
            FreeFormat::default().look(b"\xff\xfb\x94\xc0 of a listed rate", true),
            FreeFrame::Nothing
        );
    }

    #[test]
    fn main_data_come_with_their_frame() {
        let mut free = FreeFormat::default();
        free.pack(&frame(300, 0, 1));
        let packed = free.pack(&frame(300, 9, 2));
        let header = MpegHeader::parse(&packed).unwrap();
        assert_eq!(header.bytes, packed.len());
        assert_eq!(packed[4..6], [0, 0], "nothing lies before");
        assert_eq!(packed[21..30], [1; 9]);
        assert_eq!(packed[30..30 + 279], [2; 279]);
    }
}
