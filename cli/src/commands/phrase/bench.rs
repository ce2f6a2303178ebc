//! `earmark phrase bench`: a live channel, every sample labelled in time or not.

use std::io::Write;
use std::time::Duration;

use anyhow::{Result, bail};
use earmark_core::batch::{Input, Outputs};
use earmark_core::detect::DetectorMode;
use earmark_core::output::SafeFile;
use earmark_core::phrase::challenge::{LATE_NS, LabelRow, SampleLabel, TOO_LATE_NS, write_labels};
use earmark_core::phrase::paced::{FailMode, Pace, PacedRun, run_paced};
use earmark_core::pipeline::read_samples;

use super::{hearing, wanted};
use crate::args::{FailModeArg, Global, PaceArg, PhraseBenchArgs};
use crate::commands::hearing::Watch;
use crate::console::Console;
use crate::interrupt;

/// Longest recording that is played, seconds.
const LONGEST_S: f64 = 600.0;
/// What is played without a recording.
const NOISE_RATE_HZ: u32 = 16_000;
const NOISE_S: u32 = 60;
/// Upper ends of the bins of the histogram, ms; the last two are what is allowed.
const BINS_MS: [u32; 8] = [1, 2, 3, 5, 8, 12, 20, 50];
/// Share of samples that have to be labelled within 20 ms.
const IN_TIME_SHARE: f64 = 0.999;

pub fn run(args: &PhraseBenchArgs, global: &Global, console: &Console) -> Result<()> {
    let phrases = wanted(&args.wanted, DetectorMode::LowLatency, global, console)?;
    let (samples, rate_hz, channels) = match &args.input {
        None => (noise(NOISE_RATE_HZ * NOISE_S), NOISE_RATE_HZ, 1),
        Some(path) => {
            let input = Input { path: path.clone(), stem: path.clone() };
            if let Some(output) = &args.output {
                Outputs::beside(std::slice::from_ref(&input)).claim_file(output)?;
            }
            let watch = &mut Watch::new(&input, console);
            read_samples(&hearing::recording(&input, global), LONGEST_S, watch)?
        }
    };
    let pace = Pace {
        frame_samples: usize::try_from(args.frame)?,
        realtime: args.pace == PaceArg::Realtime,
        fail_mode: match args.fail_mode {
            FailModeArg::Closed => FailMode::Closed,
            FailModeArg::Open => FailMode::Open,
        },
    };
    let run = run_paced(&phrases, &samples, (rate_hz, channels), pace)?;
    interrupt::check()?;
    if let Some(path) = &args.output {
        let mut bytes = Vec::new();
        write_labels(&run.rows, &mut bytes)?;
        SafeFile::write_all_to(path, &bytes)?;
    }
    report(&run, rate_hz, pace.realtime)?;
    if let Some(error) = run.failed {
        bail!("status: FAILED, the fail mode ({:?}) decided from then on: {error}", pace.fail_mode);
    }
    Ok(())
}

/// Delays as a histogram, and whether they are what a live channel allows.
#[expect(clippy::cast_precision_loss, reason = "counts of samples and times, for people")]
fn report(run: &PacedRun, rate_hz: u32, realtime: bool) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let delay = |row: &LabelRow| row.labelled_ns - row.received_ns;
    let length = |row: &LabelRow| row.last - row.first + 1;
    let samples: u64 = run.rows.iter().map(length).sum();
    let commands: u64 = run.rows.iter().filter(|r| r.label == SampleLabel::Command).map(length).sum();
    let seconds = samples as f64 / f64::from(rate_hz);
    writeln!(out, "status: {}", if run.failed.is_some() { "failed" } else { "hearing" })?;
    writeln!(out, "{samples} samples ({seconds:.1} s) in {} frames, each labelled once", run.rows.len())?;
    writeln!(out, "command (kept off the air): {commands} samples")?;
    let mut sorted: Vec<i64> = run.rows.iter().map(delay).collect();
    sorted.sort_unstable();
    let at = |share: f64| {
        let index = (share * sorted.len().saturating_sub(1) as f64).round();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index")]
        let index = index as usize;
        sorted.get(index).copied().unwrap_or(0) as f64 / 1e6
    };
    writeln!(
        out,
        "delay: median {:.3} ms, 99 % {:.3} ms, 99.9 % {:.3} ms, latest {:.3} ms",
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    )?;
    let mut from_ns = i64::MIN;
    for end_ms in BINS_MS {
        let to_ns = i64::from(end_ms) * 1_000_000;
        let count = sorted.iter().filter(|delay| (from_ns..to_ns).contains(*delay)).count();
        writeln!(out, "  < {end_ms:>3} ms {count:>8}")?;
        from_ns = to_ns;
    }
    writeln!(out, "  >=  50 ms {:>7}", sorted.iter().filter(|delay| **delay >= TOO_LATE_NS).count())?;
    let busy: Duration = run.busy.iter().sum();
    writeln!(out, "real-time factor: {:.5}", busy.as_secs_f64() / seconds.max(1e-9))?;
    if realtime {
        let in_time: u64 = run.rows.iter().filter(|row| delay(row) < LATE_NS).map(length).sum();
        let share = in_time as f64 / samples.max(1) as f64;
        let verdict = |passed: bool| if passed { "pass" } else { "FAIL" };
        let all = run.rows.iter().all(|row| delay(row) < TOO_LATE_NS);
        writeln!(
            out,
            "within 20 ms: {:.3} % of samples: {}",
            100.0 * share,
            verdict(share >= IN_TIME_SHARE)
        )?;
        writeln!(out, "within 50 ms: {}", verdict(all))?;
    }
    Ok(())
}

/// Noise that sounds the same at every call.
fn noise(samples: u32) -> Vec<f32> {
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let bytes = state.to_be_bytes();
        f32::from(i16::from_be_bytes([bytes[0], bytes[1]])) / 327_680.0
    };
    (0..samples).map(|_| next()).collect()
}
