//! Values worked out by hand, and laws that hold for any scores.

use proptest::prelude::*;

use super::*;
use crate::Label;

/// Frames from scores and a string of `1` (true) and `0`.
fn frames(scores: &[f32], truth: &str) -> Vec<(f32, bool)> {
    scores.iter().copied().zip(truth.chars().map(|c| c == '1')).collect()
}

fn close(a: impl Into<Option<f64>>, b: f64) {
    let a = a.into().expect("a figure");
    assert!((a - b).abs() < 1e-9, "{a} is not {b}");
}

#[test]
fn spans_merge_and_frames_are_decided_by_their_middle() {
    let spans = Spans::new([(0.30, 0.40), (0.10, 0.20), (0.20, 0.25), (0.5, 0.5)]);
    assert_eq!(spans.iter().collect::<Vec<_>>(), [(0.10, 0.25), (0.30, 0.40)]);
    let truth = spans.frames(50, 0.0);
    let present: Vec<usize> = (0..50).filter(|&k| truth[k] == Truth::Present).collect();
    assert_eq!(present, (10..25).chain(30..40).collect::<Vec<_>>());
    // A stretch that begins after the middle of frame 3 begins with frame 4.
    assert_eq!(Spans::new([(0.036, 0.05)]).frames(5, 0.0)[3..], [Truth::Absent, Truth::Present]);
    // The collar takes 2 frames on each side of each border.
    let collared = spans.frames(50, 0.02);
    let ignored: Vec<usize> = (0..50).filter(|&k| collared[k] == Truth::Ignored).collect();
    assert_eq!(ignored, [8, 9, 10, 11, 23, 24, 25, 26, 28, 29, 30, 31, 38, 39, 40, 41]);
}

#[test]
fn auc_counts_pairs_and_halves_ties() {
    // Pairs (true, other): (.8,.1) (.8,.4) (.35,.1) right, (.35,.4) wrong: 3 of 4.
    close(roc_auc(&frames(&[0.1, 0.4, 0.35, 0.8], "0011")), 0.75);
    // One tie among two pairs: (1 + ½) / 2.
    close(roc_auc(&frames(&[0.5, 0.5, 0.9], "011")), 0.75);
    close(roc_auc(&frames(&[0.3; 6], "010101")), 0.5);
    assert_eq!(roc_auc(&frames(&[0.1, 0.2], "11")), None);
    assert_eq!(roc_auc(&[]), None);
}

#[test]
fn rates_and_baselines_by_hand() {
    // 3 hits, 1 miss, 2 false alarms, 4 rejections. A score of exactly ½ is not called.
    let scores = [0.9, 0.8, 0.7, 0.5, 0.6, 0.99, 0.1, 0.2, 0.3, 0.5];
    let counts = Counts::of(&frames(&scores, "1111000000"));
    assert_eq!(counts, Counts { hits: 3, misses: 1, false_alarms: 2, rejections: 4 });
    let rates = counts.rates();
    close(rates.precision, 0.6);
    close(rates.recall, 0.75);
    close(rates.f1, 6.0 / 9.0);
    close(rates.accuracy, 0.7);
    close(rates.false_alarm_rate, 2.0 / 6.0);
    let base = counts.baselines();
    close(base.base_rate, 0.4);
    close(base.all_one_f1, 2.0 * 0.4 / 1.4);
    close(base.all_one_accuracy, 0.4);
    close(base.all_zero_accuracy, 0.6);
    // Without true frames there is no F1 to be had.
    let none = Counts::of(&frames(&[0.9, 0.1], "00"));
    assert_eq!((none.rates().f1, none.rates().recall), (None, None));
    close(none.rates().false_alarm_rate, 0.5);
}

#[test]
fn equal_error_rate_lies_between_two_thresholds() {
    // Falling thresholds: (miss, alarm) = (1,0) (½,0) (½,½) …: equal at one half.
    close(equal_error_rate(&frames(&[0.9, 0.8, 0.3, 0.1], "1010")), 0.5);
    close(equal_error_rate(&frames(&[0.9, 0.8, 0.3, 0.1], "1100")), 0.0);
    // (½, 0) to (0, 1) in one step of ties meets the diagonal at a third.
    close(equal_error_rate(&frames(&[0.9, 0.5, 0.5, 0.5], "1100")), 1.0 / 3.0);
}

#[test]
fn calibration_bins_by_score() {
    let curve = calibration(&frames(&[0.05, 0.15, 0.95, 1.0], "0111"));
    assert_eq!(curve.bins.len(), 10);
    assert_eq!(curve.bins.iter().map(|b| b.frames).collect::<Vec<_>>(), [1, 1, 0, 0, 0, 0, 0, 0, 0, 2]);
    let last = curve.bins[9];
    assert!((last.mean_score.unwrap() - 0.975).abs() < 1e-6);
    close(last.observed, 1.0);
    // |.05 - 0| + |.15 - 1| + 2 |.975 - 1|, over 4.
    assert!((curve.expected_error.unwrap() - 0.95 / 4.0).abs() < 1e-6);
    assert_eq!(calibration(&[]).expected_error, None);
}

