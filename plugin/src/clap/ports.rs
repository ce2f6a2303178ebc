//! Audio ports: main in and out, a sidechain, and on demand an output of label planes.

use clack_extensions::audio_ports::{
    AudioPortFlags, AudioPortInfo, AudioPortInfoWriter, AudioPortType, PluginAudioPortsImpl,
};
use clack_extensions::audio_ports_config::{
    AudioPortConfigSelectError, AudioPortConfigWriter, AudioPortsConfiguration, MainPortInfo,
    PluginAudioPortsConfigImpl, PluginAudioPortsConfigInfoImpl,
};
use clack_extensions::configurable_audio_ports::{
    AudioPortRequest, AudioPortRequestDetails, PluginConfigurableAudioPortsImpl,
};
use clack_extensions::surround::{
    PluginSurroundImpl, SurroundChannel, SurroundChannels, SurroundConfig, SurroundMapWriter,
};
use clack_plugin::prelude::*;
use clack_plugin::utils::ClapId;

use super::ClapMain;
use crate::processor::{LABEL_PLANES, MAX_CHANNELS};

/// CLAP has a name for control voltage; clack has not.
const CV: AudioPortType<'static> = AudioPortType(c"cv");

const MAIN_IN: u32 = 0;
const SIDECHAIN: u32 = 1;
const MAIN_OUT: u32 = 2;
const LABELS: u32 = 3;

/// The channels of a port, and for surround which speaker each of them is. Where they stand does not matter to a linked
/// gate; the host is told what it asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Channels {
    count: u32,
    speakers: [Option<SurroundChannel>; SPEAKERS],
}

/// Most channels of a surround port.
const SPEAKERS: usize = 16;

impl Channels {
    /// So many, with the usual speakers where there are any.
    fn new(count: u32) -> Self {
        let mut channels = Self { count, speakers: [None; SPEAKERS] };
        channels.speakers.iter_mut().zip(speakers(count)).for_each(|(slot, speaker)| *slot = Some(speaker));
        channels
    }

    fn speakers(&self) -> impl Iterator<Item = SurroundChannel> {
        self.speakers.into_iter().flatten()
    }

    fn port_type(&self) -> Option<AudioPortType<'static>> {
        match self.count {
            1 => Some(AudioPortType::MONO),
            2 => Some(AudioPortType::STEREO),
            _ => self.speakers().next().map(|_| AudioPortType::SURROUND),
        }
    }

    /// What a host asks for; `None` if it cannot be.
    fn requested(details: &AudioPortRequestDetails<'_>) -> Option<Self> {
        let count = details.channel_count();
        if !usize::try_from(count).is_ok_and(|count| count <= MAX_CHANNELS) {
            return None;
        }
        let plain = Self { count, speakers: [None; SPEAKERS] };
        let Some(kind) = details.port_type() else { return Some(plain) };
        if kind == AudioPortType::MONO || kind == AudioPortType::STEREO {
            return (Some(kind) == plain.port_type()).then_some(plain);
        }
        if kind != AudioPortType::SURROUND {
            return None;
        }
        if details.raw_details().is_null() {
            let usual = Self::new(count);
            return usual.speakers().next().map(|_| usual);
        }
        let map = details.downcast::<SurroundConfig>()?;
        if map.channel_count() > SPEAKERS {
            return None;
        }
        let mut channels = plain;
        for (slot, speaker) in channels.speakers.iter_mut().zip(map) {
            *slot = Some(speaker?);
        }
        Some(channels)
    }
}

/// The ports as they are set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Layout {
    /// Of the main input and output.
    main: Channels,
    sidechain: Channels,
    /// Whether there is an output of label planes.
    pub(super) labels: bool,
}

impl Default for Layout {
    fn default() -> Self {
        Self { main: Channels::new(2), sidechain: Channels::new(2), labels: false }
    }
}

/// Layouts with names: channels, name.
const NAMED: [(u32, &str, &str); 5] = [
    (1, "Mono", "Mono, label outputs"),
    (2, "Stereo", "Stereo, label outputs"),
    (4, "Quad", "Quad, label outputs"),
    (6, "5.1", "5.1, label outputs"),
    (8, "7.1", "7.1, label outputs"),
];

const FRONT: [SurroundChannel; 4] = [
    SurroundChannel::FrontLeft,
    SurroundChannel::FrontRight,
    SurroundChannel::FrontCenter,
    SurroundChannel::LowFrequency,
];
const BACK: [SurroundChannel; 2] = [SurroundChannel::BackLeft, SurroundChannel::BackRight];
const SIDE: [SurroundChannel; 2] = [SurroundChannel::SideLeft, SurroundChannel::SideRight];

/// The speakers of a layout with so many channels, in CLAP's order; none for mono, stereo and what has no name.
fn speakers(channels: u32) -> impl Iterator<Item = SurroundChannel> {
    let (front, back, side) = match channels {
        4 => (2, 2, 0),
        6 => (4, 2, 0),
        8 => (4, 2, 2),
        _ => (0, 0, 0),
    };
    FRONT.into_iter().take(front).chain(BACK.into_iter().take(back)).chain(SIDE.into_iter().take(side))
}

impl Layout {
    /// Channels of the main input and output.
    pub(super) fn channels(&self) -> u32 {
        self.main.count
    }

    /// Channels of the sidechain.
    pub(super) fn sidechain(&self) -> u32 {
        self.sidechain.count
    }

    /// The layout of a configuration's id: two for each name, without and with label outputs.
    fn of_config(id: ClapId) -> Option<Self> {
        let (channels, ..) = NAMED.get(usize::try_from(id.get() / 2).ok()?)?;
        let sidechain = Channels::new((*channels).min(2));
        Some(Self { main: Channels::new(*channels), sidechain, labels: id.get() % 2 == 1 })
    }

