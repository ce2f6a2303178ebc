//! A picture of a timeline: waveform, one lane per label, time axis, legend. SVG text of our own, and PNG from it.
//!
//! Neither needs a display, and PNG brings its own font, so that a server draws what a desk does.

mod axis;
mod difference;
mod envelope;
mod histogram;
mod noise_timeline;
#[cfg(feature = "png")]
mod png;
mod style;
mod svg;

use crate::FrameScores;
use crate::decide::Timeline;

pub use difference::{DifferenceInput, difference};
pub use envelope::{Envelope, EnvelopeBuilder};
pub use histogram::noise_histogram;
pub use noise_timeline::noise_timeline;
#[cfg(feature = "png")]
pub use png::{PlotError, png};
pub use style::colour;
pub use svg::render;

/// What is drawn.
#[derive(Debug, Clone, Copy)]
pub struct PlotInput<'a> {
    /// Headline, usually the file's name.
    pub title: &'a str,
    /// Lanes and their bars.
    pub timeline: &'a Timeline,
    /// The waveform; without it there is none in the picture.
    pub envelope: Option<&'a Envelope>,
    /// Probabilities, drawn as a thin line in each lane; without them there are only bars.
    pub activity: Option<&'a FrameScores>,
}

/// How it is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PlotOptions {
    /// First instant, seconds; `None`: the beginning.
    pub from_s: Option<f64>,
    /// Last instant, seconds; `None`: the end.
    pub to_s: Option<f64>,
    /// Width in pixels, 320 to 8192.
    pub width: u32,
    /// Height in pixels; the waveform takes what the lanes leave. `None`: as high as it looks well.
    pub height: Option<u32>,
}

impl Default for PlotOptions {
    fn default() -> Self {
        Self { from_s: None, to_s: None, width: 1_200, height: None }
    }
}

impl PlotOptions {
    /// The stretch of a source of `duration_s` that is drawn, seconds.
    pub fn range(&self, duration_s: f64) -> (f64, f64) {
        let inside = |t: Option<f64>, otherwise: f64| {
            let t = t.filter(|t| t.is_finite()).unwrap_or(otherwise);
            t.clamp(0.0, duration_s.max(0.0))
        };
        let from = inside(self.from_s, 0.0);
        (from, inside(self.to_s, duration_s).max(from))
    }
}
