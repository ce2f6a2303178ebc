//! From parameters to the core's gate settings, without allocating on the audio thread.

use earmark_core::Label;
use earmark_core::decide::Thresholds;
use earmark_core::gate::{
    Action, Duck, Envelope, GateSettings, LabelThresholds, MAX_TIME_MS, MixOutput, MixSettings, Rule, Rules,
    When,
};

use crate::params::{ParamId, Params, PresetExtras, id, lookahead_id};
use crate::profiles::PhraseUse;

/// What can be kept, in the order in which people choose: each is a value of one of two parameters, since the list of the
/// first was released before singing had a label. The preset's own rules are last.
pub(crate) const KEEP_CHOICES: [(ParamId, u32); 9] = [
    (id::KEEP, 0),
    (id::KEEP_SINGING, 1),
    (id::KEEP, 1),
    (id::KEEP_SINGING, 2),
    (id::KEEP, 2),
    (id::KEEP, 3),
    (id::KEEP, 4),
    (id::KEEP, 5),
    (id::KEEP, 6),
];

/// The place of the preset's rules in [`KEEP_CHOICES`].
pub(crate) const KEEP_PRESET: usize = KEEP_CHOICES.len() - 1;

/// The place in [`KEEP_CHOICES`] of what the parameters say.
pub(crate) fn keep_choice(params: &Params) -> usize {
    let said = |id| (id, u32::try_from(params.choice(id)).unwrap_or(0));
    let singing = said(id::KEEP_SINGING);
    let said = if singing.1 > 0 { singing } else { said(id::KEEP) };
    KEEP_CHOICES.iter().position(|choice| *choice == said).unwrap_or(0)
}

/// What the two parameters are for a choice. Where singing has a say, the first one says what is nearest to it, for
/// versions that do not know the second.
pub(crate) fn keep_values(choice: usize) -> [(ParamId, f64); 2] {
    let (keep, singing) = match KEEP_CHOICES.get(choice) {
        Some(&(id::KEEP_SINGING, singing)) => (singing, singing),
        Some(&(_, keep)) => (keep, 0),
        None => (0, 0),
    };
    [(id::KEEP, f64::from(keep)), (id::KEEP_SINGING, f64::from(singing))]
}

/// The rules of one of [`KEEP_CHOICES`] but the preset's.
pub(crate) fn keep_rules(choice: usize) -> Vec<Rule> {
    let all_but = |label| When { other_than: vec![label], ..When::default() };
    let when = match KEEP_CHOICES.get(choice) {
        Some((id::KEEP, 1)) => When::any([Label::SPEECH, Label::MUSIC]),
        Some((id::KEEP, 2)) => When::any([Label::MUSIC]),
        Some((id::KEEP, 3)) => all_but(Label::SPEECH),
        Some((id::KEEP, 4)) => all_but(Label::MUSIC),
        Some((id::KEEP, 5)) => all_but(Label::NOISE),
        Some((id::KEEP_SINGING, 1)) => When::any([Label::SPEECH, Label::SINGING]),
        Some((id::KEEP_SINGING, 2)) => When::any([Label::SINGING]),
        _ => When::any([Label::SPEECH]),
    };
    vec![Rule { when, action: Action::Keep }]
}

/// The labels whose thresholds the threshold parameters are: those of the first rule. The others have the pack's.
pub(crate) fn leading_labels(rules: &[Rule]) -> impl Iterator<Item = &Label> {
    rules.iter().take(1).flat_map(|rule| rule.when.labels()).filter(|label| is_heard(label))
}

/// The parameters that are a label's own thresholds: those of its beginning and its end.
pub(crate) fn own_thresholds_of(label: &Label) -> Option<(ParamId, ParamId)> {
    OWN_THRESHOLDS.iter().find(|(own, ..)| own == label).map(|&(_, open, close)| (open, close))
}

/// The labels with thresholds of their own.
pub(crate) const OWN_THRESHOLDS: [(Label, ParamId, ParamId); 4] = [
    (Label::SPEECH, id::SPEECH_OPEN, id::SPEECH_CLOSE),
    (Label::SINGING, id::SINGING_OPEN, id::SINGING_CLOSE),
    (Label::MUSIC, id::MUSIC_OPEN, id::MUSIC_CLOSE),
    (Label::NOISE, id::NOISE_OPEN, id::NOISE_CLOSE),
];

