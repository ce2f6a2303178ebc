//! Voices and phrases: a button at the bottom that opens what chooses, learns and shows them.

use earmark_core::profile::ProfileKind;
use egui::{
    Color32, ComboBox, CursorIcon, FontSelection, Popup, PopupCloseBehavior, ProgressBar, RichText, TextEdit,
    Ui,
};

use super::app::App;
use super::theme::{GAP, font};
use super::widgets::{Size, keep_arrows, knob, opener, segments, switch};
use crate::params::id;
use crate::profiles::{Learning, TAKE_S, TAKES, VOICE_CLIPS};
use crate::shared::{Shared, Status};

/// What is on the button.
pub(super) const BUTTON: &str = "Voices and phrases\u{2026}";

/// What the panel has in mind while it is open.
#[derive(Debug, Default)]
pub struct ProfilePanel {
    /// Names of what is enrolled, read when the panel opens and when something was learnt.
    voices: Vec<String>,
    phrases: Vec<String>,
    read_after: Option<Learning>,
    pub(super) voice_name: String,
    pub(super) phrase_name: String,
    /// What went wrong with what the user just did.
    problem: Option<String>,
}

impl ProfilePanel {
    fn read(&mut self, shared: &Shared) {
        self.voices = shared.enrolled(ProfileKind::Voice);
        self.phrases = shared.enrolled(ProfileKind::Phrase);
        self.read_after = Some(shared.learning());
    }
}

/// What the line at the bottom says of voices and phrases; true for what should worry.
pub(super) fn pieces(shared: &Shared, status: &Status) -> Vec<(String, bool)> {
    let mut all = Vec::new();
    if !status.active {
        return all;
    }
    if let (Some(voice), Some(chosen)) = (status.voice, shared.chosen_profile(ProfileKind::Voice)) {
        let name = chosen.name;
        all.push(match (voice.failed, voice.likeness) {
            (true, _) => (format!("The network of voices failed: all speech counts as {name}"), true),
            (false, Some(likeness)) => (format!("Only {name}: {:.0} % alike", 100.0 * likeness), false),
            (false, None) => (format!("Only {name}"), false),
        });
    }
    // The profile is missing, or was made with another network.
    let closed = shared.params.choice(id::FAIL_MODE) == 1;
    let so = if closed { "the gate stays shut" } else { "the gate works without it" };
    all.extend(shared.profile_problems().into_iter().map(|problem| (format!("{problem}: {so}"), true)));
    all
}

