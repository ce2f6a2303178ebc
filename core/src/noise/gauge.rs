//! A noise pack at work.

use crate::audio::Source;
use crate::listen::{Ear, ListenError, Pace};
use crate::pack::{Pack, PackError, Task, Thresholds};
use crate::runtime::Runtime;
use crate::{Activity, Label};

use super::Take;
use super::take::JUDGED_LATER_FRAMES;

/// First column: the probability of background noise.
pub const COLUMN_NOISE: &str = "noise";
/// Last column but one: the level of the speech over the last second, as (dBFS + 120) / 120.
pub const COLUMN_SPEECH_LEVEL: &str = "speech_level";
/// Last column: the level of the noise over the last second, as (dBFS + 120) / 120.
pub const COLUMN_NOISE_LEVEL: &str = "noise_level";

/// Why a recording could not be gauged.
pub type GaugeError = ListenError;

/// A pack for [`Task::Noise`], compiled.
#[derive(Debug)]
pub struct Gauge {
    ear: Ear,
}

impl Gauge {
    /// Compiles a pack.
    ///
    /// # Errors
    /// [`PackError`] as for [`Ear::load`]; also if its columns are not `noise`, the kinds, `speech_level`, `noise_level`.
    pub fn load(runtime: &Runtime, pack: Pack, pace: Pace) -> Result<Self, PackError> {
        let ear = Ear::load_for(Task::Noise, runtime, pack, pace)?;
        let labels = &ear.pack().manifest().labels;
        let named = |place: Option<usize>, name: &str| {
            place.and_then(|p| labels.get(p)).is_some_and(|label| label.as_str() == name)
        };
        let last = labels.len().checked_sub(1);
        let before = labels.len().checked_sub(2);
        let right = named(Some(0), COLUMN_NOISE)
            && named(before, COLUMN_SPEECH_LEVEL)
            && named(last, COLUMN_NOISE_LEVEL);
        if !right {
            let reason = format!(
                "a pack for the task \"noise\" has the labels {COLUMN_NOISE}, then its kinds of noise, then \
                 {COLUMN_SPEECH_LEVEL} and {COLUMN_NOISE_LEVEL}"
            );
            return Err(PackError::Manifest { pack: ear.pack().origin().to_owned(), reason });
        }
        Ok(Self { ear })
    }

    /// The pack.
    pub fn pack(&self) -> &Pack {
        self.ear.pack()
    }

    /// The ear that runs it: its frames have the columns of the pack.
    pub fn ear(&self) -> &Ear {
        &self.ear
    }

    /// The kinds of noise that it tells apart.
    pub fn kinds(&self) -> &[Label] {
        let labels = &self.pack().manifest().labels;
        &labels[1..labels.len() - 2]
    }

    /// The probability at which a recording counts as noisy, and below which a stretch of it counts as clean again.
    pub fn thresholds(&self) -> Thresholds {
        self.pack().manifest().thresholds_of(&Label::NOISE)
    }

    /// Frames after the end of a second until it can be judged: a live gate follows it from then on.
    pub fn later_frames(&self) -> u64 {
        (self.pack().manifest().lookahead_frames + JUDGED_LATER_FRAMES) as u64
    }

    /// Gauges a source to its end. `observe` sees each block of interleaved samples before it is heard.
    ///
    /// # Errors
    /// As [`Ear::hear`].
    pub fn hear<E: From<GaugeError>>(
        &self,
        source: &mut Source,
        observe: impl FnMut(&[f32]) -> Result<(), E>,
    ) -> Result<Take, E> {
        Ok(self.assess(&self.ear.hear(source, observe)?))
    }

    /// Gauges samples in memory, one channel at `rate_hz`.
    ///
    /// # Errors
    /// [`GaugeError`] if the rate cannot be resampled or the network fails.
    pub fn hear_samples(&self, samples: &[f32], rate_hz: u32) -> Result<Take, GaugeError> {
        let mut listener = self.ear.listener(rate_hz, 1)?;
        let mut heard = listener.activity();
        listener.push(samples, &mut heard)?;
        listener.finish(&mut heard)?;
        Ok(self.assess(&heard))
    }

    /// The verdict with another threshold; a stretch stays noisy down to the share of it that the pack's own have.
    pub fn assess_at(&self, heard: &Activity, open: f32) -> Take {
        let own = self.thresholds();
        let close = open * (own.close / own.open.max(f32::MIN_POSITIVE)).min(1.0);
        Take::new(heard, self.kinds(), Thresholds { open, close })
    }

    /// The verdict on frames that [`Gauge::ear`] heard.
    pub fn assess(&self, heard: &Activity) -> Take {
        Take::new(heard, self.kinds(), self.thresholds())
    }
}