/// Scores of 1 in the given frames, else 0.
fn scores(count: usize, on: impl IntoIterator<Item = std::ops::Range<usize>>) -> Vec<f32> {
    let mut scores = vec![0.0; count];
    on.into_iter().flatten().for_each(|k| scores[k] = 1.0);
    scores
}

#[test]
fn onsets_are_early_late_missed_or_never_opened() {
    // Frames 20..40, 60..80 (200 ms after), 90..100 (100 ms after: no onset of its own), 130..150.
    let truth = Spans::new([(0.2, 0.4), (0.6, 0.8), (0.9, 1.0), (1.3, 1.5)]);
    let late = onsets(&truth, &scores(200, [23..40, 55..80, 130..150]));
    assert_eq!((late.count, late.missed, late.already_on, late.early), (3, 0, 0, 1));
    let delays: Vec<f64> = late.delays_ms.iter().map(|d| d.round()).collect();
    assert_eq!(delays, [-50.0, 0.0, 30.0]);
    assert_eq!((late.p50_ms.unwrap().round(), late.p90_ms.unwrap().round()), (0.0, 30.0));
    // Never on: all missed. Always on: no opening anywhere, from the very first frame.
    assert_eq!(onsets(&truth, &scores(200, [])).missed, 3);
    let always = onsets(&truth, &scores(200, std::iter::once(0..200)));
    assert_eq!((always.already_on, always.missed, always.p50_ms), (3, 0, None));
    // A false alarm in the gap that ends before the onset is no opening.
    let alarm = onsets(&Spans::new([(0.2, 0.4)]), &scores(50, [5..10, 22..40]));
    assert_eq!(alarm.delays_ms.iter().map(|d| d.round()).collect::<Vec<_>>(), [20.0]);
    // Speech that begins with the recording has no onset to be heard.
    assert_eq!(onsets(&Spans::new([(0.0, 0.4)]), &scores(50, [])).count, 0);
}

#[test]
fn silences_between_stretches_are_found_by_any_frame_or_by_half() {
    // Gaps: 20 frames, 10 frames (too short), 20 frames. Before the first and after the last nothing counts.
    let truth = Spans::new([(0.2, 0.4), (0.6, 0.8), (0.9, 1.0), (1.2, 1.5)]);
    let heard = silences(&truth, &scores(200, [20..59, 60..110, 120..150]));
    assert_eq!((heard.count, heard.any, heard.half), (2, 2, 1));
    close(heard.half_share, 0.5);
    // 150 ms as a file of milliseconds has them.
    assert_eq!(silences(&Spans::new([(0.0, 0.1), (0.1 + 0.15, 0.4)]), &scores(40, [])).count, 1);
}

#[test]
fn metrics_leave_the_collar_out_of_frames_but_not_out_of_onsets() {
    let truth = || Spans::new([(0.2, 0.4)]);
    let scored = |collar| Scored::new(truth(), scores(60, std::iter::once(21..40)), collar);
    let plain = evaluate(&[&scored(0.0)]);
    assert_eq!((plain.frames, plain.ignored_frames), (60, 0));
    close(plain.rates.recall, 0.95);
    let collared = evaluate(&[&scored(0.02), &scored(0.02)]);
    assert_eq!((collared.recordings, collared.frames, collared.ignored_frames), (2, 104, 16));
    close(collared.rates.recall, 1.0);
    assert_eq!((collared.onsets.count, collared.onsets.p50_ms.map(f64::round)), (2, Some(10.0)));
    assert_eq!(collared.intervals, None);
}

#[test]
fn intervals_hold_the_figure_and_are_the_same_each_time() {
    let recording = |k: usize| {
        let mut s = scores(100, [20 + k..40, 60..60 + 2 * k]);
        s.iter_mut()
            .enumerate()
            .for_each(|(i, s)| *s = (*s + 0.001 * f32::from(u8::try_from(i).unwrap())) / 1.2);
        Scored::new(Spans::new([(0.2, 0.4)]), s, 0.0)
    };
    let all: Vec<Scored> = (0..8).map(recording).collect();
    let all: Vec<&Scored> = all.iter().collect();
    let metrics = evaluate(&all);
    let spread = metrics.intervals.unwrap();
    let (auc, f1) = (spread.roc_auc.unwrap(), spread.f1.unwrap());
    assert!(auc.low < auc.high && (auc.low..auc.high).contains(&metrics.roc_auc.unwrap()), "{auc:?}");
    assert!((f1.low..f1.high).contains(&metrics.rates.f1.unwrap()), "{f1:?}");
    assert_eq!(intervals(&all), Some(spread));
}

