//! Labels as automation.

use std::path::Path;

use earmark_core::audio::Source;
use earmark_core::decide::{LabelSettings, Segment, TimelineSettings, segment};
use earmark_core::detect::DetectError;
use earmark_core::{FrameGrid, FrameScores, Label};
use earmark_plugin::ParamId;
use earmark_plugin::params::id;
use earmark_plugin::processor::{GAP_FRAMES, LEAST_FRAMES, NOTES};

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

/// A note sounds wherever its label is heard and a little longer, each as late as the sound: the tagger says the same of
/// the same frames. Once notes had no least length, and frames between syllables ended them.
#[test]
fn notes_are_regions_where_the_tagger_hears_their_labels() {
    let activity = activity();
    let manifest = ear().pack().manifest().clone();
    let raw = |label: &Label| {
        let pair = manifest.thresholds[label];
        LabelSettings {
            open: pair.open,
            close: pair.close,
            confirm: 0.0,
            min_on_ms: 0,
            min_gap_ms: 0,
            ..LabelSettings::default()
        }
    };
    let settings = TimelineSettings {
        labels: manifest.labels.iter().map(|label| (label.clone(), raw(label))).collect(),
        refine_borders: false,
        ..TimelineSettings::default()
    };
    let timeline = segment(&activity, &settings);
    let grid = FrameGrid::new(activity.rate_hz);
    let heard = |label: &str, frame: u64| {
        let middle = FrameGrid::seconds(frame) + 0.5 * FrameGrid::FRAME_S;
        let of_label = |segment: &&Segment| segment.label.as_str().eq_ignore_ascii_case(label);
        timeline
            .segments
            .iter()
            .filter(of_label)
            .any(|segment| (segment.start_s..segment.end_s).contains(&middle))
    };
    let (gap, least) = (u64::from(GAP_FRAMES), u64::from(LEAST_FRAMES));
    let mut told = Vec::new();
    for block in [480, 64, 1_000] {
        let (rendered, latency) = run(&[(id::LABEL_MIDI, 1.0)], block);
        assert!(rendered.events.is_sorted_by_key(|(at, _)| *at), "events come in time order");
        let notes = notes(&rendered.events, latency as u64);
        assert!(notes.len() > 10, "{notes:?}");
        for (name, from, to) in &notes {
            let frames = (to - from) * 100 / u64::from(activity.rate_hz);
            let rests = ["Silence", "Unknown"].contains(name);
            assert!(frames >= least || rests, "{name} from {from} for {frames} frames");
            assert_eq!(grid.start(grid.frame_of(*from)), *from, "it begins with a frame");
        }
        for label in ["Speech", "Music", "Noise"] {
            for frame in 0..comparable(&activity) as u64 {
                let at = grid.start(frame);
                let sounds =
                    notes.iter().any(|(name, from, to)| *name == label && (*from..*to).contains(&at));
                if heard(label, frame) {
                    assert!(sounds, "{label} at frame {frame}, blocks of {block}");
                } else if sounds {
                    let before = frame.saturating_sub(gap.max(least))..frame;
                    assert!(
                        before.clone().any(|frame| heard(label, frame)),
                        "{label} at frame {frame} sounds on"
                    );
                }
            }
        }
        told.push(notes);
    }
    assert!(told.windows(2).all(|pair| pair[0] == pair[1]), "blocks do not matter");
}

/// Each note with its first sample and the one after its last, of the input; one that never ends goes to the end.
fn notes(events: &[Timed], latency: u64) -> Vec<(&'static str, u64, u64)> {
    let mut sounding: Vec<(&'static str, u64)> = Vec::new();
    let mut notes = Vec::new();
    for &(at, event) in events {
        let Out::Note { key, on } = event else { continue };
        let name = NOTES.iter().find(|note| note.0 == key).expect("a known key").1;
        let found = sounding.iter().position(|note| note.0 == name);
        match (on, found) {
            (true, None) => sounding.push((name, at - latency)),
            (false, Some(place)) => {
                let (_, from) = sounding.remove(place);
                notes.push((name, from, at - latency));
            }
            _ => panic!("{name} twice at {at}"),
        }
    }
    notes.extend(sounding.into_iter().map(|(name, from)| (name, from, from.saturating_add(1 << 40))));
    notes.sort_by_key(|(_, from, _)| *from);
    notes
}

/// Written lanes tell the probabilities of the frames, no closer than the step, no faster than the rate, within a gesture.
#[test]
fn written_lanes_follow_the_frames() {
    let activity = activity();
    let (rendered, latency) = run(&[(id::LABEL_MODE, 1.0), (id::LABEL_MIDI, 2.0)], 512);
    let grid = FrameGrid::new(activity.rate_hz);
    let starts: Vec<u64> = (0..activity.frames() as u64).map(|frame| grid.start(frame)).collect();
    let lookahead = u64::from(activity.rate_hz) / 50;
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
            // By the lookahead before the frame leaves, or with the first sample of all.
            let start = at - latency as u64;
            let start = if start == 0 { 0 } else { start + lookahead };
            let frame = starts.binary_search(&start).expect("at the start of a frame");
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

/// The lanes that a host records of what was written: all values at their samples, or what the last of each block leaves.
fn recorded(events: &[Timed], block: u64, last_of_block: bool) -> Vec<(u64, ParamId, f64)> {
    let mut lanes: Vec<(u64, ParamId, f64)> = Vec::new();
    for &(at, out) in events {
        let Out::Param { id, value } = out else { continue };
        if id == id::REDUCTION_DB {
            continue;
        }
        if last_of_block {
            lanes.retain(|(earlier, other, _)| *other != id || earlier / block != at / block);
        }
        lanes.push((at, id, value));
    }
    lanes
}

/// Once what was written and is read back opened the gate later by the lookahead, and later still with what hosts keep
/// that record the last value of each block.
#[test]
fn lanes_read_back_give_the_gain_that_was_heard() {
    for (block, last_of_block) in [(512, false), (64, false), (512, true), (1_024, true)] {
        let (written, latency) = run(&[(id::LABEL_MODE, 1.0)], block);
        let (rate_hz, mut samples) = programme();
        samples.extend(vec![0.0; latency]);
        let lanes = recorded(&written.events, block as u64, last_of_block);
        assert!(lanes.len() > 100);
        let mut hosted = Hosted::offline_mono();
        hosted.set(&[(id::LABEL_MODE, 2.0)]);
        let mut running = hosted.activate(f64::from(rate_hz), block);
        let read = running.render(std::slice::from_ref(&samples), None, &lanes, block);
        hosted.deactivate(running);
        let pairs = || written.sound[0].iter().zip(&read.sound[0]);
        let quieter = pairs().filter(|(heard, read)| read.abs() < 0.99 * heard.abs()).count();
        let differ = pairs().filter(|(heard, read)| read.to_bits() != heard.to_bits()).count();
        assert_eq!(quieter, 0, "no onset is cut: blocks of {block}, last of each: {last_of_block}");
        if last_of_block {
            assert!(differ * 200 < samples.len(), "{differ} samples differ, blocks of {block}");
        } else {
            assert_eq!(differ, 0, "to the bit, blocks of {block}");
        }
    }
}
