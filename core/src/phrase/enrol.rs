//! From a handful of clips to a profile: no training.

use std::ops::Range;

use super::PhraseError;
use super::advice::Advice;
use super::calibrate::{commons, expected_miss, limits, tails};
use super::law::{Aligner, Likeness, Match};
use super::negatives::Negatives;
use super::profile::{
    Limits, MAX_CLIPS, MIN_CLIPS, PhraseProfile, Strictness, Template, Working, aligner_of,
};
use super::template::VOICES;
use crate::detect::Detector;
use crate::embed::{Embedder, Vectors};
use crate::signal::level_dbfs;
use crate::signal::units::{real, single};
use crate::{FrameGrid, FrameScores, Label};

/// Speech that a clip needs, seconds.
const LEAST_SPEECH_S: f64 = 0.25;
/// The longest phrase, seconds.
const MOST_SPEECH_S: f64 = 4.0;
/// The score of speech from which a frame counts as speech.
const SPEECH: f32 = 0.4;
/// A hop is loud that lies less than this below the loudest, and above the floor by this share of the way to it.
const LOUD_DB: f32 = 25.0;
const LOUD_SHARE: f32 = 0.4;
/// Where in the order of the levels the loudest and the floor are taken.
const LOUDEST: f64 = 0.97;
const FLOOR: f64 = 0.10;
/// Quieter stretches within a phrase up to this length belong to it, hops.
const PAUSE_HOPS: usize = 8;
/// Hops on each side that belong to it too.
const MARGIN_HOPS: usize = 1;
/// A sample from here on is at full scale.
const FULL_SCALE: f32 = 0.999;
/// Share of the samples at full scale that is worth a word.
const CLIPPED_SHARE: f64 = 0.001;
/// Ratio of speech to what is between it under which a clip is noisy, dB.
const NOISY_DB: f32 = 10.0;
/// Frames beside the speech that the ratio is judged on.
const LEAST_PAUSE_FRAMES: usize = 10;
/// A clip that is liked less than this share of the others' median is unlike them.
const UNLIKE_SHARE: f32 = 0.4;
/// By so much a limit lies above what must not be taken for the phrase.
const OTHER_MARGIN: f32 = 0.02;
/// A clip that is more like other speech than this says little.
const TOO_COMMON: f32 = 0.7;

/// A recording of the phrase, or of what is not the phrase.
#[derive(Debug, Clone)]
pub struct Clip {
    /// What it is called in messages.
    pub name: String,
    /// Interleaved samples.
    pub samples: Vec<f32>,
    /// Sample rate, Hz.
    pub rate_hz: u32,
    /// Channels.
    pub channels: u16,
    /// SHA-256 of its file, hexadecimal; empty if it is none.
    pub sha256: String,
}

/// An enrolled phrase, with what is to be said of its clips.
#[derive(Debug, Clone)]
pub struct Enrolled {
    /// What is kept.
    pub profile: PhraseProfile,
    /// By clip, in their order: its name and what was found.
    pub advice: Vec<(String, Advice)>,
    /// Recordings without the phrase (their names) that would be taken for it at the chosen strictness.
    pub mistaken: Vec<String>,
}

/// What hears clips.
#[derive(Debug, Clone, Copy)]
pub struct Ears<'a> {
    /// The network of phrases.
    pub embedder: &'a Embedder,
    /// Tells where in a clip speech is: any pack that knows the label.
    pub detector: &'a Detector,
}

