//! Many channels to one.
//!
//! [`downmix`] is the plain mean. What cancels in it is lost: two channels in antiphase, or a voice on one of many channels.
//! [`Downmixer`] hears that and takes the channel that carries the sound instead, so that nothing is lost; as long as nothing
//! cancels it gives the mean, bit for bit.

use super::units::{real, samples_to_seconds};

/// Frames of a chunk are a hundredth of a second: what is decided at its end holds from the next one on.
const CHUNKS_PER_S: u32 = 100;
/// Share of a new chunk in the smoothed powers: about a tenth of a second.
const SMOOTHING: f64 = 0.1;
/// The mean cancels where its power is less than this share of the loudest channel's (10 dB). Channels that have nothing in
/// common keep half of it, one that is alone in a pair a quarter.
const CANCELS_BELOW: f64 = 0.1;
/// It is heard again where it has more than this (7 dB).
const SOUND_ABOVE: f64 = 0.2;
/// Another channel is taken only if it is louder by this factor (3 dB).
const LOUDER: f64 = 2.0;
/// Mean square of the differences between samples below which nothing is decided (-90 dBFS).
const FLOOR: f64 = 1e-9;
/// Partial sums.
const LANES: usize = 8;

/// Appends the mean of the channels of each frame of `interleaved` to `mono`; one channel passes unchanged.
///
/// The mean keeps the level of identical channels and cannot clip. Samples of an incomplete last frame are ignored.
///
/// # Panics
///
/// If `channels` is 0.
pub fn downmix(interleaved: &[f32], channels: u16, mono: &mut Vec<f32>) {
    assert!(channels > 0, "audio has at least one channel");
    match channels {
        1 => mono.extend_from_slice(interleaved),
        2 => mean_of_pairs(interleaved.as_chunks().0, mono),
        _ => {
            let scale = 1.0 / f32::from(channels);
            mono.extend(
                interleaved
                    .chunks_exact(usize::from(channels))
                    .map(|frame| frame.iter().sum::<f32>() * scale),
            );
        }
    }
}

#[multiversion::multiversion(targets("x86_64+avx2"))]
fn mean_of_pairs(pairs: &[[f32; 2]], mono: &mut Vec<f32>) {
    let known = mono.len();
    mono.resize(known + pairs.len(), 0.0);
    for (mean, [left, right]) in mono[known..].iter_mut().zip(pairs) {
        *mean = 0.5 * (left + right);
    }
}

/// Both channels of pairs and their mean, each in a plane of its own.
#[multiversion::multiversion(targets("x86_64+avx2"))]
fn split_pairs(pairs: &[[f32; 2]], left: &mut [f32], right: &mut [f32], mean: &mut [f32]) {
    for (((pair, left), right), mean) in pairs.iter().zip(left).zip(right).zip(mean) {
        (*left, *right) = (pair[0], pair[1]);
        *mean = 0.5 * (pair[0] + pair[1]);
    }
}

/// The squares of `after` less `before`, added up in lanes.
#[multiversion::multiversion(targets("x86_64+avx2"))]
fn squared_differences(before: &[f32], after: &[f32]) -> [f32; LANES] {
    let ((before, before_rest), (after, after_rest)) =
        (before.as_chunks::<LANES>(), after.as_chunks::<LANES>());
    let mut sums = [0.0_f32; LANES];
    for (a, b) in before.iter().zip(after) {
        for lane in 0..LANES {
            let difference = b[lane] - a[lane];
            sums[lane] += difference * difference;
        }
    }
    for (sum, (a, b)) in sums.iter_mut().zip(before_rest.iter().zip(after_rest)) {
        *sum += (b - a) * (b - a);
    }
    sums
}

