//! Ctrl-C: work stops at the next block, streams end where they are, partial outputs are removed on the way out, the exit
//! code is 130.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::{Duration, Instant};

use earmark_core::output::remove_partial_files;

/// The exit code after an interruption.
pub const EXIT_CODE: u8 = 130;

/// Shared with whoever waits for a stream. A signal is for the whole process, so there is one.
static REQUESTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// A signal so soon after the first is the same one: `timeout` sends its own to the process and to its group.
const ONE_SIGNAL: Duration = Duration::from_millis(200);

/// Listens for the interrupt and termination signals. A second one ends the process at once.
pub fn install() {
    let first = OnceLock::new();
    // Without a handler the signal still ends the process; only the clean-up is lost.
    let _ = ctrlc::set_handler(move || {
        let first = first.get_or_init(Instant::now);
        if REQUESTED.swap(true, Ordering::Relaxed) && first.elapsed() > ONE_SIGNAL {
            remove_partial_files();
            std::process::exit(EXIT_CODE.into());
        }
    });
}

/// Whether the user asked to stop.
pub fn requested() -> bool {
    REQUESTED.load(Ordering::Relaxed)
}

/// What [`requested`] looks at.
pub fn flag() -> Arc<AtomicBool> {
    Arc::clone(&REQUESTED)
}

/// The error that unwinds the work after [`requested`].
#[derive(Debug, Clone, Copy)]
pub struct Interrupted;

impl std::fmt::Display for Interrupted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Interrupted {}

/// `Err(Interrupted)` once the user asked to stop; called between blocks of work.
pub fn check() -> Result<(), Interrupted> {
    if requested() { Err(Interrupted) } else { Ok(()) }
}
