//! A sound card, through cpal.
//!
//! What the system calls for each block only copies it into a ring: it neither waits nor allocates. The source's own thread
//! takes it from there. A card that fails or is pulled out is a source that is lost: it is tried again, and the clock goes on.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{
    Device, FromSample, Sample, SampleFormat, SizedSample, Stream, StreamConfig, SupportedStreamConfig,
};
use rtrb::{Consumer, Producer, RingBuffer};

use super::{Arrival, Backoff, Outlet, SourceError, SourceSettings, SourceState};

/// What a user calls the one that the system prefers.
pub const DEFAULT: &str = "default";
/// How often the ring is looked at.
const POLL: Duration = Duration::from_millis(5);
/// Sound that the ring holds, milliseconds: longer than a busy machine lets the source wait.
const RING_MS: usize = 2_000;

/// A sound card that can record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputDevice {
    /// What it is chosen by.
    pub name: String,
    /// Its usual rate, Hz.
    pub rate_hz: u32,
    /// Its channels.
    pub channels: u16,
}

/// The sound cards that can record now.
///
/// # Errors
/// [`SourceError::Card`] if the system has no sound.
pub fn input_devices() -> Result<Vec<InputDevice>, SourceError> {
    let devices = cpal::default_host().input_devices().map_err(|error| refused("sound cards", &error))?;
    let usable = devices.filter_map(|device| {
        let config = device.default_input_config().ok()?;
        Some(InputDevice { name: name(&device), rate_hz: config.sample_rate(), channels: config.channels() })
    });
    Ok(usable.collect())
}

/// Records until the outlet is stopped.
pub(super) fn run(wanted: &str, settings: &SourceSettings, outlet: &Outlet) {
    let mut backoff = Backoff::new(settings.limits);
    let mut format = None;
    while !outlet.stopped() {
        outlet.set(SourceState::Connecting);
        let (reason, sound) = match Card::open(wanted, settings.url_format.0) {
            // It was there before: it may come back. The format of a stream never changes.
            Ok(card) if format.is_some_and(|format| format != card.format()) => {
                ("the sound card is another one now".to_owned(), Duration::ZERO)
            }
            Ok(card) => {
                if format.replace(card.format()).is_none() {
                    let (rate_hz, channels) = card.format();
                    if !outlet.send(Arrival::Opened { rate_hz, channels }) {
                        return;
                    }
                }
                card.pass_on(settings.limits.stall, outlet)
            }
            Err(error) if format.is_none() => {
                outlet.set(SourceState::Ended);
                outlet.send(Arrival::Ended(Err(error)));
                return;
            }
            Err(error) => (error.to_string(), Duration::ZERO),
        };
        if !outlet.lose(&mut backoff, sound, reason) {
            return;
        }
    }
    outlet.set(SourceState::Ended);
}

/// A card that records.
struct Card {
    ring: Consumer<f32>,
    shared: Arc<Shared>,
    rate_hz: u32,
    channels: u16,
    /// It records as long as this lives.
    _stream: Stream,
}

/// What the system's calls tell.
#[derive(Debug, Default)]
struct Shared {
    /// Values that found the ring full.
    lost: AtomicU64,
    failed: AtomicBool,
    why: Mutex<String>,
}

impl Card {
    fn open(wanted: &str, rate_hz: u32) -> Result<Self, SourceError> {
        let host = cpal::default_host();
        let device = if wanted == DEFAULT {
            host.default_input_device()
        } else {
            let mut devices = host.input_devices().map_err(|error| refused(wanted, &error))?;
            devices.find(|device| name(device) == wanted)
        };
        let device = device.ok_or_else(|| SourceError::NoCard(wanted.to_owned()))?;
        let config = config_near(&device, rate_hz).map_err(|error| refused(wanted, &error))?;
        let (rate_hz, channels) = (config.sample_rate(), config.channels());
        let values = RING_MS * rate_hz as usize / 1_000 * usize::from(channels);
        let (into, ring) = RingBuffer::new(values);
        let shared = Arc::new(Shared::default());
        let stream = match config.sample_format() {
            SampleFormat::F32 => record::<f32>(&device, config.config(), into, &shared),
            SampleFormat::I32 => record::<i32>(&device, config.config(), into, &shared),
            SampleFormat::U16 => record::<u16>(&device, config.config(), into, &shared),
            _ => record::<i16>(&device, config.config(), into, &shared),
        };
        let stream = stream.map_err(|error| refused(wanted, &error))?;
        stream.play().map_err(|error| refused(wanted, &error))?;
        Ok(Self { ring, shared, rate_hz, channels, _stream: stream })
    }

