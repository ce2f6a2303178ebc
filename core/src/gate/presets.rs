//! Presets: gates for common work, as JSON files. Some are built in; any file of the same form serves as well.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::settings::in_range;
use super::{GateError, GateSettings, MAX_TIME_MS};

/// A preset: what it is for, the gate, and how a cut shortens pauses.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Preset {
    /// One sentence for the user.
    pub about: String,
    /// The gate.
    pub gate: GateSettings,
    /// Present when the preset cuts pauses out instead of turning them down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cut: Option<CutSettings>,
}

/// How pauses are shortened when they are cut out of a file.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CutSettings {
    /// A longer pause is shortened to this, ms; a shorter one stays as it is.
    pub max_pause_ms: f32,
    /// At least this much stays after and before what is kept (the end of a reverberation, a breath), ms.
    pub pad_ms: f32,
    /// Length of the crossfade at a join, ms. It is made of the room tone that is cut out, so nothing kept is
    /// faded.
    pub crossfade_ms: f32,
    /// Law of the crossfade.
    pub fade: Fade,
}

/// Law of a crossfade.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fade {
    /// Keeps the power of sounds that have nothing to do with each other: room tone. The usual choice.
    #[default]
    EqualPower,
    /// Keeps the amplitude of sounds that are alike: hum, a steady tone in phase.
    Linear,
}

impl Default for CutSettings {
    fn default() -> Self {
        Self { max_pause_ms: 1_000.0, pad_ms: 250.0, crossfade_ms: 15.0, fade: Fade::EqualPower }
    }
}

impl CutSettings {
    /// Refuses numbers that make no cut.
    ///
    /// # Errors
    /// [`GateError::Setting`] names the field and its range.
    pub fn validate(&self) -> Result<(), GateError> {
        in_range("max_pause_ms", self.max_pause_ms, 0.0, 600_000.0)?;
        in_range("pad_ms", self.pad_ms, 0.0, MAX_TIME_MS)?;
        in_range("crossfade_ms", self.crossfade_ms, 0.0, 500.0)
    }
}

const BUILT_IN: [(&str, &str); 6] = [
    ("podcast", include_str!("presets/podcast.json")),
    ("voice-over", include_str!("presets/voice-over.json")),
    ("broadcast-duck", include_str!("presets/broadcast-duck.json")),
    ("interview", include_str!("presets/interview.json")),
    ("transcription", include_str!("presets/transcription.json")),
    ("vocals", include_str!("presets/vocals.json")),
];

/// Names of the built-in presets.
pub fn preset_names() -> impl Iterator<Item = &'static str> {
    BUILT_IN.iter().map(|(name, _)| *name)
}

/// A built-in preset.
///
/// # Errors
/// [`GateError::UnknownPreset`] for another name.
pub fn preset(name: &str) -> Result<Preset, GateError> {
    let found = BUILT_IN.iter().find(|(known, _)| *known == name);
    let (_, json) = found.ok_or_else(|| GateError::UnknownPreset {
        name: name.to_owned(),
        known: preset_names().collect::<Vec<_>>().join(", "),
    })?;
    parse(json)
}

/// A built-in preset by its name, or one from a JSON file.
///
/// # Errors
/// Neither a built-in name nor a file with valid settings.
pub fn load_preset(name_or_path: &str) -> Result<Preset, GateError> {
    let path = Path::new(name_or_path);
    if preset_names().any(|name| name == name_or_path) || !path.exists() {
        return preset(name_or_path);
    }
    let json = std::fs::read_to_string(path)
        .map_err(|source| GateError::PresetFile { path: path.to_owned(), source })?;
    parse(&json)
        .map_err(|source| GateError::PresetContent { path: path.to_owned(), source: Box::new(source) })
}

fn parse(json: &str) -> Result<Preset, GateError> {
    let preset: Preset = serde_json::from_str(json).map_err(GateError::Json)?;
    preset.gate.validate()?;
    if let Some(cut) = &preset.cut {
        cut.validate()?;
    }
    Ok(preset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Label;
    use crate::gate::RuleSet;

    #[test]
    fn built_in_presets_compile_and_open_in_time() {
        for name in preset_names() {
            let preset = preset(name).expect(name);
            assert!(!preset.about.is_empty());
            for labels in [
                &[Label::SPEECH, Label::MUSIC, Label::NOISE][..],
                &[Label::SPEECH, Label::SINGING, Label::MUSIC, Label::NOISE],
            ] {
                RuleSet::new(&preset.gate, labels).expect(name);
            }
            assert!(
                preset.gate.envelope.attack_ms <= preset.gate.envelope.lookahead_ms,
                "{name}: an onset meets a fully open gate"
            );
            let again = parse(&serde_json::to_string(&preset).expect("plain data")).expect(name);
            assert_eq!(again, preset);
        }
    }

    #[test]
    fn files_serve_as_presets() {
        let folder = tempfile::tempdir().expect("temporary folder");
        let path = folder.path().join("mine.json");
        let name = path.to_str().expect("plain path");
        assert!(matches!(load_preset(name), Err(GateError::UnknownPreset { .. })));
        std::fs::write(&path, r#"{"gate": {"range_db": 12}}"#).expect("written");
        assert_eq!(load_preset(name).expect("valid").gate.rules.range_db, 12.0);
        std::fs::write(&path, r#"{"gate": {"range": 12}}"#).expect("written");
        let error = load_preset(name).expect_err("unknown field").to_string();
        assert!(error.contains("mine.json") && error.contains("range"), "{error}");
    }
}
