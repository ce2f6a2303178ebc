//! Making a processor: everything that allocates.

use std::sync::Arc;

use earmark_core::detect::Detector;
use earmark_core::gate::{DelayLine, Mixer};
use earmark_core::model::pack::{self, Pack};
use earmark_core::realtime::{Beside, FailMode, LatencyParts, LiveConfig, LiveGate, with_wait};

use super::automation::Automation;
use super::detector_filter::DetectorFilter;
use super::labels::{Columns, LANE_LABELS, LANES, LabelMode, LabelsOut, LanesIn, Pairs};
use super::profile_columns::ProfileColumns;
use super::settings::{SettingsBank, mix_settings};
use super::{ActivateError, Activation, MAX_CHANNELS, Processor};
use crate::params::{EAR_CHOICES, id, lookahead_id, lookahead_of_choice, pack_of_choice};
use crate::profiles::{InForce, RECENT_S};
use crate::shared::Shared;

/// Frames that a piece has room for at most: at rates so low that a frame is less than a sample, the rest is not shown.
const FRAMES_LIMIT: f64 = 16_384.0;

impl Processor {
    /// Allocates all that is needed and starts the ear. On the main thread.
    ///
    /// # Errors
    /// [`ActivateError`] for a layout that cannot be processed. A missing or broken model is no error: the fail mode
    /// holds and the status says so.
    pub fn activate(shared: Arc<Shared>, activation: &Activation) -> Result<Self, ActivateError> {
        let Activation { rate_hz, channels, sidechain_channels, .. } = *activation;
        if !(rate_hz.is_finite() && rate_hz >= 1.0) || usize::from(channels) > MAX_CHANNELS {
            return Err(ActivateError::Layout { rate_hz, channels });
        }
        // Asked for before the parameters are read: a change after this line is a wish for the next activation.
        shared.take_restart_wanted();
        let params = &shared.params;
        let sidechain_channels = heard_sidechain(sidechain_channels);
        let linked = is_linked(&shared, channels);
        let config = live_config(&shared, activation);
        let mut ear = shared.ear(&shared.pack_source());
        let in_force = shared.load_profiles();
        if config.fail_mode == FailMode::Closed
            && let Some(problem) = in_force.problems.first()
        {
            ear = Err(problem.clone());
        }
        let mut bank = bank(&shared, ear.as_ref().ok(), &in_force);
        // A noise pack that cannot be loaded leaves the gate its own: the ear works without it.
        let gauge = params.is_on(id::ADAPTIVE).then(|| crate::ears::gauge().ok()).flatten();
        let beside = Beside { gauge, ..in_force.beside() };
        let gates = (0..if linked { 1 } else { channels })
            .map(|_| gate(ear.as_ref(), &beside, &mut bank, &shared, &config))
            .collect::<Result<Vec<_>, _>>()?;
        let labels = gates.first().map_or(&[][..], LiveGate::labels);
        let columns = Columns::of(labels);
        let profiles = ProfileColumns::of(labels, &in_force);
        let own_pairs = pack_pairs(ear.as_ref().ok().map(AsRef::as_ref));
        let latency = gates.first().map_or(0, LiveGate::latency_samples);
        let max_piece = config.max_block_samples;
        let detector_channels = channels.max(sidechain_channels);
        let planes = |count: u16| vec![vec![0.0; max_piece]; usize::from(count)];
        shared.watch(gates.iter().map(LiveGate::monitor).collect());
        let processor = Self {
            latency,
            channels: usize::from(channels),
            max_piece,
            automation: Automation::new(params, latency),
            playhead: None,
            slack: 0,
            tolerance: u64::from(whole_rate(rate_hz)) / 100,
            rate_hz: i64::from(whole_rate(rate_hz)),
            decided: Vec::with_capacity(
                frames_per_piece(max_piece, rate_hz)
                    + frames_per_piece(gates.first().map_or(0, lookahead_samples), rate_hz),
            ),
            seen: u64::MAX,
            pairs: own_pairs,
            own_pairs,
            mode: LabelMode::Off,
            columns,
            profiles,
            labels: LabelsOut::new(Arc::clone(&shared), columns),
            lanes: LanesIn::default(),
            mixer: Mixer::new(&mix_settings(params), rate_hz),
            frames: Vec::with_capacity(frames_per_piece(max_piece, rate_hz)),
            shown: [0.0; LANES],
            leaving: None,
            detector: planes(detector_channels),
            sidechain_channels: usize::from(sidechain_channels),
            detector_filter: DetectorFilter::new(rate_hz, usize::from(detector_channels)),
            detector_delay: DelayLine::new(
                usize::from(detector_channels),
                usize::try_from(latency).unwrap_or(usize::MAX),
                max_piece,
            ),
            spare: planes(channels),
            silent_for: 0,
            // Those of an activation before sound until audio runs.
            notes_must_end: true,
            broken: false,
            gates,
            bank,
            shared,
        };
        crate::label_log::collect_from(&processor.shared);
        processor.shared.note_activation(rate_hz, latency, columns.have_singing());
        processor.shared.note_block(max_piece);
        Ok(processor)
    }

