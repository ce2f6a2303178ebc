//! Blocks of samples on their way between threads: few, and used again, so that memory stays flat.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;

/// Blocks that may wait for the slower side.
const BLOCKS: usize = 8;

/// A thread that takes blocks in order.
#[derive(Debug)]
pub(crate) struct Sink<R> {
    full: SyncSender<Option<Vec<f32>>>,
    empty: Receiver<Vec<f32>>,
    thread: JoinHandle<R>,
}

impl<R: Send + 'static> Sink<R> {
    /// Starts a thread that does `work` with the blocks that come.
    pub(crate) fn start(work: impl FnOnce(&mut Blocks) -> R + Send + 'static) -> Self {
        let (full, incoming) = sync_channel(BLOCKS);
        let (outgoing, empty) = channel();
        let mut blocks = Blocks { incoming, outgoing };
        Self { full, empty, thread: std::thread::spawn(move || work(&mut blocks)) }
    }

    /// Hands a copy of a block over; false when the thread has ended early.
    pub(crate) fn give(&self, block: &[f32]) -> bool {
        let mut copy = self.empty.try_recv().unwrap_or_default();
        copy.clear();
        copy.extend_from_slice(block);
        self.full.send(Some(copy)).is_ok()
    }

    /// The stream is complete: waits for the thread's result.
    ///
    /// # Panics
    /// If the thread did.
    pub(crate) fn finish(self) -> R {
        // A thread that has ended early has its result too.
        let _ = self.full.send(None);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// The blocks that a [`Sink`]'s thread gets.
#[derive(Debug)]
pub(crate) struct Blocks {
    incoming: Receiver<Option<Vec<f32>>>,
    outgoing: Sender<Vec<f32>>,
}

impl Blocks {
    /// Does `each` with every block; true when the stream was complete, false when it was given up.
    pub(crate) fn each<E>(&mut self, mut each: impl FnMut(&[f32]) -> Result<(), E>) -> Result<bool, E> {
        loop {
            match self.incoming.recv() {
                Ok(Some(block)) => {
                    each(&block)?;
                    // At the end nobody takes the buffers back.
                    let _ = self.outgoing.send(block);
                }
                Ok(None) => return Ok(true),
                Err(_) => return Ok(false),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_in_order_and_the_end_is_known() {
        let collect = || {
            Sink::start(|blocks| {
                let mut all = Vec::new();
                let complete = blocks.each(|block| {
                    all.extend_from_slice(block);
                    if all.len() > 100 { Err(all.len()) } else { Ok(()) }
                });
                (complete, all)
            })
        };
        let sink = collect();
        for i in 0..30_u8 {
            assert!(sink.give(&[f32::from(i)]));
        }
        let (complete, all) = sink.finish();
        assert_eq!(complete, Ok(true));
        assert_eq!(all, (0..30_u8).map(f32::from).collect::<Vec<_>>());

        let sink = collect();
        while sink.give(&[0.0; 7]) {}
        assert_eq!(sink.finish().0, Err(105), "a thread that gave up has its result");
    }
}
