//! What the host says of the track, and of who moves the parameters.

use std::ffi::CStr;

use clack_extensions::param_indication::{ParamIndicationAutomation, PluginParamIndicationImpl};
use clack_extensions::track_info::{HostTrackInfo, PluginTrackInfoImpl, TrackInfoBuffer};
use clack_plugin::utils::{ClapId, Color};

use super::ClapMain;
use crate::host_words::{Automation, Indication};
use crate::params::ParamId;

impl ClapMain<'_> {
    /// The name of the track, where the host has one.
    pub(super) fn ask_for_the_track(&self) {
        let Some(track) = self.host.get_extension::<HostTrackInfo>() else { return };
        let mut buffer = TrackInfoBuffer::new();
        let mut host = self.host;
        let info = track.get(&mut host, &mut buffer);
        let name = info.and_then(|info| info.name().map(|name| String::from_utf8_lossy(name).into_owned()));
        self.shared.plugin.note_host_words(|words| words.track = name.filter(|name| !name.is_empty()));
    }

    fn indicate(&self, id: ClapId, change: impl FnOnce(&mut Indication)) {
        if let Some(id) = ParamId::from_raw(id.get()) {
            self.shared.plugin.note_host_words(|words| words.indicate(id, change));
        }
    }
}

impl PluginTrackInfoImpl for ClapMain<'_> {
    fn changed(&self) {
        self.ask_for_the_track();
    }
}

impl PluginParamIndicationImpl for ClapMain<'_> {
    fn set_mapping(
        &self,
        param_id: ClapId,
        has_mapping: bool,
        color: Option<Color>,
        _label: Option<&CStr>,
        _description: Option<&CStr>,
    ) {
        self.indicate(param_id, |indication| {
            indication.mapped = has_mapping.then(|| rgb(color));
        });
    }

    fn set_automation(
        &self,
        param_id: ClapId,
        automation_state: ParamIndicationAutomation,
        color: Option<Color>,
    ) {
        let automation = match automation_state {
            ParamIndicationAutomation::None => None,
            ParamIndicationAutomation::Present => Some(Automation::Present),
            ParamIndicationAutomation::Playing => Some(Automation::Playing),
            ParamIndicationAutomation::Recording => Some(Automation::Recording),
            ParamIndicationAutomation::Overriding => Some(Automation::Overridden),
        };
        self.indicate(param_id, |indication| {
            indication.automation = automation.map(|automation| (automation, rgb(color)));
        });
    }
}

/// The host's colour, where it has one.
fn rgb(color: Option<Color>) -> Option<[u8; 3]> {
    color.filter(|color| color.alpha > 0).map(|color| [color.red, color.green, color.blue])
}
