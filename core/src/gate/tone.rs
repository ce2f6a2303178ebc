//! A tone in the place of what a gate takes away.

use std::f64::consts::TAU;

use crate::signal::units::single;

/// Its frequency, Hz: what broadcasters put over words.
pub const TONE_HZ: f64 = 1_000.0;
/// Its peak level, dBFS.
pub const TONE_DBFS: f64 = -20.0;

/// A tone that sounds as far as a gate is closed. What it gives depends on positions only, whatever the blocks.
#[derive(Debug, Clone, Copy)]
pub struct Tone {
    rate_hz: f64,
    level: f64,
}

impl Tone {
    /// At a sample rate.
    pub fn new(rate_hz: u32) -> Self {
        Self { rate_hz: f64::from(rate_hz.max(1)), level: 10.0_f64.powf(TONE_DBFS / 20.0) }
    }

    /// Adds it to interleaved frames, the first of which has the number `position`, where their gain is under 1.
    pub fn cover(&self, gains: &[f32], position: u64, interleaved: &mut [f32], channels: usize) {
        for (at, (frame, gain)) in (position..).zip(interleaved.chunks_exact_mut(channels.max(1)).zip(gains))
        {
            if *gain >= 1.0 {
                continue;
            }
            let tone = self.level * (1.0 - f64::from(*gain)) * self.phase(at).sin();
            frame.iter_mut().for_each(|sample| *sample += single(tone));
        }
    }

    /// In whole cycles first, so that hours do not blur it.
    #[expect(clippy::cast_precision_loss, reason = "counts of samples stay far below 2^53")]
    fn phase(&self, at: u64) -> f64 {
        TAU * (at as f64 * TONE_HZ / self.rate_hz).fract()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_sounds_where_the_gate_is_closed_and_nowhere_else() {
        let tone = Tone::new(48_000);
        let gains: Vec<f32> = (0_u16..4_800).map(|i| if i < 2_400 { 1.0 } else { 0.0 }).collect();
        let mut whole = vec![0.25_f32; 2 * 4_800];
        whole[4_800..].fill(0.0);
        let dry = whole.clone();
        tone.cover(&gains, 7, &mut whole, 2);
        assert_eq!(whole[..4_800], dry[..4_800]);
        let peak = whole[4_800..].iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        assert!((peak - 0.1).abs() < 1e-3, "{peak}");
        let mut pieces = dry;
        for (index, piece) in pieces.chunks_mut(2 * 480).enumerate() {
            let from = index * 480;
            tone.cover(&gains[from..from + 480], 7 + from as u64, piece, 2);
        }
        assert_eq!(pieces, whole);
    }
}
