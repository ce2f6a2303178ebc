//! Later links of a stream in the form of the first: joined recordings may differ in rate and channels.

use crate::signal::{ResampleError, Resampler, downmix};

/// Rate and channels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Form {
    pub(super) rate_hz: u32,
    pub(super) channels: u16,
}

/// From one form to another.
#[derive(Debug)]
pub(super) struct Adapter {
    from: Form,
    to: Form,
    /// One for each channel of the result.
    resamplers: Vec<Resampler>,
    plane: Vec<f32>,
    resampled: Vec<Vec<f32>>,
}

impl Adapter {
    pub(super) fn new(from: Form, to: Form) -> Result<Self, ResampleError> {
        let resampler = Resampler::new(from.rate_hz, to.rate_hz)?;
        let channels = usize::from(to.channels);
        Ok(Self {
            from,
            to,
            resamplers: vec![resampler; channels],
            plane: Vec::new(),
            resampled: vec![Vec::new(); channels],
        })
    }

    pub(super) fn from(&self) -> Form {
        self.from
    }

    /// Takes an interleaved block and leaves the result in its place.
    pub(super) fn push(&mut self, block: &mut Vec<f32>) {
        let stored = usize::from(self.from.channels);
        for (channel, (resampler, out)) in self.resamplers.iter_mut().zip(&mut self.resampled).enumerate() {
            self.plane.clear();
            match (self.from.channels, self.to.channels) {
                (_, 1) => downmix(block, self.from.channels, &mut self.plane),
                // One channel is heard on all; a channel that is not there is silent.
                (1, _) => self.plane.extend_from_slice(block),
                _ => self.plane.extend(
                    block.chunks_exact(stored).map(|frame| frame.get(channel).copied().unwrap_or(0.0)),
                ),
            }
            resampler.push(&self.plane, out);
        }
        self.interleave(block);
    }

    /// The link has ended: leaves what was waiting for more in `block`.
    pub(super) fn finish(mut self, block: &mut Vec<f32>) {
        for (resampler, out) in self.resamplers.iter_mut().zip(&mut self.resampled) {
            resampler.finish(out);
        }
        self.interleave(block);
    }

    fn interleave(&mut self, block: &mut Vec<f32>) {
        block.clear();
        let frames = self.resampled.iter().map(Vec::len).min().unwrap_or(0);
        for frame in 0..frames {
            block.extend(self.resampled.iter().map(|plane| plane[frame]));
        }
        for plane in &mut self.resampled {
            plane.drain(..frames);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_at_another_rate_is_a_second() {
        for (from, to) in [((22_050, 2), (48_000, 1)), ((48_000, 1), (44_100, 2)), ((8_000, 6), (16_000, 3))]
        {
            let form = |(rate_hz, channels)| Form { rate_hz, channels };
            let (from, to) = (form(from), form(to));
            let mut adapter = Adapter::new(from, to).unwrap();
            let frames = usize::try_from(from.rate_hz).unwrap();
            let mut out = Vec::new();
            for second in
                vec![0.5_f32; frames * usize::from(from.channels)].chunks(usize::from(from.channels) * 441)
            {
                let mut block = second.to_vec();
                adapter.push(&mut block);
                out.extend(block);
            }
            let mut block = Vec::new();
            adapter.finish(&mut block);
            out.extend(block);
            assert_eq!(out.len(), usize::try_from(to.rate_hz).unwrap() * usize::from(to.channels));
            let middle = &out[out.len() / 3..out.len() / 2];
            assert!(middle.iter().all(|sample| (sample - 0.5).abs() < 1e-3));
        }
    }
}
