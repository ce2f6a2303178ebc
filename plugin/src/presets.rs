//! The core's presets as parameters.
//!
//! A preset is a gate with any rules. Where the rules are one of those that the parameters can say, the parameters say
//! them; any others are kept beside the parameters, and *keep* says "Preset's rules".

use std::fs;
use std::path::{Path, PathBuf};

use earmark_core::Label;
use earmark_core::gate::{self, GateError, GateSettings, Preset};
use earmark_core::model::pack::{Pack, PackError};
use earmark_core::output::{OutputError, SafeFile};

use crate::params::{PARAMS, ParamId, PresetExtras, Rules, id};
use crate::processor::settings::{OWN_THRESHOLDS, SettingsBank, leading_labels, own_thresholds_of};
use crate::rules::rules_as_parameters;
use crate::shared::Shared;

/// Why a preset cannot be loaded or saved.
#[derive(Debug, thiserror::Error)]
pub enum PresetError {
    /// There is none of that name, or it is not valid.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The thresholds of the ear are not known.
    #[error(transparent)]
    Pack(#[from] PackError),
    /// A name that cannot be a file's on every system.
    #[error("a preset's name has letters, digits, spaces and hyphens, up to {LONGEST_NAME} of them")]
    Name,
    /// Saving would replace a preset that is not the loaded one.
    #[error("there is a preset of the name {0:?} already; load it before saving over it")]
    Exists(String),
    /// The file or its folder cannot be written.
    #[error(transparent)]
    Write(#[from] OutputError),
}

/// What a preset says of the parameters, and what none of them can say.
pub type PresetValues = (Vec<(ParamId, f64)>, PresetExtras);

/// Characters in a preset's name at most.
const LONGEST_NAME: usize = 60;

/// `voice-over` as people write it.
pub fn title(name: &str) -> String {
    let mut letters = name.replace(['-', '_'], " ").trim().to_owned();
    if let Some(first) = letters.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    letters
}

/// Where a user's presets lie on this system.
pub fn user_folder() -> Option<PathBuf> {
    let home = || std::env::var_os("HOME").map(PathBuf::from);
    let base = if cfg!(target_os = "windows") {
        std::env::var_os("APPDATA").map(PathBuf::from)
    } else if cfg!(target_os = "macos") {
        home().map(|home| home.join("Library/Application Support"))
    } else {
        std::env::var_os("XDG_CONFIG_HOME")
            .map(PathBuf::from)
            .or_else(|| home().map(|home| home.join(".config")))
    };
    base.map(|base| base.join("earmark").join("presets"))
}

/// Names of the built-in presets, and what they are for.
pub fn built_in() -> impl Iterator<Item = (&'static str, String)> {
    gate::preset_names().map(|name| (name, gate::preset(name).map(|preset| preset.about).unwrap_or_default()))
}

impl Shared {
    /// Takes over a preset, a built-in name or a file; the host is told of each parameter that moves.
    ///
    /// # Errors
    /// [`PresetError`] if there is no such preset or it asks for more than parameters can say.
    pub fn load_preset(&self, name_or_path: &str) -> Result<(), PresetError> {
        self.take_over_preset(name_or_path, Self::edit)
    }

    /// The same by the host's own hand, which records no edits: it is to read all values.
    ///
    /// # Errors
    /// As for [`load_preset`](Self::load_preset).
    pub fn take_preset(&self, name_or_path: &str) -> Result<(), PresetError> {
        self.take_over_preset(name_or_path, Self::set)?;
        self.values_were_replaced();
        Ok(())
    }

    fn take_over_preset(&self, name_or_path: &str, set: fn(&Self, ParamId, f64)) -> Result<(), PresetError> {
        let preset = gate::load_preset(name_or_path)?;
        let settings = preset.gate;
        let pack = self.pack()?;
        let (values, extras) = as_parameters(&settings, &pack);
        self.kept(|kept| {
            let other_rules = extras.rules.is_some() && kept.extras.rules != extras.rules;
            let other_numbers =
                (kept.extras.curve, &kept.extras.thresholds) != (extras.curve, &extras.thresholds);
            if other_rules || other_numbers {
                self.want_restart();
            }
            kept.extras = extras;
            kept.preset = Some(name_or_path.to_owned());
        });
        for (id, plain) in values {
            set(self, id, plain);
        }
        Ok(())
    }

    /// What a preset says of the parameters, and what none of them can say.
    ///
    /// # Errors
    /// As for [`load_preset`](Self::load_preset).
    pub fn preset_values(&self, name_or_path: &str) -> Result<PresetValues, PresetError> {
        let pack = self.pack()?;
        Ok(as_parameters(&gate::load_preset(name_or_path)?.gate, &pack))
    }

    /// All that a person sets is as at first, and no preset counts as loaded; the host is told.
    pub fn load_defaults(&self) {
        self.take_over_defaults(Self::edit);
    }

    /// The same by the host's own hand, which records no edits: it is to read all values.
    pub fn take_defaults(&self) {
        self.take_over_defaults(Self::set);
        self.values_were_replaced();
    }

    fn take_over_defaults(&self, set: fn(&Self, ParamId, f64)) {
        self.put_beside_parameters((PresetExtras::default(), None));
        for spec in PARAMS.iter().filter(|spec| !spec.flags.output && !spec.flags.bypass) {
            if self.params.get(spec.id) != spec.default_plain() {
                set(self, spec.id, spec.default_plain());
            }
        }
    }

    /// Gives a preset file of the user's another name; if it is the loaded one, it stays that. Gives its new path.
    ///
    /// # Errors
    /// [`PresetError`] if the file is not in `folder`, that is no name for a file, another preset has it, or it cannot be
    /// moved.
    pub fn rename_preset(&self, folder: &Path, path: &Path, name: &str) -> Result<PathBuf, PresetError> {
        let to = file_of(folder, name)?;
        if to == path {
            return Ok(to);
        }
        if to.exists() {
            return Err(PresetError::Exists(name.trim().to_owned()));
        }
        let source = to.to_str().ok_or(PresetError::Name)?.to_owned();
        if path.parent() != Some(folder) {
            return Err(PresetError::Name);
        }
        fs::rename(path, &to).map_err(|source| OutputError::from_io(path, source))?;
        self.kept(|kept| {
            if kept.preset.as_deref().map(Path::new) == Some(path) {
                kept.preset = Some(source);
            }
        });
        Ok(to)
    }

    /// Writes what is set as a preset file of the user's, and counts as having loaded it. `name` is for people; the file
    /// has it with `.json` behind.
    ///
    /// # Errors
    /// [`PresetError`] if that is no name for a file, another preset has it, or it cannot be written.
    pub fn save_preset(&self, folder: &Path, name: &str) -> Result<PathBuf, PresetError> {
        let path = file_of(folder, name)?;
        let loaded = self.preset();
        let source = path.to_str().ok_or(PresetError::Name)?.to_owned();
        if path.exists() && loaded.as_deref() != Some(&source) {
            return Err(PresetError::Exists(name.trim().to_owned()));
        }
        // What only files can do has no parameter: it stays as the loaded preset has it.
        let base = loaded.and_then(|loaded| gate::load_preset(&loaded).ok()).unwrap_or_default();
        let preset = Preset {
            about: "Saved from the plugin.".to_owned(),
            gate: as_settings(self, base.gate, &self.pack()?),
            cut: base.cut,
        };
        let failed = |source| OutputError::from_io(&path, source);
        let json = serde_json::to_string_pretty(&preset).map_err(|error| failed(error.into()))?;
        fs::create_dir_all(folder).map_err(failed)?;
        SafeFile::write_all_to(&path, (json + "\n").as_bytes())?;
        self.kept(|kept| kept.preset = Some(source));
        Ok(path)
    }
}

/// The file of a preset with this name.
fn file_of(folder: &Path, name: &str) -> Result<PathBuf, PresetError> {
    let name = name.trim();
    let is_plain = |letter: char| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_');
    if name.is_empty() || name.chars().count() > LONGEST_NAME || !name.chars().all(is_plain) {
        return Err(PresetError::Name);
    }
    Ok(folder.join(name).with_extension("json"))
}

fn as_settings(shared: &Shared, base: GateSettings, pack: &Pack) -> GateSettings {
    // Labels without thresholds of their own get none: they are the ear's, whichever hears.
    let own = |label: &Label| {
        let (open, close) = own_thresholds_of(label)?;
        let is_set = shared.params.get(open) > 0.0 || shared.params.get(close) > 0.0;
        is_set.then(|| pack.manifest().thresholds_of(label))
    };
    let mut bank = shared.kept(|kept| SettingsBank::new(&kept.extras)).with_others(own);
    let set = bank.update(&shared.params).cloned().unwrap_or_default();
    // Whatever is not named here, and whatever a later version adds, stays as it is in `base`.
    GateSettings {
        rules: set.rules,
        envelope: gate::Envelope {
            wet: shared.params.get_f32(id::WET),
            // A preset says nothing of the ear, nor of the lookahead that only a fast one has.
            lookahead_ms: shared.params.get_f32(id::LOOKAHEAD_MS),
            ..set.envelope
        },
        thresholds: gate::LabelThresholds { confirm: base.thresholds.confirm, ..set.thresholds },
        ..base
    }
}

fn as_parameters(settings: &GateSettings, pack: &Pack) -> PresetValues {
    let mut values = vec![
        (id::ATTACK_MS, f64::from(settings.envelope.attack_ms)),
        (id::HOLD_MS, f64::from(settings.envelope.hold_ms)),
        (id::RELEASE_MS, f64::from(settings.envelope.release_ms)),
        (id::RANGE_DB, f64::from(settings.rules.range_db)),
        (id::LOOKAHEAD_MS, f64::from(settings.envelope.lookahead_ms)),
        (id::WET, f64::from(settings.envelope.wet)),
    ];
    let (said, rules) = rules_as_parameters(&Rules {
        rules: settings.rules.list.clone(),
        otherwise: settings.rules.otherwise,
    });
    values.extend(said);
    let leading = leading_labels(&settings.rules.list).next().cloned().unwrap_or(Label::SPEECH);
    let from_pack = pack.manifest().thresholds_of(&leading);
    let thresholds = settings.thresholds.by_label.get(&leading).copied().unwrap_or(from_pack);
    values.push((id::OPEN, f64::from(thresholds.open)));
    values.push((id::CLOSE, f64::from(thresholds.close)));
    let level_dbfs = settings.thresholds.open_above_dbfs.map(f64::from);
    values.push((id::OPEN_ABOVE_DBFS, level_dbfs.unwrap_or(id::OPEN_ABOVE_DBFS.spec().min())));
    for (label, own_open, own_close) in OWN_THRESHOLDS {
        // Those that lead have the knobs together, but where the preset gives one others.
        let leads = leading_labels(&settings.rules.list).any(|leading| *leading == label);
        let own = settings.thresholds.by_label.get(&label).filter(|own| leads && **own != thresholds);
        for (id, own) in [(own_open, own.map(|own| own.open)), (own_close, own.map(|own| own.close))] {
            // 0 would be none of its own.
            values.push((id, own.map_or(0.0, |own| f64::from(own).max(id.spec().least()))));
        }
    }
    let mut thresholds = settings.thresholds.by_label.clone();
    thresholds.retain(|label, _| !leading_labels(&settings.rules.list).any(|leading| leading == label));
    let extras = PresetExtras { rules, curve: settings.envelope.curve, thresholds };
    (values, extras)
}

#[cfg(test)]
mod tests {
    use earmark_core::decide::Thresholds;

    use super::*;

    #[test]
    fn what_is_saved_is_loaded_by_plugin_and_renderer() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("not/there/yet");
        for (name, own) in [
            ("podcast", [(id::RANGE_DB, 17.25), (id::OPEN, 0.625)]),
            ("broadcast-duck", [(id::WET, 0.5), (id::HOLD_MS, 300.0)]),
            ("interview", [(id::OPEN_ABOVE_DBFS, -42.0), (id::OPEN, 0.75)]),
        ] {
            let shared = Shared::new();
            shared.load_preset(name).unwrap();
            own.iter().for_each(|&(id, plain)| shared.set(id, plain));
            let path = shared.save_preset(&folder, &format!(" My {name} ")).unwrap();
            assert_eq!(path, folder.join(format!("My {name}.json")));
            assert_eq!(shared.preset().as_deref(), path.to_str());

            let again = Shared::new();
            again.load_preset(path.to_str().unwrap()).unwrap();
            for spec in PARAMS {
                let [saved, loaded] = [&shared, &again].map(|shared| shared.params.get(spec.id));
                assert!((saved - loaded).abs() <= 1e-6 * saved.abs(), "{}: {saved}, {loaded}", spec.key);
            }
            assert_eq!(shared.kept(|kept| kept.extras.clone()), again.kept(|kept| kept.extras.clone()));
        }
    }

    /// What no knob moved is the preset's, every field of it.
    #[test]
    fn a_preset_that_is_saved_unchanged_says_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let own = |open, close| Thresholds { open, close };
        let mut presets: Vec<(String, Preset)> =
            gate::preset_names().map(|name| (name.to_owned(), gate::preset(name).unwrap())).collect();
        let podcast = gate::preset("podcast").unwrap();
        assert!(!podcast.gate.thresholds.confirm.is_empty(), "this is about a setting that only files have");
        let everything = GateSettings {
            envelope: gate::Envelope { curve: gate::Curve::Amplitude, ..podcast.gate.envelope },
            thresholds: gate::LabelThresholds {
                by_label: [(Label::SPEECH, own(0.75, 0.5)), (Label::MUSIC, own(0.875, 0.25))].into(),
                ..podcast.gate.thresholds.clone()
            },
            ..podcast.gate.clone()
        };
        let path = folder.path().join("everything.json");
        let preset = Preset { gate: everything, ..podcast };
        fs::write(&path, serde_json::to_string(&preset).unwrap()).unwrap();
        presets.push((path.to_str().unwrap().to_owned(), preset));
        for (index, (name, preset)) in presets.into_iter().enumerate() {
            let shared = Shared::new();
            shared.load_preset(&name).unwrap();
            let saved = shared.save_preset(folder.path(), &format!("Saved {index}")).unwrap();
            let saved = gate::load_preset(saved.to_str().unwrap()).unwrap();
            let mut expected = preset.gate;
            // The threshold knobs are those of all leading labels: the pack's of the first, where the preset has none.
            let pack = Pack::find(earmark_core::model::pack::LIVE).unwrap();
            let first = leading_labels(&expected.rules.list).next().unwrap();
            let from_pack = pack.manifest().thresholds_of(first);
            for label in leading_labels(&expected.rules.list) {
                expected.thresholds.by_label.entry(label.clone()).or_insert(from_pack);
            }
            assert_eq!(saved.gate, expected, "{name}");
            assert_eq!(saved.cut, preset.cut, "{name}");
        }
    }

