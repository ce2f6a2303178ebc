//! Stages that clean up one decision per frame, from [`Hysteresis`](super::Hysteresis) on.
//!
//! All are monotone in their input: with fewer (or the same) active frames in, none gives an active frame out that it
//! did not give before.
//!
//! * `Hysteresis`: frame *t* is active when some frame *s ≤ t* reaches `open` and all of *s..=t* stay at `close`.
//! * [`CloseGaps`]: frame *t* is active when it lies between two active frames that are near enough.
//! * [`Confirm`]: frame *t* is active when its stretch of active frames holds a confirming one not much later than *t*.
//! * [`DropShort`]: frame *t* is active when it lies in a long enough stretch of active frames.

use std::collections::VecDeque;

/// Decisions on their way from one stage to the next, one per frame.
pub type Bits = VecDeque<bool>;

/// Fills gaps of fewer than `min_gap` frames. Delay: at most `min_gap` frames.
#[derive(Debug, Clone)]
pub struct CloseGaps {
    min_gap: usize,
    /// Inactive frames since the last active one, not yet decided.
    gap: usize,
    seen_active: bool,
}

impl CloseGaps {
    /// Fills gaps shorter than `min_gap_frames`.
    pub fn new(min_gap_frames: usize) -> Self {
        Self { min_gap: min_gap_frames, gap: 0, seen_active: false }
    }

    /// Takes a frame; appends what is decided now.
    pub fn push(&mut self, active: bool, out: &mut Bits) {
        if active {
            out.extend(std::iter::repeat_n(true, self.gap + 1));
            self.gap = 0;
            self.seen_active = true;
            return;
        }
        if !self.seen_active {
            out.push_back(false);
            return;
        }
        self.gap += 1;
        if self.gap >= self.min_gap {
            self.finish(out);
        }
    }

    /// No frame follows: a gap that is open to the end is none.
    pub fn finish(&mut self, out: &mut Bits) {
        out.extend(std::iter::repeat_n(false, self.gap));
        self.gap = 0;
        self.seen_active = false;
    }
}

/// Drops what no frame of its stretch confirms, at most `window` frames on, unless it begins at most `near` frames after a
/// stretch that stays. Delay: at most `window` frames.
///
/// A voice that begins softly is sure of itself soon, and its last words may be soft; what only resembles one hovers at the
/// threshold.
#[derive(Debug, Clone)]
pub struct Confirm {
    window: usize,
    near: usize,
    /// Active frames in a row that nothing has confirmed yet.
    waiting: usize,
    confirmed: bool,
    /// Frames from here on, this one among them, in which what begins follows a stretch that stays.
    following: usize,
}

impl Confirm {
    /// Waits `window_frames` for a confirming frame.
    pub fn new(window_frames: usize, near_frames: usize) -> Self {
        Self { window: window_frames, near: near_frames, waiting: 0, confirmed: false, following: 0 }
    }

    /// Takes a frame, and whether its score confirms the stretch; appends what is decided now.
    pub fn push(&mut self, active: bool, confirms: bool, out: &mut Bits) {
        let follows = self.following > 0;
        self.following = self.following.saturating_sub(1);
        if !active {
            self.finish(out);
            out.push_back(false);
        } else if self.confirmed || confirms || follows {
            self.confirmed = true;
            self.following = self.near + 1;
            out.extend(std::iter::repeat_n(true, std::mem::take(&mut self.waiting) + 1));
        } else if self.waiting < self.window {
            self.waiting += 1;
        } else {
            out.push_back(false);
        }
    }

    /// The stretch ends.
    pub fn finish(&mut self, out: &mut Bits) {
        out.extend(std::iter::repeat_n(false, std::mem::take(&mut self.waiting)));
        self.confirmed = false;
    }
}

/// Drops stretches of fewer than `min_on` active frames. Delay: at most `min_on` frames.
#[derive(Debug, Clone)]
pub struct DropShort {
    min_on: usize,
    /// Active frames in a row, as far as that matters.
    run: usize,
    seen_inactive: bool,
}

