use std::collections::HashSet;

use earmark_core::gate::{Duck, GateSettings};
use earmark_core::model::pack::{LIVE, Pack};
use proptest::prelude::*;

use super::*;

#[test]
fn ids_are_indices_and_keys_are_unique() {
    let mut keys = HashSet::new();
    for (index, spec) in PARAMS.iter().enumerate() {
        assert_eq!(spec.id.index(), index, "{}", spec.key);
        assert!(keys.insert(spec.key), "{} twice", spec.key);
        assert!(spec.short_name.len() <= 8, "{}", spec.short_name);
        assert!(spec.min() < spec.max(), "{}", spec.key);
        assert_eq!(spec.clamp(spec.default_plain()), spec.default_plain(), "{}", spec.key);
        if let Kind::Choice { names, keys, .. } = spec.kind {
            assert_eq!(names.len(), keys.len(), "{}", spec.key);
        }
        assert!(!(spec.flags.read_only && spec.flags.automatable), "{}", spec.key);
    }
}

/// Released ids and keys: a line may be added here, never changed.
#[test]
fn the_table_keeps_what_was_released() {
    let released = [
        "bypass",
        "mode",
        "keep",
        "listen",
        "open_probability",
        "close_probability",
        "attack_ms",
        "hold_ms",
        "release_ms",
        "range_db",
        "lookahead_ms",
        "duck_db",
        "duck_shape",
        "duck_ratio",
        "duck_above_dbfs",
        "duck_knee_db",
        "link",
        "detector",
        "wet",
        "output_db",
        "fail_mode",
        "pack",
        "label_mode",
        "label_midi",
        "speech_probability",
        "music_probability",
        "noise_probability",
        "class",
        "reduction_db",
        "adaptive",
        "singing_probability",
        "keep_singing",
        "label_outputs",
    ];
    let keys: Vec<&str> = PARAMS.iter().map(|spec| spec.key).collect();
    assert_eq!(&keys[..released.len()], released);
}

#[test]
fn defaults_are_those_of_the_core() {
    let gate = GateSettings::default();
    let duck = Duck::default();
    let speech = Pack::find(LIVE).unwrap().manifest().thresholds[&earmark_core::Label::SPEECH];
    for (id, core) in [
        (id::ATTACK_MS, gate.envelope.attack_ms),
        (id::HOLD_MS, gate.envelope.hold_ms),
        (id::RELEASE_MS, gate.envelope.release_ms),
        (id::RANGE_DB, gate.rules.range_db),
        (id::LOOKAHEAD_MS, gate.envelope.lookahead_ms),
        (id::WET, gate.envelope.wet),
        (id::DUCK_DB, duck.by_db),
        (id::DUCK_ABOVE_DBFS, duck.above_dbfs),
        (id::DUCK_KNEE_DB, duck.knee_db),
        (id::OPEN, speech.open),
        (id::CLOSE, speech.close),
    ] {
        assert!((id.spec().default_plain() - f64::from(core)).abs() < 1e-6, "{}", id.spec().key);
    }
}

/// Ardour shows automatable and read-only parameters only, so that Write could not be switched on there. What needs a
/// restart of the plugin stays out of lanes.
#[test]
fn what_needs_no_restart_is_shown_by_every_host() {
    for spec in PARAMS {
        let shown = spec.flags.automatable || spec.flags.read_only;
        assert_ne!(shown, spec.flags.restart, "{}", spec.key);
    }
}

