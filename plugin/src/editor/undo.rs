//! What was set in the window, and the way back: the standalone has no other, and a host that keeps its own history sees each
//! step as an edit.

use crate::params::{ParamId, Params};

/// Steps that are remembered.
const LIMIT: usize = 100;

/// A parameter with its value before and after.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Change {
    id: ParamId,
    before: f64,
    after: f64,
}

/// The steps back and forth.
#[derive(Debug, Default)]
pub struct Undo {
    past: Vec<Vec<Change>>,
    future: Vec<Vec<Change>>,
    /// All settings as they were when no edit was under way.
    known: Vec<(ParamId, f64)>,
}

impl Undo {
    /// Looks at the settings while no edit is under way. `edited` are the parameters whose edits ended since the last look: what
    /// a host moved by itself is no step.
    pub fn look(&mut self, edited: &[ParamId], params: &Params) {
        let change = |&(id, before): &(ParamId, f64)| {
            let after = params.get(id);
            (edited.contains(&id) && after.to_bits() != before.to_bits()).then_some(Change {
                id,
                before,
                after,
            })
        };
        let step: Vec<Change> = self.known.iter().filter_map(change).collect();
        if !step.is_empty() {
            self.future.clear();
            self.past.push(step);
            let surplus = self.past.len().saturating_sub(LIMIT);
            self.past.drain(..surplus);
        }
        self.known = super::state::settings(params);
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
    pub fn back(&mut self) -> Vec<(ParamId, f64)> {
        let Some(step) = self.past.pop() else { return Vec::new() };
        let wanted = step.iter().map(|change| (change.id, change.before)).collect();
        self.future.push(step);
        self.meet(wanted)
    }

    /// One step forth: what to set.
    pub fn forth(&mut self) -> Vec<(ParamId, f64)> {
        let Some(step) = self.future.pop() else { return Vec::new() };
        let wanted = step.iter().map(|change| (change.id, change.after)).collect();
        self.past.push(step);
        self.meet(wanted)
    }

    /// What is about to be set is no step of its own.
    fn meet(&mut self, wanted: Vec<(ParamId, f64)>) -> Vec<(ParamId, f64)> {
        for (id, value) in &mut self.known {
            if let Some((_, plain)) = wanted.iter().find(|(other, _)| other == id) {
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

    #[test]
    fn edits_are_taken_back_and_made_again_and_a_hosts_are_not() {
        let params = Params::default();
        let mut undo = Undo::default();
        undo.look(&[], &params);
        let set = |undo: &mut Undo, id: ParamId, value: f64, by_hand: bool| {
            params.set(id, value);
            undo.look(if by_hand { std::slice::from_ref(&id) } else { &[] }, &params);
        };
        let apply = |undo: &mut Undo, steps: Vec<(ParamId, f64)>| {
            let ids: Vec<ParamId> = steps.iter().map(|(id, _)| *id).collect();
            for (id, value) in steps {
                params.set(id, value);
            }
            undo.look(&ids, &params);
        };
        set(&mut undo, id::RANGE_DB, 12.0, true);
        set(&mut undo, id::RANGE_DB, 18.0, true);
        set(&mut undo, id::HOLD_MS, 700.0, false);
        let back = undo.back();
        apply(&mut undo, back);
        assert_eq!((params.get(id::RANGE_DB), params.get(id::HOLD_MS)), (12.0, 700.0));
        let back = undo.back();
        apply(&mut undo, back);
        assert_eq!(params.get(id::RANGE_DB), 30.0);
        assert!(!undo.has_past() && undo.has_future() && undo.back().is_empty());
        let forth = undo.forth();
        apply(&mut undo, forth);
        assert_eq!(params.get(id::RANGE_DB), 12.0);
        set(&mut undo, id::WET, 0.5, true);
        assert!(!undo.has_future(), "another way was taken");
        let back = undo.back();
        apply(&mut undo, back);
        assert_eq!((params.get(id::WET), params.get(id::RANGE_DB)), (1.0, 12.0));
    }
}
