//! `--adaptive`: the gate follows the noise floor.

use anyhow::{Context, Result};
use earmark_core::audio::Source;
use earmark_core::decide::TimelineSettings;
use earmark_core::detect::Detector;
use earmark_core::gate::{Adaptive, CausalDecider, GainEvent};
use earmark_core::noise::{NoiseEstimate, SnrEstimator};
use earmark_core::{FrameGrid, FrameScores};

use super::super::hearing;
use crate::console::Console;

/// Ratios of speech to noise over a recording.
pub struct FileNoise {
    adaptive: Adaptive,
    grid: FrameGrid,
    take: NoiseEstimate,
    /// Frames after a second until it can be judged.
    later_frames: u64,
}

impl FileNoise {
    /// Hears a source with both packs in one pass; `live`: as the plugin hears it.
    pub fn hear_beside(
        detector: &Detector,
        gauge: &SnrEstimator,
        live: bool,
        source: &mut Source,
        name: &str,
        console: &Console,
    ) -> Result<(FrameScores, Self)> {
        let (rate_hz, channels) = (source.info().rate_hz, source.info().channels);
        let mut listener = gauge.detector().stream(rate_hz, channels)?;
        let mut gauged = listener.scores();
        let mut failed = None;
        let observe = |block: &[f32]| {
            if failed.is_none() {
                failed = listener.push(block, &mut gauged).err();
            }
        };
        let heard = hearing::hear_as(live, detector, source, name, console, observe)?;
        if let Some(error) = failed {
            return Err(anyhow::Error::new(error).context(name.to_owned()));
        }
        listener.finish(&mut gauged).with_context(|| name.to_owned())?;
        let take = gauge.assess(&gauged);
        Ok((
            heard,
            Self {
                adaptive: Adaptive::default(),
                grid: FrameGrid::new(rate_hz),
                take,
                later_frames: gauge.later_frames(),
            },
        ))
    }

    /// Close thresholds for the recording as a whole.
    pub fn settings(&self, settings: &TimelineSettings) -> TimelineSettings {
        let adapted = self.adaptive.at(self.take.snr_db, 0.0);
        let mut changed = settings.clone();
        for label in changed.labels.values_mut().chain(std::iter::once(&mut changed.default)) {
            label.close = adapted.thresholds(label.thresholds()).close;
        }
        changed
    }

    /// The depth of the gate, second by second.
    pub fn follow(&self, edges: &[GainEvent], range_db: f32) -> Vec<GainEvent> {
        let ratios: Vec<(u64, Option<f64>)> =
            self.windows().map(|(first, _, snr_db)| (self.grid.start(first), snr_db)).collect();
        self.adaptive.follow(edges, range_db, &ratios)
    }

    /// Decides frame by frame; what a second says of the floor counts from where it can be judged, as it would live.
    pub fn live_edges(
        &self,
        mut decider: CausalDecider,
        heard: &FrameScores,
        range_db: f32,
    ) -> Vec<GainEvent> {
        let mut windows = self.windows().peekable();
        let mut edges = Vec::new();
        for (frame, row) in (0_u64..).zip(0..heard.frames()) {
            while let Some((_, _, snr_db)) = windows.next_if(|&(_, end, _)| end + self.later_frames <= frame)
            {
                decider.adapt(self.adaptive.at(snr_db, range_db));
            }
            edges.extend(decider.frame(frame, heard.row(row), heard.mean_square[row]));
        }
        edges
    }

    /// First frame, end frame and ratio of each second.
    fn windows(&self) -> impl Iterator<Item = (u64, u64, Option<f64>)> {
        let frames = FrameGrid::FRAMES_PER_SECOND;
        (0_u64..).zip(&self.take.windows).map(move |(k, w)| (k * frames, (k + 1) * frames, w.snr_db))
    }
}
