//! What is known about audio before its first sample.

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
