//! What must hold for every activity and every setting, and the named checks.

mod properties;

use super::*;

fn activity(
    labels: &[Label],
    rows: &[Vec<f32>],
    mean_square: &[f32],
    rate_hz: u32,
    samples: u64,
) -> FrameScores {
    FrameScores {
        labels: labels.to_vec(),
        probabilities: rows.concat(),
        mean_square: mean_square.to_vec(),
        rate_hz,
        samples,
    }
}

/// 20 s of one label whose probability is `high` in `frames`, `low` elsewhere, at a steady level.
fn steady(frames: std::ops::Range<usize>, high: f32, low: f32) -> FrameScores {
    let rows: Vec<_> = (0..2_000).map(|t| vec![if frames.contains(&t) { high } else { low }]).collect();
    activity(&[Label::SPEECH], &rows, &[1e-3; 2_000], 16_000, 320_000)
}

fn spans(timeline: &Timeline, label: &Label) -> Vec<(f64, f64)> {
    timeline.of(label).map(|s| (s.start_s, s.end_s)).collect()
}

#[test]
fn a_segment_at_ten_seconds_lands_in_frames_1000_to_1100() {
    let timeline = segment(&steady(1_000..1_100, 0.9, 0.1), &TimelineSettings::default());
    assert_eq!(spans(&timeline, &Label::SPEECH), [(10.0, 11.0)]);
    assert_eq!(spans(&timeline, &Label::UNKNOWN), [(0.0, 10.0), (11.0, 20.0)]);
    assert!((timeline.of(&Label::SPEECH).next().unwrap().confidence - 0.9).abs() < 1e-6);
    assert!((timeline.of(&Label::UNKNOWN).next().unwrap().confidence - 0.9).abs() < 1e-6);
}

#[test]
fn a_probability_of_0_6_at_threshold_0_7_is_unknown() {
    let mut settings = TimelineSettings::default();
    settings.set_threshold(&Label::SPEECH, 0.7);
    let timeline = segment(&steady(0..2_000, 0.6, 0.6), &settings);
    assert_eq!(spans(&timeline, &Label::UNKNOWN), [(0.0, 20.0)]);
    assert_eq!(timeline.segments.len(), 1);
    settings.set_threshold(&Label::SPEECH, 0.6);
    assert_eq!(spans(&segment(&steady(0..2_000, 0.6, 0.6), &settings), &Label::SPEECH), [(0.0, 20.0)]);
}

#[test]
fn silence_that_is_too_short_to_part_a_label_is_still_silence_where_none_is_on() {
    let rows: Vec<_> = (0..2_000).map(|t| vec![if (500..1_000).contains(&t) { 0.9 } else { 0.1 }]).collect();
    // One second is silent within the label, one behind it.
    let quiet = |t: &usize| (700..800).contains(t) || (1_000..1_100).contains(t);
    let level: Vec<f32> = (0..2_000).map(|t| if quiet(&t) { 0.0 } else { 1e-3 }).collect();
    let heard = activity(&[Label::SPEECH], &rows, &level, 16_000, 320_000);
    let settings = TimelineSettings { min_silence_ms: 2_000, ..TimelineSettings::default() };
    let timeline = segment(&heard, &settings);
    assert_eq!(spans(&timeline, &Label::SPEECH), [(5.0, 10.0)]);
    assert_eq!(spans(&timeline, &Label::SILENCE), [(10.0, 11.0)]);
    assert_eq!(spans(&timeline, &Label::UNKNOWN), [(0.0, 5.0), (11.0, 20.0)]);
}

#[test]
fn what_is_never_confirmed_is_unknown() {
    let mut settings = TimelineSettings::default();
    settings.default.confirm = 0.8;
    let unsure_at = |high| steady(500..1_500, high, 0.1);
    let unsure = segment(&unsure_at(0.7), &settings);
    assert_eq!(spans(&unsure, &Label::UNKNOWN), [(0.0, 20.0)]);
    let mut late = unsure_at(0.7);
    late.probabilities[1_000] = 0.8;
    assert_eq!(spans(&segment(&late, &settings), &Label::SPEECH), [(8.0, 15.0)], "two seconds before it");
    settings.set_threshold(&Label::SPEECH, 0.75);
    assert_eq!(
        spans(&segment(&late, &settings), &Label::SPEECH),
        [(10.0, 15.0)],
        "no more is asked than before"
    );
    settings.set_threshold(&Label::SPEECH, 0.4);
    assert_eq!(
        spans(&segment(&unsure_at(0.7), &settings), &Label::SPEECH),
        [(5.0, 15.0)],
        "a lower threshold asks for less"
    );
}