    /// The latency that an activation would have now, samples, for hosts that ask before they activate. Exact wherever
    /// the ear can hear; an activation's own word counts.
    pub fn latency_of(shared: &Shared, activation: &Activation) -> u32 {
        let config = live_config(shared, activation);
        let pack = shared.pack().or_else(|_| Pack::find(pack::LIVE));
        // As in an activation: the wait for a phrase counts where there is one.
        let wait_ms = shared.usable_phrase_wait_ms();
        let parts = pack.ok().and_then(|pack| {
            let manifest = with_wait(pack.manifest(), wait_ms);
            LatencyParts::new(&manifest, whole_rate(activation.rate_hz), &config).ok()
        });
        parts.map_or(0, |parts| u32::try_from(parts.total()).unwrap_or(u32::MAX))
    }
}

/// The latency that one of the ears would have with all else as it is, ms: what it costs. As now, or at 48 kHz in blocks of 512 while
/// nothing runs. `pack` is the ear's.
pub(crate) fn latency_of_ear_ms(shared: &Shared, choice: usize, pack: &Pack) -> Option<f64> {
    let (rate_hz, max_block) = shared.last_rate_and_block().unwrap_or((48_000.0, 512));
    let activation = Activation { rate_hz, max_block, channels: 1, sidechain_channels: 0, offline: false };
    let lookahead_ms = shared.params.get_f32(lookahead_of_choice(choice));
    let config = LiveConfig { lookahead_ms, ..live_config(shared, &activation) };
    let manifest = with_wait(pack.manifest(), shared.usable_phrase_wait_ms());
    let parts = LatencyParts::new(&manifest, whole_rate(rate_hz), &config).ok()?;
    let samples = u32::try_from(parts.total()).ok()?;
    Some(1e3 * f64::from(samples) / rate_hz)
}

/// The packs of all ears, in the order of the choices; none for one that is not there.
pub(crate) fn packs_of_ears() -> [Option<Pack>; EAR_CHOICES.len()] {
    std::array::from_fn(|choice| Pack::find(pack_of_choice(choice)).ok())
}

fn lookahead_samples(gate: &LiveGate) -> usize {
    usize::try_from(gate.latency_parts().lookahead).unwrap_or(0)
}

fn heard_sidechain(channels: u16) -> u16 {
    channels.min(u16::try_from(MAX_CHANNELS).unwrap_or(u16::MAX))
}

/// Whether one gate works for all channels.
fn is_linked(shared: &Shared, channels: u16) -> bool {
    shared.params.is_on(id::LINK) || channels < 2
}

fn live_config(shared: &Shared, activation: &Activation) -> LiveConfig {
    let Activation { rate_hz, max_block, channels, sidechain_channels, offline } = *activation;
    let (params, sidechain_channels) = (&shared.params, heard_sidechain(sidechain_channels));
    let linked = is_linked(shared, channels);
    LiveConfig {
        rate_hz,
        channels: if linked { channels.max(1) } else { 1 },
        sidechain_channels: if linked { sidechain_channels } else { sidechain_channels.min(1) },
        max_block_samples: max_block.max(1),
        lookahead_ms: params.get_f32(lookahead_id(params)),
        fail_mode: if params.choice(id::FAIL_MODE) == 1 { FailMode::Closed } else { FailMode::Open },
        offline,
        recent_s: RECENT_S,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "positive; what does not fit saturates"
)]
fn whole_rate(rate_hz: f64) -> u32 {
    rate_hz.round().max(1.0) as u32
}

/// Settings for all that can be chosen, with the voice and the phrase.
fn bank(shared: &Shared, ear: Option<&Arc<Detector>>, in_force: &InForce) -> SettingsBank {
    let mut bank = shared
        .kept(|kept| SettingsBank::new(&kept.extras))
        .with_others(|label| ear.map(|ear| ear.pack().manifest().thresholds_of(label)));
    let voices = in_force.voice_labels();
    if !voices.is_empty() {
        bank = bank.for_voices(&voices);
    }
    if let (Some(ear), Some(phrase)) = (ear, in_force.phrase_label()) {
        let labels = &ear.pack().manifest().labels;
        bank = bank.for_phrase(&phrase, in_force.phrase_use(), labels);
    }
    bank
}

fn gate(
    ear: Result<&Arc<Detector>, &String>,
    beside: &Beside<'_>,
    bank: &mut SettingsBank,
    shared: &Shared,
    config: &LiveConfig,
) -> Result<LiveGate, ActivateError> {
    bank.update(&shared.params);
    // Made with the most rules, so that it has room for all the others.
    let settings = bank.largest().cloned().unwrap_or_default();
    let problem = match ear {
        Ok(ear) => {
            match LiveGate::with_beside(Arc::clone(ear), beside, &settings, config) {
                Ok(mut gate) => {
                    // Hosts declare a render. One that asks for much at once on its real-time thread must not be made to
                    // wait there for what a render would be waited for.
                    gate.guess_offline(false);
                    return Ok(gate);
                }
                Err(error) => error.to_string(),
            }
        }
        Err(problem) => problem.clone(),
    };
    Ok(LiveGate::without_detector(problem, &settings, config)?)
}

/// The pack's thresholds of the labels that have lanes.
fn pack_pairs(ear: Option<&Detector>) -> Pairs {
    LANE_LABELS.map(|label| ear.map(|ear| ear.pack().manifest().thresholds_of(&label)).unwrap_or_default())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "at most FRAMES_LIMIT"
)]
fn frames_per_piece(samples: usize, rate_hz: f64) -> usize {
    ((samples as f64 * 100.0 / rate_hz).ceil() + 2.0).min(FRAMES_LIMIT) as usize
}
