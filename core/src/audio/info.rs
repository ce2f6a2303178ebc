//! What is known about audio before its first sample.

use super::wav_header::Coding;

/// How samples are stored, for writing others like them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleFormat {
    /// Significant bits per sample.
    pub bits: u16,
    /// Floating point instead of integers.
    pub float: bool,
}

/// Integers of `bits` are samples times this: one less than it is the loudest positive one.
///
/// # Panics
///
/// If there are no such integers: `bits` must lie in 1..=64.
#[expect(clippy::cast_precision_loss, reason = "powers of two are exact")]
pub const fn full_scale(bits: u16) -> f32 {
    (1_u64 << (bits - 1)) as f32
}

/// What is known about a source before its first sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceInfo {
    /// Samples per second of each channel.
    pub rate_hz: u32,
    /// Number of channels, at least 1.
    pub channels: u16,
    /// How samples are stored. Lossy codecs have no integers inside: they are told as 32-bit float.
    pub sample_format: SampleFormat,
    /// Samples per channel that will come, if the container tells; a damaged file may yield fewer.
    pub samples: Option<u64>,
    /// Short name of the codec: `pcm`, `flac`, `mp3`, …
    pub codec: String,
    /// Whether the codec loses information (a bad packet is then skipped with a warning instead of an error).
    pub lossy: bool,
}

/// How samples without a header are stored, little endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PcmEncoding {
    /// Signed 16 bits.
    S16Le,
    /// Signed 24 bits in three bytes.
    S24Le,
    /// Signed 32 bits.
    S32Le,
    /// Floating point of 32 bits, full scale ±1.
    F32Le,
}

impl PcmEncoding {
    const NAMES: [(&'static str, Self); 4] =
        [("s16le", Self::S16Le), ("s24le", Self::S24Le), ("s32le", Self::S32Le), ("f32le", Self::F32Le)];

    /// How the WAV reader calls it, and its bits.
    pub(super) fn coding(self) -> (Coding, u16) {
        match self {
            Self::S16Le => (Coding::Signed16, 16),
            Self::S24Le => (Coding::Signed24, 24),
            Self::S32Le => (Coding::Signed32, 32),
            Self::F32Le => (Coding::Float32, 32),
        }
    }
}

impl std::str::FromStr for PcmEncoding {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found
            .map(|(_, encoding)| *encoding)
            .ok_or_else(|| format!("{name:?} is no encoding; known are s16le, s24le, s32le, f32le"))
    }
}

impl std::fmt::Display for PcmEncoding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name =
            Self::NAMES.iter().find(|(_, encoding)| encoding == self).map_or("s16le", |(name, _)| name);
        f.pad(name)
    }
}

/// What samples without a header are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PcmFormat {
    /// Sample rate, Hz.
    pub rate_hz: u32,
    /// Interleaved channels.
    pub channels: u16,
    /// How a sample is stored.
    pub encoding: PcmEncoding,
}