    fn format(&self) -> (u32, u16) {
        (self.rate_hz, self.channels)
    }

    /// Sends what comes until nothing does. Gives why it ended, and how long sound came.
    fn pass_on(mut self, stall: Duration, outlet: &Outlet) -> (String, Duration) {
        let begun = Instant::now();
        let mut last = begun;
        let sounded = |last: Instant| last.duration_since(begun);
        while !outlet.stopped() {
            let waiting = self.ring.slots() - self.ring.slots() % usize::from(self.channels);
            if let (1.., Ok(chunk)) = (waiting, self.ring.read_chunk(waiting)) {
                last = Instant::now();
                outlet.set(SourceState::Running);
                let samples: Vec<f32> = chunk.into_iter().collect();
                if !outlet.send(Arrival::Sound { samples, at: last }) {
                    break;
                }
            }
            if self.shared.lost.load(Ordering::Acquire) > 0 {
                return ("the sound came faster than it was heard".to_owned(), sounded(last));
            }
            if self.shared.failed.load(Ordering::Acquire) {
                let why = self.shared.why.lock().unwrap_or_else(PoisonError::into_inner);
                return (why.clone(), sounded(last));
            }
            if last.elapsed() > stall {
                return (format!("no sound for {} s", stall.as_secs()), sounded(last));
            }
            std::thread::sleep(POLL);
        }
        ("stopped".to_owned(), sounded(last))
    }
}

/// The configuration with the wanted rate, else the device's usual one.
fn config_near(device: &Device, rate_hz: u32) -> Result<SupportedStreamConfig, cpal::Error> {
    const KNOWN: [SampleFormat; 4] =
        [SampleFormat::F32, SampleFormat::I32, SampleFormat::I16, SampleFormat::U16];
    let usual = device.default_input_config()?;
    let is_known = |config: &SupportedStreamConfig| KNOWN.contains(&config.sample_format());
    let same = device
        .supported_input_configs()?
        .filter(|range| range.channels() == usual.channels())
        .filter_map(|range| range.try_with_sample_rate(rate_hz))
        .find(is_known);
    Ok(same.unwrap_or(usual))
}

fn record<T: SizedSample>(
    device: &Device,
    config: StreamConfig,
    mut into: Producer<f32>,
    shared: &Arc<Shared>,
) -> Result<Stream, cpal::Error>
where
    f32: FromSample<T>,
{
    let (taken, failed) = (Arc::clone(shared), Arc::clone(shared));
    let take = move |block: &[T], _: &cpal::InputCallbackInfo| match into.write_chunk_uninit(block.len()) {
        Ok(chunk) => drop(chunk.fill_from_iter(block.iter().map(|&sample| f32::from_sample(sample)))),
        Err(_) => drop(taken.lost.fetch_add(block.len() as u64, Ordering::Release)),
    };
    let fail = move |error: cpal::Error| {
        *failed.why.lock().unwrap_or_else(PoisonError::into_inner) = error.to_string();
        failed.failed.store(true, Ordering::Release);
    };
    device.build_input_stream(config, take, fail, None)
}

fn name(device: &Device) -> String {
    match (device.description(), device.id()) {
        (Ok(description), _) => description.name().to_owned(),
        (Err(_), Ok(id)) => id.to_string(),
        (Err(_), Err(_)) => "a device without a name".to_owned(),
    }
}

fn refused(wanted: &str, error: &cpal::Error) -> SourceError {
    SourceError::Card { name: wanted.to_owned(), why: error.to_string() }
}
