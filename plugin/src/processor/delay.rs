//! The sidechain's delay: who listens to the detector hears it in time with the gated sound.

/// A delay line for several planes.
#[derive(Debug)]
pub(super) struct Delay {
    rings: Vec<Vec<f32>>,
    at: usize,
}

impl Delay {
    /// Delays `channels` planes by `samples`.
    pub(super) fn new(channels: usize, samples: usize) -> Self {
        Self { rings: vec![vec![0.0; samples]; channels], at: 0 }
    }

    /// Silence, as at the start.
    pub(super) fn reset(&mut self) {
        self.rings.iter_mut().for_each(|ring| ring.fill(0.0));
        self.at = 0;
    }

    /// Delays `planes` in place; all have one length.
    pub(super) fn process(&mut self, planes: &mut [Vec<f32>], samples: usize) {
        let Some(len) = self.rings.first().map(Vec::len).filter(|&len| len > 0) else { return };
        for (ring, plane) in self.rings.iter_mut().zip(planes) {
            let mut at = self.at;
            for sample in plane.iter_mut().take(samples) {
                std::mem::swap(sample, &mut ring[at]);
                at = if at + 1 == len { 0 } else { at + 1 };
            }
        }
        self.at = (self.at + samples) % len;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_by_its_length_whatever_the_blocks() {
        for delay in [0_usize, 1, 5, 100] {
            let mut line = Delay::new(1, delay);
            let mut out = Vec::new();
            let mut next = 0_u16;
            for block in [1_usize, 7, 64, 3, 200, 1] {
                let mut plane = vec![
                    (0..block)
                        .map(|_| {
                            next += 1;
                            f32::from(next)
                        })
                        .collect::<Vec<f32>>(),
                ];
                line.process(&mut plane, block);
                out.extend_from_slice(&plane[0]);
            }
            assert!(out[..delay].iter().all(|&sample| sample == 0.0));
            assert!(
                out[delay..].iter().zip(1_u16..).all(|(&sample, expected)| sample == f32::from(expected))
            );
        }
    }
}
