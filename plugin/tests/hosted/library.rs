//! The library as a host has it: a file that is loaded. macOS wants a bundle around it.

use clack_host::prelude::PluginEntry;
use earmark_plugin::params::id;

use crate::built::library;
use crate::host::Hosted;
use crate::sound::programme;

fn loaded() -> PluginEntry {
    // SAFETY: the library is this package's own, which keeps what CLAP asks of it.
    unsafe { PluginEntry::load(library()) }.expect("the library loads")
}

/// The programme on two channels that differ, with labels as notes and parameters.
fn bounce(mut hosted: Hosted, block: usize) -> (usize, Vec<Vec<u32>>, Vec<crate::host::Timed>) {
    let (rate_hz, samples) = programme();
    let stereo = [samples.clone(), samples.iter().map(|sample| -0.5 * sample).collect()];
    hosted.set(&[(id::LABEL_MODE, 1.0), (id::LABEL_MIDI, 2.0)]);
    let rendered = hosted.render(f64::from(rate_hz), &stereo, block);
    let bits = rendered.sound.iter().map(|plane| plane.iter().map(|sample| sample.to_bits()).collect());
    (hosted.latency(), bits.collect(), rendered.events)
}

#[test]
fn it_gives_the_bytes_and_labels_of_the_code_in_this_program() {
    let entry = loaded();
    for block in [64, 441, 2_000] {
        let (latency, sound, events) = bounce(Hosted::offline(), block);
        assert!(events.len() > 100 && sound[0].len() > 1_000_000, "the reference labels the programme");
        let of_library = bounce(Hosted::offline_of(&entry), block);
        assert_eq!(of_library.0, latency);
        assert!(of_library.1 == sound, "blocks of {block}: the sound");
        assert_eq!(of_library.2, events, "blocks of {block}");
    }
}

#[test]
fn its_states_are_those_of_the_code_in_this_program() {
    let entry = loaded();
    let mut here = Hosted::default();
    here.set(&[(id::RANGE_DB, 12.5), (id::MODE, 1.0), (id::LOOKAHEAD_MS, 120.0)]);
    let state = here.save();
    let mut there = Hosted::of(&entry);
    assert_ne!(there.save(), state);
    assert!(there.load(&state));
    assert_eq!((there.get(id::RANGE_DB), there.get(id::MODE)), (12.5, 1.0));
    assert_eq!(there.save(), state);
}

/// Again and again, with nobody to hold it in between: what it starts must not be left without code.
#[test]
fn it_is_loaded_and_closed_again_and_again() {
    let input = [vec![0.25; 4_800], vec![0.25; 4_800]];
    let mut first = None;
    for _ in 0..5 {
        let entry = loaded();
        let mut hosted = Hosted::offline_of(&entry);
        let rendered = hosted.render(48_000.0, &input, 480);
        assert_eq!(rendered.sound[0].len(), 4_800);
        assert!(*first.get_or_insert_with(|| rendered.sound.clone()) == rendered.sound);
    }
}
