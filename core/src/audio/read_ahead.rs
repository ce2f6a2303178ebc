//! Decoding on a thread of its own.

use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread::JoinHandle;

use super::{AudioError, Source};

/// Blocks decoded before they are asked for; memory stays flat.
const BLOCKS: usize = 8;

/// A [`Source`] that decodes while its blocks are worked on.
#[derive(Debug)]
pub struct ReadAhead {
    full: Receiver<Result<Vec<f32>, AudioError>>,
    empty: Sender<Vec<f32>>,
    /// The block handed out last.
    block: Vec<f32>,
    thread: Option<JoinHandle<()>>,
}

impl ReadAhead {
    /// Starts to decode. Dropped before the end, it stops.
    pub fn new(mut source: Source) -> Self {
        let (outgoing, full) = sync_channel(BLOCKS);
        let (empty, returned) = channel::<Vec<f32>>();
        let thread = std::thread::spawn(move || {
            loop {
                let block = match source.next_block() {
                    Ok(Some(block)) => {
                        let mut copy = returned.try_recv().unwrap_or_default();
                        copy.clear();
                        copy.extend_from_slice(block);
                        Ok(copy)
                    }
                    Ok(None) => return,
                    Err(error) => Err(error),
                };
                let failed = block.is_err();
                if outgoing.send(block).is_err() || failed {
                    return;
                }
            }
        });
        Self { full, empty, block: Vec::new(), thread: Some(thread) }
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
        // The decoder may be done already.
        let _ = self.empty.send(std::mem::take(&mut self.block));
        if let Ok(block) = self.full.recv() {
            self.block = block?;
            return Ok(Some(&self.block));
        }
        if let Some(Err(panic)) = self.thread.take().map(JoinHandle::join) {
            std::panic::resume_unwind(panic);
        }
        Ok(None)
    }
}
