//! Phrases taken out of a recording, and phrases as columns of what was heard.

use super::hear::Heard;
use super::{
    AudioTarget, FileRenderer, Observer, PipelineError, Recording, RenderSettings, Rendered, Spoken,
    spot_file,
};
use crate::decide::{LabelSettings, TimelineSettings};
use crate::gate::{Action, Envelope, FileTiming, GateSettings, LabelThresholds, Preset, Rule, Rules, When};
use crate::phrase::{PAD_MS, PhraseEvent, Phrases};
use crate::render::Dither;
use crate::{FrameGrid, FrameScores, Label};

/// Time in which a mask closes and opens, ms.
const FADE_MS: f32 = 5.0;

/// What is heard in the place of a phrase.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Cover {
    /// Digital silence.
    #[default]
    Silence,
    /// A tone ([`TONE_HZ`](crate::gate::TONE_HZ), [`TONE_DBFS`](crate::gate::TONE_DBFS)).
    Beep,
    /// The phrase, 30 dB down.
    Duck,
}

/// How phrases are masked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MaskSettings {
    /// By what.
    pub cover: Cover,
    /// Added before and after each phrase, ms.
    pub pad_ms: u16,
    /// Decide as a live channel must, without knowledge of the future.
    pub live: bool,
    /// Live only: delay of the sound, in which a phrase can be known before it goes out, ms.
    pub lookahead_ms: u16,
}

impl Default for MaskSettings {
    fn default() -> Self {
        Self { cover: Cover::default(), pad_ms: PAD_MS, live: false, lookahead_ms: 0 }
    }
}

/// What was masked.
#[derive(Debug, Clone)]
pub struct Masked {
    /// What was said.
    pub spoken: Spoken,
    /// The stretches that are covered, seconds.
    pub covered_s: Vec<(f64, f64)>,
    /// Figures of the render.
    pub rendered: Rendered,
}

/// Covers phrases in a recording. The output is in the time of the recording, also where a live channel would be late.
///
/// # Errors
/// [`PipelineError`] as for [`FileRenderer::render`]; then there is no output at all.
pub fn mask_file(
    phrases: &Phrases,
    recording: &Recording,
    settings: &MaskSettings,
    output: AudioTarget<'_>,
    observer: &mut dyn Observer,
) -> Result<Masked, PipelineError> {
    let labels: Vec<Label> = phrases.labels().cloned().collect();
    let failed = PipelineError::render(recording.name());
    let renderer = FileRenderer::of_labels(render_settings(&labels, settings.cover), &labels)
        .map_err(|e| failed(e.into()))?;
    let input = recording.reopenable(observer)?;
    let info = input.open()?.info().clone();
    let spoken = spot_file(phrases, &input.recording(), observer, |_| Ok(()))?;
    let frames = usize::try_from(FrameGrid::new(spoken.rate_hz).frames(spoken.samples)).unwrap_or(usize::MAX);
    let mut scores = FrameScores::new(Vec::new(), spoken.rate_hz);
    // As loud as can be: what is silent is masked too.
    scores.mean_square = vec![1.0; frames];
    scores.samples = spoken.samples;
    let spans = if settings.live {
        live_spans(phrases, &spoken, settings)
    } else {
        known_spans(&spoken, frames_of(settings.pad_ms))
    };
    add_columns(&mut scores, &labels, &spans);
    let heard = Heard { info, scores, noise: None };
    let rendered = renderer.write(recording, &input, &heard, (output, None), observer)?;
    let covered_s = spans.iter().map(|span| (FrameGrid::seconds(span.from), FrameGrid::seconds(span.to)));
    Ok(Masked { covered_s: covered_s.collect(), spoken, rendered })
}

/// Everything stays but the phrases.
fn render_settings(labels: &[Label], cover: Cover) -> RenderSettings {
    let action = match cover {
        Cover::Silence | Cover::Beep => Action::Mute,
        Cover::Duck => Action::duck(30.0),
    };
    let list = vec![Rule { when: When::any(labels.to_vec()), action }];
    let gate = GateSettings {
        rules: Rules { list, otherwise: Action::Keep, ..Rules::default() },
        envelope: Envelope {
            attack_ms: FADE_MS,
            hold_ms: 0.0,
            release_ms: FADE_MS,
            lookahead_ms: FADE_MS,
            ..Envelope::default()
        },
        thresholds: LabelThresholds::default(),
        files: FileTiming::default(),
    };
    RenderSettings {
        preset: Preset { about: String::new(), gate, cut: None },
        timeline: with_phrases(
            TimelineSettings { refine_borders: false, ..TimelineSettings::default() },
            labels,
        ),
        causal: false,
        cut_only: false,
        sample_format: None,
        dither: Dither::Triangular,
        measure_loudness: false,
        beep: cover == Cover::Beep,
        voices: None,
    }
}

/// Timeline settings under which the columns of phrases are taken as they are.
pub(super) fn with_phrases(mut settings: TimelineSettings, labels: &[Label]) -> TimelineSettings {
    let plain = LabelSettings {
        open: 0.5,
        close: 0.5,
        confirm: 0.0,
        min_on_ms: 0,
        min_gap_ms: 0,
        ..LabelSettings::default()
    };
    settings.labels.extend(labels.iter().map(|label| (label.clone(), plain)));
    settings
}

/// A stretch of frames in which a phrase is on.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Span {
    /// Which of the phrases.
    phrase: usize,
    from: u64,
    to: u64,
    confidence: f32,
}

fn frames_of(ms: u16) -> u64 {
    u64::from(ms).div_ceil(10)
}

