//! `earmark bench`: speed, delay and memory on this machine.
//!
//! A minute of audio is held in memory and heard again and again, so that the figures are those of the detector, not of the
//! disk; decoding is measured beside it where a file is given.

use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use earmark_core::audio::Source;
use earmark_core::detect::{DetectError, Detector, DetectorMode};
use earmark_core::features::MelStream;
use earmark_core::model::runtime;
use earmark_core::signal::{LevelMeter, Resampler, downmix};

use super::hearing;
use crate::args::{BenchArgs, Global};
use crate::console::Console;
use crate::interrupt;

/// Each figure is the median of this many runs.
const RUNS: usize = 5;

/// Audio in memory.
struct Clip {
    rate_hz: u32,
    channels: u16,
    samples: Vec<f32>,
    seconds: f64,
}

pub fn run(args: &BenchArgs, global: &Global, console: &Console) -> Result<()> {
    let mut table = Table(std::io::stdout());
    let (clip, decode) = match &args.input {
        Some(path) => Clip::decode(path)?,
        None => (Clip::synthetic(), None),
    };
    let files = hearing::open(&args.pack.pack, DetectorMode::Throughput, global, console)?;
    let live = hearing::open(&args.pack.pack, DetectorMode::LowLatency, global, console)?;
    writeln!(
        table.0,
        "pack {}, {} parameters; {:.0} s of {} Hz, {} channels; one thread unless said; median of {RUNS} runs",
        files.pack().origin(),
        files.pack().manifest().model.parameters,
        clip.seconds,
        clip.rate_hz,
        clip.channels
    )?;
    writeln!(table.0, "{:<34}{:>12}{:>14}", "", "× real time", "RTF")?;
    if let Some(decode) = decode {
        table.line("decode", decode, clip.seconds)?;
    }
    stages(&clip, &files, &mut table)?;
    table.line(
        "hear, as a file",
        median(|| hear(&files, &clip, clip.samples.len().max(1)))?,
        clip.seconds,
    )?;
    table.line(
        "hear, live, calls of 10 ms",
        median(|| hear(&live, &clip, clip.block_10_ms()))?,
        clip.seconds,
    )?;
    parallel(args, global, console, &clip, &mut table)?;
    latency(&live, &clip, &mut table)?;
    if let Some(kib) = peak_memory_kib() {
        writeln!(table.0, "{:<34}{:>9} MiB", "peak memory of this process", kib / 1024)?;
    }
    Ok(())
}

/// Where the time goes, stage by stage.
fn stages(clip: &Clip, detector: &Detector, table: &mut Table) -> Result<()> {
    let spec = &detector.pack().manifest().features;
    let mut mono = Vec::new();
    let mut resampled = Vec::new();
    let level = median(|| {
        let mut levels = Vec::new();
        LevelMeter::new(clip.rate_hz, clip.channels).push(&clip.samples, &mut levels);
        black_box(levels);
        Ok(())
    })?;
    table.line("  level", level, clip.seconds)?;
    let resample = median(|| {
        mono.clear();
        resampled.clear();
        downmix(&clip.samples, clip.channels, &mut mono);
        let mut resampler = Resampler::heard_up_to(spec.mel.high_hz, clip.rate_hz, spec.rate_hz)?;
        resampler.push(&mono, &mut resampled);
        resampler.finish(&mut resampled);
        Ok(())
    })?;
    table.line("  downmix and resample", resample, clip.seconds)?;
    let features = median(|| {
        let mut mel = MelStream::new(spec)?;
        let mut sum = 0.0;
        mel.push(&resampled, |frame| sum += frame[0]);
        black_box(sum);
        Ok(())
    })?;
    table.line("  features", features, clip.seconds)
}

fn hear(detector: &Detector, clip: &Clip, block: usize) -> Result<()> {
    interrupt::check()?;
    // As files and live gates do.
    runtime::enter("earmark bench", || {
        let mut stream = detector.stream(clip.rate_hz, clip.channels)?;
        let mut heard = stream.scores();
        for block in clip.samples.chunks(block) {
            stream.push(block, &mut heard)?;
        }
        stream.finish(&mut heard)?;
        black_box(heard);
        Ok(())
    })
}