/// What the label's own parameters say, where they say anything; else what it has without them.
pub(crate) fn with_own(params: &Params, own: Option<(ParamId, ParamId)>, auto: Thresholds) -> Thresholds {
    let Some((open, close)) = own else { return auto };
    let said = |id, auto| Some(params.get_f32(id)).filter(|said| *said > 0.0).unwrap_or(auto);
    let open = said(open, auto.open);
    Thresholds { open, close: said(close, auto.close).min(open) }
}

/// The level that a label must exceed, if there is one.
pub(crate) fn open_above_dbfs(params: &Params) -> Option<f32> {
    let level_dbfs = params.get(id::OPEN_ABOVE_DBFS);
    (level_dbfs > id::OPEN_ABOVE_DBFS.spec().min()).then(|| params.get_f32(id::OPEN_ABOVE_DBFS))
}

fn is_voice(label: &Label) -> bool {
    label.as_str().starts_with(Label::VOICE_PREFIX)
}

/// Whether a network gives the label a probability; silence and unknown are decided otherwise.
fn is_heard(label: &Label) -> bool {
    *label != Label::SILENCE && *label != Label::UNKNOWN
}

/// Settings for one *keep* choice.
#[derive(Debug)]
struct Prepared {
    settings: GateSettings,
    /// The labels whose thresholds the threshold parameters are, unless they have their own.
    leading: Vec<Label>,
    /// The other labels that may have their own, and what they have without.
    others: Vec<(Label, Thresholds)>,
    /// What the voices allow of *hold*.
    most_hold_ms: f32,
}

/// Settings for every *keep* choice, made before the audio runs. Only numbers are written into them afterwards.
#[derive(Debug)]
pub(crate) struct SettingsBank {
    /// One for each of [`KEEP_CHOICES`], the preset's rules last where there are any.
    prepared: Vec<Prepared>,
    /// What the phrase does that all of them know.
    phrase: PhraseUse,
}

impl SettingsBank {
    pub(crate) fn new(extras: &PresetExtras) -> Self {
        let own = extras.rules.as_ref().map(|rules| (rules.rules.clone(), rules.otherwise));
        let of_parameters = (0..KEEP_PRESET).map(|keep| (keep_rules(keep), Action::Gate));
        let with_rules = |(rules, otherwise): (Vec<Rule>, Action)| {
            let leading: Vec<Label> = leading_labels(&rules).cloned().collect();
            let mut thresholds = extras.thresholds.clone();
            thresholds.extend(leading.iter().map(|label| (label.clone(), Thresholds::default())));
            let settings = GateSettings {
                rules: Rules { list: rules, otherwise, ..Rules::default() },
                thresholds: LabelThresholds { by_label: thresholds, ..LabelThresholds::default() },
                envelope: Envelope { curve: extras.curve, ..Envelope::default() },
                ..GateSettings::default()
            };
            Prepared { settings, leading, others: Vec::new(), most_hold_ms: MAX_TIME_MS }
        };
        Self { prepared: of_parameters.chain(own).map(with_rules).collect(), phrase: PhraseUse::Off }
    }

    /// The same with room for thresholds of the labels that the rules name and do not lead: `auto` says what they have
    /// without their own, unless the preset does; those of which it says nothing get none.
    pub(crate) fn with_others(mut self, auto: impl Fn(&Label) -> Option<Thresholds>) -> Self {
        for Prepared { settings, leading, others, .. } in &mut self.prepared {
            let named = OWN_THRESHOLDS.iter().map(|(label, ..)| label);
            for label in named.filter(|label| !leading.contains(label)) {
                if !settings.labels().any(|other| other == label) {
                    continue;
                }
                let preset = settings.thresholds.by_label.get(label).copied();
                if let Some(auto) = auto(label).map(|auto| preset.unwrap_or(auto)) {
                    settings.thresholds.by_label.insert(label.clone(), auto);
                    others.push((label.clone(), auto));
                }
            }
        }
        self
    }

    /// The same for these voices in the place of speech, where a choice knows speech.
    pub(crate) fn for_voices(mut self, voices: &[Label]) -> Self {
        for prepared in &mut self.prepared {
            let mut longest = prepared.settings.clone();
            longest.envelope.hold_ms = MAX_TIME_MS;
            let Ok(own) = longest.for_voices(voices) else { continue };
            prepared.most_hold_ms = own.envelope.hold_ms;
            if prepared.leading.contains(&Label::SPEECH) {
                prepared.leading.extend_from_slice(voices);
            }
            prepared.settings = own;
        }
        self
    }

