//! A and B: two settings, one of them heard.

use crate::params::ParamId;

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

/// The side that is not heard, and which one that is. What is heard lives in the parameters alone.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Compare {
    heard: Side,
    /// The other side's values; until it was ever used, it is like the one that is heard.
    other: Option<Vec<(ParamId, f64)>>,
}

impl Compare {
    /// As it was kept.
    pub fn new(heard: Side, other: Option<Vec<(ParamId, f64)>>) -> Self {
        Self { heard, other }
    }

    /// The values of the side that is not heard, if it was ever used.
    pub fn other(&self) -> Option<&[(ParamId, f64)]> {
        self.other.as_deref()
    }

    /// The side that is heard.
    pub fn heard(&self) -> Side {
        self.heard
    }

    /// Goes to the other side: keeps `current` for the way back and gives what has to change. Values that are
    /// equal are no edits.
    pub fn switch(&mut self, current: &[(ParamId, f64)]) -> Vec<(ParamId, f64)> {
        self.heard = self.heard.other();
        let coming = self.other.replace(current.to_vec()).unwrap_or_default();
        let differs = |&(id, plain): &(ParamId, f64)| !current.contains(&(id, plain));
        coming.into_iter().filter(differs).collect()
    }

    /// Makes the other side like this one.
    pub fn copy(&mut self, current: &[(ParamId, f64)]) {
        self.other = Some(current.to_vec());
    }

    /// Whether switching would change anything.
    pub fn differs(&self, current: &[(ParamId, f64)]) -> bool {
        self.other.as_ref().is_some_and(|other| other.iter().any(|value| !current.contains(value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: ParamId = ParamId(0);
    const Q: ParamId = ParamId(1);

    #[test]
    fn both_sides_come_back_as_they_were_left() {
        let mut compare = Compare::default();
        let mut now = vec![(P, 1.0), (Q, 2.0)];
        assert!(compare.switch(&now).is_empty(), "B begins like A");
        assert_eq!(compare.heard(), Side::B);
        now[0].1 = 7.0;
        assert!(compare.differs(&now));
        assert_eq!(compare.switch(&now), [(P, 1.0)], "only what differs is an edit");
        now[0].1 = 1.0;
        assert_eq!((compare.heard(), compare.switch(&now)), (Side::A, vec![(P, 7.0)]));
    }

    #[test]
    fn a_copy_makes_them_equal() {
        let mut compare = Compare::default();
        compare.switch(&[(P, 1.0)]);
        compare.copy(&[(P, 9.0)]);
        assert!(!compare.differs(&[(P, 9.0)]));
        assert!(compare.switch(&[(P, 9.0)]).is_empty());
    }
}
