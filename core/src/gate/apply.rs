//! Gains onto samples. Where a gain is 1 the sample keeps its bits.

/// Multiplies interleaved frames by one gain each, all channels alike (linked: the image does not move).
///
/// Frames beyond the shorter of the two stay as they are.
pub fn linked(gains: &[f32], interleaved: &mut [f32], channels: usize) {
    match channels {
        0 => {}
        1 => interleaved.iter_mut().zip(gains).for_each(|(sample, gain)| *sample *= gain),
        2 => {
            for (frame, gain) in interleaved.as_chunks_mut::<2>().0.iter_mut().zip(gains) {
                frame[0] *= gain;
                frame[1] *= gain;
            }
        }
        _ => {
            for (frame, gain) in interleaved.chunks_exact_mut(channels).zip(gains) {
                frame.iter_mut().for_each(|sample| *sample *= gain);
            }
        }
    }
}

/// Multiplies one channel of interleaved frames by its own gains: for channels that are decided apart.
pub fn one_channel(gains: &[f32], interleaved: &mut [f32], channel: usize, channels: usize) {
    if channel < channels {
        interleaved
            .iter_mut()
            .skip(channel)
            .step_by(channels)
            .zip(gains)
            .for_each(|(sample, gain)| *sample *= gain);
    }
}

/// Multiplies one plane of samples, as plugin hosts pass them.
pub fn plane(gains: &[f32], samples: &mut [f32]) {
    linked(gains, samples, 1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layout_gets_the_gain_of_its_frame() {
        let gains = [1.0, 0.5, 0.0];
        for channels in 1..=6 {
            let mut samples: Vec<f32> = vec![0.8; 3 * channels];
            linked(&gains, &mut samples, channels);
            let expected: Vec<f32> = [0.8, 0.4, 0.0].iter().flat_map(|&v| vec![v; channels]).collect();
            assert_eq!(samples, expected);
        }
        let mut samples = vec![1.0; 6];
        one_channel(&gains, &mut samples, 1, 2);
        assert_eq!(samples, [1.0, 1.0, 1.0, 0.5, 1.0, 0.0]);
        linked(&gains, &mut samples, 0);
        one_channel(&gains, &mut samples, 3, 2);
    }
}
