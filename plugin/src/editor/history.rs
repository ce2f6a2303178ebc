//! What the editor remembers: the last [`MAX_SPAN_S`] seconds of frames, whatever the audio thread did meanwhile.

use std::collections::VecDeque;

use crate::meters::{Class, MeterFrame, Meters};

/// Labels that have a lane: speech, singing, music, noise, in this order.
pub const LANES: usize = 4;
/// The place of singing among them: drawn only where the ear tells it from music.
pub const SINGING: usize = 1;
/// Frames per second.
pub const FRAMES_PER_S: usize = 100;
/// The longest span that can be shown, seconds.
pub const MAX_SPAN_S: usize = 40;
/// Frames that are kept.
const CAPACITY: usize = MAX_SPAN_S * FRAMES_PER_S;
const CAPACITY_U64: u64 = CAPACITY as u64;
const _: () = assert!(CAPACITY < crate::meters::HISTORY_FRAMES, "the meters remember the longest span");

/// One frame of 10 ms, as drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Frame {
    /// Largest magnitude at the input, linear.
    pub input: f32,
    /// Largest magnitude at the output, linear.
    pub output: f32,
    /// Deepest gain of the frame, dB, 0 or less.
    pub gain_db: f32,
    /// Probability by lane, 0 to 1.
    pub probabilities: [f32; LANES],
    /// The input lies below the level that counts as silence.
    pub silent: bool,
}

impl Frame {
    /// A frame of which nothing is known: the writer overtook the reader.
    pub const UNKNOWN: Self =
        Self { input: 0.0, output: 0.0, gain_db: 0.0, probabilities: [0.0; LANES], silent: false };
}

impl From<MeterFrame> for Frame {
    fn from(frame: MeterFrame) -> Self {
        Self {
            input: frame.input_peak,
            output: frame.output_peak,
            gain_db: frame.gain_db,
            probabilities: [frame.speech, frame.singing, frame.music, frame.noise],
            silent: frame.class == Class::Silence,
        }
    }
}

/// The last frames by their numbers, without holes.
#[derive(Debug)]
pub struct History {
    frames: VecDeque<Frame>,
    /// Number of the oldest frame that is remembered.
    start: u64,
}

impl Default for History {
    fn default() -> Self {
        Self { frames: VecDeque::with_capacity(CAPACITY), start: 0 }
    }
}

impl History {
    /// Takes what the audio thread wrote since the last call. Says whether there was anything.
    pub fn catch_up(&mut self, meters: &Meters) -> bool {
        let written = meters.written();
        let first = self.end().max(written.saturating_sub(CAPACITY_U64));
        (first..written)
            .for_each(|number| self.push(number, meters.frame(number).map_or(Frame::UNKNOWN, Frame::from)));
        first < written
    }

    /// Takes a frame. Numbers that were skipped are filled in as unknown, so that time stays true; a number
    /// that was there before changes nothing.
    fn push(&mut self, number: u64, frame: Frame) {
        if number < self.end() {
            return;
        }
        if self.frames.is_empty() || number - self.end() >= CAPACITY_U64 {
            self.frames.clear();
            self.start = number;
        }
        while self.end() < number {
            self.append(Frame::UNKNOWN);
        }
        self.append(frame);
    }

    fn append(&mut self, frame: Frame) {
        if self.frames.len() == CAPACITY {
            self.frames.pop_front();
            self.start += 1;
        }
        self.frames.push_back(frame);
    }

    /// The number after that of the newest frame.
    pub fn end(&self) -> u64 {
        self.start + u64::try_from(self.frames.len()).unwrap_or(0)
    }

    /// Number of the oldest frame that is still here.
    pub fn start(&self) -> u64 {
        self.start
    }

    /// The frame with a number, while it is remembered.
    pub fn get(&self, number: u64) -> Option<&Frame> {
        self.frames.get(usize::try_from(number.checked_sub(self.start)?).ok()?)
    }

    /// The newest frame.
    pub fn newest(&self) -> Option<&Frame> {
        self.frames.back()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A history of given frames.
    pub fn of(frames: impl IntoIterator<Item = Frame>) -> History {
        let mut history = History::default();
        frames.into_iter().for_each(|frame| history.append(frame));
        history
    }

    fn loud(input: f32) -> Frame {
        Frame { input, ..Frame::UNKNOWN }
    }

    #[test]
    fn a_window_that_opens_late_sees_what_was_before() {
        let meters = Meters::default();
        let write = |from: u16, to: u16| {
            for number in from..to {
                meters.push(MeterFrame {
                    input_peak: f32::from(number),
                    class: Class::Music,
                    ..MeterFrame::default()
                });
            }
        };
        write(0, 5_000);
        let mut history = History::default();
        assert!(history.catch_up(&meters));
        assert_eq!((history.start(), history.end()), (1_000, 5_000));
        assert_eq!(history.get(999), None);
        assert_eq!(history.get(1_000), Some(&loud(1_000.0)));
        assert!(!history.catch_up(&meters), "nothing new");
        write(5_000, 5_003);
        assert!(history.catch_up(&meters));
        assert_eq!((history.start(), history.end()), (1_003, 5_003));
        assert_eq!(history.newest(), Some(&loud(5_002.0)));
    }

    #[test]
    fn lost_frames_leave_their_time_empty_and_a_long_absence_is_bounded() {
        let mut history = History::default();
        history.push(7, loud(0.5));
        history.push(11, loud(0.5));
        history.push(10, loud(1.0));
        assert_eq!((history.start(), history.end()), (7, 12));
        assert!((8..11).all(|number| history.get(number) == Some(&Frame::UNKNOWN)));
        history.push(1 << 60, loud(0.25));
        assert_eq!((history.start(), history.end()), (1 << 60, (1 << 60) + 1));
    }
}
