//! Doors for `fuzz/` into parsers that see only a part of a file.

use std::io::Cursor;

use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder};
use symphonia::core::packet::PacketRef;
use symphonia::core::units::{Duration, Timestamp};

use super::gapless::{Stretch, itunes_gapless, mp4_edits};
use super::opus::{Endian, OpusDecoder, OpusHead, reveal};
use crate::signal::{MAX_RATE_HZ, MIN_RATE_HZ};

/// Looks for all that `bytes` can say of an encoder's delay.
///
/// # Panics
/// What is read is more than is allowed.
pub fn gapless(bytes: &[u8]) {
    for list in mp4_edits(&mut Cursor::new(bytes)).unwrap_or_default() {
        for rate_hz in [MIN_RATE_HZ, 44_100, MAX_RATE_HZ] {
            for coded in [None, Some(0), Some(1), Some(u64::MAX)] {
                for stretch in list.follow(rate_hz, coded).stretches {
                    // Nobody cuts more than a day away.
                    let (Stretch::Pause(samples) | Stretch::Shown { from: samples, .. }) = stretch;
                    assert!(samples <= 86_400 * u64::from(rate_hz));
                }
            }
        }
    }
    if let Some((delay, total)) = itunes_gapless(&String::from_utf8_lossy(bytes)) {
        assert!(delay < 1 << 32 && total > 0);
    }
}

/// Decodes Opus packets. `bytes` is a header and any number of packets, each behind its length in one byte.
///
/// # Panics
/// A packet gives samples that are not finite.
pub fn opus(bytes: &[u8]) {
    reveal(&mut bytes.to_vec());
    let mut parts = lengths(bytes);
    let header = parts.next().unwrap_or_default();
    let _ = OpusHead::parse(header, Endian::Big);
    let Ok(head) = OpusHead::parse(header, Endian::Little) else { return };
    let Ok(mut decoder) = OpusDecoder::new(&AudioCodecParameters::new(), head, None) else { return };
    let mut samples = Vec::new();
    for packet in parts {
        let packet = PacketRef::new(0, Timestamp::ZERO, Duration::new(960), packet);
        if let Ok(decoded) = decoder.decode_ref(&packet) {
            samples.resize(decoded.samples_interleaved(), 0.0_f32);
            decoded.copy_to_slice_interleaved(&mut samples);
            assert!(samples.iter().all(|sample| sample.is_finite()));
        }
    }
}

/// The parts of `bytes`, each behind its length in one byte; the last may be cut off.
fn lengths(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let (&length, rest) = bytes.split_first()?;
        let part = rest.get(..usize::from(length)).unwrap_or(rest);
        bytes = &rest[part.len()..];
        Some(part)
    })
}
