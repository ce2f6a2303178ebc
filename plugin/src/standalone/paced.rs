//! A sound card that is none: a thread that keeps real time, for machines without sound, and for recording.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use earmark_core::audio::SampleFormat;
use earmark_core::render::WavWriter;

use super::engine::Engine;

/// The thread.
pub struct Paced {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<()>>,
}

impl Paced {
    /// Runs the engine in blocks of `block` samples, and writes what comes out if a file is named.
    pub fn start(
        engine: Engine,
        rate_hz: u32,
        channels: u16,
        block: usize,
        file: Option<&Path>,
    ) -> Result<Self> {
        let format = SampleFormat { bits: 32, float: true };
        let file = file.map(|path| WavWriter::create(path, rate_hz, channels, format)).transpose()?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::Builder::new()
            .name("earmark-paced".to_owned())
            .spawn(move || keep_time(engine, rate_hz, block, file, &stopped))
            .context("no thread for the audio")?;
        Ok(Self { stop, thread })
    }

    /// Stops, and completes the file.
    pub fn finish(self) -> Result<()> {
        self.stop.store(true, Ordering::Release);
        self.thread.join().map_err(|_| anyhow!("the audio thread failed"))?
    }
}

fn keep_time(
    mut engine: Engine,
    rate_hz: u32,
    block: usize,
    mut file: Option<WavWriter>,
    stopped: &AtomicBool,
) -> Result<()> {
    let period = Duration::from_secs_f64(f64::from(u32::try_from(block)?) / f64::from(rate_hz));
    let mut due = Instant::now();
    let mut interleaved = Vec::new();
    while !stopped.load(Ordering::Acquire) {
        let mut written = Ok(());
        engine.run(block, |planes, length| {
            if let Some(file) = &mut file {
                interleaved.clear();
                interleaved.extend((0..length).flat_map(|n| planes.iter().map(move |plane| plane[n])));
                if written.is_ok() {
                    written = file.write(&interleaved);
                }
            }
        });
        written?;
        due += period;
        let now = Instant::now();
        match due.checked_duration_since(now) {
            Some(wait) => std::thread::sleep(wait),
            // A machine that was asleep does not hurry after the time that it lost.
            None if now - due > Duration::from_millis(500) => due = now,
            None => {}
        }
    }
    file.map_or(Ok(()), WavWriter::finish)?;
    Ok(())
}
