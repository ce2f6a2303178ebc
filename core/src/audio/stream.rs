//! Which track of a container is decoded, by which decoder, and which of its samples are audio.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::LazyLock;

use symphonia::core::audio::Channels;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::well_known::{
    CODEC_ID_AAC, CODEC_ID_MP1, CODEC_ID_MP2, CODEC_ID_MP3, CODEC_ID_OPUS, CODEC_ID_VORBIS,
};
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::errors::Error;
use symphonia::core::formats::well_known::{
    FORMAT_ID_ADTS, FORMAT_ID_CAF, FORMAT_ID_FLAC, FORMAT_ID_ISOMP4, FORMAT_ID_MKV, FORMAT_ID_MP3,
    FORMAT_ID_OGG,
};
use symphonia::core::formats::{FormatReader, Track, TrackType};
use symphonia::core::meta::RawValue;
use symphonia::core::units::TimeBase;

use super::aac::core_config;
use super::gapless::{EditList, Followed, Stretch, itunes_gapless, scale};
use super::kind::{Kind, big_endian, kind_of, sample_format};
use super::matroska::Encoded;
use super::opus::{Endian, OpusDecoder, OpusHead};
use super::segment::{Behind, SegmentEnd};
use super::vorbis::VorbisDecoder;
use super::{AudioError, SampleFormat};
use crate::signal::units::samples_to_seconds;

static CODECS: LazyLock<CodecRegistry> = LazyLock::new(|| {
    let mut registry = CodecRegistry::new();
    symphonia::default::register_enabled_codecs(&mut registry);
    registry
});

/// More frames than any recording has: what a stream says that does not know its length.
const MAX_TOLD: u64 = 1 << 40;

/// What the demuxer does not tell.
#[derive(Default)]
pub(super) struct Beside {
    /// The edit lists of an MPEG-4 file.
    pub(super) edits: Option<Vec<EditList>>,
    /// The tracks of such a file whose samples begin with the highest byte, which its demuxer does not ask.
    pub(super) big_endian: Vec<u32>,
    /// The first stream's Opus header, if the demuxer is shown another.
    pub(super) opus_head: Option<Vec<u8>>,
    /// Whether the end is missing, where the file itself shows it.
    pub(super) cut_off: Option<bool>,
    /// Time to be dropped at the end, ns.
    pub(super) discard_ns: u64,
    /// The sound track that is wanted, counted from 1.
    pub(super) track: Option<u16>,
    /// The end of a Matroska stream, which says whether it is all and what is to be dropped there.
    pub(super) segment: Option<SegmentEnd>,
    /// Tracks of Matroska that are packed or encrypted, which its demuxer hands out as they are.
    pub(super) encoded: Vec<Encoded>,
    /// Another recording that is heard next.
    pub(super) behind: Option<Behind>,
}

/// One logical stream; chained Ogg files have several in a row.
pub(super) struct Stream {
    pub(super) decoder: Box<dyn AudioDecoder>,
    pub(super) track_id: u32,
    /// Sound tracks that there are, and which one this is, counted from 0.
    pub(super) tracks: usize,
    pub(super) place: usize,
    /// Only the lower half of what the header announces is decoded.
    pub(super) he: bool,
    pub(super) is_aac: bool,
    pub(super) codec: String,
    pub(super) kind: Kind,
    pub(super) sample_format: SampleFormat,
    pub(super) rate_hz: Option<u32>,
    pub(super) channels: Option<usize>,
    /// Frames still to be dropped at the start.
    pub(super) skip: u64,
    /// Frames still to be handed out, if the container says where to stop.
    pub(super) keep: Option<u64>,
    /// Frames of silence before those, on the container's clock.
    pub(super) pause: u64,
    /// Frames to be dropped at the end.
    pub(super) discard: u64,
    /// Whole packets are never dropped: an end that says so is wrong.
    pub(super) keeps_packets: bool,
    /// What is shown after those that are kept.
    stretches: VecDeque<Stretch>,
    /// Frames that its edit list shows where it goes back, which is not done.
    unheard: u64,
    /// Where the track is, in its own frames.
    decoded_to: u64,
    /// Frames that the container announces.
    pub(super) told: Option<u64>,
    /// An end before that is a loss.
    pub(super) promised: bool,
    /// Damage that the demuxer passed over shows as a jump in the timestamps, which are sample counts.
    pub(super) counted: bool,
    /// The same for lossy streams, whose lost packets are replaced by silence.
    pub(super) fill_gaps: bool,
    pub(super) next_pts: Option<i64>,
    /// The first packet's time counts: a negative one tells the encoder's delay, a later one a pause before.
    pub(super) starts_by_pts: bool,
    time_base: Option<TimeBase>,
}