#[test]
fn peer_scores_hold_until_the_next_row() {
    let peer = PeerScores::parse("time,score\n0.00,0.25\n0.032,0.5\n0.064,1\n").unwrap();
    let held = peer.frames(&Label::SPEECH, 9).unwrap().unwrap();
    assert_eq!(held, [0.25, 0.25, 0.25, 0.5, 0.5, 0.5, 1.0, 1.0, 1.0]);
    assert_eq!(peer.frames(&Label::MUSIC, 9).unwrap(), None);
    assert!(matches!(peer.frames(&Label::SPEECH, 100), Err(TableError::Short { .. })));
    let frames = PeerScores::parse("time,speech,music,level_dbfs\n0.00,0.1,0.9,-20\n").unwrap();
    assert_eq!(frames.frames(&Label::MUSIC, 1).unwrap().unwrap(), [0.9]);
    for bad in
        ["", "time\n0\n", "score\n0\n", "time,score\n0,x\n", "time,score\n1,0\n1,0\n", "time,score\n0\n"]
    {
        assert!(PeerScores::parse(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn groups_come_from_columns() {
    let groups = Groups::parse("file,kind,snr_db\na/x.flac,music,5\nb.flac,noise,\n").unwrap();
    assert_eq!(groups.columns(), ["kind", "snr_db"]);
    assert_eq!(groups.of("a/x.flac", "snr_db"), Some("5"));
    assert_eq!(groups.of("b.flac", "snr_db"), None);
    assert_eq!(groups.of("c.flac", "kind"), None);
    assert!(Groups::parse("name,group\na,b\n").unwrap_err().to_string().contains("\"file\""));
}

/// Few different scores, so that there are many ties.
fn any_frames() -> impl Strategy<Value = Vec<(f32, bool)>> {
    proptest::collection::vec(((0_u8..20).prop_map(|s| f32::from(s) / 19.0), any::<bool>()), 0..300)
}

proptest! {
    #[test]
    fn auc_is_the_share_of_ordered_pairs(frames in any_frames()) {
        let of = |kind: bool| frames.iter().filter(move |f| f.1 == kind).map(|f| f.0);
        let pairs: Vec<f64> = of(true).flat_map(|p| of(false).map(move |n| match p.total_cmp(&n) {
            std::cmp::Ordering::Greater => 1.0,
            std::cmp::Ordering::Equal => 0.5,
            std::cmp::Ordering::Less => 0.0,
        })).collect();
        match roc_auc(&frames) {
            None => prop_assert!(pairs.is_empty()),
            Some(auc) => prop_assert!((auc - pairs.iter().sum::<f64>() / real(pairs.len())).abs() < 1e-12),
        }
    }

    #[test]
    fn auc_knows_only_the_order(frames in any_frames()) {
        let map = |f: fn(f32) -> f32| frames.iter().map(|&(s, p)| (f(s), p)).collect::<Vec<_>>();
        let auc = roc_auc(&frames);
        prop_assert_eq!(auc, roc_auc(&map(|s| s * s * s - 7.0)));
        let turned = roc_auc(&map(|s| 1.0 - s));
        prop_assert!(auc.zip(turned).is_none_or(|(a, b)| (a + b - 1.0).abs() < 1e-12));
    }

    #[test]
    fn curves_rise_from_nothing_to_all(frames in any_frames()) {
        let curve = roc(&frames);
        if let (Some(first), Some(last)) = (curve.first(), curve.last()) {
            prop_assert_eq!((first.hit_rate, first.false_alarm_rate), (0.0, 0.0));
            prop_assert_eq!((last.hit_rate, last.false_alarm_rate), (1.0, 1.0));
            prop_assert!(curve.is_sorted_by(|a, b| a.hit_rate <= b.hit_rate && a.false_alarm_rate <= b.false_alarm_rate));
        }
        if let Some(rate) = equal_error_rate(&frames) {
            prop_assert!((0.0..=1.0).contains(&rate));
        }
    }

    #[test]
    fn counts_are_all_frames_and_calling_all_reaches_its_baseline(frames in any_frames()) {
        let counts = Counts::of(&frames);
        prop_assert_eq!(counts.frames(), frames.len());
        let ones: Vec<_> = frames.iter().map(|f| (1.0, f.1)).collect();
        let all = Counts::of(&ones).rates();
        prop_assert_eq!(counts.baselines().all_one_f1, all.f1);
        prop_assert_eq!(counts.baselines().all_one_accuracy, all.accuracy);
        prop_assert_eq!(calibration(&frames).bins.iter().map(|b| b.frames).sum::<usize>(), frames.len());
    }

    #[test]
    fn each_onset_has_one_fate(
        spans in proptest::collection::vec((0.0_f64..5.0, 0.0_f64..1.0), 0..8),
        scores in proptest::collection::vec(0.0_f32..1.0, 0..600),
    ) {
        let spans = Spans::new(spans.into_iter().map(|(start, length)| (start, start + length)));
        let found = onsets(&spans, &scores);
        prop_assert_eq!(found.count, found.missed + found.already_on + found.delays_ms.len());
        let quiet = silences(&spans, &scores);
        prop_assert!(quiet.half <= quiet.any && quiet.any <= quiet.count);
    }
}
