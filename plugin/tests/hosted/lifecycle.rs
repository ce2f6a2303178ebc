//! Hosts do odd things.

use std::sync::atomic::Ordering;

use clack_extensions::tail::{PluginTail, TailLength};
use earmark_plugin::params::id;
use earmark_plugin::processor::NOTES;
use earmark_plugin::{Flow, ParamId};

use crate::host::{Hosted, Out};
use crate::sound::programme;

#[test]
fn eighteen_activations_in_a_row() {
    let mut hosted = Hosted::default();
    for (index, rate_hz) in
        [1_234.5, 8_000.0, 44_100.0, 48_000.0, 96_000.0, 192_000.0, 768_000.0, 1_234_567.8, 1_000.0]
            .into_iter()
            .cycle()
            .take(18)
            .enumerate()
    {
        let block = [1, 32, 8_192, 500][index % 4];
        let mut running = hosted.activate(rate_hz, block);
        let mut main = vec![vec![0.1; block]; 2];
        for _ in 0..3 {
            running.process(&mut main, &mut [], None, &[]);
        }
        assert!(main.iter().flatten().all(|sample| sample.is_finite()));
        hosted.deactivate(running);
    }
    // Without a single block, too.
    for _ in 0..18 {
        let running = hosted.activate(48_000.0, 512);
        hosted.deactivate(running);
    }
}

#[test]
fn instances_come_and_go_in_any_order() {
    let mut all: Vec<Hosted> = (0..6).map(|_| Hosted::default()).collect();
    let mut running: Vec<_> = all.iter_mut().map(|hosted| Some(hosted.activate(48_000.0, 64))).collect();
    for index in [3, 0, 5, 1, 4, 2] {
        let mut one = running[index].take().expect("running");
        one.process(&mut [vec![0.0; 64], vec![0.0; 64]], &mut [], None, &[]);
        all[index].deactivate(one);
    }
    drop(all);
}

/// Fifty tracks through one shared ear: each gives what it gives alone.
#[test]
fn fifty_instances_do_not_disturb_each_other() {
    let (rate_hz, samples) = programme();
    let piece = &samples[24_000..24_000 + 36_000];
    let mut one = Hosted::offline_mono();
    let alone = one.render(f64::from(rate_hz), &[piece.to_vec()], 480).sound;
    let mut hosts: Vec<Hosted> = (0..50).map(|_| Hosted::offline_mono()).collect();
    let mut running: Vec<_> = hosts.iter_mut().map(|host| host.activate(f64::from(rate_hz), 480)).collect();
    for (block, expected) in piece.chunks(480).zip(alone[0].chunks(480)) {
        for instance in &mut running {
            let mut main = vec![block.to_vec()];
            instance.process(&mut main, &mut [], None, &[]);
            assert!(main[0].iter().zip(expected).all(|(a, b)| a.to_bits() == b.to_bits()));
        }
    }
    for (host, running) in hosts.iter_mut().zip(running) {
        host.deactivate(running);
    }
}

#[test]
fn a_reset_is_a_fresh_start() {
    let (rate_hz, samples) = programme();
    let piece = [samples[20_000..120_000].to_vec()];
    let mut hosted = Hosted::offline_mono();
    let mut running = hosted.activate(f64::from(rate_hz), 512);
    let first = running.render(&piece, None, &[], 512).sound;
    running.render(&[samples[200_000..230_000].to_vec()], None, &[], 512);
    running.reset();
    let again = running.render(&piece, None, &[], 512).sound;
    assert!(first == again, "nothing of what came before is left");
    hosted.deactivate(running);
}

