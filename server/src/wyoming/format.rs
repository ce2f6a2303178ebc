//! What the sound of a client is.

use super::message::Message;

/// Rates and channels that a client may send.
const RATES_HZ: std::ops::RangeInclusive<u64> = 8_000..=192_000;
const CHANNELS: std::ops::RangeInclusive<u64> = 1..=8;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Format {
    pub(super) rate_hz: u32,
    pub(super) channels: u16,
    /// Bytes per sample: 2 or 4.
    pub(super) width: usize,
}

impl Format {
    /// What a message says of its sound.
    ///
    /// # Errors
    /// A sentence for the client if it says nothing, or what cannot be heard.
    pub(super) fn of(message: &Message) -> Result<Self, String> {
        let number = |key: &str| message.number(key).ok_or_else(|| format!("{} has no {key}", message.kind));
        let (rate, width, channels) = (number("rate")?, number("width")?, number("channels")?);
        if !RATES_HZ.contains(&rate) || !CHANNELS.contains(&channels) || !matches!(width, 2 | 4) {
            return Err(format!(
                "{rate} Hz, {channels} channels of {width} bytes cannot be heard; send 16-bit samples at 8000 to 192000 Hz"
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