impl Stream {
    /// The stream to decode next.
    pub(super) fn select(
        path: &Path,
        format: &mut dyn FormatReader,
        beside: &mut Beside,
    ) -> Result<Self, AudioError> {
        let container = format.format_info().format;
        let comment = itunes_comment(format);
        let sound = |track: &&Track| matches!(track.codec_params, Some(CodecParameters::Audio(_)));
        let tracks = format.tracks().iter().filter(sound).count();
        let default = format.default_track(TrackType::Audio).or_else(|| format.first_track(TrackType::Audio));
        let track = match beside.track {
            Some(wanted) => format.tracks().iter().filter(sound).nth(usize::from(wanted).wrapping_sub(1)),
            None => default,
        };
        if track.is_none() && default.is_some() {
            let wanted = beside.track.unwrap_or(0);
            return Err(AudioError::NoTrack { path: path.to_owned(), wanted, tracks });
        }
        let place =
            |wanted: &Track| format.tracks().iter().filter(sound).position(|track| track.id == wanted.id);
        let place = track.and_then(place).unwrap_or(0);
        let Some((track, CodecParameters::Audio(parameters))) =
            track.and_then(|t| Some((t, t.codec_params.as_ref()?)))
        else {
            let detail = format!("{} without a sound track", format.format_info().long_name);
            return Err(AudioError::NotAudio { path: path.to_owned(), detail });
        };
        if let Some(encoded) = beside.encoded.iter().find(|encoded| encoded.track == track.id) {
            let what = encoded.what().to_owned();
            return Err(AudioError::Unsupported { path: path.to_owned(), what });
        }
        let kind = kind_of(parameters);
        let told = announced_frames(track, parameters);
        let (parameters, he) = &match parameters.extra_data.as_deref().and_then(core_config) {
            Some(core) if parameters.codec == CODEC_ID_AAC => {
                let mut plain = parameters.clone();
                plain.extra_data = Some(core.into());
                (plain, true)
            }
            _ => (parameters.clone(), false),
        };
        let in_order;
        let parameters = if beside.big_endian.contains(&track.id) {
            in_order = AudioCodecParameters { codec: big_endian(parameters.codec), ..parameters.clone() };
            &in_order
        } else {
            parameters
        };
        let opened = if parameters.codec == CODEC_ID_OPUS {
            let endian = if container == FORMAT_ID_ISOMP4 { Endian::Big } else { Endian::Little };
            Opened::opus(parameters, beside.opus_head.take(), endian, track.time_base)
        } else {
            decoder_for(parameters, track.time_base)
                .map_err(|error| unsupported(&error))
                .map(|decoder| Opened { decoder, pre_skip: None })
        };
        let Opened { decoder, pre_skip } =
            opened.map_err(|what| AudioError::Unsupported { path: path.to_owned(), what })?;
        // Opus is decoded at its own rate, whatever the container counts in.
        let rate_hz = decoder.codec_params().sample_rate;
        let in_output = |ticks: u64| match (rate_hz, parameters.sample_rate) {
            (Some(rate_hz), _) if container == FORMAT_ID_ISOMP4 => frames(track.time_base, ticks, rate_hz),
            (Some(rate_hz), Some(counted_hz)) => scale(ticks, rate_hz, counted_hz),
            _ => ticks,
        };
        let info = decoder.codec_info();
        let mut stream = Self {
            track_id: track.id,
            tracks,
            place,
            he: *he,
            is_aac: parameters.codec == CODEC_ID_AAC,
            codec: if kind == Kind::Plain { "pcm" } else { info.short_name }.to_owned(),
            kind,
            sample_format: sample_format(decoder.codec_params(), kind),
            rate_hz,
            channels: decoder.codec_params().channels.as_ref().map(Channels::count),
            skip: pre_skip.unwrap_or(0),
            keep: None,
            pause: 0,
            discard: 0,
            keeps_packets: container == FORMAT_ID_OGG,
            stretches: VecDeque::new(),
            unheard: 0,
            decoded_to: 0,
            told: told.map(in_output),
            counted: kind == Kind::Lossless && (container == FORMAT_ID_FLAC || container == FORMAT_ID_OGG),
            fill_gaps: kind == Kind::Lossy
                && [FORMAT_ID_OGG, FORMAT_ID_MP3, FORMAT_ID_ADTS].contains(&container),
            // Ogg has only the last page's word, which is what is there; bare frames end where they end.
            promised: ![FORMAT_ID_OGG, FORMAT_ID_FLAC, FORMAT_ID_MP3, FORMAT_ID_ADTS].contains(&container),
            next_pts: None,
            starts_by_pts: container == FORMAT_ID_MKV || container == FORMAT_ID_OGG,
            time_base: track.time_base,
            decoder,
        };
        stream.discard = stream.nanoseconds(beside.discard_ns);
        if container == FORMAT_ID_ISOMP4 {
            let edits =
                beside.edits.as_ref().and_then(|lists| lists.iter().find(|list| list.track_id() == track.id));
            // Fragmented files tell no length in front.
            stream.apply_edits(edits, comment.as_deref(), stream.told);
        } else if container == FORMAT_ID_CAF {
            // Some writers count the padding of the last packet as valid and mention no padding.
            let told = stream.told.filter(|_| track.delay.is_some() || track.padding.is_some());
            stream.told = if kind == Kind::Plain { stream.told } else { told };
            stream.keep = told;
            stream.skip = track.delay.map_or(0, |delay| in_output(u64::from(delay)));
        } else if container == FORMAT_ID_MKV || container == FORMAT_ID_ADTS {
            // Rounded to milliseconds, or guessed from the first packets.
            stream.told = None;
        } else {
            stream.told =
                stream.told.filter(|&told| told < MAX_TOLD).map(|told| told.saturating_sub(stream.skip));
        }
        Ok(stream)
    }

