//! The constant offset (DC) of samples.

use super::units::real;

/// Time constant of each of the two means, seconds.
const SECONDS: f64 = 0.5;
/// No converter has more than full scale.
const MOST: f64 = 1.0;

/// The running mean of blocks of samples that are equally long: a mean of means.
///
/// Of what has just begun both are plain means, so that an offset is known at once; then both forget
/// exponentially. Two in a row, because one leaves a three-hundredth of a bass of 50 Hz in the mean, at the same
/// memory, and two a hundred times less.
#[derive(Debug, Clone)]
pub(super) struct RunningOffset {
    means: [f64; 2],
    /// Blocks so far, until they are `remembered`.
    heard: usize,
    remembered: usize,
}

impl RunningOffset {
    /// For blocks of so many seconds.
    pub(super) fn new(block_s: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a small positive number"
        )]
        let remembered = (SECONDS / block_s) as usize;
        Self { means: [0.0; 2], heard: 0, remembered: remembered.max(1) }
    }

    /// Back to knowing nothing: 0.
    pub(super) fn reset(&mut self) {
        self.means = [0.0; 2];
        self.heard = 0;
    }

    /// Takes the mean of the next block and says what the offset is now.
    pub(super) fn update(&mut self, mean: f64) -> f64 {
        self.heard = (self.heard + 1).min(self.remembered);
        let share = 1.0 / real(self.heard);
        let mut next = mean.clamp(-MOST, MOST);
        for known in &mut self.means {
            *known += (next - *known) * share;
            next = *known;
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_known_at_once_and_another_after_seconds() {
        let mut offset = RunningOffset::new(0.01);
        assert!((0..300).all(|_| (offset.update(0.15) - 0.15).abs() < 1e-12));
        let later: Vec<f64> = (0..500).map(|_| offset.update(-0.05)).collect();
        assert!((later[0] - 0.15).abs() < 1e-3 && (later[499] + 0.05).abs() < 1e-3, "{later:?}");
        offset.reset();
        assert!((offset.update(0.02) - 0.02).abs() < 1e-12);
    }

    #[test]
    fn bass_leaves_little_and_more_than_full_scale_is_none() {
        let mut offset = RunningOffset::new(0.01);
        let turn = |k: u32| (f64::from(k) * 0.01 * 23.0 * std::f64::consts::TAU).sin();
        let last = (0..1_000).map(|k| offset.update(0.3 * turn(k))).last().unwrap();
        assert!(last.abs() < 1e-3, "{last}");
        assert!((0..1_000).map(|_| offset.update(1e6)).all(|known| known <= 1.0));
    }
}
