//! What the parameters make of the gate's settings.

use super::*;
use earmark_core::gate;
use earmark_core::model::pack::{LIVE, Pack};

use crate::Shared;

/// What a preset says arrives at the gate, by way of the parameters.
#[test]
fn presets_survive_the_parameters() {
    for name in gate::preset_names() {
        let preset = gate::preset(name).unwrap().gate;
        let shared = Shared::new();
        shared.load_preset(name).unwrap();
        let mut bank = shared.kept(|kept| SettingsBank::new(&kept.extras));
        let said = bank.update(&shared.params).unwrap().clone();
        let pack = Pack::find(LIVE).unwrap();
        let leading = leading_labels(&preset.rules.list).next().unwrap().clone();
        let own = pack.manifest().thresholds[&leading];
        assert_eq!(said.thresholds.by_label[&leading], own, "{name}");
        // What only files can do has no parameter.
        let expected = GateSettings { files: said.files, thresholds: said.thresholds.clone(), ..preset };
        assert_eq!(said, expected, "{name}");
    }
}

#[test]
fn a_preset_s_curve_and_its_thresholds_of_other_labels_reach_the_gate() {
    let own = |open, close| Thresholds { open, close };
    let mut gate = gate::preset("podcast").unwrap().gate;
    gate.envelope.curve = gate::Curve::Amplitude;
    gate.thresholds.by_label = [(Label::SPEECH, own(0.75, 0.5)), (Label::MUSIC, own(0.875, 0.25))].into();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.json");
    let preset = gate::Preset { gate: gate.clone(), ..gate::Preset::default() };
    std::fs::write(&path, serde_json::to_string(&preset).unwrap()).unwrap();
    let shared = Shared::new();
    shared.load_preset(path.to_str().unwrap()).unwrap();
    assert!(shared.take_restart_wanted(), "a running gate has the curve of before");
    let again = Shared::new();
    again.load_state(&shared.save_state()).unwrap();
    for shared in [shared, again] {
        let mut bank = shared.kept(|kept| SettingsBank::new(&kept.extras));
        let settings = bank.update(&shared.params).unwrap();
        assert_eq!(settings.envelope.curve, gate.envelope.curve);
        assert_eq!(settings.thresholds.by_label, gate.thresholds.by_label);
        // With another leading label the knobs are that one's.
        shared.set(id::KEEP, 2.0);
        shared.set(id::OPEN, 0.625);
        let settings = bank.update(&shared.params).unwrap();
        assert_eq!(settings.thresholds.by_label, [(Label::MUSIC, own(0.625, 0.5))].into());
    }
}

#[test]
fn voices_and_phrases_have_their_say_in_every_choice() {
    let (voice, phrase) = (Label::new("voice:anna"), Label::new("phrase:hello"));
    let pack = [Label::SPEECH, Label::MUSIC, Label::NOISE, Label::SINGING];
    let shared = Shared::new();
    shared.load_preset("broadcast-duck").unwrap();
    shared.set(id::HOLD_MS, 700.0);
    shared.set(id::OPEN, 0.625);
    let bank =
        || shared.kept(|kept| SettingsBank::new(&kept.extras)).for_voices(std::slice::from_ref(&voice));
    let known: Vec<Label> = pack.iter().cloned().chain([voice.clone(), phrase.clone()]).collect();
    let modes = [Action::Gate, Action::Duck(duck(&shared.params)), Action::Mute];
    for does in [PhraseUse::Off, PhraseUse::Mute, PhraseUse::Duck, PhraseUse::OpenAfter] {
        let mut bank = bank().for_phrase(&phrase, does, &known[..5]);
        for (choice, mode) in (0..=KEEP_PRESET).flat_map(|choice| (0_u8..3).map(move |mode| (choice, mode))) {
            shared.set(id::MODE, f64::from(mode));
            keep_values(choice).into_iter().for_each(|(id, value)| shared.set(id, value));
            let own = bank.update(&shared.params).unwrap().clone();
            let on = |heard: &[&Label]| own.action_on(&known, heard.iter().copied()).unwrap();
            let rest = modes[usize::from(mode)];
            match does {
                PhraseUse::Off => {}
                PhraseUse::Mute => assert_eq!(on(&[&phrase, &Label::SPEECH, &voice]), Action::Mute),
                PhraseUse::Duck => assert_eq!(on(&[&phrase, &Label::SPEECH, &voice]), modes[1]),
                PhraseUse::OpenAfter => {
                    let locked = if choice < KEEP_PRESET { rest } else { Action::Gate };
                    assert_eq!(on(&[&Label::SPEECH, &voice]), locked, "{choice}");
                }
            }
            if choice == 0 {
                let unlocked: &[&Label] = if does == PhraseUse::OpenAfter { &[&phrase] } else { &[] };
                assert_eq!(on(&[unlocked, &[&Label::SPEECH, &voice]].concat()), Action::Keep);
                assert_eq!(on(&[unlocked, &[&Label::SPEECH]].concat()), rest, "somebody else");
                assert_eq!(on(&[unlocked, &[&Label::MUSIC]].concat()), rest);
                assert_eq!(own.thresholds.by_label[&voice].open, 0.625, "by the knobs of speech");
                assert!(own.envelope.hold_ms < 100.0, "what is held is perhaps somebody else's");
            }
            if choice == 4 {
                assert_eq!(own.envelope.hold_ms, 700.0, "music has no voice");
            }
        }
    }
}

