//! The live engine with the shipped detector: its frames, its latency, and that it is ready when it says.

use std::sync::{Arc, LazyLock};

use earmark_core::audio::Source;
use earmark_core::detect::{DetectError, Detector, DetectorMode};
use earmark_core::gate::{Action, Envelope, GateSettings, MixSettings, Mixer, Rules};
use earmark_core::model::pack::{self, Pack};
use earmark_core::model::runtime::Runtime;
use earmark_core::realtime::{LatencyParts, LiveConfig, LiveFrame, LiveGate};

static EAR: LazyLock<Arc<Detector>> = LazyLock::new(|| {
    let runtime = Runtime::embedded().unwrap();
    Arc::new(Detector::load(&runtime, Pack::find(pack::LIVE).unwrap(), DetectorMode::LowLatency).unwrap())
});

static SWIFT: LazyLock<Arc<Detector>> = LazyLock::new(|| {
    let runtime = Runtime::embedded().unwrap();
    Arc::new(Detector::load(&runtime, Pack::find(pack::SWIFT).unwrap(), DetectorMode::LowLatency).unwrap())
});

const RATES_HZ: [u32; 6] = [44_100, 48_000, 88_200, 96_000, 176_400, 192_000];
const BLOCKS: [usize; 6] = [1, 7, 64, 480, 1_024, 8_192];

/// Noise that swells and fades several times a second.
fn sound(samples: usize, rate_hz: u32) -> Vec<f32> {
    let mut state = 99_u32;
    (0..u32::try_from(samples).unwrap())
        .map(|index| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise =
                f32::from(i16::from_be_bytes([state.to_be_bytes()[0], state.to_be_bytes()[1]])) / 32_768.0;
            let phase = f64::from(index) / f64::from(rate_hz) * 3.0;
            #[expect(clippy::cast_possible_truncation, reason = "a test signal")]
            let swell = (phase * std::f64::consts::TAU).sin().max(0.0) as f32;
            0.3 * noise * swell + 0.001
        })
        .collect()
}

#[test]
fn an_impulse_comes_out_after_the_latency_at_every_rate_and_block() {
    let keep_all = GateSettings {
        rules: Rules { otherwise: Action::Keep, ..Rules::default() },
        ..GateSettings::default()
    };
    for rate_hz in RATES_HZ {
        for block in BLOCKS {
            let config = LiveConfig {
                rate_hz: f64::from(rate_hz),
                max_block_samples: block,
                channels: 1,
                ..LiveConfig::default()
            };
            let mut gate = LiveGate::new(Arc::clone(&EAR), &keep_all, &config).unwrap();
            let latency = gate.latency_samples() as usize;
            let at = 1_000 + block / 2;
            let mut audio = vec![0.0; at + latency + 2_000];
            audio[at] = 0.75;
            let mut mixer = Mixer::new(&MixSettings::default(), config.rate_hz);
            for chunk in audio.chunks_mut(block) {
                gate.process_and_mix(&mut [chunk], None, true, &mut mixer, &mut |_| {});
            }
            let loud: Vec<usize> = (0..audio.len()).filter(|index| audio[*index] != 0.0).collect();
            assert_eq!(loud, [at + latency], "{rate_hz} Hz, blocks of {block}");
            assert_eq!(audio[at + latency], 0.75);
            assert_eq!(u64::from(gate.latency_samples()), gate.latency_parts().total());
        }
    }
}

#[test]
fn a_frame_is_heard_exactly_as_late_as_the_latency_says() {
    heard_as_late_as_told(&EAR);
    heard_as_late_as_told(&SWIFT);
}

fn heard_as_late_as_told(ear: &Arc<Detector>) {
    let manifest = ear.pack().manifest();
    for rate_hz in [1_000, 11_025, 16_000, 44_100, 48_000, 96_000, 192_000, 44_056] {
        let hearing = LatencyParts::new(manifest, rate_hz, &LiveConfig::default()).unwrap().hearing;
        let mut stream = ear.stream(rate_hz, 1).unwrap();
        let mut heard = stream.scores();
        let samples = sound((rate_hz as usize).min(40_000).max(rate_hz as usize / 2), rate_hz);
        let (mut seen, mut latest) = (0, 0);
        for (count, sample) in (1_u64..).zip(&samples) {
            stream.push(std::slice::from_ref(sample), &mut heard).unwrap();
            while seen < heard.frames() as u64 {
                let start = seen * u64::from(rate_hz) / 100;
                latest = latest.max(count - start);
                seen += 1;
            }
        }
        assert!(seen > 20, "{rate_hz}");
        assert!(latest <= hearing, "{rate_hz} Hz: {latest} samples, {hearing} told");
        // All phases of frames, calls and filter come by only in a long stretch: a sample may be left over.
        assert!(latest + 1 >= hearing, "{rate_hz} Hz: {latest} samples, {hearing} told");
    }
}

