//! States: saved, loaded, old, hostile.

use std::path::Path;
use std::sync::atomic::Ordering;

use earmark_plugin::Shared;
use earmark_plugin::params::{PARAMS, id};
use proptest::prelude::*;

use crate::host::Hosted;

fn fixture(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/states").join(name)).expect("a fixture")
}

#[test]
fn a_state_survives_and_the_host_is_told() {
    let mut first = Hosted::default();
    let values: Vec<_> = PARAMS
        .iter()
        .filter(|spec| !spec.flags.read_only)
        .map(|spec| (spec.id, spec.clamp(spec.min() + 0.377 * (spec.max() - spec.min()))))
        .collect();
    first.set(&values);
    let bytes = first.save();
    let mut second = Hosted::default();
    assert!(second.load(&bytes));
    assert_eq!(second.asked.rescans.load(Ordering::SeqCst), 1);
    for (id, value) in values {
        assert_eq!(second.get(id), value, "{}", id.spec().key);
    }
    assert_eq!(second.save(), bytes, "and is saved as the same bytes");
}

/// The state that version 0.1 wrote, with every parameter away from its default, means what it meant.
#[test]
fn released_states_are_read() {
    let mut hosted = Hosted::default();
    assert!(hosted.load(&fixture("0.1.json")));
    for (id, value) in [
        (id::BYPASS, 1.0),
        (id::MODE, 1.0),
        (id::KEEP, 6.0),
        (id::LISTEN, 1.0),
        (id::OPEN, 0.7),
        (id::CLOSE, 0.3),
        (id::ATTACK_MS, 60.0),
        (id::HOLD_MS, 500.0),
        (id::RELEASE_MS, 600.0),
        (id::RANGE_DB, 24.0),
        (id::LOOKAHEAD_MS, 150.0),
        (id::DUCK_DB, 18.5),
        (id::DUCK_SHAPE, 1.0),
        (id::DUCK_RATIO, 8.0),
        (id::DUCK_ABOVE_DBFS, -30.0),
        (id::DUCK_KNEE_DB, 12.0),
        (id::LINK, 0.0),
        (id::DETECTOR, 1.0),
        (id::WET, 0.75),
        (id::OUTPUT_DB, -3.5),
        (id::FAIL_MODE, 1.0),
        (id::PACK, 1.0),
        (id::LABEL_MODE, 1.0),
        (id::LABEL_MIDI, 2.0),
        (id::SPEECH, 0.25),
        (id::MUSIC, 0.5),
        (id::NOISE, 0.75),
        (id::CLASS, 4.0),
        // What 0.1 did not know is as if nobody had touched it.
        (id::SINGING, 0.0),
        (id::KEEP_SINGING, 0.0),
        (id::LABEL_OUTPUTS, 0.0),
        (id::VOICE, 0.0),
        (id::PHRASE, 0.0),
    ] {
        assert_eq!(hosted.get(id), value, "{}", id.spec().key);
    }
    // Format 1 is what is written today: nothing in it may have changed, but that parameters which came later join.
    let json = |bytes: &[u8]| serde_json::from_slice::<serde_json::Value>(bytes).expect("JSON");
    let mut saved = json(&hosted.save());
    let params = saved["params"].as_object_mut().expect("parameters");
    for later in [
        "adaptive",
        "singing_probability",
        "keep_singing",
        "label_outputs",
        "voice",
        "phrase",
        "phrase_hold_s",
        "phrase_wait_ms",
        "speech_open_probability",
        "speech_close_probability",
        "singing_open_probability",
        "singing_close_probability",
        "music_open_probability",
        "music_close_probability",
        "noise_open_probability",
        "noise_close_probability",
        "fast_ear",
        "fast_lookahead_ms",
        "open_above_dbfs",
        "detector_high_pass_hz",
        "detector_low_pass_hz",
    ] {
        assert!(params.remove(later).is_some(), "{later}");
    }
    assert!(saved.as_object_mut().expect("an object").remove("ear").is_some());
    assert_eq!(saved, json(fixture("0.1.json").trim_ascii_end()));
    // The preset's rules work after the load.
    let running = hosted.activate(48_000.0, 512);
    hosted.deactivate(running);
}

#[test]
fn what_a_state_lacks_has_its_default_and_what_is_unknown_is_ignored() {
    let mut hosted = Hosted::default();
    hosted.set(&[(id::RANGE_DB, 12.0)]);
    assert!(hosted.load(br#"{"earmark_state":1,"params":{"hold_ms":50.0,"mode":"no such mode","new":3}}"#));
    assert_eq!(hosted.get(id::HOLD_MS), 50.0);
    assert_eq!(hosted.get(id::RANGE_DB), id::RANGE_DB.spec().default_plain());
    assert_eq!(hosted.get(id::MODE), 0.0);
}

#[test]
fn what_is_no_state_changes_nothing() {
    let mut hosted = Hosted::default();
    hosted.set(&[(id::RANGE_DB, 12.0)]);
    let before = hosted.save();
    let newer = br#"{"earmark_state":999,"params":{}}"#;
    for bytes in [&b""[..], b"{}", b"\xff\xfe", b"[1,2]", newer, &vec![b' '; 2 << 20]] {
        assert!(!hosted.load(bytes));
        assert_eq!(hosted.save(), before);
    }
}

#[test]
fn presets_are_the_renderers() {
    let shared = Shared::new();
    shared.load_preset("voice-over").expect("built in");
    assert_eq!(shared.params.get(id::MODE), 2.0, "voice-over mutes");
    let renderers = earmark_core::gate::preset("voice-over").expect("built in").gate;
    assert_eq!(shared.params.get(id::LOOKAHEAD_MS), f64::from(renderers.envelope.lookahead_ms));
    assert!(!shared.edits.is_empty(), "the host hears of it");
    shared.load_preset("broadcast-duck").expect("built in");
    assert_eq!(shared.params.get(id::KEEP), 6.0, "its rules are more than parameters can say");
    assert!(shared.load_preset("no such preset").is_err());
    assert_eq!(shared.preset().as_deref(), Some("broadcast-duck"));
}

proptest! {
    #[test]
    fn no_bytes_break_anything(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        // Whatever it says, it does not panic.
        let _ = Shared::new().load_state(&bytes);
    }

    #[test]
    fn no_damage_breaks_anything(cut in 0_usize..2_000, flip in 0_usize..2_000, bit in 0_u8..8) {
        let mut bytes = fixture("0.1.json");
        let flip = flip % bytes.len();
        bytes[flip] ^= 1 << bit;
        bytes.truncate(bytes.len().min(cut + 100));
        let _ = Shared::new().load_state(&bytes);
    }
}
