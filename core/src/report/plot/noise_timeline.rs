//! The noise of one recording over time: the ratio of speech to noise and the level of the noise, second by second.

use std::fmt::Write;

use super::axis::{clock, ticks};
use super::histogram::NOISY;
use super::style::{FONTS, GRID, GROUND, INK, PAPER, SOFT_INK, WAVE};
use crate::noise::{NoiseEstimate, NoiseSecond};
use crate::report::escape::xml;

const WIDTH: f64 = 1_200.0;
const LEFT: f64 = 124.0;
const RIGHT: f64 = 28.0;
const INNER: f64 = WIDTH - LEFT - RIGHT;
const TOP: f64 = 92.0;
const BOTTOM: f64 = 46.0;
const GAP: f64 = 14.0;
/// Width of a mark of the time axis.
const MARK_WIDTH: f64 = 88.0;

/// A panel with an axis of its own.
struct Panel {
    /// In two lines.
    name: [&'static str; 2],
    unit: &'static str,
    top: f64,
    height: f64,
    lowest: f64,
    highest: f64,
    /// Between two marks.
    step: f64,
}

const RATIO: Panel = Panel {
    name: ["speech", "over noise"],
    unit: "dB",
    top: TOP,
    height: 210.0,
    lowest: -20.0,
    highest: 50.0,
    step: 10.0,
};
const FLOOR: Panel = Panel {
    name: ["noise", "floor"],
    unit: "dBFS",
    top: TOP + RATIO.height + GAP,
    height: 100.0,
    lowest: -100.0,
    highest: 0.0,
    step: 25.0,
};
const HEIGHT: f64 = FLOOR.top + FLOOR.height + BOTTOM;

impl Panel {
    /// Pixels from the top; what is beyond the axis lies at its end.
    fn y(&self, value: f64) -> f64 {
        let share = (value.clamp(self.lowest, self.highest) - self.lowest) / (self.highest - self.lowest);
        self.top + self.height * (1.0 - share)
    }

    /// Values of its marks.
    fn marks(&self) -> impl Iterator<Item = f64> + '_ {
        let marks = (0..).map(|k| self.lowest + f64::from(k) * self.step);
        marks.take_while(|mark| *mark <= self.highest + 1e-9)
    }
}

/// Draws the ratio of speech to noise and the noise floor of one recording over time as SVG text; seconds that count as noisy
/// are tinted. Where no speech is near there is no ratio.
pub fn noise_timeline(title: &str, estimate: &NoiseEstimate) -> String {
    let end_s = estimate.duration_s;
    let x = |time_s: f64| LEFT + time_s.clamp(0.0, end_s) / end_s.max(1e-9) * INNER;
    let mut out = String::new();
    let mut line = |text: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{text}");
    };
    line(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH:.0}\" height=\"{HEIGHT:.0}\" viewBox=\"0 0 {WIDTH:.0} \
         {HEIGHT:.0}\" font-family=\"{FONTS}\" font-size=\"12\">"
    ));
    line(format_args!("<title>{}</title>", xml(title)));
    line(format_args!("<rect width=\"{WIDTH:.0}\" height=\"{HEIGHT:.0}\" fill=\"{PAPER}\"/>"));
    line(format_args!("<text x=\"28\" y=\"40\" font-size=\"19\" fill=\"{INK}\">{}</text>", xml(title)));
    line(format_args!(
        "<text x=\"{:.1}\" y=\"40\" text-anchor=\"end\" fill=\"{SOFT_INK}\">{}{}</text>",
        WIDTH - RIGHT,
        clock(end_s, 0.1, end_s),
        if end_s < 60.0 { " s" } else { "" }
    ));
    let seconds_s = |noisy: bool| {
        let of = estimate.windows.iter().filter(|second| second.noisy == noisy);
        of.map(|second| second.end_s - second.start_s).sum::<f64>()
    };
    for (at, colour, name, noisy) in [(28, NOISY, "noisy", true), (168, GRID, "clean", false)] {
        line(format_args!(
            "<rect x=\"{at}\" y=\"61\" width=\"11\" height=\"11\" rx=\"2.5\" fill=\"{colour}\"/><text x=\"{}\" y=\"71\" \
             fill=\"{INK}\">{name} <tspan fill=\"{SOFT_INK}\">{:.0} s</tspan></text>",
            at + 18,
            seconds_s(noisy)
        ));
    }
    for panel in [&RATIO, &FLOOR] {
        line(format_args!(
            "<rect x=\"{LEFT}\" y=\"{:.1}\" width=\"{INNER:.1}\" height=\"{:.1}\" rx=\"4\" fill=\"{GROUND}\"/>",
            panel.top, panel.height
        ));
    }
    let panels = (RATIO.top, FLOOR.top + FLOOR.height);
    for (from_s, to_s) in noisy_stretches(&estimate.windows) {
        let width = (x(to_s) - x(from_s)).max(1.0);
        line(format_args!(
            "<rect x=\"{:.2}\" y=\"{:.1}\" width=\"{width:.2}\" height=\"{:.1}\" fill=\"{NOISY}\" fill-opacity=\"0.16\"/>",
            x(from_s),
            panels.0,
            panels.1 - panels.0
        ));
    }
    for panel in [&RATIO, &FLOOR] {
        for mark in panel.marks() {
            line(format_args!(
                "<path d=\"M{LEFT} {y:.1}h{INNER:.1}\" stroke=\"{GRID}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" \
                 font-size=\"10\" fill=\"{SOFT_INK}\">{}</text>",
                LEFT - 6.0,
                panel.y(mark) + 3.5,
                format!("{mark:.0}").replace('-', "−"),
                y = panel.y(mark)
            ));
        }
        let middle = panel.top + panel.height / 2.0;
        let [first, second] = panel.name;
        let lines =
            [(first, middle - 12.0, INK), (second, middle + 3.0, INK), (panel.unit, middle + 18.0, SOFT_INK)];
        for (text, y, ink) in lines {
            line(format_args!("<text x=\"28\" y=\"{y:.1}\" fill=\"{ink}\">{text}</text>"));
        }
    }
    let foot = panels.1 + 1.0;
    for (time_s, text) in &ticks(0.0, end_s, INNER / MARK_WIDTH).marks {
        let (x, base) = (x(*time_s), foot + 17.0);
        line(format_args!(
            "<path d=\"M{x:.1} {TOP:.1}V{foot:.1}\" stroke=\"{GRID}\"/>\
             <text x=\"{x:.1}\" y=\"{base:.1}\" text-anchor=\"middle\" fill=\"{SOFT_INK}\">{text}</text>"
        ));
    }
    let ratio = |second: &NoiseSecond| second.snr_db;
    let floor = |second: &NoiseSecond| Some(second.floor_dbfs);
    for (panel, of, colour) in
        [(&RATIO, &ratio as &dyn Fn(&NoiseSecond) -> Option<f64>, INK), (&FLOOR, &floor, WAVE)]
    {
        let path = steps(&estimate.windows, of, &x, panel);
        if !path.is_empty() {
            line(format_args!(
                "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\" stroke-linejoin=\"round\"/>"
            ));
        }
    }
    out.push_str("</svg>\n");
    out
}

