//! Presets in a host's browser, and what a host says by itself.

use std::ffi::{CStr, CString};
use std::sync::atomic::Ordering;

use clack_extensions::param_indication::{ParamIndicationAutomation, PluginParamIndication};
use clack_extensions::preset_discovery::PluginPresetLoad;
use clack_extensions::preset_discovery::indexer::IndexerImpl;
use clack_extensions::preset_discovery::metadata_receiver::MetadataReceiverImpl;
use clack_extensions::preset_discovery::preset_data::{FileType, Flags, Location, LocationInfo, Soundpack};
use clack_extensions::preset_discovery::provider::Provider;
use clack_extensions::track_info::PluginTrackInfo;
use clack_host::prelude::*;
use clack_host::utils::{ClapId, Timestamp, UniversalPluginId};
use earmark_plugin::clap::{CLAP_ID, ClapEntry};
use earmark_plugin::params::id;
use earmark_plugin::presets::built_in;

use crate::host::{Hosted, Out};
use crate::sound::programme;

/// A browser: writes down where it is sent.
#[derive(Default)]
struct Browser {
    endings: Vec<String>,
    places: Vec<(Flags, Option<String>)>,
}

fn owned(text: &CStr) -> String {
    text.to_str().expect("text").to_owned()
}

impl IndexerImpl for Browser {
    fn declare_filetype(&mut self, file_type: FileType<'_>) -> Result<(), HostError> {
        self.endings.extend(file_type.file_extension.map(owned));
        Ok(())
    }
    fn declare_location(&mut self, location: LocationInfo<'_>) -> Result<(), HostError> {
        self.places.push((location.flags, location.location.file_path().map(owned)));
        Ok(())
    }
    fn declare_soundpack(&mut self, _: Soundpack<'_>) -> Result<(), HostError> {
        Ok(())
    }
}

/// What the browser was told of presets.
#[derive(Default)]
struct Shelf {
    presets: Vec<(String, Option<String>)>,
    about: Vec<String>,
    plugins: Vec<String>,
    errors: usize,
}

impl MetadataReceiverImpl for Shelf {
    fn on_error(&mut self, _: i32, _: Option<&CStr>) {
        self.errors += 1;
    }
    fn begin_preset(&mut self, name: Option<&CStr>, load_key: Option<&CStr>) -> Result<(), HostError> {
        self.presets.push((name.map(owned).unwrap_or_default(), load_key.map(owned)));
        Ok(())
    }
    fn add_plugin_id(&mut self, plugin: UniversalPluginId<'_>) {
        self.plugins.push(owned(plugin.id));
    }
    fn set_soundpack_id(&mut self, _: &CStr) {}
    fn set_flags(&mut self, _: Flags) {}
    fn add_creator(&mut self, _: &CStr) {}
    fn set_description(&mut self, about: &CStr) {
        self.about.push(owned(about));
    }
    fn set_timestamps(&mut self, _: Option<Timestamp>, _: Option<Timestamp>) {}
    fn add_feature(&mut self, _: &CStr) {}
    fn add_extra_info(&mut self, _: &CStr, _: &CStr) {}
}

