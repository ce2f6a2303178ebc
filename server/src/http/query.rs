//! Parameters of requests.

use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use earmark_core::Label;
use earmark_core::audio::SampleFormat;
use earmark_core::decide::{Purpose, TimelineChanges};
use earmark_core::gate::{GateAction, PresetChanges};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use super::problem::Problem;

/// A query as `T`; what does not fit is answered with 400 and a sentence on it.
#[derive(Debug)]
pub struct Params<T>(pub T);

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Query(query) = Query::<T>::try_from_uri(&parts.uri)
            .map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
        Ok(Self(query))
    }
}

/// How frames become segments; the same as the flags of `earmark tag`.
#[derive(Debug, Default, Clone)]
pub struct Timeline<'a> {
    pub threshold: Option<&'a str>,
    pub silence_dbfs: Option<f32>,
    pub exclusive: Option<&'a str>,
    pub no_refine: Option<bool>,
    pub shape: Shape,
}

/// The shape of speech; the same as the flags of `earmark tag`.
#[derive(Debug, Default, Clone, Copy)]
pub struct Shape {
    pub purpose: Option<Purpose>,
    pub min_speech_ms: Option<u32>,
    pub min_silence_ms: Option<u32>,
    pub pad_ms: Option<u32>,
    pub max_segment_s: Option<f64>,
}

impl Timeline<'_> {
    pub fn changes(&self) -> Result<TimelineChanges, Problem> {
        let thresholds = list(self.threshold).map(|entry| {
            let (label, value) = entry.split_once('=').ok_or_else(|| {
                Problem::bad_request(format!(
                    "threshold: write {entry:?} as LABEL=P, for instance speech=0.6"
                ))
            })?;
            Ok((Label::new(label), probability("threshold", value)?))
        });
        Ok(TimelineChanges {
            threshold: thresholds.collect::<Result<_, Problem>>()?,
            silence_dbfs: self.silence_dbfs.map(f64::from),
            exclusive: self.exclusive.map(labels),
            refine_borders: self.no_refine.map(|no_refine| !no_refine),
            purpose: self.shape.purpose,
            min_speech_ms: self.shape.min_speech_ms,
            min_silence_ms: self.shape.min_silence_ms,
            pad_ms: self.shape.pad_ms,
            max_segment_s: self.shape.max_segment_s,
            ..TimelineChanges::default()
        })
    }
}

fn labels(text: &str) -> Vec<Label> {
    list(Some(text)).map(Label::new).collect()
}

fn list(text: Option<&str>) -> impl Iterator<Item = &str> {
    text.unwrap_or_default().split(',').map(str::trim).filter(|entry| !entry.is_empty())
}

/// A number from 0 to 1.
pub fn probability(name: &str, text: &str) -> Result<f32, Problem> {
    let value = text.parse::<f32>().ok().filter(|value| (0.0..=1.0).contains(value));
    value.ok_or_else(|| Problem::bad_request(format!("{name}: {text:?} is not a probability (0 to 1)")))
}

/// Query of `POST /v1/tag`.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TagQuery {
    /// Form of the answer: json, jsonl, csv, tsv, text, vtt, srt, audacity, rttm, textgrid, eaf, cue, reaper, matrix, clips, nemo, lhotse, iiif, ffmetadata or chapters. Without it `Accept` decides
    pub format: Option<String>,
    /// What the recording is called in the answer; the name of an uploaded file unless it is given
    pub name: Option<String>,
    /// Pack that hears: studio, live or swift
    pub pack: Option<String>,
    /// Probabilities at which labels begin, as LABEL=P, separated by commas
    pub threshold: Option<String>,
    /// Level at or below which all is silence, dBFS
    pub silence_dbfs: Option<f32>,
    /// One label per instant: labels, highest first, separated by commas
    pub exclusive: Option<String>,
    /// Keep the network's own borders
    pub no_refine: Option<bool>,
    /// A shape for a purpose: subtitles, transcription, archive or editing; the parameters below go before it
    #[serde(rename = "for")]
    #[param(value_type = Option<String>)]
    pub purpose: Option<Purpose>,
    /// Speech that is shorter is dropped, ms
    pub min_speech_ms: Option<u32>,
    /// Pauses of speech that are shorter are filled, and no shorter silence is told, ms
    pub min_silence_ms: Option<u32>,
    /// Speech is widened at both ends, ms
    #[param(maximum = 10_000)]
    pub pad_ms: Option<u32>,
    /// Longer speech is divided where it is least likely and quietest, s
    #[param(minimum = 1, maximum = 3_600)]
    pub max_segment_s: Option<f64>,
}

impl TagQuery {
    pub fn timeline(&self) -> Timeline<'_> {
        Timeline {
            threshold: self.threshold.as_deref(),
            silence_dbfs: self.silence_dbfs,
            exclusive: self.exclusive.as_deref(),
            no_refine: self.no_refine,
            shape: Shape {
                purpose: self.purpose,
                min_speech_ms: self.min_speech_ms,
                min_silence_ms: self.min_silence_ms,
                pad_ms: self.pad_ms,
                max_segment_s: self.max_segment_s,
            },
        }
    }
}

/// Query of `POST /v1/voice/verify`.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VerifyQuery {
    /// The enrolled voice that it is to be
    pub name: String,
    /// Ask for a word as well: the one that the voice was enrolled with, or a phrase that the service was started with
    pub word: Option<String>,
}

