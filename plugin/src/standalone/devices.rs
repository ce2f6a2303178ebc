//! Sound cards, through cpal; JACK where it is installed.

use anyhow::{Context, Result, anyhow, bail};
use cpal::traits::{DeviceTrait, HostTrait, StreamTrait};
use cpal::{
    BufferSize, Device, FromSample, Host, Sample, SampleFormat, SizedSample, Stream, StreamConfig,
    SupportedStreamConfig, SupportedStreamConfigRange,
};
use rtrb::Producer;

use super::args::Args;
use super::engine::Engine;
use super::feed::Feed;

/// What to do on a machine without sound.
const WITHOUT: &str = "`--output none` goes without a device, `--list-devices` shows what there is";

/// Prints the sound systems and their devices.
pub fn list(args: &Args) -> Result<()> {
    let systems = cpal::available_hosts();
    for id in systems {
        if args.system.as_ref().is_some_and(|name| !id.name().eq_ignore_ascii_case(name)) {
            continue;
        }
        println!("{}", id.name());
        match cpal::host_from_id(id).and_then(|host| host.devices().map(Iterator::collect::<Vec<_>>)) {
            Ok(devices) if devices.is_empty() => println!("  no devices"),
            Ok(devices) => devices.iter().for_each(print_device),
            Err(error) => println!("  not available: {error}"),
        }
    }
    Ok(())
}

fn print_device(device: &Device) {
    let side = |name: &str, config: Result<SupportedStreamConfig, cpal::Error>| {
        let config = config.ok()?;
        Some(format!("{name} {} channels at {} Hz", config.channels(), config.sample_rate()))
    };
    let sides = [side("in", device.default_input_config()), side("out", device.default_output_config())];
    let sides: Vec<_> = sides.into_iter().flatten().collect();
    println!(
        "  {}  ({})",
        name(device),
        if sides.is_empty() { "not usable now".to_owned() } else { sides.join(", ") }
    );
}

fn name(device: &Device) -> String {
    match (device.description(), device.id()) {
        (Ok(description), _) => description.name().to_owned(),
        (Err(_), Ok(id)) => id.to_string(),
        (Err(_), Err(_)) => "a device without a name".to_owned(),
    }
}

/// An output device, and an input device where one is needed.
pub struct Sound {
    host: Host,
    output: Device,
    config: SupportedStreamConfig,
    channels: u16,
}

impl Sound {
    /// Finds the devices, with a sample rate as near to the wanted one as they offer.
    pub fn choose(args: &Args, wanted_hz: u32, channels: u16) -> Result<Self> {
        let host = match &args.system {
            Some(name) => {
                let id = cpal::available_hosts().into_iter().find(|id| id.name().eq_ignore_ascii_case(name));
                let id = id.ok_or_else(|| anyhow!("there is no sound system `{name}` here; {WITHOUT}"))?;
                cpal::host_from_id(id).with_context(|| format!("{name} is not available; {WITHOUT}"))?
            }
            None => cpal::default_host(),
        };
        let output = match &args.device {
            Some(wanted) => find(host.output_devices()?, wanted, "output")?,
            None => host
                .default_output_device()
                .ok_or_else(|| anyhow!("no output device was found; {WITHOUT}"))?,
        };
        let config = config_near(&output, wanted_hz, channels)
            .with_context(|| format!("the output device {} cannot be used; {WITHOUT}", name(&output)))?;
        if args.rate.is_some_and(|rate_hz| rate_hz != config.sample_rate()) {
            bail!("the output device {} does not run at {wanted_hz} Hz", name(&output));
        }
        Ok(Self { host, output, config, channels })
    }

    /// Samples per second.
    pub fn rate_hz(&self) -> u32 {
        self.config.sample_rate()
    }

    /// Lets the device call the engine.
    pub fn play(self, args: &Args, mut engine: Engine) -> Result<Streams> {
        let input = if args.input.is_none() { self.input(args, &mut engine)? } else { None };
        let config = stream_config(&self.config, args);
        let format = self.config.sample_format();
        let output = match format {
            SampleFormat::F32 => output::<f32>(&self.output, config, engine),
            SampleFormat::F64 => output::<f64>(&self.output, config, engine),
            SampleFormat::I16 => output::<i16>(&self.output, config, engine),
            SampleFormat::U16 => output::<u16>(&self.output, config, engine),
            SampleFormat::I32 => output::<i32>(&self.output, config, engine),
            other => {
                bail!("the output device {} wants {other} samples, which are not offered", name(&self.output))
            }
        };
        let output =
            output.with_context(|| format!("the output device {} does not start", name(&self.output)))?;
        if let Some(input) = &input {
            input.play().context("the input does not start")?;
        }
        output.play().context("the output does not start")?;
        Ok(Streams { _input: input, _output: output })
    }

