//! What a rendered file is made of.

use serde::{Deserialize, Serialize};

use crate::audio::full_scale;

/// File formats that a render writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Container {
    /// RIFF/WAVE, promoted to RF64 when it grows over 4 GB.
    Wav,
    /// FLAC, integers of 16 or 24 bits.
    Flac,
}

impl Container {
    /// By the ending of a file name: `.flac`; `.wav`, `.wave` or `.bwf`; nothing for any other. A device or a pipe, whose
    /// name says nothing, gets WAV.
    pub fn of_path(path: &std::path::Path) -> Option<Self> {
        if std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir()) {
            return Some(Self::Wav);
        }
        let ending = path.extension()?.to_ascii_lowercase();
        match ending.to_str()? {
            "flac" => Some(Self::Flac),
            "wav" | "wave" | "bwf" => Some(Self::Wav),
            _ => None,
        }
    }
}

/// Rate, channels and sample format of a stream of interleaved samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamFormat {
    /// Samples per second and channel.
    pub rate_hz: u32,
    /// Interleaved channels.
    pub channels: u16,
    /// Bits of one sample as stored: 8, 16, 24 or 32.
    pub bits: u16,
    /// Floating point (32 bits) instead of integers.
    pub float: bool,
}

impl StreamFormat {
    /// Bytes of one sample of one channel.
    pub fn bytes_per_sample(self) -> u16 {
        self.bits.div_ceil(8)
    }

    /// Bytes of one sample of all channels.
    pub fn bytes_per_frame(self) -> u64 {
        u64::from(self.bytes_per_sample()) * u64::from(self.channels)
    }

    /// The [`full_scale`] of the integers: one over it is one LSB. Nothing for floating point.
    pub fn full_scale(self) -> Option<f32> {
        (!self.float && (1..=64).contains(&self.bits)).then(|| full_scale(self.bits))
    }
}
