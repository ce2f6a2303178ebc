//! The last step: gains onto the delayed sound, and what of it goes out.
//!
//! In a steady state each output is one expression of the delayed sample and its gain, so the result has the very bits of
//! the core's gate. What is switched (bypass, listen) fades over [`FADE_MS`], the output gain moves over as long: no
//! switch clicks.

use earmark_core::realtime::gated;

use crate::params::{Params, id};

/// Length of a fade between two outputs, and of a move of the output gain, ms.
const FADE_MS: f64 = 10.0;

/// What goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    /// The gated sound.
    Result,
    /// What the gate took away.
    Removed,
    /// What the ear hears.
    Detector,
    /// The sound as it came, without the output gain.
    Bypass,
}

impl Output {
    pub(super) fn of(params: &Params) -> Self {
        match params.choice(id::LISTEN) {
            _ if params.is_on(id::BYPASS) => Self::Bypass,
            1 => Self::Removed,
            2 => Self::Detector,
            _ => Self::Result,
        }
    }

    #[inline(always)]
    fn value(self, sample: f32, gain: f32, detector: f32, output_gain: f32) -> f32 {
        finite(match self {
            Self::Result => gated(sample, gain) * output_gain,
            Self::Removed => (sample - gated(sample, gain)) * output_gain,
            Self::Detector => detector * output_gain,
            Self::Bypass => sample,
        })
    }
}

/// A number that moves evenly to where it shall be.
#[derive(Debug, Clone, Copy)]
struct Glide {
    now: f32,
    step: f32,
    target: f32,
    left: usize,
}

impl Glide {
    fn at_rest(value: f32) -> Self {
        Self { now: value, step: 0.0, target: value, left: 0 }
    }

    #[expect(clippy::cast_precision_loss, reason = "a few thousand samples at most")]
    fn aim(&mut self, target: f32, samples: usize) {
        if target.to_bits() != self.target.to_bits() {
            *self = Self { now: self.now, step: (target - self.now) / samples as f32, target, left: samples };
        }
    }

    #[inline(always)]
    #[expect(clippy::cast_precision_loss, reason = "a few thousand samples at most")]
    fn after(&self, samples: usize) -> f32 {
        if samples < self.left { self.now + self.step * samples as f32 } else { self.target }
    }

    fn go_on(&mut self, samples: usize) {
        self.now = self.after(samples);
        self.left = self.left.saturating_sub(samples);
    }
}

/// Fades and glides of one activation.
#[derive(Debug)]
pub(super) struct Mixer {
    from: Output,
    to: Output,
    /// Samples of the fade that are done; `fade` of them are all.
    done: usize,
    fade: usize,
    gain: Glide,
    wet: Glide,
}

/// Largest samples of a stretch, before the gate and at the output.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Peaks {
    pub(super) input: f32,
    pub(super) output: f32,
}

/// One channel's planes of a stretch: all of one length.
pub(super) struct Planes<'a> {
    /// Delayed sound in, output out.
    pub(super) sound: &'a mut [f32],
    pub(super) gains: &'a [f32],
    /// `None`: the detector is the sound itself.
    pub(super) detector: Option<&'a [f32]>,
}

impl Mixer {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few thousand samples at most"
    )]
    pub(super) fn new(params: &Params, rate_hz: f64) -> Self {
        let output = Output::of(params);
        Self {
            from: output,
            to: output,
            done: 0,
            fade: (rate_hz * FADE_MS * 1e-3).clamp(1.0, 1e6) as usize,
            gain: Glide::at_rest(factor(params.get(id::OUTPUT_DB))),
            wet: Glide::at_rest(params.get_f32(id::WET)),
        }
    }

    /// Takes over what the parameters say, from the next sample on.
    pub(super) fn aim(&mut self, params: &Params) {
        let output = Output::of(params);
        // A fade that is under way goes to its end first: this is asked again with every piece.
        if self.from == self.to && output != self.to {
            self.to = output;
            self.done = 0;
        }
        self.gain.aim(factor(params.get(id::OUTPUT_DB)), self.fade);
        self.wet.aim(params.get_f32(id::WET), self.fade);
    }

    /// Ends fades at once: after a reset there is nothing to fade from.
    pub(super) fn snap(&mut self, params: &Params) {
        self.to = Output::of(params);
        self.from = self.to;
        self.gain = Glide::at_rest(factor(params.get(id::OUTPUT_DB)));
        self.wet = Glide::at_rest(params.get_f32(id::WET));
    }

    /// Mixes one stretch of all channels, and tells its peaks.
    pub(super) fn stretch<'a>(
        &mut self,
        samples: usize,
        channels: impl Iterator<Item = Planes<'a>>,
    ) -> Peaks {
        let mut peaks = Peaks::default();
        let steady = self.from == self.to && self.gain.left == 0 && self.wet.left == 0;
        for planes in channels {
            peaks.input = peaks.input.max(peak(planes.sound));
            if steady {
                self.steady(planes, &mut peaks);
            } else {
                self.moving(planes, &mut peaks);
            }
        }
        if !steady {
            self.go_on(samples);
        }
        peaks
    }

    fn steady(&self, planes: Planes<'_>, peaks: &mut Peaks) {
        let Planes { sound, gains, detector } = planes;
        let (gain, dry) = (self.gain.target, 1.0 - self.wet.target);
        let sound_and_gains = sound.iter_mut().zip(gains);
        // All wet adds zero, 0 dB multiplies by 1: both keep every bit.
        match (self.to, detector) {
            (Output::Bypass, _) => {}
            (Output::Result, _) => {
                sound_and_gains.for_each(|(s, &g)| *s = finite(gated(*s, with_dry(g, dry)) * gain))
            }
            (Output::Removed, _) => {
                sound_and_gains.for_each(|(s, &g)| *s = finite((*s - gated(*s, with_dry(g, dry))) * gain));
            }
            (Output::Detector, Some(heard)) => {
                sound.iter_mut().zip(heard).for_each(|(s, &d)| *s = finite(d * gain));
            }
            (Output::Detector, None) => sound.iter_mut().for_each(|s| *s = finite(*s * gain)),
        }
        peaks.output = peaks.output.max(peak(sound));
    }

    #[expect(clippy::cast_precision_loss, reason = "a few thousand samples at most")]
    fn moving(&self, planes: Planes<'_>, peaks: &mut Peaks) {
        let Planes { sound, gains, detector } = planes;
        for (index, (sample, &gain)) in sound.iter_mut().zip(gains).enumerate() {
            let gain = with_dry(gain, 1.0 - self.wet.after(index));
            let output_gain = self.gain.after(index);
            let heard = detector.and_then(|plane| plane.get(index)).copied().unwrap_or(*sample);
            let to = self.to.value(*sample, gain, heard, output_gain);
            *sample = finite(if self.from == self.to {
                to
            } else {
                let share = ((self.done + index) as f32 / self.fade as f32).min(1.0);
                let from = self.from.value(*sample, gain, heard, output_gain);
                from * (1.0 - share) + to * share
            });
        }
        peaks.output = peaks.output.max(peak(sound));
    }

    fn go_on(&mut self, samples: usize) {
        if self.from != self.to {
            self.done += samples;
            if self.done >= self.fade {
                self.from = self.to;
            }
        }
        self.gain.go_on(samples);
        self.wet.go_on(samples);
    }
}

