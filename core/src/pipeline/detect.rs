//! A recording through a detector, watched.

use std::sync::{Mutex, PoisonError};

use super::beside::beside;
use super::{Observer, Pass, PipelineError, PipelineWarning, Recording};
use crate::FrameScores;
use crate::audio::{Source, SourceInfo};
use crate::detect::{Alone, DetectError, Detector, DetectorStream};
use crate::signal::Downmixer;
use crate::signal::units::samples_to_seconds;

/// Less than this of one channel alone is not worth a word, seconds.
const LEAST_ALONE_S: f64 = 0.5;

/// Hears a recording to its end.
///
/// # Errors
/// [`PipelineError`] if it cannot be read, the network fails or the observer stops it.
pub fn detect_file(
    detector: &Detector,
    recording: &Recording,
    observer: &mut dyn Observer,
) -> Result<FrameScores, PipelineError> {
    let (mut source, stoppable) = recording.open_watched(observer)?;
    watched(&mut source, &recording.name(), stoppable, observer, |source, watch| {
        detector.detect_telling(source, watch)
    })
}

/// The same for streams, keeping nothing: `take` gets the frames as they come, each once and in order. When it fails the
/// stream is left. Gives the number of samples per channel.
///
/// # Errors
/// As [`detect_file`], and [`PipelineError::Taken`] if `take` fails.
pub fn detect_while_heard(
    detector: &Detector,
    recording: &Recording,
    observer: &mut dyn Observer,
    mut take: impl FnMut(&FrameScores) -> std::io::Result<()> + Send,
) -> Result<u64, PipelineError> {
    let (mut source, stoppable) = recording.open_watched(observer)?;
    // Frames are taken on the network's thread; the one that reads looks at it before each block.
    let failed: Mutex<Option<std::io::Error>> = Mutex::new(None);
    let failure = || failed.lock().unwrap_or_else(PoisonError::into_inner);
    let heard = watched(&mut source, &recording.name(), stoppable, observer, |source, watch| {
        let each = |block: &[f32]| if failure().is_some() { Err(Stop::Interrupted) } else { watch(block) };
        detector.detect_each_telling(source, each, |scores| {
            let mut failure = failure();
            if failure.is_none() {
                *failure = take(scores).err();
            }
        })
    });
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(PipelineError::Taken(error)),
        None => heard,
    }
}

/// Hears a recording once for each of `gains_db`, louder or softer by that, in one decoding.
///
/// # Errors
/// As [`detect_file`].
pub fn detect_file_with_gains(
    detector: &Detector,
    recording: &Recording,
    gains_db: &[f64],
    observer: &mut dyn Observer,
) -> Result<Vec<FrameScores>, PipelineError> {
    let (mut source, stoppable) = recording.open_watched(observer)?;
    let name = recording.name();
    let named = |error| PipelineError::detect(&name, error);
    let (rate_hz, channels) = (source.info().rate_hz, source.info().channels);
    let mut streams = Vec::new();
    for &gain_db in gains_db {
        let stream = detector.stream(rate_hz, channels).map_err(named)?;
        let scores = stream.scores();
        streams.push((factor(gain_db), stream, scores));
    }
    let mut scaled = Vec::new();
    let take = move |streams: &mut Vec<(f32, DetectorStream, FrameScores)>, block: &[f32]| {
        for (factor, stream, scores) in streams {
            scaled.clear();
            scaled.extend(block.iter().map(|x| x * *factor));
            stream.push(&scaled, scores)?;
        }
        Ok(())
    };
    let watch = Watched { source: &mut source, name: &name, stoppable, observer };
    let ((), streams) = watch.beside("earmark gains", streams, take, read_through)?;
    let finished = streams.into_iter().map(|(_, stream, mut scores)| {
        stream.finish(&mut scores).map_err(named)?;
        Ok(scores)
    });
    finished.collect()
}

/// Why a pass ends before the source does.
pub(super) enum Stop {
    Interrupted,
    Detect(DetectError),
}

impl From<DetectError> for Stop {
    fn from(error: DetectError) -> Self {
        Self::Detect(error)
    }
}

