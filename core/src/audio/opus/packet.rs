//! The framing of Opus packets (RFC 6716, section 3 and appendix B): which bytes are which frame of which stream.

/// Longest packet, samples at 48 kHz: 120 ms.
pub(super) const MAX_PACKET_SAMPLES: usize = 5_760;
/// Most frames in a packet: 120 ms of 2.5 ms each.
const MAX_FRAMES: usize = 48;
/// Most bytes in a frame.
const MAX_FRAME_BYTES: usize = 1_275;

/// The frames of one packet of one stream.
#[derive(Debug, Clone, Copy)]
pub(super) struct Packet<'a> {
    /// Mode, bandwidth, frame length and stereo flag, which all frames share.
    pub(super) toc: u8,
    frames: [&'a [u8]; MAX_FRAMES],
    count: usize,
}

impl<'a> Packet<'a> {
    /// Splits a packet that ends where `bytes` end; `None` if it is malformed.
    pub(super) fn parse(bytes: &'a [u8]) -> Option<Self> {
        Reader { rest: bytes }.packet(false)
    }

    /// Splits the self-delimited packet at the start of `bytes`; returns what follows it, too.
    pub(super) fn parse_delimited(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let mut reader = Reader { rest: bytes };
        let packet = reader.packet(true)?;
        Some((packet, reader.rest))
    }

    /// The coded frames. Those of no or one byte hold nothing: the encoder had nothing to say.
    pub(super) fn frames(&self) -> &[&'a [u8]] {
        &self.frames[..self.count]
    }

    /// Samples per channel of each frame at 48 kHz.
    pub(super) fn frame_samples(&self) -> usize {
        frame_samples(self.toc)
    }

    /// Samples per channel of the whole packet at 48 kHz, at most [`MAX_PACKET_SAMPLES`].
    pub(super) fn samples(&self) -> usize {
        self.frame_samples() * self.count
    }
}

fn frame_samples(toc: u8) -> usize {
    let config = usize::from(toc >> 3);
    match config {
        // SILK: 10, 20, 40 and 60 ms.
        0..12 => [480, 960, 1_920, 2_880][config & 3],
        // Hybrid: 10 and 20 ms.
        12..16 => [480, 960][config & 1],
        // CELT: 2.5, 5, 10 and 20 ms.
        _ => [120, 240, 480, 960][config & 3],
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    /// A frame's length in one or two bytes.
    fn length(&mut self) -> Option<usize> {
        let first = usize::from(self.byte()?);
        if first < 252 { Some(first) } else { Some(first + 4 * usize::from(self.byte()?)) }
    }

    fn padding(&mut self) -> Option<usize> {
        let mut padding = 0;
        loop {
            match self.byte()? {
                255 => padding += 254,
                last => return Some(padding + usize::from(last)),
            }
        }
    }

    fn packet(&mut self, delimited: bool) -> Option<Packet<'a>> {
        let toc = self.byte()?;
        // Number of frames, whether each states its length, bytes of padding after them.
        let (count, variable, padding) = match toc & 3 {
            0 => (1, false, 0),
            1 => (2, false, 0),
            2 => (2, true, 0),
            _ => {
                let header = self.byte()?;
                let padding = if header & 0x40 == 0 { 0 } else { self.padding()? };
                (usize::from(header & 0x3f), header & 0x80 != 0, padding)
            }
        };
        if count == 0 || count * frame_samples(toc) > MAX_PACKET_SAMPLES {
            return None;
        }
        let mut lengths = [0; MAX_FRAMES];
        let lengths = &mut lengths[..count];
        let (last, others) = lengths.split_last_mut()?;
        if variable {
            for length in &mut *others {
                *length = self.length()?;
            }
        }
        // The last length is what is left, unless another packet follows; equal ones are equal shares of it.
        let left = self.rest.len().checked_sub(padding)?;
        *last = match (delimited, variable) {
            (true, _) => self.length()?,
            (false, true) => left.checked_sub(others.iter().sum())?,
            (false, false) => left / count,
        };
        if !variable {
            others.fill(*last);
        }
        let mut frames: [&[u8]; MAX_FRAMES] = [&[]; MAX_FRAMES];
        for (frame, &length) in frames.iter_mut().zip(&*lengths) {
            *frame = self.take(length).filter(|_| length <= MAX_FRAME_BYTES)?;
        }
        self.take(padding)?;
        (delimited || self.rest.is_empty()).then_some(Packet { toc, frames, count })
    }
}
