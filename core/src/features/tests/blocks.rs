//! The same samples give the same frames, however they are split and whatever the stream did before.

use proptest::prelude::*;

use super::conformance::signal;
use crate::features::{
    FeatureSpec, FrameKind, MelStream, Normalise, Padding, Placement, WindowFinisher, compute, finish_window,
    preset_names, silent_frame,
};

/// The bits of all frames of `samples`, pushed in blocks of the lengths that `blocks` repeats.
fn frames(stream: &mut MelStream, samples: &[f32], blocks: &[usize]) -> Vec<Vec<u32>> {
    let mut frames = Vec::new();
    let mut keep = |frame: &[f32]| frames.push(frame.iter().map(|v| v.to_bits()).collect());
    let mut rest = samples;
    for block in blocks.iter().cycle() {
        let (now, later) = rest.split_at(rest.len().min(*block));
        stream.push(now, &mut keep);
        rest = later;
        if rest.is_empty() {
            break;
        }
    }
    stream.finish(&mut keep);
    frames
}

/// The presets, and others whose hops and paddings meet the buffer in unusual ways.
fn specs() -> Vec<FeatureSpec> {
    let mut specs: Vec<_> = preset_names().map(|name| FeatureSpec::preset(name).unwrap()).collect();
    let base = FeatureSpec::preset("earmark").unwrap();
    for (hop, padding) in [
        (1_000, Padding::Zeros(399)),
        (9_000, Padding::Zeros(0)),
        (9_000, Padding::Reflect(399)),
        (5_000, Padding::None),
        (1, Padding::Reflect(7)),
        (401, Padding::Reflect(0)),
    ] {
        specs.push(FeatureSpec { hop, padding, pre_emphasis: Some(0.97), ..base.clone() });
    }
    let mut odd = FeatureSpec { n_fft: 511, padding: Padding::Reflect(300), ..base };
    odd.window.placement = Placement::Centre;
    specs.push(odd);
    specs
}

#[test]
fn block_sizes_do_not_matter() {
    let samples = &signal("speech")[..12_000];
    for spec in specs() {
        let mut stream = MelStream::new(&spec).unwrap();
        let whole = frames(&mut stream, samples, &[samples.len()]);
        assert_eq!(whole.len() as u64, spec.frames(12_000));
        for block in [1, 7, 160, 441, 512, 4_096] {
            // The stream is used again after `finish`, which must equal a fresh one.
            assert_eq!(frames(&mut stream, samples, &[block]), whole, "blocks of {block}: {spec:?}");
        }
    }
}

#[test]
fn reset_forgets_everything() {
    let samples = &signal("speech")[..6_000];
    for spec in specs() {
        let fresh = frames(&mut MelStream::new(&spec).unwrap(), samples, &[333]);
        let mut used = MelStream::new(&spec).unwrap();
        for before in [1, 200, 700, 5_000] {
            used.push(&signal("noise")[..before], |_| {});
            used.reset();
            assert_eq!(frames(&mut used, samples, &[512]), fresh, "after {before} samples: {spec:?}");
        }
    }
}

