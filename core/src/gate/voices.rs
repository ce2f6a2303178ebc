//! A gate that follows enrolled voices where it followed speech.

use super::{GateError, GateSettings, Rule, When};
use crate::Label;

/// How long a voice still counts after it has ended, ms, and before it begins: the next voice may follow at once. What a
/// voice needs in its own pauses its column has already.
const MOST_HOLD_MS: f32 = 60.0;
const MOST_PRE_ROLL_MS: f32 = 100.0;

impl GateSettings {
    /// The same gate for `voices` (their labels) alone: they stand wherever a rule says speech, by the thresholds of speech.
    /// Its times are shortened to what somebody else's speech allows: it neither holds nor opens early over that.
    ///
    /// # Errors
    /// [`GateError::NoSpeechRule`] if no rule says speech: a voice would change nothing.
    pub fn for_voices(&self, voices: &[Label]) -> Result<Self, GateError> {
        if voices.is_empty() || !self.labels().any(|label| *label == Label::SPEECH) {
            return Err(GateError::NoSpeechRule);
        }
        let mut settings = self.clone();
        settings.rules.list = self.rules.list.iter().flat_map(|rule| of_voices(rule, voices)).collect();
        for label in voices {
            if let Some(own) = self.thresholds.by_label.get(&Label::SPEECH) {
                settings.thresholds.by_label.insert(label.clone(), *own);
            }
            if let Some(own) = self.thresholds.confirm.get(&Label::SPEECH) {
                settings.thresholds.confirm.insert(label.clone(), *own);
            }
        }
        settings.envelope.hold_ms = self.envelope.hold_ms.min(MOST_HOLD_MS);
        settings.files.pre_roll_ms = self.files.pre_roll_ms.min(MOST_PRE_ROLL_MS);
        // The level before a voice may be somebody else's.
        settings.files.onset_backtrack_ms = 0.0;
        Ok(settings)
    }
}

/// A rule about speech as rules about voices: several where speech is one of what must all be heard.
fn of_voices(rule: &Rule, voices: &[Label]) -> Vec<Rule> {
    let in_place = |labels: &[Label]| -> Vec<Label> {
        labels
            .iter()
            .flat_map(|label| if *label == Label::SPEECH { voices } else { std::slice::from_ref(label) })
            .cloned()
            .collect()
    };
    let mut when =
        When { any: in_place(&rule.when.any), none: in_place(&rule.when.none), ..rule.when.clone() };
    if when.other_than.contains(&Label::SPEECH) {
        // Where a voice is on, so is speech.
        when.other_than.extend_from_slice(voices);
    }
    if !when.all.contains(&Label::SPEECH) {
        return vec![Rule { when, action: rule.action }];
    }
    let for_one = |voice: &Label| {
        let is = |label: &Label| if *label == Label::SPEECH { voice.clone() } else { label.clone() };
        let all = when.all.iter().map(is).collect();
        Rule { when: When { all, ..when.clone() }, action: rule.action }
    };
    voices.iter().map(for_one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{Action, RuleSet, preset, preset_names};
    use crate::{FrameScores, gate::CausalDecider};

    fn voices() -> [Label; 2] {
        ["voice:anna", "voice:ben"].map(Label::new)
    }

    /// What happens while all of these are heard.
    fn action(settings: &GateSettings, heard: &[&str]) -> Action {
        let labels: Vec<Label> =
            [Label::SPEECH, Label::MUSIC, Label::SINGING, Label::NOISE].into_iter().chain(voices()).collect();
        let heard: Vec<Label> = heard.iter().map(|name| Label::new(*name)).collect();
        settings.action_on(&labels, &heard).unwrap()
    }

    #[test]
    fn voices_stand_where_speech_stood() {
        for name in preset_names() {
            let plain = preset(name).unwrap().gate;
            let own = plain.for_voices(&voices()).unwrap();
            let kept = action(&plain, &["speech"]);
            assert_eq!(action(&own, &["speech", "voice:ben"]), kept, "{name}");
            assert_eq!(
                action(&own, &["speech", "music", "voice:anna"]),
                action(&plain, &["speech", "music"]),
                "{name}"
            );
            // Somebody else is as if nobody spoke.
            assert_eq!(action(&own, &["speech", "music"]), action(&plain, &["music"]), "{name}");
            assert!(own.envelope.hold_ms <= 60.0 && own.files.onset_backtrack_ms == 0.0);
        }
    }

    #[test]
    fn what_must_all_be_heard_is_asked_of_each_voice() {
        let when = When { all: vec![Label::SPEECH, Label::MUSIC], ..When::default() };
        let settings = GateSettings {
            rules: super::super::Rules {
                list: vec![Rule { when, action: Action::Mute }],
                otherwise: Action::Keep,
                ..super::super::Rules::default()
            },
            ..GateSettings::default()
        };
        let own = settings.for_voices(&voices()).unwrap();
        assert_eq!(own.rules.list.len(), 2);
        assert_eq!(action(&own, &["speech", "music", "voice:ben"]), Action::Mute);
        assert_eq!(action(&own, &["speech", "music"]), Action::Keep);
        let but = GateSettings::keep_all_but([Label::SPEECH], Action::Mute).for_voices(&voices()).unwrap();
        assert_eq!(action(&but, &["speech", "voice:anna"]), Action::Mute);
        assert_eq!(action(&but, &["speech", "music"]), Action::Keep);
    }

    #[test]
    fn a_gate_without_speech_is_refused() {
        let music = GateSettings::keep([Label::MUSIC], Action::Mute);
        assert!(matches!(music.for_voices(&voices()), Err(GateError::NoSpeechRule)));
        assert!(matches!(GateSettings::default().for_voices(&[]), Err(GateError::NoSpeechRule)));
    }

    /// The law is the same: a voice closes as speech does, and at once when it is somebody else.
    #[test]
    fn a_column_of_a_voice_opens_and_closes_the_gate() {
        let labels = vec![Label::SPEECH, Label::new("voice:anna")];
        let settings = GateSettings::default().for_voices(&labels[1..]).unwrap();
        let mut decider = CausalDecider::new(&settings, &labels, &[], 16_000).unwrap();
        let mut scores = FrameScores::new(labels.clone(), 16_000);
        for frame in 0..30 {
            scores.probabilities.extend([0.9, if frame < 20 { 0.9 } else { 0.0 }]);
            scores.mean_square.push(0.01);
        }
        scores.samples = 4_800;
        let edges: Vec<(u64, f32)> =
            decider.edges(&scores).iter().map(|edge| (edge.at, edge.target.gain_db)).collect();
        assert_eq!(edges, [(0, 0.0), (3_200, -30.0)]);
        assert!(RuleSet::new(&settings, &labels[..1]).is_err(), "without the column there is no such gate");
    }
}
