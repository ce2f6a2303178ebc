//! What users keep as JSON: gate settings (part of a plugin's state), presets, feature specs.
#![no_main]

mod scratch;

use earmark_core::Label;
use earmark_core::features::{self, FeatureSpec};
use earmark_core::gate::{GainComputer, GateSettings, RuleSet, load_preset};
use libfuzzer_sys::fuzz_target;

/// Windows above this are slow and tell nothing new.
const MOST_SAMPLES: usize = 1 << 14;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(settings) = GateSettings::from_json(text) {
        gate(&settings);
        let json = serde_json::to_string(&settings).expect("plain data");
        assert_eq!(GateSettings::from_json(&json).expect("its own JSON is valid"), settings);
    }
    let path = scratch::write("preset.json", bytes);
    if let Ok(preset) = load_preset(path.to_str().expect("a plain path")) {
        gate(&preset.gate);
        gate(&preset.gate.for_files());
    }
    if let Ok(spec) = FeatureSpec::from_json(text)
        && spec.frame_samples() <= MOST_SAMPLES
        && let Ok(frame) = features::silent_frame(&spec)
    {
        assert_eq!(frame.len(), spec.values_per_frame());
    }
});

/// Settings that are valid make a gate that gives gains.
fn gate(settings: &GateSettings) {
    let Ok(rules) = RuleSet::new(settings, &[Label::SPEECH, Label::MUSIC, Label::NOISE]) else { return };
    settings.for_files().validate().expect("what is valid live is valid for files");
    let mut gains = [0.0; 64];
    let mut computer =
        GainComputer::new(settings, rules.default_target(), 48_000).expect("they were checked");
    computer.fill(&mut gains);
    assert!(gains.iter().all(|gain| (0.0..=1.0).contains(gain)), "{gains:?}");
}