    fn apply_edits(&mut self, edits: Option<&EditList>, comment: Option<&str>, coded: Option<u64>) {
        let Some(rate_hz) = self.rate_hz else { return };
        let Followed { stretches, unheard } =
            edits.map(|edits| edits.follow(rate_hz, coded)).unwrap_or_default();
        let by_edits = Some(stretches).filter(|edits| !edits.is_empty());
        self.unheard = unheard;
        let shown = |from, samples| vec![Stretch::Shown { from, samples }];
        let by_comment = comment.and_then(itunes_gapless).map(|(delay, total)| shown(delay, Some(total)));
        // An edit list that skips nothing and waits for nothing says nothing about the encoder's delay; a comment does.
        let says = |edits: &Vec<Stretch>| !matches!(edits[..], [Stretch::Shown { from: 0, .. }]);
        let chosen = match by_edits {
            Some(edits) if unheard > 0 || says(&edits) => Some(edits),
            other => by_comment.or(other),
        };
        let stretches =
            chosen.unwrap_or_else(|| shown(self.skip, coded.map(|n| n.saturating_sub(self.skip))));
        let told = stretches.iter().try_fold(0_u64, |told, stretch| match *stretch {
            Stretch::Pause(samples) | Stretch::Shown { samples: Some(samples), .. } => {
                told.checked_add(samples)
            }
            Stretch::Shown { samples: None, .. } => None,
        });
        self.stretches = stretches.into();
        (self.skip, self.keep, self.told) = (0, Some(0), told);
        self.show_next();
    }

    /// Goes on with what is shown next; says whether there is anything.
    pub(super) fn show_next(&mut self) -> bool {
        while let Some(stretch) = self.stretches.pop_front() {
            match stretch {
                Stretch::Pause(samples) => self.pause += samples,
                Stretch::Shown { from, samples } => {
                    self.skip = from.saturating_sub(self.decoded_to);
                    self.keep = samples;
                    self.decoded_to = from.saturating_add(samples.unwrap_or(0));
                    return true;
                }
            }
        }
        false
    }

    /// Seconds that its edit list shows where it goes back, which is not done.
    pub(super) fn unheard_s(&self) -> Option<f64> {
        Some(samples_to_seconds(self.unheard, self.rate_hz?)).filter(|_| self.unheard > 0)
    }

