//! Border refinement: a network decides on windows of half a second and more; the level knows to 10 ms when a sound
//! began.
//!
//! [`EdgeFinder`] marks the frame boundaries where the level clearly rises out of, or falls back to, its surrounding
//! floor. [`Refiner`] moves each onset to the strongest rise, each offset to the strongest fall, within a window
//! around it, and leaves it where there is none.
//!
//! # Why this keeps the order of sets
//!
//! The marks and their strengths come from the level alone, never from the decision. "Leftmost strongest mark within
//! `[t - w, t + w]`, else `t`" never decreases as `t` grows: while the window slides right, a mark is lost only on the
//! left and gained only on the right, and a `t` without mark in reach lies between the marks on either side. So if the
//! stretch `[a', b')` lies in `[a, b)`, the refined one lies in the refined `[a, b)`: fewer active frames in never
//! give more out, and stretches neither swap nor overlap (they may merge). "The strongest rise, but only if …the
//! decision…" would not have this property.

use std::collections::VecDeque;

use super::hysteresis::Bits;
use crate::signal::level_dbfs;

/// The level before and after a boundary is the mean over this many frames.
const SMOOTH_FRAMES: usize = 3;
/// How far from a boundary its floor is looked for, frames. The level inside a word seldom comes back to the floor,
/// so this keeps borders from moving to a loud vowel within.
const FLOOR_FRAMES: usize = 16;
/// A smaller step in level is none, dB. Speech 5 dB over noise steps by 6.2 dB; the level of noise alone, averaged
/// like this, hardly ever by 3.
const MIN_STEP_DB: f32 = 6.0;
/// The quiet side of an edge is at most this far above the floor, dB.
const NEAR_FLOOR_DB: f32 = 6.0;
/// Levels below this are equal: what happens there is not heard, dBFS.
const LOWEST_DBFS: f32 = -90.0;

/// Strength in dB of the rise and of the fall at one frame boundary; 0 where there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct LevelStep {
    rise: f32,
    fall: f32,
}

/// A queue that remembers how many entries it has forgotten.
#[derive(Debug, Clone)]
struct History<T> {
    first: usize,
    kept: VecDeque<T>,
}

impl<T: Copy> History<T> {
    fn new() -> Self {
        Self { first: 0, kept: VecDeque::new() }
    }

    fn end(&self) -> usize {
        self.first + self.kept.len()
    }

    fn get(&self, at: usize) -> Option<T> {
        self.kept.get(at.checked_sub(self.first)?).copied()
    }

    fn forget_before(&mut self, at: usize) {
        let n = at.saturating_sub(self.first).min(self.kept.len());
        self.kept.drain(..n);
        self.first += n;
    }
}

/// Marks where the level rises and falls. Boundary `t` lies before frame `t`.
#[derive(Debug, Clone)]
pub struct EdgeFinder {
    /// The last few mean squares.
    recent: VecDeque<f32>,
    /// Entry `u`: mean level of the frames `u - SMOOTH_FRAMES..u`, as far as they exist.
    level: History<f32>,
    edges: History<LevelStep>,
}

impl Default for EdgeFinder {
    fn default() -> Self {
        let mut level = History::new();
        level.kept.push_back(LOWEST_DBFS);
        let mut edges = History::new();
        edges.kept.push_back(LevelStep::default());
        Self { recent: VecDeque::new(), level, edges }
    }
}

impl EdgeFinder {
    /// Frames after a boundary that must be known before its edge is.
    pub const LOOKAHEAD_FRAMES: usize = FLOOR_FRAMES + SMOOTH_FRAMES;

    /// Takes the next frame's mean square (full scale 1).
    pub fn push(&mut self, mean_square: f32) {
        if self.recent.len() == SMOOTH_FRAMES {
            self.recent.pop_front();
        }
        self.recent.push_back(if mean_square.is_finite() { mean_square.max(0.0) } else { 0.0 });
        self.push_level();
        if self.level.end() > self.edges.end() + Self::LOOKAHEAD_FRAMES {
            self.mark();
        }
    }

