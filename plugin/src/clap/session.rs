//! What a host asks about the session: state, latency, tail, rendering.

use std::io::{Read, Write};
use std::sync::atomic::Ordering;

use clack_extensions::latency::{HostLatency, PluginLatencyImpl};
use clack_extensions::params::ParamRescanFlags;
use clack_extensions::render::{PluginRenderImpl, RenderMode};
use clack_extensions::state::PluginStateImpl;
use clack_extensions::tail::{PluginTailImpl, TailLength};
use clack_plugin::prelude::*;
use clack_plugin::stream::{InputStream, OutputStream};

use super::ClapMain;
use super::audio::ClapAudio;

impl PluginStateImpl for ClapMain<'_> {
    fn save(&self, output: &mut OutputStream) -> Result<(), PluginError> {
        output.write_all(&self.shared.plugin.save_state())?;
        Ok(())
    }

    fn load(&self, input: &mut InputStream) -> Result<(), PluginError> {
        let mut bytes = Vec::new();
        input.take(crate::state::LIMIT_BYTES + 1).read_to_end(&mut bytes)?;
        self.shared.plugin.load_state(&bytes)?;
        self.report_new_values();
        Ok(())
    }
}

impl ClapMain<'_> {
    /// All values may be new: the host reads them, and restarts the plugin if the latency is one of them.
    pub(super) fn report_new_values(&self) {
        if self.shared.plugin.take_values_replaced()
            && let Some(params) = &self.host_params
        {
            params.rescan(&self.host, ParamRescanFlags::VALUES);
        }
        if self.shared.plugin.status().active {
            self.shared.pass_on_restart();
        }
    }

    /// Asks for a call in which parameters are told.
    pub(super) fn request_flush(&self) {
        if let Some(params) = &self.host_params {
            params.request_flush(&self.host.shared());
        }
    }

    /// Within an activation: the one time that a latency may change.
    pub(super) fn report_latency(&self) {
        let latency = self.shared.plugin.latency_samples();
        if self.latency.replace(latency) != latency
            && let Some(host_latency) = self.host.get_extension::<HostLatency>()
        {
            host_latency.changed(&self.host);
        }
    }
}

impl PluginLatencyImpl for ClapMain<'_> {
    fn get(&self) -> u32 {
        self.shared.plugin.latency_samples()
    }
}

impl PluginTailImpl for ClapAudio<'_> {
    fn get(&self) -> TailLength {
        TailLength::Finite(self.tail_samples())
    }
}

impl PluginRenderImpl for ClapMain<'_> {
    fn has_hard_realtime_requirement(&self) -> bool {
        false
    }

    fn set(&self, mode: RenderMode) -> Result<(), PluginError> {
        self.shared.offline.store(mode == RenderMode::Offline, Ordering::Release);
        Ok(())
    }
}
