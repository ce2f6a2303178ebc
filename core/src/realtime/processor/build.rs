//! How a gate is made: never on the audio thread.

use std::sync::Arc;
use std::time::Duration;

use super::LiveGate;
use crate::decide::Thresholds;
use crate::detect::Detector;
use crate::gate::{CausalDecider, DelayLine, Envelope, GainComputer, GateSettings, RuleSet, ms_to_samples};
use crate::model::pack::{self, Manifest, Pack};
use crate::noise::{SnrEstimator, StreamingSnr};
use crate::realtime::clock::AudioClock;
use crate::realtime::decisions::{Decisions, WorkerLink};
use crate::realtime::latency::{LatencyParts, poll_s};
use crate::realtime::link::Link;
#[cfg(feature = "profiles")]
use crate::realtime::phrases::{LivePhrases, PhraseScores};
use crate::realtime::score_stream::ScoreStream;
use crate::realtime::status::Shared;
use crate::realtime::stretch::Stretches;
use crate::realtime::worker::Worker;
use crate::realtime::{FailMode, LiveConfig, LiveError, LiveMonitor, MAX_LABELS};
use crate::signal::units::{samples_covering, samples_to_seconds};
use crate::signal::{MAX_RATE_HZ, MIN_RATE_HZ};
use crate::{FrameGrid, Label};

/// What a gate hears beside its detector.
#[cfg(feature = "profiles")]
#[derive(Debug, Clone, Default)]
pub struct Beside<'a> {
    /// The noise floor, which the gate then follows.
    pub gauge: Option<Arc<SnrEstimator>>,
    /// Enrolled voices.
    pub voices: Option<&'a crate::voice::Voices>,
    /// Enrolled phrases.
    pub phrases: Option<&'a LivePhrases>,
}

/// Audio that the ring to the worker holds, seconds. A worker that is further behind could not catch up in time anyway.
const RING_S: f64 = 0.5;

impl LiveGate {
    /// Allocates everything and starts the worker. The detector must have been loaded with
    /// [`DetectorMode::LowLatency`](crate::detect::DetectorMode::LowLatency); any number of gates may share it.
    ///
    /// # Errors
    /// [`LiveError`] if the settings do not fit the detector or the worker cannot be started.
    pub fn new(
        detector: Arc<Detector>,
        settings: &GateSettings,
        config: &LiveConfig,
    ) -> Result<Self, LiveError> {
        Self::of_pack(&detector, None, settings, config)
    }

    /// A gate that follows the noise floor, as [`Adaptive`](crate::gate::Adaptive) says, by what `gauge` hears. Both must
    /// have been loaded with [`DetectorMode::LowLatency`](crate::detect::DetectorMode::LowLatency).
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn adaptive(
        detector: Arc<Detector>,
        gauge: Arc<SnrEstimator>,
        settings: &GateSettings,
        config: &LiveConfig,
    ) -> Result<Self, LiveError> {
        Self::of_pack(&detector, Some(gauge), settings, config)
    }

    fn of_pack(
        detector: &Arc<Detector>,
        gauge: Option<Arc<SnrEstimator>>,
        settings: &GateSettings,
        config: &LiveConfig,
    ) -> Result<Self, LiveError> {
        let stream = |rate_hz| Ok(detector.stream(rate_hz, config.channels)?);
        Self::following(detector, gauge, detector.pack().manifest(), settings, config, stream)
    }

    /// A gate that knows enrolled voices: its labels are those of the pack and then `voice:NAME` for each voice, decided by
    /// the thresholds of speech. `settings` say what they do
    /// ([`GateSettings::for_voices`]). Detector and voices must have been loaded with
    /// [`DetectorMode::LowLatency`](crate::detect::DetectorMode::LowLatency). Should the network of the voices fail, the gate
    /// goes on as [`FollowSettings::on_failure`](crate::voice::FollowSettings::on_failure) says.
    ///
    /// # Errors
    /// As for [`new`](Self::new), and [`LiveError::Voice`].
    #[cfg(feature = "profiles")]
    pub fn for_voices(
        detector: Arc<Detector>,
        voices: &crate::voice::Voices,
        settings: &GateSettings,
        config: &LiveConfig,
    ) -> Result<Self, LiveError> {
        let beside = Beside { voices: Some(voices), ..Beside::default() };
        Self::with_beside(detector, &beside, settings, config)
    }