    #[test]
    fn a_preset_gets_another_name_and_nothing_else_goes() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let shared = Shared::new();
        let first = shared.save_preset(folder, "First").unwrap();
        let other = Shared::new().save_preset(folder, "Other").unwrap();
        let second = shared.rename_preset(folder, &first, " Second ").unwrap();
        assert_eq!((second.as_path(), first.exists()), (folder.join("Second.json").as_path(), false));
        assert_eq!(shared.preset().as_deref(), second.to_str(), "it is the loaded one still");
        assert_eq!(shared.rename_preset(folder, &second, "Second").unwrap(), second, "as it was");
        assert!(matches!(shared.rename_preset(folder, &second, "Other"), Err(PresetError::Exists(_))));
        assert!(matches!(shared.rename_preset(folder, &second, "../up"), Err(PresetError::Name)));
        assert!(matches!(
            shared.rename_preset(&folder.join("below"), &second, "Third"),
            Err(PresetError::Name)
        ));
        assert!(matches!(
            shared.rename_preset(folder, &folder.join("gone.json"), "Third"),
            Err(PresetError::Write(_))
        ));
        // Another one's name does not touch what is loaded.
        shared.rename_preset(folder, &other, "Third").unwrap();
        assert_eq!(shared.preset().as_deref(), second.to_str());
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), 2);
    }

    #[test]
    fn only_the_loaded_preset_is_saved_over() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let save = |shared: &Shared, name: &str| shared.save_preset(folder, name);
        let shared = Shared::new();
        let path = save(&shared, "Mine").unwrap();
        shared.set(id::RANGE_DB, 12.0);
        assert_eq!(save(&shared, "Mine").unwrap(), path, "its own");
        assert_eq!(gate::load_preset(path.to_str().unwrap()).unwrap().gate.rules.range_db, 12.0);
        let other = Shared::new();
        assert!(matches!(save(&other, "Mine"), Err(PresetError::Exists(_))));
        assert_eq!(gate::load_preset(path.to_str().unwrap()).unwrap().gate.rules.range_db, 12.0, "untouched");
        for bad in ["", "  ", "../up", "a/b", ".hidden", "what?", &"x".repeat(61)] {
            assert!(matches!(save(&other, bad), Err(PresetError::Name)), "{bad}");
        }
        let blocked = path.join("below a file");
        assert!(matches!(other.save_preset(&blocked, "Mine"), Err(PresetError::Write { .. })));
        assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1, "nothing else was left");
    }
}
