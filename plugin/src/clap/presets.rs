//! Presets in a host's own browser: those that are built in, and the user's files.

use std::ffi::{CStr, CString};
use std::path::Path;

use clack_extensions::preset_discovery::prelude::*;
use clack_plugin::entry::prelude::*;
use clack_plugin::prelude::*;
use earmark_core::gate;

use super::{CLAP_ID, ClapMain, EarmarkClap};
use crate::presets::{built_in, title, user_folder};

/// What `clap_entry` gives a host: the plugin, and who knows its presets.
pub struct ClapEntry {
    plugin: SinglePluginEntry<EarmarkClap>,
    presets: PresetDiscoveryFactoryWrapper<PresetFactory>,
}

impl std::fmt::Debug for ClapEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClapEntry").finish_non_exhaustive()
    }
}

impl Entry for ClapEntry {
    fn new(plugin_path: Option<&CStr>) -> Result<Self, EntryLoadError> {
        let descriptor = ProviderDescriptor::new("audio.earmark.earmark.presets", "Earmark presets")
            .with_vendor(crate::VENDOR);
        Ok(Self {
            plugin: SinglePluginEntry::new(plugin_path)?,
            presets: PresetDiscoveryFactoryWrapper::new(PresetFactory { descriptor }),
        })
    }

    fn declare_factories<'a>(&'a self, builder: &mut EntryFactories<'a>) {
        self.plugin.declare_factories(builder);
        builder.register_factory(&self.presets);
    }
}

struct PresetFactory {
    descriptor: ProviderDescriptor,
}

impl PresetDiscoveryFactoryImpl for PresetFactory {
    fn provider_count(&self) -> u32 {
        1
    }

    fn provider_descriptor(&self, index: u32) -> Option<&ProviderDescriptor> {
        (index == 0).then_some(&self.descriptor)
    }

    fn create_provider<'a>(
        &'a self,
        host_info: IndexerInfo<'a>,
        provider_id: &CStr,
    ) -> Option<ProviderInstance<'a>> {
        let is_own = self.descriptor.id() == Some(provider_id);
        is_own.then(|| ProviderInstance::new(host_info, &self.descriptor, declare))
    }
}

/// Tells the host where presets are.
fn declare(mut indexer: Indexer<'_>) -> Result<Presets, PluginError> {
    indexer.declare_filetype(FileType {
        name: c"Earmark preset",
        description: Some(c"Settings of the gate, as earmark render reads them"),
        file_extension: Some(c"json"),
    })?;
    indexer.declare_location(LocationInfo {
        name: c"Built in",
        flags: Flags::IS_FACTORY_CONTENT,
        location: Location::Plugin,
    })?;
    // A folder that is not there yet is none to look into.
    if let Some(folder) = user_folder().filter(|folder| folder.is_dir())
        && let Some(path) = folder.to_str().and_then(|path| CString::new(path).ok())
    {
        indexer.declare_location(LocationInfo {
            name: c"My presets",
            flags: Flags::IS_USER_CONTENT,
            location: Location::File { path: &path },
        })?;
    }
    Ok(Presets)
}

struct Presets;

impl ProviderImpl<'_> for Presets {
    fn get_metadata(
        &mut self,
        location: Location<'_>,
        receiver: &mut MetadataReceiver<'_>,
    ) -> Result<(), PluginError> {
        match location {
            Location::Plugin => {
                for (name, about) in built_in() {
                    let key = text(name);
                    describe(receiver, &title(name), Some(&key), &about, Flags::IS_FACTORY_CONTENT)?;
                }
                Ok(())
            }
            Location::File { path } => {
                let path = path.to_str().map_err(|_| PluginError::Message("a path that is no text"))?;
                let preset = gate::load_preset(path).map_err(refused)?;
                let name = Path::new(path).file_stem().and_then(|stem| stem.to_str()).unwrap_or(path);
                describe(receiver, &title(name), None, &preset.about, Flags::IS_USER_CONTENT)
            }
        }
    }
}

fn describe(
    receiver: &mut MetadataReceiver<'_>,
    name: &str,
    key: Option<&CStr>,
    about: &str,
    flags: Flags,
) -> Result<(), PluginError> {
    let id = text(CLAP_ID);
    let creator = text(crate::VENDOR);
    receiver
        .begin_preset(Some(&text(name)), key)?
        .add_plugin_id(UniversalPluginId::clap(&id))
        .set_flags(flags)
        .add_creator(if flags == Flags::IS_FACTORY_CONTENT { &creator } else { c"" })
        .set_description(&text(about));
    Ok(())
}

/// For C; what has a zero inside is cut there.
fn text(text: &str) -> CString {
    CString::new(text.split('\0').next().unwrap_or_default()).unwrap_or_default()
}

fn refused(error: impl std::error::Error + 'static) -> PluginError {
    PluginError::Error(Box::new(error))
}

impl PluginPresetLoadImpl for ClapMain<'_> {
    fn load_from_location(&self, location: Location<'_>, load_key: Option<&CStr>) -> Result<(), PluginError> {
        let source = match location {
            Location::Plugin => load_key,
            Location::File { path } => Some(path),
        };
        let source = source.and_then(|source| source.to_str().ok());
        let source = source.ok_or(PluginError::Message("a preset without a name"))?;
        // The host's own doing: it reads the values, and records none of them.
        self.shared.plugin.take_preset(source).map_err(refused)?;
        self.report_new_values();
        if let Some(presets) = self.host.get_extension::<HostPresetLoad>() {
            presets.loaded(&self.host, location, load_key);
        }
        Ok(())
    }
}
