//! From a recording to its labels.

use super::detect::{detect_while_heard, watched};
use super::{Observer, PipelineError, Recording};
use crate::FrameScores;
use crate::decide::{Segment, TimelineBuilder, TimelineSettings, segment};
use crate::detect::Detector;
use crate::report::Report;
use crate::report::plot::{Envelope, EnvelopeBuilder};

/// Hears a recording and says when what is heard. Segments are decided while it is heard: memory grows with their
/// number only.
///
/// # Errors
/// [`PipelineError`] if it cannot be read, the network fails or the observer stops it.
///
/// ```
/// use earmark_core::decide::TimelineSettings;
/// use earmark_core::detect::{Detector, DetectorMode};
/// use earmark_core::model::pack::{self, Pack};
/// use earmark_core::model::runtime::Runtime;
/// use earmark_core::pipeline::{Recording, tag_file};
///
/// # let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/programme.flac");
/// let pack = Pack::find(pack::STUDIO)?;
/// let settings = TimelineSettings::for_pack(pack.manifest());
/// let detector = Detector::load(&Runtime::embedded()?, pack, DetectorMode::Throughput)?;
/// let report = tag_file(&detector, &Recording::File(path), &settings, &mut ())?;
/// assert!(report.timeline.segments.iter().any(|segment| segment.label.as_str() == "speech"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn tag_file(
    detector: &Detector,
    recording: &Recording,
    settings: &TimelineSettings,
    observer: &mut dyn Observer,
) -> Result<Report, PipelineError> {
    let (mut source, stoppable) = recording.open_watched(observer)?;
    let labels = &detector.pack().manifest().labels;
    let mut builder = TimelineBuilder::new(labels, source.info().rate_hz, settings);
    let samples = watched(&mut source, &recording.name(), stoppable, observer, |source, watch| {
        detector.detect_each_telling(source, watch, |scores| builder.push(scores))
    })?;
    Ok(recording.report(builder.finish(samples)))
}

/// As [`tag_file`], for streams: `take` gets the segments in their order as soon as none can come before them any more, at
/// last those that were open to the end. When it fails the stream is left.
///
/// # Errors
/// As [`tag_file`], and [`PipelineError::Taken`] if `take` fails.
pub fn tag_while_heard(
    detector: &Detector,
    recording: &Recording,
    settings: &TimelineSettings,
    observer: &mut dyn Observer,
    mut take: impl FnMut(&[Segment]) -> std::io::Result<()> + Send,
) -> Result<(), PipelineError> {
    let labels = &detector.pack().manifest().labels;
    let mut builder = None;
    let samples = detect_while_heard(detector, recording, observer, |scores| {
        let builder = builder.get_or_insert_with(|| TimelineBuilder::new(labels, scores.rate_hz, settings));
        builder.push(scores);
        take(&builder.take_settled())
    })?;
    // Even a stream without a sample is heard once, at its end.
    let rest = builder.map(|builder| builder.finish(samples).segments);
    take(&rest.unwrap_or_default()).map_err(PipelineError::Taken)
}

/// What a picture shows beside the segments.
#[derive(Debug, Clone)]
pub struct PlotData {
    /// Probabilities and levels, frame by frame.
    pub scores: FrameScores,
    /// The waveform.
    pub envelope: Envelope,
}

/// As [`tag_file`], and keeps what a picture needs.
///
/// # Errors
/// As [`tag_file`].
pub fn tag_file_for_plot(
    detector: &Detector,
    recording: &Recording,
    settings: &TimelineSettings,
    observer: &mut dyn Observer,
) -> Result<(Report, PlotData), PipelineError> {
    let (mut source, stoppable) = recording.open_watched(observer)?;
    let info = source.info();
    let mut envelope = EnvelopeBuilder::new(info.rate_hz, usize::from(info.channels));
    let scores = watched(&mut source, &recording.name(), stoppable, observer, |source, watch| {
        detector.detect_telling(source, |block| {
            watch(block)?;
            envelope.push(block);
            Ok(())
        })
    })?;
    let timeline = segment(&scores, settings);
    let report = recording.report(timeline);
    Ok((report, PlotData { scores, envelope: envelope.finish() }))
}
