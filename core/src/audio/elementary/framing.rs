//! What stands in a stream of frames, and who tells it.

use symphonia::core::codecs::audio::AudioCodecId;
use symphonia::core::formats::FormatInfo;

/// What a frame is coded in. Another one is another link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Config {
    pub(super) codec: AudioCodecId,
    pub(super) rate_hz: u32,
    pub(super) channels: u16,
    /// For the decoder.
    pub(super) extra: Option<Vec<u8>>,
    pub(super) bits: Option<u32>,
}

/// What a new link says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct LinkInfo {
    /// Samples per channel with delay and padding, if it says.
    pub(super) samples: Option<u64>,
    /// Bytes from the header that says so on, if it says.
    pub(super) bytes: Option<u64>,
    /// Samples to drop at the start, and at the end.
    pub(super) delay: Option<u32>,
    pub(super) padding: Option<u32>,
    /// An earlier end than `samples` is a loss.
    pub(super) binding: bool,
}

/// What stands at the start of some bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Look {
    /// A frame.
    Frame(Frame),
    /// A frame whose end is missing, or damaged: how long it is, and its samples.
    Broken { bytes: usize, samples: u64, position: Option<u64> },
    /// The header of a link, of this many bytes, which may be more than there are.
    Header { bytes: u64, config: Option<Config>, info: LinkInfo },
    /// Part of a header, of this many bytes.
    Skip(u64),
    /// It takes this many bytes to tell.
    Need(usize),
    /// The stream has frames that the decoder does not take.
    Unsupported(&'static str),
    /// Nothing that belongs to the stream.
    Nothing,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    /// Whole length, and how much of it at the start the decoder does not want.
    pub(super) bytes: usize,
    pub(super) header_bytes: usize,
    pub(super) samples: u64,
    /// First sample within the link, if the frame says.
    pub(super) position: Option<u64>,
    pub(super) config: Config,
}

/// A way to find frames.
pub(super) trait Framing: Send + Sync {
    fn info(&self) -> FormatInfo;
    /// What `bytes` begin with. `whole`: nothing follows them, so [`Look::Need`] is no answer.
    fn look(&mut self, bytes: &[u8], whole: bool) -> Look;
    /// What the decoder gets of a frame, without the header that it does not want. Each frame is asked for once, in order,
    /// with the bytes that follow it.
    fn packet(&mut self, frame: &[u8], _behind: &[u8]) -> Vec<u8> {
        frame.to_vec()
    }
    /// Whether a frame may begin here; the quick look by which the next one is searched.
    fn may_begin(&self, bytes: &[u8]) -> bool;
    /// Frames in a row that make a place believed after something else was passed over.
    fn run(&self) -> u32;
}