/// Enrols a phrase from 3 to 20 clips. `background` is speech of all kinds that has it not, mostly the pack's; `others`
/// are recordings that must not be taken for it, by name: above the highest of them lies every limit.
///
/// # Errors
/// [`PhraseError`] if too few clips can be used, there is no background, or a network fails.
pub fn enrol(
    ears: Ears<'_>,
    clips: &[Clip],
    background: &Negatives,
    others: &[(String, Vectors)],
    strictness: Strictness,
) -> Result<Enrolled, PhraseError> {
    if background.hours() == 0.0 {
        return Err(PhraseError::NoNegatives { pack: ears.embedder.pack().origin().to_owned() });
    }
    let mut advice = Vec::new();
    let mut templates: Vec<Template> = Vec::new();
    let mut streams: Vec<(String, Vectors)> = Vec::new();
    for (index, clip) in clips.iter().enumerate() {
        // Once more the same recording would say that the phrase is always said in this way.
        if let Some(first) = clips[..index].iter().find(|first| first.samples == clip.samples) {
            advice.push((clip.name.clone(), Advice::Twice { first: first.name.clone() }));
            continue;
        }
        let (found, heard) = ears.look_at(clip)?;
        advice.extend(found.into_iter().map(|what| (clip.name.clone(), what)));
        if let Some((vectors, phrase)) = heard {
            templates.extend(phrase.iter().map(|voice| Template::new(voice, &clip.sha256)));
            streams.push((clip.name.clone(), vectors));
        }
    }
    if !(MIN_CLIPS..=MAX_CLIPS).contains(&streams.len()) {
        let reasons = advice.iter().filter(|(_, what)| what.is_left_out());
        let reasons = reasons.map(|(name, what)| format!("{name}: {what}")).collect();
        return Err(PhraseError::Clips { usable: streams.len(), reasons });
    }
    let dim = ears.embedder.dim();
    let commons = commons(&templates, dim, background);
    templates.iter_mut().zip(&commons).for_each(|(template, common)| template.common = *common);
    // The first template of a clip is its own voice.
    let common = streams.iter().zip(commons.iter().step_by(VOICES)).filter(|(_, like)| **like > TOO_COMMON);
    advice.extend(common.map(|((name, _), like)| (name.clone(), Advice::Common { like: *like })));
    let left_out: Vec<f32> = (0..streams.len())
        .map(|out| {
            highest(
                &mut aligner_of(&templates, dim, |index| index / VOICES != out),
                &streams[out].1,
                |likeness| likeness.whole,
            )
        })
        .collect();
    advice.extend(unlike(&left_out, &streams));
    let all = || aligner_of(&templates, dim, |_| true);
    let background_tails = tails(&mut all(), background);
    // Clips that bring some of their room along begin like noise, and other speech has little noise in it.
    let begins_as_noise = highest(&mut all(), &ears.noise_alone()?, |likeness| likeness.prefix);
    let mut highest_other: Option<f32> = None;
    let mut other_scores = Vec::new();
    for (name, vectors) in others {
        let score = highest(&mut all(), vectors, |likeness| likeness.whole);
        highest_other = Some(highest_other.map_or(score, |most| most.max(score)));
        other_scores.push((name.clone(), score));
    }
    let working = Strictness::ALL.map(|strictness| {
        let found = limits(background_tails, background.usual.as_ref(), streams.len(), strictness);
        let whole = highest_other.map_or(found.whole, |other| found.whole.max(above_other(other, &left_out)));
        let limits = Limits { whole, early: found.early.max(begins_as_noise + OTHER_MARGIN) };
        let (expected_miss, missed_clips) = expected_miss(&left_out, limits.whole);
        Working { limits, expected_miss, missed_clips }
    });
    let profile = PhraseProfile {
        dim,
        hop_frames: ears.embedder.hop_frames(),
        templates_per_clip: VOICES,
        templates,
        working,
        strictness,
        negative_hours: background.hours(),
    };
    let lost = |score: f32| score + OTHER_MARGIN > median(&left_out) || score >= profile.limits().whole;
    let mistaken = other_scores.into_iter().filter(|(_, score)| lost(*score));
    Ok(Enrolled { mistaken: mistaken.map(|(name, _)| name).collect(), advice, profile })
}

/// A limit above what must not be found, but never above the median of the phrase itself: what is as like as that cannot be
/// told apart, and is said to be mistaken.
fn above_other(other: f32, left_out: &[f32]) -> f32 {
    (other + OTHER_MARGIN).min(median(left_out))
}

/// The highest score `of` whole phrases, or of their beginnings, in a recording.
fn highest(aligner: &mut Aligner, vectors: &Vectors, of: impl Fn(Likeness) -> Match) -> f32 {
    vectors.iter().map(|row| of(aligner.push(row)).score).fold(f32::MIN, f32::max)
}

fn unlike(left_out: &[f32], streams: &[(String, Vectors)]) -> Vec<(String, Advice)> {
    let median = median(left_out);
    let unlike = left_out.iter().zip(streams).filter(|(score, _)| **score < UNLIKE_SHARE * median.max(0.0));
    unlike.map(|(&score, (name, _))| (name.clone(), Advice::Unlike { score, median })).collect()
}

