//! Many channels to one.

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
        2 => mono.extend(interleaved.chunks_exact(2).map(|frame| 0.5 * (frame[0] + frame[1]))),
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
}
