use std::fs::File;
use std::path::Path;

use super::*;
use crate::gate::{CutSettings, Fade, Rules, spans_at_full_gain};
use crate::render::Metadata;

const FORMAT: StreamFormat = StreamFormat { rate_hz: 8_000, channels: 2, bits: 24, float: false };

fn noise(frames: i32) -> Vec<f32> {
    let mut state = 1_u32;
    let mut next = move |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        ((state >> 8) as f32 - 8_388_608.0) / 8_388_608.0
    };
    (0..2 * frames).map(&mut next).collect()
}

fn edges() -> Vec<GainEvent> {
    let closed = Target::fixed(1, -30.0);
    let open = Target::fixed(0, 0.0);
    let at = [(0, closed), (8_000, open), (20_000, closed), (60_000, open), (70_000, closed)];
    at.map(|(at, target)| GainEvent { at, target }).to_vec()
}

fn spec(cut: Option<CutPlan>) -> RenderSpec {
    RenderSpec {
        source: FORMAT,
        output: FORMAT,
        dither: Dither::Triangular,
        gate: GateSettings::default(),
        rest: Target::fixed(1, -30.0),
        edges: edges(),
        cut,
        measure_loudness: true,
        beep: false,
    }
}

fn render(folder: &Path, spec: &RenderSpec, samples: &[f32], block: usize) -> (Vec<u8>, Vec<u8>, Summary) {
    let [result, removed] = ["result.wav", "removed.wav"].map(|name| folder.join(name));
    let out = |path: &Path| {
        let file = File::create(path).expect("writable");
        AudioOut::file(path, file, spec.output, &Metadata::default(), None).expect("fits")
    };
    let mut renderer = Renderer::new(spec.clone(), Some(out(&result)), Some(out(&removed))).expect("valid");
    samples.chunks(2 * block).for_each(|piece| renderer.push(piece).expect("writable"));
    let summary = renderer.finish().expect("writable");
    (std::fs::read(result).expect("there"), std::fs::read(removed).expect("there"), summary)
}

fn integers(bytes: &[u8]) -> Vec<i32> {
    let mut reader = hound::WavReader::new(bytes).expect("valid");
    reader.samples::<i32>().map(|sample| sample.expect("valid")).collect()
}

#[test]
fn what_is_kept_is_exact_and_nothing_is_lost() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let samples = noise(80_000);
    let (result, removed, summary) = render(folder.path(), &spec(None), &samples, 8_192);
    let (out, gone) = (integers(&result), integers(&removed));
    let source: Vec<i32> = samples.iter().map(|s| (s * 8_388_608.0) as i32).collect();
    for (index, ((source, out), gone)) in source.iter().zip(&out).zip(&gone).enumerate() {
        assert_eq!(*source, out + gone, "sample {index}: input is output and removed");
    }
    assert_eq!(source[2 * 8_000..2 * 21_600], out[2 * 8_000..2 * 21_600], "bit for bit, hold included");
    let loud = |samples: &[i32]| samples.iter().map(|s| s.unsigned_abs()).max().expect("some");
    assert!(loud(&out[2 * 30_000..2 * 50_000]) <= 265_280, "30 dB down: 2^23 · 10^(−30/20), and the dither");
    assert_eq!(summary.gain.max_reduction_db.round(), 30.0);
    assert_eq!((summary.source_s, summary.output_s, summary.clipped_samples), (10.0, 10.0, 0));
    let (before, after) =
        (summary.loudness_before.expect("measured"), summary.loudness_after.expect("measured"));
    assert!(before.integrated_lufs.expect("loud") > after.integrated_lufs.expect("loud") - 0.5);
    assert!(serde_json::to_string(&summary).expect("plain data").contains("\"max_reduction_db\":"));
    for block in [1, 1_000, 80_000] {
        let again = render(folder.path(), &spec(None), &samples, block);
        assert!(again.0 == result && again.1 == removed, "block {block}");
    }
}

