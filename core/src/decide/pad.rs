//! Padding: what is on grows at both of its ends.

use super::hysteresis::{Bits, CloseGaps};

/// What would be left of a pause between two padded stretches is closed too if it is shorter than this, frames: nobody cuts
/// out a tenth of a second.
const LEAST_PAUSE_FRAMES: usize = 10;

/// Adds frames before and after each stretch. Two stretches whose pause has no room for both become one. Monotone, as all
/// stages are. Delay: at most three times the padding and [`LEAST_PAUSE_FRAMES`].
#[derive(Debug, Clone)]
pub(crate) struct Pad {
    frames: usize,
    close_gaps: CloseGaps,
    closed: Bits,
    /// Inactive frames that an active one could still reach back over.
    waiting: usize,
    /// Frames that the last active one still reaches over.
    following: usize,
}

impl Pad {
    /// Pads by `frames` at either end; 0 changes nothing and delays nothing.
    pub(crate) fn new(frames: usize) -> Self {
        let least_pause = if frames == 0 { 0 } else { 2 * frames + LEAST_PAUSE_FRAMES };
        Self {
            frames,
            close_gaps: CloseGaps::new(least_pause),
            closed: Bits::new(),
            waiting: 0,
            following: 0,
        }
    }

    /// Upper bound of the delay of padding by `frames`.
    pub(crate) fn delay_frames(frames: usize) -> usize {
        if frames == 0 { 0 } else { 3 * frames + LEAST_PAUSE_FRAMES }
    }

    /// Takes a frame; appends what is decided now.
    pub(crate) fn push(&mut self, active: bool, out: &mut Bits) {
        if self.frames == 0 {
            out.push_back(active);
            return;
        }
        self.close_gaps.push(active, &mut self.closed);
        self.widen(out);
    }

    /// No frame follows.
    pub(crate) fn finish(&mut self, out: &mut Bits) {
        self.close_gaps.finish(&mut self.closed);
        self.widen(out);
        out.extend(std::iter::repeat_n(false, std::mem::take(&mut self.waiting)));
        self.following = 0;
    }

    fn widen(&mut self, out: &mut Bits) {
        for active in self.closed.drain(..) {
            if active {
                out.extend(std::iter::repeat_n(true, std::mem::take(&mut self.waiting) + 1));
                self.following = self.frames;
            } else if self.following > 0 {
                self.following -= 1;
                out.push_back(true);
            } else if self.waiting < self.frames {
                self.waiting += 1;
            } else {
                out.push_back(false);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn padded(frames: usize, text: &str) -> String {
        let (mut stage, mut out) = (Pad::new(frames), Bits::new());
        text.chars().for_each(|c| stage.push(c == '#', &mut out));
        stage.finish(&mut out);
        out.iter().map(|&on| if on { '#' } else { '.' }).collect()
    }

    #[test]
    fn stretches_grow_within_the_source() {
        assert_eq!(padded(0, ".#.."), ".#..");
        assert_eq!(padded(2, "....#......"), "..#####....");
        assert_eq!(padded(3, ".#........"), "#####.....");
        assert_eq!(padded(3, "......#."), "...#####");
        assert_eq!(padded(3, "......"), "......");
    }

    #[test]
    fn a_pause_without_room_closes() {
        // Twice the padding and the least pause are 12 frames.
        assert_eq!(padded(1, "#...........#"), "#############");
        assert_eq!(padded(1, "#............#"), "##..........##");
    }
}