#[test]
fn every_choice_compiles() {
    let labels = [Label::SPEECH, Label::MUSIC, Label::NOISE, Label::SINGING];
    let shared = Shared::new();
    let mut bank = SettingsBank::new(&PresetExtras::default());
    for (choice, mode) in (0..=KEEP_PRESET).flat_map(|choice| (0_u8..3).map(move |mode| (choice, mode))) {
        shared.set(id::MODE, f64::from(mode));
        keep_values(choice).into_iter().for_each(|(id, value)| shared.set(id, value));
        assert_eq!(keep_choice(&shared.params), choice);
        let settings = bank.update(&shared.params).unwrap();
        let expected = if choice == KEEP_PRESET { 0 } else { choice };
        assert_eq!(settings.rules.list, keep_rules(expected));
        // With a pack that tells singing from music, and with one that does not.
        for labels in [&labels[..], &labels[..3]] {
            gate::RuleSet::new(settings, labels).unwrap();
        }
    }
}

/// Once only the first rule's labels had thresholds that could be set.
#[test]
fn every_label_of_a_rule_has_thresholds_that_can_be_set() {
    let pack = Pack::find(LIVE).unwrap();
    let of_pack = |label: &Label| pack.manifest().thresholds_of(label);
    let shared = Shared::new();
    shared.load_preset("broadcast-duck").unwrap();
    let bank =
        || shared.kept(|kept| SettingsBank::new(&kept.extras)).with_others(|label| Some(of_pack(label)));
    let now = |label: &Label| bank().update(&shared.params).unwrap().thresholds.by_label.get(label).copied();
    let knobs = Thresholds { open: shared.params.get_f32(id::OPEN), close: shared.params.get_f32(id::CLOSE) };
    assert_eq!(now(&Label::SPEECH), Some(knobs));
    for label in [Label::MUSIC, Label::NOISE] {
        assert_eq!(now(&label), Some(of_pack(&label)), "{label} is as the ear says");
    }
    shared.set(id::MUSIC_OPEN, 0.9375);
    shared.set(id::NOISE_CLOSE, 0.0625);
    assert_eq!(now(&Label::MUSIC), Some(Thresholds { open: 0.9375, ..of_pack(&Label::MUSIC) }));
    assert_eq!(now(&Label::NOISE), Some(Thresholds { close: 0.0625, ..of_pack(&Label::NOISE) }));
    // What is kept together may have two kinds of them, and an end is never above its beginning.
    keep_values(2).into_iter().for_each(|(id, value)| shared.set(id, value));
    shared.set(id::MUSIC_OPEN, 0.125);
    assert_eq!(now(&Label::SPEECH), Some(knobs));
    assert_eq!(now(&Label::MUSIC), Some(Thresholds { open: 0.125, close: knobs.close.min(0.125) }));
    // A preset that is saved and loaded has both.
    let folder = tempfile::tempdir().unwrap();
    let path = shared.save_preset(folder.path(), "Both").unwrap();
    let said = bank().update(&shared.params).unwrap().thresholds.by_label.clone();
    assert_eq!(gate::load_preset(path.to_str().unwrap()).unwrap().gate.thresholds.by_label, said);
    let again = Shared::new();
    again.load_preset(path.to_str().unwrap()).unwrap();
    let mut loaded = again.kept(|kept| SettingsBank::new(&kept.extras));
    assert_eq!(loaded.update(&again.params).unwrap().thresholds.by_label, said);
    // The next preset begins without them.
    again.load_preset("broadcast-duck").unwrap();
    assert!(
        OWN_THRESHOLDS
            .iter()
            .all(|(_, open, close)| { again.params.get(*open) == 0.0 && again.params.get(*close) == 0.0 })
    );
}

/// Lists that were released mean what they meant, whatever else can be chosen now.
#[test]
fn an_automation_of_the_released_list_keeps_its_meaning() {
    let shared = Shared::new();
    let mut bank = SettingsBank::new(&PresetExtras::default());
    let any = |labels: &[Label]| When::any(labels.iter().cloned());
    let all_but = |label| When { other_than: vec![label], ..When::default() };
    let [speech, music, noise] = [Label::SPEECH, Label::MUSIC, Label::NOISE];
    let released = [
        any(std::slice::from_ref(&speech)),
        any(&[speech.clone(), music.clone()]),
        any(std::slice::from_ref(&music)),
        all_but(speech),
        all_but(music),
        all_but(noise),
    ];
    for (value, when) in (0_u8..).zip(released) {
        shared.set(id::KEEP, f64::from(value));
        assert_eq!(bank.update(&shared.params).unwrap().rules.list[0].when, when, "{value}");
    }
    shared.set(id::KEEP_SINGING, 1.0);
    let rules = &bank.update(&shared.params).unwrap().rules.list;
    assert_eq!(rules[0].when, any(&[Label::SPEECH, Label::SINGING]), "it stands above the list");
}

#[test]
fn a_level_stands_beside_the_probability_once_it_is_set() {
    let shared = Shared::new();
    let level = || {
        let mut bank = shared.kept(|kept| SettingsBank::new(&kept.extras));
        bank.update(&shared.params).unwrap().thresholds.open_above_dbfs
    };
    assert_eq!(level(), None);
    shared.set(id::OPEN_ABOVE_DBFS, -42.0);
    assert_eq!(level(), Some(-42.0));
    shared.load_preset("podcast").unwrap();
    assert_eq!(level(), None, "a preset without one takes it away");
}
