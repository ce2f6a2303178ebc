//! The two float types that features are computed in, and the conversions that lose something, in one place.

use crate::signal::units::single;
use realfft::FftNum;

/// A float type for the transform and the filterbank.
pub(super) trait Sample: FftNum + std::ops::AddAssign {
    /// From a sample.
    fn from_sample(value: f32) -> Self;
    /// From a coefficient, rounded.
    fn from_coefficient(value: f64) -> Self;
    /// To a feature, rounded.
    fn to_feature(self) -> f32;
}

impl Sample for f32 {
    fn from_sample(value: f32) -> Self {
        value
    }
    fn from_coefficient(value: f64) -> Self {
        single(value)
    }
    fn to_feature(self) -> f32 {
        self
    }
}

impl Sample for f64 {
    fn from_sample(value: f32) -> Self {
        Self::from(value)
    }
    fn from_coefficient(value: f64) -> Self {
        value
    }
    fn to_feature(self) -> f32 {
        single(self)
    }
}