    /// No frame follows: marks what is left, with what there is.
    pub fn finish(&mut self) {
        let frames = self.level.end() - 1;
        for _ in 1..SMOOTH_FRAMES.min(self.recent.len()) {
            self.recent.pop_front();
            self.push_level();
        }
        while self.edges.end() < frames {
            self.mark();
        }
    }

    /// Boundaries whose edges are known.
    pub fn known(&self) -> usize {
        self.edges.end()
    }

    /// Forgets the boundaries before `boundary`.
    pub fn forget_before(&mut self, boundary: usize) {
        self.edges.forget_before(boundary);
        self.level.forget_before(self.edges.end().saturating_sub(FLOOR_FRAMES + 1));
    }

    /// Where an onset at `boundary` belongs.
    fn onset(&self, boundary: usize, window: usize) -> usize {
        self.strongest(boundary, window, |e| e.rise)
    }

    /// Where an offset at `boundary` belongs.
    fn offset(&self, boundary: usize, window: usize) -> usize {
        self.strongest(boundary, window, |e| e.fall)
    }

    fn strongest(&self, boundary: usize, window: usize, strength: impl Fn(LevelStep) -> f32) -> usize {
        let (mut best, mut at) = (0.0, boundary);
        for candidate in boundary.saturating_sub(window)..=boundary + window {
            let found = self.edges.get(candidate).map_or(0.0, &strength);
            if found > best {
                (best, at) = (found, candidate);
            }
        }
        at
    }

    #[expect(clippy::cast_precision_loss, reason = "a handful of frames")]
    fn push_level(&mut self) {
        let mean = self.recent.iter().sum::<f32>() / self.recent.len() as f32;
        self.level.kept.push_back(level_dbfs(mean).max(LOWEST_DBFS));
    }

    /// Level step at a boundary, dB; 0 beyond the source.
    fn step(&self, boundary: usize) -> f32 {
        match (self.level.get(boundary), self.level.get(boundary + SMOOTH_FRAMES)) {
            (Some(before), Some(after)) if boundary > 0 => after - before,
            _ => 0.0,
        }
    }

    /// Marks the first boundary that is not yet marked.
    fn mark(&mut self) {
        let t = self.edges.end();
        let (last, step, next) = (self.step(t - 1), self.step(t), self.step(t + 1));
        let lowest = |range: std::ops::RangeInclusive<usize>| {
            range.filter_map(|u| self.level.get(u)).fold(f32::INFINITY, f32::min) + NEAR_FLOOR_DB
        };
        let mut edge = LevelStep::default();
        if step >= MIN_STEP_DB && step > last && step >= next {
            let before = self.level.get(t).unwrap_or(LOWEST_DBFS);
            if before <= lowest(t.saturating_sub(FLOOR_FRAMES).max(1)..=t) {
                edge.rise = step;
            }
        } else if step <= -MIN_STEP_DB && step < last && step <= next {
            let after = t + SMOOTH_FRAMES;
            if self.level.get(after).unwrap_or(LOWEST_DBFS) <= lowest(after..=after + FLOOR_FRAMES) {
                edge.fall = -step;
            }
        }
        self.edges.kept.push_back(edge);
    }
}

/// Moves the borders of one label's active stretches. Delay: twice the window.
#[derive(Debug, Clone)]
pub struct Refiner {
    window: usize,
    /// Frames taken.
    taken: usize,
    /// Frames given.
    given: usize,
    /// Refined start of the stretch under way.
    open: Option<usize>,
    /// Refined stretches that are not given out completely.
    done: VecDeque<(usize, usize)>,
}

impl Refiner {
    /// Moves borders by at most `window_frames`; 0 leaves them.
    pub fn new(window_frames: usize) -> Self {
        Self { window: window_frames, taken: 0, given: 0, open: None, done: VecDeque::new() }
    }

