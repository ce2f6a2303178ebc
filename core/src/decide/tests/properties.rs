//! What holds of any scores under any settings.

use proptest::prelude::*;

use super::*;

/// FrameScores with the structure that makes trouble: runs of levels and probabilities, near the thresholds, short.
fn any_activity() -> impl Strategy<Value = FrameScores> {
    let run = (1_usize..40, prop::sample::select(vec![-200.0_f32, -70.0, -61.0, -59.0, -50.0, -30.0, -10.0]));
    let levels = prop::collection::vec((run, any::<u8>()), 0..12);
    let probability = prop::sample::select(vec![0.0_f32, 0.2, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.7, 1.0]);
    let column = prop::collection::vec((1_usize..25, probability), 1..30);
    let rate = prop::sample::select(vec![8_000_u32, 22_050, 44_100]);
    (levels, prop::collection::vec(column, 3), rate, 1_u64..80).prop_map(
        |(levels, columns, rate_hz, tail)| {
            let mut mean_square = Vec::new();
            for ((frames, dbfs), seed) in levels {
                // A little level noise, so that smoothing and local maxima are exercised.
                let jitter = |t: usize| {
                    f32::from(seed.wrapping_mul(31).wrapping_add(u8::try_from(t * 97 % 251).unwrap())) / 64.0
                };
                mean_square.extend((0..frames).map(|t| 10_f32.powf((dbfs + jitter(t)) / 10.0)));
            }
            let frames = mean_square.len();
            let at = |column: &Vec<(usize, f32)>, t: usize| {
                let all = column.iter().flat_map(|&(n, p)| std::iter::repeat_n(p, n));
                all.cycle().nth(t).unwrap_or(0.0)
            };
            let rows: Vec<Vec<f32>> =
                (0..frames).map(|t| columns.iter().map(|c| at(c, t)).collect()).collect();
            let grid = crate::FrameGrid::new(rate_hz);
            let samples = if frames == 0 { 0 } else { grid.start(frames as u64 - 1) + tail };
            activity(&[Label::SPEECH, Label::MUSIC, Label::NOISE], &rows, &mean_square, rate_hz, samples)
        },
    )
}

fn any_settings() -> impl Strategy<Value = TimelineSettings> {
    let threshold = || prop::sample::select(vec![0.0_f32, 0.2, 0.4, 0.5, 0.6, 0.7, 1.0]);
    let pad = prop::sample::select(vec![0_u32, 0, 10, 35, 120, 400]);
    let max = prop::option::of(1_000_u32..2_500);
    let label = (threshold(), threshold(), threshold(), 0_u32..300, 0_u32..300, (pad, max)).prop_map(
        |(open, close, confirm, min_on_ms, min_gap_ms, (pad_ms, max_ms))| LabelSettings {
            open,
            close,
            confirm,
            min_on_ms,
            min_gap_ms,
            pad_ms,
            max_ms,
        },
    );
    let exclusive = prop::option::of(Just(TimelineSettings::default_priority()));
    (prop::collection::vec(label, 3), 0_u32..400, prop::bool::ANY, 0_u32..160, exclusive).prop_map(
        |(mut labels, min_silence_ms, refine_borders, refine_window_ms, exclusive)| {
            if exclusive.is_some() {
                labels.iter_mut().for_each(|label| label.pad_ms = 0);
            }
            let settings = TimelineSettings {
                labels: [Label::SPEECH, Label::MUSIC, Label::NOISE].into_iter().zip(labels).collect(),
                min_silence_ms,
                refine_borders,
                refine_window_ms,
                exclusive,
                ..TimelineSettings::default()
            };
            assert_eq!(settings.check(), Ok(()));
            settings
        },
    )
}

/// Which of the labels is on, frame by frame.
fn frames_of(timeline: &Timeline, label: &Label, frames: usize) -> Vec<bool> {
    let at = |t: usize| {
        let time = crate::FrameGrid::seconds(t as u64);
        timeline.of(label).any(|s| s.start_s - 1e-9 <= time && time < s.end_s - 1e-9)
    };
    (0..frames).map(at).collect()
}