#[test]
#[expect(clippy::cast_possible_truncation, reason = "mean squares are small")]
fn silence_is_exact_and_excludes_the_rest() {
    for (dbfs, silent) in [(-59.9_f64, false), (-60.1, true)] {
        // A 10 Hz sine: each frame of 10 ms holds a tenth of its period.
        let amplitude = 10_f64.powf(dbfs / 20.0) * 2_f64.sqrt();
        let sample = |n: u32| (amplitude * (std::f64::consts::TAU * f64::from(n) / 800.0).sin()).powi(2);
        let frame = |f: u32| ((f * 80..f * 80 + 80).map(sample).sum::<f64>() / 80.0) as f32;
        let mean_square: Vec<f32> = (0..100).map(frame).collect();
        let sine = activity(&[Label::SPEECH], &vec![vec![1.0]; 100], &mean_square, 8_000, 8_000);
        let timeline = segment(&sine, &TimelineSettings::default());
        let expected = if silent { Label::SILENCE } else { Label::SPEECH };
        assert_eq!(timeline.segments.len(), 1);
        assert_eq!(spans(&timeline, &expected), [(0.0, 1.0)], "{dbfs} dBFS");
    }
}

#[test]
fn silence_cuts_labels_and_slivers_are_dropped() {
    // Speech claimed throughout; sound in frames 0..100 and, for 50 ms only, 150..155.
    let mean_square: Vec<f32> =
        (0..300).map(|t| if t < 100 || (150..155).contains(&t) { 1e-2 } else { 0.0 }).collect();
    let claimed = activity(&[Label::SPEECH], &vec![vec![1.0]; 300], &mean_square, 8_000, 24_000);
    let timeline = segment(&claimed, &TimelineSettings::default());
    assert_eq!(spans(&timeline, &Label::SPEECH), [(0.0, 1.0)]);
    assert_eq!(spans(&timeline, &Label::SILENCE), [(1.0, 1.5), (1.55, 3.0)]);
    assert_eq!(spans(&timeline, &Label::UNKNOWN), [(1.5, 1.55)]);
}

#[test]
fn borders_follow_the_level() {
    let mut heard = steady(506..807, 0.9, 0.1);
    for t in 0..2_000 {
        heard.mean_square[t] = if (500..800).contains(&t) { 1.01e-2 } else { 1e-4 };
    }
    assert_eq!(spans(&segment(&heard, &TimelineSettings::default()), &Label::SPEECH), [(5.0, 8.0)]);
    let off = TimelineSettings { refine_borders: false, ..TimelineSettings::default() };
    assert_eq!(spans(&segment(&heard, &off), &Label::SPEECH), [(5.06, 8.07)]);
}

#[test]
fn exclusive_keeps_the_first_of_the_list() {
    let rows: Vec<_> = (0..300).map(|t| vec![0.9, if (100..200).contains(&t) { 0.9 } else { 0.0 }]).collect();
    let both = activity(&[Label::MUSIC, Label::SPEECH], &rows, &[1e-2; 300], 8_000, 24_000);
    let mut settings = TimelineSettings::default();
    assert_eq!(spans(&segment(&both, &settings), &Label::MUSIC), [(0.0, 3.0)]);
    settings.exclusive = Some(TimelineSettings::default_priority());
    let timeline = segment(&both, &settings);
    assert_eq!(spans(&timeline, &Label::MUSIC), [(0.0, 1.0), (2.0, 3.0)]);
    assert_eq!(spans(&timeline, &Label::SPEECH), [(1.0, 2.0)]);
}

#[test]
fn nothing_and_little_are_covered() {
    let settings = TimelineSettings::default();
    let empty = segment(&activity(&[Label::SPEECH], &[], &[], 8_000, 0), &settings);
    assert!(empty.segments.is_empty());
    assert_eq!(empty.labels, [Label::SPEECH, Label::SILENCE, Label::UNKNOWN]);
    let one_sample = segment(&activity(&[Label::SPEECH], &[vec![1.0]], &[0.5], 8_000, 1), &settings);
    assert_eq!(spans(&one_sample, &Label::UNKNOWN), [(0.0, 1.0 / 8_000.0)]);
    let no_frames = segment(&activity(&[], &[], &[], 8_000, 80), &settings);
    assert_eq!(spans(&no_frames, &Label::UNKNOWN), [(0.0, 0.01)]);
}

#[test]
fn settings_are_data() {
    let json = r#"{"labels": {"speech": {"open": 0.7}}, "exclusive": ["speech"]}"#;
    let settings: TimelineSettings = serde_json::from_str(json).unwrap();
    assert_eq!(settings.of(&Label::SPEECH).open, 0.7);
    assert_eq!(settings.of(&Label::MUSIC), LabelSettings::default());
    assert!(serde_json::from_str::<TimelineSettings>(r#"{"silence": -50}"#).is_err());
    let old = r#"{"default": {"sure": 0.75, "min_off_ms": 300}}"#;
    let old: TimelineSettings = serde_json::from_str(old).expect("the names of before");
    assert_eq!(old.default, LabelSettings { confirm: 0.75, min_gap_ms: 300, ..LabelSettings::default() });
    assert_eq!(settings.check(), Ok(()));
    let wrong = TimelineSettings { silence_dbfs: f64::NAN, ..settings.clone() };
    assert!(wrong.check().is_err());
    let mut wrong = settings;
    wrong.set_threshold(&Label::MUSIC, 1.5);
    assert_eq!(
        wrong.check().unwrap_err().to_string(),
        "the open threshold of music is 1.5; it must lie between 0 and 1"
    );
}