    /// A new decoder of the same kind, for frames in another form. Where there is none, the old one goes on.
    pub(super) fn begin_anew(&mut self) {
        let parameters = self.decoder.codec_params().clone();
        if let Ok(decoder) = CODECS.make_audio_decoder(&parameters, &AudioDecoderOptions::default()) {
            self.decoder = decoder;
        }
    }

    /// So many nanoseconds in frames.
    pub(super) fn nanoseconds(&self, ns: u64) -> u64 {
        self.rate_hz.map_or(0, |rate_hz| scale(ns, rate_hz, 1_000_000_000))
    }

    /// Converts a duration of the track into frames.
    pub(super) fn frames(&self, ticks: u64, rate_hz: u32) -> u64 {
        frames(self.time_base, ticks, rate_hz)
    }
}

/// Symphonia's decoder, or another one where that is wrong.
fn decoder_for(
    parameters: &AudioCodecParameters,
    time_base: Option<TimeBase>,
) -> Result<Box<dyn AudioDecoder>, Error> {
    let decoder = CODECS.make_audio_decoder(parameters, &AudioDecoderOptions::default())?;
    if parameters.codec == CODEC_ID_VORBIS && VorbisDecoder::is_wanted(parameters) {
        return Ok(Box::new(VorbisDecoder::new(parameters, time_base)?));
    }
    Ok(decoder)
}

/// A duration in units of `time_base` as frames; without one, frames are what is counted.
pub(super) fn frames(time_base: Option<TimeBase>, ticks: u64, rate_hz: u32) -> u64 {
    let (numerator, denominator) = time_base.map_or((1, rate_hz), |t| (t.numer.get(), t.denom.get()));
    let exact = u128::from(ticks) * u128::from(numerator) * u128::from(rate_hz);
    // Rounded: Matroska counts nanoseconds.
    let denominator = u128::from(denominator.max(1));
    u64::try_from((exact + denominator / 2) / denominator).unwrap_or(0)
}

/// A decoder, and the frames that its header says to drop at the start.
struct Opened {
    decoder: Box<dyn AudioDecoder>,
    pre_skip: Option<u64>,
}

impl Opened {
    /// Makes the Opus decoder that the header asks for, or says what it asks for in vain. A stream without a header is
    /// mono or stereo.
    fn opus(
        parameters: &AudioCodecParameters,
        header: Option<Vec<u8>>,
        endian: Endian,
        time_base: Option<TimeBase>,
    ) -> Result<Self, String> {
        let (head, pre_skip) = match header.as_deref().or(parameters.extra_data.as_deref()) {
            Some(header) => {
                let head = OpusHead::parse(header, endian).map_err(|error| error.to_string())?;
                let pre_skip = u64::from(head.pre_skip);
                (head, Some(pre_skip))
            }
            None => {
                let channels = parameters.channels.as_ref().map_or(0, Channels::count);
                (OpusHead::plain(channels).map_err(|error| error.to_string())?, None)
            }
        };
        let decoder = OpusDecoder::new(parameters, head, time_base).map_err(|error| unsupported(&error))?;
        Ok(Self { decoder: Box::new(decoder), pre_skip })
    }
}

fn itunes_comment(format: &mut dyn FormatReader) -> Option<String> {
    let mut metadata = format.metadata();
    let revision = metadata.skip_to_latest()?;
    let tags = revision.per_track.iter().flat_map(|t| &t.metadata.tags).chain(&revision.media.tags);
    tags.filter(|tag| tag.raw.key.ends_with("iTunSMPB")).find_map(|tag| match &tag.raw.value {
        RawValue::String(text) => Some(text.to_string()),
        _ => None,
    })
}

/// The container's word for the length, where it is more than an estimate.
fn announced_frames(track: &Track, parameters: &AudioCodecParameters) -> Option<u64> {
    // Without an encoder's tag, the length of an MP3 is guessed from its first frame.
    let guessed =
        matches!(parameters.codec, CODEC_ID_MP1 | CODEC_ID_MP2 | CODEC_ID_MP3) && track.delay.is_none();
    track.num_frames.filter(|&n| n > 0 && !guessed)
}

/// What a decoder that cannot be made asks for.
fn unsupported(error: &Error) -> String {
    match error {
        Error::Unsupported(text) => format!("a codec or feature ({text})"),
        other => other.to_string(),
    }
}
