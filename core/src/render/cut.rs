//! Which parts of a file stay, and where they go.

use std::ops::Range;

use serde::Serialize;

use crate::gate::{CutSettings, Fade, GateError, ms_to_samples};
use crate::signal::units::samples_to_seconds;

/// A part of the source that stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Region {
    /// First sample in the source.
    pub start: u64,
    /// First sample in the source that no longer belongs to it.
    pub end: u64,
    /// Where `start` is in the output.
    pub out: u64,
}

impl Region {
    /// Samples.
    pub fn len(&self) -> u64 {
        self.end - self.start
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }
}

/// The regions of a source that stay, in order, and the map of time that follows from them.
///
/// The output is as long as the regions together: a crossfade takes its material from what is cut out on both
/// sides of the join, so that it neither shortens nor fades anything that stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutPlan {
    regions: Vec<Region>,
    samples: u64,
    /// Half of a crossfade, in samples.
    half_fade: u64,
    fade: Fade,
}

impl CutPlan {
    /// Everything stays.
    pub fn whole(samples: u64) -> Self {
        let regions = if samples > 0 { vec![Region { start: 0, end: samples, out: 0 }] } else { Vec::new() };
        Self { regions, samples, half_fade: 0, fade: Fade::default() }
    }

    /// Shortens the pauses between `kept` (sorted spans in samples, see [`crate::gate::spans_at_full_gain`]).
    ///
    /// A pause that is longer than `max_pause_ms` keeps that much, half of it after what came before and half
    /// before what comes, but at least `pad_ms` on each side; at the two ends of the file `pad_ms` stays.
    /// With nothing kept, `max_pause_ms` of the start stays: a file without speech becomes a short pause, not
    /// an empty file.
    ///
    /// # Errors
    /// [`GateError::Setting`] for a number out of its range.
    pub fn new(
        kept: impl IntoIterator<Item = Range<u64>>,
        settings: &CutSettings,
        rate_hz: u32,
        samples: u64,
    ) -> Result<Self, GateError> {
        settings.validate()?;
        let half_fade = ms_to_samples(settings.crossfade_ms, rate_hz) / 2;
        // A region of two pads has to hold two half fades.
        let pad = ms_to_samples(settings.pad_ms, rate_hz).max(half_fade);
        let max_pause = ms_to_samples(settings.max_pause_ms, rate_hz);
        let mut spans: Vec<Range<u64>> = Vec::new();
        let mut first = true;
        for span in kept {
            let (start, end) = (span.start.min(samples), span.end.min(samples));
            if start >= end {
                continue;
            }
            let previous = spans.last().map_or(0, |last| last.end);
            let pause = start.saturating_sub(previous);
            let stays = if first { pad } else { max_pause.max(2 * pad) };
            let cut = pause.saturating_sub(stays);
            // A cut shorter than its crossfade would use the same samples on both sides.
            if cut > 0 && cut >= 2 * half_fade {
                let tail = if first { 0 } else { stays / 2 };
                if let Some(last) = spans.last_mut() {
                    last.end += tail;
                }
                spans.push(start - (stays - tail)..end);
            } else if let Some(last) = spans.last_mut() {
                last.end = end.max(last.end);
            } else {
                spans.push(0..end);
            }
            first = false;
        }
        if let Some(last) = spans.last_mut() {
            let end = last.end + pad;
            last.end = if samples.saturating_sub(end) >= (2 * half_fade).max(1) { end } else { samples };
        } else if samples > 0 {
            spans.push(0..max_pause.max(2 * pad).clamp(1, samples));
        }
        let mut out = 0;
        let regions = spans.into_iter().map(|span| {
            let region = Region { start: span.start, end: span.end, out };
            out += region.len();
            region
        });
        Ok(Self { regions: regions.collect(), samples, half_fade, fade: settings.fade })
    }

    /// What stays, in order.
    pub fn regions(&self) -> &[Region] {
        &self.regions
    }

    /// Samples per channel in the source.
    pub fn source_samples(&self) -> u64 {
        self.samples
    }

    /// Samples per channel in the output.
    pub fn out_samples(&self) -> u64 {
        self.regions.last().map_or(0, |last| last.out + last.len())
    }

    /// Samples per channel that are cut out.
    pub fn saved_samples(&self) -> u64 {
        self.samples - self.out_samples()
    }

    /// Half the length of a crossfade, in samples.
    pub fn half_fade(&self) -> u64 {
        self.half_fade
    }

    /// The law of the crossfades.
    pub fn fade(&self) -> Fade {
        self.fade
    }

    /// Where a sample of the source is in the output; nothing when it is cut out.
    pub fn out_position(&self, source: u64) -> Option<u64> {
        let region = self.region_at_or_before(source)?;
        (source < region.end).then(|| region.out + (source - region.start))
    }

    /// As [`out_position`](Self::out_position), but what is cut out goes to the join that replaces it.
    pub fn out_position_or_join(&self, source: u64) -> u64 {
        self.region_at_or_before(source)
            .map_or(0, |region| region.out + (source.min(region.end) - region.start))
    }

    /// Where a sample of the output comes from. Positions beyond the end go to the end of the last region.
    pub fn source_position(&self, out: u64) -> u64 {
        let index = self.regions.partition_point(|region| region.out <= out);
        index.checked_sub(1).map_or(0, |index| {
            let region = self.regions[index];
            (region.start + (out - region.out)).min(region.end)
        })
    }

    /// Start and end in seconds of the output for a stretch in seconds of the source; nothing when all of it
    /// is cut out.
    pub fn out_seconds(&self, start_s: f64, end_s: f64, rate_hz: u32) -> Option<(f64, f64)> {
        let out = |seconds| self.out_position_or_join(crate::gate::seconds_to_samples(seconds, rate_hz));
        let (start, end) = (out(start_s), out(end_s));
        (end > start).then(|| (samples_to_seconds(start, rate_hz), samples_to_seconds(end, rate_hz)))
    }

    fn region_at_or_before(&self, source: u64) -> Option<Region> {
        let index = self.regions.partition_point(|region| region.start <= source);
        index.checked_sub(1).map(|index| self.regions[index])
    }
}

#[cfg(test)]
#[path = "cut_tests.rs"]
mod tests;