    /// The input device feeds the engine; without one it is silent, and says so.
    fn input(&self, args: &Args, engine: &mut Engine) -> Result<Option<Stream>> {
        let device = match &args.input_device {
            Some(wanted) => Some(find(self.host.input_devices()?, wanted, "input")?),
            None => self.host.default_input_device(),
        };
        let Some(device) = device else {
            eprintln!("earmark-standalone: no input device was found: the input is silent");
            return Ok(None);
        };
        let rate_hz = self.rate_hz();
        let config = device
            .supported_input_configs()?
            .filter_map(|range| range.try_with_sample_rate(rate_hz))
            .find(|config| {
                config.sample_format() == SampleFormat::F32 || config.sample_format() == SampleFormat::I16
            })
            .ok_or_else(|| {
                anyhow!("the input device {} does not run at {rate_hz} Hz as the output does", name(&device))
            })?;
        // A tenth of a second: the two clocks may be some blocks apart.
        let (ring, feed) = Feed::ring(self.channels, usize::try_from(rate_hz / 10)?);
        engine.set_feed(feed);
        let (format, config) = (config.sample_format(), stream_config(&config, args));
        let stream = match format {
            SampleFormat::F32 => input::<f32>(&device, config, self.channels, ring),
            _ => input::<i16>(&device, config, self.channels, ring),
        };
        stream.map(Some).with_context(|| format!("the input device {} does not start", name(&device)))
    }
}

/// Sound, as long as it lives.
pub struct Streams {
    _input: Option<Stream>,
    _output: Stream,
}

fn find(devices: impl Iterator<Item = Device>, wanted: &str, side: &str) -> Result<Device> {
    let lower = wanted.to_lowercase();
    let mut named: Vec<(String, Device)> = devices.map(|device| (name(&device), device)).collect();
    let at = named
        .iter()
        .position(|(name, _)| name.to_lowercase() == lower)
        .or_else(|| named.iter().position(|(name, _)| name.to_lowercase().contains(&lower)));
    match at {
        Some(at) => Ok(named.swap_remove(at).1),
        None => {
            let known: Vec<_> = named.into_iter().map(|(name, _)| name).collect();
            let known = if known.is_empty() { "none at all".to_owned() } else { known.join(", ") };
            bail!("there is no {side} device like `{wanted}`; there is {known}")
        }
    }
}

/// The configuration that needs the least conversion: the rate first, then enough channels, then float.
fn config_near(device: &Device, rate_hz: u32, channels: u16) -> Result<SupportedStreamConfig> {
    let worth = |range: &SupportedStreamConfigRange| {
        let format = match range.sample_format() {
            SampleFormat::F32 => 3,
            SampleFormat::I32 | SampleFormat::F64 => 2,
            SampleFormat::I16 | SampleFormat::U16 => 1,
            _ => return None,
        };
        let enough = range.channels() >= channels;
        let spare = range.channels().abs_diff(channels);
        Some((enough, std::cmp::Reverse(spare), format))
    };
    let at_rate = device
        .supported_output_configs()?
        .filter(|range| range.try_with_sample_rate(rate_hz).is_some())
        .filter_map(|range| Some((worth(&range)?, range)))
        .max_by_key(|(worth, _)| *worth);
    Ok(match at_rate {
        Some((_, range)) => range.with_sample_rate(rate_hz),
        None => device.default_output_config()?,
    })
}

fn stream_config(config: &SupportedStreamConfig, args: &Args) -> StreamConfig {
    let mut config = config.config();
    if let Some(samples) = args.buffer {
        config.buffer_size = BufferSize::Fixed(samples);
    }
    config
}

fn complain(error: cpal::Error) {
    eprintln!("earmark-standalone: {error}");
}

fn output<T: SizedSample + FromSample<f32>>(
    device: &Device,
    config: StreamConfig,
    mut engine: Engine,
) -> Result<Stream, cpal::Error> {
    let channels = usize::from(config.channels).max(1);
    let fill = move |data: &mut [T], _: &cpal::OutputCallbackInfo| {
        let mut frames = data.chunks_exact_mut(channels);
        engine.run(frames.len(), |planes, length| {
            for (at, frame) in frames.by_ref().take(length).enumerate() {
                for (channel, sample) in frame.iter_mut().enumerate() {
                    *sample = T::from_sample(spread(planes, channel).map_or(0.0, |plane| plane[at]));
                }
            }
        });
    };
    device.build_output_stream(config, fill, complain, None)
}

/// The plane for a channel of the device: one channel is heard on all.
fn spread(planes: &[Vec<f32>], channel: usize) -> Option<&Vec<f32>> {
    if planes.len() == 1 { planes.first() } else { planes.get(channel) }
}

fn input<T: SizedSample>(
    device: &Device,
    config: StreamConfig,
    channels: u16,
    mut ring: Producer<f32>,
) -> Result<Stream, cpal::Error>
where
    f32: FromSample<T>,
{
    let from = usize::from(config.channels).max(1);
    let to = usize::from(channels).max(1);
    let take = move |data: &[T], _: &cpal::InputCallbackInfo| {
        for frame in data.chunks_exact(from) {
            // What does not fit is lost: the output is not taking it, and must not be waited for.
            if ring.slots() < to {
                return;
            }
            for channel in 0..to {
                let sample =
                    frame.get(channel).or(frame.first()).map_or(0.0, |&sample| f32::from_sample(sample));
                let _ = ring.push(sample);
            }
        }
    };
    device.build_input_stream(config, take, complain, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_channel_is_heard_on_all_and_two_stay_two() {
        let mono = [vec![1.0]];
        assert!((0..4).all(|channel| spread(&mono, channel).is_some()));
        let stereo = [vec![1.0], vec![2.0]];
        assert_eq!(spread(&stereo, 1), Some(&vec![2.0]));
        assert_eq!(spread(&stereo, 2), None);
    }
}
