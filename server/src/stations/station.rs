//! One source that is heard.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use earmark_core::audio::Ffmpeg;
use earmark_core::decide::TimelineSettings;
use earmark_core::detect::Detector;
use earmark_core::model::runtime;
use earmark_core::phrase::Phrases;
use earmark_core::stream::StreamSettings;

use super::Board;
use crate::config::SourceConfig;
use crate::metrics::Metrics;
use crate::sinks::Say;
use crate::sources::{Input, SourceSettings};
use crate::stream::{Outputs, StreamJob, run};

/// Time between frame events, from which the level is known.
const FRAME_MS: u32 = 100;
/// What a URL is decoded to: Hz and channels. Speech and music are told apart as well, at a third of the work of 48 kHz.
const FORMAT: (u32, u16) = (16_000, 1);

/// A source that runs; dropped, it is ended and waited for.
#[derive(Debug)]
pub struct Station {
    config: SourceConfig,
    board: Arc<Board>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Station {
    pub fn start(
        config: SourceConfig,
        detector: Arc<Detector>,
        phrases: Option<&Arc<Phrases>>,
        metrics: Arc<Metrics>,
    ) -> std::io::Result<Self> {
        let board = Arc::new(Board::new(config.name.clone(), Arc::clone(&metrics)));
        let stop = Arc::new(AtomicBool::new(false));
        let (writer, flag) = (Arc::clone(&board), Arc::clone(&stop));
        let job = job(&config, &detector, phrases);
        let thread = std::thread::Builder::new()
            .name("earmark station".to_owned())
            .spawn(move || runtime::enter("earmark station", || listen(job, &detector, &flag, &writer)))?;
        Ok(Self { config, board, stop, thread: Some(thread) })
    }

    pub fn config(&self) -> &SourceConfig {
        &self.config
    }

    pub fn board(&self) -> &Arc<Board> {
        &self.board
    }

    pub fn ask_to_stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl Drop for Station {
    fn drop(&mut self) {
        self.ask_to_stop();
        if let Some(thread) = self.thread.take() {
            // A panic was told where it happened.
            let _ = thread.join();
        }
    }
}

fn job(config: &SourceConfig, detector: &Detector, phrases: Option<&Arc<Phrases>>) -> StreamJob {
    StreamJob {
        source: SourceSettings {
            input: Input::named(&config.url),
            pcm: None,
            url_format: FORMAT,
            limits: crate::sources::Limits::default(),
            ffmpeg: Ffmpeg::System,
        },
        settings: StreamSettings {
            name: config.name.clone(),
            timeline: TimelineSettings::for_pack(detector.pack().manifest()),
            frame_ms: Some(FRAME_MS),
        },
        wall_clock: true,
        // Checked when the configuration was read.
        reactions: config.reactions().unwrap_or_default(),
        voices: None,
        phrases: phrases.cloned(),
        through: None,
    }
}

fn listen(job: StreamJob, detector: &Arc<Detector>, stop: &AtomicBool, board: &Arc<Board>) {
    let name = board.name().to_owned();
    let say: Say = Arc::new(move |text: &str| tracing::warn!(source = name, text, "a source says"));
    let events = Box::new(Lines { board: Arc::clone(board), line: Vec::new() });
    let outputs = Outputs { events, sound: Box::new(std::io::sink()) };
    let ended = run(job, detector, stop, outputs, &say);
    if let Err(error) = &ended {
        tracing::error!(source = board.name(), %error, "a source ended");
    }
    board.ended(ended.err().map(|error| error.to_string()));
}

/// Puts each line on the board.
struct Lines {
    board: Arc<Board>,
    line: Vec<u8>,
}

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(part);
            if let Some(line) = self.line.strip_suffix(b"\n") {
                self.board.take(&String::from_utf8_lossy(line));
                self.line.clear();
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
