//! The cut itself, on a stream of samples.

use super::CutPlan;
use crate::gate::Fade;

/// Drops what a [`CutPlan`] drops and crossfades the joins, on interleaved blocks of any size.
#[derive(Debug, Clone)]
pub(super) struct Cutter {
    plan: CutPlan,
    channels: usize,
    /// Source position of the next frame.
    position: u64,
    /// First region that is not behind.
    index: usize,
    /// What the last region left to fade out: a crossfade's length of frames.
    tail: Vec<f32>,
}

impl Cutter {
    pub(super) fn new(plan: CutPlan, channels: usize) -> Self {
        Self { plan, channels: channels.max(1), position: 0, index: 0, tail: Vec::new() }
    }

    /// Takes whole frames and appends what stays to `out`.
    pub(super) fn push(&mut self, interleaved: &[f32], out: &mut Vec<f32>) {
        if self.plan.saved_samples() == 0 {
            self.position += (interleaved.len() / self.channels) as u64;
            out.extend_from_slice(interleaved);
            return;
        }
        let half = self.plan.half_fade();
        for frame in interleaved.chunks_exact(self.channels) {
            let at = self.position;
            self.position += 1;
            while let Some(region) = self.plan.regions().get(self.index)
                && at >= region.end + if self.is_last() { 0 } else { half }
            {
                self.index += 1;
            }
            let Some(region) = self.plan.regions().get(self.index).copied() else { continue };
            let joined_before = self.index > 0;
            let fade_start = if joined_before { region.start - half } else { region.start };
            if at < fade_start {
                continue;
            }
            let into = at - fade_start;
            let weight_in = if region.start > 0 && into < 2 * half { self.weight(into) } else { 1.0 };
            let from_end = (region.end + if self.is_last() { 0 } else { half }) - 1 - at;
            let fades_out = region.end < self.plan.source_samples() && from_end < 2 * half;
            let weight_out = if fades_out { self.weight(from_end) } else { 1.0 };
            let join =
                (joined_before && into < 2 * half).then(|| usize::try_from(into).unwrap_or(usize::MAX));
            let weight = weight_in * weight_out;
            let keep_for_join = fades_out && !self.is_last();
            for (channel, &sample) in frame.iter().enumerate() {
                // Outside of the fades the sample keeps its bits.
                let mut value = if weight < 1.0 { sample * weight } else { sample };
                if let Some(join) = join {
                    value +=
                        self.tail.get(join * self.channels + channel).copied().unwrap_or(0.0) * weight_out;
                }
                if keep_for_join { self.tail.push(value) } else { out.push(value) }
            }
            if into + 1 == 2 * half {
                // A region is long enough that one fade ends before the next begins (see `CutPlan`).
                self.tail.clear();
            }
        }
    }

    fn is_last(&self) -> bool {
        self.index + 1 == self.plan.regions().len()
    }

    /// Weight of frame `index` of a fade in.
    #[expect(clippy::cast_precision_loss, reason = "a fade has at most half a second")]
    fn weight(&self, index: u64) -> f32 {
        let share = (index as f32 + 0.5) / (2 * self.plan.half_fade()) as f32;
        match self.plan.fade() {
            Fade::EqualPower => (share * std::f32::consts::FRAC_PI_2).sin(),
            Fade::Linear => share,
        }
    }
}

#[cfg(test)]
#[expect(clippy::cast_precision_loss, reason = "test signals are small numbers")]
mod tests {
    use super::*;
    use crate::gate::CutSettings;

    fn cut(samples: &[f32], plan: &CutPlan, block: usize) -> Vec<f32> {
        let mut cutter = Cutter::new(plan.clone(), 2);
        let mut out = Vec::new();
        samples.chunks(2 * block).for_each(|piece| cutter.push(piece, &mut out));
        out
    }

    fn plan(fade: Fade) -> CutPlan {
        let settings = CutSettings { max_pause_ms: 300.0, pad_ms: 50.0, crossfade_ms: 40.0, fade };
        let kept = [500..800, 1_500..1_501, 2_000..2_600, 2_800..3_000];
        CutPlan::new(kept, &settings, 1_000, 4_000).expect("valid")
    }

    #[test]
    fn linear_joins_of_a_constant_are_seamless() {
        let plan = plan(Fade::Linear);
        let out = cut(&[0.5; 8_000], &plan, 64);
        assert_eq!(out.len() as u64, 2 * plan.out_samples());
        let inner = &out[80..out.len() - 80];
        assert!(inner.iter().all(|v| (v - 0.5).abs() < 1e-6), "in phase, a linear fade keeps the amplitude");
        assert!(out[0] < 0.02 && out[out.len() - 1] < 0.02, "the ends of the file fade");
    }

    #[test]
    fn samples_go_where_the_plan_says_and_blocks_do_not_matter() {
        let plan = plan(Fade::EqualPower);
        let samples: Vec<f32> = (0..8_000).map(|i: i32| (i / 2) as f32).collect();
        let out = cut(&samples, &plan, 4_000);
        for block in [1, 7, 64, 1_000] {
            assert_eq!(cut(&samples, &plan, block), out, "block {block}");
        }
        let half = plan.half_fade();
        for region in plan.regions() {
            for source in region.start + 2 * half..region.end.saturating_sub(2 * half) {
                let at = usize::try_from(plan.out_position(source).expect("kept")).expect("small");
                assert_eq!(out[2 * at], source as f32, "untouched");
            }
        }
        assert_eq!(cut(&samples, &CutPlan::whole(4_000), 64), samples);
    }
}
