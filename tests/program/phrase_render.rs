//! `earmark render --phrase`: as much off the air as `phrase mask` takes, and little else.

use std::path::Path;

use crate::phrase::{Bench, pack};
use crate::support::{code, ok, run, stderr};

fn samples(path: &Path) -> Vec<f32> {
    hound::WavReader::open(path).unwrap().samples::<f32>().map(|x| x.unwrap()).collect()
}

/// The first and the last sample that differ.
fn changed(before: &[f32], after: &[f32]) -> (usize, usize) {
    assert_eq!(before.len(), after.len());
    let differs = |(a, b): (&f32, &f32)| a.to_bits() != b.to_bits();
    let first = before.iter().zip(after).position(differs).expect("something differs");
    let last = before.iter().zip(after).rposition(differs).expect("something differs");
    (first, last)
}

#[test]
fn a_render_takes_out_what_a_mask_covers_and_a_tenth_of_a_second_more_at_most() {
    let bench = Bench::new();
    bench.enrol();
    let (mono, profiles, pack) = (bench.text("mono.wav"), bench.text("profiles"), pack());
    let original = samples(&bench.path("mono.wav"));
    let masked = bench.text("masked.wav");
    ok([
        "phrase",
        "mask",
        &mono,
        "-o",
        &masked,
        "--phrase",
        "hello",
        "--pack",
        &pack,
        "--profiles",
        &profiles,
    ]);
    let masked = samples(Path::new(&masked));
    let (first, last) = changed(&original, &masked);
    let tenth = usize::try_from(bench.rate_hz() / 10).unwrap();
    for preset in ["podcast", "interview", "broadcast-duck", "voice-over", "vocals"] {
        let rendered = bench.text(&format!("{preset}.wav"));
        let args =
            ["render", &mono, "-o", &rendered, "--preset", preset, "--phrase", "hello", "--bits", "float"];
        ok(args.into_iter().chain(["--phrase-pack", &pack, "--profiles", &profiles, "-q"]));
        let rendered = samples(Path::new(&rendered));
        let on_air = (first..=last).filter(|at| masked[*at] == 0.0 && rendered[*at] != 0.0).count();
        assert_eq!(on_air, 0, "{preset}: samples of what the mask covers");
        let (from, to) = changed(&original, &rendered);
        let (before, after) = (first.saturating_sub(from), to.saturating_sub(last));
        assert!(before <= tenth && after <= tenth, "{preset}: {before} samples before it, {after} after it");
    }
    // What a cut leaves of it, and all of one that is shorter than a pause may be, is silent.
    let cut = bench.text("cut.wav");
    let args = ["render", &mono, "-o", &cut, "--action", "cut", "--phrase", "hello", "--bits", "float"];
    ok(args.into_iter().chain(["--phrase-pack", &pack, "--profiles", &profiles, "-q"]));
    let cut = samples(Path::new(&cut));
    let (from, to) = (first + tenth / 10, cut.len() - (original.len() - last) - tenth / 10);
    assert!(cut[from..from + 2 * tenth].iter().chain(&cut[to - 2 * tenth..to]).all(|x| *x == 0.0));
}

#[test]
fn a_phrase_that_keep_does_not_name_is_refused() {
    let args = ["render", "in.wav", "-o", "out.wav", "--action", "mute", "--phrase", "a", "--phrase", "b"];
    for (keep, label) in [("speech", "phrase:a"), ("speech,phrase:a", "phrase:b")] {
        let output = run(args.into_iter().chain(["--keep", keep]));
        assert_eq!(code(&output), 2, "{keep}: {}", stderr(&output));
        let said = stderr(&output);
        assert!(
            said.contains(&format!("name {label} in --keep")) && said.contains("leave --keep out"),
            "{said}"
        );
    }
}