/// Where the future is known: each phrase whole.
fn known_spans(spoken: &Spoken, pad: u64) -> Vec<Span> {
    let frame = |seconds: f64| crate::signal::units::samples_covering(seconds - 1e-6, 100);
    let of = |found: &crate::phrase::Detection| Span {
        phrase: found.phrase,
        from: frame(found.start_s).saturating_sub(pad),
        to: frame(found.end_s) + pad,
        confidence: found.confidence,
    };
    spoken.detections.iter().map(of).collect()
}

/// What a live channel with this lookahead would cover: from where it is when the beginning is known, but not from before
/// the phrase, until the phrase no longer is said.
fn live_spans(phrases: &Phrases, spoken: &Spoken, settings: &MaskSettings) -> Vec<Span> {
    let (hop, delay) = (phrases.hop_frames(), phrases.delay_frames());
    let (lookahead, pad) = (frames_of(settings.lookahead_ms), frames_of(settings.pad_ms));
    let all = FrameGrid::new(spoken.rate_hz).frames(spoken.samples);
    let mut open: Vec<Option<u64>> = vec![None; phrases.labels().count()];
    let mut spans = Vec::new();
    for event in &spoken.events {
        let known = |at: u64| (at * hop + delay).saturating_sub(lookahead);
        match *event {
            PhraseEvent::Begun { phrase, hop: at, start } => {
                open[phrase] = Some(known(at).max((start * hop).saturating_sub(pad)));
            }
            PhraseEvent::Over { phrase, hop: at, end } => {
                let Some(from) = open[phrase].take() else { continue };
                let to = known(at).max(end * hop + pad);
                spans.push(Span { phrase, from, to, confidence: 1.0 });
            }
            PhraseEvent::Recognised(_) | PhraseEvent::Said(_) => {}
        }
    }
    let still = open.iter().enumerate().filter_map(|(phrase, from)| from.map(|from| (phrase, from)));
    spans.extend(still.map(|(phrase, from)| Span { phrase, from, to: all, confidence: 1.0 }));
    spans.retain(|span| span.from < all && span.to > span.from);
    spans
}

/// Adds a column for each phrase to what was heard: where the future is known its confidence all over the phrase, else 1
/// from where it is known to have begun.
pub(super) fn phrase_columns(scores: &mut FrameScores, phrases: &Phrases, spoken: &Spoken, causal: bool) {
    let labels: Vec<Label> = phrases.labels().cloned().collect();
    let spans = if causal {
        live_spans(phrases, spoken, &MaskSettings { live: true, pad_ms: 0, ..MaskSettings::default() })
    } else {
        known_spans(spoken, frames_of(MaskSettings::default().pad_ms))
    };
    add_columns(scores, &labels, &spans);
}

fn add_columns(scores: &mut FrameScores, labels: &[Label], spans: &[Span]) {
    let (frames, before) = (scores.frames(), scores.labels.len());
    let columns = before + labels.len();
    let mut wider = vec![0.0; frames * columns];
    for frame in 0..frames {
        wider[frame * columns..frame * columns + before].copy_from_slice(scores.row(frame));
    }
    let index = |frame: u64| usize::try_from(frame).unwrap_or(usize::MAX).min(frames);
    for span in spans {
        for frame in index(span.from)..index(span.to) {
            let place = &mut wider[frame * columns + before + span.phrase];
            *place = place.max(span.confidence);
        }
    }
    scores.labels.extend(labels.iter().cloned());
    scores.probabilities = wider;
}

/// Where the column of a phrase says anything, seconds.
pub(super) fn phrase_spans(scores: &FrameScores, phrase: &Label) -> impl Iterator<Item = (f64, f64)> + use<> {
    let column = scores.labels.iter().position(|label| label == phrase);
    let is_on = |frame: usize| column.is_some_and(|column| scores.row(frame)[column] > 0.0);
    let on: Vec<bool> = (0..scores.frames()).map(is_on).collect();
    let mut from = 0;
    let mut spans = Vec::new();
    for run in on.chunk_by(|a, b| a == b) {
        let to = from + run.len() as u64;
        if run[0] {
            spans.push((FrameGrid::seconds(from), FrameGrid::seconds(to)));
        }
        from = to;
    }
    spans.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_phrases_stand_beside_those_of_the_pack() {
        let mut scores = FrameScores::new(vec![Label::SPEECH], 16_000);
        scores.probabilities = vec![0.1, 0.2, 0.3, 0.4];
        scores.mean_square = vec![0.0; 4];
        let labels = ["phrase:a", "phrase:b"].map(Label::from);
        let span = |phrase, from, to, confidence| Span { phrase, from, to, confidence };
        add_columns(&mut scores, &labels, &[span(1, 1, 3, 0.7), span(0, 3, 99, 0.9), span(1, 2, 3, 0.6)]);
        assert_eq!(scores.labels.len(), 3);
        let rows: Vec<&[f32]> = (0..4).map(|frame| scores.row(frame)).collect();
        assert_eq!(rows, [[0.1, 0.0, 0.0], [0.2, 0.0, 0.7], [0.3, 0.0, 0.7], [0.4, 0.9, 0.0]]);
        let spans = |name: &str| phrase_spans(&scores, &Label::new(name)).collect::<Vec<_>>();
        assert_eq!(spans("phrase:a"), [(0.03, 0.04)]);
        assert_eq!(spans("phrase:b"), [(0.01, 0.03)]);
        assert_eq!(spans("phrase:c"), []);
    }
}
