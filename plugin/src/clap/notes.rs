//! The note output and the names of its keys.

use clack_extensions::note_name::{NoteName, NoteNameWriter, PluginNoteNameImpl};
use clack_extensions::note_ports::{
    NoteDialect, NoteDialects, NotePortInfo, NotePortInfoWriter, PluginNotePortsImpl,
};
use clack_plugin::events::Match;
use clack_plugin::utils::ClapId;

use super::ClapMain;
use crate::processor::NOTES;

impl PluginNotePortsImpl for ClapMain<'_> {
    fn count(&self, is_input: bool) -> u32 {
        u32::from(!is_input)
    }

    fn get(&self, index: u32, is_input: bool, writer: &mut NotePortInfoWriter) {
        if index == 0 && !is_input {
            writer.set(&NotePortInfo {
                id: ClapId::new(0),
                name: b"Labels",
                supported_dialects: NoteDialects::CLAP | NoteDialects::MIDI,
                preferred_dialect: Some(NoteDialect::Clap),
            });
        }
    }
}

impl PluginNoteNameImpl for ClapMain<'_> {
    fn count(&self) -> u32 {
        u32::try_from(NOTES.len()).unwrap_or(0)
    }

    fn get(&self, index: u32, writer: &mut NoteNameWriter) {
        let Some((key, name)) = usize::try_from(index).ok().and_then(|index| NOTES.get(index)) else {
            return;
        };
        writer.write(&NoteName {
            name: name.as_bytes(),
            port: Match::Specific(0),
            channel: Match::All,
            key: Match::Specific(u16::from(*key)),
        });
    }
}
