//! Figures of everything that was heard.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use earmark_core::eval::{Metrics, Scored, Spans, THRESHOLD, evaluate};
use earmark_core::model::pack::Pack;
use earmark_core::{FrameGrid, FrameScores, Label};
use serde_json::{Value, json};

use super::Heard;
use super::truth::Grouping;
use crate::args::EvalActivityArgs;

/// All figures, and what they are of.
pub struct Evaluation {
    pub pack: Pack,
    pub live: bool,
    pub recordings: usize,
    pub duration_s: f64,
    pub collar_ms: f64,
    pub gain_db: f64,
    pub labels: Vec<LabelFigures>,
    data: Vec<String>,
    command: Vec<String>,
}

/// The figures of one label.
pub struct LabelFigures {
    pub label: Label,
    /// The pack first, then the peers that score this label.
    pub systems: Vec<SystemFigures>,
    /// The pack's figures with each other gain.
    pub gains: Vec<(f64, Metrics)>,
}

/// One detector.
pub struct SystemFigures {
    pub name: String,
    pub all: Metrics,
    /// Way of grouping, then group. Without ROC curves: they would be most of the JSON file.
    pub groups: Vec<(String, Vec<(String, Metrics)>)>,
}

impl Evaluation {
    pub fn new(
        args: &EvalActivityArgs,
        pack: &Pack,
        labels: &[Label],
        gains: &[f64],
        grouping: &Grouping,
        heard: &[Heard],
    ) -> Result<Self> {
        let collar_s = args.collar_ms / 1_000.0;
        let figures = |label: &Label| -> Result<LabelFigures> {
            let spans: Vec<Spans> = heard.iter().map(|h| Spans::of(&h.truth, label)).collect();
            let of_gain = |index: usize| -> Vec<Scored> {
                let scores = heard.iter().map(|h| column(&h.by_gain[index], label));
                spans.iter().zip(scores).map(|(s, scores)| Scored::new(s.clone(), scores, collar_s)).collect()
            };
            let mut systems = vec![system(&pack.manifest().name, &of_gain(0), heard, grouping)];
            for (index, (name, _)) in args.peer.iter().enumerate() {
                if let Some(scored) =
                    of_peer(index, label, heard, &spans, collar_s).with_context(|| name.clone())?
                {
                    systems.push(system(name, &scored, heard, grouping));
                }
            }
            let gains = gains.iter().enumerate().skip(1);
            let gains =
                gains.map(|(index, gain)| (*gain, evaluate(&of_gain(index).iter().collect::<Vec<_>>())));
            Ok(LabelFigures { label: label.clone(), systems, gains: gains.collect() })
        };
        Ok(Self {
            pack: pack.clone(),
            live: args.live,
            recordings: heard.len(),
            duration_s: heard.iter().map(|h| h.by_gain[0].duration_s()).sum(),
            collar_ms: args.collar_ms,
            gain_db: gains[0],
            labels: labels.iter().map(figures).collect::<Result<_>>()?,
            data: args.inputs.iter().map(|p| p.display().to_string()).collect(),
            command: std::env::args().collect(),
        })
    }

    /// Everything, for machines.
    pub fn to_json(&self) -> Value {
        let manifest = self.pack.manifest();
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
            .map(|l| (l.label.to_string(), json!({ "systems": systems(l), "gains": gains(l) })))
            .collect();
        json!({
            "format": 1,
            "what": "earmark eval activity",
            "version": env!("CARGO_PKG_VERSION"),
            "command": self.command,
            "data": self.data,
            "pack": {
                "name": manifest.name,
                "version": manifest.version,
                "origin": self.pack.origin(),
                "sha256": manifest.model.sha256,
                "parameters": manifest.model.parameters,
                "lookahead_frames": manifest.lookahead_frames,
                "pace": if self.live { "live" } else { "files" },
            },
            "recordings": self.recordings,
            "duration_s": self.duration_s,
            "frame_s": FrameGrid::FRAME_S,
            "collar_ms": self.collar_ms,
            "gain_db": self.gain_db,
            "threshold": THRESHOLD,
            "labels": labels,
        })
    }
}

fn system(name: &str, scored: &[Scored], heard: &[Heard], grouping: &Grouping) -> SystemFigures {
    let by_way = grouping.names.iter().enumerate().map(|(way, name)| {
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
    label: &Label,
    heard: &[Heard],
    spans: &[Spans],
    collar_s: f64,
) -> Result<Option<Vec<Scored>>> {
    let mut all = Vec::new();
    for (recording, spans) in heard.iter().zip(spans) {
        let frames = recording.by_gain[0].frames();
        let Some(scores) = recording.peers[peer].frames(label, frames)? else { return Ok(None) };
        all.push(Scored::new(spans.clone(), scores, collar_s));
    }
    Ok(Some(all))
}
