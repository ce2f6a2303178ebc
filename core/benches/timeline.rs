//! An hour of activity: to segments, to a label file, to a picture.

#![expect(missing_docs, reason = "criterion's macros make functions without documentation")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use earmark_core::decide::{TimelineSettings, segment};
use earmark_core::report::plot::{EnvelopeBuilder, PlotInput, PlotOptions, png, render};
use earmark_core::report::{Format, Report};
use earmark_core::{FrameScores, Label};

/// Seconds of the source.
const SECONDS: u16 = 3_600;

/// Labels that come and go every few seconds, over a level that moves with them.
fn hour() -> FrameScores {
    let mut activity = FrameScores::new(vec![Label::SPEECH, Label::MUSIC, Label::NOISE], 48_000);
    for second in 0..SECONDS {
        for frame in 0..100_u16 {
            let t = f32::from(second) + f32::from(frame) / 100.0;
            let speech = 0.5 + 0.5 * (t * 1.7).sin();
            activity.probabilities.extend([speech, 0.5 + 0.5 * (t * 0.2).sin(), 0.5 + 0.4 * (t * 5.0).cos()]);
            activity.mean_square.push(0.1 * speech * speech);
        }
    }
    activity.samples = u64::from(SECONDS) * 48_000;
    activity
}

fn timeline(c: &mut Criterion) {
    let activity = hour();
    let settings = TimelineSettings::default();
    c.bench_function("segment an hour", |b| b.iter(|| segment(black_box(&activity), &settings)));
    let plain = TimelineSettings { refine_borders: false, ..settings.clone() };
    c.bench_function("segment an hour, borders unrefined", |b| {
        b.iter(|| segment(black_box(&activity), &plain))
    });

    let report = Report::new("hour.wav", segment(&activity, &settings));
    c.bench_function("write an hour as csv", |b| {
        b.iter(|| Format::Csv.write(black_box(&report), &mut std::io::sink()));
    });
    let mut envelope = EnvelopeBuilder::new(100, 1);
    activity.mean_square.iter().for_each(|m| envelope.push(&[m.sqrt()]));
    let envelope = envelope.finish();
    let input = PlotInput {
        title: "hour.wav",
        timeline: &report.timeline,
        envelope: Some(&envelope),
        activity: Some(&activity),
    };
    c.bench_function("draw an hour as svg", |b| {
        b.iter(|| render(black_box(&input), &PlotOptions::default()))
    });
    let svg = render(&input, &PlotOptions::default());
    c.bench_function("svg to png", |b| b.iter(|| png(black_box(&svg), 1.0)));
}

criterion_group!(benches, timeline);
criterion_main!(benches);
