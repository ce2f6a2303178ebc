//! Openings moved back to where their sound began, for files.
//!
//! A network opens when it is sure, and a phrase often begins with what makes nobody sure: a breath, a soft `h`, a voice
//! far from the microphone. The level knows: it has left its floor before. Nothing here asks how sure the network was or
//! how late it is.

use super::GainEvent;
use crate::FrameGrid;
use crate::signal::level_dbfs;

/// A sound stands out from its floor by more than this, dB.
const OVER_FLOOR_DB: f32 = 6.0;
/// The floor is the lowest level within this many frames before the opening.
const FLOOR_FRAMES: usize = 300;
/// The floor's level is a mean over this many frames: noise has single frames far below its level.
const SMOOTH_FRAMES: usize = 5;
/// A sound may fall back to its floor for this many frames: the closure of a plosive.
const DIP_FRAMES: usize = 8;

/// Moves every edge that opens the gate back, by `longest` samples at most.
pub(super) fn backtrack(
    edges: Vec<GainEvent>,
    mean_square: &[f32],
    rate_hz: u32,
    longest: u64,
) -> Vec<GainEvent> {
    if longest == 0 {
        return edges;
    }
    let grid = FrameGrid::new(rate_hz);
    let mut reached: Vec<GainEvent> = Vec::with_capacity(edges.len());
    for mut edge in edges {
        let opens = reached.last().is_some_and(|last| {
            edge.target.priority < last.target.priority && edge.target.gain_db > last.target.gain_db
        });
        if opens {
            let start = sound_start(mean_square, grid, edge.at).max(edge.at.saturating_sub(longest));
            // What has no worse priority stays what it is; what has a worse one gives way.
            while let Some(last) = reached.last()
                && last.target.priority > edge.target.priority
                && last.at >= start
            {
                edge.at = last.at;
                reached.pop();
            }
            if reached.last().is_some_and(|last| last.target.priority > edge.target.priority) {
                edge.at = start;
            }
        }
        if reached.last().is_none_or(|last| last.target != edge.target) {
            reached.push(edge);
        }
    }
    reached
}

/// Where the sound that is there at sample `at` began, or `at`.
fn sound_start(mean_square: &[f32], grid: FrameGrid, at: u64) -> u64 {
    let opening = usize::try_from(grid.frames(at)).unwrap_or(usize::MAX).min(mean_square.len());
    let before = &mean_square[opening.saturating_sub(FLOOR_FRAMES)..opening];
    let lowest = before.windows(SMOOTH_FRAMES).map(|w| w.iter().sum::<f32>()).fold(f32::INFINITY, f32::min);
    #[expect(clippy::cast_precision_loss, reason = "a handful of frames")]
    let floor_dbfs = level_dbfs(lowest / SMOOTH_FRAMES as f32);
    let mut start = opening;
    for (frame, &square) in mean_square[..opening].iter().enumerate().rev() {
        if level_dbfs(square) > floor_dbfs + OVER_FLOOR_DB {
            start = frame;
        } else if start - frame > DIP_FRAMES {
            break;
        }
    }
    if start == opening { at } else { grid.start(start as u64).min(at) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Target;

    const OPEN: Target = Target::fixed(0, 0.0);
    const DUCKED: Target = Target::fixed(1, -12.0);
    const CLOSED: Target = Target::fixed(2, -24.0);

    fn edges(list: &[(u64, Target)]) -> Vec<GainEvent> {
        list.iter().map(|&(at, target)| GainEvent { at, target }).collect()
    }

    /// At 1 kHz: a floor of −60 dBFS, a breath of −45 dBFS from 4.0 s on with a dip of 50 ms, a voice from 4.5 s on.
    fn level(frame: usize) -> f32 {
        match frame {
            400..420 | 425..450 => 10_f32.powf(-4.5),
            450..800 => 1e-2,
            _ => 1e-6,
        }
    }

    #[test]
    fn an_opening_moves_to_where_its_sound_left_the_floor() {
        let level: Vec<f32> = (0..1_000).map(level).collect();
        let heard = edges(&[(0, CLOSED), (4_600, OPEN), (8_000, CLOSED)]);
        let moved = |longest| backtrack(heard.clone(), &level, 1_000, longest);
        assert_eq!(moved(0), heard);
        assert_eq!(moved(1_000), edges(&[(0, CLOSED), (4_000, OPEN), (8_000, CLOSED)]));
        assert_eq!(moved(300), edges(&[(0, CLOSED), (4_300, OPEN), (8_000, CLOSED)]));
        let without = edges(&[(0, CLOSED), (3_900, OPEN), (8_000, CLOSED)]);
        assert_eq!(
            backtrack(without.clone(), &level, 1_000, 1_000),
            without,
            "before the sound there is only floor"
        );
        assert_eq!(
            backtrack(heard.clone(), &[1e-3; 1_000], 1_000, 1_000),
            heard,
            "in even noise nothing stands out"
        );
    }

    #[test]
    fn it_takes_from_worse_priorities_only_and_never_ducks_early() {
        let level: Vec<f32> = (0..1_000).map(level).collect();
        let worse = edges(&[(0, CLOSED), (4_300, DUCKED), (4_600, OPEN)]);
        assert_eq!(backtrack(worse, &level, 1_000, 1_000), edges(&[(0, CLOSED), (4_000, OPEN)]));
        let better = edges(&[(0, OPEN), (4_200, CLOSED), (4_600, OPEN)]);
        assert_eq!(
            backtrack(better, &level, 1_000, 1_000),
            edges(&[(0, OPEN)]),
            "nothing is left of the pause"
        );
        let ducks = edges(&[(0, OPEN), (2_000, Target::fixed(1, 0.0)), (4_600, Target::fixed(0, -12.0))]);
        assert_eq!(backtrack(ducks.clone(), &level, 1_000, 1_000), ducks);
    }
}
