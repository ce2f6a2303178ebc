//! Where audio stands on the host's timeline, and what a jump there does.
//!
//! Inside the engine every sample has a *position*, which only grows: frames, decisions and gains count by it. Within one
//! stretch of audio that the host plays through, positions follow each other. At a jump the position grows by a little more,
//! so far that it stands on the grid of frames, calls and seconds as the host's timeline does there. What the detector says
//! of a sample so depends on the timeline and not on where playback began.
//!
//! Real time: plain arithmetic in memory that was taken at the start.

use std::collections::VecDeque;

/// Audio without a jump.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Stretch {
    /// Samples that came before it since the last reset.
    pub(super) samples: u64,
    /// Position of its first sample.
    pub(super) position: u64,
    /// Place of that sample on the host's timeline.
    pub(super) timeline: i64,
}

impl Stretch {
    /// The position of the sample before which so many have come since the last reset.
    pub(super) fn position_at(self, samples: u64) -> u64 {
        self.position + samples.saturating_sub(self.samples)
    }

    /// The place on the timeline of a position, which may lie a little before the stretch.
    pub(super) fn timeline_at(self, position: u64) -> i64 {
        match position.checked_sub(self.position) {
            Some(behind) => self.timeline.saturating_add_unsigned(behind),
            None => self.timeline.saturating_sub_unsigned(self.position - position),
        }
    }
}

/// The stretches between input and output.
#[derive(Debug)]
pub(super) struct Stretches {
    /// After so many samples frames, calls and seconds begin together again.
    period: u64,
    /// A jump skips at least so many positions: no decision about what comes reaches back into what was.
    gap: u64,
    /// What comes in.
    input: Stretch,
    /// What leaves.
    output: Stretch,
    /// What begins to leave later.
    waiting: VecDeque<Stretch>,
}

impl Stretches {
    /// Jumps that may be on their way at a time. More in a fraction of a second are noise.
    const LIMIT: usize = 64;

    pub(super) fn new(rate_hz: u32, hop_frames: usize, lookahead: u64) -> Self {
        let rate = u64::from(rate_hz.max(1));
        Self {
            period: rate * hop_frames.max(1) as u64,
            gap: lookahead + rate.div_ceil(50),
            input: Stretch::default(),
            output: Stretch::default(),
            waiting: VecDeque::with_capacity(Self::LIMIT),
        }
    }

    pub(super) fn reset(&mut self) {
        (self.input, self.output) = (Stretch::default(), Stretch::default());
        self.waiting.clear();
    }

    /// The sample after `samples` stands at `timeline`; gives the position at which the audio before it ends, unless too
    /// many jumps are on their way.
    pub(super) fn jump(&mut self, samples: u64, timeline: i64) -> Option<u64> {
        if self.waiting.len() == Self::LIMIT {
            return None;
        }
        let end = self.input.position_at(samples);
        let period = i64::try_from(self.period).unwrap_or(i64::MAX);
        let phase = timeline.rem_euclid(period).unsigned_abs();
        let least = end + self.gap;
        let position = least + (phase + self.period - least % self.period) % self.period;
        self.input = Stretch { samples, position, timeline };
        self.waiting.push_back(self.input);
        Some(end)
    }

    /// Position of the input sample before which so many have come.
    pub(super) fn input_position(&self, samples: u64) -> u64 {
        self.input.position_at(samples)
    }

    /// The same for the output.
    pub(super) fn output_position(&self, samples: u64) -> u64 {
        self.output.position_at(samples)
    }

    /// After how many samples another stretch begins to leave, and the position at which this one ends.
    pub(super) fn output_end(&self) -> Option<(u64, u64)> {
        self.waiting.front().map(|next| (next.samples, self.output.position_at(next.samples)))
    }

    /// The stretch that begins to leave after `samples`, if one does.
    pub(super) fn output_jump(&mut self, samples: u64) -> Option<Stretch> {
        self.waiting.front().filter(|next| next.samples == samples)?;
        self.output = self.waiting.pop_front()?;
        Some(self.output)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_grow_and_stand_on_the_grid_of_the_timeline() {
        let mut stretches = Stretches::new(48_000, 4, 960);
        let mut samples = 0;
        let mut before = 0;
        for timeline in [0, 1, 48_000 * 60 + 7, -5, 3, i64::MAX, i64::MIN, 1_919] {
            let end = stretches.jump(samples, timeline).unwrap();
            assert!(end >= before);
            let position = stretches.input_position(samples);
            assert!(position >= end + 960 + 960, "{timeline}");
            assert_eq!(
                i128::from(position).rem_euclid(192_000),
                i128::from(timeline).rem_euclid(192_000),
                "{timeline}"
            );
            assert_eq!(stretches.input.timeline_at(position), timeline);
            samples += 100;
            before = position;
        }
        let mut played = 0;
        while let Some((at, end)) = stretches.output_end() {
            assert_eq!(at, played);
            assert_eq!(stretches.output_position(at), end);
            let next = stretches.output_jump(at).unwrap();
            assert_eq!(stretches.output_jump(at), None);
            assert_eq!(stretches.output_position(at), next.position);
            played += 100;
        }
        assert_eq!(played, 800);
    }
}
