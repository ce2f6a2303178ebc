//! Phrases in recordings: clips to enrol from, and where in a file they are said.

use std::io::Read;

use sha2::{Digest, Sha256};

use super::detect::{Cancelling, Watched, read_through, watched};
use super::{Observer, PipelineError, Recording};
use crate::audio::SourceInfo;
use crate::decide::{Segment, Timeline};
use crate::detect::DetectError;
use crate::embed::{EmbedStream, Embedder, Vectors};
use crate::model::pack::hex;
use crate::phrase::{Clip, Detection, PhraseEvent, PhraseStream, Phrases};
use crate::signal::units::samples_to_seconds;
use crate::{FrameScores, Label};

/// Longest clip that is enrolled from, seconds.
pub const MAX_CLIP_S: f64 = 60.0;

/// Bytes of a file that are hashed at a time.
const HASHED_BYTES: usize = 1 << 16;

/// Reads a clip whole: at most [`MAX_CLIP_S`].
///
/// # Errors
/// [`PipelineError`] if it cannot be read, is longer, or the observer stops it.
pub fn read_clip(recording: &Recording, observer: &mut dyn Observer) -> Result<Clip, PipelineError> {
    let (samples, rate_hz, channels) = read_samples(recording, MAX_CLIP_S, observer)?;
    Ok(Clip { name: recording.name(), samples, rate_hz, channels, sha256: hash_of(recording) })
}

/// Reads a recording of at most `longest_s` whole: interleaved samples, rate and channels.
///
/// # Errors
/// As [`read_clip`].
pub fn read_samples(
    recording: &Recording,
    longest_s: f64,
    observer: &mut dyn Observer,
) -> Result<(Vec<f32>, u32, u16), PipelineError> {
    let name = recording.name();
    let (mut source, stoppable) = recording.open_watched(observer)?;
    let SourceInfo { rate_hz, channels, .. } = *source.info();
    let mut samples = Vec::new();
    watched(&mut source, &name, stoppable, observer, |source, watch| {
        let mut cancelling = Cancelling::of(source);
        while let Some(block) = source.next_block().map_err(DetectError::from)? {
            watch(block)?;
            cancelling.push(block);
            samples.extend_from_slice(block);
            if seconds(&samples, rate_hz, channels) > longest_s {
                break;
            }
        }
        Ok(((), cancelling.alone()))
    })?;
    if seconds(&samples, rate_hz, channels) > longest_s {
        return Err(PipelineError::TooLong { name, longest_s });
    }
    Ok((samples, rate_hz, channels))
}

fn seconds(samples: &[f32], rate_hz: u32, channels: u16) -> f64 {
    samples_to_seconds((samples.len() / usize::from(channels.max(1))) as u64, rate_hz)
}

/// SHA-256 of the file's bytes; nothing for a stream.
fn hash_of(recording: &Recording) -> String {
    if recording.is_stream() {
        return String::new();
    }
    let path = recording.stream_name();
    let read = || -> std::io::Result<String> {
        let mut file = std::fs::File::open(&path)?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; HASHED_BYTES];
        loop {
            match file.read(&mut buffer)? {
                0 => return Ok(hex(&hash.finalize())),
                bytes => hash.update(&buffer[..bytes]),
            }
        }
    };
    // What cannot be opened is told by who decodes it, in its words.
    read().unwrap_or_default()
}

/// The vectors of a recording.
///
/// # Errors
/// [`PipelineError`] if it cannot be read, the network fails or the observer stops it.
pub fn embed_file(
    embedder: &Embedder,
    recording: &Recording,
    observer: &mut dyn Observer,
) -> Result<Vectors, PipelineError> {
    let name = recording.name();
    let (mut source, stoppable) = recording.open_watched(observer)?;
    let SourceInfo { rate_hz, channels, .. } = *source.info();
    let named = |error| PipelineError::detect(&name, error);
    let stream = embedder.stream(rate_hz, channels).map_err(named)?;
    let state = (stream.vectors(), stream);
    let take = |(vectors, stream): &mut (Vectors, EmbedStream), block: &[f32]| stream.push(block, vectors);
    let watch = Watched { source: &mut source, name: &name, stoppable, observer };
    let ((), (mut vectors, mut stream)) = watch.beside("earmark embed", state, take, read_through)?;
    stream.finish(&mut vectors).map_err(named)?;
    Ok(vectors)
}

/// What is said in a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct Spoken {
    /// Rate of the recording, Hz.
    pub rate_hz: u32,
    /// Its length, samples per channel.
    pub samples: u64,
    /// What was said, in the order in which it was known.
    pub detections: Vec<Detection>,
    /// All that is told of it, in the order of time: also what a live gate is told before a phrase is over.
    pub events: Vec<PhraseEvent>,
}

