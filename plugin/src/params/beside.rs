//! What belongs to the parameters and is none.

use earmark_core::gate::{Action, Rule};
use serde::{Deserialize, Serialize};

use super::{Kind, id};

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