    /// The same with a phrase (its label) that does this; `labels` are all others that are heard.
    pub(crate) fn for_phrase(mut self, phrase: &Label, does: PhraseUse, labels: &[Label]) -> Self {
        for Prepared { settings, .. } in &mut self.prepared {
            *settings = match does {
                PhraseUse::Off => return self,
                PhraseUse::Mute | PhraseUse::Duck => settings.while_said(phrase, Action::Mute),
                PhraseUse::OpenAfter => settings.only_after(phrase, Action::Gate, labels),
            };
        }
        self.phrase = does;
        self
    }

    /// The settings with the most rules: a gate that was made with these takes over all the others.
    pub(crate) fn largest(&self) -> Option<&GateSettings> {
        self.prepared
            .iter()
            .map(|prepared| &prepared.settings)
            .max_by_key(|settings| settings.rules.list.len())
    }

    /// What the parameters say. Does not allocate.
    pub(crate) fn update(&mut self, params: &Params) -> Option<&GateSettings> {
        let choice = keep_choice(params);
        // "The preset's rules" without a preset: the first choice.
        let choice = if choice < self.prepared.len() { choice } else { 0 };
        let Prepared { settings, leading, others, most_hold_ms } = self.prepared.get_mut(choice)?;
        if choice < KEEP_PRESET {
            let rest = match params.choice(id::MODE) {
                1 => Action::Duck(duck(params)),
                2 => Action::Mute,
                _ => Action::Gate,
            };
            settings.rules.otherwise = rest;
            // Locked or not, the rest is the rest; the rule about it while it is not locked is the last.
            if let (PhraseUse::OpenAfter, Some(last)) = (self.phrase, settings.rules.list.last_mut()) {
                last.action = rest;
            }
        }
        if let (PhraseUse::Duck, Some(first)) = (self.phrase, settings.rules.list.first_mut()) {
            first.action = Action::Duck(duck(params));
        }
        let open = params.get_f32(id::OPEN);
        let thresholds = Thresholds { open, close: params.get_f32(id::CLOSE).min(open) };
        let by_label = &mut settings.thresholds.by_label;
        let leading = leading.iter().map(|label| (label, thresholds));
        for (label, auto) in leading.chain(others.iter().map(|(label, auto)| (label, *auto))) {
            if let Some(own) = by_label.get_mut(label) {
                // A voice is speech.
                let ids = own_thresholds_of(if is_voice(label) { &Label::SPEECH } else { label });
                *own = with_own(params, ids, auto);
            }
        }
        settings.thresholds.open_above_dbfs = open_above_dbfs(params);
        settings.rules.range_db = params.get_f32(id::RANGE_DB);
        settings.envelope.attack_ms = params.get_f32(id::ATTACK_MS);
        settings.envelope.hold_ms = params.get_f32(id::HOLD_MS).min(*most_hold_ms);
        settings.envelope.release_ms = params.get_f32(id::RELEASE_MS);
        settings.envelope.lookahead_ms = params.get_f32(lookahead_id(params));
        Some(settings)
    }
}

/// What the parameters say of the output: what goes out, its gain, dry and wet.
pub(super) fn mix_settings(params: &Params) -> MixSettings {
    let output = match params.choice(id::LISTEN) {
        _ if params.is_on(id::BYPASS) => MixOutput::Bypassed,
        1 => MixOutput::Removed,
        2 => MixOutput::Detector,
        _ => MixOutput::Gated,
    };
    MixSettings { output, output_gain_db: params.get(id::OUTPUT_DB), wet: params.get_f32(id::WET) }
}

pub(crate) fn duck(params: &Params) -> Duck {
    Duck {
        by_db: params.get_f32(id::DUCK_DB),
        ratio: (params.choice(id::DUCK_SHAPE) == 1).then(|| params.get_f32(id::DUCK_RATIO)),
        above_dbfs: params.get_f32(id::DUCK_ABOVE_DBFS),
        knee_db: params.get_f32(id::DUCK_KNEE_DB),
    }
}

#[cfg(test)]
mod tests;
