//! Cuts a stream of samples into frames, with its padding, whatever the block size.

use super::sample::Sample;
use super::spectrum::Spectrum;
use super::{FeatureSpec, Padding};

/// Samples that are taken in at once. Large enough that moving the rest of the buffer to its front costs nothing.
const CHUNK: usize = 4096;

/// Samples in, mel power out. All memory is taken at the start.
pub(super) struct Framer<T> {
    spectrum: Spectrum<T>,
    emphasis: Option<T>,
    padding: Padding,
    hop: usize,
    frame_samples: usize,
    /// Padded samples that are still needed.
    buffer: Vec<T>,
    /// Longest that `buffer` gets before the end of the stream.
    full: usize,
    /// Where the next frame starts in `buffer`; past its end when the hop is longer than the frame.
    next: usize,
    /// Whether what stands before the first sample is known.
    started: bool,
    /// The sample before the next one, for the pre-emphasis.
    previous: T,
    received: u64,
    emitted: u64,
    mel: Vec<f32>,
}

impl<T: Sample> Framer<T> {
    /// For a valid spec.
    pub(super) fn new(spec: &FeatureSpec) -> Self {
        let frame_samples = spec.frame_samples();
        let pad = spec.padding.samples();
        let full = frame_samples.max(2 * pad + 1) + CHUNK;
        let mut framer = Self {
            spectrum: Spectrum::new(spec),
            emphasis: spec.pre_emphasis.map(T::from_coefficient),
            padding: spec.padding,
            hop: spec.hop,
            frame_samples,
            // At the end of the stream the last frame or the end padding comes on top.
            buffer: Vec::with_capacity(full + frame_samples + pad),
            full,
            next: 0,
            started: false,
            previous: T::zero(),
            received: 0,
            emitted: 0,
            mel: vec![0.0; spec.mel.bands],
        };
        framer.reset();
        framer
    }

    /// Back to the start of a stream.
    pub(super) fn reset(&mut self) {
        self.buffer.clear();
        // For a reflection these are placeholders until enough samples have come.
        self.buffer.resize(self.padding.samples(), T::zero());
        self.started = !matches!(self.padding, Padding::Reflect(_));
        self.next = 0;
        self.previous = T::zero();
        self.received = 0;
        self.emitted = 0;
    }

    /// Takes samples and hands out the mel power of each frame that is complete.
    pub(super) fn push(&mut self, mut samples: &[f32], emit: &mut impl FnMut(&mut [f32])) {
        while !samples.is_empty() {
            let (block, rest) = samples.split_at(samples.len().min(self.full - self.buffer.len()));
            samples = rest;
            self.append(block);
            self.start_reflection();
            self.emit_frames(emit);
            if self.buffer.len() == self.full {
                self.drop_used();
            }
        }
    }

    /// Ends the stream: hands out the last frames and goes back to the start.
    pub(super) fn finish(&mut self, emit: &mut impl FnMut(&mut [f32])) {
        match self.padding {
            Padding::None => {}
            Padding::Zeros(_) => self.finish_zeros(emit),
            Padding::Reflect(pad) => self.finish_reflection(pad, emit),
        }
        self.reset();
    }

    /// Takes samples into the buffer.
    fn append(&mut self, samples: &[f32]) {
        self.received += samples.len() as u64;
        let Some(a) = self.emphasis else {
            self.buffer.extend(samples.iter().map(|x| T::from_sample(*x)));
            return;
        };
        // With zero before it the first sample is kept as it is.
        let mut previous = self.previous;
        self.buffer.extend(samples.iter().map(|x| {
            let x = T::from_sample(*x);
            let y = x - a * previous;
            previous = x;
            y
        }));
        self.previous = previous;
    }

    /// Hands out each frame that lies in the buffer as a whole.
    fn emit_frames(&mut self, emit: &mut impl FnMut(&mut [f32])) {
        if !self.started {
            return;
        }
        while let Some(frame) = self.buffer.get(self.next..self.next + self.frame_samples) {
            self.spectrum.mel_power(frame, &mut self.mel);
            self.next += self.hop;
            self.emitted += 1;
            emit(&mut self.mel);
        }
    }

    /// Forgets the samples before the next frame, except those that the end will be reflected from.
    fn drop_used(&mut self) {
        let keep = match self.padding {
            Padding::Reflect(pad) => pad + 1,
            Padding::None | Padding::Zeros(_) => 0,
        };
        let unused = self.next.min(self.buffer.len().saturating_sub(keep));
        self.buffer.copy_within(unused.., 0);
        self.buffer.truncate(self.buffer.len() - unused);
        self.next -= unused;
    }

    /// Writes what stands before the first sample once the samples that it mirrors are there.
    fn start_reflection(&mut self) {
        if let Padding::Reflect(pad) = self.padding
            && !self.started
            && self.buffer.len() > 2 * pad
        {
            for distance in 1..=pad {
                self.buffer[pad - distance] = self.buffer[pad + distance];
            }
            self.started = true;
        }
    }

    /// The last frames of a stream that is followed by zeros.
    fn finish_zeros(&mut self, emit: &mut impl FnMut(&mut [f32])) {
        self.drop_used();
        // Each frame of the hop grid that has begun is given; the whole ones already were.
        let missing = self.received.div_ceil(self.hop as u64) - self.emitted;
        let Some(last) = missing.checked_sub(1) else { return };
        let last = usize::try_from(last).expect("each missing frame begins in the buffer");
        self.buffer.resize(self.next + last * self.hop + self.frame_samples, T::zero());
        self.emit_frames(emit);
    }

    /// The last frames of a stream that is mirrored at its end.
    fn finish_reflection(&mut self, pad: usize, emit: &mut impl FnMut(&mut [f32])) {
        if self.received == 0 {
            return;
        }
        if self.started {
            self.drop_used();
            let last = self.buffer.len() - 1;
            for distance in 1..=pad {
                self.buffer.push(self.buffer[last - distance]);
            }
        } else {
            // A stream that is no longer than its padding is mirrored to and fro.
            let samples = self.buffer.len() - pad;
            for distance in 1..=pad {
                self.buffer[pad - distance] = self.buffer[pad + mirrored(distance, samples)];
            }
            for distance in 0..pad {
                self.buffer.push(self.buffer[pad + mirrored(samples + distance, samples)]);
            }
            self.started = true;
        }
        self.emit_frames(emit);
    }
}

/// Index into `samples` samples that are mirrored at both ends without end, the end samples not repeated.
fn mirrored(index: usize, samples: usize) -> usize {
    let period = (2 * (samples - 1)).max(1);
    let index = index % period;
    index.min(period - index)
}

impl Padding {
    /// Samples before the first.
    pub(crate) fn samples(self) -> usize {
        match self {
            Self::None => 0,
            Self::Reflect(pad) | Self::Zeros(pad) => pad,
        }
    }
}
