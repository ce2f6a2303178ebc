//! The last seconds that the worker heard, for whoever learns from them.
//!
//! Not part of the audio thread: the worker writes what it took from the ring, other threads read.

use std::collections::VecDeque;

/// Samples that were heard last.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RecentAudio {
    /// The mean of the channels, full scale 1.0.
    pub samples: Vec<f32>,
    /// Number of the sample after the last, counted since the gate was made.
    pub end: u64,
}

/// What is kept.
#[derive(Debug, Default)]
pub(super) struct Recent {
    samples: VecDeque<f32>,
    limit: usize,
    end: u64,
}

impl Recent {
    /// Keeps so many samples. The memory is taken as they come.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    pub(super) fn push(&mut self, interleaved: &[f32], channels: usize) {
        let frames = interleaved.chunks_exact(channels.max(1));
        self.end += frames.len() as u64;
        if self.limit == 0 {
            return;
        }
        #[expect(clippy::cast_precision_loss, reason = "a handful of channels")]
        let share = 1.0 / channels.max(1) as f32;
        self.samples.extend(frames.map(|frame| share * frame.iter().sum::<f32>()));
        self.samples.drain(..self.samples.len().saturating_sub(self.limit));
    }

    pub(super) fn since(&self, from: u64) -> RecentAudio {
        let first = self.end - self.samples.len() as u64;
        let skip = usize::try_from(from.saturating_sub(first)).unwrap_or(usize::MAX).min(self.samples.len());
        RecentAudio { samples: self.samples.range(skip..).copied().collect(), end: self.end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_samples_are_kept_by_their_numbers() {
        let mut recent = Recent::new(4);
        recent.push(&[0.0, 1.0, 1.0, 2.0], 2);
        assert_eq!(recent.since(0), RecentAudio { samples: vec![0.5, 1.5], end: 2 });
        recent.push(&[2.0, 3.0, 3.0, 4.0, 4.0, 5.0, 5.0, 6.0], 2);
        assert_eq!(recent.since(0), RecentAudio { samples: vec![2.5, 3.5, 4.5, 5.5], end: 6 });
        assert_eq!(recent.since(5).samples, [5.5]);
        assert!(recent.since(6).samples.is_empty() && recent.since(99).samples.is_empty());
        let mut none = Recent::new(0);
        none.push(&[1.0; 8], 1);
        assert_eq!(none.since(0), RecentAudio { samples: Vec::new(), end: 8 });
    }
}