    /// A gate that hears more than its detector: the labels of enrolled voices and phrases stand behind those of the pack, in
    /// this order. What [`adaptive`](Self::adaptive) and [`for_voices`](Self::for_voices) say holds here too. Should the network
    /// of the phrases fail the gate has failed.
    ///
    /// # Errors
    /// As for [`for_voices`](Self::for_voices), and [`LiveError::TooManyLabels`].
    #[cfg(feature = "profiles")]
    pub fn with_beside(
        detector: Arc<Detector>,
        beside: &Beside<'_>,
        settings: &GateSettings,
        config: &LiveConfig,
    ) -> Result<Self, LiveError> {
        let mut manifest = detector.pack().manifest().clone();
        if let Some(voices) = beside.voices {
            let speech = manifest.thresholds_of(&Label::SPEECH);
            manifest.thresholds.extend(voices.labels().map(|label| (label, speech)));
            manifest.labels.extend(voices.labels());
        }
        let of_detector = manifest.clone();
        if let Some(phrases) = beside.phrases {
            manifest = phrases.beside(&manifest);
        }
        if manifest.labels.len() > MAX_LABELS {
            return Err(LiveError::TooManyLabels { count: manifest.labels.len() });
        }
        let channels = config.channels;
        Self::following(&detector, beside.gauge.clone(), &manifest, settings, config, |rate_hz| {
            let mut stream: Box<dyn ScoreStream> = match beside.voices {
                Some(voices) => {
                    Box::new(crate::voice::VoiceStream::new(&detector, voices, rate_hz, channels)?)
                }
                None => Box::new(detector.stream(rate_hz, channels)?),
            };
            if let Some(phrases) = beside.phrases {
                stream = Box::new(PhraseScores::new(stream, phrases, &of_detector, rate_hz, channels)?);
            }
            Ok(stream)
        })
    }

    fn following<S: ScoreStream>(
        detector: &Arc<Detector>,
        gauge: Option<Arc<SnrEstimator>>,
        manifest: &Manifest,
        settings: &GateSettings,
        config: &LiveConfig,
        stream: impl FnOnce(u32) -> Result<S, LiveError>,
    ) -> Result<Self, LiveError> {
        let rate_hz = check(config)?;
        if !detector.is_live() || gauge.as_ref().is_some_and(|gauge| !gauge.detector().is_live()) {
            return Err(LiveError::Mode);
        }
        if !(MIN_RATE_HZ..=MAX_RATE_HZ).contains(&rate_hz) {
            let problem = format!(
                "nothing is heard at {} Hz: the ear takes rates from {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz",
                config.rate_hz
            );
            return Self::deaf(problem, manifest, settings, config, rate_hz);
        }
        let stream = stream(rate_hz)?;
        let floor = gauge.map(|gauge| StreamingSnr::new(gauge, rate_hz, config.channels)).transpose()?;
        let gate = Self::with_stream(stream, floor, manifest, settings, config, rate_hz)?;
        Ok(Self { _detector: Some(Arc::clone(detector)), ..gate })
    }

    /// A gate without a detector, in the fail mode; `problem` is the sentence that its status shows. Its latency is that of
    /// the live pack.
    ///
    /// # Errors
    /// [`LiveError`] if the settings make no gate.
    pub fn without_detector(
        problem: impl Into<String>,
        settings: &GateSettings,
        config: &LiveConfig,
    ) -> Result<Self, LiveError> {
        let rate_hz = check(config)?;
        let pack = Pack::find(pack::LIVE).map_err(|source| LiveError::Pack(Box::new(source)))?;
        let mut manifest = pack.manifest().clone();
        // Rules about labels of the pack that is missing are no mistake.
        for label in settings.labels().filter(|label| **label != Label::SILENCE && **label != Label::UNKNOWN)
        {
            if !manifest.labels.contains(label) {
                manifest.labels.push(label.clone());
            }
        }
        manifest.labels.truncate(MAX_LABELS);
        Self::deaf(problem.into(), &manifest, settings, config, rate_hz)
    }

    fn deaf(
        problem: String,
        manifest: &Manifest,
        settings: &GateSettings,
        config: &LiveConfig,
        rate_hz: u32,
    ) -> Result<Self, LiveError> {
        let heard_hz = rate_hz.clamp(MIN_RATE_HZ, MAX_RATE_HZ);
        let parts = LatencyParts::new(manifest, heard_hz, config)?.at_rate(heard_hz, rate_hz, config);
        Self::build(None, Arc::new(Shared::missing(problem)), parts, manifest, settings, config, rate_hz)
    }

