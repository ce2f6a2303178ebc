//! Looks about 30 times a second whether anything changed, and asks for a new picture only then: a window over a
//! silent host draws nothing.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::shared::Shared;

/// Time between two looks: 30 pictures a second.
pub const INTERVAL: Duration = Duration::from_micros(33_333);

/// The thread that looks; it ends with this value.
#[derive(Debug)]
pub struct Watch {
    /// Dropped to end the thread: nothing is ever sent.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Calls `changed` from a thread of its own whenever `shared` has something new to show.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn start(shared: Arc<Shared>, changed: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new()
            .name("earmark-editor".to_owned())
            .spawn(move || look(&shared, &stopped, changed))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

fn look(shared: &Shared, stopped: &Receiver<()>, changed: impl Fn()) {
    // What changes with every frame, with every edit, with every activation.
    let facts = || (shared.meters.written(), shared.params.generation(), shared.status());
    let mut seen = facts();
    while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
        let now = facts();
        if now != seen {
            seen = now;
            changed();
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A panic in there was printed; there is nothing left to do about it.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Instant;

    use super::*;
    use crate::meters::MeterFrame;

    #[test]
    fn it_calls_when_something_happened_and_never_else() {
        let shared = Arc::new(Shared::new());
        let calls = Arc::new(AtomicU32::new(0));
        let counter = calls.clone();
        let watch = Watch::start(shared.clone(), move || {
            counter.fetch_add(1, Ordering::SeqCst);
        });
        let watch = watch.expect("a thread");
        std::thread::sleep(4 * INTERVAL);
        assert_eq!(calls.load(Ordering::SeqCst), 0, "nothing happened");
        shared.meters.push(MeterFrame::default());
        let began = Instant::now();
        while calls.load(Ordering::SeqCst) == 0 {
            assert!(began.elapsed() < Duration::from_secs(20), "never called");
            std::thread::yield_now();
        }
        std::thread::sleep(4 * INTERVAL);
        assert_eq!(calls.load(Ordering::SeqCst), 1, "one change, one call");
        drop(watch);
        shared.meters.push(MeterFrame::default());
        std::thread::sleep(2 * INTERVAL);
        assert_eq!(calls.load(Ordering::SeqCst), 1, "it has ended");
    }
}
