//! The log: a JSON object per line on standard error.

use tracing::level_filters::LevelFilter;

/// Starts it, for the whole process; a log that is there already stays.
pub fn start(quiet: bool) {
    let level = if quiet { LevelFilter::ERROR } else { LevelFilter::INFO };
    let log = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_target(false)
        .with_max_level(level)
        .with_writer(std::io::stderr)
        .finish();
    let _ = tracing::subscriber::set_global_default(log);
}