/// Does `hear` over a source called `name`. It hands each block to the function that it gets, before it hears it, and gives
/// beside its result which channel was heard alone. What the observer stops is an error, unless the source is one that then
/// ends by itself (`stoppable`).
pub(super) fn watched<T>(
    source: &mut Source,
    name: &str,
    stoppable: bool,
    observer: &mut dyn Observer,
    hear: impl FnOnce(&mut Source, &mut dyn FnMut(&[f32]) -> Result<(), Stop>) -> Result<(T, Alone), Stop>,
) -> Result<T, PipelineError> {
    let info = source.info();
    observer.begin(Pass::Hear, info.samples.map(|samples| samples_to_seconds(samples, info.rate_hz)));
    let mut clock = Clock::new(info);
    let heard = hear(source, &mut |block| {
        if !stoppable && observer.interrupted() {
            return Err(Stop::Interrupted);
        }
        observer.at(clock.after(block));
        Ok(())
    });
    let alone = heard.as_ref().ok().and_then(|(_, alone)| *alone);
    if let Some((seconds, channel)) = alone.filter(|&(seconds, _)| seconds >= LEAST_ALONE_S) {
        observer.warn(&PipelineWarning::HeardAlone { seconds, channel });
    }
    for warning in source.warnings() {
        observer.warn(&PipelineWarning::Audio(warning.clone()));
    }
    heard.map(|(heard, _)| heard).map_err(|stopped| match stopped {
        Stop::Interrupted => PipelineError::Interrupted,
        Stop::Detect(error) => PipelineError::detect(name, error),
    })
}

/// Reads a source to its end, and shows each block to `watch`: hearing, for who has something else to do beside it.
pub(super) fn read_through(
    source: &mut Source,
    watch: &mut dyn FnMut(&[f32]) -> Result<(), Stop>,
) -> Result<((), Alone), Stop> {
    let mut cancelling = Cancelling::of(source);
    while let Some(block) = source.next_block().map_err(DetectError::from)? {
        watch(block)?;
        cancelling.push(block);
    }
    Ok(((), cancelling.alone()))
}

/// Finds where channels cancel each other, for who reads a source and does not mix it down by himself.
pub(super) struct Cancelling {
    /// Nothing for one channel, which nothing cancels.
    downmixer: Option<Downmixer>,
    mono: Vec<f32>,
}

impl Cancelling {
    pub(super) fn of(source: &Source) -> Self {
        let SourceInfo { rate_hz, channels, .. } = *source.info();
        Self { downmixer: (channels > 1).then(|| Downmixer::new(rate_hz, channels)), mono: Vec::new() }
    }

    pub(super) fn push(&mut self, block: &[f32]) {
        if let Some(downmixer) = &mut self.downmixer {
            self.mono.clear();
            downmixer.push(block, &mut self.mono);
        }
    }

    pub(super) fn alone(&self) -> Alone {
        self.downmixer.as_ref()?.alone()
    }
}

/// What [`watched`] is called with.
pub(super) struct Watched<'a> {
    pub(super) source: &'a mut Source,
    pub(super) name: &'a str,
    pub(super) stoppable: bool,
    pub(super) observer: &'a mut dyn Observer,
}

impl Watched<'_> {
    /// Does `hear` as [`watched`] does, and on a thread called `thread` `take` for each block. Gives what both have come to.
    pub(super) fn beside<S: Send, T>(
        self,
        thread: &'static str,
        state: S,
        take: impl FnMut(&mut S, &[f32]) -> Result<(), DetectError> + Send,
        hear: impl FnOnce(&mut Source, &mut dyn FnMut(&[f32]) -> Result<(), Stop>) -> Result<(T, Alone), Stop>,
    ) -> Result<(T, S), PipelineError> {
        let Self { source, name, stoppable, observer } = self;
        let (heard, taken) = beside(thread, state, take, |hand_over| {
            watched(source, name, stoppable, observer, |source, watch| {
                hear(source, &mut |block| {
                    watch(block)?;
                    // Why nobody takes it is told below.
                    if hand_over(block) { Ok(()) } else { Err(Stop::Interrupted) }
                })
            })
        });
        let taken = taken.map_err(|error| PipelineError::detect(name, error))?;
        Ok((heard?, taken))
    }
}

/// Counts blocks in seconds.
pub(super) struct Clock {
    rate_hz: u32,
    channels: u64,
    values: u64,
}

impl Clock {
    pub(super) fn new(info: &SourceInfo) -> Self {
        Self { rate_hz: info.rate_hz, channels: u64::from(info.channels).max(1), values: 0 }
    }

    /// Seconds at the end of `block`, the next one.
    pub(super) fn after(&mut self, block: &[f32]) -> f64 {
        self.values += block.len() as u64;
        samples_to_seconds(self.values / self.channels, self.rate_hz)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a gain needs no more than f32")]
fn factor(gain_db: f64) -> f32 {
    10_f64.powf(gain_db / 20.0) as f32
}
