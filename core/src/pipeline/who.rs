//! Who speaks in a recording.

use super::beside::beside;
use super::detect::{Stop, watched};
use super::{Observer, PipelineError, Recording};
use crate::audio::Source;
use crate::decide::{TimelineSettings, segment};
use crate::detect::Detector;
use crate::embed::{EmbedStream, Vectors};
use crate::report::Report;
use crate::voice::{Voices, other_voice};
use crate::{FrameScores, Label};

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
    let (heard, rows) = beside_voices(voices, &mut source, &name, stoppable, observer, |source, watch| {
        detector.detect(source, watch)
    })?;
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
    Ok(Report { file: name, timeline })
}

/// Hears a source by `listen` and the network of the voices beside it.
fn beside_voices(
    voices: &Voices,
    source: &mut Source,
    name: &str,
    stoppable: bool,
    observer: &mut dyn Observer,
    listen: impl FnOnce(&mut Source, &mut dyn FnMut(&[f32]) -> Result<(), Stop>) -> Result<FrameScores, Stop>,
) -> Result<(FrameScores, Vectors), PipelineError> {
    let named = |error| PipelineError::detect(name, error);
    let (rate_hz, channels) = (source.info().rate_hz, source.info().channels);
    let stream = voices.model().embedder().stream(rate_hz, channels).map_err(named)?;
    let beside_it = (stream.vectors(), stream);
    let take = |(rows, stream): &mut (Vectors, EmbedStream), block: &[f32]| stream.push(block, rows);
    let (heard, beside_it) = beside("earmark voices", beside_it, take, |hand_over| {
        watched(source, name, stoppable, observer, |source, watch| {
            listen(source, &mut |block| {
                watch(block)?;
                // Why nobody takes it is told below.
                if hand_over(block) { Ok(()) } else { Err(Stop::Interrupted) }
            })
        })
    });
    let (mut rows, mut stream) = beside_it.map_err(named)?;
    stream.finish(&mut rows).map_err(named)?;
    Ok((heard?, rows))
}