/// Mixes many channels to one without losing what cancels, block by block.
///
/// Powers are compared in chunks of 10 ms, over the differences between neighbouring samples, so that neither an offset nor
/// hum counts. What is decided holds from the next chunk on, over which the weights change evenly: no sample waits, and the
/// result is the same for any split into blocks.
#[derive(Debug, Clone)]
pub struct Downmixer {
    rate_hz: u32,
    channels: usize,
    chunk_frames: usize,
    /// What is known of a chunk that came in several blocks, interleaved.
    chunk: Vec<f32>,
    /// Room for channels of a chunk or their mean, each behind the sample before it: three for a pair.
    planes: [Vec<f32>; 3],
    /// The last sample of each channel and of the mean.
    last: Vec<f32>,
    /// No chunk is complete yet, so there is no sample before.
    fresh: bool,
    /// Smoothed powers of the channels, and of their mean behind them.
    powers: Vec<f64>,
    /// The mean is never heard.
    always: bool,
    /// Heard at the start of the chunk, and at its end; nothing for the mean.
    from: Option<usize>,
    to: Option<usize>,
    /// Frames in which a channel was heard alone, and which one it was last.
    alone_frames: u64,
    alone: Option<usize>,
}

impl Downmixer {
    /// For interleaved samples of `channels` channels at `rate_hz`.
    ///
    /// # Panics
    ///
    /// If `channels` is 0.
    pub fn new(rate_hz: u32, channels: u16) -> Self {
        assert!(channels > 0, "audio has at least one channel");
        let channels = usize::from(channels);
        let chunk_frames = usize::try_from(rate_hz / CHUNKS_PER_S).unwrap_or(1).max(1);
        Self {
            rate_hz,
            channels,
            chunk_frames,
            chunk: Vec::new(),
            planes: std::array::from_fn(|_| vec![0.0; chunk_frames + 1]),
            last: vec![0.0; channels + 1],
            fresh: true,
            powers: vec![0.0; channels + 1],
            always: false,
            from: None,
            to: None,
            alone_frames: 0,
            alone: None,
        }
    }

    /// One that hears the loudest channel at each moment and never the mean.
    ///
    /// # Panics
    ///
    /// If `channels` is 0.
    pub fn loudest(rate_hz: u32, channels: u16) -> Self {
        Self { always: true, from: Some(0), to: Some(0), ..Self::new(rate_hz, channels) }
    }

    /// Back to the start of a new stream.
    pub fn reset(&mut self) {
        self.chunk.clear();
        self.last.fill(0.0);
        self.fresh = true;
        self.powers.fill(0.0);
        let start = self.always.then_some(0);
        (self.from, self.to) = (start, start);
        (self.alone_frames, self.alone) = (0, None);
    }

    /// Seconds in which one channel was heard alone because the mean cancelled, and which one it was last, counted from 1.
    pub fn alone(&self) -> Option<(f64, usize)> {
        let seconds = samples_to_seconds(self.alone_frames, self.rate_hz);
        self.alone.map(|channel| (seconds, channel + 1))
    }

    /// Takes whole interleaved frames and appends as many samples to `mono`.
    pub fn push(&mut self, interleaved: &[f32], mono: &mut Vec<f32>) {
        if self.channels == 1 {
            mono.extend_from_slice(interleaved);
            return;
        }
        let whole = interleaved.len() / self.channels * self.channels;
        let mut rest = &interleaved[..whole];
        while !rest.is_empty() {
            let known = self.chunk.len() / self.channels;
            let frames = (rest.len() / self.channels).min(self.chunk_frames - known);
            let (now, later) = rest.split_at(frames * self.channels);
            self.mix(now, known, mono);
            rest = later;
            if frames == self.chunk_frames {
                self.close_chunk(now);
                continue;
            }
            self.chunk.extend_from_slice(now);
            if known + frames == self.chunk_frames {
                let mut chunk = std::mem::take(&mut self.chunk);
                self.close_chunk(&chunk);
                chunk.clear();
                self.chunk = chunk;
            }
        }
    }

    /// Mixes frames that begin at frame `first` of the chunk.
    #[expect(clippy::cast_precision_loss, reason = "a chunk has a few thousand frames")]
    fn mix(&self, frames: &[f32], first: usize, mono: &mut Vec<f32>) {
        let channels = self.channels;
        match (self.from, self.to) {
            (None, None) => downmix(frames, u16::try_from(channels).unwrap_or(u16::MAX), mono),
            (Some(from), Some(to)) if from == to => {
                mono.extend(frames.chunks_exact(channels).map(|frame| frame[from]))
            }
            (from, to) => {
                let mean = 1.0 / channels as f32;
                let heard = |of: Option<usize>, frame: &[f32]| {
                    of.map_or_else(|| frame.iter().sum::<f32>() * mean, |channel| frame[channel])
                };
                let step = 1.0 / self.chunk_frames as f32;
                mono.extend(frames.chunks_exact(channels).zip(first..).map(|(frame, at)| {
                    let share = at as f32 * step;
                    heard(from, frame) * (1.0 - share) + heard(to, frame) * share
                }));
            }
        }
    }

