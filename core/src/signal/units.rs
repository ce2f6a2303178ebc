//! From one kind of number to another, and from samples to seconds and back: each with its reason, once.

/// A count as a real number, exact below 2⁵³.
#[expect(clippy::cast_precision_loss, reason = "counts of frames and samples stay far below 2^53")]
pub(crate) fn real(count: usize) -> f64 {
    count as f64
}

/// In single precision, to the nearest; what is too large becomes infinite.
#[expect(clippy::cast_possible_truncation, reason = "rounding is what is wanted")]
pub(crate) fn single(value: f64) -> f32 {
    value as f32
}

/// Samples as seconds.
#[expect(clippy::cast_precision_loss, reason = "counts of samples stay far below 2^53")]
pub(crate) fn samples_to_seconds(samples: u64, rate_hz: u32) -> f64 {
    samples as f64 / f64::from(rate_hz.max(1))
}

/// The samples that cover a time, seconds: rounded up, none for a time before the start.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates; negative becomes 0"
)]
pub(crate) fn samples_covering(seconds: f64, rate_hz: u32) -> u64 {
    (seconds * f64::from(rate_hz)).ceil() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_samples() {
        assert_eq!(samples_to_seconds(24_000, 48_000), 0.5);
        assert_eq!(samples_to_seconds(3, 0), 3.0, "no rate is not a division by zero");
        assert_eq!([0.02, 0.020_001, -1.0, f64::NAN].map(|s| samples_covering(s, 100)), [2, 3, 0, 0]);
        assert_eq!(single(1e300), f32::INFINITY);
    }
}
