//! The threads that hear.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use earmark_core::model::runtime;
use earmark_core::raise_thread_priority;

use super::inbox::Piece;
use super::slot::{Slot, Turn};

/// Threads that step streams.
#[derive(Debug)]
pub struct Pool {
    queue: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Queue {
    waiting: Mutex<Waiting>,
    wake: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    due: VecDeque<Arc<Slot>>,
    /// Served when none is due.
    ahead: VecDeque<Arc<Slot>>,
    ended: bool,
}

impl Pool {
    /// Starts `threads` of them.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(threads: usize) -> std::io::Result<Self> {
        let queue = Arc::new(Queue::default());
        let start = |place: usize| {
            let queue = Arc::clone(&queue);
            let hear = move || {
                // Where the system refuses, streams and all else share the processors as ordinary threads do.
                raise_thread_priority();
                runtime::enter("earmark hearing", || queue.work());
            };
            std::thread::Builder::new().name(format!("earmark hearing {place}")).spawn(hear)
        };
        let threads = (0..threads).map(start).collect::<Result<_, _>>()?;
        Ok(Self { queue, threads })
    }

    /// Waits until the stream has room for more sound.
    pub async fn room(&self, slot: &Slot) {
        slot.inbox.room().await;
    }

    /// Gives a stream something.
    pub fn give(&self, slot: &Arc<Slot>, piece: Piece) {
        slot.inbox.push(piece);
        if slot.claim() {
            self.queue.add(Arc::clone(slot), Turn::Due);
        }
    }
}

impl Queue {
    fn add(&self, slot: Arc<Slot>, turn: Turn) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if turn == Turn::Ahead {
            waiting.ahead.push_back(slot);
        } else {
            waiting.due.push_back(slot);
        }
        self.wake.notify_one();
    }

    fn next(&self) -> Option<Arc<Slot>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if waiting.ended {
                return None;
            }
            if let Some(slot) = waiting.due.pop_front() {
                return Some(slot);
            }
            if let Some(slot) = waiting.ahead.pop_front() {
                return Some(slot);
            }
            waiting = self.wake.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn work(&self) {
        while let Some(slot) = self.next() {
            // What one stream does to its network must not take the thread from the others.
            let turn = catch_unwind(AssertUnwindSafe(|| slot.turn())).unwrap_or_else(|_| {
                slot.give_up();
                Turn::Idle
            });
            if turn != Turn::Idle {
                self.add(slot, turn);
                continue;
            }
            slot.queued.store(false, Ordering::Release);
            // What came between the last look and this line has found the stream queued.
            if !slot.inbox.is_empty() && slot.claim() {
                self.add(slot, Turn::Due);
            }
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.queue.waiting.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
        self.queue.wake.notify_all();
        for thread in self.threads.drain(..) {
            // A panic was told where it happened.
            let _ = thread.join();
        }
    }
}
