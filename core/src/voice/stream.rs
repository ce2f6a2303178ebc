//! A detector and the voices beside it, on one stream.

use super::VoiceError;
use super::follow::{Follower, Voices};
use crate::FrameScores;
use crate::detect::{DetectError, Detector, DetectorStream};
use crate::embed::{EmbedStream, Vectors};
use crate::signal::MAX_LABELS;

/// Hears one stream as a [`DetectorStream`] does, with a column for each enrolled voice: see [`Voices::follow`], which gives
/// the same scores of the same samples. Frames come no later than without voices, but where the network of the voices looks
/// further ahead.
///
/// When that network fails the stream goes on as [`on_failure`](super::FollowSettings::on_failure) says, and
/// [`has_failed`](Self::has_failed) tells it.
#[derive(Debug)]
pub struct VoiceStream {
    detector: DetectorStream,
    embed: EmbedStream,
    follower: Follower,
    rows: Vectors,
    /// Scores that wait for the rows that they are decided with.
    waiting: FrameScores,
    empty: FrameScores,
    failed: bool,
}

impl VoiceStream {
    /// A stream for a source of `rate_hz` and `channels`.
    ///
    /// # Errors
    /// [`VoiceError`] if the rate cannot be heard, the pack of `detector` does not know speech, or there are more labels
    /// than a live frame has room for.
    pub fn new(
        detector: &Detector,
        voices: &Voices,
        rate_hz: u32,
        channels: u16,
    ) -> Result<Self, VoiceError> {
        let labels = detector.pack().manifest().labels.len();
        let count = voices.enrolled().len();
        if labels + count > MAX_LABELS {
            return Err(VoiceError::TooManyVoices { count, labels, max: MAX_LABELS });
        }
        let follower = Follower::new(voices, detector.pack().manifest())?;
        let detector = detector.stream(rate_hz, channels)?;
        let embed = voices.model().embedder().stream(rate_hz, channels)?;
        let waiting = detector.scores();
        let empty = voices.widened(&waiting);
        Ok(Self { detector, rows: embed.vectors(), embed, follower, waiting, empty, failed: false })
    }

    /// Empty scores with this stream's labels and rate, to append frames to.
    pub fn scores(&self) -> FrameScores {
        self.empty.clone()
    }

    /// Whether the network of the voices has failed: no voice is judged since.
    pub fn has_failed(&self) -> bool {
        self.failed
    }

    /// How like the likeliest of the voices whoever speaks is, as the last window was judged: 0 to 1, what lies over 0.5 speaks
    /// for it. `None` until something was judged since the onset.
    pub fn likeness(&self) -> Option<f64> {
        self.follower.likeness()
    }

    /// Hears interleaved samples and appends the frames that are complete.
    ///
    /// # Errors
    /// [`DetectError`] if the detector fails; the stream cannot go on then.
    pub fn push(&mut self, interleaved: &[f32], heard: &mut FrameScores) -> Result<(), DetectError> {
        self.detector.push(interleaved, &mut self.waiting)?;
        if !self.failed && self.embed.push(interleaved, &mut self.rows).is_err() {
            self.fail();
        }
        self.emit(false, heard);
        Ok(())
    }

    /// Back to the start: what is pushed next is the beginning of a new stream. A network that has failed stays silent.
    pub fn reset(&mut self) {
        self.detector.reset();
        self.embed.reset();
        self.follower.reset();
        if self.failed {
            self.follower.fail();
        }
        self.rows.rows.clear();
        self.waiting.probabilities.clear();
        self.waiting.mean_square.clear();
    }

    /// The stream has ended: appends all frames that are still on their way, and goes back to the start.
    ///
    /// # Errors
    /// As [`VoiceStream::push`].
    pub fn finish(&mut self, heard: &mut FrameScores) -> Result<(), DetectError> {
        let ended = self.detector.finish_and_reset(&mut self.waiting);
        if !self.failed && self.embed.finish(&mut self.rows).is_err() {
            self.fail();
        }
        self.emit(true, heard);
        self.reset();
        ended
    }

    fn fail(&mut self) {
        self.failed = true;
        self.follower.fail();
    }

    /// Appends the frames whose rows are there, at the end all.
    fn emit(&mut self, all: bool, heard: &mut FrameScores) {
        for row in self.rows.iter() {
            self.follower.push_row(row);
        }
        self.rows.rows.clear();
        let mut frames = 0;
        while frames < self.waiting.frames() && (all || self.follower.is_ready()) {
            let scores = self.waiting.row(frames);
            heard.probabilities.extend_from_slice(scores);
            self.follower.frame(scores, &mut heard.probabilities);
            heard.mean_square.push(self.waiting.mean_square[frames]);
            frames += 1;
        }
        heard.samples = self.waiting.samples;
        self.waiting.probabilities.drain(..frames * self.waiting.labels.len());
        self.waiting.mean_square.drain(..frames);
    }
}
