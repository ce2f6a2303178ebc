//! The drawing itself.

use std::fmt::Write;

use super::axis::{Ticks, clock, ticks};
use super::style::{FONTS, GRID, GROUND, INK, PAPER, SOFT_INK, WAVE, colour};
use super::{PlotInput, PlotOptions};
use crate::decide::Segment;
use crate::report::escape::xml;
use crate::{FrameGrid, Label};

const LEFT: f64 = 124.0;
const RIGHT: f64 = 28.0;
/// Where the first panel begins, below title and legend.
const TOP: f64 = 92.0;
/// Room for the time axis.
const BOTTOM: f64 = 46.0;
const WAVE_HEIGHT: f64 = 132.0;
const LEAST_WAVE_HEIGHT: f64 = 40.0;
const LANE_HEIGHT: f64 = 30.0;
const GAP: f64 = 7.0;
/// A mark of the time axis needs this much room.
const MARK_WIDTH: f64 = 88.0;
/// Bars are never narrower, so that a short segment shows on an hour.
const LEAST_BAR: f64 = 1.0;

/// The canvas: text under way and the map from seconds to pixels.
struct Canvas {
    out: String,
    width: f64,
    height: f64,
    from_s: f64,
    to_s: f64,
}

/// Draws a plot as SVG text.
#[expect(clippy::cast_precision_loss, reason = "a handful of lanes")]
pub fn render(input: &PlotInput<'_>, options: &PlotOptions) -> String {
    let lanes = input.timeline.labels.len() as f64;
    let (from_s, to_s) = options.range(input.timeline.duration_s);
    let below = lanes * (LANE_HEIGHT + GAP) + BOTTOM;
    let with_wave = input.envelope.is_some();
    let wave = match (with_wave, options.height) {
        (false, _) => 0.0,
        (true, None) => WAVE_HEIGHT,
        (true, Some(height)) => (f64::from(height) - TOP - GAP - below).max(LEAST_WAVE_HEIGHT),
    };
    let height = TOP + wave + if with_wave { GAP } else { 0.0 } + below;
    let mut canvas = Canvas {
        out: String::new(),
        width: f64::from(options.width.clamp(320, 8_192)),
        height: height.max(f64::from(options.height.unwrap_or(0).min(8_192))),
        from_s,
        to_s,
    };
    canvas.begin();
    canvas.head(input);
    let ticks = ticks(from_s, to_s, canvas.inner() / MARK_WIDTH);
    let first_lane = height - below;
    if with_wave {
        canvas.ground(TOP, wave);
    }
    for (k, _) in input.timeline.labels.iter().enumerate() {
        canvas.ground(first_lane + k as f64 * (LANE_HEIGHT + GAP), LANE_HEIGHT);
    }
    let end = height - BOTTOM;
    canvas.axis(&ticks, if with_wave { TOP } else { first_lane }, end);
    canvas.wave(input, TOP, wave);
    for (k, label) in input.timeline.labels.iter().enumerate() {
        canvas.lane(input, label, k, first_lane + k as f64 * (LANE_HEIGHT + GAP));
    }
    canvas.add("</svg>\n");
    canvas.out
}

/// About how wide a text is: the mean width of the letters of common faces.
#[expect(clippy::cast_precision_loss, reason = "texts are short")]
fn text_width(text: &str, size: f64) -> f64 {
    text.chars().count() as f64 * size * 0.61
}

/// The text, its middle left out where it would be wider than `room`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "rooms are small and positive")]
fn fitted(text: &str, size: f64, room: f64) -> String {
    if text_width(text, size) <= room {
        return text.to_owned();
    }
    let chars: Vec<char> = text.chars().collect();
    let keep = ((room / (size * 0.61)) as usize).saturating_sub(1).min(chars.len()) / 2;
    let (front, back) = (&chars[..keep], &chars[chars.len() - keep..]);
    front.iter().chain(&['…']).chain(back).collect()
}

impl Canvas {
    fn add(&mut self, text: &str) {
        self.out.push_str(text);
    }

    fn line(&mut self, text: std::fmt::Arguments<'_>) {
        self.out.write_fmt(text).expect("writing to a string does not fail");
        self.out.push('\n');
    }

    /// Width of the panels.
    fn inner(&self) -> f64 {
        self.width - LEFT - RIGHT
    }

    /// Pixels from the left of an instant.
    fn x(&self, time_s: f64) -> f64 {
        let span = (self.to_s - self.from_s).max(1e-9);
        LEFT + (time_s - self.from_s) / span * self.inner()
    }

