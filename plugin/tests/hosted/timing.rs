//! Latency.

use earmark_plugin::params::id;

use crate::host::Hosted;

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
