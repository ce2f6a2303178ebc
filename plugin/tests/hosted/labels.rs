//! Labels as automation.

use std::collections::BTreeSet;
use std::path::Path;

use earmark_core::audio::Source;
use earmark_core::decide::{LabelSettings, TimelineSettings, segment};
use earmark_core::detect::DetectError;
use earmark_core::gate::{Action, CausalDecider, GateSettings};
use earmark_core::{FrameGrid, FrameScores, Label};
use earmark_plugin::ParamId;
use earmark_plugin::params::id;
use earmark_plugin::processor::NOTES;

use crate::host::{Hosted, Out, Rendered, Timed};
use crate::sound::{ear, programme};

/// The programme as core hears it, with the live pack.
fn activity() -> FrameScores {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/programme.flac");
    let mut source = Source::open(&path).expect("the example");
    ear().detect(&mut source, |_| Ok::<(), DetectError>(())).expect("it is heard")
}

/// Renders the programme with some parameters set, padded so that all of it leaves the output; gives its latency too.
fn run(values: &[(ParamId, f64)], block: usize) -> (Rendered, usize) {
    let (rate_hz, mut samples) = programme();
    let mut hosted = Hosted::offline_mono();
    hosted.set(values);
    let mut running = hosted.activate(f64::from(rate_hz), block);
    let latency = hosted.latency();
    samples.extend(vec![0.0; latency]);
    let rendered = running.render(&[samples], None, &[], block);
    hosted.deactivate(running);
    (rendered, latency)
}

/// Frames that are heard alike: what the last ones look ahead to is the end of the file for core, padding for the plugin.
fn comparable(activity: &FrameScores) -> usize {
    activity.frames() - 10
}

/// Which notes sound from which sample on.
fn spans(events: &[Timed]) -> Vec<(u64, BTreeSet<&'static str>)> {
    let mut sounding = BTreeSet::new();
    let mut spans: Vec<(u64, BTreeSet<&'static str>)> = Vec::new();
    for &(at, event) in events {
        let Out::Note { key, on } = event else { continue };
        let name = NOTES.iter().find(|note| note.0 == key).expect("a known key").1;
        assert!(if on { sounding.insert(name) } else { sounding.remove(name) }, "{name} twice at {at}");
        match spans.last_mut() {
            Some(last) if last.0 == at => last.1.clone_from(&sounding),
            _ => spans.push((at, sounding.clone())),
        }
    }
    spans
}

fn name_of(label: &Label) -> &'static str {
    NOTES
        .iter()
        .map(|note| note.1)
        .find(|name| name.eq_ignore_ascii_case(label.as_str()))
        .expect("each label has a note")
}

/// The notes are what the tagger makes of the same frames with its smoothing switched off, each as late as the sound.
/// Silence alone is told frame by frame: the tagger knows the 100 ms around a frame, a gate only those that end with it.
#[test]
fn notes_are_the_taggers_segments_after_the_latency() {
    let activity = activity();
    let manifest = ear().pack().manifest().clone();
    let raw = |label: &Label| {
        let pair = manifest.thresholds[label];
        LabelSettings { open: pair.open, close: pair.close, confirm: 0.0, min_on_ms: 0, min_gap_ms: 0 }
    };
    let settings = TimelineSettings {
        labels: manifest.labels.iter().map(|label| (label.clone(), raw(label))).collect(),
        // The programme is never that quiet: silence is told apart below.
        silence_dbfs: -200.0,
        refine_borders: false,
        ..TimelineSettings::default()
    };
    let timeline = segment(&activity, &settings);
    let mut silent_frames = 0;
    let grid = FrameGrid::new(activity.rate_hz);
    for block in [480, 64, 1_000] {
        let (rendered, latency) = run(&[(id::LABEL_MIDI, 1.0)], block);
        assert!(rendered.events.is_sorted_by_key(|(at, _)| *at), "events come in time order");
        let spans = spans(&rendered.events);
        assert!(spans.len() > 20, "{}", spans.len());
        for frame in 0..comparable(&activity) {
            let at = grid.start(frame as u64) + latency as u64;
            let sounding = spans.iter().take_while(|span| span.0 <= at).last().map(|span| span.1.clone());
            let middle = (frame as f64 + 0.5) * FrameGrid::FRAME_S;
            let tagged: BTreeSet<&'static str> = timeline
                .segments
                .iter()
                .filter(|segment| (segment.start_s..segment.end_s).contains(&middle))
                .map(|segment| name_of(&segment.label))
                .collect();
            let window = &activity.mean_square[(frame + 1).saturating_sub(10)..=frame];
            let mean_square = window.iter().sum::<f32>() / window.len() as f32;
            let expected = match activity.mean_square[frame].max(mean_square) <= 1e-6 {
                true => ["Silence"].into(),
                false => tagged,
            };
            silent_frames += usize::from(expected.contains("Silence"));
            assert_eq!(sounding, Some(expected), "frame {frame}, blocks of {block}");
        }
        assert!(silent_frames > 100, "the programme has pauses");
        // A change is told at the sample of its frame, nowhere else.
        let starts: BTreeSet<u64> =
            (0..activity.frames() as u64 + 100).map(|frame| grid.start(frame)).collect();
        assert!(spans.iter().all(|(at, _)| starts.contains(&(at - latency as u64))));
    }
}