/// Query of `POST /v1/frames`.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FramesQuery {
    /// Form of the answer: csv or npy. Without it `Accept` decides
    pub format: Option<String>,
    /// What the recording is called in errors
    pub name: Option<String>,
    /// Pack that hears: studio, live or swift
    pub pack: Option<String>,
    /// Call the network with as few frames as the pack allows, as live audio does
    pub live: Option<bool>,
}

/// Query of `POST /v1/noise`.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NoiseQuery {
    /// Form of the answer: json, csv or text. Without it `Accept` decides
    pub format: Option<String>,
    /// What the recording is called in the answer
    pub name: Option<String>,
    /// Say it for every second, too
    pub timeline: Option<bool>,
    /// Probability at which a recording counts as noisy
    #[param(minimum = 0, maximum = 1)]
    pub threshold: Option<f32>,
}

/// Query of `POST /v1/render`.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RenderQuery {
    /// Form of the answer: wav or flac. Without it `Accept` decides
    pub format: Option<String>,
    /// What the recording is called in errors
    pub name: Option<String>,
    /// Preset: podcast, voice-over, broadcast-duck, interview, transcription or vocals
    pub preset: Option<String>,
    /// What stays, in place of the preset's rules: labels, separated by commas
    pub keep: Option<String>,
    /// What happens to the rest
    pub action: Option<Action>,
    /// How far the gate closes, dB
    pub range_db: Option<f32>,
    /// Time to open, ms
    pub attack_ms: Option<f32>,
    /// Time to stay open after the last speech, ms
    pub hold_ms: Option<f32>,
    /// Time to close, ms
    pub release_ms: Option<f32>,
    /// Time to open before the first speech, ms
    pub lookahead_ms: Option<f32>,
    /// Time added to the lookahead, ms; not with live
    pub pre_roll_ms: Option<f32>,
    /// How far an opening may move back to where its sound rose, ms; not with live
    pub onset_backtrack_ms: Option<f32>,
    /// Level that a label must exceed beside its probability to count for the gate, dBFS
    pub open_above_dbfs: Option<f32>,
    /// Share of the gated sound, 0 to 1
    pub wet: Option<f32>,
    /// Pauses longer than this are shortened to it, ms
    pub max_pause_ms: Option<f32>,
    /// Let the depth follow the noise floor
    pub adaptive: Option<bool>,
    /// Hear and decide as the plugin does
    pub live: Option<bool>,
    /// Sample format: 16, 24, 32 or float
    pub bits: Option<Bits>,
    /// Round without dither
    pub no_dither: Option<bool>,
    /// Pack that hears: studio, live or swift
    pub pack: Option<String>,
    /// Probabilities at which labels begin, as LABEL=P, separated by commas
    pub threshold: Option<String>,
    /// Level at or below which all is silence, dBFS
    pub silence_dbfs: Option<f32>,
    /// One label per instant: labels, highest first, separated by commas; not with live
    pub exclusive: Option<String>,
    /// Keep the network's own borders; not with live
    pub no_refine: Option<bool>,
}

impl RenderQuery {
    pub fn timeline(&self) -> Timeline<'_> {
        Timeline {
            threshold: self.threshold.as_deref(),
            silence_dbfs: self.silence_dbfs,
            exclusive: self.exclusive.as_deref(),
            no_refine: self.no_refine,
            shape: Shape::default(),
        }
    }

    pub fn gate(&self) -> PresetChanges {
        PresetChanges {
            keep: self.keep.as_deref().map(labels),
            action: self.action.map(Action::of_gate),
            range_db: self.range_db,
            attack_ms: self.attack_ms,
            hold_ms: self.hold_ms,
            release_ms: self.release_ms,
            lookahead_ms: self.lookahead_ms,
            pre_roll_ms: self.pre_roll_ms,
            onset_backtrack_ms: self.onset_backtrack_ms,
            open_above_dbfs: self.open_above_dbfs,
            wet: self.wet,
            max_pause_ms: self.max_pause_ms,
        }
    }

    /// As the command refuses them together.
    pub fn check(&self) -> Result<(), Problem> {
        let needs_the_future = [
            ("pre_roll_ms", self.pre_roll_ms.is_some()),
            ("onset_backtrack_ms", self.onset_backtrack_ms.is_some()),
            ("exclusive", self.exclusive.is_some()),
            ("no_refine", self.no_refine == Some(true)),
        ];
        match needs_the_future.into_iter().find(|(_, given)| *given && self.live == Some(true)) {
            Some((name, _)) => Err(Problem::bad_request(format!(
                "{name} is for whole files, whose future is known; leave it out, or leave live out"
            ))),
            None => Ok(()),
        }
    }
}

/// What happens to what is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    Gate,
    Duck,
    Mute,
    Cut,
}

impl Action {
    fn of_gate(self) -> GateAction {
        match self {
            Self::Gate => GateAction::Gate,
            Self::Duck => GateAction::Duck,
            Self::Mute => GateAction::Mute,
            Self::Cut => GateAction::Cut,
        }
    }
}

/// Formats of samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub enum Bits {
    #[serde(rename = "16")]
    Sixteen,
    #[serde(rename = "24")]
    TwentyFour,
    #[serde(rename = "32")]
    ThirtyTwo,
    #[serde(rename = "float")]
    Float,
}

impl Bits {
    pub fn sample_format(self) -> SampleFormat {
        let (bits, float) = match self {
            Self::Sixteen => (16, false),
            Self::TwentyFour => (24, false),
            Self::ThirtyTwo => (32, false),
            Self::Float => (32, true),
        };
        SampleFormat { bits, float }
    }
}
