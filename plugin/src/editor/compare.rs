//! A and B: two settings, one of them heard.

use super::settings::{Settings, Wanted};

/// One of the two.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Side {
    /// The first.
    #[default]
    A,
    /// The second.
    B,
}

impl Side {
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// The side that is not heard, and which one that is. What is heard lives in the parameters and beside them alone.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Compare {
    heard: Side,
    /// The other side; until it was ever used, it is like the one that is heard.
    other: Option<Settings>,
}

impl Compare {
    /// As it was kept.
    pub fn new(heard: Side, other: Option<Settings>) -> Self {
        Self { heard, other }
    }

    /// The side that is not heard, if it was ever used.
    pub fn other(&self) -> Option<&Settings> {
        self.other.as_ref()
    }

    /// The side that is heard.
    pub fn heard(&self) -> Side {
        self.heard
    }

    /// Goes to the other side: keeps `current` for the way back and gives what has to change. What is equal is no edit.
    pub fn switch(&mut self, current: Settings) -> Wanted {
        self.heard = self.heard.other();
        let wanted = self.other.as_ref().map(|other| other.wanted_from(&current)).unwrap_or_default();
        self.other = Some(current);
        wanted
    }

    /// Makes the other side like this one.
    pub fn copy(&mut self, current: Settings) {
        self.other = Some(current);
    }

    /// Whether switching would change anything.
    pub fn differs(&self, current: &Settings) -> bool {
        self.other.as_ref().is_some_and(|other| other.wanted_from(current) != Wanted::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::{ParamId, PresetExtras};

    const P: ParamId = ParamId(0);
    const Q: ParamId = ParamId(1);

    fn settings(values: &[(ParamId, f64)], preset: &str) -> Settings {
        let beside = Some((PresetExtras::default(), Some(preset.to_owned())));
        Settings { values: values.to_vec(), beside }
    }

    #[test]
    fn both_sides_come_back_as_they_were_left() {
        let mut compare = Compare::default();
        let mut now = settings(&[(P, 1.0), (Q, 2.0)], "first");
        assert_eq!(compare.switch(now.clone()), Wanted::default(), "B begins like A");
        assert_eq!(compare.heard(), Side::B);
        now.values[0].1 = 7.0;
        assert!(compare.differs(&now));
        let back = compare.switch(now.clone());
        assert_eq!((back.values, back.beside), (vec![(P, 1.0)], None), "only what differs is an edit");
        now.values[0].1 = 1.0;
        assert_eq!((compare.heard(), compare.switch(now).values), (Side::A, vec![(P, 7.0)]));
    }

    #[test]
    fn what_stands_beside_the_parameters_is_compared_too() {
        let mut compare = Compare::default();
        let (first, second) = (settings(&[(P, 1.0)], "first"), settings(&[(P, 1.0)], "second"));
        compare.switch(first.clone());
        assert!(compare.differs(&second));
        assert_eq!(compare.switch(second).beside, first.beside);
        // A side of before says nothing of it and leaves it as it is.
        let compare = Compare::new(Side::A, Some(Settings { beside: None, ..first.clone() }));
        assert!(!compare.differs(&settings(&first.values, "second")));
    }

    #[test]
    fn a_copy_makes_them_equal() {
        let mut compare = Compare::default();
        compare.switch(settings(&[(P, 1.0)], "first"));
        let now = settings(&[(P, 9.0)], "second");
        compare.copy(now.clone());
        assert!(!compare.differs(&now));
        assert_eq!(compare.switch(now), Wanted::default());
    }
}
