//! A small host.

#[path = "events.rs"]
mod events;

use std::cell::Cell;
use std::ffi::{CStr, CString};
use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use clack_extensions::audio_ports_config::PluginAudioPortsConfig;
use clack_extensions::latency::{HostLatency, HostLatencyImpl, PluginLatency};
use clack_extensions::params::{
    HostParams, HostParamsImplMainThread, HostParamsImplShared, ParamClearFlags, ParamRescanFlags,
    PluginParams,
};
use clack_extensions::preset_discovery::HostPresetLoadImpl;
use clack_extensions::preset_discovery::prelude::{HostPresetLoad, Location};
use clack_extensions::render::{PluginRender, RenderMode};
use clack_extensions::state::PluginState;
use clack_extensions::track_info::{HostTrackInfo, HostTrackInfoImpl, TrackInfo, TrackInfoWriter};
use clack_host::events::io::EventBuffer;
use clack_host::prelude::*;
use clack_host::process::audio_buffers::{AudioPortBuffer, AudioPortBufferType, InputChannel};
use clack_host::stream::{InputStream, OutputStream};
use clack_host::utils::ClapId;
use earmark_plugin::clap::{CLAP_ID, ClapEntry};
use earmark_plugin::{Flow, ParamId};
use events::{timed, transport, value_event};

/// What the plugin asked of the host.
#[derive(Debug, Default)]
pub struct Asked {
    pub restarts: AtomicUsize,
    pub flushes: AtomicUsize,
    pub rescans: AtomicUsize,
    pub latency_changes: AtomicUsize,
    pub tracks: AtomicUsize,
    pub presets: AtomicUsize,
    pub activating: AtomicBool,
}

pub struct HostShared(pub Arc<Asked>);

impl SharedHandler<'_> for HostShared {
    fn request_restart(&self) {
        self.0.restarts.fetch_add(1, Ordering::SeqCst);
    }
    fn request_process(&self) {}
    fn request_callback(&self) {}
}

impl HostParamsImplShared for HostShared {
    fn request_flush(&self) {
        self.0.flushes.fetch_add(1, Ordering::SeqCst);
    }
}

pub struct HostMain(Arc<Asked>);

impl<'a> MainThreadHandler<'a> for HostMain {}

impl HostParamsImplMainThread for HostMain {
    fn rescan(&self, _flags: ParamRescanFlags) {
        self.0.rescans.fetch_add(1, Ordering::SeqCst);
    }
    fn clear(&self, _param_id: ClapId, _flags: ParamClearFlags) {}
}

impl HostLatencyImpl for HostMain {
    fn changed(&self) {
        assert!(self.0.activating.load(Ordering::SeqCst), "the latency changes within an activation only");
        self.0.latency_changes.fetch_add(1, Ordering::SeqCst);
    }
}

impl HostTrackInfoImpl for HostMain {
    fn get<'a>(&'a self, writer: &mut TrackInfoWriter<'_, 'a>) {
        writer.set(&TrackInfo::new().with_name(Some(b"Voice 1")));
        self.0.tracks.fetch_add(1, Ordering::SeqCst);
    }
}

impl HostPresetLoadImpl for HostMain {
    fn on_error(&self, _: Location, _: Option<&CStr>, _: i32, _: Option<&CStr>) {}

    fn loaded(&self, _: Location, _: Option<&CStr>) {
        self.0.presets.fetch_add(1, Ordering::SeqCst);
    }
}

pub struct TestHost;

impl HostHandlers for TestHost {
    type Shared<'a> = HostShared;
    type MainThread<'a> = HostMain;
    type AudioProcessor<'a> = ();

    fn declare_extensions(builder: &mut HostExtensions<Self>, _shared: &HostShared) {
        builder
            .register::<HostParams>()
            .register::<HostLatency>()
            .register::<HostTrackInfo>()
            .register::<HostPresetLoad>();
    }
}

/// An instance in the host.
pub struct Hosted {
    pub instance: PluginInstance<TestHost>,
    pub asked: Arc<Asked>,
}

/// What came out of a block beside sound.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Out {
    Param { id: ParamId, value: f64 },
    Gesture { id: ParamId, begins: bool },
    Note { key: u8, on: bool },
    Controller { number: u8, value: u8 },
}

/// An event at a sample since the activation.
pub type Timed = (u64, Out);

/// The entry of the plugin that is in this program.
fn entry() -> PluginEntry {
    PluginEntry::load_from_clack::<ClapEntry>(c"/test").expect("an entry")
}

impl Default for Hosted {
    fn default() -> Self {
        Self::of(&entry())
    }
}

