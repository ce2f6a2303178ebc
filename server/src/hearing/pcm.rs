//! Samples as bytes.

use earmark_core::signal::{MAX_RATE_HZ, MIN_RATE_HZ};
use serde::Deserialize;

/// Samples of all channels per second that one stream may bring: eight channels at 192 kHz.
const MAX_VALUES_PER_SECOND: u64 = 8 * 192_000;

/// How a sample is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encoding {
    /// Signed 16 bits, little endian.
    S16le,
    /// Floating point of 32 bits, little endian; full scale is ±1.
    F32le,
}

impl Encoding {
    /// Bytes of a sample of one channel.
    pub fn bytes(self) -> usize {
        match self {
            Self::S16le => 2,
            Self::F32le => 4,
        }
    }
}

/// What a stream's bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PcmFormat {
    pub rate_hz: u32,
    pub channels: u16,
    pub encoding: Encoding,
}

/// A format that is not heard here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PcmFormatError {
    /// The rate.
    #[error("a rate of {0} Hz is not heard here; rates from {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz are")]
    Rate(u32),
    /// No channels, or too many for that rate.
    #[error("{channels} channels at {rate_hz} Hz are not heard here; 1 to {} at that rate are", most_channels(*rate_hz))]
    Channels { channels: u16, rate_hz: u32 },
}

/// Channels that a stream of this rate may have.
fn most_channels(rate_hz: u32) -> u64 {
    MAX_VALUES_PER_SECOND / u64::from(rate_hz.max(1))
}

impl PcmFormat {
    pub fn check(self) -> Result<Self, PcmFormatError> {
        let Self { rate_hz, channels, .. } = self;
        if !(MIN_RATE_HZ..=MAX_RATE_HZ).contains(&rate_hz) {
            return Err(PcmFormatError::Rate(rate_hz));
        }
        if channels == 0 || u64::from(channels) > most_channels(rate_hz) {
            return Err(PcmFormatError::Channels { channels, rate_hz });
        }
        Ok(self)
    }

    /// Bytes of a second.
    pub fn bytes_per_second(self) -> usize {
        let rate = usize::try_from(self.rate_hz).unwrap_or(usize::MAX);
        rate.saturating_mul(usize::from(self.channels)).saturating_mul(self.encoding.bytes())
    }
}

/// Bytes to samples, however they are cut.
#[derive(Debug)]
pub(super) struct Decoder {
    encoding: Encoding,
    /// The beginning of a sample.
    rest: Vec<u8>,
}

impl Decoder {
    pub(super) fn new(encoding: Encoding) -> Self {
        Self { encoding, rest: Vec::new() }
    }

    /// Appends the samples that are complete.
    pub(super) fn push(&mut self, bytes: &[u8], samples: &mut Vec<f32>) {
        let size = self.encoding.bytes();
        let mut bytes = bytes;
        if !self.rest.is_empty() {
            let missing = (size - self.rest.len()).min(bytes.len());
            self.rest.extend_from_slice(&bytes[..missing]);
            bytes = &bytes[missing..];
            if self.rest.len() < size {
                return;
            }
            samples.push(self.sample(&self.rest));
            self.rest.clear();
        }
        let whole = bytes.chunks_exact(size);
        self.rest.extend_from_slice(whole.remainder());
        samples.extend(whole.map(|bytes| self.sample(bytes)));
    }

    fn sample(&self, bytes: &[u8]) -> f32 {
        match (self.encoding, bytes) {
            (Encoding::S16le, &[a, b]) => f32::from(i16::from_le_bytes([a, b])) / 32_768.0,
            (Encoding::F32le, &[a, b, c, d]) => f32::from_le_bytes([a, b, c, d]),
            // Not so many bytes as a sample has: there is no such call.
            _ => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_the_same_however_the_bytes_are_cut() {
        let bytes: Vec<u8> = (0..240).collect();
        for encoding in [Encoding::S16le, Encoding::F32le] {
            let mut whole = Vec::new();
            Decoder::new(encoding).push(&bytes, &mut whole);
            assert_eq!(whole.len(), bytes.len() / encoding.bytes());
            for cut in 1..9 {
                let (mut decoder, mut samples) = (Decoder::new(encoding), Vec::new());
                bytes.chunks(cut).for_each(|chunk| decoder.push(chunk, &mut samples));
                let same = samples.iter().map(|s| s.to_bits()).eq(whole.iter().map(|s| s.to_bits()));
                assert!(same, "{encoding:?} cut by {cut}");
            }
        }
        let mut samples = Vec::new();
        Decoder::new(Encoding::S16le).push(&[0, 0x80, 0xff, 0x7f], &mut samples);
        assert_eq!(samples, [-1.0, 32_767.0 / 32_768.0]);
    }

    #[test]
    fn formats_that_would_take_the_machine_are_refused() {
        let check = |rate_hz, channels| {
            PcmFormat { rate_hz, channels, encoding: Encoding::S16le }.check().map_err(|e| e.to_string())
        };
        assert!(check(48_000, 2).is_ok() && check(192_000, 8).is_ok());
        assert!(check(0, 1).unwrap_err().contains("rate"));
        assert!(check(48_000, 0).unwrap_err().contains("channels"));
        assert!(check(768_000, 65_535).is_err());
        // What the refusal names is what is taken.
        for (rate_hz, most) in [(1_000, 1_536), (16_000, 96), (48_000, 32), (192_000, 8), (768_000, 2)] {
            assert!(check(rate_hz, most).is_ok(), "{rate_hz}");
            let said = check(rate_hz, most + 1).unwrap_err();
            assert!(said.contains(&format!("1 to {most} at that rate are")), "{said}");
        }
    }
}