/// One clip per thread, as folders are tagged.
fn parallel(
    args: &BenchArgs,
    global: &Global,
    console: &Console,
    clip: &Clip,
    table: &mut Table,
) -> Result<()> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = args.jobs.unwrap_or(processors).max(1);
    let detectors = (0..jobs)
        .map(|_| hearing::open(&args.pack.pack, DetectorMode::Throughput, global, console))
        .collect::<Result<Vec<_>>>()?;
    let took = median(|| {
        std::thread::scope(|scope| {
            let handles: Vec<_> = detectors
                .iter()
                .map(|detector| scope.spawn(|| hear(detector, clip, clip.samples.len().max(1))))
                .collect();
            handles
                .into_iter()
                .try_for_each(|h| h.join().unwrap_or_else(|_| Err(anyhow::anyhow!("a job panicked"))))
        })
    })?;
    let clips = f64::from(u32::try_from(jobs).unwrap_or(u32::MAX));
    table.line(&format!("hear, {jobs} files at once"), took, clip.seconds * clips)
}

/// How long a call of 10 ms takes: most fill a buffer, every few run the network.
fn latency(live: &Detector, clip: &Clip, table: &mut Table) -> Result<()> {
    let mut took = runtime::enter("earmark bench", || {
        let mut stream = live.stream(clip.rate_hz, clip.channels)?;
        let mut heard = stream.scores();
        let mut took = Vec::new();
        for block in clip.samples.chunks(clip.block_10_ms()) {
            let start = Instant::now();
            stream.push(block, &mut heard)?;
            took.push(start.elapsed());
        }
        Ok::<_, DetectError>(took)
    })?;
    ensure!(!took.is_empty(), "the recording is empty, there is nothing to measure");
    took.sort_unstable();
    let at = |per_mille: usize| took[(took.len() - 1) * per_mille / 1000].as_secs_f64() * 1e6;
    writeln!(
        table.0,
        "{:<34}p50 {:.1} µs, p99 {:.1} µs, p99.9 {:.1} µs, max {:.1} µs",
        "time of a 10 ms call",
        at(500),
        at(990),
        at(999),
        at(1000)
    )?;
    let manifest = live.pack().manifest();
    writeln!(
        table.0,
        "{:<34}{} ms (calls of {} frames, look-ahead of {})",
        "delay of the network",
        (manifest.hop_frames + manifest.lookahead_frames) * 10,
        manifest.hop_frames,
        manifest.lookahead_frames
    )?;
    Ok(())
}

fn median(mut work: impl FnMut() -> Result<()>) -> Result<Duration> {
    let mut took = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let start = Instant::now();
        work()?;
        took.push(start.elapsed());
    }
    took.sort_unstable();
    Ok(took[RUNS / 2])
}

/// The figures on stdout.
struct Table(std::io::Stdout);

impl Table {
    fn line(&mut self, name: &str, took: Duration, seconds: f64) -> Result<()> {
        let took = took.as_secs_f64().max(1e-9);
        writeln!(self.0, "{name:<34}{:>12.0}{:>14.6}", seconds / took, took / seconds.max(1e-9))?;
        Ok(())
    }
}

impl Clip {
    /// Tones, noise and pauses; what it is does not change the time that hearing takes.
    fn synthetic() -> Self {
        let (rate_hz, channels, seconds) = (48_000_u32, 2_u16, 60_u32);
        let mut state = 1_u32;
        let samples = (0..rate_hz * seconds)
            .flat_map(|i| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let noise = f64::from(state >> 8) / f64::from(1_u32 << 24) - 0.5;
                let tone =
                    (f64::from(i % rate_hz) / f64::from(rate_hz) * 440.0 * std::f64::consts::TAU).sin();
                #[expect(clippy::cast_possible_truncation, reason = "samples are f32")]
                let sample = (0.1 * noise + 0.2 * tone) as f32;
                [sample, -0.5 * sample]
            })
            .collect();
        Self { rate_hz, channels, samples, seconds: f64::from(seconds) }
    }

    #[expect(clippy::cast_precision_loss, reason = "a clip that fits in memory")]
    fn decode(path: &std::path::Path) -> Result<(Self, Option<Duration>)> {
        let start = Instant::now();
        let mut source = Source::open(path)?;
        let (rate_hz, channels) = (source.info().rate_hz, source.info().channels);
        let mut samples = Vec::new();
        while let Some(block) = source.next_block()? {
            interrupt::check()?;
            samples.extend_from_slice(block);
        }
        let took = start.elapsed();
        let seconds = samples.len() as f64 / f64::from(channels) / f64::from(rate_hz);
        Ok((Self { rate_hz, channels, samples, seconds }, Some(took)))
    }

    fn block_10_ms(&self) -> usize {
        usize::try_from(self.rate_hz / 100).unwrap_or(1).max(1) * usize::from(self.channels)
    }
}

/// Largest memory of this process so far, where the system tells.
fn peak_memory_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse().ok()
}
