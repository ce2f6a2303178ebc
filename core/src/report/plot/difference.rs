//! Two lists in one picture: for each label a bar row for each list, and between them where only one has the label.

use std::fmt::Write;

use super::axis::{clock, ticks};
use super::style::{FONTS, GRID, GROUND, INK, PAPER, SOFT_INK, colour};
use crate::Label;
use crate::decide::Timeline;
use crate::report::escape::xml;
use crate::signal::units::real;

const WIDTH: f64 = 1_200.0;
const LEFT: f64 = 124.0;
const RIGHT: f64 = 28.0;
const TOP: f64 = 92.0;
const BOTTOM: f64 = 46.0;
/// A bar row, the strip of differences between two of them, and the room between labels.
const BAR: f64 = 13.0;
const STRIP: f64 = 6.0;
const GAP: f64 = 12.0;
const LANE: f64 = 2.0 * BAR + STRIP;
/// Width of a mark of the time axis.
const MARK_WIDTH: f64 = 88.0;
/// Bars are never narrower.
const LEAST_BAR: f64 = 1.0;
/// Of what only one list has: no colour of a label.
const DIFFERENT: &str = "#c1121f";

/// What is drawn.
#[derive(Debug, Clone, Copy)]
pub struct DifferenceInput<'a> {
    /// Headline.
    pub title: &'a str,
    /// Names of the two lists.
    pub names: [&'a str; 2],
    /// The lists.
    pub lists: [&'a Timeline; 2],
    /// Where only one of them has a label: the label, start and end in seconds.
    pub differences: &'a [(&'a Label, f64, f64)],
    /// The labels, each a lane.
    pub labels: &'a [Label],
}

/// Draws two lists and their differences as SVG text.
pub fn difference(input: &DifferenceInput<'_>) -> String {
    let end_s = input.lists.iter().map(|list| list.duration_s).fold(0.0, f64::max);
    let height = TOP + real(input.labels.len()) * (LANE + GAP) + BOTTOM;
    let inner = WIDTH - LEFT - RIGHT;
    let x = |time_s: f64| LEFT + time_s.clamp(0.0, end_s) / end_s.max(1e-9) * inner;
    let mut out = String::new();
    let mut line = |text: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{text}");
    };
    line(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {WIDTH:.0} {height:.0}\" \
         font-family=\"{FONTS}\" font-size=\"12\">"
    ));
    line(format_args!("<title>{}</title>", xml(input.title)));
    line(format_args!("<rect width=\"{WIDTH:.0}\" height=\"{height:.0}\" fill=\"{PAPER}\"/>"));
    line(format_args!("<text x=\"28\" y=\"40\" font-size=\"19\" fill=\"{INK}\">{}</text>", xml(input.title)));
    let [first, second] = input.names.map(xml);
    line(format_args!(
        "<text x=\"28\" y=\"71\" fill=\"{SOFT_INK}\">above: {first}, below: {second}, \
         <tspan fill=\"{DIFFERENT}\">between: only one of them</tspan></text>"
    ));
    let lane_top = |place: usize| TOP + real(place) * (LANE + GAP);
    for place in 0..input.labels.len() {
        let top = lane_top(place);
        line(format_args!(
            "<rect x=\"{LEFT}\" y=\"{top:.1}\" width=\"{inner:.1}\" height=\"{LANE:.1}\" rx=\"4\" fill=\"{GROUND}\"/>"
        ));
    }
    let foot = height - BOTTOM + 1.0;
    let marks = ticks(0.0, end_s, inner / MARK_WIDTH);
    for (time, text) in &marks.marks {
        let (x, base) = (x(*time), foot + 17.0);
        line(format_args!(
            "<path d=\"M{x:.1} {TOP:.1}V{foot:.1}\" stroke=\"{GRID}\"/>\
             <text x=\"{x:.1}\" y=\"{base:.1}\" text-anchor=\"middle\" fill=\"{SOFT_INK}\">{text}</text>"
        ));
    }
    let length = clock(end_s, 0.1, end_s);
    line(format_args!(
        "<text x=\"{:.1}\" y=\"40\" text-anchor=\"end\" fill=\"{SOFT_INK}\">{length}{}</text>",
        WIDTH - RIGHT,
        if end_s < 60.0 { " s" } else { "" }
    ));
    for (place, label) in input.labels.iter().enumerate() {
        let (top, fill) = (lane_top(place), colour(label, place));
        let name = xml(label.as_str());
        line(format_args!("<text x=\"28\" y=\"{:.1}\" fill=\"{INK}\">{name}</text>", top + LANE / 2.0 + 4.0));
        let mut bar = |from_s: f64, to_s: f64, y: f64, height: f64, fill: &str| {
            let (from, width) = (x(from_s), (x(to_s) - x(from_s)).max(LEAST_BAR));
            line(format_args!(
                "<rect x=\"{from:.2}\" y=\"{y:.1}\" width=\"{width:.2}\" height=\"{height:.1}\" fill=\"{fill}\">\
                 <title>{name} {from_s:.3} – {to_s:.3} s</title></rect>"
            ));
        };
        for (list, y) in input.lists.iter().zip([top, top + BAR + STRIP]) {
            list.of(label).for_each(|s| bar(s.start_s, s.end_s, y, BAR, fill));
        }
        for (_, from_s, to_s) in input.differences.iter().filter(|(of, ..)| *of == label) {
            bar(*from_s, *to_s, top + BAR, STRIP, DIFFERENT);
        }
    }
    out.push_str("</svg>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::Segment;

    #[test]
    fn both_lists_and_their_differences_are_drawn() {
        let list = |end_s| {
            let segment = Segment { label: Label::SPEECH, start_s: 1.0, end_s, confidence: 1.0 };
            Timeline { segments: vec![segment], duration_s: 8.0, labels: vec![Label::SPEECH] }
        };
        let (first, second) = (list(3.0), list(5.0));
        let input = DifferenceInput {
            title: "a < b",
            names: ["a", "b"],
            lists: [&first, &second],
            differences: &[(&Label::SPEECH, 3.0, 5.0)],
            labels: &[Label::SPEECH],
        };
        let svg = difference(&input);
        assert!(svg.contains("a &lt; b"));
        assert_eq!(svg.matches("#0072b2").count(), 2, "a bar of each list");
        assert!(svg.contains("fill=\"#c1121f\"><title>speech 3.000 – 5.000 s"));
        #[cfg(feature = "png")]
        assert!(super::super::png(&svg, 1.0).is_ok(), "it can be drawn");
    }
}
