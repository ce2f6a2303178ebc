//! What the sound of a client is.

use super::message::Message;

/// Rates and channels that a client may send.
const RATES_HZ: std::ops::RangeInclusive<u64> = 8_000..=192_000;
const CHANNELS: std::ops::RangeInclusive<u64> = 1..=8;

/// Which samples can be heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Samples {
    /// Of 16 or 32 bits.
    Wide,
    /// Of 16 bits, as a speech recogniser is passed them.
    Narrow,
}

impl Samples {
    fn has(self, bytes: u64) -> bool {
        bytes == 2 || (self == Self::Wide && bytes == 4)
    }

    fn bits(self) -> &'static str {
        match self {
            Self::Wide => "16 or 32 bits",
            Self::Narrow => "16 bits",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) rate_hz: u32,
    pub(super) channels: u16,
    /// Bytes per sample: 2 or 4.
    pub(super) width: usize,
}

impl Format {
    /// What a message says of its sound, where that is to be of such samples.
    ///
    /// # Errors
    /// A sentence for the client if it says nothing, or what cannot be heard.
    pub(super) fn of(message: &Message, samples: Samples) -> Result<Self, String> {
        let number = |key: &str| message.number(key).ok_or_else(|| format!("{} has no {key}", message.kind));
        let (rate, width, channels) = (number("rate")?, number("width")?, number("channels")?);
        if !RATES_HZ.contains(&rate) || !CHANNELS.contains(&channels) || !samples.has(width) {
            return Err(format!(
                "{rate} Hz, {channels} channels of {width} bytes cannot be heard here; send samples of {} at {} to {} Hz, in {} to {} channels",
                samples.bits(),
                RATES_HZ.start(),
                RATES_HZ.end(),
                CHANNELS.start(),
                CHANNELS.end(),
            ));
        }
        let fits = |_| "a format that cannot be heard".to_owned();
        Ok(Self {
            rate_hz: u32::try_from(rate).map_err(fits)?,
            channels: u16::try_from(channels).map_err(fits)?,
            width: usize::try_from(width).map_err(fits)?,
        })
    }

    /// Appends the samples of a chunk, as integers of 16 bits: the upper half of wider ones says all that is heard.
    ///
    /// # Errors
    /// A sentence for the client if the chunk does not hold whole frames of all channels.
    pub(super) fn decode(self, payload: &[u8], samples: &mut Vec<i16>) -> Result<(), String> {
        if !payload.len().is_multiple_of(self.width * usize::from(self.channels)) {
            return Err("a chunk has not all channels of its last sample".to_owned());
        }
        if self.width == 2 {
            samples.extend(payload.as_chunks::<2>().0.iter().map(|word| i16::from_le_bytes(*word)));
        } else {
            let upper = |word: &[u8; 4]| i16::from_le_bytes([word[2], word[3]]);
            samples.extend(payload.as_chunks::<4>().0.iter().map(upper));
        }
        Ok(())
    }
}

/// Full scale is 1.
pub(super) fn as_floats(samples: &[i16]) -> impl Iterator<Item = f32> + '_ {
    samples.iter().map(|sample| f32::from(*sample) / 32_768.0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_format_is_heard_as_the_refusal_of_others_says() {
        let of = |rate: u64, width: u64, channels: u64, samples| {
            let data = json!({ "rate": rate, "width": width, "channels": channels });
            Format::of(&Message::new("audio-start", data), samples)
        };
        for (samples, says, heard) in
            [(Samples::Wide, "of 16 or 32 bits", &[2, 4][..]), (Samples::Narrow, "of 16 bits", &[2])]
        {
            for width in 0..=8 {
                match of(16_000, width, 1, samples) {
                    Ok(format) => {
                        assert!(heard.contains(&width));
                        assert_eq!(format.width as u64, width);
                    }
                    Err(text) => assert!(!heard.contains(&width) && text.contains(says), "{width}: {text}"),
                }
            }
        }
        for (rate, channels) in [(8_000, 1), (192_000, 8)] {
            assert!(of(rate, 2, channels, Samples::Wide).is_ok());
        }
        for (rate, channels) in [(7_999, 1), (192_001, 1), (16_000, 0), (16_000, 9)] {
            let text = of(rate, 2, channels, Samples::Wide).unwrap_err();
            assert!(text.contains("at 8000 to 192000 Hz, in 1 to 8 channels"), "{text}");
        }
    }
}
