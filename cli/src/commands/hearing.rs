//! What the commands that hear have in common: opening a pack, hearing a source, settings from flags.

use anyhow::Result;
use earmark_core::audio::Source;
use earmark_core::decide::{LabelSettings, TimelineSettings};
use earmark_core::detect::{DetectError, Detector, DetectorMode};
use earmark_core::gate::GateSettings;
use earmark_core::model::pack::Pack;
use earmark_core::model::runtime::Runtime;
use earmark_core::noise::SnrEstimator;
use earmark_core::realtime;
use earmark_core::{FrameScores, Label};

use crate::args::{Global, TimelineArgs};
use crate::console::{Console, Usage};
use crate::interrupt;

/// Opens a pack for work on files.
pub fn open(pack: &str, global: &Global, console: &Console) -> Result<Detector> {
    open_for(pack, DetectorMode::Throughput, global, console)
}

/// Opens a pack for a pace.
pub fn open_for(pack: &str, pace: DetectorMode, global: &Global, console: &Console) -> Result<Detector> {
    let (runtime, pack) = start(pack, global, console)?;
    Ok(Detector::load(&runtime, pack, pace)?)
}

/// Opens a noise pack for a pace.
pub fn open_gauge(
    pack: &str,
    pace: DetectorMode,
    global: &Global,
    console: &Console,
) -> Result<SnrEstimator> {
    let (runtime, pack) = start(pack, global, console)?;
    Ok(SnrEstimator::load(&runtime, pack, pace)?)
}

fn start(pack: &str, global: &Global, console: &Console) -> Result<(Runtime, Pack)> {
    let runtime = Runtime::start(global.runtime.as_deref(), global.device)?;
    if let Some(notice) = runtime.notice() {
        console.warn(notice);
    }
    let pack = Pack::find(pack)?;
    console.detail(&format!(
        "pack {} on runtime {}, device {}",
        pack.origin(),
        runtime.name(),
        runtime.device()
    ));
    Ok((runtime, pack))
}

/// Hears a source to its end, with progress; `observe` sees each block.
pub fn hear(
    detector: &Detector,
    source: &mut Source,
    name: &str,
    console: &Console,
    observe: impl FnMut(&[f32]),
) -> Result<FrameScores> {
    hear_as(false, detector, source, name, console, observe)
}

/// The same; `live`: as the plugin hears it.
pub fn hear_as(
    live: bool,
    detector: &Detector,
    source: &mut Source,
    name: &str,
    console: &Console,
    mut observe: impl FnMut(&[f32]),
) -> Result<FrameScores> {
    let info = source.info();
    let frame = f64::from(info.rate_hz) * f64::from(info.channels);
    let told_s = info.samples.map(|samples| whole(samples) / f64::from(info.rate_hz));
    let progress = console.progress(name.to_owned(), told_s);
    let mut done = 0.0;
    let observe = |block: &[f32]| {
        interrupt::check().map_err(|_| Stopped::Interrupted)?;
        observe(block);
        done += seconds(block.len(), frame);
        progress.at(done);
        Ok(())
    };
    let heard =
        if live { realtime::hear(detector, source, observe) } else { detector.detect(source, observe) };
    for warning in source.warnings() {
        console.warn(&format!("{name}: {warning}"));
    }
    heard.map_err(|stopped| match stopped {
        Stopped::Interrupted => interrupt::Interrupted.into(),
        // Errors of the audio name the file themselves.
        Stopped::Listen(DetectError::Audio(e)) => e.into(),
        Stopped::Listen(e) => anyhow::Error::new(e).context(name.to_owned()),
    })
}

enum Stopped {
    Interrupted,
    Listen(DetectError),
}

impl From<DetectError> for Stopped {
    fn from(error: DetectError) -> Self {
        Self::Listen(error)
    }
}

/// A count of samples as a number to divide.
#[expect(clippy::cast_precision_loss, reason = "sample counts stay far below 2^52")]
pub fn whole(samples: u64) -> f64 {
    samples as f64
}

#[expect(clippy::cast_precision_loss, reason = "a block is short")]
fn seconds(samples: usize, per_second: f64) -> f64 {
    samples as f64 / per_second
}

/// The pack's thresholds, then those of a gate, then what the flags change.
pub fn timeline_settings(
    args: &TimelineArgs,
    pack: &Pack,
    gate: Option<&GateSettings>,
) -> Result<TimelineSettings> {
    let manifest = pack.manifest();
    let mut settings = TimelineSettings { refine_borders: !args.no_refine, ..TimelineSettings::default() };
    for (label, t) in &manifest.thresholds {
        let sure = manifest.sure.get(label).copied().unwrap_or_default();
        let changed = LabelSettings { open: t.open, close: t.close, sure, ..settings.default };
        settings.labels.insert(label.clone(), changed);
    }
    if let Some(gate) = gate {
        for (label, t) in &gate.thresholds {
            let own = settings.labels.entry(label.clone()).or_insert(settings.default);
            (own.open, own.close) = (t.open, t.close);
        }
        for (label, sure) in &gate.sure {
            settings.labels.entry(label.clone()).or_insert(settings.default).sure = *sure;
        }
    }
    for (name, open) in &args.threshold {
        settings.set_threshold(&known_label(name, &manifest.labels)?, *open);
    }
    if let Some(level) = args.silence_dbfs {
        settings.silence_dbfs = f64::from(level);
    }
    if let Some(priority) = &args.exclusive {
        let labels =
            priority.iter().map(|name| known_label(name, &manifest.labels)).collect::<Result<_>>()?;
        settings.exclusive = Some(labels);
    }
    settings.check().map_err(|e| Usage(e.to_string()))?;
    Ok(settings)
}

/// Labels that a flag names must be ones that the pack has.
pub fn known_label(name: &str, known: &[Label]) -> Result<Label> {
    let label = Label::new(name);
    if known.contains(&label) {
        return Ok(label);
    }
    let names: Vec<&str> = known.iter().map(Label::as_str).collect();
    Err(Usage(format!("{name:?} is not a label of this pack; it has {}", names.join(", "))).into())
}
