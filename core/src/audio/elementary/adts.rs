//! AAC in ADTS (ISO 13818-7, annex B): a header before every frame.

use symphonia::core::codecs::audio::well_known::CODEC_ID_AAC;
use symphonia::core::formats::FormatInfo;
use symphonia::core::formats::well_known::FORMAT_ID_ADTS;

use super::framing::{Config, Frame, Framing, Look};

const RATES_HZ: [u32; 13] =
    [96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000, 7_350];

/// Finds ADTS frames.
#[derive(Debug)]
pub(super) struct AdtsFraming;

impl Framing for AdtsFraming {
    fn info(&self) -> FormatInfo {
        FormatInfo { format: FORMAT_ID_ADTS, short_name: "aac", long_name: "AAC in ADTS" }
    }

    fn look(&mut self, bytes: &[u8], whole: bool) -> Look {
        let Some(&[_, second, third, fourth, fifth, sixth, seventh]) = bytes.first_chunk::<7>() else {
            return if whole { Look::Nothing } else { Look::Need(7) };
        };
        let Some(&rate_hz) = RATES_HZ.get(usize::from(third >> 2 & 0x0f)) else { return Look::Nothing };
        let length = usize::from(fourth & 3) << 11 | usize::from(fifth) << 3 | usize::from(sixth >> 5);
        let header_bytes = if second & 1 == 0 { 9 } else { 7 };
        if !self.may_begin(bytes) || length <= header_bytes {
            return Look::Nothing;
        }
        let blocks = u64::from(seventh & 3) + 1;
        if bytes.len() < length {
            let cut = Look::Broken { bytes: bytes.len(), samples: 0, position: None };
            return if whole { cut } else { Look::Need(length) };
        }
        let layout = (third & 1) << 2 | fourth >> 6;
        let channels = if layout == 7 { 8 } else { u16::from(layout) };
        // An AudioSpecificConfig: object type, rate, layout.
        let specific = ((u16::from(third >> 6) + 1) << 11)
            | (u16::from((third >> 2) & 0x0f) << 7)
            | (u16::from(layout) << 3);
        Look::Frame(Frame {
            bytes: length,
            header_bytes,
            samples: 1_024 * blocks,
            position: None,
            config: Config {
                codec: CODEC_ID_AAC,
                rate_hz,
                channels,
                extra: Some(specific.to_be_bytes().to_vec()),
                bits: None,
            },
        })
    }

    fn may_begin(&self, bytes: &[u8]) -> bool {
        matches!(bytes, [0xff, second, ..] if second & 0xf6 == 0xf0)
    }

    fn run(&self) -> u32 {
        3
    }
}
