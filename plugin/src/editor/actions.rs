//! What the buttons do.

use std::path::Path;

use super::app::App;
use super::preset_list::PresetList;
use super::settings::Settings;
use super::state;
use super::theme::Theme;
use crate::params::Rules;

impl App {
    /// Saves the labels of what was heard. Says whether they were saved.
    pub(super) fn save_labels(&mut self) -> bool {
        let path = Path::new(self.labels_path.trim());
        let saved = self.shared.save_labels(path);
        self.told = saved.as_ref().ok().map(|count| format!("{count} segments are in {}", path.display()));
        self.notice = saved.err().map(|error| error.to_string());
        self.notice.is_none()
    }

    /// All settings as they are at first.
    pub(super) fn load_defaults(&mut self) {
        self.gestures.end();
        self.notice = None;
        self.undo.expect_whole();
        self.shared.load_defaults();
    }

    /// Deletes a preset of the user's own.
    pub(super) fn delete_preset(&mut self, source: &str) {
        let in_folder =
            self.preset_folder.as_deref().is_some_and(|folder| Path::new(source).starts_with(folder));
        if in_folder {
            self.notice = std::fs::remove_file(source).err().map(|error| format!("{source}: {error}"));
        }
        self.read_presets();
    }

    /// Gives a preset of the user's own the name that the user wrote. Says whether it has it.
    pub(super) fn rename_preset(&mut self, source: &str, name: &str) -> bool {
        let Some(folder) = &self.preset_folder else { return false };
        let renamed = self.shared.rename_preset(folder, Path::new(source), name);
        self.notice = renamed.err().map(|error| error.to_string());
        self.read_presets();
        self.notice.is_none()
    }

    /// Looks into the user's folder again.
    pub(super) fn read_presets(&mut self) {
        self.presets = PresetList::read(self.preset_folder.as_deref());
    }

    pub(super) fn load_preset(&mut self, source: &str) {
        self.gestures.end();
        self.undo.expect_whole();
        self.notice = self.shared.load_preset(source).err().map(|error| error.to_string());
    }

    /// Puts other rules in force. Says what is wrong with them, if they cannot be.
    pub(super) fn edit_rules(&mut self, rules: &Rules) -> Option<String> {
        self.gestures.end();
        self.undo.expect_whole();
        self.shared.edit_rules(rules).err().map(|error| error.to_string())
    }

    /// Saves what is set under the name that the user wrote. Says whether it was saved.
    pub(super) fn save_preset(&mut self) -> bool {
        let Some(folder) = &self.preset_folder else { return false };
        self.notice = self.shared.save_preset(folder, &self.preset_name).err().map(|error| error.to_string());
        let saved = self.notice.is_none();
        if saved {
            self.preset_name.clear();
            self.forget_preset();
            self.read_presets();
        }
        saved
    }

    /// Goes to the other of A and B: an edit of each parameter that differs, and in all one step.
    pub(super) fn switch_sides(&mut self) {
        let wanted = self.compare.switch(Settings::of(&self.shared));
        self.undo.expect_whole();
        self.put(wanted);
        state::set_compare(&self.shared, &self.compare);
    }

    pub(super) fn copy_side(&mut self) {
        self.compare.copy(Settings::of(&self.shared));
        state::set_compare(&self.shared, &self.compare);
    }

    pub(super) fn set_span(&mut self, span_s: usize) {
        self.span_s = span_s;
        state::set_span_s(&self.shared, span_s);
    }

    pub(super) fn set_theme(&mut self, ctx: &egui::Context, dark: bool) {
        self.theme = Theme::of(dark);
        ctx.set_theme(if dark { egui::Theme::Dark } else { egui::Theme::Light });
        ctx.set_style_of(if dark { egui::Theme::Dark } else { egui::Theme::Light }, self.theme.style());
        if state::is_dark(&self.shared) != dark {
            state::set_dark(&self.shared, dark);
        }
    }
}
