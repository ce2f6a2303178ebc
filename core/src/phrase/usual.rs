//! What limits usually turn out to be: found once on many phrases and hours of other speech, it goes with the pack.
//!
//! An hour of negatives tells little of what is reached once in ten hours: of two phrases, one seems safer than it is by chance
//! of that hour. Scores are made comparable among phrases (`common` of a template), so what other phrases needed is the
//! better guess. The phrase's own hour has a smaller say, for phrases that are like no others.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::signal::units::real;

/// Limits by clips enrolled and by false alarms allowed. Between, and beyond the ends, they follow a straight line over the
/// logarithms of both.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UsualLimits {
    /// Clips enrolled, rising.
    clips: Vec<usize>,
    /// False alarms per hour, rising.
    false_alarms_per_hour: Vec<f64>,
    /// Limits of whole phrases, a row for each number of clips.
    whole: Vec<Vec<f64>>,
    /// Packs up to `phrase` 1.2.0 tell limits of beginnings, too, by a law that is no more.
    #[serde(default, rename = "early")]
    _early: IgnoredAny,
}

impl UsualLimits {
    /// What is wrong with them.
    pub(super) fn fault(&self) -> Option<&'static str> {
        let (rows, columns) = (self.clips.len(), self.false_alarms_per_hour.len());
        let rising = self.clips.is_sorted_by(|a, b| a < b)
            && self.false_alarms_per_hour.is_sorted_by(|a, b| a < b)
            && self.clips.first().is_some_and(|first| *first > 0)
            && self.false_alarms_per_hour.first().is_some_and(|first| *first > 0.0);
        let table = |table: &[Vec<f64>]| {
            table.len() == rows
                && table.iter().all(|row| row.len() == columns && row.iter().all(|limit| limit.is_finite()))
        };
        let fits = rows > 1 && columns > 1 && rising && table(&self.whole);
        (!fits).then_some("its usual limits are no table of two clips and two rates at least, both rising")
    }

    /// The limit of a phrase of so many clips that is reached so often in an hour of other speech.
    pub(super) fn limit(&self, clips: usize, false_alarms_per_hour: f64) -> f64 {
        let at_rate = |row: &Vec<f64>| line(&self.false_alarms_per_hour, row, false_alarms_per_hour);
        let limits: Vec<f64> = self.whole.iter().map(at_rate).collect();
        let counts: Vec<f64> = self.clips.iter().map(|count| real(*count)).collect();
        line(&counts, &limits, real(clips))
    }
}

/// The value at `x` of the line through the two points nearest to it, over the logarithm of their places, which rise.
fn line(places: &[f64], values: &[f64], x: f64) -> f64 {
    let right = places.partition_point(|place| *place < x).clamp(1, places.len() - 1);
    let (from, to) = (places[right - 1].ln(), places[right].ln());
    let share = (x.ln() - from) / (to - from);
    values[right - 1] + share * (values[right] - values[right - 1])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usual() -> UsualLimits {
        serde_json::from_str(
            r#"{"clips": [3, 12], "false_alarms_per_hour": [0.1, 10.0],
                "whole": [[0.2, 0.0], [0.4, 0.2]], "early": [[0.3, 0.1], [0.5, 0.3]]}"#,
        )
        .unwrap()
    }

    #[test]
    fn limits_lie_on_lines_between_what_was_found_and_beyond() {
        let usual = usual();
        assert_eq!(usual.fault(), None);
        let near = |clips, rate, wanted: f64| {
            let limit = usual.limit(clips, rate);
            assert!((limit - wanted).abs() < 1e-9, "{limit} {wanted}");
        };
        near(3, 0.1, 0.2);
        near(12, 10.0, 0.2);
        near(6, 1.0, 0.2);
        near(24, 0.01, 0.6);
    }

    #[test]
    fn what_is_no_table_is_refused() {
        let broken: [fn(&mut UsualLimits); 5] = [
            |usual| usual.clips = vec![3],
            |usual| usual.clips = vec![12, 3],
            |usual| usual.false_alarms_per_hour = vec![0.0, 1.0],
            |usual| usual.whole[1] = vec![0.1],
            |usual| usual.whole[0][0] = f64::NAN,
        ];
        for (number, damage) in broken.iter().enumerate() {
            let mut usual = usual();
            damage(&mut usual);
            assert!(usual.fault().is_some(), "{number}");
        }
    }
}
