//! The first pass of a render: all that is heard of a recording, in one decoding.

use super::detect::{Stop, Watched, watched};
use super::mask::phrase_columns;
use super::noise_track::NoiseTrack;
use super::reopen::Reopenable;
use super::{Observer, PipelineError, Recording, RenderSettings, Spoken};
use crate::FrameScores;
use crate::audio::{Source, SourceInfo};
use crate::detect::{DetectError, Detector, DetectorStream};
use crate::embed::{EmbedStream, Vectors};
use crate::noise::SnrEstimator;
use crate::phrase::{PhraseEvent, PhraseStream, Phrases};

/// What hears: the detector, and what follows the noise floor or looks for phrases beside it.
pub(super) type Ears<'a> = (&'a Detector, Option<&'a SnrEstimator>, Option<&'a Phrases>);

/// What the first pass gives.
pub(super) struct Heard {
    pub(super) info: SourceInfo,
    pub(super) scores: FrameScores,
    pub(super) noise: Option<NoiseTrack>,
}

impl Heard {
    /// Hears `recording`, which is read as `input`. Columns of voices and phrases follow those of the detector's pack.
    pub(super) fn of(
        settings: &RenderSettings,
        (detector, noise, phrases): Ears<'_>,
        recording: &Recording,
        input: &Reopenable,
        observer: &mut dyn Observer,
    ) -> Result<Self, PipelineError> {
        let mut source = input.open()?;
        let info = source.info().clone();
        let name = recording.name();
        let named = |error| PipelineError::detect(&name, error);
        let listen = |source: &mut Source, observe: &mut dyn FnMut(&[f32]) -> Result<(), Stop>| {
            if settings.causal {
                detector.detect_as_live_telling(source, observe)
            } else {
                detector.detect_telling(source, observe)
            }
        };
        let beside = Beside::of(settings, noise, phrases, &info).map_err(named)?;
        let heard = if beside.is_empty() {
            watched(&mut source, &name, false, observer, listen).map(|scores| (scores, beside))
        } else {
            let watch = Watched { source: &mut source, name: &name, stoppable: false, observer };
            watch.beside("earmark beside", beside, Beside::take, listen)
        };
        let (scores, beside) = heard.map_err(|error| match error {
            PipelineError::Audio(error) => input.named(error).into(),
            other => other,
        })?;
        let beside = beside.finish().map_err(named)?;
        let noise =
            noise.zip(beside.noise).map(|(estimator, (scores, _))| NoiseTrack::new(estimator, &scores));
        let mut scores = match (&settings.voices, beside.rows) {
            (Some(voices), Some((rows, _))) => {
                let manifest = detector.pack().manifest();
                let with_voices = if settings.causal {
                    voices.follow(manifest, &scores, &rows)
                } else {
                    voices.assign(manifest, &scores, &rows)
                };
                with_voices.map_err(PipelineError::voice(&name))?
            }
            _ => scores,
        };
        if let Some((phrases, (events, _))) = phrases.zip(beside.phrases) {
            let spoken = Spoken::of(info.rate_hz, scores.samples, events);
            phrase_columns(&mut scores, phrases, &spoken, settings.causal);
        }
        Ok(Self { info, scores, noise })
    }
}

/// What hears beside the detector, and what it has heard.
struct Beside {
    noise: Option<(FrameScores, DetectorStream)>,
    rows: Option<(Vectors, EmbedStream)>,
    phrases: Option<(Vec<PhraseEvent>, PhraseStream)>,
}

impl Beside {
    fn of(
        settings: &RenderSettings,
        noise: Option<&SnrEstimator>,
        phrases: Option<&Phrases>,
        &SourceInfo { rate_hz, channels, .. }: &SourceInfo,
    ) -> Result<Self, DetectError> {
        let noise = noise.map(|estimator| estimator.detector().stream(rate_hz, channels)).transpose()?;
        let voices = settings.voices.as_ref();
        let rows = voices.map(|voices| voices.model().embedder().stream(rate_hz, channels)).transpose()?;
        let phrases = phrases.map(|phrases| phrases.stream(rate_hz, channels)).transpose()?;
        Ok(Self {
            noise: noise.map(|stream| (stream.scores(), stream)),
            rows: rows.map(|stream| (stream.vectors(), stream)),
            phrases: phrases.map(|stream| (Vec::new(), stream)),
        })
    }

    fn is_empty(&self) -> bool {
        self.noise.is_none() && self.rows.is_none() && self.phrases.is_none()
    }

    fn take(&mut self, block: &[f32]) -> Result<(), DetectError> {
        if let Some((scores, stream)) = &mut self.noise {
            stream.push(block, scores)?;
        }
        if let Some((rows, stream)) = &mut self.rows {
            stream.push(block, rows)?;
        }
        if let Some((events, stream)) = &mut self.phrases {
            stream.push(block, &mut |event| events.push(event))?;
        }
        Ok(())
    }

    /// The end of the source.
    fn finish(mut self) -> Result<Self, DetectError> {
        if let Some((scores, stream)) = &mut self.noise {
            stream.finish_and_reset(scores)?;
        }
        if let Some((rows, stream)) = &mut self.rows {
            stream.finish(rows)?;
        }
        if let Some((events, stream)) = &mut self.phrases {
            stream.finish(&mut |event| events.push(event))?;
        }
        Ok(self)
    }
}