#[test]
fn silence_sleeps_after_the_tail_and_ends_the_notes() {
    let (rate_hz, samples) = programme();
    let mut hosted = Hosted::offline_mono();
    hosted.set(&[(id::LABEL_MIDI, 1.0)]);
    let mut running = hosted.activate(f64::from(rate_hz), 512);
    let tail = hosted.extension::<PluginTail>();
    let TailLength::Finite(tail) = tail.get(&running.started().plugin_handle()) else {
        panic!("the tail ends")
    };
    assert_eq!(tail as usize, hosted.latency());
    let mut events = running.render(&[samples[30_000..150_000].to_vec()], None, &[], 512).events;
    assert_eq!(running.last.get(), Flow::Continue);
    let mut slept = 0;
    while running.last.get() == Flow::Continue {
        let mut main = vec![vec![0.0; 512]];
        events.extend(running.process(&mut main, &mut [], None, &[]));
        slept += 512;
        assert!(slept < 10 * tail as usize + 512, "silence must come to rest");
    }
    assert!(slept >= tail as usize);
    let mut sounding = 0_i32;
    for (_, event) in events {
        if let Out::Note { on, .. } = event {
            sounding += if on { 1 } else { -1 };
        }
    }
    assert_eq!(sounding, 0, "every note that began has ended");
    assert_eq!(NOTES.len(), 6);
    let mut main = vec![vec![0.5; 512]];
    running.process(&mut main, &mut [], None, &[]);
    assert_eq!(running.last.get(), Flow::Continue, "sound wakes it");
    hosted.deactivate(running);
}

/// Once a deactivation in Write left gestures open and notes sounding, and the next activation began them again.
#[test]
fn what_was_begun_is_ended() {
    let (rate_hz, samples) = programme();
    let speech = [samples[2 * rate_hz as usize..4 * rate_hz as usize].to_vec()];
    let mut hosted = Hosted::offline_mono();
    hosted.set(&[(id::LABEL_MODE, 1.0), (id::LABEL_MIDI, 1.0)]);
    let mut all = Vec::new();
    for _ in 0..2 {
        let mut running = hosted.activate(f64::from(rate_hz), 512);
        all.extend(running.render(&speech, None, &[], 512).events);
        let asked = hosted.asked.flushes.load(Ordering::SeqCst);
        hosted.deactivate(running);
        assert!(hosted.asked.flushes.load(Ordering::SeqCst) > asked, "only a flush carries what is left");
        all.extend(hosted.set(&[]));
    }
    hosted.set(&[(id::LABEL_MODE, 0.0), (id::LABEL_MIDI, 0.0)]);
    let mut running = hosted.activate(f64::from(rate_hz), 512);
    all.extend(running.render(&speech, None, &[], 512).events);
    hosted.deactivate(running);
    let (mut held, mut sounding, mut begun) = (Vec::new(), Vec::new(), 0);
    for (_, event) in all {
        match event {
            Out::Gesture { id, begins: true } => {
                assert!(!held.contains(&id), "{id:?} begins twice");
                held.push(id);
                begun += 1;
            }
            Out::Gesture { id, begins: false } => {
                assert!(held.contains(&id), "{id:?} ends twice");
                held.retain(|other| *other != id);
            }
            Out::Note { key, on: true } => {
                assert!(!sounding.contains(&key), "{key} sounds already");
                sounding.push(key);
            }
            Out::Note { key, on: false } => {
                assert!(sounding.contains(&key), "{key} does not sound");
                sounding.retain(|other| *other != key);
            }
            _ => {}
        }
    }
    assert!(begun >= 8, "four lanes, twice: {begun}");
    assert!(held.is_empty() && sounding.is_empty(), "{held:?} {sounding:?}");
}

#[test]
fn blocks_without_samples_and_without_order_are_served() {
    let mut hosted = Hosted::default();
    let mut running = hosted.activate(48_000.0, 128);
    running.process(&mut [vec![], vec![]], &mut [], None, &[(0, id::RANGE_DB, 12.0)]);
    assert_eq!(hosted.get(id::RANGE_DB), 12.0);
    // Longer than was said, events behind the end and backwards.
    let mut main = vec![vec![0.2; 1_000]; 2];
    let events: [(u32, ParamId, f64); 3] =
        [(900, id::RANGE_DB, 20.0), (5, id::HOLD_MS, 7.0), (5_000, id::WET, 0.5)];
    running.process(&mut main, &mut [], None, &events);
    assert_eq!((hosted.get(id::RANGE_DB), hosted.get(id::HOLD_MS), hosted.get(id::WET)), (20.0, 7.0, 0.5));
    // Ids that do not exist, displays that cannot be set, values that are none.
    let odd = [(0, ParamId(10_000), 1.0), (0, id::REDUCTION_DB, 50.0), (0, id::RANGE_DB, f64::NAN)];
    running.process(&mut main, &mut [], None, &odd);
    assert_eq!(hosted.get(id::RANGE_DB), id::RANGE_DB.spec().default_plain());
    hosted.deactivate(running);
    assert_eq!(hosted.asked.restarts.load(Ordering::SeqCst), 0);
}