/// For monitoring: without lookahead, in short blocks.
#[test]
fn swift_costs_thirty_milliseconds_at_most() {
    let page = include_str!("../../docs/latency.md");
    let mut missing = Vec::new();
    for rate_hz in RATES_HZ {
        let config = LiveConfig { max_block_samples: 64, lookahead_ms: 0.0, ..LiveConfig::default() };
        let parts = LatencyParts::new(SWIFT.pack().manifest(), rate_hz, &config).unwrap();
        let ms = |samples: u64| 1e3 * f64::from(u32::try_from(samples).unwrap()) / f64::from(rate_hz);
        assert!(ms(parts.total()) <= 30.0, "{rate_hz} Hz: {:.1} ms", ms(parts.total()));
        assert!((ms(parts.budget) - 5.0).abs() < 0.05, "the worker has 5 ms");
        let (hearing, budget, total) = (parts.hearing, parts.budget, parts.total());
        let row = format!("| {rate_hz} | {hearing} | 63 | {budget} | {total} ({:.1} ms) |", ms(total));
        if !page.contains(&row) {
            missing.push(row);
        }
    }
    assert!(missing.is_empty(), "the page lacks\n{}", missing.join("\n"));
}

/// In real time a frame's samples are all there a whole budget before the block in which it is due: whatever the blocks.
#[test]
fn the_latency_leaves_the_budget_at_any_block_size() {
    let manifest = EAR.pack().manifest();
    for rate_hz in RATES_HZ {
        for block in BLOCKS.map(|block| block as u64) {
            let config =
                LiveConfig { max_block_samples: usize::try_from(block).unwrap(), ..LiveConfig::default() };
            let parts = LatencyParts::new(manifest, rate_hz, &config).unwrap();
            for frame in 0..400_u64 {
                let start = frame * u64::from(rate_hz) / 100;
                // Number of the block that brings the last sample needed, and of the one that gives the first sample out.
                let brings = (start + parts.hearing - 1) / block;
                let needs = (start.saturating_sub(parts.lookahead) + parts.total()) / block;
                assert!(
                    needs * block >= brings * block + parts.budget,
                    "{rate_hz} Hz, {block}, frame {frame}"
                );
            }
        }
    }
}

#[test]
fn frames_are_those_of_a_listener_and_ten_runs_give_the_same_bytes() {
    let (rate_hz, channels) = (48_000, 2);
    let left = sound(96_000, rate_hz);
    let right: Vec<f32> = left.iter().rev().copied().collect();
    let mut stream = EAR.stream(rate_hz, channels).unwrap();
    let mut heard = stream.scores();
    let interleaved: Vec<f32> = left.iter().zip(&right).flat_map(|(l, r)| [*l, *r]).collect();
    stream.push(&interleaved, &mut heard).unwrap();

    let settings = GateSettings {
        envelope: Envelope { hold_ms: 0.0, ..Envelope::default() },
        ..GateSettings::default()
    };
    let mut first: Option<(Vec<u32>, Vec<LiveFrame>)> = None;
    for block in [512, 1, 7, 64, 480, 1_024, 8_192, 512, 333, 512] {
        let config = LiveConfig { max_block_samples: 512, ..LiveConfig::default() };
        let mut gate = LiveGate::new(Arc::clone(&EAR), &settings, &config).unwrap();
        let mut mixer = Mixer::new(&MixSettings::default(), config.rate_hz);
        let (mut l, mut r) = (left.clone(), right.clone());
        let mut frames = Vec::new();
        for (l, r) in l.chunks_mut(block).zip(r.chunks_mut(block)) {
            gate.process_and_mix(&mut [l, r], None, true, &mut mixer, &mut |frame| {
                frames.push(LiveFrame { offset_in_block: 0, ..frame });
            });
        }
        assert_eq!(gate.status().underruns, 0);
        for (frame, row) in frames.iter().zip(0..heard.frames()) {
            assert_eq!(&frame.scored.scores[..heard.labels.len()], heard.row(row), "frame {row}");
            assert_eq!(frame.scored.mean_square.to_bits(), heard.mean_square[row].to_bits());
            assert_eq!(frame.level_dbfs, heard.level_dbfs(row));
        }
        assert!(frames.len() > 150);
        let bits: Vec<u32> = l.iter().chain(&r).map(|x| x.to_bits()).collect();
        match &first {
            None => first = Some((bits, frames)),
            Some((first_bits, first_frames)) => {
                assert!(*first_bits == bits, "blocks of {block}");
                assert_eq!(first_frames, &frames, "blocks of {block}");
            }
        }
    }
}