/// One label's decision written as statements about sets of frames instead of as a chain of stages; without borders.
fn by_definition(p: &[f32], own: LabelSettings, silent: &[bool]) -> Vec<bool> {
    let n = p.len();
    let close = own.close.min(own.open);
    let opened = |t: usize| {
        let since = (0..=t).rev().take_while(|&s| p[s] >= close).last();
        since.is_some_and(|s| p[s..=t].iter().any(|&v| v >= own.open))
    };
    let h: Vec<bool> = (0..n).map(opened).collect();
    let off = own.min_gap_ms.div_ceil(10) as usize;
    let filled = |t: usize| {
        let before = (0..=t).rev().find(|&a| h[a]);
        let after = (t..n).find(|&b| h[b]);
        matches!((before, after), (Some(a), Some(b)) if a == b || b - a - 1 < off)
    };
    let f: Vec<bool> = (0..n).map(filled).collect();
    let wait = if own.confirm > own.open { CONFIRM_WINDOW_MS.div_ceil(10) as usize } else { 0 };
    let near = CONFIRM_NEAR_MS.div_ceil(10) as usize;
    let mut c: Vec<bool> = Vec::with_capacity(n);
    for t in 0..n {
        let since = (0..=t).rev().take_while(|&s| f[s]).last();
        let until = (t..n).take_while(|&s| f[s]).last().map(|end| end.min(t + wait));
        c.push(matches!((since, until), (Some(a), Some(b)) if p[a..=b].iter().any(|&v| v >= own.confirm)
            || c[a.saturating_sub(near + 1)..a].contains(&true)));
    }
    let g: Vec<bool> = (0..n).map(|t| c[t] && !silent[t]).collect();
    let on = (own.min_on_ms.div_ceil(10) as usize).max(1);
    let long = |t: usize| {
        g[t] && (0..=t).rev().take_while(|&s| g[s]).count() + (t..n).take_while(|&s| g[s]).count() > on
    };
    let l: Vec<bool> = (0..n).map(long).collect();
    let pad = own.pad_ms.div_ceil(10) as usize;
    if pad == 0 {
        return l;
    }
    let joined = |t: usize| {
        let before = (0..=t).rev().find(|&a| l[a]);
        let after = (t..n).find(|&b| l[b]);
        matches!((before, after), (Some(a), Some(b)) if a == b || b - a - 1 < 2 * pad + 10)
    };
    let j: Vec<bool> = (0..n).map(joined).collect();
    (0..n).map(|t| j[t.saturating_sub(pad)..(t + pad + 1).min(n)].contains(&true)).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn segments_cover_the_source_and_never_overlap_per_label(a in any_activity(), settings in any_settings()) {
        let timeline = segment(&a, &settings);
        prop_assert_eq!(timeline.duration_s, a.duration_s());
        let mut reached = 0.0;
        for s in &timeline.segments {
            prop_assert!(s.start_s < s.end_s);
            prop_assert!((0.0..=1.0).contains(&s.confidence));
            prop_assert!(s.start_s <= reached, "a hole before {}", s.start_s);
            reached = f64::max(reached, s.end_s);
        }
        prop_assert_eq!(reached, a.duration_s());
        for label in &timeline.labels {
            let spans = spans(&timeline, label);
            prop_assert!(spans.windows(2).all(|w| w[0].1 <= w[1].0), "{label} {spans:?}");
            match settings.of(label).max_ms {
                Some(ms) if ![Label::SILENCE, Label::UNKNOWN].contains(label) => {
                    let longest = f64::from(ms) / 1_000.0 + 1e-9;
                    prop_assert!(spans.iter().all(|(start, end)| end - start <= longest), "{label} {spans:?}");
                }
                _ => prop_assert!(spans.windows(2).all(|w| w[0].1 < w[1].0), "{label} {spans:?}"),
            }
        }
        // Silence and unknown exclude everything, and each other; with `exclusive` all labels do.
        let frames = a.frames();
        let on: Vec<Vec<bool>> = timeline.labels.iter().map(|l| frames_of(&timeline, l, frames)).collect();
        for t in 0..frames {
            let labels = on[..3].iter().filter(|o| o[t]).count();
            let rest = on[3..].iter().filter(|o| o[t]).count();
            prop_assert!(rest <= 1 && (rest == 0 || labels == 0));
            prop_assert!(settings.exclusive.is_none() || labels <= 1);
        }
    }

    #[test]
    fn padding_and_dividing_never_lose_speech(a in any_activity(), settings in any_settings()) {
        let mut plain = settings.clone();
        plain.labels.values_mut().for_each(|own| (own.pad_ms, own.max_ms) = (0, None));
        let (plain, shaped) = (segment(&a, &plain), segment(&a, &settings));
        for label in &a.labels {
            let before = frames_of(&plain, label, a.frames());
            let after = frames_of(&shaped, label, a.frames());
            prop_assert!((0..a.frames()).all(|t| after[t] || !before[t]), "{label}");
        }
    }

    #[test]
    fn raising_a_threshold_never_adds_time(
        a in any_activity(), settings in any_settings(), open in 0.0_f32..0.5, close in 0.0_f32..0.5, both in any::<bool>(),
    ) {
        let mut raised = settings.clone();
        let own = raised.labels.get_mut(&Label::MUSIC).unwrap();
        if both {
            let threshold = own.open + open;
            raised.set_threshold(&Label::MUSIC, threshold);
        } else {
            own.open += open;
            own.close += close;
        }
        let (before, after) = (segment(&a, &settings), segment(&a, &raised));
        let before = frames_of(&before, &Label::MUSIC, a.frames());
        let after = frames_of(&after, &Label::MUSIC, a.frames());
        for t in 0..a.frames() {
            prop_assert!(before[t] || !after[t], "frame {t} was added");
        }
    }

    #[test]
    fn frame_by_frame_equals_whole_and_is_never_late(a in any_activity(), settings in any_settings()) {
        let whole = segment(&a, &settings);
        let mut segmenter = Segmenter::new(&a.labels, a.rate_hz, &settings);
        let delay = segmenter.delay_frames();
        let mut events = Vec::new();
        for t in 0..a.frames() {
            let told = events.len();
            segmenter.push(a.row(t), a.mean_square[t], &mut events);
            for event in &events[told..] {
                let at = match event { Event::Began { start_s, .. } => *start_s, Event::Ended(s) => s.end_s };
                let late_s = crate::FrameGrid::seconds(t as u64) - at;
                prop_assert!(late_s <= crate::FrameGrid::seconds(delay as u64) + 1e-9, "{late_s} s late");
            }
        }
        segmenter.finish(a.samples, &mut events);
        for label in &whole.labels {
            let of = |e: &&Event| match e { Event::Began { label: l, .. } => l == label, Event::Ended(s) => &s.label == label };
            let own: Vec<_> = events.iter().filter(of).collect();
            for pair in own.chunks(2) {
                let [Event::Began { start_s, .. }, Event::Ended(s)] = pair else { panic!("{pair:?}") };
                prop_assert_eq!(*start_s, s.start_s);
            }
        }
        let mut streamed: Timeline = Timeline {
            segments: events.into_iter().filter_map(Event::into_segment).collect(),
            duration_s: whole.duration_s,
            labels: whole.labels.clone(),
        };
        streamed.sort();
        prop_assert_eq!(streamed, whole);
    }

    #[test]
    fn the_chain_does_what_its_definition_says(a in any_activity(), settings in any_settings()) {
        let settings = TimelineSettings { refine_borders: false, exclusive: None, ..settings };
        let timeline = segment(&a, &settings);
        // Padding reaches into silence, so that of before is what counts.
        let mut unpadded = settings.clone();
        unpadded.labels.values_mut().for_each(|own| own.pad_ms = 0);
        let silent = frames_of(&segment(&a, &unpadded), &Label::SILENCE, a.frames());
        for (column, label) in a.labels.iter().enumerate() {
            let p: Vec<f32> = (0..a.frames()).map(|t| a.row(t)[column]).collect();
            prop_assert_eq!(frames_of(&timeline, label, a.frames()), by_definition(&p, settings.of(label), &silent));
        }
    }

    #[test]
    fn borders_move_only_within_the_window(a in any_activity(), settings in any_settings()) {
        // With nothing filled, dropped or silenced, each refined border lies near a border of the decision.
        let mut settings = TimelineSettings { silence_dbfs: -200.0, exclusive: None, refine_borders: false, ..settings };
        for own in settings.labels.values_mut() {
            (own.min_on_ms, own.min_gap_ms, own.pad_ms, own.max_ms) = (0, 0, 0, None);
        }
        let plain = segment(&a, &settings);
        let refined = segment(&a, &TimelineSettings { refine_borders: true, ..settings.clone() });
        let reach = f64::from(settings.refine_window_ms.div_ceil(10)) * 0.01 + 1e-9;
        for label in &a.labels {
            let plain = spans(&plain, label);
            for (start, end) in spans(&refined, label) {
                prop_assert!(plain.iter().any(|s| (s.0 - start).abs() <= reach));
                prop_assert!(plain.iter().any(|s| (s.1 - end).abs() <= reach));
            }
        }
    }
}
