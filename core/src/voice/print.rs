//! The sum of rows over a stretch.

use crate::signal::units::single;

/// A stretch of audio as the voice network hears it: who speaks, and for how long.
#[derive(Debug, Clone, PartialEq)]
pub struct VoicePrint {
    /// A unit vector; all zero where nothing was heard.
    pub unit: Vec<f32>,
    /// Effective seconds: rows that the network weighs down (silence, noise) count less.
    pub duration_s: f64,
}

/// Adds rows up. Sums are in double precision, so that what is added and taken away leaves nothing behind that matters.
#[derive(Debug, Clone)]
pub(super) struct RowSum {
    sum: Vec<f64>,
    norms: f64,
    squares: f64,
}

impl RowSum {
    pub(super) fn new(dim: usize) -> Self {
        Self { sum: vec![0.0; dim], norms: 0.0, squares: 0.0 }
    }

    pub(super) fn add(&mut self, row: &[f32]) {
        let mut square = 0.0;
        for (sum, value) in self.sum.iter_mut().zip(row) {
            let value = f64::from(*value);
            *sum += value;
            square += value * value;
        }
        self.norms += square.sqrt();
        self.squares += square;
    }

    /// The print of what was added, from rows every `hop_s`.
    pub(super) fn print(&self, hop_s: f64) -> VoicePrint {
        self.print_within(self, hop_s)
    }

    /// The same as a part of `whole`, by whose rows it is weighed: rows that are all alike have full seconds by themselves,
    /// however small they are, and beside speech a part of silence has none.
    pub(super) fn print_within(&self, whole: &Self, hop_s: f64) -> VoicePrint {
        let duration_s =
            if whole.squares > 0.0 { hop_s * self.norms * whole.norms / whole.squares } else { 0.0 };
        VoicePrint { unit: normalised(&self.sum), duration_s }
    }
}

/// In the direction of `vector`, of length 1; zero for zero.
pub(super) fn normalised(vector: &[f64]) -> Vec<f32> {
    let length = vector.iter().map(|x| x * x).sum::<f64>().sqrt();
    let factor = if length.is_finite() && length > 0.0 { length.recip() } else { 0.0 };
    vector.iter().map(|x| single(x * factor)).collect()
}

/// The cosine of two unit vectors.
pub(super) fn cosine(a: &[f32], b: &[f32]) -> f64 {
    // Eight sums side by side are as many as a vector register holds.
    let mut sums = [0.0_f32; 8];
    let (a_chunks, a_rest) = a.as_chunks::<8>();
    let (b_chunks, b_rest) = b.as_chunks::<8>();
    for (a, b) in a_chunks.iter().zip(b_chunks) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    f64::from(sums.iter().sum::<f32>() + rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_counts_for_nothing_and_length_for_little() {
        let mut sum = RowSum::new(2);
        for _ in 0..25 {
            sum.add(&[3.0, 4.0]);
        }
        let speech = sum.print(0.04);
        assert_eq!(speech.unit, [0.6, 0.8]);
        assert!((speech.duration_s - 1.0).abs() < 1e-12);
        for _ in 0..100 {
            sum.add(&[1e-4, -1e-4]);
        }
        let padded = sum.print(0.04);
        assert!((padded.duration_s - 1.0).abs() < 0.01, "{}", padded.duration_s);
        assert!(cosine(&padded.unit, &speech.unit) > 0.999_999);
        assert_eq!(RowSum::new(2).print(0.04), VoicePrint { unit: vec![0.0, 0.0], duration_s: 0.0 });
    }

    #[test]
    fn parts_are_weighed_by_the_whole_and_add_up_to_it() {
        let [mut speech, mut silence, mut whole] = [(); 3].map(|()| RowSum::new(2));
        for _ in 0..25 {
            speech.add(&[3.0, 4.0]);
            whole.add(&[3.0, 4.0]);
        }
        for _ in 0..100 {
            silence.add(&[3e-3, -4e-3]);
            whole.add(&[3e-3, -4e-3]);
        }
        let [by_itself, within] = [silence.print(0.04), silence.print_within(&whole, 0.04)];
        assert!((by_itself.duration_s - 4.0).abs() < 1e-6, "{}", by_itself.duration_s);
        assert!((0.003..0.005).contains(&within.duration_s), "{}", within.duration_s);
        assert_eq!(within.unit, by_itself.unit);
        let both = speech.print_within(&whole, 0.04).duration_s + within.duration_s;
        assert!((both - whole.print(0.04).duration_s).abs() < 1e-9, "{both}");
        let nothing = RowSum::new(2);
        assert_eq!(nothing.print_within(&nothing, 0.04).duration_s, 0.0);
    }

    #[test]
    fn a_cosine_sums_every_value() {
        let a: Vec<f32> = (0_u8..19).map(f32::from).collect();
        let b = vec![2.0; 19];
        assert_eq!(cosine(&a, &b), 342.0);
    }
}
