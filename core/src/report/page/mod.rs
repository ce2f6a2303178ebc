//! The page for a browser: one file that loads nothing, in which a timeline is seen, heard, corrected and compared.
//!
//! ```text
//! samples ─▶ Envelope, Spectrogram ─┐
//! scores ───────────────────────────┴▶ Overview ─┐
//! Report, Figures, Audio ────────────────────────┴▶ PageRecording ─▶ page():  assets/ + data as JSON ─▶ HTML
//! ```
//!
//! What is drawn without the sound is reduced to a fixed number of columns ([`Detail`]), so that the page of three hours is
//! as large as that of one. What is finer the page computes itself, where the sound is at hand: inside ([`Audio::Embedded`]),
//! chosen by the user, or served beside it.
//!
//! Names and labels are text of strangers. They enter as JSON in which `<` is escaped, and the scripts put them into the
//! document as text only; the policy of the page (`Content-Security-Policy`) allows its own scripts by their hashes and
//! nothing else.

mod assets;
mod audio;
mod data;
mod overview;
mod spectrogram;

use super::Report;

pub use assets::LANES_JS;
pub use audio::{Audio, media_type, url_from};
pub use overview::{Detail, Overview};
pub use spectrogram::{Spectrogram, SpectrogramBuilder};

/// A recording on the page.
#[derive(Debug, Clone, PartialEq)]
pub struct PageRecording {
    /// What was heard.
    pub report: Report,
    /// Another list of the same recording, to be compared with.
    pub compared: Option<Report>,
    /// Loudness and noise.
    pub figures: Figures,
    /// What is drawn before there is any sound.
    pub overview: Overview,
    /// Where the sound is.
    pub audio: Audio,
    /// Its samples per second and channel, which timelines that are downloaded count.
    pub rate_hz: u32,
    /// Its channels.
    pub channels: u16,
}

/// What the summary says beside the labels. `None` is what could not be measured.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Figures {
    /// Gated loudness by EBU R 128, LUFS.
    pub integrated_lufs: Option<f64>,
    /// Highest sample of any channel, dBFS.
    pub sample_peak_dbfs: Option<f64>,
    /// Speech over noise, dB.
    pub snr_db: Option<f64>,
    /// Mean level of the noise, dBFS.
    pub noise_floor_dbfs: Option<f64>,
    /// Its kind, where that is sure.
    pub noise_kind: Option<String>,
}

/// The stretch that is shown first, seconds; `None` is the recording's own start or end.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct FirstView {
    /// Its start.
    pub from_s: Option<f64>,
    /// Its end.
    pub to_s: Option<f64>,
}

/// One page for all recordings: that of the only one, or a list of them to choose from.
pub fn page(recordings: &[PageRecording], view: FirstView) -> String {
    let pages = recordings.iter().map(|recording| data::of_recording(recording, None)).collect();
    let sounds = recordings.iter().map(|recording| &recording.audio);
    assets::document(&data::of_page(pages, view, false), sounds)
}

/// The page of one recording among others; `index` is the address of the list of all of them.
pub fn page_below(recording: &PageRecording, view: FirstView, index: &str) -> String {
    let page = data::of_recording(recording, None);
    assets::document(&data::of_page(vec![page], view, true).with_index(index), [&recording.audio].into_iter())
}

/// A row of an [`index`].
#[derive(Debug, Clone, PartialEq)]
pub struct IndexRow {
    row: data::RecordingData,
}

impl IndexRow {
    /// The row of a recording whose page has the address `page`.
    pub fn new(recording: &PageRecording, page: &str) -> Self {
        Self { row: data::of_recording(recording, Some(page)) }
    }
}

/// The list of recordings that have a page each.
pub fn index(rows: Vec<IndexRow>) -> String {
    let rows = rows.into_iter().map(|row| row.row).collect();
    assets::document(&data::of_page(rows, FirstView::default(), true), std::iter::empty())
}

#[cfg(test)]
mod tests;
