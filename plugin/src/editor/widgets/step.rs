//! How far keys, wheel and pointer move a value: plain arithmetic.

use egui::{Event, MouseWheelUnit, Ui};

use crate::params::{Kind, ParamSpec, Unit};

/// One step of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Step {
    /// A tenth of a normal step.
    Fine(f64),
    /// So many steps.
    Normal(f64),
    /// Ten steps.
    Coarse(f64),
    /// To the smallest value.
    Smallest,
    /// To the largest value.
    Largest,
    /// To the default.
    Default,
}

/// Points that a pointer travels from one end of a value to the other.
const TRAVEL_POINTS: f64 = 220.0;

/// The size of a normal step, plain, near a value: what a person would count in.
fn normal_step(spec: &ParamSpec, plain: f64) -> f64 {
    match (spec.kind, spec.unit) {
        (Kind::Choice { .. } | Kind::Toggle { .. }, _) => 1.0,
        (_, Unit::Percent | Unit::PercentOrAuto) => 0.01,
        // A twentieth of the decade: 1 ms below 20 ms, 50 ms at a second, 5 Hz at 100.
        (_, Unit::Milliseconds | Unit::HertzOrOff) => {
            (10.0_f64.powf(plain.abs().max(1.0).log10().floor()) * 0.5).max(1.0)
        }
        (_, Unit::Ratio) => {
            if plain < 10.0 {
                0.5
            } else {
                1.0
            }
        }
        (_, Unit::Seconds | Unit::Decibels | Unit::Dbfs | Unit::DbfsOrOff | Unit::None) => 1.0,
    }
}

/// The value after a step.
pub fn stepped(spec: &ParamSpec, plain: f64, step: Step) -> f64 {
    let size = normal_step(spec, plain);
    let whole_steps = spec.steps() > 0;
    spec.clamp(match step {
        Step::Fine(count) if !whole_steps => plain + 0.1 * size * count,
        Step::Fine(count) | Step::Normal(count) => plain + size * count,
        Step::Coarse(count) if !whole_steps => plain + 10.0 * size * count,
        Step::Coarse(count) => plain + size * count,
        Step::Smallest => spec.min(),
        Step::Largest => spec.max(),
        Step::Default => spec.default_plain(),
    })
}

/// The place after a step in a menu of `count` choices, whose default is the first.
pub fn stepped_place(count: usize, place: usize, step: Step) -> usize {
    let last = count.saturating_sub(1);
    match step {
        Step::Fine(by) | Step::Normal(by) | Step::Coarse(by) if by > 0.0 => (place + 1).min(last),
        Step::Fine(_) | Step::Normal(_) | Step::Coarse(_) => place.saturating_sub(1),
        Step::Smallest | Step::Default => 0,
        Step::Largest => last,
    }
}

/// The value after a pointer went up by so many points.
pub fn dragged(spec: &ParamSpec, plain: f64, up_points: f32, fine: bool) -> f64 {
    let share = f64::from(up_points) / TRAVEL_POINTS * if fine { 0.1 } else { 1.0 };
    spec.plain(spec.normalise(plain) + share)
}

/// What the wheel asks for, and no panel behind gets.
pub fn wheel_step(ui: &Ui) -> Option<Step> {
    ui.input(|input| {
        let lines: f32 = input
            .events
            .iter()
            .filter_map(|event| match event {
                Event::MouseWheel { unit: MouseWheelUnit::Point, delta, .. } => {
                    Some((delta.x + delta.y) / 24.0)
                }
                Event::MouseWheel { delta, .. } => Some(delta.x + delta.y),
                _ => None,
            })
            .sum();
        let count = f64::from(lines);
        let step = if input.modifiers.shift { Step::Fine(count) } else { Step::Normal(count) };
        (count != 0.0).then_some(step)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::{PARAMS, id};

    #[test]
    fn steps_are_what_a_person_counts_in() {
        let step = |id: crate::params::ParamId, plain, step| stepped(id.spec(), plain, step);
        assert!((step(id::OPEN, 0.5, Step::Normal(1.0)) - 0.51).abs() < 1e-9);
        assert!((step(id::OPEN, 0.5, Step::Fine(-1.0)) - 0.499).abs() < 1e-9);
        assert_eq!(step(id::ATTACK_MS, 10.0, Step::Normal(1.0)), 15.0);
        assert_eq!(step(id::ATTACK_MS, 5.0, Step::Normal(-1.0)), 4.0);
        assert_eq!(step(id::RELEASE_MS, 1_000.0, Step::Normal(1.0)), 1_500.0);
        assert_eq!(step(id::RANGE_DB, 30.0, Step::Coarse(1.0)), 40.0);
        assert_eq!(step(id::MODE, 0.0, Step::Fine(1.0)), 1.0, "a choice has whole steps only");
        let places = [Step::Normal(1.0), Step::Fine(-1.0), Step::Largest, Step::Default];
        assert_eq!(places.map(|step| stepped_place(3, 1, step)), [2, 0, 2, 0]);
        assert_eq!((stepped_place(3, 2, Step::Coarse(1.0)), stepped_place(0, 0, Step::Normal(1.0))), (2, 0));
        let menus = PARAMS.iter().filter(|spec| matches!(spec.kind, Kind::Choice { .. }));
        assert!(menus.map(|spec| spec.default_plain()).all(|default| default == 0.0));
    }

    #[test]
    fn no_step_leaves_the_range_and_the_default_comes_back() {
        for spec in PARAMS {
            let mut plain = spec.default_plain();
            for _ in 0..10_000 {
                plain = stepped(spec, plain, Step::Coarse(1.0));
            }
            assert_eq!(plain, spec.max(), "{}", spec.key);
            assert_eq!(stepped(spec, plain, Step::Smallest), spec.min());
            assert_eq!(stepped(spec, plain, Step::Default), spec.default_plain());
        }
    }

    #[test]
    fn a_pointer_goes_from_end_to_end_and_back() {
        let spec = id::RANGE_DB.spec();
        assert_eq!(dragged(spec, 0.0, 220.0, false), 100.0);
        assert_eq!(dragged(spec, 100.0, -5_000.0, false), 0.0);
        assert!((dragged(spec, 0.0, 22.0, true) - 1.0).abs() < 1e-9);
        let there = dragged(id::HOLD_MS.spec(), 200.0, 37.0, false);
        assert!((dragged(id::HOLD_MS.spec(), there, -37.0, false) - 200.0).abs() < 1e-6);
    }
}
