//! What kinds of coding there are, and what of it is told.

use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_AAC, CODEC_ID_ADPCM_IMA_QT, CODEC_ID_ADPCM_IMA_WAV, CODEC_ID_ADPCM_MS, CODEC_ID_ALAC,
    CODEC_ID_FLAC, CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3, CODEC_ID_OPUS, CODEC_ID_PCM_F32BE,
    CODEC_ID_PCM_F32LE, CODEC_ID_PCM_F64BE, CODEC_ID_PCM_F64LE, CODEC_ID_PCM_S24BE, CODEC_ID_PCM_S24LE,
    CODEC_ID_PCM_S32BE, CODEC_ID_PCM_S32LE, CODEC_ID_VORBIS,
};
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters};

use super::SampleFormat;

/// How a stream is coded.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Samples as they are: damage is not detectable, an early end is harmless.
    Plain,
    /// Damage is an error.
    Lossless,
    /// Damage is skipped.
    Lossy,
}

/// The same samples with the highest byte first.
pub(super) fn big_endian(codec: AudioCodecId) -> AudioCodecId {
    match codec {
        CODEC_ID_PCM_S24LE => CODEC_ID_PCM_S24BE,
        CODEC_ID_PCM_S32LE => CODEC_ID_PCM_S32BE,
        CODEC_ID_PCM_F32LE => CODEC_ID_PCM_F32BE,
        CODEC_ID_PCM_F64LE => CODEC_ID_PCM_F64BE,
        other => other,
    }
}

/// The kind that a codec is of.
pub(super) fn kind_of(parameters: &AudioCodecParameters) -> Kind {
    match parameters.codec {
        CODEC_ID_FLAC | CODEC_ID_ALAC => Kind::Lossless,
        CODEC_ID_MP1 | CODEC_ID_MP2 | CODEC_ID_MP3 | CODEC_ID_AAC | CODEC_ID_VORBIS | CODEC_ID_OPUS => {
            Kind::Lossy
        }
        CODEC_ID_ADPCM_IMA_QT | CODEC_ID_ADPCM_IMA_WAV | CODEC_ID_ADPCM_MS => Kind::Lossy,
        _ => Kind::Plain,
    }
}

/// How samples are stored.
pub(super) fn sample_format(parameters: &AudioCodecParameters, kind: Kind) -> SampleFormat {
    use symphonia::core::audio::sample::SampleFormat as Stored;
    let float = matches!(parameters.sample_format, Some(Stored::F32 | Stored::F64));
    // The ALAC decoder keeps the depth to itself; it is the sixth byte of Apple's description.
    let cookie = parameters.extra_data.as_deref().filter(|_| parameters.codec == CODEC_ID_ALAC);
    let depth =
        parameters.bits_per_sample.or_else(|| cookie.and_then(|c| c.get(5)).map(|&bits| u32::from(bits)));
    let bits = depth.and_then(|bits| u16::try_from(bits).ok());
    match (kind, bits) {
        (Kind::Lossy, _) | (_, None) => SampleFormat { bits: 32, float: true },
        (_, Some(bits)) => SampleFormat { bits, float },
    }
}
