//! `earmark render --live`: what it writes is what the engine of the plugin gives.

use std::fs;
use std::path::Path;

use crate::required::required;
use crate::support::{ok, programme, stderr, workspace, write_wav};

fn text(path: &Path) -> &str {
    path.to_str().expect("a test's path is text")
}

#[test]
fn live_opens_no_earlier_than_its_lookahead() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("live.wav");
    ok(["render", text(&programme()), "-o", text(&out), "--live", "--lookahead-ms", "20", "--bits", "16"]);
    let again = dir.path().join("again.wav");
    ok(["render", text(&programme()), "-o", text(&again), "--live", "--lookahead-ms", "20", "--bits", "16"]);
    assert_eq!(fs::read(out).unwrap(), fs::read(again).unwrap());
}

#[test]
fn live_gives_what_the_live_engine_gives() {
    live_gives_what_the_engine_gives(false, None);
}

#[test]
fn adaptive_live_gives_what_the_adaptive_engine_gives() {
    live_gives_what_the_engine_gives(true, None);
}

#[test]
fn live_above_a_level_gives_what_the_engine_gives_above_it() {
    live_gives_what_the_engine_gives(false, Some(-25.0));
}

fn live_gives_what_the_engine_gives(adaptive: bool, open_above_dbfs: Option<f32>) {
    use earmark_core::audio::read_mono;
    use earmark_core::detect::{Detector, DetectorMode};
    use earmark_core::gate::{MixSettings, Mixer, load_preset};
    use earmark_core::model::pack::{LIVE, NOISE, Pack};
    use earmark_core::model::runtime::Runtime;
    use earmark_core::noise::SnrEstimator;
    use earmark_core::realtime::{LiveConfig, LiveGate};

    let dir = tempfile::tempdir().unwrap();
    let (input, output) = (dir.path().join("in.wav"), dir.path().join("out.wav"));
    // Not a whole number of frames, and cut off where it is loud: the end is as in a host.
    let mut left = read_mono(&programme(), 44_100).unwrap();
    let loudest =
        (left.len() / 2..left.len()).max_by(|a, b| left[*a].abs().total_cmp(&left[*b].abs())).unwrap();
    left.truncate(loudest + 1);
    let right: Vec<f32> = left.iter().map(|x| 0.5 * x).collect();
    let stereo: Vec<f32> = left.iter().zip(&right).flat_map(|(l, r)| [*l, *r]).collect();
    write_wav(&input, 44_100, 2, &stereo);
    let read =
        || -> Vec<f32> { hound::WavReader::open(&output).unwrap().samples().map(Result::unwrap).collect() };
    let render = |more: &[String]| {
        let plain = ["render", text(&input), "-o", text(&output), "--live", "--preset", "podcast"];
        ok(plain.into_iter().chain(more.iter().map(String::as_str)));
        let samples = read();
        fs::remove_file(&output).unwrap();
        samples
    };
    let level = open_above_dbfs.map(|level_dbfs| format!("--open-above-dbfs={level_dbfs}"));
    let more: Vec<String> = adaptive.then(|| "--adaptive".to_owned()).into_iter().chain(level).collect();
    let rendered = render(&more);
    if !more.is_empty() {
        assert_ne!(rendered, render(&[]), "{more:?} does something");
    }

    let mut settings = load_preset("podcast").unwrap().gate;
    settings.thresholds.open_above_dbfs = open_above_dbfs;
    let runtime = Runtime::embedded().unwrap();
    let ear = std::sync::Arc::new(
        Detector::load(&runtime, Pack::find(LIVE).unwrap(), DetectorMode::LowLatency).unwrap(),
    );
    let gauge = adaptive
        .then(|| SnrEstimator::load(&runtime, Pack::find(NOISE).unwrap(), DetectorMode::LowLatency).unwrap());
    let gauge = gauge.map(std::sync::Arc::new);
    for block in [4_096, 441, 64] {
        let config = LiveConfig {
            rate_hz: 44_100.0,
            lookahead_ms: settings.envelope.lookahead_ms,
            max_block_samples: 512,
            ..LiveConfig::default()
        };
        let ear = std::sync::Arc::clone(&ear);
        let gate = match &gauge {
            None => LiveGate::new(ear, &settings, &config),
            Some(gauge) => LiveGate::adaptive(ear, std::sync::Arc::clone(gauge), &settings, &config),
        };
        let mut gate = gate.unwrap();
        let latency = gate.latency_samples() as usize;
        let mut mixer = Mixer::new(&MixSettings::default(), config.rate_hz);
        let mut planes = [left.clone(), right.clone()];
        planes.iter_mut().for_each(|plane| plane.resize(left.len() + latency, 0.0));
        let [l, r] = &mut planes;
        for (l, r) in l.chunks_mut(block).zip(r.chunks_mut(block)) {
            gate.process_and_mix(&mut [l, r], None, true, &mut mixer, &mut |_| {});
        }
        let live: Vec<u32> =
            l[latency..].iter().zip(&r[latency..]).flat_map(|(l, r)| [l.to_bits(), r.to_bits()]).collect();
        let from_file: Vec<u32> = rendered.iter().map(|x| x.to_bits()).collect();
        assert_eq!(from_file.len(), stereo.len());
        let differ = live.iter().zip(&from_file).position(|(a, b)| a != b);
        assert_eq!(differ, None, "blocks of {block}");
        assert_ne!(rendered, stereo, "the gate does something");
    }
}

#[test]
fn a_gate_in_numpy_gives_the_same_samples() {
    // A Python with tests/requirements.txt.
    let Some(python) = required("EARMARK_TEST_HOSTS") else { return };
    let judge = workspace().join("tests/fixtures/gate/judge.py");
    let output = std::process::Command::new(python)
        .args([judge.as_os_str(), env!("CARGO_BIN_EXE_earmark").as_ref(), programme().as_os_str()])
        .output()
        .expect("Python starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", stderr(&output));
    println!("{said}");
}
