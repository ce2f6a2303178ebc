//! Speech and noise at a requested ratio.

use crate::signal::units::single;

/// A mixture and how it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct MixResult {
    /// Speech plus noise, as long as the speech.
    pub samples: Vec<f32>,
    /// Gain given to the noise before it was added, dB.
    pub gain_db: f64,
    /// Attenuation of the whole mixture, dB; above 0 only where it would have exceeded full scale.
    pub attenuation_db: f64,
    /// Ratio of speech to noise, measured on what was added, dB.
    pub measured_snr_db: f64,
}

/// Why two signals cannot be mixed.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MixError {
    /// No speech samples.
    #[error("the speech has no samples")]
    NoSpeech,
    /// No noise samples.
    #[error("the noise has no samples")]
    NoNoise,
    /// Speech without power has no ratio to anything.
    #[error("the speech is digital silence, so no ratio to the noise exists")]
    SilentSpeech,
    /// Noise without power cannot be brought to a level.
    #[error("the noise is digital silence over the length of the speech, so no gain brings it to a ratio")]
    SilentNoise,
    /// Not a ratio.
    #[error("{snr_db} dB is not a ratio between −200 and 200 dB")]
    Ratio {
        /// What was asked for.
        snr_db: f64,
    },
}

/// Adds `noise` to `speech` so that the ratio of their mean powers is `snr_db`.
///
/// Both are mono at the same rate. The ratio is `10 · log10(mean(speech²) / mean(noise²))` over the whole length of the
/// speech, pauses included. Noise that is shorter than the speech is repeated from its beginning, longer noise is cut.
/// If the sum exceeds full scale (±1), all of it is attenuated by the least that avoids this, which leaves the ratio.
///
/// # Errors
///
/// If either signal is empty or silent, or the ratio is not a number between −200 and 200.
pub fn mix(speech: &[f32], noise: &[f32], snr_db: f64) -> Result<MixResult, MixError> {
    if speech.is_empty() {
        return Err(MixError::NoSpeech);
    }
    if noise.is_empty() {
        return Err(MixError::NoNoise);
    }
    if !(-200.0..=200.0).contains(&snr_db) {
        return Err(MixError::Ratio { snr_db });
    }
    let speech_energy = energy(speech.iter().copied());
    let noise_energy = energy(noise.iter().copied().cycle().take(speech.len()));
    if speech_energy <= 0.0 {
        return Err(MixError::SilentSpeech);
    }
    if noise_energy <= 0.0 {
        return Err(MixError::SilentNoise);
    }
    let gain = (speech_energy / noise_energy / 10_f64.powf(snr_db / 10.0)).sqrt();
    let sum = |(s, n): (&f32, &f32)| f64::from(*s) + gain * f64::from(*n);
    let peak = speech.iter().zip(noise.iter().cycle()).map(sum).fold(0.0_f64, |peak, x| peak.max(x.abs()));
    let attenuation = peak.max(1.0);
    let samples: Vec<f32> =
        speech.iter().zip(noise.iter().cycle()).map(|pair| single(sum(pair) / attenuation)).collect();
    // What is in the mixture apart from the speech is the noise, rounding to f32 included.
    let scale = 1.0 / attenuation;
    let residue: f64 =
        samples.iter().zip(speech).map(|(&m, &s)| (f64::from(m) - scale * f64::from(s)).powi(2)).sum();
    Ok(MixResult {
        gain_db: 20.0 * gain.log10(),
        attenuation_db: 20.0 * attenuation.log10(),
        measured_snr_db: 10.0 * (speech_energy * scale * scale / residue).log10(),
        samples,
    })
}

fn energy(samples: impl Iterator<Item = f32>) -> f64 {
    samples.map(|s| f64::from(s) * f64::from(s)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(length: usize, step: f32, level: f32) -> Vec<f32> {
        let mut phase = 0.0_f32;
        (0..length)
            .map(|_| {
                phase += step;
                level * phase.sin()
            })
            .collect()
    }

    #[test]
    fn ratio_is_met_for_looped_and_cut_noise() {
        let speech = tone(16_000, 0.05, 0.3);
        for length in [7, 5_000, 16_000, 40_000] {
            let noise = tone(length, 1.3, 0.2);
            for snr_db in [-20.0, 0.0, 5.0, 30.0, 60.0] {
                let result = mix(&speech, &noise, snr_db).unwrap();
                assert_eq!(result.samples.len(), speech.len());
                assert!(
                    (result.measured_snr_db - snr_db).abs() < 0.1,
                    "{snr_db}: {}",
                    result.measured_snr_db
                );
            }
        }
    }

    #[test]
    fn full_scale_is_kept_and_told() {
        let result = mix(&tone(1_000, 0.1, 0.9), &tone(1_000, 0.3, 0.9), 0.0).unwrap();
        let peak = result.samples.iter().fold(0.0_f32, |p, s| p.max(s.abs()));
        assert!((peak - 1.0).abs() < 1e-6);
        assert!(result.attenuation_db > 1.0);
        assert!(result.measured_snr_db.abs() < 0.1);
        assert!(
            mix(&tone(1_000, 0.1, 0.1), &tone(1_000, 0.3, 0.1), 0.0).unwrap().attenuation_db.abs() < 1e-12
        );
    }

    #[test]
    fn nothing_to_mix_is_refused() {
        let tone = tone(100, 0.1, 0.5);
        assert_eq!(mix(&[], &tone, 0.0), Err(MixError::NoSpeech));
        assert_eq!(mix(&tone, &[], 0.0), Err(MixError::NoNoise));
        assert_eq!(mix(&[0.0; 9], &tone, 0.0), Err(MixError::SilentSpeech));
        assert_eq!(mix(&tone, &[0.0; 9], 0.0), Err(MixError::SilentNoise));
        assert!(matches!(mix(&tone, &tone, f64::NAN), Err(MixError::Ratio { .. })));
    }
}
