//! What a user changes about the settings of a timeline, in a command line, a request or a call.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{MAX_SEGMENT_RANGE_MS, Purpose, TimelineError, TimelineSettings};
use crate::Label;

/// Changes to [`TimelineSettings`]; what is absent stays.
///
/// ```
/// use earmark_core::Label;
/// use earmark_core::decide::{TimelineChanges, TimelineSettings};
///
/// let changes = TimelineChanges { threshold: [(Label::SPEECH, 0.8)].into(), ..TimelineChanges::default() };
/// let settings = changes.apply(TimelineSettings::default(), &[Label::SPEECH, Label::MUSIC])?;
/// assert_eq!(settings.of(&Label::SPEECH).open, 0.8);
/// # Ok::<(), earmark_core::decide::TimelineError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TimelineChanges {
    /// Probability at which a label opens; what closes and confirms it moves along
    /// ([`LabelSettings::with_threshold`](super::LabelSettings::with_threshold)).
    pub threshold: BTreeMap<Label, f32>,
    /// Shorter segments of a label are dropped, milliseconds.
    pub min_on_ms: BTreeMap<Label, u32>,
    /// Shorter gaps between two segments of a label are filled, milliseconds.
    pub min_gap_ms: BTreeMap<Label, u32>,
    /// Silent is what has at most this level, dBFS.
    pub silence_dbfs: Option<f64>,
    /// One label per instant, by priority; an empty list is the usual order ([`TimelineSettings::default_priority`]).
    pub exclusive: Option<Vec<Label>>,
    /// Whether borders move to the clearest step of the level nearby.
    pub refine_borders: Option<bool>,
    /// What the segments are for; what is told beside it goes before it.
    pub purpose: Option<Purpose>,
    /// Shorter speech is dropped, milliseconds.
    pub min_speech_ms: Option<u32>,
    /// Shorter pauses of speech are filled, and shorter silences are none, milliseconds.
    pub min_silence_ms: Option<u32>,
    /// Speech is padded by this at both ends, milliseconds.
    pub pad_ms: Option<u32>,
    /// Longer speech is divided, seconds.
    pub max_segment_s: Option<f64>,
}

impl TimelineChanges {
    /// The changed settings. `known` are the labels that the pack has.
    ///
    /// # Errors
    /// [`TimelineError`] for a label that is not known, or a value out of its range.
    pub fn apply(
        &self,
        mut settings: TimelineSettings,
        known: &[Label],
    ) -> Result<TimelineSettings, TimelineError> {
        if let Some(refine) = self.refine_borders {
            settings.refine_borders = refine;
        }
        if let Some(purpose) = self.purpose {
            purpose.shape(&mut settings);
        }
        self.shape_speech(&mut settings)?;
        for (label, open) in &self.threshold {
            label.check_known(known)?;
            settings.set_threshold(label, *open);
        }
        for (label, ms) in &self.min_on_ms {
            label.check_known(known)?;
            settings.labels.entry(label.clone()).or_insert(settings.default).min_on_ms = *ms;
        }
        for (label, ms) in &self.min_gap_ms {
            label.check_known(known)?;
            settings.labels.entry(label.clone()).or_insert(settings.default).min_gap_ms = *ms;
        }
        if let Some(level) = self.silence_dbfs {
            settings.silence_dbfs = level;
        }
        if let Some(priority) = &self.exclusive {
            for label in priority {
                label.check_known(known)?;
            }
            let usual = priority.is_empty().then(TimelineSettings::default_priority);
            settings.exclusive = Some(usual.unwrap_or_else(|| priority.clone()));
        }
        settings.check()?;
        Ok(settings)
    }

    fn shape_speech(&self, settings: &mut TimelineSettings) -> Result<(), TimelineError> {
        let speech = settings.of(&Label::SPEECH);
        let mut shaped = speech;
        shaped.min_on_ms = self.min_speech_ms.unwrap_or(speech.min_on_ms);
        if let Some(ms) = self.min_silence_ms {
            // A pause that is to be filled is no silence either.
            (shaped.min_gap_ms, settings.min_silence_ms) = (ms, ms);
        }
        shaped.pad_ms = self.pad_ms.unwrap_or(speech.pad_ms);
        if let Some(seconds) = self.max_segment_s {
            shaped.max_ms = Some(milliseconds(seconds).ok_or(TimelineError::MaxSegment(seconds))?);
        }
        if shaped != speech {
            settings.labels.insert(Label::SPEECH, shaped);
        }
        Ok(())
    }
}

