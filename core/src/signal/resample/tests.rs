//! Rate conversion: where things land, how clean they are, and that blocks do not matter.

use std::f64::consts::TAU;

use proptest::prelude::*;

use super::design::{PASSBAND, STOPBAND_DB};
use super::{ResampleError, Resampler};

fn convert(input: &[f32], from: u32, to: u32) -> Vec<f32> {
    let mut resampler = Resampler::new(from, to).unwrap();
    let mut out = Vec::new();
    resampler.push(input, &mut out);
    resampler.finish(&mut out);
    assert_eq!(out.len() as u64, resampler.outputs_for(input.len() as u64));
    assert_eq!(out.len() as u64, (input.len() as u64 * u64::from(to)).div_ceil(u64::from(from)));
    out
}

#[expect(clippy::cast_possible_truncation, reason = "test signal")]
fn sine(length: u32, rate_hz: u32, hz: f64) -> Vec<f32> {
    (0..length).map(|n| (0.5 * (TAU * hz * f64::from(n) / f64::from(rate_hz)).sin()) as f32).collect()
}

/// Largest difference from the ideal sine away from the ends, relative to its amplitude, dB.
fn error_db(out: &[f32], rate_hz: u32, hz: f64, amplitude: f64) -> f64 {
    let edge = out.len() / 4;
    let worst = out.iter().enumerate().skip(edge).take(out.len() - 2 * edge).map(|(n, &s)| {
        let n = f64::from(u32::try_from(n).unwrap());
        (f64::from(s) - amplitude * (TAU * hz * n / f64::from(rate_hz)).sin()).abs()
    });
    20.0 * (worst.fold(0.0, f64::max) / 0.5).log10()
}

const RATIOS: [(u32, u32); 12] = [
    (48_000, 16_000),
    (44_100, 16_000),
    (96_000, 16_000),
    (22_050, 16_000),
    (8_000, 16_000),
    (16_000, 48_000),
    (16_000, 44_100),
    (44_100, 48_000),
    (44_099, 16_000),
    (1_234, 16_000),
    (47_999, 44_101),
    (768_000, 8_000),
];

#[test]
fn passband_is_flat_and_in_place() {
    for (from, to) in RATIOS {
        let lower = f64::from(from.min(to)) / 2.0;
        for part in [0.01, 0.3, 0.7, PASSBAND] {
            let hz = part * lower;
            let out = convert(&sine(from.min(100_000) / 2, from, hz), from, to);
            // Amplitude and time in one figure: 0.1 dB of ripple would be −39 dB here.
            let error = error_db(&out, to, hz, 0.5);
            assert!(error < -76.0, "{from} → {to}, {part} of Nyquist: {error:.1} dB");
        }
    }
}

#[test]
fn what_would_alias_is_gone() {
    for (from, to) in RATIOS.into_iter().filter(|(from, to)| from > to) {
        let (upper, lower) = (f64::from(from) / 2.0, f64::from(to) / 2.0);
        for part in [0.0, 0.02, 0.3, 0.95] {
            let hz = lower + part * (upper - lower);
            let out = convert(&sine(from / 2, from, hz), from, to);
            let level = error_db(&out, to, 0.0, 0.0);
            assert!(level < -80.0, "{from} → {to}, {hz} Hz: {level:.1} dB");
        }
    }
    const { assert!(STOPBAND_DB > 80.0) };
}

/// For a listener whose bands end at 7.6 kHz: tones that pass, and tones that would come to lie in its bands.
#[test]
fn a_listener_hears_no_alias_and_waits_less() {
    for (from, to) in [(48_000_u32, 16_000_u32), (44_100, 16_000), (96_000, 16_000), (22_050, 16_000)] {
        let convert = |hz: f64| {
            let mut resampler = Resampler::heard_up_to(7_600.0, from, to).unwrap();
            let mut out = Vec::new();
            resampler.push(&sine(from / 2, from, hz), &mut out);
            resampler.finish(&mut out);
            out
        };
        for hz in [80.0, 3_000.0, PASSBAND * 8_000.0] {
            let error = error_db(&convert(hz), to, hz, 0.5);
            assert!(error < -76.0, "{from}, {hz} Hz: {error:.1} dB");
        }
        let nyquist_hz = f64::from(from) / 2.0;
        for hz in [8_400.0, 8_700.0, 0.5 * (8_400.0 + nyquist_hz), 0.99 * nyquist_hz] {
            let level = error_db(&convert(hz), to, 0.0, 0.0);
            assert!(level < -80.0, "{from}, {hz} Hz: {level:.1} dB");
        }
        let [clean, heard] = [Resampler::new(from, to), Resampler::heard_up_to(7_600.0, from, to)]
            .map(|resampler| resampler.unwrap().delay_samples());
        assert!(3 * heard <= 2 * clean, "{from}: {heard} of {clean}");
    }
    // Upwards there is nothing to save, and who hears all gets all.
    let delay = |highest_hz, from, to| Resampler::heard_up_to(highest_hz, from, to).unwrap().delay_samples();
    assert_eq!(delay(7_600.0, 8_000, 16_000), Resampler::new(8_000, 16_000).unwrap().delay_samples());
    assert_eq!(delay(8_000.0, 48_000, 16_000), Resampler::new(48_000, 16_000).unwrap().delay_samples());
}

