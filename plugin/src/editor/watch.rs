//! Looks 25 times a second whether anything changed, and asks for a new picture only then: a window over a silent host
//! draws nothing. It is the only clock of what moves by itself, so that there never are more pictures than that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::shared::Shared;

/// Time between two looks: 25 pictures a second.
const INTERVAL: Duration = Duration::from_millis(40);

/// The thread that looks; it ends with this value.
#[derive(Debug)]
pub struct Watch {
    /// Dropped to end the thread: nothing is ever sent.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    /// Calls `changed` from a thread of its own whenever `shared` has something new to show, and once after each time
    /// that `moving` was raised.
    ///
    /// # Errors
    /// The system refuses a thread.
    pub fn start(
        shared: Arc<Shared>,
        moving: Arc<AtomicBool>,
        changed: impl Fn() + Send + 'static,
    ) -> std::io::Result<Self> {
        let (stop, stopped) = channel();
        let thread = std::thread::Builder::new()
            .name("earmark-editor".to_owned())
            .spawn(move || look(&shared, &moving, &stopped, changed))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

fn look(shared: &Shared, moving: &AtomicBool, stopped: &Receiver<()>, changed: impl Fn()) {
    // What changes with every frame, with every edit, with every activation.
    let facts = || {
        let told = (shared.learning(), shared.phrase_takes(), shared.profile_problems());
        (shared.meters.written(), shared.params.generation(), shared.status(), shared.host_words(), told)
    };
    let mut seen = facts();
    while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
        let now = facts();
        if moving.swap(false, Ordering::Relaxed) || now != seen {
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
    use std::sync::atomic::AtomicU32;
    use std::time::Instant;

    use super::*;
    use crate::meters::MeterFrame;

    #[test]
    fn it_calls_when_something_happened_and_never_else() {
        let shared = Arc::new(Shared::new());
        let calls = Arc::new(AtomicU32::new(0));
        let counter = calls.clone();
        let moving = Arc::new(AtomicBool::new(false));
        let watch = Watch::start(shared.clone(), moving.clone(), move || {
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
        moving.store(true, Ordering::SeqCst);
        while calls.load(Ordering::SeqCst) == 1 {
            assert!(began.elapsed() < Duration::from_secs(20), "what moves is not drawn");
            std::thread::yield_now();
        }
        std::thread::sleep(4 * INTERVAL);
        assert_eq!(calls.load(Ordering::SeqCst), 2, "once for each time");
        drop(watch);
        shared.meters.push(MeterFrame::default());
        std::thread::sleep(2 * INTERVAL);
        assert_eq!(calls.load(Ordering::SeqCst), 2, "it has ended");
    }
}