    /// Decides by a whole chunk how the next one is heard.
    fn close_chunk(&mut self, chunk: &[f32]) {
        self.measure(chunk);
        self.from = self.to;
        if let Some(channel) = self.from {
            self.alone_frames += self.chunk_frames as u64;
            self.alone = Some(channel);
        }
        let (channels, mean) = self.powers.split_at(self.channels);
        let louder = |&a: &usize, &b: &usize| channels[a].total_cmp(&channels[b]).then(b.cmp(&a));
        let loudest = (0..channels.len()).max_by(louder).unwrap_or(0);
        let most = channels[loudest];
        if most < FLOOR {
            return;
        }
        let share = mean[0] / most;
        self.to = match self.to {
            None if share < CANCELS_BELOW => Some(loudest),
            Some(_) if share > SOUND_ABOVE && !self.always => None,
            Some(channel) if most > LOUDER * channels[channel] => Some(loudest),
            kept => kept,
        };
    }

    /// Takes the powers of a chunk into the smoothed ones.
    fn measure(&mut self, chunk: &[f32]) {
        let channels = self.channels;
        let mut planes = std::mem::take(&mut self.planes);
        if channels == 2 {
            let [left, right, mean] = &mut planes;
            split_pairs(chunk.as_chunks().0, &mut left[1..], &mut right[1..], &mut mean[1..]);
            for (place, plane) in planes.iter_mut().enumerate() {
                self.take_power(place, plane);
            }
        } else {
            let [plane, _, mean] = &mut planes;
            for channel in 0..channels {
                let samples = chunk[channel..].iter().step_by(channels);
                plane[1..].iter_mut().zip(samples).for_each(|(own, sample)| *own = *sample);
                self.take_power(channel, plane);
            }
            mean.truncate(1);
            downmix(chunk, u16::try_from(channels).unwrap_or(u16::MAX), mean);
            self.take_power(channels, mean);
        }
        self.planes = planes;
        self.fresh = false;
    }