/// Framing done the plain way: the padded signal is laid out, frames are cut from it.
fn padded(spec: &FeatureSpec, samples: &[f32]) -> Vec<f32> {
    let len = i64::try_from(samples.len()).unwrap();
    let mirrored = |mut at: i64| loop {
        at = match at {
            _ if len == 1 => return samples[0],
            before if before < 0 => -before,
            after if after >= len => 2 * (len - 1) - after,
            inside => return samples[usize::try_from(inside).unwrap()],
        }
    };
    match spec.padding {
        Padding::None => samples.to_vec(),
        Padding::Zeros(pad) => {
            [&vec![0.0; pad], samples, &vec![0.0; spec.hop + spec.frame_samples()]].concat()
        }
        Padding::Reflect(_) if samples.is_empty() => Vec::new(),
        Padding::Reflect(pad) => {
            let pad = i64::try_from(pad).unwrap();
            (-pad..len + pad).map(mirrored).collect()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_split_of_any_length_gives_the_plain_frames(
        which in 0..specs().len(),
        length in prop_oneof![0_usize..1_500, 0_usize..11_000],
        blocks in prop::collection::vec(0_usize..3_000, 1..12).prop_filter("moves on", |b| b.iter().any(|n| *n > 0)),
    ) {
        // Without pre-emphasis, which comes before the padding and would not fit the plain way below.
        let spec = FeatureSpec { pre_emphasis: None, ..specs().swap_remove(which) };
        let samples = &signal("speech")[3_000..3_000 + length];
        let got = frames(&mut MelStream::new(&spec).unwrap(), samples, &blocks);
        prop_assert_eq!(got.len() as u64, spec.frames(length as u64));

        let laid_out = padded(&spec, samples);
        let bare = FeatureSpec { padding: Padding::None, ..spec };
        let mut expected = frames(&mut MelStream::new(&bare).unwrap(), &laid_out, &[laid_out.len().max(1)]);
        prop_assert!(expected.len() >= got.len());
        expected.truncate(got.len());
        prop_assert_eq!(got, expected);
    }
}

#[test]
fn bad_samples_spoil_their_own_frames_only() {
    let spec = FeatureSpec { pre_emphasis: Some(0.9), ..FeatureSpec::preset("earmark").unwrap() };
    let clean = signal("speech");
    let mut bad = clean.clone();
    (bad[8_000], bad[8_001]) = (f32::NAN, f32::INFINITY);
    let clean = compute(&spec, &clean).unwrap();
    let bad = compute(&spec, &bad).unwrap();
    for (frame, (clean, bad)) in clean.values.chunks(64).zip(bad.values.chunks(64)).enumerate() {
        assert!(bad.iter().all(|value| value.is_finite()), "frame {frame}");
        assert!(clean == bad || (46..=51).contains(&frame), "frame {frame}");
    }
}

#[test]
fn windows_are_finished_from_cached_power() {
    let spec = FeatureSpec::preset("s1").unwrap();
    let samples = signal("speech");
    let mut stream = MelStream::new(&spec).unwrap();
    assert_eq!(stream.frame_kind(), FrameKind::Power);
    let mut power = Vec::new();
    stream.push(&samples, |frame| power.extend_from_slice(frame));

    // A window of the stream is what the window's own samples give, because both lie on the hop grid.
    let mut finisher = WindowFinisher::new(&spec).unwrap();
    assert_eq!(finisher.input_frames(), Some(79));
    let mut window = Vec::new();
    for first in [0, 7, 40] {
        finisher.finish(&power[first * 32..(first + 79) * 32], &mut window);
        let alone = compute(&spec, &samples[first * 160..first * 160 + 13_000]).unwrap();
        assert_eq!(alone.frames, 79);
        assert_eq!(window, alone.values);
    }
}

#[test]
fn clips_without_a_frame_and_silence_are_defined() {
    for name in preset_names() {
        let spec = FeatureSpec::preset(name).unwrap();
        let nothing = compute(&spec, &[]).unwrap();
        let filled = if let Normalise::PadMin(frames) = spec.normalise { frames } else { 0 };
        assert_eq!(nothing.frames, filled, "{name}");
        let silent = silent_frame(&spec).unwrap();
        let zeros = compute(&spec, &[0.0; 8_000]).unwrap();
        for frame in zeros.values.chunks_exact(spec.values_per_frame()) {
            assert_eq!(frame, silent, "{name}");
        }
        assert!(nothing.values.iter().all(|value| *value == silent[0]));
    }
    let earmark = FeatureSpec::preset("earmark").unwrap();
    assert!(silent_frame(&earmark).unwrap().iter().all(|db| (db + 100.0).abs() < 1e-4));
    assert!(finish_window(&earmark, &[]).unwrap().is_empty());
}
