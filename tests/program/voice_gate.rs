//! Gates that open for an enrolled voice, on files and on streams.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support::{code, programme, run, stderr};
use crate::voice::{FAREWELL, MARKET, Place, RATE_HZ, WELCOME, good};

#[test]
fn a_gate_needs_rules_about_speech_and_a_voice_that_is_there() {
    let place = Place::with_fixture();
    good(&place.enrol("anna", &[]));
    let (out, profiles) = (place.path("out.wav"), place.path("profiles"));
    let input = programme().display().to_string();
    let render = |more: &[&str]| {
        let mut args =
            vec!["render", &input, "-o", &out, "--profiles", &profiles, "--voice-pack", &place.pack];
        args.extend(more);
        run(args)
    };
    let told = render(&["--voice", "anna", "--keep", "music"]);
    assert!(code(&told) == 2 && stderr(&told).contains("speech"), "{}", stderr(&told));
    let told = render(&["--voice", "ben"]);
    assert!(code(&told) == 1 && stderr(&told).contains("enrolled are anna"), "{}", stderr(&told));
    let labels = place.path("labels.csv");
    good(&render(&["--voice", "anna", "--labels", &labels]));
    assert!(fs::read_to_string(labels).unwrap().contains("voice:anna"));
}

/// The live gate of a stream is that of a render as live, to the bit, and its voice is told.
#[test]
fn a_stream_gates_and_tells_a_voice_as_a_live_render_does() {
    let place = Place::with_fixture();
    good(&place.enrol("anna", &[]));
    let (rendered, events, profiles) = (place.path("live.wav"), place.path("events"), place.path("profiles"));
    let input = programme().display().to_string();
    let follow = ["--voice", "anna", "--profiles", &profiles, "--voice-pack", &place.pack];
    let render = ["render", &input, "-o", &rendered, "--live", "--bits", "float"];
    good(&run(render.iter().chain(&follow)));
    let stream = ["stream", &input, "--through", "gate", "--bits", "float", "--events", &events];
    let through = run(stream.iter().chain(&follow));
    assert!(through.status.success(), "{}", stderr(&through));
    let data = through.stdout.windows(4).position(|name| name == b"data").expect("a data chunk") + 8;
    let gated: Vec<f32> =
        through.stdout[data..].as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
    let rendered: Vec<f32> =
        hound::WavReader::open(&rendered).unwrap().into_samples().collect::<Result<_, _>>().unwrap();
    let late = gated.len() - rendered.len();
    assert!(late > 0 && gated[late..] == rendered[..], "late by {late}");
    let events = fs::read_to_string(events).unwrap();
    let mut lines = events.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    assert!(lines.next().unwrap()["labels"].as_array().unwrap().contains(&"voice:anna".into()), "{events}");
    assert!(lines.any(|line| line["type"] == "onset" && line["label"] == "voice:anna"), "{events}");
}

#[test]
fn only_the_owner_passes_the_gate() {
    let Some(place) = Place::with_shipped() else { return };
    good(&place.enrol("anna", &[]));
    let (input, profiles) = (programme().display().to_string(), place.path("profiles"));
    for live in [false, true] {
        let out = place.path(if live { "live.wav" } else { "file.wav" });
        let mut args = vec!["render", &input, "-o", &out, "--voice", "anna", "--profiles", &profiles];
        args.extend(live.then_some("--live"));
        good(&run(args));
        let power = |path: &str, (from_s, to_s): (f64, f64)| -> f64 {
            let samples = earmark_core::audio::read_mono(Path::new(path), RATE_HZ).unwrap();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "seconds of a programme"
            )]
            let at = |s: f64| (s * f64::from(RATE_HZ)) as usize;
            samples[at(from_s)..at(to_s)].iter().map(|s| f64::from(*s).powi(2)).sum()
        };
        let kept = |part| 10.0 * (power(&out, part) / power(&input, part)).log10();
        assert!(
            kept(WELCOME) > -1.0 && kept(FAREWELL) > -1.0,
            "live {live}: {} {}",
            kept(WELCOME),
            kept(FAREWELL)
        );
        // Live the first 800 ms of a turn may pass.
        let later = (MARKET.0 + 1.2, MARKET.1);
        assert!(kept(later) < -15.0, "live {live}: {}", kept(later));
    }
}
