//! What was heard as a list of cuts.

use super::clips::sample_at;
use super::{PipelineError, Recording};
use crate::Label;
use crate::decide::Timeline;
use crate::render::EditList;

/// The cuts that keep the stretches of some labels of a recording, hard, at their samples.
///
/// # Errors
/// [`PipelineError::Audio`] if the recording cannot be opened: its rate and channels are part of the list.
pub fn cuts_of(
    recording: &Recording,
    timeline: &Timeline,
    keep: &[Label],
) -> Result<EditList, PipelineError> {
    let info = recording.open()?.info().clone();
    let mut kept: Vec<(f64, f64)> =
        keep.iter().flat_map(|label| timeline.of(label)).map(|s| (s.start_s, s.end_s)).collect();
    kept.sort_by(|a, b| a.0.total_cmp(&b.0));
    let samples = |seconds| sample_at(seconds, info.rate_hz);
    let spans = kept.into_iter().map(|(start_s, end_s)| samples(start_s)..samples(end_s));
    let edits = EditList::keeping(spans, info.rate_hz, info.channels, samples(timeline.duration_s));
    Ok(match recording.file() {
        Some(path) => edits.of_file(path),
        None => edits,
    })
}
