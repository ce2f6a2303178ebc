//! The delay of the audio itself, and of a sidechain that is listened to beside it.
//!
//! Real time: two copies per block, memory is taken at the start.

use crate::signal::clean;

/// Delays any number of channels alike: one ring for each.
#[derive(Debug)]
pub struct DelayLine {
    rings: Vec<Vec<f32>>,
    delay: usize,
    /// Where the next sample is written, the same in all rings.
    write: usize,
}

impl DelayLine {
    /// A line that delays by `delay` samples, for pieces of up to `max_piece`.
    pub fn new(channels: usize, delay: usize, max_piece: usize) -> Self {
        Self { rings: vec![vec![0.0; delay + max_piece.max(1)]; channels], delay, write: 0 }
    }

    /// Silence, as at the start.
    pub fn reset(&mut self) {
        self.rings.iter_mut().for_each(|ring| ring.fill(0.0));
        self.write = 0;
    }

    /// Puts each channel's samples in and the delayed ones in their place. All are cleaned on the way in; channels
    /// beyond those of the line are silenced.
    pub fn process<'a>(&mut self, channels: impl Iterator<Item = &'a mut [f32]>) {
        let mut rings = self.rings.iter_mut();
        let mut count = 0;
        for samples in channels {
            let Some(ring) = rings.next() else {
                samples.fill(0.0);
                continue;
            };
            count = samples.len();
            let len = ring.len();
            let (late, early) = split(self.write, count, len);
            for (to, from) in ring[self.write..self.write + late].iter_mut().zip(&*samples) {
                *to = clean(*from);
            }
            for (to, from) in ring[..early].iter_mut().zip(&samples[late..]) {
                *to = clean(*from);
            }
            let read = (self.write + len - self.delay) % len;
            let (late, early) = split(read, count, len);
            samples[..late].copy_from_slice(&ring[read..read + late]);
            samples[late..].copy_from_slice(&ring[..early]);
        }
        if let Some(ring) = self.rings.first() {
            self.write = (self.write + count) % ring.len();
        }
    }
}

/// How many of `count` elements from `start` on lie before the end of a ring of `len`, and how many after it.
fn split(start: usize, count: usize, len: usize) -> (usize, usize) {
    let late = count.min(len - start);
    (late, count - late)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_by_its_length_for_any_blocks() {
        for delay in [0_usize, 1, 5, 64] {
            let mut line = DelayLine::new(2, delay, 16);
            let mut next = 0.0_f32;
            let (mut out, mut given) = (Vec::new(), Vec::new());
            for block in [1_usize, 16, 3, 7, 16, 16, 2, 9, 16, 16, 16, 11] {
                let mut left: Vec<f32> = (0..block)
                    .map(|_| {
                        next += 1.0;
                        next
                    })
                    .collect();
                let mut right: Vec<f32> = left.iter().map(|x| -x).collect();
                given.extend_from_slice(&left);
                line.process([left.as_mut_slice(), right.as_mut_slice()].into_iter());
                assert!(left.iter().zip(&right).all(|(l, r)| *l == -r));
                out.extend_from_slice(&left);
            }
            assert!(out[..delay].iter().all(|x| *x == 0.0));
            assert_eq!(out[delay..], given[..given.len() - delay]);
        }
    }
}
