//! From which frame on a second of a [`NoiseEstimate`](super::NoiseEstimate) counts.

use std::collections::VecDeque;

use super::NoiseSecond;
use super::estimate::WINDOW_FRAMES;

/// Seconds in the order in which they count for a gate that follows the noise floor: the rule that live audio and files
/// share. A second counts from `later_frames` after its end: by then it can be judged, whatever the size of the blocks.
#[derive(Debug, Clone)]
pub struct NoiseSchedule {
    /// Frame at which the next second ends.
    next_end: u64,
    later_frames: u64,
    /// With the frame from which each counts.
    waiting: VecDeque<(u64, NoiseSecond)>,
}

impl NoiseSchedule {
    /// For a stream that begins at frame 0; see [`SnrEstimator::later_frames`](super::SnrEstimator::later_frames).
    pub fn new(later_frames: u64) -> Self {
        Self { next_end: WINDOW_FRAMES as u64, later_frames, waiting: VecDeque::new() }
    }

    /// A new stream begins at frame `frame`.
    pub fn restart(&mut self, frame: u64) {
        self.next_end = frame + WINDOW_FRAMES as u64;
        self.waiting.clear();
    }

    /// Takes the next second of the stream.
    pub fn push(&mut self, second: NoiseSecond) {
        self.waiting.push_back((self.next_end + self.later_frames, second));
        self.next_end += WINDOW_FRAMES as u64;
    }

    /// The next second that counts from frame `frame` on, or from one before.
    pub fn next_at(&mut self, frame: u64) -> Option<NoiseSecond> {
        self.waiting.front().filter(|(from, _)| *from <= frame)?;
        self.waiting.pop_front().map(|(_, second)| second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(floor_dbfs: f64) -> NoiseSecond {
        let (start_s, end_s, noisy, probability) = (0.0, 1.0, false, 0.0);
        NoiseSecond { start_s, end_s, noisy, probability, snr_db: None, floor_dbfs, kind: None }
    }

    #[test]
    fn a_second_counts_once_from_when_it_can_be_judged() {
        let mut schedule = NoiseSchedule::new(50);
        schedule.push(second(-50.0));
        schedule.push(second(-40.0));
        assert_eq!(schedule.next_at(149), None);
        assert_eq!(schedule.next_at(150), Some(second(-50.0)));
        assert_eq!(schedule.next_at(249), None);
        assert_eq!(schedule.next_at(300), Some(second(-40.0)), "late, but not lost");
        schedule.push(second(-30.0));
        schedule.restart(1_000);
        schedule.push(second(-20.0));
        assert_eq!((schedule.next_at(1_149), schedule.next_at(1_150)), (None, Some(second(-20.0))));
    }
}
