//! What belongs to the parameters and is none.

use std::collections::BTreeMap;

use earmark_core::Label;
use earmark_core::decide::Thresholds;
use earmark_core::gate::{Action, Curve, Rule};
use serde::{Deserialize, Serialize};

use super::{ParamId, Params, id};

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

/// What can hear, in the order in which people choose: each is a value of one of two parameters, since the list of the first was
/// released before there was a fast one.
pub(crate) const EAR_CHOICES: [(ParamId, u32); 3] = [(id::PACK, 0), (id::PACK, 1), (id::FAST_EAR, 1)];

/// The place in [`EAR_CHOICES`] of what the parameters say.
pub(crate) fn ear_choice(params: &Params) -> usize {
    let said = |id| (id, u32::try_from(params.choice(id)).unwrap_or(0));
    let fast = said(id::FAST_EAR);
    let said = if fast.1 > 0 { fast } else { said(id::PACK) };
    EAR_CHOICES.iter().position(|choice| *choice == said).unwrap_or(0)
}

/// What the two parameters are for a choice. Under the fast one the first stays as it is.
pub(crate) fn ear_values(choice: usize) -> impl Iterator<Item = (ParamId, f64)> {
    let (chosen, value) = EAR_CHOICES.get(choice).copied().unwrap_or(EAR_CHOICES[0]);
    let slow = (chosen == id::PACK).then_some((id::FAST_EAR, 0.0));
    [(chosen, f64::from(value))].into_iter().chain(slow)
}

/// Name of the pack of one of [`EAR_CHOICES`].
pub(crate) fn pack_of_choice(choice: usize) -> &'static str {
    let (id, value) = EAR_CHOICES.get(choice).copied().unwrap_or(EAR_CHOICES[0]);
    id.spec().choice_key(f64::from(value)).unwrap_or(earmark_core::model::pack::LIVE)
}

/// Name of the pack that hears.
pub(crate) fn pack_name(params: &Params) -> &'static str {
    pack_of_choice(ear_choice(params))
}

/// The lookahead that is in force: a fast ear has its own.
pub(crate) fn lookahead_id(params: &Params) -> ParamId {
    lookahead_of_choice(ear_choice(params))
}

/// The lookahead of one of [`EAR_CHOICES`].
pub(crate) fn lookahead_of_choice(choice: usize) -> ParamId {
    match EAR_CHOICES.get(choice) {
        Some(&(id::FAST_EAR, _)) => id::FAST_LOOKAHEAD_MS,
        _ => id::LOOKAHEAD_MS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use earmark_core::model::pack::{LIVE, Pack, STUDIO, SWIFT};

    /// An automation of the released list means what it meant, whatever came later.
    #[test]
    fn ears_are_chosen_by_both_lists_and_the_released_one_keeps_its_meaning() {
        let params = Params::default();
        for (choice, pack) in [LIVE, STUDIO, SWIFT].into_iter().enumerate() {
            ear_values(choice).for_each(|(id, value)| _ = params.set(id, value));
            assert_eq!((ear_choice(&params), pack_name(&params)), (choice, pack));
            assert!(Pack::find(pack).is_ok(), "{pack} is there");
        }
        assert_eq!(lookahead_id(&params), id::FAST_LOOKAHEAD_MS);
        // Normalised, as a lane of 0.1 has it.
        ear_values(0).for_each(|(id, value)| _ = params.set(id, value));
        for (normalised, pack) in [(0.0, LIVE), (0.49, LIVE), (0.51, STUDIO), (1.0, STUDIO)] {
            params.set(id::PACK, id::PACK.spec().plain(normalised));
            assert_eq!(pack_name(&params), pack, "{normalised}");
        }
        assert_eq!(lookahead_id(&params), id::LOOKAHEAD_MS);
    }
}
