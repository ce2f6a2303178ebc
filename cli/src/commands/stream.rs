//! `earmark stream`: what is on in a stream, told while it is on.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use earmark_core::Label;
use earmark_core::audio::{PcmEncoding, PcmFormat};
use earmark_core::batch;
use earmark_core::decide::{TimelineChanges, TimelineSettings};
use earmark_core::detect::DetectorMode;
use earmark_core::gate::{Preset, load_preset};
use earmark_core::model::pack::Manifest;
use earmark_core::stream::StreamSettings;
use earmark_core::voice::{FollowSettings, OnVoiceFailure};
use earmark_server::sinks::Say;
use earmark_server::sources::{Input, Limits, SourceSettings};
use earmark_server::stream::{Outputs, RunError, SoundFormat, StreamJob, open_events, run as run_stream};

use super::phrase::beside;
use super::{hearing, voice};
use crate::args::{Bits, Global, StreamArgs, VoiceFailure};
use crate::console::{Console, Usage};
use crate::interrupt;

/// What samples without a header are when nobody says.
const RATE_HZ: u32 = 48_000;
const CHANNELS: u16 = 2;

pub fn run(args: &StreamArgs, global: &Global, console: &Arc<Console>) -> Result<()> {
    if args.list_inputs {
        return list_inputs();
    }
    let input = input(args)?;
    check_events(args, &input)?;
    for target in args.reactions.0.iter().flat_map(|reaction| &reaction.targets) {
        target.check().map_err(|error| Usage(error.to_string()))?;
    }
    let through = args.through.map(|_| gate(args)).transpose()?;
    let detector = Arc::new(hearing::open(&args.pack, DetectorMode::LowLatency, global, console)?);
    let on_failure = match args.voice_failure {
        VoiceFailure::Open => OnVoiceFailure::Open,
        VoiceFailure::Closed => OnVoiceFailure::Closed,
    };
    let telling = args.telling.settings().map_err(|error| Usage(error.to_string()))?;
    let follow = FollowSettings { on_failure, ..FollowSettings::default() };
    let job = StreamJob {
        voices: voice::followed(&args.follow, DetectorMode::LowLatency, follow, global, console)?,
        settings: settings(args, &input, through.as_ref(), detector.pack().manifest())?,
        source: source(args, global, input)?,
        phrases: beside(
            &args.phrases,
            &args.phrase_pack.phrase_pack,
            args.follow.store.profiles.as_deref(),
            DetectorMode::LowLatency,
            (global, console),
        )?
        .map(|phrases| Arc::new(phrases.with_settings(telling))),
        wall_clock: args.wall_clock,
        reactions: args.reactions.0.clone(),
        through,
    };
    let events: Box<dyn Write> = match &args.events {
        Some(place) => open_events(place).with_context(|| format!("--events {place}"))?,
        None => Box::new(std::io::stdout()),
    };
    let outputs = Outputs { events, sound: Box::new(std::io::stdout()) };
    let say: Say = {
        let console = Arc::clone(console);
        Arc::new(move |sentence: &str| console.warn(sentence))
    };
    run_stream(job, &detector, &interrupt::flag(), outputs, &say).map_err(|error| match error {
        RunError::Label { .. } => Usage(error.to_string()).into(),
        other => other.into(),
    })
}

fn input(args: &StreamArgs) -> Result<Input> {
    match &args.sound_card {
        #[cfg(feature = "sound-card")]
        Some(device) => Ok(Input::Card(device.clone())),
        #[cfg(not(feature = "sound-card"))]
        Some(device) => Err(without_cards(device)),
        None => Ok(Input::named(&args.input)),
    }
}

/// `--inputs`: a line for each sound card that records.
/// Events are added to a file, which must be none that is read.
fn check_events(args: &StreamArgs, input: &Input) -> Result<()> {
    let Some(place) = args.events.as_deref().filter(|place| !place.starts_with("fd:")) else { return Ok(()) };
    let mut outputs = batch::Outputs::default();
    if let Input::File(path) = input {
        outputs.protect(path);
    }
    outputs.protect(Path::new(&args.preset));
    Ok(outputs.claim_file(Path::new(place))?)
}

