//! The state that hosts save: JSON, the same bytes in every format.
//!
//! Parameters stand under their keys, choices and toggles as words, so that a state can be read and written by people
//! and outlives any change of order. Unknown keys are left alone, missing ones have their defaults. [`FORMAT`] counts
//! changes of meaning; a state of an older one is brought up to date before it is read. Each released format has a
//! fixture in `plugin/tests/states`.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::made_with::{MadeWith, OlderEar};
use crate::params::{Kind, PARAMS, ParamSpec, PresetExtras};
use crate::profiles::ChosenProfile;
use crate::shared::Shared;

/// The format that this version writes.
pub const FORMAT: u64 = 1;

/// Larger than any state by far: more is not read.
pub(crate) const LIMIT_BYTES: u64 = 1 << 20;

/// Why a state is refused.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// It is not JSON of the right form.
    #[error("this is not a state of Earmark: {0}")]
    Json(#[from] serde_json::Error),
    /// It was written by a later version.
    #[error("this state was written by a later Earmark (format {0}; this one knows up to {FORMAT})")]
    Newer(u64),
    /// It is absurdly large.
    #[error("a state of {0} bytes is none of Earmark's")]
    TooLarge(usize),
}

#[derive(Serialize, Deserialize)]
struct File {
    earmark_state: u64,
    params: Map<String, Value>,
    #[serde(flatten)]
    extras: PresetExtras,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    preset: Option<String>,
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    window: Map<String, Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    voice: Option<ChosenProfile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    phrase: Option<ChosenProfile>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ear: Option<MadeWith>,
}

impl Shared {
    /// The state as bytes, the same in every format: a preset moves between them.
    pub fn save_state(&self) -> Vec<u8> {
        let params = PARAMS
            .iter()
            .filter(|spec| !spec.flags.read_only)
            .map(|spec| (spec.key.to_owned(), to_value(spec, self.params.get(spec.id))))
            .collect();
        let kept = self.kept(|kept| kept.clone());
        let file = File {
            earmark_state: FORMAT,
            params,
            extras: kept.extras,
            preset: kept.preset,
            window: kept.window,
            voice: kept.voice,
            phrase: kept.phrase,
            ear: self.made_with(),
        };
        // Maps with string keys and finite numbers: nothing that JSON could refuse.
        serde_json::to_vec_pretty(&file).unwrap_or_default()
    }

    /// Takes over a state of this or an older version.
    ///
    /// # Errors
    /// [`StateError`] for what is no state; nothing is changed then.
    pub fn load_state(&self, bytes: &[u8]) -> Result<(), StateError> {
        if u64::try_from(bytes.len()).is_ok_and(|len| len > LIMIT_BYTES) {
            return Err(StateError::TooLarge(bytes.len()));
        }
        let mut value: Value = serde_json::from_slice(bytes)?;
        let format = value.get("earmark_state").and_then(Value::as_u64).unwrap_or(FORMAT);
        if format > FORMAT {
            return Err(StateError::Newer(format));
        }
        migrate(&mut value, format);
        let file: File = serde_json::from_value(value)?;
        for spec in PARAMS.iter().filter(|spec| !spec.flags.read_only) {
            let plain = file.params.get(spec.key).and_then(|value| from_value(spec, value));
            self.set(spec.id, plain.unwrap_or_else(|| spec.default_plain()));
        }
        let older_ear = file.ear.map(|ear| OlderEar::find(ear, self.kept_packs()));
        let hears = |ear: &Option<OlderEar>| ear.as_ref().is_some_and(OlderEar::hears);
        let needs_restart = self.kept(|kept| {
            let changed = kept.extras != file.extras
                || kept.voice != file.voice
                || kept.phrase != file.phrase
                || hears(&kept.older_ear)
                || hears(&older_ear);
            kept.extras = file.extras;
            kept.preset = file.preset;
            kept.window = file.window;
            (kept.voice, kept.phrase) = (file.voice, file.phrase);
            kept.older_ear = older_ear;
            changed
        });
        if needs_restart {
            self.want_restart();
        }
        self.values_were_replaced();
        Ok(())
    }
}

/// Brings a state of an older format up to date, one format after the other.
fn migrate(_state: &mut Value, from: u64) {
    // Format 1 is the first. A later one adds its step here: `if from < 2 { … }`.
    debug_assert!(from <= FORMAT);
}

fn to_value(spec: &ParamSpec, plain: f64) -> Value {
    match spec.kind {
        Kind::Float { .. } => Value::from(plain),
        Kind::Toggle { .. } => Value::from(plain >= 0.5),
        Kind::Choice { .. } => Value::from(spec.choice_key(plain).unwrap_or_default()),
    }
}

fn from_value(spec: &ParamSpec, value: &Value) -> Option<f64> {
    match spec.kind {
        Kind::Float { .. } => value.as_f64().map(|plain| spec.clamp(plain)),
        Kind::Toggle { .. } => value.as_bool().map(|on| f64::from(u8::from(on))),
        Kind::Choice { keys, .. } => {
            let word = value.as_str()?;
            let index = keys.iter().position(|&key| key == word)?;
            u32::try_from(index).ok().map(f64::from)
        }
    }
}
