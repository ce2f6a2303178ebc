//! The core's presets as parameters.
//!
//! A preset is a gate with any rules. Where the rules are one of those that the parameters can say, the parameters say
//! them; any others are kept beside the parameters, and *keep* says "Preset's rules".

use earmark_core::Label;
use earmark_core::gate::{self, Action, GateError, GateSettings, Rule};
use earmark_core::pack::{Pack, PackError, Thresholds};
use serde::{Deserialize, Serialize};

use crate::params::{Kind, ParamId, id};
use crate::processor::settings::{KEEP_RULES, keep_rules, leading_labels};
use crate::shared::Shared;

/// Rules of a preset that parameters cannot say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// What to do with what.
    pub rules: Vec<Rule>,
    /// What to do with the rest.
    pub otherwise: Action,
}

/// Why a preset cannot be loaded.
#[derive(Debug, thiserror::Error)]
pub enum PresetError {
    /// There is none of that name, or it is not valid.
    #[error(transparent)]
    Gate(#[from] GateError),
    /// The thresholds of the ear are not known.
    #[error(transparent)]
    Pack(#[from] PackError),
}

/// Names of the built-in presets, and what they are for.
pub fn built_in() -> impl Iterator<Item = (&'static str, String)> {
    gate::preset_names().map(|name| (name, gate::preset(name).map(|preset| preset.about).unwrap_or_default()))
}

pub(crate) fn load(shared: &Shared, name_or_path: &str) -> Result<(), PresetError> {
    let preset = gate::load_preset(name_or_path)?;
    let settings = preset.gate;
    let pack = Pack::find(pack_name(shared.params.choice(id::PACK)))?;
    let (values, rules) = as_parameters(&settings, &pack);
    shared.kept(|kept| {
        if rules.is_some() && kept.rules != rules {
            shared.want_restart();
        }
        kept.rules = rules;
        kept.preset = Some(name_or_path.to_owned());
    });
    for (id, plain) in values {
        shared.edit(id, plain);
    }
    Ok(())
}

/// Name of the pack that a value of the pack parameter stands for.
pub(crate) fn pack_name(choice: usize) -> &'static str {
    match id::PACK.spec().kind {
        Kind::Choice { keys, .. } => keys.get(choice).copied().unwrap_or(earmark_core::pack::LIVE),
        Kind::Float { .. } | Kind::Toggle { .. } => earmark_core::pack::LIVE,
    }
}

fn as_parameters(settings: &GateSettings, pack: &Pack) -> (Vec<(ParamId, f64)>, Option<Rules>) {
    let mut values = vec![
        (id::ATTACK_MS, f64::from(settings.attack_ms)),
        (id::HOLD_MS, f64::from(settings.hold_ms)),
        (id::RELEASE_MS, f64::from(settings.release_ms)),
        (id::RANGE_DB, f64::from(settings.range_db)),
        (id::LOOKAHEAD_MS, f64::from(settings.lookahead_ms)),
        (id::WET, f64::from(settings.wet)),
    ];
    let said = (0..KEEP_RULES).find(|&keep| keep_rules(keep) == settings.rules);
    let mode = match settings.otherwise {
        Action::Gate => Some(0.0),
        Action::Duck(duck) => {
            values.push((id::DUCK_DB, f64::from(duck.by_db)));
            values.push((id::DUCK_SHAPE, f64::from(u8::from(duck.ratio.is_some()))));
            if let Some(ratio) = duck.ratio {
                values.push((id::DUCK_RATIO, f64::from(ratio)));
            }
            values.push((id::DUCK_ABOVE_DBFS, f64::from(duck.above_dbfs)));
            values.push((id::DUCK_KNEE_DB, f64::from(duck.knee_db)));
            Some(1.0)
        }
        Action::Mute => Some(2.0),
        Action::Keep => None,
    };
    let rules = if let (Some(keep), Some(mode)) = (said, mode) {
        values.push((id::KEEP, f64::from(u32::try_from(keep).unwrap_or(0))));
        values.push((id::MODE, mode));
        None
    } else {
        values.push((id::KEEP, f64::from(u32::try_from(KEEP_RULES).unwrap_or(0))));
        Some(Rules { rules: settings.rules.clone(), otherwise: settings.otherwise })
    };
    let leading = leading_labels(&settings.rules).next().cloned().unwrap_or(Label::SPEECH);
    let from_pack = pack.manifest().thresholds.get(&leading).copied().unwrap_or_default();
    let Thresholds { open, close } = settings.thresholds.get(&leading).copied().unwrap_or(from_pack);
    values.push((id::OPEN, f64::from(open)));
    values.push((id::CLOSE, f64::from(close)));
    (values, rules)
}