fn median(values: &[f32]) -> f32 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

impl Ears<'_> {
    /// The vectors of all of a recording.
    ///
    /// # Errors
    /// [`PhraseError`] if its rate cannot be heard or the network fails.
    pub fn embed(&self, clip: &Clip) -> Result<Vectors, PhraseError> {
        self.hear(clip, &clip.samples, clip.rate_hz)
    }

    /// The vectors of what was made of a clip's samples, played at another rate.
    pub(super) fn hear(&self, clip: &Clip, samples: &[f32], rate_hz: u32) -> Result<Vectors, PhraseError> {
        let heard = self.embedder.embed(samples, rate_hz, clip.channels);
        heard.map_err(|source| PhraseError::Hear { name: clip.name.clone(), source })
    }

    /// What is wrong with a clip, and if it can be used its phrase.
    fn look_at(&self, clip: &Clip) -> Result<(Vec<Advice>, Option<Spoken>), PhraseError> {
        let mut advice = Vec::new();
        let full = clip.samples.iter().filter(|sample| sample.abs() >= FULL_SCALE).count();
        let share = real(full) / real(clip.samples.len().max(1));
        if share > CLIPPED_SHARE {
            advice.push(Advice::Clipped { percent: 100.0 * share });
        }
        let scores = self.detector.detect_samples(&clip.samples, clip.rate_hz, clip.channels);
        let scores = scores.map_err(|source| PhraseError::Hear { name: clip.name.clone(), source })?;
        let hop = self.embedder.hop_frames();
        let speech = within_speech(&scores, loud(&scores, hop), hop);
        let speech_s = real(speech_frames(&scores, speech.clone())) * FrameGrid::FRAME_S;
        if !(LEAST_SPEECH_S..=MOST_SPEECH_S).contains(&speech_s) {
            let short = speech_s < LEAST_SPEECH_S;
            advice.push(if short { Advice::TooShort { speech_s } } else { Advice::TooLong { speech_s } });
            return Ok((advice, None));
        }
        if let Some(snr_db) = snr_db(&scores, &speech).filter(|ratio| *ratio < NOISY_DB) {
            advice.push(Advice::Noisy { snr_db });
        }
        let vectors = self.embed(clip)?;
        let phrase = self.voices(clip, &vectors, &speech, &scores.mean_square[speech.clone()])?;
        Ok((advice, Some((vectors, phrase))))
    }
}

/// The vectors of a clip, and those that are kept of the phrase in it, voice by voice.
type Spoken = (Vectors, Vec<Vectors>);

/// The phrase of a clip in frames, whole hops of `hop` frames: the longest loud stretch. Training cuts its clips in the same way.
fn loud(scores: &FrameScores, hop: usize) -> Range<usize> {
    let mean = |frames: &[f32]| frames.iter().sum::<f32>() / single(real(frames.len().max(1)));
    let levels: Vec<f32> = scores.mean_square.chunks(hop).map(|frames| level_dbfs(mean(frames))).collect();
    let mut sorted = levels.clone();
    sorted.sort_unstable_by(f32::total_cmp);
    let (peak, floor) = (at_place(&sorted, LOUDEST), at_place(&sorted, FLOOR));
    let over = (peak - LOUD_DB).max(floor + LOUD_SHARE * (peak - floor));
    // Each run with the number of its loud hops.
    let mut runs: Vec<(Range<usize>, usize)> = Vec::new();
    for at in (0..levels.len()).filter(|&at| levels[at] > over) {
        match runs.last_mut() {
            Some((run, count)) if at - run.end <= PAUSE_HOPS => {
                run.end = at + 1;
                *count += 1;
            }
            _ => runs.push((at..at + 1, 1)),
        }
    }
    let longest = runs.into_iter().max_by_key(|(_, count)| *count).map_or(0..0, |(run, _)| run);
    if longest.is_empty() {
        return 0..0;
    }
    let (start, end) =
        (longest.start.saturating_sub(MARGIN_HOPS), (longest.end + MARGIN_HOPS).min(levels.len()));
    start * hop..(end * hop).min(scores.frames())
}

