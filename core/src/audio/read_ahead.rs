//! Decoding on a thread of its own.

use std::thread::JoinHandle;

use super::{AudioError, Source};
use crate::signal::{BlockReceiver, recycling};

/// Blocks decoded before they are asked for; memory stays flat.
const BLOCKS: usize = 8;

/// A [`Source`] that decodes while its blocks are worked on.
#[derive(Debug)]
pub struct ReadAhead {
    blocks: BlockReceiver<Result<Vec<f32>, AudioError>, Vec<f32>>,
    /// The block handed out last.
    block: Vec<f32>,
    thread: Option<JoinHandle<()>>,
}

impl ReadAhead {
    /// Starts to decode. Dropped before the end, it stops.
    pub fn new(mut source: Source) -> Self {
        let (sender, blocks) = recycling::<_, Vec<f32>>(BLOCKS);
        let thread = std::thread::spawn(move || {
            loop {
                let block = match source.next_block() {
                    Ok(Some(block)) => {
                        let mut copy = sender.buffer();
                        copy.clear();
                        copy.extend_from_slice(block);
                        Ok(copy)
                    }
                    Ok(None) => return,
                    Err(error) => Err(error),
                };
                let failed = block.is_err();
                if !sender.send(block) || failed {
                    return;
                }
            }
        });
        Self { blocks, block: Vec::new(), thread: Some(thread) }
    }

    /// The next block, interleaved, or `None` at the end; as [`Source::next_block`].
    ///
    /// # Errors
    ///
    /// As [`Source::next_block`].
    ///
    /// # Panics
    ///
    /// If the decoder did.
    pub fn next_block(&mut self) -> Result<Option<&[f32]>, AudioError> {
        self.blocks.give_back(std::mem::take(&mut self.block));
        if let Some(block) = self.blocks.receive() {
            self.block = block?;
            return Ok(Some(&self.block));
        }
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
            std::panic::resume_unwind(panic);
        }
        Ok(None)
    }
}