/// Written lanes tell the probabilities of the frames, no closer than the step, no faster than the rate, within a gesture.
#[test]
fn written_lanes_follow_the_frames() {
    let activity = activity();
    let (rendered, latency) = run(&[(id::LABEL_MODE, 1.0), (id::LABEL_MIDI, 2.0)], 512);
    let grid = FrameGrid::new(activity.rate_hz);
    let starts: Vec<u64> = (0..activity.frames() as u64).map(|frame| grid.start(frame)).collect();
    for (label, lane) in [(Label::SPEECH, id::SPEECH), (Label::MUSIC, id::MUSIC), (Label::NOISE, id::NOISE)] {
        let column = activity.column(&label).expect("the pack has it");
        let begun =
            rendered.events.iter().position(|(_, out)| *out == Out::Gesture { id: lane, begins: true });
        let first =
            rendered.events.iter().position(|(_, out)| matches!(out, Out::Param { id, .. } if *id == lane));
        assert!(begun.expect("a gesture") < first.expect("a value"));
        let mut told: Option<(usize, f64)> = None;
        let mut count = 0;
        for (at, out) in &rendered.events {
            let Out::Param { id, value } = *out else { continue };
            if id != lane || *at - latency as u64 >= activity.samples {
                continue;
            }
            let frame = starts.binary_search(&(at - latency as u64)).expect("at the start of a frame");
            if frame >= comparable(&activity) {
                continue;
            }
            let p = f64::from(activity.row(frame)[column]);
            assert!((value - p).abs() < 1e-6, "{label} at frame {frame}: {value}, heard {p}");
            told = Some((frame, value));
            count += 1;
        }
        assert!((20..activity.frames() / 2).contains(&count), "{label}: {count} values");
        let (_, last) = told.expect("values");
        let end = f64::from(activity.row(comparable(&activity) - 1)[column]);
        assert!((last - end).abs() < 0.1, "{label}: the lane ends near where it was heard");
    }
    let controllers = rendered.events.iter().filter(|(_, out)| matches!(out, Out::Controller { .. })).count();
    assert!(controllers > 50);
}

#[test]
fn off_means_that_nothing_moves() {
    let (rendered, _) = run(&[], 512);
    for (at, out) in rendered.events {
        match out {
            Out::Param { id, .. } => assert_eq!(id, id::REDUCTION_DB, "at {at}"),
            other => panic!("{other:?} at {at}"),
        }
    }
}

/// A lane that was written and is read back gives the same decisions, at the samples at which it was recorded.
#[test]
fn lanes_read_back_drive_the_gate() {
    let (written, latency) = run(&[(id::LABEL_MODE, 1.0)], 512);
    let (rate_hz, mut samples) = programme();
    samples.extend(vec![0.0; latency]);
    let lanes: Vec<(u64, ParamId, f64)> = written
        .events
        .iter()
        .filter_map(|&(at, out)| match out {
            Out::Param { id, value } if id != id::REDUCTION_DB => Some((at, id, value)),
            _ => None,
        })
        .collect();
    // The sound that is read over is a tone, in which nothing of this is heard.
    let tone: Vec<f32> = (0..samples.len()).map(|index| 0.25 * (index as f32 * 0.05).sin()).collect();
    let mut hosted = Hosted::offline_mono();
    hosted.set(&[
        (id::LABEL_MODE, 2.0),
        (id::MODE, 2.0),
        (id::ATTACK_MS, 1.0),
        (id::HOLD_MS, 0.0),
        (id::RELEASE_MS, 1.0),
    ]);
    let mut running = hosted.activate(f64::from(rate_hz), 512);
    let rendered = running.render(&[tone], None, &lanes, 512);
    hosted.deactivate(running);
    // What the ear decided, frame by frame.
    let activity = activity();
    let manifest = ear().pack().manifest().clone();
    let settings = GateSettings::keep([Label::SPEECH], Action::Mute);
    let thresholds: Vec<_> = activity.labels.iter().map(|label| manifest.thresholds[label]).collect();
    let mut decider =
        CausalDecider::new(&settings, &activity.labels, &thresholds, rate_hz).expect("it compiles");
    let edges = decider.edges(&activity);
    assert!(edges.len() > 10);
    let grid = FrameGrid::new(rate_hz);
    let open_at = |frame: u64| {
        let at = grid.start(frame);
        edges.iter().take_while(|edge| edge.at <= at).last().is_some_and(|edge| edge.target.gain_db == 0.0)
    };
    let mut differing = 0;
    for frame in 0..comparable(&activity) as u64 {
        let from = grid.start(frame) as usize + latency;
        let to = grid.start(frame + 1) as usize + latency;
        // The last samples of a frame: attack and release of 1 ms are over.
        let tail = &rendered.sound[0][to - 40..to];
        let passes = tail.iter().any(|&sample| sample != 0.0);
        differing += usize::from(passes != open_at(frame));
        assert!(from < to);
    }
    assert_eq!(differing, 0, "of {} frames", activity.frames());
}
