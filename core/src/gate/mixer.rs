//! The last step: gains onto samples, and what of it goes out. Renderer and live hosts multiply by [`gated`].
//!
//! In a steady state each output of the [`Mixer`] is one expression of the delayed sample and its gain, so it has the very
//! bits of a render. What is switched (bypass, listen) fades over [`FADE_MS`], output gain and wet share move over as
//! long: no switch clicks.
//!
//! Real time: arithmetic only; nothing here allocates, waits or fails.

/// Length of a fade between two outputs, and of a move of output gain or wet share, ms.
const FADE_MS: f64 = 10.0;
/// Where a gain is not 1, a sample below this (−600 dBFS) counts as zero: its product could be subnormal, which is slow.
const VANISHING: f32 = 1e-30;

/// One sample with its gain: unchanged where the gain is 1, else never subnormal.
#[inline(always)]
fn gated(sample: f32, gain: f32) -> f32 {
    let safe = if sample.abs() < VANISHING { 0.0_f32.copysign(sample) } else { sample };
    let product = flushed(safe * gain);
    if gain == 1.0 { sample } else { product }
}

/// Subnormal numbers are zero, of their sign.
#[inline(always)]
fn flushed(sample: f32) -> f32 {
    if sample.abs() < f32::MIN_POSITIVE { 0.0_f32.copysign(sample) } else { sample }
}

/// Multiplies interleaved frames by one gain each, all channels alike (linked: the image does not move). Where a gain is
/// 1 the samples keep their bits. Frames beyond the shorter of the two stay as they are.
pub fn apply_gains(gains: &[f32], interleaved: &mut [f32], channels: usize) {
    match channels {
        0 => {}
        1 => interleaved.iter_mut().zip(gains).for_each(|(sample, gain)| *sample = gated(*sample, *gain)),
        2 => {
            for (frame, gain) in interleaved.as_chunks_mut::<2>().0.iter_mut().zip(gains) {
                frame[0] = gated(frame[0], *gain);
                frame[1] = gated(frame[1], *gain);
            }
        }
        _ => {
            for (frame, gain) in interleaved.chunks_exact_mut(channels).zip(gains) {
                frame.iter_mut().for_each(|sample| *sample = gated(*sample, *gain));
            }
        }
    }
}

/// Lets the untouched sound through beside the gated one: gains of a mix of which the share `wet` (0 to 1) is gated.
pub fn mix_dry(gains: &mut [f32], wet: f32) {
    if wet < 1.0 {
        gains.iter_mut().for_each(|gain| *gain = with_dry(*gain, 1.0 - wet));
    }
}

/// The law of dry and wet: in this order full gain stays exactly 1.
#[inline(always)]
fn with_dry(gain: f32, dry: f32) -> f32 {
    gain + dry * (1.0 - gain)
}

/// What goes out; all are delayed alike.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MixOutput {
    /// The gated sound.
    #[default]
    Gated,
    /// What the gate takes away: the delayed input minus the gated sound.
    Removed,
    /// What the detector is given: the sidechain where there is one, else the input.
    Detector,
    /// The delayed input, without the output gain.
    Bypassed,
}

impl MixOutput {
    #[inline(always)]
    fn value(self, sample: f32, gain: f32, detector: f32, output_gain: f32) -> f32 {
        finite(match self {
            Self::Gated => gated(sample, gain) * output_gain,
            Self::Removed => (sample - gated(sample, gain)) * output_gain,
            Self::Detector => detector * output_gain,
            Self::Bypassed => sample,
        })
    }
}

/// What a mixer is to do.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MixSettings {
    /// What goes out.
    pub output: MixOutput,
    /// Gain of all outputs but the bypassed one, dB; 0 keeps every bit.
    pub output_gain_db: f64,
    /// Share of the gated sound in the output, 0 (all dry) to 1.
    pub wet: f32,
}

