//! A live channel, played at its own pace: every sample labelled once, with the time that it took.

use std::time::{Duration, Instant};

use super::challenge::{LabelRow, SampleLabel};
use super::{PhraseEvent, Phrases};
use crate::embed::EmbedError;
use crate::model::runtime;
use crate::raise_thread_priority;

/// What is done with samples once the network has failed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FailMode {
    /// They are kept off the air.
    #[default]
    Closed,
    /// They go on air.
    Open,
}

/// How a channel is played.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Samples per channel that come at a time.
    pub frame_samples: usize,
    /// Each frame comes when its last sample would; else as soon as the one before is done.
    pub realtime: bool,
    /// After a failure.
    pub fail_mode: FailMode,
}

/// A run.
#[derive(Debug)]
pub struct PacedRun {
    /// One row per frame.
    pub rows: Vec<LabelRow>,
    /// Work per frame, without waiting.
    pub busy: Vec<Duration>,
    /// The network failed: from then on the fail mode decided.
    pub failed: Option<EmbedError>,
}

/// Plays interleaved samples and labels each frame when it is there: a command while a phrase is being said, as far as is
/// known then.
///
/// # Errors
/// [`EmbedError`] if the rate cannot be heard at all; a failure on the way is part of the run.
pub fn run_paced(
    phrases: &Phrases,
    interleaved: &[f32],
    (rate_hz, channels): (u32, u16),
    pace: Pace,
) -> Result<PacedRun, EmbedError> {
    let mut stream = phrases.stream(rate_hz, channels)?;
    let values = pace.frame_samples.max(1) * usize::from(channels.max(1));
    let mut run = PacedRun { rows: Vec::new(), busy: Vec::new(), failed: None };
    let work = || {
        raise_thread_priority();
        let mut on = vec![false; phrases.labels().count()];
        let begun = Instant::now();
        let mut first = 0_u64;
        for frame in interleaved.chunks(values) {
            let samples = (frame.len() / usize::from(channels.max(1))) as u64;
            let next = first + samples;
            let due = Duration::from_nanos(next * 1_000_000_000 / u64::from(rate_hz.max(1)));
            let received = if pace.realtime {
                std::thread::sleep(due.saturating_sub(begun.elapsed()));
                due
            } else {
                begun.elapsed()
            };
            let start = Instant::now();
            if run.failed.is_none() {
                let heard = stream.push(frame, &mut |event| match event {
                    PhraseEvent::Begun { phrase, .. } => on[phrase] = true,
                    PhraseEvent::Over { phrase, .. } => on[phrase] = false,
                    PhraseEvent::Recognised(_) | PhraseEvent::Said(_) => {}
                });
                run.failed = heard.err();
            }
            let is_command = match (&run.failed, pace.fail_mode) {
                (None, _) => on.contains(&true),
                (Some(_), FailMode::Closed) => true,
                (Some(_), FailMode::Open) => false,
            };
            run.busy.push(start.elapsed());
            if samples > 0 {
                run.rows.push(LabelRow {
                    first,
                    last: next - 1,
                    label: if is_command { SampleLabel::Command } else { SampleLabel::Broadcast },
                    received_ns: nanoseconds(received),
                    labelled_ns: nanoseconds(begun.elapsed()),
                });
            }
            first = next;
        }
        run
    };
    Ok(runtime::enter_live("earmark paced", work))
}

fn nanoseconds(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}
