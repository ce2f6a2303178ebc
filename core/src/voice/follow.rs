//! Which enrolled voice speaks, while it speaks.
//!
//! With an onset of speech every voice is on at once: nobody is cut off before anything is known. What clearly is somebody else
//! goes off from [`early_ms`](FollowSettings::early_ms) on; after [`first_ms`](FollowSettings::first_ms) the first window is
//! judged, and all voices that it does not sound like go off. The window grows from the onset and is judged again every [`every_ms`](FollowSettings::every_ms), with hysteresis. Somebody
//! else may begin without a pause: the end of the window is judged by itself, too, and where it clearly says the contrary the
//! window begins anew there. A short pause does not begin a
//! turn: whoever was let in stays in, and who was not stays out, but the window begins anew and is judged soon.
//!
//! What is decided about a frame depends on its number and on the rows before it by a constant lag, never on how the
//! stream was cut into blocks.

use std::collections::VecDeque;
use std::sync::Arc;

use super::follow_settings::{FollowSettings, OnVoiceFailure};
use super::print::RowSum;
use super::{EnrolledVoice, VoiceError, VoiceModel};
use crate::decide::{Hysteresis, Thresholds, TimelineSettings};
use crate::embed::Vectors;
use crate::model::pack::Manifest;
use crate::signal::units::real;
use crate::{FrameGrid, FrameScores, Label};

/// Rows from one look for a clear case to the next.
const EARLY_STEP_ROWS: u64 = 3;
/// Milliseconds per frame of the grid.
const FRAME_MS: usize = 10;

/// The enrolled voices that a stream or a recording is followed for.
#[derive(Debug, Clone)]
pub struct Voices {
    model: Arc<VoiceModel>,
    enrolled: Vec<EnrolledVoice>,
    settings: FollowSettings,
}

impl Voices {
    /// Follows `enrolled` by `model`, which they were made for.
    pub fn new(model: Arc<VoiceModel>, enrolled: Vec<EnrolledVoice>, settings: FollowSettings) -> Self {
        Self { model, enrolled, settings }
    }

    /// The network.
    pub fn model(&self) -> &VoiceModel {
        &self.model
    }

    /// The voices.
    pub fn enrolled(&self) -> &[EnrolledVoice] {
        &self.enrolled
    }

    /// How they are followed.
    pub fn settings(&self) -> &FollowSettings {
        &self.settings
    }

    /// The labels of their columns, `voice:NAME`.
    pub fn labels(&self) -> impl ExactSizeIterator<Item = Label> {
        self.enrolled.iter().map(EnrolledVoice::label)
    }

    /// A voice is decided by the thresholds and durations of speech, of which it is a part.
    #[must_use]
    pub fn in_timeline(&self, mut settings: TimelineSettings) -> TimelineSettings {
        let speech = settings.of(&Label::SPEECH);
        settings.labels.extend(self.labels().map(|label| (label, speech)));
        settings
    }

    /// The same where every stretch is told as it begins: a stretch of a voice lasts at least as long as it takes to find
    /// out that it is somebody else.
    #[must_use]
    pub fn in_stream(&self, settings: TimelineSettings) -> TimelineSettings {
        let mut settings = self.in_timeline(settings);
        let FollowSettings { first_ms, every_ms, .. } = self.settings;
        let known_ms = u32::try_from(first_ms + 2 * every_ms).unwrap_or(u32::MAX);
        for label in self.labels() {
            if let Some(own) = settings.labels.get_mut(&label) {
                own.min_on_ms = own.min_on_ms.max(known_ms);
            }
        }
        settings
    }

    /// The scores of a recording with a column for each voice, as a live stream has them: see the module.
    ///
    /// # Errors
    /// [`VoiceError::NoSpeech`] if the scores have no speech.
    pub fn follow(
        &self,
        pack: &Manifest,
        heard: &FrameScores,
        rows: &Vectors,
    ) -> Result<FrameScores, VoiceError> {
        let mut follower = Follower::new(self, pack)?;
        let mut out = self.widened(heard);
        for row in rows.iter() {
            follower.push_row(row);
        }
        for frame in 0..heard.frames() {
            // The rows that a live stream waits for may be missing at the very end.
            let scores = heard.row(frame);
            out.probabilities.extend_from_slice(scores);
            follower.frame(scores, &mut out.probabilities);
        }
        out.mean_square.clone_from(&heard.mean_square);
        out.samples = heard.samples;
        Ok(out)
    }

