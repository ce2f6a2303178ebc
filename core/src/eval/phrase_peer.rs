//! Other detectors of a phrase, on the recordings on which the profile is scored, by the same arithmetic.

use super::{PeerScores, PhraseFigures, PhraseSaid, PhraseUnsaid, TableError, phrase_figures};
use crate::Label;

/// What a detector made of one recording.
#[derive(Debug, Clone, PartialEq)]
pub enum PhraseHeard {
    /// The phrase is said in it, once.
    Said(PhraseSaid),
    /// It is not.
    Unsaid(PhraseUnsaid),
}

/// What a detector made of all recordings.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PhraseTally {
    said: Vec<PhraseSaid>,
    unsaid: PhraseUnsaid,
}

impl PhraseTally {
    /// Takes in one more recording.
    pub fn add(&mut self, heard: PhraseHeard) {
        match heard {
            PhraseHeard::Said(said) => self.said.push(said),
            PhraseHeard::Unsaid(unsaid) => {
                self.unsaid.hours += unsaid.hours;
                self.unsaid.peaks.extend(unsaid.peaks);
            }
        }
    }

    /// The figures at a limit; none without sayings, or without speech that has not the phrase in it.
    pub fn figures(&self, limit: f32) -> Option<PhraseFigures> {
        let both = !self.said.is_empty() && self.unsaid.hours > 0.0;
        both.then(|| phrase_figures(&self.said, &self.unsaid, limit))
    }
}

impl PeerScores {
    /// What the detector made of a recording of `duration_s` in which the phrase `label` is said once, ending at `end_s`
    /// if that is known. It tells the phrase whenever its score comes to `limit` from below; the telling that is nearest
    /// to the end of the phrase says how late it is.
    ///
    /// # Errors
    /// [`TableError`] if there is no column for the phrase, or the scores end before the recording.
    pub fn said(
        &self,
        label: &Label,
        group: String,
        (duration_s, end_s): (f64, Option<f64>),
        limit: f32,
    ) -> Result<PhraseHeard, TableError> {
        let scores = self.of_phrase(label, duration_s)?;
        let highest = scores.clone().map(|(_, score)| score).fold(f32::MIN, f32::max);
        let mut before = f32::MIN;
        let told = scores.filter_map(|(time_s, score)| {
            let rises = score >= limit && before < limit;
            before = score;
            rises.then_some(time_s)
        });
        let late = |end_s: f64| {
            told.map(|time_s| time_s - end_s).reduce(|a, b| if b.abs() < a.abs() { b } else { a })
        };
        Ok(PhraseHeard::Said(PhraseSaid { group, score: highest, delay_s: end_s.and_then(late) }))
    }

    /// What the detector made of a recording of `duration_s` without the phrase: its highest score in each second. A score
    /// belongs to the second in which it was known, and to no other; those after the end to the last.
    ///
    /// # Errors
    /// Those of [`Self::said`].
    pub fn unsaid(&self, label: &Label, duration_s: f64) -> Result<PhraseHeard, TableError> {
        let scores = self.of_phrase(label, duration_s)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
        let second = |time_s: f64| time_s as usize;
        let last = second(duration_s.ceil()).saturating_sub(1);
        let mut peaks = vec![f32::MIN; last + 1];
        for (time_s, score) in scores {
            let peak = &mut peaks[second(time_s).min(last)];
            *peak = peak.max(score);
        }
        Ok(PhraseHeard::Unsaid(PhraseUnsaid { hours: duration_s / 3_600.0, peaks }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lights() -> Label {
        Label::new("phrase:lights")
    }

    #[test]
    fn a_saying_is_told_where_the_score_comes_to_the_limit() {
        let scores = PeerScores::parse("time,score\n0.5,0.6\n1,0.1\n1.5,0.7\n2,0.9\n2.5,0.2\n").unwrap();
        let heard = |end_s, limit| match scores.said(&lights(), "10 dB".to_owned(), (2.5, end_s), limit) {
            Ok(PhraseHeard::Said(said)) => said,
            other => panic!("{other:?}"),
        };
        let said = heard(Some(1.4), 0.5);
        assert!(said.score == 0.9 && (said.delay_s.unwrap() - 0.1).abs() < 1e-9, "{said:?}");
        // A stricter limit is reached later; one that is not reached tells nothing.
        assert!((heard(Some(1.4), 0.8).delay_s.unwrap() - 0.6).abs() < 1e-9);
        assert!((heard(Some(0.6), 0.5).delay_s.unwrap() + 0.1).abs() < 1e-9, "told before the end");
        assert_eq!(heard(Some(1.4), 0.95).delay_s, None);
        assert_eq!(heard(None, 0.5).delay_s, None);
    }

    #[test]
    fn each_score_counts_in_its_own_second() {
        let scores = PeerScores::parse("time,score\n0.2,0.3\n0.9,0.8\n2.1,0.4\n3.05,0.7\n").unwrap();
        let Ok(PhraseHeard::Unsaid(unsaid)) = scores.unsaid(&lights(), 3.0) else { panic!("{scores:?}") };
        assert_eq!(
            unsaid.peaks,
            [0.8, f32::MIN, 0.7],
            "the score that came after the end is the last second's"
        );
        assert!((unsaid.hours * 3_600.0 - 3.0).abs() < 1e-9);
        let mut tally = PhraseTally::default();
        tally.add(PhraseHeard::Unsaid(unsaid.clone()));
        assert!(tally.figures(0.5).is_none(), "nothing was said");
        tally.add(PhraseHeard::Unsaid(unsaid));
        tally.add(scores.said(&lights(), String::new(), (3.0, Some(0.8)), 0.5).unwrap());
        let figures = tally.figures(0.5).unwrap();
        assert_eq!((figures.false_alarms, figures.groups[0].miss_at_limit), (4, Some(0.0)));
        assert!((figures.negative_hours * 3_600.0 - 6.0).abs() < 1e-9);
    }

    #[test]
    fn the_column_of_the_phrase_goes_before_the_one_without_a_label() {
        let both = PeerScores::parse("time,score,phrase:lights\n0,0.1,0.9\n1,0.1,0.2\n").unwrap();
        let score = |scores: &PeerScores| match scores.said(&lights(), String::new(), (1.0, None), 0.5) {
            Ok(PhraseHeard::Said(said)) => said.score,
            other => panic!("{other:?}"),
        };
        assert_eq!(score(&both), 0.9);
        assert_eq!(score(&PeerScores::parse("time,score\n0,0.1\n1,0.3\n").unwrap()), 0.3);
        let other = PeerScores::parse("time,phrase:music\n0,0.1\n1,0.3\n").unwrap();
        let missing = other.said(&lights(), String::new(), (1.0, None), 0.5);
        assert!(matches!(missing, Err(TableError::Column(_))), "{missing:?}");
        let short = both.unsaid(&lights(), 30.0);
        assert!(matches!(short, Err(TableError::Short { .. })), "{short:?}");
    }
}
