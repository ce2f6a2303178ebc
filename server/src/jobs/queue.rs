//! The queue and its threads.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

type Task = Box<dyn FnOnce() + Send>;

/// Every place in the queue is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueueFull;

/// A place in the queue; whoever has one may upload a file and have it worked on.
#[derive(Debug)]
pub struct Place(
    #[expect(dead_code, reason = "held, and given back when it is dropped")] OwnedSemaphorePermit,
);

/// Threads that work on files, one file each.
#[derive(Debug)]
pub struct Jobs {
    places: Arc<Semaphore>,
    max_queue: usize,
    sender: Option<SyncSender<Task>>,
    threads: Vec<JoinHandle<()>>,
}

impl Jobs {
    /// Starts `jobs` threads behind a queue of `max_queue` places.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub fn start(jobs: usize, max_queue: usize) -> std::io::Result<Self> {
        // Whoever sends has a place, so sending never waits.
        let (sender, receiver) = sync_channel::<Task>(max_queue);
        let receiver = Arc::new(Mutex::new(receiver));
        let start = |place: usize| {
            let receiver = Arc::clone(&receiver);
            std::thread::Builder::new().name(format!("earmark job {place}")).spawn(move || work(&receiver))
        };
        let threads = (0..jobs).map(start).collect::<Result<_, _>>()?;
        Ok(Self { places: Arc::new(Semaphore::new(max_queue)), max_queue, sender: Some(sender), threads })
    }

    /// Takes a place, if one is free.
    ///
    /// # Errors
    /// [`QueueFull`].
    pub fn place(&self) -> Result<Place, QueueFull> {
        Arc::clone(&self.places).try_acquire_owned().map(Place).map_err(|_| QueueFull)
    }

    /// Files that are uploaded, waiting or worked on.
    pub fn taken(&self) -> usize {
        self.max_queue - self.places.available_permits()
    }

    /// Has `work` done, which keeps its `place` until then. What comes is what it gives; an error if it panicked or the
    /// service has ended.
    pub fn submit<T: Send + 'static>(
        &self,
        place: Place,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> oneshot::Receiver<T> {
        let (answer, receiver) = oneshot::channel();
        let task: Task = Box::new(move || {
            let _place = place;
            // Who asked may have gone.
            let _ = answer.send(work());
        });
        if let Some(sender) = &self.sender {
            // Full it cannot be, see above; a thread that is gone drops the answer, which the receiver sees.
            let _ = sender.try_send(task);
        }
        receiver
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.sender = None;
        for thread in self.threads.drain(..) {
            // A panic was told where it happened.
            let _ = thread.join();
        }
    }
}

fn work(queue: &Mutex<Receiver<Task>>) {
    // Where the system refuses, files and streams share the processors as ordinary threads do.
    earmark_core::lower_thread_priority();
    loop {
        let task = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(task) = task else { return };
        // What a file does to its job must not take the thread from the others; who asked sees that no answer comes.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(task));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_given_back_and_a_panic_takes_nothing_else_with_it() {
        let jobs = Jobs::start(1, 2).unwrap();
        let first = jobs.place().unwrap();
        let second = jobs.place().unwrap();
        assert!(matches!(jobs.place(), Err(QueueFull)));
        assert_eq!(jobs.taken(), 2);
        let broken = jobs.submit(first, || -> u32 { panic!("planned by the test") });
        let whole = jobs.submit(second, || 7);
        assert!(broken.blocking_recv().is_err());
        assert_eq!(whole.blocking_recv(), Ok(7));
        // The place is given back right after the answer.
        while jobs.taken() > 0 {
            std::thread::yield_now();
        }
    }
}