#[test]
fn people_may_write_units_or_not() {
    let attack = id::ATTACK_MS.spec();
    assert_eq!(attack.from_text("25"), Some(25.0));
    assert_eq!(attack.from_text(" 25,5 ms"), Some(25.5));
    assert_eq!(attack.from_text("0.2 s"), Some(200.0));
    assert_eq!(attack.from_text("fast"), None);
    assert_eq!(attack.from_text(""), None);
    assert_eq!(id::OPEN.spec().from_text("55 %"), Some(0.55));
    assert_eq!(id::MODE.spec().from_text("mute"), Some(2.0));
    assert_eq!(id::BYPASS.spec().from_text("On"), Some(1.0));
    assert_eq!(id::RANGE_DB.spec().from_text("1e1"), Some(10.0));
    assert_eq!(id::RANGE_DB.spec().from_text("12 dB"), Some(12.0));
    assert_eq!(id::RANGE_DB.spec().from_text("12 ms"), None, "another unit is another thing");
    assert_eq!(id::OUTPUT_DB.spec().to_text(-0.0), "0.0 dB");
    assert_eq!(id::OUTPUT_DB.spec().to_text(-0.04), "0.0 dB");
    assert_eq!(id::OPEN_ABOVE_DBFS.spec().to_text(-100.0), "Off");
    assert_eq!(id::OPEN_ABOVE_DBFS.spec().from_text("off"), Some(-100.0));
    assert_eq!(id::OPEN_ABOVE_DBFS.spec().from_text("-42 dB"), Some(-42.0));
    let [low, high] = [id::DETECTOR_HIGH_PASS_HZ, id::DETECTOR_LOW_PASS_HZ].map(ParamId::spec);
    assert_eq!([low.to_text(20.0), high.to_text(20_000.0), low.to_text(80.4)], ["Off", "Off", "80 Hz"]);
    assert_eq!([low.from_text("off"), high.from_text("Off")], [Some(20.0), Some(20_000.0)]);
    // Hosts that write the unit themselves give it back behind the word.
    assert_eq!([low.from_text("Off Hz"), high.from_text("off hz")], [Some(20.0), Some(20_000.0)]);
    assert_eq!(id::OPEN_ABOVE_DBFS.spec().from_text("Off dBFS"), Some(-100.0));
    assert_eq!(id::SPEECH_OPEN.spec().from_text("Auto %"), Some(0.0));
    assert_eq!([high.from_text("Off ms"), high.from_text("Offer")], [None, None]);
    assert_eq!([low.from_text("120"), high.from_text("7,5 kHz")], [Some(120.0), Some(7_500.0)]);
    assert_eq!(attack.to_text(99.96), "100 ms");
    assert_eq!(attack.to_text(99.94), "99.9 ms");
    assert_eq!(id::DUCK_RATIO.spec().to_text(4.0), "4.0 : 1");
}

/// Once Range `-12` became 0 dB, `1e3` was read as 1, `inf` and the window's own minus were refused.
#[test]
fn numbers_are_read_as_people_type_them() {
    let range = id::RANGE_DB.spec();
    let depth = Some(12.0);
    for text in ["12", "-12", "\u{2212}12", "+12", "-12 dB", "\u{2212}12,0 dB", " 12 DB "] {
        assert_eq!(range.from_text(text), depth, "{text}");
    }
    assert_eq!(id::REDUCTION_DB.spec().from_text("-30 dB"), Some(30.0));
    assert_eq!(id::DUCK_DB.spec().from_text("-6"), Some(6.0));
    assert_eq!(id::OUTPUT_DB.spec().from_text("\u{2212}6 dB"), Some(-6.0), "a gain has a sign");
    assert_eq!(id::DUCK_ABOVE_DBFS.spec().from_text("\u{2212}40 dBFS"), Some(-40.0));
    assert_eq!(id::RELEASE_MS.spec().from_text("1e3"), Some(1_000.0));
    assert_eq!(id::RELEASE_MS.spec().from_text("1e3 ms"), Some(1_000.0));
    assert_eq!(id::RELEASE_MS.spec().from_text("1.5s"), Some(1_500.0));
    for end in ["inf", "-inf", "\u{2212}\u{221e}", "\u{221e} dB"] {
        assert_eq!(range.from_text(end), Some(range.max()), "{end}");
    }
    assert_eq!(id::OUTPUT_DB.spec().from_text("-inf"), Some(id::OUTPUT_DB.spec().min()));
    assert_eq!(id::DUCK_RATIO.spec().from_text("4:1"), Some(4.0));
    for none in ["", "-", "dB", "nan", "1e", "twelve", "12 apples", "infinitely"] {
        assert_eq!(range.from_text(none), None, "{none}");
    }
}

proptest! {
    #[test]
    fn knobs_texts_and_values_agree(index in 0..PARAMS.len(), normalised in 0.0_f64..=1.0) {
        let spec = &PARAMS[index];
        let plain = spec.plain(normalised);
        prop_assert!((spec.min()..=spec.max()).contains(&plain));
        let again = spec.plain(spec.normalise(plain));
        prop_assert!((again - plain).abs() <= 1e-9 * spec.max().abs().max(1.0));
        let text = spec.to_text(plain);
        let read = spec.from_text(&text).expect("what is written is read");
        prop_assert_eq!(spec.to_text(read), text, "once rounded, a text stays");
    }

    #[test]
    fn nothing_gets_past_the_clamp(index in 0..PARAMS.len(), bits in any::<u64>()) {
        let spec = &PARAMS[index];
        let value = f64::from_bits(bits);
        prop_assert!((spec.min()..=spec.max()).contains(&spec.clamp(value)));
        prop_assert!((spec.min()..=spec.max()).contains(&spec.plain(value)));
        prop_assert!((0.0..=1.0).contains(&spec.normalise(value)));
    }
}