impl Spoken {
    /// Of all that was told of a recording.
    pub(super) fn of(rate_hz: u32, samples: u64, events: Vec<PhraseEvent>) -> Self {
        let said = events.iter().filter_map(|event| match event {
            PhraseEvent::Said(detection) => Some(detection.clone()),
            PhraseEvent::Begun { .. } | PhraseEvent::Over { .. } | PhraseEvent::Recognised(_) => None,
        });
        Self { rate_hz, samples, detections: said.collect(), events }
    }

    /// Length of the recording, seconds.
    pub fn duration_s(&self) -> f64 {
        samples_to_seconds(self.samples, self.rate_hz)
    }

    /// The phrases as segments of a timeline: nothing else is in it.
    pub fn timeline(&self, phrases: &Phrases) -> Timeline {
        let duration_s = self.duration_s();
        let segments =
            self.detections.iter().filter(|found| found.start_s < duration_s).map(|found| Segment {
                label: found.label.clone(),
                start_s: found.start_s,
                end_s: found.end_s.min(duration_s),
                confidence: found.confidence,
            });
        let mut timeline = Timeline {
            segments: segments.collect(),
            duration_s,
            labels: phrases.labels().cloned().collect(),
        };
        timeline.sort();
        timeline
    }
}

/// Finds phrases in a recording. `take` gets each as soon as it is known.
///
/// # Errors
/// [`PipelineError`] if it cannot be read, the network fails, `take` fails or the observer stops it.
pub fn spot_file(
    phrases: &Phrases,
    recording: &Recording,
    observer: &mut dyn Observer,
    take: impl FnMut(&Detection) -> std::io::Result<()> + Send,
) -> Result<Spoken, PipelineError> {
    Ok(spot(phrases, recording, observer, take, false)?.0)
}

/// As [`spot_file`], and keeps the probability of each phrase over time, as scores for a picture: 0.5 is its limit.
///
/// # Errors
/// As [`spot_file`].
pub fn spot_file_for_plot(
    phrases: &Phrases,
    recording: &Recording,
    observer: &mut dyn Observer,
) -> Result<(Spoken, FrameScores), PipelineError> {
    spot(phrases, recording, observer, |_| Ok(()), true)
}

fn spot(
    phrases: &Phrases,
    recording: &Recording,
    observer: &mut dyn Observer,
    mut take: impl FnMut(&Detection) -> std::io::Result<()> + Send,
    keeps_scores: bool,
) -> Result<(Spoken, FrameScores), PipelineError> {
    let name = recording.name();
    let (mut source, stoppable) = recording.open_watched(observer)?;
    let SourceInfo { rate_hz, channels, .. } = *source.info();
    let named = |error| PipelineError::detect(&name, error);
    let stream = phrases.stream(rate_hz, channels).map_err(named)?;
    let stream = if keeps_scores { stream.keeping_probabilities() } else { stream };
    let mut failed = None;
    let mut tell =
        |events: &mut Vec<PhraseEvent>, event: PhraseEvent, failed: &mut Option<std::io::Error>| {
            if let PhraseEvent::Said(detection) = &event
                && failed.is_none()
            {
                *failed = take(detection).err();
            }
            events.push(event);
        };
    let mut values = 0_u64;
    let state = (Vec::new(), stream, &mut failed);
    let watch = Watched { source: &mut source, name: &name, stoppable, observer };
    let push =
        |(events, stream, failed): &mut (Vec<PhraseEvent>, PhraseStream, &mut Option<std::io::Error>),
         block: &[f32]| {
            values += block.len() as u64;
            stream.push(block, &mut |event| tell(events, event, failed))
        };
    let ((), (mut events, mut stream, failed)) =
        watch.beside("earmark phrases", state, push, read_through)?;
    stream.finish(&mut |event| tell(&mut events, event, failed)).map_err(named)?;
    if let Some(error) = failed.take() {
        return Err(PipelineError::Taken(error));
    }
    let spoken = Spoken::of(rate_hz, values / u64::from(channels.max(1)), events);
    let scores = scores(phrases, &spoken, &stream.take_probabilities());
    Ok((spoken, scores))
}

/// Probabilities hop by hop as scores frame by frame. No level is measured.
fn scores(phrases: &Phrases, spoken: &Spoken, by_hop: &[f32]) -> FrameScores {
    let labels: Vec<Label> = phrases.labels().cloned().collect();
    let hop_frames = usize::try_from(phrases.hop_frames()).unwrap_or(1);
    let hops = by_hop.chunks_exact(labels.len().max(1));
    let probabilities: Vec<f32> =
        hops.flat_map(|hop| std::iter::repeat_n(hop, hop_frames).flatten().copied()).collect();
    let frames = probabilities.len() / labels.len().max(1);
    FrameScores {
        probabilities,
        mean_square: vec![0.0; frames],
        samples: spoken.samples,
        ..FrameScores::new(labels, spoken.rate_hz)
    }
}
