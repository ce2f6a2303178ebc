//! Which labels are on at one instant.

/// A set of labels: one bit for each label of a detector, by its column, and two for what no network decides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct LabelSet(u64);

impl LabelSet {
    /// Labels that a set can tell apart, silence and unknown not counted.
    pub const MAX_LABELS: usize = 62;
    /// Nothing, not even silence.
    pub const EMPTY: Self = Self(0);
    /// The level is at most the silence level; covers every other label.
    pub const SILENCE: Self = Self(1 << 62);
    /// Not silent, yet no label is on.
    pub const UNKNOWN: Self = Self(1 << 63);

    /// The label in column `index`; empty from [`Self::MAX_LABELS`] on.
    pub const fn label(index: usize) -> Self {
        if index < Self::MAX_LABELS { Self(1 << index) } else { Self::EMPTY }
    }

    /// The first `count` labels of a detector.
    pub const fn first_labels(count: usize) -> Self {
        if count < Self::MAX_LABELS { Self((1 << count) - 1) } else { Self(Self::SILENCE.0 - 1) }
    }

    /// What is in either.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this one alone.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether nothing is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of `other` is in it.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any of `other` is in it.
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether the label in column `index` is in it.
    pub const fn has_label(self, index: usize) -> bool {
        self.intersects(Self::label(index))
    }
}

impl FromIterator<LabelSet> for LabelSet {
    fn from_iter<I: IntoIterator<Item = LabelSet>>(sets: I) -> Self {
        sets.into_iter().fold(Self::EMPTY, Self::union)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_silence_and_unknown_are_apart() {
        let last = LabelSet::label(LabelSet::MAX_LABELS - 1);
        assert!(!last.is_empty() && !last.intersects(LabelSet::SILENCE.union(LabelSet::UNKNOWN)));
        assert!(LabelSet::label(LabelSet::MAX_LABELS).is_empty());
        assert!(!LabelSet::SILENCE.has_label(62) && !LabelSet::UNKNOWN.has_label(63));
        let every = LabelSet::first_labels(LabelSet::MAX_LABELS);
        assert!(every.contains(last) && !every.intersects(LabelSet::SILENCE.union(LabelSet::UNKNOWN)));
        assert_eq!(LabelSet::first_labels(2), [LabelSet::label(0), LabelSet::label(1)].into_iter().collect());
    }

    #[test]
    fn sets_are_sets() {
        let (a, b) = (LabelSet::label(0), LabelSet::label(3));
        let both = a.union(b);
        assert!(both.contains(a) && both.contains(LabelSet::EMPTY) && !a.contains(both));
        assert!(both.intersects(a) && !a.intersects(b) && !a.intersects(LabelSet::EMPTY));
        assert_eq!((both.without(a), both.intersection(a)), (b, a));
    }
}
