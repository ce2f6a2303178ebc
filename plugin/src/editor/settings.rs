//! All that a person sets: the parameters, and what stands beside them.

use crate::params::{PARAMS, ParamId, Params};
use crate::rules::Beside;
use crate::shared::Shared;

/// One whole of settings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// The parameters.
    pub values: Vec<(ParamId, f64)>,
    /// What a preset says beside them; none where an Earmark kept them that compared parameters alone.
    pub beside: Option<Beside>,
}

/// What to set, on the way to other settings.
#[derive(Debug, Default, PartialEq)]
pub struct Wanted {
    /// Parameters with their values.
    pub values: Vec<(ParamId, f64)>,
    /// What a preset says beside them; `None`: as it is.
    pub beside: Option<Beside>,
}

impl Settings {
    /// Those that are in force.
    pub fn of(shared: &Shared) -> Self {
        Self { values: values(&shared.params), beside: Some(shared.beside_parameters()) }
    }

    /// What leads from `current` to these. What is equal is no edit.
    pub fn wanted_from(&self, current: &Self) -> Wanted {
        let differs = |value: &&(ParamId, f64)| !current.values.contains(value);
        let beside = self.beside.clone().filter(|beside| current.beside.as_ref() != Some(beside));
        Wanted { values: self.values.iter().filter(differs).copied().collect(), beside }
    }
}

/// The parameters that a person sets: all but what the processor moves, and the host's own button.
pub fn values(params: &Params) -> Vec<(ParamId, f64)> {
    let set_by_hand = PARAMS.iter().filter(|spec| !spec.flags.output && !spec.flags.bypass);
    set_by_hand.map(|spec| (spec.id, params.get(spec.id))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::id;

    #[test]
    fn meters_and_bypass_are_no_settings() {
        let all = values(&Params::default());
        for hidden in [id::SPEECH, id::CLASS, id::REDUCTION_DB, id::BYPASS] {
            assert!(!all.iter().any(|(id, _)| *id == hidden));
        }
        assert!(all.iter().any(|(id, _)| *id == id::OPEN));
    }
}
