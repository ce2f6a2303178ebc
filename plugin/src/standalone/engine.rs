//! The audio side: asks the feed for input, lets the processor work on it, and takes a new processor when told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use earmark_plugin::{Activation, Block, Processor, Shared};
use rtrb::{Consumer, Producer, RingBuffer};

use super::feed::Feed;

/// Longest block that the processor gets; a longer one of a device is cut.
pub const MAX_BLOCK: usize = 1_024;
/// How long the audio side may take to give a processor back. A device that stopped calling does not block the
/// program for longer.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a device's callback owns. Nothing in it waits or allocates; a processor is never dropped there.
pub struct Engine {
    processor: Option<Box<Processor>>,
    incoming: Consumer<Option<Box<Processor>>>,
    outgoing: Producer<Box<Processor>>,
    feed: Feed,
    planes: Vec<Vec<f32>>,
}

impl Engine {
    /// Hears something else from now on. Before the audio runs.
    pub fn set_feed(&mut self, feed: Feed) {
        self.feed = feed;
    }

    /// Fills `frames` samples of each channel and hands them to `take`, in blocks. After the feed's end: silence.
    pub fn run(&mut self, mut frames: usize, mut take: impl FnMut(&[Vec<f32>], usize)) {
        if let Ok(next) = self.incoming.pop() {
            let before = std::mem::replace(&mut self.processor, next);
            if let Some(before) = before
                && let Err(rtrb::PushError::Full(before)) = self.outgoing.push(before)
            {
                // It cannot happen: there is one processor at a time, and room for two.
                self.processor = Some(before);
            }
        }
        while frames > 0 {
            let length = frames.min(MAX_BLOCK);
            self.feed.fill(&mut self.planes, length);
            self.process(length);
            take(&self.planes, length);
            frames -= length;
        }
    }

    fn process(&mut self, length: usize) {
        let Some(processor) = &mut self.processor else {
            // Between two processors.
            self.planes.iter_mut().for_each(|plane| plane[..length].fill(0.0));
            return;
        };
        let mut main: arrayvec::ArrayVec<&mut [f32], { earmark_plugin::processor::MAX_CHANNELS }> =
            self.planes.iter_mut().map(|plane| &mut plane[..length]).collect();
        let block = Block { main: &mut main, sidechain: &[], label_cv: &mut [] };
        processor.process(block, &[], &mut (), false);
    }
}

/// The main side: makes processors, and lets the old ones go.
pub struct Exchange {
    shared: Arc<Shared>,
    activation: Activation,
    to_engine: Producer<Option<Box<Processor>>>,
    from_engine: Consumer<Box<Processor>>,
}

impl Exchange {
    /// An engine with its first processor.
    pub fn new(shared: Arc<Shared>, activation: Activation, feed: Feed) -> Result<(Self, Engine)> {
        let first = Processor::activate(shared.clone(), &activation)?;
        let (to_engine, incoming) = RingBuffer::new(2);
        let (outgoing, from_engine) = RingBuffer::new(2);
        let planes = (0..activation.channels).map(|_| vec![0.0; MAX_BLOCK]).collect();
        let engine = Engine { processor: Some(Box::new(first)), incoming, outgoing, feed, planes };
        Ok((Self { shared, activation, to_engine, from_engine }, engine))
    }

    /// A new activation, if a setting that needs one has changed.
    pub fn renew_if_wanted(&mut self) -> Result<()> {
        if !self.shared.take_restart_wanted() {
            return Ok(());
        }
        if self.to_engine.push(None).is_err() {
            bail!("the audio side does not answer");
        }
        let began = Instant::now();
        let before = loop {
            match self.from_engine.pop() {
                Ok(before) => break before,
                Err(_) if began.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(2)),
                Err(_) => bail!("the audio side does not answer"),
            }
        };
        // One at a time: the status is that of the last one that came or went.
        drop(before);
        let next = Processor::activate(self.shared.clone(), &self.activation).context("cannot go on")?;
        if self.to_engine.push(Some(Box::new(next))).is_err() {
            bail!("the audio side does not answer");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use earmark_plugin::params::id;

    use super::*;

    #[test]
    fn a_setting_that_needs_it_brings_a_new_activation_while_it_plays() {
        let shared = Arc::new(Shared::new());
        let activation = Activation {
            rate_hz: 48_000.0,
            max_block: MAX_BLOCK,
            channels: 2,
            sidechain_channels: 0,
            offline: false,
        };
        let (mut exchange, mut engine) =
            Exchange::new(shared.clone(), activation, Feed::silence()).expect("an engine");
        let playing = Arc::new(AtomicBool::new(true));
        let goes_on = playing.clone();
        let audio = std::thread::spawn(move || {
            let mut samples = 0;
            while goes_on.load(Ordering::SeqCst) {
                engine.run(3_000, |planes, length| {
                    assert!(planes.len() == 2 && length <= MAX_BLOCK);
                    samples += length;
                });
                std::thread::yield_now();
            }
            samples
        });
        exchange.renew_if_wanted().expect("nothing to do");
        for lookahead_ms in [50.0, 5.0, 200.0] {
            shared.set(id::LOOKAHEAD_MS, lookahead_ms);
            exchange.renew_if_wanted().expect("renewed");
            assert!(shared.status().active, "the new one is in force");
            assert!(!shared.take_restart_wanted());
        }
        playing.store(false, Ordering::SeqCst);
        let samples = audio.join().expect("no panic");
        assert!(samples > 0 && samples % 3_000 == 0);
    }
}