/// Once a host's browser showed none of them.
#[test]
fn a_browser_finds_the_presets_and_loads_them() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let entry = PluginEntry::load_from_clack::<ClapEntry>(c"/test").expect("an entry");
    let info = HostInfo::new("test host", "earmark", "https://example.com", "1").expect("plain strings");
    let provider = c"audio.earmark.earmark.presets";
    let mut provider =
        Provider::instantiate(Browser::default(), &entry, provider, &info).expect("a provider");
    assert_eq!(provider.indexer().endings, ["json"]);
    assert_eq!(provider.indexer().places[0], (Flags::IS_FACTORY_CONTENT, None));
    let mut shelf = Shelf::default();
    provider.get_metadata(Location::Plugin, &mut shelf);
    let keys: Vec<_> = shelf.presets.iter().filter_map(|(_, key)| key.clone()).collect();
    assert_eq!(keys, built_in().map(|(name, _)| name.to_owned()).collect::<Vec<_>>());
    assert!(shelf.presets.iter().any(|(name, _)| name == "Broadcast duck"));
    assert!(
        shelf.about.iter().all(|about| !about.is_empty()) && shelf.plugins.iter().all(|id| id == CLAP_ID)
    );

    // A file of the user's own, and one that is none.
    let own = folder.path().join("night_show.json");
    std::fs::write(&own, r#"{"about": "Late.", "gate": {"range_db": 11.0}}"#).expect("written");
    let other = folder.path().join("notes.json");
    std::fs::write(&other, "not a preset").expect("written");
    let place = |path: &std::path::Path| CString::new(path.to_str().expect("text")).expect("no zero");
    let (own, other) = (place(&own), place(&other));
    let mut shelf = Shelf::default();
    provider.get_metadata(Location::File { path: &own }, &mut shelf);
    assert_eq!(
        (shelf.presets, shelf.about),
        (vec![("Night show".to_owned(), None)], vec!["Late.".to_owned()])
    );
    let mut shelf = Shelf::default();
    provider.get_metadata(Location::File { path: &other }, &mut shelf);
    assert!(shelf.presets.is_empty() && shelf.errors == 1);

    let mut hosted = Hosted::offline_mono();
    let load = hosted.extension::<PluginPresetLoad>();
    let handle = |hosted: &mut Hosted, location, key| {
        load.load_from_location(&hosted.instance.plugin_handle(), location, key).is_ok()
    };
    assert!(handle(&mut hosted, Location::Plugin, Some(c"interview")));
    assert_eq!(hosted.get(id::RANGE_DB), 10.0);
    assert!(handle(&mut hosted, Location::File { path: &own }, None));
    assert_eq!(hosted.get(id::RANGE_DB), 11.0);
    let asked = &hosted.asked;
    assert_eq!((asked.rescans.load(Ordering::SeqCst), asked.presets.load(Ordering::SeqCst)), (2, 2));
    assert!(!handle(&mut hosted, Location::Plugin, Some(c"no such preset")));
    assert!(
        !handle(&mut hosted, Location::Plugin, None)
            && !handle(&mut hosted, Location::File { path: &other }, None)
    );
    assert_eq!(hosted.get(id::RANGE_DB), 11.0, "what cannot be loaded changes nothing");
    // The host did it: none of it is an edit that it would record.
    assert!(!hosted.set(&[]).iter().any(|(_, event)| matches!(event, Out::Gesture { .. })));
    // While audio runs, too.
    let (rate_hz, samples) = programme();
    let mut running = hosted.activate(f64::from(rate_hz), 512);
    assert!(handle(&mut hosted, Location::Plugin, Some(c"podcast")));
    let events = running.render(&[samples[..24_000].to_vec()], None, &[], 512).events;
    assert!(!events.iter().any(|(_, event)| matches!(event, Out::Gesture { .. })));
    hosted.deactivate(running);
}

#[test]
fn the_host_is_asked_for_the_track_and_may_mark_parameters() {
    let mut hosted = Hosted::default();
    let before = hosted.asked.tracks.load(Ordering::SeqCst);
    let track = hosted.extension::<PluginTrackInfo>();
    track.changed(&hosted.instance.plugin_handle());
    assert_eq!(hosted.asked.tracks.load(Ordering::SeqCst), before + 1);
    let indication = hosted.extension::<PluginParamIndication>();
    let handle = hosted.instance.plugin_handle();
    for number in [id::RANGE_DB.0, 10_000] {
        indication.set_mapping(&handle, ClapId::new(number), true, None, None, None);
        indication.set_automation(&handle, ClapId::new(number), ParamIndicationAutomation::Playing, None);
        indication.set_mapping(&handle, ClapId::new(number), false, None, None, None);
    }
}