    /// Empty scores with a column more for each voice.
    pub(super) fn widened(&self, heard: &FrameScores) -> FrameScores {
        let labels = heard.labels.iter().cloned().chain(self.labels()).collect();
        FrameScores::new(labels, heard.rate_hz)
    }
}

/// What is decided about one voice.
#[derive(Debug, Clone, Copy)]
struct State {
    on: bool,
    /// Whether anything was judged since the onset.
    judged: bool,
    /// First row of its window.
    from: u64,
}

/// Decides frame by frame.
#[derive(Debug)]
pub(super) struct Follower {
    voices: Voices,
    /// Column of speech in the scores.
    speech: usize,
    thresholds: Thresholds,
    hysteresis: Hysteresis,
    dim: usize,
    hop_frames: usize,
    hop_s: f64,
    /// Frames by which the rows that a frame is decided with end before it.
    lag_frames: usize,
    /// The last rows, and the number of the first of them.
    rows: VecDeque<f32>,
    first_row: u64,
    /// The next frame.
    frame: u64,
    /// Frames since the last one with speech; none before the first.
    pause: Option<u64>,
    /// The score of that one.
    held: f32,
    /// Row before which only clear cases are decided.
    first: u64,
    /// Rows at which the next window is judged.
    next: u64,
    states: Vec<State>,
    /// The log-odds of the likeliest voice when a window was last judged.
    judged: Option<f64>,
    failed: bool,
}

impl Follower {
    pub(super) fn new(voices: &Voices, pack: &Manifest) -> Result<Self, VoiceError> {
        let speech = pack.labels.iter().position(|label| *label == Label::SPEECH);
        let speech = speech.ok_or_else(|| VoiceError::NoSpeech { pack: pack.name.clone() })?;
        let thresholds = pack.thresholds_of(&Label::SPEECH);
        let embedder = voices.model.embedder();
        let hop_frames = embedder.hop_frames().max(1);
        Ok(Self {
            speech,
            thresholds,
            hysteresis: Hysteresis::new(thresholds),
            dim: embedder.dim(),
            hop_frames,
            hop_s: real(hop_frames) * FrameGrid::FRAME_S,
            // When the scores of a frame are there the network of the voices has heard as much, but for a call.
            lag_frames: embedder.pack().manifest().lookahead_frames + hop_frames,
            rows: VecDeque::new(),
            first_row: 0,
            frame: 0,
            pause: None,
            held: 0.0,
            first: 0,
            next: 0,
            states: vec![State { on: false, judged: false, from: 0 }; voices.enrolled.len()],
            judged: None,
            failed: false,
            voices: voices.clone(),
        })
    }

    /// Back to the start of a stream.
    pub(super) fn reset(&mut self) {
        self.hysteresis = Hysteresis::new(self.thresholds);
        self.rows.clear();
        (self.first_row, self.frame, self.next) = (0, 0, 0);
        (self.pause, self.judged) = (None, None);
        self.states.fill(State { on: false, judged: false, from: 0 });
        self.failed = false;
    }

    /// No more rows come.
    pub(super) fn fail(&mut self) {
        self.failed = true;
    }

    /// Takes the next row.
    pub(super) fn push_row(&mut self, row: &[f32]) {
        self.rows.extend(row);
    }

    /// The probability that whoever speaks is the likeliest of the voices, as far as it was judged.
    pub(super) fn likeness(&self) -> Option<f64> {
        self.judged.map(|log_odds| 1.0 / (1.0 + (-log_odds).exp()))
    }

    /// Whether the rows that the next frame is decided with are there.
    pub(super) fn is_ready(&self) -> bool {
        self.failed || self.known() <= self.first_row + (self.rows.len() / self.dim) as u64
    }

    /// Rows that the next frame is decided with.
    fn known(&self) -> u64 {
        (self.frame + 1).saturating_sub(self.lag_frames as u64) / self.hop_frames as u64
    }

    /// Takes the scores of the next frame and appends those of the voices.
    pub(super) fn frame(&mut self, scores: &[f32], out: &mut Vec<f32>) {
        let mut score = scores[self.speech];
        if self.hysteresis.push(score) {
            self.speak();
            self.held = score;
        } else if let Some(pause) = &mut self.pause {
            *pause += 1;
            if *pause <= (self.voices.settings.hold_ms / FRAME_MS) as u64 {
                score = self.held;
            }
        }
        self.frame += 1;
        let failed = self.failed.then_some(self.voices.settings.on_failure == OnVoiceFailure::Open);
        let likeness = |state: &State| if failed.unwrap_or(state.on) { score } else { 0.0 };
        out.extend(self.states.iter().map(likeness));
    }

