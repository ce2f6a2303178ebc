//! Streams that hear what the caller reads, on a thread of the runtime: there a call of a network is an ordinary call.

use crate::detect::DetectError;
use crate::model::runtime;
use crate::signal::recycling;

/// Blocks on their way to the other thread: a few, so that memory stays flat.
const BLOCKS: usize = 8;

/// `feed` hands blocks over from this thread, and on another `take` does something with each of them in turn. What `feed`
/// calls says whether that goes on: once `take` has failed nobody takes a block any more.
pub(super) fn beside<S: Send, R>(
    name: &'static str,
    mut state: S,
    mut take: impl FnMut(&mut S, &[f32]) -> Result<(), DetectError> + Send,
    feed: impl FnOnce(&mut dyn FnMut(&[f32]) -> bool) -> R,
) -> (R, Result<S, DetectError>) {
    let (sender, receiver) = recycling::<Vec<f32>, Vec<f32>>(BLOCKS);
    std::thread::scope(|scope| {
        let work = move || {
            while let Some(block) = receiver.receive() {
                take(&mut state, &block)?;
                receiver.give_back(block);
            }
            Ok(state)
        };
        let taken = scope.spawn(move || runtime::enter(name, work));
        let fed = feed(&mut |block| {
            let mut buffer = sender.buffer();
            buffer.clear();
            buffer.extend_from_slice(block);
            sender.send(buffer)
        });
        drop(sender);
        (fed, taken.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}
