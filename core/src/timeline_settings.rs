//! Where the thresholds of a pack and of a gate become settings of a timeline.

use crate::decide::{LabelSettings, TimelineSettings};
use crate::gate::GateSettings;
use crate::model::pack::Manifest;

impl TimelineSettings {
    /// The defaults, with the thresholds that a pack brings for its labels.
    pub fn for_pack(manifest: &Manifest) -> Self {
        let mut settings = Self::default();
        for (label, thresholds) in &manifest.thresholds {
            let confirm = manifest.confirm.get(label).copied().unwrap_or_default();
            let (open, close) = (thresholds.open, thresholds.close);
            settings.labels.insert(label.clone(), LabelSettings { open, close, confirm, ..settings.default });
        }
        settings
    }

    /// The same with the thresholds that a gate (or the preset that it is from) brings of its own.
    #[must_use]
    pub fn with_gate(mut self, gate: &GateSettings) -> Self {
        for (label, thresholds) in &gate.thresholds.by_label {
            let own = self.labels.entry(label.clone()).or_insert(self.default);
            (own.open, own.close) = (thresholds.open, thresholds.close);
        }
        for (label, confirm) in &gate.thresholds.confirm {
            self.labels.entry(label.clone()).or_insert(self.default).confirm = *confirm;
        }
        self.silence_dbfs = gate.thresholds.silence_dbfs(self.silence_dbfs);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Label;
    use crate::decide::Thresholds;
    use crate::gate::LabelThresholds;
    use crate::model::pack::{self, Pack};

    #[test]
    fn a_gate_changes_what_it_names_and_the_rest_is_the_packs() {
        let pack = Pack::find(pack::STUDIO).unwrap();
        let manifest = pack.manifest();
        let plain = TimelineSettings::for_pack(manifest);
        for label in &manifest.labels {
            assert_eq!(plain.of(label).thresholds(), manifest.thresholds_of(label), "{label}");
        }
        assert_eq!(plain.of(&Label::SPEECH).confirm, manifest.confirm[&Label::SPEECH]);
        let gate = GateSettings {
            thresholds: LabelThresholds {
                by_label: [(Label::SPEECH, Thresholds { open: 0.9, close: 0.8 })].into(),
                open_above_dbfs: Some(-45.0),
                confirm: [(Label::MUSIC, 0.95)].into(),
            },
            ..GateSettings::default()
        };
        let changed = plain.clone().with_gate(&gate);
        let mut expected = TimelineSettings { silence_dbfs: -45.0, ..plain.clone() };
        let speech = LabelSettings { open: 0.9, close: 0.8, ..plain.of(&Label::SPEECH) };
        expected.labels.insert(Label::SPEECH, speech);
        expected.labels.insert(Label::MUSIC, LabelSettings { confirm: 0.95, ..plain.of(&Label::MUSIC) });
        assert_eq!(changed, expected);
        let mut lower = GateSettings::default();
        lower.thresholds.open_above_dbfs = Some(-80.0);
        assert_eq!(plain.clone().with_gate(&lower), plain, "what is silence stays silence");
    }
}
