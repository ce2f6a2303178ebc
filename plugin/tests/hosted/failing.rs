//! Without a working ear.

use std::sync::Arc;

use earmark_plugin::params::id;
use earmark_plugin::shared::DetectorStatus;
use earmark_plugin::{Activation, Block, Processor, Shared};

/// At a rate that no ear takes the fail mode holds, the latency stays, and the status says why.
#[test]
fn the_fail_mode_holds_and_says_so() {
    for (fail_mode, passes) in [(0.0, true), (1.0, false)] {
        let shared = Arc::new(Shared::new());
        shared.set(id::FAIL_MODE, fail_mode);
        shared.set(id::MODE, 2.0);
        let activation = Activation {
            rate_hz: 1_234_567.8,
            max_block: 4_096,
            channels: 1,
            sidechain_channels: 0,
            offline: true,
        };
        assert_eq!(shared.status().ear, DetectorStatus::Idle);
        let mut processor = Processor::activate(Arc::clone(&shared), &activation).expect("it activates");
        let latency = processor.latency_samples() as usize;
        let mut out = Vec::new();
        while out.len() < 2 * latency {
            let mut plane = vec![0.25_f32; 4_096];
            processor.process(
                Block { main: &mut [&mut plane], sidechain: &[], label_cv: &mut [] },
                &[],
                &mut (),
                true,
            );
            out.extend(plane);
        }
        assert!(out[..latency].iter().all(|&sample| sample == 0.0));
        let expected = if passes { 0.25 } else { 0.0 };
        assert!(out[latency..].iter().all(|&sample| sample == expected));
        let DetectorStatus::Failed(problem) = shared.status().ear else { panic!("the status says so") };
        assert!(problem.contains("Hz"), "{problem}");
        drop(processor);
        assert!(!shared.status().active);
    }
}

#[test]
fn a_layout_that_is_none_is_refused() {
    let good =
        Activation { rate_hz: 48_000.0, max_block: 64, channels: 2, sidechain_channels: 0, offline: false };
    for bad in [
        Activation { rate_hz: f64::NAN, ..good },
        Activation { rate_hz: 0.0, ..good },
        Activation { rate_hz: f64::INFINITY, ..good },
        Activation { channels: 1_000, ..good },
    ] {
        assert!(Processor::activate(Arc::new(Shared::new()), &bad).is_err());
    }
    // No channels at all: nothing to do, nothing to break.
    let mut processor = Processor::activate(Arc::new(Shared::new()), &Activation { channels: 0, ..good })
        .expect("it activates");
    processor.process(Block { main: &mut [], sidechain: &[], label_cv: &mut [] }, &[], &mut (), false);
}