impl Hosted {
    /// An instance from an entry, of this program or of a library.
    pub fn of(entry: &PluginEntry) -> Self {
        let info = HostInfo::new("test host", "earmark", "https://example.com", "1").expect("plain strings");
        let asked = Arc::new(Asked::default());
        let (for_shared, for_main) = (Arc::clone(&asked), Arc::clone(&asked));
        let id = CString::new(CLAP_ID).expect("plain");
        let instance = PluginInstance::<TestHost>::new(
            |_| HostShared(for_shared),
            |_| HostMain(for_main),
            entry,
            &id,
            &info,
        )
        .expect("an instance");
        Self { instance, asked }
    }
}

impl Hosted {
    /// A mono instance that renders offline, so that every result is exact.
    pub fn offline_mono() -> Self {
        let mut hosted = Self::offline();
        hosted.select(0);
        hosted
    }

    /// An instance that renders offline.
    pub fn offline() -> Self {
        Self::offline_of(&entry())
    }

    /// The same from an entry.
    pub fn offline_of(entry: &PluginEntry) -> Self {
        let mut hosted = Self::of(entry);
        let render = hosted.extension::<PluginRender>();
        render.set(&hosted.instance.plugin_handle(), RenderMode::Offline).expect("offline is possible");
        hosted
    }

    pub fn extension<
        E: clack_host::extensions::Extension<ExtensionSide = clack_host::extensions::PluginExtensionSide>,
    >(
        &mut self,
    ) -> E {
        self.instance.plugin_handle().get_extension::<E>().expect("the plugin has it")
    }

    pub fn get(&mut self, id: ParamId) -> f64 {
        let params = self.extension::<PluginParams>();
        params.get_value(&self.instance.plugin_handle(), ClapId::new(id.0)).expect("a parameter")
    }

    /// Sets parameters while nothing is processed; gives what the plugin says of its own.
    pub fn set(&mut self, values: &[(ParamId, f64)]) -> Vec<Timed> {
        let params = self.extension::<PluginParams>();
        let mut input = EventBuffer::new();
        for (id, value) in values {
            input.push(&value_event(0, *id, *value));
        }
        let mut output = EventBuffer::new();
        let mut handle = self.instance.inactive_plugin_handle().expect("inactive");
        params.flush(
            &mut handle,
            &InputEvents::from_buffer(&input),
            &mut OutputEvents::from_buffer(&mut output),
        );
        output.iter().filter_map(|event| timed(event, 0, 1)).collect()
    }

    pub fn save(&mut self) -> Vec<u8> {
        let state = self.extension::<PluginState>();
        let mut bytes = Vec::new();
        state
            .save(&self.instance.plugin_handle(), &mut OutputStream::from_writer(&mut bytes))
            .expect("a state");
        bytes
    }

    pub fn load(&mut self, bytes: &[u8]) -> bool {
        let state = self.extension::<PluginState>();
        let mut cursor = Cursor::new(bytes);
        state.load(&self.instance.plugin_handle(), &mut InputStream::from_reader(&mut cursor)).is_ok()
    }

    pub fn latency(&mut self) -> usize {
        let latency = self.extension::<PluginLatency>();
        latency.get(&self.instance.plugin_handle()) as usize
    }

    /// Takes one of the layouts that the plugin offers: 0 is mono, 2 stereo; the odd ones have label outputs.
    pub fn select(&mut self, config: u32) {
        let configs = self.extension::<PluginAudioPortsConfig>();
        let handle = self.instance.inactive_plugin_handle().expect("inactive");
        configs.select(&handle, ClapId::new(config)).expect("offered");
    }

    pub fn activate(&mut self, rate_hz: f64, max_block: usize) -> Running {
        let config = PluginAudioConfiguration {
            sample_rate: rate_hz,
            min_frames_count: 1,
            max_frames_count: u32::try_from(max_block).expect("small"),
        };
        self.asked.activating.store(true, Ordering::SeqCst);
        let processor = self.instance.activate(|_, _| (), config).expect("an activation");
        self.asked.activating.store(false, Ordering::SeqCst);
        Running {
            processor: Some(processor.start_processing().expect("a start")),
            position: 0,
            rate_hz,
            playing_from: None,
            last: Cell::new(Flow::Continue),
            out: EventBuffer::with_capacity(4_096),
        }
    }

    pub fn deactivate(&mut self, mut running: Running) {
        let processor = running.processor.take().expect("running");
        self.instance.deactivate(processor.stop_processing());
    }