/// A step for each second that has a value, joined where seconds follow each other.
fn steps(
    windows: &[NoiseSecond],
    of: &dyn Fn(&NoiseSecond) -> Option<f64>,
    x: &dyn Fn(f64) -> f64,
    panel: &Panel,
) -> String {
    let mut path = String::new();
    let mut joined = false;
    for second in windows {
        let Some(value) = of(second) else {
            joined = false;
            continue;
        };
        let (from, to, y) = (x(second.start_s), x(second.end_s), panel.y(value));
        let _ = if joined { write!(path, "V{y:.1}") } else { write!(path, "M{from:.1} {y:.1}") };
        let _ = write!(path, "H{to:.1}");
        joined = true;
    }
    path
}

/// Stretches of noisy seconds in a row.
fn noisy_stretches(windows: &[NoiseSecond]) -> Vec<(f64, f64)> {
    let mut found: Vec<(f64, f64)> = Vec::new();
    for second in windows.iter().filter(|second| second.noisy) {
        match found.last_mut() {
            Some(last) if (last.1 - second.start_s).abs() < 1e-6 => last.1 = second.end_s,
            _ => found.push((second.start_s, second.end_s)),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_second_is_a_step_and_noisy_ones_are_tinted() {
        let second = |k: u32, snr_db, noisy| NoiseSecond {
            start_s: f64::from(k),
            end_s: f64::from(k + 1),
            noisy,
            probability: 0.5,
            snr_db,
            floor_dbfs: -60.0,
            kind: None,
        };
        let windows = vec![
            second(0, Some(30.0), false),
            second(1, Some(5.0), true),
            second(2, None, true),
            second(3, Some(99.0), false),
        ];
        let estimate = NoiseEstimate {
            duration_s: 4.0,
            noisy: true,
            probability: 0.5,
            snr_db: Some(20.0),
            floor_dbfs: -60.0,
            kind: None,
            windows,
        };
        assert_eq!(noisy_stretches(&estimate.windows), [(1.0, 3.0)]);
        let svg = noise_timeline("a < b", &estimate);
        assert!(svg.contains("a &lt; b"));
        assert_eq!(svg.matches("fill-opacity").count(), 1, "one tinted stretch");
        // Two joined seconds, a hole, and one at the upper end of the axis.
        assert!(svg.contains("d=\"M124.0 152.0H386.0V227.0H648.0M910.0 92.0H1172.0\""), "{svg}");
        #[cfg(feature = "png")]
        assert!(super::super::png(&svg, 1.0).is_ok(), "it can be drawn");
    }
}
