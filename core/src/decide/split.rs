//! Where a stretch that is too long is divided: where it is least likely and quietest.

use std::collections::VecDeque;

use crate::signal::level_dbfs;

/// No part is shorter than this, or than a quarter of the longest, frames.
const LEAST_PART_FRAMES: usize = 50;
/// Frames on either side of a place that count in its cost.
const REACH_FRAMES: usize = 5;
/// So many dB count as much as all of a probability.
const LEVEL_WEIGHT_DB: f32 = 50.0;

/// Watches a stretch frame by frame and divides it before it is longer than allowed. Keeps the frames of one part.
#[derive(Debug, Clone, Default)]
pub(crate) struct Splitter {
    max_frames: Option<usize>,
    frames: VecDeque<Frame>,
}

/// What is kept of a frame.
#[derive(Debug, Clone, Copy)]
struct Frame {
    probability: f64,
    cost: f32,
}

/// The first part of a stretch.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Part {
    pub(crate) frames: usize,
    /// Sum of its probabilities.
    pub(crate) sum: f64,
}

impl Splitter {
    /// Divides what is longer than `max_frames`; `None`: nothing.
    pub(crate) fn new(max_frames: Option<usize>) -> Self {
        Self { max_frames, frames: VecDeque::new() }
    }

    /// Takes the next frame of the stretch; gives its first part if it is to be divided now. The rest goes on.
    pub(crate) fn push(&mut self, probability: f64, mean_square: f32) -> Option<Part> {
        let max = self.max_frames?;
        #[expect(clippy::cast_possible_truncation, reason = "a probability")]
        let cost = probability as f32 + level_dbfs(mean_square).max(-100.0) / LEVEL_WEIGHT_DB;
        self.frames.push_back(Frame { probability, cost });
        if self.frames.len() <= max {
            return None;
        }
        let frames = self.best(max);
        let sum = self.frames.drain(..frames).map(|frame| frame.probability).sum();
        Some(Part { frames, sum })
    }

    /// The stretch has ended.
    pub(crate) fn clear(&mut self) {
        self.frames.clear();
    }

    /// The last of the cheapest places of the second half, not so late that the rest could be a sliver.
    fn best(&self, max: usize) -> usize {
        let least_part = LEAST_PART_FRAMES.min(max / 4);
        let (first, last) = ((max / 2).max(1), (max - least_part).max(1));
        let cost = |place: usize| -> f32 {
            let around = place.saturating_sub(REACH_FRAMES)..(place + REACH_FRAMES).min(self.frames.len());
            self.frames.range(around).map(|frame| frame.cost).sum()
        };
        (first..=last)
            .map(|place| (place, cost(place)))
            .min_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)))
            .map_or(last, |(place, _)| place)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn it_is_divided_where_it_is_quietest() {
        let mut splitter = Splitter::new(Some(400));
        let level = |frame: usize| if (290..300).contains(&frame) { 1e-6 } else { 1e-2 };
        let parts: Vec<(usize, Part)> =
            (0..900).filter_map(|frame| splitter.push(0.5, level(frame)).map(|part| (frame, part))).collect();
        assert_eq!(parts[0], (400, Part { frames: 295, sum: 147.5 }));
        assert_eq!(parts[1].1.frames, 350, "all places are alike: the last that leaves no sliver");
        let mut unlikely = Splitter::new(Some(400));
        let place = (0..900).find_map(|t| unlikely.push(if t / 10 == 25 { 0.6 } else { 0.9 }, 1e-2));
        assert_eq!(place.map(|part| part.frames), Some(255));
        assert!((0..9_000).all(|_| Splitter::new(None).push(0.5, 1.0).is_none()));
    }

    proptest! {
        #[test]
        fn no_part_is_too_long_and_none_a_sliver(
            max in 4_usize..300,
            costs in prop::collection::vec((0.0_f64..1.0, 0.0_f32..1.0), 0..2_000),
        ) {
            let mut splitter = Splitter::new(Some(max));
            let parts: Vec<usize> = costs.iter().filter_map(|(p, level)| splitter.push(*p, *level)).map(|part| part.frames).collect();
            let rest = costs.len() - parts.iter().sum::<usize>();
            let least = LEAST_PART_FRAMES.min(max / 4);
            prop_assert!(parts.iter().all(|frames| (least..=max).contains(frames)), "{parts:?}");
            prop_assert!(rest <= max && (parts.is_empty() || rest > least));
        }
    }
}
