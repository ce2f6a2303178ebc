//! Where playback starts must not matter.

use crate::host::Hosted;
use crate::sound::programme;

/// Gain by frames of 10 ms: out over in, dB, of the loudest sample; none where the input is too soft to tell.
fn gains_db(input: &[f32], output: &[f32], rate_hz: u32) -> Vec<Option<f32>> {
    let frame = rate_hz as usize / 100;
    let peak = |part: &[f32]| part.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    input
        .chunks_exact(frame)
        .zip(output.chunks_exact(frame))
        .map(|(input, output)| {
            (peak(input) > 1e-4).then(|| 20.0 * (peak(output) / peak(input)).max(1e-6).log10())
        })
        .collect()
}

/// Plays `song` from `start` on, with a transport; gives what comes out for its samples from there.
fn play(song: &[f32], start: usize, rate_hz: u32, block: usize) -> Vec<f32> {
    let mut hosted = Hosted::offline_mono();
    let mut running = hosted.activate(f64::from(rate_hz), block);
    let latency = hosted.latency();
    running.playing_from = Some(i64::try_from(start).expect("small"));
    let mut input = song[start..].to_vec();
    input.extend(vec![0.0; latency]);
    let mut out = running.render(&[input], None, &[], block).sound.remove(0);
    hosted.deactivate(running);
    out.drain(..latency);
    out
}

fn differing(one: &[Option<f32>], other: &[Option<f32>]) -> (usize, usize) {
    let both = one.iter().zip(other).filter_map(|(a, b)| Some(((*a)?, (*b)?)));
    let apart = both.clone().filter(|(a, b)| (a - b).abs() > 3.0).count();
    (apart, both.count())
}

/// Once with silence of 240 samples before it, one frame in ten of the same sound had another gain, and exports of the
/// same region differed.
#[test]
fn the_same_region_sounds_the_same_from_any_start() {
    let (rate_hz, song) = programme();
    let whole = play(&song, 0, rate_hz, 512);
    let settled = 3 * rate_hz as usize;
    for (start, block) in
        [(1, 512), (100, 64), (240, 1_024), (480, 512), (1_920, 4_096), (48_000, 37), (123_457, 512)]
    {
        let part = play(&song, start, rate_hz, block);
        // On whole frames of the song.
        let from = (start + settled).next_multiple_of(rate_hz as usize / 100);
        let expected = gains_db(&song[from..], &whole[from..], rate_hz);
        let got = gains_db(&song[from..], &part[from - start..], rate_hz);
        let (apart, of) = differing(&expected, &got);
        assert!(of > 1_000 && 200 * apart <= of, "from sample {start}: {apart} of {of} frames");
    }
}

/// A host that has run for a while, stopped anywhere, and exports: three times the same bytes.
#[test]
fn exports_do_not_depend_on_what_was_played_before() {
    let (rate_hz, song) = programme();
    let region = &song[96_000..96_000 + 8 * rate_hz as usize];
    let mut exports = Vec::new();
    for (before, block) in [(0, 512), (7_001, 512), (31_337, 512), (31_337, 64)] {
        let mut hosted = Hosted::offline_mono();
        // The longest block that is announced is the same: it is part of the latency.
        let mut running = hosted.activate(f64::from(rate_hz), 512);
        let latency = hosted.latency();
        running.playing_from = Some(1_234);
        running.render(&[song[..before].to_vec()], None, &[], block);
        // It stands still, as long as it likes.
        running.playing_from = None;
        running.render(&[vec![0.0; 100_000 + before]], None, &[], block);
        running.playing_from = Some(96_000);
        let mut input = region.to_vec();
        input.extend(vec![0.0; latency]);
        let mut out = running.render(&[input], None, &[], block).sound.remove(0);
        hosted.deactivate(running);
        out.drain(..latency);
        exports.push(out);
    }
    for export in &exports[1..] {
        let differ = export.iter().zip(&exports[0]).filter(|(a, b)| a.to_bits() != b.to_bits()).count();
        assert_eq!(differ, 0, "of {} samples", region.len());
    }
}

/// A loop: nothing of its end is lost when the playhead jumps back, and each turn sounds like the one before.
#[test]
fn every_turn_of_a_loop_is_whole() {
    let (rate_hz, song) = programme();
    let turn = &song[48_000..48_000 + 4 * rate_hz as usize];
    let mut hosted = Hosted::offline_mono();
    let mut running = hosted.activate(f64::from(rate_hz), 512);
    let latency = hosted.latency();
    let mut out = Vec::new();
    for _ in 0..3 {
        running.playing_from = Some(48_000);
        out.extend(running.render(&[turn.to_vec()], None, &[], 512).sound.remove(0));
    }
    running.playing_from = None;
    out.extend(running.render(&[vec![0.0; latency]], None, &[], 512).sound.remove(0));
    hosted.deactivate(running);
    out.drain(..latency);
    let turns: Vec<&[f32]> = out.chunks_exact(turn.len()).collect();
    assert_eq!(turns.len(), 3);
    let settled = 3 * rate_hz as usize / 2;
    assert!(turns[1] == turns[2], "turn after turn");
    assert!(turns[0][settled..] == turns[1][settled..], "the first one too, when the gain has settled");
    // Speech all the way: the last tenth of a second before the jump comes out as it is.
    let end = turn.len() - rate_hz as usize / 10;
    assert!(turns[0][end..] == turn[end..], "what was on its way is not cut");
}