fn list_inputs() -> Result<()> {
    #[cfg(feature = "sound-card")]
    {
        let mut out = std::io::stdout().lock();
        for device in earmark_server::sources::input_devices()? {
            writeln!(out, "{}\t{} channels\t{} Hz", device.name, device.channels, device.rate_hz)
                .context("stdout")?;
        }
        Ok(())
    }
    #[cfg(not(feature = "sound-card"))]
    Err(without_cards("--inputs"))
}

#[cfg(not(feature = "sound-card"))]
fn without_cards(what: &str) -> anyhow::Error {
    Usage(format!(
        "{what}: this program was built without sound cards (the cargo feature `sound-card`). Record with another one: \
         arecord -t wav - | earmark stream -"
    ))
    .into()
}

fn source(args: &StreamArgs, global: &Global, input: Input) -> Result<SourceSettings> {
    let is_url = !matches!(input, Input::Stdin | Input::File(_));
    let (rate_hz, channels) = (args.rate.unwrap_or(RATE_HZ), args.channels.unwrap_or(CHANNELS));
    // Whoever tells a rate tells it because there is no header.
    let encoding =
        args.encoding.or((args.rate.is_some() || args.channels.is_some()).then_some(PcmEncoding::S16Le));
    if is_url && args.encoding.is_some() {
        return Err(Usage(
            "--encoding is for samples without a header; ffmpeg knows what a URL holds".into(),
        )
        .into());
    }
    let pcm = encoding.filter(|_| !is_url).map(|encoding| PcmFormat { rate_hz, channels, encoding });
    let longest = args.reconnect_max_s.map(Duration::from_secs);
    let limits = longest.map_or_else(Limits::default, |longest| Limits::default().with_longest_wait(longest));
    let ffmpeg = global.ffmpeg.clone().unwrap_or_default();
    Ok(SourceSettings { input, pcm, url_format: (rate_hz, channels), limits, ffmpeg })
}

fn settings(
    args: &StreamArgs,
    input: &Input,
    through: Option<&(Preset, SoundFormat)>,
    manifest: &Manifest,
) -> Result<StreamSettings> {
    let mut timeline = TimelineSettings::for_pack(manifest);
    if let Some((preset, _)) = through {
        // What is told is what opens the gate.
        timeline = timeline.with_gate(&preset.gate);
    }
    let changes = args.shape.with(TimelineChanges {
        threshold: args.threshold.iter().map(|(name, open)| (Label::new(name.as_str()), *open)).collect(),
        silence_dbfs: args.silence_dbfs.map(f64::from),
        ..TimelineChanges::default()
    });
    // What is told of all labels comes before what is told of speech.
    for label in timeline.labels.values_mut().chain([&mut timeline.default]) {
        label.min_on_ms = args.min_on_ms.unwrap_or(label.min_on_ms);
        label.min_gap_ms = args.min_gap_ms.unwrap_or(label.min_gap_ms);
    }
    let timeline = changes.apply(timeline, &manifest.labels).map_err(|error| Usage(error.to_string()))?;
    let name = args.name.clone().unwrap_or_else(|| input.name());
    let settings = StreamSettings { name, timeline, frame_ms: args.frames };
    settings.check().map_err(|error| Usage(error.to_string()))?;
    Ok(settings)
}

fn gate(args: &StreamArgs) -> Result<(Preset, SoundFormat)> {
    let preset = load_preset(&args.preset).map_err(|error| Usage(error.to_string()))?;
    let format = match args.bits {
        Bits::Sixteen => SoundFormat { bits: 16, float: false },
        Bits::TwentyFour => SoundFormat { bits: 24, float: false },
        Bits::ThirtyTwo => SoundFormat { bits: 32, float: false },
        Bits::Float => SoundFormat { bits: 32, float: true },
    };
    Ok((preset, format))
}