    /// Activates, renders all of `input` in blocks, and deactivates.
    pub fn render(&mut self, rate_hz: f64, input: &[Vec<f32>], block: usize) -> Rendered {
        let mut running = self.activate(rate_hz, block);
        let rendered = running.render(input, None, &[], block);
        self.deactivate(running);
        rendered
    }
}

/// An instance that processes.
pub struct Running {
    processor: Option<StartedPluginAudioProcessor<TestHost>>,
    pub position: u64,
    rate_hz: f64,
    /// Where the next block stands on the host's timeline, samples, if it plays.
    pub playing_from: Option<i64>,
    pub last: Cell<Flow>,
    out: EventBuffer,
}

#[derive(Debug, Default)]
pub struct Rendered {
    pub sound: Vec<Vec<f32>>,
    pub events: Vec<Timed>,
}

impl Running {
    /// One block: main planes in place, the sidechain (none: the port has no channels) and label planes.
    pub fn process(
        &mut self,
        main: &mut [Vec<f32>],
        sidechain: &mut [Vec<f32>],
        labels: Option<&mut [Vec<f32>]>,
        events: &[(u32, ParamId, f64)],
    ) -> Vec<Timed> {
        let samples = main.first().map_or(0, Vec::len);
        let mut copy = main.to_vec();
        let mut inputs = AudioPorts::with_capacity(64, 2);
        let mut outputs = AudioPorts::with_capacity(64, 2);
        let input = inputs.with_input_buffers([
            AudioPortBuffer {
                latency: 0,
                channels: AudioPortBufferType::f32_input_only(copy.iter_mut().map(InputChannel::variable)),
            },
            AudioPortBuffer {
                latency: 0,
                channels: AudioPortBufferType::f32_input_only(
                    sidechain.iter_mut().map(InputChannel::variable),
                ),
            },
        ]);
        let mut ports = vec![AudioPortBuffer {
            latency: 0,
            channels: AudioPortBufferType::f32_output_only(main.iter_mut().map(Vec::as_mut_slice)),
        }];
        if let Some(labels) = labels {
            ports.push(AudioPortBuffer {
                latency: 0,
                channels: AudioPortBufferType::f32_output_only(labels.iter_mut().map(Vec::as_mut_slice)),
            });
        }
        let mut output = outputs.with_output_buffers(ports);
        let mut buffer = EventBuffer::new();
        for (time, id, value) in events {
            buffer.push(&value_event(*time, *id, *value));
        }
        self.out.clear();
        let transport = self.playing_from.map(|samples| transport(samples as f64 / self.rate_hz));
        let status = self
            .processor
            .as_mut()
            .expect("running")
            .process(
                &input,
                &mut output,
                &InputEvents::from_buffer(&buffer),
                &mut OutputEvents::from_buffer(&mut self.out),
                Some(self.position),
                transport.as_ref(),
            )
            .expect("a block");
        self.last.set(if status == ProcessStatus::Sleep { Flow::Sleep } else { Flow::Continue });
        let events = self.out.iter().filter_map(|event| timed(event, self.position, samples)).collect();
        self.position += samples as u64;
        self.playing_from = self.playing_from.map(|place| place.saturating_add_unsigned(samples as u64));
        events
    }

    /// All of `input` in blocks of `block`; events are given with their sample in the input.
    pub fn render(
        &mut self,
        input: &[Vec<f32>],
        sidechain: Option<&[Vec<f32>]>,
        events: &[(u64, ParamId, f64)],
        block: usize,
    ) -> Rendered {
        let total = input.first().map_or(0, Vec::len);
        let mut rendered =
            Rendered { sound: vec![Vec::with_capacity(total); input.len()], events: Vec::new() };
        let mut at = 0;
        while at < total {
            let end = total.min(at + block);
            let mut main: Vec<Vec<f32>> = input.iter().map(|plane| plane[at..end].to_vec()).collect();
            let mut side: Vec<Vec<f32>> =
                sidechain.unwrap_or(&[]).iter().map(|plane| plane[at..end].to_vec()).collect();
            let due: Vec<(u32, ParamId, f64)> = events
                .iter()
                .filter(|(time, ..)| (at as u64..end as u64).contains(time))
                .map(|&(time, id, value)| (u32::try_from(time - at as u64).expect("small"), id, value))
                .collect();
            rendered.events.extend(self.process(&mut main, &mut side, None, &due));
            for (plane, block) in rendered.sound.iter_mut().zip(main) {
                plane.extend(block);
            }
            at = end;
        }
        rendered
    }

    pub fn reset(&mut self) {
        self.processor.as_mut().expect("running").reset();
    }

    pub fn started(&mut self) -> &mut StartedPluginAudioProcessor<TestHost> {
        self.processor.as_mut().expect("running")
    }
}
