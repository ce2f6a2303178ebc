//! Blocks of samples on their way between threads: few, and used again, so that memory stays flat.

use std::thread::JoinHandle;

use crate::signal::{BlockReceiver, BlockSender, recycling};

/// Blocks that may wait for the slower side.
const BLOCKS: usize = 8;

/// A thread that takes blocks in order.
#[derive(Debug)]
pub(crate) struct Sink<R> {
    blocks: BlockSender<Option<Vec<f32>>, Vec<f32>>,
    thread: JoinHandle<R>,
}

impl<R: Send + 'static> Sink<R> {
    /// Starts a thread that does `work` with the blocks that come.
    pub(crate) fn start(work: impl FnOnce(&mut Blocks) -> R + Send + 'static) -> Self {
        let (blocks, receiver) = recycling(BLOCKS);
        Self { blocks, thread: std::thread::spawn(move || work(&mut Blocks(receiver))) }
    }

    /// Hands a copy of a block over; false when the thread has ended early.
    pub(crate) fn give(&self, block: &[f32]) -> bool {
        let mut copy = self.blocks.buffer();
        copy.clear();
        copy.extend_from_slice(block);
        self.blocks.send(Some(copy))
    }

    /// The stream is complete: waits for the thread's result.
    ///
    /// # Panics
    /// If the thread did.
    pub(crate) fn finish(self) -> R {
        // A thread that has ended early has its result too.
        self.blocks.send(None);
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// The blocks that a [`Sink`]'s thread gets.
///
/// `None` at the end of a complete stream.
#[derive(Debug)]
pub(crate) struct Blocks(BlockReceiver<Option<Vec<f32>>, Vec<f32>>);

impl Blocks {
    /// Does `each` with every block; true when the stream was complete, false when it was given up.
    pub(crate) fn each<E>(&mut self, mut each: impl FnMut(&[f32]) -> Result<(), E>) -> Result<bool, E> {
        loop {
            match self.0.receive() {
                Some(Some(block)) => {
                    each(&block)?;
                    self.0.give_back(block);
                }
                Some(None) => return Ok(true),
                None => return Ok(false),
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
