//! Figures of a detector over many recordings, beside those of others.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    ComparedLists, EvalError, LabelComparison, Metrics, PeerScores, Scored, Spans, THRESHOLD, compare,
    evaluate,
};
use crate::decide::{Timeline, TimelineSettings, segment};
use crate::model::pack::Pack;
use crate::{FrameGrid, FrameScores, Label};

/// One recording with all that is known of it.
#[derive(Debug, Clone)]
pub struct EvalRecording {
    /// What is heard in it.
    pub truth: Timeline,
    /// What the pack said, for each of [`EvalSetup::gains_db`].
    pub by_gain: Vec<FrameScores>,
    /// What the peers said, for each of [`EvalSetup::peers`].
    pub peers: Vec<PeerScores>,
    /// Its group in each of [`EvalSetup::ways`]; empty: none.
    pub groups: Vec<String>,
}

/// What is compared, and how.
#[derive(Debug, Clone)]
pub struct EvalSetup {
    /// The pack.
    pub pack: Pack,
    /// Whether its network was called as live audio calls it.
    pub live: bool,
    /// Labels to score.
    pub labels: Vec<Label>,
    /// Frames nearer to a border of the truth than this are left out, ms.
    pub collar_ms: f64,
    /// A segment is found if both of its borders are nearer than this to those of the truth, ms.
    pub segment_collar_ms: f64,
    /// Gains with which everything was heard, dB. All figures but one table are of the first.
    pub gains_db: Vec<f64>,
    /// Names of the other detectors.
    pub peers: Vec<String>,
    /// Names of the ways of grouping.
    pub ways: Vec<String>,
    /// Where the recordings are from, as the user named it.
    pub data: Vec<String>,
    /// The command that made the figures.
    pub command: Vec<String>,
}

/// All figures, and what they are of.
#[derive(Debug, Clone)]
pub struct Evaluation {
    /// What was compared.
    pub setup: EvalSetup,
    /// Number of recordings.
    pub recordings: usize,
    /// Length of all of them, seconds.
    pub duration_s: f64,
    /// The figures of each label.
    pub labels: Vec<LabelFigures>,
}

/// The figures of one label.
#[derive(Debug, Clone)]
pub struct LabelFigures {
    /// The label.
    pub label: Label,
    /// The pack first, then the peers that score this label.
    pub systems: Vec<SystemFigures>,
    /// The segments that are decided by the pack's scores against those of the truth.
    pub segments: LabelComparison,
    /// The pack's figures with each other gain.
    pub gains: Vec<(f64, Metrics)>,
}

/// One detector.
#[derive(Debug, Clone)]
pub struct SystemFigures {
    /// Its name.
    pub name: String,
    /// Over all recordings.
    pub all: Metrics,
    /// Way of grouping, then group. Without ROC curves: they would be most of the JSON file.
    pub groups: Vec<(String, Vec<(String, Metrics)>)>,
}

impl EvalSetup {
    /// The gains to hear everything with if `asked` are: that of all tables first, 0 dB or, if 0 is not among them, the
    /// first one; then each other one once.
    pub fn order_of_gains(asked: &[f64]) -> Vec<f64> {
        let main = asked.iter().copied().find(|g| *g == 0.0).or(asked.first().copied()).unwrap_or(0.0);
        let mut gains = vec![main];
        for &gain in asked {
            if !gains.contains(&gain) {
                gains.push(gain);
            }
        }
        gains
    }
}

impl Evaluation {
    /// Computes all figures.
    ///
    /// # Errors
    /// [`EvalError::Peer`] if a peer's scores do not reach to the end of a recording.
    pub fn new(setup: EvalSetup, heard: &[EvalRecording]) -> Result<Self, EvalError> {
        let collar_s = setup.collar_ms / 1_000.0;
        let settings = TimelineSettings::for_pack(setup.pack.manifest());
        let decided: Vec<Timeline> = heard.iter().map(|h| segment(&h.by_gain[0], &settings)).collect();
        let lists: Vec<ComparedLists<'_>> = heard
            .iter()
            .zip(&decided)
            .map(|(h, decided)| ComparedLists { file: "", first: &h.truth, second: decided })
            .collect();
        let figures = |segments: LabelComparison| -> Result<LabelFigures, EvalError> {
            let label = &segments.label.clone();
            let spans: Vec<Spans> = heard.iter().map(|h| Spans::of(&h.truth, label)).collect();
            let of_gain = |index: usize| -> Vec<Scored> {
                let scores = heard.iter().map(|h| column(&h.by_gain[index], label));
                spans.iter().zip(scores).map(|(s, scores)| Scored::new(s.clone(), scores, collar_s)).collect()
            };
            let mut systems = vec![system(&setup.pack.manifest().name, &of_gain(0), heard, &setup.ways)];
            for (index, name) in setup.peers.iter().enumerate() {
                if let Some(scored) = of_peer(index, name, label, heard, &spans, collar_s)? {
                    systems.push(system(name, &scored, heard, &setup.ways));
                }
            }
            let gains = setup.gains_db.iter().enumerate().skip(1);
            let gains =
                gains.map(|(index, gain)| (*gain, evaluate(&of_gain(index).iter().collect::<Vec<_>>())));
            Ok(LabelFigures { label: label.clone(), systems, gains: gains.collect(), segments })
        };
        let compared = compare(&lists, &setup.labels, setup.segment_collar_ms);
        Ok(Self {
            recordings: heard.len(),
            duration_s: heard.iter().map(|h| h.by_gain[0].duration_s()).sum(),
            labels: compared.labels.into_iter().map(figures).collect::<Result<_, _>>()?,
            setup,
        })
    }