impl Default for MixSettings {
    fn default() -> Self {
        Self { output: MixOutput::default(), output_gain_db: 0.0, wet: 1.0 }
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

/// Puts gains onto the delayed sound of any number of channels, with fades between outputs.
#[derive(Debug, Clone)]
pub struct Mixer {
    from: MixOutput,
    to: MixOutput,
    /// Samples of the fade that are done; `fade` of them are all.
    done: usize,
    fade: usize,
    gain: Glide,
    wet: Glide,
}

/// Largest samples of a stretch, before the gate and at the output.
#[derive(Debug, Clone, Copy, Default)]
pub struct Peaks {
    /// Of the delayed input, full scale 1.
    pub input: f32,
    /// Of the output, full scale 1.
    pub output: f32,
}

/// One channel's samples of a stretch: all planes of one length.
#[derive(Debug)]
pub struct MixPlanes<'a> {
    /// Delayed sound in, output out.
    pub sound: &'a mut [f32],
    /// One gain per sample.
    pub gains: &'a [f32],
    /// What the detector is given, delayed as the sound is; `None` where it is the sound itself.
    pub detector: Option<&'a [f32]>,
}

impl Mixer {
    /// A mixer that is where `settings` says, for a stream of `rate_hz`.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few thousand samples at most"
    )]
    pub fn new(settings: &MixSettings, rate_hz: f64) -> Self {
        Self {
            from: settings.output,
            to: settings.output,
            done: 0,
            fade: (rate_hz * FADE_MS * 1e-3).clamp(1.0, 1e6) as usize,
            gain: Glide::at_rest(factor(settings.output_gain_db)),
            wet: Glide::at_rest(settings.wet),
        }
    }

    /// Begins to move to `settings`, from the next sample on.
    pub fn aim(&mut self, settings: &MixSettings) {
        // A fade that is under way goes to its end first: this is asked again with every piece.
        if self.from == self.to && settings.output != self.to {
            self.to = settings.output;
            self.done = 0;
        }
        self.gain.aim(factor(settings.output_gain_db), self.fade);
        self.wet.aim(settings.wet, self.fade);
    }

    /// Ends fades at once: after a reset there is nothing to fade from.
    pub fn snap(&mut self, settings: &MixSettings) {
        self.to = settings.output;
        self.from = self.to;
        self.gain = Glide::at_rest(factor(settings.output_gain_db));
        self.wet = Glide::at_rest(settings.wet);
    }

    /// Mixes a stretch of `samples` of all channels in place, and tells its peaks.
    pub fn mix<'a>(&mut self, samples: usize, channels: impl Iterator<Item = MixPlanes<'a>>) -> Peaks {
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

    fn steady(&self, planes: MixPlanes<'_>, peaks: &mut Peaks) {
        let MixPlanes { sound, gains, detector } = planes;
        let (gain, dry) = (self.gain.target, 1.0 - self.wet.target);
        let sound_and_gains = sound.iter_mut().zip(gains);
        // All wet adds zero, 0 dB multiplies by 1: both keep every bit.
        match (self.to, detector) {
            (MixOutput::Bypassed, _) => {}
            (MixOutput::Gated, _) => {
                sound_and_gains.for_each(|(s, &g)| *s = finite(gated(*s, with_dry(g, dry)) * gain))
            }
            (MixOutput::Removed, _) => {
                sound_and_gains.for_each(|(s, &g)| *s = finite((*s - gated(*s, with_dry(g, dry))) * gain));
            }
            (MixOutput::Detector, Some(heard)) => {
                sound.iter_mut().zip(heard).for_each(|(s, &d)| *s = finite(d * gain));
            }
            (MixOutput::Detector, None) => sound.iter_mut().for_each(|s| *s = finite(*s * gain)),
        }
        peaks.output = peaks.output.max(peak(sound));
    }

    #[expect(clippy::cast_precision_loss, reason = "a few thousand samples at most")]
    fn moving(&self, planes: MixPlanes<'_>, peaks: &mut Peaks) {
        let MixPlanes { sound, gains, detector } = planes;
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

/// Decibels as a factor: exactly 1 at 0 dB.
#[expect(clippy::cast_possible_truncation, reason = "a gain")]
fn factor(db: f64) -> f32 {
    if db == 0.0 { 1.0 } else { 10.0_f64.powf(db / 20.0) as f32 }
}

/// Nothing subnormal, and what an output gain blew up past all numbers is the largest one.
#[inline(always)]
fn finite(sample: f32) -> f32 {
    flushed(sample).clamp(f32::MIN, f32::MAX)
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

    const REST: MixSettings = MixSettings { output: MixOutput::Gated, output_gain_db: 0.0, wet: 1.0 };

    fn run(mixer: &mut Mixer, sound: &mut [f32], gains: &[f32]) -> Peaks {
        let samples = sound.len();
        mixer.mix(samples, std::iter::once(MixPlanes { sound, gains, detector: None }))
    }

    #[test]
    fn gated_and_removed_add_up() {
        let mut mixer = Mixer::new(&REST, 48_000.0);
        let input = [0.3_f32, -0.7, 1e-39, 0.9];
        let gains = [1.0, 0.5, 0.5, 0.25];
        let mut kept = input;
        let peaks = run(&mut mixer, &mut kept, &gains);
        assert_eq!((peaks.input, peaks.output), (0.9, 0.35));
        assert_eq!(kept, [0.3, -0.35, 0.0, 0.225]);
        mixer.snap(&MixSettings { output: MixOutput::Removed, ..REST });
        let mut removed = input;
        run(&mut mixer, &mut removed, &gains);
        assert_eq!(removed, [0.0, -0.35, 0.0, 0.9 - 0.225]);
    }

    #[test]
    fn a_switch_fades_and_a_gain_glides() {
        let mut mixer = Mixer::new(&REST, 48_000.0);
        let bypassed = MixSettings { output: MixOutput::Bypassed, output_gain_db: 6.0, wet: 1.0 };
        let mut last = 0.25_f32;
        for _ in 0..20 {
            mixer.aim(&bypassed);
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
        let mut mixer = Mixer::new(&MixSettings { output_gain_db: 24.0, ..REST }, 48_000.0);
        let mut sound = [f32::MAX, f32::MIN];
        run(&mut mixer, &mut sound, &[1.0; 2]);
        assert_eq!(sound, [f32::MAX, f32::MIN]);
    }

    #[test]
    fn every_layout_gets_the_gain_of_its_frame() {
        let gains = [1.0, 0.5, 0.0];
        for channels in 1..=6 {
            let mut samples: Vec<f32> = vec![0.8; 3 * channels];
            apply_gains(&gains, &mut samples, channels);
            let expected: Vec<f32> = [0.8, 0.4, 0.0].iter().flat_map(|&v| vec![v; channels]).collect();
            assert_eq!(samples, expected);
        }
        let mut samples = [0.8, 0.8];
        apply_gains(&gains, &mut samples, 0);
        assert_eq!(samples, [0.8, 0.8]);
    }

    /// What a file is rendered with and what a host plays: to the bit, wet or not.
    #[test]
    fn a_render_and_a_mixer_give_the_same_bits() {
        let gains: Vec<f32> = (0..=255_u8).map(|k| f32::from(k) / 255.0).collect();
        let sound: Vec<f32> = (0..=255_u8).map(|k| (f32::from(k) - 127.0) * 1.234_567e-3).collect();
        for wet in [1.0, 0.7, 0.0] {
            let (mut rendered, mut played, mut mixed) = (sound.clone(), sound.clone(), gains.clone());
            mix_dry(&mut mixed, wet);
            assert_eq!(mixed[255], 1.0);
            apply_gains(&mixed, &mut rendered, 1);
            run(&mut Mixer::new(&MixSettings { wet, ..REST }, 48_000.0), &mut played, &gains);
            assert!(rendered.iter().zip(&played).all(|(a, b)| a.to_bits() == b.to_bits()), "wet {wet}");
        }
    }
}