    /// With anything that scores audio: for [`new`](Self::new) and for tests of what can go wrong in there.
    pub(in crate::realtime) fn with_stream(
        stream: impl ScoreStream,
        floor: Option<StreamingSnr>,
        manifest: &Manifest,
        settings: &GateSettings,
        config: &LiveConfig,
        rate_hz: u32,
    ) -> Result<Self, LiveError> {
        let parts = LatencyParts::new(manifest, rate_hz, config)?;
        let kept = ms_to_samples(config.recent_s * 1_000.0, rate_hz);
        let shared = Arc::new(Shared::keeping(usize::try_from(kept).unwrap_or(0)));
        let grid = FrameGrid::new(rate_hz);
        let channels = usize::from(config.channels);
        let max_piece = config.max_block_samples.max(1);
        let ring =
            usize::try_from(samples_covering(RING_S, rate_hz)).unwrap_or(usize::MAX).max(4 * max_piece);
        let in_flight = grid.frames(parts.total() + (ring + max_piece) as u64);
        let frames = usize::try_from(in_flight).unwrap_or(usize::MAX).saturating_add(64);
        let (link, ends) = Link::new(grid, manifest.hop_frames, channels, max_piece, ring, frames);
        let poll = Duration::from_secs_f64(poll_s(manifest));
        let worker = Worker::start(ends, stream, floor, channels, grid, poll, &shared)?;
        Self::build(Some(WorkerLink { link, worker }), shared, parts, manifest, settings, config, rate_hz)
    }

    fn build(
        detector: Option<WorkerLink>,
        shared: Arc<Shared>,
        parts: LatencyParts,
        manifest: &Manifest,
        settings: &GateSettings,
        config: &LiveConfig,
        rate_hz: u32,
    ) -> Result<Self, LiveError> {
        if manifest.labels.len() > MAX_LABELS {
            return Err(LiveError::TooManyLabels { count: manifest.labels.len() });
        }
        let settings = GateSettings {
            envelope: Envelope { lookahead_ms: config.lookahead_ms, ..settings.envelope },
            ..settings.clone()
        };
        let of_pack: [Thresholds; MAX_LABELS] = thresholds(manifest);
        let decider = CausalDecider::new(&settings, &manifest.labels, &of_pack, rate_hz)?;
        let rest = match (&detector, config.fail_mode) {
            (None, FailMode::Open) => RuleSet::unity(),
            _ => decider.rules().default_target(),
        };
        let gain = GainComputer::new(&settings, rest, rate_hz)?;
        let max_piece = config.max_block_samples.max(1);
        let delay = usize::try_from(parts.total()).unwrap_or(usize::MAX);
        let channels = usize::from(config.channels);
        let monitor = LiveMonitor { shared: Arc::clone(&shared) };
        let margin_s = 0.5 * samples_to_seconds(parts.hearing + parts.budget, rate_hz);
        Ok(Self {
            latency: parts.total(),
            offline: config.offline,
            delay: DelayLine::new(channels, delay, max_piece),
            decisions: Decisions::new(
                detector,
                gain,
                decider,
                shared,
                config.fail_mode,
                settings.rules.range_db,
                max_piece,
            ),
            clock: AudioClock::new(config.rate_hz, margin_s),
            elapsed: 0,
            stretches: Stretches::new(rate_hz, manifest.hop_frames, parts.lookahead),
            told: Vec::with_capacity(
                usize::try_from(FrameGrid::new(rate_hz).frames(max_piece as u64) + 8).unwrap_or(0),
            ),
            max_piece,
            channels,
            gains: vec![0.0; max_piece],
            labels: manifest.labels.clone().into(),
            monitor,
            parts,
            _detector: None,
        })
    }
}

/// The thresholds of a pack in the order of its labels.
pub(in crate::realtime) fn thresholds(manifest: &Manifest) -> [Thresholds; MAX_LABELS] {
    std::array::from_fn(|index| {
        manifest.labels.get(index).map(|label| manifest.thresholds_of(label)).unwrap_or_default()
    })
}

/// Refuses what no host means; gives the rate in whole Hz.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be positive; `as` saturates"
)]
fn check(config: &LiveConfig) -> Result<u32, LiveError> {
    let refused = |what, value| Err(LiveError::Config { what, value });
    if !(config.rate_hz.is_finite() && config.rate_hz >= 1.0) {
        return refused("the sample rate", config.rate_hz);
    }
    if config.channels == 0 {
        return refused("the number of channels", 0.0);
    }
    Ok(config.rate_hz.round() as u32)
}
