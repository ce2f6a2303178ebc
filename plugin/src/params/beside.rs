//! What belongs to the parameters and is none.

use std::collections::BTreeMap;

use earmark_core::Label;
use earmark_core::decide::Thresholds;
use earmark_core::gate::{Action, Curve, Rule};
use serde::{Deserialize, Serialize};

use super::{Kind, id};

/// What a preset says of the gate and no parameter can. It is kept in the state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PresetExtras {
    /// Its rules, where they are none of the *keep* choices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rules: Option<Rules>,
    /// How the gain moves. The usual way is not written, as before there was another.
    #[serde(skip_serializing_if = "is_usual")]
    pub curve: Curve,
    /// Its own thresholds of labels that do not lead its rules: those of the leading ones are parameters.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub thresholds: BTreeMap<Label, Thresholds>,
}

fn is_usual(curve: &Curve) -> bool {
    *curve == Curve::default()
}

/// Rules of a preset that parameters cannot say.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// What to do with what.
    pub rules: Vec<Rule>,
    /// What to do with the rest.
    pub otherwise: Action,
}

/// Name of the pack that a value of the pack parameter stands for.
pub(crate) fn pack_name(choice: usize) -> &'static str {
    match id::PACK.spec().kind {
        Kind::Choice { keys, .. } => keys.get(choice).copied().unwrap_or(earmark_core::model::pack::LIVE),
        Kind::Float { .. } | Kind::Toggle { .. } => earmark_core::model::pack::LIVE,
    }
}