    fn config(self) -> Option<ClapId> {
        let index = NAMED.iter().position(|(channels, ..)| *channels == self.channels())?;
        let id = ClapId::new(2 * u32::try_from(index).ok()? + u32::from(self.labels));
        (Self::of_config(id) == Some(self)).then_some(id)
    }

    fn port_count(self, is_input: bool) -> u32 {
        if is_input { 2 } else { 1 + u32::from(self.labels) }
    }

    fn write_port(self, index: u32, is_input: bool, writer: &mut AudioPortInfoWriter) {
        let info = |id, name, channel_count, flags, port_type, pair: Option<u32>| AudioPortInfo {
            id: ClapId::new(id),
            name,
            channel_count,
            flags: flags | AudioPortFlags::SUPPORTS_64BITS,
            port_type,
            in_place_pair: pair.map(ClapId::new),
        };
        let (main, other) = (AudioPortFlags::IS_MAIN, AudioPortFlags::empty());
        let (channels, main_type) = (self.main.count, self.main.port_type());
        let side_type = self.sidechain.port_type();
        match (index, is_input) {
            (0, true) => writer.set(&info(MAIN_IN, b"Input", channels, main, main_type, Some(MAIN_OUT))),
            (1, true) => {
                writer.set(&info(SIDECHAIN, b"Sidechain", self.sidechain.count, other, side_type, None));
            }
            (0, false) => writer.set(&info(MAIN_OUT, b"Output", channels, main, main_type, Some(MAIN_IN))),
            (1, false) if self.labels => {
                let planes = u32::try_from(LABEL_PLANES).unwrap_or(0);
                writer.set(&info(LABELS, b"Labels: speech, music, noise", planes, other, Some(CV), None));
            }
            _ => {}
        }
    }

    /// The layout after a host's requests; `None` if one of them cannot be met.
    fn after(self, requests: &[AudioPortRequest<'_>]) -> Option<Self> {
        let (mut input, mut output, mut layout) = (self.main, self.main, self);
        for request in requests {
            let channels = Channels::requested(&request.details())?;
            match (request.is_input(), request.port_index()) {
                (true, 0) if channels.count > 0 => input = channels,
                (false, 0) if channels.count > 0 => output = channels,
                (true, 1) => layout.sidechain = channels,
                (false, 1) if layout.labels && usize::try_from(channels.count) == Ok(LABEL_PLANES) => {}
                _ => return None,
            }
        }
        layout.main = input;
        (input == output).then_some(layout)
    }
}

impl PluginAudioPortsImpl for ClapMain<'_> {
    fn count(&self, is_input: bool) -> u32 {
        self.layout.get().port_count(is_input)
    }

    fn get(&self, index: u32, is_input: bool, writer: &mut AudioPortInfoWriter) {
        self.layout.get().write_port(index, is_input, writer);
    }
}

impl PluginAudioPortsConfigImpl for ClapMain<'_> {
    fn count(&self) -> u32 {
        u32::try_from(2 * NAMED.len()).unwrap_or(0)
    }

    fn get(&self, index: u32, writer: &mut AudioPortConfigWriter) {
        let id = ClapId::new(index);
        let Some(layout) = Layout::of_config(id) else { return };
        let name = usize::try_from(index / 2).ok().and_then(|index| NAMED.get(index));
        let Some((channels, plain, with_labels)) = name else { return };
        let main = MainPortInfo { channel_count: *channels, port_type: Channels::new(*channels).port_type() };
        writer.write(&AudioPortsConfiguration {
            id,
            name: if layout.labels { with_labels.as_bytes() } else { plain.as_bytes() },
            input_port_count: layout.port_count(true),
            output_port_count: layout.port_count(false),
            main_input: Some(main),
            main_output: Some(main),
        });
    }

    fn select(&self, config_id: ClapId) -> Result<(), PluginError> {
        let layout = Layout::of_config(config_id).ok_or(AudioPortConfigSelectError)?;
        self.layout.set(layout);
        Ok(())
    }
}

impl PluginAudioPortsConfigInfoImpl for ClapMain<'_> {
    fn current_config(&self) -> Option<ClapId> {
        self.layout.get().config()
    }

    fn get(&self, config_id: ClapId, index: u32, is_input: bool, writer: &mut AudioPortInfoWriter) {
        if let Some(layout) = Layout::of_config(config_id) {
            layout.write_port(index, is_input, writer);
        }
    }
}

impl PluginConfigurableAudioPortsImpl for ClapMain<'_> {
    fn can_apply_configuration(&self, list: &[AudioPortRequest<'_>]) -> bool {
        self.layout.get().after(list).is_some()
    }

    fn apply_configuration(&self, list: &[AudioPortRequest<'_>]) -> bool {
        let layout = self.layout.get().after(list);
        if let Some(layout) = layout {
            self.layout.set(layout);
        }
        layout.is_some()
    }
}

impl PluginSurroundImpl for ClapMain<'_> {
    fn is_channel_mask_supported(&self, mask: SurroundChannels) -> bool {
        !mask.is_empty() && usize::try_from(mask.bits().count_ones()).is_ok_and(|count| count <= SPEAKERS)
    }

    fn get_channel_map(&self, is_input: bool, port_index: u32, writer: &mut SurroundMapWriter) {
        let layout = self.layout.get();
        let channels = match (is_input, port_index) {
            (_, 0) => layout.main,
            (true, 1) => layout.sidechain,
            _ => return,
        };
        if channels.speakers().next().is_some() {
            writer.set(channels.speakers());
        }
    }
}
