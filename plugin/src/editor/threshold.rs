//! The two threshold lines in a probability lane: where they are, which one the pointer takes, where it may go.

/// One of the two lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// The gate opens where the probability reaches it.
    Open,
    /// The gate closes where the probability falls below it.
    Close,
}

/// The pair, as probabilities; `close` is never above `open`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lines {
    /// The upper one.
    pub open: f32,
    /// The lower one.
    pub close: f32,
}

impl Lines {
    /// The value of one of them.
    pub fn get(&self, line: Line) -> f32 {
        match line {
            Line::Open => self.open,
            Line::Close => self.close,
        }
    }

    /// The line within `reach` of a probability, the nearer one; where both lie together, the one that can be
    /// moved in the direction in which the pointer is off.
    pub fn pick(&self, probability: f32, reach: f32) -> Option<Line> {
        let (to_open, to_close) = ((probability - self.open).abs(), (probability - self.close).abs());
        if to_open.min(to_close) > reach {
            return None;
        }
        if (to_open - to_close).abs() < 1e-6 {
            return Some(if probability >= self.open { Line::Open } else { Line::Close });
        }
        Some(if to_open < to_close { Line::Open } else { Line::Close })
    }

    /// Where a line may go when it is dragged to a probability: neither out of the lane nor past the other.
    pub fn dragged(&self, line: Line, probability: f32) -> f32 {
        match line {
            Line::Open => probability.clamp(self.close.clamp(0.0, 1.0), 1.0),
            Line::Close => probability.clamp(0.0, self.open.clamp(0.0, 1.0)),
        }
    }
}

/// Probability at a height, for a lane between `top` (1) and `bottom` (0).
pub fn probability_at(y: f32, top: f32, bottom: f32) -> f32 {
    ((bottom - y) / (bottom - top).max(1.0)).clamp(0.0, 1.0)
}

/// Height of a probability.
pub fn height_of(probability: f32, top: f32, bottom: f32) -> f32 {
    bottom - probability.clamp(0.0, 1.0) * (bottom - top)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: Lines = Lines { open: 0.6, close: 0.4 };

    #[test]
    fn height_and_probability_are_inverse() {
        for p in [0.0, 0.25, 0.5, 0.99, 1.0] {
            assert!((probability_at(height_of(p, 20.0, 140.0), 20.0, 140.0) - p).abs() < 1e-6);
        }
        assert_eq!(probability_at(0.0, 20.0, 140.0), 1.0, "above the lane");
        assert_eq!(probability_at(500.0, 20.0, 140.0), 0.0, "below it");
    }

    #[test]
    fn the_nearer_line_is_taken_and_none_far_away() {
        assert_eq!(LINES.pick(0.62, 0.05), Some(Line::Open));
        assert_eq!(LINES.pick(0.41, 0.05), Some(Line::Close));
        assert_eq!(LINES.pick(0.5, 0.05), None);
        let together = Lines { open: 0.5, close: 0.5 };
        assert_eq!(together.pick(0.52, 0.05), Some(Line::Open), "above: it goes up");
        assert_eq!(together.pick(0.48, 0.05), Some(Line::Close), "below: it goes down");
    }

    #[test]
    fn a_line_stops_at_the_other_and_at_the_edges() {
        assert_eq!(LINES.dragged(Line::Open, 0.8), 0.8);
        assert_eq!(LINES.dragged(Line::Open, 0.1), 0.4);
        assert_eq!(LINES.dragged(Line::Close, 0.9), 0.6);
        assert_eq!(LINES.dragged(Line::Close, -3.0), 0.0);
        assert_eq!(LINES.dragged(Line::Open, 3.0), 1.0);
    }
}