/// The core's law of dry and wet: in this order full gain stays exactly 1.
#[inline(always)]
fn with_dry(gain: f32, dry: f32) -> f32 {
    gain + dry * (1.0 - gain)
}

/// Decibels as a factor: exactly 1 at 0 dB.
#[expect(clippy::cast_possible_truncation, reason = "a gain")]
fn factor(db: f64) -> f32 {
    if db == 0.0 { 1.0 } else { 10.0_f64.powf(db / 20.0) as f32 }
}

/// Subnormal numbers are zero (of their sign), and what an output gain blew up past all numbers is the largest one.
#[inline(always)]
fn finite(sample: f32) -> f32 {
    if sample.abs() < f32::MIN_POSITIVE { 0.0_f32.copysign(sample) } else { sample.clamp(f32::MIN, f32::MAX) }
}

fn peak(samples: &[f32]) -> f32 {
    // Eight lanes, so that the compiler can use vectors: the order does not matter to a maximum.
    let (chunks, rest) = samples.as_chunks::<8>();
    let mut lanes = [0.0_f32; 8];
    for chunk in chunks {
        for (lane, sample) in lanes.iter_mut().zip(chunk) {
            let size = sample.abs();
            *lane = if size > *lane { size } else { *lane };
        }
    }
    lanes.iter().chain(rest).fold(0.0, |most, sample| if sample.abs() > most { sample.abs() } else { most })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params::Params;

    fn run(mixer: &mut Mixer, sound: &mut [f32], gains: &[f32]) -> Peaks {
        let samples = sound.len();
        mixer.stretch(samples, std::iter::once(Planes { sound, gains, detector: None }))
    }

    #[test]
    fn result_and_removed_add_up() {
        let params = Params::default();
        let mut mixer = Mixer::new(&params, 48_000.0);
        let input = [0.3_f32, -0.7, 1e-39, 0.9];
        let gains = [1.0, 0.5, 0.5, 0.25];
        let mut kept = input;
        let peaks = run(&mut mixer, &mut kept, &gains);
        assert_eq!((peaks.input, peaks.output), (0.9, 0.35));
        assert_eq!(kept, [0.3, -0.35, 0.0, 0.225]);
        params.set(id::LISTEN, 1.0);
        mixer.snap(&params);
        let mut removed = input;
        run(&mut mixer, &mut removed, &gains);
        assert_eq!(removed, [0.0, -0.35, 0.0, 0.9 - 0.225]);
    }

    #[test]
    fn a_switch_fades_and_a_gain_glides() {
        let params = Params::default();
        let mut mixer = Mixer::new(&params, 48_000.0);
        params.set(id::BYPASS, 1.0);
        params.set(id::OUTPUT_DB, 6.0);
        let mut last = 0.25_f32;
        for _ in 0..20 {
            mixer.aim(&params);
            let mut sound = [0.5_f32; 48];
            run(&mut mixer, &mut sound, &[0.5; 48]);
            for sample in sound {
                assert!((sample - last).abs() < 0.002, "{last} to {sample}");
                last = sample;
            }
        }
        assert_eq!(last, 0.5, "bypass knows no output gain");
    }

    #[test]
    fn nothing_grows_past_all_numbers() {
        let params = Params::default();
        params.set(id::OUTPUT_DB, 24.0);
        let mut mixer = Mixer::new(&params, 48_000.0);
        let mut sound = [f32::MAX, f32::MIN];
        run(&mut mixer, &mut sound, &[1.0; 2]);
        assert_eq!(sound, [f32::MAX, f32::MIN]);
    }
}
