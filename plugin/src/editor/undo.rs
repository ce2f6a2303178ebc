//! What was set in the window, and the way back: the standalone has no other, and a host that keeps its own history sees each
//! step as an edit.

use super::settings::{Wanted, values};
use crate::params::ParamId;
use crate::rules::Beside;
use crate::shared::Shared;

/// Steps that are remembered.
const LIMIT: usize = 100;

/// A parameter with its value before and after.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Change {
    id: ParamId,
    before: f64,
    after: f64,
}

/// One step.
#[derive(Debug)]
struct Step {
    changes: Vec<Change>,
    /// Before and after, where a preset was loaded or its rules edited.
    beside: Option<(Beside, Beside)>,
}

/// The steps back and forth.
#[derive(Debug, Default)]
pub struct Undo {
    past: Vec<Step>,
    future: Vec<Step>,
    /// All settings as they were when no edit was under way.
    known: Vec<(ParamId, f64)>,
    known_beside: Beside,
    /// Whatever changed by the next look was changed by hand.
    whole: bool,
}

impl Undo {
    /// Looks at the settings while no edit is under way. `edited` are the parameters whose edits ended since the last look: what
    /// a host moved by itself is no step.
    pub fn look(&mut self, edited: &[ParamId], shared: &Shared) {
        let whole = std::mem::take(&mut self.whole);
        let change = |&(id, before): &(ParamId, f64)| {
            let after = shared.params.get(id);
            ((whole || edited.contains(&id)) && after.to_bits() != before.to_bits()).then_some(Change {
                id,
                before,
                after,
            })
        };
        let changes: Vec<Change> = self.known.iter().filter_map(change).collect();
        let beside = shared.beside_parameters();
        let before = std::mem::replace(&mut self.known_beside, beside.clone());
        let beside = (whole && before != beside).then_some((before, beside));
        if !changes.is_empty() || beside.is_some() {
            self.future.clear();
            self.past.push(Step { changes, beside });
            let surplus = self.past.len().saturating_sub(LIMIT);
            self.past.drain(..surplus);
        }
        self.known = values(&shared.params);
    }

    /// A hand is about to change many settings at once, those of a preset: one step.
    pub fn expect_whole(&mut self) {
        self.whole = true;
    }

    /// Whether there is a step back.
    pub fn has_past(&self) -> bool {
        !self.past.is_empty()
    }

    /// Whether there is a step forth.
    pub fn has_future(&self) -> bool {
        !self.future.is_empty()
    }

    /// One step back: what to set.
    pub fn back(&mut self) -> Wanted {
        let Some(step) = self.past.pop() else { return Wanted::default() };
        let values = step.changes.iter().map(|change| (change.id, change.before)).collect();
        let beside = step.beside.as_ref().map(|(before, _)| before.clone());
        self.future.push(step);
        self.meet(Wanted { values, beside })
    }

    /// One step forth: what to set.
    pub fn forth(&mut self) -> Wanted {
        let Some(step) = self.future.pop() else { return Wanted::default() };
        let values = step.changes.iter().map(|change| (change.id, change.after)).collect();
        let beside = step.beside.as_ref().map(|(_, after)| after.clone());
        self.past.push(step);
        self.meet(Wanted { values, beside })
    }

    /// What is about to be set is no step of its own.
    fn meet(&mut self, wanted: Wanted) -> Wanted {
        for (id, value) in &mut self.known {
            if let Some((_, plain)) = wanted.values.iter().find(|(other, _)| other == id) {
                *value = *plain;
            }
        }
        wanted
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::id;

    fn apply(undo: &mut Undo, shared: &Shared, wanted: Wanted) {
        let ids: Vec<ParamId> = wanted.values.iter().map(|(id, _)| *id).collect();
        for (id, value) in wanted.values {
            shared.set(id, value);
        }
        if let Some(beside) = wanted.beside {
            shared.put_beside_parameters(beside);
        }
        undo.look(&ids, shared);
    }

    #[test]
    fn edits_are_taken_back_and_made_again_and_a_hosts_are_not() {
        let shared = Shared::new();
        let mut undo = Undo::default();
        undo.look(&[], &shared);
        let set = |undo: &mut Undo, id: ParamId, value: f64, by_hand: bool| {
            shared.set(id, value);
            undo.look(if by_hand { std::slice::from_ref(&id) } else { &[] }, &shared);
        };
        let get = |id| shared.params.get(id);
        set(&mut undo, id::RANGE_DB, 12.0, true);
        set(&mut undo, id::RANGE_DB, 18.0, true);
        set(&mut undo, id::HOLD_MS, 700.0, false);
        let back = undo.back();
        apply(&mut undo, &shared, back);
        assert_eq!((get(id::RANGE_DB), get(id::HOLD_MS)), (12.0, 700.0));
        let back = undo.back();
        apply(&mut undo, &shared, back);
        assert_eq!(get(id::RANGE_DB), 30.0);
        assert!(!undo.has_past() && undo.has_future() && undo.back() == Wanted::default());
        let forth = undo.forth();
        apply(&mut undo, &shared, forth);
        assert_eq!(get(id::RANGE_DB), 12.0);
        set(&mut undo, id::WET, 0.5, true);
        assert!(!undo.has_future(), "another way was taken");
        let back = undo.back();
        apply(&mut undo, &shared, back);
        assert_eq!((get(id::WET), get(id::RANGE_DB)), (1.0, 12.0));
    }

    #[test]
    fn a_preset_is_one_step_and_a_state_of_the_hosts_is_none() {
        let shared = Shared::new();
        let mut undo = Undo::default();
        undo.look(&[], &shared);
        let before = shared.save_state();
        undo.expect_whole();
        shared.load_preset("broadcast-duck").expect("built in");
        undo.look(&[], &shared);
        let after = shared.save_state();
        let back = undo.back();
        apply(&mut undo, &shared, back);
        assert!(shared.save_state() == before && !undo.has_past());
        let forth = undo.forth();
        apply(&mut undo, &shared, forth);
        assert!(shared.save_state() == after && !undo.has_future());
        // Rules alone are a step, too.
        let mut rules = shared.rules();
        rules.rules.pop();
        undo.expect_whole();
        shared.edit_rules(&rules).expect("a gate");
        undo.look(&[], &shared);
        let back = undo.back();
        apply(&mut undo, &shared, back);
        assert_eq!(shared.save_state(), after);
        let steps = undo.past.len();
        shared.load_state(&before).expect("a state");
        undo.look(&[], &shared);
        assert_eq!(undo.past.len(), steps);
    }
}
