//! What the ear hears, without what lies below or above it: a high-pass and a low-pass filter before the ear, of which
//! what passes knows nothing.
//!
//! Each is a Butterworth filter of fourth order (24 dB per octave, −3 dB at its frequency): two second-order sections after
//! R. Bristow-Johnson's *Cookbook formulae for audio EQ biquad filter coefficients*, in transposed direct form II, in `f64`.
//! They delay what is heard by a few samples at most where it matters, and what passes by none: the latency stays.
//!
//! Real time: arithmetic only, memory is taken at the start.

use std::f64::consts::TAU;

use crate::params::{Params, id};

/// Quality factors of the two sections of a Butterworth filter of fourth order: 1 / (2 cos(π/8)) and 1 / (2 cos(3π/8)).
const QUALITY: [f64; 2] = [0.541_196_100_146_197, 1.306_562_964_876_376_6];
/// Highest frequency of a filter, as a share of the rate: the formulae end at half of it.
const HIGHEST: f64 = 0.45;
/// A state below this is nothing: left alone it would become subnormal, which is slow.
const VANISHING: f64 = 1e-30;

/// Which side passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Above,
    Below,
}

/// Coefficients of a second-order section, over its a0.
#[derive(Debug, Clone, Copy, Default)]
struct Section {
    b0: f64,
    b1: f64,
    b2: f64,
    a1: f64,
    a2: f64,
}

impl Section {
    /// `frequency` as a share of the rate.
    fn new(side: Side, frequency: f64, quality: f64) -> Self {
        let (sin, cos) = (TAU * frequency).sin_cos();
        let alpha = sin / (2.0 * quality);
        let a0 = 1.0 + alpha;
        let (edge, middle) = match side {
            Side::Above => ((1.0 + cos) / 2.0, -(1.0 + cos)),
            Side::Below => ((1.0 - cos) / 2.0, 1.0 - cos),
        };
        Self { b0: edge / a0, b1: middle / a0, b2: edge / a0, a1: -2.0 * cos / a0, a2: (1.0 - alpha) / a0 }
    }

    fn step(&self, state: &mut [f64; 2], x: f64) -> f64 {
        let y = self.b0 * x + state[0];
        state[0] = self.b1 * x - self.a1 * y + state[1];
        state[1] = self.b2 * x - self.a2 * y;
        y
    }
}

/// One of the two filters, for all channels.
#[derive(Debug)]
struct Filter {
    side: Side,
    /// Hz; `None` while it is off.
    frequency_hz: Option<f64>,
    sections: [Section; 2],
    states: Vec<[[f64; 2]; 2]>,
}

impl Filter {
    fn new(side: Side, channels: usize) -> Self {
        let states = vec![[[0.0; 2]; 2]; channels];
        Self { side, frequency_hz: None, sections: [Section::default(); 2], states }
    }

    fn aim(&mut self, frequency_hz: Option<f64>, rate_hz: f64) {
        if frequency_hz == self.frequency_hz {
            return;
        }
        if self.frequency_hz.is_none() {
            // What it remembers is from before it was switched off.
            self.reset();
        }
        self.frequency_hz = frequency_hz;
        if let Some(frequency_hz) = frequency_hz {
            self.sections = QUALITY.map(|quality| Section::new(self.side, frequency_hz / rate_hz, quality));
        }
    }

    fn reset(&mut self) {
        self.states.fill([[0.0; 2]; 2]);
    }

    #[expect(clippy::cast_possible_truncation, reason = "samples are f32; what is too large saturates")]
    fn process(&mut self, channel: usize, samples: &mut [f32]) {
        let (Some(states), Some(_)) = (self.states.get_mut(channel), self.frequency_hz) else { return };
        for sample in samples {
            let mut x = if sample.is_finite() { f64::from(*sample) } else { 0.0 };
            for (section, state) in self.sections.iter().zip(states.iter_mut()) {
                x = section.step(state, x);
            }
            *sample = x as f32;
        }
        for value in states.iter_mut().flatten() {
            if value.abs() < VANISHING {
                *value = 0.0;
            }
        }
    }
}

/// Both filters, for all channels that may be heard.
#[derive(Debug)]
pub(super) struct DetectorFilter {
    rate_hz: f64,
    high_pass: Filter,
    low_pass: Filter,
}

impl DetectorFilter {
    /// Off, with memory for so many channels.
    pub(super) fn new(rate_hz: f64, channels: usize) -> Self {
        Self {
            rate_hz,
            high_pass: Filter::new(Side::Above, channels),
            low_pass: Filter::new(Side::Below, channels),
        }
    }

