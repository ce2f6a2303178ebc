//! Blocks on their way from one thread to another, each of which is used again: few, so that memory stays flat.

use crossbeam::channel::{Receiver, Sender, bounded};

/// Messages of type `M` that carry buffers of type `B`, of which `waiting` may wait for the slower side.
pub(crate) fn recycling<M, B: Default>(waiting: usize) -> (BlockSender<M, B>, BlockReceiver<M, B>) {
    let (full, taken) = bounded(waiting);
    // Beside those that wait there is one in the hands of each side: all that were ever made find room.
    let (emptied, empty) = bounded(waiting + 2);
    (BlockSender { full, empty }, BlockReceiver { full: taken, emptied })
}

/// The side that fills blocks.
#[derive(Debug)]
pub(crate) struct BlockSender<M, B> {
    full: Sender<M>,
    empty: Receiver<B>,
}

impl<M, B: Default> BlockSender<M, B> {
    /// A buffer to fill: one that came back, with what was in it, or a new one.
    pub(crate) fn buffer(&self) -> B {
        self.empty.try_recv().unwrap_or_default()
    }

    /// Hands a message over, and waits for room; false when the other side is gone.
    pub(crate) fn send(&self, message: M) -> bool {
        self.full.send(message).is_ok()
    }
}

/// The side that empties them.
#[derive(Debug)]
pub(crate) struct BlockReceiver<M, B> {
    full: Receiver<M>,
    emptied: Sender<B>,
}

impl<M, B> BlockReceiver<M, B> {
    /// Waits for the next message; `None` when the other side is gone.
    pub(crate) fn receive(&self) -> Option<M> {
        self.full.recv().ok()
    }

    /// Gives a buffer back.
    pub(crate) fn give_back(&self, buffer: B) {
        // The other side may be done already.
        let _ = self.emptied.try_send(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_come_in_order_and_are_used_again() {
        let (sender, receiver) = recycling::<Vec<u32>, Vec<u32>>(2);
        let reader = std::thread::spawn(move || {
            let mut all = Vec::new();
            while let Some(block) = receiver.receive() {
                all.extend_from_slice(&block);
                receiver.give_back(block);
            }
            all
        });
        let mut made = 0;
        for number in 0..1_000 {
            let mut block = sender.buffer();
            made += u32::from(block.capacity() == 0);
            block.clear();
            block.push(number);
            assert!(sender.send(block));
        }
        drop(sender);
        assert_eq!(reader.join().expect("no panic"), (0..1_000).collect::<Vec<_>>());
        assert!(made <= 4, "{made} blocks were made");
    }

    #[test]
    fn either_side_may_go() {
        let (sender, receiver) = recycling::<u8, Vec<u8>>(1);
        drop(receiver);
        assert!(!sender.send(1));
        let (sender, receiver) = recycling::<u8, Vec<u8>>(1);
        assert!(sender.send(1));
        drop(sender);
        assert_eq!((receiver.receive(), receiver.receive()), (Some(1), None));
        receiver.give_back(Vec::new());
    }
}
