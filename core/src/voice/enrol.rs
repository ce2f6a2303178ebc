//! Clips in, a profile and advice out.

use std::sync::Arc;

use super::profile::MAX_CLIPS;
use super::quality::{clipped_share, parts_log_odds, snr_db};
use super::{Advice, ClipQuality, EnrolledClip, VoiceError, VoiceModel, VoicePrint, VoiceProfile};
use crate::detect::Detector;
use crate::embed::Vectors;
use crate::noise::SnrEstimator;
use crate::profile::ProfileName;
use crate::signal::units::{real, samples_to_seconds};
use crate::{FrameGrid, Label};

/// Clips with less speech than this are not judged, seconds.
pub const LEAST_HEARD_S: f64 = 0.2;
/// Log-odds under which a clip is not the voice of the others.
const UNLIKE_LOG_ODDS: f64 = 0.0;

/// Samples in memory: interleaved, whole frames of `channels`.
#[derive(Debug, Clone, Copy)]
pub struct Clip<'a> {
    /// Samples, full scale 1.0.
    pub interleaved: &'a [f32],
    /// Rate, Hz.
    pub rate_hz: u32,
    /// Channels.
    pub channels: u16,
}

impl Clip<'_> {
    /// Refuses samples that are no numbers.
    pub(super) fn check(self) -> Result<(), VoiceError> {
        let finite = self.interleaved.iter().all(|sample| sample.is_finite());
        if finite { Ok(()) } else { Err(VoiceError::NotFinite) }
    }
}

/// All that is needed to judge clips: who speaks, where there is speech, and how much noise.
#[derive(Debug)]
pub struct VoiceEar {
    /// Who speaks.
    pub model: Arc<VoiceModel>,
    /// Where there is speech.
    pub speech: Arc<Detector>,
    /// How much noise; `None`: that is not measured.
    pub noise: Option<Arc<SnrEstimator>>,
}

/// What the networks say of a clip.
struct Listened {
    print: VoicePrint,
    vectors: Vectors,
    speech_s: f64,
    /// Samples per channel.
    samples: u64,
}

/// What was heard in a clip.
#[derive(Debug, Clone, PartialEq)]
pub struct HeardClip {
    /// Who speaks. Nobody where there is no speech.
    pub print: VoicePrint,
    /// Whether it is good enough.
    pub quality: ClipQuality,
}

/// A profile with what is to be said of its clips.
#[derive(Debug, Clone, PartialEq)]
pub struct Enrolment {
    /// The profile.
    pub profile: VoiceProfile,
    /// For each clip what is wrong with it; nothing for a good one.
    pub advice: Vec<Vec<Advice>>,
}

/// Why nothing was enrolled.
#[derive(Debug, thiserror::Error, PartialEq)]
#[non_exhaustive]
pub enum EnrolError {
    /// No clip, or too many.
    #[error("{count} clips were given; a voice is enrolled from 1 to {MAX_CLIPS}, best from 3 to 5")]
    Count {
        /// How many.
        count: usize,
    },
    /// A clip in which nobody speaks.
    #[error(
        "clip {number} has {speech_s:.1} s of speech, too little to know a voice by; leave it out or record it again"
    )]
    NoSpeech {
        /// Which, counted from 1.
        number: usize,
        /// Seconds of speech.
        speech_s: f64,
    },
}

impl VoiceEar {
    /// Who speaks in a clip: what [`VoiceEar::hear`] gives, without measuring how good it is.
    ///
    /// # Errors
    /// As [`VoiceEar::hear`].
    pub fn print(&self, clip: Clip<'_>) -> Result<VoicePrint, VoiceError> {
        Ok(self.listen(clip)?.print)
    }

    /// Hears a clip.
    ///
    /// # Errors
    /// [`VoiceError`] if a sample is no number, its rate cannot be heard or a network fails.
    pub fn hear(&self, clip: Clip<'_>) -> Result<HeardClip, VoiceError> {
        let Clip { interleaved, rate_hz, channels } = clip;
        let Listened { print, vectors, speech_s, samples } = self.listen(clip)?;
        let noise = match &self.noise {
            Some(noise) => {
                let scores = noise.detector().detect_samples(interleaved, rate_hz, channels)?;
                snr_db(&noise.assess(&scores))
            }
            None => None,
        };
        let quality = ClipQuality {
            duration_s: samples_to_seconds(samples, rate_hz),
            speech_s,
            clipped_share: clipped_share(interleaved, channels.into()),
            snr_db: noise,
            parts_log_odds: parts_log_odds(&self.model, &vectors),
        };
        Ok(HeardClip { print, quality })
    }

    fn listen(&self, clip: Clip<'_>) -> Result<Listened, VoiceError> {
        let Clip { interleaved, rate_hz, channels } = clip;
        clip.check()?;
        let scores = self.speech.detect_samples(interleaved, rate_hz, channels)?;
        let pack = self.speech.pack();
        let column = scores.column(&Label::SPEECH);
        let column = column.ok_or_else(|| VoiceError::NoSpeech { pack: pack.origin().to_owned() })?;
        let open = pack.manifest().thresholds_of(&Label::SPEECH).open;
        let speech = (0..scores.frames()).filter(|frame| scores.row(*frame)[column] >= open).count();
        let speech_s = real(speech) * FrameGrid::FRAME_S;
        let vectors = self.model.embedder().embed(interleaved, rate_hz, channels)?;
        let print = if speech_s < LEAST_HEARD_S {
            VoicePrint { unit: vec![0.0; vectors.dim], duration_s: 0.0 }
        } else {
            self.model.print(&vectors)
        };
        Ok(Listened { print, vectors, speech_s, samples: scores.samples })
    }
}

/// Makes a profile of clips that were heard, of a single word each or of sentences.
///
/// # Errors
/// [`EnrolError`] if there are none or too many, or nobody speaks in one. What is merely not good is in the advice.
pub fn enrol(model: &VoiceModel, clips: &[HeardClip], of_word: bool) -> Result<Enrolment, EnrolError> {
    if !(1..=MAX_CLIPS).contains(&clips.len()) {
        return Err(EnrolError::Count { count: clips.len() });
    }
    let speech_s = |clip: &HeardClip| clip.quality.speech_s;
    if let Some(index) = clips.iter().position(|clip| clip.print.duration_s <= 0.0) {
        return Err(EnrolError::NoSpeech { number: index + 1, speech_s: speech_s(&clips[index]) });
    }
    let enrolled =
        |clip: &HeardClip| EnrolledClip { embedding: clip.print.unit.clone(), speech_s: speech_s(clip) };
    let profile = VoiceProfile { clips: clips.iter().map(enrolled).collect(), word: None };
    let advice = clips.iter().enumerate().map(|(index, clip)| {
        let mut advice = clip.quality.advice(of_word);
        if clips[..index].contains(clip) {
            advice.push(Advice::Twice);
        }
        if unlike_others(model, clips, index, &profile) {
            advice.push(Advice::Unlike);
        }
        advice
    });
    Ok(Enrolment { advice: advice.collect(), profile })
}

/// Whether a clip is another voice than the others of an enrolment.
fn unlike_others(model: &VoiceModel, clips: &[HeardClip], index: usize, profile: &VoiceProfile) -> bool {
    let mut others = profile.clone();
    others.clips.remove(index);
    let name: Result<ProfileName, _> = "others".parse();
    let (Ok(name), false) = (name, others.clips.len() < 2) else { return false };
    model
        .voice(name, &others)
        .is_ok_and(|voice| model.compare(&voice, &clips[index].print).log_odds < UNLIKE_LOG_ODDS)
}
