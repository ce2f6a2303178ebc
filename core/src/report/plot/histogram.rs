//! A histogram of noise: how many recordings have which ratio of speech to noise.

use std::fmt::Write;

use super::style::{FONTS, GRID, GROUND, INK, PAPER, SOFT_INK};
use crate::noise::NoiseEstimate;
use crate::report::escape::xml;
use crate::signal::units::real;

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 420.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 28.0;
const TOP: f64 = 92.0;
const BOTTOM: f64 = 64.0;
/// Ratios of the left edge of the first bar and of the right edge of the last, dB.
const LOWEST_DB: i32 = -20;
const HIGHEST_DB: i32 = 50;
const BAR_DB: i32 = 5;
/// As the labels of timelines: noise, and the colour of what is fine.
pub(super) const NOISY: &str = "#cc79a7";
const CLEAN: &str = "#009e73";

/// One bar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Bar {
    noisy: u32,
    clean: u32,
}

/// Draws the histogram of some verdicts as SVG text.
pub fn noise_histogram(title: &str, takes: &[&NoiseEstimate]) -> String {
    let (bars, without) = count(takes);
    let noisy: u32 = u32::try_from(takes.iter().filter(|t| t.noisy).count()).unwrap_or(u32::MAX);
    let clean = u32::try_from(takes.len()).unwrap_or(u32::MAX) - noisy;
    let highest = bars.iter().map(|b| b.noisy + b.clean).max().unwrap_or(0).max(1);
    let step = [1, 2, 5, 10, 20, 50, 100, 200, 500].into_iter().find(|s| highest / s <= 6).unwrap_or(1_000);
    let top_count = highest.div_ceil(step) * step;
    let (inner_w, inner_h) = (WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    let x = |db: i32| LEFT + f64::from(db - LOWEST_DB) / f64::from(HIGHEST_DB - LOWEST_DB) * inner_w;
    let y = |n: u32| TOP + inner_h * (1.0 - f64::from(n) / f64::from(top_count));
    let mut out = String::new();
    let mut line = |text: std::fmt::Arguments<'_>| {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{text}");
    };
    line(format_args!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" \
         font-family=\"{FONTS}\" font-size=\"12\">"
    ));
    line(format_args!("<title>{}</title>", xml(title)));
    line(format_args!("<rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"{PAPER}\"/>"));
    line(format_args!(
        "<rect x=\"{LEFT}\" y=\"{TOP}\" width=\"{inner_w}\" height=\"{inner_h}\" rx=\"4\" fill=\"{GROUND}\"/>"
    ));
    line(format_args!("<text x=\"28\" y=\"40\" font-size=\"19\" fill=\"{INK}\">{}</text>", xml(title)));
    for (at, colour, name, number) in [(28, NOISY, "noisy", noisy), (148, CLEAN, "clean", clean)] {
        line(format_args!(
            "<rect x=\"{at}\" y=\"61\" width=\"11\" height=\"11\" rx=\"2.5\" fill=\"{colour}\"/><text x=\"{}\" y=\"71\" \
             fill=\"{INK}\">{name} <tspan fill=\"{SOFT_INK}\">{number}</tspan></text>",
            at + 18
        ));
    }
    if without > 0 {
        line(format_args!(
            "<text x=\"268\" y=\"71\" fill=\"{SOFT_INK}\">without speech, not drawn: {without}</text>"
        ));
    }
    for n in (0..=top_count).step_by(usize::try_from(step).unwrap_or(1)) {
        let (y, right) = (y(n), WIDTH - RIGHT);
        line(format_args!(
            "<path d=\"M{LEFT} {y:.1}H{right}\" stroke=\"{GRID}\"/><text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" \
             fill=\"{SOFT_INK}\">{n}</text>",
            LEFT - 8.0,
            y + 4.0
        ));
    }
    for (bar, db) in bars.iter().zip((LOWEST_DB..HIGHEST_DB).step_by(5)) {
        let (left, width) = (x(db) + 1.5, x(db + BAR_DB) - x(db) - 3.0);
        for (from, to, colour) in [(0, bar.noisy, NOISY), (bar.noisy, bar.noisy + bar.clean, CLEAN)] {
            if to > from {
                let (top, height) = (y(to), y(from) - y(to));
                line(format_args!(
                    "<rect x=\"{left:.1}\" y=\"{top:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" fill=\"{colour}\"/>"
                ));
            }
        }
    }
    for db in (LOWEST_DB..=HIGHEST_DB).step_by(10) {
        line(format_args!(
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"{SOFT_INK}\">{db}</text>",
            x(db),
            HEIGHT - BOTTOM + 18.0
        ));
    }
    line(format_args!(
        "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"{SOFT_INK}\">speech over noise, dB (recordings by estimated \
         ratio; the outermost bars hold all beyond)</text>",
        LEFT + inner_w / 2.0,
        HEIGHT - 18.0
    ));
    out.push_str("</svg>\n");
    out
}

/// Bars from the lowest to the highest ratio, and how many recordings have none.
fn count(takes: &[&NoiseEstimate]) -> (Vec<Bar>, usize) {
    let number = usize::try_from((HIGHEST_DB - LOWEST_DB) / BAR_DB).unwrap_or(0);
    let mut bars = vec![Bar::default(); number];
    let mut without = 0;
    for take in takes {
        let Some(snr_db) = take.snr_db else {
            without += 1;
            continue;
        };
        let upper = |k: usize| f64::from(LOWEST_DB) + f64::from(BAR_DB) * real(k + 1);
        let place = (0..number).find(|&k| snr_db < upper(k)).unwrap_or(number - 1);
        if take.noisy {
            bars[place].noisy += 1;
        } else {
            bars[place].clean += 1;
        }
    }
    (bars, without)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(snr_db: Option<f64>, noisy: bool) -> NoiseEstimate {
        NoiseEstimate {
            duration_s: 1.0,
            noisy,
            probability: 0.5,
            snr_db,
            floor_dbfs: -50.0,
            kind: None,
            windows: Vec::new(),
        }
    }

    #[test]
    fn every_recording_is_in_one_bar_or_counted_apart() {
        let takes = [
            take(Some(-40.0), true),
            take(Some(-20.0), true),
            take(Some(4.9), true),
            take(Some(5.0), true),
            take(Some(50.0), false),
            take(None, true),
        ];
        let all: Vec<&NoiseEstimate> = takes.iter().collect();
        let (bars, without) = count(&all);
        assert_eq!((bars[0].noisy, bars[4].noisy, bars[5].noisy, bars[13].clean), (2, 1, 1, 1));
        assert_eq!(bars.iter().map(|b| b.noisy + b.clean).sum::<u32>(), 5);
        assert_eq!(without, 1);
        let svg = noise_histogram("a < b", &all);
        assert!(svg.contains("a &lt; b") && svg.contains("not drawn: 1"));
        assert!(super::super::png(&svg, 1.0).is_ok(), "it is an SVG that can be drawn");
    }
}
