//! Stretches of a recording as files of their own.

use std::ops::Range;
use std::path::Path;

use super::detect::watched;
use super::{Observer, PipelineError, Recording};
use crate::audio::{SampleFormat, SourceInfo};
use crate::detect::DetectError;
use crate::output::{OutputError, create_folder_of};
use crate::render::WavWriter;

/// Bits of what had none: a lossy codec's samples.
const LOSSY_BITS: u16 = 24;

/// One stretch that becomes a file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clip<'a> {
    /// FILE.wav; missing folders are made.
    pub path: &'a Path,
    /// First instant, seconds.
    pub start_s: f64,
    /// End, seconds.
    pub end_s: f64,
}

/// Writes stretches of a recording, in order and apart, as WAV files: the samples as they are, in the recording's format (24 bits
/// where that is lossy). Each file appears whole or not at all.
///
/// # Errors
/// [`PipelineError`] if the recording cannot be read, a file cannot be written, or the observer stops it.
pub fn cut_clips(
    recording: &Recording,
    clips: &[Clip<'_>],
    observer: &mut dyn Observer,
) -> Result<(), PipelineError> {
    let (mut source, stoppable) = recording.open_watched(observer)?;
    let info = source.info().clone();
    let mut cutter = Cutter { info: &info, clips: clips.iter(), at: 0, open: None, failed: None };
    watched(&mut source, &recording.name(), stoppable, observer, |source, watch| {
        while let Some(block) = source.next_block().map_err(DetectError::from)? {
            watch(block)?;
            if let Err(error) = cutter.take(block) {
                cutter.failed = Some(error);
                break;
            }
        }
        // Nothing is mixed down here; of what cancels is told where the recording is heard.
        Ok(((), None))
    })?;
    cutter.finish()?;
    Ok(())
}

struct Cutter<'a, I> {
    info: &'a SourceInfo,
    /// Those that have not begun.
    clips: I,
    /// Samples per channel so far.
    at: u64,
    open: Option<(Range<u64>, WavWriter)>,
    failed: Option<OutputError>,
}

impl<'a, I: Iterator<Item = &'a Clip<'a>>> Cutter<'_, I> {
    /// Takes the next samples.
    fn take(&mut self, interleaved: &[f32]) -> Result<(), OutputError> {
        let channels = usize::from(self.info.channels.max(1));
        let end = self.at + (interleaved.len() / channels) as u64;
        while self.at < end {
            if self.open.is_none() {
                let Some(clip) = self.clips.next() else { break };
                self.open = Some(self.begin(clip)?);
            }
            let Some((span, wav)) = &mut self.open else { break };
            let (from, to) = (span.start.max(self.at), span.end.min(end));
            if from < to {
                let place =
                    |sample: u64| usize::try_from(sample + (interleaved.len() / channels) as u64 - end);
                let (first, last) = (place(from).unwrap_or(0), place(to).unwrap_or(0));
                wav.write(&interleaved[first * channels..last * channels])?;
            }
            if span.end > end {
                break;
            }
            self.at = self.at.max(span.end);
            if let Some((_, wav)) = self.open.take() {
                wav.finish()?;
            }
        }
        self.at = end;
        Ok(())
    }

    fn begin(&self, clip: &Clip<'_>) -> Result<(Range<u64>, WavWriter), OutputError> {
        let SourceInfo { rate_hz, channels, sample_format, lossy, .. } = *self.info;
        let format = if lossy { SampleFormat { bits: LOSSY_BITS, float: false } } else { sample_format };
        create_folder_of(clip.path)?;
        let wav = WavWriter::create(clip.path, rate_hz, channels, format)?;
        Ok((sample_at(clip.start_s, rate_hz)..sample_at(clip.end_s, rate_hz), wav))
    }

    /// The recording has ended; a clip that reaches beyond ends with it.
    fn finish(mut self) -> Result<(), OutputError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        loop {
            if let Some((_, wav)) = self.open.take() {
                wav.finish()?;
            }
            let Some(clip) = self.clips.next() else { return Ok(()) };
            self.open = Some(self.begin(clip)?);
        }
    }
}

/// The sample that is nearest to an instant.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "times of a recording; `as` saturates"
)]
pub(super) fn sample_at(seconds: f64, rate_hz: u32) -> u64 {
    (seconds * f64::from(rate_hz)).round() as u64
}
