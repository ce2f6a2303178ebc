//! Latency.

use earmark_plugin::params::id;

use crate::host::Hosted;
use crate::sound::programme;

/// An impulse comes out exactly as late as the plugin reports, at every rate, for every block size.
#[test]
fn the_latency_is_what_is_reported() {
    for rate_hz in [44_100.0, 48_000.0, 88_200.0, 96_000.0, 176_400.0, 192_000.0] {
        for block in [1, 7, 64, 480, 1_024, 8_192] {
            let mut hosted = Hosted::default();
            hosted.set(&[(id::BYPASS, 1.0)]);
            let mut running = hosted.activate(rate_hz, block);
            let latency = hosted.latency();
            let milliseconds = 1e3 * latency as f64 / rate_hz;
            assert!((50.0..400.0).contains(&milliseconds), "{milliseconds} ms at {rate_hz}");
            let mut impulse = vec![0.0_f32; latency + 2 * block + 100];
            let at = block / 2 + 3;
            impulse[at] = 1.0;
            let out = running.render(&[impulse.clone(), impulse], None, &[], block).sound;
            hosted.deactivate(running);
            for plane in &out {
                let found: Vec<usize> = (0..plane.len()).filter(|&index| plane[index] != 0.0).collect();
                assert_eq!(found, [at + latency], "{rate_hz} Hz, blocks of {block}");
            }
        }
    }
}

/// Lookahead is latency: it waits for the next activation, which the host is asked for.
#[test]
fn a_new_lookahead_asks_for_a_restart() {
    use std::sync::atomic::Ordering;
    let mut hosted = Hosted::default();
    let mut running = hosted.activate(48_000.0, 256);
    let before = hosted.latency();
    let told = hosted.asked.latency_changes.load(Ordering::SeqCst);
    let mut main = vec![vec![0.0; 256]; 2];
    running.process(&mut main, &mut [], None, &[(0, id::LOOKAHEAD_MS, 120.0)]);
    assert_eq!(hosted.latency(), before, "constant within an activation");
    assert_eq!(hosted.asked.restarts.load(Ordering::SeqCst), 1);
    running.process(&mut main, &mut [], None, &[(0, id::LOOKAHEAD_MS, 120.0)]);
    assert_eq!(hosted.asked.restarts.load(Ordering::SeqCst), 1, "asked once");
    hosted.deactivate(running);
    let running = hosted.activate(48_000.0, 256);
    assert_eq!(hosted.latency(), before + 4_800, "100 ms more than the default of 20 ms");
    assert_eq!(hosted.asked.latency_changes.load(Ordering::SeqCst), told + 1);
    hosted.deactivate(running);
    let running = hosted.activate(48_000.0, 256);
    assert_eq!(hosted.asked.latency_changes.load(Ordering::SeqCst), told + 1, "nothing new");
    hosted.deactivate(running);
}

/// Studio hears later, and says so.
#[test]
fn the_studio_pack_reports_its_own_latency() {
    let mut hosted = Hosted::default();
    let running = hosted.activate(48_000.0, 512);
    let live = hosted.latency();
    hosted.deactivate(running);
    hosted.set(&[(id::PACK, 1.0)]);
    let running = hosted.activate(48_000.0, 512);
    assert!(hosted.latency() > live + 19_000);
    hosted.deactivate(running);
}

/// A fast ear for monitoring: its own lookahead is none at first, whatever the other ears have.
#[test]
fn the_fast_ear_is_thirty_milliseconds_late_at_most_and_hears() {
    let (rate_hz, samples) = programme();
    let mut hosted = Hosted::offline_mono();
    hosted.set(&[(id::FAST_EAR, 1.0), (id::LOOKAHEAD_MS, 200.0)]);
    let running = hosted.activate(48_000.0, 64);
    assert!(hosted.latency() <= 1_440, "{}", hosted.latency());
    hosted.deactivate(running);
    // What it hears: in speech the gate is open, in the rest it is not.
    let mut running = hosted.activate(f64::from(rate_hz), 64);
    let latency = hosted.latency();
    let mut input = samples.clone();
    input.extend(vec![0.0; latency]);
    let out = running.render(&[input], None, &[], 64).sound.remove(0);
    hosted.deactivate(running);
    let frame = rate_hz as usize / 100;
    let loud = |part: &[f32]| part.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    let pairs = samples.chunks_exact(frame).zip(out[latency..].chunks_exact(frame));
    let heard: Vec<(f32, f32)> = pairs.map(|(a, b)| (loud(a), loud(b))).filter(|(a, _)| *a > 0.01).collect();
    let open = heard.iter().filter(|(a, b)| b / a > 0.9).count();
    let shut = heard.iter().filter(|(a, b)| b / a < 0.1).count();
    assert!(5 * open > heard.len() && 10 * shut > heard.len(), "{open} open, {shut} shut of {}", heard.len());
    // The released list keeps its meaning under it and after it.
    hosted.set(&[(id::FAST_EAR, 0.0), (id::PACK, 1.0)]);
    let running = hosted.activate(48_000.0, 64);
    assert!(hosted.latency() > 24_000, "studio, with 200 ms of lookahead: {}", hosted.latency());
    hosted.deactivate(running);
}
