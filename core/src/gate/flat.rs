//! [`GateSettings`] as JSON has them: all fields side by side, as presets and plugin states were always written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Action, Curve, Envelope, FileTiming, GateSettings, LabelThresholds, Rule, Rules};
use crate::Label;
use crate::decide::Thresholds;

/// The fields of all parts, with the names that earlier versions gave some of them. What is absent has its default; what is
/// unknown is refused.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FlatSettings {
    rules: Vec<Rule>,
    otherwise: Action,
    range_db: f32,
    attack_ms: f32,
    hold_ms: f32,
    release_ms: f32,
    lookahead_ms: f32,
    #[serde(alias = "bridge_ms")]
    min_gap_ms: f32,
    pre_roll_ms: f32,
    #[serde(alias = "reach_ms")]
    onset_backtrack_ms: f32,
    curve: Curve,
    wet: f32,
    thresholds: BTreeMap<Label, Thresholds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    open_above_dbfs: Option<f32>,
    #[serde(alias = "sure")]
    confirm: BTreeMap<Label, f32>,
}

impl Default for FlatSettings {
    fn default() -> Self {
        GateSettings::default().into()
    }
}

impl From<GateSettings> for FlatSettings {
    fn from(settings: GateSettings) -> Self {
        let GateSettings { rules, envelope, thresholds, files } = settings;
        let Rules { list: rules, otherwise, range_db } = rules;
        let Envelope { attack_ms, hold_ms, release_ms, lookahead_ms, curve, wet } = envelope;
        let LabelThresholds { by_label: thresholds, open_above_dbfs, confirm } = thresholds;
        let FileTiming { min_gap_ms, pre_roll_ms, onset_backtrack_ms } = files;
        Self {
            rules,
            otherwise,
            range_db,
            attack_ms,
            hold_ms,
            release_ms,
            lookahead_ms,
            min_gap_ms,
            pre_roll_ms,
            onset_backtrack_ms,
            curve,
            wet,
            thresholds,
            open_above_dbfs,
            confirm,
        }
    }
}

impl From<FlatSettings> for GateSettings {
    fn from(flat: FlatSettings) -> Self {
        let FlatSettings { rules: list, otherwise, range_db, .. } = flat;
        let FlatSettings { attack_ms, hold_ms, release_ms, lookahead_ms, curve, wet, .. } = flat;
        let FlatSettings { thresholds: by_label, open_above_dbfs, confirm, .. } = flat;
        let FlatSettings { min_gap_ms, pre_roll_ms, onset_backtrack_ms, .. } = flat;
        Self {
            rules: Rules { list, otherwise, range_db },
            envelope: Envelope { attack_ms, hold_ms, release_ms, lookahead_ms, curve, wet },
            thresholds: LabelThresholds { by_label, open_above_dbfs, confirm },
            files: FileTiming { min_gap_ms, pre_roll_ms, onset_backtrack_ms },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::When;

    /// Every field away from its default.
    fn everything() -> GateSettings {
        let duck = Rule { when: When::any([Label::SPEECH]), action: Action::duck(12.0) };
        let mute = Rule { when: When { all: vec![Label::MUSIC], ..When::default() }, action: Action::Mute };
        GateSettings {
            rules: Rules { list: vec![duck, mute], otherwise: Action::Keep, range_db: 12.5 },
            envelope: Envelope {
                attack_ms: 1.5,
                hold_ms: 2.5,
                release_ms: 3.5,
                lookahead_ms: 4.5,
                curve: Curve::Amplitude,
                wet: 0.5,
            },
            thresholds: LabelThresholds {
                by_label: [(Label::SPEECH, Thresholds { open: 0.75, close: 0.5 })].into(),
                open_above_dbfs: Some(-42.0),
                confirm: [(Label::SPEECH, 0.875)].into(),
            },
            files: FileTiming { min_gap_ms: 900.0, pre_roll_ms: 250.0, onset_backtrack_ms: 600.0 },
        }
    }

    /// To the byte what version 0.1 wrote, but for the three names that changed since and for what is new and not used.
    #[test]
    fn the_parts_stand_side_by_side_as_ever() {
        let mut settings = everything();
        settings.thresholds.open_above_dbfs = None;
        let json = serde_json::to_string(&settings).unwrap();
        let expected = concat!(
            r#"{"rules":[{"when":{"any":["speech"]},"do":{"duck":{"by_db":12.0,"ratio":null,"above_dbfs":-40.0,"knee_db":6.0}}},"#,
            r#"{"when":{"all":["music"]},"do":"mute"}],"otherwise":"keep","range_db":12.5,"attack_ms":1.5,"hold_ms":2.5,"#,
            r#""release_ms":3.5,"lookahead_ms":4.5,"min_gap_ms":900.0,"pre_roll_ms":250.0,"onset_backtrack_ms":600.0,"#,
            r#""curve":"amplitude","wet":0.5,"thresholds":{"speech":{"open":0.75,"close":0.5}},"confirm":{"speech":0.875}}"#,
        );
        assert_eq!(json, expected);
        assert_eq!(GateSettings::from_json(&json).unwrap(), settings);
        let all = serde_json::to_string(&everything()).unwrap();
        assert_eq!(GateSettings::from_json(&all).unwrap(), everything());
        let old = [("min_gap_ms", "bridge_ms"), ("onset_backtrack_ms", "reach_ms"), ("confirm", "sure")];
        let old = old.iter().fold(json, |json, (new, old)| json.replace(new, old));
        assert_eq!(GateSettings::from_json(&old).unwrap(), settings, "what 0.1 wrote is read");
        assert!(GateSettings::from_json(r#"{"reach_ms": 1, "onset_backtrack_ms": 1}"#).is_err(), "twice");
    }

    #[test]
    fn what_is_absent_has_its_default_and_nonsense_is_refused() {
        assert_eq!(GateSettings::from_json("{}").unwrap(), GateSettings::default());
        for bad in [
            r#"{"atack_ms": 3}"#,
            r#"{"attack_ms": -1}"#,
            r#"{"range_db": 1e9}"#,
            r#"{"open_above_dbfs": 3}"#,
            r#"{"envelope": {"attack_ms": 3}}"#,
            r#"{"thresholds": {"speech": {"open": 0.3, "close": 0.6}}}"#,
            r#"{"otherwise": {"duck": {"ratio": 0.5}}}"#,
            r#"{"otherwise": "explode"}"#,
        ] {
            assert!(GateSettings::from_json(bad).is_err(), "{bad}");
        }
        let mut nan = GateSettings::default();
        nan.envelope.release_ms = f32::NAN;
        assert!(nan.validate().is_err());
    }
}
