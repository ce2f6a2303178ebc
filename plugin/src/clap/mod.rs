//! The CLAP face, on `clack`. It knows parameters, processor, state and window; nothing of speech.
//!
//! * `audio` runs on the audio thread: events in, planes in, process, planes out, events out.
//! * `params`, `ports`, `notes`, `session` answer the host's questions on the main thread, `gui` hangs the
//!   editor into its window, `presets` are for its browser, `track` is what it says by itself.
//!
//! clack catches panics at every entry; the processor catches its own before that.

mod audio;
mod gui;
mod notes;
mod params;
mod ports;
mod presets;
mod session;
mod track;

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use clack_extensions::audio_ports::PluginAudioPorts;
use clack_extensions::audio_ports_config::{PluginAudioPortsConfig, PluginAudioPortsConfigInfo};
use clack_extensions::configurable_audio_ports::PluginConfigurableAudioPorts;
use clack_extensions::gui::PluginGui;
use clack_extensions::latency::PluginLatency;
use clack_extensions::note_name::PluginNoteName;
use clack_extensions::note_ports::PluginNotePorts;
use clack_extensions::param_indication::PluginParamIndication;
use clack_extensions::params::{HostParams, PluginParams};
use clack_extensions::preset_discovery::PluginPresetLoad;
use clack_extensions::remote_controls::PluginRemoteControls;
use clack_extensions::render::PluginRender;
use clack_extensions::state::PluginState;
use clack_extensions::surround::PluginSurround;
use clack_extensions::tail::PluginTail;
use clack_extensions::track_info::PluginTrackInfo;
use clack_plugin::plugin::features::{ANALYZER, AUDIO_EFFECT, GATE, MONO, STEREO, SURROUND, UTILITY};
use clack_plugin::prelude::*;

use crate::edits::EditReader;
use crate::shared::Shared;
use audio::ClapAudio;
use gui::Gui;
use ports::Layout;

/// The id by which hosts find saved projects; never changes.
pub const CLAP_ID: &str = "audio.earmark.earmark";

pub use presets::ClapEntry;

/// The plugin, as clack wants it.
#[derive(Debug)]
pub struct EarmarkClap;

impl Plugin for EarmarkClap {
    type AudioProcessor<'a> = ClapAudio<'a>;
    type Shared<'a> = ClapShared<'a>;
    type MainThread<'a> = ClapMain<'a>;

    fn declare_extensions(builder: &mut PluginExtensions<Self>, _shared: Option<&ClapShared<'_>>) {
        builder
            .register::<PluginAudioPorts>()
            .register::<PluginAudioPortsConfig>()
            .register::<PluginAudioPortsConfigInfo>()
            .register::<PluginConfigurableAudioPorts>()
            .register::<PluginSurround>()
            .register::<PluginNotePorts>()
            .register::<PluginNoteName>()
            .register::<PluginParams>()
            .register::<PluginRemoteControls>()
            .register::<PluginState>()
            .register::<PluginLatency>()
            .register::<PluginTail>()
            .register::<PluginRender>()
            .register::<PluginPresetLoad>()
            .register::<PluginTrackInfo>()
            .register::<PluginParamIndication>()
            .register::<PluginGui>();
    }
}

impl DefaultPluginFactory for EarmarkClap {
    fn get_descriptor() -> PluginDescriptor {
        PluginDescriptor::new(CLAP_ID, crate::NAME)
            .with_vendor(crate::VENDOR)
            .with_version(crate::VERSION)
            .with_url(env!("CARGO_PKG_REPOSITORY"))
            .with_description("Keeps speech, music or everything else: a gate that hears what it is for")
            .with_features([AUDIO_EFFECT, GATE, UTILITY, ANALYZER, MONO, STEREO, SURROUND])
    }

    fn new_shared(host: HostSharedHandle<'_>) -> Result<ClapShared<'_>, PluginError> {
        Ok(ClapShared {
            host,
            plugin: Arc::new(Shared::new()),
            edits: EditReader::default(),
            offline: AtomicBool::new(false),
        })
    }

    fn new_main_thread<'a>(
        host: HostMainThreadHandle<'a>,
        shared: &'a ClapShared<'a>,
    ) -> Result<ClapMain<'a>, PluginError> {
        let host_params = host.get_extension::<HostParams>();
        let main = ClapMain {
            host,
            shared,
            host_params,
            layout: Cell::new(Layout::default()),
            latency: Cell::new(0),
            gui: Gui::new(),
        };
        main.ask_for_the_track();
        Ok(main)
    }
}

/// What all threads of an instance see.
pub struct ClapShared<'a> {
    host: HostSharedHandle<'a>,
    plugin: Arc<Shared>,
    edits: EditReader,
    /// Whether the host renders offline.
    offline: AtomicBool,
}

impl<'a> PluginShared<'a> for ClapShared<'a> {}

impl ClapShared<'_> {
    /// Passes a wish for another activation on; any thread may.
    fn pass_on_restart(&self) {
        if self.plugin.take_restart_wanted() {
            self.host.request_restart();
        }
    }
}

/// The main thread's part of an instance.
pub struct ClapMain<'a> {
    host: HostMainThreadHandle<'a>,
    shared: &'a ClapShared<'a>,
    host_params: Option<HostParams>,
    layout: Cell<Layout>,
    /// As the host was last told.
    latency: Cell<u32>,
    gui: Gui,
}

impl<'a> PluginMainThread<'a, ClapShared<'a>> for ClapMain<'a> {
    fn on_main_thread(&self) {
        self.shared.pass_on_restart();
    }
}

// Handles of the host cannot be printed.
impl fmt::Debug for ClapShared<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClapShared").field("plugin", &self.plugin).finish_non_exhaustive()
    }
}

impl fmt::Debug for ClapMain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClapMain").field("layout", &self.layout).finish_non_exhaustive()
    }
}