    /// Whether the edges that the next frame may need are known.
    pub fn is_ready(&self, edges: &EdgeFinder) -> bool {
        self.window == 0 || edges.known() > self.taken + self.window
    }

    /// First boundary that may still be asked for.
    pub fn needs_from(&self) -> usize {
        self.taken.saturating_sub(self.window)
    }

    /// Takes a frame, given that [`Self::is_ready`] or the source is at its end; appends what is decided now.
    pub fn push(&mut self, active: bool, edges: &EdgeFinder, out: &mut Bits) {
        match (self.open, active) {
            // The source's own start and end are no borders of the network's.
            (None, true) if self.taken == 0 => self.open = Some(0),
            (None, true) => self.open = Some(edges.onset(self.taken, self.window)),
            (Some(start), false) => {
                self.done.push_back((start, edges.offset(self.taken, self.window)));
                self.open = None;
            }
            _ => {}
        }
        self.taken += 1;
        if self.taken > self.window {
            self.give(out);
        }
    }

    /// No frame follows.
    pub fn finish(&mut self, out: &mut Bits) {
        while self.given < self.taken {
            self.give(out);
        }
    }

    fn give(&mut self, out: &mut Bits) {
        let t = self.given;
        while self.done.front().is_some_and(|&(_, end)| end <= t) {
            self.done.pop_front();
        }
        // Refined starts and ends both keep their order, so only the first stretch left can hold this frame.
        let start = self.done.front().map(|&(start, _)| start).or(self.open);
        out.push_back(start.is_some_and(|start| start <= t));
        self.given += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Refines one stretch over a level that steps from `low` to `high` dBFS over `loud`.
    fn refined(
        stretch: (usize, usize),
        loud: (usize, usize),
        low: f32,
        high: f32,
        window: usize,
    ) -> Vec<usize> {
        let mut edges = EdgeFinder::default();
        let (mut refiner, mut out) = (Refiner::new(window), Bits::new());
        for t in 0..200 {
            let dbfs = if (loud.0..loud.1).contains(&t) { high } else { low };
            edges.push(10_f32.powf(dbfs / 10.0));
        }
        edges.finish();
        for t in 0..200 {
            refiner.push((stretch.0..stretch.1).contains(&t), &edges, &mut out);
        }
        refiner.finish(&mut out);
        assert_eq!(out.len(), 200);
        let border = |t: &usize| *t > 0 && out[*t] != out[*t - 1];
        (0..200).filter(border).collect()
    }

    #[test]
    fn borders_move_to_the_step() {
        assert_eq!(refined((55, 105), (50, 100), -40.0, -20.0, 8), [50, 100]);
        assert_eq!(refined((42, 93), (50, 100), -40.0, -20.0, 8), [50, 100]);
        assert_eq!(refined((55, 105), (50, 100), -40.0, -33.0, 8), [50, 100]);
    }

    #[test]
    fn borders_stay_without_a_clear_step_in_reach() {
        assert_eq!(refined((59, 109), (50, 100), -40.0, -20.0, 8), [59, 109]);
        assert_eq!(refined((55, 105), (50, 100), -40.0, -36.0, 8), [55, 105]);
        assert_eq!(refined((55, 105), (50, 100), -140.0, -95.0, 8), [55, 105]);
        assert_eq!(refined((55, 105), (50, 100), -40.0, -20.0, 0), [55, 105]);
        assert_eq!(refined((0, 200), (5, 195), -40.0, -20.0, 8), [0_usize; 0]);
    }

    #[test]
    fn a_louder_vowel_within_is_no_onset() {
        let mut edges = EdgeFinder::default();
        for t in 0..100 {
            edges.push(10_f32.powf(
                if t < 50 {
                    -60.0
                } else if t < 56 {
                    -40.0
                } else {
                    -10.0
                } / 10.0,
            ));
        }
        edges.finish();
        assert_eq!(edges.onset(55, 8), 50);
    }
}