    /// A frame of speech.
    fn speak(&mut self) {
        let settings = self.voices.settings;
        let pause = self.pause.replace(0);
        if pause.is_none_or(|frames| frames >= (settings.pause_ms / FRAME_MS) as u64) {
            let onset = self.frame / self.hop_frames as u64;
            self.states.fill(State { on: true, judged: false, from: onset });
            self.judged = None;
            self.first = onset + self.rows_of(settings.first_ms);
            self.next = onset + self.rows_of(settings.early_ms);
        } else if pause.is_some_and(|frames| frames >= (settings.short_pause_ms / FRAME_MS) as u64) {
            let from = self.frame / self.hop_frames as u64;
            self.states.iter_mut().for_each(|state| (state.judged, state.from) = (true, from));
            self.next = from + self.rows_of(settings.again_ms);
        }
        let known = self.known();
        if known < self.next || self.failed {
            return;
        }
        if known < self.first {
            self.judge_early(known);
            self.next = known + EARLY_STEP_ROWS;
            return;
        }
        self.judge(known);
        self.next = known + self.rows_of(settings.every_ms);
        self.forget(known);
    }

    /// Decides clear cases among the voices that nothing is decided about.
    fn judge_early(&mut self, known: u64) {
        let from = self.states.first().map_or(0, |state| state.from);
        let log_odds = self.log_odds(from, known);
        self.judged = log_odds.iter().copied().reduce(f64::max);
        for (state, log_odds) in self.states.iter_mut().zip(log_odds) {
            if !state.judged && log_odds < self.voices.settings.early_log_odds {
                (state.on, state.judged) = (false, true);
            }
        }
    }

    /// Judges the windows that end before row `known`.
    fn judge(&mut self, known: u64) {
        let settings = self.voices.settings;
        let recent = known.saturating_sub(self.rows_of(settings.recent_ms));
        let longest = known.saturating_sub(self.rows_of(settings.longest_ms));
        let of_end = self.log_odds(recent, known);
        self.judged = of_end.iter().copied().reduce(f64::max);
        for (index, of_end) in of_end.into_iter().enumerate() {
            let State { on, judged, from } = self.states[index];
            let from = from.max(longest);
            let whole = if from >= recent { of_end } else { self.log_odds(from, known)[index] };
            let bar = match (judged, on) {
                (false, _) => settings.first_log_odds,
                (true, true) => -settings.turn_log_odds,
                (true, false) => settings.turn_log_odds,
            };
            let mut now = State { on: whole >= bar, judged: true, from };
            // Somebody else may have begun: the end of the window alone says so.
            let against = if now.on { -of_end } else { of_end };
            if from < recent && against > settings.recent_log_odds {
                now = State { on: !now.on, from: recent, ..now };
            }
            self.states[index] = now;
        }
    }

    /// Of each voice, counted from the neutral ones, over the rows `from..to`.
    fn log_odds(&self, from: u64, to: u64) -> Vec<f64> {
        let mut sum = RowSum::new(self.dim);
        let mut row = Vec::with_capacity(self.dim);
        for index in from.max(self.first_row)..to {
            let Ok(start) = usize::try_from((index - self.first_row) * self.dim as u64) else { break };
            row.clear();
            row.extend(self.rows.range(start.min(self.rows.len())..(start + self.dim).min(self.rows.len())));
            sum.add(&row);
        }
        let print = sum.print(self.hop_s);
        self.voices
            .model
            .compare_all(&self.voices.enrolled, &print)
            .map(|likeness| likeness.log_odds - self.voices.settings.neutral_log_odds)
            .collect()
    }

    /// Drops the rows that no window will reach back to.
    fn forget(&mut self, known: u64) {
        let oldest = known.saturating_sub(self.rows_of(self.voices.settings.longest_ms));
        let surplus = oldest.saturating_sub(self.first_row);
        let values = usize::try_from(surplus).unwrap_or(0).saturating_mul(self.dim).min(self.rows.len());
        self.rows.drain(..values);
        self.first_row += (values / self.dim) as u64;
    }

    fn rows_of(&self, ms: usize) -> u64 {
        (ms / FRAME_MS / self.hop_frames).max(1) as u64
    }
}