impl DropShort {
    /// Drops stretches shorter than `min_on_frames`.
    pub fn new(min_on_frames: usize) -> Self {
        Self { min_on: min_on_frames.max(1), run: 0, seen_inactive: false }
    }

    /// Takes a frame; appends what is decided now.
    pub fn push(&mut self, active: bool, out: &mut Bits) {
        if !active {
            self.settle(false, out);
            self.seen_inactive = true;
            out.push_back(false);
        } else if self.run >= self.min_on {
            out.push_back(true);
        } else {
            self.run += 1;
            if self.run == self.min_on {
                out.extend(std::iter::repeat_n(true, self.run));
            }
        }
    }

    /// No frame follows. With `keep_whole`, a stretch that fills the whole source is kept however short it is.
    pub fn finish(&mut self, keep_whole: bool, out: &mut Bits) {
        self.settle(keep_whole && !self.seen_inactive, out);
    }

    fn settle(&mut self, keep: bool, out: &mut Bits) {
        if self.run < self.min_on {
            out.extend(std::iter::repeat_n(keep, self.run));
        }
        self.run = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(text: &str) -> Vec<bool> {
        text.chars().map(|c| c == '#').collect()
    }

    fn text(bits: &Bits) -> String {
        bits.iter().map(|&b| if b { '#' } else { '.' }).collect()
    }

    #[test]
    fn fills_short_gaps_only_between_active_frames() {
        for (min_gap, expected) in
            [(0, "..##..#...#.."), (1, "..##..#...#.."), (3, "..#####...#.."), (4, "..#########..")]
        {
            let (mut stage, mut out) = (CloseGaps::new(min_gap), Bits::new());
            bits("..##..#...#..").into_iter().for_each(|b| stage.push(b, &mut out));
            stage.finish(&mut out);
            assert_eq!(text(&out), expected, "min_gap {min_gap}");
        }
    }

    #[test]
    fn keeps_what_is_confirmed_in_time() {
        // `!` is active and confirms, `#` only active.
        let input = ".##!##..###..####!#..!";
        for (window, expected) in
            [(0, "...###...........##..#"), (2, ".#####.........####..#"), (9, ".#####.......######..#")]
        {
            let (mut stage, mut out) = (Confirm::new(window, 0), Bits::new());
            input.chars().for_each(|c| stage.push(c != '.', c == '!', &mut out));
            stage.finish(&mut out);
            assert_eq!(text(&out), expected, "window {window}");
        }
    }

    #[test]
    fn keeps_what_follows_a_confirmed_stretch_closely() {
        let input = "##...!#..##.###....##";
        for (near, expected) in
            [(1, ".....##.............."), (2, ".....##..##.###......"), (4, ".....##..##.###....##")]
        {
            let (mut stage, mut out) = (Confirm::new(9, near), Bits::new());
            input.chars().for_each(|c| stage.push(c != '.', c == '!', &mut out));
            stage.finish(&mut out);
            assert_eq!(text(&out), expected, "near {near}");
        }
    }

    #[test]
    fn drops_short_stretches() {
        for (min_on, expected) in
            [(0, "#..##..###"), (1, "#..##..###"), (2, "...##..###"), (3, ".......###"), (4, "..........")]
        {
            let (mut stage, mut out) = (DropShort::new(min_on), Bits::new());
            bits("#..##..###").into_iter().for_each(|b| stage.push(b, &mut out));
            stage.finish(true, &mut out);
            assert_eq!(text(&out), expected, "min_on {min_on}");
        }
        let (mut stage, mut out) = (DropShort::new(9), Bits::new());
        bits("###").into_iter().for_each(|b| stage.push(b, &mut out));
        stage.finish(true, &mut out);
        assert_eq!(text(&out), "###", "a short source that is active throughout");
    }
}