    fn begin(&mut self) {
        let (w, h) = (self.width, self.height);
        self.line(format_args!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{w:.0}\" height=\"{h:.0}\" viewBox=\"0 0 {w:.0} {h:.0}\" \
             font-family=\"{FONTS}\" font-size=\"12\">"
        ));
        self.line(format_args!("<rect width=\"{w:.0}\" height=\"{h:.0}\" fill=\"{PAPER}\"/>"));
    }

    fn ground(&mut self, top: f64, height: f64) {
        let inner = self.inner();
        self.line(format_args!(
            "<rect x=\"{LEFT}\" y=\"{top:.1}\" width=\"{inner:.1}\" height=\"{height:.1}\" rx=\"4\" fill=\"{GROUND}\"/>"
        ));
    }

    /// Title, what stretch of what length is shown, and the legend with each label's share of it.
    fn head(&mut self, input: &PlotInput<'_>) {
        let duration = input.timeline.duration_s;
        let (from, to) = (self.from_s, self.to_s);
        let unit = |largest: f64| if largest < 60.0 { " s" } else { "" };
        // Tenths mean little on an hour.
        let step = if duration < 3_600.0 { 0.1 } else { 1.0 };
        let whole = clock(duration, step, duration) + unit(duration);
        let stretch = if from > 0.0 || to < duration {
            format!("{} – {}{} of {whole}", clock(from, 0.1, to), clock(to, 0.1, to), unit(to))
        } else {
            whole
        };
        let room = self.width - 2.0 * RIGHT - text_width(&stretch, 12.0) - 24.0;
        let title = xml(&fitted(input.title, 19.0, room));
        let right = self.width - RIGHT;
        self.line(format_args!("<title>{}</title>", xml(input.title)));
        self.line(format_args!("<text x=\"28\" y=\"40\" font-size=\"19\" fill=\"{INK}\">{title}</text>"));
        self.line(format_args!(
            "<text x=\"{right:.1}\" y=\"40\" text-anchor=\"end\" fill=\"{SOFT_INK}\">{stretch}</text>"
        ));
        let mut x = 28.0;
        for (k, label) in input.timeline.labels.iter().enumerate() {
            let seconds: f64 =
                input.timeline.of(label).map(|s| (s.end_s.min(to) - s.start_s.max(from)).max(0.0)).sum();
            let share = if to > from { seconds / (to - from) * 100.0 } else { 0.0 };
            let text = fitted(label.as_str(), 12.0, 160.0);
            let percent =
                if share > 0.0 && share < 1.0 { "<1 %".to_owned() } else { format!("{:.0} %", share.abs()) };
            let width = 20.0 + text_width(&format!("{text} {percent}"), 12.0) + 20.0;
            if x + width > right + 20.0 {
                break;
            }
            let (colour, tx) = (colour(label, k), x + 18.0);
            self.line(format_args!(
                "<rect x=\"{x:.1}\" y=\"61\" width=\"11\" height=\"11\" rx=\"2.5\" fill=\"{colour}\"/>\
                 <text x=\"{tx:.1}\" y=\"71\" fill=\"{INK}\">{} <tspan fill=\"{SOFT_INK}\">{}</tspan></text>",
                xml(&text),
                xml(&percent)
            ));
            x += width;
        }
    }

    /// Marks through all panels, their times below.
    fn axis(&mut self, ticks: &Ticks, top: f64, end: f64) {
        for (time, text) in &ticks.marks {
            let x = self.x(*time);
            let (foot, base) = (end + 1.0, end + 18.0);
            self.line(format_args!(
                "<path d=\"M{x:.1} {top:.1}V{foot:.1}\" stroke=\"{GRID}\"/>\
                 <text x=\"{x:.1}\" y=\"{base:.1}\" text-anchor=\"middle\" fill=\"{SOFT_INK}\">{text}</text>"
            ));
        }
        let unit = match self.to_s {
            t if t < 60.0 => "seconds",
            t if t < 3_600.0 => "min:s",
            _ => "h:min:s",
        };
        let base = end + 18.0;
        self.line(format_args!("<text x=\"28\" y=\"{base:.1}\" fill=\"{SOFT_INK}\">{unit}</text>"));
    }

    /// Lowest and highest sample of each pixel column, scaled to the loudest of the whole source.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "columns and frames are in range"
    )]
    fn wave(&mut self, input: &PlotInput<'_>, top: f64, height: f64) {
        let Some(envelope) = input.envelope else { return };
        let middle = top + height / 2.0;
        let peak = f64::from(envelope.peak());
        let scale = if peak > 0.0 { (height / 2.0 - 4.0) / peak } else { 0.0 };
        let columns = self.inner() as u32;
        let frames_per_column = (self.to_s - self.from_s) / FrameGrid::FRAME_S / f64::from(columns);
        let first = self.from_s / FrameGrid::FRAME_S;
        let (mut upper, mut lower) = (String::new(), Vec::new());
        for column in 0..columns {
            let from = (first + f64::from(column) * frames_per_column) as usize;
            let to = ((first + f64::from(column + 1) * frames_per_column) as usize).max(from + 1);
            let Some((low, high)) = envelope.range(from, to) else { continue };
            let x = LEFT + f64::from(column);
            let y = |sample: f32| middle - f64::from(sample) * scale;
            let (high, low) = (y(high).min(middle - 0.5), y(low).max(middle + 0.5));
            write!(upper, "{}{x:.0} {high:.1}", if upper.is_empty() { "M" } else { "L" })
                .expect("writing to a string does not fail");
            lower.push((x, low));
        }
        if !upper.is_empty() {
            let lower =
                lower.iter().rev().fold(String::new(), |path, (x, y)| path + &format!("L{x:.0} {y:.1}"));
            self.line(format_args!("<path d=\"{upper}{lower}Z\" fill=\"{WAVE}\"/>"));
        }
        self.line(format_args!("<text x=\"28\" y=\"{:.1}\" fill=\"{INK}\">waveform</text>", middle - 2.0));
        let level = if peak > 0.0 {
            format!("{:.1}", 20.0 * peak.log10()).replace('-', "−")
        } else {
            "−∞".into()
        };
        let below = middle + 14.0;
        self.line(format_args!(
            "<text x=\"28\" y=\"{below:.1}\" font-size=\"10\" fill=\"{SOFT_INK}\">peak {level} dBFS</text>"
        ));
    }

    fn lane(&mut self, input: &PlotInput<'_>, label: &Label, place: usize, top: f64) {
        let colour = colour(label, place);
        let base = top + LANE_HEIGHT / 2.0 + 4.0;
        let name = xml(&fitted(label.as_str(), 12.0, LEFT - 28.0 - 8.0));
        self.line(format_args!("<text x=\"28\" y=\"{base:.1}\" fill=\"{INK}\">{name}</text>"));
        let curve = input.activity.and_then(|a| a.column(label).map(|column| (a, column)));
        // With a curve over it, the bar steps back.
        let opacity = if curve.is_some() { 0.42 } else { 0.92 };
        let visible = |s: &&Segment| s.end_s > self.from_s && s.start_s < self.to_s;
        let mut bars = String::new();
        for s in input.timeline.of(label).filter(visible) {
            let (from, to) = (self.x(s.start_s.max(self.from_s)), self.x(s.end_s.min(self.to_s)));
            let width = (to - from).max(LEAST_BAR);
            let (y, h, round) = (top + 3.0, LANE_HEIGHT - 6.0, (width / 2.0).min(3.0));
            let span =
                xml(&format!("{label} {:.3} – {:.3} s, confidence {:.2}", s.start_s, s.end_s, s.confidence));
            write!(
                bars,
                "<rect x=\"{from:.2}\" y=\"{y:.1}\" width=\"{width:.2}\" height=\"{h:.1}\" rx=\"{round:.1}\">\
                 <title>{span}</title></rect>"
            )
            .expect("writing to a string does not fail");
        }
        if !bars.is_empty() {
            self.line(format_args!("<g fill=\"{colour}\" fill-opacity=\"{opacity}\">{bars}</g>"));
        }
        if let Some((activity, column)) = curve {
            self.curve(activity, column, colour, top);
        }
    }

    /// The highest probability of each pixel column.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "columns and frames are in range"
    )]
    fn curve(&mut self, activity: &crate::FrameScores, column: usize, colour: &str, top: f64) {
        let last = ((self.to_s / FrameGrid::FRAME_S).ceil() as usize).min(activity.frames());
        let (mut path, mut at) = (String::new(), f64::NEG_INFINITY);
        let mut best = 0.0_f32;
        for frame in (self.from_s / FrameGrid::FRAME_S) as usize..last {
            best = best.max(activity.row(frame)[column]);
            let x = self.x(FrameGrid::seconds(frame as u64) + FrameGrid::FRAME_S / 2.0);
            if x - at >= 1.0 && x >= LEFT {
                let y = top + LANE_HEIGHT - 3.0 - f64::from(best.clamp(0.0, 1.0)) * (LANE_HEIGHT - 6.0);
                write!(path, "{}{x:.1} {y:.1}", if path.is_empty() { "M" } else { "L" })
                    .expect("writing to a string does not fail");
                (at, best) = (x, 0.0);
            }
        }
        if !path.is_empty() {
            self.line(format_args!(
                "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.1\" stroke-linejoin=\"round\"/>"
            ));
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
