//! From a recording to its part of a page: labels, pictures, loudness and noise in one decoding.

use super::detect::Watched;
use super::tag::PlotData;
use super::{Observer, PipelineError, Recording};
use crate::FrameScores;
use crate::decide::{TimelineSettings, segment};
use crate::detect::{DetectError, Detector, DetectorStream};
use crate::noise::{NoiseEstimate, SnrEstimator};
use crate::render::{Loudness, LoudnessFigures};
use crate::report::Report;
use crate::report::page::{Detail, Figures, Overview, Spectrogram, SpectrogramBuilder};
use crate::report::plot::EnvelopeBuilder;

/// What a page shows beside the segments.
#[derive(Debug, Clone)]
pub struct PageMeasurements {
    /// What a picture shows, too.
    pub plot: PlotData,
    /// The spectrogram.
    pub spectrogram: Spectrogram,
    /// Loudness; `None` for layouts that have none.
    pub loudness: Option<LoudnessFigures>,
    /// Noise behind the speech; `None` without samples.
    pub noise: Option<NoiseEstimate>,
    /// Samples per second and channel of the recording.
    pub rate_hz: u32,
    /// Channels that were heard.
    pub channels: u16,
}

impl PageMeasurements {
    /// The figures of the summary.
    pub fn figures(&self) -> Figures {
        let noise = self.noise.as_ref();
        Figures {
            integrated_lufs: self.loudness.and_then(|loudness| loudness.integrated_lufs),
            sample_peak_dbfs: self.loudness.and_then(|loudness| loudness.sample_peak_dbfs),
            snr_db: noise.and_then(|noise| noise.snr_db),
            noise_floor_dbfs: noise.map(|noise| noise.floor_dbfs),
            noise_kind: noise.and_then(|noise| noise.kind.as_ref()).map(|kind| kind.as_str().to_owned()),
        }
    }

    /// The pictures, reduced.
    pub fn overview(&self, detail: Detail) -> Overview {
        Overview::new(&self.plot.envelope, &self.plot.scores, &self.spectrogram, detail)
    }
}

/// What is measured beside the detector.
struct Beside {
    envelope: EnvelopeBuilder,
    spectrogram: SpectrogramBuilder,
    loudness: Option<Loudness>,
    noise: DetectorStream,
    noise_scores: FrameScores,
}

impl Beside {
    fn take(&mut self, block: &[f32]) -> Result<(), DetectError> {
        self.envelope.push(block);
        self.spectrogram.push(block);
        if let Some(loudness) = &mut self.loudness {
            loudness.add(block);
        }
        self.noise.push(block, &mut self.noise_scores)
    }
}

/// As [`tag_file`](super::tag_file), and measures what a page shows; `noise` is heard beside the detector.
///
/// # Errors
/// As [`tag_file`](super::tag_file).
pub fn tag_file_for_page(
    detector: &Detector,
    noise: &SnrEstimator,
    recording: &Recording,
    settings: &TimelineSettings,
    observer: &mut dyn Observer,
) -> Result<(Report, PageMeasurements), PipelineError> {
    let (mut source, stoppable) = recording.open_watched(observer)?;
    let name = recording.name();
    let named = |error| PipelineError::detect(&name, error);
    let (rate_hz, channels) = (source.info().rate_hz, source.info().channels);
    let stream = noise.detector().stream(rate_hz, channels).map_err(named)?;
    let beside = Beside {
        envelope: EnvelopeBuilder::new(rate_hz, usize::from(channels)),
        spectrogram: SpectrogramBuilder::new(rate_hz, channels).map_err(|error| named(error.into()))?,
        loudness: Loudness::new(rate_hz, channels),
        noise_scores: stream.scores(),
        noise: stream,
    };
    let watched = Watched { source: &mut source, name: &name, stoppable, observer };
    let (scores, beside) = watched.beside("earmark page", beside, Beside::take, |source, watch| {
        detector.detect_telling(source, watch)
    })?;
    let Beside { envelope, spectrogram, loudness, noise: stream, mut noise_scores } = beside;
    stream.finish(&mut noise_scores).map_err(named)?;
    let measurements = PageMeasurements {
        spectrogram: spectrogram.finish(),
        loudness: loudness.map(|loudness| loudness.figures()),
        noise: (noise_scores.samples > 0).then(|| noise.assess(&noise_scores)),
        plot: PlotData { envelope: envelope.finish(), scores },
        rate_hz,
        channels,
    };
    let timeline = segment(&measurements.plot.scores, settings);
    Ok((recording.report(timeline), measurements))
}
