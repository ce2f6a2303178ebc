//! What a render did, as lists that editors open.
//!
//! | form | file | time |
//! |---|---|---|
//! | CMX 3600 (EDL) | `cmx3600.rs` | frames |
//! | OpenTimelineIO | `otio.rs` | samples, or frames if a rate is given |
//! | Final Cut Pro XML | `fcpxml.rs` | frames |
//! | auto-editor's v1 | `v1.rs` | frames |
//! | Reaper project | `reaper.rs` | samples |
//! | Audacity labels | `audacity.rs` | microseconds |
//!
//! The source's side counts from the time code that the source begins with (`medium.rs`), 0 where it has none.
//!
//! Where a form counts frames, the output's side has no gaps: each stretch begins on the frame where the one before ended.

mod audacity;
mod cmx3600;
mod fcpxml;
mod format;
mod frames;
mod medium;
#[cfg(test)]
mod medium_tests;
mod otio;
mod rate;
mod read;
mod reaper;
#[cfg(test)]
mod tests;
mod v1;

use serde::Serialize;

use super::CutPlan;
use super::measure::GainChange;

use medium::{ListPicture, SourceStart};

pub use format::ListFormat;
pub use rate::{FrameRate, UnknownRate};
pub use read::ListError;

/// What happened to a stretch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum EditKind {
    /// It is in the output as it was.
    Kept,
    /// It is in the output, turned down by at most this many dB (negative).
    Changed(f32),
    /// It is not in the output.
    Cut,
}

/// One stretch of the source and where it is in the output.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct CutListEntry {
    /// What happened.
    pub kind: EditKind,
    /// First sample in the source.
    pub start: u64,
    /// First sample in the source after it.
    pub end: u64,
    /// Where it begins in the output; for a cut, the join.
    pub out_start: u64,
    /// Where it ends in the output; for a cut, the join.
    pub out_end: u64,
}

/// Everything that happened to one source, in order, without gaps.
#[derive(Debug, Clone, PartialEq)]
pub struct EditList {
    edits: Vec<CutListEntry>,
    rate_hz: u32,
    channels: u16,
    /// Half of the crossfade at a join, in samples.
    half_fade: u64,
    /// The time code of the source's first sample.
    start: SourceStart,
    picture: Option<ListPicture>,
}

impl EditList {
    /// From a cut plan (of the whole, when nothing is cut) and what the gate turned down.
    pub fn new(plan: &CutPlan, changes: &[GainChange], rate_hz: u32, channels: u16) -> Self {
        let mut edits = Vec::new();
        let mut done = 0;
        let mut changes = changes.iter().copied().peekable();
        for region in plan.regions() {
            push(&mut edits, EditKind::Cut, done, region.start, region.out, 0);
            let mut at = region.start;
            let mut place = |edits: &mut Vec<CutListEntry>, kind, to: u64| {
                push(edits, kind, at, to, region.out + (at - region.start), to.saturating_sub(at));
                at = at.max(to);
            };
            while changes.next_if(|change| change.end <= region.start).is_some() {}
            while let Some(change) = changes.peek().filter(|change| change.start < region.end).copied() {
                place(&mut edits, EditKind::Kept, change.start);
                place(&mut edits, EditKind::Changed(change.gain_db), change.end.min(region.end));
                if change.end > region.end {
                    break;
                }
                changes.next();
            }
            place(&mut edits, EditKind::Kept, region.end);
            done = region.end;
        }
        push(&mut edits, EditKind::Cut, done, plan.source_samples(), plan.out_samples(), 0);
        Self { half_fade: plan.half_fade(), ..Self::of(edits, rate_hz, channels) }
    }

    /// A list of hard cuts: `kept` are the stretches of the source that stay, samples, in order and apart; what reaches beyond
    /// `source_samples` is left out.
    pub fn keeping(
        kept: impl IntoIterator<Item = std::ops::Range<u64>>,
        rate_hz: u32,
        channels: u16,
        source_samples: u64,
    ) -> Self {
        let mut edits = Vec::new();
        let (mut done, mut out) = (0, 0);
        for span in kept {
            let (start, end) = (span.start.max(done), span.end.min(source_samples));
            if end <= start {
                continue;
            }
            push(&mut edits, EditKind::Cut, done, start, out, 0);
            push(&mut edits, EditKind::Kept, start, end, out, end - start);
            out += end - start;
            done = end;
        }
        push(&mut edits, EditKind::Cut, done, source_samples, out, 0);
        Self::of(edits, rate_hz, channels)
    }

    fn of(edits: Vec<CutListEntry>, rate_hz: u32, channels: u16) -> Self {
        Self { edits, rate_hz, channels, half_fade: 0, start: SourceStart::ZERO, picture: None }
    }

    /// All stretches.
    pub fn edits(&self) -> &[CutListEntry] {
        &self.edits
    }

    /// Samples per channel of the source.
    fn source_samples(&self) -> u64 {
        self.edits.last().map_or(0, |edit| edit.end)
    }
}

fn push(edits: &mut Vec<CutListEntry>, kind: EditKind, start: u64, end: u64, out_start: u64, out_len: u64) {
    if end > start {
        edits.push(CutListEntry { kind, start, end, out_start, out_end: out_start + out_len });
    }
}
