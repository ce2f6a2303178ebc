//! Where the marks of a time axis lie and what they say.

/// Steps that people count time in, seconds.
const STEPS: [f64; 22] = [
    0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0,
    300.0, 600.0, 900.0, 1_800.0, 3_600.0,
];
/// More marks than this are never drawn.
const MOST_MARKS: usize = 1_000;

/// Marks of an axis.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ticks {
    /// Seconds between two marks.
    pub(super) step_s: f64,
    /// Time and text of each mark.
    pub(super) marks: Vec<(f64, String)>,
}

/// Marks at round times within `from..=to`, at most `most` of them.
pub(super) fn ticks(from_s: f64, to_s: f64, most: f64) -> Ticks {
    let least = (to_s - from_s) / most.max(1.0);
    let hours = (least / 3_600.0).ceil().max(1.0) * 3_600.0;
    let step_s = STEPS.into_iter().find(|s| *s >= least).unwrap_or(hours);
    let first = (from_s / step_s - 1e-6).ceil();
    let at = |k: u32| (first + f64::from(k)) * step_s;
    let times = (0..).map(at).take_while(|t| *t <= to_s + step_s * 1e-6).take(MOST_MARKS);
    Ticks { step_s, marks: times.map(|t| (t, clock(t, step_s, to_s))).collect() }
}

/// `s`, `m:ss` or `h:mm:ss`, by the largest time on the axis, with as many decimals as the step needs.
pub(super) fn clock(time_s: f64, step_s: f64, largest_s: f64) -> String {
    let decimals = match step_s {
        s if s >= 1.0 => 0,
        s if s >= 0.1 => 1,
        s if s >= 0.01 => 2,
        _ => 3,
    };
    let width = if decimals == 0 { 2 } else { 3 + decimals };
    // Rounded first, so that 59.9996 does not become 0:60.
    let scale = [1.0, 10.0, 100.0, 1_000.0][decimals];
    let time = (time_s * scale).round() / scale;
    let (hours, minutes) = ((time / 3_600.0).floor(), (time / 60.0).floor() % 60.0);
    let seconds = time - (time / 60.0).floor() * 60.0;
    if largest_s < 60.0 {
        format!("{time:.decimals$}")
    } else if largest_s < 3_600.0 {
        format!("{minutes:.0}:{seconds:0width$.decimals$}")
    } else {
        format!("{hours:.0}:{minutes:02.0}:{seconds:0width$.decimals$}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(from: f64, to: f64, most: f64) -> Vec<String> {
        ticks(from, to, most).marks.into_iter().map(|m| m.1).collect()
    }

    #[test]
    fn marks_are_round_and_read_well() {
        assert_eq!(texts(0.0, 40.0, 8.0), ["0", "5", "10", "15", "20", "25", "30", "35", "40"][..9]);
        assert_eq!(texts(1.23, 1.56, 4.0), ["1.3", "1.4", "1.5"]);
        assert_eq!(texts(0.0, 120.0, 4.0), ["0:00", "0:30", "1:00", "1:30", "2:00"]);
        assert_eq!(texts(3_550.0, 3_650.0, 4.0), ["0:59:30", "1:00:00", "1:00:30"]);
        assert_eq!(texts(0.0, 10_800.0, 3.0), ["0:00:00", "1:00:00", "2:00:00", "3:00:00"]);
        assert_eq!(texts(60.0, 60.4, 4.0), ["1:00.0", "1:00.1", "1:00.2", "1:00.3", "1:00.4"]);
        assert_eq!(texts(0.0, 0.0, 8.0), ["0.000"]);
        assert_eq!(texts(0.0, 400.0 * 3_600.0, 4.0).len(), 5);
    }
}
