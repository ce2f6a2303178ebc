//! Who speaks in a recording whose future is known.
//!
//! At each step the speech around it is compared with every enrolled voice; then the likeliest course of voices is found, a
//! change costing something, less where nobody speaks (Viterbi). A window never reaches across a pause.

use std::ops::Range;

use super::VoiceError;
use super::follow::Voices;
use super::print::RowSum;
use crate::decide::Hysteresis;
use crate::embed::Vectors;
use crate::model::pack::Manifest;
use crate::signal::units::real;
use crate::{FrameScores, Label};

/// Half of a window, rows: with rows of 40 ms a window lasts a second and a half.
const HALF_WINDOW_ROWS: usize = 18;
/// Rows per step.
const STEP_ROWS: usize = 2;
/// A pause of so many frames is a border of windows: 300 ms.
const BORDER_FRAMES: usize = 30;
/// What a change of voice costs within speech and at a border, in log-odds.
const CHANGE_COST: f64 = 3.0;
const CHANGE_COST_AT_BORDER: f64 = 0.7;
/// Log-odds that say neither the voice nor another: a pack is calibrated so that its errors are equal at the owner's threshold,
/// far above 0. Of two-voice programmes of unseen speakers 96 % of the owner and 4 % of the other pass with this.
const NEUTRAL_LOG_ODDS: f64 = 1.2;
/// One window's log-odds count no more than this.
const MOST_LOG_ODDS: f64 = 6.0;

impl Voices {
    /// The scores of a recording with a column for each voice, each instant of speech given to one voice or to none.
    ///
    /// # Errors
    /// [`VoiceError::NoSpeech`] if the scores have no speech.
    pub fn assign(
        &self,
        pack: &Manifest,
        heard: &FrameScores,
        rows: &Vectors,
    ) -> Result<FrameScores, VoiceError> {
        self.assigned(pack, heard, rows, false)
    }

    /// The same with a last column, [`other_voice`], that is speech of none of them.
    ///
    /// # Errors
    /// As [`Voices::assign`].
    pub fn assign_all(
        &self,
        pack: &Manifest,
        heard: &FrameScores,
        rows: &Vectors,
    ) -> Result<FrameScores, VoiceError> {
        self.assigned(pack, heard, rows, true)
    }

    fn assigned(
        &self,
        pack: &Manifest,
        heard: &FrameScores,
        rows: &Vectors,
        with_others: bool,
    ) -> Result<FrameScores, VoiceError> {
        let speech = heard.column(&Label::SPEECH);
        let speech = speech.ok_or_else(|| VoiceError::NoSpeech { pack: pack.name.clone() })?;
        let mut hysteresis = Hysteresis::new(pack.thresholds_of(&Label::SPEECH));
        let speaking: Vec<bool> =
            (0..heard.frames()).map(|frame| hysteresis.push(heard.row(frame)[speech])).collect();
        // Who speaks in each frame: a voice by its number, or nobody who is enrolled.
        let mut who: Vec<Option<usize>> = vec![None; heard.frames()];
        let mut course = Course::new(self.enrolled().len());
        for stretch in stretches(&speaking) {
            self.walk(rows, &stretch, &mut course);
        }
        for (frames, voice) in course.likeliest() {
            who[frames].fill(voice);
        }
        let mut out = self.widened(heard);
        out.labels.extend(with_others.then(other_voice));
        for (frame, who) in who.iter().enumerate() {
            let scores = heard.row(frame);
            out.probabilities.extend_from_slice(scores);
            let is = |voice: Option<usize>| if *who == voice { scores[speech] } else { 0.0 };
            out.probabilities.extend((0..self.enrolled().len()).map(|voice| is(Some(voice))));
            out.probabilities.extend(with_others.then(|| is(None)));
        }
        out.mean_square.clone_from(&heard.mean_square);
        out.samples = heard.samples;
        Ok(out)
    }

    /// Compares the steps of one stretch of speech.
    fn walk(&self, rows: &Vectors, stretch: &Range<usize>, course: &mut Course) {
        let hop = rows.hop_frames.max(1);
        let (first, end) = (stretch.start / hop, stretch.end.div_ceil(hop).min(rows.len()));
        let step_frames = STEP_ROWS * hop;
        let mut frame = stretch.start;
        while frame < stretch.end {
            let until = (frame + step_frames).min(stretch.end);
            let middle = (frame + until) / 2 / hop;
            let from = middle.saturating_sub(HALF_WINDOW_ROWS).max(first);
            let to = (middle + HALF_WINDOW_ROWS + 1).min(end).max(from);
            let mut sum = RowSum::new(rows.dim);
            (from..to).for_each(|row| sum.add(rows.row(row)));
            let print = sum.print(rows.hop_s());
            let likeness = self.model().compare_all(self.enrolled(), &print);
            // Windows overlap: each step counts for its share of one.
            let share = real(until - frame) / real(((to - from) * hop).max(1));
            let evidence = likeness
                .map(|l| (l.log_odds - NEUTRAL_LOG_ODDS).clamp(-MOST_LOG_ODDS, MOST_LOG_ODDS) * share);
            course.push(frame..until, frame == stretch.start, evidence);
            frame = until;
        }
    }
}

