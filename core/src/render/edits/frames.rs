//! An edit list in frames of a picture.

use super::{EditKind, EditList, FrameRate};

/// A stretch of the output, in frames.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct FrameEvent {
    /// `None`: as it was; else turned down by so many dB (negative).
    pub gain_db: Option<f32>,
    /// First frame in the source.
    pub source: u64,
    /// First frame in the output.
    pub record: u64,
    /// How many.
    pub length: u64,
}

/// What is in the output. Times are rounded to frames, the output's side without gaps; stretches shorter than a frame vanish.
/// No stretch reaches beyond the last whole frame of the source: editors refuse a clip that is longer than its medium.
pub(super) fn events(list: &EditList, rate: FrameRate) -> Vec<FrameEvent> {
    let frames = |sample| rate.nearest(sample, list.rate_hz);
    let total = rate.whole(list.source_samples(), list.rate_hz);
    let mut events = Vec::new();
    for edit in list.edits() {
        let gain_db = match edit.kind {
            EditKind::Cut => continue,
            EditKind::Kept => None,
            EditKind::Changed(gain_db) => Some(gain_db),
        };
        let (record, end) = (frames(edit.out_start), frames(edit.out_end));
        // Only a last stretch that is nearly the whole source is shortened, so no gap follows.
        let length = end.saturating_sub(record).min(total);
        if length > 0 {
            let source = frames(edit.start).min(total - length);
            events.push(FrameEvent { gain_db, source, record, length });
        }
    }
    events
}