    /// The gain of all tables, dB.
    pub fn gain_db(&self) -> f64 {
        self.setup.gains_db.first().copied().unwrap_or(0.0)
    }

    /// Everything, for machines.
    pub fn to_json(&self) -> Value {
        let manifest = self.setup.pack.manifest();
        let systems = |figures: &LabelFigures| -> Value {
            let one = |s: &SystemFigures| {
                let groups: BTreeMap<_, BTreeMap<_, _>> = s
                    .groups
                    .iter()
                    .map(|(way, groups)| (way, groups.iter().map(|(g, m)| (g, m)).collect()))
                    .collect();
                json!({ "name": s.name, "all": s.all, "groups": groups })
            };
            figures.systems.iter().map(one).collect()
        };
        let gains = |figures: &LabelFigures| -> Value {
            figures.gains.iter().map(|(gain_db, m)| json!({ "gain_db": gain_db, "metrics": m })).collect()
        };
        let labels: serde_json::Map<String, Value> = self
            .labels
            .iter()
            .map(|l| {
                let figures = json!({ "systems": systems(l), "gains": gains(l), "segments": l.segments });
                (l.label.to_string(), figures)
            })
            .collect();
        json!({
            "format": 1,
            "what": "earmark eval activity",
            "version": env!("CARGO_PKG_VERSION"),
            "command": self.setup.command,
            "data": self.setup.data,
            "pack": {
                "name": manifest.name,
                "version": manifest.version,
                "origin": self.setup.pack.origin(),
                "sha256": manifest.model.sha256,
                "parameters": manifest.model.parameters,
                "lookahead_frames": manifest.lookahead_frames,
                "pace": if self.setup.live { "live" } else { "files" },
            },
            "recordings": self.recordings,
            "duration_s": self.duration_s,
            "frame_s": FrameGrid::FRAME_S,
            "collar_ms": self.setup.collar_ms,
            "segment_collar_ms": self.setup.segment_collar_ms,
            "gain_db": self.gain_db(),
            "threshold": THRESHOLD,
            "labels": labels,
        })
    }
}

fn system(name: &str, scored: &[Scored], heard: &[EvalRecording], ways: &[String]) -> SystemFigures {
    let by_way = ways.iter().enumerate().map(|(way, name)| {
        let mut members: BTreeMap<&str, Vec<&Scored>> = BTreeMap::new();
        for (recording, scored) in heard.iter().zip(scored).filter(|(h, _)| !h.groups[way].is_empty()) {
            members.entry(&recording.groups[way]).or_default().push(scored);
        }
        let without_curve = |members: &[&Scored]| Metrics { roc: Vec::new(), ..evaluate(members) };
        let mut groups: Vec<(String, Metrics)> =
            members.into_iter().map(|(group, members)| (group.to_owned(), without_curve(&members))).collect();
        // Ratios in dB in their order: 5 before 10.
        groups.sort_by(|a, b| match (a.0.parse::<f64>(), b.0.parse::<f64>()) {
            (Ok(a), Ok(b)) => a.total_cmp(&b),
            _ => a.0.cmp(&b.0),
        });
        (name.clone(), groups)
    });
    let groups = by_way.filter(|(_, groups)| !groups.is_empty()).collect();
    SystemFigures { name: name.to_owned(), all: evaluate(&scored.iter().collect::<Vec<_>>()), groups }
}

fn column(activity: &FrameScores, label: &Label) -> Vec<f32> {
    match activity.column(label) {
        Some(column) => (0..activity.frames()).map(|frame| activity.row(frame)[column]).collect(),
        None => vec![0.0; activity.frames()],
    }
}

/// A peer's scores of all recordings; `None` if it does not score this label.
fn of_peer(
    peer: usize,
    name: &str,
    label: &Label,
    heard: &[EvalRecording],
    spans: &[Spans],
    collar_s: f64,
) -> Result<Option<Vec<Scored>>, EvalError> {
    let mut all = Vec::new();
    for (recording, spans) in heard.iter().zip(spans) {
        let frames = recording.by_gain[0].frames();
        let scores = recording.peers[peer].frames(label, frames);
        let scores = scores.map_err(|source| EvalError::Peer { name: name.to_owned(), source })?;
        let Some(scores) = scores else { return Ok(None) };
        all.push(Scored::new(spans.clone(), scores, collar_s));
    }
    Ok(Some(all))
}
