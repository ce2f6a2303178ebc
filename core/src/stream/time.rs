//! Times and values as events tell them.

use crate::FrameGrid;

/// Microseconds per frame of the grid.
pub(super) const FRAME_US: u64 = 1_000_000 / FrameGrid::FRAMES_PER_SECOND;

/// Samples in microseconds, to the nearest.
pub(super) fn us_of(samples: u64, rate_hz: u32) -> u64 {
    let rate = u128::from(rate_hz.max(1));
    u64::try_from((u128::from(samples) * 1_000_000 + rate / 2) / rate).unwrap_or(u64::MAX)
}

/// A time in microseconds as seconds.
#[expect(clippy::cast_precision_loss, reason = "centuries stay far below 2^53 microseconds")]
pub(super) fn seconds(us: u64) -> f64 {
    us as f64 / 1e6
}

/// A value with so many decimal places; 0 for what is no number.
pub(super) fn rounded(value: f64, places: i32) -> f64 {
    let steps = 10_f64.powi(places);
    let rounded = (value * steps).round() / steps;
    // Adding 0 makes −0 a 0.
    if rounded.is_finite() { rounded + 0.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_do_not_drift_and_values_are_numbers() {
        assert_eq!(us_of(1, 3), 333_333);
        assert_eq!(us_of(2, 3), 666_667);
        assert_eq!(us_of(44_100 * 86_400 * 365, 44_100), 86_400 * 365 * 1_000_000);
        assert_eq!(seconds(12_340_000), 12.34);
        assert_eq!([0.123_46, f64::NAN, f64::INFINITY].map(|value| rounded(value, 3)), [0.123, 0.0, 0.0]);
        assert!(rounded(-0.0001, 3).is_sign_positive());
    }
}