    /// Takes over what the parameters say.
    pub(super) fn aim(&mut self, params: &Params) {
        let highest_hz = HIGHEST * self.rate_hz;
        let [low_hz, high_hz] = [id::DETECTOR_HIGH_PASS_HZ, id::DETECTOR_LOW_PASS_HZ]
            .map(|id| Some(params.get(id)).filter(|hz| !id.spec().is_filter_off(*hz)));
        self.high_pass.aim(low_hz.map(|hz| hz.min(highest_hz)), self.rate_hz);
        // There is nothing above.
        self.low_pass.aim(high_hz.filter(|hz| *hz <= highest_hz), self.rate_hz);
    }

    /// Whether it changes anything.
    pub(super) fn is_on(&self) -> bool {
        self.high_pass.frequency_hz.is_some() || self.low_pass.frequency_hz.is_some()
    }

    /// Forgets all audio.
    pub(super) fn reset(&mut self) {
        self.high_pass.reset();
        self.low_pass.reset();
    }

    /// Filters the planes in place; those beyond the channels it was made for stay.
    pub(super) fn process<'a>(&mut self, planes: impl Iterator<Item = &'a mut [f32]>) {
        for (channel, plane) in planes.enumerate() {
            self.high_pass.process(channel, plane);
            self.low_pass.process(channel, plane);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gain in dB at a frequency: a sine after a second in which the filter settles.
    #[expect(clippy::cast_possible_truncation, reason = "a test signal")]
    fn gain_db(params: &Params, rate_hz: u32, frequency_hz: f64) -> f64 {
        let rate = f64::from(rate_hz);
        let mut filter = DetectorFilter::new(rate, 1);
        filter.aim(params);
        let mut sound: Vec<f32> = (0..2 * rate_hz)
            .map(|n| (0.5 * (TAU * frequency_hz * f64::from(n) / rate).sin()) as f32)
            .collect();
        let energy = |sound: &[f32]| -> f64 { sound.iter().map(|&x| f64::from(x).powi(2)).sum() };
        let half = sound.len() / 2;
        let before = energy(&sound[half..]);
        filter.process([&mut sound[..]].into_iter());
        10.0 * (energy(&sound[half..]) / before).log10()
    }

    #[test]
    fn it_is_a_butterworth_filter_of_fourth_order_at_every_rate() {
        for rate_hz in [8_000, 44_100, 48_000, 192_000] {
            let params = Params::default();
            params.set(id::DETECTOR_HIGH_PASS_HZ, 200.0);
            params.set(id::DETECTOR_LOW_PASS_HZ, 2_000.0);
            for (frequency_hz, expected_db, within_db) in [
                (200.0, -3.01, 0.02),
                (100.0, -24.1, 0.2),
                (50.0, -48.2, 0.3),
                (600.0, 0.0, 0.02),
                (2_000.0, -3.01, 0.02),
            ] {
                let db = gain_db(&params, rate_hz, frequency_hz);
                assert!((db - expected_db).abs() < within_db, "{rate_hz} Hz: {db} dB at {frequency_hz} Hz");
            }
            // The bilinear transform only makes it steeper.
            assert!(gain_db(&params, rate_hz, 3_900.0) < -22.0);
        }
    }

    #[test]
    fn it_is_off_at_the_ends_and_where_there_is_nothing_to_take_away() {
        let params = Params::default();
        let mut filter = DetectorFilter::new(48_000.0, 2);
        filter.aim(&params);
        assert!(!filter.is_on());
        params.set(id::DETECTOR_LOW_PASS_HZ, 12_000.0);
        filter.aim(&params);
        assert!(filter.is_on());
        let mut slow = DetectorFilter::new(8_000.0, 2);
        slow.aim(&params);
        assert!(!slow.is_on(), "nothing lies above 4 kHz");
        params.set(id::DETECTOR_HIGH_PASS_HZ, 2_000.0);
        let mut slower = DetectorFilter::new(1_000.0, 1);
        slower.aim(&params);
        let mut sound = vec![0.5; 2_000];
        slower.process([&mut sound[..]].into_iter());
        assert!(sound.iter().all(|sample| sample.abs() < 4.0), "it is stable");
    }

    #[test]
    fn hostile_samples_leave_no_trace_and_silence_comes_to_rest() {
        let params = Params::default();
        params.set(id::DETECTOR_HIGH_PASS_HZ, 25.0);
        params.set(id::DETECTOR_LOW_PASS_HZ, 900.0);
        let mut filter = DetectorFilter::new(48_000.0, 1);
        filter.aim(&params);
        let mut bad = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, -1e-41];
        filter.process([&mut bad[..]].into_iter());
        let mut rest = vec![0.0_f32; 48_000];
        for _ in 0..30 {
            rest.fill(0.0);
            filter.process([&mut rest[..]].into_iter());
        }
        assert!(rest.iter().all(|sample| *sample == 0.0), "not even a subnormal number");
    }
}
