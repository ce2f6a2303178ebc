//! Plots of every range are clean XML with all their parts, and become pictures.

use super::*;
use crate::FrameScores;
use crate::decide::{TimelineSettings, segment};
use crate::report::plot::{Envelope, EnvelopeBuilder, png};

/// A synthetic programme: music, speech over it, noise, silence.
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "small test signals")]
fn programme(seconds: usize) -> (FrameScores, Envelope) {
    let labels = vec![Label::SPEECH, Label::MUSIC, Label::NOISE];
    let mut activity = FrameScores::new(labels, 1_000);
    let mut wave = EnvelopeBuilder::new(1_000, 1);
    for frame in 0..seconds * 100 {
        let t = frame as f64 / 100.0 % 60.0;
        let wobble = ((frame as f64 * 0.7).sin() * 0.5 + (frame as f64 * 0.113).sin() * 0.5) as f32;
        let words = (t * 3.1).sin() > -0.8;
        let on = |yes: bool, p: f32| if yes { p + 0.08 * wobble } else { 0.06 + 0.05 * wobble.abs() };
        let (speech, music, noise) = ((8.0..31.0).contains(&t) && words, t < 22.0, (31.0..47.0).contains(&t));
        activity.probabilities.extend([on(speech, 0.9), on(music, 0.85), on(noise, 0.7)]);
        let level = if t >= 52.0 {
            0.0
        } else {
            0.03 + 0.25 * f32::from(u8::from(speech)) + 0.14 * f32::from(u8::from(music))
        };
        activity.mean_square.push(level * level);
        let block: Vec<f32> =
            (0..10_u8).map(|n| level * (1.3 + wobble) * (f32::from(n) * 1.9).sin()).collect();
        wave.push(&block);
    }
    activity.samples = seconds as u64 * 1_000;
    (activity, wave.finish())
}

fn drawn(seconds: usize, title: &str, options: &PlotOptions) -> String {
    let (activity, envelope) = programme(seconds);
    let timeline = segment(&activity, &TimelineSettings::default());
    let input =
        PlotInput { title, timeline: &timeline, envelope: Some(&envelope), activity: Some(&activity) };
    let svg = render(&input, options);
    roxmltree::Document::parse(&svg).unwrap_or_else(|e| panic!("{e}\n{svg}"));
    svg
}

#[test]
fn a_plot_has_all_its_parts() {
    let svg = drawn(60, "news <at> 10 & \"more\".wav", &PlotOptions::default());
    for part in
        ["news &lt;at&gt; 10 &amp; &quot;more&quot;.wav", ">speech<", "waveform", "min:s", ">0:30<", "1:00.0"]
    {
        assert!(svg.contains(part), "{part} is missing");
    }
    let document = roxmltree::Document::parse(&svg).unwrap();
    let bars = document.descendants().filter(|n| n.has_tag_name("title")).count() - 1;
    assert!(bars >= 5, "{bars} bars");
    let picture = png(&svg, 1.0).unwrap();
    assert_eq!(&picture[1..4], b"PNG");
    // For a look at it: EARMARK_PLOT_DIR=DIR cargo test plot
    if let Ok(folder) = std::env::var("EARMARK_PLOT_DIR") {
        std::fs::write(format!("{folder}/plot.svg"), &svg).unwrap();
        std::fs::write(format!("{folder}/plot.png"), &picture).unwrap();
        let hour = drawn(3_600, "an-hour.flac", &PlotOptions::default());
        std::fs::write(format!("{folder}/hour.png"), png(&hour, 1.0).unwrap()).unwrap();
        let (from_s, to_s) = (Some(6.5), Some(12.0));
        let zoom = PlotOptions { from_s, to_s, width: 900, height: Some(420) };
        let zoom = drawn(
            60,
            "a very long name of a file that never fits into the head of a small picture, whatever one does to it.wav",
            &zoom,
        );
        std::fs::write(format!("{folder}/zoom.png"), png(&zoom, 1.0).unwrap()).unwrap();
    }
}

#[test]
fn every_range_is_drawn() {
    let ranges = [
        (None, None),
        (Some(0.0), Some(0.3)),
        (Some(50.0), None),
        (Some(9.0), Some(9.0)),
        (Some(70.0), Some(1.0)),
        (Some(f64::NAN), Some(-1.0)),
    ];
    for (from_s, to_s) in ranges {
        let svg = drawn(60, "x", &PlotOptions { from_s, to_s, width: 640, height: Some(300) });
        assert!(!svg.contains("NaN") && !svg.contains("inf"), "{from_s:?} {to_s:?}");
        assert!(svg.len() < 400_000, "{} bytes", svg.len());
    }
    let hour = drawn(3_600, "hour", &PlotOptions::default());
    assert!(hour.contains("0:30:00") && hour.len() < 1_000_000, "{} bytes", hour.len());
}

#[test]
fn nothing_at_all_is_drawn_too() {
    let svg = drawn(0, "", &PlotOptions { width: 0, height: Some(0), ..PlotOptions::default() });
    assert!(!svg.contains("NaN") && png(&svg, 2.0).is_ok());
    let timeline = crate::decide::Timeline::default();
    let bare = render(
        &PlotInput { title: "\u{1}", timeline: &timeline, envelope: None, activity: None },
        &PlotOptions::default(),
    );
    assert!(png(&bare, 1.0).is_ok());
    assert!(png(&bare, 1e4).unwrap_err().to_string().contains("too large"));
    assert!(png("no picture", 1.0).is_err());
}