/// Speech of none of the enrolled voices, as a column.
pub fn other_voice() -> Label {
    Label::new(Label::VOICE_PREFIX)
}

/// Stretches of speech, in frames; shorter pauses than a border belong to them.
fn stretches(speaking: &[bool]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    for frame in (0..speaking.len()).filter(|frame| speaking[*frame]) {
        match found.last_mut() {
            Some(last) if frame - last.end < BORDER_FRAMES => last.end = frame + 1,
            _ => found.push(frame..frame + 1),
        }
    }
    found
}

/// The likeliest course through steps, each with the log-odds of every voice against nobody who is enrolled.
struct Course {
    /// Of the best course that ends with each voice; the last is that of nobody.
    best: Vec<f64>,
    steps: Vec<Step>,
}

struct Step {
    frames: Range<usize>,
    /// For each state the one before it.
    came_from: Vec<usize>,
}

impl Course {
    fn new(voices: usize) -> Self {
        Self { best: vec![0.0; voices + 1], steps: Vec::new() }
    }

    fn push(&mut self, frames: Range<usize>, at_border: bool, evidence: impl Iterator<Item = f64>) {
        let cost = if at_border { CHANGE_COST_AT_BORDER } else { CHANGE_COST };
        let mut leader = 0;
        for state in 1..self.best.len() {
            if self.best[state] > self.best[leader] {
                leader = state;
            }
        }
        let change = self.best[leader] - cost;
        let came_from: Vec<usize> = (0..self.best.len())
            .map(|state| if self.best[state] >= change { state } else { leader })
            .collect();
        for (state, evidence) in evidence.chain([0.0]).enumerate() {
            self.best[state] = self.best[state].max(change) + evidence;
        }
        self.steps.push(Step { frames, came_from });
    }

    /// For each step its frames and who speaks there.
    fn likeliest(self) -> Vec<(Range<usize>, Option<usize>)> {
        let nobody = self.best.len() - 1;
        let mut state =
            (0..=nobody).fold(nobody, |best, s| if self.best[s] > self.best[best] { s } else { best });
        let mut course = Vec::with_capacity(self.steps.len());
        for step in self.steps.into_iter().rev() {
            course.push((step.frames, (state != nobody).then_some(state)));
            state = step.came_from[state];
        }
        course
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_course_turns_where_the_evidence_does() {
        let course = |evidence: &[f64], border: usize| {
            let mut course = Course::new(1);
            for (step, log_odds) in evidence.iter().enumerate() {
                course.push(step..step + 1, step == border, [*log_odds].into_iter());
            }
            let mut who = vec![None; evidence.len()];
            course.likeliest().into_iter().for_each(|(frames, voice)| who[frames].fill(voice));
            who.iter().map(|voice| if voice.is_some() { '#' } else { '.' }).collect::<String>()
        };
        let none = usize::MAX;
        assert_eq!(course(&[1.0, 1.0, 1.0, 1.0, -1.0, -1.0, -1.0, -1.0], none), "####....");
        // A moment of doubt is not worth two changes.
        assert_eq!(course(&[1.0, 1.0, 1.0, -1.0, -1.0, 1.0, 1.0, 1.0], none), "########");
        // Over a pause a change is cheap.
        assert_eq!(course(&[1.0, 1.0, 1.0, 1.0, -1.0, -1.0], 4), "####..");
        assert_eq!(course(&[1.0, 1.0, 1.0, 1.0, -1.0, -1.0], none), "######");
        assert_eq!(course(&[0.0, 0.0], none), "..", "without evidence nobody who is enrolled");
    }

    #[test]
    fn short_pauses_do_not_part_a_stretch() {
        let mut speaking = vec![false; 200];
        speaking[10..40].fill(true);
        speaking[60..80].fill(true);
        speaking[120..130].fill(true);
        assert_eq!(stretches(&speaking), [10..80, 120..130]);
        assert!(stretches(&[]).is_empty());
    }
}