impl App {
    /// The button, and the panel while it is open.
    pub(super) fn profiles_button(&mut self, ui: &mut Ui) {
        let button = opener(ui, BUTTON, self.theme.text);
        if button.clicked() {
            self.profiles.read(&self.shared);
            self.profiles.problem = None;
        }
        Popup::menu(&button).close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
            ui.set_width(420.0);
            self.profile_panel(ui);
        });
    }

    pub(super) fn profile_panel(&mut self, ui: &mut Ui) {
        let learning = self.shared.learning();
        if self.profiles.read_after.as_ref() != Some(&learning) {
            self.profiles.read(&self.shared);
        }
        self.voice_part(ui, &learning);
        ui.separator();
        self.phrase_part(ui);
        ui.separator();
        self.told(ui, &learning);
    }

    fn voice_part(&mut self, ui: &mut Ui, learning: &Learning) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = GAP;
            self.with_cx(ui, |ui, cx| switch(ui, id::VOICE, "Only this voice", cx));
            let names = self.profiles.voices.clone();
            self.choice(ui, ProfileKind::Voice, &names);
        });
        let likeness = self.shared.status().voice.and_then(|voice| voice.likeness);
        let said = likeness.map_or("nobody judged yet".to_owned(), |l| format!("{:.0} % alike", 100.0 * l));
        // The bar's round ends are there at zero, too: nothing was judged.
        let fill = match likeness {
            Some(likeness) if likeness >= 0.5 => self.theme.accent,
            Some(_) => self.theme.dim,
            None => Color32::TRANSPARENT,
        };
        let text = RichText::new(said).font(font(11.0)).color(self.theme.text);
        ui.add(ProgressBar::new(likeness.unwrap_or(0.0)).desired_width(400.0).fill(fill).text(text));
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = GAP;
            field(ui, &mut self.profiles.voice_name, "Name of a new voice");
            if let Learning::Voice(clips) = learning {
                if word(ui, &format!("Stop ({clips} of {VOICE_CLIPS})")) {
                    self.shared.stop_learning();
                }
            } else if word(ui, "Learn from now") {
                let begun = self.shared.learn_voice(&self.profiles.voice_name);
                self.profiles.problem = begun.err().map(|error| error.to_string());
            }
        });
    }

    fn phrase_part(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = GAP;
            self.with_cx(ui, |ui, cx| segments(ui, id::PHRASE, 26.0, cx));
            let names = self.profiles.phrases.clone();
            self.choice(ui, ProfileKind::Phrase, &names);
        });
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = GAP;
            self.with_cx(ui, |ui, cx| {
                knob(ui, id::PHRASE_WAIT_MS, "Wait", Size::Small, cx);
                knob(ui, id::PHRASE_HOLD_S, "Open for", Size::Small, cx);
            });
            let acts = self.shared.params.is_on(id::PHRASE_ACTS);
            let (text, colour) =
                if acts { ("It acts now", self.theme.accent) } else { ("Not heard", self.theme.dim) };
            ui.label(RichText::new(text).font(font(11.5)).color(colour));
        });
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = GAP;
            field(ui, &mut self.profiles.phrase_name, "Name of a new phrase");
            let taken = self.shared.phrase_takes();
            if word(ui, &format!("Take the last {TAKE_S} s ({taken} of {TAKES})")) {
                let taken = self.shared.take_phrase();
                self.profiles.problem = taken.err().map(|error| error.to_string());
            }
            if taken > 0 && word(ui, "Forget") {
                self.shared.drop_takes();
            }
            if taken >= TAKES && word(ui, "Enrol") {
                let begun = self.shared.learn_phrase(&self.profiles.phrase_name);
                self.profiles.problem = begun.err().map(|error| error.to_string());
            }
        });
    }

    /// What was enrolled, to choose from.
    fn choice(&mut self, ui: &mut Ui, kind: ProfileKind, names: &[String]) {
        let chosen = self.shared.chosen_profile(kind).map(|chosen| chosen.name);
        let none = format!("no {kind} chosen");
        let text = RichText::new(chosen.as_deref().unwrap_or(&none)).font(font(12.5));
        let mut wanted = None;
        let shown = ComboBox::from_id_salt(("profiles", kind.to_string()))
            .selected_text(text)
            .width(150.0)
            .show_ui(ui, |ui| {
                for name in names {
                    let is_chosen = chosen.as_ref() == Some(name);
                    if ui.selectable_label(is_chosen, name).clicked() && !is_chosen {
                        wanted = Some(name.clone());
                    }
                }
                if names.is_empty() {
                    ui.label(format!("no {kind} is enrolled"));
                }
            });
        keep_arrows(ui, &shown.response);
        if let Some(name) = wanted {
            self.shared.choose_profile(kind, &name);
        }
    }

    /// How learning goes, and what is kept where.
    fn told(&self, ui: &mut Ui, learning: &Learning) {
        let (text, colour) = match (&self.profiles.problem, learning) {
            (Some(problem), _) => (problem.clone(), self.theme.warn),
            (None, Learning::Failed(problem)) => (problem.clone(), self.theme.warn),
            (None, Learning::Done(what)) => (what.clone(), self.theme.text),
            (None, Learning::Making) => ("Making the profile\u{2026}".to_owned(), self.theme.text),
            (None, Learning::Voice(_)) => {
                ("Listening: let only this person speak, for 15 s or so".to_owned(), self.theme.text)
            }
            (None, Learning::Idle) => (
                "A profile holds measurements of a voice or a phrase and no recording. It stays on this computer; \
                 the last 4 s of sound are kept in memory for learning."
                    .to_owned(),
                self.theme.dim,
            ),
        };
        ui.add(egui::Label::new(RichText::new(text).font(font(11.5)).color(colour)).wrap());
    }
}

fn field(ui: &mut Ui, text: &mut String, hint: &str) {
    let name = TextEdit::singleline(text)
        .hint_text(hint)
        .font(FontSelection::FontId(font(12.5)))
        .desired_width(150.0);
    let response = ui.add(name);
    keep_arrows(ui, &response);
}

fn word(ui: &mut Ui, text: &str) -> bool {
    let button = egui::Button::new(RichText::new(text).font(font(12.5)));
    let response = ui.add(button).on_hover_cursor(CursorIcon::PointingHand);
    keep_arrows(ui, &response);
    response.clicked()
}
