use proptest::prelude::*;

use super::*;

const RATE_HZ: u32 = 1_000;

fn settings() -> CutSettings {
    CutSettings { max_pause_ms: 400.0, pad_ms: 100.0, crossfade_ms: 20.0, fade: Fade::EqualPower }
}

fn regions(plan: &CutPlan) -> Vec<(u64, u64)> {
    plan.regions().iter().map(|region| (region.start, region.end)).collect()
}

#[test]
fn long_pauses_become_short_and_short_ones_stay() {
    let kept = [500..1_000, 1_300..2_000, 5_000..6_000];
    let plan = CutPlan::new(kept, &settings(), RATE_HZ, 10_000).expect("valid");
    assert_eq!(regions(&plan), [(400, 2_200), (4_800, 6_100)]);
    assert_eq!((plan.out_samples(), plan.saved_samples()), (3_100, 6_900));
    assert_eq!(plan.out_position(399), None);
    assert_eq!(plan.out_position(400), Some(0));
    assert_eq!(plan.out_position(2_199), Some(1_799));
    assert_eq!(plan.out_position(2_200), None);
    assert_eq!(plan.out_position_or_join(3_000), 1_800);
    assert_eq!(plan.out_position(4_800), Some(1_800));
    assert_eq!(plan.out_position_or_join(9_999), 3_100);
    assert_eq!(plan.source_position(1_800), 4_800);
    assert_eq!(plan.out_seconds(2.5, 4.0, RATE_HZ), None);
    assert_eq!(plan.out_seconds(2.0, 5.0, RATE_HZ), Some((1.6, 2.0)));
}

#[test]
fn nothing_kept_leaves_a_pause_and_nothing_there_leaves_nothing() {
    let plan = CutPlan::new([], &settings(), RATE_HZ, 10_000).expect("valid");
    assert_eq!(regions(&plan), [(0, 400)]);
    assert_eq!(CutPlan::new([], &settings(), RATE_HZ, 0).expect("valid").out_samples(), 0);
    assert_eq!(CutPlan::whole(7).regions(), [Region { start: 0, end: 7, out: 0 }]);
}

proptest! {
    #[test]
    fn the_map_of_time_is_monotone_and_lengths_add_up(
        steps in prop::collection::vec((0_u64..1_500, 0_u64..1_500), 0..20),
        tail in 0_u64..2_000,
        max_pause_ms in 0.0_f32..800.0,
        pad_ms in 0.0_f32..300.0,
        crossfade_ms in 0.0_f32..60.0,
    ) {
        let mut at = 0;
        let mut kept = Vec::new();
        for (pause, len) in steps {
            kept.push(at + pause..at + pause + len);
            at += pause + len;
        }
        let samples = at + tail;
        let settings = CutSettings { max_pause_ms, pad_ms, crossfade_ms, fade: Fade::Linear };
        let plan = CutPlan::new(kept.clone(), &settings, RATE_HZ, samples).expect("valid");
        let total: u64 = plan.regions().iter().map(Region::len).sum();
        prop_assert_eq!(total, plan.out_samples());
        prop_assert_eq!(total + plan.saved_samples(), samples);
        prop_assert_eq!(samples == 0, plan.regions().is_empty());
        for pair in plan.regions().windows(2) {
            prop_assert_eq!(pair[0].out + pair[0].len(), pair[1].out);
            prop_assert!(pair[1].start - pair[0].end >= (2 * plan.half_fade()).max(1), "room for the crossfade");
        }
        for (index, region) in plan.regions().iter().enumerate() {
            let joins = u64::from(index > 0) + u64::from(index + 1 < plan.regions().len());
            prop_assert!(region.len() >= joins * plan.half_fade());
        }
        // What is kept stays as a whole.
        for span in kept.iter().filter(|span| !span.is_empty()) {
            let out = plan.out_position(span.start).expect("kept");
            prop_assert_eq!(plan.out_position(span.end - 1), Some(out + (span.end - 1 - span.start)));
        }
        let mut last = 0;
        for source in 0..samples {
            let out = plan.out_position_or_join(source);
            prop_assert!(out >= last && out <= plan.out_samples());
            if let Some(exact) = plan.out_position(source) {
                prop_assert_eq!(exact, out);
                prop_assert_eq!(plan.source_position(exact), source);
            }
            last = out;
        }
    }
}