    /// Of a plane whose first place is for the last sample before the chunk.
    fn take_power(&mut self, place: usize, plane: &mut [f32]) {
        plane[0] = self.last[place];
        let differences = plane.len() - 1;
        debug_assert!(differences > 0, "a chunk has samples");
        // An offset is no jump at the beginning.
        let skipped = usize::from(self.fresh);
        let (before, after) = (&plane[skipped..differences], &plane[1 + skipped..]);
        let sums = squared_differences(before, after);
        self.last[place] = plane[differences];
        let power = sums.iter().map(|&sum| f64::from(sum)).sum::<f64>() / real(differences);
        self.powers[place] += SMOOTHING * (power - self.powers[place]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_of_channels() {
        let mut mono = Vec::new();
        downmix(&[0.25, -0.5], 1, &mut mono);
        downmix(&[1.0, 0.0, -1.0, -1.0], 2, &mut mono);
        downmix(&[0.3, 0.6, 0.9], 3, &mut mono);
        assert_eq!(mono.len(), 5);
        for (got, want) in mono.iter().zip([0.25, -0.5, 0.5, -1.0, 0.6]) {
            assert!((got - want).abs() < 1e-6);
        }
    }

    /// A voice-like signal, and noise that has nothing to do with it.
    fn signals(frames: usize) -> (Vec<f32>, Vec<f32>) {
        let mut state = 1_u32;
        let mut noise = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f32::from(i16::from_be_bytes([state.to_be_bytes()[0], state.to_be_bytes()[1]])) / 32_768.0
        };
        (0..frames)
            .map(|n| (0.5 * (0.1 * f32::from(u16::try_from(n % 60_000).unwrap())).sin(), 0.3 * noise()))
            .unzip()
    }

    fn interleaved(channels: &[&dyn Fn(usize) -> f32], frames: usize) -> Vec<f32> {
        (0..frames).flat_map(|n| channels.iter().map(move |channel| channel(n))).collect()
    }

    fn mixed(samples: &[f32], channels: u16) -> Vec<f32> {
        let mut mono = Vec::new();
        Downmixer::new(16_000, channels).push(samples, &mut mono);
        mono
    }

    #[test]
    fn as_long_as_nothing_cancels_it_is_the_mean() {
        let (voice, noise) = signals(16_000);
        let pairs: [[&dyn Fn(usize) -> f32; 2]; 5] = [
            [&|n| voice[n], &|n| voice[n]],
            [&|n| voice[n], &|n| noise[n]],
            [&|n| noise[n], &|n| noise[15_999 - n]],
            [&|n| voice[n], &|_| 0.0],
            [&|n| voice[n] + noise[n], &|n| noise[n] - 0.3 * voice[n]],
        ];
        for pair in &pairs {
            let samples = interleaved(pair, 16_000);
            let mut mean = Vec::new();
            downmix(&samples, 2, &mut mean);
            assert!(mixed(&samples, 2) == mean);
        }
    }

    #[test]
    fn what_cancels_is_heard_from_the_channel_that_carries_it() {
        type Signal<'a> = &'a dyn Fn(usize) -> f32;
        let (voice, noise) = signals(16_000);
        let nothing: &dyn Fn(usize) -> f32 = &|_| 0.0;
        let carrier: &dyn Fn(usize) -> f32 = &|n| voice[n];
        let inverse: &dyn Fn(usize) -> f32 = &|n| -0.9 * voice[n];
        let quiet: &dyn Fn(usize) -> f32 = &|n| 0.01 * noise[n];
        // Offsets and dead channels with an offset change nothing.
        let offset: &dyn Fn(usize) -> f32 = &|_| 0.4;
        let cases: [(Vec<Signal<'_>>, usize); 5] = [
            (vec![carrier, inverse], 0),
            (vec![nothing, quiet, carrier, nothing, nothing, nothing], 2),
            (vec![offset, offset, offset, carrier], 3),
            (vec![inverse, nothing, carrier], 2),
            (vec![nothing; 7].into_iter().chain([carrier]).collect(), 7),
        ];
        for (channels, carries) in cases {
            let samples = interleaved(&channels, 16_000);
            let count = u16::try_from(channels.len()).unwrap();
            let mono = mixed(&samples, count);
            // Two chunks until it is decided and faded.
            assert!(mono[480..] == voice[480..], "{count} channels");
            let mut downmixer = Downmixer::new(16_000, count);
            downmixer.push(&samples, &mut Vec::new());
            let (seconds, channel) = downmixer.alone().unwrap();
            assert_eq!(channel, carries + 1);
            assert!((seconds - 0.98).abs() < 0.02, "{seconds}");
        }
    }

    #[test]
    fn the_mean_returns_when_it_is_sound_again() {
        let (voice, _) = signals(32_000);
        let samples =
            interleaved(&[&|n| voice[n], &|n| if n < 16_000 { -voice[n] } else { voice[n] }], 32_000);
        let mut mean = Vec::new();
        downmix(&samples, 2, &mut mean);
        let mono = mixed(&samples, 2);
        assert!(mono[480..16_000] == voice[480..16_000] && mono[20_000..] == mean[20_000..]);
    }

    proptest::proptest! {
        #[test]
        fn blocks_do_not_matter(
            samples in proptest::collection::vec(-1.0_f32..1.0, 0..4_000),
            channels in 1_u16..9,
            block in 1_usize..500,
        ) {
            let whole = samples.len() / usize::from(channels) * usize::from(channels);
            let mut mono = Vec::new();
            let mut downmixer = Downmixer::new(8_000, channels);
            for block in samples[..whole].chunks(block * usize::from(channels)) {
                downmixer.push(block, &mut mono);
            }
            let mut expected = Vec::new();
            Downmixer::new(8_000, channels).push(&samples[..whole], &mut expected);
            proptest::prop_assert_eq!(mono, expected);
        }
    }
}
