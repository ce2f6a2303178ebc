//! Who speaks in a recording.

use super::detect::{Stop, Watched};
use super::{Observer, PipelineError, Recording};
use crate::Label;
use crate::decide::{TimelineSettings, segment};
use crate::detect::Detector;
use crate::embed::{EmbedStream, Vectors};
use crate::report::Report;
use crate::voice::{Voices, other_voice};

/// Says who speaks in a recording: a segment for each stretch of an enrolled voice, `unknown` for other speech. `settings`
/// are those of the pack of `detector`.
///
/// # Errors
/// [`PipelineError`] if it cannot be read, a network fails or the observer stops it.
pub fn who_speaks(
    detector: &Detector,
    voices: &Voices,
    recording: &Recording,
    settings: &TimelineSettings,
    observer: &mut dyn Observer,
) -> Result<Report, PipelineError> {
    let (mut source, stoppable) = recording.open_watched(observer)?;
    let name = recording.name();
    let named = |error| PipelineError::detect(&name, error);
    let stream =
        voices.model().embedder().stream(source.info().rate_hz, source.info().channels).map_err(named)?;
    let take = |(rows, stream): &mut (Vectors, EmbedStream), block: &[f32]| stream.push(block, rows);
    let watch = Watched { source: &mut source, name: &name, stoppable, observer };
    let listen = |source: &mut _, watch: &mut dyn FnMut(&[f32]) -> Result<(), Stop>| {
        detector.detect_telling(source, watch)
    };
    let (heard, (mut rows, mut stream)) =
        watch.beside("earmark voices", (stream.vectors(), stream), take, listen)?;
    stream.finish(&mut rows).map_err(named)?;
    let manifest = detector.pack().manifest();
    let assigned = voices.assign_all(manifest, &heard, &rows).map_err(PipelineError::voice(&name))?;
    let mut settings = voices.in_timeline(settings.clone());
    let other = other_voice();
    settings.labels.insert(other.clone(), settings.of(&Label::SPEECH));
    let mut timeline = segment(&assigned, &settings);
    timeline.labels = voices.labels().chain([Label::UNKNOWN]).collect();
    let mut labels: Vec<Label> = voices.labels().collect();
    labels.push(other.clone());
    timeline.segments.retain(|segment| labels.contains(&segment.label));
    for segment in timeline.segments.iter_mut().filter(|segment| segment.label == other) {
        segment.label = Label::UNKNOWN;
    }
    timeline.sort();
    Ok(recording.report(timeline))
}