#[test]
fn a_rate_that_cannot_be_heard_passes_and_says_so() {
    let config = LiveConfig { rate_hz: 1_234_567.8, ..LiveConfig::default() };
    let gate = LiveGate::new(Arc::clone(&EAR), &GateSettings::default(), &config).unwrap();
    assert!(gate.monitor().problem().unwrap().contains("1234567.8 Hz"));
    let config = LiveConfig { rate_hz: 1_234.5, ..LiveConfig::default() };
    let gate = LiveGate::new(Arc::clone(&EAR), &GateSettings::default(), &config).unwrap();
    assert_eq!(gate.monitor().problem(), None);
}

#[test]
fn the_page_about_the_latency_tells_the_truth() {
    let page = include_str!("../../docs/latency.md");
    let manifest = EAR.pack().manifest();
    for rate_hz in RATES_HZ {
        let parts = |block| {
            let config = LiveConfig { max_block_samples: block, ..LiveConfig::default() };
            LatencyParts::new(manifest, rate_hz, &config).unwrap()
        };
        let ms = |samples: u64| f64::from(u32::try_from(samples).unwrap()) / f64::from(rate_hz) * 1e3;
        let (one, many) = (parts(1), parts(512));
        let row = format!(
            "| {rate_hz} | {} | {} | {} | {} ({:.1} ms) | {} ({:.1} ms) |",
            one.lookahead,
            one.hearing,
            one.budget,
            one.total(),
            ms(one.total()),
            many.total(),
            ms(many.total()),
        );
        assert!(page.contains(&row), "the page lacks {row}");
    }
}

/// To the last frame, which a file cuts off and a host fills up with silence.
#[test]
fn a_file_is_heard_as_the_gate_hears_it() {
    let rate_hz = 44_100;
    let samples = sound(44_100 * 2 + 5_000 + 123, rate_hz);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cut.wav");
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate_hz,
        bits_per_sample: 32,
        sample_format: hound::SampleFormat::Float,
    };
    let mut writer = hound::WavWriter::create(&path, spec).unwrap();
    samples.iter().for_each(|sample| writer.write_sample(*sample).unwrap());
    writer.finalize().unwrap();
    let open = || Source::open(&path).unwrap();
    let heard = EAR.detect_as_live::<DetectError>(&mut open(), |_| Ok(())).unwrap();
    assert_eq!((heard.samples, heard.frames()), (samples.len() as u64, 212));

    let config = LiveConfig { rate_hz: f64::from(rate_hz), channels: 1, ..LiveConfig::default() };
    let mut gate = LiveGate::new(Arc::clone(&EAR), &GateSettings::default(), &config).unwrap();
    let mut audio = samples.clone();
    audio.resize(samples.len() + gate.latency_samples() as usize, 0.0);
    let mut frames = Vec::new();
    gate.process(&mut [&mut audio], None, true, &mut |frame| frames.push(frame));
    assert_eq!(frames.len(), heard.frames());
    for (row, frame) in frames.iter().enumerate() {
        assert_eq!(&frame.scored.scores[..heard.labels.len()], heard.row(row), "frame {row}");
        assert_eq!(frame.scored.mean_square.to_bits(), heard.mean_square[row].to_bits(), "frame {row}");
    }
    // A file that is closed off at its end is another thing: that is why `Detector::detect_as_live` is there.
    let closed = EAR.detect::<DetectError>(&mut open(), |_| Ok(())).unwrap();
    assert_eq!(closed.frames(), heard.frames());
    assert_ne!(closed.mean_square, heard.mean_square);
}
