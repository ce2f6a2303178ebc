//! What is heard: a file, decoded ahead by a thread; a device; or nothing.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use earmark_core::audio::Source;
use earmark_core::signal::Resampler;
use rtrb::{Consumer, Producer, RingBuffer};

/// Where the engine gets its input. Interleaved in the ring, with as many channels as the engine has.
pub struct Feed {
    ring: Option<Consumer<f32>>,
}

impl Feed {
    /// Nothing.
    pub fn silence() -> Self {
        Self { ring: None }
    }

    /// What comes through a ring; `buffered` samples of each channel may wait in it.
    pub fn ring(channels: u16, buffered: usize) -> (Producer<f32>, Self) {
        let (producer, consumer) = RingBuffer::new(usize::from(channels).max(1) * buffered);
        (producer, Self { ring: Some(consumer) })
    }

    /// Fills the first `length` samples of each plane; with silence where there is nothing (yet). Never waits.
    pub fn fill(&mut self, planes: &mut [Vec<f32>], length: usize) {
        let channels = planes.len().max(1);
        let ready = self.ring.as_ref().map_or(0, |ring| ring.slots() / channels).min(length);
        if let Some(ring) = &mut self.ring
            && let Ok(chunk) = ring.read_chunk(ready * channels)
        {
            for (index, sample) in chunk.into_iter().enumerate() {
                planes[index % channels][index / channels] = sample;
            }
        }
        planes.iter_mut().for_each(|plane| plane[ready..length].fill(0.0));
    }
}

/// Opens a file, and refuses what cannot be gated.
pub fn open(path: &Path) -> Result<Source> {
    let source = Source::open(path)?;
    let most = earmark_plugin::processor::MAX_CHANNELS;
    let channels = source.info().channels;
    ensure!(
        usize::from(channels) <= most,
        "{} has {channels} channels; at most {most} can be gated",
        path.display()
    );
    Ok(source)
}

/// The thread that decodes; dropping this ends it.
pub struct Reader {
    stop: Arc<AtomicBool>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    /// The whole file has been heard, or it could not be read on.
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // A panic in there was printed.
            let _ = thread.join();
        }
    }
}

/// Plays a file at a rate, again and again if wanted.
pub fn file(source: Source, rate_hz: u32, repeat: bool) -> Result<(Feed, Reader)> {
    let channels = source.info().channels;
    let from_hz = source.info().rate_hz;
    let resamplers: Vec<_> = (0..channels)
        .map(|_| Resampler::new(from_hz, rate_hz))
        .collect::<Result<_, _>>()
        .context("cannot change the rate")?;
    // A second ahead: a slow disk is not heard.
    let (producer, feed) = Feed::ring(channels, usize::try_from(rate_hz)?);
    let (stop, ended) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let mut decoding = Decoding {
        resamplers,
        planes: vec![Vec::new(); usize::from(channels)],
        input: Vec::new(),
        producer,
        stop: stop.clone(),
    };
    let at_end = ended.clone();
    let thread = std::thread::Builder::new().name("earmark-decode".to_owned()).spawn(move || {
        if let Err(error) = decoding.play(source, repeat) {
            eprintln!("earmark-standalone: {error:#}");
        }
        decoding.drain();
        at_end.store(true, Ordering::Release);
    })?;
    Ok((feed, Reader { stop, ended, thread: Some(thread) }))
}

struct Decoding {
    resamplers: Vec<Resampler>,
    /// At the engine's rate.
    planes: Vec<Vec<f32>>,
    /// One channel at the file's rate.
    input: Vec<f32>,
    producer: Producer<f32>,
    stop: Arc<AtomicBool>,
}

impl Decoding {
    fn play(&mut self, mut source: Source, repeat: bool) -> Result<()> {
        loop {
            while let Some(block) = source.next_block()? {
                let channels = self.resamplers.len();
                for (channel, (resampler, plane)) in
                    self.resamplers.iter_mut().zip(&mut self.planes).enumerate()
                {
                    self.input.clear();
                    self.input.extend(block.iter().skip(channel).step_by(channels));
                    resampler.push(&self.input, plane);
                }
                if !self.push() {
                    return Ok(());
                }
            }
            for (resampler, plane) in self.resamplers.iter_mut().zip(&mut self.planes) {
                resampler.finish(plane);
            }
            if !self.push() || !repeat {
                return Ok(());
            }
            source = Source::open(source.path())?;
        }
    }

    /// Moves what is ready into the ring; waits while that is full. False: it shall stop.
    fn push(&mut self) -> bool {
        let frames = self.planes.iter().map(Vec::len).min().unwrap_or(0);
        for frame in 0..frames {
            while self.producer.slots() < self.planes.len() {
                if self.stop.load(Ordering::Acquire) || self.producer.is_abandoned() {
                    return false;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            for plane in &self.planes {
                // There is room for all channels.
                let _ = self.producer.push(plane[frame]);
            }
        }
        self.planes.iter_mut().for_each(|plane| drop(plane.drain(..frames)));
        true
    }

    /// Waits until the engine has taken everything.
    fn drain(&self) {
        let size = self.producer.buffer().capacity();
        let wanted = |producer: &Producer<f32>| producer.slots() < size && !producer.is_abandoned();
        while wanted(&self.producer) && !self.stop.load(Ordering::Acquire) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

#[cfg(test)]
mod tests {
    use earmark_core::audio::SampleFormat;
    use earmark_core::render::WavWriter;

    use super::*;

    #[test]
    fn a_file_comes_through_whole_and_in_its_channels() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("ramp.wav");
        let format = SampleFormat { bits: 32, float: true };
        let frames: u16 = 3_000;
        let samples: Vec<f32> = (0..frames).flat_map(|n| [f32::from(n), -f32::from(n)]).collect();
        let mut wav = WavWriter::create(&path, 8_000, 2, format).expect("created");
        wav.write(&samples).expect("written");
        wav.finish().expect("finished");

        let (mut feed, reader) = file(open(&path).expect("opens"), 8_000, false).expect("a feed");
        let mut planes = vec![vec![0.0; 64]; 2];
        let mut heard: Vec<(f32, f32)> = Vec::new();
        // The decoder runs beside: blocks that came too early are silent.
        while !reader.has_ended() {
            feed.fill(&mut planes, 64);
            heard.extend(planes[0].iter().copied().zip(planes[1].iter().copied()));
            std::thread::yield_now();
        }
        heard.retain(|pair| *pair != (0.0, 0.0));
        assert_eq!(heard.len(), usize::from(frames) - 1, "the first pair is zero itself");
        assert!(heard.iter().zip(1_u16..).all(|(pair, n)| *pair == (f32::from(n), -f32::from(n))));
        assert!(feed.ring.is_some_and(|ring| ring.is_empty()));
    }

    #[test]
    fn a_reader_that_is_dropped_ends_in_the_middle() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("long.wav");
        let mut wav =
            WavWriter::create(&path, 8_000, 1, SampleFormat { bits: 16, float: false }).expect("created");
        wav.write(&vec![0.25; 80_000]).expect("written");
        wav.finish().expect("finished");
        let (feed, reader) = file(open(&path).expect("opens"), 16_000, true).expect("a feed");
        assert!(!reader.has_ended());
        drop(reader);
        drop(feed);
    }
}