/// What of a loud stretch reaches from its first frame of speech to its last, whole hops: noise beside a phrase is none of it,
/// and would be found wherever there is such noise. A stretch without speech is left as it is.
fn within_speech(scores: &FrameScores, loud: Range<usize>, hop: usize) -> Range<usize> {
    let is_speech = |frame: &usize| speech_frames(scores, *frame..frame + 1) > 0;
    let (Some(first), Some(last)) = (loud.clone().find(is_speech), loud.clone().rfind(is_speech)) else {
        return loud;
    };
    let start = (first / hop).saturating_sub(MARGIN_HOPS) * hop;
    let end = (last / hop + 1 + MARGIN_HOPS) * hop;
    loud.start.max(start)..loud.end.min(end)
}

/// One of sorted values, by its place from 0 to 1.
fn at_place(sorted: &[f32], place: f64) -> f32 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
    let index = (place * real(sorted.len().saturating_sub(1))).round() as usize;
    sorted.get(index).copied().unwrap_or(f32::MIN)
}

/// Frames of `within` that are speech.
fn speech_frames(scores: &FrameScores, within: Range<usize>) -> usize {
    let column = scores.column(&Label::SPEECH);
    column.map_or(0, |column| within.filter(|&frame| scores.row(frame)[column] >= SPEECH).count())
}

/// Power within the speech over that beside it, dB; `None` where too little lies beside it.
fn snr_db(scores: &FrameScores, speech: &Range<usize>) -> Option<f32> {
    let mean = |frames: &mut dyn Iterator<Item = usize>| {
        let powers: Vec<f64> = frames.map(|frame| f64::from(scores.mean_square[frame])).collect();
        (powers.len(), powers.iter().sum::<f64>() / real(powers.len().max(1)))
    };
    let (_, inside) = mean(&mut speech.clone());
    // The first frames beside the speech still sound of it.
    const APART: usize = 10;
    let beside = |frame: &usize| *frame + APART < speech.start || *frame >= speech.end + APART;
    let (count, outside) = mean(&mut (0..scores.frames()).filter(beside));
    let ratio = single(10.0 * (inside / outside.max(1e-20)).max(1e-20).log10());
    (count >= LEAST_PAUSE_FRAMES).then_some(ratio)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(speech: &[f32], level: &[f32]) -> FrameScores {
        let mut scores = FrameScores::new(vec![Label::MUSIC, Label::SPEECH], 16_000);
        scores.probabilities = speech.iter().flat_map(|p| [0.1, *p]).collect();
        scores.mean_square = level.to_vec();
        scores
    }

    #[test]
    fn the_phrase_is_the_longest_loud_stretch() {
        let mut level = vec![1e-7; 240];
        level[20..28].fill(0.02);
        level[80..120].fill(0.01);
        // A pause of 280 ms belongs to it; one of 480 ms does not.
        level[148..168].fill(0.01);
        let mut speech = vec![0.0; 240];
        speech[80..168].fill(0.9);
        let found = scores(&speech, &level);
        assert_eq!(loud(&found, 4), 76..172);
        assert_eq!(speech_frames(&found, 76..172), 88);
        let ratio = snr_db(&found, &(76..172)).unwrap();
        assert!(ratio > 5.0, "{ratio}");
        assert_eq!(speech_frames(&found, 0..60), 0);
        assert!(snr_db(&scores(&[0.9; 50], &[0.01; 50]), &(0..50)).is_none(), "nothing lies beside it");
        assert_eq!(loud(&scores(&[], &[]), 4), 0..0);
        // Of what is loud, only what is near speech belongs to it.
        let mut speech = vec![0.0; 240];
        speech[91..101].fill(0.9);
        let heard = scores(&speech, &level);
        assert_eq!(within_speech(&heard, 76..172, 4), 84..108);
        assert_eq!(within_speech(&heard, 92..96, 4), 92..96);
        assert_eq!(within_speech(&scores(&[0.0; 240], &level), 76..172, 4), 76..172);
    }

    #[test]
    fn a_stranger_among_the_clips_is_named() {
        let streams: Vec<(String, Vectors)> =
            ["a", "b", "c", "d"].map(|name| (name.to_owned(), Vectors::new(4, 4))).into();
        let found = unlike(&[0.30, 0.28, 0.05, 0.33], &streams);
        assert_eq!(found, [("c".to_owned(), Advice::Unlike { score: 0.05, median: 0.30 })]);
        assert!(unlike(&[0.2, 0.25, 0.3, 0.22], &streams).is_empty());
    }
}