/// Of a longest segment, if it can be one.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "within the range that is checked"
)]
fn milliseconds(seconds: f64) -> Option<u32> {
    let ms = (seconds * 1_000.0).round();
    let (least, most) = MAX_SEGMENT_RANGE_MS.into_inner();
    (f64::from(least)..=f64::from(most)).contains(&ms).then_some(ms as u32)
}

impl Label {
    /// Refuses a label that is none of `known`, those of a pack.
    ///
    /// # Errors
    /// [`TimelineError::UnknownLabel`], which lists them.
    pub fn check_known(&self, known: &[Self]) -> Result<(), TimelineError> {
        if known.contains(self) {
            return Ok(());
        }
        let names: Vec<&str> = known.iter().map(Self::as_str).collect();
        Err(TimelineError::UnknownLabel { label: self.as_str().to_owned(), known: names.join(", ") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::LabelSettings;

    const KNOWN: [Label; 2] = [Label::SPEECH, Label::MUSIC];

    #[test]
    fn what_is_absent_stays() {
        let plain = TimelineSettings::default();
        assert_eq!(TimelineChanges::default().apply(plain.clone(), &KNOWN).unwrap(), plain);
        let changes: TimelineChanges = serde_json::from_str(r#"{"silence_dbfs": -50.0}"#).unwrap();
        let expected = TimelineSettings { silence_dbfs: -50.0, ..plain.clone() };
        assert_eq!(changes.apply(plain.clone(), &KNOWN).unwrap(), expected);
        let changes: TimelineChanges = serde_json::from_str(r#"{"min_gap_ms": {"speech": 50}}"#).unwrap();
        let speech = changes.apply(plain.clone(), &KNOWN).unwrap().of(&Label::SPEECH);
        assert_eq!(speech, LabelSettings { min_gap_ms: 50, ..plain.of(&Label::SPEECH) });
        let changes: TimelineChanges = serde_json::from_str(r#"{"exclusive": []}"#).unwrap();
        let usual = changes.apply(plain, &KNOWN).unwrap().exclusive;
        assert_eq!(usual, Some(TimelineSettings::default_priority()), "whatever the pack has");
    }

    #[test]
    fn what_is_told_goes_before_the_purpose() {
        let apply = |json: &str| {
            let changes: TimelineChanges = serde_json::from_str(json).unwrap();
            changes.apply(TimelineSettings::default(), &KNOWN)
        };
        let shaped = apply(r#"{"purpose": "transcription", "pad_ms": 50, "min_silence_ms": 700}"#).unwrap();
        let speech = shaped.of(&Label::SPEECH);
        assert_eq!((speech.pad_ms, speech.min_gap_ms, speech.max_ms), (50, 700, Some(30_000)));
        assert_eq!(shaped.min_silence_ms, 700);
        assert_eq!(shaped.of(&Label::MUSIC), TimelineSettings::default().of(&Label::MUSIC));
        let refused = |json: &str| apply(json).unwrap_err().to_string();
        assert!(refused(r#"{"purpose": "subtitles", "exclusive": []}"#).contains("padding to 0"));
        assert!(apply(r#"{"purpose": "subtitles", "exclusive": [], "pad_ms": 0}"#).is_ok());
        for seconds in ["0.2", "-3", "1e300", "3600.1"] {
            let said = refused(&format!(r#"{{"max_segment_s": {seconds}}}"#));
            assert!(said.contains("1 to 3600 s"), "{said}");
        }
        assert!(refused(r#"{"pad_ms": 10001}"#).contains("at most 10000 ms"));
    }

    #[test]
    fn labels_that_the_pack_lacks_and_values_out_of_range_are_refused() {
        let refused = |json: &str| {
            let changes: TimelineChanges = serde_json::from_str(json).unwrap();
            changes.apply(TimelineSettings::default(), &KNOWN).unwrap_err().to_string()
        };
        let said = refused(r#"{"threshold": {"sneeze": 0.5}}"#);
        assert_eq!(said, "\"sneeze\" is not a label of this pack; it has speech, music");
        assert!(refused(r#"{"exclusive": ["speech", "noise"]}"#).contains("\"noise\""));
        assert!(refused(r#"{"threshold": {"speech": 1.5}}"#).contains("between 0 and 1"));
        assert!(refused(r#"{"silence_dbfs": 3.0}"#).contains("silence level"));
        assert!(serde_json::from_str::<TimelineChanges>(r#"{"treshold": {}}"#).is_err());
    }
}