#[test]
fn a_cut_writes_what_the_plan_says() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let samples = noise(80_000);
    let settings =
        CutSettings { max_pause_ms: 500.0, pad_ms: 100.0, crossfade_ms: 20.0, fade: Fade::EqualPower };
    let plan = CutPlan::new(spans_at_full_gain(&edges(), 80_000), &settings, 8_000, 80_000).expect("valid");
    let gate = GateSettings { rules: Rules { range_db: 0.0, ..Rules::default() }, ..GateSettings::default() };
    let mut spec = RenderSpec { gate, ..spec(Some(plan.clone())) };
    spec.edges.clear();
    spec.rest = crate::gate::RuleSet::unity();
    let (result, removed, summary) = render(folder.path(), &spec, &samples, 777);
    let (out, gone) = (integers(&result), integers(&removed));
    assert_eq!(out.len() as u64, 2 * plan.out_samples());
    assert_eq!(gone.len(), samples.len());
    assert!(summary.saved_s > 4.0 && (summary.source_s - summary.output_s - summary.saved_s).abs() < 1e-9);
    for at in 8_000..20_000_usize {
        let to = usize::try_from(plan.out_position(at as u64).expect("kept")).expect("small");
        assert_eq!((samples[2 * at] * 8_388_608.0) as i32, out[2 * to]);
        assert_eq!(gone[2 * at], 0);
    }
    assert_eq!(
        gone[2 * 40_000],
        (samples[2 * 40_000] * 8_388_608.0) as i32,
        "what is cut out is removed as a whole"
    );
    assert!(
        crate::render::ListFormat::Audacity.write(&summary.edits, "talk.wav".as_ref(), None).contains("cut ")
    );
}

#[test]
fn flac_and_wav_have_the_same_samples() {
    let folder = tempfile::tempdir().expect("temporary folder");
    let path = folder.path().join("a.flac");
    let samples = noise(20_000);
    let file = File::create(&path).expect("writable");
    let out = AudioOut::file(&path, file, FORMAT, &Metadata::default(), None).expect("fits");
    let mut renderer = Renderer::new(spec(None), Some(out), None).expect("valid");
    renderer.push(&samples).expect("writable");
    renderer.finish().expect("writable");
    let mut reader =
        flac_codec::decode::FlacSampleReader::new(File::open(&path).expect("there")).expect("valid");
    let mut decoded = Vec::new();
    reader.read_to_end(&mut decoded).expect("valid");
    assert_eq!(decoded, integers(&render(folder.path(), &spec(None), &samples, 512).0));
}

#[cfg(target_os = "linux")]
#[test]
fn it_is_told_which_of_two_outputs_has_no_room() {
    let folder = tempfile::tempdir().expect("temporary folder");
    // Far more than what is buffered, so that writing itself fails, and so little that only completing does.
    for samples in [noise(400_000), noise(100)] {
        let outcome = |full: &str| {
            let out = |name: &str| {
                let path = folder.path().join(name);
                let place = if name == full { "/dev/full".as_ref() } else { path.as_path() };
                let file = File::create(place).expect("writable");
                AudioOut::file(&path, file, FORMAT, &Metadata::default(), None).expect("fits")
            };
            let mut renderer =
                Renderer::new(spec(None), Some(out("result.wav")), Some(out("removed.wav"))).expect("valid");
            let pushed = samples.chunks(2 * 8_192).try_for_each(|piece| renderer.push(piece));
            pushed.and_then(|()| renderer.finish())
        };
        assert!(matches!(outcome("result.wav"), Err(RenderError::DiskFull)));
        let of_removed = outcome("removed.wav").expect_err("no room");
        assert!(matches!(&of_removed, RenderError::Removed(why) if matches!(**why, RenderError::DiskFull)));
        assert!(of_removed.to_string().contains("the disk is full"), "{of_removed}");
    }
}
