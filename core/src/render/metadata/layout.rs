//! Which loudspeakers the channels of FLAC and of streams in Ogg are for, as WAV says it. Both come out of the reader in the
//! order of WAV.

use super::Metadata;

/// The field in which FLAC says it where its own order does not.
const MASK_FIELD: &str = "WAVEFORMATEXTENSIBLE_CHANNEL_MASK";
/// What three to eight channels are for in FLAC, Vorbis and Opus.
const USUAL_MASKS: [u32; 6] = [0x7, 0x33, 0x37, 0x3f, 0x70f, 0x63f];
/// Bytes of a stream of FLAC in Ogg before its format.
const OGG_FLAC_BYTES: usize = 17;

/// The mask of so many channels in their usual order. One and two need none.
pub(super) fn usual_mask(channels: u8) -> u32 {
    usize::from(channels).checked_sub(3).and_then(|at| USUAL_MASKS.get(at)).copied().unwrap_or(0)
}

/// Channels in the format of FLAC: three bits, behind the rate.
pub(super) fn flac_channels(format: &[u8]) -> Option<u8> {
    Some(((format.get(12)? >> 1) & 7) + 1)
}

/// The mask of a stream in Ogg, by its first packet.
pub(super) fn ogg_mask(first: &[u8]) -> u32 {
    let channels = if first.starts_with(b"\x01vorbis") {
        first.get(11).copied()
    } else if first.starts_with(b"OpusHead") {
        // Only the channels of this family are for loudspeakers.
        first.get(9).copied().filter(|_| first.get(18) == Some(&1))
    } else {
        None
    };
    channels.map_or(0, usual_mask)
}

/// The format of FLAC in Ogg, in its first packet.
pub(super) fn ogg_flac_format(first: &[u8]) -> &[u8] {
    first.get(OGG_FLAC_BYTES..).unwrap_or_default()
}

impl Metadata {
    /// Sets the mask of a FLAC stream of so many channels: what its comments say, or the usual one.
    pub(super) fn set_flac_mask(&mut self, channels: u8) {
        let said = self.comments.iter().find(|(key, _)| key.eq_ignore_ascii_case(MASK_FIELD));
        let usual = usual_mask(channels);
        self.channel_mask = match said {
            // A mask of other channels than there are says nothing of these.
            Some((_, text)) => said_mask(text).filter(|mask| mask.count_ones() == u32::from(channels)),
            None => Some(usual),
        }
        // One and two channels stay in the plain form of WAV.
        .filter(|_| channels > 2)
        .unwrap_or(0);
    }

    /// No mask where it names more loudspeakers than there are channels: another track of the file may be heard.
    pub(crate) fn check_mask(&mut self, channels: u16) {
        if self.channel_mask.count_ones() > u32::from(channels) {
            self.channel_mask = 0;
        }
    }
}

fn said_mask(text: &str) -> Option<u32> {
    let text = text.trim();
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    u32::from_str_radix(digits, 16).ok()
}