#[test]
fn images_are_gone() {
    // Upsampled white-like input must leave nothing above its own Nyquist frequency: compare with the ideal tone.
    let out = convert(&sine(8_000, 8_000, 3_500.0), 8_000, 48_000);
    assert!(error_db(&out, 48_000, 3_500.0, 0.5) < -76.0);
}

#[test]
fn impulses_stay_where_they_are() {
    for from in [8_000_u32, 22_050, 44_100, 48_000, 96_000, 44_099] {
        // One per 0.25 s, over enough time to see a drift of a single sample in a thousand.
        let seconds = 20;
        let mut input = vec![0.0; usize::try_from(from * seconds).unwrap()];
        let every = usize::try_from(from / 4).unwrap();
        input.iter_mut().step_by(every).for_each(|s| *s = 1.0);
        let out = convert(&input, from, 16_000);
        for (k, at) in (0..input.len()).step_by(every).enumerate().skip(1) {
            let expected = f64::from(u32::try_from(at).unwrap()) * 16_000.0 / f64::from(from);
            let centre = usize::try_from(u64::try_from(at).unwrap() * 16_000 / u64::from(from)).unwrap();
            let Some(window) = out.get(centre - 400..=centre + 400) else { continue };
            let weigh = |f: &dyn Fn(f64) -> f64| -> f64 {
                window
                    .iter()
                    .enumerate()
                    .map(|(n, &s)| f(f64::from(u32::try_from(n).unwrap())) * f64::from(s))
                    .sum()
            };
            let centroid = weigh(&|n| n) / weigh(&|_| 1.0) + f64::from(u32::try_from(centre - 400).unwrap());
            assert!(
                (centroid - expected).abs() < 0.01,
                "{from} Hz, impulse {k}: {centroid} instead of {expected}"
            );
        }
    }
}

#[test]
fn hours_do_not_drift() {
    // The position after three hours without filtering three hours: the count of outputs is the position.
    for (from, to) in [(44_100, 16_000), (44_099, 16_000), (48_000, 44_100)] {
        let resampler = Resampler::new(from, to).unwrap();
        let hours = 3 * 3_600;
        assert_eq!(resampler.outputs_for(hours * u64::from(from)), hours * u64::from(to));
    }
}

#[test]
fn equal_rates_change_nothing() {
    let input = sine(1_000, 16_000, 440.0);
    assert_eq!(convert(&input, 16_000, 16_000), input);
    assert_eq!(Resampler::new(16_000, 16_000).unwrap().delay_samples(), 0);
    assert_eq!(Resampler::new(999, 16_000).unwrap_err(), ResampleError::Rate { rate_hz: 999 });
}

#[test]
fn delay_is_what_is_waited_for() {
    for (from, to) in RATIOS {
        let mut resampler = Resampler::new(from, to).unwrap();
        let mut out = Vec::new();
        let delay = resampler.delay_samples();
        resampler.push(&vec![0.0; delay], &mut out);
        assert!(out.is_empty());
        resampler.push(&[0.0], &mut out);
        assert!(!out.is_empty(), "{from} → {to}");
        resampler.finish(&mut out);
        // Anew after the end.
        let input = sine(5_000, from, 300.0);
        let mut again = Vec::new();
        resampler.push(&input, &mut again);
        resampler.finish(&mut again);
        assert_eq!(again, convert(&input, from, to));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_split_gives_the_same_bits(
        ratio in 0..RATIOS.len(),
        sizes in prop::collection::vec(prop::sample::select(vec![1_usize, 7, 160, 441, 512, 4_096, 9_000]), 1..12),
    ) {
        let (from, to) = RATIOS[ratio];
        let total: usize = sizes.iter().sum();
        let input = sine(u32::try_from(total).unwrap(), from, 0.2 * f64::from(from.min(to)));
        let mut resampler = Resampler::new(from, to).unwrap();
        let mut out = Vec::new();
        let mut rest = &input[..];
        for size in sizes {
            let (block, tail) = rest.split_at(size);
            resampler.push(block, &mut out);
            rest = tail;
        }
        resampler.finish(&mut out);
        prop_assert_eq!(out, convert(&input, from, to));
    }
}
